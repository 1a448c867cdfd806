"""Agreement on attributes, given the span: only pairs of spans that overlap and have the same label are looked at."""

from collections import Counter
from collections.abc import Hashable, Iterator
from typing import NamedTuple

from annotate.agreement.bootstrap import Place, Tally
from annotate.agreement.coefficients import BOTH, FIRST, alpha_counts, kappa_counts
from annotate.agreement.study import Study
from annotate.inventory import Attribute, Interval
from annotate.model import AttributeValue
from annotate.records import Mention

UNSET = "—"
"""Stands for no value where the other annotator has given one; pairs where neither has count nowhere."""

Values = tuple[AttributeValue, AttributeValue]


class AttributeTallies(NamedTuple):
    """The counts of one attribute, over all pairs of annotators; no `kappa` unless there are two annotators.

    With more than two, alpha is taken over pairs of matched spans, two values each.
    """

    share: Tally
    alpha: Tally
    kappa: Tally | None
    values: Counter[Values]


def attribute_tallies(study: Study, attribute: Attribute) -> AttributeTallies:
    """The counts of the values that matched spans have; an integer is a value like any other."""
    made = AttributeTallies(Tally(), Tally(), Tally() if len(study.annotators) == 2 else None, Counter())
    for place, values in _values(study, attribute):
        made.share.add(place, {FIRST: 1, BOTH: values[0] == values[1]})
        made.alpha.add(place, alpha_counts({values: 1}))
        if made.kappa is not None:
            made.kappa.add(place, kappa_counts({values: 1}))
        made.values[values] += 1
    return made


def _values(study: Study, attribute: Attribute) -> Iterator[tuple[Place, Values]]:
    for comparison in study.comparisons():
        for pair in comparison.overlap.pairs:
            if pair[0].label in attribute.labels and any(attribute.name in one.attributes for one in pair):
                one, other = (mention.attributes.get(attribute.name, UNSET) for mention in pair)
                yield comparison.text.place(*pair), (one, other)


Bounds = tuple[int | None, int | None]

PAIRS, DISTANCE, EQUAL, COMPATIBLE = "pairs", "distance", "equal", "compatible"


def interval_tally(study: Study, interval: Interval) -> Tally:
    """For matched spans of the interval's label: how far apart their counts are, how many are equal or compatible."""
    tally = Tally()
    for comparison in study.comparisons():
        for pair in comparison.overlap.pairs:
            if pair[0].label == interval.label:
                one, other = (bounds(mention, interval) for mention in pair)
                counts: dict[Hashable, float] = {
                    PAIRS: 1,
                    DISTANCE: distance(one, other),
                    EQUAL: one == other,
                    COMPATIBLE: compatible(one, other),
                }
                tally.add(comparison.text.place(*pair), counts)
    return tally


def bounds(mention: Mention, interval: Interval) -> Bounds:
    """Lower and upper number of a count; None where the words set none, or what is set is no number."""
    lower, upper = (mention.attributes.get(name) for name in (interval.minimum, interval.maximum))
    return lower if isinstance(lower, int) else None, upper if isinstance(upper, int) else None


def distance(first: Bounds, second: Bounds) -> float:
    """From 0 (equal) to 1: the mean over the two ends of how far they are apart.

    Two numbers are |a − b| / max(|a|, |b|) apart, at most 1; two open ends 0; an open end and a number 1. It is a
    metric: symmetric, 0 only for equals, and no way round is shorter.
    """
    return sum(_apart(one, other) for one, other in zip(first, second, strict=True)) / 2


def _apart(one: int | None, other: int | None) -> float:
    if one == other:
        return 0.0
    if one is None or other is None:
        return 1.0
    return min(1.0, abs(one - other) / max(abs(one), abs(other)))


def compatible(first: Bounds, second: Bounds) -> bool:
    """Whether some number lies within both; an open end bounds nothing."""
    lowers = [lower for lower, _ in (first, second) if lower is not None]
    uppers = [upper for _, upper in (first, second) if upper is not None]
    return not lowers or not uppers or max(lowers) <= min(uppers)
