"""Agreement on spans: which are the same, and which labels each position of the text has."""

from collections import Counter
from collections.abc import Collection, Hashable, Iterable, Mapping
from itertools import chain
from typing import NamedTuple

from annotate.agreement.bootstrap import Tally
from annotate.agreement.coefficients import BOTH, FIRST, SECOND, Counts, alpha_counts, kappa_counts
from annotate.agreement.matching import Matching, overlap
from annotate.agreement.positions import Pattern, covered, patterns
from annotate.agreement.study import Comparison, Study, Text
from annotate.agreement.unitizing import Unit, unitizing_counts
from annotate.records import Mention

CONFUSED = 0.5
"""Dice overlap from which spans with different labels are taken for one span."""

IN_BOTH: Counts = {BOTH: 1, FIRST: 1, SECOND: 1}
HALF = 0.5
"""What a span is worth that overlaps without being the same, in partial F1: Chinchor and Sundheim, "MUC-5 Evaluation
Metrics" (MUC-5, 1993), and SemEval-2013 task 9.1 after it, but only for spans of one label."""
PARTLY: Counts = {BOTH: HALF, FIRST: 1, SECOND: 1}


class SpanTallies(NamedTuple):
    """The counts of some labels taken together; no `kappa` unless there are two annotators.

    `alpha` and `kappa` count the set of these labels that each position has; `unitizing` the stretches that they cover.
    """

    exact: Tally
    overlap: Tally
    alpha: Tally
    unitizing: Tally
    kappa: Tally | None


class SpanCounter:
    """Counts the labels of a study; what is the same for all labels is worked out once."""

    def __init__(self, study: Study) -> None:
        self._study = study
        self._patterns = [patterns([version.mentions for version in text.versions], text.ruler) for text in study.texts]

    def tallies(self, labels: Collection[str]) -> SpanTallies:
        """The counts of spans with one of the labels."""
        chosen = frozenset(labels)
        made = SpanTallies(Tally(), Tally(), Tally(), Tally(), Tally() if len(self._study.annotators) == 2 else None)
        for text, found in zip(self._study.texts, self._patterns, strict=True):
            for comparison in text.comparisons:
                add_matching(made.exact, comparison, comparison.exact, chosen)
                add_matching(made.overlap, comparison, comparison.overlap, chosen)
            for place, all_labels in zip(text.places, found, strict=True):
                chosen_labels = projected(all_labels, chosen)
                made.alpha.add(place, alpha_counts(chosen_labels))
                if made.kappa is not None:
                    made.kappa.add(place, kappa_counts(chosen_labels))
            for place, counts in zip(text.places, _unitizing(text, chosen), strict=True):
                made.unitizing.add(place, counts)
        return made


def add_matching(tally: Tally, comparison: Comparison, matching: Matching, labels: Collection[str]) -> None:
    """Count matched and unmatched mentions with one of the labels, each in its paragraph."""
    for pair in matching.pairs:
        if pair[0].label in labels:
            tally.add(comparison.text.place(*pair), IN_BOTH)
    add_alone(tally, comparison.text, (one for one in matching.first_only if one.label in labels), FIRST)
    add_alone(tally, comparison.text, (one for one in matching.second_only if one.label in labels), SECOND)


def add_partly(tally: Tally, comparison: Comparison, labels: Collection[str]) -> None:
    """Count as `add_matching` does by overlap, but a pair whose words differ is worth `HALF`."""
    for pair in comparison.overlap.pairs:
        if pair[0].label in labels:
            tally.add(comparison.text.place(*pair), IN_BOTH if pair[0].pieces == pair[1].pieces else PARTLY)
    add_alone(tally, comparison.text, (one for one in comparison.overlap.first_only if one.label in labels), FIRST)
    add_alone(tally, comparison.text, (one for one in comparison.overlap.second_only if one.label in labels), SECOND)


def add_alone(tally: Tally, text: Text, mentions: Iterable[Mention], side: str) -> None:
    for mention in mentions:
        tally.add(text.place(mention), {side: 1})


def projected(found: Mapping[Pattern, int], labels: frozenset[str]) -> dict[tuple[Hashable, ...], float]:
    """The same positions, with only some labels looked at."""
    made: Counter[tuple[Hashable, ...]] = Counter()
    for pattern, number in found.items():
        made[tuple([have & labels for have in pattern])] += number
    return dict(made)


def _unitizing(text: Text, labels: frozenset[str]) -> list[dict[Hashable, float]]:
    units = (
        [Unit(start, end, True) for start, end in covered(version.labelled(labels), text.ruler)]
        for version in text.versions
    )
    return unitizing_counts(list(units), text.ruler.size, text.ruler.paragraphs)


def confusion(study: Study) -> Counter[tuple[str | None, str | None]]:
    """Label of the first annotator, label of the second → spans. None: the other has no such span at all.

    Spans of one label are matched first; of the rest, those of different labels that overlap by a Dice of `CONFUSED`
    or more are taken for one span labelled in two ways. A short span inside a long one is none.
    """
    found: Counter[tuple[str | None, str | None]] = Counter()
    for comparison in study.comparisons():
        same = comparison.overlap
        other = overlap(same.first_only, same.second_only, same_label=False, least=CONFUSED)
        found.update((one.label, two.label) for one, two in chain(same.pairs, other.pairs))
        found.update((one.label, None) for one in other.first_only)
        found.update((None, two.label) for two in other.second_only)
    return found
