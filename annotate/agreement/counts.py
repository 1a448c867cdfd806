"""Agreement on spans: which are the same, and which labels each position of the text has.

Agreement on attributes, given the span: only pairs of spans that overlap and have the same label are looked at.

Agreement on relations between spans that are matched, so that a span's fault is not counted twice.

Agreement on whole records: aligned by their anchors, then scored role by role.
"""

from collections import Counter, defaultdict
from collections.abc import Collection, Hashable, Iterable, Iterator, Mapping, Sequence
from itertools import chain
from typing import NamedTuple

from annotate.agreement.bootstrap import Place, Tally
from annotate.agreement.coefficients import (
    BOTH,
    FIRST,
    SECOND,
    Counts,
    Unit,
    alpha_counts,
    kappa_counts,
    unitizing_counts,
)
from annotate.agreement.matching import Matching, Pair, exact_counts, overlap, shared_characters, union
from annotate.agreement.study import Comparison, Pattern, Study, Text, Version, covered, patterns
from annotate.inventory import Attribute, Interval, RecordType, RelationLabel
from annotate.model import AttributeValue
from annotate.records import Filler, Mention, Piece, Record, records_of

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


UNSET = "—"
"""Stands for no value where the other annotator has given one; pairs where neither has count nowhere."""

Values = tuple[AttributeValue, AttributeValue]


class AttributeTallies(NamedTuple):
    """The counts of one attribute, over all pairs of annotators; no `kappa` unless there are two annotators.

    With more than two, alpha is taken over pairs of matched spans, two values each.
    """

    share: Tally
    alpha: Tally
    kappa: Tally | None
    values: Counter[Values]


def attribute_tallies(study: Study, attribute: Attribute) -> AttributeTallies:
    """The counts of the values that matched spans have; an integer is a value like any other."""
    made = AttributeTallies(Tally(), Tally(), Tally() if len(study.annotators) == 2 else None, Counter())
    for place, values in _values(study, attribute):
        made.share.add(place, {FIRST: 1, BOTH: values[0] == values[1]})
        made.alpha.add(place, alpha_counts({values: 1}))
        if made.kappa is not None:
            made.kappa.add(place, kappa_counts({values: 1}))
        made.values[values] += 1
    return made


def _values(study: Study, attribute: Attribute) -> Iterator[tuple[Place, Values]]:
    for comparison in study.comparisons():
        for pair in comparison.overlap.pairs:
            if pair[0].label in attribute.labels and any(attribute.name in one.attributes for one in pair):
                one, other = (mention.attributes.get(attribute.name, UNSET) for mention in pair)
                yield comparison.text.place(*pair), (one, other)


Bounds = tuple[int | None, int | None]

PAIRS, DISTANCE, EQUAL, COMPATIBLE = "pairs", "distance", "equal", "compatible"


def interval_tally(study: Study, interval: Interval) -> Tally:
    """For matched spans of the interval's label: how far apart their counts are, how many are equal or compatible."""
    tally = Tally()
    for comparison in study.comparisons():
        for pair in comparison.overlap.pairs:
            if pair[0].label == interval.label:
                one, other = (bounds(mention, interval) for mention in pair)
                counts: dict[Hashable, float] = {
                    PAIRS: 1,
                    DISTANCE: distance(one, other),
                    EQUAL: one == other,
                    COMPATIBLE: compatible(one, other),
                }
                tally.add(comparison.text.place(*pair), counts)
    return tally


def bounds(mention: Mention, interval: Interval) -> Bounds:
    """Lower and upper number of a count; None where the words set none, or what is set is no number."""
    lower, upper = (mention.attributes.get(name) for name in (interval.minimum, interval.maximum))
    return lower if isinstance(lower, int) else None, upper if isinstance(upper, int) else None


def distance(first: Bounds, second: Bounds) -> float:
    """From 0 (equal) to 1: the mean over the two ends of how far they are apart.

    Two numbers are |a − b| / max(|a|, |b|) apart, at most 1; two open ends 0; an open end and a number 1. It is a
    metric: symmetric, 0 only for equals, and no way round is shorter.
    """
    return sum(_apart(one, other) for one, other in zip(first, second, strict=True)) / 2


def _apart(one: int | None, other: int | None) -> float:
    if one == other:
        return 0.0
    if one is None or other is None:
        return 1.0
    return min(1.0, abs(one - other) / max(abs(one), abs(other)))


