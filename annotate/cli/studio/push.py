"""`annotate studio push`: the corpus onto a server."""

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

import annotate
from annotate.cli.options import corpus_option, guidelines_option, schema_option
from annotate.cli.studio.common import (
    MAX_SHOWN,
    connect,
    dir_option,
    page_url,
    render_guidelines,
    restore_option,
    show_conflicts,
    show_progress,
    title_option,
)
from annotate.cli.terminal import echo, show_status
from annotate.errors import CannotRun, Refused
from annotate.util.files import remove_leftovers

if TYPE_CHECKING:
    from annotate import Corpus, Finding, Inventory
    from annotate.labelstudio.predictions import Predictions
    from annotate.labelstudio.push_plan import PushPlan

MAX_CHECK_WORKERS = 8
"""Processes that check the corpus while the server is at work."""


@click.command("push")
@corpus_option
@schema_option
@guidelines_option
@title_option
@dir_option
@click.option("--no-predictions", is_flag=True, help="Push no labels, so that annotators start from the bare text.")
@click.option(
    "--predictions",
    "predictions_folder",
    metavar="DIR",
    type=click.Path(),
    help="Push the annotation files of a folder instead of gold.",
)
@click.option("--plan", "plan_only", is_flag=True, help="Show the plan, article by article, and change nothing.")
@click.option("--drop-doubles", is_flag=True, help="First remove duplicate tasks of an article that contain no work.")
@restore_option
@click.option("--no-check", is_flag=True, help="Push even if `annotate check` finds errors.")
@click.pass_context
def push(
    ctx: click.Context,
    corpus: str,
    schema: str,
    guidelines: str,
    title: str | None,
    folder: str,
    no_predictions: bool,
    predictions_folder: str | None,
    plan_only: bool,
    drop_doubles: bool,
    restore_config: bool,
    no_check: bool,
) -> None:
    """Push articles, gold labels and guidelines to the server. What is already there is left alone.

    To resume an interrupted push, run it again. A config that someone changed on the server is never overwritten
    without --restore-config, nor with it if labels would be orphaned.

    Exit code 0: pushed; 1: refused, or an article's text differs from its task's, or an article has several tasks;
    2: could not run.

    \b
    annotate studio push --plan
    annotate studio push
    annotate studio push --predictions out/baseline
    annotate studio push --no-predictions --title "First round"
    """
    from annotate.labelstudio.duplicates import remove_duplicates
    from annotate.labelstudio.lock import lock_folder, require_no_migration
    from annotate.labelstudio.predictions import corpus_predictions
    from annotate.labelstudio.projects import find_project
    from annotate.labelstudio.push import push as push_corpus
    from annotate.labelstudio.push_plan import plan_push

    inventory, store = annotate.load_inventory(schema), annotate.Corpus(corpus)
    remove_leftovers(store.root)
    if predictions_folder and no_predictions:
        raise CannotRun("--predictions", "does not go with --no-predictions", "leave one of the two out")
    instructions = render_guidelines(guidelines, inventory)
    article_ids, name = store.article_ids(), title or inventory.title
    with _check_meanwhile(None if no_check else store, inventory) as require_no_errors:
        if predictions_folder:
            predictions = _read_predictions(predictions_folder, store, inventory)
        else:
            predictions = {} if no_predictions else corpus_predictions(store, inventory, is_checked=not no_check)
        with connect(folder) as (studio, state):
            if plan_only:
                require_no_migration(state)
                with show_status("planning"):
                    plan = plan_push(
                        studio,
                        state,
                        inventory,
                        store,
                        article_ids,
                        predictions,
                        title=name,
                        instructions=instructions,
                        restore_config=restore_config,
                    )
                require_no_errors()
                if _show_plan(plan, name):
                    ctx.exit(1)
                return
            with lock_folder(state, "push"):
                project = find_project(studio, state, name) if drop_doubles else None
                if project:
                    require_no_errors()
                    for task in remove_duplicates(studio, project.id):
                        echo(f"removed: task {task.task_id} of {task.article_id}, which has task {task.kept_task_id}")
                with show_progress("pushing articles") as progress:
                    result = push_corpus(
                        studio,
                        state,
                        inventory,
                        store,
                        article_ids,
                        predictions,
                        title=name,
                        instructions=instructions,
                        restore_config=restore_config,
                        before_change=require_no_errors,
                        progress=progress,
                    )
    echo(f"project {result.project.id}, {name}: {page_url(studio, result.project)}")
    echo(
        f"{len(result.created)} articles new, {len(result.updated)} updated, {len(result.unchanged)} unchanged; "
        f"{result.predictions} predictions written"
    )
    if not instructions:
        echo(f"no instructions: the folder {guidelines} does not exist", err=True)
    if show_conflicts(result):
        ctx.exit(1)


