"""Agreement on relations between spans that are matched, so that a span's fault is not counted twice."""

from collections import Counter, defaultdict
from collections.abc import Iterator
from typing import NamedTuple

from annotate.agreement.bootstrap import Tally
from annotate.agreement.coefficients import FIRST, SECOND
from annotate.agreement.spans import IN_BOTH
from annotate.agreement.study import Comparison, Study, Version
from annotate.inventory import RelationLabel
from annotate.records import Mention


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
