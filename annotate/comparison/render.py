"""A change in words, for people: where, of what, and what it was and is. Text, Markdown and the page all show these.

What a summary says, as tables and as lines, for all forms in which a difference is shown.

The list of changes while what it comes to is not known yet: in memory while it is short, then on disk.

A difference for a terminal: what it comes to first, then every change, article by article.

A difference as one HTML page that needs nothing else: no script, nothing from any other place.

A difference for a changelog, in Markdown.
"""

import tempfile
from collections.abc import Callable, Iterator, Sequence
from html import escape
from typing import IO, Literal, NamedTuple

from annotate.agreement.page import STYLE
from annotate.comparison.compare import Comparison
from annotate.comparison.match import attribute_changes
from annotate.comparison.model import (
    Edit,
    End,
    Ends,
    FieldChange,
    FileChange,
    InventoryChange,
    RelationChange,
    SpanChange,
)
from annotate.comparison.semver import Needed, version_needed
from annotate.comparison.summary import LabelCounts, Summary
from annotate.model import Relation, Span
from annotate.util.escape import Align, escape_markdown, markdown_table

LONGEST = 100
"""Characters of words that are shown; of longer ones the start and the end."""
MOST_EDITS = 12
"""Edits that are shown of one file; the JSON has all of them."""

Sign = Literal["+", "-", "~"]


class Said(NamedTuple):
    """One change: `old` and `new` are empty where there is nothing to show of that side."""

    sign: Sign
    place: str
    subject: str
    what: str
    old: str = ""
    new: str = ""


def said(change: FileChange) -> Iterator[Said]:
    """Every change of a file. Edits stand only for files that have no other changes."""
    yield from map(_field, change.fields)
    yield from map(_span, change.spans)
    yield from map(_relation, change.relations)
    if change.fields or change.spans or change.relations:
        return
    if change.replaced is not None:
        yield Said("~", "", "file", "replaced; it is no text")
    elif change.what != "changed":
        yield Said("+" if change.what == "added" else "-", "", "file", change.what)
    elif change.edits is not None:
        yield from map(_edit, change.edits[:MOST_EDITS])
        if len(change.edits) > MOST_EDITS:
            yield Said("~", "", "file", f"and {len(change.edits) - MOST_EDITS} more edits")


def short(words: str) -> str:
    """Words in one line, the middle left out where they are long."""
    line = words.replace("\n", "⏎")
    half = LONGEST // 2
    return line if len(line) <= LONGEST else f"{line[:half]} … {line[-half:]}"


def quoted(words: str) -> str:
    return f"“{short(words)}”"


def _range(start: int, end: int) -> str:
    return f"{start}–{end}"


def _places(old: str, new: str) -> str:
    return old if old == new or not new else f"{old} → {new}" if old else new


def _value(value: object) -> str:
    return "–" if value is None else short(value) if isinstance(value, str) else short(str(value))


def _field(one: FieldChange) -> Said:
    sign: Sign = "+" if one.old is None else "-" if one.new is None else "~"
    old, new = ("" if value is None else _value(value) for value in (one.old, one.new))
    return Said(sign, "", one.field, {"+": "added", "-": "removed", "~": "changed"}[sign], old, new)


def _edit(one: Edit) -> Said:
    sign: Sign = "+" if not one.old else "-" if not one.new else "~"
    what = {"+": "words added", "-": "words removed", "~": "words changed"}[sign]
    old, new = (quoted(words) if words else "" for words in (one.old, one.new))
    return Said(sign, _range(one.start, one.end), "characters", what, old, new)


def _span(one: SpanChange) -> Said:
    old, new = one.old, one.new
    span = new or old
    assert span  # noqa: S101 - a change has a side
    subject = f"{span.label} {span.id}"
    if old is None or new is None:
        words = f"{quoted(span.text)}{_attributes(span)}"
        place = _range(span.start, span.end)
        return Said("+", place, subject, "added", "", words) if new else Said("-", place, subject, "removed", words)
    place = _places(_range(old.start, old.end), _range(new.start, new.end))
    sides = list(_differing(one, old, new))
    what = "; ".join(_kind(kind, one) for kind in one.kinds)
    return Said("~", place, subject, what, "; ".join(side[0] for side in sides), "; ".join(side[1] for side in sides))


