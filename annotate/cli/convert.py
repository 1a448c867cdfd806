"""`annotate convert`: convert Label Studio exports of any size to a dataset."""

import json
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

import annotate
from annotate.cli.findings_output import announce_cut, describe_counts, describe_hidden, show_commands
from annotate.cli.options import all_option, findings_format_option, schema_option
from annotate.cli.terminal import (
    MAX_SHOWN,
    count_noun,
    describe_bar,
    echo,
    echo_json,
    echo_lines,
    make_grid,
    make_remaining_column,
    show_bars,
    terminal,
)
from annotate.errors import CannotRun
from annotate.util.escape import quote
from annotate.util.termination import TerminationRequest

if TYPE_CHECKING:
    from rich.progress import ProgressColumn

    from annotate.convert.run import ShardProgress
    from annotate.waivers import Waiver

_MAX_DIGITS = 12
_UNITS = {"": 1, "K": 1 << 10, "M": 1 << 20, "G": 1 << 30}


class Size(click.ParamType[int]):
    """A number of bytes, 1K to 1G: 1000000, 512K, 64M."""

    name = "size"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """Return the number of bytes, or fail with a usage error."""
        if isinstance(value, int):
            return value
        text = str(value).strip().upper().removesuffix("B")
        number, unit = text.rstrip("KMG"), text[len(text.rstrip("KMG")) :]
        size = int(number) * _UNITS.get(unit, 0) if number.isdecimal() and len(number) < _MAX_DIGITS else 0
        if not _UNITS["K"] <= size <= _UNITS["G"]:
            self.fail(f"{quote(value)} is not a size from 1K to 1G; write 1000000, 512K or 64M", param, ctx)
        return size


