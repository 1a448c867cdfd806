"""The mentions, relations and records of many documents at once, as columns: `annotate.records` on numpy arrays.

The dataset's tables are built from these columns. They compute what `records.Graph` computes, which alone defines how
pieces are joined and roles are filled; `tests/test_record_columns.py` holds the two equal for any annotations.

Both are kept since `annotate build` of 1,200 copies of this corpus's articles takes 1.38 times the processor time when
its tables are filled from `records.Graph` (4.75 s in place of 3.44 s; one process, least of four runs). The step itself
takes 5.6 times as long: 0.72 ms in place of 0.13 ms an article of 95 spans and 74 relations.
"""

from collections.abc import Iterator
from functools import cached_property
from itertools import groupby
from operator import itemgetter
from typing import NamedTuple

import numpy as np

from annotate.columns import (
    UNKNOWN,
    Documents,
    Integers,
    Mask,
    allowed_relations,
    document_indices,
    expand_ranges,
    order_spans,
    sort_rows,
)
from annotate.inventory import Condition, Enclosing, Role, meets_condition
from annotate.records import union_find

PAIRS_AT_ONCE = 1_000_000
"""Pairs of pieces that are compared at once, roughly: bounds the memory where one document has thousands of spans."""


class PieceColumns(NamedTuple):
    """The pieces of all mentions; those of mention `n` are at the positions from `bounds[n]` to `bounds[n + 1]`.

    Attributes:
        bounds: Positions at which mentions begin, and the number of pieces.
        spans: Position of each piece's span in `Documents.spans`.
        starts: First code points.
        ends: Code points after the last.
    """

    bounds: Integers
    spans: Integers
    starts: Integers
    ends: Integers


class MentionColumns(NamedTuple):
    """All mentions, in the order of the documents and of their first pieces; a mention is known by its index.

    Attributes:
        of_span: Index of the mention that each span is, or is a piece of.
        first_spans: Position of each mention's first piece in `Documents.spans`.
        documents: Index of each mention's document.
        labels: Indices of labels, those of the first pieces.
        starts: First code points.
        ends: Greatest ends of the pieces.
        ranks: Ranks in the order of the text (start, end, label, id), comparable within a document.
        pieces: The pieces of all mentions.
    """

    of_span: Integers
    first_spans: Integers
    documents: Integers
    labels: Integers
    starts: Integers
    ends: Integers
    ranks: Integers
    pieces: PieceColumns

    @property
    def is_interrupted(self) -> Mask:
        """Whether each mention has more than one piece."""
        interrupted: Mask = np.diff(self.pieces.bounds) > 1
        return interrupted

    def ranges(self, indices: Integers) -> dict[int, list[tuple[int, int]]]:
        """Return start and end of each piece of some mentions by index, in the order of the text."""
        bounds, pieces = self.pieces.bounds, self.pieces
        owner, positions = expand_ranges(bounds[indices], bounds[indices + 1])
        starts, ends = pieces.starts[positions].tolist(), pieces.ends[positions].tolist()
        ranges: dict[int, list[tuple[int, int]]] = {}
        for index, start, end in zip(indices[owner].tolist(), starts, ends, strict=True):
            ranges.setdefault(index, []).append((start, end))
        return ranges


class MentionRelations(NamedTuple):
    """The allowed relations between mentions, each triple of label and ends once, in the order of the annotations.

    Attributes:
        positions: Positions in `Documents.relations`.
        labels: Indices of relation labels.
        heads: Indices of mentions.
        tails: Indices of mentions.
    """

    positions: Integers
    labels: Integers
    heads: Integers
    tails: Integers


class FillerColumns(NamedTuple):
    """The fillers of a role; those of anchor `n` are at the positions from `bounds[n]` to `bounds[n + 1]`.

    Attributes:
        bounds: Positions at which anchors begin, and the number of fillers.
        mentions: Indices of the mentions that fill the role.
        distances: As `records.Filler.distance`.
        through: Indices of the mentions by which they were found, as `records.Filler.through`; `UNKNOWN` at distance 0.
    """

    bounds: Integers
    mentions: Integers
    distances: Integers
    through: Integers


