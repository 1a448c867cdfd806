"""`annotate studio push`: the corpus onto a server."""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click

from annotate.cli.output import corpus_option, guidelines_option, schema_option
from annotate.cli.studio.common import (
    SHOWN,
    connected,
    dir_option,
    page,
    progress,
    refusals,
    restore_option,
    title_option,
    working,
)
from annotate.errors import CannotRun

if TYPE_CHECKING:
    from annotate.corpus import Corpus
    from annotate.findings import Finding
    from annotate.inventory import Inventory
    from annotate.labelstudio.push import Planned


MOST_WORKERS = 8
"""Processes that check the corpus beside the server."""


@click.command("push")
@corpus_option
@schema_option
@guidelines_option
@title_option
@dir_option
@click.option("--no-predictions", is_flag=True, help="Push no labels, so that annotators start from the bare text.")
@click.option(
    "--predictions",
    "predicted",
    metavar="DIR",
    type=click.Path(),
    help="Push the annotation files of a folder, not gold.",
)
@click.option("--plan", "plan_only", is_flag=True, help="Show what would be done, article by article, and do nothing.")
@click.option("--drop-doubles", is_flag=True, help="Remove second tasks of an article that hold nobody's work, first.")
@restore_option
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
    predicted: str | None,
    plan_only: bool,
    drop_doubles: bool,
    restore_config: bool,
    no_check: bool,
) -> None:
    """Push articles, gold labels and guidelines to the server. What is there already is left alone.

    Interrupted, it finishes what is left when it is run again. A config that somebody changed on the server is never
    overwritten without --restore-config, nor with it where labels would be orphaned.

    Exit code 0: pushed; 1: refused, or an article's text differs from its task's, or it has several; 2: could not run.

    \b
    annotate studio push --plan
    annotate studio push
    annotate studio push --predictions out/baseline
    annotate studio push --no-predictions --title "First round"
    """
    from annotate import inventory
    from annotate.cli.studio.predictions import from_folder
    from annotate.corpus import Corpus
    from annotate.labelstudio.instructions import instructions
    from annotate.labelstudio.lock import locked, refuse_between
    from annotate.labelstudio.push import articles_of, drop, find, predictions, prepare
    from annotate.labelstudio.push import push as push_all
    from annotate.util.files import sweep

    loaded, store = inventory.load(schema), Corpus(corpus)
    sweep(store.root)
    if predicted and no_predictions:
        raise CannotRun("--predictions", "does not go with --no-predictions", "leave one of the two out")
    html = instructions(guidelines, loaded) if Path(guidelines).is_dir() else ""
    articles, name = articles_of(store), title or loaded.title
    with refusals(ctx), _checked(ctx, None if no_check else store, loaded) as refuse:
        given = from_folder(predicted, store, loaded) if predicted else None
        read = {} if no_predictions or given is not None else predictions(store, loaded, checked=not no_check)
        labels = read if given is None else given
        with connected(folder) as (studio, state):
            if plan_only:
                refuse_between(state)
                with working("planning"):
                    planned = prepare(
                        studio, state, loaded, articles, labels, title=name, instructions=html, restore=restore_config
                    )
                refuse()
                _show(ctx, planned, name)
                return
            with locked(state, "push"):
                project = find(studio, state, name) if drop_doubles else None
                if project:
                    refuse()
                for one in drop(studio, project) if project else ():
                    click.echo(f"removed: task {one.task} of {one.article}, which has task {one.kept}")
                with progress("pushing articles") as report:
                    settled = partial(push_all, title=name, instructions=html, restore=restore_config, progress=report)
                    done = settled(studio, state, loaded, articles, labels, before=refuse)
    click.echo(f"project {done.project.number}, {name}: {page(studio, done.project)}")
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


def _show(ctx: click.Context, planned: "Planned", title: str) -> None:
    """The plan, a line an article; exit code 1 if there are conflicts."""
    click.echo(f"project: {planned.setting} {title if planned.project is None else planned.project.number}")
    for step in planned.steps:
        click.echo(f"{step.action:8} {step.article}: {step.why}")
    counts = Counter(step.action for step in planned.steps)
    click.echo(", ".join(f"{counts[kind]} {kind}" for kind in ("create", "update", "skip", "conflict")))
    if counts["conflict"]:
        ctx.exit(1)


@contextmanager
def _checked(ctx: click.Context, corpus: "Corpus | None", inventory: "Inventory") -> Iterator[Callable[[], None]]:
    """Check a corpus (None: nothing) while something else goes on; gives what waits for it, and ends with exit code 1,
    showing them, if there are errors: they would be shown to annotators.

    Errors go before whatever went wrong meanwhile, which they may be the reason of.
    """
    from concurrent.futures import ThreadPoolExecutor

    if corpus is None:
        yield lambda: None
        return
    with ThreadPoolExecutor(1) as thread:
        found, told = thread.submit(_errors, corpus, inventory), False

        def refuse() -> None:
            nonlocal told
            if not told:
                told = True
                _refuse(ctx, found.result())

        try:
            yield refuse
        finally:
            refuse()


def _errors(corpus: "Corpus", inventory: "Inventory") -> list["Finding"]:
    from annotate.checks import ENOUGH, check
    from annotate.util.parallel import cores, worth

    workers = worth(len(corpus.article_ids()), ENOUGH, min(cores(), MOST_WORKERS))
    return [finding for finding in check(corpus, inventory, workers) if finding.severity == "error"]


def _refuse(ctx: click.Context, errors: Sequence["Finding"]) -> None:
    for finding in errors[:SHOWN]:
        click.echo(f"{finding.file}: {finding.code} {finding.message}", err=True)
    if errors:
        click.echo(f"refused: {len(errors)} errors in the corpus; fix them, or push with --no-check", err=True)
        ctx.exit(1)
