"""A difference for a terminal: what it comes to first, then every change, article by article."""

from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

from annotate.diff import counted
from annotate.diff.compare import Comparison
from annotate.diff.counted import Grid
from annotate.diff.model import FileChange
from annotate.diff.said import Said, said
from annotate.diff.spool import spool

NO_CHANGE = "no change"

Style = Callable[[str, str], str]
"""Words and what they are (+, -, ~, head or dim) → the words, in colour or not."""


class Shown(NamedTuple):
    """How tables and words are shown, which the command line knows."""

    grids: Callable[[list[Grid]], str]
    style: Style


def parts(comparison: Comparison, shown: Shown, more: Sequence[Grid] = ()) -> Iterator[str]:
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
    yield shown.grids(list(counted.grids(summary)))
    yield from (f"{line}\n" for line in counted.lines(summary))
    changes = list(counted.inventory(summary))
    if changes:
        yield f"\n{shown.style('inventory', 'head')}\n"
        for one in changes:
            yield from (f"{line}\n" for line in _said(one, "  ", shown.style))
    words, needed = counted.version(summary)
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
