"""The logical hash of a table: over its values alone, whatever wrote, divided or compressed them.

A table is taken apart into its leaf columns. Each has up to three streams of bytes, one entry a value:

- `valid`: a byte, 0 for None and 1 for any other value;
- `length`: the items of a list, or the bytes of a string in UTF-8, as little-endian int64;
- `value`: integers as little-endian int64, other numbers as little-endian float64, 0 for None; strings as UTF-8, one
  after the other.

The logical hash is the SHA-256 of the lines `path stream sha256`, sorted, each with LF. A path is column names joined
by dots, with `[]` for what is in a list.
"""

import hashlib
from collections import defaultdict
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from annotate.dataset.arrow import lengths, numbers, offsets, validity
from annotate.util.parquet import read_row_groups, reporting_errors


class LogicalHash:
    """Hashes a table in parts; few large parts cost less, since each leaf column has a cost of its own."""

    def __init__(self) -> None:
        self._streams: defaultdict[str, hashlib._Hash] = defaultdict(hashlib.sha256)

    def update(self, table: pa.Table) -> None:
        """Add rows."""
        for name, column in zip(table.column_names, table.columns, strict=True):
            for chunk in column.chunks:
                self._update_column(name, chunk)

    def _update_column(self, path: str, array: pa.Array) -> None:
        streams, type_ = self._streams, array.type
        streams[f"{path} valid"].update(validity(array).data)
        if pa.types.is_struct(type_):
            parts = array.flatten() if array.null_count else map(array.field, range(type_.num_fields))
            for field, part in zip(type_, parts, strict=True):
                self._update_column(f"{path}.{field.name}", part)
        elif pa.types.is_list(type_):
            streams[f"{path} length"].update(lengths(array).data)
            bounds = offsets(array)
            items = array.flatten() if array.null_count else array.values[bounds[0] : bounds[-1]]
            self._update_column(f"{path}[]", items)
        elif pa.types.is_string(type_):
            streams[f"{path} length"].update(lengths(array).data)
            strings = array.drop_null() if array.null_count else array
            bounds = offsets(strings)
            streams[f"{path} value"].update(memoryview(strings.buffers()[2] or b"")[bounds[0] : bounds[-1]])
        elif pa.types.is_floating(type_):
            values = numbers(array, np.float64)
            streams[f"{path} value"].update(
                (np.where(validity(array), values, 0.0) if array.null_count else values).data
            )
        else:
            values = numbers(pc.cast(array, pa.int64()), np.int64)
            streams[f"{path} value"].update((values * validity(array) if array.null_count else values).data)

    def hexdigest(self) -> str:
        """Return the hash in hexadecimal."""
        lines = sorted(f"{name} {digest.hexdigest()}\n" for name, digest in self._streams.items())
        return hashlib.sha256("".join(lines).encode()).hexdigest()


def logical_sha256(path: str | Path) -> str:
    """Return the logical hash of a Parquet file, which is read a row group at a time.

    Raises:
        OSError: If the file cannot be opened.
        BrokenParquet: If it cannot be read, or has columns of a type that no table of a dataset has.
    """
    logical = LogicalHash()
    for table in read_row_groups(path, within=None):
        with reporting_errors():
            logical.update(table)
    return logical.hexdigest()
