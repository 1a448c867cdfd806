"""Rows to Parquet: a file a table and split, or several, with its hashes and sizes.

The same rows give the same bytes with one version of pyarrow; the logical hash is the same with any.
"""

import hashlib
import os
import re
from collections.abc import Iterable, Iterator
from itertools import groupby
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from annotate.columns import Integers
from annotate.dataset.arrow import lengths, struct_parts
from annotate.dataset.features import FLOAT, INTEGER, Feature, arrow_schema
from annotate.dataset.logical_hash import LogicalHash
from annotate.util.folders import is_inner_path

ROW_GROUP = 2000
"""Most rows of a row group: what a viewer reads at once, and what is in memory while writing."""
GROUP_BYTES = 1 << 27
"""A row group ends with the row by which its texts have so many bytes.

Without it, 2,000 rows that each repeat a paragraph of 1 MB, such as the relations of a text without line ends, are 2 GB
in memory at once. A smaller bound would divide the groups of more datasets, whose bytes would change: this one is
reached where rows have more than 67 kB on average.
"""
_PLAIN = re.compile(r"(.*[._])?(text|id)")
"""The columns with words of articles (whole, part, mention or role), and those with ids."""


class TableFile(msgspec.Struct, frozen=True, kw_only=True):
    """One Parquet file, or the files of a table and split as one.

    Attributes:
        config: Name of the table.
        split: Name of the split.
        file: Path in the dataset folder, or the pattern of several paths.
        rows: Number of rows.
        columns: Number of columns.
        bytes: Size.
        sha256: Hash of the file, which depends on the version of pyarrow.
        logical_sha256: Hash of its values.
        uncompressed: Bytes of its columns as Parquet encodes them, before compression.
    """

    config: str
    split: str
    file: str
    rows: int
    columns: int
    bytes: int
    sha256: str
    logical_sha256: str
    uncompressed: int = 0

    def __post_init__(self) -> None:
        """Refuse a path that leads out of the folder, since a manifest may come from anyone."""
        if not is_inner_path(self.file):
            raise ValueError(f"{self.file!r} is not a path inside the dataset folder")


def parquet_options(features: Feature) -> dict[str, Any]:
    """Return the options of `pyarrow.parquet.ParquetWriter` for a table.

    docs/reference/formats.md has what the choices were measured against.

    - zstd at level 3: a third smaller than snappy, which saves a quarter of the time; level 1 saves 4 % of the time for
      5 % more bytes.
    - Class ids and strings by dictionary, since most repeat; words of articles, ids and floating-point numbers as they
      are, since they do not: a dictionary that is given up midway leaves a column with pages of both kinds, which
      fastparquet reads as None.
    - Other integers, mostly offsets and lengths, as differences: half the bytes of a dictionary, and faster both ways.
    - Minimum and maximum only of top-level columns, which readers filter by; an index of pages, by which viewers fetch
      a part of a row group.
    """
    leaves = dict(_leaves(features))
    integers = [path for path, feature in leaves.items() if feature == INTEGER]
    plain = {path for path, feature in leaves.items() if feature == FLOAT or _PLAIN.fullmatch(path)}
    return {
        "version": "2.6",
        "compression": "zstd",
        "compression_level": 3,
        "use_dictionary": [path for path in leaves if path not in integers and path not in plain],
        "column_encoding": dict.fromkeys(integers, "DELTA_BINARY_PACKED"),
        "write_statistics": [path for path in leaves if path in features],
        "write_page_index": True,
    }


def _leaves(features: Feature, prefix: str = "") -> Iterator[tuple[str, Feature]]:
    """Yield the columns without parts, by the paths that Parquet has for them."""
    for name, feature in features.items():
        path = f"{prefix}{name}"
        while feature.get("_type") == "List":
            path, feature = f"{path}.list.element", feature["feature"]
        if "_type" in feature:
            yield path, feature
        else:
            yield from _leaves(feature, f"{path}.")


def table_file(config: str, split: str, number: int | str = 0, of: int = 1) -> str:
    """Return the path of a file of a table and split.

    Args:
        config: Name of the table.
        split: Name of the split.
        number: Number of the file, from 0; `*` for the pattern of all.
        of: Number of files.
    """
    return f"data/{config}/{split}-{number if isinstance(number, str) else f'{number:05}'}-of-{of:05}.parquet"


