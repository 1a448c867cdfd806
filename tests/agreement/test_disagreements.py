"""Disagreements of two annotators."""

import pytest

from annotate import inventory as inventories
from annotate.agreement.disagreements import find_disagreements
from annotate.inventory import Inventory
from tests.agreement.helpers import annotation, compared, span
from tests.conftest import BASE

MASTER, SAID, CRATES, LIE, QUAY = (4, 10), (11, 15), (16, 25), (16, 41), (33, 41)


@pytest.fixture(scope="module")
def base() -> Inventory:
    return inventories.load_inventory(BASE / "schema")


def test_disagreements_in_the_order_of_the_text(base: Inventory) -> None:
    spans = [span("v", "Verb", *SAID), span("m", "Speaker", *MASTER, rank="master"), span("h", "Speaker", 43, 49)]
    first = annotation(*spans, span("l", "Load", *CRATES), ("speaker", "v", "m"))
    second = annotation(spans[0], span("m", "Speaker", *MASTER, rank="hand"), spans[2], span("q", "Quay", *CRATES))
    ((text, found),) = find_disagreements(compared(base, first, second))
    assert text.id == "a"
    assert [(one.kinds, one.subject) for one in found] == [
        (("attributes",), "Speaker"),
        (("relation",), "speaker"),
        (("label",), "Load or Quay"),
    ]
    assert found[0].sides[0].attributes == (("rank", "master"),)
