"""What fills the roles of the records of a batch, as columns: the same as `annotate.records` finds in one document."""

from typing import NamedTuple

import numpy as np

from annotate.columns import UNKNOWN, Numbers
from annotate.dataset.documents import Source
from annotate.dataset.enclosing import taken
from annotate.inventory import Role


class Fillers(NamedTuple):
    """Those of anchor n are at the places from `bounds[n]` to `bounds[n + 1]`; `mentions` are their numbers.

    `through` are the anchors of the records around that they were taken from, UNKNOWN for a relation of its own.
    """

    bounds: Numbers
    mentions: Numbers
    distances: Numbers
    through: Numbers


def fillers(source: Source, anchors: Numbers, role: Role) -> Fillers:
    """What fills a role of anchors, which are in the order of their numbers."""
    heads, tails = source.tails(role.relation, anchors)
    places: Numbers = np.searchsorted(anchors, heads)
    distances: Numbers = np.zeros(len(tails), np.int64)
    through: Numbers = np.full(len(tails), UNKNOWN)
    if role.enclosing:
        bare = np.setdiff1d(np.arange(len(anchors)), places)
        more = taken(source, anchors[bare], role.enclosing)
        places = np.concatenate([places, bare[np.array(more.anchors, np.int64)]])
        tails = np.concatenate([tails, np.array(more.mentions, np.int64)])
        distances = np.concatenate([distances, np.array(more.distances, np.int64)])
        through = np.concatenate([through, np.array(more.through, np.int64)])
    order = np.argsort(places, kind="stable")
    bounds: Numbers = np.searchsorted(places[order], np.arange(len(anchors) + 1))
    return Fillers(bounds, tails[order], distances[order], through[order])
