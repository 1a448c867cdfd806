"""What several commands share: their options, and how they speak to a terminal."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import click
from rich.console import Console

Command = Callable[..., Any]

corpus_argument = click.argument("corpus", default="corpus", type=click.Path(), required=False)
corpus_option = click.option(
    "--corpus", default="corpus", show_default=True, type=click.Path(), help="The corpus folder."
)
schema_option = click.option(
    "--schema", default="schema", show_default=True, type=click.Path(), help="The folder that holds labels.yaml."
)
guidelines_option = click.option(
    "--guidelines",
    default="guidelines",
    show_default=True,
    type=click.Path(),
    help="The folder of the guidelines, in Markdown.",
)

out_option = click.option(
    "--out",
    type=click.Path(dir_okay=False),
    callback=lambda _ctx, _parameter, value: None if value == "-" else value,
    help="Write it to a file; - is standard output.",
)
workers_option = click.option(
    "--workers",
    type=click.IntRange(1),
    help="Processes; any number gives the same.  [default: one a core, fewer where there is little to do]",
)


class _Console(Console):
    def on_broken_pipe(self) -> None:
        """Rich would end the program with the exit code of findings."""
        raise BrokenPipeError


def terminal(stderr: bool = False) -> Console:
    """A console that wraps nothing when its output is no terminal, so that scripts can read it."""
    console = _Console(stderr=stderr, highlight=False)
    if not console.is_terminal:
        console = _Console(stderr=stderr, highlight=False, width=10_000, soft_wrap=True)
    return console


@contextmanager
def counting(what: str, total: int) -> Iterator[Callable[[int], None]]:
    """A bar on a terminal that moves on by what it is told was done; nothing elsewhere."""
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    console = terminal(stderr=True)
    if not console.is_terminal:
        yield lambda _: None
        return
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True) as bar:
        line = bar.add_task(what, total=total)
        yield lambda done: bar.advance(line, done)
