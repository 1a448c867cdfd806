"""Disagreements of two annotators, one difference at a time, each with what either of them has."""

from collections.abc import Iterable, Iterator, Set
from itertools import chain
from typing import Literal, NamedTuple

import msgspec

from annotate.agreement.matching import Pair, count_shared_characters
from annotate.agreement.relation_tallies import compare_relations
from annotate.agreement.span_tallies import match_confused
from annotate.agreement.study import (
    AnnotationPair,
    ComparedAnnotation,
    ComparedArticle,
    MentionRelation,
    Study,
)
from annotate.inventory import Inventory
from annotate.records import Mention, Piece

Kind = Literal["span", "label", "bounds", "attributes", "relation", "retargeted"]
Role = Literal["span", "head", "tail"]

KINDS: dict[Kind, str] = {
    "span": "only one has the span",
    "label": "one span, two labels",
    "bounds": "same label, other words",
    "attributes": "same span, other attributes",
    "relation": "only one has the relation",
    "retargeted": "same head, other tail",
}
NOT_THERE = "not there"


class Mark(NamedTuple):
    """A piece of text to mark.

    Attributes:
        piece: The piece.
        label: The label of its span.
        role: Whether it belongs to a span, or to the head or the tail of a relation.
    """

    piece: Piece
    label: str
    role: Role = "span"


class Side(NamedTuple):
    """What one annotator has.

    Attributes:
        annotator: The annotator.
        description: What the annotator has, in words.
        marks: The pieces of text to mark; empty if the annotator does not have it.
        attributes: Names and values of the attributes that differ.
    """

    annotator: str
    description: str
    marks: tuple[Mark, ...]
    attributes: tuple[tuple[str, str], ...] = ()


class Disagreement(NamedTuple):
    """One difference between two annotators.

    Attributes:
        kinds: How they differ; two kinds if a matched span differs in its words and in its attributes.
        subject: The label, or the labels, in question.
        start: Where it starts in the text, in code points.
        sides: What each of the two has.
    """

    kinds: tuple[Kind, ...]
    subject: str
    start: int
    sides: tuple[Side, Side]


def find_disagreements(study: Study) -> Iterator[tuple[ComparedArticle, list[Disagreement]]]:
    """Yield each article on which annotators differ, with the disagreements in the order of the text."""
    for article in study.articles:
        disagreements = [
            disagreement
            for comparison in article.comparisons
            for disagreement in chain(
                _compare_spans(study.inventory, comparison), _compare_relations(study.inventory, comparison)
            )
        ]
        if disagreements:
            yield article, sorted(disagreements, key=lambda disagreement: disagreement.start)


def _compare_spans(inventory: Inventory, comparison: AnnotationPair) -> Iterator[Disagreement]:
    matching = comparison.overlap
    attributes = inventory.attributes.values()
    not_asked = {attribute.name for attribute in attributes if not comparison.were_asked(attribute.since)}
    for pair in matching.pairs:
        left, right = (_drop_attributes(mention, not_asked) for mention in pair)
        kinds: list[Kind] = []
        if left.pieces != right.pieces:
            kinds.append("bounds")
        if left.attributes != right.attributes:
            kinds.append("attributes")
        if kinds:
            yield _disagree_on_pair(comparison, (left, right), tuple(kinds), left.label)
    confused = match_confused(matching)
    for left, right in confused.pairs:
        yield _disagree_on_pair(comparison, (left, right), ("label",), f"{left.label} or {right.label}")
    for mention in confused.first_only:
        sides = _describe_span(comparison.first, mention), _describe_lack(comparison.second, mention)
        yield Disagreement(("span",), mention.label, mention.start, sides)
    for mention in confused.second_only:
        sides = _describe_lack(comparison.first, mention), _describe_span(comparison.second, mention)
        yield Disagreement(("span",), mention.label, mention.start, sides)


def _drop_attributes(mention: Mention, names: Set[str]) -> Mention:
    """Return a mention without attributes that one of the annotators was not asked for."""
    if names.isdisjoint(mention.attributes):
        return mention
    kept = {name: value for name, value in mention.attributes.items() if name not in names}
    return msgspec.structs.replace(mention, attributes=kept)


def _disagree_on_pair(comparison: AnnotationPair, pair: Pair, kinds: tuple[Kind, ...], subject: str) -> Disagreement:
    left, right = pair
    sides = _describe_span(comparison.first, left, right), _describe_span(comparison.second, right, left)
    return Disagreement(kinds, subject, min(left.start, right.start), sides)


def _describe_span(annotation: ComparedAnnotation, mention: Mention, counterpart: Mention | None = None) -> Side:
    """Describe a span; of its attributes, those that a counterpart with the same label does not have equal."""
    attributes = mention.attributes
    names = list(attributes)
    if counterpart is not None and counterpart.label == mention.label:
        union = dict.fromkeys((*attributes, *counterpart.attributes))
        names = [name for name in union if attributes.get(name) != counterpart.attributes.get(name)]
    shown = tuple((name, str(attributes.get(name, "not set"))) for name in names)
    return Side(annotation.annotator, mention.label, _mark(mention), shown)


def _describe_lack(annotation: ComparedAnnotation, mention: Mention) -> Side:
    """Describe that a span is missing, with the labels that the annotator has on some of its words."""
    labels = dict.fromkeys(
        present.label for present in annotation.mentions if count_shared_characters(present.pieces, mention.pieces)
    )
    description = f"{NOT_THERE}; on some of these words: {', '.join(labels)}" if labels else NOT_THERE
    return Side(annotation.annotator, description, ())


def _mark(mention: Mention, role: Role = "span") -> tuple[Mark, ...]:
    return tuple(Mark(piece, mention.label, role) for piece in mention.pieces)


def _compare_relations(inventory: Inventory, comparison: AnnotationPair) -> Iterator[Disagreement]:
    """Yield relations between matched spans that one lacks, and retargeted ones.

    A relation of a span that the other lacks is part of the disagreement on the span.
    """
    first, second = comparison.first, comparison.second
    for label in inventory.relations.values():
        if label.joins_pieces or not comparison.were_asked(label.since):
            continue
        name, relations = label.name, compare_relations(comparison, label)
        for left, right in relations.retargeted:
            sides = _describe_relation(first, name, left), _describe_relation(second, name, right)
            yield Disagreement(("retargeted",), name, _find_start((left, right)), sides)
        for relation in relations.first_only:
            sides = _describe_relation(first, name, relation), Side(second.annotator, NOT_THERE, ())
            yield Disagreement(("relation",), name, _find_start((relation,)), sides)
        for relation in relations.second_only:
            sides = Side(first.annotator, NOT_THERE, ()), _describe_relation(second, name, relation)
            yield Disagreement(("relation",), name, _find_start((relation,)), sides)


def _describe_relation(annotation: ComparedAnnotation, label: str, relation: MentionRelation) -> Side:
    description = f"{relation.head.label} —{label}→ {relation.tail.label}"
    return Side(annotation.annotator, description, (*_mark(relation.head, "head"), *_mark(relation.tail, "tail")))


def _find_start(relations: Iterable[MentionRelation]) -> int:
    return min(relation.head.start for relation in relations)
