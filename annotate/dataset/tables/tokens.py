"""The table `tokens`: a row a paragraph, its tokens with their places, and BIO tags for each layer.

A paragraph, not an article, is a row: it is what a model can read at once, and spans that cross paragraphs are rare; a
sentence would have to be guessed. A layer has `LEVELS` columns of tags, whatever the data: where spans of a layer
overlap, the one that starts first, or is longer, takes the lower level. What tags cannot say is in `unfit`.
"""

from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Mapping, Sequence
from itertools import accumulate, chain
from typing import Any, NamedTuple

import pyarrow as pa

from annotate.dataset.documents import Document
from annotate.dataset.features import INTEGER, PLACE, STRING, Feature, arrow_type, classes, listed
from annotate.dataset.plans import SEVERAL, Each, Plan, each, its, numbered
from annotate.dataset.tables.parts import PROVENANCE_COLUMNS, PROVENANCE_FEATURES, distinct, provenance_plan
from annotate.dataset.tables.table import TableType
from annotate.errors import CannotRun
from annotate.inventory import Inventory
from annotate.model import Span
from annotate.tags import tag_names

TOKENS = "tokens"
LEVELS = 3
"""Columns of tags a layer. Real annotations here need two."""
CUTS, DEEP, PIECE, CROSSES = "cuts a token", "too many overlap", "later piece", "crosses paragraphs"
REASONS = (CUTS, DEEP, PIECE, CROSSES)

WORD_OR_SIGN = r"[^\W_]+|[^\w\s]|_"
Tokenize = Callable[[str], list[tuple[str, tuple[int, int]]]]
"""Text → tokens with the code points `[start, end)` where they stand."""


class Mark(NamedTuple):
    """Tokens `first` to `last` of a row, both included, carry a span; `tag` is the class of its first token."""

    column: int
    first: int
    last: int
    tag: int


class Row(NamedTuple):
    """A paragraph `[start, end)` of an article; `starts` and `ends` count from the start of the article."""

    document: Document
    number: int
    start: int
    end: int
    words: Sequence[str]
    starts: Sequence[int]
    ends: Sequence[int]
    marks: list[Mark]
    unfit: list[tuple[Span, str]]


def tokenizer() -> Tokenize:
    """Words and single signs, by `tokenizers`. Its offsets are code points."""
    try:
        from tokenizers import Regex, pre_tokenizers
    except ModuleNotFoundError as error:
        raise CannotRun(
            f"table {TOKENS}", "needs the library tokenizers", "pip install 'contested-claims[dataset]'"
        ) from error
    tokenize: Tokenize = pre_tokenizers.Split(Regex(WORD_OR_SIGN), "removed", invert=True).pre_tokenize_str
    return tokenize


def column(layer: str, level: int) -> str:
    return f"{layer}_{level}"


def tokens(inventory: Inventory) -> TableType:
    layers = {name: inventory.classes.layers[name] for name in inventory.layers}
    levels = range(1, LEVELS + 1)
    tags = {column(layer, level): listed(classes(tag_names(layers[layer]))) for layer in layers for level in levels}
    unfit: Feature = {
        "id": STRING,
        "label": classes(inventory.classes.spans),
        **PLACE,
        "text": STRING,
        "reason": classes(REASONS),
    }
    features = distinct(
        TOKENS,
        {"id": STRING, "article": STRING, "number": INTEGER, **PLACE, "text": STRING},
        {"tokens": listed(STRING), "starts": listed(INTEGER), "ends": listed(INTEGER)},
        tags,
        {"unfit": listed(unfit), **PROVENANCE_FEATURES},
    )
    return TableType(
        name=TOKENS,
        definition="One row a paragraph: its tokens, and for each layer BIO tags.",
        about=(
            f"Where spans of a layer overlap, the one that starts first, or is longer, is in column 1, the next in 2,"
            f" up to {LEVELS}. `unfit` lists what the tags do not say as it is: a span with an edge within a token, one"
            " that no column has room for, one over several paragraphs; and each later piece of an interrupted span,"
            " whose tags do not tell that it goes on."
        ),
        features=features,
        items=_Reader(inventory, layers),
        plan=_plan(inventory, features, list(tags)),
        columns={
            "id": "article id, slash, number of the paragraph; unique in the table",
            "article": "id of the article; joins with `id` of `articles`",
            "number": "place of the paragraph among those of its article, from 0",
            "start": "where it starts in the article's text, in Unicode code points",
            "end": "where it ends, half open: `text[start:end]`",
            "text": "the paragraph",
            "tokens": "words and signs, split at white space and around every sign",
            "starts": "where each token starts in the article's text",
            "ends": "where it ends, half open",
            **{
                column(layer, level): f"tags of the layer {inventory.layers[layer].title}, level {level}"
                for layer in layers
                for level in levels
            },
            "unfit": "spans that the tags do not say as they are, and why",
            **PROVENANCE_COLUMNS,
        },
    )


