"""`annotate release page`: a release as one HTML page."""

from typing import TYPE_CHECKING

import click

from annotate.cli.output import corpus_argument, schema_option, terminal

if TYPE_CHECKING:
    from annotate.comparison.summary import Summary


@click.command("page")
@corpus_argument
@schema_option
@click.option("--since", metavar="OLD", help="Show what changed since this revision, release or corpus folder.")
@click.option("--articles", type=click.IntRange(0), default=100, show_default=True, help="How many are drawn.")
@click.option("--out", required=True, type=click.Path(dir_okay=False), help="The file to write.")
def command(corpus: str, schema: str, since: str | None, articles: int, out: str) -> None:
    """Show the gold labels of a corpus on one page, for a browser or for paper: no script, nothing from elsewhere.

    Counts by label, what changed (the changelog's entry, and with --since the difference), agreement, counts by
    incident, and each article with its labels drawn.

    Exit code 0: written; 2: could not run.

    \b
    annotate release page --out dist/release.html
    annotate release page --since v0.1.0 --out dist/release.html
    """
    from annotate import inventory
    from annotate.corpus import Corpus
    from annotate.errors import CannotRun
    from annotate.model import GOLD
    from annotate.release import changelog
    from annotate.release.agreement import measured
    from annotate.release.page import Release, page
    from annotate.util.files import write_report

    loaded, store = inventory.load(schema), Corpus(corpus)
    if not store.annotated_ids(GOLD):
        raise CannotRun(
            store.root / "annotations" / GOLD, "holds no gold labels", "make some with `annotate adjudicate`"
        )
    log = store.root / changelog.FILE
    told = changelog.entries(log.read_text("utf-8", errors="replace")) if log.is_file() else []
    with terminal(stderr=True).status("measuring"):
        release = Release(
            corpus=store,
            inventory=loaded,
            version=told[0].version if told else None,
            entry=told[0].body if told else "",
            since=since,
            changes=_since(since, corpus, schema) if since else None,
            agreement=measured(store, loaded),
            articles=articles,
        )
        write_report(out, "".join(page(release)).encode())
    click.echo(f"written to {out}")


def _since(old: str, corpus: str, schema: str) -> "Summary":
    from annotate.comparison.compare import Comparison
    from annotate.comparison.sources import side

    with side(old) as before, side(corpus, schema=schema) as after:
        return Comparison(before, after).summed()
