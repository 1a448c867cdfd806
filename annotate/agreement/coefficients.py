"""Agreement coefficients as functions of additive counts.

The counts of two stretches of text, added, are the counts of both. So a coefficient can be computed for a corpus, an
article, or any sample of its parts, from counts made once. A coefficient that its counts do not define is a reason in
words, never a NaN.
"""

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from itertools import combinations, pairwise
from typing import Any, NamedTuple, TypeGuard, TypeVar

Value = float | str
"""A number, or the reason why there is none."""

Counts = Mapping[Hashable, float]
Values = TypeVar("Values", bound=tuple[Hashable, ...])
"""The values that annotators gave one unit."""
Ranks = tuple[float | None, ...]
"""The values that annotators gave one unit, as numbers in their order; None for a missing value."""

BOTH, FIRST, SECOND = "both", "first", "second"
APART = "apart"
NOTHING = "nothing to compare"
ONE_CATEGORY = "one category only"
_ROUNDING = 1e-12
"""The part of a sum that rounding can make."""


def add_counts(left: Counts, right: Counts) -> dict[Hashable, float]:
    """Return the counts of two stretches together."""
    return {**left, **{key: left.get(key, 0) + number for key, number in right.items()}}


def f1(counts: Counts) -> Value:
    """Return F1, the harmonic mean of precision and recall: 2 · both / (first + second).

    It is symmetric in the two sides; van Rijsbergen, "Information Retrieval" (1979), chapter 7.
    """
    total = counts.get(FIRST, 0) + counts.get(SECOND, 0)
    return 2 * counts.get(BOTH, 0) / total if total else NOTHING


def precision(counts: Counts) -> Value:
    """Return the share of what the second side has that the first has, too: both / second."""
    return counts.get(BOTH, 0) / counts[SECOND] if counts.get(SECOND) else NOTHING


def agr(counts: Counts) -> Value:
    """Return the mean of the two directed agreements, both / first and both / second.

    The `agr` of Wiebe, Wilson and Cardie, "Annotating expressions of opinions and emotions in language" (Language
    Resources and Evaluation 39, 2005), which PARC reports for attributions. A side without spans counts as 0.
    """
    sides = [counts[side] for side in (FIRST, SECOND) if counts.get(side)]
    return sum(counts.get(BOTH, 0) / side for side in sides) / 2 if sides else NOTHING


def share(counts: Counts) -> Value:
    """Return the share of the compared things that are equal: both / first."""
    return counts.get(BOTH, 0) / counts[FIRST] if counts.get(FIRST) else NOTHING


def alpha_counts(patterns: Mapping[Values, float]) -> dict[Hashable, float]:
    """Return what alpha needs: how often each value occurs, and how often two values of a unit differ.

    A unit with m values has m(m − 1) ordered pairs, each of weight 1 / (m − 1). Units with fewer than two values are
    not counted.

    Args:
        patterns: The number of units by the values that the annotators gave them, None for a missing value. Each
            different pattern is processed once, however many units have it.
    """
    return _count_pairs(patterns, _list_pairs_apart)


def _list_pairs_apart(frequencies: Mapping[Hashable, int]) -> Iterator[tuple[Hashable, int]]:
    """Yield the number of ordered pairs of different values in a unit."""
    total = sum(frequencies.values())
    yield APART, total * total - sum(frequency * frequency for frequency in frequencies.values())


def _count_pairs(
    patterns: Mapping[Values, float], list_pairs: Callable[[Mapping[Any, int]], Iterable[tuple[Hashable, int]]]
) -> dict[Hashable, float]:
    """Return how often each value occurs, and what `list_pairs` counts, in units with at least two values.

    Args:
        patterns: The number of units by the values that the annotators gave them, None for a missing value.
        list_pairs: Returns keys and numbers of ordered pairs for the frequencies of the values of a unit. A pair of a
            unit with m values has the weight 1 / (m − 1).
    """
    counts: defaultdict[Hashable, float] = defaultdict(float)
    for pattern, number in patterns.items():
        frequencies: dict[Hashable, int] = {}  # a Counter takes five times as long for so few values
        present = 0
        for value in pattern:
            if value is not None:
                frequencies[value] = frequencies.get(value, 0) + 1
                present += 1
        if present < 2:
            continue
        for value, frequency in frequencies.items():
            counts["value", value] += frequency * number
        for key, pairs in list_pairs(frequencies):
            counts[key] += number * pairs / (present - 1)
    return counts


def alpha(counts: Counts) -> Value:
    """Return Krippendorff's alpha for nominal data, from `alpha_counts`; any number of annotators, with missing values.

    1 − D_o / D_e with D_o = apart / n and D_e = (n² − Σ n_c²) / (n (n − 1)); Krippendorff, "Content Analysis", 4th ed.
    (2019), section 12.3.
    """
    frequencies = [number for key, number in counts.items() if key != APART]
    total = sum(frequencies)
    if not total:
        return NOTHING
    expected = total * total - sum(number * number for number in frequencies)
    if not expected:
        return ONE_CATEGORY
    return 1 - (total - 1) * counts.get(APART, 0) / expected


