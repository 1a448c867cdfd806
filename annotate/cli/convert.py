"""`annotate convert`: Label Studio exports of any size → the folder of a dataset."""

import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from annotate.cli.output import schema_option, terminal
from annotate.errors import CannotRun

if TYPE_CHECKING:
    from annotate.convert.options import ConversionOptions
    from annotate.convert.pool import Pool
    from annotate.convert.run import ConversionOutcome, ShardProgress

_DIGITS = 12
_UNITS = {"": 1, "K": 1 << 10, "M": 1 << 20, "G": 1 << 30}


class Size(click.ParamType[int]):
    """A number of bytes, 1K to 1G: 1000000, 512K, 64M."""

    name = "size"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        if isinstance(value, int):
            return value
        words = str(value).strip().upper().removesuffix("B")
        number, unit = words.rstrip("KMG"), words[len(words.rstrip("KMG")) :]
        size = int(number) * _UNITS.get(unit, 0) if number.isdecimal() and len(number) < _DIGITS else 0
        if not _UNITS["K"] <= size <= _UNITS["G"]:
            self.fail(f"{value!r} is no size from 1K to 1G; write 1000000, 512K or 64M", param, ctx)
        return size


@click.command("convert")
@click.argument("exports", nargs=-1, required=True, metavar="EXPORT...")
@click.option("--out", required=True, metavar="DIR", help="The folder to write: a path, or an address of fsspec.")
@schema_option
@click.option("--workers", type=click.IntRange(1), help="Processes on this machine.  [default: one a core]")
@click.option("--scheduler", metavar="ADDRESS", help="The scheduler of a Dask cluster, in place of --workers.")
@click.option("--resume", is_flag=True, help="Go on with a folder that was begun with the same exports and options.")
@click.option("--overwrite", is_flag=True, help="Begin anew in a folder that `annotate convert` made.")
@click.option(
    "--config", "configs", multiple=True, metavar="TABLE", help="Only this table, beside articles; repeatable."
)
@click.option("--text-field", default="text", show_default=True, help="The key in a task's data that holds its text.")
@click.option("--id-field", default="article", show_default=True, help="The key of the article's id; else the task's.")
@click.option("--title-field", default="title", show_default=True, help="The key of the title.")
@click.option("--language-field", default="language", show_default=True, help="The key of the language.")
@click.option("--rights", help="Whose the texts are, in a sentence for the card.")
@click.option("--people", metavar="FILE", help="YAML or JSON: number of a user on the server → pseudonym.")
@click.option("--annotators", metavar="FILE", help="An annotators.yaml: who is a person, who a model.")
@click.option("--fix", is_flag=True, help="Mend offsets whose words stand at one other place that they may mean.")
@click.option("--search-keys", is_flag=True, help="Look in every task for keys that stand twice (slower).")
@click.option("--largest-task", type=Size(), default="64M", show_default=True, help="What one task may have.")
@click.option("--shard-size", type=Size(), default="3M", show_default=True, help="Bytes of export a shard, unpacked.")
@click.option(
    "--format", "format_", type=click.Choice(("text", "json")), default="text", show_default=True, help="How to report."
)
@click.pass_context
def command(
    ctx: click.Context,
    /,
    exports: tuple[str, ...],
    schema: str,
    workers: int | None,
    scheduler: str | None,
    resume: bool,
    overwrite: bool,
    format_: str,
    **asked: Any,
) -> None:
    """Convert Label Studio exports (raw JSON) of any size to a dataset.

    An export is a JSON array, or JSON Lines with one task a line. It may be compressed with gzip or zstd, and be at any
    path or address of fsspec. Memory is bounded. A task that cannot be converted is quarantined in DIR/aside with its
    code, position and bytes. docs/scale.md describes how to run it on a cluster.

    Exit code 0: every task was converted; 1: something was quarantined, or there were no tasks; 2: could not run.

    \b
    annotate convert export.json --out dist/dataset
    annotate convert part-*.json.gz --out dist/dataset --workers 8 --config relations
    annotate convert s3://bucket/export.json --out s3://bucket/dataset --scheduler tcp://10.0.0.1:8786
    annotate convert export.json --out dist/dataset --resume
    """
    if resume and overwrite:
        raise CannotRun("--resume", "goes on and --overwrite begins anew", "give one of them")
    options = _options(exports, schema, asked)
    from annotate.convert.run import convert_exports

    try:
        with _pool(workers, scheduler) as pool, _progress() as told:
            outcome = convert_exports(options, pool, "resume" if resume else "overwrite" if overwrite else "new", told)
    except KeyboardInterrupt:
        click.echo(f"{options.out} is not finished; the same command with --resume goes on", err=True)
        raise
    if format_ == "json":
        click.echo(json.dumps(_as_data(outcome, options), indent=2, ensure_ascii=False))
    else:
        _show(outcome, options.out)
    if not outcome.manifest.clean:
        ctx.exit(1)


