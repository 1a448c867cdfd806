"""Everything that a command prints: lines, JSON, tables, consoles and progress.

What is printed is escaped here, once (`annotate.util.escape`). `echo` prints one line, whatever is in the values, so a
line end in a file name cannot begin another line. No other module calls `click.echo` or makes a console; a test holds
the package to that.
"""

import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from io import StringIO
from typing import TYPE_CHECKING, Any, Literal

import click

from annotate.util.escape import TerminalText, defuse_commands, escape_json
from annotate.util.files import write_report
from annotate.util.nouns import count_noun as count_noun  # for the commands, which show numbers
from annotate.util.progress import Advance, StartStep, ignore_steps

if TYPE_CHECKING:
    from rich.console import Console
    from rich.progress import Progress, ProgressColumn
    from rich.table import Table as Grid

    from annotate.util.tables import Cell, Column, Table

MAX_SHOWN = 20
"""Files, differences, errors or findings of a kind that are listed; the others are only counted."""
WAIT_INTERVAL = 5
"""Seconds between two lines that say what is being waited for."""
UNWRAPPED = 10_000
"""Width of a console whose output is not a terminal: nothing is wrapped, so that scripts can read it."""


def echo(text: object = "", err: bool = False, commands: bool = False) -> None:
    """Print one line.

    Args:
        text: The line. Control characters and line ends in it become escapes, unless it is `TerminalText`, which is
            printed as it is and may have several lines.
        err: Whether to print it to standard error.
        commands: Whether the text is commands to a CI service, which are escapes otherwise.
    """
    shown = str(TerminalText.escape(text))  # click adds the line end, which would be escaped
    click.echo(shown if commands else defuse_commands(shown), err=err)


def echo_lines(lines: Iterable[object], err: bool = False) -> None:
    """Print each text on a line of its own."""
    for line in lines:
        echo(line, err)


def echo_json(data: str | bytes) -> None:
    """Print JSON, with `\\u` escapes for what a terminal would obey."""
    text = data if isinstance(data, str) else data.decode("utf-8")
    click.echo(escape_json(text).removesuffix("\n"))


def style(text: object, **styles: Any) -> TerminalText:
    """Return text with colour; the keyword arguments are those of `click.style`."""
    return TerminalText(click.style(TerminalText.escape(text), **styles))


def show_usage_error(error: click.ClickException) -> None:
    """Print an error of click, which may quote arguments as they were given."""
    message = defuse_commands(TerminalText.escape(error.format_message()))
    if isinstance(error, click.MissingParameter):  # quotes no argument, and may list choices on several lines
        error.show()
    elif isinstance(error, click.UsageError):
        click.UsageError(message, error.ctx).show()
    else:
        click.ClickException(message).show()


def terminal(stderr: bool = False, file: StringIO | None = None, **options: Any) -> "Console":
    """Return a console for standard output or standard error, on which text is escaped and is not markup.

    Args:
        stderr: Whether it is for standard error.
        file: Where to write to in place of both.
        **options: Further arguments of `rich.console.Console`.
    """
    from rich.console import Console
    from rich.text import Text

    class SafeConsole(Console):
        def on_broken_pipe(self) -> None:
            # Rich would exit with 1, the code of findings.
            raise BrokenPipeError

        def print(self, *objects: Any, **options: Any) -> None:
            super().print(*(Text(_clean(item)) if isinstance(item, str) else item for item in objects), **options)

    if file is not None:
        return SafeConsole(file=file, highlight=False, **options)
    console = SafeConsole(stderr=stderr, highlight=False)
    if not console.is_terminal:
        console = SafeConsole(stderr=stderr, highlight=False, width=UNWRAPPED, soft_wrap=True)
    return console


def _clean(text: str) -> str:
    return defuse_commands(TerminalText.escape(text))


def _as_markup(text: str) -> str:
    """Return text for a place where rich takes markup, in which it has none."""
    from rich.markup import escape

    return escape(_clean(text))


@contextmanager
def show_status(description: str) -> "Iterator[Callable[[str], None]]":
    """Show on a terminal that something of unknown length is in progress; yield the function that says what."""

    def make_columns() -> "Iterable[ProgressColumn]":
        from rich.progress import SpinnerColumn, TextColumn, TimeElapsedColumn

        return SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn()

    with show_bars(make_columns) as bars:
        if bars is None:
            yield lambda _: None
            return
        task = bars.add_task(describe_bar(description), total=None)
        yield lambda what: bars.update(task, description=describe_bar(what))


