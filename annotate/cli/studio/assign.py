"""`annotate studio assign`: a project for each annotator, with all articles or with some."""

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from functools import partial
from itertools import combinations
from typing import TYPE_CHECKING

import click

import annotate
from annotate.cli.options import corpus_option, guidelines_option, schema_option, split_ids
from annotate.cli.studio.common import (
    connect,
    dir_option,
    hidden_gold_option,
    hide_gold_articles,
    judge_findings,
    no_check_option,
    page_url,
    render_guidelines,
    restore_option,
    show_conflicts,
    show_progress,
    title_option,
)
from annotate.cli.terminal import count_noun, echo, make_grid, terminal
from annotate.errors import CannotRun
from annotate.util.escape import quote

if TYPE_CHECKING:
    from annotate import Corpus
    from annotate.labelstudio.assignment import AssignmentPlan, Assignments
    from annotate.labelstudio.client import Studio
    from annotate.labelstudio.state import State


@click.command("assign")
@corpus_option
@schema_option
@guidelines_option
@title_option
@dir_option
@click.option("--articles", metavar="ID,ID…", help="Articles to assign.  [default: all]")
@click.option("--split", metavar="NAME", help="Assign the articles of a split, such as train.")
@click.option(
    "--list",
    "list_file",
    type=click.Path(),
    metavar="FILE",
    help="Assign by a list: CSV or YAML with an article and its annotators in each row.",
)
@click.option("--each", type=click.IntRange(1), metavar="N", help="Give each article to N of the annotators.")
@click.option(
    "--shared",
    metavar="N|FRACTION",
    help="With --each, articles that all annotators get: a count such as 20, or a fraction such as 0.1 or 10%.",
)
@hidden_gold_option
@click.option("--seed", type=int, help="With --each or --hidden-gold, seed of the choice.  [default: 0]")
@click.option("--plan", "only_plan", is_flag=True, help="Show who would get how many articles, and change nothing.")
@restore_option
@no_check_option
@click.argument("annotators", metavar="[ID…]", nargs=-1)
@click.pass_context
def assign(
    ctx: click.Context,
    corpus: str,
    schema: str,
    guidelines: str,
    title: str | None,
    folder: str | None,
    articles: str | None,
    split: str | None,
    list_file: str | None,
    each: int | None,
    shared: str | None,
    hidden_gold: int,
    seed: int | None,
    only_plan: bool,
    restore_config: bool,
    no_check: bool,
    annotators: tuple[str, ...],
) -> None:
    """Create a project for each annotator, "TITLE: ID", with the bare text and no labels.

    Without --each, every annotator gets every article. With --each N, every article goes to N of them: all get as many
    articles, and all pairs share as many. To assign further articles, run the command again; what is assigned stays,
    and the rest is balanced with it. An article that an annotator did not finish before they left goes to another.

    --hidden-gold mixes articles with gold into the work of each annotator, up to N. They look like any other. What is
    submitted there is pulled as usual, and `annotate studio quality` compares it with gold.

    The open edition of Label Studio hides no project from other users of the server. Tell annotators to work only in
    their own; if that is not enough, give each a server of their own (--dir). A corpus with errors is refused, as by
    `annotate studio push`.

    Exit code 0: assigned; 1: refused, or an article's text differs from its task's, or an article has several tasks;
    2: could not run.

    \b
    annotate studio assign anna ben
    annotate studio assign anna ben carla --each 2 --shared 10% --seed 7 --plan
    annotate studio assign anna ben carla --each 2 --shared 10% --seed 7
    annotate studio assign carla --articles harbour,market
    annotate studio assign anna ben --split train --hidden-gold 2
    annotate studio assign --list assigned.csv
    """
    from annotate.checks import check_in_background
    from annotate.labelstudio.annotators import require_people
    from annotate.labelstudio.lock import lock_folder
    from annotate.labelstudio.projects import annotator_title, save_assignment
    from annotate.labelstudio.push import push
    from annotate.labelstudio.push_plan import PushRequest
    from annotate.labelstudio.recovery import recover_projects, recover_projects_unless_locked

    _require_fitting_options(annotators, articles, split, list_file, each, shared, None if hidden_gold else seed)
    inventory, store = annotate.load_inventory(schema), annotate.Corpus(corpus)
    base_title = title or inventory.title
    listed = _read_list(store, list_file) if list_file else None
    names = require_people(store, annotators or sorted({name for ids in (listed or {}).values() for name in ids}))
    for name in names:
        annotator_title(base_title, name)  # a title that is too long is refused before anything is created
    article_ids = list(listed) if listed else _select_articles(store, articles, split)

    def make_plan(earlier: "Assignments") -> "AssignmentPlan":
        from annotate.labelstudio.assignment import assign_all, assign_listed, parse_share, plan_overlap

        if listed is not None:
            return assign_listed(listed, earlier)
        if each is None:
            return assign_all(article_ids, names, earlier)
        count = parse_share(shared, len(article_ids)) if shared else 0
        return plan_overlap(article_ids, names, each, shared=count, seed=seed or 0, earlier=earlier)

    if only_plan:
        with connect(corpus, folder) as (studio, state):
            recover_projects_unless_locked(store, studio, state, base_title, "assign")
            _show_plan(make_plan(_read_earlier(store, studio, state, base_title, names)), names)
        return
    instructions = render_guidelines(guidelines, inventory)
    judge_corpus = partial(judge_findings, store.root, "fix them, or assign with --no-check")
    background: AbstractContextManager[Callable[[], None]] = nullcontext(lambda: None)
    if not no_check:
        background = check_in_background(store, inventory, judge_corpus)
    with (
        background as require_no_errors,
        connect(corpus, folder) as (studio, state),
        lock_folder(state, "assign"),
    ):
        recover_projects(store, studio, state, base_title)
        plan = make_plan(_read_earlier(store, studio, state, base_title, names))
        has_conflicts = False
        for name in names:
            # An article that was assigned before is pushed again, so that its task is completed and compared.
            own_ids = [article_id for article_id in article_ids if name in plan.holders(article_id)]
            if not own_ids:
                echo(f"{name}: no articles")
                continue
            request = PushRequest(
                corpus=store,
                inventory=inventory,
                article_ids=hide_gold_articles(studio, state, store, base_title, name, own_ids, hidden_gold, seed or 0),
                predictions={},
                title=annotator_title(base_title, name),
                instructions=instructions,
                restore_config=restore_config,
            )
            with show_progress(f"pushing articles for {name}") as progress:
                result = push(studio, state, request, before_change=require_no_errors, progress=progress)
            save_assignment(state, studio.address.name, base_title, name)
            echo(f"{name}: {count_noun(len(result.created), 'article')} new, {page_url(studio, result.project)}")
            has_conflicts |= show_conflicts(result, f"{name}: ")
    if has_conflicts:
        ctx.exit(1)


