"""Counts of spans: matched ones, labels by position, units, and confused labels."""

from collections import Counter, defaultdict
from collections.abc import Collection, Hashable, Iterable, Iterator, Mapping
from itertools import chain
from typing import NamedTuple

from annotate.agreement.coefficients import (
    BOTH,
    FIRST,
    SECOND,
    Unit,
    alpha_counts,
    count_gaps,
    kappa_counts,
    unitizing_changes,
)
from annotate.agreement.matched_counts import LabelMatches
from annotate.agreement.matching import Matching, match_by_overlap
from annotate.agreement.positions import Pattern, count_patterns, cover_positions
from annotate.agreement.study import AnnotationPair, Study
from annotate.agreement.tally import Tally
from annotate.records import Mention

PairCounts = dict[tuple[str, str], Counter[Hashable]]
"""Counts by the two annotators."""

MIN_CONFUSED = 0.5
"""Least Dice overlap of two spans with different labels that are one span, labelled in two ways."""


class SpanTallies(NamedTuple):
    """The counts of spans with some labels, taken together.

    Those of one label leave out what most paragraphs have, positions without it: `alpha`, `unitizing` and `kappa` are
    then what the spans add to the counts of `UnlabelledTallies`, in the paragraphs that have such spans.

    Attributes:
        exact: Mentions matched by equal pieces.
        overlap: Mentions matched by overlap.
        alpha: The set of these labels that each position has.
        unitizing: The stretches that a label covers; nothing for several labels.
        kappa: As `alpha`; None unless there are two annotators.
    """

    exact: Tally
    overlap: Tally
    alpha: Tally
    unitizing: Tally
    kappa: Tally | None


class UnlabelledTallies(NamedTuple):
    """The counts of all positions, none of which has a label; see `SpanTallies`."""

    alpha: Tally
    unitizing: Tally
    kappa: Tally | None


class MatchedSpans(NamedTuple):
    """The counts of matched and unmatched spans of one label in all pairs of annotations that were asked for it.

    Attributes:
        exact: Spans matched by equal pieces.
        overlap: The same by overlap.
        pairs: The two annotators of each pair, and its numbers by side: by equal pieces, and by overlap.
    """

    exact: LabelMatches
    overlap: LabelMatches
    pairs: list[tuple[tuple[str, str], dict[Hashable, float], dict[Hashable, float]]]


class MatchCounter:
    """Counts the matched spans of a study, those of a label once for all rows that have it."""

    def __init__(self, study: Study) -> None:
        self._inventory = study.inventory
        self._comparisons: defaultdict[str, list[AnnotationPair]] = defaultdict(list)
        """Label → the pairs of annotations that have it."""
        self._matched: dict[str, MatchedSpans] = {}
        for comparison in study.comparisons():
            for label in comparison.overlap_counts:
                self._comparisons[label].append(comparison)

    def list_matched(self, labels: Iterable[str]) -> Iterator[MatchedSpans]:
        """Yield the counts of each of the labels that annotations have."""
        for label in labels:
            if label in self._comparisons:
                if label not in self._matched:
                    self._matched[label] = self._add_comparisons(label)
                yield self._matched[label]

    def _add_comparisons(self, label: str) -> MatchedSpans:
        total = MatchedSpans(LabelMatches({}, {}, {}, {}), LabelMatches({}, {}, {}, {}), [])
        since = self._inventory.spans[label].since
        for comparison in self._comparisons[label]:
            if comparison.were_asked(since):
                exact, overlap = comparison.exact_counts[label], comparison.overlap_counts[label]
                total.exact.add(exact)
                total.overlap.add(overlap)
                names = comparison.first.annotator, comparison.second.annotator
                total.pairs.append((names, exact.total(), overlap.total()))
        return total


