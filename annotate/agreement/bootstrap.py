"""Intervals of measures: percentile bootstrap over articles or paragraphs.

Efron and Tibshirani, "An Introduction to the Bootstrap" (1993), chapter 13. A sample draws whole articles with
replacement if there are at least `MIN_ARTICLES`, otherwise paragraphs: a handful of articles has too few different
samples. Paragraphs of one article are not independent, so intervals from them are too narrow rather than too wide. The
same seed draws the same samples for every measure, and so for two systems that are compared.
"""

import hashlib
import random
from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from functools import cached_property
from itertools import chain
from statistics import quantiles
from typing import NamedTuple, TypeAlias
from weakref import ReferenceType, WeakKeyDictionary

import numpy as np
import numpy.typing as npt

from annotate.agreement.coefficients import Counts, Value, add_counts
from annotate.agreement.sample_estimates import MAX_EXACT, find_sample_estimate
from annotate.agreement.tally import ParagraphKey, Tally, TallyColumn
from annotate.util.tables import Measure

MIN_ARTICLES = 10
"""Number of articles below which paragraphs are drawn."""

LEVEL = 0.95
SAMPLES = 1000

BLOCK = 250
"""Number of samples whose counts are in memory at once, if there are few units."""
_BLOCK_NUMBERS = 1 << 22
"""How often samples have units: the most of these numbers that are in memory at once."""
_PARAGRAPH_BITS = 32
_SPARSE = 8
"""A key that fewer than one unit in this number has is summed separately."""
_KEPT = 4096
"""The most sums of a key in a block of samples that are kept."""
_ROWS = 64
"""Number of keys whose counts in all units are in memory at once."""

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


Sums: TypeAlias = npt.NDArray[np.float64]
"""Sums of counts, a column a sample."""


class _UnitSums(NamedTuple):
    """The counts of one key: the units that have any, their numbers, and whether sums of them are exact."""

    units: npt.NDArray[np.intp]
    numbers: npt.NDArray[np.float64]
    is_exact: bool

    def digest(self) -> bytes:
        """Return what tells these counts from others."""
        return hashlib.blake2b(self.units.tobytes() + self.numbers.tobytes(), digest_size=16).digest()