def compatible(first: Bounds, second: Bounds) -> bool:
    """Whether some number lies within both; an open end bounds nothing."""
    lowers = [lower for lower, _ in (first, second) if lower is not None]
    uppers = [upper for _, upper in (first, second) if upper is not None]
    return not lowers or not uppers or max(lowers) <= min(uppers)


class Arrow(NamedTuple):
    """A relation between two mentions of one version."""

    head: Mention
    tail: Mention


class Arrows(NamedTuple):
    """The relations of one label in two versions, told apart.

    `same`: both ends are matched, and the other has it. `retargeted`: from the same head each version has an arrow
    that the other lacks, so one arrow with two tails. `first_only`, `second_only`: both ends are matched, the other
    version has no such arrow. `loose`: an end of it is a span that the other version does not have.
    """

    same: list[tuple[Arrow, Arrow]]
    retargeted: list[tuple[Arrow, Arrow]]
    first_only: list[Arrow]
    second_only: list[Arrow]
    first_loose: list[Arrow]
    second_loose: list[Arrow]


class RelationTallies(NamedTuple):
    """`given_ends` counts relations whose two ends are matched, `all` every relation.

    `alone` counts, by annotator, relations between matched ends that another annotator does not have.
    """

    given_ends: Tally
    all: Tally
    numbers: Counter[str]
    alone: Counter[str]
    total: Counter[str]


def arrows(version: Version, label: RelationLabel) -> Iterator[Arrow]:
    """The relations of a label between mentions, as the inventory allows them; in the order of the text."""
    for mention in version.labelled(label.head):
        for tail in version.graph.tails(label.name, mention):
            yield Arrow(mention, tail)


def compare_relations(comparison: Comparison, label: RelationLabel) -> Arrows:
    """Tell the relations of two versions apart, by the overlap matching of their ends."""
    matched = comparison.overlap.pairs
    forth, back = {one.id: two.id for one, two in matched}, {two.id: one.id for one, two in matched}
    theirs = {(arrow.head.id, arrow.tail.id): arrow for arrow in arrows(comparison.second, label)}
    found = Arrows([], [], [], [], [], [])
    left: dict[str, list[Arrow]] = defaultdict(list)
    for arrow in arrows(comparison.first, label):
        same = theirs.pop((forth.get(arrow.head.id, ""), forth.get(arrow.tail.id, "")), None)
        if same:
            found.same.append((arrow, same))
        else:
            left[arrow.head.id].append(arrow)
    right: dict[str, list[Arrow]] = defaultdict(list)
    for arrow in theirs.values():
        right[back.get(arrow.head.id, f"no head {arrow.head.id}")].append(arrow)
    for head in dict.fromkeys((*left, *right)):
        # Arrows whose tail the other version has too come first, on both sides: those are choices between spans.
        ours = sorted(left[head], key=lambda arrow: arrow.tail.id not in forth)
        other = sorted(right[head], key=lambda arrow: arrow.tail.id not in back)
        both = min(len(ours), len(other))
        found.retargeted.extend(zip(ours, other, strict=False))
        for arrow in ours[both:]:
            (found.first_only if head in forth and arrow.tail.id in forth else found.first_loose).append(arrow)
        for arrow in other[both:]:
            tied = arrow.head.id in back and arrow.tail.id in back
            (found.second_only if tied else found.second_loose).append(arrow)
    return found


def relation_tallies(study: Study, label: RelationLabel) -> RelationTallies:
    """The counts of one relation label, over all pairs of annotators."""
    made = RelationTallies(Tally(), Tally(), Counter(), Counter(), Counter())
    for text in study.texts:
        for version in text.versions:
            made.total[version.annotator] += sum(1 for _ in arrows(version, label))
        for comparison in text.comparisons:
            _add(made, comparison, compare_relations(comparison, label))
    return made


def _add(made: RelationTallies, comparison: Comparison, found: Arrows) -> None:
    place = comparison.text.place
    matched = [{pair[side].id for pair in comparison.overlap.pairs} for side in (0, 1)]
    for one, other in found.same:
        for tally in (made.given_ends, made.all):
            tally.add(place(one.head, other.head), IN_BOTH)
    sides = (
        (FIRST, [one for one, _ in found.retargeted], found.first_only, found.first_loose),
        (SECOND, [other for _, other in found.retargeted], found.second_only, found.second_loose),
    )
    for ends, (side, retargeted, alone, loose) in zip(matched, sides, strict=True):
        for arrow in (*retargeted, *alone, *loose):
            made.all.add(place(arrow.head), {side: 1})
            if arrow.head.id in ends and arrow.tail.id in ends:
                made.given_ends.add(place(arrow.head), {side: 1})
    made.numbers.update(
        same=len(found.same),
        retargeted=len(found.retargeted),
        loose=len(found.first_loose) + len(found.second_loose),
    )
    made.alone[comparison.first.annotator] += len(found.first_only)
    made.alone[comparison.second.annotator] += len(found.second_only)


