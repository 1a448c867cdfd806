"""The files of a table and split as one: what a card, and a summary, say of them."""

import hashlib
from collections.abc import Iterable
from itertools import groupby

from annotate.dataset.writer import Table, table_file


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