def _kind(kind: str, one: SpanChange) -> str:
    if kind == "moved":
        return f"moved (start {one.by[0]:+d}, end {one.by[1]:+d})"
    return {
        "carried": "moved along with the text",
        "words": "text within it changed",
        "attributes": "other attributes",
        "note": "other note",
        "id": "other id",
        "renamed": "label renamed",
    }.get(kind, kind)


def _differing(one: SpanChange, old: Span, new: Span) -> Iterator[tuple[str, str]]:
    """What the old and the new span have that differs."""
    if old.label != new.label:
        yield old.label, new.label
    # Words that are the same still say which span it is.
    yield quoted(old.text), quoted(new.text)
    for name, before, after in attribute_changes(one):
        yield f"{name}: {_value(before)}", f"{name}: {_value(after)}"
    if old.note != new.note:
        yield f"note: {short(old.note) or '–'}", f"note: {short(new.note) or '–'}"
    if old.id != new.id:
        yield f"id {old.id}", f"id {new.id}"


def _attributes(span: Span) -> str:
    pairs = ", ".join(f"{name}: {_value(value)}" for name, value in span.attributes.items())
    return f" ({pairs})" if pairs else ""


def _relation(one: RelationChange) -> Said:
    relation = one.new or one.old
    assert relation  # noqa: S101 - a change has a side
    sign: Sign = "+" if one.old is None else "-" if one.new is None else "~"
    what = "; ".join("ids of its ends changed" if kind == "carried" else kind for kind in one.kinds)
    old = _arrow(one.old, one.old_ends) if one.old else ""
    new = _arrow(one.new, one.new_ends) if one.new else ""
    return Said(sign, _places(_between(one.old_ends), _between(one.new_ends)), relation.label, what, old, new)


def _arrow(one: Relation, ends: Ends | None) -> str:
    head, tail = ends or (None, None)
    note = f"; note: {short(one.note)}" if one.note else ""
    return f"{one.label}: {_end(head)} → {_end(tail)}{note}"


def _end(end: End | None) -> str:
    return f"{end.label} {quoted(end.text)}" if end else "no span"


def _between(ends: Ends | None) -> str:
    places = [_range(end.start, end.end) for end in ends or () if end]
    return " to ".join(places)


def of_inventory(one: InventoryChange) -> Said:
    """A change of the inventory."""
    sign: Sign = "+" if one.kind == "added" else "-" if one.kind == "removed" else "~"
    if one.kind in ("added", "removed"):
        return Said(sign, "", f"{one.what} {one.name}", one.kind)
    what = {
        "renamed": "renamed",
        "presented": f"{one.field} changed, which is looks only",
        "redefined": "redefined",
    }.get(one.kind, f"{one.field} {one.kind}")
    return Said(sign, "", f"{one.what} {one.name}", what, _value(one.old), _value(one.new))


MOST_NAMES = 10

_HEADS = {
    "became": "relabelled to",
    "relabelled": "relabelled from",
    "words": "text within",
    "arrived": "came",
    "gone": "went",
}


Cell = str | int | None


class Grid(NamedTuple):
    """A table of numbers; None where there is nothing to count."""

    title: str
    head: list[str]
    rows: list[list[Cell]]


def grids(summary: Summary) -> Iterator[Grid]:
    """Gold by label: spans, then relations; columns in which nothing stands are left out."""
    for title, counts in (("Spans of gold", summary.spans), ("Relations of gold", summary.relations)):
        if counts:
            yield _grid(title, counts)