class RoleTallies(NamedTuple):
    """One role of aligned records: fillers with the same place, fillers that overlap, and characters covered.

    `characters` is what PARC's agreement on the spans of an attribution rests on: twice the characters that both
    have in the role, divided by the characters of each; Pareti, "PARC 3.0" (LREC 2016).
    """

    exact: Tally
    overlap: Tally
    characters: Tally


class RecordTallies(NamedTuple):
    """One type of record. `aligned` counts anchors that overlap, `anchors` those with the same place.

    `full_exact` and `full_overlap` count records that are the same in anchor and every role, by place or by overlap.
    """

    anchors: Tally
    aligned: Tally
    full_exact: Tally
    full_overlap: Tally
    roles: dict[str, RoleTallies]


class RecordCounter:
    """Counts the records of a study, which are made once for all types."""

    def __init__(self, study: Study) -> None:
        self._study = study
        self._records = {
            id(version): _by_anchor(records_of(version.graph, study.inventory))
            for text in study.texts
            for version in text.versions
        }

    def tallies(self, type_: RecordType) -> RecordTallies:
        """The counts of one type of record, over all pairs of annotators."""
        roles = {name: RoleTallies(Tally(), Tally(), Tally()) for name in type_.roles}
        made = RecordTallies(Tally(), Tally(), Tally(), Tally(), roles)
        for comparison in self._study.comparisons():
            add_matching(made.anchors, comparison, comparison.exact, {type_.anchor})
            add_matching(made.aligned, comparison, comparison.overlap, {type_.anchor})
            ours, theirs = (
                self._records[id(version)].get(type_.name, {}) for version in (comparison.first, comparison.second)
            )
            same = [pair for pair in comparison.overlap.pairs if pair[0].label == type_.anchor]
            for pair in same:
                _add_roles(made, comparison, pair, ours[pair[0].id], theirs[pair[1].id])
            for side, anchors in ((FIRST, comparison.overlap.first_only), (SECOND, comparison.overlap.second_only)):
                for anchor in anchors:
                    if anchor.label == type_.anchor:
                        for tally in (made.full_exact, made.full_overlap):
                            tally.add(comparison.text.place(anchor), {side: 1})
        return made


def _by_anchor(found: dict[str, list[Record]]) -> dict[str, dict[str, Record]]:
    return {name: {record.anchor.id: record for record in list_} for name, list_ in found.items()}


def _add_roles(made: RecordTallies, comparison: Comparison, pair: Pair, ours: Record, theirs: Record) -> None:
    place = comparison.text.place(*pair)
    by_place, by_overlap = pair[0].pieces == pair[1].pieces, True
    for name, tallies in made.roles.items():
        first, second = _mentions(ours.roles[name]), _mentions(theirs.roles[name])
        places = exact_counts([mention.pieces for mention in first], [mention.pieces for mention in second])
        # The role is what is compared: whether its filler has the same label, agreement on spans has counted.
        overlaps = overlap(first, second, same_label=False).counts
        by_place &= places[0] == places[1] == places[2]
        by_overlap &= overlaps[0] == overlaps[1] == overlaps[2]
        for tally, counts in (
            (tallies.exact, places),
            (tallies.overlap, overlaps),
            (tallies.characters, _characters(first, second)),
        ):
            tally.add(place, dict(zip((BOTH, FIRST, SECOND), counts, strict=True)))
    made.full_exact.add(place, {BOTH: by_place, FIRST: 1, SECOND: 1})
    made.full_overlap.add(place, {BOTH: by_overlap, FIRST: 1, SECOND: 1})


def _mentions(fillers: Iterable[Filler]) -> list[Mention]:
    return [filler.mention for filler in fillers]


def _characters(first: Sequence[Mention], second: Sequence[Mention]) -> tuple[int, int, int]:
    ours, theirs = (union(piece for mention in side for piece in mention.pieces) for side in (first, second))
    return shared_characters(ours, theirs), _size(ours), _size(theirs)


def _size(pieces: Iterable[Piece]) -> int:
    return sum(end - start for start, end in pieces)