@click.command("convert")
@click.argument("exports", nargs=-1, required=True, metavar="EXPORT...")
@click.option("--out", required=True, metavar="DIR", help="Folder to write: a path, or an address of fsspec.")
@schema_option
@click.option(
    "--workers",
    type=click.IntRange(1),
    help="Number of worker processes; does not affect the output.  [default: one for each core]",
)
@click.option("--scheduler", metavar="ADDRESS", help="Scheduler of a Dask cluster, in place of --workers.")
@click.option(
    "--resume", is_flag=True, help="Continue a conversion that was started with the same exports and options."
)
@click.option("--overwrite", is_flag=True, help="Replace an earlier conversion in the folder.")
@click.option(
    "--config", "configs", multiple=True, metavar="TABLE", help="Write only `articles` and this table; repeatable."
)
@click.option(
    "--map",
    "map_",
    type=click.Path(),
    help="YAML file that maps the labels and controls of another project to the inventory.  [default: "
    "maps/labelstudio.yaml in the schema folder, if there is one]",
)
@click.option("--text-field", help="Key of the text in a task's data.  [default: that of the map, or text]")
@click.option(
    "--id-field", help="Key of the article id; without it, the task's id.  [default: that of the map, or article]"
)
@click.option("--title-field", help="Key of the title.  [default: that of the map, or title]")
@click.option("--language-field", help="Key of the language.  [default: that of the map, or language]")
@click.option("--rights", help="Who owns the texts, in a sentence for the card.  [default: not stated]")
@click.option(
    "--people",
    metavar="FILE",
    help="YAML or JSON that maps user ids or e-mail addresses to pseudonyms.  [default: `annotators` of the map]",
)
@click.option("--annotators", metavar="FILE", help="annotators.yaml that says who is a person and who a model.")
@click.option(
    "--waivers",
    metavar="FILE",
    help="Findings to accept (docs/how-to/waivers.md).  [default: corpus/waivers.yaml next to the schema folder]",
)
@click.option(
    "--fix",
    is_flag=True,
    help="Correct offsets whose text occurs at exactly one other position that they may mean, and leave out white space"
    " at the ends of spans.",
)
@click.option("--search-keys", is_flag=True, help="Search every task for duplicate keys (slower).")
@click.option("--largest-task", type=Size(), default="64M", show_default=True, help="Largest size of one task.")
@click.option(
    "--shard-size", type=Size(), default="8M", show_default=True, help="Size of a shard of the export, uncompressed."
)
@findings_format_option
@all_option
@click.pass_context
def command(
    ctx: click.Context,
    /,
    exports: tuple[str, ...],
    schema: str,
    workers: int | None,
    scheduler: str | None,
    waivers: str | None,
    resume: bool,
    overwrite: bool,
    format_: str,
    show_all: bool,
    **parameters: Any,
) -> None:
    """Convert Label Studio exports (raw JSON) of any size to a dataset.

    An export is a JSON array, or JSON Lines with one task a line. It may be compressed with gzip or zstd, and be at any
    path or address of fsspec. Memory is bounded. A task that cannot be converted is quarantined in DIR/aside with its
    code, position and bytes. docs/how-to/scale.md describes how to run it on a cluster.

    An export of a project that was not made with `annotate studio push` needs a map: docs/how-to/coming-from.md shows
    one. Items that the map leaves out, and those of predictions, are counted. Of the findings on exports as files, the
    first 20 of each code are listed, unless --all is given.

    Exit code 0: every task was converted; 1: something was quarantined, or there were no tasks; 2: could not run.

    \b
    annotate convert export.json --out dist/dataset
    annotate convert part-*.json.gz --out dist/dataset --workers 8 --config relations
    annotate convert s3://bucket/export.json --out s3://bucket/dataset --scheduler tcp://10.0.0.1:8786
    annotate convert export.json --out dist/dataset --resume
    annotate convert theirs.json --out dist/theirs --schema their-schema --map map.yaml
    """
    if resume and overwrite:
        raise CannotRun("--resume", "continues and --overwrite replaces a conversion", "give one of them")
    out, inventory = parameters["out"], annotate.load_inventory(schema)
    try:
        with _show_progress(_measure_exports(exports)) as progress:
            outcome = annotate.convert_exports(
                exports,
                inventory=inventory,
                mode="resume" if resume else "overwrite" if overwrite else "new",
                workers=workers,
                scheduler=scheduler,
                progress=progress,
                most_findings=None if show_all else MAX_SHOWN,
                waivers=_read_waivers(waivers, schema),
                **_read_options(parameters, inventory),
            )
    except KeyboardInterrupt:
        echo(f"{out} is not finished; continue it by the same command with --resume", err=True)
        raise
    except TerminationRequest as request:
        request.add_note(f"{out} is not finished; continue it by the same command with --resume")
        raise
    if format_ == "json":
        echo_json(json.dumps(_to_dict(outcome, out), indent=2, ensure_ascii=False))
    else:
        if format_ == "github":
            show_commands(outcome.findings, Path())
        _show(outcome, out, is_listed=format_ == "text")
    if not outcome.manifest.clean:
        ctx.exit(1)


def _read_waivers(file: str | None, schema: str) -> "tuple[Waiver, ...]":
    """Return the waivers that are not over, and name those that are."""
    from annotate.waivers import Waivers, find_waivers, read_waivers

    path = Path(file) if file else find_waivers(Path(schema))
    if path is None:
        return ()
    waivers = Waivers(read_waivers(path, None if file else path.parent))
    for waiver in waivers.all:
        if waiver.is_over(waivers.day):
            problem = f"the waiver of {waiver.code} ended on {waiver.until}, so that its findings count again"
            echo(f"{path}: {problem}; remove it, or give it a later day", err=True)
    return waivers.active


def _read_options(parameters: dict[str, Any], inventory: "annotate.Inventory") -> dict[str, Any]:
    """Return the arguments of `convert_exports` that the options of the command give."""
    import msgspec

    from annotate.convert.options import read_annotators, read_people
    from annotate.label_map import TaskFields, find_map

    people, annotators = parameters["people"], parameters["annotators"]
    label_map = find_map(parameters["map_"], "labelstudio", inventory)
    fields = label_map.fields if label_map else TaskFields()
    keys = {"text": "text", "article": "id", "title": "title", "language": "language"}
    given = {name: parameters[f"{key}_field"] for name, key in keys.items() if parameters[f"{key}_field"] is not None}
    return {
        "label_map": label_map,
        "fields": msgspec.structs.replace(fields, **given),
        "people": read_people(Path(people)) if people else {},
        "annotators": read_annotators(Path(annotators)) if annotators else {},
        "tables": parameters["configs"],
        **{name: parameters[name] for name in ("out", "rights", "shard_size", "largest_task", "fix", "search_keys")},
    }


