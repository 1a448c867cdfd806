"""A release as one HTML page, which needs no other file: no script, font, picture or request.

The page is yielded in parts, so that one article is in memory at a time. Templates escape all text of the corpus.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

import msgspec

from annotate.agreement.tables import show_forms
from annotate.comparison.describe import describe_level, list_totals, tabulate_counts
from annotate.comparison.semver import find_needed_version
from annotate.corpus import Corpus
from annotate.inventory import Inventory
from annotate.model import GOLD
from annotate.records import Graph
from annotate.release.agreement import UNKNOWN, measure_coverage, select_tables
from annotate.release.page_articles import MarkedArticle
from annotate.release.page_incidents import Incident, Scale, find_incidents, tells_disputes
from annotate.util.html import legible_on, templates
from annotate.util.nouns import count_noun, with_pieces
from annotate.util.progress import StartStep, count_items, ignore_steps
from annotate.versions import describe_asked, describe_versions

if TYPE_CHECKING:
    from markupsafe import Markup

    from annotate.agreement.report import Report
    from annotate.comparison.summary import Summary

SHOWN_ARTICLES = 100
"""Articles that the page shows by default."""
SHOWN_INCIDENTS = 200
"""Incidents that the page shows, the contested ones first."""


class PageContent(msgspec.Struct, frozen=True, kw_only=True):
    """What the page shows.

    Attributes:
        corpus: The corpus with gold labels.
        inventory: The inventory.
        version: The version of the release; None before the first.
        entry: The changelog entry of the version, in Markdown.
        since: The version that `changes` are since.
        changes: The difference from that version; None if there is none to show.
        agreement: The agreement behind gold; None if it was not measured.
        articles: The number of articles to show.
    """

    corpus: Corpus
    inventory: Inventory
    version: str | None
    entry: str
    since: str | None
    changes: "Summary | None"
    agreement: "Report | None"
    articles: int = SHOWN_ARTICLES


def render_page(content: PageContent, progress: StartStep = ignore_steps) -> Iterator[str]:
    """Yield the page in parts.

    Args:
        content: What the page shows.
        progress: Called at the start of each step with its name and its number of articles.
    """
    corpus, inventory = content.corpus, content.inventory
    shown_ids = corpus.annotated_ids(GOLD)[: content.articles]
    values = describe_release(content, progress)
    values |= {"shown_count": len(shown_ids), "articles": _mark_articles(corpus, inventory, shown_ids, progress)}
    yield from templates().get_template("release/page.html").generate(values)


def describe_release(content: PageContent, progress: StartStep) -> dict[str, Any]:
    """Return what the templates show of a release, but for its articles.

    Args:
        content: What the page shows.
        progress: Called at the start of each step with its name and its number of articles.
    """
    corpus, inventory = content.corpus, content.inventory
    article_ids = corpus.annotated_ids(GOLD)
    counted_ids = count_items(article_ids, progress("counting labels", len(article_ids)))
    spans, pieces, relations, versions = _count_labels(corpus, inventory, counted_ids)
    values: dict[str, Any] = {
        "title": f"{inventory.title} {content.version or ''}".strip(),
        "inventory": inventory,
        "legible_on": legible_on,
        "article_count": len(article_ids),
        "spans": spans,
        "pieces": pieces,
        "with_pieces": with_pieces,
        "count_noun": count_noun,
        "describe_asked": partial(describe_asked, articles=versions),
        "relations": relations,
        "labels_follow": describe_versions(inventory.version, versions),
        "highest_count": max([*spans.values(), *relations.values(), 1]),
        "entry": _render_markdown(content.entry) if content.entry else None,
    }
    return (
        values | _describe_changes(content) | _describe_agreement(content) | _describe_incidents(content, article_ids)
    )


def _mark_articles(
    corpus: Corpus, inventory: Inventory, article_ids: Sequence[str], progress: StartStep
) -> Iterator[MarkedArticle]:
    """Yield the articles that are shown; the step of drawing them begins with the first."""
    counted_ids = count_items(article_ids, progress("drawing articles", len(article_ids)))
    for article_id in counted_ids:
        yield MarkedArticle(corpus.read_article(article_id), corpus.read_annotation(GOLD, article_id), inventory)


def _count_labels(
    corpus: Corpus, inventory: Inventory, article_ids: Iterable[str]
) -> tuple[Counter[str], Counter[str], Counter[str], Counter[str]]:
    """Return the numbers of gold spans, their pieces and relations by label, and of articles by the version of gold."""
    spans, pieces, relations, versions = Counter[str](), Counter[str](), Counter[str](), Counter[str]()
    for article_id in article_ids:
        gold = corpus.read_annotation(GOLD, article_id)
        spans.update(mention.label for mention in Graph(gold, inventory).mentions)
        pieces.update(span.label for span in gold.spans)
        relations.update(relation.label for relation in gold.relations)
        versions[gold.inventory] += 1
    return spans, pieces, relations, versions


def _describe_changes(content: PageContent) -> dict[str, Any]:
    if content.changes is None:
        return {"change_lines": None}
    needed = find_needed_version(content.changes)
    return {
        "since": content.since or "",
        "needed_version": describe_level(needed.level),
        "change_lines": [*(reason.message for reason in needed.reasons), *list_totals(content.changes)],
        "change_tables": [table._replace(name=f"changed-{table.name}") for table in tabulate_counts(content.changes)],
    }


def _render_markdown(text: str) -> "Markup":
    """Return Markdown as HTML. HTML in it is shown as text; links lead to files that are not here, and become text."""
    from markdown_it import MarkdownIt
    from markupsafe import Markup

    parser = MarkdownIt("commonmark", {"html": False})
    tokens = parser.parse(text)
    for token in tokens:
        if token.children is not None:
            token.children = [
                child for child in token.children if child.type not in ("link_open", "link_close", "image")
            ]
    return Markup(parser.renderer.render(tokens, parser.options, {}))  # noqa: S704 - the parser escapes the text


def _describe_agreement(content: PageContent) -> dict[str, Any]:
    report = content.agreement
    if report is None:
        return {"agreement": None, "agreement_note": UNKNOWN}
    annotators = content.corpus.read_annotators()
    return {
        "agreement": report,
        "coverage": measure_coverage(content.corpus, report),
        "annotators": [
            f"{name} ({annotators[name].kind})" if name in annotators else name for name in report.annotators
        ],
        "agreement_tables": [show_forms(table, content.inventory) for table in select_tables(report)],
    }


def _describe_incidents(content: PageContent, article_ids: Sequence[str]) -> dict[str, Any]:
    corpus = content.corpus
    if not content.inventory.intervals:
        return {"incidents": None}
    gold = ((article_id, corpus.read_annotation(GOLD, article_id)) for article_id in article_ids)
    incidents = find_incidents(content.inventory, gold, corpus.read_links().links)
    if not incidents:
        return {"incidents": None}
    shown = incidents[:SHOWN_INCIDENTS]
    titles = {claim.article_id: "" for incident in shown for claim in incident.claims}
    titles = {article_id: corpus.read_article(article_id).title or article_id for article_id in sorted(titles)}

    def titles_of(incident: Incident) -> list[str]:
        return [titles[article_id] for article_id in dict.fromkeys(claim.article_id for claim in incident.claims)]

    return {
        "incidents": shown,
        "incident_count": len(incidents),
        "contested_count": sum(incident.is_contested for incident in incidents),
        "scale": Scale(
            [count for incident in shown for claim in incident.claims_that_are("claimed") for count in claim.counts]
        ),
        "tells_denial": any(interval.denied for interval in content.inventory.intervals),
        "tells_disputes": tells_disputes(content.inventory),
        "titles_of": titles_of,
    }
