"""Converts one chunk of an export into a shard: a Parquet file for each table, quarantined tasks, and a record of both.

The record is written last, so that a shard with a record is complete. The same chunk gives the same bytes, whichever
worker converts it.
"""

import gc
import os
from base64 import b64encode
from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from datetime import date
from functools import lru_cache
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
import pyarrow as pa

from annotate.columns import Documents
from annotate.convert import rules
from annotate.convert.options import ConversionOptions
from annotate.convert.reader import BatchReader, TaskBatch
from annotate.convert.splitter import Chunk, Ranges, task_ranges
from annotate.convert.storage import open_output, read_range, report_write_errors
from annotate.convert.tasks import AcceptedTask, QuarantinedTask
from annotate.dataset.statistics import Counts
from annotate.dataset.table_builder import TableBuilder
from annotate.dataset.writer import TableFile, TableWriter
from annotate.findings import Finding
from annotate.offsets import sha256
from annotate.util.parallel import split_evenly, without_garbage_collection
from annotate.waivers import Waivers

SPLIT = "train"
"""The split of all rows; an export has no splits."""
WORK = ".convert"
"""The folder of the records and of temporary files; it is removed at the end."""
BATCH_SIZE = 250
"""Most tasks that are read, and whose rows are built, at once; a chunk has fewer tasks if they are large.

If rows are built of half as many, the shards take 5 to 15 % more processor time (1,000 tasks, two measurements, least
of 5 and 8 runs); if 600 are read and built at once, 10 % more.
"""
CARD_CANDIDATES = 20
"""Number of rows in each shard among which the card's example is chosen."""


class ShardJob(NamedTuple):
    """A chunk to convert.

    Attributes:
        number: The number of the shard.
        file: What findings and rows call the export.
        address: The path or address of the export.
        offset: The byte of the export at which the chunk begins.
        size: The bytes of the chunk.
        lines: Whether the chunk has one task on each line.
        data: The bytes of the chunk; None if the worker is to read them from `address`.
        duplicates: Byte of each task whose id an earlier shard has → where that other task is.
        ranges: The ranges of the tasks, if they are known.
    """

    number: int
    file: str
    address: str
    offset: int
    size: int
    lines: bool
    data: bytes | None
    duplicates: Mapping[int, str]
    ranges: Ranges | None = None


class ShardRecord(msgspec.Struct, frozen=True, kw_only=True):
    """What became of a chunk; the names of the attributes are those in the JSON.

    Attributes:
        number: The number of the shard.
        file: The name of the export.
        offset: The byte of the export at which the chunk begins.
        size: The bytes of the chunk.
        sha256: The hash of the chunk.
        tasks: Number of tasks.
        aside: Number of quarantined tasks.
        aside_sha256: The hash of the file of quarantined tasks; None if there is none.
        unlabelled: Number of tasks without annotations, which are in no table.
        unsubmitted: Number of tasks with labels in skipped annotations and drafts alone, which are in no table.
        set_aside: Code of an error → number of quarantined tasks with it.
        warnings: Code of a warning → number of accepted tasks with it.
        left_out: Name that the map leaves out, or `predictions` → number of such items in accepted tasks.
        waived: Code of a waived finding → number of accepted tasks with it.
        tables: The Parquet files.
        articles: The id of each accepted task and its byte in the export.
        counts: The statistics for the card.
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
    unsubmitted: int
    set_aside: dict[str, int]
    warnings: dict[str, int]
    left_out: dict[str, int]
    waived: dict[str, int]
    tables: tuple[TableFile, ...]
    articles: tuple[tuple[str, int], ...]
    counts: dict[str, Any]


def shard_name(number: int) -> str:
    """Return the number of a shard as it is in file names."""
    return f"{number:06}"


def record_file(number: int) -> str:
    """Return the name of the file with a shard's record."""
    return f"{WORK}/{shard_name(number)}.json"


def table_file(config: str, name: str) -> str:
    """Return the name of the file with a shard's rows, by `shard_name`; with `*`, the pattern of all such files."""
    return f"data/{config}/{SPLIT}-{name}.parquet"


def quarantine_file(name: str) -> str:
    """Return the name of the file with what was quarantined, by `shard_name`."""
    return f"aside/{name}.jsonl"