class SpanCounter:
    """Counts spans of a study by label; what all labels share is computed once.

    The cost of the counts of a label is that of its spans, whatever other labels there are.
    """

    def __init__(self, study: Study) -> None:
        self._study = study
        self._patterns: list[list[ParagraphPatterns]] = []
        self._mentions: list[list[dict[str, list[Mention]]]] = []
        self._articles: defaultdict[str, list[int]] = defaultdict(list)
        """Label → the positions in the study of the articles that have it."""
        self._paragraphs: list[defaultdict[str, list[int]]] = []
        """For each article, label → the paragraphs that have it."""
        self._matches = MatchCounter(study)
        self._only: dict[str, frozenset[str]] = {}
        for position, article in enumerate(study.articles):
            by_annotator = [annotation.mentions for annotation in article.annotations]
            self._mentions.append([group_by_label(mentions) for mentions in by_annotator])
            for label in dict.fromkeys(chain.from_iterable(self._mentions[-1])):
                self._articles[label].append(position)
            self._patterns.append(
                [
                    ParagraphPatterns(each, len(by_annotator), self._only)
                    for each in count_patterns(by_annotator, article.positions)
                ]
            )
            paragraphs: defaultdict[str, list[int]] = defaultdict(list)
            for paragraph, patterns in enumerate(self._patterns[-1]):
                for label in patterns.by_label:
                    paragraphs[label].append(paragraph)
            self._paragraphs.append(paragraphs)

    def tally_unlabelled(self) -> UnlabelledTallies:
        """Count all positions as if they had no labels."""
        tallies = UnlabelledTallies(Tally(), Tally(), self._make_kappa())
        for article, patterns in zip(self._study.articles, self._patterns, strict=True):
            annotators = len(article.annotations)
            nothing = (frozenset[str](),) * annotators
            for paragraph, each in zip(article.paragraphs, patterns, strict=True):
                tallies.alpha.add(paragraph, alpha_counts({nothing: each.size}))
                tallies.unitizing.add(paragraph, count_gaps(annotators, each.size))
                if tallies.kappa is not None:
                    tallies.kappa.add(paragraph, kappa_counts({nothing: each.size}))
        return tallies

    def tally_label(self, label: str) -> SpanTallies:
        """Count the spans of one label; annotations that are older than it are not compared."""
        tallies = SpanTallies(Tally(), Tally(), Tally(), Tally(), self._make_kappa())
        self._add_matched(tallies, (label,))
        for position in self._articles.get(label, ()):
            article = self._study.articles[position]
            if self._study.asked_labels((label,), article.annotations):
                self._add_positions(tallies, position, label)
        return tallies

    def tally(self, labels: Collection[str]) -> SpanTallies:
        """Count the spans with one of several labels, without units; see `tally_label`."""
        tallies = SpanTallies(Tally(), Tally(), Tally(), Tally(), self._make_kappa())
        self._add_matched(tallies, labels)
        for article, patterns in zip(self._study.articles, self._patterns, strict=True):
            chosen = self._study.asked_labels(labels, article.annotations)
            for paragraph, in_paragraph in zip(article.paragraphs, patterns, strict=True):
                projected = in_paragraph.project(chosen)
                tallies.alpha.add(paragraph, alpha_counts(projected))
                if tallies.kappa is not None:
                    tallies.kappa.add(paragraph, kappa_counts(projected))
        return tallies

    def count_pairs(self, labels: Collection[str]) -> tuple[PairCounts, PairCounts]:
        """Count the spans with some labels of each two annotators, by equal pieces and by overlap."""
        exact: defaultdict[tuple[str, str], Counter[Hashable]] = defaultdict(Counter)
        overlap: defaultdict[tuple[str, str], Counter[Hashable]] = defaultdict(Counter)
        for matched in self._matches.list_matched(labels):
            for names, by_pieces, by_overlap in matched.pairs:
                for by_pair, numbers in ((exact, by_pieces), (overlap, by_overlap)):
                    total = by_pair[names]
                    for side, number in numbers.items():
                        total[side] += number  # type: ignore[assignment]
        return dict(exact), dict(overlap)

    def _make_kappa(self) -> Tally | None:
        return Tally() if len(self._study.annotators) == 2 else None

    def _add_matched(self, tallies: SpanTallies, labels: Collection[str]) -> None:
        for matched in self._matches.list_matched(labels):
            tallies.exact.add_columns(matched.exact.columns)
            tallies.overlap.add_columns(matched.overlap.columns)

    def _add_positions(self, tallies: SpanTallies, position: int, label: str) -> None:
        """Add what a label changes in the counts of the positions of an article."""
        article = self._study.articles[position]
        keys, annotators, nothing = article.paragraphs, len(article.annotations), frozenset[str]()
        for paragraph in self._paragraphs[position][label]:
            patterns = self._patterns[position][paragraph].by_label[label]
            labelled = sum(patterns.values())
            changes = alpha_counts(patterns)
            changes["value", nothing] = changes.get(("value", nothing), 0.0) - annotators * labelled
            tallies.alpha.add(keys[paragraph], changes)
            if tallies.kappa is not None:
                tallies.kappa.add(keys[paragraph], kappa_counts(patterns))
                tallies.kappa.add(
                    keys[paragraph], {(FIRST, nothing): -labelled, (SECOND, nothing): -labelled, BOTH: -labelled}
                )
        units = [
            [Unit(*stretch, True) for stretch in cover_positions(by_label.get(label, ()), article.positions)]
            for by_label in self._mentions[position]
        ]
        for paragraph, counts in unitizing_changes(units, article.positions.paragraphs).items():
            tallies.unitizing.add(keys[paragraph], counts)


