"""A difference as one HTML page that needs nothing else: no script, nothing from any other place."""

from collections.abc import Iterator, Sequence
from html import escape

from annotate.agreement.style import STYLE
from annotate.diff import counted
from annotate.diff.as_text import NO_CHANGE
from annotate.diff.compare import Comparison
from annotate.diff.counted import Grid
from annotate.diff.model import FileChange
from annotate.diff.said import Said, said
from annotate.diff.spool import spool

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


def parts(comparison: Comparison, more: Sequence[Grid] = ()) -> Iterator[str]:
    """The page, in parts: what the difference comes to, then each article with its changes."""
    with spool() as listed:
        article: str | None = ""
        for change in comparison.files():
            if change.article != article:
                listed.write("</details>\n" * (article != ""))
                article = change.article
                title = escape(article or "files of no article")
                listed.write(f"<details open><summary>{title}</summary>\n")
            listed.writelines(_file(change))
        listed.write("</details>\n" * (article != ""))
        yield from _summary(comparison)
        listed.seek(0)
        yield from listed
        yield from map(_grid, more)
        yield "</body></html>\n"


def _summary(comparison: Comparison) -> Iterator[str]:
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
    words, needed = counted.version(summary)
    yield f"<h2>{words.capitalize()}</h2>\n<ul>\n"
    yield from (f"<li>{one.code} {one.level}: {escape(one.message)}</li>\n" for one in needed.reasons)
    yield "</ul>\n"
    yield from map(_grid, counted.grids(summary))
    yield "<h2>In all</h2>\n<ul>\n"
    yield from (f"<li>{escape(line)}</li>\n" for line in counted.lines(summary))
    yield "</ul>\n"
    changes = list(counted.inventory(summary))
    if changes:
        yield f"<h2>Inventory</h2>\n{_list(changes)}"
    yield "<h2>Changes</h2>\n"


def _grid(grid: Grid) -> str:
    head = "".join(f"<th{_side(grid, number)}>{escape(name)}</th>" for number, name in enumerate(grid.head))
    rows = "\n".join(
        f"<tr><th>{escape(str(row[0]))}</th>"
        + "".join(f"<td{_side(grid, at)}>{escape(counted.cell(cell))}</td>" for at, cell in enumerate(row) if at)
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


def _file(change: FileChange) -> Iterator[str]:
    yield f"<h4>{escape(change.file)} {change.what}</h4>\n"
    yield _list(list(said(change)))


def _list(changes: list[Said]) -> str:
    return f"<ul>\n{''.join(map(_said, changes))}</ul>\n" if changes else ""


def _said(one: Said) -> str:
    sign = {"+": "+", "-": "−", "~": "~"}[one.sign]
    place = f"{one.place} " if one.place else ""
    old = f"<del>{escape(one.old)}</del>" if one.old else ""
    new = f"<ins>{escape(one.new)}</ins>" if one.new else ""
    return f"<li><b>{sign}</b>{place}{escape(one.subject)}: {escape(one.what)}{old}{new}</li>\n"
