"""Render a difference as one HTML page that needs no other file."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from markupsafe import Markup

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
from annotate.util.html import render, templates
from annotate.util.tables import Table


class _DescribedFile(NamedTuple):
    change: FileChange
    lines: list[ChangeLine]


def render_html(comparison: Comparison, more: Sequence[Table] = ()) -> Iterator[str]:
    """Compare two versions and yield the difference as an HTML page, in parts.

    Args:
        comparison: The two versions.
        more: Further tables, shown last.
    """
    with open_spool() as articles:
        for article_id, changes in comparison.compare_articles():
            files = (_DescribedFile(change, list(describe_file(change))) for change in changes)
            articles.write(render("comparison/article.html", title=article_id or NO_ARTICLE, files=files))
        summary = comparison.summary
        needed = find_needed_version(summary)
        articles.seek(0)
        yield from (
            templates()
            .get_template("comparison/difference.html")
            .generate(
                title=f"{comparison.old.name} → {comparison.new.name}",
                no_change=f"{NO_CHANGE.capitalize()}." if summary.is_empty else "",
                level=describe_level(needed.level).capitalize(),
                reasons=needed.reasons,
                tables=tabulate_counts(summary),
                totals=list_totals(summary),
                inventory=list(describe_inventory(summary)),
                changes=map(Markup, articles),  # escaped when they were written
                more=more,
            )
        )
