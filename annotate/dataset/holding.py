"""Which mentions hold which: the outer one has, for each piece of the inner one, a piece around it."""

from collections.abc import Iterator

import numpy as np

from annotate.columns import Numbers, counted
from annotate.dataset.mentions import Mentions

AT_ONCE = 1_000_000
"""Pairs of pieces, more or less, that are looked at together: a bound for memory, where one document has thousands."""


def holding(mentions: Mentions, inner: Numbers, outer: Numbers, at_once: int = AT_ONCE) -> tuple[Numbers, Numbers]:
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
        piece, place = counted(first[some], behind[some])
        piece = some[piece]
        around = closed[place] >= ends[piece]
        found.append(piece[around] * len(outer) + answerer[place[around]])
    # A piece counts an outer mention once; one that is counted by each of them holds them all.
    piece, outers = np.divmod(np.unique(np.concatenate(found)), len(outer))
    pairs, counts = np.unique(asker[piece] * len(outer) + outers, return_counts=True)
    inners, outers = np.divmod(pairs, len(outer))
    all_ = counts == np.bincount(asker)[inners]
    return inners[all_], outers[all_]


def _pieces(mentions: Mentions, numbers: Numbers) -> tuple[Numbers, Numbers, Numbers]:
    """Of each piece of some mentions the place of its mention among them, start and end, apart for each document."""
    bounds, pieces = mentions.pieces.bounds, mentions.pieces
    which, places = counted(bounds[numbers], bounds[numbers + 1])
    base = mentions.owners[numbers][which] * (pieces.ends.max() + 1)
    return which, base + pieces.starts[places], base + pieces.ends[places]


def _parts(sizes: Numbers, at_once: int) -> Iterator[Numbers]:
    """The places of `sizes`, cut where their sum has grown by so much."""
    total = np.cumsum(np.maximum(sizes, 0))
    yield from np.split(np.arange(len(sizes)), np.searchsorted(total, np.arange(at_once, total[-1], at_once)))
