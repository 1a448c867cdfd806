"""Counts of attributes on pairs of matched spans: those that overlap and have the same label."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
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
            each pair of matched spans is a unit.
        kappa: As `alpha` for nominal data; None unless there are two annotators.
        is_set: Whether each of two matched spans has a value, for nominal alpha; all matched spans that may have one.
        one_only: The number of pairs of which only one span has a value.
        values: The number of pairs by the two values, those with one value included.
    """

    share: Tally
    alpha: Tally
    kappa: Tally | None
    is_set: Tally
    one_only: int
    values: Counter[ValuePair]


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
    is_set, pairs = Tally(), list[tuple[ParagraphKey, ValuePair]]()
    for paragraph, pair in _pair_values(study, attribute):
        left, right = (value is not None for value in pair)
        is_set.add(paragraph, alpha_counts({(left, right): 1}))
        if left or right:
            pairs.append((paragraph, pair))
    values = Counter(pair for _, pair in pairs)
    one_only = sum(number for pair, number in values.items() if None in pair)
    tallies = AttributeTallies(Tally(), Tally(), kappa, is_set, one_only, values)
    count_alpha = _choose_alpha_counts(attribute, [value for pair in values for value in pair])
    for paragraph, pair in pairs:
        compared = _fill(pair) if missing == "value" else pair
        tallies.alpha.add(paragraph, count_alpha(compared))
        if None in compared:
            continue
        tallies.share.add(paragraph, {FIRST: 1, BOTH: pair[0] == pair[1]})
        if tallies.kappa is not None:
            tallies.kappa.add(paragraph, kappa_counts({compared: 1}))
    return tallies


def _fill(pair: ValuePair) -> ComparedPair:
    left, right = (_Unset.UNSET if value is None else value for value in pair)
    return left, right


def _choose_alpha_counts(
    attribute: Attribute, values: Sequence[AttributeValue | None]
) -> Callable[[ComparedPair], Counts]:
    """Return the function that counts a pair of values for alpha on the scale of the attribute."""
    if attribute.level == "nominal":
        return lambda pair: alpha_counts({pair: 1})
    to_number = _number_choices(attribute) if attribute.type == "choice" else _get_number
    if attribute.level == "ordinal":
        return lambda pair: ordinal_counts({tuple(map(to_number, pair)): 1})
    fit = make_fit([number for value in values if (number := to_number(value)) is not None])
    return lambda pair: interval_counts([fit(number) for value in pair if (number := to_number(value)) is not None])


def _number_choices(attribute: Attribute) -> Callable[[object], float | None]:
    """Return a function that maps a choice to its index; one that the inventory does not have is missing."""
    return {value: index for index, value in enumerate(attribute.values)}.get  # type: ignore[return-value]


def _get_number(value: object) -> float | None:
    return value if isinstance(value, int | float) else None


def _pair_values(study: Study, attribute: Attribute) -> Iterator[tuple[ParagraphKey, ValuePair]]:
    name = attribute.name
    for comparison in study.comparisons(attribute.since):
        for left, right in comparison.overlap.pairs:
            if left.label in attribute.labels:
                yield (
                    comparison.article.find_paragraph(left, right),
                    (left.attributes.get(name), right.attributes.get(name)),
                )
