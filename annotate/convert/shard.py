"""One piece of an export → its shard: a Parquet file a table, a file of what was set aside, and a record of both.

The record is written last: a shard whose record is there is whole. The same piece gives the same bytes, whoever works.
"""

import gc
import os
from base64 import b64encode
from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from functools import lru_cache
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
import pyarrow as pa

from annotate.columns import Documents
from annotate.convert import rules
from annotate.convert.options import Order
from annotate.convert.reader import Batch, Reader
from annotate.convert.splitter import Piece, places_of
from annotate.convert.storage import output, read_range, writing
from annotate.convert.tasks import SetAside, Taken
from annotate.dataset.shards import TableMaker
from annotate.dataset.statistics import Counts
from annotate.dataset.writer import Table, TableWriter
from annotate.findings import Finding
from annotate.offsets import sha256
from annotate.util.parallel import evenly, no_collections

SPLIT = "train"
"""An export knows of no splits: all of it is one."""
WORK = ".convert"
"""The folder of the records, and of what is under way; it is gone when all is done."""
BATCH = 250
"""Most tasks that are looked at at once; a piece of the default size has fewer."""
ROWS = 125
"""Most articles whose rows are made at once: they take more memory than their labels."""
LOOKED_AT = 20
"""Rows of each shard among which the card's example is looked for."""


class Job(NamedTuple):
    """A piece to convert, with the places of its tasks, where they are known. `data` is None where a worker can read it
    from `address` by itself.

    `left_out` names, by their bytes in the input, tasks whose ids were taken elsewhere, and where.
    """

    number: int
    file: str
    address: str
    offset: int
    size: int
    lines: bool
    data: bytes | None
    left_out: Mapping[int, str]
    places: Sequence[tuple[int, int]] | None = None


class Shard(msgspec.Struct, frozen=True, kw_only=True):
    """What became of a piece. `sha256` is that of its bytes; `set_aside` and `warnings` count tasks by code.

    `articles` are the ids of the tasks that were taken, each with its byte in the input; `unlabelled` counts those that
    nobody has labelled, which are in no table. `counts` is what the card is made of.
    """

    number: int
    file: str
    offset: int
    size: int
    sha256: str
    tasks: int
    aside: int
    aside_sha256: str | None
    unlabelled: int
    set_aside: dict[str, int]
    warnings: dict[str, int]
    tables: tuple[Table, ...]
    articles: tuple[tuple[str, int], ...]
    counts: dict[str, Any]


def record_name(number: int) -> str:
    return f"{WORK}/{number:06}.json"


def table_name(config: str, number: int | str) -> str:
    """The file of a shard's rows; of `*`, the pattern of all."""
    return f"data/{config}/{SPLIT}-{number if isinstance(number, str) else f'{number:06}'}.parquet"


def aside_name(number: int | str) -> str:
    return f"aside/{number if isinstance(number, str) else f'{number:06}'}.jsonl"


def read_record(data: bytes) -> Shard:
    return msgspec.json.decode(data, type=Shard)


class Worker:
    """Converts pieces by one order; it can be sent to another process, which makes its tools once."""

    def __init__(self, order: Order) -> None:
        self.order, self.fingerprint = order, order.fingerprint()

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Worker) and self.fingerprint == other.fingerprint and self.order.out == other.order.out

    def __hash__(self) -> int:
        return hash(self.fingerprint)

    def __call__(self, job: Job) -> Shard:
        """Convert a piece and write its shard. Raises CannotRun where it cannot be read or written."""
        with no_collections():
            return _tools(self).convert(job)


@lru_cache(maxsize=1)
def _tools(worker: Worker) -> "_Tools":
    return _Tools(worker.order)


class _Tools:
    def __init__(self, order: Order) -> None:
        self.order = order
        self.reader = Reader(order.inventory, order.fields, order.people, order.details, order.fix, order.search_keys)
        kinds = {name: who.kind for name, who in order.annotators.items()}
        self.make = TableMaker(order.inventory, order.chosen(), kinds=kinds)
        self.make.tables.pop("links", None)  # no export has any
        self.output = output(order.out)
        # Arrow's own pools keep what they once had; the system's gives it back.
        pa.set_memory_pool(pa.system_memory_pool())
        # What is there by now stays: a collection need not look at it.
        gc.collect()
        gc.freeze()

    def convert(self, job: Job) -> Shard:
        with writing(self.output), self.output.workspace(WORK) as folder:
            shard = _Making(self, job, folder).shard()
            for table in shard.tables:
                self.output.put(folder / table.file, table.file)
            if shard.aside_sha256:
                self.output.put(folder / aside_name(job.number), aside_name(job.number))
            self.output.write(record_name(job.number), msgspec.json.encode(shard))
        return shard


