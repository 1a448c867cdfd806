"""`annotate hydrate`: restore the texts of a dataset from the reader's own copies."""

from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

import click

from annotate.cli.options import FILE_TO_WRITE, FOLDER_TO_WRITE, all_option, check_report, format_option
from annotate.cli.terminal import MAX_SHOWN, count_noun, describe_rest, echo, echo_json, echo_lines, show_steps
from annotate.errors import CannotRun
from annotate.util.escape import quote

if TYPE_CHECKING:
    from annotate.redaction.hydrate import ArticleReport, MovedStretch

MAX_USES = 3
"""Most spans and fields that are named of one stretch; the report names all."""

MAX_WORDING, CONTEXT = 120, 20
"""Most characters that are shown of a wording; characters before and after what differs."""


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
@all_option
@click.pass_context
def command(
    ctx: click.Context, dataset: str, texts: str, out: str, report: str | None, format_: str, show_all: bool
) -> None:
    """Restore the texts of a dataset made with `build --without-text`.

    With identical copies the result is what `annotate build` writes, byte for byte, if no metadata were withheld. Where
    a copy differs, each span is located by its hashes: exact, moved, changed (white space, quotation marks, an edited
    word), or lost. A lost span is left out with its relations. An article without a copy is left out. So is a value of
    metadata that the dataset without text does not have (withheld). The report names all of them. Card and manifest do,
    too, and the column text_status of articles says which texts are altered copies.

    The encoding and the line ends of a copy do not matter where the hashes of the article's lines confirm them.

    Of more than 20 articles, the first 20 are shown, those with losses before the others, below the totals of all,
    unless --all is given.

    Exit code 0: everything was restored that was not withheld; 1: something is lost or left out, or nothing was
    written, because class ids of the existing dataset would change; 2: could not run.

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
    with temporary_folder() as folder, show_steps() as progress:
        try:
            corpus, reports = hydrate(skeleton, Path(texts), folder / "corpus", progress)
        except BrokenSkeleton as error:
            raise CannotRun(dataset, f"has a broken skeleton: {error}", "download the dataset again") from error
        written = bool(corpus.annotated_ids(GOLD))
        if written:
            build_restored(skeleton, Path(folder), out, reports, progress)
    data = msgspec.json.format(msgspec.json.encode(reports), indent=2) + b"\n"
    if report:
        write_report(report, data)
    if format_ == "json":
        echo_json(data)
    else:
        echo_lines(_list_articles(reports, show_all))
    echo(f"Written to {out}" if written else "Nothing was written: no article has its text", err=format_ == "json")
    if not written or not all(article.is_complete for article in reports):
        ctx.exit(1)


def _list_articles(reports: "list[ArticleReport]", show_all: bool) -> list[str]:
    """Return the lines of all articles, or of the first below their totals."""
    if show_all or len(reports) <= MAX_SHOWN:
        return _describe(reports)
    outcomes = Counter(report.outcome for report in reports)
    totals = f"{count_noun(len(reports), 'article')}: {', '.join(f'{n:,} {name}' for name, n in outcomes.items())}"
    shown = sorted(reports, key=lambda report: (report.is_complete, report.outcome == "exact"))[:MAX_SHOWN]
    return [totals, *_describe(shown), describe_rest(len(reports) - MAX_SHOWN, "article")]


def _describe(reports: "list[ArticleReport]") -> list[str]:
    lines = []
    for article in reports:
        counts = ", ".join(f"{number} {status}" for status, number in sorted(article.stretches.items()))
        lines.append(f"{article.article}: {_describe_outcome(article)}{': ' if counts else ''}{counts}")
        lines += map(_describe_stretch, article.moved)
        if article.dropped_relations:
            lines.append(f"  {article.dropped_relations} relations of lost spans are left out")
        if article.withheld:
            lines.append(f"  withheld, and not restored: {', '.join(article.withheld)}")
    return lines


def _describe_outcome(article: "ArticleReport") -> str:
    from annotate.redaction.copies import UTF8

    if article.outcome == "unknown encoding":
        hint = "the lines of the article are found in no encoding that was tried; save it as UTF-8"
        return f"{article.outcome} ({article.copy}: {hint})"
    notes = [f"read as {article.encoding}"] if article.encoding != UTF8 else []
    notes += ["line ends put back"] if article.has_new_lines else []
    return f"{article.outcome} ({', '.join([article.copy, *notes])})"


def _describe_stretch(row: "MovedStretch") -> str:
    """Return the line of a stretch: what became of it, both wordings if it is changed, and what uses it."""
    now = "" if row.new_start is None else f" → [{row.new_start}, {row.new_end})"
    wordings = ""
    if row.words is not None:
        characters = f"{row.end - row.start} characters"
        published = f"unknown ({characters}, hash {row.published_hash})"
        words = row.words
        if row.published is not None:
            shown, words = _cut_to_difference(row.published, row.words)
            published = quote(shown, MAX_WORDING)
        wordings = f" {row.change}: published {published}, copy {quote(words, MAX_WORDING)};"
    uses = ", ".join(f"{use.file} {use.what}" for use in row.uses[:MAX_USES])
    more = f" and {len(row.uses) - MAX_USES} more" if len(row.uses) > MAX_USES else ""
    return f"  {row.status} [{row.start}, {row.end}){now}{wordings} {uses}{more}"


def _cut_to_difference(published: str, words: str) -> tuple[str, str]:
    """Return both wordings from shortly before their first difference to shortly after the last."""
    first = _count_common(published, words)
    end = _count_common(published[first:][::-1], words[first:][::-1])
    begin = max(0, first - CONTEXT)

    def cut(wording: str) -> str:
        stop = len(wording) - end + CONTEXT
        return f"{'…' if begin else ''}{wording[begin:stop]}{'…' if stop < len(wording) else ''}"

    return cut(published), cut(words)


def _count_common(left: str, right: str) -> int:
    """Return the number of characters at the beginning of both."""
    pairs = enumerate(zip(left, right, strict=False))
    return next((index for index, (a, b) in pairs if a != b), min(len(left), len(right)))
