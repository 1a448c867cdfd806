"""Distances between the counts of matched spans, which are intervals of numbers."""

from annotate.agreement.study import Study
from annotate.agreement.tally import Tally
from annotate.inventory import Interval, Inventory
from annotate.records import Mention
from annotate.versions import latest

Bounds = tuple[int | None, int | None]
"""The lower and the upper number of a count; None for an open end."""

PAIRS, DISTANCE, EQUAL, COMPATIBLE = "pairs", "distance", "equal", "compatible"


def tally_interval(study: Study, interval: Interval) -> Tally:
    """Sum the distances of matched spans with the interval's label, and count equal and compatible ones."""
    tally = Tally()
    for comparison in study.comparisons(find_since(study.inventory, interval)):
        for _, (left, right) in comparison.select_placed((interval.label,)):
            paragraph = comparison.article.find_paragraph_at(min(left.start, right.start))
            add_bounds(tally, paragraph, _read_bounds(left, interval), _read_bounds(right, interval))
    return tally


def find_since(inventory: Inventory, interval: Interval) -> str | None:
    """Return the version that added the last of the attributes with the bounds of an interval."""
    return latest(*(inventory.attributes[name].since for name in (interval.minimum, interval.maximum)))


def add_bounds(tally: Tally, paragraph: tuple[int, int], first: Bounds, second: Bounds) -> None:
    """Add one pair of intervals to a tally."""
    tally.add(
        paragraph,
        {
            PAIRS: 1,
            DISTANCE: measure_distance(first, second),
            EQUAL: first == second,
            COMPATIBLE: are_compatible(first, second),
        },
    )


def _read_bounds(mention: Mention, interval: Interval) -> Bounds:
    """Return the bounds of a count; None for an end that is not set or not set to a number."""
    lower, upper = (mention.attributes.get(name) for name in (interval.minimum, interval.maximum))
    return lower if isinstance(lower, int) else None, upper if isinstance(upper, int) else None


def measure_distance(first: Bounds, second: Bounds) -> float:
    """Return the distance of two intervals, from 0 (equal) to 1: the mean of the distances of their ends.

    Two numbers are |a − b| / max(|a|, |b|) apart, at most 1; two open ends 0; an open end and a number 1. This is a
    metric: symmetric, 0 only for equal intervals, and the triangle inequality holds. It is defined by this project.
    """
    return sum(_measure_ends(left, right) for left, right in zip(first, second, strict=True)) / 2


def _measure_ends(left: int | None, right: int | None) -> float:
    if left == right:
        return 0.0
    if left is None or right is None:
        return 1.0
    return min(1.0, abs(left - right) / max(abs(left), abs(right)))


def are_compatible(first: Bounds, second: Bounds) -> bool:
    """Return whether some number lies within both intervals; an open end bounds nothing."""
    lowers = [lower for lower, _ in (first, second) if lower is not None]
    uppers = [upper for _, upper in (first, second) if upper is not None]
    return not lowers or not uppers or max(lowers) <= min(uppers)
