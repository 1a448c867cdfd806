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
from annotate.util.escape import Markdown, markdown_table
from annotate.util.tables import Table


def render_markdown(comparison: Comparison, more: Sequence[Table] = ()) -> Iterator[str]:
    """Compare two versions and yield the difference as Markdown, in parts.

    Args:
        comparison: The two versions.
        more: Further tables, shown last.
    """
    with open_spool() as articles:
        for article_id, changes in comparison.compare_articles():
            articles.write(Markdown("\n### {}\n\n").format(article_id or NO_ARTICLE.capitalize()))
            for change in changes:
                articles.writelines(_render_file(change))
        yield from _render_summary(comparison)
        articles.seek(0)
        yield from articles
    yield from (Markdown("\n{}").format(_render_table(table)) for table in more)


def _render_summary(comparison: Comparison) -> Iterator[Markdown]:
    summary = comparison.summary
    yield Markdown("## {} → {}\n\n").format(comparison.old.name, comparison.new.name)
    if summary.is_empty:
        yield Markdown("{}.\n").format(NO_CHANGE.capitalize())
        return
    needed = find_needed_version(summary)
    yield Markdown("{}:\n\n").format(describe_level(needed.level).capitalize())
    for reason in needed.reasons:
        yield Markdown("- {} ({}) {}\n").format(reason.code, reason.level, reason.message)
    yield from (Markdown("\n{}").format(_render_table(table)) for table in tabulate_counts(summary))
    yield Markdown("\n")
    yield from (Markdown("- {}\n").format(line) for line in list_totals(summary))
    changes = list(describe_inventory(summary))
    if changes:
        yield Markdown("\n### Inventory\n\n")
        yield from map(_render_change, changes)


def _render_table(table: Table) -> Markdown:
    header = [table.title, *(column.name for column in table.columns[1:])]
    return markdown_table(header, table.rows) + Markdown("\n")


def _render_file(change: FileChange) -> Iterator[Markdown]:
    yield Markdown("- {} {}\n").format(change.file, change.status)
    yield from (Markdown("  {}").format(_render_change(line)) for line in describe_file(change))


def _render_change(change: ChangeLine) -> Markdown:
    sides = Markdown(" → ").join(side for side in (change.old, change.new) if side)
    end = Markdown(": {}\n").format(sides) if sides else Markdown("\n")
    location = Markdown(f"{change.location} " if change.location else "")  # offsets alone
    return Markdown("- {}{}: {}{}").format(location, change.subject, change.kind, end)
