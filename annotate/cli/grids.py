"""Tables of agreement and of scores, for a terminal or a file."""

from collections.abc import Iterable
from typing import TYPE_CHECKING

from annotate.cli.common import terminal

if TYPE_CHECKING:
    from annotate.agreement.tables import Cell, Column, Table


def grids(about: str, tables: Iterable["Table"], colour: bool) -> str:
    """What the tables are about, then each with its notes; `colour` where it goes to a terminal."""
    from io import StringIO

    from rich import box
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table as Grid

    here = terminal()
    onto = here.is_terminal and colour
    console = Console(file=StringIO(), highlight=False, force_terminal=onto, width=here.width if onto else 10_000)
    console.print(about, soft_wrap=True, markup=False)
    for table in tables:
        grid = Grid(box=box.SIMPLE_HEAD, title=table.title, title_justify="left", title_style="bold")
        for number, column in enumerate(table.columns):
            words = all(isinstance(row[number], str) for row in table.rows)
            grid.add_column(escape(column.name), justify="left" if words else "right")
        for row in table.rows:
            grid.add_row(*(_cell(cell, column) for cell, column in zip(row, table.columns, strict=True)))
        console.print(grid)
        for note in table.notes:
            console.print(f"  {note}", style="dim", soft_wrap=True, markup=False)
    file = console.file
    assert isinstance(file, StringIO)  # noqa: S101
    return "\n".join(line.rstrip() for line in file.getvalue().splitlines()) + "\n"


def _cell(cell: "Cell", column: "Column") -> str:
    from rich.markup import escape

    from annotate.agreement.bootstrap import Measure
    from annotate.agreement.tables import shown

    if isinstance(cell, Measure):
        if cell.value is None or cell.low is None or cell.high is None or column.plain:
            return _cell(cell.value, column)
        return f"{shown(cell.value)} [dim]\\[{shown(cell.low)} {shown(cell.high)}][/dim]"
    if cell is None:
        return "–"
    return shown(cell) if isinstance(cell, float) else escape(str(cell))
