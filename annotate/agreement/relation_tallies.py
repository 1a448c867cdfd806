"""Counts of relations between matched spans, so that a disagreement on a span does not count twice."""

from collections import Counter, defaultdict
from itertools import chain
from typing import NamedTuple

from annotate.agreement.coefficients import FIRST, SECOND
from annotate.agreement.study import AnnotationPair, MentionRelation, Study
from annotate.agreement.tally import IN_BOTH, Tally
from annotate.inventory import RelationLabel


class ComparedRelations(NamedTuple):
    """The relations of one label in two annotations, by how they differ.

    Attributes:
        same: Both annotations have it, and both ends are matched.
        retargeted: From the same head, each annotation has a relation that the other lacks: one relation, two tails.
        first_only: Only the first annotation has it, and both ends are matched.
        second_only: Only the second annotation has it, and both ends are matched.
        first_loose: An end is a span that the second annotation does not have.
        second_loose: An end is a span that the first annotation does not have.
    """

    same: list[tuple[MentionRelation, MentionRelation]]
    retargeted: list[tuple[MentionRelation, MentionRelation]]
    first_only: list[MentionRelation]
    second_only: list[MentionRelation]
    first_loose: list[MentionRelation]
    second_loose: list[MentionRelation]


class RelationTallies(NamedTuple):
    """The counts of one relation label, over all pairs of annotators.

    Attributes:
        given_ends: Relations whose two ends are matched.
        all: All relations.
        numbers: The numbers of `same`, `retargeted` and `loose` relations.
        alone: By annotator, relations between matched ends that another annotator does not have.
        total: By annotator, all relations.
    """

    given_ends: Tally
    all: Tally
    numbers: Counter[str]
    alone: Counter[str]
    total: Counter[str]


def compare_relations(comparison: AnnotationPair, label: RelationLabel) -> ComparedRelations:
    """Compare the relations of a label by the overlap matching of their ends."""
    to_second, to_first = comparison.partners
    compared = ComparedRelations([], [], [], [], [], [])
    second = {
        (relation.head.id, relation.tail.id): relation for relation in comparison.second.relations.get(label.name, ())
    }
    first_by_head: dict[str, list[MentionRelation]] = defaultdict(list)
    for relation in comparison.first.relations.get(label.name, ()):
        ends = to_second.get(relation.head.id, ""), to_second.get(relation.tail.id, "")
        counterpart = second.pop(ends, None)
        if counterpart:
            compared.same.append((relation, counterpart))
        else:
            first_by_head[relation.head.id].append(relation)
    second_by_head: dict[str, list[MentionRelation]] = defaultdict(list)
    for relation in second.values():
        second_by_head[to_first.get(relation.head.id, f"no head {relation.head.id}")].append(relation)
    for head in dict.fromkeys((*first_by_head, *second_by_head)):
        # Relations whose tail the other annotation has, too, come first on both sides: a choice between two spans.
        left = sorted(first_by_head[head], key=lambda relation: relation.tail.id not in to_second)
        right = sorted(second_by_head[head], key=lambda relation: relation.tail.id not in to_first)
        retargeted = min(len(left), len(right))
        compared.retargeted.extend(zip(left, right, strict=False))
        for relation in left[retargeted:]:
            (compared.first_only if _has_ends(relation, to_second) else compared.first_loose).append(relation)
        for relation in right[retargeted:]:
            (compared.second_only if _has_ends(relation, to_first) else compared.second_loose).append(relation)
    return compared


def _has_ends(relation: MentionRelation, matched: dict[str, str]) -> bool:
    return relation.head.id in matched and relation.tail.id in matched


def tally_relations(study: Study, label: RelationLabel) -> RelationTallies:
    """Count the relations of a label, over all pairs of annotators. Annotations that are older than it do not count."""
    tallies = RelationTallies(Tally(), Tally(), Counter(), Counter(), Counter())
    for article in study.articles:
        for annotation in article.annotations:
            if annotation.was_asked(label.since):
                tallies.total[annotation.annotator] += len(annotation.relations.get(label.name, ()))
    for comparison in study.comparisons(label.since):
        _add_comparison(tallies, comparison, compare_relations(comparison, label))
    return tallies


def _add_comparison(tallies: RelationTallies, comparison: AnnotationPair, compared: ComparedRelations) -> None:
    find_key = comparison.article.find_key_at
    same = Counter(find_key(min(left.head.start, right.head.start)) for left, right in compared.same)
    for tally in (tallies.given_ends, tallies.all):
        tally.add_multiples(IN_BOTH, same)
    to_second, to_first = comparison.partners
    sides = (
        (FIRST, to_second, [left for left, _ in compared.retargeted], compared.first_only, compared.first_loose),
        (SECOND, to_first, [right for _, right in compared.retargeted], compared.second_only, compared.second_loose),
    )
    for side, matched, *differing in sides:
        for relation in chain.from_iterable(differing):
            key = find_key(relation.head.start)
            tallies.all.add(key, {side: 1})
            if _has_ends(relation, matched):
                tallies.given_ends.add(key, {side: 1})
    tallies.numbers.update(
        same=len(compared.same),
        retargeted=len(compared.retargeted),
        loose=len(compared.first_loose) + len(compared.second_loose),
    )
    tallies.alone[comparison.first.annotator] += len(compared.first_only)
    tallies.alone[comparison.second.annotator] += len(compared.second_only)
