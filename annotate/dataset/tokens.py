"""The tokens of `annotate.tokens.tokenize`, for millions of characters at once.

What `tokenize` does with a character depends on that character alone, except that adjacent word characters are one
token. So it is asked once about each character, and numpy does the rest, in a seventh of the time that
`tokenize` takes for whole texts. A property test holds the two equal.

The paragraphs of many articles with their tokens, as columns.

Which tokens each span covers, which level of tags it takes, and what tags cannot say of it.
"""

import sys
from collections.abc import Mapping, Sequence
from typing import NamedTuple, TypeAlias

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from annotate.columns import Documents, Integers, Mask, document_indices, expand_ranges
from annotate.inventory import Inventory
from annotate.model import Article
from annotate.tokens import tokenize

Codes: TypeAlias = npt.NDArray[np.uint32]

_UTF_32 = "utf-32-le"
_UNKNOWN, _SPACE, _WORD, _SIGN = range(4)


class Tokens(NamedTuple):
    """The tokens of a text in order, with the code points where they stand, half open."""

    words: pa.Array
    starts: Integers
    ends: Integers


class Tokenizer:
    """Tokenizes texts as `annotate.tokens.tokenize` does, and remembers the kind of each character."""

    def __init__(self) -> None:
        self._kinds = np.full(sys.maxunicode + 1, _UNKNOWN, np.uint8)

    def __call__(self, text: str) -> Tokens:
        codes = np.frombuffer(text.encode(_UTF_32), "<u4")
        kinds = self._kinds[codes]
        if not kinds.all():
            self._learn(np.unique(codes[kinds == _UNKNOWN]))
            kinds = self._kinds[codes]
        inside, word = kinds != _SPACE, kinds == _WORD
        goes_on = word[1:] & word[:-1]
        first, last = inside.copy(), inside.copy()
        first[1:] ^= goes_on
        last[:-1] ^= goes_on
        starts, ends = np.flatnonzero(first), np.flatnonzero(last) + 1
        return Tokens(_cut(codes[inside], ends - starts), starts, ends)

    def _learn(self, codes: Codes) -> None:
        """Learn the kind of each character: doubled, it gives no token, one or two."""
        self._kinds[codes] = [_SPACE + len(tokenize(2 * chr(code))) for code in codes.tolist()]


def _cut(codes: Codes, lengths: Integers) -> pa.Array:
    """Characters, cut one after the other into strings of so many."""
    data = np.frombuffer(codes.tobytes().decode(_UTF_32).encode(), np.uint8)
    bounds = np.concatenate([[0], np.cumsum(lengths)])
    if len(data) > len(codes):
        # Where each character begins: any other byte of UTF-8 is 10xxxxxx in binary.
        bounds = np.append(np.flatnonzero(data & 0xC0 != 0x80), len(data))[bounds]
    return pa.StringArray.from_buffers(len(lengths), pa.array(bounds, pa.int32()).buffers()[1], pa.py_buffer(data))


class Paragraphs(NamedTuple):
    """The lines of each article that have anything to read; all of it where it has none of them.

    Those of article n are at the places from `bounds[n]` to `bounds[n + 1]`. `starts` and `ends` are code points of the
    article. Tokens count through the batch, those of paragraph n are from `token_bounds[n]` to `token_bounds[n + 1]`;
    they stand in a text of their own, in which paragraph n begins at `at[n]`.
    """

    bounds: Integers
    starts: Integers
    ends: Integers
    texts: list[str]
    at: Integers
    tokens: Tokens
    token_bounds: Integers

    def holding(self, articles: Integers, offsets: Integers) -> Integers:
        """The paragraph at or before each offset of an article; the first one where there is none."""
        # Articles one behind the other, each as long as the longest.
        long = max(self.ends.max(initial=0), offsets.max(initial=0)) + 1
        begins = document_indices(self.bounds) * long + self.starts
        before: Integers = np.searchsorted(begins, articles * long + offsets, "right") - 1
        return np.maximum(before, self.bounds[articles])


def paragraphs(articles: Sequence[Article], tokenize: Tokenizer) -> Paragraphs:
    bounds, starts, texts, lines = [0], list[int](), list[str](), list[str]()
    for article in articles:
        start = 0
        for line in article.text.split("\n"):
            if line and not line.isspace():
                starts.append(start)
                texts.append(line)
                lines.append(line)
            start += len(line) + 1
        if len(starts) == bounds[-1]:
            starts.append(0)
            texts.append(article.text)
            lines.append(" " * len(article.text))
        bounds.append(len(starts))
    tokens = tokenize("\n".join(lines))
    at = np.cumsum([0, *(len(line) + 1 for line in lines)])
    return Paragraphs(
        np.array(bounds, np.int64),
        np.array(starts, np.int64),
        np.array(starts, np.int64) + np.fromiter(map(len, texts), np.int64, len(texts)),
        texts,
        at[:-1],
        tokens,
        np.searchsorted(tokens.starts, at),
    )


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

    columns: Integers
    first: Integers
    last: Integers
    tags: Integers


class Unfit(NamedTuple):
    """Places of spans in the batch, and why they are here, by number of `REASONS`.

    Those of paragraph n are from `bounds[n]` to `bounds[n + 1]`.
    """

    bounds: Integers
    spans: Integers
    reasons: Integers


class Tagger:
    """Finds the tags for one inventory; `layers` has the labels of each in the order of their class ids."""

    def __init__(self, inventory: Inventory, layers: Mapping[str, Sequence[str]]) -> None:
        names, spans = list(layers), inventory.spans.values()
        self._layer = np.array([names.index(label.layer) for label in spans], np.int64)
        self._tag = np.array([1 + 2 * layers[label.layer].index(label.name) for label in spans], np.int64)
        self._joining = list(inventory.relations).index(inventory.pieces) if inventory.pieces else NONE

    def __call__(self, labels: Documents, paragraphs: Paragraphs) -> tuple[Marks, Unfit]:
        """The labels are in canonical order: of spans with one place and label, the one with the lower id is first."""
        spans, owner = labels.spans, document_indices(labels.spans.bounds)
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


def levels(layers: Integers, first: Integers, last: Integers) -> Integers:
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


def tag_columns(marks: Marks, columns: int, tokens: int) -> Integers:
    """A row a column, a number a token: the tag of a mark at its first token, one more at its others, 0 elsewhere."""
    found = np.zeros((columns, tokens), np.int64)
    found[marks.columns, marks.first] = marks.tags
    mark, token = expand_ranges(marks.first + 1, marks.last + 1)
    found[marks.columns[mark], token] = marks.tags[mark] + 1
    return found


def _place_of(values: Integers, among: Integers) -> Integers:
    """Where each value stands among sorted ones; NONE where it does not."""
    places = np.searchsorted(among, values)
    return np.where(np.append(among, NONE)[places] == values, places, NONE)
