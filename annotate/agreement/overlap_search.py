"""Greedy pairs of overlapping mentions, found without a list of all pairs that overlap.

A pair is taken as soon as each of its mentions is the best partner of the other among those that are left. In a strict
order of all pairs, these are the pairs that a walk down the sorted list of all pairs would take. To find them, a chain
goes from a mention to its best partner, from there to the best partner of that one, and so on: each step is a better
pair, so the chain ends at two that choose each other. This is the nearest-neighbour chain of Benzécri, "Construction
d'une classification ascendante hiérarchique par la recherche en chaîne des voisins réciproques" (Les cahiers de
l'analyse des données 7, 1982). It takes fewer than four searches a mention.

A search looks into boxes, as in a k-d tree: those that may have the best partner come first, and those that cannot have
a better one than the best so far are left out. What mentions in pieces share is limited by what lies between their
first and last character, so that many of them that are interleaved take more time. Memory is linear in any case.
"""

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from itertools import accumulate
from operator import attrgetter, itemgetter

from annotate.records import Piece

LEAF_SIZE = 16
"""The number of mentions up to which a box is not divided further."""

Priority = tuple[int, ...]
"""How good a pair is for one of its mentions: characters shared, then few characters, then an early rank."""
NO_PAIR: Priority = (0,)


class Extent:
    """What a mention covers.

    Attributes:
        rank: Its index among the mentions of its annotation, in the order of the text.
        stretches: The stretches of text that it covers, in order, at least one; none is empty or overlaps another.
        start: Its first code point.
        end: Its end in code points, half open.
        size: The number of code points that it covers.
    """

    __slots__ = ("_sizes_before", "end", "rank", "size", "start", "stretches")

    def __init__(self, rank: int, stretches: Sequence[Piece]) -> None:
        self.rank, self.stretches = rank, stretches
        self.start, self.end = stretches[0].start, stretches[-1].end
        self._sizes_before = list(accumulate((end - start for start, end in stretches), initial=0))
        self.size = self._sizes_before[-1]

    def count_before(self, offset: int) -> int:
        """Count the code points that it covers before an offset."""
        index = bisect_left(self.stretches, offset, key=itemgetter(0))
        if not index:
            return 0
        start, end = self.stretches[index - 1]
        return self._sizes_before[index - 1] + min(offset, end) - start

    def count_shared(self, other: "Extent") -> int:
        """Count the code points that both cover."""
        if len(self.stretches) == len(other.stretches) == 1:
            return max(0, min(self.end, other.end) - max(self.start, other.start))
        fewer, more = (self, other) if len(self.stretches) < len(other.stretches) else (other, self)
        return sum(more.count_before(end) - more.count_before(start) for start, end in fewer.stretches)


class _Box:
    """Mentions that start and end near each other, and limits of what they can share with another one.

    The box of all mentions has no limits, since it is always looked into.
    """

    __slots__ = ("_end", "_first_rank", "_largest", "_smallest", "_start", "children", "extents", "parent")

    def __init__(self, extents: list[Extent], parent: "_Box | None" = None) -> None:
        self.parent, self.extents = parent, extents
        self.children: list[_Box] = []
        self._start = self._end = self._smallest = self._largest = self._first_rank = 0
        if len(extents) > LEAF_SIZE:
            starts, ends = [extent.start for extent in extents], [extent.end for extent in extents]
            by_start = max(starts) - min(starts) >= max(ends) - min(ends)
            ordered = sorted(extents, key=attrgetter("start", "rank") if by_start else attrgetter("end", "rank"))
            half = len(ordered) // 2
            self.extents, self.children = [], [_Box(ordered[:half], self), _Box(ordered[half:], self)]
        if parent:
            self.tighten()

    @property
    def limits(self) -> tuple[int, int, int, int, int]:
        return self._start, self._end, self._smallest, self._largest, self._first_rank

    def tighten(self) -> None:
        """Fit the limits to what is in the box."""
        self.children = [child for child in self.children if child._largest]
        if self.children:
            starts, ends, smallest, largest, ranks = zip(*[child.limits for child in self.children], strict=True)
        else:
            rows = [(extent.start, extent.end, extent.size, extent.rank) for extent in self.extents] or [(0, 0, 0, 0)]
            starts, ends, smallest, ranks = zip(*rows, strict=True)
            largest = smallest
        self._start, self._end, self._first_rank = min(starts), max(ends), min(ranks)
        self._smallest, self._largest = min(smallest), max(largest)

    def find_limit(self, extent: Extent, min_dice: float) -> Priority:
        """Return a priority that no pair of the extent with one in this box exceeds."""
        shared = min(extent.end, self._end) - max(extent.start, self._start)
        shared = min(shared, extent.size, self._largest)
        if shared <= 0 or 2 * shared < min_dice * (extent.size + self._smallest):
            return NO_PAIR
        return shared, -self._smallest, -self._first_rank


