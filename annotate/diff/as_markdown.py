"""A difference for a changelog, in Markdown."""

import re
from collections.abc import Iterator, Sequence

from annotate.diff import counted
from annotate.diff.as_text import NO_CHANGE
from annotate.diff.compare import Comparison
from annotate.diff.counted import Grid
from annotate.diff.model import FileChange
from annotate.diff.said import Said, said
from annotate.diff.spool import spool

_MARKS = re.compile(r"([\\`*_\[\]<>|#])")


def parts(comparison: Comparison, more: Sequence[Grid] = ()) -> Iterator[str]:
    """The Markdown, in parts: what the difference comes to, then each article with its changes."""
    with spool() as listed:
        article: str | None = ""
        for change in comparison.files():
            if change.article != article:
                article = change.article
                listed.write(f"\n### {plain(article or 'Files of no article')}\n\n")
            listed.writelines(_file(change))
        yield from _summary(comparison)
        listed.seek(0)
        yield from listed
    for grid in more:
        yield f"\n{''.join(_grid(grid))}"


def plain(words: str) -> str:
    """Words in which nothing is Markdown."""
    return _MARKS.sub(r"\\\1", " ".join(words.split()))


def _summary(comparison: Comparison) -> Iterator[str]:
    summary = comparison.summary
    yield f"## {plain(comparison.old.name)} → {plain(comparison.new.name)}\n\n"
    if summary.empty:
        yield f"{NO_CHANGE.capitalize()}.\n"
        return
    words, needed = counted.version(summary)
    yield f"{words.capitalize()}:\n\n"
    yield from (f"- {one.code} ({one.level}) {plain(one.message)}\n" for one in needed.reasons)
    for grid in counted.grids(summary):
        yield f"\n{''.join(_grid(grid))}"
    yield "\n"
    yield from (f"- {plain(line)}\n" for line in counted.lines(summary))
    changes = list(counted.inventory(summary))
    if changes:
        yield "\n### Inventory\n\n"
        yield from map(_said, changes)


def _grid(grid: Grid) -> Iterator[str]:
    yield f"| {grid.title} | {' | '.join(grid.head[1:])} |\n"
    yield f"| --- |{' ---: |' * (len(grid.head) - 1)}\n"
    for row in grid.rows:
        yield f"| {' | '.join(plain(counted.cell(cell)) for cell in row)} |\n"


def _file(change: FileChange) -> Iterator[str]:
    yield f"- {plain(change.file)} {change.what}\n"
    yield from (f"  {_said(one)}" for one in said(change))


def _said(one: Said) -> str:
    place = f"{one.place} " if one.place else ""
    sides = " → ".join(plain(side) for side in (one.old, one.new) if side)
    return f"- {place}{plain(one.subject)}: {plain(one.what)}{f': {sides}' if sides else ''}\n"
