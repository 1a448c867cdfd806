"""`annotate release page`: a release as one HTML page."""

from typing import TYPE_CHECKING

import click

import annotate
from annotate.cli.options import FILE_TO_WRITE, check_report, corpus_argument, schema_option
from annotate.cli.terminal import echo, show_status
from annotate.errors import CannotRun
from annotate.util.files import write_report

if TYPE_CHECKING:
    from annotate.comparison.summary import Summary


@click.command("page")
@corpus_argument
@schema_option
@click.option(
    "--since", metavar="OLD", help="Show what changed since this revision, version, release or corpus folder."
)
@click.option("--articles", type=click.IntRange(0), default=100, show_default=True, help="Number of articles to show.")
@click.option("--out", required=True, type=FILE_TO_WRITE, callback=check_report, help="The file to write.")
def page(corpus: str, schema: str, since: str | None, articles: int, out: str) -> None:
    """Show the gold labels of a corpus on one HTML page, for a browser or for print.

    The page has no scripts and needs no other file.

    The page has counts by label, what changed (the changelog entry and, with --since, the difference), agreement,
    counts by incident, and the articles with their labels.

    Exit code 0: written; 2: could not run.

    \b
    annotate release page --out dist/release.html
    annotate release page --since v0.1.0 --out dist/release.html
    """
    from annotate.comparison.paths import CHANGELOG
    from annotate.model import GOLD
    from annotate.release.agreement import measure_gold_agreement
    from annotate.release.changelog import parse_changelog
    from annotate.release.page import PageContent, render_page

    inventory, store = annotate.load_inventory(schema), annotate.Corpus(corpus)
    if not store.annotated_ids(GOLD):
        gold_folder = store.root / "annotations" / GOLD
        raise CannotRun(gold_folder, "has no gold labels", "make some with `annotate adjudicate`")
    changelog = store.read_file_if_present(store.root / CHANGELOG) or b""
    entries = parse_changelog(changelog.decode("utf-8", "replace"))
    with show_status("measuring"):
        content = PageContent(
            corpus=store,
            inventory=inventory,
            version=entries[0].version if entries else None,
            entry=entries[0].body if entries else "",
            since=since,
            changes=_summarize_changes(since, corpus, schema) if since else None,
            agreement=measure_gold_agreement(store, inventory),
            articles=articles,
        )
        write_report(out, "".join(render_page(content)).encode())
    echo(f"written to {out}")


def _summarize_changes(since: str, corpus: str, schema: str) -> "Summary":
    from annotate.comparison.compare import Comparison
    from annotate.comparison.sources import open_version

    with open_version(since) as old, open_version(corpus, schema=schema) as new:
        return Comparison(old, new).summarize()
