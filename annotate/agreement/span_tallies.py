"""Counts of spans: matched ones, labels by position, units, and confused labels."""

from collections import Counter
from collections.abc import Collection, Hashable, Mapping
from itertools import chain
from typing import NamedTuple

from annotate.agreement.coefficients import (
    BOTH,
    FIRST,
    SECOND,
    Unit,
    alpha_counts,
    kappa_counts,
    unitizing_counts,
)
from annotate.agreement.matching import Matching, match_by_overlap
from annotate.agreement.positions import Pattern, count_patterns, cover_positions
from annotate.agreement.study import AnnotationPair, ComparedArticle, Study
from annotate.agreement.tally import IN_BOTH, Tally

MIN_CONFUSED = 0.5
"""Least Dice overlap of two spans with different labels that are one span, labelled in two ways."""

HALF = 0.5
"""What a pair that overlaps and differs in its pieces is worth in partial F1.

Chinchor and Sundheim, "MUC-5 Evaluation Metrics" (MUC-5, 1993), and SemEval-2013 task 9.1; here only for spans of one
label.
"""


class SpanTallies(NamedTuple):
    """The counts of spans with some labels, taken together.

    Attributes:
        exact: Mentions matched by equal pieces.
        overlap: Mentions matched by overlap.
        alpha: The set of these labels that each position has.
        unitizing: The stretches that these labels cover.
        kappa: As `alpha`; None unless there are two annotators.
    """

    exact: Tally
    overlap: Tally
    alpha: Tally
    unitizing: Tally
    kappa: Tally | None


class SpanCounter:
    """Counts spans of a study by label; what all labels share is computed once."""

    def __init__(self, study: Study) -> None:
        self._study = study
        self._patterns = [
            count_patterns([annotation.mentions for annotation in article.annotations], article.positions)
            for article in study.articles
        ]

    def tally(self, labels: Collection[str]) -> SpanTallies:
        """Count the spans with one of the labels; a label that is newer than an annotation is not compared with it."""
        tallies = SpanTallies(Tally(), Tally(), Tally(), Tally(), Tally() if len(self._study.annotators) == 2 else None)
        for article, patterns in zip(self._study.articles, self._patterns, strict=True):
            for comparison in article.comparisons:
                asked = self._study.asked_labels(labels, (comparison.first, comparison.second))
                add_matching(tallies.exact, comparison, comparison.exact, asked)
                add_matching(tallies.overlap, comparison, comparison.overlap, asked)
            chosen = self._study.asked_labels(labels, article.annotations)
            units = _count_units(article, chosen)
            for paragraph, in_paragraph, unitizing in zip(article.paragraphs, patterns, units, strict=True):
                projected = project_patterns(in_paragraph, chosen)
                tallies.alpha.add(paragraph, alpha_counts(projected))
                if tallies.kappa is not None:
                    tallies.kappa.add(paragraph, kappa_counts(projected))
                tallies.unitizing.add(paragraph, unitizing)
        return tallies


def add_matching(
    tally: Tally, comparison: AnnotationPair, matching: Matching, labels: Collection[str], differing: float = 1
) -> None:
    """Count matched and unmatched mentions with one of the labels, each in its paragraph.

    Args:
        tally: The tally to add to.
        comparison: The annotations that were matched.
        matching: The matching.
        labels: The labels.
        differing: What a pair counts whose pieces differ; `HALF` for partial F1.
    """
    differing_counts = {**IN_BOTH, BOTH: differing}
    for left, right in matching.pairs:
        if left.label in labels:
            counts = IN_BOTH if left.pieces == right.pieces else differing_counts
            tally.add(comparison.article.find_paragraph(left, right), counts)
    for side, mentions in ((FIRST, matching.first_only), (SECOND, matching.second_only)):
        for mention in mentions:
            if mention.label in labels:
                tally.add(comparison.article.find_paragraph(mention), {side: 1})


def project_patterns(patterns: Mapping[Pattern, int], labels: frozenset[str]) -> dict[tuple[Hashable, ...], float]:
    """Count the same positions with all labels but some left out."""
    projected: Counter[tuple[Hashable, ...]] = Counter()
    for pattern, number in patterns.items():
        projected[tuple([present & labels for present in pattern])] += number
    return dict(projected)


def _count_units(article: ComparedArticle, labels: frozenset[str]) -> list[dict[Hashable, float]]:
    units = [
        [Unit(*stretch, True) for stretch in cover_positions(annotation.select_mentions(labels), article.positions)]
        for annotation in article.annotations
    ]
    return unitizing_counts(units, article.positions.size, article.positions.paragraphs)


def match_confused(matching: Matching) -> Matching:
    """Match the mentions that a matching left over and that are one span with two labels: `MIN_CONFUSED` or more.

    A short span inside a long one is not matched.
    """
    return match_by_overlap(matching.first_only, matching.second_only, same_label=False, min_dice=MIN_CONFUSED)


def count_confusion(study: Study) -> Counter[tuple[str | None, str | None]]:
    """Count spans by their labels from the first and from the second annotator; None: the other has no such span."""
    counts: Counter[tuple[str | None, str | None]] = Counter()
    for comparison in study.comparisons():
        confused = match_confused(comparison.overlap)
        counts.update((left.label, right.label) for left, right in chain(comparison.overlap.pairs, confused.pairs))
        counts.update((mention.label, None) for mention in confused.first_only)
        counts.update((None, mention.label) for mention in confused.second_only)
    return counts
