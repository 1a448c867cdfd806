"""Relations of two annotations, by how they differ."""

import pytest

from annotate import inventory as inventories
from annotate.agreement.measure import NO_RELATIONS, measure_agreement
from annotate.agreement.relation_tallies import compare_relations
from annotate.agreement.report import Report
from annotate.inventory import Inventory
from annotate.model import Annotation
from tests.agreement.helpers import TEXT, annotation, compared, span
from tests.conftest import BASE

MASTER, SAID, CRATES, LIE, QUAY = (4, 10), (11, 15), (16, 25), (16, 41), (33, 41)


@pytest.fixture(scope="module")
def base() -> Inventory:
    return inventories.load_inventory(BASE / "schema")


def report_of(inventory: Inventory, *versions: Annotation, text: str = TEXT) -> Report:
    return measure_agreement(compared(inventory, *versions, text=text), samples=20)


def test_relations_are_compared_by_their_ends(base: Inventory) -> None:
    spans = [span("v", "Verb", *SAID), span("w", "Verb", 50, 55), span("m", "Speaker", *MASTER)]
    spans += [span("h", "Speaker", 43, 49), span("l", "Words", *LIE)]
    first = annotation(*spans, ("speaker", "v", "m"), ("speaker", "w", "h"), ("words", "v", "l"))
    second = annotation(*spans[:4], ("speaker", "v", "h"), ("speaker", "w", "h"), ("speaker", "w", "m"))
    comparison = compared(base, first, second).articles[0].comparisons[0]
    speaker = compare_relations(comparison, base.relations["speaker"])
    assert [(one.head.id, one.tail.id, other.tail.id) for one, other in speaker.retargeted] == [("v", "m", "h")]
    assert [(one.head.id, one.tail.id) for one, _ in speaker.same] == [("w", "h")]
    assert (speaker.first_only, [arrow.tail.id for arrow in speaker.second_only]) == ([], ["m"])
    words = compare_relations(comparison, base.relations["words"])
    assert [arrow.tail.id for arrow in words.first_loose] == ["l"]
    rows = {row.name: row for row in report_of(base, first, second).relations}
    assert rows["speaker"].given_ends.value == rows["speaker"].all.value == pytest.approx(2 * 1 / (2 + 3))
    assert (rows["speaker"].same, rows["speaker"].retargeted, rows["speaker"].alone) == (1, 1, {"anna": 0, "ben": 1})
    assert (rows["words"].given_ends.value, rows["words"].all.value, rows["words"].loose) == (None, 0, 1)
    assert rows["lies_at"].given_ends.note == NO_RELATIONS
    assert "continues" not in rows
