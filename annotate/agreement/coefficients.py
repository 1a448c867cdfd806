"""The coefficients, each a function of counts. A coefficient that the counts do not define is a reason, never a NaN.

Counts are additive: those of two stretches of text, added, are the counts of both. So a measure can be taken over a
whole corpus, one article, or any sample of its parts, from counts made once.

Alpha for units that annotators cut out of a text themselves: agreement on where units are, not on given units.

uα of Krippendorff, Mathet, Bouvry and Widlöcher, "On the reliability of unitizing textual continua: Further
developments" (Quality & Quantity 50, 2016); the same in Krippendorff, "Content Analysis", 4th ed. (2019), section 12.6.
"""

from collections import Counter, defaultdict
from collections.abc import Hashable, Iterable, Mapping, Sequence
from itertools import pairwise
from typing import NamedTuple, TypeVar

Value = float | str
"""A number, or why there is none."""

Counts = Mapping[Hashable, float]
Pattern = TypeVar("Pattern", bound=tuple[Hashable, ...])

BOTH, FIRST, SECOND = "both", "first", "second"
APART = "apart"
NOTHING = "nothing to compare"
ONE_CATEGORY = "one category only"


def f1(counts: Counts) -> Value:
    """F1, the harmonic mean of precision and recall: 2 · both / (first + second). Symmetric in the two."""
    either = counts.get(FIRST, 0) + counts.get(SECOND, 0)
    return 2 * counts.get(BOTH, 0) / either if either else NOTHING


def agr(counts: Counts) -> Value:
    """Mean of the two directed agreements both / first and both / second, where either side has something.

    The `agr` of Wiebe, Wilson and Cardie, "Annotating expressions of opinions and emotions in language" (Language
    Resources and Evaluation 39, 2005), which PARC reports for attributions.
    """
    sides = [counts[side] for side in (FIRST, SECOND) if counts.get(side)]
    return sum(counts.get(BOTH, 0) / side for side in sides) / 2 if sides else NOTHING


def share(counts: Counts) -> Value:
    """How many of the things compared are equal: both / first."""
    return counts.get(BOTH, 0) / counts[FIRST] if counts.get(FIRST) else NOTHING


def alpha_counts(patterns: Mapping[Pattern, float]) -> dict[Hashable, float]:
    """What alpha needs of a table of values: how often each value stands in it, and how often two stand apart.

    `patterns` maps the values that the annotators gave one unit, None where one gave none, to how many units have just
    these: each different pattern is looked at once, however many units there are. A unit with m values has m(m − 1)
    ordered pairs, each of weight 1 / (m − 1); units with fewer than two values count nowhere.
    """
    counts: defaultdict[Hashable, float] = defaultdict(float)
    for pattern, number in patterns.items():
        values = Counter(value for value in pattern if value is not None)
        present = values.total()
        if present < 2:
            continue
        for value, times in values.items():
            counts["value", value] += times * number
        equal = sum(times * (times - 1) for times in values.values())
        counts[APART] += number * (present * (present - 1) - equal) / (present - 1)
    return counts


def alpha(counts: Counts) -> Value:
    """Krippendorff's alpha for nominal data, from `alpha_counts`.

    1 − D_o / D_e with D_o = apart / n and D_e = (n² − Σ n_c²) / (n (n − 1)); Krippendorff, "Content Analysis", 4th ed.
    (2019), section 12.3. Any number of annotators, any values missing.
    """
    times = [number for key, number in counts.items() if key != APART]
    whole = sum(times)
    if not whole:
        return NOTHING
    expected = whole * whole - sum(number * number for number in times)
    if not expected:
        return ONE_CATEGORY
    return 1 - (whole - 1) * counts.get(APART, 0) / expected


def kappa_counts(patterns: Mapping[Pattern, float]) -> dict[Hashable, float]:
    """What kappa needs: equal pairs, all pairs, and how often each of the two annotators gave each value."""
    counts: defaultdict[Hashable, float] = defaultdict(float)
    for (one, other), number in patterns.items():
        if one is None or other is None:
            continue
        counts["first", one] += number
        counts["second", other] += number
        if one == other:
            counts[BOTH] += number
    return counts


def kappa(counts: Counts) -> Value:
    """Cohen's kappa of two annotators, from `kappa_counts`: (p_o − p_e) / (1 − p_e).

    Cohen, "A coefficient of agreement for nominal scales" (Educational and Psychological Measurement 20, 1960).
    """
    firsts = {key[1]: number for key, number in counts.items() if isinstance(key, tuple) and key[0] == "first"}
    whole = sum(firsts.values())
    if not whole:
        return NOTHING
    chance = sum(number * counts.get(("second", value), 0) for value, number in firsts.items())
    if chance == whole * whole:
        return ONE_CATEGORY
    return (whole * counts.get(BOTH, 0) - chance) / (whole * whole - chance)


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