def _grid(title: str, counts: dict[str, LabelCounts]) -> Grid:
    fields = [name for name in LabelCounts.__struct_fields__ if any(getattr(one, name) for one in counts.values())]
    rows: list[list[Cell]] = [
        [label, *(getattr(one, name) or None for name in fields), one.net] for label, one in sorted(counts.items())
    ]
    if len(rows) > 1:
        sums = [sum(getattr(one, name) for one in counts.values()) for name in fields]
        rows.append(["all", *sums, sum(one.net for one in counts.values())])
    return Grid(title, ["label", *(_HEADS.get(name, name) for name in fields), "net"], rows)


def lines(summary: Summary) -> Iterator[str]:
    """Articles, splits and other files, a line a kind of change."""
    articles = summary.articles
    for what, names in (
        ("articles added", articles.added),
        ("articles removed", articles.removed),
        ("texts changed", articles.text),
        ("metadata changed", articles.metadata),
        ("gold labels for the first time", articles.labelled),
        ("gold labels gone", articles.unlabelled),
        (
            "moved between splits",
            [f"{one.article} ({one.old or 'none'} → {one.new or 'none'})" for one in summary.moves],
        ),
    ):
        if names:
            yield f"{what}: {len(names)} ({listed(names)})"
    if summary.annotators:
        each = ", ".join(f"{name} {number}" for name, number in sorted(summary.annotators.items()))
        yield f"changes to annotators' own labels: {each}"
    if summary.files:
        yield f"files: {summary.files_in_words}"


def listed(names: Sequence[str]) -> str:
    rest = f" and {len(names) - MOST_NAMES} more" if len(names) > MOST_NAMES else ""
    return f"{', '.join(names[:MOST_NAMES])}{rest}"


def inventory(summary: Summary) -> Iterator[Said]:
    """The changes of the inventory, then those of the dataset's columns."""
    yield from map(of_inventory, summary.inventory)
    for one in summary.columns:
        sign = {"added": "+", "removed": "-"}.get(one.kind, "~")
        yield Said(sign, "", f"column {one.column}", one.kind, one.old, one.new)  # type: ignore[arg-type]


def cell_text(value: Cell) -> str:
    """A cell of a table that knows no columns."""
    return "" if value is None else str(value)


def version(summary: Summary) -> tuple[str, Needed]:
    """The version that is needed, in words; and the reasons."""
    needed = version_needed(summary)
    words = {
        "none": "no new version is needed",
        "patch": "a patch version will do",
        "minor": "a minor version is needed",
        "major": "a major version is needed",
    }
    return words[needed.level], needed


IN_MEMORY = 1 << 24
"""Characters that are held."""


def spool() -> IO[str]:
    """A text file to write to, rewind and read; it is gone once it is closed."""
    return tempfile.SpooledTemporaryFile(IN_MEMORY, "w+", encoding="utf-8", newline="")


NO_CHANGE = "no change"

Style = Callable[[str, str], str]
"""Words and what they are (+, -, ~, head or dim) → the words, in colour or not."""


class Shown(NamedTuple):
    """How tables and words are shown, which the command line knows."""

    grids: Callable[[list[Grid]], str]
    style: Style


def parts_as_text(comparison: Comparison, shown: Shown, more: Sequence[Grid] = ()) -> Iterator[str]:
    """The text, in parts; the list of changes is made first, and kept until what it comes to is said."""
    with spool() as listed:
        article: str | None = ""
        for change in comparison.files():
            if change.article != article:
                article = change.article
                listed.write(f"\n{shown.style(article or 'files of no article', 'head')}\n")
            listed.writelines(f"{line}\n" for line in _file(change, shown.style))
        yield from _summary(comparison, shown)
        listed.seek(0)
        yield from listed
    if more:
        yield f"\n{shown.grids(list(more))}"


