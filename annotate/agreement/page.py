"""A report → one HTML page that needs nothing else: no script, no font, no picture, nothing from any other place."""

from collections.abc import Callable, Sequence
from html import escape

from annotate.agreement.disagreements import KINDS, Disagreement, Side, disagreements
from annotate.agreement.html_tables import colour, html_table
from annotate.agreement.report import Report
from annotate.agreement.snippets import snippet
from annotate.agreement.study import Study, Text
from annotate.agreement.style import STYLE
from annotate.agreement.tables import shown, tables
from annotate.inventory import Inventory
from annotate.records import Piece

Link = Callable[[str], str]

NOTHING_THERE = "∅"


def page(report: Report, study: Study, link: Link | None = None) -> str:
    """The page; `link` gives the address of an article's task in Label Studio."""
    inventory = study.inventory
    found = list(disagreements(study))
    number = sum(len(each) for _, each in found)
    body = [
        f"<h1>Agreement: {escape(inventory.title)}</h1>",
        f'<p class="about">{escape(about(report))}</p>',
        '<p class="about">In brackets: intervals. A cell is the redder the lower, the greener the higher it is;'
        " – where there is nothing to count.</p>",
        f"<nav>{_contents(report, number)}</nav>",
        *(html_table(table) for table in tables(report)),
        _confusion(report, inventory),
        _heat(report),
        f'<h2 id="disagreements">Disagreements ({number})</h2>',
        '<p class="about">Each with what the one has above what the other has, in the order of the text.</p>',
        *(_article(study, text, each, link) for text, each in found),
    ]
    policy = "default-src 'none'; style-src 'unsafe-inline'"
    return (
        '<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8">'
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>Agreement: {escape(inventory.title)}</title>\n<style>{STYLE}</style></head>\n<body>\n"
        + "\n".join(part for part in body if part)
        + "\n</body></html>\n"
    )


def about(report: Report) -> str:
    """What was compared and how, in one paragraph."""
    names = ", ".join(report.annotators)
    drawn = report.sampling
    words = [f"{names}: {len(report.articles)} articles with labels of two or more."]
    if report.alone:
        words.append(f"Left out, with labels of one only: {', '.join(report.alone)}.")
    words.append(f"Alpha, uα and kappa count {report.units}; spans match by overlap one to one.")
    words.append(
        f"Intervals: {drawn.level:.0%}, {drawn.samples} samples of {drawn.units} {drawn.drawn}, seed {drawn.seed}."
    )
    return " ".join(words)


def _contents(report: Report, number: int) -> str:
    entries = [(f"#{table.name}", table.title) for table in tables(report)]
    entries += [("#confusion", "Confusion of labels"), ("#articles", "Labels by article")]
    entries.append(("#disagreements", f"Disagreements ({number})"))
    return " ".join(f'<a href="{target}">{escape(title)}</a>' for target, title in entries)


def _confusion(report: Report, inventory: Inventory) -> str:
    """Rows: what the first annotator has; columns: what the second has on the same words."""
    cells = {(one.first, one.second): one.spans for one in report.confusion}
    names: list[str | None] = [name for name in inventory.spans if any(name in pair for pair in cells)]
    if not names:
        return ""
    names.append(None)
    most = max(cells.values())
    first, second = ("first", "second") if len(report.annotators) > 2 else report.annotators[:2]

    def cell(row: str | None, column: str | None) -> str:
        number = cells.get((row, column), 0)
        hue = 130 if row == column else 10
        ground = f' style="background:hsl({hue} 62% {95 - round(25 * number / most)}%)"' if number else ""
        return f'<td class="n"{ground}>{number or ""}</td>'

    head = "".join(f'<th class="up"><span>{escape(name or NOTHING_THERE)}</span></th>' for name in names)
    rows = "\n".join(
        f"<tr><th>{escape(row or NOTHING_THERE)}</th>{''.join(cell(row, column) for column in names)}</tr>"
        for row in names
    )
    return (
        '<h2 id="confusion">Confusion of labels</h2>\n<p class="about">Spans by the label of '
        f"<b>{escape(first)}</b> (rows) and of <b>{escape(second)}</b> (columns). Spans of different labels are one"
        f" span here if they share at least half of their characters (Dice). {NOTHING_THERE}: no such span.</p>\n"
        f'<div class="wide"><table><thead><tr><th></th>{head}</tr></thead>\n<tbody>{rows}</tbody></table></div>'
    )


def _heat(report: Report) -> str:
    """Labels by article: overlap F1."""
    found = {(row.label, row.article): row for row in report.by_article}
    labels = [row.name for row in report.labels if row.kind != "layer"]
    head = "".join(f"<th>{escape(article)}</th>" for article in report.articles)

    def cell(label: str, article: str) -> str:
        row = found.get((label, article))
        if row is None or row.overlap is None:
            return '<td class="n none">–</td>'
        spans = ", ".join(f"{name} {number}" for name, number in row.spans.items())
        return f'<td class="n heat" style="{colour(row.overlap)}" title="{escape(spans)}">{shown(row.overlap)}</td>'

    rows = "\n".join(
        f"<tr><th>{escape(label)}</th>{''.join(cell(label, article) for article in report.articles)}</tr>"
        for label in labels
    )
    return (
        '<h2 id="articles">Labels by article</h2>\n<p class="about">Overlap F1; hover for the number of spans.</p>\n'
        f'<div class="wide"><table><thead><tr><th></th>{head}</tr></thead>\n<tbody>{rows}</tbody></table></div>'
    )


def _article(study: Study, text: Text, found: Sequence[Disagreement], link: Link | None) -> str:
    title = escape(text.article)
    if link:
        title += f' <a href="{escape(link(text.article))}" rel="noreferrer">open in Label Studio</a>'
    items = "\n".join(_disagreement(study.inventory, text, one) for one in found)
    return f"<details open><summary>{title} ({len(found)})</summary>\n{items}\n</details>"


def _disagreement(inventory: Inventory, text: Text, one: Disagreement) -> str:
    kinds = "; ".join(KINDS[kind] for kind in one.kinds)
    # Both sides show the same stretch of text, so that the two lines can be compared.
    places = [mark.piece for side in one.sides for mark in side.marks]
    sides = "\n".join(_side(inventory, text, side, places) for side in one.sides)
    head = f"<h3>{escape(one.subject)} <small>{escape(kinds)}</small></h3>"
    return f'<section>{head}\n<div class="two">{sides}</div></section>'


def _side(inventory: Inventory, text: Text, side: Side, places: Sequence[Piece]) -> str:
    attributes = "".join(
        f'<span class="value">{escape(name)}: <b>{escape(value)}</b></span>' for name, value in side.attributes
    )
    there = "" if side.marks else " absent"
    return (
        f'<div class="who">{escape(side.annotator)}</div><div class="has{there}"><p class="words">{escape(side.words)}'
        f"{attributes}</p><p>{''.join(snippet(inventory, text, side.marks, places))}</p></div>"
    )
