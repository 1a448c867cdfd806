"""`annotate studio status`: the server, its projects, how far everybody is, and what stands in the way."""

from typing import TYPE_CHECKING

import click

from annotate.cli.output import schema_option, terminal
from annotate.cli.studio.common import connected, dir_option, page, progress, title_option
from annotate.errors import CannotRun

if TYPE_CHECKING:
    from annotate.inventory import Inventory
    from annotate.labelstudio.client import Studio
    from annotate.labelstudio.state import State
    from annotate.labelstudio.team import Progress

ROWS = 50
"""Articles in the table without --all."""


@click.command("status")
@schema_option
@title_option
@dir_option
@click.option("--all", "every", is_flag=True, help=f"Every article, not just {ROWS} of them.")
@click.pass_context
def status(ctx: click.Context, schema: str, title: str | None, folder: str, every: bool) -> None:
    """Show the server, its projects, how far everybody is with each article, and what could not be taken.

    First the sums, a line a project and a line an annotator; then articles × annotators, those that are not done first:
    done, draft, skipped, left (of what was assigned), or – where nothing is known of them.

    Exit code 0: all is well; 1: something is set aside, a labelling config was changed on the server, or a migration
    was interrupted; 2: could not run.

    \b
    annotate studio status
    annotate studio status --all
    """
    from annotate import inventory
    from annotate.labelstudio.client import LOCAL, Refused
    from annotate.labelstudio.team import progress as all_progress

    loaded = inventory.load(schema)
    name = title or loaded.title
    try:
        with connected(folder) as (studio, state):
            click.echo(f"server: {studio.url}{' (this machine)' if studio.where.name == LOCAL else ''}")
            trouble = _projects(studio, state, name, loaded)
            with progress("counting") as report:
                found = all_progress(studio, state, name, report)
    except Refused as refused:
        raise CannotRun("annotate studio status", str(refused), "give --title") from refused
    _show(found, len(found.stages) if every else ROWS)
    trouble += [*_interrupted(state), *_left(state)]
    for line in trouble:
        click.echo(line)
    if trouble:
        ctx.exit(1)


def _projects(studio: "Studio", state: "State", title: str, loaded: "Inventory") -> list[str]:
    """Say what the server counts in each project; the configs that were changed there are given back, in words."""
    from annotate.labelstudio.config_drift import changed
    from annotate.labelstudio.journal import DRAFTS
    from annotate.labelstudio.team import projects

    found = projects(studio, state, title)
    for name, project in found.items():
        counts = (
            f"{project.tasks} tasks, {project.predictions} predictions, {project.annotations} submitted, "
            f"{project.skipped} skipped, {studio.count(project, [DRAFTS])} with a draft"
        )
        click.echo(f"project {project.number}, {name}: {counts}; {page(studio, project)}")
    if not found:
        click.echo("project: none; make it with `annotate studio push`")
    by_hand = (changed(state, studio.where.name, project, loaded) for project in found.values())
    return [words for words in by_hand if words]


def _show(found: "Progress", most: int) -> None:
    """The sums of each annotator, then a table of as many articles as `most` at the most; those not done first."""
    from rich import box
    from rich.table import Table

    from annotate.labelstudio.team import STAGES

    if not found.annotators:
        click.echo(f"{len(found.stages)} articles; nobody has begun")
        return
    for name in found.annotators:
        counts = found.counts(name)
        click.echo(f"{name}: {', '.join(f'{counts[stage]} {stage}' for stage in STAGES)}")
    table = Table(box=box.SIMPLE_HEAD)
    for column in ("article", *found.annotators):
        table.add_column(column)
    rows = sorted(found.stages, key=lambda article: (set(found.stages[article].values()) == {"done"}, article))
    for article in rows[:most]:
        table.add_row(article, *(found.stages[article].get(name, "–") for name in found.annotators))
    terminal().print(table)
    if len(rows) > most:
        click.echo(f"… and {len(rows) - most} more articles; --all shows them")


def _interrupted(state: "State") -> list[str]:
    """The line of a migration that was interrupted."""
    from annotate.labelstudio.lock import refuse_between

    try:
        refuse_between(state)
    except CannotRun as error:
        return [str(error)]
    return []


def _left(state: "State") -> list[str]:
    """What is on its way into the corpus, and what cannot be taken, a line a reason."""
    from annotate.labelstudio import journal
    from annotate.labelstudio.journal import Journal

    pages, lines = len(Journal(state).pages()), []
    if pages:
        lines.append(
            f"the journal has {pages} pages of tasks that are not in the corpus yet; run `annotate studio pull`"
        )
    for article, entry in journal.listed(state):
        for reason in entry.reasons:
            who = f", {entry.annotator}" if entry.annotator else ""
            place = f" span {reason.span}:" if reason.span else ""
            lines.append(f"set aside: {article}, task {entry.task}{who}: {reason.code}{place} {reason.message}")
    return lines
