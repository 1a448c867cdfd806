"""The logical hash of a table: over its values alone, whatever wrote, divided or compressed them.

A table is taken apart into its leaf columns. For each there are up to three streams of bytes, one entry a value:
`valid` (a byte: 1, or 0 for None), `length` (of a list, or of a string in bytes of UTF-8; a little-endian int64) and
`value` (integers as little-endian int64, 0 for None; strings as UTF-8, one after the other). The logical hash is the
SHA-256 of the lines `path stream sha256`, sorted, each with LF; a path is column names joined by dots, with `[]` for
what is in a list.
"""

import hashlib
from collections import defaultdict
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from annotate.dataset.buffers import ends, lengths, numbers, valid


class LogicalHash:
    """Takes a table in any number of parts; many rows at once cost less, as each leaf column has a cost of its own."""

    def __init__(self) -> None:
        self._streams: defaultdict[str, hashlib._Hash] = defaultdict(hashlib.sha256)

    def update(self, table: pa.Table) -> None:
        for name, column in zip(table.column_names, table.columns, strict=True):
            for chunk in column.chunks:
                self._take(name, chunk)

    def _take(self, path: str, array: pa.Array) -> None:
        streams, type_ = self._streams, array.type
        streams[f"{path} valid"].update(valid(array).data)
        if pa.types.is_struct(type_):
            parts = array.flatten() if array.null_count else map(array.field, range(type_.num_fields))
            for field, part in zip(type_, parts, strict=True):
                self._take(f"{path}.{field.name}", part)
        elif pa.types.is_list(type_):
            streams[f"{path} length"].update(lengths(array).data)
            places = ends(array)
            self._take(f"{path}[]", array.flatten() if array.null_count else array.values[places[0] : places[-1]])
        elif pa.types.is_string(type_):
            streams[f"{path} length"].update(lengths(array).data)
            words = array.drop_null() if array.null_count else array
            places = ends(words)
            streams[f"{path} value"].update(memoryview(words.buffers()[2] or b"")[places[0] : places[-1]])
        else:
            values = numbers(pc.cast(array, pa.int64()), np.int64)
            streams[f"{path} value"].update((values * valid(array) if array.null_count else values).data)

    def hexdigest(self) -> str:
        lines = sorted(f"{name} {digest.hexdigest()}\n" for name, digest in self._streams.items())
        return hashlib.sha256("".join(lines).encode()).hexdigest()


def logical_sha256(path: str | Path) -> str:
    """The logical hash of a Parquet file, read a row group at a time."""
    file, found = pq.ParquetFile(path), LogicalHash()
    found.update(file.schema_arrow.empty_table())
    for group in range(file.num_row_groups):
        found.update(file.read_row_group(group))
    return found.hexdigest()
