"""Tables of agreement for a paper: Markdown to read, and CSV to compute with."""

import csv
import io
from collections.abc import Iterable, Iterator, Sequence

from annotate.agreement.groups import ReportGroup
from annotate.util.escape import Markdown, escape_terminal_line
from annotate.util.spreadsheets import defuse_cell
from annotate.util.tables import Cell, Measure, Table, render_markdown

CSV_COLUMNS = ("by", "group", "articles", "article", "table", "row", "column", "value", "low", "high", "note")
"""The columns of the CSV: a row for each cell of a table."""
BY_ARTICLE = "by-article"
"""The table whose rows have an article and a label."""

GroupTables = tuple[ReportGroup, Sequence[Table]]
"""A group, and its tables."""


def render_markdown_tables(about: str, groups: Iterable[GroupTables]) -> Markdown:
    """Return the tables of each group as Markdown, with all intervals and notes.

    Args:
        about: What was compared.
        groups: The groups; the first may be all articles.
    """
    parts = [Markdown.escape(about)]
    for group, tables in groups:
        level = "##"
        if group.field is not None:
            parts += [Markdown("## {}").format(group.heading), Markdown.escape(group.about)]
            level = "###"
        for table in tables:
            parts += [Markdown(level + " {}").format(table.title), *render_markdown(table)]
    return Markdown("\n\n").join(parts) + Markdown("\n")


def render_csv(groups: Iterable[GroupTables]) -> str:
    """Return a row for each cell of the tables: figures in full, with their intervals and why they are missing.

    Words that a spreadsheet would execute get an apostrophe.

    Args:
        groups: The groups; the first may be all articles.
    """
    file = io.StringIO()
    writer = csv.writer(file, lineterminator="\r\n")
    writer.writerow(CSV_COLUMNS)
    for group, tables in groups:
        start = [group.field or "", group.value or "", len(group.report.articles)]
        for table in tables:
            writer.writerows([*map(_write_cell, (*start, *row))] for row in _list_cells(table))
    return file.getvalue()


def _list_cells(table: Table) -> Iterator[Sequence[str | int | float | None]]:
    """Yield article, table, row, column, value, ends of the interval, and note of each cell."""
    keys = 2 if table.name == BY_ARTICLE else 1
    for row in table.rows:
        names = [str(cell) for cell in row[:keys]]
        article = names[0] if keys > 1 else ""
        for column, cell in zip(table.columns[keys:], row[keys:], strict=True):
            yield article, table.name, names[-1], column.name, *_list_figures(cell)


def _list_figures(cell: Cell) -> tuple[str | int | float | None, float | None, float | None, str | None]:
    if isinstance(cell, Measure):
        return cell.value, cell.low, cell.high, cell.note
    return cell, None, None, None


def _write_cell(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, float):
        return repr(round(value, 6) + 0.0)
    return defuse_cell(escape_terminal_line(value)) if isinstance(value, str) else str(value)