def _require_fitting_options(
    annotators: Sequence[str],
    articles: str | None,
    split: str | None,
    list_file: str | None,
    each: int | None,
    shared: str | None,
    seed: int | None,
) -> None:
    """Raise UsageError for options that contradict each other."""
    if list_file is None and not annotators:
        raise click.UsageError("name annotators, or a list of articles and annotators with --list")
    if list_file is not None and (annotators or articles or split or each):
        raise click.UsageError("--list says who gets which article; leave out ids, --articles, --split and --each")
    if articles and split:
        raise click.UsageError("--articles and --split do not go together")
    if each is None and (shared is not None or seed is not None):
        raise click.UsageError("--shared needs --each, and --seed needs --each or --hidden-gold")


def _read_list(corpus: "Corpus", path: str) -> dict[str, list[str]]:
    from annotate.labelstudio.assignment_list import read_assignment_list

    return read_assignment_list(path, corpus.article_ids())


def _select_articles(corpus: "Corpus", articles: str | None, split: str | None) -> list[str]:
    """Return the ids of the articles to assign, each once.

    Raises:
        CannotRun: The corpus does not have one of them, or no such split.
    """
    all_ids = corpus.article_ids()
    article_ids, where, hint = all_ids, corpus.root / "articles", "name articles of the corpus"
    if articles:
        article_ids = split_ids(articles)
    elif split is not None:
        names = corpus.split_names()
        if split not in names:
            known = f"choose from: {', '.join(names)}" if names else "make splits with `annotate split`"
            raise CannotRun(corpus.root / "splits", f"has no {quote(split)}", known)
        article_ids, where, hint = corpus.splits()[split], corpus.split_path(split), "correct the list"
    for article_id in sorted(set(article_ids) - set(all_ids)):
        raise CannotRun(
            where, f"has no {quote(article_id)}" if articles else f"has {quote(article_id)}, no article", hint
        )
    return list(dict.fromkeys(article_ids))


def _read_earlier(
    corpus: "Corpus", studio: "Studio", state: "State", title: str, names: Sequence[str]
) -> "Assignments":
    """Return who has which article already; annotators who left count for what they have submitted only."""
    from annotate.labelstudio.annotators import list_gone
    from annotate.labelstudio.holders import count_holders, list_held_articles
    from annotate.labelstudio.projects import assigned_annotators

    server = studio.address.name
    owners = dict.fromkeys([*assigned_annotators(state, server, title), *names])
    gone = {*state.removed_annotators(server), *list_gone(corpus)} - set(names)
    with show_progress("reading tasks") as progress:
        return count_holders(list_held_articles(studio, state, title, owners, progress), gone)


def _show_plan(plan: "AssignmentPlan", names: Sequence[str]) -> None:
    """Print how many articles each annotator and each pair would have."""
    totals, pairs = plan.count_articles(), plan.count_pairs()
    rows = []
    for name in names:
        new = len(plan.articles_of(name))
        rows.append((name, f"{totals[name] - new:,}", f"{new:,}", f"{totals[name]:,}"))
    numbers = ("before", "new", "articles")
    terminal().print(make_grid(None, [("annotator", "left"), *((name, "right") for name in numbers)], rows))
    pair_rows = [(f"{left}, {right}", f"{pairs[left, right]:,}") for left, right in combinations(sorted(names), 2)]
    if pair_rows:
        terminal().print(make_grid(None, [("pair", "left"), ("articles by both", "right")], pair_rows))
    by_all = sum(1 for article_id in {*plan.earlier, *plan.new} if set(names) <= set(plan.holders(article_id)))
    echo(f"{count_noun(len(plan.new), 'article')} to assign; {by_all:,} by all; nothing was changed")
