"""The tables of a dataset that has no word of its articles: offsets, labels and hashes stay, other strings go.

What stays is named by its table and its whole path, as an attribute or a role of an inventory may have any name; a
string column that is not named here is emptied, so that a new column gives nothing away.
"""

from collections.abc import Mapping, Set

import numpy as np
import pyarrow as pa

from annotate.dataset.arrow import lengths

SKELETON = "skeleton.jsonl"
"""What `annotate hydrate` makes the dataset of again, beside the tables."""

_LABELLED = ("id", "text_sha256", "annotator", "made_from", "inventory")
_GRAPH = ("spans.id", "relations.head_id", "relations.tail_id")
STAYS: Mapping[str, Set[str]] = {
    "articles": {*_LABELLED, *_GRAPH, "language", "date", "rights", "source.file", "source.sha256"},
    "annotations": {*_LABELLED, *_GRAPH, "article"},
    "tokens": {"id", "article", "unfit.id", "annotator"},
    "relations": {"id", "article", "head.id", "tail.id", "annotator"},
    "links": {"id", "passages.article"},
}
"""Paths of string columns that hold no words of an article, by table; a list adds no step to a path."""

RECORD_STAYS = {"id", "article", "span_id", "annotator", "*.id"}
"""The same of the tables of records. No attribute is called so there: two columns would have one name."""


def without_text(table: pa.Table, name: str) -> pa.Table:
    """The same rows of the table that is called so, with None for each string of a column that does not stay."""
    stays = STAYS.get(name, RECORD_STAYS)
    columns = [
        pa.chunked_array([_empty(chunk, field, (field.name,), stays) for chunk in column.chunks], field.type)
        for column, field in zip(table.columns, table.schema, strict=True)
    ]
    return pa.Table.from_arrays(columns, schema=table.schema)


def _empty(array: pa.Array, field: pa.Field, path: tuple[str, ...], stays: Set[str]) -> pa.Array:
    type_ = field.type
    if pa.types.is_struct(type_):
        parts = [
            _empty(part, inner, (*path, inner.name), stays) for part, inner in zip(array.flatten(), type_, strict=True)
        ]
        return pa.StructArray.from_arrays(parts, fields=list(type_), mask=array.is_null())
    if pa.types.is_list(type_):
        inner = _empty(array.flatten(), type_.value_field, path, stays)
        offsets = pa.array(np.concatenate([[0], np.cumsum(lengths(array))]), pa.int32())
        return pa.ListArray.from_arrays(offsets, inner, type=type_, mask=array.is_null() if array.null_count else None)
    if pa.types.is_string(type_) and not {".".join(path), ".".join(("*", *path[1:]))} & stays:
        return pa.nulls(len(array), type_)
    return array
