"""`annotate diff`: show what changed between two versions of a corpus."""

import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from functools import partial
from itertools import chain
from typing import TYPE_CHECKING

import click

from annotate.cli.options import all_option, archive_options, name_schema, out_option
from annotate.cli.terminal import describe_rest, echo, format_tables, show_steps, style
from annotate.errors import CannotRun
from annotate.util.escape import TerminalText, defuse_commands, escape_json
from annotate.util.files import write_report

if TYPE_CHECKING:
    from annotate.comparison.compare import Comparison
    from annotate.comparison.pull_request import PullRequest
    from annotate.comparison.render_text import Terminal
    from annotate.comparison.rescore import Rescoring
    from annotate.util.tables import Table

_COLOURS = {"+": "green", "-": "red", "~": "yellow"}


@click.command("diff")
@click.argument("old")
@click.argument("new", default="corpus")
@click.option(
    "--format",
    "format_",
    type=click.Choice(("text", "json", "md", "html", "comment")),
    default="text",
    show_default=True,
    help="Output format. json is complete, and is the input of `annotate apply`; comment is md for a pull request.",
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
@click.option(
    "--pull-request",
    type=click.IntRange(1),
    metavar="NUMBER",
    help="Pull request on GitHub to comment on, with the repository and token in GITHUB_REPOSITORY and GITHUB_TOKEN.",
)
@all_option
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
    pull_request: int | None,
    show_all: bool,
    max_unpacked: int,
    max_members: int,
    max_ratio: int,
    exit_code: bool,
) -> None:
    """Show what changed from OLD to NEW: counts by label, every change, and the version number that is needed.

    OLD and NEW are each a git revision, a corpus folder (with schema/ next to it), a folder that holds both, a release
    (its source archive, or a folder with one), or a released version such as 0.1.0: its tag, otherwise the last commit
    that changed releases/0.1.0.json. A path on disk takes precedence over a revision, and a revision over a version.
    The counts are of gold; the changes are of all files. Spans are matched by id, then by overlap
    (docs/explanation/versioning.md).

    An archive is a zip, or a tar that is plain or compressed with gzip, bzip2, xz or zstd. It is refused if it exceeds
    one of the --max bounds, or holds a link, a pipe or a name that leads out of it.

    As text, the changes of the first 20 articles are shown, and the first 100 of a file, unless --all is given. With
    --out, and in the other formats, all are. The format `comment` is cut to what a comment on GitHub holds, and
    has no mentions. --pull-request posts it, or replaces the one of an earlier run of a workflow. Without a change, no
    new comment is posted.

    --rescore scores saved predictions against both versions and shows which changes of gold moved the scores.

    Exit code 0: compared; 1: the versions differ, with --exit-code; 2: could not run.

    \b
    annotate diff 0.1.0
    annotate diff v0.1.0 corpus --format json --out changes.json
    annotate diff HEAD~3 HEAD --format md
    annotate diff origin/main HEAD --format comment --pull-request 12
    annotate diff v0.1.0 corpus --rescore out/baseline
    """
    from annotate.comparison.archives import ArchiveBounds
    from annotate.comparison.compare import Comparison
    from annotate.comparison.sources import open_version

    request = _open_pull_request(pull_request, format_) if pull_request else None
    bounds = ArchiveBounds(max_unpacked, max_members, max_ratio)
    with open_version(old, corpus, schema, bounds) as before, open_version(new, corpus, schema, bounds) as after:
        with ExitStack() as bars:
            comparison = Comparison(before, after, bars.enter_context(show_steps()))
            rescoring = _rescore(comparison, predictions) if predictions else None
            parts = _render(comparison, format_, rescoring, corpus, is_shown=out is None, show_all=show_all)
            comment = b"".join(parts) if request else b""
            if out:
                write_report(out, comment or parts)
            elif not request:
                _print_parts(parts, bars)
        if out:
            echo(f"written to {out}", err=True)
        if request:
            done = request.comment(comment.decode(), is_new_allowed=not comparison.summary.is_empty)
            echo(f"pull request {pull_request}: comment {done}", err=True)
        if exit_code and not comparison.summary.is_empty:
            ctx.exit(1)


def _open_pull_request(number: int, format_: str) -> "PullRequest":
    from annotate.comparison.pull_request import PullRequest

    if format_ != "comment":
        raise CannotRun("--pull-request", f"the format is {format_}", "choose --format comment")
    return PullRequest(number)


def _print_parts(parts: Iterator[bytes], bars: ExitStack) -> None:
    """Print a difference; on a terminal, end the bars first."""
    first = next(parts)  # every format but JSON begins once all files are compared
    if sys.stdout.isatty():
        bars.close()
    for part in chain([first], parts):
        sys.stdout.buffer.write(part)
    sys.stdout.buffer.flush()


def _rescore(comparison: "Comparison", folder: str) -> "Rescoring":
    from annotate.annotation_files import read_annotation_files
    from annotate.comparison.rescore import list_unscored, rescore

    rescoring = rescore(comparison, {path.stem: annotation for path, annotation in read_annotation_files(folder)})
    for line in list_unscored(rescoring):
        echo(line, err=True)
    return rescoring


def _render(
    comparison: "Comparison",
    format_: str,
    rescoring: "Rescoring | None",
    corpus: str,
    *,
    is_shown: bool,
    show_all: bool,
) -> Iterator[bytes]:
    if format_ == "json":
        from annotate.comparison.patch import encode_patch

        patch = encode_patch(comparison, {"rescored": rescoring} if rescoring else None)
        return (escape_json(part.decode()).encode() for part in patch)
    more = []
    if rescoring:
        from annotate.comparison.rescore import tabulate_rescoring

        more = list(tabulate_rescoring(rescoring))
    from annotate.comparison.render_comment import make_comment_mark, render_comment
    from annotate.comparison.render_html import render_html
    from annotate.comparison.render_markdown import render_markdown
    from annotate.comparison.render_text import render_text

    if format_ == "text":
        terminal = _make_terminal(is_shown and sys.stdout.isatty(), is_cut=is_shown and not show_all)
        text = render_text(comparison, terminal, more)
        return (defuse_commands(part).encode("utf-8", "replace") for part in text)
    renderers: dict[str, Callable[..., Iterator[str]]] = {
        "md": render_markdown,
        "html": render_html,
        "comment": partial(render_comment, mark=make_comment_mark(corpus)),
    }
    parts = renderers[format_](comparison, more=more)
    return (part.encode("utf-8", "replace") for part in parts)


def _make_terminal(colour: bool, *, is_cut: bool) -> "Terminal":
    from annotate.comparison.render_text import Terminal

    def style_role(text: str, role: str) -> TerminalText:
        if not colour:
            return TerminalText.escape(text)
        return style(text, fg=_COLOURS.get(role), bold=role == "title" or None, dim=role == "dim" or None)

    def format_(tables: "list[Table]") -> TerminalText:
        return format_tables([], tables, colour) if tables else TerminalText()

    return Terminal(format_, style_role, describe_rest if is_cut else None)