class ShardWorker:
    """Converts chunks with the same options; other processes receive it pickled and prepare their tools once."""

    def __init__(self, options: ConversionOptions) -> None:
        self.options, self.fingerprint = options, options.fingerprint()

    def _key(self) -> tuple[str, str]:
        return self.fingerprint, self.options.out

    def __eq__(self, other: object) -> bool:
        return isinstance(other, ShardWorker) and self._key() == other._key()

    def __hash__(self) -> int:
        return hash(self._key())

    def __call__(self, job: ShardJob) -> ShardRecord:
        """Convert a chunk and write its shard.

        Raises:
            CannotRun: If the chunk cannot be read or the shard cannot be written.
        """
        with without_garbage_collection():
            return _tools_of(self).convert(job)


@lru_cache(maxsize=1)
def _tools_of(worker: ShardWorker) -> "_WorkerTools":
    return _WorkerTools(worker.options)


class _WorkerTools:
    """What a worker needs for any chunk."""

    def __init__(self, options: ConversionOptions) -> None:
        self.options = options
        self.reader = BatchReader(
            options.inventory,
            options.fields,
            options.pseudonyms(),
            options.details,
            options.fix,
            options.search_keys,
            options.label_map,
            Waivers(options.waivers, date.min),
        )
        self.builder = TableBuilder(options.inventory, options.selected_tables(), annotators=dict(options.annotators))
        self.builder.tables.pop("links", None)  # no export has any
        self.output = open_output(options.out)
        # Arrow's own pools never return memory to the system.
        pa.set_memory_pool(pa.system_memory_pool())
        # Collections need not look at what exists by now, since it stays.
        gc.collect()
        gc.freeze()

    def convert(self, job: ShardJob) -> ShardRecord:
        with report_write_errors(self.output), self.output.workspace(WORK) as folder:
            record = _ShardBuilder(self, job, folder).build()
            for table in record.tables:
                self.output.put(folder / table.file, table.file)
            if record.aside_sha256:
                name = quarantine_file(shard_name(job.number))
                self.output.put(folder / name, name)
            self.output.write(record_file(job.number), msgspec.json.encode(record))
        return record


