"""Runs a conversion: makes missing shards, leaves out tasks whose ids are taken, and merges the shards.

An interrupted conversion can be resumed: shards that are complete are kept.
"""

import contextlib
import re
from array import array
from collections import Counter
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, Literal, NamedTuple, TypeVar

import msgspec

from annotate.class_ids import CLASS_IDS_FILE
from annotate.convert.duplicate_ids import IdHashes, hash_ids
from annotate.convert.merge import SHARDS, ConversionManifest, merge_shards, read_manifest
from annotate.convert.options import ConversionOptions
from annotate.convert.plan import ReportProblem, plan_jobs
from annotate.convert.pool import Pool, map_with_recovery
from annotate.convert.shard import (
    SPLIT,
    WORK,
    ShardJob,
    ShardRecord,
    ShardWorker,
    quarantine_file,
    quarantine_line,
    record_file,
    shard_name,
)
from annotate.convert.splitter import InputProblem
from annotate.convert.storage import Output, changed_input, input_version, open_output, report_write_errors
from annotate.dataset.folder import CARD, CLASS_DESCRIPTIONS, CROISSANT, MANIFEST
from annotate.dataset.inventory_files import SCHEMA
from annotate.dataset.tables import select_tables
from annotate.dataset.writer import TableFile
from annotate.errors import CannotRun
from annotate.findings import Finding
from annotate.inventory import INVENTORY_FILE
from annotate.offsets import sha256
from annotate.outputs import OutputEntry, OwnNames
from annotate.util.folders import is_inner_path
from annotate.util.termination import is_terminating, uninterrupted
from annotate.util.typed_values import decode_as

INPUT_PROBLEMS = quarantine_file("inputs")
"""The file with what was quarantined of inputs as files."""
FINDINGS_SHOWN = 20
"""Number of findings of each code on inputs that are kept to be shown; all are counted."""
_ORDER = f"{WORK}/order.json"
_UNBEGUN = OwnNames(
    file_pattern=re.compile(rf"{re.escape(WORK)}/\.order\.json\.[a-z0-9_]{{8}}\.part"),
    folder_pattern=re.compile(re.escape(WORK)),
)
"""What a conversion leaves that was killed before it wrote its first file."""

Mode = Literal["new", "resume", "overwrite"]
T = TypeVar("T")


class ShardProgress(NamedTuple):
    """A shard that is complete now.

    Attributes:
        file: The name of the export.
        tasks: Number of tasks in the shard.
        aside: Number of quarantined tasks.
        read: Number of bytes of the export, uncompressed, up to the end of the shard.
        new: Whether the shard was made now; else it was there before.
    """

    file: str
    tasks: int
    aside: int
    read: int
    new: bool


class ConversionOutcome(NamedTuple):
    """The result of a conversion.

    Attributes:
        manifest: The manifest.
        findings: The findings on inputs as files; of each code the first, unless all were asked for.
        new_shards: Number of shards that were made now.
    """

    manifest: ConversionManifest
    findings: tuple[Finding, ...]
    new_shards: int


def convert_exports(
    options: ConversionOptions,
    pool: Pool,
    mode: Mode = "new",
    progress: Callable[[ShardProgress], None] = lambda _: None,
    most_findings: int | None = FINDINGS_SHOWN,
) -> ConversionOutcome:
    """Convert all exports into one dataset.

    Args:
        options: The exports, the output folder and everything else.
        pool: The workers.
        mode: `new` requires an empty output folder, `resume` continues a conversion with the same options, `overwrite`
            replaces an earlier conversion.
        progress: Called for each shard, in order.
        most_findings: Number of findings of each code on inputs as files that are kept for the outcome; None for all.

    Raises:
        CannotRun: If an input or the output cannot be read or written, or an input changes meanwhile. Shards that are
            complete remain for `resume`.
    """
    select_tables(options.inventory, options.selected_tables())
    if "links" in options.tables:
        raise CannotRun("links", "is not a table of a converted export, which has no links", "name other tables")
    for address in (*options.inputs, options.out):
        try:
            address.encode()
        except UnicodeEncodeError as error:
            raise CannotRun(ascii(address), "is a name that is not UTF-8", "rename it") from error
        if address.startswith("memory://") and pool.workers > 1:
            raise CannotRun(address, "is visible to one process only", "use --workers 1")
    versions = {address: input_version(address) for address in options.inputs}
    output = open_output(options.out)
    run = _ConversionRun(options, output, pool, most_findings)
    finished = _prepare_folder(options, output, mode)
    if finished:
        run.verify(finished)
        with report_write_errors(output):
            output.clear(WORK)  # the run before may have been killed while it did so
        return ConversionOutcome(finished, tuple(run.findings), 0)
    with report_write_errors(output):
        run.make_shards(progress)
        run.remove_duplicates()
        for address, version in versions.items():
            if input_version(address) != version:
                raise changed_input(address)
        manifest = merge_shards(options, output, run.read_records(), run.problems)
        output.clear(WORK)
    return ConversionOutcome(manifest, tuple(run.findings), run.new_shards)