def _options(exports: tuple[str, ...], schema: str, asked: dict[str, Any]) -> "ConversionOptions":
    from annotate import inventory
    from annotate.convert.options import ConversionOptions, read_annotators, read_people
    from annotate.convert.tasks import TaskFields
    from annotate.ingest import Details

    loaded, details = inventory.load_inventory(schema), Details()
    rights = asked["rights"] or details.rights
    keys = (asked[f"{name}_field"] for name in ("text", "id", "title", "language"))
    return ConversionOptions(
        inputs=exports,
        out=asked["out"],
        inventory=loaded,
        fields=TaskFields(*keys),
        people=read_people(Path(asked["people"])) if asked["people"] else {},
        annotators=read_annotators(Path(asked["annotators"])) if asked["annotators"] else {},
        details=details._replace(language=loaded.language, rights=rights),
        tables=asked["configs"],
        shard_size=asked["shard_size"],
        largest_task=asked["largest_task"],
        fix=asked["fix"],
        search_keys=asked["search_keys"],
    )


@contextmanager
def _pool(workers: int | None, scheduler: str | None) -> "Iterator[Pool]":
    from annotate.convert.pool import dask_pool, local_pool
    from annotate.util.parallel import count_cores

    if scheduler and workers:
        raise CannotRun("--workers", "is of this machine, --scheduler of a cluster", "give one of them")
    if scheduler:
        with dask_pool(scheduler) as pool:
            yield pool
    else:
        yield local_pool(workers or count_cores())


@contextmanager
def _progress() -> "Iterator[Callable[[ShardProgress], None]]":
    """A line that moves on a terminal; nothing elsewhere."""
    from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

    console = terminal(stderr=True)
    if not console.is_terminal:
        yield lambda _: None
        return
    columns = (SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True) as bar:
        line = bar.add_task("converting", total=None)
        tasks = aside = made = 0
        began = time.monotonic()

        def told(step: "ShardProgress") -> None:
            nonlocal tasks, aside, made
            tasks += step.tasks
            aside += step.aside
            made += step.tasks if step.new else 0
            speed = made / max(time.monotonic() - began, 0.001)
            read = f"{step.file}: {step.read / 1e6:,.0f} MB"
            bar.update(line, description=f"{tasks:,} tasks, {aside:,} set aside, {speed:,.0f} tasks/s  {read}")

        yield told


def _as_data(outcome: "ConversionOutcome", options: "ConversionOptions") -> dict[str, object]:
    import msgspec

    data: dict[str, object] = msgspec.to_builtins(outcome.manifest)
    findings = [
        {"code": one.code, "severity": one.severity, "file": one.file, "message": one.message}
        for one in outcome.findings
    ]
    return {"folder": options.out, "shards_made": outcome.new_shards, "findings": findings, **data}


def _show(outcome: "ConversionOutcome", out: str) -> None:
    from rich import box
    from rich.table import Table

    done, console = outcome.manifest, terminal()
    for finding in outcome.findings:
        click.echo(f"{finding.file}: {finding.code} {finding.message}")
    table = Table(box=box.SIMPLE_HEAD)
    table.add_column("table")
    for name in ("rows", "columns", "bytes"):
        table.add_column(name, justify="right")
    for part in done.tables:
        table.add_row(part.config, f"{part.rows:,}", f"{part.columns:,}", f"{part.bytes:,}")
    console.print(table)
    for name, counts in (("set aside", done.set_aside), ("warnings", done.warnings), ("exports", done.troubles)):
        if counts:
            click.echo(f"{name}: {', '.join(f'{code} × {number:,}' for code, number in counts.items())}")
    codes = [*done.troubles, *done.set_aside, *done.warnings]
    if codes:
        where = f"; what was set aside is in {out}/aside" if done.set_aside or done.troubles else ""
        click.echo(f"`annotate rules {codes[0]}` explains a code{where}")
    click.echo(
        f"{done.tasks:,} tasks: {done.articles:,} taken, {done.aside:,} set aside, {done.unlabelled:,} without labels;"
        f" {done.shards:,} shards, {outcome.new_shards:,} of them made now"
    )
    if not done.articles:
        click.echo("There was nothing to take, so that there is no dataset to load.")
    click.echo(f"Written to {out}")
