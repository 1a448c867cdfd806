"""A conversion from its order to its manifest: what is there is kept, what is missing is made, doubles are left out.

The inputs → numbered pieces, planned from their unpacked bytes alone: the same whoever works on them.

Executors for the pieces: this process, several on this machine, or a Dask cluster; a lost worker is made up for.
"""

import re
from array import array
from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import BrokenExecutor, Executor, Future
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any, Literal, NamedTuple, TypeVar

import msgspec

from annotate.convert import rules
from annotate.convert.merge import SHARDS, Conversion, Hashes, hashes, merge, read_manifest
from annotate.convert.options import Order
from annotate.convert.shard import SPLIT, WORK, Job, Shard, Worker, aside_line, aside_name, read_record, record_name
from annotate.convert.splitter import Read, Trouble, split
from annotate.convert.storage import Output, Unpacked, changed, opened, output, packed, version_of, writing
from annotate.dataset.tables import tables
from annotate.dataset.writer import CARD, MANIFEST
from annotate.errors import CannotRun
from annotate.findings import Finding
from annotate.offsets import sha256
from annotate.util.parallel import AHEAD, processes

Troubled = Callable[[str, Trouble], None]
"""Takes the name of an input, and a part of it that holds no tasks."""


def jobs(order: Order, troubled: Troubled, here: bool = False) -> Iterator[tuple[Job, bytes]]:
    """Every piece of every input as a job, in order, with its bytes; `here` if this process does them all.

    Raises CannotRun where an input cannot be read, or was changed meanwhile.
    """
    number = 0
    for address, name in zip(order.inputs, order.names, strict=True):
        before = version_of(address)
        with opened(address) as read:
            stream = _Stream(read)
            for part in split(stream, order.block, order.largest):
                if isinstance(part, Trouble):
                    troubled(name, part)
                    continue
                data = part.data if here or packed(address) else None
                size = len(part.data)
                yield Job(number, name, address, part.offset, size, part.lines, data, {}, part.places), part.data
                number += 1
        if stream.broken:
            [problem] = rules.packing_broken.check(stream.broken)
            troubled(name, Trouble(rules.packing_broken, problem, stream.size, b""))
        if version_of(address) != before:
            raise changed(address)


class _Stream:
    """Reads an input to its end, or to where it cannot be unpacked any further; `broken` says why, `size` how far."""

    def __init__(self, read: Read) -> None:
        self._read = read
        self.broken: str | None = None
        self.size = 0

    def __call__(self, size: int) -> bytes:
        if self.broken is not None:
            return b""
        try:
            data = self._read(size)
        except Unpacked as error:
            self.broken = str(error) or type(error).__name__
            return b""
        self.size += len(data)
        return data


Item = TypeVar("Item")
Result = TypeVar("Result")

AGAIN = 3
"""Times that work is begun anew after the loss of a worker, with nothing done in between."""
SECONDS = 30
"""How long to wait for a scheduler."""


class Pool(NamedTuple):
    """`start` gives an executor, or None for this very process; `lost` is what it raises when a worker is gone."""

    start: Callable[[], AbstractContextManager[Executor | None]]
    workers: int
    lost: tuple[type[BaseException], ...] = (BrokenExecutor,)


def here(workers: int) -> Pool:
    """So many processes on this machine."""
    return Pool(lambda: processes(workers), workers)


@contextmanager
def dask(address: str) -> Iterator[Pool]:
    """The workers of a Dask cluster, by the address of its scheduler; raises CannotRun where there are none."""
    try:
        from distributed import Client, KilledWorker
    except ModuleNotFoundError as error:
        raise CannotRun(
            "--scheduler", "needs the library distributed", "pip install 'contested-claims[dask]'"
        ) from error
    try:
        client: Any = Client(address, timeout=SECONDS, set_as_default=False)  # type: ignore[no-untyped-call]
    except (OSError, ValueError) as error:
        raise CannotRun(address, "no scheduler answers there", "start one with `dask scheduler`") from error
    with client:
        workers = sum(client.nthreads().values())
        if not workers:
            raise CannotRun(address, "the scheduler has no workers", "start some with `dask worker ADDRESS`")

        @contextmanager
        def start() -> Iterator[Executor]:
            yield client.get_executor()

        yield Pool(start, workers, (KilledWorker, BrokenExecutor))


