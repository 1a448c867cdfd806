"""Spans to BIO tags: the tokens a span covers, its level of tags, and the spans that tags cannot express."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np

from annotate.columns import Documents, Integers, Mask, document_indices, expand_ranges
from annotate.dataset.tokens import Paragraphs
from annotate.inventory import Inventory

LEVELS = 3
"""Columns of tags a layer. Real annotations here need two."""
CUTS, DEEP, PIECE, CROSSES = "cuts a token", "too many overlap", "later piece", "crosses paragraphs"
REASONS = (CUTS, DEEP, PIECE, CROSSES)
NONE = -1
"""No token, no level, no reason."""


class TaggedSpans(NamedTuple):
    """The spans that are tagged; tokens count through the batch.

    Attributes:
        columns: Index of the column of tags, counted through the levels of each layer.
        first: First token.
        last: Last token, included.
        tags: Class id of the first token's tag; that of the others is one more.
    """

    columns: Integers
    first: Integers
    last: Integers
    tags: Integers


class UnfitSpans(NamedTuple):
    """The spans that tags do not express as they are; those of paragraph `n` are from `bounds[n]` to `bounds[n + 1]`.

    Attributes:
        bounds: Indices at which paragraphs begin, and the number of such spans.
        spans: Positions in `Documents.spans`.
        reasons: Indices in `REASONS`.
    """

    bounds: Integers
    spans: Integers
    reasons: Integers


class Tagger:
    """Finds the tags of spans.

    Args:
        inventory: The inventory.
        layers: The labels of each layer, in the order of their class ids.
    """

    def __init__(self, inventory: Inventory, layers: Mapping[str, Sequence[str]]) -> None:
        names, labels = list(layers), inventory.spans.values()
        self._layers = np.array([names.index(label.layer) for label in labels], np.int64)
        self._tags = np.array([1 + 2 * layers[label.layer].index(label.name) for label in labels], np.int64)
        self._joining = list(inventory.relations).index(inventory.pieces) if inventory.pieces else NONE

    def __call__(self, documents: Documents, paragraphs: Paragraphs) -> tuple[TaggedSpans, UnfitSpans]:
        """Return the spans that are tagged, and those that tags do not express; a span may be both.

        Args:
            documents: Documents in canonical order, so that of spans with one range and label the lower id is first.
            paragraphs: The paragraphs of their articles.
        """
        spans, document = documents.spans, document_indices(documents.spans.bounds)
        order = np.lexsort((spans.labels, -spans.ends, spans.starts, document))
        starts, ends, labels = spans.starts[order], spans.ends[order], spans.labels[order]
        rows = paragraphs.find(document[order], starts)
        shift = paragraphs.bases[rows] - paragraphs.starts[rows]
        first = _index_in(starts + shift, paragraphs.tokens.starts)
        last = _index_in(ends + shift, paragraphs.tokens.ends)

        reasons = np.where((first == NONE) | (last == NONE), REASONS.index(CUTS), NONE)
        reasons[(starts < paragraphs.starts[rows]) | (ends > paragraphs.ends[rows])] = REASONS.index(CROSSES)
        fit = np.flatnonzero(reasons == NONE)
        level = assign_levels(self._layers[labels[fit]], first[fit], last[fit])
        reasons[fit[self._is_later_piece(documents)[order[fit]]]] = REASONS.index(PIECE)
        reasons[fit[level == NONE]] = REASONS.index(DEEP)

        fit, level = fit[level != NONE], level[level != NONE]
        columns = self._layers[labels[fit]] * LEVELS + level
        tagged = TaggedSpans(columns, first[fit], last[fit], self._tags[labels[fit]])
        unfit = np.flatnonzero(reasons != NONE)
        bounds = np.searchsorted(rows[unfit], np.arange(len(paragraphs.starts) + 1))
        return tagged, UnfitSpans(bounds, order[unfit], reasons[unfit])

    def _is_later_piece(self, documents: Documents) -> Mask:
        """Return which spans continue an earlier one."""
        relations = documents.relations
        later = np.zeros(len(documents.spans.ids), np.bool_)
        later[relations.heads[relations.labels == self._joining]] = True
        return later


def assign_levels(layers: Integers, first: Integers, last: Integers) -> Integers:
    """Return the level of each span, from 0: the lowest at which no earlier span of its layer has one of its tokens.

    Args:
        layers: Index of each span's layer.
        first: First tokens, ascending.
        last: Last tokens, included.

    Returns:
        Levels, `NONE` where no level is free.
    """
    level = np.zeros(len(layers), np.int64)
    if not len(layers):
        return level
    order = np.argsort(layers, kind="stable")
    # Each layer has tokens of its own, after those of the layer before, so that no span reaches into another layer.
    shift = layers[order] * (last.max() + 2)
    reached = np.maximum.accumulate(shift + last[order])
    overlaps = np.append(False, shift[1:] + first[order][1:] <= reached[:-1])
    # Most spans overlap no earlier one and have level 0. Those that do are in runs, each after a span that does not.
    firsts, lasts = first[order].tolist(), last[order].tolist()
    ends_by_level: list[int] = []
    for index in np.flatnonzero(overlaps).tolist():
        if not overlaps[index - 1]:
            ends_by_level = [lasts[index - 1]]
        free = next((at for at, end in enumerate(ends_by_level) if end < firsts[index]), len(ends_by_level))
        if free == LEVELS:
            level[order[index]] = NONE
        else:
            ends_by_level[free : free + 1] = [lasts[index]]
            level[order[index]] = free
    return level


def tag_columns(tagged: TaggedSpans, columns: int, tokens: int) -> Integers:
    """Return the class ids of tags as an array `[column, token]`: B and I of the tagged spans, 0 elsewhere."""
    tags = np.zeros((columns, tokens), np.int64)
    tags[tagged.columns, tagged.first] = tagged.tags
    span, token = expand_ranges(tagged.first + 1, tagged.last + 1)
    tags[tagged.columns[span], token] = tagged.tags[span] + 1
    return tags


def _index_in(values: Integers, ascending: Integers) -> Integers:
    """Return the index of each value among ascending ones, `NONE` where it is not one of them."""
    indices = np.searchsorted(ascending, values)
    return np.where(np.append(ascending, NONE)[indices] == values, indices, NONE)