@contextmanager
def show_wait(description: str) -> "Iterator[Callable[[float, str], None]]":
    """Show what something slow is doing: a status on a terminal, a line every `WAIT_INTERVAL` seconds elsewhere.

    Yields:
        The function to call often, with the seconds waited so far and what is being done.
    """
    is_terminal, lines = terminal(stderr=True).is_terminal, 0

    def report(seconds: float, what: str) -> None:
        nonlocal lines
        text = f"{description}: {what} ({seconds:.0f} s)"
        if is_terminal:
            show(text)
        elif seconds >= (lines + 1) * WAIT_INTERVAL:
            lines = int(seconds // WAIT_INTERVAL)
            echo(text, err=True)

    with show_status(description) as show:
        yield report


@contextmanager
def show_bars(make_columns: "Callable[[], Iterable[ProgressColumn]] | None" = None) -> "Iterator[Progress | None]":
    """Show progress bars on a terminal, and yield None elsewhere. Escape their descriptions with `describe_bar`.

    Args:
        make_columns: Returns the columns of the bars; by default they have a count and the time that is left.
    """
    console = terminal(stderr=True)
    if not console.is_terminal:
        yield None
        return
    from rich.progress import Progress

    columns = (make_columns or _make_columns)()
    # What is printed meanwhile goes above the bars, unless standard output goes to a file.
    with Progress(*columns, console=console, transient=True, redirect_stdout=sys.stdout.isatty()) as bars:
        yield bars


def _make_columns() -> "Iterable[ProgressColumn]":
    """Return the columns of a bar: what is done, how much of it, and how long it takes."""
    from rich.progress import BarColumn, ProgressColumn, Task, TextColumn, TimeElapsedColumn
    from rich.text import Text

    class CountColumn(ProgressColumn):
        """The number of items that are done, and of all if it is known."""

        def render(self, task: Task) -> Text:
            total = "" if task.total is None else f"/{task.total:,.0f}"
            return Text(f"{task.completed:,.0f}{total}" if total or task.completed else "", "progress.download")

    return TextColumn("{task.description}"), BarColumn(), CountColumn(), TimeElapsedColumn(), make_remaining_column()


def make_remaining_column() -> "ProgressColumn":
    """Return a column with the time that is left, estimated from the speed of the last 30 seconds."""
    from rich.progress import ProgressColumn, Task
    from rich.text import Text

    class RemainingColumn(ProgressColumn):
        """The time that is left; nothing if the total is not known, or nothing is done yet."""

        max_refresh = 0.5  # a time that changes more often cannot be read

        def render(self, task: Task) -> Text:
            seconds = task.time_remaining
            return Text("" if seconds is None else f"{_format_duration(seconds)} left", "progress.remaining")

    return RemainingColumn()


def _format_duration(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes // 60}:{minutes % 60:02}:{rest:02}"


def describe_bar(description: str) -> str:
    """Return the description of a progress bar."""
    return _as_markup(description)


@contextmanager
def show_steps() -> Iterator[StartStep]:
    """Show the progress of one step after another: a bar with count and estimate on a terminal, and nothing elsewhere.

    Yields:
        The function that begins a step and ends the one before. Where the number of items is None, it is not known, and
        there is no estimate.
    """
    with show_bars() as bars:
        if bars is None:
            yield ignore_steps
            return

        def start_step(step: str, total: int | None) -> Advance:
            for earlier in bars.task_ids:
                bars.update(earlier, visible=False)
            task = bars.add_task(describe_bar(step), total=total)
            return lambda done: bars.advance(task, done)

        yield start_step


@contextmanager
def count_progress(description: str, total: int | None) -> Iterator[Advance]:
    """Show the progress of one step, as `show_steps` does; yield the function that advances it."""
    with show_steps() as start_step:
        yield start_step(description, total)


def describe_rest(number: int, noun: str, remedy: str = "--all", plural: str = "") -> str:
    """Return the line below a list that is cut.

    Args:
        number: How many items are not listed.
        noun: What an item is, in the singular.
        remedy: What lists the others: an option, or words; empty if nothing does.
        plural: What several items are; by default the singular with an s.
    """
    items = noun if number == 1 else plural or f"{noun}s"
    return f"… {number:,} more {items}{f' ({remedy})' if remedy else ''}"


@contextmanager
def echo_cut(
    noun: str,
    show_all: bool = False,
    *,
    remedy: str = "--all",
    limit: int = MAX_SHOWN,
    err: bool = False,
    plural: str = "",
) -> Iterator[Callable[[object], None]]:
    """Print the first texts of a list, each on a line of its own, and at the end the number of the others.

    Args:
        noun: What a text is about, in the singular.
        show_all: Whether to print all texts.
        remedy: What lists the others: an option, or words; empty if nothing does.
        limit: How many texts are printed.
        err: Whether to print to standard error.
        plural: What several texts are about; by default the singular with an s.

    Yields:
        The function that takes the next text.
    """
    number = 0

    def show(text: object) -> None:
        nonlocal number
        number += 1
        if show_all or number <= limit:
            echo(text, err)

    try:
        yield show
    finally:
        if not show_all and number > limit:
            echo(describe_rest(number - limit, noun, remedy, plural), err)


def echo_cut_lines(lines: Iterable[object], noun: str, show_all: bool = False, **options: Any) -> None:
    """Print the first texts of a list, and the number of the others; the further options are those of `echo_cut`."""
    with echo_cut(noun, show_all, **options) as show:
        for line in lines:
            show(line)


def echo_summarized(
    summary: object, lines: Sequence[object], noun: str, show_all: bool = False, *, err: bool = False
) -> None:
    """Print a list, below its summary if it is longer than what is shown without --all.

    Args:
        summary: What the list comes to, in one line.
        lines: The list.
        noun: What a line is about, in the singular.
        show_all: Whether to print all lines.
        err: Whether to print to standard error.
    """
    if len(lines) > MAX_SHOWN:
        echo(summary, err)
    echo_cut_lines(lines, noun, show_all, err=err)


def make_grid(
    title: str | None,
    columns: Iterable[tuple[str, Literal["left", "right"]]],
    rows: Iterable[Iterable[str]],
    title_style: str | None = None,
) -> "Grid":
    """Return a table for a console.

    Args:
        title: The heading.
        columns: The name of each column, and its side.
        rows: The cells. They are escaped, unless they are `TerminalText` with rich's markup.
        title_style: The style of the heading; by default that of rich.
    """
    from rich import box
    from rich.table import Table as Grid
    from rich.text import Text

    heading = None if title is None else Text(_clean(title), style=title_style or "table.title")
    grid = Grid(box=box.SIMPLE_HEAD, title=heading, title_justify="left")
    for name, side in columns:
        grid.add_column(_as_markup(name), justify=side)
    for row in rows:
        grid.add_row(*(cell if isinstance(cell, TerminalText) else _as_markup(cell) for cell in row))
    return grid


def format_tables(about: Iterable[str], tables: "Iterable[Table]", colour: bool) -> TerminalText:
    """Return tables as text.

    Args:
        about: What the tables show, a text a line; it comes first.
        tables: The tables, each followed by its notes.
        colour: Whether to use colour and the width of the terminal, if standard output is one.
    """
    stdout = terminal()
    use_terminal = stdout.is_terminal and colour
    buffer = StringIO()
    width = stdout.width if use_terminal else UNWRAPPED
    console = terminal(file=buffer, force_terminal=use_terminal, width=width)
    console.print(TerminalText("\n").join(about), soft_wrap=True)
    needs_blank_line = True  # a grid ends with one
    for table in tables:
        if needs_blank_line:
            console.print()
        columns: list[tuple[str, Literal["left", "right"]]] = [
            (column.name, "left" if table.is_text(index) else "right") for index, column in enumerate(table.columns)
        ]
        rows = (
            [_format_cell(cell, column) for cell, column in zip(row, table.columns, strict=True)] for row in table.rows
        )
        console.print(make_grid(table.title, columns, rows, "bold"))
        for note in table.notes:
            console.print(f"  {note}", style="dim", soft_wrap=True)
        needs_blank_line = bool(table.notes)
    return TerminalText("\n".join(line.rstrip() for line in buffer.getvalue().splitlines()) + "\n")


def _format_cell(cell: "Cell", column: "Column") -> str:
    if isinstance(cell, str | int):
        return str(cell)
    if not cell.interval_text or column.hides_interval:
        return cell.value_text
    return TerminalText(f"{cell.value_text} [dim]\\{cell.interval_text}[/dim]")


def show_default_language(language: str, is_declared: bool) -> None:
    """Say, on stderr, which language articles have for which none was given.

    Args:
        language: The language.
        is_declared: Whether it is the inventory's.
    """
    source = "that of labels.yaml" if is_declared else "since there is no labels.yaml"
    echo(f"Language of the articles for which none is given: {language}, {source}; --language names another", err=True)


def write_output(out: str | None, text: str | Iterable[str]) -> None:
    """Write a report to a file, or to standard output where no file is named.

    Args:
        out: The file.
        text: The report, as a whole or in parts, with the line end of its last line. It is a table, JSON or HTML, and
            escaped for that.
    """
    parts = [text] if isinstance(text, str) else text
    if out:
        write_report(out, (part.encode() for part in parts))
        echo(f"written to {out}", err=True)
    else:
        for part in parts:
            click.echo(part, nl=False)
