"""A report → one HTML page that needs nothing else: no script, no font, no picture, nothing from any other place.

What two annotators differ on, one thing at a time, with what each of them has: for people to read.

Words of an article with some of them marked, as HTML; marks may nest and overlap.

Tables as HTML: the same wherever a page has some.

How the page looks: in one place, with what the reader's system has; dark letters on light ground, and for print.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from html import escape
from itertools import chain, pairwise
from typing import Literal, NamedTuple

from annotate.agreement.bootstrap import Measure
from annotate.agreement.counts import CONFUSED, Arrow, compare_relations
from annotate.agreement.matching import Pair, overlap, shared_characters
from annotate.agreement.report import Report
from annotate.agreement.study import Comparison, Study, Text, Version
from annotate.agreement.tables import Cell, Column, Table, shown, tables
from annotate.inventory import Inventory
from annotate.offsets import paragraph
from annotate.records import Mention, Piece

Kind = Literal["span", "label", "bounds", "attributes", "relation", "retargeted"]

KINDS: dict[Kind, str] = {
    "span": "only one has the span",
    "label": "one span, two labels",
    "bounds": "same label, other words",
    "attributes": "same span, other attributes",
    "relation": "only one has the relation",
    "retargeted": "same head, other tail",
}


class Mark(NamedTuple):
    """Words to be marked, and as what: a span, or the head or tail of a relation."""

    piece: Piece
    label: str
    role: Literal["span", "head", "tail"] = "span"


class Side(NamedTuple):
    """What one annotator has: in words, and the words in the text; `words` is empty where there is nothing."""

    annotator: str
    words: str
    marks: tuple[Mark, ...]
    attributes: tuple[tuple[str, str], ...] = ()


class Disagreement(NamedTuple):
    """One difference. `kinds` are two where a matched span differs in its words and in its attributes."""

    kinds: tuple[Kind, ...]
    subject: str
    start: int
    sides: tuple[Side, Side]


def disagreements(study: Study) -> Iterator[tuple[Text, list[Disagreement]]]:
    """Each article that has any, with its disagreements in the order of the text."""
    for text in study.texts:
        found = [
            one for comparison in text.comparisons for one in chain(_spans(comparison), _relations(study, comparison))
        ]
        if found:
            yield text, sorted(found, key=lambda one: one.start)


def _spans(comparison: Comparison) -> Iterator[Disagreement]:
    same = comparison.overlap
    for pair in same.pairs:
        kinds: list[Kind] = []
        if pair[0].pieces != pair[1].pieces:
            kinds.append("bounds")
        if pair[0].attributes != pair[1].attributes:
            kinds.append("attributes")
        if kinds:
            yield _of_pair(comparison, pair, tuple(kinds), pair[0].label)
    other = overlap(same.first_only, same.second_only, same_label=False, least=CONFUSED)
    for pair in other.pairs:
        yield _of_pair(comparison, pair, ("label",), f"{pair[0].label} or {pair[1].label}")
    for mention in other.first_only:
        sides = _has(comparison.first, mention), _lacks(comparison.second, mention)
        yield Disagreement(("span",), mention.label, mention.start, sides)
    for mention in other.second_only:
        sides = _lacks(comparison.first, mention), _has(comparison.second, mention)
        yield Disagreement(("span",), mention.label, mention.start, sides)


def _of_pair(comparison: Comparison, pair: Pair, kinds: tuple[Kind, ...], subject: str) -> Disagreement:
    sides = _has(comparison.first, pair[0], pair[1]), _has(comparison.second, pair[1], pair[0])
    return Disagreement(kinds, subject, min(mention.start for mention in pair), sides)


def _has(version: Version, mention: Mention, other: Mention | None = None) -> Side:
    """A side with a span, and those of its attributes that the other lacks or has otherwise."""
    theirs = mention.attributes if other is None or other.label != mention.label else other.attributes
    names = list(dict.fromkeys((*mention.attributes, *theirs)))
    if other is not None and other.label == mention.label:
        names = [name for name in names if mention.attributes.get(name) != theirs.get(name)]
    attributes = tuple((name, str(mention.attributes.get(name, "not set"))) for name in names)
    return Side(version.annotator, mention.label, _marks(mention), attributes)


def _lacks(version: Version, mention: Mention) -> Side:
    """A side without the span: the labels that it has on some of these words, if any."""
    here = dict.fromkeys(
        one.label for one in version.mentions if shared_characters(one.pieces, mention.pieces) and one is not mention
    )
    words = f"not there; on some of these words: {', '.join(here)}" if here else "not there"
    return Side(version.annotator, words, ())


def _marks(mention: Mention, role: Literal["span", "head", "tail"] = "span") -> tuple[Mark, ...]:
    return tuple(Mark(piece, mention.label, role) for piece in mention.pieces)


def _relations(study: Study, comparison: Comparison) -> Iterator[Disagreement]:
    """Relations between matched spans that one lacks, and retargeted ones; those of missing spans go with the span."""
    first, second = comparison.first, comparison.second
    for label in study.inventory.relations.values():
        if label.joins_pieces:
            continue
        found = compare_relations(comparison, label)
        for one, other in found.retargeted:
            sides = _arrow(first, label.name, one), _arrow(second, label.name, other)
            yield Disagreement(("retargeted",), label.name, _start((one, other)), sides)
        nothing = "not there"
        for one in found.first_only:
            sides = _arrow(first, label.name, one), Side(second.annotator, nothing, ())
            yield Disagreement(("relation",), label.name, _start((one,)), sides)
        for one in found.second_only:
            sides = Side(first.annotator, nothing, ()), _arrow(second, label.name, one)
            yield Disagreement(("relation",), label.name, _start((one,)), sides)


def _arrow(version: Version, label: str, arrow: Arrow) -> Side:
    words = f"{arrow.head.label} —{label}→ {arrow.tail.label}"
    return Side(version.annotator, words, (*_marks(arrow.head, "head"), *_marks(arrow.tail, "tail")))


def _start(arrows: Iterable[Arrow]) -> int:
    return min(arrow.head.start for arrow in arrows)


AROUND = 70
"""Characters shown before and after what is marked, within the paragraph."""


def snippet(inventory: Inventory, text: Text, marks: Sequence[Mark], shown: Sequence[Piece]) -> Iterator[str]:
    """The text around the pieces `shown`, with the marks in the colours of their labels.

    A head of a relation is underlined, its tail underlined twice, as they may lie within each other.
    """
    start, end = _window(text.text, shown)
    if start > 0 and text.text[start - 1] != "\n":
        yield "… "
    inside = [mark for mark in marks if mark.piece.start < end and mark.piece.end > start]
    bounds = {start, end, *(at for mark in inside for at in mark.piece)}
    for first, last in pairwise(sorted(bounds)):
        over = [mark for mark in inside if mark.piece.start <= first and last <= mark.piece.end]
        words = escape(text.text[first:last]).replace("\n", "<br>")
        yield _marked(inventory, words, over) if over else words
    if end < len(text.text) and text.text[end] != "\n":
        yield " …"


def _marked(inventory: Inventory, words: str, over: Sequence[Mark]) -> str:
    # Of nested marks, the shorter has the say on the colour.
    inner = min(over, key=lambda mark: mark.piece.end - mark.piece.start)
    colour = inventory.spans[inner.label].color
    roles = " ".join(sorted({mark.role for mark in over}))
    labels = ", ".join(dict.fromkeys(f"{mark.label} ({mark.role})" for mark in over))
    return (
        f'<mark class="{roles}" style="background:{escape(colour)}33;border-color:{escape(colour)}"'
        f' title="{escape(labels)}">{words}</mark>'
    )


def _window(text: str, shown: Sequence[Piece]) -> tuple[int, int]:
    """What to show: some characters around the pieces, cut between words, no further than their paragraphs."""
    first, last = min(piece.start for piece in shown), max(piece.end for piece in shown)
    begin, stop = paragraph(text, first, last)
    start, end = max(begin, first - AROUND), min(stop, last + AROUND)
    if start > begin:
        start = text.find(" ", start, first) + 1 or first
    if end < stop:
        space = text.rfind(" ", last, end)
        end = space if space >= 0 else last
    return start, max(end, last)


def html_table(table: Table, level: int = 2) -> str:
    """The table with its heading, of a level, and its notes; everything in it is escaped."""
    head = "".join(
        f"<th{'' if _words(table, number) else ' class=n'}>{escape(column.name)}</th>"
        for number, column in enumerate(table.columns)
    )
    rows = "\n".join(
        f"<tr>{''.join(_cell(cell, column) for cell, column in zip(row, table.columns, strict=True))}</tr>"
        for row in table.rows
    )
    notes = "".join(f"<li>{escape(note)}</li>" for note in table.notes)
    title = f'<h{level} id="{table.name}">{escape(table.title)}</h{level}>'
    return f'{title}\n<div class="wide"><table><thead><tr>{head}</tr></thead>\n<tbody>{rows}</tbody></table></div>' + (
        f'\n<ul class="notes">{notes}</ul>' if notes else ""
    )


def _words(table: Table, number: int) -> bool:
    return all(isinstance(row[number], str) for row in table.rows)


def _cell(cell: Cell, column: Column) -> str:
    if isinstance(cell, str):
        return f"<td>{escape(cell)}</td>"
    if isinstance(cell, int):
        return f'<td class="n">{cell:,}</td>'
    measure = cell if isinstance(cell, Measure) else Measure(cell)
    if measure.value is None:
        return f'<td class="n none" title="{escape(measure.note or "nothing to count")}">–</td>'
    interval = ""
    if measure.low is not None and measure.high is not None and not column.plain:
        interval = f" <small>[{shown(measure.low)} {shown(measure.high)}]</small>"
    good = 1 - measure.value if column.low_is_good else measure.value
    return f'<td class="n heat" style="{colour(good)}">{shown(measure.value)}{interval}</td>'


def colour(value: float) -> str:
    """Red over yellow to green; what is below 0 is as red as 0. Text stays dark, so the ground stays light."""
    return f"background:hsl({round(120 * min(1.0, max(0.0, value)))} 62% 80%)"


STYLE = """
:root { color-scheme: light; }
body { margin: 2rem auto; padding: 0 1.5rem; max-width: 76rem; color: #1c2024; background: #fff;
  font: 15px/1.5 system-ui, sans-serif; }
