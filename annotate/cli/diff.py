"""`annotate diff`: what changed between two versions of a corpus."""

import sys
from collections.abc import Iterator
from itertools import chain
from typing import TYPE_CHECKING

import click

from annotate.cli.output import out_option, terminal

if TYPE_CHECKING:
    from annotate.comparison.compare import Comparison
    from annotate.comparison.render import Grid, Shown
    from annotate.comparison.rescore import Rescored

_COLOURS = {"+": "green", "-": "red", "~": "yellow"}


@click.command("diff")
@click.argument("old")
@click.argument("new", default="corpus")
@click.option(
    "--format",
    "format_",
    type=click.Choice(("text", "json", "md", "html")),
    default="text",
    show_default=True,
    help="How to show it; json holds all, and is what `annotate apply` takes.",
)
@click.option("--corpus", default="corpus", show_default=True, help="Where a revision has the corpus folder.")
@click.option(
    "--schema",
    default="schema",
    show_default=True,
    help="Where a revision has labels.yaml; for a corpus folder, too, where none is beside it.",
)
@click.option("--rescore", type=click.Path(file_okay=False), help="A folder of predictions to score on both versions.")
@out_option
@click.option("--exit-code", is_flag=True, help="Exit with 1 where the versions differ.")
@click.pass_context
def command(
    ctx: click.Context,
    old: str,
    new: str,
    format_: str,
    corpus: str,
    schema: str,
    rescore: str | None,
    out: str | None,
    exit_code: bool,
) -> None:
    """Show what changed from OLD to NEW: counts by label, every change, and the version that they ask for.

    OLD and NEW are each a git revision, a corpus folder (with schema/ beside it), a folder that holds both, or a
    release: its source archive, or a folder with one. A name that is a folder or a file is taken as that. Counts are of
    gold; the changes are those of all files. Spans are matched by id, then by overlap (docs/versioning.md).

    With --rescore, saved predictions are scored against both versions, and what moved is shown with the changes of gold
    that moved it.

    Exit code 0: compared, whether or not they differ; 1: they differ, with --exit-code; 2: could not run.

    \b
    annotate diff v0.1.0
    annotate diff v0.1.0 corpus --format json --out changes.json
    annotate diff HEAD~3 HEAD --format md
    annotate diff v0.1.0 corpus --rescore out/baseline
    """
    from annotate.comparison.compare import Comparison
    from annotate.comparison.sources import side

    with side(old, corpus, schema) as before, side(new, corpus, schema) as after:
        with terminal(stderr=True).status("comparing"):
            comparison = Comparison(before, after)
            rescored = _rescored(comparison, rescore) if rescore else None
        parts = _parts(comparison, format_, rescored, colour=out is None)
        if out:
            from annotate.util.files import write_report

            with terminal(stderr=True).status("comparing"):
                write_report(out, parts)
            click.echo(f"written to {out}", err=True)
        else:
            with terminal(stderr=True).status("comparing"):
                first = next(parts)  # all forms but JSON know their first words when everything was compared
            for part in chain([first], parts):
                sys.stdout.buffer.write(part)
            sys.stdout.buffer.flush()
        if exit_code and not comparison.summary.empty:
            ctx.exit(1)


def _rescored(comparison: "Comparison", folder: str) -> "Rescored":
    from annotate.cli.labels import read_files
    from annotate.comparison.rescore import notes, rescore

    rescored = rescore(comparison, {path.stem: annotation for path, annotation in read_files(folder)})
    for note in notes(rescored):
        click.echo(note, err=True)
    return rescored


def _parts(comparison: "Comparison", format_: str, rescored: "Rescored | None", colour: bool) -> Iterator[bytes]:
    from annotate.comparison import patch, render
    from annotate.comparison.rescore import grids

    if format_ == "json":
        return patch.encoded(comparison, {"rescored": rescored} if rescored else None)
    more = list(grids(rescored)) if rescored else []
    if format_ == "text":
        parts: Iterator[str] = render.parts_as_text(comparison, _shown(colour and sys.stdout.isatty()), more)
    else:
        parts = (render.parts_as_markdown if format_ == "md" else render.parts_as_page)(comparison, more)
    return (part.encode("utf-8", "replace") for part in parts)


def _shown(colour: bool) -> "Shown":
    from annotate.comparison.render import Shown

    def style(words: str, what: str) -> str:
        if not colour:
            return words
        return click.style(words, fg=_COLOURS.get(what), bold=what == "head" or None, dim=what == "dim" or None)

    return Shown(lambda grids: _tables(grids, colour), style)


def _tables(found: "list[Grid]", colour: bool) -> str:
    from annotate.cli.output import grids
    from annotate.util.tables import make_table

    return grids("", (make_table(one.title, one.title, one.head, one.rows) for one in found), colour) if found else ""