class Graphs:
    """The graph of each document, all at once.

    Args:
        documents: Documents in canonical order, without unknown labels.
    """

    def __init__(self, documents: Documents) -> None:
        self.documents = documents

    @cached_property
    def mentions(self) -> MentionColumns:
        """The mentions of all documents."""
        spans = self.documents.spans
        first_pieces, size = _first_pieces(self.documents), len(spans.ids)
        is_first = first_pieces == np.arange(size)
        first_spans, of_span = np.flatnonzero(is_first), (np.cumsum(is_first) - 1)[first_pieces]
        order = np.argsort(of_span, kind="stable")
        bounds = np.concatenate([[0], np.cumsum(np.bincount(of_span, minlength=len(first_spans)))])
        pieces = PieceColumns(bounds, order, spans.starts[order], spans.ends[order])
        documents, labels = document_indices(spans.bounds)[first_spans], spans.labels[first_spans]
        starts = spans.starts[first_spans]
        ends = np.maximum.reduceat(pieces.ends, bounds[:-1]) if size else pieces.ends
        ranks = np.arange(len(first_spans))
        if len(first_spans) < size:
            # A mention's end is that of a later piece, so that the order of first pieces is not that of mentions.
            ids = [spans.ids[position] for position in first_spans.tolist()]
            ranks[order_spans(self.documents.inventory, ids, documents, starts, ends, labels)] = np.arange(len(ranks))
        return MentionColumns(of_span, first_spans, documents, labels, starts, ends, ranks, pieces)

    @cached_property
    def related(self) -> MentionRelations:
        """The relations between mentions."""
        relations, of_span = self.documents.relations, self.mentions.of_span
        span_labels = np.append(self.documents.spans.labels, UNKNOWN)
        allowed = allowed_relations(self.documents.inventory)[
            relations.labels, span_labels[relations.heads], span_labels[relations.tails]
        ]
        positions = np.flatnonzero(allowed)
        heads, tails = of_span[relations.heads[positions]], of_span[relations.tails[positions]]
        order, is_repeated = sort_rows(heads, tails, relations.labels[positions])
        unique = np.sort(order[~is_repeated])
        return MentionRelations(positions[unique], relations.labels[positions[unique]], heads[unique], tails[unique])

    def mentions_labelled(self, label: str) -> Integers:
        """Return the indices of the mentions with a label."""
        index = list(self.documents.inventory.spans).index(label)
        indices: Integers = np.flatnonzero(self.mentions.labels == index)
        return indices

    def tails(self, relation: str, heads: Integers) -> tuple[Integers, Integers]:
        """Return the mentions that a relation leads to from some mentions.

        Args:
            relation: Name of the relation.
            heads: Indices of mentions.

        Returns:
            Pairs of head and tail, sorted by the index of the head; the tails of a head in the order of the text.
        """
        related, is_asked = self.related, np.zeros(len(self.mentions.labels), np.bool_)
        is_asked[heads] = True
        label = list(self.documents.inventory.relations).index(relation)
        positions = np.flatnonzero((related.labels == label) & is_asked[related.heads])
        order, _ = sort_rows(related.heads[positions], self.mentions.ranks[related.tails[positions]])
        return related.heads[positions[order]], related.tails[positions[order]]

    def fillers(self, anchors: Integers, role: Role) -> FillerColumns:
        """Return what fills a role of each anchor, by the rules of `records.Graph.records`.

        Args:
            anchors: Ascending indices of mentions.
            role: The role.
        """
        positions, mentions, distances, through = self._fill_from_relation(anchors, role)
        if role.enclosing:
            unfilled = np.setdiff1d(self._meeting(anchors, role.when), positions)
            rows = self._fill_from_enclosing(anchors[unfilled], role.enclosing)
            positions = np.concatenate([positions, unfilled[rows[:, 0]]])
            mentions, distances, through = (
                np.concatenate([values, more])
                for values, more in zip((mentions, distances, through), rows.T[1:], strict=True)
            )
        order = np.argsort(positions, kind="stable")
        bounds: Integers = np.searchsorted(positions[order], np.arange(len(anchors) + 1))
        return FillerColumns(bounds, mentions[order], distances[order], through[order])

    def _fill_from_relation(self, anchors: Integers, role: Role) -> tuple[Integers, Integers, Integers, Integers]:
        """Return what the role's relation gives to each anchor that meets the role's condition.

        Args:
            anchors: Ascending indices of mentions.
            role: The role.

        Returns:
            For each filler, in the order of the anchors: position of the anchor, mention, distance, and the mention
            through which it was found.
        """
        if role.relation is None:
            nothing = np.zeros(0, np.int64)
            return nothing, nothing, nothing, nothing
        heads, mentions = self.tails(role.relation, anchors[self._meeting(anchors, role.when)])
        positions: Integers = np.searchsorted(anchors, heads)
        if role.follow:
            return self._follow(positions, mentions, role.follow)
        return positions, mentions, np.zeros(len(mentions), np.int64), np.full(len(mentions), UNKNOWN)

    def _meeting(self, mentions: Integers, condition: Condition) -> Integers:
        """Return the positions in `mentions` of those that meet a condition."""
        if not condition:
            return np.arange(len(mentions))
        attributes = self.documents.spans.attributes
        first_spans = self.mentions.first_spans[mentions].tolist()
        return np.flatnonzero([meets_condition(attributes[span], condition) for span in first_spans])

    def _follow(
        self, positions: Integers, tails: Integers, relation: str
    ) -> tuple[Integers, Integers, Integers, Integers]:
        """Put what tails stand for by a relation in their place.

        Args:
            positions: The positions of the tails' anchors, ascending.
            tails: Indices of mentions.
            relation: Name of the relation to follow.

        Returns:
            For each filler, in the order of the anchors: position of the anchor, mention, distance, and the mention
            through which it was found.
        """
        inventory, ranks = self.documents.inventory, self.mentions.ranks
        heads, followed = self.tails(relation, np.unique(tails))
        first, stop = np.searchsorted(heads, tails), np.searchsorted(heads, tails, "right")
        labels = list(inventory.spans)
        fits = np.isin(
            self.mentions.labels[tails], [labels.index(label) for label in inventory.relations[relation].tail]
        )
        kept = np.flatnonzero((first == stop) & fits)
        row, found = expand_ranges(first, stop)
        positions = np.concatenate([positions[kept], positions[row]])
        mentions = np.concatenate([tails[kept], followed[found]])
        distances = np.repeat([0, 1], [len(kept), len(row)])
        through = np.concatenate([np.full(len(kept), UNKNOWN), tails[row]])
        # Rows with equal keys stay in their order, which is that of the tails in the text.
        order, is_repeated = sort_rows(positions, mentions, distances)
        is_repeated[1:] = (np.diff(positions[order]) == 0) & (np.diff(mentions[order]) == 0)
        rows = order[~is_repeated]
        rows = rows[sort_rows(positions[rows], distances[rows], ranks[mentions[rows]])[0]]
        return positions[rows], mentions[rows], distances[rows], through[rows]

    def _fill_from_enclosing(self, anchors: Integers, rule: Enclosing) -> Integers:
        """Return a row a filler: position in `anchors`, mention, distance, anchor of the enclosing record.

        Rows are in the order of the anchors; those of an anchor are nearest first.
        """
        outer, mentions = self.documents.inventory.records[rule.record], self.mentions
        outer_anchors = self.mentions_labelled(outer.anchor)
        outer_anchors = outer_anchors[self._meeting(outer_anchors, rule.where)]
        positions, within, _, _ = self._fill_from_relation(outer_anchors, outer.roles[rule.within])
        outer_mentions = np.unique(within)
        inner_positions, outer_positions = find_enclosing(mentions, anchors, outer_mentions)
        rows = list[tuple[int, int, int, int]]()
        if not len(inner_positions):
            return np.zeros((0, 4), np.int64)
        # Few of the outer mentions are around anything: only of these is the rest read, value by value.
        around = outer_mentions[np.unique(outer_positions)]
        is_around = np.isin(within, around)
        heads_of = _group(within[is_around], outer_anchors[positions[is_around]])
        outer_anchors = np.unique(outer_anchors[positions[is_around]])
        positions, taken, _, _ = self._fill_from_relation(outer_anchors, outer.roles[rule.take])
        taken_from = _group(outer_anchors[positions], taken)
        passing = set(outer_anchors[self._meeting(outer_anchors, rule.passes_on)].tolist())
        ranges = mentions.ranges(around)

        def nearness(mention: int) -> tuple[int, list[tuple[int, int]], int]:
            return sum(end - start for start, end in ranges[mention]), ranges[mention], int(mentions.ranks[mention])

        pairs = zip(inner_positions.tolist(), outer_mentions[outer_positions].tolist(), strict=True)
        for position, group in groupby(pairs, itemgetter(0)):
            anchor = int(anchors[position])
            distance, pieces, is_last = 0, None, False
            fillers: dict[int, tuple[int, int]] = {}
            candidates = [mention for _, mention in group]
            if len(candidates) > 1:
                candidates.sort(key=nearness)
            for mention in candidates:
                heads = [head for head in heads_of[mention] if head != anchor]
                if not heads:
                    continue
                if ranges[mention] != pieces:
                    if is_last:
                        break
                    distance, pieces = distance + 1, ranges[mention]
                for head in heads:
                    if distance > 1 and head not in passing:
                        is_last = True
                        continue
                    for filler in taken_from.get(head, ()):
                        fillers.setdefault(filler, (distance, head))
            rows += [(position, filler, distance, head) for filler, (distance, head) in fillers.items()]
        return np.array(rows, np.int64).reshape(-1, 4)