def surely(pool: Pool, work: Callable[[Item], Result], items: Iterable[Item]) -> Iterator[Result]:
    """`work` of each item, in the order of the items, of which a bounded number is under way.

    When a worker is lost, what is not done is given to a new executor. Raises CannotRun when that does not help.
    """
    rest, under_way, tries = iter(items), deque[Item](), 0
    while tries <= AGAIN:
        with pool.start() as executor:
            if executor is None:
                yield from map(work, rest)
                return
            futures: deque[Future[Result]] = deque()
            try:
                futures.extend([executor.submit(work, item) for item in under_way])
                for item in rest:
                    under_way.append(item)
                    futures.append(executor.submit(work, item))
                    if len(futures) >= AHEAD * pool.workers:
                        yield futures[0].result()
                        futures.popleft()
                        under_way.popleft()
                        tries = 0
                while futures:
                    yield futures[0].result()
                    futures.popleft()
                    under_way.popleft()
                    tries = 0
            except pool.lost:
                tries += 1
            else:
                return
            finally:
                for future in futures:
                    future.cancel()
    raise CannotRun(
        "a worker",
        f"was killed {tries} times at the same work, as for want of memory",
        "make room, or take fewer --workers or a smaller --shard-size; --resume goes on with what is there",
    )


INPUTS = aside_name("inputs")
"""What was set aside of inputs as files."""
SHOWN = 20
"""Findings on inputs that are kept to be shown; all are counted."""
_ORDER = f"{WORK}/order.json"
_OURS = re.compile(rf"data/[^/]+/{SPLIT}-\d{{6}}\.parquet|aside/(?:\d{{6}}|inputs)\.jsonl|{re.escape(WORK)}/.+")
"""The files that a conversion makes, beside those with a name of their own."""

Mode = Literal["new", "resume", "overwrite"]


class Step(NamedTuple):
    """A shard that is there now. `read` is how far its input is read, unpacked; `new` unless it was there before."""

    file: str
    tasks: int
    aside: int
    read: int
    new: bool


class Outcome(NamedTuple):
    """`findings` are those on inputs as files, the first of them; `made` counts the shards that were missing."""

    conversion: Conversion
    findings: tuple[Finding, ...]
    made: int


def convert(order: Order, pool: Pool, mode: Mode = "new", told: Callable[[Step], None] = lambda _: None) -> Outcome:
    """Write the dataset of all exports into the folder; `told` hears of each shard, in order.

    Raises CannotRun where an input or the output cannot be read or written, or was changed meanwhile; what is whole by
    then stays for `resume`.
    """
    tables(order.inventory, order.chosen())
    if "links" in order.tables:
        raise CannotRun("links", "is no table that an export makes, as it has none", "name other tables")
    for address in (*order.inputs, order.out):
        try:
            address.encode()
        except UnicodeEncodeError as error:
            raise CannotRun(ascii(address), "is a name that is not UTF-8", "rename it") from error
        if address.startswith("memory://") and pool.workers > 1:
            raise CannotRun(address, "is seen by one process alone", "take --workers 1")
    versions = {address: version_of(address) for address in order.inputs}
    there = output(order.out)
    run = _Run(order, there, pool)
    finished = _ready(order, there, mode)
    if finished:
        run.held_to(finished)
        return Outcome(finished, tuple(run.findings), 0)
    with writing(there):
        run.shards(told)
        run.doubles()
        for address, version in versions.items():
            if version_of(address) != version:
                raise changed(address)
        conversion = run.merged()
        there.clear(WORK)
    return Outcome(conversion, tuple(run.findings), run.made)


