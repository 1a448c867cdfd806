"""Rows → Parquet, and a dataset folder that appears whole or not at all.

The same rows give the same bytes with one version of pyarrow; the logical hash is the same with any.

How each column is laid out in Parquet. docs/formats.md has what the choices were measured against.

- zstd at level 3: a third smaller than snappy, which saves a quarter of the time; level 1 saves 4 % of the time for 5 %
  more bytes.
- Class ids and strings by dictionary, as most repeat, but words of articles and ids as they are, which do not: a
  dictionary that is given up midway leaves a column with pages of both kinds, which fastparquet reads as None.
- Other numbers, offsets and lengths most of them, as differences: half the bytes of a dictionary, and faster both ways.
- Least and greatest values only of columns that readers filter by, those that are no part of another; an index of
  pages, by which viewers fetch a part of a row group.

The files of a table and split as one: what a card, and a summary, say of them.
"""

import contextlib
import hashlib
import os
import re
from collections.abc import Iterable, Iterator
from itertools import groupby
from pathlib import Path
from typing import Any

import msgspec
import pyarrow as pa
import pyarrow.parquet as pq

from annotate.dataset.arrow import LogicalHash
from annotate.dataset.features import INTEGER, Feature, arrow_schema
from annotate.dataset.redact import SKELETON
from annotate.errors import CannotRun
from annotate.util.files import replacing_folder

_PLAIN = re.compile(r"(.*[._])?(text|id)")
"""The columns with words of articles (the whole, a part, a mention, what a role says), and those with ids."""


def options(features: Feature) -> dict[str, Any]:
    """What `pyarrow.parquet.ParquetWriter` is told of a table."""
    leaves = dict(_leaves(features))
    numbers = [path for path, feature in leaves.items() if feature == INTEGER]
    return {
        "version": "2.6",
        "compression": "zstd",
        "compression_level": 3,
        "use_dictionary": [path for path in leaves if path not in numbers and not _PLAIN.fullmatch(path)],
        "column_encoding": dict.fromkeys(numbers, "DELTA_BINARY_PACKED"),
        "write_statistics": [path for path in leaves if path in features],
        "write_page_index": True,
    }


def _leaves(features: Feature, path: str = "") -> Iterator[tuple[str, Feature]]:
    """The columns without parts, by the paths that Parquet has for them."""
    for name, feature in features.items():
        where = f"{path}{name}"
        while feature.get("_type") == "List":
            where, feature = f"{where}.list.element", feature["feature"]
        if "_type" in feature:
            yield where, feature
        else:
            yield from _leaves(feature, f"{where}.")


MANIFEST = "manifest.json"
CARD = "README.md"
CROISSANT = "croissant.json"
FORMAT = "annotate dataset 1"
ROW_GROUP = 2000
"""Rows a row group: what a viewer reads at once, and what is held in memory while writing."""


class Table(msgspec.Struct, frozen=True, kw_only=True):
    """One Parquet file: a table's rows of one split.

    `sha256` is that of the file, which changes with the version of pyarrow; `logical_sha256` is that of its values.
    `uncompressed` counts the bytes of its columns as Parquet encodes them, before compression.
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


class Manifest(msgspec.Struct, frozen=True, kw_only=True):
    """What a dataset folder holds and what it was made from; `corpus` is None where the corpus names no version.

    `unfit` counts, by reason, the spans that the tags of `tokens` do not say as they are.

    `negatives` says whether `relations` has pairs without a relation: with the tables, enough to build it again.
    `text` is False where the words of the articles were taken out.
    """

    format: str
    title: str
    corpus: str | None
    inventory: str
    inventory_sha256: str
    pyarrow: str
    articles: int
    card_sha256: str
    tables: tuple[Table, ...]
    unfit: dict[str, int] = {}
    croissant_sha256: str | None = None
    negatives: bool = False
    text: bool = True


def table_file(config: str, split: str, number: int | str = 0, of: int = 1) -> str:
    """The file of a table's rows of a split, or of one part of so many; of `*`, the pattern of all."""
    return f"data/{config}/{split}-{number if isinstance(number, str) else f'{number:05}'}-of-{of:05}.parquet"


