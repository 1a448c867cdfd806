"""Consoles, progress and tables on a terminal."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from io import StringIO
from typing import TYPE_CHECKING

import click

from annotate.util.files import write_report

if TYPE_CHECKING:
    from rich.console import Console

    from annotate.util.tables import Cell, Column, Table

UNWRAPPED = 10_000
"""Width of a console whose output is not a terminal: nothing is wrapped, so that scripts can read it."""


def terminal(stderr: bool = False) -> "Console":
    """Return a console for standard output or standard error."""
    from rich.console import Console

    class PipeConsole(Console):
        def on_broken_pipe(self) -> None:
            # Rich would exit with 1, the code of findings.
            raise BrokenPipeError

    console = PipeConsole(stderr=stderr, highlight=False)
    if not console.is_terminal:
        console = PipeConsole(stderr=stderr, highlight=False, width=UNWRAPPED, soft_wrap=True)
    return console


@contextmanager
def count_progress(description: str, total: int) -> Iterator[Callable[[int], None]]:
    """Show a progress bar on a terminal, and nothing elsewhere; yield the function that advances it."""
    console = terminal(stderr=True)
    if not console.is_terminal:
        yield lambda _: None
        return
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True) as bar:
        task = bar.add_task(description, total=total)
        yield lambda done: bar.advance(task, done)


def format_tables(about: str, tables: "Iterable[Table]", colour: bool) -> str:
    """Return tables as text.

    Args:
        about: What the tables show; it comes first.
        tables: The tables, each followed by its notes.
        colour: Whether to use colour and the width of the terminal, if standard output is one.
    """
    from rich import box
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table as Grid

    stdout = terminal()
    use_terminal = stdout.is_terminal and colour
    buffer = StringIO()
    width = stdout.width if use_terminal else UNWRAPPED
    console = Console(file=buffer, highlight=False, force_terminal=use_terminal, width=width)
    console.print(about, soft_wrap=True, markup=False)
    for table in tables:
        grid = Grid(box=box.SIMPLE_HEAD, title=table.title, title_justify="left", title_style="bold")
        for index, column in enumerate(table.columns):
            grid.add_column(escape(column.name), justify="left" if table.is_text(index) else "right")
        for row in table.rows:
            grid.add_row(*(_format_cell(cell, column) for cell, column in zip(row, table.columns, strict=True)))
        console.print(grid)
        for note in table.notes:
            console.print(f"  {note}", style="dim", soft_wrap=True, markup=False)
    return "\n".join(line.rstrip() for line in buffer.getvalue().splitlines()) + "\n"


def _format_cell(cell: "Cell", column: "Column") -> str:
    from rich.markup import escape

    if isinstance(cell, str | int):
        return escape(str(cell))
    if not cell.interval_text or column.hides_interval:
        return cell.value_text
    return f"{cell.value_text} [dim]\\{cell.interval_text}[/dim]"


def count_noun(number: int, noun: str) -> str:
    """Return a number with its noun, in the plural where the number is not 1."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def write_output(out: str | None, text: str) -> None:
    """Write a report to a file, or to standard output where no file is named."""
    if out:
        write_report(out, text.encode())
        click.echo(f"written to {out}", err=True)
    else:
        click.echo(text, nl=False)
