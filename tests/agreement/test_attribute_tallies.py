"""Attributes of matched spans."""

from collections.abc import Sequence

import krippendorff
import msgspec
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from annotate import inventory as inventories
from annotate.agreement.attribute_tallies import Missing
from annotate.agreement.confusion import MAX_VALUES, confuse_values, tabulate_confusion
from annotate.agreement.measure import NO_MATCH, NO_VALUES, measure_agreement
from annotate.agreement.report import Report
from annotate.agreement.tables import sort_weakest_first, tabulate_report
from annotate.inventory import Inventory, Scale
from annotate.model import Annotation, AttributeValue
from annotate.offsets import sha256
from annotate.util.tables import Measure
from tests.agreement.helpers import TEXT, annotation, compared, span
from tests.conftest import BASE

MASTER, SAID, CRATES, LIE, QUAY = (4, 10), (11, 15), (16, 25), (16, 41), (33, 41)


@pytest.fixture(scope="module")
def base() -> Inventory:
    return inventories.load_inventory(BASE / "schema")


WORDS = "word " * 100


def report_of(inventory: Inventory, *versions: Annotation, text: str = "", missing: Missing = "left-out") -> Report:
    text = text or (WORDS if versions[0].text_sha256 == sha256(WORDS) else TEXT)
    return measure_agreement(compared(inventory, *versions, text=text), samples=20, missing=missing)


def coded(attribute: str, *sides: Sequence[AttributeValue | None], start: int = 0) -> list[Annotation]:
    """An annotation for each side: a span a value, each on a word of its own, None for no value."""
    label = "Speaker" if attribute == "rank" else "Load"
    return [
        annotation(
            *(
                span(f"s{at}", label, 5 * at, 5 * at + 4, WORDS, **({} if value is None else {attribute: value}))
                for at, value in enumerate(side, start)
            ),
            text=WORDS,
        )
        for side in sides
    ]


def with_scale(inventory: Inventory, name: str, scale: Scale) -> Inventory:
    attribute = msgspec.structs.replace(inventory.attributes[name], scale=scale)
    return msgspec.structs.replace(inventory, attributes={**inventory.attributes, name: attribute})


def alpha_of(inventory: Inventory, name: str, versions: Sequence[Annotation]) -> float:
    row = next(row for row in report_of(inventory, *versions).attributes if row.name == name)
    assert row.alpha.value is not None
    return row.alpha.value


def test_attributes_of_matched_spans(base: Inventory) -> None:
    first = annotation(span("a", "Speaker", *MASTER, rank="master"), span("b", "Speaker", 43, 49, rank="hand"))
    second = annotation(span("a", "Speaker", *MASTER, rank="master"), span("b", "Speaker", 45, 49, rank="other"))
    rows = {row.name: row for row in report_of(base, first, second).attributes}
    assert (rows["rank"].matched, rows["rank"].share.value) == (2, 0.5)
    assert rows["rank"].kappa.value == pytest.approx((0.5 - 0.25) / 0.75)
    assert rows["rank"].values == [("master", "master", 1), ("hand", "other", 1)]
    assert rows["least"].share.note == rows["least"].alpha.note == NO_MATCH


def test_value_that_only_one_has_set_is_missing_data_or_a_difference(base: Inventory) -> None:
    first, second = annotation(span("a", "Load", *CRATES, least=40)), annotation(span("a", "Load", *CRATES))
    rows = {row.name: row for row in report_of(base, first, second).attributes}
    least = rows["least"]
    assert (least.matched, least.one_only, least.share.value, least.alpha.value) == (0, 1, None, None)
    assert least.share.note == least.alpha.note == "no matched spans with two values"
    assert least.values == [(40, None, 1)]
    assert (rows["most"].matched, rows["most"].one_only, rows["most"].share.note) == (0, 0, NO_VALUES)
    rows = {row.name: row for row in report_of(base, first, second, missing="value").attributes}
    # A missing value has no distance from a number, so that it counts in no column of the row.
    assert (rows["least"].matched, rows["least"].one_only, rows["least"].share.value) == (0, 1, None)
    assert rows["least"].alpha.value is None


def test_scale_is_that_of_the_type_unless_declared(base: Inventory) -> None:
    rows = {row.name: row.scale for row in report_of(base, *coded("rank", ["hand"], ["hand"])).attributes}
    assert rows == {
        "rank": "nominal",
        "wording": "nominal",
        "least": "interval",
        "most": "interval",
        "remark": "nominal",
    }


def test_scale_decides_how_much_two_values_differ(base: Inventory) -> None:
    """Next to each other in the order of the values, two ranks differ less than the first and the last."""
    near = coded("rank", ["master", "hand", "other"] * 3, ["master", "hand", "hand"] * 3)
    far = coded("rank", ["master", "hand", "other"] * 3, ["master", "hand", "master"] * 3)
    ordinal = with_scale(base, "rank", "ordinal")
    assert alpha_of(base, "rank", near) == pytest.approx(alpha_of(base, "rank", far))
    assert alpha_of(ordinal, "rank", near) > 0.7 > alpha_of(ordinal, "rank", far)