def _measure_exports(exports: Iterable[str]) -> int | None:
    """Return the number of bytes of exports; None if it is not known, since one is compressed or not on this disk."""
    from annotate.convert.storage import is_compressed

    paths = [Path(export) for export in exports]
    if any(is_compressed(str(path)) or not path.is_file() for path in paths):
        return None
    return sum(path.stat().st_size for path in paths)


@contextmanager
def _show_progress(size: int | None) -> "Iterator[Callable[[ShardProgress], None]]":
    """Show counts, speed and the time that is left on a terminal, and nothing elsewhere.

    Args:
        size: The number of bytes of all exports, if it is known; it gives the time that is left.
    """

    def make_columns() -> "Iterable[ProgressColumn]":
        from rich.progress import SpinnerColumn, TextColumn, TimeElapsedColumn

        return SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn(), make_remaining_column()

    with show_bars(make_columns) as bars:
        if bars is None:
            yield lambda _: None
            return
        task = bars.add_task("converting", total=size)
        tasks = quarantined = new_tasks = 0
        read_bytes: dict[str, int] = {}
        start = time.monotonic()

        def advance(step: "ShardProgress") -> None:
            nonlocal tasks, quarantined, new_tasks
            tasks += step.tasks
            quarantined += step.aside
            new_tasks += step.tasks if step.new else 0
            speed = new_tasks / max(time.monotonic() - start, 0.001)
            read = f"{step.file}: {step.read / 1e6:,.0f} MB"
            description = f"{tasks:,} tasks, {quarantined:,} quarantined, {speed:,.0f} tasks/s  {read}"
            read_bytes[step.file] = step.read
            bars.update(task, description=describe_bar(description), completed=sum(read_bytes.values()))

        yield advance


def _to_dict(outcome: "annotate.ConversionOutcome", out: str) -> dict[str, object]:
    import msgspec

    data: dict[str, object] = msgspec.to_builtins(outcome.manifest)
    findings = [
        {"code": f.code, "severity": f.severity, "file": f.file, "message": f.message} for f in outcome.findings
    ]
    return {"folder": out, "shards_made": outcome.new_shards, "findings": findings, **data}


def _show(outcome: "annotate.ConversionOutcome", out: str, *, is_listed: bool) -> None:
    manifest = outcome.manifest
    totals = Counter({finding.code: manifest.troubles[finding.code] for finding in outcome.findings})
    findings = outcome.findings if is_listed else ()
    hidden = describe_hidden(totals) if is_listed and len(findings) < totals.total() else []
    if hidden:
        echo(announce_cut(f"{count_noun(totals.total(), 'finding')} on exports as files: {describe_counts(totals)}."))
    for finding in findings:
        echo(f"{finding.file}: {finding.code} {finding.message}")
    echo_lines(hidden)
    grid = make_grid(
        None,
        [("table", "left"), ("rows", "right"), ("columns", "right"), ("bytes", "right")],
        ((part.config, f"{part.rows:,}", f"{part.columns:,}", f"{part.bytes:,}") for part in manifest.tables),
    )
    terminal().print(grid)
    for name, counts in (
        ("quarantined", manifest.set_aside),
        ("warnings", manifest.warnings),
        ("waived", manifest.waived),
        ("exports", manifest.troubles),
        ("left out", manifest.left_out),
    ):
        if counts:
            echo(f"{name}: {', '.join(f'{code} × {number:,}' for code, number in counts.items())}")
    codes = [*manifest.troubles, *manifest.set_aside, *manifest.warnings]
    if codes:
        where = f"; quarantined tasks are in {out}/aside" if manifest.set_aside or manifest.troubles else ""
        echo(f"`annotate rules {codes[0]}` explains a code{where}")
    echo(
        f"{count_noun(manifest.tasks, 'task')}: {manifest.articles:,} converted, {manifest.aside:,} quarantined,"
        f" {manifest.unlabelled:,} without labels,"
        f" {manifest.unsubmitted:,} skipped or not submitted;"
        f" {count_noun(manifest.shards, 'shard')}, {outcome.new_shards:,} new"
    )
    if not manifest.articles:
        echo("No task was converted, so there is no dataset to load.")
    echo(f"Written to {out}")
