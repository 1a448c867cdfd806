"""Render a difference as Markdown, for a changelog."""

from collections.abc import Iterator, Sequence

from annotate.comparison.compare import Comparison
from annotate.comparison.describe import (
    NO_ARTICLE,
    NO_CHANGE,
    ChangeLine,
    describe_file,
    describe_inventory,
    describe_level,
    list_totals,
    open_spool,
    tabulate_counts,
)
from annotate.comparison.model import FileChange
from annotate.comparison.semver import find_needed_version
from annotate.util.escape import escape_markdown, markdown_table
from annotate.util.tables import Table


def render_markdown(comparison: Comparison, more: Sequence[Table] = ()) -> Iterator[str]:
    """Compare two versions and yield the difference as Markdown, in parts.

    Args:
        comparison: The two versions.
        more: Further tables, shown last.
    """
    with open_spool() as articles:
        for article_id, changes in comparison.compare_articles():
            articles.write(f"\n### {escape_markdown(article_id or NO_ARTICLE.capitalize())}\n\n")
            for change in changes:
                articles.writelines(_render_file(change))
        yield from _render_summary(comparison)
        articles.seek(0)
        yield from articles
    yield from (f"\n{_render_table(table)}" for table in more)


def _render_summary(comparison: Comparison) -> Iterator[str]:
    summary = comparison.summary
    yield f"## {escape_markdown(comparison.old.name)} → {escape_markdown(comparison.new.name)}\n\n"
    if summary.is_empty:
        yield f"{NO_CHANGE.capitalize()}.\n"
        return
    needed = find_needed_version(summary)
    yield f"{describe_level(needed.level).capitalize()}:\n\n"
    yield from (f"- {reason.code} ({reason.level}) {escape_markdown(reason.message)}\n" for reason in needed.reasons)
    yield from (f"\n{_render_table(table)}" for table in tabulate_counts(summary))
    yield "\n"
    yield from (f"- {escape_markdown(line)}\n" for line in list_totals(summary))
    changes = list(describe_inventory(summary))
    if changes:
        yield "\n### Inventory\n\n"
        yield from map(_render_change, changes)


def _render_table(table: Table) -> str:
    header = [table.title, *(column.name for column in table.columns[1:])]
    rows = [[escape_markdown(str(cell)) for cell in row] for row in table.rows]
    return markdown_table(header, rows) + "\n"


def _render_file(change: FileChange) -> Iterator[str]:
    yield f"- {escape_markdown(change.file)} {change.status}\n"
    yield from (f"  {_render_change(line)}" for line in describe_file(change))


def _render_change(change: ChangeLine) -> str:
    location = f"{change.location} " if change.location else ""
    sides = " → ".join(escape_markdown(side) for side in (change.old, change.new) if side)
    line = f"- {location}{escape_markdown(change.subject)}: {escape_markdown(change.kind)}"
    return f"{line}{f': {sides}' if sides else ''}\n"