def _show_plan(plan: "PushPlan", title: str) -> bool:
    """Print the plan, one line for each article, and return whether there are conflicts."""
    echo(f"project: {plan.project_action} {title if plan.project is None else plan.project.id}")
    for step in plan.steps:
        echo(f"{step.action:8} {step.article_id}: {step.reason}")
    counts = Counter(step.action for step in plan.steps)
    echo(", ".join(f"{counts[action]} {action}" for action in ("create", "update", "skip", "conflict")))
    return counts["conflict"] > 0


def _read_predictions(folder: str, corpus: "Corpus", inventory: "Inventory") -> "Predictions":
    """Return the annotation files of a folder as predictions, after the same checks as for the corpus.

    Raises:
        CannotRun: A file is of another text than the corpus has, or its annotator is not an id.
        Refused: A file breaks a rule; the errors were printed.
    """
    from annotate.annotation_files import read_annotation_folder
    from annotate.checks import find_errors
    from annotate.labelstudio.predictions import folder_predictions
    from annotate.model import is_article_id

    paths: dict[str, Path] = {}
    error_count = 0
    for entry in read_annotation_folder(folder, corpus):
        if not is_article_id(entry.annotation.annotator):
            raise CannotRun(entry.path, "its annotator is not an id", "use lower-case letters, as in baseline")
        for finding in find_errors(entry.annotation, entry.text, inventory, str(entry.path)):
            error_count += 1
            if error_count <= MAX_SHOWN:
                echo(f"{finding.file}: {finding.code} {finding.message}", err=True)
        paths[entry.annotation.article] = entry.path
    if error_count:
        raise Refused(folder, f"{error_count} errors in the predictions, so nothing was pushed", "fix them")
    return folder_predictions(paths)


@contextmanager
def _check_meanwhile(corpus: "Corpus | None", inventory: "Inventory") -> Iterator[Callable[[], None]]:
    """Check a corpus (None: none) in a thread; yield a function that waits for it, and raises Refused on errors.

    The errors of the corpus take precedence over whatever failed meanwhile, which they may have caused.
    """
    from concurrent.futures import ThreadPoolExecutor

    if corpus is None:
        yield lambda: None
        return
    with ThreadPoolExecutor(1) as thread:
        check, was_required = thread.submit(_find_errors, corpus, inventory), False

        def require_no_errors() -> None:
            nonlocal was_required
            if was_required:
                return
            was_required = True
            findings = check.result()
            for finding in findings[:MAX_SHOWN]:
                echo(f"{finding.file}: {finding.code} {finding.message}", err=True)
            if findings:
                hint = "fix them, or push with --no-check"
                raise Refused(corpus.root, f"{len(findings)} errors in the corpus", hint)

        try:
            yield require_no_errors
        finally:
            require_no_errors()


def _find_errors(corpus: "Corpus", inventory: "Inventory") -> "list[Finding]":
    from annotate.checks import ARTICLES_PER_WORKER, check
    from annotate.util.parallel import count_cores, count_workers

    workers = count_workers(len(corpus.article_ids()), ARTICLES_PER_WORKER, min(count_cores(), MAX_CHECK_WORKERS))
    return [finding for finding in check(corpus, inventory, workers) if finding.severity == "error"]
