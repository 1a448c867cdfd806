"""`annotate studio train`: projects to practise in, and what annotators submit there against gold."""

from typing import TYPE_CHECKING

import click

import annotate
from annotate.cli.options import all_option, corpus_option, guidelines_option, out_option, schema_option, split_ids
from annotate.cli.studio.common import (
    connect,
    dir_option,
    page_url,
    refuse_errors,
    render_guidelines,
    restore_option,
    show_conflicts,
    show_progress,
    table_format_option,
    title_option,
    write_table,
)
from annotate.cli.terminal import count_noun, echo, echo_cut_lines, show_status
from annotate.errors import CannotRun

if TYPE_CHECKING:
    from annotate import Inventory
    from annotate.labelstudio.client import Studio
    from annotate.labelstudio.state import State
    from annotate.service.training import Training, TrainingCorpus


@click.command("train")
@corpus_option
@schema_option
@guidelines_option
@title_option
@dir_option
@click.option("--articles", metavar="ID,ID…", help="Articles with gold to practise on, besides the practice texts.")
@restore_option
@click.option("--review", "reviewing", is_flag=True, help="Show annotators how what they submitted differs from gold.")
@click.option("--report", "reporting", is_flag=True, help="Print F1 per annotator and label.")
@table_format_option
@out_option
@all_option
@click.argument("annotators", metavar="[ID…]", nargs=-1)
@click.pass_context
def train(
    ctx: click.Context,
    corpus: str,
    schema: str,
    guidelines: str,
    title: str | None,
    folder: str | None,
    articles: str | None,
    restore_config: bool,
    reviewing: bool,
    reporting: bool,
    format_: str,
    out: str | None,
    show_all: bool,
    annotators: tuple[str, ...],
) -> None:
    """Create a project for each annotator to practise in, "TITLE: training ID", and compare what they submit with gold.

    It has the texts in guidelines/practice (docs/reference/formats.md#practice-texts), and the articles of --articles.
    It shows no labels. With --review, the box above each submitted text lists the differences from gold, with the rule
    and the page of the guidelines; run it again, or leave it to `annotate studio watch`. With --report, the lead sees
    F1.

    Labels of training never reach the corpus. Do not practise on articles that are to measure something later: whoever
    has submitted one has seen its gold.

    Exit code 0: done; 1: refused, or a text differs from its task's; 2: could not run.

    \b
    annotate studio train anna ben
    annotate studio train carla --articles harbour,market
    annotate studio train --review
    annotate studio train --report --format markdown
    """
    if bool(annotators) + reviewing + reporting != 1:
        problem = "needs one of: annotators, --review, --report"
        raise CannotRun("annotate studio train", problem, "name annotators, or give one of the two options")
    if articles and not annotators:
        raise CannotRun("--articles", "goes with annotators", "name those who are to practise on the articles")
    from annotate.practice import read_practice_texts
    from annotate.service.training import TrainingCorpus

    inventory = annotate.load_inventory(schema)
    store = TrainingCorpus(corpus, read_practice_texts(guidelines, inventory))
    name = title or inventory.title
    if annotators:
        instructions = render_guidelines(guidelines, inventory)
        with connect(corpus, folder) as (studio, state):
            has_conflicts = _assign(
                studio,
                state,
                store,
                inventory,
                name,
                instructions,
                annotators,
                split_ids(articles or ""),
                restore_config,
            )
        if has_conflicts:
            ctx.exit(1)
        return
    with connect(corpus, folder) as (studio, state):
        training = _open_training(studio, state, store, inventory, name, guidelines)
        if reviewing:
            _review(training, state, show_all)
        else:
            _report(training, format_, out, show_all)


def _assign(
    studio: "Studio",
    state: "State",
    corpus: "TrainingCorpus",
    inventory: "Inventory",
    title: str,
    instructions: str,
    annotators: tuple[str, ...],
    articles: list[str],
    restore_config: bool,
) -> bool:
    """Create the projects, and return whether there were conflicts."""
    from annotate.checks import find_errors
    from annotate.labelstudio.annotators import require_annotators
    from annotate.labelstudio.lock import lock_folder
    from annotate.labelstudio.projects import training_title
    from annotate.labelstudio.push import push
    from annotate.labelstudio.push_plan import PushRequest

    titles = {annotator: training_title(title, annotator) for annotator in require_annotators(corpus, annotators)}
    article_ids = corpus.select_articles(articles)
    errors = [
        error
        for article_id in article_ids
        if (gold := corpus.find_gold(article_id))
        for error in find_errors(gold, corpus.read_article(article_id).text, inventory, article_id)
    ]
    refuse_errors("training", "the gold labels", "fix them; `annotate check` lists them", errors)
    has_conflicts = False
    with lock_folder(state, "train"):
        for annotator, own_title in titles.items():
            request = PushRequest(
                corpus=corpus,
                inventory=inventory,
                article_ids=article_ids,
                predictions={},
                title=own_title,
                instructions=instructions,
                restore_config=restore_config,
            )
            with show_progress(f"pushing texts for {annotator}") as progress:
                result = push(studio, state, request, progress=progress)
            echo(f"{annotator}: {count_noun(len(result.created), 'text')} new, {page_url(studio, result.project)}")
            has_conflicts |= show_conflicts(result, f"{annotator}: ")
    return has_conflicts


def _open_training(
    studio: "Studio",
    state: "State",
    corpus: "TrainingCorpus",
    inventory: "Inventory",
    title: str,
    guidelines: str,
) -> "Training":
    from annotate.labelstudio.instructions import read_page_titles
    from annotate.service.training import Training

    titles = read_page_titles(guidelines, inventory)
    return Training(studio, state, corpus, inventory, title, list(corpus.read_annotators()), titles)


def _review(training: "Training", state: "State", show_all: bool) -> None:
    from annotate.labelstudio.lock import lock_folder

    with lock_folder(state, "train"), show_status("comparing with gold"):
        reviewed = list(training.review())
    updated = [task for task in reviewed if task.is_updated]
    echo(f"{count_noun(len(reviewed), 'text')} submitted, {count_noun(len(updated), 'box', 'boxes')} updated")
    lines = (f"{task.annotator}: {task.article_id}, {count_noun(task.differences, 'difference')}" for task in updated)
    echo_cut_lines(lines, "box", show_all, plural="boxes")
    echo_cut_lines(training.problems, "problem", show_all, err=True)


def _report(training: "Training", format_: str, out: str | None, show_all: bool) -> None:
    from annotate.service.training import tabulate_training

    with show_status("comparing with gold"):
        scores = list(training.measure())
    echo_cut_lines(training.problems, "problem", show_all, err=True)
    if not scores:
        hint = "create one with `annotate studio train ID`"
        raise CannotRun(training.studio.url, "there is no training project of an annotator", hint)
    write_table(tabulate_training(scores), format_, out)
