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
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

Numbers: TypeAlias = npt.NDArray[Any]


class LogicalHash:
    """Takes a table in any number of parts; many rows at once cost less, as each leaf column has a cost of its own."""

    def __init__(self) -> None:
        self._streams: defaultdict[str, hashlib._Hash] = defaultdict(hashlib.sha256)

    def update(self, table: pa.Table) -> None:
        for name, column in zip(table.column_names, table.columns, strict=True):
            for chunk in column.chunks:
                self._take(name, chunk)

    def _take(self, path: str, array: pa.Array) -> None:
        # Buffers are looked at where they lie: a kernel of Arrow costs more than the hash of what most columns hold.
        streams, type_, valid = self._streams, array.type, _valid(array)
        streams[f"{path} valid"].update(valid.data)
        if pa.types.is_struct(type_):
            parts = array.flatten() if array.null_count else map(array.field, range(type_.num_fields))
            for field, part in zip(type_, parts, strict=True):
                self._take(f"{path}.{field.name}", part)
        elif pa.types.is_list(type_):
            ends = _ends(array)
            streams[f"{path} length"].update((np.diff(ends) * valid).data)
            self._take(f"{path}[]", array.flatten() if array.null_count else array.values[ends[0] : ends[-1]])
        elif pa.types.is_string(type_):
            streams[f"{path} length"].update((np.diff(_ends(array)) * valid).data)
            words = array.drop_null() if array.null_count else array
            ends = _ends(words)
            streams[f"{path} value"].update(memoryview(words.buffers()[2] or b"")[ends[0] : ends[-1]])
        else:
            numbers = _numbers(pc.cast(array, pa.int64()), 1, len(array), np.int64)
            streams[f"{path} value"].update((numbers * valid if array.null_count else numbers).data)

    def hexdigest(self) -> str:
        lines = sorted(f"{name} {digest.hexdigest()}\n" for name, digest in self._streams.items())
        return hashlib.sha256("".join(lines).encode()).hexdigest()


def _numbers(array: pa.Array, buffer: int, count: int, type_: type[np.integer[Any]]) -> Numbers:
    """`count` numbers of a buffer, from where the array begins in it."""
    if not len(array):
        return np.zeros(count, type_)
    return np.frombuffer(array.buffers()[buffer], type_, array.offset + count)[array.offset :]


def _ends(array: pa.Array) -> Numbers:
    """Where each list or string begins among all values, and where the last one ends."""
    return _numbers(array, 1, len(array) + 1, np.int32).astype(np.int64)


def _valid(array: pa.Array) -> Numbers:
    """A byte for each value: 0 for None, 1 for any other."""
    if not array.null_count:
        return np.ones(len(array), np.uint8)
    first, behind = array.offset, array.offset + len(array)
    bits = np.frombuffer(array.buffers()[0], np.uint8)[first // 8 : -(-behind // 8)]
    return np.unpackbits(bits, bitorder="little")[first % 8 :][: len(array)]


def logical_sha256(path: str | Path) -> str:
    """The logical hash of a Parquet file, read a row group at a time."""
    file, found = pq.ParquetFile(path), LogicalHash()
    found.update(file.schema_arrow.empty_table())
    for group in range(file.num_row_groups):
        found.update(file.read_row_group(group))
    return found.hexdigest()