class TableWriter:
    """Writes one Parquet file, a row group at a time; it exists, with its types, even without a row.

    `file` is its name in the folder, where it is not the only one of its table and split.
    """

    def __init__(self, folder: Path, config: str, split: str, features: Feature, file: str | None = None) -> None:
        self._config, self._split = config, split
        self._file = file or table_file(config, split)
        self._path = folder / self._file
        self._path.parent.mkdir(parents=True, exist_ok=True)
        self._schema = arrow_schema(features)
        self._writer = pq.ParquetWriter(self._path, self._schema, **options(features))
        self._waiting: list[pa.Table] = []
        self._rows = 0
        self._logical = LogicalHash()

    def add(self, table: pa.Table) -> None:
        """Add rows. Row groups are cut at the same rows however the rows are handed in."""
        self._rows += len(table)
        self._waiting.append(table)
        if sum(map(len, self._waiting)) < ROW_GROUP:
            return
        waiting = self._taken()
        whole = len(waiting) - len(waiting) % ROW_GROUP
        self._waiting = [waiting[whole:]]
        for first in range(0, whole, ROW_GROUP):
            self._write(waiting[first : first + ROW_GROUP])

    def _taken(self) -> pa.Table:
        """The rows that wait, which no longer do."""
        waiting, self._waiting = self._waiting, []
        return pa.concat_tables(waiting)

    def _write(self, rows: pa.Table) -> None:
        """Write a row group."""
        # In one piece: where pages end must not depend on the pieces, and hashing costs by the piece. What `rows` was
        # before is let go of, as two of it would be in memory.
        rows = rows.combine_chunks()
        self._logical.update(rows)
        self._writer.write_table(rows, row_group_size=ROW_GROUP)

    def close(self) -> None:
        """Let go of the file without finishing the table."""
        self._writer.close()

    def finish(self) -> Table:
        """Write what waits, and say what the file holds."""
        if any(map(len, self._waiting)):
            self._write(self._taken())
        elif not self._rows:
            self._logical.update(self._schema.empty_table())
        self._writer.close()
        digest = hashlib.sha256()
        with self._path.open("rb") as file:
            os.fsync(file.fileno())
            while block := file.read(1 << 20):
                digest.update(block)
        written = self._writer.writer.metadata
        return Table(
            config=self._config,
            split=self._split,
            file=self._file,
            rows=self._rows,
            columns=len(self._schema),
            bytes=self._path.stat().st_size,
            sha256=digest.hexdigest(),
            logical_sha256=self._logical.hexdigest(),
            uncompressed=sum(written.row_group(group).total_byte_size for group in range(written.num_row_groups)),
        )


def encode_manifest(manifest: Manifest) -> bytes:
    return msgspec.json.format(msgspec.json.encode(manifest), indent=2) + b"\n"


def read_manifest(folder: Path) -> Manifest | None:
    """The manifest of a dataset folder; None if it has none of ours."""
    try:
        manifest = msgspec.json.decode((folder / MANIFEST).read_bytes(), type=Manifest)
    except (OSError, msgspec.MsgspecError):
        return None
    return manifest if manifest.format == FORMAT else None


def refuse_foreign(out: Path) -> None:
    """Raise CannotRun where `out` is anything but missing, empty, or a dataset folder with nothing else in it."""
    hint = "choose another folder with --out"
    if not out.exists():
        return
    if not out.is_dir():
        raise CannotRun(out, "is a file", hint)
    inside = sorted(path.relative_to(out).as_posix() for path in out.rglob("*") if not path.is_dir())
    if not inside:
        return
    manifest = read_manifest(out)
    if manifest is None:
        raise CannotRun(out, "is no dataset folder that `annotate build` made", hint)
    ours = {CARD, CROISSANT, MANIFEST, SKELETON, *(table.file for table in manifest.tables)}
    for file in inside:
        if file not in ours:
            raise CannotRun(
                out / file, "was not made by `annotate build` and would be lost", f"move it away, or {hint}"
            )


@contextlib.contextmanager
def dataset_folder(out: str | Path) -> Iterator[Path]:
    """A folder that takes the place of `out` when the block ends well, and is gone when it does not.

    Raises CannotRun, naming `out` as it is given, where it must not be replaced or the disk cannot be written to.
    """
    named = Path(out)
    try:
        refuse_foreign(named)
        with replacing_folder(named.resolve()) as folder:
            yield folder
    except OSError as error:
        # What pyarrow raises has the number, and words of its own.
        reason = (os.strerror(error.errno) if error.errno else str(error)).lower()
        raise CannotRun(named, f"cannot be written: {reason}", "make room or choose another folder") from error


class Total:
    """Takes files one by one, so that none has to stay in memory. `file` is their pattern."""

    def __init__(self, config: str, split: str, file: str) -> None:
        self._config, self._split, self._file = config, split, file
        self._rows = self._bytes = self._uncompressed = self._columns = 0
        self._sha256, self._logical = hashlib.sha256(), hashlib.sha256()

    def add(self, table: Table) -> None:
        self._rows += table.rows
        self._bytes += table.bytes
        self._uncompressed += table.uncompressed
        self._columns = table.columns
        self._sha256.update(f"{table.sha256}\n".encode())
        self._logical.update(f"{table.logical_sha256}\n".encode())

    def table(self) -> Table:
        """All of them; each hash is that of the files' own hashes, a line each."""
        return Table(
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


def totals(files: Iterable[Table]) -> tuple[Table, ...]:
    """One for each table and split, in the order of the files; that of a single file is the file itself."""
    return tuple(
        _total(config, split, tuple(some))
        for (config, split), some in groupby(files, lambda table: (table.config, table.split))
    )


def _total(config: str, split: str, files: tuple[Table, ...]) -> Table:
    if len(files) == 1:
        return files[0]
    total = Total(config, split, table_file(config, split, "*", len(files)))
    for file in files:
        total.add(file)
    return total.table()
