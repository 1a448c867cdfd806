"""Matching of the spans of two annotations: exactly, or by overlap.

Spans here are mentions: a span, or the pieces of one that the inventory's joining relation ties together. Every
matching is one to one and does not depend on which annotation comes first.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from operator import attrgetter
from typing import TypeVar

from annotate.agreement.overlap_search import Extent, pair_greedily
from annotate.inventory import Inventory
from annotate.records import Graph, Mention, Piece

Pair = tuple[Mention, Mention]
Key = TypeVar("Key", bound=Hashable)


@dataclass(frozen=True)
class Matching:
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

    def select_label(self, label: str) -> "Matching":
        """Return what is matched of one label: that of the first mention of a pair."""
        return self._by_label.get(label) or Matching([], [], [])

    @cached_property
    def _by_label(self) -> dict[str, "Matching"]:
        by_label: defaultdict[str, Matching] = defaultdict(lambda: Matching([], [], []))
        for pair in self.pairs:
            by_label[pair[0].label].pairs.append(pair)
        for mention in self.first_only:
            by_label[mention.label].first_only.append(mention)
        for mention in self.second_only:
            by_label[mention.label].second_only.append(mention)
        return dict(by_label)


def list_mentions(graph: Graph, inventory: Inventory) -> list[Mention]:
    """Return the mentions whose labels the inventory has, in the order of the text."""
    return sorted((mention for label in inventory.spans for mention in graph.mentions_labelled(label)), key=_text_order)


def match_exactly(first: Iterable[Mention], second: Iterable[Mention]) -> Matching:
    """Match mentions with the same label and the same pieces; of several equal ones on a side, each is matched once."""
    left, right = sorted(first, key=_text_order), sorted(second, key=_text_order)
    partners = _pair_equal(left, right, attrgetter("label", "pieces"))
    return _make_matching(left, right, sorted(partners.items()))


def _pair_equal(
    left: Sequence[Mention], right: Sequence[Mention], get_key: Callable[[Mention], Hashable]
) -> dict[int, int]:
    """Pair mentions with equal keys, the first of each side first; return the index of the partner by index."""
    unmatched: dict[Hashable, list[int]] = defaultdict(list)
    for index in reversed(range(len(right))):
        unmatched[get_key(right[index])].append(index)
    partners = {}
    for index, mention in enumerate(left):
        counterparts = unmatched.get(get_key(mention))
        if counterparts:
            partners[index] = counterparts.pop()
    return partners


def _make_matching(left: Sequence[Mention], right: Sequence[Mention], partners: Sequence[tuple[int, int]]) -> Matching:
    """Return the matching of ordered mentions in which the pairs have these indices."""
    first_only, second_only = (
        [mention for index, mention in enumerate(mentions) if index not in matched]
        for mentions, matched in zip((left, right), _collect_matched(partners), strict=True)
    )
    return Matching([(left[one], right[two]) for one, two in partners], first_only, second_only)


def _collect_matched(partners: Sequence[tuple[int, int]]) -> tuple[set[int], set[int]]:
    return {one for one, _ in partners}, {two for _, two in partners}


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
    here too, unless it has no characters.

    Args:
        first: The mentions of the first annotation.
        second: The mentions of the second annotation.
        same_label: Whether the labels of a pair must be equal.
        min_dice: The least Dice overlap of a pair: twice the characters in both, divided by the sum of the characters
            in each; at most 1.
    """
    left, right = sorted(first, key=_text_order), sorted(second, key=_text_order)
    # A pair with equal pieces comes before all other pairs of its mentions.
    equal = _pair_equal(left, right, attrgetter("label", "pieces") if same_label else attrgetter("pieces"))
    partners = [(one, two) for one, two in equal.items() if count_characters(left[one])]
    by_label: dict[str, tuple[list[Extent], list[Extent]]] = defaultdict(lambda: ([], []))
    for side, (mentions, matched) in enumerate(zip((left, right), _collect_matched(partners), strict=True)):
        for index, mention in enumerate(mentions):
            if index not in matched and (stretches := merge_pieces(mention.pieces)):
                by_label[mention.label if same_label else ""][side].append(Extent(index, stretches))
    for extents in by_label.values():
        if all(extents):
            partners += [(one.rank, two.rank) for one, two in pair_greedily(*extents, min_dice)]
    return _make_matching(
        left, right, sorted(partners, key=lambda pair: (_pair_order((left[pair[0]], right[pair[1]])), pair))
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