h1 { font-size: 1.6rem; margin: 0 0 .5rem; }
h2 { font-size: 1.15rem; margin: 2.4rem 0 .6rem; border-bottom: 1px solid #dde1e6; padding-bottom: .3rem; }
h3 { font-size: .95rem; margin: 0 0 .4rem; }
small, .about, .notes { color: #5b6570; font-weight: normal; }
small { font-size: .82em; white-space: nowrap; }
.about { margin: .3rem 0; max-width: 60rem; }
.notes { font-size: .85rem; margin: .4rem 0; padding-left: 1.1rem; }
nav { display: flex; flex-wrap: wrap; gap: .3rem 1.1rem; margin: 1rem 0; }
a { color: #1f5fa8; }
.wide { overflow-x: auto; }
table { border-collapse: separate; border-spacing: 1px; font-size: .9rem; }
th, td { padding: .25rem .6rem; text-align: left; white-space: nowrap; }
thead th { color: #5b6570; font-weight: 600; vertical-align: bottom; border-bottom: 1px solid #dde1e6; }
tbody th { font-weight: 500; }
td.n, th.n { text-align: right; font-variant-numeric: tabular-nums; }
td.none { color: #9aa3ad; }
th.up { padding: .3rem .1rem; }
th.up span { writing-mode: vertical-rl; transform: rotate(180deg); }
details { margin: 1rem 0; }
summary { font-weight: 600; cursor: pointer; padding: .4rem 0; }
summary a { font-weight: normal; margin-left: .6rem; }
section { border: 1px solid #dde1e6; border-radius: 6px; padding: .7rem .9rem; margin: .6rem 0;
  break-inside: avoid; }
.two { display: grid; grid-template-columns: max-content 1fr; gap: .4rem .9rem; }
.who { font-weight: 600; color: #5b6570; padding-top: .15rem; }
.has { border-left: 3px solid #c6ccd3; padding-left: .7rem; }
.has p { margin: 0; }
.has.absent { color: #78828d; border-left-style: dashed; }
.words { font-size: .85rem; color: #5b6570; }
.value { margin-left: .7rem; }
mark { color: inherit; padding: .08rem 0; border-bottom: 2px solid; }
mark.tail, mark.head.tail { border-bottom: 4px double; }
@media print { body { margin: 0; max-width: none; } nav { display: none; } }
"""


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
