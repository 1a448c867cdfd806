"""What the commands of `annotate studio` share: their options, the connection, refusals, signs of life."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import click

from annotate.cli.output import terminal

if TYPE_CHECKING:
    from annotate.labelstudio.client import Project, Raw, Studio
    from annotate.labelstudio.state import State

dir_option = click.option(
    "--dir", "folder", default=".studio", show_default=True, type=click.Path(), help="Where the server's data is kept."
)
title_option = click.option("--title", help="The project's title on the server. Default: the inventory's.")
restore_option = click.option(
    "--restore-config", is_flag=True, help="Put back a labelling config that was changed on the server."
)

SHOWN = 20
"""Differences that `compare` lists before it says how many more there are."""


@contextmanager
def refusals(ctx: click.Context) -> Iterator[None]:
    """Say what was refused, in one line, and end with exit code 1."""
    from annotate.labelstudio.client import Refused

    try:
        yield
    except Refused as refused:
        click.echo(f"refused: {refused}", err=True)
        ctx.exit(1)


@contextmanager
def progress(what: str) -> Iterator[Callable[[int, int], None]]:
    """A progress bar on a terminal, nothing elsewhere: what is called with the number done and the number of all."""
    console = terminal(stderr=True)
    if not console.is_terminal:
        yield lambda done, total: None
        return
    from rich.progress import Progress

    with Progress(console=console, transient=True) as bar:
        line = bar.add_task(what, total=None)
        yield lambda done, total: bar.update(line, completed=done, total=total)


@contextmanager
def working(what: str) -> Iterator[None]:
    """A sign of life on a terminal while something of unknown length goes on."""
    with terminal(stderr=True).status(what):
        yield


@contextmanager
def connected(folder: str) -> Iterator[tuple["Studio", "State"]]:
    from annotate.labelstudio.client import Studio, address
    from annotate.labelstudio.state import State
    from annotate.util.parallel import few_collections

    state = State(folder)
    state.make()
    with Studio(address(state)) as studio, few_collections():
        yield studio, state


def fetch(studio: "Studio", state: "State", title: str, hint: str) -> "list[Raw]":
    from annotate.labelstudio.push import existing

    with working("fetching tasks"):
        return studio.tasks(existing(studio, state, title, hint))


def page(studio: "Studio", project: "Project") -> str:
    return f"{studio.url}/projects/{project.number}/data"
