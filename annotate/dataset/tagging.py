"""Which tokens each span covers, which level of tags it takes, and what tags cannot say of it."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np

from annotate.columns import Documents, Mask, Numbers, counted, owners
from annotate.dataset.paragraphs import Paragraphs
from annotate.inventory import Inventory

LEVELS = 3
"""Columns of tags a layer. Real annotations here need two."""
CUTS, DEEP, PIECE, CROSSES = "cuts a token", "too many overlap", "later piece", "crosses paragraphs"
REASONS = (CUTS, DEEP, PIECE, CROSSES)
NONE = -1
"""No token, no level, no reason."""


class Marks(NamedTuple):
    """Spans that are tagged: the column, the tokens from `first` to `last`, both included, and the class of the first.

    Columns count through the levels of each layer, tokens through the batch.
    """

    columns: Numbers
    first: Numbers
    last: Numbers
    tags: Numbers


class Unfit(NamedTuple):
    """Places of spans in the batch, and why they are here, by number of `REASONS`.

    Those of paragraph n are from `bounds[n]` to `bounds[n + 1]`.
    """

    bounds: Numbers
    spans: Numbers
    reasons: Numbers


class Tagger:
    """Finds the tags for one inventory; `layers` has the labels of each in the order of their class ids."""

    def __init__(self, inventory: Inventory, layers: Mapping[str, Sequence[str]]) -> None:
        names, spans = list(layers), inventory.spans.values()
        self._layer = np.array([names.index(label.layer) for label in spans], np.int64)
        self._tag = np.array([1 + 2 * layers[label.layer].index(label.name) for label in spans], np.int64)
        self._joining = list(inventory.relations).index(inventory.pieces) if inventory.pieces else NONE

    def __call__(self, labels: Documents, paragraphs: Paragraphs) -> tuple[Marks, Unfit]:
        """The labels are in canonical order: of spans with one place and label, the one with the lower id is first."""
        spans, owner = labels.spans, owners(labels.spans.bounds)
        order = np.lexsort((spans.labels, -spans.ends, spans.starts, owner))
        starts, ends, label = spans.starts[order], spans.ends[order], spans.labels[order]
        rows = paragraphs.holding(owner[order], starts)
        shift = paragraphs.at[rows] - paragraphs.starts[rows]
        first = _place_of(starts + shift, paragraphs.tokens.starts)
        last = _place_of(ends + shift, paragraphs.tokens.ends)

        reasons = np.where((first == NONE) | (last == NONE), REASONS.index(CUTS), NONE)
        reasons[(starts < paragraphs.starts[rows]) | (ends > paragraphs.ends[rows])] = REASONS.index(CROSSES)
        fit = np.flatnonzero(reasons == NONE)
        level = levels(self._layer[label[fit]], first[fit], last[fit])
        reasons[fit[self._later(labels)[order[fit]]]] = REASONS.index(PIECE)
        reasons[fit[level == NONE]] = REASONS.index(DEEP)

        fit, level = fit[level != NONE], level[level != NONE]
        marks = Marks(self._layer[label[fit]] * LEVELS + level, first[fit], last[fit], self._tag[label[fit]])
        unfit = np.flatnonzero(reasons != NONE)
        bounds = np.searchsorted(rows[unfit], np.arange(len(paragraphs.starts) + 1))
        return marks, Unfit(bounds, order[unfit], reasons[unfit])

    def _later(self, labels: Documents) -> Mask:
        """The spans that go on with one before."""
        relations = labels.relations
        later = np.zeros(len(labels.spans.ids), np.bool_)
        later[relations.heads[relations.labels == self._joining]] = True
        return later


def levels(layers: Numbers, first: Numbers, last: Numbers) -> Numbers:
    """The level of each span, from 0: the lowest at which no span of its layer before it has one of its tokens.

    NONE where none is free. Spans come in the order of their first tokens.
    """
    level = np.zeros(len(layers), np.int64)
    if not len(layers):
        return level
    order = np.argsort(layers, kind="stable")
    # Each layer has tokens of its own, all of them behind those of the layer before: none reaches into another.
    apart = layers[order] * (last.max() + 2)
    reached = np.maximum.accumulate(apart + last[order])
    meets = np.append(False, apart[1:] + first[order][1:] <= reached[:-1])
    # Most spans meet none before them, and have level 0. Those that do come in runs, each behind one that does not.
    firsts, lasts = first[order].tolist(), last[order].tolist()
    taken: list[int] = []
    for number in np.flatnonzero(meets).tolist():
        if not meets[number - 1]:
            taken = [lasts[number - 1]]
        free = next((at for at, end in enumerate(taken) if end < firsts[number]), len(taken))
        if free == LEVELS:
            level[order[number]] = NONE
        else:
            taken[free : free + 1] = [lasts[number]]
            level[order[number]] = free
    return level


def tag_columns(marks: Marks, columns: int, tokens: int) -> Numbers:
    """A row a column, a number a token: the tag of a mark at its first token, one more at its others, 0 elsewhere."""
    found = np.zeros((columns, tokens), np.int64)
    found[marks.columns, marks.first] = marks.tags
    mark, token = counted(marks.first + 1, marks.last + 1)
    found[marks.columns[mark], token] = marks.tags[mark] + 1
    return found


def _place_of(values: Numbers, among: Numbers) -> Numbers:
    """Where each value stands among sorted ones; NONE where it does not."""
    places = np.searchsorted(among, values)
    return np.where(np.append(among, NONE)[places] == values, places, NONE)
