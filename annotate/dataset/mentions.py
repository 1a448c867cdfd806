"""The mentions of a batch as columns: spans, those that are pieces of one together, as `records.Mention` has them."""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from annotate.columns import UNKNOWN, Documents, Mask, Numbers, owners, text_order
from annotate.records import leaders


class Pieces(NamedTuple):
    """Those of mention n are at the places from `bounds[n]` to `bounds[n + 1]`; `spans` are places of spans."""

    bounds: Numbers
    spans: Numbers
    starts: Numbers
    ends: Numbers


class Mentions(NamedTuple):
    """Numbered through the batch in the order of the documents and of their first pieces; labels are those of these.

    `whole` is the number of the mention that each span is of, or is a piece of; `firsts` are the places of the first
    pieces among the spans, `owners` the numbers of documents. `ranks` say the order of the text among the mentions of a
    document: start, end, label, id.
    """

    whole: Numbers
    firsts: Numbers
    owners: Numbers
    labels: Numbers
    starts: Numbers
    ends: Numbers
    ranks: Numbers
    pieces: Pieces

    @property
    def several(self) -> Mask:
        """Which mentions have more than one piece."""
        found: Mask = np.diff(self.pieces.bounds) > 1
        return found

    def extent(self, number: int) -> list[tuple[int, int]]:
        """Start and end of each piece of a mention, in the order of the text."""
        some = slice(*self.pieces.bounds[number : number + 2].tolist())
        return list(zip(self.pieces.starts[some].tolist(), self.pieces.ends[some].tolist(), strict=True))


def mentions(labels: Documents) -> Mentions:
    """The mentions of documents in canonical order."""
    spans = labels.spans
    first_of, size = _first_pieces(labels), len(spans.ids)
    begins = first_of == np.arange(size)
    firsts, whole = np.flatnonzero(begins), (np.cumsum(begins) - 1)[first_of]
    order = np.argsort(whole, kind="stable")
    bounds = np.concatenate([[0], np.cumsum(np.bincount(whole, minlength=len(firsts)))])
    pieces = Pieces(bounds, order, spans.starts[order], spans.ends[order])
    owner, starts, label = owners(spans.bounds)[firsts], spans.starts[firsts], spans.labels[firsts]
    ends = np.maximum.reduceat(pieces.ends, bounds[:-1]) if size else pieces.ends
    ranks = np.arange(len(firsts))
    if len(firsts) < size:
        ids = [spans.ids[place] for place in firsts.tolist()]
        ranks[text_order(labels.inventory, ids, owner, starts, ends, label)] = np.arange(len(firsts))
    return Mentions(whole, firsts, owner, label, starts, ends, ranks, pieces)


def _first_pieces(labels: Documents) -> Numbers:
    """For each span the place of the first piece of its mention: its own, where no relation joins it to another."""
    found = np.arange(len(labels.spans.ids))
    pairs = list(_joins(labels))
    leader, first = leaders(pairs), dict[int, int]()
    for place in sorted({place for pair in pairs for place in pair}):
        found[place] = first.setdefault(leader(place), place)
    return found


def _joins(labels: Documents) -> Iterator[tuple[int, int]]:
    """The places of two spans of one label that are pieces of one."""
    relations, names = labels.relations, list(labels.inventory.relations)
    joining = labels.inventory.pieces
    if joining is None:
        return
    joins = np.flatnonzero(relations.labels == names.index(joining))
    kinds = labels.spans.labels
    for head, tail in zip(relations.heads[joins].tolist(), relations.tails[joins].tolist(), strict=True):
        if UNKNOWN not in (head, tail) and kinds[head] == kinds[tail]:
            yield head, tail
