"""`annotate release page`: a release as one HTML page."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

import annotate
from annotate.cli.options import FILE_TO_WRITE, FOLDER_TO_WRITE, check_report, corpus_argument, schema_option
from annotate.cli.terminal import count_noun, echo, show_steps
from annotate.errors import CannotRun
from annotate.util.files import write_report

if TYPE_CHECKING:
    from annotate.comparison.summary import Summary
    from annotate.util.progress import StartStep


@click.command("page")
@corpus_argument
@schema_option
@click.option(
    "--since", metavar="OLD", help="Show what changed since this revision, version, release or corpus folder."
)
@click.option("--articles", type=click.IntRange(0), help="Number of articles on the page.  [default: 100]")
@click.option("--out", type=FILE_TO_WRITE, callback=check_report, help="The file to write.")
@click.option("--folder", type=FOLDER_TO_WRITE, help="The folder to write, in place of one page.")
def page(
    corpus: str, schema: str, since: str | None, articles: int | None, out: str | None, folder: str | None
) -> None:
    """Show the gold labels of a corpus on one HTML page, for a browser or for print.

    The page has no scripts and needs no other file. --folder suits a corpus of any size: index.html lists all articles
    and searches their titles, authors, dates and texts, also without a server, and each article has a page of its own.
    The address of an article, and of each label, stays the same in later versions.

    The page has counts by label, what changed (the changelog entry and, with --since, the difference), agreement,
    counts by incident, and the articles with their labels.

    Exit code 0: written; 2: could not run.

    \b
    annotate release page --out dist/release.html
    annotate release page --since v0.1.0 --out dist/release.html
    annotate release page --folder dist/pages
    """
    from annotate.changelog import parse_changelog
    from annotate.comparison.paths import CHANGELOG
    from annotate.model import GOLD
    from annotate.release.agreement import measure_gold_agreement
    from annotate.release.page import SHOWN_ARTICLES, PageContent, render_page
    from annotate.release.page_folder import FIRST_PAGE, write_page_folder

    if (out is None) == (folder is None):
        raise CannotRun("--out", "or --folder is needed, and not both", "name a file for one page, or a folder")
    if folder is not None and articles is not None:
        raise CannotRun("--articles", "goes with --out", "leave it away: a folder has a page for each article")
    inventory, store = annotate.load_inventory(schema), annotate.Corpus(corpus)
    if not store.annotated_ids(GOLD):
        gold_folder = store.root / "annotations" / GOLD
        raise CannotRun(gold_folder, "has no gold labels", "make some with `annotate adjudicate`")
    changelog = store.read_file_if_present(store.root / CHANGELOG) or b""
    entries = parse_changelog(changelog.decode("utf-8", "replace"))
    with show_steps() as progress:
        changes = _summarize_changes(since, corpus, schema, progress) if since else None
        progress("measuring agreement", None)
        content = PageContent(
            corpus=store,
            inventory=inventory,
            version=entries[0].version if entries else None,
            entry=entries[0].body if entries else "",
            since=since,
            changes=changes,
            agreement=measure_gold_agreement(store, inventory),
            articles=SHOWN_ARTICLES if articles is None else articles,
        )
        if folder is not None:
            count = write_page_folder(content, Path(folder), progress)
            echo(f"{count_noun(count, 'article')}; open {Path(folder) / FIRST_PAGE}")
        elif out is not None:
            write_report(out, (part.encode() for part in render_page(content, progress)))
            echo(f"written to {out}")


def _summarize_changes(since: str, corpus: str, schema: str, progress: "StartStep") -> "Summary":
    from annotate.comparison.compare import Comparison
    from annotate.comparison.sources import open_version

    with open_version(since) as old, open_version(corpus, schema=schema) as new:
        return Comparison(old, new, progress).summarize()
