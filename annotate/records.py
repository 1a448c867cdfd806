"""The graph of one annotation as mentions, relations between them, and the records that the inventory declares.

`Graph` works on `Span` and `Relation` objects and on one annotation: agreement, scoring and pages look at one document
at a time. `annotate.record_columns` computes the same for many documents at once; its docstring says what that gains.

The graph is not trusted: a relation with an unknown end, or with ends that the inventory does not allow, is left out,
and a cycle of relations is treated like any other relation.
"""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from typing import NamedTuple, TypeVar

import msgspec

from annotate.corpus import span_sort_key
from annotate.inventory import Enclosing, Inventory, RecordType, Role, meets_condition
from annotate.model import Annotation, AttributeValue, Relation, Span

T = TypeVar("T")

PIECE_SEPARATOR = " … "
"""Joins the texts of the pieces in the text of a mention."""
FILLER_SEPARATOR = "; "
"""Joins the words of the mentions in one role."""


class Piece(NamedTuple):
    """A range of text in code points, half open."""

    start: int
    end: int


class Mention(msgspec.Struct, frozen=True, gc=False):
    """A span, or the spans that are pieces of one interrupted span.

    Attributes:
        id: Id of the first piece in the text.
        label: Label of all pieces.
        start: First code point of the first piece.
        end: Greatest end of a piece, half open.
        text: Texts of the pieces, joined by `PIECE_SEPARATOR`.
        pieces: Ranges of the pieces in the order of the text.
        attributes: Attributes of the first piece.
    """

    id: str
    label: str
    start: int
    end: int
    text: str
    pieces: tuple[Piece, ...]
    attributes: dict[str, AttributeValue]

    def encloses(self, other: "Mention") -> bool:
        """Return whether this mention has a piece around each piece of another one."""
        return all(
            any(outer.start <= inner.start and inner.end <= outer.end for outer in self.pieces)
            for inner in other.pieces
        )


class Filler(msgspec.Struct, frozen=True, gc=False):
    """A mention that fills a role of a record.

    Attributes:
        mention: The mention.
        distance: 0 where a relation of the anchor leads to it; 1 where it comes from the nearest enclosing record,
            2 from the next, and so on; 1 where it is what a tail of the anchor's relation stands for.
        through: Id of the mention by which it was found: the anchor of the enclosing record, or the tail that stands
            for it; None at distance 0.
    """

    mention: Mention
    distance: int
    through: str | None = None


class Record(msgspec.Struct, frozen=True, gc=False):
    """An anchor mention and the fillers of each role of its type; a role that nothing fills is empty."""

    type: str
    anchor: Mention
    roles: dict[str, tuple[Filler, ...]]


class Graph:
    """The mentions of one annotation, and the relations between them.

    Args:
        annotation: Any annotation, its spans and relations in any order.
        inventory: The inventory that declares relations and records.

    Attributes:
        mentions: The mentions, in the order of their first pieces.
        mention_of: Id of each span → the mention that it is a piece of.
        related: The allowed relations with their head and tail, each triple of label and ends once, in the order of
            the annotation. The relation that joins pieces is not among them.
    """

    def __init__(self, annotation: Annotation, inventory: Inventory) -> None:
        self._inventory = inventory
        self._by_label: dict[str, list[Mention]] = defaultdict(list)
        self.mentions: list[Mention] = []
        self.mention_of: dict[str, Mention] = {}
        self.related: list[tuple[Relation, Mention, Mention]] = []
        for pieces in _group_pieces(annotation, inventory.pieces):
            mention = _join(pieces)
            self._by_label[mention.label].append(mention)
            self.mentions.append(mention)
            for piece in pieces:
                self.mention_of[piece.id] = mention
        self._tails: dict[tuple[str, str], dict[str, Mention]] = defaultdict(dict)
        for relation in annotation.relations:
            head, tail = self.mention_of.get(relation.head), self.mention_of.get(relation.tail)
            label = inventory.relations.get(relation.label)
            if head and tail and label and not label.joins_pieces and label.allows(head.label, tail.label):
                tails = self._tails[relation.label, head.id]
                if tail.id not in tails:
                    self.related.append((relation, head, tail))
                tails[tail.id] = tail

    def mentions_labelled(self, label: str) -> list[Mention]:
        """Return the mentions with a label, in the order of their first pieces."""
        return self._by_label.get(label, [])

    def tails(self, relation: str, head: Mention) -> Collection[Mention]:
        """Return the mentions that a relation leads to from `head` or any piece of it, in the order of the text."""
        tails = self._tails.get((relation, head.id))
        if not tails:
            return ()
        return tails.values() if len(tails) == 1 else sorted(tails.values(), key=text_order)

    def records(self) -> dict[str, list[Record]]:
        """Return the records of every type that the inventory declares, each list in the order of the text.

        A role is filled as follows. If the anchor does not meet the condition `when` of the role, nothing fills it.

        1. If the role has a relation: by its tails from the anchor, in the order of the text, at distance 0. Where the
           role says `follow`, a tail of that relation takes the place of each mention from which one leads there, at
           distance 1; a mention without one fills the role itself if its label is one of those that the relation can
           lead to, and otherwise does not. What is at distance 0 comes first. A mention is taken once, at its least
           distance, through the first one in the text.
        2. Where there are none and the role says `enclosing`: from the records of type `enclosing.record` whose anchors
           meet `enclosing.where` and whose role `enclosing.within` holds a mention around the anchor, that is, one
           with a piece around each piece of the anchor, or the anchor itself. A record does not enclose its own anchor.
           These mentions are taken shortest first; those with the same pieces share a distance. The fillers are those
           of the role `enclosing.take` of each such record. Both roles are filled as in 1, never from records around
           theirs. A mention is taken once, at its least distance. A record that has nothing in `take` still counts in
           the distance. Beyond distance 1, a record whose anchor does not meet `enclosing.passes_on` is left out, and
           so are all records at greater distances than the first such one.
        """
        return {name: list(_records(self, self._inventory, type_)) for name, type_ in self._inventory.records.items()}


