"""Speed and memory of `annotate convert`, and of other tools on the same export.

    python -m benchmarks.convert make DIR
    python -m benchmarks.convert run DIR [--rounds 2] [--count 50000]
    python -m benchmarks.convert memory DIR

`make` writes made-up exports of 1,000, 10,000 and 50,000 tasks. `run` measures each side in a process of its own, one
after the other, round by round. The clock starts after the imports and stops before the tasks are counted. Of several
rounds, the one with the least CPU time counts. `memory` measures the peak for 1,000 and for 50,000 tasks, with one
worker and with two.

The side `floor: articles` does what no converter can leave out: typed decoding, the columns of the table `articles`
from what was decoded, their Parquet, and its SHA-256. It has no checks, no normal form, no records and no other tables.
The side `floor: all six tables` decodes each chunk, and writes as many rows, which were made of other tasks before the
clock started: Parquet, its SHA-256 and the hash of its values, as every shard has them. It makes no columns.
"""

import argparse
import csv
import gc
import hashlib
import json
import os
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from annotate import inventory
from annotate.convert.splitter import Chunk, split, task_ranges
from annotate.labelstudio.config import labelling_config
from annotate.util.startup import block_pandas, keep_freed_memory
from benchmarks.exports import write
from benchmarks.measure import Measured, Told, measured, timed

ROOT = Path(__file__).resolve().parent.parent
SCHEMA = ROOT / "tests" / "base" / "schema"
SIZES = (1000, 10_000, 50_000)
SIX = "all six tables"
OURS = {
    SIX: (),
    "articles, records": ("--config", "sayings", "--config", "loads"),
    "articles": ("--config", "articles"),
}
"""Sides of `annotate convert`, by the tables that they write."""


def export(folder: Path, count: int) -> Path:
    return folder / f"export-{count}.json"


def ours(path: Path, out: Path, tables: tuple[str, ...], workers: int) -> int:
    from annotate.convert.options import ConversionOptions
    from annotate.convert.pool import local_pool
    from annotate.convert.run import convert_exports

    options = ConversionOptions(
        inputs=(str(path),), out=str(out), inventory=inventory.load_inventory(SCHEMA), tables=tables[1::2]
    )
    done = convert_exports(options, local_pool(workers)).manifest
    if done.aside:
        raise SystemExit("a made-up task was set aside")
    return done.tasks


def floor(path: Path, out: Path, tables: str) -> int:
    import msgspec
    import pyarrow as pa
    import pyarrow.parquet as pq

    from annotate.convert.reader import ExportedTask
    from annotate.dataset.features import arrow_schema
    from annotate.dataset.tables import select_tables
    from benchmarks.floor import columns, shard_rows

    labels = inventory.load_inventory(SCHEMA)
    schema = arrow_schema(select_tables(labels, {"articles"})["articles"].features)
    decoder, count = msgspec.json.Decoder(ExportedTask), 0
    rows = shard_rows() if tables == SIX else None
    gc.disable()
    out.mkdir()
    with path.open("rb") as file:
        for number, piece in enumerate(split(file.read)):
            if not isinstance(piece, Chunk):
                raise SystemExit("the export is broken")
            view = memoryview(piece.data)
            read = [decoder.decode(view[start:end]) for start, end in task_ranges(piece)]
            count += len(read)
            if rows:
                rows.write(out, number, len(read))
                continue
            target = out / f"{number}.parquet"
            table = pa.table(columns(read, labels, schema), schema=schema)
            pq.write_table(table, target, compression="zstd", compression_level=3, version="2.6", row_group_size=2000)
            hashlib.sha256(target.read_bytes()).hexdigest()
    return count


