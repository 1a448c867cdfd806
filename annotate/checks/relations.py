"""R: the relations of an annotation: their ends, how many a span has, and spans in pieces."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from typing import TypeAlias

from annotate.findings import Problem, Rule, rule
from annotate.inventory import Bounds, Inventory, RelationLabel
from annotate.model import Annotation, Relation, Span
from annotate.records import Graph
from annotate.util.escape import quote
from annotate.util.suggestions import list_choices

_CountedEnd: TypeAlias = tuple[Span, RelationLabel, int, Bounds]
"""A span, a relation that it may have at one end, how many it has, and how many it may have."""


def _by_id(annotation: Annotation) -> dict[str, Span]:
    return {span.id: span for span in annotation.spans}


def _name(span: Span) -> str:
    return f"{span.label} {quote(span.text, 40)}"


def _name_end(spans: dict[str, Span], id_: str) -> str:
    """Return an end of a relation in words; its id where there is no such span."""
    return _name(spans[id_]) if id_ in spans else id_


def _valid_relations(
    annotation: Annotation, inventory: Inventory
) -> Iterator[tuple[Relation, RelationLabel, Span, Span]]:
    """Yield each relation that is in the inventory and has two different ends that exist, with these."""
    spans = _by_id(annotation)
    for relation in annotation.relations:
        label, head, tail = (
            inventory.relations.get(relation.label),
            spans.get(relation.head),
            spans.get(relation.tail),
        )
        if label and head and tail and head is not tail:
            yield relation, label, head, tail


def _pieces(annotation: Annotation, inventory: Inventory) -> Iterator[tuple[Span, Span]]:
    """Yield each later piece of a span with the piece that it continues."""
    return ((head, tail) for _, label, head, tail in _valid_relations(annotation, inventory) if label.joins_pieces)


@rule("R102", advice="The relation ‘{relation}’ leads to a label that does not exist any more. Delete the relation.")
def end_missing(annotation: Annotation) -> Iterator[Problem]:
    """Both ends of a relation are spans of the same annotation.

    Why: a relation to nowhere means nothing, but servers accept it.
    Fails: head s4, where no span has the id s4.
    Passes: head and tail are ids of spans in the file.
    """
    spans = _by_id(annotation)
    for relation in annotation.relations:
        for end, name in (("head", relation.head), ("tail", relation.tail)):
            if name not in spans:
                yield Problem(
                    f"{end} of {relation.label} ({_name_end(spans, relation.head)} → "
                    f"{_name_end(spans, relation.tail)}) is not a span; "
                    "remove the relation, or bring the span back",
                    name,
                    details={"relation": relation.label},
                )


@rule(
    "R103",
    waivable=True,
    advice=(
        "The relation ‘{relation}’ cannot start from this {label}, only from {labels}. Delete it, or draw it the "
        "other way round."
    ),
)
def wrong_head(annotation: Annotation, inventory: Inventory) -> Iterator[Problem]:
    """A relation starts from a label that the inventory allows at its head.

    Why: a relation in the wrong direction fills no role of a record.
    Fails: a relation from the speaker to the verb of saying.
    Passes: a relation from the verb of saying to the speaker.
    """
    for relation, label, head, _ in _valid_relations(annotation, inventory):
        if not label.joins_pieces and head.label in inventory.spans and head.label not in label.head:
            yield Problem(
                f"{relation.label} starts from {_name(head)}; it may start from {list_choices(label.head)}",
                head.id,
                details={"relation": relation.label, "labels": label.head},
            )


@rule(
    "R104",
    waivable=True,
    advice=(
        "The relation ‘{relation}’ cannot lead to {other_label}, only to {labels}. Delete it, or draw it to "
        "another label."
    ),
)
def wrong_tail(annotation: Annotation, inventory: Inventory) -> Iterator[Problem]:
    """A relation points to a label that the inventory allows at its tail.

    Why: the spans that fill a role of a record have known labels.
    Fails: a relation for the victims that points to a place.
    Passes: a relation for the victims that points to the people who were harmed.
    """
    for relation, label, head, tail in _valid_relations(annotation, inventory):
        if not label.joins_pieces and tail.label in inventory.spans and tail.label not in label.tail:
            allowed = list_choices(label.tail)
            yield Problem(
                f"{relation.label} from {_name(head)} points to {_name(tail)}; it may point to {allowed}",
                head.id,
                details={"relation": relation.label, "other_label": tail.label, "labels": label.tail},
            )


def _later_pieces(annotation: Annotation, inventory: Inventory) -> set[str]:
    return {head.id for head, _ in _pieces(annotation, inventory)}


def _count_ends(
    annotation: Annotation,
    inventory: Inventory,
    labels: Callable[[RelationLabel], tuple[str, ...]],
    bounds: Callable[[RelationLabel], Bounds],
    end: Callable[[Relation], str],
) -> Iterator[_CountedEnd]:
    """Yield for each span and each relation that it may have at one end: how many it has, and how many it may have.

    Later pieces are left out: the first piece has the relations of the span.
    """
    count = Counter((relation.label, end(relation)) for relation in annotation.relations)
    later = _later_pieces(annotation, inventory)
    for label in inventory.relations.values():
        limits = bounds(label)
        if limits == Bounds():
            continue
        for span in annotation.spans:
            if span.label in labels(label) and span.id not in later:
                yield span, label, count[label.name, span.id], limits


def _at_head(annotation: Annotation, inventory: Inventory) -> Iterator[_CountedEnd]:
    return _count_ends(annotation, inventory, lambda r: r.head, lambda r: r.per_head, lambda r: r.head)


def _at_tail(annotation: Annotation, inventory: Inventory) -> Iterator[_CountedEnd]:
    return _count_ends(annotation, inventory, lambda r: r.tail, lambda r: r.per_tail, lambda r: r.tail)


def _report_too_many(ends: Iterable[_CountedEnd], has: str, may: str) -> Iterator[Problem]:
    """Yield a problem for each span with more relations at one end than the inventory allows."""
    for span, label, count, limits in ends:
        if limits.most is not None and count > limits.most:
            yield Problem(
                f"{_name(span)} {has} {count} {label.name}; {limits.most} {may}",
                span.id,
                details={"relation": label.name, "count": str(count), "most": str(limits.most)},
            )


_MORE_FROM_HEAD = "The relation ‘{relation}’ starts from this {label} {count} times; it takes {least}. Draw the others."
_MORE_TO_TAIL = "The relation ‘{relation}’ leads to this {label} {count} times; it takes {least}. Draw the others."


@rule(
    "R105",
    waivable=True,
    advice="This {label} has no {labels}. Draw the relation ‘{relation}’ from it, or delete it.",
)
def too_few_from_head(annotation: Annotation, inventory: Inventory) -> Iterator[Problem]:
    """A span has the relations that must start from its label.

    Why: a verb of saying without what is said is half a record.
    Fails: no relation, where `per_head` asks for at least one.
    Passes: one or more.
    """
    for span, label, count, limits in _at_head(annotation, inventory):
        if count < limits.least:
            yield Problem(
                f"{_name(span)} has {count} {label.name} and needs {limits.least}; "
                f"draw {label.name} to {' or '.join(label.tail)}",
                span.id,
                advice=_MORE_FROM_HEAD if count else "",
                details={"relation": label.name, "labels": label.tail, "count": str(count), "least": str(limits.least)},
            )


@rule(
    "R106",
    waivable=True,
    advice=(
        "The relation ‘{relation}’ starts from this {label} {count} times; {most} is the most. Delete the wrong ones."
    ),
)
def too_many_from_head(annotation: Annotation, inventory: Inventory) -> Iterator[Problem]:
    """No more relations of a kind start from a span than the inventory allows.

    Why: if one is allowed and there are two, one of them is wrong.
    Fails: two relations, where `per_head` allows at most one.
    Passes: one.
    """
    yield from _report_too_many(_at_head(annotation, inventory), "has", "may start from it")


@rule(
    "R107",
    waivable=True,
    advice="This {label} belongs to no {labels}. Draw the relation ‘{relation}’ to it, or delete it.",
)
def too_few_to_tail(annotation: Annotation, inventory: Inventory) -> Iterator[Problem]:
    """A span has the relations that must point to its label.

    Why: words that were said are in no record without the verb of saying that introduces them.
    Fails: no relation to a span, where `per_tail` asks for at least one.
    Passes: one or more.
    """
    for span, label, count, limits in _at_tail(annotation, inventory):
        if count < limits.least:
            yield Problem(
                f"{_name(span)} is at the end of {count} {label.name} and needs {limits.least}; "
                f"draw {label.name} from {' or '.join(label.head)}",
                span.id,
                advice=_MORE_TO_TAIL if count else "",
                details={"relation": label.name, "labels": label.head, "count": str(count), "least": str(limits.least)},
            )


@rule(
    "R108",
    waivable=True,
    advice=(
        "The relation ‘{relation}’ leads to this {label} {count} times; {most} is the most. Delete the wrong ones."
    ),
)
def too_many_to_tail(annotation: Annotation, inventory: Inventory) -> Iterator[Problem]:
    """No more relations of a kind point to a span than the inventory allows.

    Why: if one is allowed and there are two, one of them is wrong.
    Fails: two relations, where `per_tail` allows at most one.
    Passes: one.
    """
    yield from _report_too_many(_at_tail(annotation, inventory), "is at the end of", "may be")


@rule(
    "R109",
    waivable=True,
    advice="The relation ‘{relation}’ is drawn more than once between the same two labels. Keep one.",
)
def same_relation_twice(annotation: Annotation) -> Iterator[Problem]:
    """No two relations have the same label, head and tail.

    Why: the second says nothing new, but would be counted.
    Fails: two relations with one label from s1 to s2.
    Passes: two relations with different labels from s1 to s2.
    """
    spans = _by_id(annotation)
    count = Counter((relation.label, relation.head, relation.tail) for relation in annotation.relations)
    for (label, head, tail), number in count.items():
        if number > 1:
            ends = f"{_name_end(spans, head)} → {_name_end(spans, tail)}"
            yield Problem(f"{label} ({ends}) appears {number} times; keep one", head, details={"relation": label})


@rule("R110", advice="The relation ‘{relation}’ leads from this label to itself. Delete it.")
def to_itself(annotation: Annotation) -> Iterator[Problem]:
    """No relation leads from a span to itself.

    Why: a span neither fills a role of its own record nor continues itself.
    Fails: head s3, tail s3.
    Passes: head s3, tail s4, even if the two cover the same words.
    """
    spans = _by_id(annotation)
    for relation in annotation.relations:
        if relation.head == relation.tail:
            name = _name_end(spans, relation.head)
            details = {"relation": relation.label}
            yield Problem(f"{relation.label} leads from {name} to itself; remove it", relation.head, details=details)


@rule("R111", advice="This {label} continues words with the label {other_label}. Give both parts the same label.")
def pieces_of_two_labels(annotation: Annotation, inventory: Inventory) -> Iterator[Problem]:
    """All pieces of a span have one label.

    Why: they are one span, interrupted by other words.
    Fails: a later piece with another label than the piece that it continues.
    Passes: two pieces with the same label.
    Guideline: how-to-label.md
    """
    for head, tail in _pieces(annotation, inventory):
        if head.label != tail.label:
            message = f"{_name(head)} continues {_name(tail)}; give both one label"
            yield Problem(message, head.id, details={"other_label": tail.label})


@rule(
    "R112",
    advice="The parts of this label are joined in a circle. Delete the relation that starts from the first part.",
)
def loop_of_pieces(annotation: Annotation, inventory: Inventory) -> Iterator[Problem]:
    """The pieces of a span do not form a loop.

    Why: a span has a first piece.
    Fails: s1 continues s2, s2 continues s3, s3 continues s1.
    Passes: s3 continues s2, s2 continues s1.
    Guideline: how-to-label.md
    """
    spans = _by_id(annotation)
    before = {head.id: tail.id for head, tail in _pieces(annotation, inventory)}
    done: set[str] = set()
    for first in before:
        path: dict[str, int] = {}
        id_ = first
        while id_ in before and id_ not in done and id_ not in path:
            path[id_] = len(path)
            id_ = before[id_]
        if id_ in path:
            loop = list(path)[path[id_] :]
            names = " → ".join(_name(spans[name]) for name in [*loop, id_])
            yield Problem(f"{names} is a loop; remove the relation from the first piece", id_)
        done.update(path)


@rule("R113", advice="This part continues one that comes later in the text. Draw the relation the other way round.")
def pieces_out_of_order(annotation: Annotation, inventory: Inventory) -> Iterator[Problem]:
    """A piece continues one that comes before it in the text and does not overlap it.

    Why: pieces are read in the order of the text.
    Fails: the first words of a quotation continue its last ones.
    Passes: the last words continue the first ones.
    Guideline: how-to-label.md
    """
    for head, tail in _pieces(annotation, inventory):
        if head.start < tail.end:
            yield Problem(
                f"{_name(head)} continues {_name(tail)}, which does not end before it; reverse the relation", head.id
            )


@rule("R114", advice="This part is joined to several others. Join each part only to the nearest one before it.")
def fork_of_pieces(annotation: Annotation, inventory: Inventory) -> Iterator[Problem]:
    """A piece continues one piece at most, and is continued by one at most.

    Why: the pieces of a span form a chain; a fork leaves their order open.
    Fails: s2 and s3 both continue s1.
    Passes: s2 continues s1, s3 continues s2.
    Guideline: how-to-label.md
    """
    spans = _by_id(annotation)
    pairs = list(_pieces(annotation, inventory))
    for verb, end in (("continues", 0), ("is continued by", 1)):
        for id_, count in Counter(pair[end].id for pair in pairs).items():
            if count > 1:
                message = f"{_name(spans[id_])} {verb} {count} pieces; join each piece to the nearest one before it"
                yield Problem(message, id_)


@rule(
    "R115",
    advice=(
        "The relation ‘{relation}’ is drawn to a later part of these words. Delete it, and draw it to the first part."
    ),
)
def relation_of_later_piece(annotation: Annotation, inventory: Inventory) -> Iterator[Problem]:
    """The relations of a span in pieces start from and point to its first piece.

    Why: it is one span, and every program must find its relations in one place.
    Fails: a relation that ends at the second half of a quotation.
    Passes: the same relation to its first half.
    Guideline: how-to-label.md
    """
    later = _later_pieces(annotation, inventory)
    for relation, label, head, tail in _valid_relations(annotation, inventory):
        for end, span in (("head", head), ("tail", tail)):
            if span.id in later and not label.joins_pieces:
                message = f"{end} of {relation.label}, {_name(span)}, is a later piece; attach it to the first one"
                yield Problem(message, span.id, details={"relation": relation.label})


def labels_that_fill_roles(inventory: Inventory) -> set[str]:
    """Return the labels that need a relation by R116: those that are only at the tails of relations, and not `alone`.

    Labels that `per_tail` counts are left to R107. Relations that only refer count for nothing here: neither end of one
    is a role.
    """
    relations = [label for label in inventory.relations.values() if not label.refers]
    heads = {name for label in relations for name in label.head}
    counted = {name for label in relations if label.per_tail.least for name in label.tail}
    alone = {name for name, label in inventory.spans.items() if label.alone}
    return {name for label in relations for name in label.tail} - heads - counted - alone


@rule("R116", waivable=True, advice="This {label} is connected to nothing. Draw ‘{relations}’, or delete it.")
def in_no_relation(annotation: Annotation, inventory: Inventory) -> Iterator[Problem]:
    """A span whose label exists only to fill a role fills one.

    Why: a place without an event, or a speaker who says nothing, is in no record.
    Fails: a place to which no relation points; words such as "this claim" that only point back to what they mean.
    Passes: the same place with a relation to it; no label, if nothing happened there; any place, where the inventory
    says `alone: true` of its label.
    Guideline: how-to-label.md
    """
    filling = labels_that_fill_roles(inventory)
    pointing = {name for name, label in inventory.relations.items() if label.refers}
    touched = {
        name
        for relation in annotation.relations
        if relation.label not in pointing
        for name in (relation.head, relation.tail)
    }
    for span in annotation.spans:
        if span.label in filling and span.id not in touched:
            permission = f"give {span.label} `alone: true` in labels.yaml, if it may stand alone"
            hint = f"draw the one it is labelled for, remove it, or {permission}"
            relations = [
                label.name for label in inventory.relations.values() if span.label in label.tail and not label.refers
            ]
            yield Problem(f"{_name(span)} is in no relation; {hint}", span.id, details={"relations": relations})


@rule(
    "R117",
    waivable=True,
    advice=(
        "The relation ‘{relation}’ leads from these words to words around them. Draw it to what they refer to, or "
        "delete it."
    ),
)
def reference_within_its_meaning(annotation: Annotation, inventory: Inventory) -> Iterator[Problem]:
    """Words that point back to other words do not lie within them.

    Why: "this claim" means something said elsewhere; as a part of what it means it would mean itself.
    Fails: a relation with `refers` from "this claim" to a quotation that has "this claim" in it.
    Passes: the same relation to the quotation before.
    """
    if any(label.refers for label in inventory.relations.values()):
        for relation, head, tail in Graph(annotation, inventory).related:
            # R110 and R115 report what leads from a span to itself, or to another piece of it.
            if inventory.relations[relation.label].refers and head.id != tail.id and tail.encloses(head):
                yield Problem(
                    f"{relation.label} leads from {quote(head.text, 40)} to the {tail.label} around it; "
                    f"draw {relation.label} to what it means, or remove the relation",
                    head.id,
                    details={"relation": relation.label},
                )


OF_ENDS: tuple[Rule, ...] = (end_missing, same_relation_twice, to_itself)
OF_INVENTORY: tuple[Rule, ...] = (
    wrong_head,
    wrong_tail,
    too_few_from_head,
    too_many_from_head,
    too_few_to_tail,
    too_many_to_tail,
    pieces_of_two_labels,
    loop_of_pieces,
    pieces_out_of_order,
    fork_of_pieces,
    relation_of_later_piece,
    in_no_relation,
    reference_within_its_meaning,
)
RULES: tuple[Rule, ...] = (*OF_ENDS, *OF_INVENTORY)
