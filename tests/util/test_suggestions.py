"""Names that somebody may have meant."""

import time

import pytest

from annotate.util.suggestions import find_similar, suggest

NAMES = ["AdverseEvent", "Drug", "drug_dose", "Dose", "at least"]


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("AdversEvent", "AdverseEvent"),
        ("adverse_event", "AdverseEvent"),
        ("ADVERSE EVENT", "AdverseEvent"),
        ("Drugs", "Drug"),
        ("at_least", "at least"),
        ("Dosis", None),
        ("Person", None),
        ("", None),
        ("x" * 10_000, None),
    ],
)
def test_only_a_name_that_is_much_alike_is_suggested(name: str, meant: str | None) -> None:
    assert find_similar(name, NAMES) == meant
    assert suggest(name, NAMES) == ("" if meant is None else f" (did you mean '{meant}'?)")


def test_many_long_names_take_no_time() -> None:
    start = time.perf_counter()
    find_similar("a" * 100, (f"{number:0100d}" for number in range(1_000_000)))
    assert time.perf_counter() - start < 5
