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
from functools import lru_cache
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from annotate.dataset.arrow import lengths, numbers, offsets, struct_parts, validity
from annotate.util.parquet import read_row_groups, reporting_errors

_BLOCK = 1 << 20
"""Most bytes of a run that are in memory to be hashed."""


class LogicalHash:
    """Hashes a table in parts; few large parts cost less, since each leaf column has a cost of its own."""

    def __init__(self) -> None:
        self._streams: defaultdict[str, _Stream] = defaultdict(_Stream)

    def update(self, table: pa.Table) -> None:
        """Add rows."""
        for name, column in zip(table.column_names, table.columns, strict=True):
            for chunk in column.chunks:
                self._update_column(name, chunk)

    def _update_column(self, path: str, array: pa.Array) -> None:
        streams, type_ = self._streams, array.type
        if array.null_count:
            streams[f"{path} valid"].update(validity(array).data)
        else:
            streams[f"{path} valid"].repeat(1, len(array))
        if pa.types.is_struct(type_):
            for field, part in zip(type_, struct_parts(array), strict=True):
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
            values = numbers(array if pa.types.is_int64(type_) else pc.cast(array, pa.int64()), np.int64)
            if array.null_count:
                values = values * validity(array)
            if values.any():
                streams[f"{path} value"].update(values.data)
            else:
                streams[f"{path} value"].repeat(0, values.nbytes)

    def hexdigest(self) -> str:
        """Return the hash in hexadecimal."""
        lines = sorted(f"{name} {digest.hexdigest()}\n" for name, digest in self._streams.items())
        return hashlib.sha256("".join(lines).encode()).hexdigest()


class _Stream:
    """The SHA-256 of a stream.

    A stream whose bytes are all equal so far is only counted, and hashed once for all streams of that length: most
    columns have no None, so that their `valid` is a run of ones, and most columns of tags are zeros.
    """

    def __init__(self) -> None:
        self._byte = self._count = 0
        self._hash: hashlib._Hash | None = None

    def update(self, data: memoryview) -> None:
        """Add bytes."""
        if self._hash is None:
            self._hash = _hash_run(self._byte, self._count).copy()
        self._hash.update(data)

    def repeat(self, byte: int, count: int) -> None:
        """Add a byte so many times."""
        if self._hash is None and self._byte != byte and self._count:
            self._hash = _hash_run(self._byte, self._count).copy()
        if self._hash is None:
            self._byte, self._count = byte, self._count + count
        else:
            _add_run(self._hash, byte, count)

    def hexdigest(self) -> str:
        """Return the hash in hexadecimal."""
        return (self._hash or _hash_run(self._byte, self._count)).hexdigest()


@lru_cache(maxsize=64)
def _hash_run(byte: int, count: int) -> "hashlib._Hash":
    """Return the hash of a byte so many times, which the caller must copy before adding to it."""
    digest = hashlib.sha256()
    _add_run(digest, byte, count)
    return digest


def _add_run(digest: "hashlib._Hash", byte: int, count: int) -> None:
    for first in range(0, count, _BLOCK):
        digest.update(bytes([byte]) * min(_BLOCK, count - first))


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
