"""What the commands of `annotate studio` share: options, the connection to a server, progress."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from annotate.cli.terminal import MAX_SHOWN, describe_bar, echo, show_bars
from annotate.errors import Refused
from annotate.util.escape import quote

if TYPE_CHECKING:
    from annotate import Finding, Inventory
    from annotate.labelstudio.client import Progress, Project, Studio
    from annotate.labelstudio.push import PushResult
    from annotate.labelstudio.state import State

dir_option = click.option(
    "--dir",
    "folder",
    type=click.Path(readable=False),
    help="Folder for the server's data, a new one or one used before.  [default: one for the corpus, in your data "
    "directory]",
)
title_option = click.option("--title", help="Title of the project on the server.  [default: the inventory's]")
map_option = click.option(
    "--map",
    "map_",
    type=click.Path(),
    help="YAML file that maps the names of a project made elsewhere to the inventory.  [default: "
    "maps/labelstudio.yaml in the schema folder, if there is one]",
)
restore_option = click.option(
    "--restore-config", is_flag=True, help="Revert a labelling config that was changed on the server."
)
no_check_option = click.option(
    "--no-check", is_flag=True, help="Push articles even if `annotate check` finds errors in the corpus."
)


@contextmanager
def show_progress(description: str) -> "Iterator[Progress]":
    """Show a progress bar on a terminal, and nothing elsewhere; yield the function that advances it."""
    with show_bars() as bars:
        if bars is None:
            yield lambda done, total: None
            return
        task = bars.add_task(describe_bar(description), total=None)
        yield lambda done, total: bars.update(task, completed=done, total=total)


@contextmanager
def connect(corpus: str | Path, folder: str | None) -> "Iterator[tuple[Studio, State]]":
    """Connect to the server of a corpus or of a folder, or to the one in the environment."""
    from annotate.labelstudio.client import Studio, find_server
    from annotate.labelstudio.location import open_state
    from annotate.util.parallel import with_rare_garbage_collection

    state = open_state(corpus, folder)
    state.create_folder()
    with Studio(find_server(state)) as studio, with_rare_garbage_collection():
        yield studio, state


def page_url(studio: "Studio", project: "Project") -> str:
    """Return the address of a project's page."""
    return f"{studio.url}/projects/{project.id}/data"


def describe_span(span: str | None, words: str) -> str:
    """Return what a line says of the span of a finding, with a colon and a space: its words, or its id without them."""
    if words:
        return f"{quote(words, 40)}: "
    return f"span {span}: " if span else ""


def render_guidelines(folder: str, inventory: "Inventory") -> str:
    """Return the instructions for annotators; none if there is no folder of guidelines."""
    from annotate.labelstudio.instructions import render_instructions

    return render_instructions(folder, inventory) if Path(folder).is_dir() else ""


def show_conflicts(result: "PushResult", prefix: str = "") -> bool:
    """Print the conflicts of a push, and return whether there are any."""
    for conflict in result.conflicts:
        echo(f"refused: {prefix}{conflict}", err=True)
    return bool(result.conflicts)


def refuse_errors(where: str | Path, what: str, hint: str, errors: "list[Finding]") -> None:
    """Print the first errors.

    Raises:
        Refused: There are errors.
    """
    for error in errors[:MAX_SHOWN]:
        echo(f"{error.file}: {error.code} {error.message}", err=True)
    if errors:
        count = f"{len(errors)} error{'' if len(errors) == 1 else 's'}"
        raise Refused(where, f"{count} in {what}", hint)
