"""The coefficients, each a function of counts. A coefficient that the counts do not define is a reason, never a NaN.

Counts are additive: those of two stretches of text, added, are the counts of both. So a measure can be taken over a
whole corpus, one article, or any sample of its parts, from counts made once.
"""

from collections import Counter, defaultdict
from collections.abc import Hashable, Mapping
from typing import TypeVar

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