def text_order(mention: Mention) -> tuple[int, int, str, str]:
    """Return a key that sorts mentions in the order of the text."""
    return mention.start, mention.end, mention.label, mention.id


def _group_pieces(annotation: Annotation, joining: str | None) -> Iterable[list[Span]]:
    """Return the spans, the pieces of one mention together; each group in the order of the text."""
    spans = {span.id: span for span in sorted(annotation.spans, key=span_sort_key)}
    joins = [relation for relation in annotation.relations if relation.label == joining]
    if not joins:
        return ([span] for span in spans.values())
    ends = ((spans.get(relation.head), spans.get(relation.tail)) for relation in joins)
    leader = union_find((head.id, tail.id) for head, tail in ends if head and tail and head.label == tail.label)
    groups: dict[str, list[Span]] = defaultdict(list)
    for span in spans.values():
        groups[leader(span.id)].append(span)
    return groups.values()


def union_find(joins: Iterable[tuple[T, T]]) -> Callable[[T], T]:
    """Return a function from each member of a group to the same member of it: two that are joined are in one group.

    Args:
        joins: Pairs to join; cycles are allowed.
    """
    parents: dict[T, T] = {}

    def leader(member: T) -> T:
        while member in parents:
            # Halving paths keeps long chains cheap.
            if parents[member] in parents:
                parents[member] = parents[parents[member]]
            member = parents[member]
        return member

    for left, right in joins:
        left_leader, right_leader = leader(left), leader(right)
        if left_leader != right_leader:
            parents[left_leader] = right_leader
    return leader


def _join(spans: Sequence[Span]) -> Mention:
    first = spans[0]
    if len(spans) == 1:
        piece = Piece(first.start, first.end)
        return Mention(first.id, first.label, first.start, first.end, first.text, (piece,), first.attributes)
    pieces = tuple(Piece(span.start, span.end) for span in spans)
    text = PIECE_SEPARATOR.join(span.text for span in spans)
    end = max(piece.end for piece in pieces)
    return Mention(first.id, first.label, first.start, end, text, pieces, first.attributes)


def _records(graph: Graph, inventory: Inventory, type_: RecordType) -> Iterator[Record]:
    anchors = graph.mentions_labelled(type_.anchor)
    roles = {name: _fill_role(graph, inventory, anchors, role) for name, role in type_.roles.items()}
    for anchor in anchors:
        yield Record(type_.name, anchor, {name: fillers.get(anchor.id, ()) for name, fillers in roles.items()})


def _fill_role(graph: Graph, inventory: Inventory, anchors: list[Mention], role: Role) -> dict[str, tuple[Filler, ...]]:
    """Return what fills a role of each anchor that meets the role's condition, by the anchor's id."""
    fillers = _fill_from_relation(graph, inventory, anchors, role)
    if role.enclosing:
        unfilled = [anchor for anchor in anchors if fillers.get(anchor.id) == ()]
        fillers |= _fill_from_enclosing(graph, inventory, unfilled, role.enclosing)
    return fillers