UNITS, SUM, SUM_OF_SQUARES = "values", "sum", "sum of squares"


def make_fit(numbers: Sequence[float]) -> Callable[[float], float]:
    """Return a function that maps the range of numbers to that from -1 to 1, linearly.

    It does not change interval alpha, whose sums of squares would otherwise be imprecise or infinite for large numbers.
    """
    low, high = float(min(numbers, default=0)), float(max(numbers, default=0))
    middle, half = low / 2 + high / 2, high / 2 - low / 2
    return lambda number: (float(number) - middle) / half if half else 0.0


def interval_counts(values: Sequence[float]) -> dict[Hashable, float]:
    """Return what interval alpha needs of one unit: how many values there are, their sums, and their squared distances.

    Args:
        values: The numbers that the annotators gave the unit; fewer than two are not counted.
    """
    number = len(values)
    if number < 2:
        return {}
    total, squares = sum(values), sum(value * value for value in values)
    apart = 2 * sum((left - right) ** 2 for left, right in combinations(values, 2)) / (number - 1)
    return {UNITS: number, SUM: total, SUM_OF_SQUARES: squares, APART: apart}


def interval_alpha(counts: Counts) -> Value:
    """Return Krippendorff's alpha for interval data, from `interval_counts`.

    1 − D_o / D_e, where the distance of two values is the square of their difference: D_o = apart / n and
    D_e = 2 (n Σ x² − (Σ x)²) / (n (n − 1)); Krippendorff, "Content Analysis", 4th ed. (2019), section 12.3.
    """
    number = counts.get(UNITS, 0)
    if not number:
        return NOTHING
    squares = number * counts.get(SUM_OF_SQUARES, 0)
    expected = 2 * (squares - counts.get(SUM, 0) ** 2)
    if expected <= squares * _ROUNDING:
        return ONE_CATEGORY
    return 1 - (number - 1) * counts.get(APART, 0) / expected


PAIR = "pair"


def ordinal_counts(patterns: Mapping[Ranks, float]) -> dict[Hashable, float]:
    """Return what ordinal alpha needs: how often each value occurs, and how often two given values meet in a unit.

    Ranks depend on all values, so that the distances can be computed only from the sum of all counts.

    Args:
        patterns: The number of units by the values that the annotators gave them, None for a missing value. Values
            are ordered as the numbers are.
    """
    return _count_pairs(patterns, _list_pairs_by_values)


def _list_pairs_by_values(frequencies: Mapping[float, int]) -> Iterator[tuple[Hashable, int]]:
    """Yield the number of ordered pairs of each two different values in a unit."""
    for low, high in combinations(sorted(frequencies), 2):
        yield (PAIR, low, high), 2 * frequencies[low] * frequencies[high]


def ordinal_alpha(counts: Counts) -> Value:
    """Return Krippendorff's alpha for ordinal data, from `ordinal_counts`.

    The distance of the values c < k is the square of n_c / 2 + n_(c+1) + … + n_(k−1) + n_k / 2, the difference of
    their mean ranks. So this is interval alpha of the mean ranks, here less n / 2, so that their sum is 0: D_o =
    apart / n and D_e = 2 Σ n_c r_c² / (n − 1); Krippendorff, "Content Analysis", 4th ed. (2019), section 12.3.
    """
    frequencies = {key[1]: number for key, number in counts.items() if _is_key(key, "value") and number}
    total = sum(frequencies.values())
    if not total:
        return NOTHING
    ranks, below = dict[Hashable, float](), 0.0
    for value in sorted(frequencies):
        ranks[value] = below + frequencies[value] / 2 - total / 2
        below += frequencies[value]
    squares = sum(number * ranks[value] ** 2 for value, number in frequencies.items())
    if not squares:
        return ONE_CATEGORY
    apart = sum(
        number * (ranks[key[1]] - ranks[key[2]]) ** 2 for key, number in counts.items() if _is_key(key, PAIR) and number
    )
    return 1 - (total - 1) * apart / (2 * total * squares)


def _is_key(key: Hashable, kind: str) -> TypeGuard[tuple[Any, ...]]:
    return isinstance(key, tuple) and key[0] == kind


def kappa_counts(patterns: Mapping[Values, float]) -> dict[Hashable, float]:
    """Return what kappa needs: the equal pairs, and how often each of the two annotators gave each value.

    Args:
        patterns: The number of units by the two values that they have; units with a missing value are not counted.
    """
    counts: defaultdict[Hashable, float] = defaultdict(float)
    for (left, right), number in patterns.items():
        if left is None or right is None:
            continue
        counts[FIRST, left] += number
        counts[SECOND, right] += number
        if left == right:
            counts[BOTH] += number
    return counts


def kappa(counts: Counts) -> Value:
    """Return Cohen's kappa of two annotators, from `kappa_counts`: (p_o − p_e) / (1 − p_e).

    Cohen, "A coefficient of agreement for nominal scales" (Educational and Psychological Measurement 20, 1960).
    """
    first = {key[1]: number for key, number in counts.items() if isinstance(key, tuple) and key[0] == FIRST}
    total = sum(first.values())
    if not total:
        return NOTHING
    chance = sum(number * counts.get((SECOND, value), 0) for value, number in first.items())
    if chance == total * total:
        return ONE_CATEGORY
    return (total * counts.get(BOTH, 0) - chance) / (total * total - chance)


