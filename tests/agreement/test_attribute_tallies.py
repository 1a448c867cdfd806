"""Attributes of matched spans."""

import pytest

from annotate import inventory as inventories
from annotate.agreement.measure import NO_MATCH, measure_agreement
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


def test_attributes_of_matched_spans(base: Inventory) -> None:
    first = annotation(span("a", "Speaker", *MASTER, rank="master"), span("b", "Speaker", 43, 49, rank="hand"))
    second = annotation(span("a", "Speaker", *MASTER, rank="master"), span("b", "Speaker", 45, 49, rank="other"))
    rows = {row.name: row for row in report_of(base, first, second).attributes}
    assert (rows["rank"].matched, rows["rank"].share.value) == (2, 0.5)
    assert rows["rank"].kappa.value == pytest.approx((0.5 - 0.25) / 0.75)
    assert rows["rank"].values == [("master", "master", 1), ("hand", "other", 1)]
    assert rows["least"].share.note == rows["least"].alpha.note == NO_MATCH


def test_attribute_that_only_one_has_set_is_a_difference(base: Inventory) -> None:
    first, second = annotation(span("a", "Load", *CRATES, least=40)), annotation(span("a", "Load", *CRATES))
    rows = {row.name: row for row in report_of(base, first, second).attributes}
    assert (rows["least"].matched, rows["least"].share.value) == (1, 0)
    assert (rows["most"].matched, rows["most"].share.value) == (0, None)