def find_enclosing(
    mentions: MentionColumns, inner: Integers, outer: Integers, pairs_at_once: int = PAIRS_AT_ONCE
) -> tuple[Integers, Integers]:
    """Find which mentions are around which: the outer one has a piece around each piece of the inner one.

    Args:
        mentions: All mentions.
        inner: Indices of mentions.
        outer: Indices of mentions.
        pairs_at_once: Pairs of pieces that are compared at once, roughly.

    Returns:
        Pairs of positions in `inner` and in `outer`, sorted.
    """
    if not len(inner) or not len(outer):
        return np.zeros(0, np.int64), np.zeros(0, np.int64)
    inner_of_piece, starts, ends = _comparable_pieces(mentions, inner)
    outer_of_piece, opens, closes = _comparable_pieces(mentions, outer)
    order = np.argsort(opens, kind="stable")
    outer_of_piece, opens, closes = outer_of_piece[order], opens[order], closes[order]
    # Candidates for a piece: from the first outer piece by which one has closed as late, to the last that opens before.
    first = np.searchsorted(np.maximum.accumulate(closes), ends)
    stop = np.searchsorted(opens, starts, "right")
    keys = []
    for some in _split_by_sum(stop - first, pairs_at_once):
        piece, candidate = expand_ranges(first[some], stop[some])
        piece = some[piece]
        is_around = closes[candidate] >= ends[piece]
        keys.append(piece[is_around] * len(outer) + outer_of_piece[candidate[is_around]])
    # A piece counts an outer mention once; an outer mention that all pieces count is around the whole mention.
    piece, outer_positions = np.divmod(np.unique(np.concatenate(keys)), len(outer))
    pairs, counts = np.unique(inner_of_piece[piece] * len(outer) + outer_positions, return_counts=True)
    inner_positions, outer_positions = np.divmod(pairs, len(outer))
    is_around_all = counts == np.bincount(inner_of_piece)[inner_positions]
    return inner_positions[is_around_all], outer_positions[is_around_all]


