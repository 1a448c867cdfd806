"""Counts of attributes on pairs of matched spans: those that overlap and have the same label."""

from collections import Counter
from collections.abc import Iterator
from typing import NamedTuple

from annotate.agreement.coefficients import BOTH, FIRST, alpha_counts, kappa_counts
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
        values: The number of pairs by the two values.
    """

    share: Tally
    alpha: Tally
    kappa: Tally | None
    values: Counter[ValuePair]


def tally_attribute(study: Study, attribute: Attribute) -> AttributeTallies:
    """Count the values of an attribute that matched spans have; an integer is a value like any other.

    Annotations that are older than the attribute do not count.
    """
    tallies = AttributeTallies(Tally(), Tally(), Tally() if len(study.annotators) == 2 else None, Counter())
    for paragraph, pair in _pair_values(study, attribute):
        tallies.share.add(paragraph, {FIRST: 1, BOTH: pair[0] == pair[1]})
        tallies.alpha.add(paragraph, alpha_counts({pair: 1}))
        if tallies.kappa is not None:
            tallies.kappa.add(paragraph, kappa_counts({pair: 1}))
        tallies.values[pair] += 1
    return tallies


def _pair_values(study: Study, attribute: Attribute) -> Iterator[tuple[ParagraphKey, ValuePair]]:
    name = attribute.name
    for comparison in study.comparisons(attribute.since):
        for left, right in comparison.overlap.pairs:
            if left.label in attribute.labels and (name in left.attributes or name in right.attributes):
                values = left.attributes.get(name, UNSET), right.attributes.get(name, UNSET)
                yield comparison.article.find_paragraph(left, right), values
