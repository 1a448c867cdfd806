"""Counts of attributes on pairs of matched spans: those that overlap and have the same label."""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

from annotate.agreement.coefficients import BOTH, FIRST, alpha_counts, interval_counts, kappa_counts
from annotate.agreement.study import Study
from annotate.agreement.tally import ParagraphKey, Tally
from annotate.inventory import Attribute
from annotate.model import AttributeValue

UNSET = "—"
"""The value of an annotator who set none if the other set one; pairs in which neither did are not counted."""

ValuePair = tuple[AttributeValue, AttributeValue]


class AttributeTallies(NamedTuple):
    """The counts of one attribute, over all pairs of annotators.

    Attributes:
        share: Pairs of spans, and those with equal values.
        alpha: Pairs of values; with more than two annotators, too.
        kappa: As `alpha`; None unless there are two annotators.
        interval: Pairs of numbers, for interval alpha; None for an attribute that has none.
        values: The number of pairs by the two values.
    """

    share: Tally
    alpha: Tally
    kappa: Tally | None
    interval: Tally | None
    values: Counter[ValuePair]


def tally_attribute(study: Study, attribute: Attribute) -> AttributeTallies:
    """Count the values of an attribute that matched spans have.

    A number is a value like any other; only for interval alpha its size counts. Annotations that are older than the
    attribute do not count.
    """
    has_numbers = attribute.type in ("integer", "number")
    kappa, interval = Tally() if len(study.annotators) == 2 else None, Tally() if has_numbers else None
    tallies = AttributeTallies(Tally(), Tally(), kappa, interval, Counter())
    pairs = list(_pair_values(study, attribute))
    scale = _make_scale([value for _, pair in pairs for value in pair]) if interval is not None else None
    for paragraph, pair in pairs:
        if interval is not None and scale is not None:
            interval.add(paragraph, interval_counts([scale(value) for value in pair if not isinstance(value, str)]))
        tallies.share.add(paragraph, {FIRST: 1, BOTH: pair[0] == pair[1]})
        tallies.alpha.add(paragraph, alpha_counts({pair: 1}))
        if tallies.kappa is not None:
            tallies.kappa.add(paragraph, kappa_counts({pair: 1}))
        tallies.values[pair] += 1
    return tallies


def _make_scale(values: Sequence[AttributeValue]) -> Callable[[float], float]:
    """Return a function that maps the numbers among values to the range from -1 to 1, linearly.

    It does not change interval alpha, whose sums of squares would otherwise be imprecise or infinite for large numbers.
    """
    numbers = [value for value in values if not isinstance(value, str)]
    low, high = float(min(numbers, default=0)), float(max(numbers, default=0))
    middle, half = low / 2 + high / 2, high / 2 - low / 2
    return lambda number: (float(number) - middle) / half if half else 0.0


def _pair_values(study: Study, attribute: Attribute) -> Iterator[tuple[ParagraphKey, ValuePair]]:
    name = attribute.name
    for comparison in study.comparisons(attribute.since):
        for left, right in comparison.overlap.pairs:
            if left.label in attribute.labels and (name in left.attributes or name in right.attributes):
                values = left.attributes.get(name, UNSET), right.attributes.get(name, UNSET)
                yield comparison.article.find_paragraph(left, right), values
