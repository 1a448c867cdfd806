"""What fills the roles of the records of a batch, as columns: the same as `annotate.records` finds in one document.

Which mentions hold which: the outer one has, for each piece of the inner one, a piece around it.

What the records around anchors give to a role of theirs, as `annotate.records` says it, for a whole batch.
"""

from collections.abc import Iterator
from itertools import groupby
from typing import NamedTuple

import numpy as np

from annotate.columns import UNKNOWN, Integers, expand_ranges
from annotate.dataset.batch import Mentions, Source
from annotate.inventory import Enclosing, Role

AT_ONCE = 1_000_000
"""Pairs of pieces, more or less, that are looked at together: a bound for memory, where one document has thousands."""


def holding(mentions: Mentions, inner: Integers, outer: Integers, at_once: int = AT_ONCE) -> tuple[Integers, Integers]:
    """The pairs of an inner and an outer mention around it, as places in `inner` and in `outer`, in that order."""
    if not len(inner) or not len(outer):
        return np.zeros(0, np.int64), np.zeros(0, np.int64)
    asker, starts, ends = _pieces(mentions, inner)
    answerer, opened, closed = _pieces(mentions, outer)
    order = np.argsort(opened, kind="stable")
    answerer, opened, closed = answerer[order], opened[order], closed[order]
    # Around a stretch can be what opens before it does, from the first on that closes, or has before it what closes,
    # as late.
    first, behind = np.searchsorted(np.maximum.accumulate(closed), ends), np.searchsorted(opened, starts, "right")
    found = []
    for some in _parts(behind - first, at_once):
        piece, place = expand_ranges(first[some], behind[some])
        piece = some[piece]
        around = closed[place] >= ends[piece]
        found.append(piece[around] * len(outer) + answerer[place[around]])
    # A piece counts an outer mention once; one that is counted by each of them holds them all.
    piece, outers = np.divmod(np.unique(np.concatenate(found)), len(outer))
    pairs, counts = np.unique(asker[piece] * len(outer) + outers, return_counts=True)
    inners, outers = np.divmod(pairs, len(outer))
    all_ = counts == np.bincount(asker)[inners]
    return inners[all_], outers[all_]


def _pieces(mentions: Mentions, numbers: Integers) -> tuple[Integers, Integers, Integers]:
    """Of each piece of some mentions the place of its mention among them, start and end, apart for each document."""
    bounds, pieces = mentions.pieces.bounds, mentions.pieces
    which, places = expand_ranges(bounds[numbers], bounds[numbers + 1])
    base = mentions.owners[numbers][which] * (pieces.ends.max() + 1)
    return which, base + pieces.starts[places], base + pieces.ends[places]


def _parts(sizes: Integers, at_once: int) -> Iterator[Integers]:
    """The places of `sizes`, cut where their sum has grown by so much."""
    total = np.cumsum(np.maximum(sizes, 0))
    yield from np.split(np.arange(len(sizes)), np.searchsorted(total, np.arange(at_once, total[-1], at_once)))


class Taken(NamedTuple):
    """Fillers in the order of their anchors, and for one anchor the nearest first; mentions are numbers.

    `through` are the anchors of the records around that they were taken from.
    """

    anchors: list[int]
    mentions: list[int]
    distances: list[int]
    through: list[int]


def taken(source: Source, anchors: Integers, rule: Enclosing) -> Taken:
    """For each of some anchors, by its place among them, what the records around it give."""
    outer, mentions = source.labels.inventory.records[rule.record], source.mentions
    heads = source.labelled(outer.anchor)
    saying, said = source.tails(outer.roles[rule.within].relation, heads)
    holders = _grouped(said, saying)
    around = np.array(sorted(holders), np.int64)
    inner, place = holding(mentions, anchors, around)
    found = Taken([], [], [], [])
    if not len(inner):
        return found
    tails = _grouped(*source.tails(outer.roles[rule.take].relation, heads))
    extents = {number: mentions.extent(number) for number in around[np.unique(place)].tolist()}

    def nearness(mention: int) -> tuple[int, list[tuple[int, int]], int]:
        extent = extents[mention]
        return sum(end - start for start, end in extent), extent, int(mentions.ranks[mention])

    pairs = zip(inner.tolist(), around[place].tolist(), strict=True)
    for asker, group in groupby(pairs, lambda pair: pair[0]):
        anchor = int(anchors[asker])
        nearest = sorted((mention for _, mention in group if mention != anchor), key=nearness)
        distance, last = 0, None
        given: dict[int, tuple[int, int]] = {}
        for mention in nearest:
            others = [head for head in holders[mention] if head != anchor]
            if others:
                distance += extents[mention] != last
                last = extents[mention]
                for head in others:
                    for tail in tails.get(head, ()):
                        given.setdefault(tail, (distance, head))
        found.anchors.extend([asker] * len(given))
        found.mentions.extend(given)
        found.distances.extend(distance for distance, _ in given.values())
        found.through.extend(head for _, head in given.values())
    return found


def _grouped(keys: Integers, values: Integers) -> dict[int, list[int]]:
    groups: dict[int, list[int]] = {}
    for key, value in zip(keys.tolist(), values.tolist(), strict=True):
        groups.setdefault(key, []).append(value)
    return groups


class Fillers(NamedTuple):
    """Those of anchor n are at the places from `bounds[n]` to `bounds[n + 1]`; `mentions` are their numbers.

    `through` are the anchors of the records around that they were taken from, UNKNOWN for a relation of its own.
    """

    bounds: Integers
    mentions: Integers
    distances: Integers
    through: Integers


def fillers(source: Source, anchors: Integers, role: Role) -> Fillers:
    """What fills a role of anchors, which are in the order of their numbers."""
    heads, tails = source.tails(role.relation, anchors)
    places: Integers = np.searchsorted(anchors, heads)
    distances: Integers = np.zeros(len(tails), np.int64)
    through: Integers = np.full(len(tails), UNKNOWN)
    if role.enclosing:
        bare = np.setdiff1d(np.arange(len(anchors)), places)
        more = taken(source, anchors[bare], role.enclosing)
        places = np.concatenate([places, bare[np.array(more.anchors, np.int64)]])
        tails = np.concatenate([tails, np.array(more.mentions, np.int64)])
        distances = np.concatenate([distances, np.array(more.distances, np.int64)])
        through = np.concatenate([through, np.array(more.through, np.int64)])
    order = np.argsort(places, kind="stable")
    bounds: Integers = np.searchsorted(places[order], np.arange(len(anchors) + 1))
    return Fillers(bounds, tails[order], distances[order], through[order])