class _ShardBuilder:
    """Builds the files of one shard in `folder`."""

    def __init__(self, tools: _WorkerTools, job: ShardJob, folder: Path) -> None:
        self.tools, self.job, self.folder = tools, job, folder
        self.counts = Counts(looked_at=CARD_CANDIDATES)
        self.quarantine: list[bytes] = []
        self.errors: Counter[str] = Counter()
        self.warnings: Counter[str] = Counter()
        self.left_out: Counter[str] = Counter()
        self.waived: Counter[str] = Counter()
        self.articles: dict[str, int] = {}
        self.first_elsewhere: dict[str, str] = {}
        self.unlabelled = self.unsubmitted = self.tasks = 0

    def build(self) -> ShardRecord:
        job = self.job
        data = job.data if job.data is not None else read_range(job.address, job.offset, job.size)
        digest, ranges = sha256(data), task_ranges(Chunk(job.offset, job.lines, data, job.ranges))
        with ExitStack() as stack:
            writers: dict[str, TableWriter] = {}
            for config, table in self.tools.builder.tables.items():
                name = table_file(config, shard_name(job.number))
                writers[config] = TableWriter(self.folder, config, SPLIT, table.features, name)
                stack.callback(writers[config].close)
            for first, last in pairwise(split_evenly(len(ranges), BATCH_SIZE)):
                self._convert(TaskBatch(data, ranges[first:last], job.offset), writers)
            tables = tuple(writer.finish() for writer in writers.values())
        return ShardRecord(
            number=job.number,
            file=job.file,
            offset=job.offset,
            size=job.size,
            sha256=digest,
            tasks=self.tasks,
            aside=len(self.quarantine),
            aside_sha256=self._write_quarantine(),
            unlabelled=self.unlabelled,
            unsubmitted=self.unsubmitted,
            set_aside=dict(sorted(self.errors.items())),
            warnings=dict(sorted(self.warnings.items())),
            left_out=dict(sorted(self.left_out.items())),
            waived=dict(sorted(self.waived.items())),
            tables=tables,
            articles=tuple(self.articles.items()),
            counts=self.counts.as_data(),
        )

    def _convert(self, batch: TaskBatch, writers: Mapping[str, TableWriter]) -> None:
        """Read tasks and write the rows of accepted ones with labels; count or quarantine the others."""
        result = self.tools.reader.read_batch(batch, self.job.file)
        accepted: list[AcceptedTask] = []
        for index, read_task in enumerate(result.tasks):
            self.tasks += 1
            offset = batch.byte(index)
            task = self._reject_duplicate(self._reject_large(read_task, batch, index), batch, index)
            if isinstance(task, QuarantinedTask):
                self.errors.update({finding.code for finding in task.findings if finding.is_error})
                self.quarantine.append(
                    quarantine_line(self.job.file, offset, task.article_id, task.findings, batch.task(index))
                )
                continue
            if task.findings:
                self.warnings.update({finding.code for finding in task.findings if finding.waived is None})
                self.waived.update({finding.code for finding in task.findings if finding.waived is not None})
            self.left_out.update(task.left_out)
            if task.chosen is None:
                if task.is_unsubmitted:
                    self.unsubmitted += 1
                else:
                    self.unlabelled += 1
                continue
            self.articles[task.article.id] = offset
            accepted.append(task)
        self._write(writers, accepted, result.documents)

    def _reject_large(
        self, task: AcceptedTask | QuarantinedTask, batch: TaskBatch, index: int
    ) -> AcceptedTask | QuarantinedTask:
        """Quarantine a task that is too large; the splitter rejects only those that are larger than a chunk."""
        start, end = batch.ranges[index]
        largest = self.tools.options.largest_task
        if end - start <= largest:
            return task
        findings = tuple(rules.task_too_large(self.job.file, None, batch.byte(index), end - start, largest))
        return QuarantinedTask(task.article.id if isinstance(task, AcceptedTask) else task.article_id, findings)

    def _reject_duplicate(
        self, task: AcceptedTask | QuarantinedTask, batch: TaskBatch, index: int
    ) -> AcceptedTask | QuarantinedTask:
        """Quarantine a task with labels if an earlier task with its id was accepted."""
        if isinstance(task, QuarantinedTask) or task.chosen is None:
            return task
        article_id, offset, file = task.article.id, batch.byte(index), self.job.file
        if offset in self.job.duplicates:
            # Later tasks of this shard with the same id are duplicates of the same one.
            self.first_elsewhere[article_id] = self.job.duplicates[offset]
        first = self.first_elsewhere.get(article_id)
        if article_id in self.articles:
            first = f"the one at byte {self.articles[article_id]:,}"
        if not first:
            return task
        where = batch.where(index)
        return QuarantinedTask(article_id, tuple(rules.duplicate_id(file, article_id, where, article_id, first)))

    def _write(self, writers: Mapping[str, TableWriter], tasks: Sequence[AcceptedTask], documents: Documents) -> None:
        builder, articles = self.tools.builder, [task.article for task in tasks]
        chosen_indices = [task.chosen for task in tasks if task.chosen is not None]
        chosen = builder.batch(articles, documents.take(chosen_indices))
        rows = builder.build(chosen)
        self.counts.add(SPLIT, chosen, rows)
        if "annotations" in builder.tables:
            everyone, indices = chosen, [index for task in tasks for index in range(task.first, task.last)]
            # Most tasks have one annotation: then both tables share the arrays of one batch.
            if indices != chosen_indices:
                articles = [task.article for task in tasks for _ in range(task.first, task.last)]
                everyone = builder.batch(articles, documents.take(indices))
            annotation_rows = builder.build(everyone, "annotators")
            self.counts.add_rows(SPLIT, annotation_rows, everyone.documents.meta)
            rows |= annotation_rows
        for config, table in rows.items():
            writers[config].add(table)

    def _write_quarantine(self) -> str | None:
        if not self.quarantine:
            return None
        path, data = self.folder / quarantine_file(shard_name(self.job.number)), b"".join(self.quarantine)
        path.parent.mkdir()
        with path.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        return sha256(data)


def quarantine_line(file: str, offset: int, article_id: str | None, findings: Sequence[Finding], data: bytes) -> bytes:
    """Return a line of JSON with something that was not accepted: its position, the findings, and its bytes.

    The bytes are text if they are UTF-8, else Base64.

    Args:
        file: The name of the export.
        offset: The byte of the export at which it begins.
        article_id: The id of the article, if known.
        findings: The reasons.
        data: Its bytes.
    """
    try:
        content = {"raw": data.decode("utf-8")}
    except UnicodeDecodeError:
        content = {"base64": b64encode(data).decode("ascii")}
    reasons = [
        {
            "code": finding.code,
            "severity": finding.severity,
            "message": finding.message,
            **({"span": finding.span} if finding.span else {}),
            **({} if finding.waived is None else {"waived": finding.waived}),
        }
        for finding in findings
    ]
    line = {"file": file, "byte": offset, "article": article_id, "findings": reasons, **content}
    return msgspec.json.encode(line) + b"\n"
