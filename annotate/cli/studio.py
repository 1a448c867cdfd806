"""`annotate studio`: Label Studio, from starting a server to having its labels in the corpus."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from annotate.cli.common import corpus_option, schema_option, terminal
from annotate.errors import CannotRun

if TYPE_CHECKING:
    from annotate.inventory import Inventory
    from annotate.labelstudio.client import Project, Raw, Studio
    from annotate.labelstudio.state import State

dir_option = click.option(
    "--dir", "folder", default=".studio", show_default=True, type=click.Path(), help="Where the server's data is kept."
)
title_option = click.option("--title", help="The project's title on the server. Default: the inventory's.")
SHOWN = 20
"""Differences that `compare` lists before it says how many more there are."""


@click.group("studio")
def command() -> None:
    """Label in Label Studio: start a server, push the corpus, pull the labels.

    A server of your own is used where LABEL_STUDIO_URL and LABEL_STUDIO_API_KEY are set; otherwise the one that
    `annotate studio up` starts on this machine.

    \b
    annotate studio up && annotate studio push
    annotate studio pull --annotator ID
    annotate studio down
    """


@contextmanager
def _refusals(ctx: click.Context) -> Iterator[None]:
    """Say what was refused, in one line, and end with exit code 1."""
    from annotate.labelstudio.client import Refused

    try:
        yield
    except Refused as refused:
        click.echo(f"refused: {refused}", err=True)
        ctx.exit(1)


@contextmanager
def _progress(what: str) -> Iterator[Callable[[int, int], None]]:
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
def _working(what: str) -> Iterator[None]:
    """A sign of life on a terminal while something of unknown length goes on."""
    with terminal(stderr=True).status(what):
        yield


@command.command("up")
@click.option("--port", type=click.IntRange(1, 65535), help="Default: the port used last, or a free one.")
@dir_option
def up(port: int | None, folder: str) -> None:
    """Start a server on this machine, for this machine only.

    The first start takes about half a minute. Login and password are random and stand in credentials.json in the
    folder. Nobody can sign up, and the server sends nothing out.

    \b
    annotate studio up
    annotate studio up --port 8080
    """
    from annotate.labelstudio import server
    from annotate.labelstudio.state import State

    state = State(folder)
    with _working("starting Label Studio"):
        found = server.up(state, port)
    click.echo(f"{'started' if found.new else 'runs already'}: {found.url}")
    click.echo(f"login and password: {Path(folder) / 'credentials.json'}")


@command.command("down")
@dir_option
def down(folder: str) -> None:
    """Stop the server that `up` started; its data stays.

    \b
    annotate studio down
    """
    from annotate.labelstudio import server
    from annotate.labelstudio.state import State

    click.echo("stopped" if server.down(State(folder)) else "no server was running")


@command.command("config")
@schema_option
def config(schema: str) -> None:
    """Print the labelling config that the inventory makes.

    \b
    annotate studio config > config.xml
    """
    from annotate import inventory
    from annotate.labelstudio.config import labeling_config

    click.echo(labeling_config(inventory.load(schema)), nl=False)


@command.command("push")
@corpus_option
@schema_option
@click.option(
    "--guidelines",
    default="guidelines",
    show_default=True,
    type=click.Path(),
    help="What annotators read, as Markdown.",
)
@title_option
@dir_option
@click.option("--no-predictions", is_flag=True, help="Push no labels, so that annotators start from the bare text.")
@click.option("--no-check", is_flag=True, help="Push although `annotate check` finds errors.")
@click.pass_context
def push(
    ctx: click.Context,
    corpus: str,
    schema: str,
    guidelines: str,
    title: str | None,
    folder: str,
    no_predictions: bool,
    no_check: bool,
) -> None:
    """Push articles, gold labels and guidelines to the server. What is there already is left alone.

    Exit code 0: pushed; 1: refused, or an article's text differs from its task's; 2: could not run.

    \b
    annotate studio push
    annotate studio push --no-predictions --title "First round"
    """
    from annotate import inventory
    from annotate.labelstudio.instructions import instructions
    from annotate.labelstudio.push import predictions
    from annotate.labelstudio.push import push as push_all
    from annotate.store import Corpus

    loaded, store = inventory.load(schema), Corpus(corpus)
    if not no_check:
        _check(ctx, store, loaded)
    labels = {} if no_predictions else predictions(store, loaded)
    html = instructions(guidelines, loaded) if Path(guidelines).is_dir() else ""
    with _refusals(ctx), _connected(folder) as (studio, state), _progress("pushing articles") as progress:
        done = push_all(
            studio,
            state,
            loaded,
            list(store.articles()),
            labels,
            title=title or loaded.title,
            instructions=html,
            progress=progress,
        )
    click.echo(
        f"project {done.project.number}, {loaded.title if title is None else title}: {_page(studio, done.project)}"
    )
    click.echo(
        f"{len(done.created)} articles new, {len(done.updated)} brought up to date, {len(done.unchanged)} unchanged; "
        f"{done.predictions} predictions written"
    )
    if not html:
        click.echo(f"no instructions: there is no folder {guidelines}", err=True)
    for conflict in done.conflicts:
        click.echo(f"refused: {conflict}", err=True)
    if done.conflicts:
        ctx.exit(1)


def _page(studio: "Studio", project: "Project") -> str:
    return f"{studio.url}/projects/{project.number}/data"


def _check(ctx: click.Context, corpus: Any, loaded: "Inventory") -> None:
    """Show the errors of the corpus and end with exit code 1 if there are any: they would be shown to annotators."""
    from annotate.checks import check

    errors = [finding for finding in check(corpus, loaded) if finding.severity == "error"]
    for finding in errors[:SHOWN]:
        click.echo(f"{finding.file}: {finding.code} {finding.message}", err=True)
    if errors:
        click.echo(f"refused: {len(errors)} errors in the corpus; mend them, or push with --no-check", err=True)
        ctx.exit(1)


@contextmanager
def _connected(folder: str) -> Iterator[tuple["Studio", "State"]]:
    from annotate.labelstudio.client import Studio, address
    from annotate.labelstudio.state import State

    state = State(folder)
    state.make()
    with Studio(address(state)) as studio:
        yield studio, state


def _fetch(studio: "Studio", state: "State", title: str) -> "list[Raw]":
    from annotate.labelstudio.push import existing

    with _working("fetching tasks"):
        return studio.tasks(existing(studio, state, title))


@command.command("pull")
@corpus_option
@schema_option
@title_option
@dir_option
@click.option(
    "--annotator", metavar="ID", help="Who the server's user is, by the id in annotators.yaml; kept for later."
)
@click.option("--user", type=int, help="The server's number of that user, where several are not known yet.")
@click.pass_context
def pull(
    ctx: click.Context,
    corpus: str,
    schema: str,
    title: str | None,
    folder: str,
    annotator: str | None,
    user: int | None,
) -> None:
    """Pull what was submitted into the corpus, one file an annotator and article.

    What cannot be taken is shown and counted, and the raw task is kept in the folder.

    Exit code 0: pulled; 1: refused, or something was set aside; 2: could not run.

    \b
    annotate studio pull --annotator anna
    annotate studio pull
    """
    from annotate import inventory
    from annotate.labelstudio.pull import name_user
    from annotate.labelstudio.pull import pull as pull_all
    from annotate.store import Corpus

    loaded, store = inventory.load(schema), Corpus(corpus)
    with _refusals(ctx), _connected(folder) as (studio, state):
        raw = _fetch(studio, state, title or loaded.title)
        if annotator:
            name_user(store, state, studio.where.name, raw, annotator, user)
        done = pull_all(store, loaded, state, studio.where.name, raw)
    for finding in done.findings:
        place = f" span {finding.span}:" if finding.span else ""
        click.echo(f"{finding.file}: {finding.code}{place} {finding.message}", err=True)
    for name in done.written:
        click.echo(f"written: annotations/{name}.json")
    click.echo(f"{len(done.written)} written, {len(done.unchanged)} unchanged, {done.set_aside} items set aside")
    if any(finding.severity == "error" for finding in done.findings):
        ctx.exit(1)


@command.command("compare")
@corpus_option
@schema_option
@title_option
@dir_option
@click.pass_context
def compare(ctx: click.Context, corpus: str, schema: str, title: str | None, folder: str) -> None:
    """Fetch everything back and compare it with the corpus: texts, spans and relations.

    Exit code 0: all is equal; 1: differences; 2: could not run.

    \b
    annotate studio compare
    """
    from annotate import inventory
    from annotate.labelstudio.compare import compare as compare_all
    from annotate.labelstudio.push import predictions
    from annotate.store import Corpus

    loaded, store = inventory.load(schema), Corpus(corpus)
    with _refusals(ctx), _connected(folder) as (studio, state):
        raw = _fetch(studio, state, title or loaded.title)
        pushed = any(task.get("predictions") for task in raw)
        labels = predictions(store, loaded) if pushed else {}
        people = state.people(studio.where.name)
        found = compare_all(store, loaded, list(store.articles()), labels, raw, people)
    for words in found.differences[:SHOWN]:
        click.echo(words)
    if len(found.differences) > SHOWN:
        click.echo(f"… and {len(found.differences) - SHOWN} more")
    for what in ("articles", "annotations", "spans", "relations", "items"):
        if what in found.equal or what in found.different:
            click.echo(f"{what}: {found.equal[what]} equal, {found.different[what]} different")
    click.echo(f"characters of equal texts: {found.characters}")
    if found.differences:
        ctx.exit(1)


@command.command("status")
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
        with _connected(folder) as (studio, state):
            click.echo(f"server: {studio.url}{' (this machine)' if studio.where.name == client.LOCAL else ''}")
            project = push.find(studio, state, title or loaded.title)
            if project is None:
                click.echo("project: none; make it with `annotate studio push`")
                return
            click.echo(f"project: {project.number}, {project.title}, {_page(studio, project)}")
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
