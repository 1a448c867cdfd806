"""Alpha for unitizing against its published example, and its ties to nominal alpha."""

from collections import defaultdict
from collections.abc import Hashable
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from annotate.agreement.coefficients import NOTHING, ONE_CATEGORY, Unit, unitizing_alpha, unitizing_counts
from tests.agreement.helpers import nominal_alpha


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


def test_published_example_with_values() -> None:
    value = unitizing_alpha(unitizing_counts(BOOK, 60)[0])
    assert value == pytest.approx(0.510, abs=0.0005)


def test_published_example_of_units_against_gaps() -> None:
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


@given(continua(), st.sets(st.integers(1, 19)))
def test_counts_of_stretches_add_up(drawn: tuple[list[list[Unit]], int], cuts: set[int]) -> None:
    versions, size = drawn
    total: dict[Hashable, float] = defaultdict(float)
    for counts in unitizing_counts(versions, size, [0, *sorted(cut for cut in cuts if cut < size)]):
        for key, number in counts.items():
            total[key] += number
    assert unitizing_alpha(total) == pytest.approx(unitizing_alpha(unitizing_counts(versions, size)[0]))


@given(continua())
def test_order_of_annotators_does_not_matter(drawn: tuple[list[list[Unit]], int]) -> None:
    versions, size = drawn
    there, back = (unitizing_alpha(unitizing_counts(v, size)[0]) for v in (versions, versions[::-1]))
    assert there == pytest.approx(back)


@given(continua())
def test_equal_versions_agree_wholly(drawn: tuple[list[list[Unit]], int]) -> None:
    (version, *_), size = drawn
    value = unitizing_alpha(unitizing_counts([version, version], size)[0])
    assert value == 1.0 or value == ONE_CATEGORY


def test_nothing_to_count() -> None:
    assert unitizing_alpha({}) == NOTHING
    assert unitizing_alpha(unitizing_counts([[], []], 0)[0]) == NOTHING
    assert unitizing_alpha(unitizing_counts([[], []], 9)[0]) == ONE_CATEGORY
