"""The tables of a dataset that has no word of its articles: offsets, labels and hashes stay, other strings go.

What stays is named; a string column that is not named here is emptied, so that a new column gives nothing away.
"""

import numpy as np
import pyarrow as pa

from annotate.dataset.buffers import lengths

SKELETON = "skeleton.jsonl"
"""What `annotate hydrate` makes the dataset of again, beside the tables."""

STAYS = frozenset(
    (
        *("id", "article", "span_id", "head_id", "tail_id", "kind", "label"),
        *("language", "date", "rights", "text_sha256", "file", "sha256"),
        *("annotator", "made_from", "inventory"),
    )
)
"""Names of string columns that hold no words of an article."""


def without_text(table: pa.Table) -> pa.Table:
    """The same rows, with None for each string of a column that is not named in `STAYS`."""
    columns = [
        pa.chunked_array([_empty(chunk, field) for chunk in column.chunks], field.type)
        for column, field in zip(table.columns, table.schema, strict=True)
    ]
    return pa.Table.from_arrays(columns, schema=table.schema)


def _empty(array: pa.Array, field: pa.Field) -> pa.Array:
    type_ = field.type
    if pa.types.is_struct(type_):
        parts = [_empty(part, inner) for part, inner in zip(array.flatten(), type_, strict=True)]
        return pa.StructArray.from_arrays(parts, fields=list(type_), mask=array.is_null())
    if pa.types.is_list(type_):
        inner = _empty(array.flatten(), type_.value_field.with_name(field.name))
        offsets = pa.array(np.concatenate([[0], np.cumsum(lengths(array))]), pa.int32())
        return pa.ListArray.from_arrays(offsets, inner, type=type_, mask=array.is_null() if array.null_count else None)
    if pa.types.is_string(type_) and field.name not in STAYS:
        return pa.nulls(len(array), type_)
    return array