def _prepare_folder(options: ConversionOptions, output: Output, mode: Mode) -> ConversionManifest | None:
    """Make the output folder ready; return the manifest of a conversion that is resumed but was finished before.

    Raises:
        CannotRun: If this might destroy something.
    """
    hint = "choose another folder with --out"
    folder = options.inventory.folder
    output.require_allowed((Path(folder),) if folder else ())
    manifest, is_started = read_manifest(output), output.read(_ORDER) is not None
    is_conversion = manifest is not None or is_started
    names: list[str] = []
    own_names = _list_own_names(None if is_started else manifest) if is_conversion else _UNBEGUN
    foreign = own_names.find_foreign(_record_files(output.scan(), names))
    if mode == "new" and (foreign is not None or is_conversion):
        choices = "continue with --resume or start over with --overwrite, or " if is_conversion else ""
        raise CannotRun(output.where, "is not empty", choices + hint)
    if foreign is not None and not is_conversion:
        raise CannotRun(output.where, "was not made by `annotate convert`", hint)
    if foreign is not None:
        where = f"{output.where}/{foreign}"
        raise CannotRun(where, "was not made by `annotate convert`", f"move it away, or {hint}")
    if mode == "resume" and is_conversion:
        if (manifest.fingerprint if manifest else _read_fingerprint(output)) != options.fingerprint():
            raise CannotRun(
                output.where,
                "was started with other exports, options, inventory or version",
                "give the same ones, or start over with --overwrite",
            )
        output.remove_leftovers()
        return None if is_started else manifest
    if mode == "overwrite":
        for name in names:
            if any(_is_same_file(address, output.where, name) for address in options.inputs):
                raise CannotRun(f"{output.where}/{name}", "is an input and would be lost", "move it away first")
        # The manifest is removed first, so that the rest of an interrupted removal is never taken for a dataset.
        output.write(_ORDER, b"{}")
        output.remove(sorted(set(names) - {_ORDER}, key=lambda name: name != MANIFEST))
    output.remove_leftovers()
    output.write(_ORDER, msgspec.json.encode({"fingerprint": options.fingerprint()}))
    return None


def _list_own_names(manifest: ConversionManifest | None) -> OwnNames:
    """Return the names that a conversion may have written.

    Args:
        manifest: The manifest of a finished conversion; None for an unfinished one, whose tables are not known.
    """
    tables = "|".join(re.escape(table.config) for table in manifest.tables) if manifest else "[^/]+"
    work = re.escape(WORK)
    files = (
        rf"data/(?:{tables})/{SPLIT}-\d{{6}}\.parquet",
        r"aside/(?:\d{6}|inputs)\.jsonl",
        rf"{work}/.+",
        # What a killed writer leaves.
        rf"\.(?:{'|'.join(map(re.escape, (CARD, CROISSANT, MANIFEST, SHARDS)))})\.[a-z0-9_]{{8}}\.part",
    )
    folders = rf"data|data/(?:{tables})|aside|{SCHEMA}|{work}|{work}/.+"
    inventory = {f"{SCHEMA}/{name}" for name in (INVENTORY_FILE, CLASS_IDS_FILE)}
    names = {CARD, CLASS_DESCRIPTIONS, CROISSANT, MANIFEST, SHARDS, _ORDER, *inventory}
    return OwnNames(frozenset(names), re.compile("|".join(files)), re.compile(folders))


