"""Intervals of measures: percentile bootstrap over articles or paragraphs.

Efron and Tibshirani, "An Introduction to the Bootstrap" (1993), chapter 13. A sample draws whole articles with
replacement if there are at least `MIN_ARTICLES`, otherwise paragraphs: a handful of articles has too few different
samples. Paragraphs of one article are not independent, so intervals from them are too narrow rather than too wide. The
same seed draws the same samples for every measure, and so for two systems that are compared.
"""

import random
from collections import defaultdict
from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from statistics import quantiles
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from annotate.agreement.coefficients import Counts, Value
from annotate.agreement.tally import ParagraphKey, Tally
from annotate.util.tables import Measure

MIN_ARTICLES = 10
"""Number of articles below which paragraphs are drawn."""

LEVEL = 0.95
SAMPLES = 1000

MAX_EXACT = 2**52
"""Sums of halves are exact below this, in whatever order they are added."""
BLOCK = 250
"""Number of samples whose counts are in memory at once."""


_EQUAL = 1e-12
"""Differences that are closer than this are equal: rounding may part them."""


class PairedDifference(NamedTuple):
    """How far a measure of one system is above that of another, on the same samples.

    Attributes:
        difference: The difference, first minus second, with its interval.
        first_higher: The share of samples in which the first system has the higher value; one with equal values counts
            half. Koehn, "Statistical Significance Tests for Machine Translation Evaluation" (EMNLP 2004). None without
            an interval.
        p: The p value of the null hypothesis that the systems do not differ, two-sided: the share of samples in which
            the difference is as far from that of all counts as the latter is from zero. Berg-Kirkpatrick, Burkett and
            Klein, "An Empirical Investigation of Statistical Significance in NLP" (EMNLP 2012), here for both
            directions; the difference of all counts is one more sample, so that p is never zero: Davison and Hinkley,
            "Bootstrap Methods and their Application" (1997), chapter 4. None without an interval.
    """

    difference: Measure
    first_higher: float | None = None
    p: float | None = None


