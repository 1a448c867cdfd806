"""Alpha and kappa against worked examples and against the libraries that people know."""

import warnings
from collections import Counter, defaultdict
from collections.abc import Hashable, Sequence
from itertools import pairwise

import krippendorff
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import cohen_kappa_score

from annotate.agreement.coefficients import (
    BOTH,
    FIRST,
    NOTHING,
    ONE_CATEGORY,
    SECOND,
    Unit,
    agr,
    alpha,
    alpha_counts,
    f1,
    interval_alpha,
    interval_counts,
    kappa,
    ordinal_alpha,
    ordinal_counts,
    share,
    unitizing_alpha,
    unitizing_counts,
)
from tests.agreement.helpers import cohen_kappa, nominal_alpha

N = None
FOUR_CODERS = [
    [1, 2, 3, 3, 2, 1, 4, 1, 2, N, N, N],
    [1, 2, 3, 3, 2, 2, 4, 1, 2, 5, N, 3],
    [N, 3, 3, 3, 2, 3, 4, 2, 2, 5, 1, N],
    [1, 2, 3, 3, 2, 4, 4, 1, 2, 5, 1, N],
]
"""Krippendorff, "Computing Krippendorff's alpha-reliability" (2011), example C: nominal alpha 0.743."""

tables = st.integers(2, 5).flatmap(
    lambda annotators: st.lists(
        st.lists(st.sampled_from([None, "a", "b", "c"]), min_size=annotators, max_size=annotators),
        min_size=1,
        max_size=30,
    ).map(lambda units: [list(row) for row in zip(*units, strict=True)])
)


def test_alpha_of_four_coders_is_the_published_one() -> None:
    value = nominal_alpha(FOUR_CODERS)
    assert isinstance(value, float)
    assert round(value, 3) == 0.743


def interval_alpha_of(rows: Sequence[Sequence[float | None]]) -> float | str:
    counts: Counter[Hashable] = Counter()
    for unit in zip(*rows, strict=True):
        counts.update(interval_counts([value for value in unit if value is not None]))
    return interval_alpha(counts)


def test_interval_alpha_of_four_coders_is_the_published_one() -> None:
    """The same paper, example C: alpha 0.849 for interval data."""
    value = interval_alpha_of(FOUR_CODERS)
    assert isinstance(value, float)
    assert round(value, 3) == 0.849


numeric_tables = st.integers(2, 4).flatmap(
    lambda annotators: st.lists(
        st.lists(st.none() | st.integers(-40, 40).map(lambda n: n / 8), min_size=annotators, max_size=annotators),
        min_size=1,
        max_size=20,
    ).map(lambda units: [list(row) for row in zip(*units, strict=True)])
)


def ordinal_alpha_of(rows: Sequence[Sequence[float | None]]) -> float | str:
    return ordinal_alpha(ordinal_counts(Counter(zip(*rows, strict=True))))


def test_ordinal_alpha_of_four_coders_is_the_published_one() -> None:
    """The same paper, example C: alpha 0.815 for ordinal data."""
    value = ordinal_alpha_of(FOUR_CODERS)
    assert isinstance(value, float)
    assert round(value, 3) == 0.815


@given(numeric_tables)
def test_ordinal_alpha_is_that_of_krippendorff(rows: list[list[float | None]]) -> None:
    ours = ordinal_alpha_of(rows)
    if isinstance(ours, str):
        pairable = {value for unit in zip(*rows, strict=True) if len(unit) - unit.count(None) > 1 for value in unit}
        assert ours == (ONE_CATEGORY if pairable - {None} else NOTHING)
        assert len(pairable - {None}) < 2
        return
    data = np.array([[np.nan if value is None else value for value in row] for row in rows])
    theirs = krippendorff.alpha(reliability_data=data, level_of_measurement="ordinal")
    assert ours == pytest.approx(float(theirs), abs=1e-9)


@given(numeric_tables)
def test_interval_alpha_is_that_of_krippendorff(rows: list[list[float | None]]) -> None:
    ours = interval_alpha_of(rows)
    if isinstance(ours, str):
        pairable = [value for unit in zip(*rows, strict=True) for value in unit if len(unit) - unit.count(None) > 1]
        assert ours == (ONE_CATEGORY if {*pairable} - {None} else NOTHING)
        assert len({*pairable} - {None}) < 2
        return
    data = np.array([[np.nan if value is None else value for value in row] for row in rows])
    theirs = krippendorff.alpha(reliability_data=data, level_of_measurement="interval")
    assert ours == pytest.approx(theirs, abs=1e-9)


