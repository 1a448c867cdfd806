"""Confusion of labels."""

import pytest

from annotate import inventory as inventories
from annotate.agreement.measure import measure_agreement
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


def test_confusion_of_labels(base: Inventory) -> None:
    first = annotation(span("a", "Load", *CRATES), span("b", "Words", *LIE), span("c", "Quay", *QUAY))
    second = annotation(span("a", "Quay", *CRATES), span("b", "Words", *LIE))
    cells = {(cell.first, cell.second): cell.spans for cell in report_of(base, first, second).confusion}
    assert cells == {("Words", "Words"): 1, ("Load", "Quay"): 1, ("Quay", None): 1}