SQUARES = "squares"
GAP = None
"""The value between units."""


class Unit(NamedTuple):
    """A stretch of a continuum that an annotator cut out, half open, and the value given to it."""

    start: int
    end: int
    value: Hashable


def unitizing_counts(
    continua: Sequence[Iterable[Unit]], size: int, cuts: Sequence[int] = (0,)
) -> list[dict[Hashable, float]]:
    """Return what uα needs of one continuum, for each stretch between two cuts; added, they are the counts of all.

    Counted are the lengths of each value; the lengths where two annotators' values differ, each ordered pair of m
    annotators with weight 1 / (m − 1); and what pairing units with themselves would give: for a unit, which stays
    whole, the square of its length; for a gap, which has no inner bounds, its length. The square of a unit counts in
    the stretch where the unit starts.

    Args:
        continua: Each annotator's units, which must not overlap; between them are gaps.
        size: The length of the continuum.
        cuts: Where a stretch starts, in order; the first is 0.
    """
    counts = [count_gaps(len(continua), end - start) for start, end in pairwise([*cuts, size])]
    for stretch, changes in unitizing_changes(continua, cuts).items():
        for key, number in changes.items():
            counts[stretch][key] = counts[stretch].get(key, 0) + number
    return counts


def count_gaps(annotators: int, length: int) -> dict[Hashable, float]:
    """Return the `unitizing_counts` of a stretch in which no annotator has a unit.

    Args:
        annotators: The number of annotators.
        length: The length of the stretch.
    """
    return {("value", GAP): annotators * length, SQUARES: annotators * length, APART: 0}


def unitizing_changes(
    continua: Sequence[Iterable[Unit]], cuts: Sequence[int] = (0,)
) -> dict[int, dict[Hashable, float]]:
    """Return how far `unitizing_counts` are above those of gaps alone, for each stretch that has a part of a unit.

    The cost grows with the units and with the cuts inside them, not with the length of the continuum.

    Args:
        continua: As for `unitizing_counts`.
        cuts: As for `unitizing_counts`.
    """
    counts: defaultdict[int, defaultdict[Hashable, float]] = defaultdict(lambda: defaultdict(float))
    changes: dict[int, list[tuple[int, Hashable]]] = defaultdict(list)
    lengths: dict[int, list[int]] = defaultdict(list)
    for annotator, units in enumerate(continua):
        for unit in sorted(unit for unit in units if unit.start < unit.end):
            # In the order of the text: where a unit starts at the end of another, its start is the later change.
            changes[unit.start].append((annotator, unit.value))
            changes[unit.end].append((annotator, GAP))
            lengths[unit.start].append(unit.end - unit.start)
    values: list[Hashable] = [GAP] * len(continua)
    for begin, stop in pairwise(sorted(changes)):
        for annotator, value in changes[begin]:
            values[annotator] = value
        first = bisect_right(cuts, begin)
        if begin in lengths:
            counts[first - 1][SQUARES] += sum(length * length for length in lengths[begin])
        frequencies: dict[Hashable, int] = {}
        for value in values:
            frequencies[value] = frequencies.get(value, 0) + 1
        without = len(values) - frequencies.pop(GAP, 0)
        if not without:
            continue
        equal = sum(number * number for number in frequencies.values()) + (len(values) - without) ** 2 - len(values)
        inside = cuts[first : bisect_left(cuts, stop, first)]
        for stretch, (start, end) in enumerate(pairwise([begin, *inside, stop]), first - 1):
            in_stretch = counts[stretch]
            in_stretch[SQUARES] -= (end - start) * without
            in_stretch["value", GAP] -= (end - start) * without
            for value, number in frequencies.items():
                in_stretch["value", value] += (end - start) * number
            in_stretch[APART] += (end - start) * (len(values) - equal / (len(values) - 1))
    return {stretch: dict(in_stretch) for stretch, in_stretch in counts.items()}


def unitizing_alpha(counts: Counts) -> Value:
    """Return Krippendorff's uα, from `unitizing_counts`: agreement on where units are and on their values.

    1 − D_o / D_e, with D_o the lengths apart and D_e = n (n² − Σ n_c²) / (n² − squares). Units all of length 1 give
    alpha for nominal data, with the gap as a value. Krippendorff, Mathet, Bouvry and Widlöcher, "On the reliability of
    unitizing textual continua: Further developments" (Quality & Quantity 50, 2016); Krippendorff, "Content Analysis",
    4th ed. (2019), section 12.6.
    """
    lengths = [number for key, number in counts.items() if key not in (APART, SQUARES)]
    total = sum(lengths)
    if not total:
        return NOTHING
    expected = total * total - sum(number * number for number in lengths)
    if not expected:
        return ONE_CATEGORY
    return 1 - counts[APART] * (total * total - counts[SQUARES]) / (total * expected)
