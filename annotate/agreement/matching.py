"""Matching of the spans of two annotations: exactly, or by overlap.

Spans here are mentions: a span, or the pieces of one that the inventory's joining relation ties together. Every
matching is one to one and does not depend on which annotation comes first.
"""

from collections import Counter, defaultdict
from collections.abc import Hashable, Iterable, Iterator, Sequence
from operator import attrgetter
from typing import NamedTuple, TypeVar

from annotate.inventory import Inventory
from annotate.records import Graph, Mention, Piece

Pair = tuple[Mention, Mention]
Key = TypeVar("Key", bound=Hashable)


class Matching(NamedTuple):
    """Matched mentions of two annotations; each list is in the order of the text.

    Attributes:
        pairs: The matched mentions, that of the first annotation first.
        first_only: Mentions of the first annotation without a counterpart.
        second_only: Mentions of the second annotation without a counterpart.
    """

    pairs: list[Pair]
    first_only: list[Mention]
    second_only: list[Mention]

    @property
    def counts(self) -> tuple[int, int, int]:
        """The number of mentions in both, in the first, and in the second."""
        both = len(self.pairs)
        return both, both + len(self.first_only), both + len(self.second_only)


def list_mentions(graph: Graph, inventory: Inventory) -> list[Mention]:
    """Return the mentions whose labels the inventory has, in the order of the text."""
    return sorted((mention for label in inventory.spans for mention in graph.mentions_labelled(label)), key=_text_order)


def match_exactly(first: Iterable[Mention], second: Iterable[Mention]) -> Matching:
    """Match mentions with the same label and the same pieces; of several equal ones on a side, each is matched once."""
    unmatched: dict[tuple[str, tuple[Piece, ...]], list[Mention]] = defaultdict(list)
    ordered = sorted(second, key=_text_order)
    for mention in reversed(ordered):
        unmatched[mention.label, mention.pieces].append(mention)
    pairs, first_only = [], []
    for mention in sorted(first, key=_text_order):
        counterparts = unmatched.get((mention.label, mention.pieces))
        if counterparts:
            pairs.append((mention, counterparts.pop()))
        else:
            first_only.append(mention)
    left_over = {id(mention) for mentions in unmatched.values() for mention in mentions}
    return Matching(pairs, first_only, [mention for mention in ordered if id(mention) in left_over])


def count_exact_matches(first: Sequence[Hashable], second: Sequence[Hashable]) -> tuple[int, int, int]:
    """Count what `match_exactly` would match, without making pairs.

    Args:
        first: A key for each span of the first annotation, such as its label and its pieces.
        second: A key for each span of the second annotation.

    Returns:
        The number of keys in both, in the first, and in the second.
    """
    return sum(1 for _ in iterate_common(first, second)), len(first), len(second)


def iterate_common(first: Sequence[Key], second: Sequence[Key]) -> Iterable[Key]:
    """Return the keys in both; a repeated key as often as in the side that has it less often."""
    unique = set(first)
    if len(unique) == len(first):
        return unique.intersection(second)
    return (Counter(first) & Counter(second)).elements()


def iterate_missing(first: Sequence[Key], second: Sequence[Key]) -> Iterable[Key]:
    """Return the keys of the first side that `iterate_common` leaves out."""
    unique = set(first)
    if len(unique) == len(first):
        return unique.difference(second)
    return (Counter(first) - Counter(second)).elements()


def match_by_overlap(
    first: Sequence[Mention], second: Sequence[Mention], same_label: bool = True, min_dice: float = 0
) -> Matching:
    """Match mentions that share characters.

    Greedy: the pair that shares most characters first; of equals the pair with the fewest characters outside the
    shared ones, then one with equal pieces, then the first in the text. So whatever `match_exactly` matches is matched
    here too.

    Args:
        first: The mentions of the first annotation.
        second: The mentions of the second annotation.
        same_label: Whether the labels of a pair must be equal.
        min_dice: The least Dice overlap of a pair: twice the characters in both, divided by the sum of the characters
            in each.
    """
    candidates = []
    for left, right, shared in _find_overlaps(first, second, same_label):
        total = count_characters(first[left]) + count_characters(second[right])
        if 2 * shared >= min_dice * total:
            # The spans sorted, not in the order of the arguments: the same pair wins whichever comes first.
            order = sorted((_text_order(first[left])[:3], _text_order(second[right])[:3]))
            differs = first[left].pieces != second[right].pieces
            candidates.append((-shared, total, differs, order, first[left].id, second[right].id, left, right))
    candidates.sort()
    partners: dict[int, int] = {}
    used: set[int] = set()
    for *_, left, right in candidates:
        if left not in partners and right not in used:
            partners[left] = right
            used.add(right)
    return Matching(
        sorted(((first[left], second[right]) for left, right in partners.items()), key=_pair_order),
        sorted((mention for index, mention in enumerate(first) if index not in partners), key=_text_order),
        sorted((mention for index, mention in enumerate(second) if index not in used), key=_text_order),
    )


def count_characters(mention: Mention) -> int:
    """Count the code points that the pieces of a mention cover; one that two pieces share counts once."""
    if len(mention.pieces) == 1:
        return mention.end - mention.start
    return sum(end - start for start, end in merge_pieces(mention.pieces))


def count_shared_characters(first: Iterable[Piece], second: Iterable[Piece]) -> int:
    """Count the code points that both cover, each once."""
    left_pieces, right_pieces = merge_pieces(first), merge_pieces(second)
    total = left = right = 0
    while left < len(left_pieces) and right < len(right_pieces):
        (left_start, left_end), (right_start, right_end) = left_pieces[left], right_pieces[right]
        total += max(0, min(left_end, right_end) - max(left_start, right_start))
        if left_end <= right_end:
            left += 1
        else:
            right += 1
    return total


def merge_pieces(pieces: Iterable[Piece]) -> list[Piece]:
    """Return the stretches that pieces cover, in order; they may touch and do not overlap, and none is empty."""
    merged: list[Piece] = []
    for piece in sorted(piece for piece in pieces if piece.start < piece.end):
        if merged and piece.start < merged[-1].end:
            merged[-1] = Piece(merged[-1].start, max(merged[-1].end, piece.end))
        else:
            merged.append(piece)
    return merged


_text_order = attrgetter("pieces", "label", "id")


def _pair_order(pair: Pair) -> tuple[object, ...]:
    left, right = pair
    return min(left.start, right.start), left.pieces, right.pieces, left.label, left.id, right.id


def _find_overlaps(
    first: Sequence[Mention], second: Sequence[Mention], same_label: bool
) -> Iterator[tuple[int, int, int]]:
    """Yield the indices of two mentions that share characters, and how many; one sweep over the starts of pieces."""
    events = [
        (piece.start, side, piece.end, index)
        for side, mentions in enumerate((first, second))
        for index, mention in enumerate(mentions)
        for piece in mention.pieces
        if piece.start < piece.end
    ]
    open_pieces: tuple[list[tuple[int, int]], list[tuple[int, int]]] = ([], [])
    overlaps: set[tuple[int, int]] = set()
    for start, side, end, index in sorted(events):
        opposite = open_pieces[1 - side]
        opposite[:] = [piece for piece in opposite if piece[0] > start]
        overlaps.update(
            (index, opposite_index) if side == 0 else (opposite_index, index) for _, opposite_index in opposite
        )
        open_pieces[side].append((end, index))
    for left, right in overlaps:
        if not same_label or first[left].label == second[right].label:
            yield left, right, count_shared_characters(first[left].pieces, second[right].pieces)