class OverlapIndex:
    """Mentions of one annotation, for searches of the one that overlaps another mention best."""

    def __init__(self, extents: Iterable[Extent]) -> None:
        self._root = _Box(list(extents))
        self._boxes = {extent.rank: box for box in _list_leaves(self._root) for extent in box.extents}

    def find_best(self, extent: Extent, min_dice: float = 0) -> Extent | None:
        """Return the best partner of a mention of the other annotation.

        It shares most characters with it; of equals it is the shortest, then the first in the text.

        Args:
            extent: What the mention covers.
            min_dice: The least Dice overlap of a pair.

        Returns:
            The best partner; None if no mention of the index shares characters with it.
        """
        best, highest = None, NO_PAIR
        pending: list[tuple[Priority, _Box]] = [((extent.size,), self._root)]
        while pending:
            limit, box = pending.pop()
            if limit <= highest:
                continue
            if box.children:
                limits = [(child.find_limit(extent, min_dice), child) for child in box.children]
                pending += sorted(limits, key=itemgetter(0))
                continue
            for candidate in box.extents:
                shared = candidate.count_shared(extent)
                priority = shared, -candidate.size, -candidate.rank
                if priority > highest and shared and 2 * shared >= min_dice * (extent.size + candidate.size):
                    best, highest = candidate, priority
        return best

    def remove(self, extent: Extent) -> None:
        """Remove a mention from what is searched."""
        box = self._boxes[extent.rank]
        box.extents.remove(extent)
        while box.parent:
            before = box.limits
            box.tighten()
            if box.limits == before:
                break
            box = box.parent


def _list_leaves(root: _Box) -> Iterator[_Box]:
    pending = [root]
    while pending:
        box = pending.pop()
        pending += box.children
        if not box.children:
            yield box


def pair_greedily(
    first: Sequence[Extent], second: Sequence[Extent], min_dice: float = 0
) -> Iterator[tuple[Extent, Extent]]:
    """Yield the pairs of mentions that the greedy matching makes, in no particular order.

    The pair that shares most characters is made first; of equals the one with the fewest characters, then the one with
    the lowest ranks. No mention has the same stretches as one on the other side.

    Args:
        first: What the mentions of the first annotation cover.
        second: What those of the second annotation cover.
        min_dice: The least Dice overlap of a pair.
    """
    indexes = OverlapIndex(first), OverlapIndex(second)
    matched: set[int] = set()
    for extent in first:
        # Mentions of the first and of the second annotation in turn, each the best partner of the one before.
        chain = [extent] if extent.rank not in matched else []
        while chain:
            best = indexes[len(chain) % 2].find_best(chain[-1], min_dice)
            if best is None:
                break  # only the first of a chain can be without a partner
            if len(chain) == 1 or best is not chain[-2]:
                chain.append(best)
                continue
            pair = chain[-2:]
            del chain[-2:]
            left, right = pair if len(chain) % 2 == 0 else reversed(pair)
            matched.add(left.rank)
            indexes[0].remove(left)
            indexes[1].remove(right)
            yield left, right