def _same(address: str, folder: str, name: str) -> bool:
    """Whether an input is a file of the folder."""
    if "://" in address or "://" in folder:
        return address == f"{folder}/{name}"
    return Path(address).resolve() == Path(folder, name).resolve()


def _ready(order: Order, there: Output, mode: Mode) -> Conversion | None:
    """Make the folder ready to be written to; the manifest of one that was finished before and is resumed.

    Raises CannotRun where that might lose something.
    """
    names, hint = there.names(), "choose another folder with --out"
    manifest = read_manifest(there)
    ours = manifest is not None or _ORDER in names
    if names and mode == "new":
        more = "go on with --resume or begin anew with --overwrite, or " if ours else ""
        raise CannotRun(there.where, "holds something already", more + hint)
    if names and not ours:
        raise CannotRun(there.where, "is no folder that `annotate convert` made", hint)
    if mode == "resume" and names:
        asked = manifest.fingerprint if manifest else _fingerprint(there)
        if asked != order.fingerprint():
            raise CannotRun(
                there.where,
                "was begun with other exports, options, inventory or version",
                "give the same ones, or begin anew with --overwrite",
            )
        if manifest and _ORDER not in names:
            return manifest
        return None
    if mode == "overwrite":
        for name in names:
            if name not in (CARD, MANIFEST, SHARDS) and not _OURS.fullmatch(name):
                raise CannotRun(
                    f"{there.where}/{name}", "was not made by `annotate convert`", f"move it away, or {hint}"
                )
            if any(_same(address, there.where, name) for address in order.inputs):
                raise CannotRun(f"{there.where}/{name}", "is to be converted, and would be lost", "move it away first")
        # The manifest goes first: what is left of a folder after an interruption is never taken for whole.
        there.write(_ORDER, b"{}")
        there.remove(sorted(set(names) - {_ORDER}, key=lambda name: name != MANIFEST))
    there.write(_ORDER, msgspec.json.encode({"fingerprint": order.fingerprint()}))
    return None


def _fingerprint(there: Output) -> object:
    known = msgspec.json.decode(there.read(_ORDER) or b"{}")
    return known.get("fingerprint") if isinstance(known, dict) else None


