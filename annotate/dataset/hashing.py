"""The logical hash of a table: over its values alone, whatever wrote, divided or compressed them.

A table is taken apart into its leaf columns. For each there are up to three streams of bytes, one entry a value:
`valid` (a byte: 1, or 0 for None), `length` (of a list, or of a string in bytes of UTF-8; a little-endian int64) and
`value` (integers as little-endian int64, 0 for None; strings as UTF-8, one after the other). The logical hash is the
SHA-256 of the lines `path stream sha256`, sorted, each with LF; a path is column names joined by dots, with `[]` for
what is in a list.
"""

import hashlib
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq


class LogicalHash:
    """Takes a table in any number of parts."""

    def __init__(self) -> None:
        self._streams: dict[str, hashlib._Hash] = {}

    def update(self, table: pa.Table) -> None:
        for name, column in zip(table.column_names, table.columns, strict=True):
            for chunk in column.chunks:
                self._take(name, chunk)

    def _add(self, path: str, stream: str, array: pa.Array) -> None:
        digest = self._streams.setdefault(f"{path} {stream}", hashlib.sha256())
        if len(array):
            width = array.type.bit_width // 8
            digest.update(memoryview(array.buffers()[1])[array.offset * width : (array.offset + len(array)) * width])

    def _take(self, path: str, array: pa.Array) -> None:
        self._add(path, "valid", pc.cast(array.is_valid(), pa.uint8()))
        if pa.types.is_struct(array.type):
            for field, part in zip(array.type, array.flatten(), strict=True):
                self._take(f"{path}.{field.name}", part)
        elif pa.types.is_list(array.type):
            self._add(path, "length", _integers(pc.list_value_length(array)))
            self._take(f"{path}[]", array.flatten())
        elif pa.types.is_string(array.type):
            self._add(path, "length", _integers(pc.binary_length(array)))
            digest = self._streams.setdefault(f"{path} value", hashlib.sha256())
            words = pc.drop_null(array)
            if len(words):
                _, ends, data = words.buffers()
                ends = memoryview(ends).cast("i")[words.offset : words.offset + len(words) + 1]
                digest.update(memoryview(data or b"")[ends[0] : ends[-1]])
        else:
            self._add(path, "value", _integers(array))

    def hexdigest(self) -> str:
        lines = sorted(f"{name} {digest.hexdigest()}\n" for name, digest in self._streams.items())
        return hashlib.sha256("".join(lines).encode()).hexdigest()


def _integers(array: pa.Array) -> pa.Array:
    return pc.fill_null(pc.cast(array, pa.int64()), 0)


def logical_sha256(path: str | Path) -> str:
    """The logical hash of a Parquet file, read a row group at a time."""
    file, found = pq.ParquetFile(path), LogicalHash()
    found.update(file.schema_arrow.empty_table())
    for group in range(file.num_row_groups):
        found.update(file.read_row_group(group))
    return found.hexdigest()
