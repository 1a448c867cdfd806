"""Alpha for units that annotators cut out of a text themselves: agreement on where units are, not on given units.

uα of Krippendorff, Mathet, Bouvry and Widlöcher, "On the reliability of unitizing textual continua: Further
developments" (Quality & Quantity 50, 2016); the same in Krippendorff, "Content Analysis", 4th ed. (2019), section 12.6.
"""

from collections import defaultdict
from collections.abc import Hashable, Iterable, Sequence
from itertools import pairwise
from typing import NamedTuple

from annotate.agreement.coefficients import APART, NOTHING, ONE_CATEGORY, Counts, Value

SQUARES = "squares"
GAP = None


class Unit(NamedTuple):
    """A stretch `[start, end)` of a continuum that an annotator cut out, and the value given to it."""

    start: int
    end: int
    value: Hashable


def unitizing_counts(
    versions: Sequence[Iterable[Unit]], size: int, cuts: Sequence[int] = (0,)
) -> list[dict[Hashable, float]]:
    """What uα needs of one continuum `[0, size)`, for each stretch between two `cuts`; added, they are the whole's.

    Each version holds one annotator's units, which must not overlap each other; what is between them is a gap. Counted
    are the lengths of each value, the lengths where two annotators' values differ (each ordered pair with weight
    1 / (m − 1), for m annotators), and what a unit's length would give if units were paired with themselves: the square
    of the length for a unit, which stays whole, the length for a gap, which has no inner bounds. A unit counts with its
    square in the stretch where it starts. `cuts` are in order and start with 0.
    """
    counts: list[defaultdict[Hashable, float]] = [defaultdict(float) for _ in cuts]
    changes: dict[int, list[tuple[int, Hashable]]] = defaultdict(list)
    starts: dict[int, list[int]] = defaultdict(list)
    for number, units in enumerate(versions):
        for unit in sorted(unit for unit in units if unit.start < unit.end):
            # In the order of the text: where a unit starts on the end of another, its start is the later change.
            changes[unit.start].append((number, unit.value))
            changes[unit.end].append((number, GAP))
            starts[unit.start].append(unit.end - unit.start)
    values: list[Hashable] = [GAP] * len(versions)
    stretch, bounds = -1, sorted({*changes, *cuts, size})
    for start, end in pairwise(bounds):
        while stretch + 1 < len(cuts) and cuts[stretch + 1] <= start:
            stretch += 1
        for number, value in changes.get(start, ()):
            values[number] = value
        here = counts[stretch]
        here[SQUARES] += sum(length * length for length in starts.get(start, ()))
        here[SQUARES] += (end - start) * values.count(GAP)
        for value in values:
            here["value", value] += end - start
        equal = sum(values.count(value) - 1 for value in values)
        here[APART] += (end - start) * (len(values) - equal / (len(values) - 1))
    return [dict(here) for here in counts]


def unitizing_alpha(counts: Counts) -> Value:
    """uα from `unitizing_counts`: 1 − D_o / D_e, with D_o the lengths apart and D_e = n (n² − Σ n_c²) / (n² − squares).

    Units all of length 1 give Krippendorff's alpha for nominal data, with the gap as a value.
    """
    lengths = [number for key, number in counts.items() if key not in (APART, SQUARES)]
    whole = sum(lengths)
    if not whole:
        return NOTHING
    expected = whole * whole - sum(number * number for number in lengths)
    if not expected:
        return ONE_CATEGORY
    return 1 - counts[APART] * (whole * whole - counts[SQUARES]) / (whole * expected)