class TableWriter:
    """Writes one Parquet file, a row group at a time; the file exists, with its types, even without a row.

    Args:
        folder: The dataset folder.
        config: Name of the table.
        split: Name of the split.
        features: The columns.
        file: Path in the folder, where the file is not the only one of its table and split.
    """

    def __init__(self, folder: Path, config: str, split: str, features: Feature, file: str | None = None) -> None:
        self._config, self._split = config, split
        self._file = file or table_file(config, split)
        self._path = folder / self._file
        self._path.parent.mkdir(parents=True, exist_ok=True)
        self._schema = arrow_schema(features)
        self._writer = pq.ParquetWriter(self._path, self._schema, **parquet_options(features))
        self._waiting: list[pa.Table] = []
        self._waiting_rows = self._most_bytes = 0
        self._rows = 0
        self._logical = LogicalHash()

    def add(self, table: pa.Table) -> None:
        """Add rows. Row groups are divided at the same rows, however the rows are handed in."""
        self._rows += len(table)
        while len(table):
            rows = table[: ROW_GROUP - self._waiting_rows]
            self._most_bytes += rows.nbytes
            if self._most_bytes >= GROUP_BYTES:
                # Counted exactly only now, since that takes three times as long.
                rows, self._most_bytes = self._cut(rows)
            self._waiting.append(rows)
            self._waiting_rows += len(rows)
            if self._waiting_rows == ROW_GROUP or self._most_bytes >= GROUP_BYTES:
                self._write(self._take_waiting())
            table = table[len(rows) :]

    def _cut(self, rows: pa.Table) -> tuple[pa.Table, int]:
        """Return the first of the rows, up to the one by which the group has `GROUP_BYTES`, and the group's bytes."""
        before = sum(int(_count_bytes(waiting).sum()) for waiting in self._waiting)
        totals = before + np.cumsum(_count_bytes(rows))
        rows = rows[: int(np.searchsorted(totals, GROUP_BYTES)) + 1]
        return rows, int(totals[len(rows) - 1])

    def _take_waiting(self) -> pa.Table:
        waiting, self._waiting = self._waiting, []
        self._waiting_rows = self._most_bytes = 0
        return pa.concat_tables(waiting)

    def _write(self, rows: pa.Table) -> None:
        """Write a row group."""
        # In one chunk: where pages end must not depend on the chunks, and each chunk costs hashing time. Rebinding
        # `rows` frees the chunks, so that the group is not in memory twice.
        rows = rows.combine_chunks()
        self._logical.update(rows)
        self._writer.write_table(rows, row_group_size=ROW_GROUP)

    def close(self) -> None:
        """Close the file without finishing the table."""
        self._writer.close()

    def finish(self) -> TableFile:
        """Write the rows that wait, and return what the file holds."""
        if self._waiting:
            self._write(self._take_waiting())
        elif not self._rows:
            self._logical.update(self._schema.empty_table())
        self._writer.close()
        digest = hashlib.sha256()
        with self._path.open("rb") as file:
            os.fsync(file.fileno())
            while block := file.read(1 << 20):
                digest.update(block)
        metadata = self._writer.writer.metadata
        return TableFile(
            config=self._config,
            split=self._split,
            file=self._file,
            rows=self._rows,
            columns=len(self._schema),
            bytes=self._path.stat().st_size,
            sha256=digest.hexdigest(),
            logical_sha256=self._logical.hexdigest(),
            uncompressed=sum(metadata.row_group(group).total_byte_size for group in range(metadata.num_row_groups)),
        )


def _count_bytes(table: pa.Table) -> Integers:
    """Return the bytes of the texts of each row that are in no list."""
    counts = np.zeros(len(table), np.int64)
    for column in table.columns:
        first = 0
        for chunk in column.chunks:
            stop = first + len(chunk)
            for part in struct_parts(chunk) if pa.types.is_struct(chunk.type) else [chunk]:
                if pa.types.is_string(part.type):
                    counts[first:stop] += lengths(part)
            first = stop
    return counts


class Total:
    """Adds up the files of a table and split one by one, so that none has to stay in memory.

    Args:
        config: Name of the table.
        split: Name of the split.
        file: Pattern of the files.
    """

    def __init__(self, config: str, split: str, file: str) -> None:
        self._config, self._split, self._file = config, split, file
        self._rows = self._bytes = self._uncompressed = self._columns = 0
        self._sha256, self._logical = hashlib.sha256(), hashlib.sha256()

    def add(self, table: TableFile) -> None:
        """Add a file."""
        self._rows += table.rows
        self._bytes += table.bytes
        self._uncompressed += table.uncompressed
        self._columns = table.columns
        self._sha256.update(f"{table.sha256}\n".encode())
        self._logical.update(f"{table.logical_sha256}\n".encode())

    def table(self) -> TableFile:
        """Return all files as one; each hash is that of the files' own hashes, a line each."""
        return TableFile(
            config=self._config,
            split=self._split,
            file=self._file,
            rows=self._rows,
            columns=self._columns,
            bytes=self._bytes,
            sha256=self._sha256.hexdigest(),
            logical_sha256=self._logical.hexdigest(),
            uncompressed=self._uncompressed,
        )


def totals(files: Iterable[TableFile]) -> tuple[TableFile, ...]:
    """Return a total for each table and split, in the order of the files; for a single file, that file."""
    return tuple(
        _total(config, split, tuple(group))
        for (config, split), group in groupby(files, lambda table: (table.config, table.split))
    )


def _total(config: str, split: str, files: tuple[TableFile, ...]) -> TableFile:
    if len(files) == 1:
        return files[0]
    total = Total(config, split, table_file(config, split, "*", len(files)))
    for file in files:
        total.add(file)
    return total.table()
