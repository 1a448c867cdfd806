"""`annotate studio people` and `assign`: annotators as users of a server, and a project for each; how far they are."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from annotate.cli.output import corpus_option, guidelines_option, schema_option
from annotate.cli.studio.common import connected, dir_option, page, progress, refusals, restore_option, title_option
from annotate.errors import CannotRun

if TYPE_CHECKING:
    from annotate.corpus import Corpus
    from annotate.model import Article


@click.group("people", invoke_without_command=True)
@schema_option
@title_option
@dir_option
@click.pass_context
def people(ctx: click.Context, schema: str, title: str | None, folder: str) -> None:
    """List the annotators on the server by pseudonym: the server's number, and how much is done, begun and left.

    \b
    annotate studio people
    annotate studio people add anna ben
    """
    if ctx.invoked_subcommand:
        return
    from annotate import inventory
    from annotate.labelstudio.team import STAGES
    from annotate.labelstudio.team import progress as all_progress

    loaded = inventory.load(schema)
    with refusals(ctx), connected(folder) as (studio, state):
        numbers = {name: number for number, name in state.people(studio.where.name).items()}
        with progress("counting") as report:
            found = all_progress(studio, state, title or loaded.title, report)
    names = [*numbers, *(name for name in found.annotators if name not in numbers)]
    for name in names:
        counts = found.counts(name)
        told = ", ".join(f"{counts[stage]} {stage}" for stage in STAGES)
        click.echo(f"{name}: {f'user {numbers[name]}' if name in numbers else 'no user yet'}; {told}")
    if not names:
        click.echo("nobody yet; make users with `annotate studio people add ID`")


@people.command("add")
@corpus_option
@dir_option
@click.argument("annotators", metavar="ID…", nargs=-1, required=True)
@click.pass_context
def add(ctx: click.Context, corpus: str, folder: str, annotators: tuple[str, ...]) -> None:
    """Make users for annotators of annotators.yaml, with a random login and password. Who is a user stays as they are.

    The logins stand in people-logins.json in the folder, for you alone to read; hand each to its annotator.

    \b
    annotate studio people add anna ben
    """
    from annotate.corpus import Corpus
    from annotate.labelstudio.lock import locked
    from annotate.labelstudio.team import LOGINS
    from annotate.labelstudio.team import add as add_all

    with refusals(ctx), connected(folder) as (studio, state), locked(state, "people add"):
        done = add_all(Corpus(corpus), studio, state, annotators)
    for joined in done:
        click.echo(f"{joined.annotator}: user {joined.user}{'' if joined.new else ' already'}")
    click.echo(f"logins and passwords: {Path(folder) / LOGINS}")


@click.command("assign")
@corpus_option
@schema_option
@guidelines_option
@title_option
@dir_option
@click.option("--articles", metavar="ID,ID…", help="These articles alone. Default: all.")
@restore_option
@click.argument("annotators", metavar="ID…", nargs=-1, required=True)
@click.pass_context
def assign(
    ctx: click.Context,
    corpus: str,
    schema: str,
    guidelines: str,
    title: str | None,
    folder: str,
    articles: str | None,
    restore_config: bool,
    annotators: tuple[str, ...],
) -> None:
    """Make each annotator a project of their own, "TITLE: ID", with the bare text and nobody's labels in it.

    The open edition of Label Studio hides no project from other users of the server. Tell annotators to work in their
    own alone; where that does not do, give each a server of their own (--dir).

    Assigning more articles later adds them. Exit code 0: assigned; 1: refused; 2: could not run.

    \b
    annotate studio assign anna ben
    annotate studio assign carla --articles harbour,market
    """
    from functools import partial

    from annotate import inventory
    from annotate.corpus import Corpus
    from annotate.labelstudio.instructions import instructions
    from annotate.labelstudio.lock import locked
    from annotate.labelstudio.push import push
    from annotate.labelstudio.team import listed, remember, title_of

    loaded, store = inventory.load(schema), Corpus(corpus)
    name, conflicts = title or loaded.title, 0
    projects = {annotator: title_of(name, annotator) for annotator in listed(store, annotators)}
    chosen = _chosen(store, articles)
    html = instructions(guidelines, loaded) if Path(guidelines).is_dir() else ""
    with refusals(ctx), connected(folder) as (studio, state), locked(state, "assign"):
        for annotator, own in projects.items():
            with progress(f"pushing articles for {annotator}") as report:
                settled = partial(push, title=own, instructions=html, restore=restore_config, progress=report)
                done = settled(studio, state, loaded, chosen, {})
            remember(state, studio.where.name, name, annotator)
            click.echo(f"{annotator}: {len(done.created)} articles new, {page(studio, done.project)}")
            for conflict in done.conflicts:
                click.echo(f"refused: {annotator}: {conflict}", err=True)
            conflicts += len(done.conflicts)
    if conflicts:
        ctx.exit(1)


def _chosen(store: "Corpus", articles: str | None) -> "list[Article]":
    wanted = [name.strip() for name in articles.split(",") if name.strip()] if articles else store.article_ids()
    known = set(store.article_ids())
    for name in wanted:
        if name not in known:
            raise CannotRun(store.root / "articles", f"has no {name!r}", "name articles of the corpus")
    return [store.read_article(name) for name in dict.fromkeys(wanted)]
