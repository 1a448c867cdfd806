"""`annotate studio status`: the server, the project, and how far each article is."""

from typing import TYPE_CHECKING

import click

from annotate.cli.common import schema_option, terminal
from annotate.cli.studio.common import connected, dir_option, page, title_option
from annotate.cli.studio.people import show_progress
from annotate.errors import CannotRun

if TYPE_CHECKING:
    from annotate.labelstudio.client import Raw


@click.command("status")
@schema_option
@title_option
@dir_option
def status(schema: str, title: str | None, folder: str) -> None:
    """Show the server, the project, and how far each article is.

    \b
    annotate studio status
    """
    from annotate import inventory
    from annotate.labelstudio import client, push

    loaded = inventory.load(schema)
    try:
        with connected(folder) as (studio, state):
            click.echo(f"server: {studio.url}{' (this machine)' if studio.where.name == client.LOCAL else ''}")
            show_progress(studio, state, title or loaded.title)
            project = push.find(studio, state, title or loaded.title)
            if project is None:
                click.echo("project: none; make it with `annotate studio push`")
                return
            click.echo(f"project: {project.number}, {project.title}, {page(studio, project)}")
            _table(studio.tasks(project))
    except client.Refused as refused:
        raise CannotRun("annotate studio status", str(refused), "give --title") from refused


def _table(tasks: "list[Raw]") -> None:
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
