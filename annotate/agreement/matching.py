"""Which spans of one annotation are which spans of another.

Spans here are mentions: a span, or the pieces of one that the inventory's joining relation ties together. Every
matching is one to one, and does not depend on which annotation comes first.
"""

from collections import Counter, defaultdict
from collections.abc import Hashable, Iterable, Iterator, Sequence
from operator import attrgetter
from typing import NamedTuple, TypeVar

from annotate.inventory import Inventory
from annotate.model import Annotation
from annotate.records import Graph, Mention, Piece

Pair = tuple[Mention, Mention]
Key = TypeVar("Key", bound=Hashable)


class Matching(NamedTuple):
    """Pairs of the same thing, and what each side has alone; each in the order of the text."""

    pairs: list[Pair]
    first_only: list[Mention]
    second_only: list[Mention]

    @property
    def counts(self) -> tuple[int, int, int]:
        """How many are in both, in the first, in the second."""
        both = len(self.pairs)
        return both, both + len(self.first_only), both + len(self.second_only)


def mentions(annotation: Annotation, inventory: Inventory) -> list[Mention]:
    """The mentions of an annotation whose labels the inventory knows, in the order of the text."""
    return mentions_of(Graph(annotation, inventory), inventory)


def mentions_of(graph: Graph, inventory: Inventory) -> list[Mention]:
    """The same of a graph that has been made already."""
    return sorted((mention for label in inventory.spans for mention in graph.labelled(label)), key=_place)


def exact(first: Iterable[Mention], second: Iterable[Mention]) -> Matching:
    """Match mentions with the same label and the same pieces; of several such on one side, each is matched once."""
    waiting: dict[tuple[str, tuple[Piece, ...]], list[Mention]] = defaultdict(list)
    rest = sorted(second, key=_place)
    for mention in reversed(rest):
        waiting[mention.label, mention.pieces].append(mention)
    pairs, alone = [], []
    for mention in sorted(first, key=_place):
        same = waiting.get((mention.label, mention.pieces))
        if same:
            pairs.append((mention, same.pop()))
        else:
            alone.append(mention)
    left = {id(mention) for same in waiting.values() for mention in same}
    return Matching(pairs, alone, [mention for mention in rest if id(mention) in left])


def exact_counts(first: Sequence[Hashable], second: Sequence[Hashable]) -> tuple[int, int, int]:
    """How many keys (label and place, say) are in both, in the first, in the second; no pairs are made."""
    return sum(1 for _ in in_both(first, second)), len(first), len(second)


def in_both(first: Sequence[Key], second: Sequence[Key]) -> Iterable[Key]:
    """The keys in both; one that stands there several times, as often as in the side that has it less often."""
    ours = set(first)
    if len(ours) == len(first):
        return ours.intersection(second)
    return (Counter(first) & Counter(second)).elements()


def overlap(first: Sequence[Mention], second: Sequence[Mention], same_label: bool = True, least: float = 0) -> Matching:
    """Match mentions that share characters, with `same_label` only those of one label.

    Greedy: the pair that shares most characters first; of equals the one with the fewest characters outside what is
    shared, then one with equal pieces, then the one that stands first in the text. So whatever `exact` matches is
    matched here too. `least` is the least Dice overlap of a pair: twice the characters in both, divided by the
    characters in each.
    """
    candidates = []
    for one, other, shared in _overlapping(first, second, same_label):
        whole = length(first[one]) + length(second[other])
        if 2 * shared >= least * whole:
            # The places sorted, not in the order of the arguments: the same pair wins whichever comes first.
            places = sorted((_place(first[one])[:3], _place(second[other])[:3]))
            different = first[one].pieces != second[other].pieces
            candidates.append((-shared, whole, different, places, first[one].id, second[other].id, one, other))
    candidates.sort()
    taken: dict[int, int] = {}
    used: set[int] = set()
    for *_, one, other in candidates:
        if one not in taken and other not in used:
            taken[one] = other
            used.add(other)
    pairs = sorted(((first[one], second[other]) for one, other in taken.items()), key=_pair_place)
    return Matching(
        pairs,
        sorted((mention for number, mention in enumerate(first) if number not in taken), key=_place),
        sorted((mention for number, mention in enumerate(second) if number not in used), key=_place),
    )


def length(mention: Mention) -> int:
    """Characters that the pieces cover, one that two pieces share counted once."""
    if len(mention.pieces) == 1:
        return mention.end - mention.start
    return sum(end - start for start, end in union(mention.pieces))


def shared_characters(first: Iterable[Piece], second: Iterable[Piece]) -> int:
    """Characters that both cover; each counts once."""
    ours, theirs = union(first), union(second)
    total = one = other = 0
    while one < len(ours) and other < len(theirs):
        (start, end), (begin, stop) = ours[one], theirs[other]
        total += max(0, min(end, stop) - max(start, begin))
        if end <= stop:
            one += 1
        else:
            other += 1
    return total


def union(pieces: Iterable[Piece]) -> list[Piece]:
    """The stretches that the pieces cover: in order, apart from each other or touching, empty ones left out."""
    merged: list[Piece] = []
    for piece in sorted(piece for piece in pieces if piece.start < piece.end):
        if merged and piece.start < merged[-1].end:
            merged[-1] = Piece(merged[-1].start, max(merged[-1].end, piece.end))
        else:
            merged.append(piece)
    return merged


_place = attrgetter("pieces", "label", "id")


def _pair_place(pair: Pair) -> tuple[object, ...]:
    return min(pair[0].start, pair[1].start), pair[0].pieces, pair[1].pieces, pair[0].label, pair[0].id, pair[1].id


def _overlapping(
    first: Sequence[Mention], second: Sequence[Mention], same_label: bool
) -> Iterator[tuple[int, int, int]]:
    """The numbers of two mentions that share characters, and how many; one sweep over the starts of all pieces."""
    events = [
        (piece.start, side, piece.end, number)
        for side, mentions_ in enumerate((first, second))
        for number, mention in enumerate(mentions_)
        for piece in mention.pieces
        if piece.start < piece.end
    ]
    open_: tuple[list[tuple[int, int]], list[tuple[int, int]]] = ([], [])
    met: set[tuple[int, int]] = set()
    for start, side, end, number in sorted(events):
        other = open_[1 - side]
        other[:] = [piece for piece in other if piece[0] > start]
        met.update((number, opposite) if side == 0 else (opposite, number) for _, opposite in other)
        open_[side].append((end, number))
    for one, opposite in met:
        ours, theirs = first[one], second[opposite]
        if not same_label or ours.label == theirs.label:
            yield one, opposite, shared_characters(ours.pieces, theirs.pieces)
