"""Counts of attributes on pairs of matched spans: those that overlap and have the same label."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from enum import Enum
from typing import Literal, NamedTuple

from annotate.agreement.coefficients import (
    BOTH,
    FIRST,
    Counts,
    Value,
    alpha,
    alpha_counts,
    interval_alpha,
    interval_counts,
    kappa_counts,
    make_fit,
    ordinal_alpha,
    ordinal_counts,
)
from annotate.agreement.study import Study
from annotate.agreement.tally import ParagraphKey, Tally
from annotate.inventory import Attribute, Scale
from annotate.model import AttributeValue

Missing = Literal["left-out", "value"]
"""What a value is that only one annotator has set: missing data, left out as Krippendorff does, or a difference."""

ValuePair = tuple[AttributeValue | None, AttributeValue | None]
"""The values of the two annotators; None for one who set none."""

ESTIMATES: Mapping[Scale, Callable[[Counts], Value]] = {
    "nominal": alpha,
    "ordinal": ordinal_alpha,
    "interval": interval_alpha,
}
"""Krippendorff's alpha by scale, of the counts of `AttributeTallies.alpha`."""


class _Unset(Enum):
    """The value of an annotator who set none, where that counts as a value."""

    UNSET = "unset"


ComparedPair = tuple[AttributeValue | _Unset | None, AttributeValue | _Unset | None]


class AttributeTallies(NamedTuple):
    """The counts of one attribute, over all pairs of annotators.

    Attributes:
        share: Pairs of spans, and those with equal values.
        alpha: Pairs of values, for alpha on the scale of the attribute (`ESTIMATES`). With more than two annotators,
            each pair of matched spans is a unit. Nothing on an interval scale; see `tally_interval_alpha`.
        kappa: As `alpha` for nominal data; None unless there are two annotators.
        is_set: Whether each of two matched spans has a value, for nominal alpha; all matched spans that may have one.
        values: The number of pairs by the two values, those with one value included.
        numbers: The pairs themselves on an interval scale, for which the range of all values is needed first.
    """

    share: Tally
    alpha: Tally
    kappa: Tally | None
    is_set: Tally
    values: Counter[ValuePair]
    numbers: list[tuple[ParagraphKey, ValuePair]]

    @property
    def one_only(self) -> int:
        """The number of pairs of which only one span has a value."""
        return sum(number for pair, number in self.values.items() if None in pair)


def tally_attribute(study: Study, attribute: Attribute, missing: Missing = "left-out") -> AttributeTallies:
    """Count the values of an attribute that matched spans have.

    Pairs without any value count only for `is_set`. Annotations that are older than the attribute do not count.

    Args:
        study: The study.
        attribute: The attribute.
        missing: What a value is that only one of two annotators has set. As `left-out`, the pair does not count. As
            `value`, it is a difference in all counts but those of ordinal and interval alpha: a missing value has no
            rank and no distance.
    """
    kappa = Tally() if len(study.annotators) == 2 else None
    tallies = AttributeTallies(Tally(), Tally(), kappa, Tally(), Counter(), [])
    count_alpha = _choose_alpha_counts(attribute)
    if count_alpha is None:  # each by itself, since sums of fractions depend on their order
        tallies.numbers.extend(_list_numbers(study, attribute))
    by_pair: dict[ValuePair, dict[ParagraphKey, int]] = {}
    for key, pair in _pair_values(study, attribute):
        numbers = by_pair.get(pair) or by_pair.setdefault(pair, {})
        numbers[key] = numbers.get(key, 0) + 1
    for pair, numbers in by_pair.items():
        left, right = (value is not None for value in pair)
        tallies.is_set.add_multiples(alpha_counts({(left, right): 1}), numbers)
        if not left and not right:
            continue
        tallies.values[pair] += sum(numbers.values())
        compared = _fill(pair) if missing == "value" else pair
        if count_alpha is not None:
            tallies.alpha.add_multiples(count_alpha(compared), numbers)
        if None in compared:
            continue
        tallies.share.add_multiples({FIRST: 1, BOTH: pair[0] == pair[1]}, numbers)
        if tallies.kappa is not None:
            tallies.kappa.add_multiples(kappa_counts({compared: 1}), numbers)
    return tallies


def tally_interval_alpha(tallies: AttributeTallies) -> Tally:
    """Count the pairs of an attribute on an interval scale for alpha, on the range of their values."""
    fit = make_fit([value for pair in tallies.values for value in pair if isinstance(value, int | float)])
    tally = Tally()
    for paragraph, pair in tallies.numbers:
        tally.add(paragraph, interval_counts([fit(value) for value in pair if isinstance(value, int | float)]))
    return tally


def _fill(pair: ValuePair) -> ComparedPair:
    left, right = (_Unset.UNSET if value is None else value for value in pair)
    return left, right


def _choose_alpha_counts(attribute: Attribute) -> Callable[[ComparedPair], Counts] | None:
    """Return the function that counts a pair of values for alpha on the attribute's scale; None for intervals."""
    if attribute.level == "nominal":
        return lambda pair: alpha_counts({pair: 1})
    if attribute.level == "interval":
        return None
    to_number = _number_choices(attribute) if attribute.type == "choice" else _get_number
    return lambda pair: ordinal_counts({tuple(map(to_number, pair)): 1})


def _number_choices(attribute: Attribute) -> Callable[[object], float | None]:
    """Return a function that maps a choice to its index; one that the inventory does not have is missing."""
    return {value: index for index, value in enumerate(attribute.values)}.get  # type: ignore[return-value]


def _get_number(value: object) -> float | None:
    return value if isinstance(value, int | float) else None


def _pair_values(study: Study, attribute: Attribute) -> Iterator[tuple[ParagraphKey, ValuePair]]:
    name = attribute.name
    for comparison in study.comparisons(attribute.since):
        for key, (left, right) in comparison.select_placed(attribute.labels):
            yield key, (left.attributes.get(name), right.attributes.get(name))


def _list_numbers(study: Study, attribute: Attribute) -> Iterator[tuple[ParagraphKey, ValuePair]]:
    """Yield the values of pairs of spans that have any, with the paragraph where the first of the two starts."""
    name = attribute.name
    for comparison in study.comparisons(attribute.since):
        for _, (left, right) in comparison.select_placed(attribute.labels):
            pair = left.attributes.get(name), right.attributes.get(name)
            if pair != (None, None):
                yield comparison.article.find_paragraph_at(min(left.start, right.start)), pair
