"""Coefficients of many samples at once: equal to those of one sample at a time, to the last digit."""

import sys
from collections import Counter
from collections.abc import Callable, Hashable
from types import FrameType

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from annotate.agreement import coefficients
from annotate.agreement.bootstrap import Bootstrap
from annotate.agreement.coefficients import BOTH, FIRST, SECOND, Counts, Unit, Value, alpha_counts, kappa_counts
from annotate.agreement.sample_estimates import find_sample_estimate
from annotate.agreement.tally import Tally

labels = st.sampled_from([None, "a", "b", "c"])
numbers = st.integers(0, 40)


def draw_patterns(annotators: int) -> st.SearchStrategy[dict[tuple[Hashable, ...], float]]:
    return st.dictionaries(st.tuples(*[labels] * annotators), numbers, max_size=6)


def cut_units(bounds: list[set[int]]) -> dict[Hashable, float]:
    units = [
        [Unit(start, end, True) for start, end in zip(ordered[::2], ordered[1::2], strict=False)]
        for ordered in map(sorted, bounds)
    ]
    return coefficients.unitizing_counts(units, 30)[0]


sides: st.SearchStrategy[dict[Hashable, float]] = st.tuples(numbers, numbers, numbers).map(
    lambda drawn: {BOTH: drawn[0] / 2, FIRST: drawn[1], SECOND: drawn[2]}
)
COUNTS: dict[Callable[[Counts], Value], st.SearchStrategy[dict[Hashable, float]]] = {
    coefficients.f1: sides,
    coefficients.agr: sides,
    coefficients.share: sides,
    coefficients.alpha: st.integers(2, 4).flatmap(draw_patterns).map(alpha_counts),
    coefficients.kappa: draw_patterns(2).map(kappa_counts),
    coefficients.unitizing_alpha: st.lists(st.sets(st.integers(0, 30), max_size=6), min_size=2, max_size=4).map(
        cut_units
    ),
}


@pytest.mark.parametrize("estimate", COUNTS, ids=lambda estimate: estimate.__name__)
@given(data=st.data(), large=st.sampled_from([1, 1_000_000]))
def test_together_as_one_by_one(estimate: Callable[[Counts], Value], data: st.DataObject, large: int) -> None:
    drawn = data.draw(st.lists(COUNTS[estimate], min_size=1, max_size=5))
    keys = dict.fromkeys(key for counts in drawn for key in counts) or {BOTH: None}
    samples = [{key: float(counts.get(key, 0)) * large for key in keys} for counts in drawn]
    estimate_together = find_sample_estimate(estimate)
    assert estimate_together
    together = estimate_together({key: np.array([sample[key] for sample in samples]) for key in keys})
    if together is None:
        assert large > 1 or not any(any(counts.values()) for counts in drawn)
        return
    assert len(together) == len(samples)
    for sample, value in zip(samples, together.tolist(), strict=True):
        expected = estimate(sample)
        assert np.isnan(value) if isinstance(expected, str) else value == expected


def test_sums_that_may_be_rounded_are_estimated_one_by_one() -> None:
    for column in ([0.5, 1.0], [2.0**27, 1.0]):
        counts: dict[Hashable, npt.NDArray[np.float64]] = {
            ("value", "a"): np.array(column),
            ("value", "b"): np.array([1.0, 1.0]),
        }
        for estimate in (coefficients.alpha, coefficients.unitizing_alpha):
            estimate_together = find_sample_estimate(estimate)
            assert estimate_together
            assert estimate_together(counts) is None


def test_alpha_is_called_once_and_not_for_each_sample() -> None:
    """A corpus may have thousands of labels, and each has several measures."""
    tally, calls = Tally(), Counter[str]()
    for paragraph in range(20):
        tally.add((0, paragraph), alpha_counts({("a", "a"): paragraph, ("a", "b"): 1, ("b", "b"): 2}))
    bootstrap = Bootstrap([(0, paragraph) for paragraph in range(20)], samples=600)

    def note_call(frame: FrameType, event: str, _: object) -> None:
        if event == "call" and frame.f_code is coefficients.alpha.__code__:
            calls["alpha"] += 1

    before = sys.getprofile()
    sys.setprofile(note_call)
    try:
        together = bootstrap.measure(tally, coefficients.alpha)
        assert calls["alpha"] == 1
        alone = bootstrap.measure(tally, lambda counts: coefficients.alpha(counts))
        assert calls["alpha"] == 602
    finally:
        sys.setprofile(before)
    assert together == alone
    assert together.low is not None