def test_alpha_of_two_coders_is_the_published_one() -> None:
    """The same paper, example B: two observers, five values, nominal alpha 0.692."""
    first, second = "aabbdcccedda", "babbbccceddd"
    value = nominal_alpha([first, second])
    assert isinstance(value, float)
    assert round(value, 3) == 0.692


@given(tables)
def test_alpha_is_that_of_krippendorff(rows: list[list[str | None]]) -> None:
    ours = nominal_alpha(rows)
    number = {"a": 0.0, "b": 1.0, "c": 2.0, None: np.nan}
    if isinstance(ours, str):
        assert ours in (NOTHING, ONE_CATEGORY)
        return
    data = np.array([[number[value] for value in row] for row in rows])
    theirs = krippendorff.alpha(reliability_data=data, level_of_measurement="nominal")
    assert ours == pytest.approx(float(theirs), abs=1e-9)


@given(st.lists(st.tuples(st.sampled_from("abc"), st.sampled_from("abc")), min_size=1, max_size=40))
def test_kappa_is_that_of_scikit_learn(pairs: list[tuple[str, str]]) -> None:
    first, second = zip(*pairs, strict=True)
    ours = cohen_kappa(first, second)
    if isinstance(ours, str):
        assert ours == ONE_CATEGORY
        assert len({*first, *second}) == 1
        return
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", module="sklearn")
        assert ours == pytest.approx(cohen_kappa_score(first, second), abs=1e-9)


def test_kappa_of_a_worked_example() -> None:
    """20 yes and 15 no in common of 50, 5 and 10 apart: p_o = 0.7, p_e = 0.5, kappa 0.4."""
    first = ["yes"] * 25 + ["no"] * 25
    second = ["yes"] * 20 + ["no"] * 5 + ["yes"] * 10 + ["no"] * 15
    assert cohen_kappa(first, second) == pytest.approx(0.4)


@given(tables)
def test_alpha_does_not_depend_on_the_order_of_annotators(rows: list[list[str | None]]) -> None:
    assert nominal_alpha(rows) == nominal_alpha(rows[::-1])


@given(st.lists(st.sampled_from("ab"), min_size=2))
def test_equal_rows_agree_wholly(row: list[str]) -> None:
    for value in (nominal_alpha([row, row, row]), cohen_kappa(row, row)):
        assert value == (1.0 if len(set(row)) > 1 else ONE_CATEGORY)


@given(tables, st.integers(0, 30))
def test_counts_of_parts_add_up(rows: list[list[str | None]], cut: int) -> None:
    whole = alpha_counts(Counter(zip(*rows, strict=True)))
    total: Counter[Hashable] = Counter()
    for part in ([row[:cut] for row in rows], [row[cut:] for row in rows]):
        for key, number in alpha_counts(Counter(zip(*part, strict=True))).items():
            total[key] += number  # type: ignore[assignment]
    assert alpha(total) == pytest.approx(alpha(whole))


def test_measures_without_counts_are_undefined() -> None:
    assert f1({}) == agr({}) == share({}) == alpha({}) == kappa({}) == NOTHING
    assert nominal_alpha([["a", None], [None, "b"]]) == NOTHING
    assert nominal_alpha([[], []]) == NOTHING


def test_f1_and_agr() -> None:
    counts: dict[Hashable, float] = {BOTH: 2, FIRST: 4, SECOND: 2}
    assert f1(counts) == pytest.approx(2 / 3)
    assert agr(counts) == pytest.approx((2 / 4 + 2 / 2) / 2)
    assert agr({FIRST: 3}) == f1({FIRST: 3}) == 0


def units(*given_: tuple[int, int, int]) -> list[Unit]:
    """Units as the book prints them: first and last position, counted from 1, and the value."""
    return [Unit(first - 1, last, value) for first, last, value in given_]


BOOK = [
    units((1, 7, 1), (8, 13, 2), (31, 32, 5), (33, 37, 6), (38, 44, 6), (45, 60, 7)),
    units((1, 7, 1), (8, 13, 3), (14, 21, 5), (33, 44, 6)),
    units((1, 7, 1), (8, 13, 4), (14, 21, 5), (33, 37, 6), (38, 41, 6), (42, 44, 6)),
]
"""Krippendorff, "Content Analysis", 4th ed. (2019), figure 12.11: three observers, a continuum of length 60."""


@st.composite
def continua(draw: st.DrawFn) -> tuple[list[list[Unit]], int]:
    size = draw(st.integers(1, 20))
    versions = []
    for _ in range(draw(st.integers(2, 4))):
        bounds = sorted(draw(st.sets(st.integers(0, size))))
        stretches = pairwise(bounds)
        versions.append(
            [Unit(*stretch, value) for stretch in stretches if (value := draw(st.sampled_from("ab-"))) != "-"]
        )
    return versions, size


