"""What the records around anchors give to a role of theirs, as `annotate.records` says it, for a whole batch."""

from itertools import groupby
from typing import NamedTuple

import numpy as np

from annotate.columns import Numbers
from annotate.dataset.documents import Source
from annotate.dataset.holding import holding
from annotate.inventory import Enclosing


class Taken(NamedTuple):
    """Fillers in the order of their anchors, and for one anchor the nearest first; mentions are numbers.

    `through` are the anchors of the records around that they were taken from.
    """

    anchors: list[int]
    mentions: list[int]
    distances: list[int]
    through: list[int]


def taken(source: Source, anchors: Numbers, rule: Enclosing) -> Taken:
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


def _grouped(keys: Numbers, values: Numbers) -> dict[int, list[int]]:
    groups: dict[int, list[int]] = {}
    for key, value in zip(keys.tolist(), values.tolist(), strict=True):
        groups.setdefault(key, []).append(value)
    return groups
