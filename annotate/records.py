"""The graph of one annotation → its records: one an anchor span, with the spans that fill each of its roles.

What the records are, the inventory says. Nothing here trusts the graph: relations with an end missing or with ends that
the inventory does not allow are left out, and a loop ends like any other relation.
"""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from typing import NamedTuple, TypeVar

import msgspec

from annotate.corpus import span_sort_key
from annotate.inventory import Enclosing, Inventory, RecordType
from annotate.model import Annotation, AttributeValue, Relation, Span

T = TypeVar("T")

BETWEEN_PIECES = " … "
"""What stands between the pieces in the text of a mention."""


class Piece(NamedTuple):
    """A stretch of text, code points `[start, end)`."""

    start: int
    end: int


class Mention(msgspec.Struct, frozen=True, gc=False):
    """A span, or the spans that are pieces of one.

    `pieces` are in the order of the text; `start` is that of the first, `end` the last end, `text` the texts of the
    pieces with `BETWEEN_PIECES` between them. Id, label and attributes are those of the first piece in the text.
    """

    id: str
    label: str
    start: int
    end: int
    text: str
    pieces: tuple[Piece, ...]
    attributes: dict[str, AttributeValue]


class Filler(msgspec.Struct, frozen=True, gc=False):
    """A mention in a role. Distance 0: by the anchor's own relation; 1: by the nearest span around it; 2: the next.

    `through` is the id of the anchor of the record around that it was taken from; None for a relation of its own.
    """

    mention: Mention
    distance: int
    through: str | None = None


class Record(msgspec.Struct, frozen=True, gc=False):
    """One anchor and what fills its roles; every role is there, those that nothing fills are empty."""

    type: str
    anchor: Mention
    roles: dict[str, tuple[Filler, ...]]


def records(annotation: Annotation, inventory: Inventory) -> dict[str, list[Record]]:
    """The records of an annotation by type, each list in the order of the text.

    A role is filled through its relation, in the order of the text. Where the anchor has no such relation and the role
    says `enclosing`, it is filled from the records around the anchor: those of the type `record` with, in the role
    `within`, a mention that holds every piece of the anchor, the shortest first; taken is what fills their role `take`
    by a relation of its own. Mentions of the same pieces share a distance, and nobody is taken twice. A record around
    the anchor whose role `take` is empty still counts in the distance.
    """
    return records_of(Graph(annotation, inventory), inventory)


def records_of(graph: "Graph", inventory: Inventory) -> dict[str, list[Record]]:
    """The records of a graph that has been made already."""
    return {name: list(_records(graph, inventory, type_)) for name, type_ in inventory.records.items()}


class Graph:
    """Mentions by id and by label, and what each relation leads to. Made once an annotation.

    `mentions` are in the order of the text; `related` are the relations between them, each triple of label and ends
    once, in the order of the annotation.
    """

    def __init__(self, annotation: Annotation, inventory: Inventory) -> None:
        self._labelled: dict[str, list[Mention]] = defaultdict(list)
        whole: dict[str, Mention] = {}
        self.mentions: list[Mention] = []
        self.related: list[tuple[Relation, Mention, Mention]] = []
        for pieces in _groups(annotation, inventory.pieces):
            mention = _joined(pieces)
            self._labelled[mention.label].append(mention)
            self.mentions.append(mention)
            for piece in pieces:
                whole[piece.id] = mention
        self._tails: dict[tuple[str, str], dict[str, Mention]] = defaultdict(dict)
        for relation in annotation.relations:
            head, tail = whole.get(relation.head), whole.get(relation.tail)
            label = inventory.relations.get(relation.label)
            if head and tail and label and not label.joins_pieces and label.allows(head.label, tail.label):
                tails = self._tails[relation.label, head.id]
                if tail.id not in tails:
                    self.related.append((relation, head, tail))
                tails[tail.id] = tail

    def labelled(self, label: str) -> list[Mention]:
        """The mentions with a label, in the order of their first pieces."""
        return self._labelled.get(label, [])

    def tails(self, relation: str, head: Mention) -> Collection[Mention]:
        """What the relation leads to from `head` or any piece of it, in the order of the text."""
        found = self._tails.get((relation, head.id))
        if not found:
            return ()
        return found.values() if len(found) == 1 else sorted(found.values(), key=_place)


def _place(mention: Mention) -> tuple[int, int, str, str]:
    return mention.start, mention.end, mention.label, mention.id


