"""Bonds and paragraphs of a wire, for the tests of splits."""

from hypothesis import strategies as st

from annotate.splits.groups import NEAR, Bond

WIRE = (
    "Rebels shelled the northern market on Sunday morning and at least twelve people were killed, a doctor there said."
)
EDITED = WIRE.replace("Sunday", "Monday").replace("a doctor there said", "a doctor said")


def bond(first: str, second: str) -> Bond:
    return Bond(first=min(first, second), second=max(first, second), why=NEAR)


IDS = st.sampled_from([f"a{number}" for number in range(12)])
BONDS = st.lists(st.tuples(IDS, IDS).filter(lambda pair: pair[0] != pair[1]).map(lambda pair: bond(*pair)))
