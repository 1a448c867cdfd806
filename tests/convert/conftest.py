"""Shared by the tests of conversions: made-up exports, the command on them, and its output."""

import json
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from click.testing import Result

from annotate.offsets import sha256
from benchmarks import exports
from tests.conftest import BASE, annotate

Task = dict[str, Any]

SMALL = "50K"
"""A size of shards that takes three or four of the made-up tasks."""


def made_up(first: int, last: int) -> list[Task]:
    """Tasks by number, both included: number 40 has CRLF line ends, number 80 offsets in UTF-16 units."""
    return [exports.task(number, "\r\n" if number == 40 else "\n", number == 80) for number in range(first, last + 1)]


class Place:
    """A folder with exports, and what `annotate convert` makes of them."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def export(self, tasks: object, name: str = "export.json") -> Path:
        data = tasks if isinstance(tasks, bytes) else json.dumps(tasks, ensure_ascii=False).encode()
        path = self.root / name
        path.write_bytes(data)
        return path

    def convert(self, *words: str | Path, out: str = "out", schema: Path = BASE / "schema", workers: int = 1) -> Result:
        given = ["--schema", str(schema), "--out", out, "--workers", str(workers)]
        return annotate("convert", *map(str, words), *given, cwd=self.root)

    def digests(self, out: str = "out") -> dict[str, str]:
        folder = self.root / out
        return {
            path.relative_to(folder).as_posix(): sha256(path.read_bytes())
            for path in sorted(folder.rglob("*"))
            if path.is_file()
        }

    def rows(self, table: str, out: str = "out") -> list[dict[str, Any]]:
        files = sorted((self.root / out / "data" / table).glob("train-*.parquet"))
        assert files
        return [row for file in files for row in pq.read_table(file).to_pylist()]

    def aside(self, out: str = "out") -> list[dict[str, Any]]:
        files = sorted((self.root / out / "aside").glob("*.jsonl"))
        return [json.loads(line) for file in files for line in file.read_bytes().splitlines()]

    def manifest(self, out: str = "out") -> dict[str, Any]:
        found: dict[str, Any] = json.loads((self.root / out / "manifest.json").read_text())
        return found


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path)
