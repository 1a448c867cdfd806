"""How far a measure would move with another sample of text: percentile intervals of a bootstrap.

Efron and Tibshirani, "An Introduction to the Bootstrap" (1993), chapter 13. Drawn with replacement are whole articles,
where there are `FEW` or more, else paragraphs: a handful of articles has too few different samples for an interval, and
paragraphs of one article are not independent of each other, so that intervals from them are rather too narrow. The same
seed draws the same samples, the same for every measure.
"""

import random
from collections import defaultdict
from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from statistics import quantiles

import numpy as np
import numpy.typing as npt

from annotate.agreement.coefficients import Counts, Value
from annotate.util.tables import Measure

FEW = 10
"""Articles below which paragraphs are drawn instead."""

LEVEL = 0.95
SAMPLES = 1000

EXACT = 2**52
"""Sums of halves are exact up to here, in whatever order they are added."""
BLOCK = 250
"""Samples whose counts are in memory at once."""

Place = tuple[int, int]
"""The number of an article and of a paragraph in it."""


class Tally:
    """Additive counts, kept apart by the paragraph they come from."""

    def __init__(self) -> None:
        self.places: dict[Place, defaultdict[Hashable, float]] = {}

    def add(self, place: Place, counts: Counts) -> None:
        here = self.places.setdefault(place, defaultdict(float))
        for key, number in counts.items():
            here[key] += number

    def total(self) -> dict[Hashable, float]:
        """The counts of all."""
        total: defaultdict[Hashable, float] = defaultdict(float)
        for counts in self.places.values():
            for key, number in counts.items():
                total[key] += number
        return dict(total)

    def by_article(self) -> dict[int, dict[Hashable, float]]:
        """The counts of each article that has any, in one pass."""
        totals: dict[int, defaultdict[Hashable, float]] = {}
        for (article, _), counts in self.places.items():
            here = totals.setdefault(article, defaultdict(float))
            for key, number in counts.items():
                here[key] += number
        return {article: dict(counts) for article, counts in totals.items()}


class Bootstrap:
    """Draws samples of the units once, and measures on each of them."""

    def __init__(self, places: Sequence[Place], samples: int = SAMPLES, seed: int = 0, by: str | None = None) -> None:
        """`by` says what the places are, where they are no paragraphs of articles: each is drawn by itself."""
        articles = sorted({article for article, _ in places})
        self.by = by or ("articles" if len(articles) >= FEW else "paragraphs")
        units = sorted({self._unit(place) for place in places})
        self.number = len(units)
        self._index = {unit: number for number, unit in enumerate(units)}
        draw = random.Random(seed)  # noqa: S311 - no secret
        everything = range(self.number)
        drawn = [draw.choices(everything, k=self.number) for _ in range(samples if self.number > 1 else 0)]
        self._draws = np.array(drawn, dtype=np.uint32)
        self._times = np.zeros((self.number, len(drawn)), dtype=np.uint32)
        """How often each sample has each unit."""
        for number, sample in enumerate(self._draws):
            self._times[:, number] = np.bincount(sample, minlength=self.number)

    def _unit(self, place: Place) -> Place:
        return (place[0], 0) if self.by == "articles" else place

    def measure(self, tally: Tally, estimate: Callable[[Counts], Value], nothing: str | None = None) -> Measure:
        """The measure of all counts, and its interval; `nothing` says it better where there is nothing to count."""
        total = tally.total()
        value = estimate(total)
        if isinstance(value, str):
            return Measure(None, note=nothing if nothing and not any(total.values()) else value)
        found = self._samples(tally, estimate, list(total))
        if len(found) < max(2, len(self._draws) / 2):
            return Measure(value, note=f"no interval: too few {self.by} that have it")
        cuts = quantiles(found, n=round(2 / (1 - LEVEL)), method="inclusive")
        return Measure(value, cuts[0], cuts[-1])

    def _samples(self, tally: Tally, estimate: Callable[[Counts], Value], keys: list[Hashable]) -> list[float]:
        columns: dict[Hashable, defaultdict[int, float]] = {key: defaultdict(float) for key in keys}
        for place, counts in tally.places.items():
            unit = self._index[self._unit(place)]
            for key, number in counts.items():
                if number:
                    columns[key][unit] += number
        values = (estimate(counts) for counts in self._counts(columns))
        return [value for value in values if not isinstance(value, str)]

    def _counts(self, columns: Mapping[Hashable, Mapping[int, float]]) -> Iterator[dict[Hashable, float]]:
        """The counts of each sample, of those by unit."""
        exact = [self._exact(column) for column in columns.values()]
        sparse = [(np.fromiter(one, np.intp), np.fromiter(one.values(), np.float64)) for one in columns.values()]
        for start in range(0, len(self._draws), BLOCK):
            block = slice(start, start + BLOCK)
            found = np.empty((len(self._draws[block]), len(sparse)))
            for key, (units, numbers) in enumerate(sparse):
                if exact[key]:
                    found[:, key] = numbers @ self._times[units, block]
                else:
                    found[:, key] = self._in_order(units, numbers, block)
            for sample in found:
                yield dict(zip(columns, sample.tolist(), strict=True))

    def _exact(self, column: Mapping[int, float]) -> bool:
        most = self.number * max(column.values(), default=0)
        return most < EXACT and all(number >= 0 and (2 * number).is_integer() for number in column.values())

    def _in_order(self, units: npt.NDArray[np.intp], numbers: npt.NDArray[np.float64], block: slice) -> list[float]:
        """Sums of fractions, added as they were drawn: in another order the last digit may be another."""
        column = np.zeros(self.number)
        column[units] = numbers
        return [sum(column[sample].tolist()) for sample in self._draws[block]]
