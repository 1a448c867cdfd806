"""How far a measure would move with another sample of text: percentile intervals of a bootstrap.

Efron and Tibshirani, "An Introduction to the Bootstrap" (1993), chapter 13. Drawn with replacement are whole articles,
where there are `FEW` or more, else paragraphs: a handful of articles has too few different samples for an interval, and
paragraphs of one article are not independent of each other, so that intervals from them are rather too narrow. The same
seed draws the same samples, the same for every measure.
"""

import random
from collections import defaultdict
from collections.abc import Callable, Hashable, Sequence
from operator import itemgetter
from statistics import quantiles

import msgspec

from annotate.agreement.coefficients import Counts, Value

FEW = 10
"""Articles below which paragraphs are drawn instead."""

LEVEL = 0.95
SAMPLES = 1000

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

    def total(self, article: int | None = None) -> dict[Hashable, float]:
        """The counts of all, or of one article."""
        total: defaultdict[Hashable, float] = defaultdict(float)
        for place, counts in self.places.items():
            if article is None or place[0] == article:
                for key, number in counts.items():
                    total[key] += number
        return dict(total)


class Measure(msgspec.Struct, frozen=True):
    """A value with its interval. `note` says why there is no value, or why a value has no interval."""

    value: float | None
    low: float | None = None
    high: float | None = None
    note: str | None = None


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
        self._draws = (
            [itemgetter(*draw.choices(everything, k=self.number)) for _ in range(samples)] if self.number > 1 else []
        )

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
        columns = {key: [0.0] * self.number for key in keys}
        for place, counts in tally.places.items():
            unit = self._index[self._unit(place)]
            for key, number in counts.items():
                columns[key][unit] += number
        found = []
        for drawn in self._draws:
            value = estimate({key: sum(drawn(column)) for key, column in columns.items()})
            if not isinstance(value, str):
                found.append(value)
        return found
