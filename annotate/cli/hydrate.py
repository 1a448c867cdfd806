"""`annotate hydrate`: restore the texts of a dataset from the reader's own copies."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from annotate.cli.options import FILE_TO_WRITE, FOLDER_TO_WRITE, check_report, format_option
from annotate.cli.terminal import echo, echo_json, echo_lines, show_status
from annotate.errors import CannotRun

if TYPE_CHECKING:
    from annotate.redaction.hydrate import ArticleReport


@click.command("hydrate")
@click.argument("dataset", type=click.Path())
@click.option("--texts", required=True, type=click.Path(), help="Folder of copies: <id>.txt, or the source files.")
@click.option(
    "--out", required=True, type=FOLDER_TO_WRITE, help="Folder to write; an earlier dataset there is replaced."
)
@click.option(
    "--report",
    type=FILE_TO_WRITE,
    callback=check_report,
    help="JSON file to write, with every span that moved, changed or was lost.",
)
@format_option
@click.pass_context
def command(ctx: click.Context, dataset: str, texts: str, out: str, report: str | None, format_: str) -> None:
    """Restore the texts of a dataset made with `build --without-text`.

    With identical copies the result is what `annotate build` writes, byte for byte. Where a copy differs, each span is
    located by its hashes: exact, moved, changed (white space, quotation marks, an edited word), or lost. A lost span is
    left out with its relations. An article without a copy is left out. The report names all of them.

    Exit code 0: everything was restored; 1: something is lost or left out, or nothing was written, because class ids of
    the existing dataset would change; 2: could not run.

    \b
    annotate build --without-text --out dist/open
    annotate hydrate dist/open --texts my-copies --out dist/dataset
    annotate hydrate dist/open --texts my-copies --out dist/dataset --report report.json
    """
    import msgspec

    from annotate.dataset.folder import require_replaceable
    from annotate.model import GOLD
    from annotate.redaction.hydrate import BrokenSkeleton, hydrate
    from annotate.release.rebuild import build_restored, read_skeleton
    from annotate.util.files import is_regular_report, write_report
    from annotate.util.folders import temporary_folder

    skeleton = read_skeleton(Path(dataset))
    if Path(out).resolve() == Path(dataset).resolve():
        raise CannotRun(out, "is the dataset without text, which would be lost", "choose another folder")
    if not Path(texts).is_dir():
        raise CannotRun(texts, "no such folder", "name the folder that holds the texts with --texts")
    # Before the texts are read, which takes a while.
    require_replaceable(Path(out))
    if report and is_regular_report(report) and Path(report).resolve().is_relative_to(Path(out).resolve()):
        raise CannotRun(report, "is inside the folder of the dataset", "choose another file with --report")
    with temporary_folder() as folder, show_status("locating spans"):
        try:
            corpus, reports = hydrate(skeleton, Path(texts), folder / "corpus")
        except BrokenSkeleton as error:
            raise CannotRun(dataset, f"has a broken skeleton: {error}", "download the dataset again") from error
        written = bool(corpus.annotated_ids(GOLD))
        if written:
            build_restored(skeleton, Path(folder), out)
    data = msgspec.json.format(msgspec.json.encode(reports), indent=2) + b"\n"
    if report:
        write_report(report, data)
    if format_ == "json":
        echo_json(data)
    else:
        echo_lines(_describe(reports))
    echo(f"Written to {out}" if written else "Nothing was written: no article has its text", err=format_ == "json")
    if not written or not all(article.is_complete for article in reports):
        ctx.exit(1)


def _describe(reports: "list[ArticleReport]") -> list[str]:
    lines = []
    for article in reports:
        counts = ", ".join(f"{number} {status}" for status, number in sorted(article.stretches.items()))
        lines.append(f"{article.article}: {article.outcome} ({article.copy}){': ' if counts else ''}{counts}")
        for row in article.moved:
            now = "" if row.new_start is None else f" → [{row.new_start}, {row.new_end})"
            lines.append(f"  {row.status} {row.file} {row.what} [{row.start}, {row.end}){now}")
        if article.dropped_relations:
            lines.append(f"  {article.dropped_relations} relations of lost spans are left out")
    return lines