def _summary(comparison: Comparison, shown: Shown) -> Iterator[str]:
    summary = comparison.summary
    yield f"{shown.style(f'{comparison.old.name} → {comparison.new.name}', 'head')}\n"
    if summary.empty:
        yield f"{NO_CHANGE}\n"
        return
    yield shown.grids(list(grids(summary)))
    yield from (f"{line}\n" for line in lines(summary))
    changes = list(inventory(summary))
    if changes:
        yield f"\n{shown.style('inventory', 'head')}\n"
        for one in changes:
            yield from (f"{line}\n" for line in _said(one, "  ", shown.style))
    words, needed = version(summary)
    yield f"\n{shown.style(words, 'head')}\n"
    yield from (f"  {one.code} {one.level}: {one.message}\n" for one in needed.reasons)


def _file(change: FileChange, style: Style) -> Iterator[str]:
    yield f"  {style(change.file, 'dim')} {change.what}"
    for one in said(change):
        yield from _said(one, "    ", style)
    if change.edits is not None and (change.fields or change.spans or change.relations):
        yield f"      {style('one of the two is not in canonical form: more bytes differ', 'dim')}"


def _said(one: Said, margin: str, style: Style) -> Iterator[str]:
    place = f"{one.place}  " if one.place else ""
    yield f"{margin}{style(one.sign, one.sign)} {place}{one.subject}: {one.what}"
    if one.old:
        yield f"{margin}    {style(f'- {one.old}', '-')}"
    if one.new:
        yield f"{margin}    {style(f'+ {one.new}', '+')}"


POLICY = "default-src 'none'; style-src 'unsafe-inline'"
_MORE = """
ul { list-style: none; margin: .2rem 0 .8rem; padding-left: 0; }
li { margin: .35rem 0; padding-left: 1.4rem; text-indent: -1.4rem; overflow-wrap: anywhere; }
li b { display: inline-block; width: 1.4rem; text-indent: 0; font-family: monospace; }
del, ins { display: block; margin-left: 1.4rem; padding: 0 .3rem; text-indent: 0; text-decoration: none; }
del { background: #fdeaea; } del::before { content: "− "; }
ins { background: #e6f4ea; } ins::before { content: "+ "; }
h4 { margin: .8rem 0 .2rem; font-size: .85rem; color: #5b6570; font-weight: 500; overflow-wrap: anywhere; }
"""


def parts_as_page(comparison: Comparison, more: Sequence[Grid] = ()) -> Iterator[str]:
    """The page, in parts: what the difference comes to, then each article with its changes."""
    with spool() as listed:
        article: str | None = ""
        for change in comparison.files():
            if change.article != article:
                listed.write("</details>\n" * (article != ""))
                article = change.article
                title = escape(article or "files of no article")
                listed.write(f"<details open><summary>{title}</summary>\n")
            listed.writelines(_file_as_page(change))
        listed.write("</details>\n" * (article != ""))
        yield from _summary_as_page(comparison)
        listed.seek(0)
        yield from listed
        yield from map(_grid_as_page, more)
        yield "</body></html>\n"


def _summary_as_page(comparison: Comparison) -> Iterator[str]:
    summary = comparison.summary
    title = f"{escape(comparison.old.name)} → {escape(comparison.new.name)}"
    yield (
        '<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8">'
        f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{title}</title>\n<style>{STYLE}{_MORE}</style></head>\n<body>\n<h1>{title}</h1>\n"
    )
    if summary.empty:
        yield f"<p>{NO_CHANGE.capitalize()}.</p>\n"
        return
    words, needed = version(summary)
    yield f"<h2>{words.capitalize()}</h2>\n<ul>\n"
    yield from (f"<li>{one.code} {one.level}: {escape(one.message)}</li>\n" for one in needed.reasons)
    yield "</ul>\n"
    yield from map(_grid_as_page, grids(summary))
    yield "<h2>In all</h2>\n<ul>\n"
    yield from (f"<li>{escape(line)}</li>\n" for line in lines(summary))
    yield "</ul>\n"
    changes = list(inventory(summary))
    if changes:
        yield f"<h2>Inventory</h2>\n{_list(changes)}"
    yield "<h2>Changes</h2>\n"


