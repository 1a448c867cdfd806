"""`annotate studio people` and `assign`: annotators as users of a server, and a project for each."""

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from functools import partial
from typing import TYPE_CHECKING

import click

import annotate
from annotate.cli.options import corpus_option, guidelines_option, schema_option, split_ids
from annotate.cli.studio.common import (
    connect,
    dir_option,
    hidden_gold_option,
    hide_gold_articles,
    no_check_option,
    page_url,
    refuse_errors,
    render_guidelines,
    restore_option,
    show_conflicts,
    show_progress,
    title_option,
)
from annotate.cli.terminal import echo
from annotate.errors import CannotRun

if TYPE_CHECKING:
    from annotate import Corpus


@click.group("people", invoke_without_command=True)
@corpus_option
@schema_option
@title_option
@dir_option
@click.pass_context
def people(ctx: click.Context, corpus: str, schema: str, title: str | None, folder: str | None) -> None:
    """List the annotators on the server by pseudonym, with their user numbers and progress.

    \b
    annotate studio people
    annotate studio people add anna ben
    """
    if ctx.invoked_subcommand:
        return
    from annotate.labelstudio.status import STAGES, read_status

    inventory = annotate.load_inventory(schema)
    with connect(corpus, folder) as (studio, state):
        user_ids = {annotator: user_id for user_id, annotator in state.annotators(studio.address.name).items()}
        with show_progress("counting") as progress:
            labelling = read_status(studio, state, title or inventory.title, progress)
    annotators = list(dict.fromkeys([*user_ids, *labelling.annotators]))
    for annotator in annotators:
        counts = labelling.counts(annotator)
        user = f"user {user_ids[annotator]}" if annotator in user_ids else "no user yet"
        echo(f"{annotator}: {user}; {', '.join(f'{counts[stage]} {stage}' for stage in STAGES)}")
    if not annotators:
        echo("no annotators yet; create users with `annotate studio people add ID`")


@people.command("add")
@corpus_option
@dir_option
@click.argument("annotators", metavar="ID…", nargs=-1, required=True)
def add(corpus: str, folder: str | None, annotators: tuple[str, ...]) -> None:
    """Create users for annotators of annotators.yaml, with random logins and passwords.

    Existing users are left alone. The logins are in people-logins.json in the folder, which only you can read. Give
    each annotator theirs.

    \b
    annotate studio people add anna ben
    """
    from annotate.labelstudio.annotators import LOGINS_FILE, add_users
    from annotate.labelstudio.lock import lock_folder

    with connect(corpus, folder) as (studio, state), lock_folder(state, "people add"):
        users = add_users(annotate.Corpus(corpus), studio, state, annotators)
    for user in users:
        echo(f"{user.annotator}: user {user.user_id}{'' if user.is_new else ' already'}")
    echo(f"logins and passwords: {state.folder / LOGINS_FILE}")


@click.command("assign")
@corpus_option
@schema_option
@guidelines_option
@title_option
@dir_option
@click.option("--articles", metavar="ID,ID…", help="Articles to assign.  [default: all]")
@hidden_gold_option
@click.option("--seed", type=int, default=0, show_default=True, help="Seed of what is drawn at random.")
@restore_option
@no_check_option
@click.argument("annotators", metavar="ID…", nargs=-1, required=True)
@click.pass_context
def assign(
    ctx: click.Context,
    corpus: str,
    schema: str,
    guidelines: str,
    title: str | None,
    folder: str | None,
    articles: str | None,
    hidden_gold: int,
    seed: int,
    restore_config: bool,
    no_check: bool,
    annotators: tuple[str, ...],
) -> None:
    """Create a project for each annotator, "TITLE: ID", with the bare text and no labels.

    The open edition of Label Studio hides no project from other users of the server. Tell annotators to work only in
    their own; if that is not enough, give each a server of their own (--dir).

    --hidden-gold mixes articles with gold into the work of each annotator, up to N. They look like any other. What is
    submitted there is pulled as usual, and `annotate studio quality` compares it with gold.

    To assign further articles, run the command again. A corpus with errors is refused, as by `annotate studio push`.

    Exit code 0: assigned; 1: refused, or an article's text differs from its task's, or an article has several tasks;
    2: could not run.

    \b
    annotate studio assign anna ben
    annotate studio assign carla --articles harbour,market
    annotate studio assign carla --articles harbour,market --hidden-gold 2 --seed 7
    """
    from annotate.checks import check_in_background
    from annotate.labelstudio.annotators import require_annotators
    from annotate.labelstudio.lock import lock_folder
    from annotate.labelstudio.projects import annotator_title, save_assignment
    from annotate.labelstudio.push import push
    from annotate.labelstudio.push_plan import PushRequest

    inventory, store = annotate.load_inventory(schema), annotate.Corpus(corpus)
    base_title, has_conflicts = title or inventory.title, False
    titles = {annotator: annotator_title(base_title, annotator) for annotator in require_annotators(store, annotators)}
    article_ids = _select_articles(store, articles)
    instructions = render_guidelines(guidelines, inventory)
    refuse_corpus = partial(refuse_errors, store.root, "the corpus", "fix them, or assign with --no-check")
    background: AbstractContextManager[Callable[[], None]] = nullcontext(lambda: None)
    if not no_check:
        background = check_in_background(store, inventory, refuse_corpus)
    with (
        background as require_no_errors,
        connect(corpus, folder) as (studio, state),
        lock_folder(state, "assign"),
    ):
        for annotator, own_title in titles.items():
            request = PushRequest(
                corpus=store,
                inventory=inventory,
                article_ids=hide_gold_articles(
                    studio, state, store, base_title, annotator, article_ids, hidden_gold, seed
                ),
                predictions={},
                title=own_title,
                instructions=instructions,
                restore_config=restore_config,
            )
            with show_progress(f"pushing articles for {annotator}") as progress:
                result = push(studio, state, request, before_change=require_no_errors, progress=progress)
            save_assignment(state, studio.address.name, base_title, annotator)
            echo(f"{annotator}: {len(result.created)} articles new, {page_url(studio, result.project)}")
            has_conflicts |= show_conflicts(result, f"{annotator}: ")
    if has_conflicts:
        ctx.exit(1)


def _select_articles(corpus: "Corpus", articles: str | None) -> list[str]:
    all_ids = corpus.article_ids()
    article_ids = split_ids(articles) if articles else all_ids
    for article_id in set(article_ids) - set(all_ids):
        raise CannotRun(corpus.root / "articles", f"has no {article_id!r}", "name articles of the corpus")
    return list(dict.fromkeys(article_ids))
