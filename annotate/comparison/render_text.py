"""Render a difference as text for a terminal: the summary first, then every change, article by article."""

from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

from annotate.comparison.compare import Comparison
from annotate.comparison.describe import (
    NO_ARTICLE,
    NO_CHANGE,
    NOT_CANONICAL,
    ChangeLine,
    describe_file,
    describe_inventory,
    describe_level,
    has_hidden_edits,
    list_totals,
    open_spool,
    tabulate_counts,
)
from annotate.comparison.model import FileChange
from annotate.comparison.semver import find_needed_version
from annotate.util.escape import TerminalText
from annotate.util.tables import Table

MAX_ARTICLES = 20
"""Articles whose changes are shown; the others are only counted."""
MAX_CHANGES = 100
"""Changes of one file that are shown; the others are only counted."""

Style = Callable[[str, str], TerminalText]
"""Takes a text and its role (+, -, ~, title or dim), and returns the text, escaped, with or without colour."""


class Terminal(NamedTuple):
    """How tables and text are shown; the command line knows.

    Attributes:
        format_tables: Returns tables as text.
        style: Returns a text with the colour of its role.
        describe_rest: Returns the line below a list that is cut, from the number of further items and their noun; None
            if no list is cut.
    """

    format_tables: Callable[[list[Table]], TerminalText]
    style: Style
    describe_rest: Callable[[int, str], str] | None = None


def render_text(comparison: Comparison, terminal: Terminal, more: Sequence[Table] = ()) -> Iterator[str]:
    """Compare two versions and yield the difference as text, in parts.

    Args:
        comparison: The two versions.
        terminal: How tables and text are shown.
        more: Further tables, shown last.
    """
    style, number = terminal.style, 0
    with open_spool() as articles:
        for number, (article_id, changes) in enumerate(comparison.compare_articles(), 1):
            if terminal.describe_rest and number > MAX_ARTICLES:
                continue  # the summary counts its changes all the same
            articles.write(f"\n{style(article_id or NO_ARTICLE, 'title')}\n")
            for change in changes:
                articles.writelines(f"{line}\n" for line in _render_file(change, terminal))
        if terminal.describe_rest and number > MAX_ARTICLES:
            articles.write(f"\n{terminal.describe_rest(number - MAX_ARTICLES, 'article')}\n")
        yield from _render_summary(comparison, terminal)
        articles.seek(0)
        yield from articles
    if more:
        yield f"\n{terminal.format_tables(list(more))}"


def _render_summary(comparison: Comparison, terminal: Terminal) -> Iterator[str]:
    summary, style = comparison.summary, terminal.style
    yield f"{style(f'{comparison.old.name} → {comparison.new.name}', 'title')}\n"
    if summary.is_empty:
        yield f"{NO_CHANGE}\n"
        return
    yield terminal.format_tables(list(tabulate_counts(summary)))
    yield from (f"{TerminalText.escape(line)}\n" for line in list_totals(summary))
    inventory_lines = list(describe_inventory(summary))
    if inventory_lines:
        yield f"\n{style('inventory', 'title')}\n"
        for change in inventory_lines:
            yield from (f"{line}\n" for line in _render_change(change, "  ", style))
    needed = find_needed_version(summary)
    yield f"\n{style(describe_level(needed.level), 'title')}\n"
    for reason in needed.reasons:
        yield TerminalText("  {} {}: {}\n").format(reason.code, reason.level, reason.message)


def _render_file(change: FileChange, terminal: Terminal) -> Iterator[TerminalText]:
    style, number = terminal.style, 0
    yield TerminalText("  {} {}").format(style(change.file, "dim"), change.status)
    for number, line in enumerate(describe_file(change), 1):
        if terminal.describe_rest is None or number <= MAX_CHANGES:
            yield from _render_change(line, "    ", style)
    if terminal.describe_rest and number > MAX_CHANGES:
        yield TerminalText.escape(f"    {terminal.describe_rest(number - MAX_CHANGES, 'change')}")
    if has_hidden_edits(change):
        yield TerminalText("      {}").format(style(NOT_CANONICAL, "dim"))


def _render_change(change: ChangeLine, margin: str, style: Style) -> Iterator[TerminalText]:
    location = f"{change.location}  " if change.location else ""
    sign = style(change.sign, change.sign)
    yield TerminalText("{}{} {}{}: {}").format(margin, sign, location, change.subject, change.kind)
    if change.old:
        yield TerminalText("{}    {}").format(margin, style(f"- {change.old}", "-"))
    if change.new:
        yield TerminalText("{}    {}").format(margin, style(f"+ {change.new}", "+"))