def _grid_as_page(grid: Grid) -> str:
    head = "".join(f"<th{_side(grid, number)}>{escape(name)}</th>" for number, name in enumerate(grid.head))
    rows = "\n".join(
        f"<tr><th>{escape(str(row[0]))}</th>"
        + "".join(f"<td{_side(grid, at)}>{escape(cell_text(cell))}</td>" for at, cell in enumerate(row) if at)
        + "</tr>"
        for row in grid.rows
    )
    return (
        f'<h2>{escape(grid.title)}</h2>\n<div class="wide"><table><thead><tr>{head}</tr></thead>\n'
        f"<tbody>{rows}</tbody></table></div>\n"
    )


def _side(grid: Grid, number: int) -> str:
    """Words to the left, numbers to the right."""
    words = any(str(row[number])[:1].isalpha() for row in grid.rows if row[number])
    return "" if words else ' class="n"'


def _file_as_page(change: FileChange) -> Iterator[str]:
    yield f"<h4>{escape(change.file)} {change.what}</h4>\n"
    yield _list(list(said(change)))


def _list(changes: list[Said]) -> str:
    return f"<ul>\n{''.join(map(_said_as_page, changes))}</ul>\n" if changes else ""


def _said_as_page(one: Said) -> str:
    sign = {"+": "+", "-": "−", "~": "~"}[one.sign]
    place = f"{one.place} " if one.place else ""
    old = f"<del>{escape(one.old)}</del>" if one.old else ""
    new = f"<ins>{escape(one.new)}</ins>" if one.new else ""
    return f"<li><b>{sign}</b>{place}{escape(one.subject)}: {escape(one.what)}{old}{new}</li>\n"


def parts_as_markdown(comparison: Comparison, more: Sequence[Grid] = ()) -> Iterator[str]:
    """The Markdown, in parts: what the difference comes to, then each article with its changes."""
    with spool() as listed:
        article: str | None = ""
        for change in comparison.files():
            if change.article != article:
                article = change.article
                listed.write(f"\n### {escape_markdown(article or 'Files of no article')}\n\n")
            listed.writelines(_file_as_markdown(change))
        yield from _summary_as_markdown(comparison)
        listed.seek(0)
        yield from listed
    for grid in more:
        yield f"\n{_grid_as_markdown(grid)}"


def _summary_as_markdown(comparison: Comparison) -> Iterator[str]:
    summary = comparison.summary
    yield f"## {escape_markdown(comparison.old.name)} → {escape_markdown(comparison.new.name)}\n\n"
    if summary.empty:
        yield f"{NO_CHANGE.capitalize()}.\n"
        return
    words, needed = version(summary)
    yield f"{words.capitalize()}:\n\n"
    yield from (f"- {one.code} ({one.level}) {escape_markdown(one.message)}\n" for one in needed.reasons)
    for grid in grids(summary):
        yield f"\n{_grid_as_markdown(grid)}"
    yield "\n"
    yield from (f"- {escape_markdown(line)}\n" for line in lines(summary))
    changes = list(inventory(summary))
    if changes:
        yield "\n### Inventory\n\n"
        yield from map(_said_as_markdown, changes)


def _grid_as_markdown(grid: Grid) -> str:
    rows = ([escape_markdown(cell_text(cell)) for cell in row] for row in grid.rows)
    align: list[Align] = ["right" for _ in grid.head]
    align[0] = "left"
    return markdown_table([grid.title, *grid.head[1:]], rows, align) + "\n"


def _file_as_markdown(change: FileChange) -> Iterator[str]:
    yield f"- {escape_markdown(change.file)} {change.what}\n"
    yield from (f"  {_said_as_markdown(one)}" for one in said(change))


def _said_as_markdown(one: Said) -> str:
    place = f"{one.place} " if one.place else ""
    sides = " → ".join(escape_markdown(side) for side in (one.old, one.new) if side)
    return f"- {place}{escape_markdown(one.subject)}: {escape_markdown(one.what)}{f': {sides}' if sides else ''}\n"
