"""`annotate studio status`: the server, the project, and how far each article is."""

from collections.abc import Iterable
from itertools import chain
from typing import TYPE_CHECKING

import click

from annotate.cli.common import schema_option, terminal
from annotate.cli.studio.common import connected, dir_option, page, title_option
from annotate.cli.studio.people import show_progress
from annotate.errors import CannotRun

if TYPE_CHECKING:
    from annotate.labelstudio.client import Raw
    from annotate.labelstudio.state import State


@click.command("status")
@schema_option
@title_option
@dir_option
@click.pass_context
def status(ctx: click.Context, schema: str, title: str | None, folder: str) -> None:
    """Show the server, the project, how far each article is, and what was pulled and could not be taken.

    Exit code 0: all is well; 1: something is set aside, or the labelling config was changed on the server; 2: could not
    run.

    \b
    annotate studio status
    """
    from annotate import inventory
    from annotate.labelstudio import client, handmade, push

    loaded, by_hand = inventory.load(schema), None
    try:
        with connected(folder) as (studio, state):
            click.echo(f"server: {studio.url}{' (this machine)' if studio.where.name == client.LOCAL else ''}")
            show_progress(studio, state, title or loaded.title)
            project = push.find(studio, state, title or loaded.title)
            if project is None:
                click.echo("project: none; make it with `annotate studio push`")
            else:
                click.echo(f"project: {project.number}, {project.title}, {page(studio, project)}")
                _table(chain.from_iterable(studio.pages(project)))
                by_hand = handmade.changed(state, studio.where.name, project, loaded)
                if by_hand:
                    click.echo(by_hand)
    except client.Refused as refused:
        raise CannotRun("annotate studio status", str(refused), "give --title") from refused
    _aside(ctx, state)
    if by_hand:
        ctx.exit(1)


def _aside(ctx: click.Context, state: "State") -> None:
    """What was set aside, a line a reason; ends with exit code 1 if there is any, or anything not taken yet."""
    from annotate.labelstudio import aside
    from annotate.labelstudio.journal import Journal

    left = len(Journal(state).pages())
    if left:
        click.echo(f"the journal has {left} pages of tasks that are not in the corpus yet; run `annotate studio pull`")
    for article, entry in aside.listed(state):
        left += 1
        for reason in entry.reasons:
            who = f", {entry.annotator}" if entry.annotator else ""
            place = f" span {reason.span}:" if reason.span else ""
            click.echo(f"set aside: {article}, task {entry.task}{who}: {reason.code}{place} {reason.message}")
    if left:
        ctx.exit(1)


def _table(tasks: "Iterable[Raw]") -> None:
    from rich import box
    from rich.table import Table

    from annotate.labelstudio.results import article_of

    table = Table(box=box.SIMPLE_HEAD)
    table.add_column("article")
    for column in ("task", "predictions", "done", "drafts", "skipped"):
        table.add_column(column, justify="right")
    for task in tasks:
        annotations = task.get("annotations") or []
        skipped = sum(bool(annotation.get("was_cancelled")) for annotation in annotations)
        counts = (
            len(task.get("predictions") or []),
            len(annotations) - skipped,
            len(task.get("drafts") or []),
            skipped,
        )
        table.add_row(article_of(task) or "(none)", str(task.get("id")), *map(str, counts))
    terminal().print(table)