def add_matches(tally: Tally, counts: Mapping[str, LabelMatches], labels: Iterable[str]) -> None:
    """Add the counts of matched and unmatched spans with one of the labels.

    Args:
        tally: The tally to add to.
        counts: The counts of two annotations by label.
        labels: The labels.
    """
    for label in labels:
        if label in counts:
            tally.add_columns(counts[label].columns)


class ParagraphPatterns:
    """The positions of a paragraph, by the labels that they have from each annotator.

    Attributes:
        size: The number of positions.
        by_label: The positions that have a label, by the annotators who gave it.
    """

    def __init__(self, patterns: Mapping[Pattern, int], annotators: int, only: dict[str, frozenset[str]]) -> None:
        """Index the patterns.

        Args:
            patterns: The number of positions by pattern.
            annotators: The number of annotators.
            only: Label → the set of it alone, the same object for all paragraphs, whose hash is computed once. Labels
                that are missing are added.
        """
        self._patterns, self.size = patterns, sum(patterns.values())
        nothing = frozenset[str]()
        self._empty: Pattern = (nothing,) * annotators
        self.by_label: dict[str, dict[Pattern, int]] = {}
        for pattern, number in patterns.items():
            if pattern == self._empty:
                continue
            for label in nothing.union(*pattern):
                alone = only.get(label) or only.setdefault(label, frozenset((label,)))
                projected = tuple([alone if label in present else nothing for present in pattern])
                by_label = self.by_label.setdefault(label, {})
                by_label[projected] = by_label.get(projected, 0) + number

    def project(self, labels: frozenset[str]) -> Mapping[Pattern, float]:
        """Count the same positions with these labels only."""
        if self.by_label.keys() <= labels:
            return self._patterns
        if len(labels) > 1:
            several: dict[Pattern, float] = {}
            for pattern, number in self._patterns.items():
                key = tuple([present & labels for present in pattern])
                several[key] = several.get(key, 0) + number
            return several
        projected: dict[Pattern, float] = {}
        for label in labels & self.by_label.keys():
            projected.update(self.by_label[label])
        without = self.size - sum(projected.values())
        return {**projected, self._empty: without} if without else projected


def group_by_label(mentions: Iterable[Mention]) -> dict[str, list[Mention]]:
    """Return the mentions of each label, in the same order."""
    by_label: defaultdict[str, list[Mention]] = defaultdict(list)
    for mention in mentions:
        by_label[mention.label].append(mention)
    return dict(by_label)


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