class _LowerSums(NamedTuple):
    """The counts of one key of a tally that others are on top of, and their sums in all samples."""

    by_unit: _UnitSums
    samples: Sums


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
        own_unit = self.unit != "articles"
        codes = np.fromiter(
            ((article << _PARAGRAPH_BITS) + paragraph * own_unit for article, paragraph in paragraphs), np.uint64
        )
        self._codes = np.unique(codes)
        """The number of each unit, of its article and its paragraph, in order."""
        self.unit_count = len(self._codes)
        self._seed, self._sample_count = seed, samples if self.unit_count > 1 else 0
        # A unit is rarely drawn more than ten times, so that a byte is enough but for the rarest samples.
        self._multiplicity = np.zeros((self.unit_count, self._sample_count), dtype=np.uint8)
        """How often each sample (column) has each unit (row)."""
        for column, sample in enumerate(self._draw_samples()):
            numbers = np.bincount(sample, minlength=self.unit_count)
            if numbers.max() > np.iinfo(self._multiplicity.dtype).max:
                self._multiplicity = self._multiplicity.astype(np.uint32)
            self._multiplicity[:, column] = numbers
        self._lower: WeakKeyDictionary[Tally, dict[Hashable, _LowerSums]] = WeakKeyDictionary()
        """The counts of tallies that others are on top of."""
        self._several: WeakKeyDictionary[Tally, bool] = WeakKeyDictionary()
        """Whether several units have counts, by tally."""
        self._last_sums: tuple[ReferenceType[Tally], dict[Hashable, _UnitSums]] | None = None
        """The tally that was measured last, and its counts by unit: the next measure is often of the same."""
        self._sampled: OrderedDict[tuple[bytes, int], Sums] = OrderedDict()
        """The sums of counts in a block of samples, by their digest and the first sample; those used last come last.

        Equal counts are in many tallies: the spans of each side do not depend on how they are matched.
        """

    def _draw_samples(self) -> Iterator[npt.NDArray[np.intp]]:
        """Yield the units of each sample as `random.Random(seed).choices` draws them, all of a sample at once."""
        _, state, _ = random.Random(self._seed).getstate()  # noqa: S311 - no secret
        generator = np.random.MT19937()
        generator.state = {
            "bit_generator": "MT19937",
            "state": {"key": np.array(state[:-1], dtype=np.uint32), "pos": state[-1]},
        }
        draw = np.random.Generator(generator).random
        for _ in range(self._sample_count):
            yield (draw(self.unit_count) * float(self.unit_count)).astype(np.intp)

    def _find_units(self, column: TallyColumn) -> npt.NDArray[np.intp]:
        """Return the index of the unit of each number of a column."""
        codes = np.array(column.articles, dtype=np.uint64) << np.uint64(_PARAGRAPH_BITS)
        if self.unit != "articles":
            codes += np.array(column.paragraphs, dtype=np.uint64)
        return np.searchsorted(self._codes, codes)

    def measure(
        self,
        tally: Tally,
        estimate: Callable[[Counts], Value],
        if_empty: str | None = None,
        below: Tally | None = None,
    ) -> Measure:
        """Return a measure of all counts with its interval.

        Args:
            tally: The counts.
            estimate: Computes the measure from counts.
            if_empty: The note if nothing was counted, in place of the reason that `estimate` gives.
            below: Counts that those of the tally are on top of, in each unit. What is computed of them is kept, since
                many tallies have the same below them.
        """
        total = tally.total() if below is None else add_counts(below.total(), tally.total())
        value = estimate(total)
        if isinstance(value, str):
            return Measure(None, note=if_empty if if_empty and not any(total.values()) else value)
        if not self._has_several_units(tally if below is None else below):
            return self._add_interval(value, [])
        estimates = self._estimate_samples(tally, estimate, list(total), below)
        return self._add_interval(value, estimates[~np.isnan(estimates)].tolist())

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
        difference = _subtract(float(values[0]), float(values[1]))
        if not self._has_several_units(first, second):
            return PairedDifference(self._add_interval(difference, []))
        left, right = (
            self._estimate_samples(tally, estimate, list(total))
            for tally, total in zip((first, second), totals, strict=True)
        )
        in_both = ~np.isnan(left) & ~np.isnan(right)
        sampled = list(map(_subtract, left[in_both].tolist(), right[in_both].tolist()))
        measure = self._add_interval(difference, sampled)
        if measure.low is None:
            return PairedDifference(measure)
        higher = sum(each > 0 for each in sampled) + sum(each == 0 for each in sampled) / 2
        extreme = sum(abs(each - difference) >= abs(difference) - _EQUAL for each in sampled)
        return PairedDifference(measure, higher / len(sampled), (1 + extreme) / (1 + len(sampled)))

    def _has_several_units(self, *tallies: Tally) -> bool:
        """Return whether several units have counts: copies of one say nothing about how others would differ."""
        if len(tallies) > 1:
            return self._find_several(tallies)
        if tallies[0] not in self._several:
            self._several[tallies[0]] = self._find_several(tallies)
        return self._several[tallies[0]]

    def _find_several(self, tallies: Iterable[Tally]) -> bool:
        first: int | None = None
        for column in chain.from_iterable(tally.list_columns().values() for tally in tallies):
            units = self._find_units(column)[np.array(column.numbers) != 0]
            if len(units):
                first = int(units[0]) if first is None else first
                if (units != first).any():
                    return True
        return False

    def _add_interval(self, value: float, sampled: Sequence[float]) -> Measure:
        if len(sampled) < max(2, self._sample_count / 2):
            return Measure(value, note=f"no interval: too few {self.unit} that have it")
        cuts = quantiles(sampled, n=round(2 / (1 - LEVEL)), method="inclusive")
        return Measure(value, cuts[0], cuts[-1])

    def _estimate_samples(
        self,
        tally: Tally,
        estimate: Callable[[Counts], Value],
        keys: Sequence[Hashable],
        below: Tally | None = None,
    ) -> npt.NDArray[np.float64]:
        """Return the measure of each sample; NaN for one that does not define it."""
        estimate_together = find_sample_estimate(estimate)
        estimates = []
        for sums in self._count_samples(tally, keys, below):
            together = estimate_together(dict(zip(keys, sums, strict=True))) if estimate_together else None
            if together is None:
                each = (estimate(dict(zip(keys, sample, strict=True))) for sample in sums.T.tolist())
                together = np.array([np.nan if isinstance(value, str) else value for value in each])
            estimates.append(together)
        return np.concatenate(estimates) if estimates else np.empty(0)

    def _count_samples(self, tally: Tally, keys: Sequence[Hashable], below: Tally | None) -> Iterator[Sums]:
        """Yield the counts of a block of samples, a row a key and a column a sample."""
        own, lower = self._sum_last(tally), {} if below is None else self._sum_below(below)
        together: list[tuple[int, _UnitSums]] = []
        in_order: list[tuple[int, list[_UnitSums]]] = []
        for row, key in enumerate(keys):
            parts = [part for part in (own.get(key), lower[key].by_unit if key in lower else None) if part]
            if not all(part.is_exact for part in parts):
                in_order.append((row, parts))
            elif key in own:
                together.append((row, own[key]))
        inexact = {row for row, _ in in_order}
        for block in self._list_blocks():
            sums = self._add_together(together, len(keys), block)
            for row, key in enumerate(keys):
                if key in lower and row not in inexact:
                    sums[row] += lower[key].samples[block]
            for row, parts in in_order:
                sums[row] = self._add_in_order(parts, block)
            yield sums

    def _list_blocks(self) -> Iterator[slice]:
        """Yield ranges of samples: fewer at once if there are many units."""
        size = max(1, min(BLOCK, _BLOCK_NUMBERS // max(self.unit_count, 1)))
        return (slice(start, start + size) for start in range(0, self._sample_count, size))

    def _sum_last(self, tally: Tally) -> dict[Hashable, "_UnitSums"]:
        """Return what `_sum_units` does, and keep it until another tally is measured."""
        if self._last_sums is None or self._last_sums[0]() is not tally:
            self._last_sums = ReferenceType(tally), self._sum_units(tally)
        return self._last_sums[1]

    def _sum_units(self, tally: Tally) -> dict[Hashable, "_UnitSums"]:
        """Return the counts of each unit that has any, by key."""
        sums = {}
        for key, column in tally.list_columns().items():
            units, inverse = np.unique(self._find_units(column), return_inverse=True)
            # It adds in the order of the column.
            numbers: Sums = np.bincount(inverse, np.array(column.numbers), len(units)).astype(np.float64)
            is_exact = bool(
                (self.unit_count * np.abs(numbers).max(initial=0) < MAX_EXACT)
                and (2 * numbers == np.floor(2 * numbers)).all()
            )
            sums[key] = _UnitSums(units, numbers, is_exact)
        return sums

    def _sum_below(self, tally: Tally) -> dict[Hashable, "_LowerSums"]:
        """Return the counts of a tally that others are on top of, by key; they are computed once."""
        if tally not in self._lower:
            by_key = self._sum_units(tally)
            together = [(row, by_unit) for row, by_unit in enumerate(by_key.values())]
            blocks = [self._add_together(together, len(by_key), block) for block in self._list_blocks()]
            sums = np.concatenate(blocks, axis=1) if blocks else np.zeros((len(by_key), 0))
            self._lower[tally] = {key: _LowerSums(by_key[key], row) for key, row in zip(by_key, sums, strict=True)}
        return self._lower[tally]

    def _add_together(self, rows: Sequence[tuple[int, "_UnitSums"]], size: int, block: slice) -> Sums:
        """Return the sums of some rows in a block of samples; the others of as many rows as `size` says are 0."""
        multiplicity = self._multiplicity[:, block]
        sums = np.zeros((size, multiplicity.shape[1]))
        dense = list[tuple[int, _UnitSums]]()
        missing = dict[tuple[bytes, int], int]()
        for row, by_unit in rows:
            key = by_unit.digest(), block.start
            if key in self._sampled:
                self._sampled.move_to_end(key)
                sums[row] = self._sampled[key]
                continue
            missing[key] = row
            if _SPARSE * len(by_unit.units) > self.unit_count:
                dense.append((row, by_unit))
            else:
                sums[row] = by_unit.numbers @ multiplicity[by_unit.units]
        counts = multiplicity.astype(np.float64) if dense else multiplicity
        for start in range(0, len(dense), _ROWS):
            group = dense[start : start + _ROWS]
            numbers = np.zeros((len(group), self.unit_count))
            for index, (_, by_unit) in enumerate(group):
                numbers[index, by_unit.units] = by_unit.numbers
            sums[[row for row, _ in group]] = numbers @ counts
        for key, row in missing.items():
            self._sampled[key] = sums[row].copy()
        while len(self._sampled) > _KEPT:
            self._sampled.popitem(last=False)
        return sums

    def _add_in_order(self, parts: Sequence["_UnitSums"], block: slice) -> list[float]:
        """Add fractions in the order in which they were drawn: another order may change the last digit."""
        column = np.zeros(self.unit_count)
        for part in parts:
            column[part.units] += part.numbers
        return [sum(column[sample].tolist()) for sample in self._samples[block]]

    @cached_property
    def _samples(self) -> npt.NDArray[np.uint32]:
        """The units of each sample, in the order in which they were drawn; few studies have fractions that need it."""
        samples = np.empty((self._sample_count, self.unit_count), dtype=np.uint32)
        for row, sample in enumerate(self._draw_samples()):
            samples[row] = sample
        return samples


def _subtract(left: float, right: float) -> float:
    """Return the difference of two numbers, 0 if rounding alone parts them."""
    difference = left - right
    return 0.0 if abs(difference) < _EQUAL else difference
