"""A release as one HTML page that needs nothing else: no script, no font, no picture, nothing from any other place.

It is yielded in parts, an article at a time. Words of the corpus are escaped wherever they stand.

How the page of a release looks: on a phone, on a wide screen, light and dark, and on paper.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from html import escape
from typing import TYPE_CHECKING

import msgspec
from markdown_it import MarkdownIt

from annotate.agreement.tables import tabulate_report
from annotate.corpus import Corpus
from annotate.inventory import Inventory
from annotate.model import GOLD
from annotate.release.page_chart import drawn, incidents
from annotate.release.page_text import Drawing
from annotate.util.html import legible_on, render_table
from annotate.util.tables import Table, make_table

STYLE = """
:root { color-scheme: light dark; --ink: #1c2024; --soft: #55606b; --line: #d5dae0; --ground: #fff; --box: #f5f6f8;
  --link: #1f5fa8; }
@media (prefers-color-scheme: dark) { :root { --ink: #e4e7ea; --soft: #a3adb8; --line: #3d444c; --ground: #14171a;
  --box: #1d2125; --link: #8ab8ee; } }
* { box-sizing: border-box; }
body { margin: 0 auto; padding: 1.2rem 1rem 4rem; max-width: 60rem; color: var(--ink); background: var(--ground);
  font: 16px/1.5 system-ui, sans-serif; overflow-wrap: anywhere; }
h1 { font-size: 1.6rem; line-height: 1.2; margin: 0 0 .5rem; }
h2 { font-size: 1.25rem; margin: 2.6rem 0 .6rem; border-bottom: 1px solid var(--line); padding-bottom: .3rem; }
h3 { font-size: 1rem; margin: 1.4rem 0 .5rem; }
small, .about, .notes, .values, .note { color: var(--soft); font-weight: normal; }
small, .notes { font-size: .85rem; }
.about { margin: .3rem 0; }
a { color: var(--link); }
nav { display: flex; flex-wrap: wrap; gap: .3rem 1.1rem; margin: 1rem 0; }
nav a { padding: .2rem 0; }
.wide { overflow-x: auto; }
table { border-collapse: collapse; font-size: .9rem; }
th, td { padding: .25rem .6rem .25rem 0; text-align: left; vertical-align: top; overflow-wrap: normal; }
thead th { color: var(--soft); font-weight: 600; border-bottom: 1px solid var(--line); vertical-align: bottom; }
td.n, th.n { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
td.none { color: var(--soft); }
td.heat { background: none !important; }
.labels { width: 100%; max-width: 38rem; }
.labels th { padding-top: .8rem; }
.share { width: 60%; }
.share i { display: block; height: .75rem; margin-top: .4rem; background: var(--soft); }
.tag { display: inline-block; padding: 0 .35em; margin: 0 .25em 0 0; border-radius: 3px; text-decoration: none;
  font: 600 .68rem/1.45 system-ui, sans-serif; vertical-align: .12em; }
.tag:target, li:target { outline: 3px solid var(--link); outline-offset: 2px; }
.u { border-bottom: 3px solid; }
.text { margin: 1rem 0 .3rem; line-height: calc(1.55em + var(--room, 0px)); }
.entries, .entries ul { list-style: none; margin: .2rem 0; padding-left: 0; font-size: .9rem; }
.entries ul { padding-left: 1.2rem; }
.entries > li { padding: .3rem 0; border-top: 1px solid var(--line); }
.entries li { overflow-wrap: anywhere; }
.note { font-style: italic; }
.values b { font-weight: 600; color: var(--ink); }
q { quotes: "“" "”"; }
details { margin: 0 0 .8rem; }
summary { cursor: pointer; color: var(--soft); font-size: .85rem; padding: .35rem 0; }
.incident { background: var(--box); border-radius: 6px; padding: .2rem .9rem .6rem; margin: .8rem 0;
  break-inside: avoid; }
.incident h3 { margin: .6rem 0; font-weight: 600; }
.several { display: inline-block; border: 1px solid; border-radius: 3px; padding: 0 .35em; font-size: .75rem; }
.claim { border-top: 1px solid var(--line); padding: .4rem 0; break-inside: avoid; }
.claim p { margin: 0 0 .2rem; }
.bar { display: grid; grid-template-columns: minmax(0, 1fr) 9.5rem; gap: .6rem; align-items: center; }
.bar svg { display: block; width: 100%; overflow: visible; fill: var(--ink); stroke: var(--ink); }
.bar circle, .bar path { stroke: none; }
.bar line { stroke-width: 4; }
.bar .open { stroke-width: 2.5; stroke-dasharray: 7 4; }
.bar .none { stroke-width: 1; stroke-dasharray: 1 6; }
.axis svg { fill: var(--soft); stroke: var(--soft); }
.axis line { stroke-width: 1; }
.axis text { stroke: none; font-size: 11px; }
.figure { font-size: .85rem; line-height: 1.25; }
.switch { display: inline-block; padding: .3rem 0; }
body:has(#names:not(:checked)) .text .tag { display: none; }
@media (max-width: 34rem) {
  td small { display: block; }
  .bar { grid-template-columns: minmax(0, 1fr); gap: 0; }
  .figure { margin-bottom: .2rem; }
}
@media print {
  :root { --ink: #000; --soft: #444; --line: #bbb; --ground: #fff; --box: #fff; --link: #000; color-scheme: light; }
  body { font-size: 10.5pt; max-width: none; padding: 0; }
  nav, .switch { display: none; }
  table { font-size: 9pt; }
  td small { display: block; }
  tr { break-inside: avoid; }
  .tag { print-color-adjust: exact; -webkit-print-color-adjust: exact; }
  .share i { print-color-adjust: exact; -webkit-print-color-adjust: exact; }
  .incident { border: 1px solid var(--line); }
  h2, h3, summary { break-after: avoid; }
  details::details-content { content-visibility: visible; display: block; }
  .entries { columns: 2; column-gap: 2em; }
  .entries > li { break-inside: avoid; }
}
"""


if TYPE_CHECKING:
    from annotate.agreement.report import Report
    from annotate.comparison.summary import Summary

POLICY = "default-src 'none'; style-src 'unsafe-inline'"
_LEFT_OUT = ("same", "retargeted", "only ", "loose")
DRAWN = 100
"""Articles that are drawn, if not more are asked for."""
INCIDENTS = 200
"""Incidents that are drawn, those with several claimants first."""


class PageContent(msgspec.Struct, frozen=True, kw_only=True):
    """What a page tells: the corpus, its version (None: of no release yet), its changelog entry (Markdown), what
    changed since the version `since`, and the agreement behind its gold."""

    corpus: Corpus
    inventory: Inventory
    version: str | None
    entry: str
    since: str | None
    changes: "Summary | None"
    agreement: "Report | None"
    articles: int = DRAWN


def render_page(release: PageContent) -> Iterator[str]:
    """The page, in parts."""
    corpus, inventory = release.corpus, release.inventory
    names = corpus.annotated_ids(GOLD)
    title = f"{inventory.title} {release.version or ''}".strip()
    yield (
        '<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8">'
        f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{escape(title)}</title>\n<style>{STYLE}</style></head>\n<body>\n<h1>{escape(title)}</h1>\n"
        f'<p class="about">{escape(inventory.about)}</p>\n'
    )
    spans, relations = _counted(corpus, names)
    yield f"<p>{_number(names, 'article')}, {spans.total():,} spans, {relations.total():,} relations.</p>\n"
    yield (
        '<nav><a href="#counts">Counts by label</a> <a href="#changed">What changed</a>'
        ' <a href="#agreement">Agreement</a> <a href="#incidents">Counts by incident</a>'
        ' <a href="#articles">Articles</a></nav>\n'
    )
    yield from _labels(inventory, spans, relations)
    yield '<h2 id="changed">What changed</h2>\n'
    yield from _changes(release)
    yield '<h2 id="agreement">Agreement</h2>\n'
    yield from _agreement(release.agreement, corpus)
    yield from _incidents(corpus, inventory, names)
    yield from _articles(release, names)
    yield "</body></html>\n"


def _number(names: Sequence[str], noun: str) -> str:
    return f"{len(names):,} {noun}{'s' * (len(names) != 1)}"


def _counted(corpus: Corpus, names: Iterable[str]) -> tuple[Counter[str], Counter[str]]:
    spans: Counter[str] = Counter()
    relations: Counter[str] = Counter()
    for name in names:
        gold = corpus.read_annotation(GOLD, name)
        spans.update(span.label for span in gold.spans)
        relations.update(relation.label for relation in gold.relations)
    return spans, relations


def _labels(inventory: Inventory, spans: Counter[str], relations: Counter[str]) -> Iterator[str]:
    yield '<h2 id="counts">Counts by label</h2>\n<table class="labels">\n'
    most = max([*spans.values(), *relations.values(), 1])

    def row(name: str, number: int) -> str:
        width = f'<i style="width:{100 * number / most:.1f}%"></i>'
        return f'<tr><td>{name}</td><td class="n">{number:,}</td><td class="share">{width}</td></tr>\n'

    for layer in inventory.layers.values():
        yield f'<tr><th colspan="3">{escape(layer.title)}</th></tr>\n'
        for label in inventory.labels_of(layer.name):
            style = f"background:{escape(label.color)};color:{legible_on(label.color)}"
            yield row(f'<span class="tag" style="{style}">{escape(label.name)}</span>', spans[label.name])
    yield '<tr><th colspan="3">Relations</th></tr>\n'
    yield from (row(escape(name), relations[name]) for name in inventory.relations)
    yield "</table>\n"


def _changes(release: PageContent) -> Iterator[str]:
    if release.changes is not None:
        from annotate.comparison import render

        words, needed = render.version(release.changes)
        reasons = "".join(f"<li>{escape(one.message)}</li>\n" for one in needed.reasons)
        lines = "".join(f"<li>{escape(line)}</li>\n" for line in render.lines(release.changes))
        yield f'<p class="about">Since {escape(release.since or "")}: {escape(words)}.</p>\n<ul>{reasons}{lines}</ul>\n'
        for number, grid in enumerate(render.grids(release.changes), 1):
            yield render_table(
                make_table(
                    f"changed-{number}", grid.title, grid.head, [[_cell(one) for one in row] for row in grid.rows]
                ),
                level=3,
            )
    if release.entry:
        yield _markdown(release.entry)
    elif release.changes is None:
        yield "<p>The changelog of the data has no entry for this version.</p>\n"


def _cell(value: str | int | float | None) -> str | int | float:
    return "" if value is None else value


def _markdown(text: str) -> str:
    """Markdown as HTML: raw HTML stays text, and links, which lead to files that are not here, become plain words."""
    parser = MarkdownIt("commonmark", {"html": False})
    tokens = parser.parse(text)
    for token in tokens:
        kept = [one for one in token.children or [] if one.type not in ("link_open", "link_close", "image")]
        token.children = kept if token.children is not None else None
    return str(parser.renderer.render(tokens, parser.options, {}))


def _agreement(report: "Report | None", corpus: Corpus) -> Iterator[str]:
    if report is None:
        yield "<p>Gold was made from the labels of one annotator: there is no agreement to tell.</p>\n"
        return
    drawn_ = report.sampling
    known = corpus.read_annotators()
    makers = [f"{name} ({known[name].kind})" if name in known else name for name in report.annotators]
    yield (
        f'<p class="about">Between {escape(" and ".join(makers))}, from whose labels gold was made, on'
        f" {len(report.articles)} articles. Alpha and uα count {escape(report.units)}; in brackets, {drawn_.level:.0%}"
        f" intervals of a bootstrap over {drawn_.units} {escape(drawn_.drawn)}.</p>\n"
    )
    for one in tabulate_report(report):
        if one.name in ("labels", "relations"):
            yield render_table(_short(one), level=3) + "\n"


def _short(one: Table) -> Table:
    """A table without layers, and without the columns that say how relations differ: a phone is narrow."""
    kept = [number for number, column in enumerate(one.columns) if not column.name.startswith(_LEFT_OUT)]
    rows = [[row[number] for number in kept] for row in one.rows if not str(row[0]).endswith(" (layer)")]
    return one._replace(columns=[one.columns[number] for number in kept], rows=rows, notes=[])


def _incidents(corpus: Corpus, inventory: Inventory, names: Sequence[str]) -> Iterator[str]:
    if not inventory.intervals:
        return
    gold = ((name, corpus.read_annotation(GOLD, name)) for name in names)
    found = incidents(inventory, gold, corpus.read_links().links)
    contested = sum(one.contested for one in found)
    yield '<h2 id="incidents">Counts by incident</h2>\n'
    yield (
        '<p class="about">Who says how many. A dot is a number that the words give; a bar leads from one to another; a'
        " broken line, to an end that the words leave open. Counts are of one incident where the text says so. The"
        f" scale is logarithmic, and the same for all. {_several(contested, len(found))}</p>\n"
    )
    shown = found[:INCIDENTS]
    of = {claim.article for incident in shown for claim in incident.claims}
    yield from drawn(shown, {name: corpus.read_article(name).title or name for name in sorted(of)})
    if len(shown) < len(found):
        yield f'<p class="about">The first {len(shown):,} of {len(found):,}.</p>\n'


def _several(contested: int, number: int) -> str:
    if not contested:
        return f"None of the {number:,} incidents has several claimants."
    return f"Those with several claimants, {contested:,} of {number:,}, come first."


def _articles(release: PageContent, names: Sequence[str]) -> Iterator[str]:
    shown = names[: release.articles]
    yield '<h2 id="articles">Articles</h2>\n'
    if len(shown) < len(names):
        yield f'<p class="about">The first {len(shown):,} of {len(names):,}.</p>\n'
    layers = ", ".join(escape(layer.title) for layer in release.inventory.layers.values())
    yield (
        f'<p class="about">Each label has its line under the words, in another style for each layer ({layers}). A tag'
        " leads to the label's attributes and relations, and those lead back.</p>\n"
        '<label class="switch"><input type="checkbox" id="names" checked> names of labels in the text</label>\n'
    )
    for number, name in enumerate(shown, 1):
        article, gold = release.corpus.read_article(name), release.corpus.read_annotation(GOLD, name)
        yield f'<article><h3>{escape(article.title or name)}</h3>\n<p class="about">{escape(name)}'
        known = [escape(one) for one in (article.author, article.publisher, article.date) if one]
        yield f"{''.join(f' · {one}' for one in known)}. {escape(article.rights)}</p>\n"
        yield from Drawing(number, article.text, gold, release.inventory).paragraphs()
        yield "</article>\n"
