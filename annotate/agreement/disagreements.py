"""What two annotators differ on, one thing at a time, with what each of them has: for people to read."""

from collections.abc import Iterable, Iterator
from itertools import chain
from typing import Literal, NamedTuple

from annotate.agreement.matching import Pair, overlap, shared_characters
from annotate.agreement.relations import Arrow, compare_relations
from annotate.agreement.spans import CONFUSED
from annotate.agreement.study import Comparison, Study, Text, Version
from annotate.records import Mention, Piece

Kind = Literal["span", "label", "bounds", "attributes", "relation", "retargeted"]

KINDS: dict[Kind, str] = {
    "span": "only one has the span",
    "label": "one span, two labels",
    "bounds": "same label, other words",
    "attributes": "same span, other attributes",
    "relation": "only one has the relation",
    "retargeted": "same head, other tail",
}


class Mark(NamedTuple):
    """Words to be marked, and as what: a span, or the head or tail of a relation."""

    piece: Piece
    label: str
    role: Literal["span", "head", "tail"] = "span"


class Side(NamedTuple):
    """What one annotator has: in words, and the words in the text; `words` is empty where there is nothing."""

    annotator: str
    words: str
    marks: tuple[Mark, ...]
    attributes: tuple[tuple[str, str], ...] = ()


class Disagreement(NamedTuple):
    """One difference. `kinds` are two where a matched span differs in its words and in its attributes."""

    kinds: tuple[Kind, ...]
    subject: str
    start: int
    sides: tuple[Side, Side]


def disagreements(study: Study) -> Iterator[tuple[Text, list[Disagreement]]]:
    """Each article that has any, with its disagreements in the order of the text."""
    for text in study.texts:
        found = [
            one for comparison in text.comparisons for one in chain(_spans(comparison), _relations(study, comparison))
        ]
        if found:
            yield text, sorted(found, key=lambda one: one.start)


def _spans(comparison: Comparison) -> Iterator[Disagreement]:
    same = comparison.overlap
    for pair in same.pairs:
        kinds: list[Kind] = []
        if pair[0].pieces != pair[1].pieces:
            kinds.append("bounds")
        if pair[0].attributes != pair[1].attributes:
            kinds.append("attributes")
        if kinds:
            yield _of_pair(comparison, pair, tuple(kinds), pair[0].label)
    other = overlap(same.first_only, same.second_only, same_label=False, least=CONFUSED)
    for pair in other.pairs:
        yield _of_pair(comparison, pair, ("label",), f"{pair[0].label} or {pair[1].label}")
    for mention in other.first_only:
        sides = _has(comparison.first, mention), _lacks(comparison.second, mention)
        yield Disagreement(("span",), mention.label, mention.start, sides)
    for mention in other.second_only:
        sides = _lacks(comparison.first, mention), _has(comparison.second, mention)
        yield Disagreement(("span",), mention.label, mention.start, sides)


def _of_pair(comparison: Comparison, pair: Pair, kinds: tuple[Kind, ...], subject: str) -> Disagreement:
    sides = _has(comparison.first, pair[0], pair[1]), _has(comparison.second, pair[1], pair[0])
    return Disagreement(kinds, subject, min(mention.start for mention in pair), sides)


def _has(version: Version, mention: Mention, other: Mention | None = None) -> Side:
    """A side with a span, and those of its attributes that the other lacks or has otherwise."""
    theirs = mention.attributes if other is None or other.label != mention.label else other.attributes
    names = list(dict.fromkeys((*mention.attributes, *theirs)))
    if other is not None and other.label == mention.label:
        names = [name for name in names if mention.attributes.get(name) != theirs.get(name)]
    attributes = tuple((name, str(mention.attributes.get(name, "not set"))) for name in names)
    return Side(version.annotator, mention.label, _marks(mention), attributes)


def _lacks(version: Version, mention: Mention) -> Side:
    """A side without the span: the labels that it has on some of these words, if any."""
    here = dict.fromkeys(
        one.label for one in version.mentions if shared_characters(one.pieces, mention.pieces) and one is not mention
    )
    words = f"not there; on some of these words: {', '.join(here)}" if here else "not there"
    return Side(version.annotator, words, ())


def _marks(mention: Mention, role: Literal["span", "head", "tail"] = "span") -> tuple[Mark, ...]:
    return tuple(Mark(piece, mention.label, role) for piece in mention.pieces)


def _relations(study: Study, comparison: Comparison) -> Iterator[Disagreement]:
    """Relations between matched spans that one lacks, and retargeted ones; those of missing spans go with the span."""
    first, second = comparison.first, comparison.second
    for label in study.inventory.relations.values():
        if label.joins_pieces:
            continue
        found = compare_relations(comparison, label)
        for one, other in found.retargeted:
            sides = _arrow(first, label.name, one), _arrow(second, label.name, other)
            yield Disagreement(("retargeted",), label.name, _start((one, other)), sides)
        nothing = "not there"
        for one in found.first_only:
            sides = _arrow(first, label.name, one), Side(second.annotator, nothing, ())
            yield Disagreement(("relation",), label.name, _start((one,)), sides)
        for one in found.second_only:
            sides = Side(first.annotator, nothing, ()), _arrow(second, label.name, one)
            yield Disagreement(("relation",), label.name, _start((one,)), sides)


def _arrow(version: Version, label: str, arrow: Arrow) -> Side:
    words = f"{arrow.head.label} —{label}→ {arrow.tail.label}"
    return Side(version.annotator, words, (*_marks(arrow.head, "head"), *_marks(arrow.tail, "tail")))


def _start(arrows: Iterable[Arrow]) -> int:
    return min(arrow.head.start for arrow in arrows)