values = st.sampled_from(["master", "hand", "other", None])
numbers = st.integers(0, 5) | st.none()


@pytest.mark.parametrize(
    ("attribute", "scale"),
    [("rank", "nominal"), ("rank", "ordinal"), ("least", "nominal"), ("least", "ordinal"), ("least", "interval")],
)
@settings(max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_alpha_is_that_of_krippendorff_with_missing_data(
    base: Inventory, attribute: str, scale: Scale, data: st.DataObject
) -> None:
    drawn = data.draw(st.lists(st.tuples(*[values if attribute == "rank" else numbers] * 2), min_size=1, max_size=20))
    first, second = zip(*drawn, strict=True)
    inventory = with_scale(base, attribute, scale)
    row = next(
        row for row in report_of(inventory, *coded(attribute, first, second)).attributes if row.name == attribute
    )
    order = {"master": 0.0, "hand": 1.0, "other": 2.0, None: np.nan} | {number: float(number) for number in range(6)}
    units = [pair for pair in drawn if None not in pair]
    if len({value for pair in units for value in pair}) < 2:
        assert row.alpha.value is None
        return
    theirs = krippendorff.alpha(
        reliability_data=np.array([[order[value] for value in side] for side in (first, second)]),
        level_of_measurement=scale,
    )
    assert row.alpha.value == pytest.approx(float(theirs), abs=1e-9)
    assert row.matched == len(units)


def test_alpha_of_complete_agreement_on_what_both_have_set_is_one(base: Inventory) -> None:
    """Regression: a value that one of them left open lowered alpha to .89."""
    versions = coded(
        "rank", ["master", "hand", "other"] * 3, ["master", "hand", "other"] * 2 + ["master", "hand", None]
    )
    assert alpha_of(base, "rank", versions) == 1
    rows = {row.name: row for row in report_of(base, *versions, text=WORDS, missing="value").attributes}
    assert rows["rank"].alpha.value is not None
    assert rows["rank"].alpha.value < 0.9


def test_value_that_the_inventory_lacks_has_no_rank(base: Inventory) -> None:
    versions = coded("rank", ["master", "hand", "cook"], ["master", "hand", "other"])
    assert alpha_of(with_scale(base, "rank", "ordinal"), "rank", versions) == 1


def test_confusion_has_the_values_in_the_order_of_the_inventory(base: Inventory) -> None:
    versions = coded("rank", ["other", "master", "master", "hand"], ["other", "hand", "hand", None])
    report = report_of(base, *versions)
    (confusion,) = confuse_values(report, base)
    assert confusion.values == ["master", "hand", "other", None]
    assert (confusion.sides, confusion.most) == (("anna", "ben"), 2)
    table = tabulate_confusion(confusion)
    assert [column.name for column in table.columns] == ["", "master", "hand", "other", "–"]
    assert table.rows[:2] == [["master", 0, 2, 0, 0], ["hand", 0, 0, 0, 1]]


def test_confusion_leaves_out_attributes_with_many_numbers(base: Inventory) -> None:
    few, many = ([*range(count)] for count in (MAX_VALUES, MAX_VALUES + 1))
    assert [each.values for each in confuse_values(report_of(base, *coded("least", few, few)), base)] == [few]
    assert list(confuse_values(report_of(base, *coded("least", many, many)), base)) == []


def test_value_that_one_leaves_open_lowers_the_alpha_of_whether_it_is_set(base: Inventory) -> None:
    """Regression: the attribute had alpha 1.00, and came last, with 4 of 16 pairs that only one had valued."""
    first = ["master", "hand"] * 6 + [None, None, "hand", "hand", None, None]
    second = ["master", "hand"] * 6 + ["master", "hand", None, None, None, None]
    versions = coded("rank", first, second)
    row = next(row for row in report_of(base, *versions, text=WORDS).attributes if row.name == "rank")
    assert (row.matched, row.one_only, row.alpha.value) == (12, 4, 1)
    set_, unset = 28, 8
    assert row.is_set.value == pytest.approx(1 - 35 * 8 / (36**2 - set_**2 - unset**2))
    better = next(row for row in report_of(base, *coded("rank", second, second)).attributes if row.name == "rank")
    assert better.one_only == 0
    weaker = msgspec.structs.replace(better, name="other", alpha=Measure(0.5))
    assert [each.name for each in sort_weakest_first([weaker, row, better])] == ["rank", "other", "rank"]
    (table,) = (table for table in tabulate_report(report_of(base, *versions)) if table.name == "attributes")
    assert [column.name for column in table.columns][-1] == "alpha, set"


def test_weakest_attribute_is_first(base: Inventory) -> None:
    speakers = coded("rank", ["master", "hand"], ["hand", "master"])
    loads = coded("least", [1, 2], [1, 2], start=50)
    versions = [msgspec.structs.replace(a, spans=(*a.spans, *b.spans)) for a, b in zip(speakers, loads, strict=True)]
    rows = sort_weakest_first(report_of(base, *versions, text=WORDS).attributes)
    assert [row.name for row in rows] == ["rank", "least", "wording", "most", "remark"]