class Bootstrap:
    """The samples of a study, drawn once for all measures.

    Attributes:
        unit: What is drawn: `articles`, `paragraphs`, or what the caller named.
        unit_count: The number of units.
    """

    def __init__(
        self, paragraphs: Sequence[ParagraphKey], samples: int = SAMPLES, seed: int = 0, unit: str | None = None
    ) -> None:
        """Draw the samples.

        Args:
            paragraphs: All paragraphs of the study.
            samples: The number of samples.
            seed: The seed of the random numbers.
            unit: What `paragraphs` are, if they are not paragraphs of articles; each is then drawn by itself.
        """
        articles = {article for article, _ in paragraphs}
        self.unit = unit or ("articles" if len(articles) >= MIN_ARTICLES else "paragraphs")
        units = sorted({self._find_unit(paragraph) for paragraph in paragraphs})
        self.unit_count = len(units)
        self._index = {key: index for index, key in enumerate(units)}
        generator = random.Random(seed)  # noqa: S311 - no secret
        indices = range(self.unit_count)
        sample_count = samples if self.unit_count > 1 else 0
        self._samples = np.array(
            [generator.choices(indices, k=self.unit_count) for _ in range(sample_count)], dtype=np.uint32
        )
        self._multiplicity = np.zeros((self.unit_count, sample_count), dtype=np.uint32)
        """How often each sample (column) has each unit (row)."""
        for column, sample in enumerate(self._samples):
            self._multiplicity[:, column] = np.bincount(sample, minlength=self.unit_count)

    def _find_unit(self, paragraph: ParagraphKey) -> ParagraphKey:
        return (paragraph[0], 0) if self.unit == "articles" else paragraph

    def measure(self, tally: Tally, estimate: Callable[[Counts], Value], if_empty: str | None = None) -> Measure:
        """Return a measure of all counts with its interval.

        Args:
            tally: The counts.
            estimate: Computes the measure from counts.
            if_empty: The note if nothing was counted, in place of the reason that `estimate` gives.
        """
        total = tally.total()
        value = estimate(total)
        if isinstance(value, str):
            return Measure(None, note=if_empty if if_empty and not any(total.values()) else value)
        estimates = self._estimate_samples(tally, estimate, list(total)) if self._has_several_units(tally) else []
        return self._add_interval(value, [each for each in estimates if not isinstance(each, str)])

    def compare(self, first: Tally, second: Tally, estimate: Callable[[Counts], Value]) -> PairedDifference:
        """Return how far a measure of one system is above that of another, on the same samples.

        Args:
            first: The counts of the first system.
            second: The counts of the second system, in the same articles.
            estimate: Computes the measure from counts.
        """
        totals = first.total(), second.total()
        values = [estimate(total) for total in totals]
        undefined = next((value for value in values if isinstance(value, str)), None)
        if undefined is not None:
            return PairedDifference(Measure(None, note=undefined))
        difference = _subtract(*values)
        if not self._has_several_units(first, second):
            return PairedDifference(self._add_interval(difference, []))
        sides = (
            self._estimate_samples(tally, estimate, list(total))
            for tally, total in zip((first, second), totals, strict=True)
        )
        sampled = [
            _subtract(left, right)
            for left, right in zip(*sides, strict=True)
            if not isinstance(left, str) and not isinstance(right, str)
        ]
        measure = self._add_interval(difference, sampled)
        if measure.low is None:
            return PairedDifference(measure)
        higher = sum(each > 0 for each in sampled) + sum(each == 0 for each in sampled) / 2
        extreme = sum(abs(each - difference) >= abs(difference) - _EQUAL for each in sampled)
        return PairedDifference(measure, higher / len(sampled), (1 + extreme) / (1 + len(sampled)))

    def _has_several_units(self, *tallies: Tally) -> bool:
        """Return whether several units have counts: copies of one say nothing about how others would differ."""
        counted = {
            self._find_unit(paragraph)
            for tally in tallies
            for paragraph, counts in tally.paragraphs.items()
            if any(counts.values())
        }
        return len(counted) > 1

    def _add_interval(self, value: float, sampled: Sequence[float]) -> Measure:
        if len(sampled) < max(2, len(self._samples) / 2):
            return Measure(value, note=f"no interval: too few {self.unit} that have it")
        cuts = quantiles(sampled, n=round(2 / (1 - LEVEL)), method="inclusive")
        return Measure(value, cuts[0], cuts[-1])

    def _estimate_samples(
        self, tally: Tally, estimate: Callable[[Counts], Value], keys: Sequence[Hashable]
    ) -> list[Value]:
        columns: dict[Hashable, defaultdict[int, float]] = {key: defaultdict(float) for key in keys}
        for paragraph, counts in tally.paragraphs.items():
            unit = self._index[self._find_unit(paragraph)]
            for key, number in counts.items():
                if number:
                    columns[key][unit] += number
        return [estimate(counts) for counts in self._count_samples(columns)]

    def _count_samples(self, columns: Mapping[Hashable, Mapping[int, float]]) -> Iterator[dict[Hashable, float]]:
        """Yield the counts of each sample; `columns` has them by key and unit."""
        exact = [self._has_exact_sums(column) for column in columns.values()]
        sparse = [(np.fromiter(column, np.intp), np.fromiter(column.values(), float)) for column in columns.values()]
        for start in range(0, len(self._samples), BLOCK):
            block = slice(start, start + BLOCK)
            sums = np.empty((len(self._samples[block]), len(sparse)))
            for index, (units, values) in enumerate(sparse):
                if exact[index]:
                    sums[:, index] = values @ self._multiplicity[units, block]
                else:
                    sums[:, index] = self._sum_in_order(units, values, block)
            for sample in sums:
                yield dict(zip(columns, sample.tolist(), strict=True))

    def _has_exact_sums(self, column: Mapping[int, float]) -> bool:
        highest = self.unit_count * max(column.values(), default=0)
        return highest < MAX_EXACT and all(number >= 0 and (2 * number).is_integer() for number in column.values())

    def _sum_in_order(self, units: npt.NDArray[np.intp], values: npt.NDArray[np.float64], block: slice) -> list[float]:
        """Add fractions in the order in which they were drawn: another order may change the last digit."""
        column = np.zeros(self.unit_count)
        column[units] = values
        return [sum(column[sample].tolist()) for sample in self._samples[block]]


def _subtract(left: Value, right: Value) -> float:
    """Return the difference of two numbers, 0 if rounding alone parts them."""
    difference = float(left) - float(right)
    return 0.0 if abs(difference) < _EQUAL else difference
