"""Alpha and kappa against worked examples and against the libraries that people know."""

import warnings
from collections import Counter
from collections.abc import Hashable

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
    agr,
    alpha,
    alpha_counts,
    f1,
    kappa,
    share,
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


def test_nothing_to_count_is_said_and_is_no_number() -> None:
    assert f1({}) == agr({}) == share({}) == alpha({}) == kappa({}) == NOTHING
    assert nominal_alpha([["a", None], [None, "b"]]) == NOTHING
    assert nominal_alpha([[], []]) == NOTHING


def test_f1_and_agr() -> None:
    counts: dict[Hashable, float] = {BOTH: 2, FIRST: 4, SECOND: 2}
    assert f1(counts) == pytest.approx(2 / 3)
    assert agr(counts) == pytest.approx((2 / 4 + 2 / 2) / 2)
    assert agr({FIRST: 3}) == f1({FIRST: 3}) == 0