def test_unitizing_alpha_of_the_published_example_with_values() -> None:
    value = unitizing_alpha(unitizing_counts(BOOK, 60)[0])
    assert value == pytest.approx(0.510, abs=0.0005)


def test_unitizing_alpha_of_the_published_example_of_units_against_gaps() -> None:
    """The book gives 0.413; unrounded it is 0.4136."""
    plain = [[unit._replace(value="unit") for unit in version] for version in BOOK]
    assert unitizing_alpha(unitizing_counts(plain, 60)[0]) == pytest.approx(0.413, abs=0.001)


@given(continua())
def test_units_of_one_position_give_nominal_alpha(drawn: tuple[list[list[Unit]], int]) -> None:
    versions, size = drawn
    cut = [
        [Unit(at, at + 1, unit.value) for unit in version for at in range(unit.start, unit.end)] for version in versions
    ]
    rows: list[list[Hashable]] = [["gap"] * size for _ in cut]
    for row, version in zip(rows, cut, strict=True):
        for unit in version:
            row[unit.start] = unit.value
    assert unitizing_alpha(unitizing_counts(cut, size)[0]) == pytest.approx(nominal_alpha(rows))


@given(continua())
def test_unitizing_alpha_is_nominal_alpha_but_for_the_lengths_of_spans(drawn: tuple[list[list[Unit]], int]) -> None:
    """docs/explanation/agreement.md has the formula; it holds for several values, too."""
    versions, size = drawn
    rows: list[list[Hashable]] = [["gap"] * size for _ in versions]
    for row, version in zip(rows, versions, strict=True):
        for unit in version:
            row[unit.start : unit.end] = [unit.value] * (unit.end - unit.start)
    nominal, unitizing = nominal_alpha(rows), unitizing_alpha(unitizing_counts(versions, size)[0])
    if isinstance(nominal, str) or isinstance(unitizing, str):
        assert nominal == unitizing
        return
    number = len(versions) * size
    squares = sum((unit.end - unit.start) ** 2 for version in versions for unit in version)
    squares += sum(row.count("gap") for row in rows)
    assert 1 - unitizing == pytest.approx((1 - nominal) * (number**2 - squares) / (number**2 - number))


@given(continua(), st.sets(st.integers(1, 19)))
def test_unitizing_counts_of_stretches_add_up(drawn: tuple[list[list[Unit]], int], cuts: set[int]) -> None:
    versions, size = drawn
    total: dict[Hashable, float] = defaultdict(float)
    for counts in unitizing_counts(versions, size, [0, *sorted(cut for cut in cuts if cut < size)]):
        for key, number in counts.items():
            total[key] += number
    assert unitizing_alpha(total) == pytest.approx(unitizing_alpha(unitizing_counts(versions, size)[0]))


@given(continua())
def test_unitizing_alpha_does_not_depend_on_the_order_of_annotators(drawn: tuple[list[list[Unit]], int]) -> None:
    versions, size = drawn
    there, back = (unitizing_alpha(unitizing_counts(v, size)[0]) for v in (versions, versions[::-1]))
    assert there == pytest.approx(back)


@given(continua())
def test_unitizing_alpha_of_equal_units_is_one(drawn: tuple[list[list[Unit]], int]) -> None:
    (version, *_), size = drawn
    value = unitizing_alpha(unitizing_counts([version, version], size)[0])
    assert value == 1.0 or value == ONE_CATEGORY


def test_unitizing_alpha_of_nothing_is_a_reason() -> None:
    assert unitizing_alpha({}) == NOTHING
    assert unitizing_alpha(unitizing_counts([[], []], 0)[0]) == NOTHING
    assert unitizing_alpha(unitizing_counts([[], []], 9)[0]) == ONE_CATEGORY


def test_unitizing_alpha_hardly_notices_units_cut_in_two() -> None:
    """The explanation of uα says so, and refers to exact F1, which is 0 here."""
    whole = [Unit(start, start + 9, "a") for start in range(0, 90, 10)]
    halves = [
        half for unit in whole for half in (unit._replace(end=unit.start + 4), unit._replace(start=unit.start + 4))
    ]
    assert unitizing_alpha(unitizing_counts([whole, halves], 90)[0]) == 1
    apart = [unit._replace(start=unit.start + 1) if unit.start % 10 else unit for unit in halves]
    value = unitizing_alpha(unitizing_counts([whole, apart], 90)[0])
    assert isinstance(value, float)
    assert value > 0.4