def _fill_from_relation(
    graph: Graph, inventory: Inventory, anchors: list[Mention], role: Role
) -> dict[str, tuple[Filler, ...]]:
    """Return what the role's relation gives to each anchor that meets the role's condition, by the anchor's id."""
    anchors = [anchor for anchor in anchors if meets_condition(anchor.attributes, role.when)]
    if role.relation is None:
        return {anchor.id: () for anchor in anchors}
    if role.follow:
        tails = inventory.relations[role.follow].tail
        return {anchor.id: _follow(graph, graph.tails(role.relation, anchor), role.follow, tails) for anchor in anchors}
    return {anchor.id: tuple([Filler(tail, 0) for tail in graph.tails(role.relation, anchor)]) for anchor in anchors}


def _follow(graph: Graph, mentions: Iterable[Mention], relation: str, labels: Collection[str]) -> tuple[Filler, ...]:
    """Return what the mentions stand for by a relation; one that leads nowhere only if it has one of the labels."""
    at_once: list[Filler] = []
    followed: list[Filler] = []
    for mention in mentions:
        tails = graph.tails(relation, mention)
        followed += [Filler(tail, 1, mention.id) for tail in tails]
        if not tails and mention.label in labels:
            at_once.append(Filler(mention, 0))
    fillers: dict[str, Filler] = {}
    for filler in at_once + sorted(followed, key=lambda filler: text_order(filler.mention)):
        fillers.setdefault(filler.mention.id, filler)
    return tuple(fillers.values())


def _fill_from_enclosing(
    graph: Graph, inventory: Inventory, anchors: list[Mention], rule: Enclosing
) -> dict[str, tuple[Filler, ...]]:
    """Return what the enclosing records give to each anchor, by the anchor's id."""
    if not anchors:
        return {}
    outer = inventory.records[rule.record]
    outer_anchors = [
        mention for mention in graph.mentions_labelled(outer.anchor) if meets_condition(mention.attributes, rule.where)
    ]
    within, take = (
        _fill_from_relation(graph, inventory, outer_anchors, outer.roles[role]) for role in (rule.within, rule.take)
    )
    outer_mentions: dict[str, Mention] = {}
    heads_of: dict[str, list[Mention]] = defaultdict(list)
    for head in outer_anchors:
        for filler in within.get(head.id, ()):
            outer_mentions[filler.mention.id] = filler.mention
            heads_of[filler.mention.id].append(head)
    fillers_by_id = {}
    for anchor, enclosing in zip(anchors, _enclosing(anchors, list(outer_mentions.values())), strict=True):
        fillers: dict[str, Filler] = {}
        distance, pieces, is_last = 0, None, False
        for mention in enclosing:
            heads = [head for head in heads_of[mention.id] if head.id != anchor.id]
            if not heads:
                continue
            if mention.pieces != pieces:
                if is_last:
                    break
                distance, pieces = distance + 1, mention.pieces
            for head in heads:
                if distance > 1 and not meets_condition(head.attributes, rule.passes_on):
                    is_last = True
                    continue
                for filler in take.get(head.id, ()):
                    fillers.setdefault(filler.mention.id, Filler(filler.mention, distance, head.id))
        fillers_by_id[anchor.id] = tuple(fillers.values())
    return fillers_by_id


def _enclosing(inner: list[Mention], outer: list[Mention]) -> Iterator[list[Mention]]:
    """Yield for each inner mention the outer ones around all its pieces, shortest first; one sweep over the text.

    A mention that is among both is around itself.
    """
    openings = _sorted_pieces(outer)
    candidates: dict[int, set[int]] = {}
    opened: list[tuple[int, int]] = []
    upcoming = 0
    for start, end, inner_index in _sorted_pieces(inner):
        opened = [piece for piece in opened if piece[0] > start]
        while upcoming < len(openings) and openings[upcoming][0] <= start:
            opened.append(openings[upcoming][1:])
            upcoming += 1
        around = {outer_index for outer_end, outer_index in opened if outer_end >= end}
        candidates[inner_index] = candidates[inner_index] & around if inner_index in candidates else around
    for inner_index in range(len(inner)):
        mentions = [outer[outer_index] for outer_index in candidates[inner_index]]
        yield sorted(mentions, key=lambda mention: (_length(mention), mention.pieces, text_order(mention)))


def _sorted_pieces(mentions: list[Mention]) -> list[tuple[int, int, int]]:
    """Return start, end and the index of its mention for each piece, in the order of the text."""
    return sorted((piece.start, piece.end, index) for index, mention in enumerate(mentions) for piece in mention.pieces)


def _length(mention: Mention) -> int:
    return sum(piece.end - piece.start for piece in mention.pieces)
