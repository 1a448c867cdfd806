"""`annotate studio push`: the corpus onto a server."""

from collections import Counter
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click

import annotate
from annotate.cli.options import all_option, corpus_option, guidelines_option, schema_option
from annotate.cli.studio.common import (
    connect,
    dir_option,
    judge_findings,
    map_option,
    no_check_option,
    page_url,
    read_labels,
    render_guidelines,
    restore_option,
    show_conflicts,
    show_progress,
    title_option,
    warn_of_unlisted,
)
from annotate.cli.terminal import MAX_SHOWN, count_noun, echo, echo_cut, echo_cut_lines, show_status
from annotate.errors import CannotRun
from annotate.util.files import remove_leftovers

if TYPE_CHECKING:
    from annotate.labelstudio.push_plan import PushPlan


@click.command("push")
@corpus_option
@schema_option
@guidelines_option
@title_option
@dir_option
@click.option(
    "--show",
    metavar="gold|FOLDER",
    help="Labels that annotators start from: gold, or the annotation files of a folder.  [default: none]",
)
@click.option("--no-predictions", is_flag=True, hidden=True, help="Show no labels, which is the default.")
@click.option("--predictions", "folder_to_show", metavar="DIR", type=click.Path(), hidden=True, help="As --show DIR.")
@click.option("--plan", "plan_only", is_flag=True, help="Show the plan, article by article, and change nothing.")
@click.option("--drop-doubles", is_flag=True, help="First remove duplicate tasks of an article that contain no work.")
@click.option(
    "--reanchor",
    is_flag=True,
    help="Only move the labels of articles whose text was corrected to the new text, on the server and in the corpus.",
)
@click.option(
    "--drop-unfit",
    is_flag=True,
    help="With --reanchor: drop labels that do not fit the new text, and keep them in the server's folder.  "
    "[default: leave their articles as they are]",
)
@click.option("--undo", is_flag=True, help="With --reanchor: undo the last one.")
@restore_option
@map_option
@click.option("--take-over", is_flag=True, help="Replace the labelling config of a project that was made elsewhere.")
@no_check_option
@all_option
@click.pass_context
def push(
    ctx: click.Context,
    corpus: str,
    schema: str,
    guidelines: str,
    title: str | None,
    folder: str | None,
    show: str | None,
    no_predictions: bool,
    folder_to_show: str | None,
    plan_only: bool,
    drop_doubles: bool,
    reanchor: bool,
    drop_unfit: bool,
    undo: bool,
    restore_config: bool,
    map_: str | None,
    take_over: bool,
    no_check: bool,
    show_all: bool,
) -> None:
    """Push articles and guidelines to the server. What is already there is left alone.

    Annotators start from the bare text. With --show they start from labels, which they correct: what they submit is
    then `corrected` in the corpus, and does not count as independent of these labels. A push without --show removes no
    labels from the server, and says so if the project shows some.

    To resume an interrupted push, run it again. A config that someone changed on the server is never overwritten
    without --restore-config, nor with it if labels would be orphaned. The config of a project that was made elsewhere
    is never overwritten without --take-over, nor with it if labels would be orphaned.

    With --reanchor, nothing is pushed. All labels of an article whose text was corrected move by their words:
    annotations and drafts of all annotators, predictions, annotation files, gold, coverage, decisions and links. Tasks
    and annotations keep their ids. A label with a correction inside takes the new words. An article with labels that do
    not fit is left as it is, and they are listed. Run an interrupted --reanchor again to continue it.

    Exit code 0: pushed; 1: refused, or an article's text differs from its task's, or an article has several tasks;
    with --reanchor, an article was left as it is; 2: could not run.

    \b
    annotate studio push --plan
    annotate studio push
    annotate studio push --show gold --title "Look at gold"
    annotate studio push --show out/baseline --title "Correct the baseline"
    annotate studio push --reanchor --plan
    annotate studio push --reanchor
    annotate studio push --reanchor --undo
    """
    if not reanchor and (drop_unfit or undo):
        raise click.UsageError(f"{'--undo' if undo else '--drop-unfit'} goes with --reanchor")
    if reanchor:
        from annotate.cli.studio.reanchor import refuse_other_options, run_reanchoring

        refuse_other_options(ctx)
        is_complete = run_reanchoring(
            corpus, schema, title, folder, plan_only=plan_only, drop_unfit=drop_unfit, undo=undo, show_all=show_all
        )
        if not is_complete:
            ctx.exit(1)
        return
    from annotate.checks import check_in_background
    from annotate.label_map import find_map
    from annotate.labelstudio.duplicates import remove_duplicates
    from annotate.labelstudio.lock import lock_folder, require_no_migration
    from annotate.labelstudio.predictions import Predictions
    from annotate.labelstudio.projects import find_project
    from annotate.labelstudio.push import push as push_corpus
    from annotate.labelstudio.push_plan import PushRequest, plan_push

    inventory, store = annotate.load_inventory(schema), annotate.Corpus(corpus)
    remove_leftovers(store.root)
    if sum(map(bool, (show, no_predictions, folder_to_show))) > 1:
        problem = "is given together with another option that says which labels to show"
        raise CannotRun("--show" if show else "--predictions", problem, "leave one of the two out")
    instructions = render_guidelines(guidelines, inventory)
    article_ids, project_title = store.article_ids(), title or inventory.title
    judge_corpus = partial(judge_findings, store.root, "fix them, or push with --no-check")
    background: AbstractContextManager[Callable[[], None]] = nullcontext(lambda: None)
    if not no_check:
        background = check_in_background(store, inventory, judge_corpus)
    with background as require_no_errors:
        predictions: Predictions = {}
        name = ""
        if labels := show or (folder_to_show and str(Path(folder_to_show).absolute())):
            predictions, name = read_labels(labels, store, inventory, is_checked=not no_check)
            warn_of_unlisted(name.partition(" ")[0], store)
        request = PushRequest(
            corpus=store,
            inventory=inventory,
            article_ids=article_ids,
            predictions=predictions,
            title=project_title,
            show=name,
            instructions=instructions,
            restore_config=restore_config,
            label_map=find_map(map_, "labelstudio", inventory),
            take_over=take_over,
        )
        with connect(corpus, folder) as (studio, state):
            if plan_only:
                require_no_migration(state)
                with show_status("planning"):
                    plan = plan_push(studio, state, request)
                require_no_errors()
                if _show_plan(plan, project_title, name, show_all):
                    ctx.exit(1)
                return
            with lock_folder(state, "push"):
                project = find_project(studio, state, project_title) if drop_doubles else None
                if project:
                    require_no_errors()
                    with echo_cut("task", show_all) as show_task:
                        for task in remove_duplicates(studio, project.id):
                            kept = f"which has task {task.kept_task_id}"
                            show_task(f"removed: task {task.task_id} of {task.article_id}, {kept}")
                with show_progress("pushing articles") as progress:
                    result = push_corpus(studio, state, request, before_change=require_no_errors, progress=progress)
    echo(f"project {result.project.id}, {project_title}: {page_url(studio, result.project)}")
    echo(
        f"{count_noun(len(result.created), 'article')} new, {len(result.updated)} updated, "
        f"{len(result.unchanged)} unchanged; {count_noun(result.predictions, 'prediction')} written"
    )
    echo(result.start)
    if not instructions:
        echo(f"no instructions: the folder {guidelines} does not exist", err=True)
    if show_conflicts(result, show_all=show_all):
        ctx.exit(1)


def _show_plan(plan: "PushPlan", title: str, show: str, show_all: bool) -> bool:
    """Print the plan, a line for each article, conflicts first if not all are shown; return whether there are any."""
    from annotate.labelstudio.shown_predictions import describe_start

    echo(f"project: {plan.project_action} {title if plan.project is None else plan.project.id}")
    echo(describe_start(plan.project, show))
    counts, steps = Counter(step.action for step in plan.steps), plan.steps
    summary = ", ".join(f"{counts[action]:,} {action}" for action in ("create", "update", "skip", "conflict"))
    if len(steps) > MAX_SHOWN and not show_all:
        echo(summary)
        steps = sorted(steps, key=lambda step: step.action != "conflict")
    echo_cut_lines((f"{step.action:8} {step.article_id}: {step.reason}" for step in steps), "article", show_all)
    if len(steps) <= MAX_SHOWN or show_all:
        echo(summary)
    return counts["conflict"] > 0
