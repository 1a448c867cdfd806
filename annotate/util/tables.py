"""Tables of words, numbers of things and measures: one model for text, HTML and Markdown.

How a number looks is decided here; how a table looks, by who shows it (`cli.terminal`, `templates/tables.html`).
"""

import csv
import io
from collections import defaultdict
from collections.abc import Container, Iterable, Iterator, Sequence
from typing import NamedTuple

import msgspec

from annotate.util.escape import Align, Markdown, escape_terminal_line, markdown_code, markdown_table
from annotate.util.spreadsheets import defuse_cell

NO_VALUE = "–"
RANGE = "–"
"""Between the two ends of an interval."""


class Measure(msgspec.Struct, frozen=True):
    """A measured value with its interval.

    Attributes:
        value: The value; None if it is not defined.
        low: The lower end of the interval; None if there is no interval.
        high: The upper end of the interval; None if there is no interval.
        note: Why the value or the interval is missing; None if nothing is missing.
    """

    value: float | None
    low: float | None = None
    high: float | None = None
    note: str | None = None

    @property
    def value_text(self) -> str:
        """The value with two decimals, or a dash."""
        return NO_VALUE if self.value is None else format_value(self.value)

    @property
    def interval_text(self) -> str:
        """The interval in brackets, or an empty string."""
        return f"[{self.range_text.replace(RANGE, ' ')}]" if self.range_text else ""

    @property
    def range_text(self) -> str:
        """The two ends of the interval, or an empty string."""
        if self.value is None or self.low is None or self.high is None:
            return ""
        return f"{format_value(self.low)}{RANGE}{format_value(self.high)}"


Cell = str | int | Measure
"""Words, a number of things, or a measure."""
Row = Sequence[Cell | float | None]
"""The cells of a row; a float or None is a measure without an interval."""


class Column(NamedTuple):
    """The header of a column and how its measures are shown.

    Attributes:
        name: The header.
        low_is_good: Whether a low value is a good one, as for distances.
        hides_interval: Whether intervals are left to the JSON.
    """

    name: str
    low_is_good: bool = False
    hides_interval: bool = False


Header = str | Column
"""A column, or its name if its measures are shown with intervals and are good if high."""


class Table(NamedTuple):
    """A table; make one with `make_table`.

    Attributes:
        name: An identifier, unique on a page.
        title: The heading.
        columns: The columns.
        rows: The rows, a cell a column.
        notes: Lines below the table, among them why values or intervals are missing.
    """

    name: str
    title: str
    columns: list[Column]
    rows: list[list[Cell]]
    notes: list[str]

    def is_text(self, index: int) -> bool:
        """Whether the column with this index has only words, and so is aligned to the left."""
        return all(isinstance(row[index], str) for row in self.rows)


def make_table(
    name: str,
    title: str,
    columns: Iterable[Header],
    rows: Iterable[Row],
    notes: Iterable[str] = (),
) -> Table:
    """Make a table, with a note for each reason why values or intervals are missing.

    Args:
        name: An identifier, unique on a page.
        title: The heading.
        columns: The columns.
        rows: The rows, a cell a column.
        notes: Further notes, shown last.

    Returns:
        The table.
    """
    cells = [[_make_cell(cell) for cell in row] for row in rows]
    return Table(
        name,
        title,
        [column if isinstance(column, Column) else Column(column) for column in columns],
        cells,
        [*_explain_missing(cells), *notes],
    )


def _make_cell(cell: Cell | float | None) -> Cell:
    return Measure(cell) if cell is None or isinstance(cell, float) else cell


def _explain_missing(rows: list[list[Cell]]) -> Iterator[str]:
    """Yield each reason once, with the first cells of its rows."""
    reasons: dict[str, dict[str, None]] = defaultdict(dict)
    for row in rows:
        for cell in row:
            if isinstance(cell, Measure) and cell.note:
                reasons[cell.note][str(row[0])] = None
    for reason, names in reasons.items():
        # What a measure is defined for, the header of its column says.
        if not reason.startswith("defined for"):
            yield f"{'' if reason.startswith('no interval') else f'{NO_VALUE} '}{reason}: {', '.join(names)}"


def render_markdown(table: Table, names: Container[str] = ()) -> Iterator[Markdown]:
    """Yield a table in Markdown, and its notes as a list if there are any.

    Args:
        table: The table.
        names: Cells that are shown as code; `of` a cell with several names, each.
    """
    rows = ([_render_cell(cell, names) for cell in row] for row in table.rows)
    align: list[Align] = ["left" if table.is_text(index) else "right" for index in range(len(table.columns))]
    yield markdown_table([column.name for column in table.columns], rows, align)
    if table.notes:
        yield Markdown("\n").join(Markdown("- {}").format(note) for note in table.notes)


def render_csv(table: Table) -> str:
    """Return a table as CSV, with figures in full. Words that a spreadsheet would execute get an apostrophe."""
    file = io.StringIO()
    writer = csv.writer(file, lineterminator="\r\n")
    writer.writerow([column.name for column in table.columns])
    writer.writerows([*map(_write_cell, row)] for row in table.rows)
    return file.getvalue()


def _write_cell(cell: Cell) -> str:
    if isinstance(cell, Measure):
        return "" if cell.value is None else repr(round(cell.value, 6) + 0.0)
    return defuse_cell(escape_terminal_line(cell)) if isinstance(cell, str) else str(cell)


def show_cell(cell: Cell) -> str:
    """Return a cell as words, a measure with its interval."""
    if isinstance(cell, Measure):
        return f"{cell.value_text} ({cell.range_text})" if cell.range_text else cell.value_text
    return cell if isinstance(cell, str) else f"{cell:,}"


def _render_cell(cell: Cell, names: Container[str]) -> str:
    if not isinstance(cell, str):
        return show_cell(cell)
    parts = cell.split(", ")
    return Markdown(", ").join(map(markdown_code, parts)) if all(part in names for part in parts) else cell


def format_value(value: float) -> str:
    """Return the value with two decimals; a value that rounds to zero has no minus sign."""
    return f"{round(value, 2) + 0.0:.2f}"