class _Making:
    """One shard under way, its files in `folder`."""

    def __init__(self, tools: _Tools, job: Job, folder: Path) -> None:
        self.tools, self.job, self.folder = tools, job, folder
        self.counts = Counts(looked_at=LOOKED_AT)
        self.aside: list[bytes] = []
        self.set_aside: Counter[str] = Counter()
        self.warnings: Counter[str] = Counter()
        self.articles: dict[str, int] = {}
        self.elsewhere: dict[str, str] = {}
        self.unlabelled = self.tasks = 0

    def shard(self) -> Shard:
        job = self.job
        data = job.data if job.data is not None else read_range(job.address, job.offset, job.size)
        digest, places = sha256(data), places_of(Piece(job.offset, job.lines, data, job.places))
        with ExitStack() as open_files:
            writers: dict[str, TableWriter] = {}
            for config, table in self.tools.make.tables.items():
                name = table_name(config, job.number)
                writers[config] = TableWriter(self.folder, config, SPLIT, table.features, name)
                open_files.callback(writers[config].close)
            for first, last in pairwise(evenly(len(places), BATCH)):
                self._convert(Batch(data, places[first:last], job.offset), writers)
            tables = tuple(writer.finish() for writer in writers.values())
        return Shard(
            number=job.number,
            file=job.file,
            offset=job.offset,
            size=job.size,
            sha256=digest,
            tasks=self.tasks,
            aside=len(self.aside),
            aside_sha256=self._aside_written(),
            unlabelled=self.unlabelled,
            set_aside=dict(sorted(self.set_aside.items())),
            warnings=dict(sorted(self.warnings.items())),
            tables=tables,
            articles=tuple(self.articles.items()),
            counts=self.counts.as_data(),
        )

    def _convert(self, batch: Batch, writers: Mapping[str, TableWriter]) -> None:
        """Read tasks, and write the rows of those that go to the tables; the others are counted or set aside."""
        read = self.tools.reader.read(batch, self.job.file)
        taken: list[Taken] = []
        for number, one in enumerate(read.tasks):
            self.tasks += 1
            at = batch.offset + batch.places[number][0]
            task = self._once(self._small_enough(one, batch, number), at, batch, number)
            if isinstance(task, SetAside):
                self._set_aside(at, batch.task(number), task)
                continue
            if task.findings:
                self.warnings.update({finding.code for finding in task.findings})
            if task.chosen is None:
                self.unlabelled += 1
                continue
            self.articles[task.article.id] = at
            taken.append(task)
        for first, last in pairwise(evenly(len(taken), ROWS)):
            self._write(writers, taken[first:last], read.documents)

    def _small_enough(self, task: Taken | SetAside, batch: Batch, number: int) -> Taken | SetAside:
        """The task, set aside if it has more bytes than one may; the splitter sees to those larger than a piece."""
        start, end = batch.places[number]
        largest = self.tools.order.largest
        if end - start <= largest:
            return task
        finding = tuple(rules.too_large(self.job.file, None, batch.offset + start, end - start, largest))
        return SetAside(task.article.id if isinstance(task, Taken) else task.article, finding)

    def _once(self, task: Taken | SetAside, at: int, batch: Batch, number: int) -> Taken | SetAside:
        """The task, set aside if it has labels and another one with its id was taken before it."""
        if isinstance(task, SetAside):
            return task
        name, file = task.article.id, self.job.file
        if task.chosen is not None and at in self.job.left_out:
            # The others of this shard with that id are doubles of the same one.
            self.elsewhere[name] = self.job.left_out[at]
        first = self.elsewhere.get(name)
        if name in self.articles:
            first = f"the one at byte {self.articles[name]:,}"
        if task.chosen is None or not first:
            return task
        return SetAside(name, tuple(rules.id_twice(file, name, batch.where(number), name, first)))

    def _set_aside(self, at: int, raw: bytes, task: SetAside) -> None:
        self.set_aside.update({finding.code for finding in task.findings if finding.severity == "error"})
        self.aside.append(aside_line(self.job.file, at, task.article, task.findings, raw))

    def _write(self, writers: Mapping[str, TableWriter], taken: Sequence[Taken], documents: Documents) -> None:
        make, articles = self.tools.make, [task.article for task in taken]
        chosen = make.source(articles, documents.take([task.chosen for task in taken if task.chosen is not None]))
        rows = make.rows(chosen)
        self.counts.add(SPLIT, chosen, rows)
        if "annotations" in make.tables:
            everybody = documents.take([number for task in taken for number in range(task.first, task.last)])
            own = [task.article for task in taken for _ in range(task.first, task.last)]
            others = make.rows(make.source(own, everybody), "annotators")
            self.counts.add_rows(SPLIT, others, everybody.heads)
            rows |= others
        for config, table in rows.items():
            writers[config].add(table)

    def _aside_written(self) -> str | None:
        if not self.aside:
            return None
        path, data = self.folder / aside_name(self.job.number), b"".join(self.aside)
        path.parent.mkdir()
        with path.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        return sha256(data)


def aside_line(file: str, at: int, article: str | None, findings: Sequence[Finding], raw: bytes) -> bytes:
    """A line of JSON: where something stood, why it was not taken, and its bytes, as text where they are UTF-8."""
    try:
        kept = {"raw": raw.decode("utf-8")}
    except UnicodeDecodeError:
        kept = {"base64": b64encode(raw).decode("ascii")}
    said = [
        {"code": one.code, "severity": one.severity, "message": one.message, **({"span": one.span} if one.span else {})}
        for one in findings
    ]
    return msgspec.json.encode({"file": file, "byte": at, "article": article, "findings": said, **kept}) + b"\n"