def _first_pieces(documents: Documents) -> Integers:
    """Return for each span the position of the first piece of its mention: its own, where no relation joins it."""
    first_pieces = np.arange(len(documents.spans.ids))
    joins = list(_joins(documents))
    leader, first_of_group = union_find(joins), dict[int, int]()
    for position in sorted({position for join in joins for position in join}):
        first_pieces[position] = first_of_group.setdefault(leader(position), position)
    return first_pieces


def _joins(documents: Documents) -> Iterator[tuple[int, int]]:
    """Yield the positions of two spans of one label that are pieces of one mention."""
    relations, joining = documents.relations, documents.inventory.pieces
    if joining is None:
        return
    labels = documents.spans.labels
    joins = np.flatnonzero(relations.labels == list(documents.inventory.relations).index(joining))
    for head, tail in zip(relations.heads[joins].tolist(), relations.tails[joins].tolist(), strict=True):
        if UNKNOWN not in (head, tail) and labels[head] == labels[tail]:
            yield head, tail


def _comparable_pieces(mentions: MentionColumns, indices: Integers) -> tuple[Integers, Integers, Integers]:
    """Return the pieces of some mentions: position in `indices`, start and end, shifted apart for each document."""
    bounds, pieces = mentions.pieces.bounds, mentions.pieces
    owner, positions = expand_ranges(bounds[indices], bounds[indices + 1])
    shift = mentions.documents[indices][owner] * (pieces.ends.max() + 1)
    return owner, shift + pieces.starts[positions], shift + pieces.ends[positions]


def _split_by_sum(sizes: Integers, most: int) -> Iterator[Integers]:
    """Yield the positions of `sizes`, divided where their sum has grown by `most`."""
    total = np.cumsum(np.maximum(sizes, 0))
    yield from np.split(np.arange(len(sizes)), np.searchsorted(total, np.arange(most, total[-1], most)))


def _group(keys: Integers, values: Integers) -> dict[int, list[int]]:
    groups: dict[int, list[int]] = {}
    for key, value in zip(keys.tolist(), values.tolist(), strict=True):
        groups.setdefault(key, []).append(value)
    return groups
