"""Distance and compatibility of counts as intervals."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from annotate import inventory as inventories
from annotate.agreement.interval_tallies import Bounds, are_compatible, measure_distance
from annotate.agreement.measure import measure_agreement
from annotate.agreement.report import Report
from annotate.inventory import Inventory
from annotate.model import Annotation
from tests.agreement.helpers import TEXT, annotation, compared, span
from tests.conftest import BASE


@pytest.fixture(scope="module")
def base() -> Inventory:
    return inventories.load_inventory(BASE / "schema")


def report_of(inventory: Inventory, *versions: Annotation, text: str = TEXT) -> Report:
    return measure_agreement(compared(inventory, *versions, text=text), samples=20)


def test_intervals_of_matched_spans_are_compared(base: Inventory) -> None:
    first = annotation(span("a", "Load", 16, 25, least=40, most=40), span("b", "Load", 60, 64, least=50))
    second = annotation(span("a", "Load", 16, 25, least=30), span("b", "Load", 60, 64, least=50))
    (row,) = report_of(base, first, second).counts
    assert (row.matched, row.equal.value, row.compatible.value) == (2, 0.5, 1)
    assert row.distance.value == pytest.approx((10 / 40 + 1) / 2 / 2)


bounds = st.tuples(*(st.none() | st.integers(-3, 60) for _ in range(2)))


@given(bounds, bounds, bounds)
def test_distance_of_intervals_is_a_metric(one: Bounds, two: Bounds, three: Bounds) -> None:
    assert measure_distance(one, two) == measure_distance(two, one)
    assert 0 <= measure_distance(one, two) <= 1
    assert (measure_distance(one, two) == 0) == (one == two)
    if not any(value is not None and value < 0 for value in (*one, *two, *three)):
        assert measure_distance(one, three) <= measure_distance(one, two) + measure_distance(two, three) + 1e-12


def test_open_end_bounds_nothing() -> None:
    assert measure_distance((50, None), (50, None)) == measure_distance((None, None), (None, None)) == 0
    assert measure_distance((50, None), (50, 50)) == 0.5
    assert are_compatible((50, None), (60, 60))
    assert not are_compatible((50, None), (None, 49))
