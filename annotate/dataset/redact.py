"""Rows without the words of their articles: offsets, labels and hashes are kept, other strings become None.

The columns that are kept are named by table and whole path, since an attribute or a role may have any name. A string
column that is not named here is emptied, so that a new column discloses nothing.
"""

from collections.abc import Mapping, Set

import numpy as np
import pyarrow as pa

from annotate.dataset.arrow import lengths
from annotate.dataset.features import ARTICLES
from annotate.inventory import Inventory

SKELETON = "skeleton.jsonl"
"""The file from which `annotate hydrate` restores the dataset, in the folder of the tables."""

_LABELLED = ("id", "text_sha256", "annotator", "made_from", "inventory")
_GRAPH = ("spans.id", "relations.head_id", "relations.tail_id")
KEPT: Mapping[str, Set[str]] = {
    "articles": {*_LABELLED, *_GRAPH, "language", "date", "rights", "source.file", "source.sha256"},
    "annotations": {*_LABELLED, *_GRAPH, "article"},
    "tokens": {"id", "article", "unfit.id", "annotator"},
    "relations": {"id", "article", "head.id", "tail.id", "annotator"},
    "links": {"id", "passages.article"},
}
"""Paths of string columns without words of an article, by table; a list adds no step to a path."""

KEPT_IN_RECORDS = {"id", "article", "span_id", "annotator", "*.id"}
"""The same for the tables of records; `*` is any role. No attribute has such a name: it would clash with the column."""


def without_text(table: pa.Table, name: str, inventory: Inventory) -> pa.Table:
    """Return the rows with None for each string of a column that is not kept.

    Args:
        table: Rows.
        name: Name of their table.
        inventory: The inventory. The choices and dates of its metadata and its shared texts are kept.
    """
    kept = KEPT.get(name, KEPT_IN_RECORDS)
    if name == ARTICLES:
        kept = {*kept, *(field.name for field in inventory.metadata.values() if field.is_shared)}
    columns = [
        pa.chunked_array([_empty(chunk, field, (field.name,), kept) for chunk in column.chunks], field.type)
        for column, field in zip(table.columns, table.schema, strict=True)
    ]
    return pa.Table.from_arrays(columns, schema=table.schema)


def _empty(array: pa.Array, field: pa.Field, path: tuple[str, ...], kept: Set[str]) -> pa.Array:
    type_ = field.type
    if pa.types.is_struct(type_):
        parts = [
            _empty(part, inner, (*path, inner.name), kept) for part, inner in zip(array.flatten(), type_, strict=True)
        ]
        return pa.StructArray.from_arrays(parts, fields=list(type_), mask=array.is_null())
    if pa.types.is_list(type_):
        inner = _empty(array.flatten(), type_.value_field, path, kept)
        offsets = pa.array(np.concatenate([[0], np.cumsum(lengths(array))]), pa.int32())
        return pa.ListArray.from_arrays(offsets, inner, type=type_, mask=array.is_null() if array.null_count else None)
    if pa.types.is_string(type_) and not {".".join(path), ".".join(("*", *path[1:]))} & kept:
        return pa.nulls(len(array), type_)
    return array