def sdk(path: Path, out: Path, format_: str) -> Callable[[], int]:
    """The tasks are counted in what was written, a line at a time: to read all of it takes more than to convert it."""
    from label_studio_sdk.converter.converter import Converter

    out.mkdir()
    converter = Converter(  # type: ignore[no-untyped-call]
        labelling_config(inventory.load_inventory(SCHEMA)), str(out), download_resources=False
    )
    converter.convert(str(path), str(out), format_, is_dir=False)  # type: ignore[no-untyped-call]
    [written] = out.glob("result.*")

    def count() -> int:
        with written.open(encoding="utf-8", newline="") as file:
            if format_ == "CSV":
                return sum(1 for _ in csv.DictReader(file))
            return sum('"annotation_id":' in line for line in file)

    return count


def flattened(path: Path) -> Iterator[dict[str, Any]]:
    """Rows as one writes them by hand: spans with their values, and relations by id."""
    for task in json.loads(path.read_bytes()):
        items = task["annotations"][0]["result"]
        spans = {
            item["id"]: {
                "id": item["id"],
                "label": item["value"]["labels"][0],
                **_place(item),
                "rank": None,
                "wording": None,
            }
            for item in items
            if item["type"] == "labels"
        }
        for item in items:
            if item["type"] == "choices":
                spans[item["id"]][item["from_name"].partition(".")[2]] = item["value"]["choices"][0]
        yield {
            **task["data"],
            "spans": list(spans.values()),
            "relations": [
                {"label": item["labels"][0], "head": item["from_id"], "tail": item["to_id"]}
                for item in items
                if item["type"] == "relation"
            ],
        }


def _place(item: dict[str, Any]) -> dict[str, Any]:
    return {key: item["value"][key] for key in ("start", "end", "text")}


def from_generator(path: Path, out: Path) -> int:
    import datasets

    datasets.disable_progress_bars()
    made = datasets.Dataset.from_generator(flattened, gen_kwargs={"path": path}, cache_dir=str(out / "cache"))
    made.to_parquet(str(out / "all.parquet"))
    return len(made)


def normalized(path: Path, out: Path) -> int:
    """Flattening alone: what comes out cannot be written as Parquet."""
    import pandas as pd

    read = json.loads(path.read_bytes())
    pd.json_normalize(read, record_path=["annotations", "result"], meta=["id", "data"], meta_prefix="task.")
    out.mkdir()
    return len(read)


def side(name: str) -> Callable[[Path, Path], Told]:
    if name.startswith("ours"):
        _, tables, workers = name.split(": ")
        return lambda path, out: ours(path, out, OURS[tables], int(workers.split()[0]))
    if name.startswith("floor"):
        return lambda path, out: floor(path, out, name.removeprefix("floor: "))
    peers: dict[str, Callable[[Path, Path], Told]] = {
        "SDK, JSON_MIN": lambda path, out: sdk(path, out, "JSON_MIN"),
        "SDK, CSV": lambda path, out: sdk(path, out, "CSV"),
        "datasets from_generator": from_generator,
        "pandas json_normalize": normalized,
    }
    return peers[name]


WORKERS = ("1 worker", "2 workers")
FLOORS = ("floor: articles", f"floor: {SIX}")
PEERS = ("SDK, JSON_MIN", "SDK, CSV", "datasets from_generator", "pandas json_normalize")


def measure(folder: Path, name: str, count: int) -> Measured:
    results = measured(
        name, ["-m", "benchmarks.convert", "side", str(folder), "--name", name, "--count", str(count)], ROOT
    )
    if results.tasks != count:
        raise SystemExit(f"{name} has {results.tasks} of {count} tasks")
    return results


