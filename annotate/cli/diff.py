"""`annotate diff`: show what changed between two versions of a corpus."""

import sys
from collections.abc import Iterator
from itertools import chain
from typing import TYPE_CHECKING

import click

from annotate.cli.options import archive_options, name_schema, out_option
from annotate.cli.terminal import echo, format_tables, show_status, style
from annotate.util.escape import TerminalText, defuse_commands, escape_json
from annotate.util.files import write_report

if TYPE_CHECKING:
    from annotate.comparison.compare import Comparison
    from annotate.comparison.render_text import Terminal
    from annotate.comparison.rescore import Rescoring

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
    help="Output format. json is complete, and is the input of `annotate apply`.",
)
@click.option("--corpus", default="corpus", show_default=True, help="Path of the corpus folder in a revision.")
@click.option(
    "--schema",
    default="schema",
    callback=name_schema,
    show_default=True,
    help="Path of the schema folder in a revision, and of a corpus folder that has none next to it.",
)
@click.option(
    "--rescore",
    "predictions",
    type=click.Path(file_okay=False),
    help="Folder of predictions to score against both versions.",
)
@out_option
@archive_options
@click.option("--exit-code", is_flag=True, help="Exit with 1 if the versions differ.")
@click.pass_context
def command(
    ctx: click.Context,
    old: str,
    new: str,
    format_: str,
    corpus: str,
    schema: str,
    predictions: str | None,
    out: str | None,
    max_unpacked: int,
    max_members: int,
    max_ratio: int,
    exit_code: bool,
) -> None:
    """Show what changed from OLD to NEW: counts by label, every change, and the version number that is needed.

    OLD and NEW are each a git revision, a corpus folder (with schema/ next to it), a folder that holds both, a release
    (its source archive, or a folder with one), or a released version such as 0.1.0: its tag, otherwise the last commit
    that changed releases/0.1.0.json. A path on disk takes precedence over a revision, and a revision over a version.
    The counts are of gold; the changes are of all files. Spans are matched by id, then by overlap (docs/versioning.md).

    An archive is a zip, or a tar that is plain or compressed with gzip, bzip2, xz or zstd. It is refused if it exceeds
    one of the --max bounds, or holds a link, a pipe or a name that leads out of it.

    --rescore scores saved predictions against both versions and shows which changes of gold moved the scores.

    Exit code 0: compared; 1: the versions differ, with --exit-code; 2: could not run.

    \b
    annotate diff 0.1.0
    annotate diff v0.1.0 corpus --format json --out changes.json
    annotate diff HEAD~3 HEAD --format md
    annotate diff v0.1.0 corpus --rescore out/baseline
    """
    from annotate.comparison.archives import ArchiveBounds
    from annotate.comparison.compare import Comparison
    from annotate.comparison.sources import open_version

    bounds = ArchiveBounds(max_unpacked, max_members, max_ratio)
    with open_version(old, corpus, schema, bounds) as before, open_version(new, corpus, schema, bounds) as after:
        with show_status("comparing"):
            comparison = Comparison(before, after)
            rescoring = _rescore(comparison, predictions) if predictions else None
        parts = _render(comparison, format_, rescoring, colour=out is None)
        if out:
            with show_status("comparing"):
                write_report(out, parts)
            echo(f"written to {out}", err=True)
        else:
            with show_status("comparing"):
                first = next(parts)  # every format but JSON begins once all files are compared
            for part in chain([first], parts):
                sys.stdout.buffer.write(part)
            sys.stdout.buffer.flush()
        if exit_code and not comparison.summary.is_empty:
            ctx.exit(1)


def _rescore(comparison: "Comparison", folder: str) -> "Rescoring":
    from annotate.annotation_files import read_annotation_files
    from annotate.comparison.rescore import list_unscored, rescore

    rescoring = rescore(comparison, {path.stem: annotation for path, annotation in read_annotation_files(folder)})
    for line in list_unscored(rescoring):
        echo(line, err=True)
    return rescoring


def _render(comparison: "Comparison", format_: str, rescoring: "Rescoring | None", colour: bool) -> Iterator[bytes]:
    if format_ == "json":
        from annotate.comparison.patch import encode_patch

        patch = encode_patch(comparison, {"rescored": rescoring} if rescoring else None)
        return (escape_json(part.decode()).encode() for part in patch)
    more = []
    if rescoring:
        from annotate.comparison.rescore import tabulate_rescoring

        more = list(tabulate_rescoring(rescoring))
    from annotate.comparison.render_html import render_html
    from annotate.comparison.render_markdown import render_markdown
    from annotate.comparison.render_text import render_text

    if format_ == "text":
        text = render_text(comparison, _make_terminal(colour and sys.stdout.isatty()), more)
        return (defuse_commands(part).encode("utf-8", "replace") for part in text)
    parts = (render_markdown if format_ == "md" else render_html)(comparison, more)
    return (part.encode("utf-8", "replace") for part in parts)


def _make_terminal(colour: bool) -> "Terminal":
    from annotate.comparison.render_text import Terminal

    def style_role(text: str, role: str) -> TerminalText:
        if not colour:
            return TerminalText.escape(text)
        return style(text, fg=_COLOURS.get(role), bold=role == "title" or None, dim=role == "dim" or None)

    return Terminal(lambda tables: format_tables([], tables, colour) if tables else TerminalText(), style_role)
