"""Records, aligned by their anchors and compared role by role."""

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


def test_records_are_scored_role_by_role(base: Inventory) -> None:
    spans = [span("v", "Verb", *SAID), span("m", "Speaker", *MASTER)]
    first = annotation(*spans, span("l", "Words", *LIE), ("speaker", "v", "m"), ("words", "v", "l"))
    second = annotation(*spans, span("l", "Words", 16, 29), ("speaker", "v", "m"), ("words", "v", "l"))
    (sayings, loads) = report_of(base, first, second).records
    assert (sayings.anchors.value, sayings.agr.value) == (1, 1)
    assert (sayings.full_exact.value, sayings.full_overlap.value) == (0, 1)
    roles = {role.name: role for role in sayings.roles}
    assert roles["speaker"].exact.value == roles["speaker"].characters.value == 1
    assert (roles["words"].exact.value, roles["words"].overlap.value) == (0, 1)
    assert roles["words"].characters.value == pytest.approx(2 * 13 / (25 + 13))
    assert loads.full_exact.note == "no records"
    assert loads.roles[0].exact.note == "no records"