def _record_files(entries: Iterable[OutputEntry], names: list[str]) -> Iterator[OutputEntry]:
    """Yield entries, and add the names of those that are files to a list."""
    for entry in entries:
        if entry.kind == "file":
            names.append(entry.name)
        yield entry


def _read_fingerprint(output: Output) -> object:
    order = _decode(output.read(_ORDER), dict[str, Any])
    return order.get("fingerprint") if order else None


def _decode(data: bytes | None, type_: type[T]) -> T | None:
    """Return a value in a file of the output; None if there is no file, or one that this program did not write."""
    try:
        return None if data is None else decode_as(data, type_)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return None


def _is_same_file(address: str, folder: str, name: str) -> bool:
    """Tell whether an input is a file of the output folder."""
    if "://" in address or "://" in folder:
        return address == f"{folder}/{name}"
    return Path(address).resolve() == Path(folder, name).resolve()


class _ListedShard(msgspec.Struct, frozen=True):
    """What a line of the list of shards says of the chunk of an export, and its Parquet files."""

    file: str = ""
    offset: int = -1
    sha256: str = ""
    tables: tuple[TableFile, ...] = ()


class _ConversionRun:
    """The state of one conversion."""

    def __init__(self, options: ConversionOptions, output: Output, pool: Pool, most_findings: int | None) -> None:
        self.options, self.output, self.pool, self.most_findings = options, output, pool, most_findings
        self.worker = ShardWorker(options)
        self.problems: Counter[str] = Counter()
        self.findings: list[Finding] = []
        self.new_shards = 0
        self._ids = IdHashes()

    def make_shards(self, progress: Callable[[ShardProgress], None]) -> None:
        """Make every shard that is missing, and the file with what was quarantined of inputs as files."""
        with self._clean_after_workers(), self.output.workspace(WORK) as folder:
            path = folder / "inputs.jsonl"
            with path.open("wb") as file:

                def report(name: str, problem: InputProblem) -> None:
                    finding = self._count(name, problem)
                    if finding.severity == "error":
                        file.write(quarantine_line(name, problem.offset, None, [finding], problem.data))

                with contextlib.closing(self._complete_shards(report)) as shards:
                    for shard, hashes in shards:
                        self._ids.add(hashes)
                        self.new_shards += shard.new
                        progress(shard)
            if path.stat().st_size:
                self.output.put(path, INPUT_PROBLEMS)
        if self.output.read(record_file(len(self._ids))) is not None:
            raise self._too_many_shards(len(self._ids))

    @contextlib.contextmanager
    def _clean_after_workers(self) -> Iterator[None]:
        """Remove the temporary folders of workers that were killed because the program was told to end."""
        try:
            yield
        finally:
            if is_terminating():
                with uninterrupted():
                    self.output.remove_workspaces(WORK)

    def _count(self, name: str, problem: InputProblem) -> Finding:
        finding = problem.rule.finding(name, None, problem.problem)
        self.problems[finding.code] += 1
        if self.most_findings is None or self.problems[finding.code] <= self.most_findings:
            self.findings.append(finding)
        return finding

    def _complete_shards(self, report: ReportProblem) -> Generator[tuple[ShardProgress, "array[int]"], None, None]:
        """Make the missing shards and yield the progress and the hashed ids of every shard, in order."""
        existing: dict[int, tuple[ShardProgress, array[int]]] = {}

        def missing_jobs() -> Iterator[ShardJob]:
            for job, data in plan_jobs(self.options, report, self.pool.workers == 1):
                record = self._find_shard(job, data)
                if record is None:
                    yield job
                else:
                    existing[job.number] = _summarise(record, new=False)

        number = 0
        with contextlib.closing(map_with_recovery(self.pool, self.worker, missing_jobs())) as records:
            for record in records:
                while number < record.number:
                    yield existing.pop(number)
                    number += 1
                yield _summarise(record, new=True)
                number += 1
        yield from (existing.pop(number) for number in sorted(existing))

    def _find_shard(self, job: ShardJob, data: bytes) -> ShardRecord | None:
        """Return the record of a job's shard if it is complete.

        Raises:
            CannotRun: If it was made from other bytes.
        """
        record = self._find_record(job.number)
        if record is None:
            return None
        if (record.file, record.offset, record.sha256) != (job.file, job.offset, sha256(data)):
            raise _report_changed_input(job.file, f"has changed at byte {job.offset:,}")
        has_tables = all(self.output.size(table.file) == table.bytes for table in record.tables)
        has_quarantine = not record.aside or self.output.size(quarantine_file(shard_name(job.number))) is not None
        return record if has_tables and has_quarantine else None

    def verify(self, manifest: ConversionManifest) -> None:
        """Verify that the exports would give the shards of a finished conversion, and that its files are there.

        Raises:
            CannotRun: If not.
        """
        lines = self.output.read_lines(SHARDS)
        for job, data in plan_jobs(self.options, self._count, in_process=True):
            shard = _decode(next(lines, b"{}"), _ListedShard) or _ListedShard()
            if (shard.file, shard.offset, shard.sha256) != (job.file, job.offset, sha256(data)):
                raise _report_changed_input(job.file, f"has changed at byte {job.offset:,}")
            for table in shard.tables:
                if not is_inner_path(table.file) or self.output.size(table.file) != table.bytes:
                    where = f"{self.output.where}/{table.file}"
                    raise CannotRun(where, "is incomplete", "start over with --overwrite")
        if next(lines, None) is not None:
            raise self._too_many_shards(manifest.shards)

    def read_records(self) -> Iterator[ShardRecord]:
        """Read the records of all shards, in order."""
        return map(self._read_record, range(len(self._ids)))

    def _find_record(self, number: int) -> ShardRecord | None:
        return _decode(self.output.read(record_file(number)), ShardRecord)

    def _read_record(self, number: int) -> ShardRecord:
        record = self._find_record(number)
        if record is None:
            problem = f"lacks {record_file(number)}"
            raise CannotRun(self.output.where, problem, "do not change the folder, and run again with --resume")
        return record

    def remove_duplicates(self) -> None:
        """Make the shards with duplicates of earlier tasks again, without those tasks."""
        duplicates = self._find_duplicates()
        if not duplicates:
            return

        def jobs() -> Iterator[ShardJob]:
            for job, _ in plan_jobs(self.options, lambda *_: None):
                if job.number in duplicates:
                    yield job._replace(duplicates=duplicates[job.number])

        for _ in map_with_recovery(self.pool, self.worker, jobs()):
            pass

    def _find_duplicates(self) -> dict[int, Mapping[int, str]]:
        """Return the number of a shard → the byte of each task whose id an earlier shard has → where that one is."""
        first: dict[str, str] = {}
        duplicates: dict[int, Mapping[int, str]] = {}
        for number, repeated in sorted(self._ids.find_repeated().items()):
            record, of_shard = self._read_record(number), dict[int, str]()
            for (article_id, offset), hash_ in zip(record.articles, self._ids.of_shard(number), strict=True):
                if article_id in first:
                    of_shard[offset] = first[article_id]
                elif hash_ in repeated:
                    first[article_id] = f"the one at byte {offset:,} of {record.file}"
            if of_shard:
                duplicates[number] = of_shard
        return duplicates

    def _too_many_shards(self, expected: int) -> CannotRun:
        return _report_changed_input(self.output.where, f"has more shards than the {expected:,} that the exports make")


def _report_changed_input(where: str, problem: str) -> CannotRun:
    return CannotRun(where, problem, "start over with --overwrite, or give the old file")


def _summarise(record: ShardRecord, new: bool) -> tuple[ShardProgress, "array[int]"]:
    progress = ShardProgress(record.file, record.tasks, record.aside, record.offset + record.size, new)
    return progress, hash_ids(article_id for article_id, _ in record.articles)