def run(folder: Path, rounds: int, count: int) -> None:
    sides = [f"ours: {tables}: {workers}" for tables in OURS for workers in WORKERS]
    names = [*FLOORS, *sides, *PEERS]
    best: dict[str, Measured] = {}
    ratios: dict[str, list[float]] = {tables: [] for tables in OURS}
    for _ in range(rounds):
        results = {name: measure(folder, name, count) for name in names}
        for tables, seen in ratios.items():
            one, two = (results[f"ours: {tables}: {workers}"].seconds for workers in WORKERS)
            seen.append(one / two)
        for name, side in results.items():
            best[name] = min(best.get(name, side), side, key=lambda side: side.cpu)
    show(list(best.values()))
    for tables, seen in ratios.items():
        print(f"\ntwo workers against one, {tables}, seconds, by round: {', '.join(f'{ratio:.2f}' for ratio in seen)}")  # noqa: T201
    for name in FLOORS:
        ours_ = best[name.replace("floor", "ours") + ": 1 worker"]
        print(f"\n{name}: {best[name].cpu / ours_.cpu:.0%} of the CPU time here, one worker")  # noqa: T201
    fastest = {tables: best[f"ours: {tables}: 2 workers"].seconds for tables in OURS}
    for peer in PEERS:
        times = ", ".join(f"{tables} {best[peer].seconds / seconds:.1f} ×" for tables, seconds in fastest.items())
        print(f"\n{peer}, its seconds by those of two workers here: {times}")  # noqa: T201
    (folder / "convert.json").write_text(json.dumps([one._asdict() for one in best.values()], indent=1))
    plot(list(best.values()), ROOT / "benchmarks" / "convert.png")


def memory(folder: Path) -> None:
    names = [f"ours: {SIX}: {workers}" for workers in WORKERS]
    show([measure(folder, name, count) for name in names for count in (SIZES[0], SIZES[-1])])


def show(results: list[Measured]) -> None:
    print("| side | tasks | tasks/s of CPU time | CPU s | seconds | main, MB | worker, MB | load |")  # noqa: T201
    print("|---|---:|---:|---:|---:|---:|---:|---:|")  # noqa: T201
    for one in results:
        print(  # noqa: T201
            f"| {one.side} | {one.tasks:,} | {one.tasks / one.cpu:,.0f} | {one.cpu:.2f} | {one.seconds:.2f}"
            f" | {one.main:.0f} | {one.worker:.0f} | {one.load:.1f} |"
        )


def plot(results: list[Measured], path: Path) -> None:
    import matplotlib as mpl

    mpl.use("Agg")
    from matplotlib import pyplot as plt

    ordered = sorted(results, key=lambda one: one.tasks / one.cpu)
    figure, axes = plt.subplots(figsize=(8, 4), layout="constrained")
    speeds = [one.tasks / one.cpu for one in ordered]
    colours = ["#1f6f8b" if one.side.startswith("ours") else "#b0b0b0" for one in ordered]
    bars = axes.barh([one.side for one in ordered], speeds, color=colours)
    axes.bar_label(bars, [f"{speed:,.0f}" for speed in speeds], padding=3)
    axes.set_xlabel("tasks a second of CPU time")
    axes.margins(x=0.12)
    axes.spines[["top", "right"]].set_visible(False)
    figure.savefig(path, dpi=110)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=("make", "run", "memory", "side"))
    parser.add_argument("folder", type=Path)
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--name", default="")
    parser.add_argument("--count", type=int, default=SIZES[-1], choices=SIZES)
    given = parser.parse_args()
    if given.what == "make":
        given.folder.mkdir(exist_ok=True)
        for count in SIZES:
            write(export(given.folder, count), count)
    elif given.what == "run":
        run(given.folder, given.rounds, given.count)
    elif given.what == "memory":
        memory(given.folder)
    else:
        _one_side(given.folder, given.name, given.count)


def _one_side(folder: Path, name: str, count: int) -> None:
    """One run in this process; what the libraries print is not part of the result."""
    out = Path(tempfile.mkdtemp(dir=folder))
    kept, sys.stdout = sys.stdout, sys.stderr
    work = side(name)
    # Imports, and whatever is set up once, are done on one task.
    if name.startswith(("ours", "floor")):
        block_pandas()  # as the program does
        keep_freed_memory()
    small = export(out, 1)
    write(small, 1)
    work(small, out / "first")
    sys.stdout = kept
    try:
        with open(os.devnull, "w") as nowhere:  # noqa: PTH123
            sys.stderr = nowhere
            timed(lambda: work(export(folder, count), out / "out"))
    finally:
        sys.stderr = sys.__stderr__
        shutil.rmtree(out)


if __name__ == "__main__":
    main()