class _Run:
    def __init__(self, order: Order, there: Output, pool: Pool) -> None:
        self.order, self.output, self.pool = order, there, pool
        self.worker = Worker(order)
        self.troubles: Counter[str] = Counter()
        self.findings: list[Finding] = []
        self.made = 0
        self._ids = Hashes()

    def shards(self, told: Callable[[Step], None]) -> None:
        """Have every shard, and the file of what is wrong with inputs."""
        with self.output.workspace(WORK) as folder:
            path = folder / "inputs.jsonl"
            with path.open("wb") as file:

                def troubled(name: str, trouble: Trouble) -> None:
                    finding = trouble.rule.finding(name, None, trouble.problem)
                    self._note(finding)
                    if finding.severity == "error":
                        file.write(aside_line(name, trouble.offset, None, [finding], trouble.data))

                for step, ids in self._all(troubled):
                    self._ids.add(ids)
                    self.made += step.new
                    told(step)
            self._keep(path)
        if self.output.read(record_name(len(self._ids))) is not None:
            raise _other(self.output.where, f"has more shards than the exports make, {len(self._ids):,}")

    def _note(self, finding: Finding) -> None:
        self.troubles[finding.code] += 1
        if len(self.findings) < SHOWN:
            self.findings.append(finding)

    def _keep(self, path: Path) -> None:
        if path.stat().st_size:
            self.output.put(path, INPUTS)

    def _all(self, troubled: Callable[[str, Trouble], None]) -> Iterator[tuple[Step, "array[int]"]]:
        """A step for every shard, in order: those that are there are read, the others made."""
        known: dict[int, tuple[Step, array[int]]] = {}

        def missing() -> Iterator[Job]:
            for job, data in jobs(self.order, troubled, self.pool.workers == 1):
                shard = self._there(job, data)
                if shard is None:
                    yield job
                else:
                    known[job.number] = _step(shard, new=False)

        number = 0
        for shard in surely(self.pool, self.worker, missing()):
            while number < shard.number:
                yield known.pop(number)
                number += 1
            yield _step(shard, new=True)
            number += 1
        yield from (known[place] for place in sorted(known))

    def _there(self, job: Job, data: bytes) -> Shard | None:
        """The shard of a piece, if it is whole; raises CannotRun where it was made of other bytes."""
        found = self.output.read(record_name(job.number))
        if found is None:
            return None
        shard = read_record(found)
        if (shard.file, shard.offset, shard.sha256) != (job.file, job.offset, sha256(data)):
            raise _other(job.file, f"is not what it was at byte {job.offset:,}")
        whole = all(self.output.size(table.file) == table.bytes for table in shard.tables)
        kept = not shard.aside or self.output.size(aside_name(job.number)) is not None
        return shard if whole and kept else None

    def held_to(self, finished: Conversion) -> None:
        """Raise CannotRun unless a finished folder is what the exports make, and its files are there."""
        listed = iter((self.output.read(SHARDS) or b"").splitlines())

        def troubled(name: str, trouble: Trouble) -> None:
            self._note(trouble.rule.finding(name, None, trouble.problem))

        for job, data in jobs(self.order, troubled, here=True):
            known = msgspec.json.decode(next(listed, b"{}"))
            if [known.get(key) for key in ("file", "offset", "sha256")] != [job.file, job.offset, sha256(data)]:
                raise _other(job.file, f"is not what it was at byte {job.offset:,}")
            for table in known["tables"]:
                if self.output.size(table["file"]) != table["bytes"]:
                    raise CannotRun(
                        f"{self.output.where}/{table['file']}", "is not whole", "begin anew with --overwrite"
                    )
        if next(listed, None) is not None:
            raise _other(self.output.where, f"has more shards than the exports make, {finished.shards:,}")

    def _record(self, number: int) -> Shard:
        found = self.output.read(record_name(number))
        if found is None:
            raise CannotRun(self.output.where, f"lacks {record_name(number)}", "leave it alone, and run with --resume")
        return read_record(found)

    def doubles(self) -> None:
        """Make those shards again that have tasks whose ids stand in an earlier one, without these tasks."""
        later = self._later()
        if not later:
            return

        def again() -> Iterator[Job]:
            for job, _ in jobs(self.order, lambda *_: None):
                if job.number in later:
                    yield job._replace(left_out=later[job.number])

        for _ in surely(self.pool, self.worker, again()):
            pass

    def _later(self) -> dict[int, Mapping[int, str]]:
        """Shard → the bytes of its tasks whose ids stand in an earlier one, and where that one is."""
        first: dict[str, str] = {}
        later: dict[int, Mapping[int, str]] = {}
        for number, numbers in sorted(self._ids.repeated().items()):
            shard, here = self._record(number), dict[int, str]()
            for (name, at), hashed in zip(shard.articles, self._ids.of(number), strict=True):
                if name in first:
                    here[at] = first[name]
                elif hashed in numbers:
                    first[name] = f"the one at byte {at:,} of {shard.file}"
            if here:
                later[number] = here
        return later

    def merged(self) -> Conversion:
        records = (self._record(number) for number in range(len(self._ids)))
        return merge(self.order, self.output, records, self.troubles)


def _other(place: str, what: str) -> CannotRun:
    return CannotRun(place, what, "begin anew with --overwrite, or give the old file")


def _step(shard: Shard, new: bool) -> tuple[Step, "array[int]"]:
    step = Step(shard.file, shard.tasks, shard.aside, shard.offset + shard.size, new)
    return step, hashes(name for name, _ in shard.articles)