def _plan(inventory: Inventory, features: Feature, tags: list[str]) -> Plan:
    label_ids, reason_ids = numbered(inventory.classes.spans), numbered(REASONS)

    def several(rows: list[Row]) -> dict[str, pa.Array]:
        """All columns with a value a token share their offsets."""
        bases = [0, *accumulate(len(row.words) for row in rows)]
        offsets = pa.array(bases, pa.int32())
        flat: dict[str, pa.Array] = {
            "tokens": pa.array(list(chain.from_iterable(row.words for row in rows)), pa.string()),
            "starts": pa.array(list(chain.from_iterable(row.starts for row in rows)), pa.int64()),
            "ends": pa.array(list(chain.from_iterable(row.ends for row in rows)), pa.int64()),
        }
        values = [array("q", bytes(8 * bases[-1])) for _ in tags]
        for base, row in zip(bases, rows, strict=False):
            for where, first, last, tag in row.marks:
                values[where][base + first] = tag
                values[where][base + first + 1 : base + last + 1] = array("q", [tag + 1]) * (last - first)
        for name, numbers in zip(tags, values, strict=True):
            flat[name] = pa.Array.from_buffers(pa.int64(), bases[-1], [None, pa.py_buffer(numbers)])
        return {
            name: pa.ListArray.from_arrays(offsets, inner, type=arrow_type(features[name]))
            for name, inner in flat.items()
        }

    unfit: Plan = {
        "id": each(lambda pair: pair[0].id),
        "label": each(lambda pair: label_ids[pair[0].label]),
        "start": each(lambda pair: pair[0].start),
        "end": each(lambda pair: pair[0].end),
        "text": each(lambda pair: pair[0].text),
        "reason": each(lambda pair: reason_ids[pair[1]]),
    }
    return {
        SEVERAL: several,
        "id": each(lambda row: f"{row.document.article.id}/{row.number}"),
        "article": its("document.article.id"),
        "number": its("number"),
        "start": its("start"),
        "end": its("end"),
        "text": each(lambda row: row.document.article.text[row.start : row.end]),
        "unfit": Each(lambda row: row.unfit, unfit),
        **provenance_plan(),
    }


class _Reader:
    """Makes the rows of a document; the tokenizer is made with the first."""

    def __init__(self, inventory: Inventory, layers: Mapping[str, Sequence[str]]) -> None:
        self._tokenize: Tokenize | None = None
        self._joining = inventory.pieces
        self._order = numbered(inventory.spans)
        self._tags = {
            label: (place * LEVELS, 1 + 2 * number)
            for place, (layer, labels) in enumerate(layers.items())
            for number, label in enumerate(labels)
            if label in inventory.spans and inventory.spans[label].layer == layer
        }

    def __call__(self, document: Document) -> list[Row]:
        self._tokenize = self._tokenize or tokenizer()
        rows = _paragraphs(document, self._tokenize)
        begins = [row.start for row in rows]
        spans: list[list[Span]] = [[] for _ in rows]
        for span in document.annotation.spans:
            spans[max(bisect_right(begins, span.start) - 1, 0)].append(span)
        later = {one.head for one in document.annotation.relations if one.label == self._joining}
        for row, inside in zip(rows, spans, strict=True):
            self._mark(row, inside, later)
        return rows

    def _mark(self, row: Row, spans: list[Span], later: set[str]) -> None:
        busy: dict[int, int] = {}
        for span in sorted(spans, key=lambda one: (one.start, -one.end, self._order[one.label], one.id)):
            first, last = _place_of(span.start, row.starts), _place_of(span.end, row.ends)
            if span.start < row.start or span.end > row.end:
                row.unfit.append((span, CROSSES))
            elif first is None or last is None:
                row.unfit.append((span, CUTS))
            else:
                base, tag = self._tags[span.label]
                free = next((where for where in range(base, base + LEVELS) if busy.get(where, -1) < first), None)
                if free is None:
                    row.unfit.append((span, DEEP))
                    continue
                busy[free] = last
                row.marks.append(Mark(free, first, last, tag))
                if span.id in later:
                    row.unfit.append((span, PIECE))


def _place_of(offset: int, sorted_: Sequence[int]) -> int | None:
    place = bisect_left(sorted_, offset)
    return place if place < len(sorted_) and sorted_[place] == offset else None


def _paragraphs(document: Document, tokenize: Tokenize) -> list[Row]:
    """The lines of a text that have anything to read, tokenized, with no marks yet; a text of none is one row."""
    rows: list[Row] = []
    start, text = 0, document.article.text
    for line in text.split("\n"):
        if line.strip():
            found: list[tuple[Any, tuple[int, int]]] = tokenize(line)
            words, places = zip(*found, strict=True)
            first, last = zip(*places, strict=True)
            starts, ends = (
                (first, last) if not start else ([start + one for one in first], [start + one for one in last])
            )
            rows.append(Row(document, len(rows), start, start + len(line), words, starts, ends, [], []))
        start += len(line) + 1
    return rows or [Row(document, 0, 0, len(text), [], [], [], [], [])]
