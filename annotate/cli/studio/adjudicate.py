"""`annotate studio adjudicate`: the labels of several annotators next to each other on a server, and gold from them."""

from typing import TYPE_CHECKING

import click

import annotate
from annotate.cli.options import corpus_option, guidelines_option, schema_option, split_ids
from annotate.cli.studio.common import (
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
from annotate.errors import CannotRun

if TYPE_CHECKING:
    from annotate import Corpus, Inventory


@click.command("adjudicate")
@corpus_option
@schema_option
@guidelines_option
@title_option
@dir_option
@click.option("--from", "from_", metavar="ID,ID…", help="Set it up with the labels of these annotators.")
@click.option(
    "--include-corrected", is_flag=True, help="With --from: accept labels that began with those of another of them."
)
@restore_option
@click.option("--pull", "pulling", is_flag=True, help="Write gold from what was submitted.")
@click.option("--as", "adjudicator", metavar="ID", help="With --pull: the adjudicator, by the id in annotators.yaml.")
@click.option("--user", type=int, help="With --pull: the server's number of that user, if it is unclear.")
@click.pass_context
def adjudicate(
    ctx: click.Context,
    corpus: str,
    schema: str,
    guidelines: str,
    title: str | None,
    folder: str | None,
    from_: str | None,
    include_corrected: bool,
    restore_config: bool,
    pulling: bool,
    adjudicator: str | None,
    user: int | None,
) -> None:
    """Adjudicate in Label Studio, in a project "TITLE: adjudication".

    Each article that all the annotators labelled has a tab with the labels of each, and starts with what they agree on.
    Pull their labels first. With --pull, what was submitted becomes gold; an article that breaks a rule is left out.

    Labels that began with those of another of the annotators are refused: what both have is not confirmed twice.

    Exit code 0: done; 1: refused, or an article was left out; 2: could not run.

    \b
    annotate studio adjudicate --from anna,ben
    annotate studio adjudicate --pull --as carla
    """
    if pulling == bool(from_) or pulling != bool(adjudicator):
        problem = "needs either --from, or --pull and --as"
        raise CannotRun("annotate studio adjudicate", problem, "give --from ID,ID, or --pull --as ID")
    from annotate.agreement.independence import require_independent
    from annotate.labelstudio.annotators import require_annotators
    from annotate.labelstudio.projects import adjudication_title

    inventory, store = annotate.load_inventory(schema), annotate.Corpus(corpus)
    own_title = adjudication_title(title or inventory.title)
    if from_:
        annotators = require_annotators(store, split_ids(from_))
        if not include_corrected:
            require_independent(store, annotators, store.common_article_ids(annotators))
        is_complete = _set_up(store, inventory, guidelines, own_title, folder, annotators, restore_config)
    else:
        is_complete = _pull(store, inventory, own_title, folder, adjudicator or "", user)
    if not is_complete:
        ctx.exit(1)


def _set_up(
    corpus: "Corpus",
    inventory: "Inventory",
    guidelines: str,
    title: str,
    folder: str | None,
    annotators: list[str],
    restore_config: bool,
) -> bool:
    from annotate.agreement.adjudication import find_agreed
    from annotate.labelstudio.adjudication import adjudication_tabs, start_from_agreed
    from annotate.labelstudio.lock import lock_folder
    from annotate.labelstudio.predictions import corpus_predictions
    from annotate.labelstudio.push import push
    from annotate.labelstudio.push_plan import PushRequest

    predictions = corpus_predictions(corpus, inventory, annotators)
    tabs = {
        article_id: adjudication_tabs(corpus, inventory, article_id, predictions[article_id], find_agreed)
        for article_id in corpus.common_article_ids(annotators)
    }
    request = PushRequest(
        corpus=corpus,
        inventory=inventory,
        article_ids=list(tabs),
        predictions=tabs,
        title=title,
        instructions=render_guidelines(guidelines, inventory),
        restore_config=restore_config,
    )
    with connect(corpus.root, folder) as (studio, state), lock_folder(state, "adjudicate"):
        with show_progress("pushing articles") as progress:
            result = push(studio, state, request, progress=progress)
        start_from_agreed(studio, result.project.id, next(iter(tabs.values()))[0].annotation)
        echo(f"project {result.project.id}, {title}: {page_url(studio, result.project)}")
    echo(f"{len(result.created)} articles new, {len(result.updated)} updated")
    return not show_conflicts(result)


def _pull(
    corpus: "Corpus", inventory: "Inventory", title: str, folder: str | None, adjudicator: str, user: int | None
) -> bool:
    from annotate.checks.waivers import make_error_finder
    from annotate.labelstudio.adjudication import read_gold, write_gold
    from annotate.labelstudio.annotators import identify_user
    from annotate.labelstudio.journal import user_ids
    from annotate.labelstudio.lock import lock_folder
    from annotate.labelstudio.projects import require_project
    from annotate.util.lock import writing_to

    with connect(corpus.root, folder) as (studio, state), lock_folder(state, "adjudicate"):
        with show_status("fetching tasks"):
            hint = "create it with `annotate studio adjudicate --from ID,ID`"
            project = require_project(studio, state, title, hint)
            tasks = studio.list_tasks(project.id)
        server = studio.address.name
        identify_user(corpus, state, server, user_ids(tasks), adjudicator, user)
        with writing_to(corpus.root):
            results = read_gold(corpus, inventory, state, server, project, tasks, adjudicator)
            find_errors = make_error_finder(corpus)
            written = [write_gold(corpus, inventory, result, find_errors) for result in results]
    for entry in written:
        if entry.gold:
            counts = f"{len(entry.gold.spans)} spans, {len(entry.gold.relations)} relations"
            echo(f"{'unchanged' if entry.is_unchanged else 'written'}: {entry.file}, {counts}")
        for problem in entry.problems:
            echo(f"{entry.file}: not written: {problem}", err=True)
    pending = [result.article_id for result in results if result.gold is None and not result.findings]
    if pending:
        echo(f"not adjudicated yet: {', '.join(pending)}")
    return not any(entry.problems for entry in written)