def _groups(annotation: Annotation, joining: str | None) -> Iterable[list[Span]]:
    """The spans, those that are pieces of one together; each group in the order of the text."""
    spans = {span.id: span for span in sorted(annotation.spans, key=span_sort_key)}
    joins = [relation for relation in annotation.relations if relation.label == joining]
    if not joins:
        return ([span] for span in spans.values())
    ends = ((spans.get(relation.head), spans.get(relation.tail)) for relation in joins)
    leader = leaders((head.id, tail.id) for head, tail in ends if head and tail and head.label == tail.label)
    groups: dict[str, list[Span]] = defaultdict(list)
    for span in spans.values():
        groups[leader(span.id)].append(span)
    return groups.values()


def leaders(joins: Iterable[tuple[T, T]]) -> Callable[[T], T]:
    """From any member of a group of joined pieces to the one that stands for the group, loops or not."""
    above: dict[T, T] = {}

    def leader(member: T) -> T:
        while member in above:
            # Halving the way up keeps long chains of pieces cheap.
            if above[member] in above:
                above[member] = above[above[member]]
            member = above[member]
        return member

    for head, tail in joins:
        later, earlier = leader(head), leader(tail)
        if later != earlier:
            above[later] = earlier
    return leader


def _joined(spans: Sequence[Span]) -> Mention:
    first = spans[0]
    if len(spans) == 1:
        whole = (Piece(first.start, first.end),)
        return Mention(first.id, first.label, first.start, first.end, first.text, whole, first.attributes)
    pieces = tuple(Piece(span.start, span.end) for span in spans)
    text = BETWEEN_PIECES.join(span.text for span in spans)
    end = max(piece.end for piece in pieces)
    return Mention(first.id, first.label, first.start, end, text, pieces, first.attributes)


def _records(graph: Graph, inventory: Inventory, type_: RecordType) -> Iterator[Record]:
    anchors = graph.labelled(type_.anchor)
    filled: dict[str, dict[str, tuple[Filler, ...]]] = {}
    for name, role in type_.roles.items():
        own = {anchor.id: _own(graph, role.relation, anchor) for anchor in anchors}
        if role.enclosing:
            bare = [anchor for anchor in anchors if not own[anchor.id]]
            own |= _enclosing(graph, inventory, bare, role.enclosing)
        filled[name] = own
    for anchor in anchors:
        yield Record(type_.name, anchor, {name: fillers[anchor.id] for name, fillers in filled.items()})


def _own(graph: Graph, relation: str, anchor: Mention) -> tuple[Filler, ...]:
    return tuple([Filler(tail, 0) for tail in graph.tails(relation, anchor)])


def _enclosing(
    graph: Graph, inventory: Inventory, anchors: list[Mention], rule: Enclosing
) -> dict[str, tuple[Filler, ...]]:
    """For each anchor, by id, what the records around it give."""
    if not anchors:
        return {}
    outer = inventory.records[rule.record]
    within, take = outer.roles[rule.within].relation, outer.roles[rule.take].relation
    around: dict[str, Mention] = {}
    holders: dict[str, list[Mention]] = defaultdict(list)
    for head in graph.labelled(outer.anchor):
        for mention in graph.tails(within, head):
            around[mention.id] = mention
            holders[mention.id].append(head)
    filled = {}
    for anchor, nearest in zip(anchors, _around(anchors, list(around.values())), strict=True):
        taken: dict[str, Filler] = {}
        distance, last = 0, None
        for mention in nearest:
            heads = [head for head in holders[mention.id] if head.id != anchor.id]
            if mention.id == anchor.id or not heads:
                continue
            distance += mention.pieces != last
            last = mention.pieces
            for head in heads:
                for tail in graph.tails(take, head):
                    taken.setdefault(tail.id, Filler(tail, distance, head.id))
        filled[anchor.id] = tuple(taken.values())
    return filled


def _around(inner: list[Mention], outer: list[Mention]) -> Iterator[list[Mention]]:
    """For each inner mention the outer ones that hold all its pieces, shortest first; one sweep over the text."""
    openings, questions = _numbered(outer), _numbered(inner)
    found: dict[int, set[int]] = {}
    opened: list[tuple[int, int]] = []
    upcoming = 0
    for start, end, asker in questions:
        opened = [piece for piece in opened if piece[0] > start]
        while upcoming < len(openings) and openings[upcoming][0] <= start:
            opened.append(openings[upcoming][1:])
            upcoming += 1
        holding = {number for last, number in opened if last >= end}
        found[asker] = found[asker] & holding if asker in found else holding
    for number in range(len(inner)):
        mentions = [outer[index] for index in found[number]]
        yield sorted(mentions, key=lambda mention: (_length(mention), mention.pieces, _place(mention)))


def _numbered(mentions: list[Mention]) -> list[tuple[int, int, int]]:
    """Start, end and the number of its mention for each piece, in the order of the text."""
    return sorted((piece.start, piece.end, number) for number, one in enumerate(mentions) for piece in one.pieces)


def _length(mention: Mention) -> int:
    return sum(piece.end - piece.start for piece in mention.pieces)
