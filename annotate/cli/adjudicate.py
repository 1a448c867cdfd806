"""`annotate adjudicate`: make gold from the annotations of several people, or of one."""

from collections import Counter
from collections.abc import Collection
from contextlib import ExitStack
from typing import TYPE_CHECKING

import click

from annotate.cli.options import all_option, corpus_argument, corpus_option, schema_option, split_ids
from annotate.cli.terminal import (
    MAX_SHOWN,
    count_noun,
    count_progress,
    echo,
    echo_cut,
    echo_cut_lines,
    echo_summarized,
    show_steps,
)
from annotate.errors import CannotRun
from annotate.util.escape import quote

if TYPE_CHECKING:
    from annotate.adjudication import Rounds
    from annotate.agreement.promotion import PromotionStep
    from annotate.model import Annotation


@click.group("adjudicate")
def command() -> None:
    """Decide between the labels of several annotators, and make gold.

    adjudication/<article>.yaml in the corpus folder lists each difference with what each annotator has. Write in `take`
    whose version is right (or: all, neither) and in `reason` why. Spans come first; once they are decided, plan again
    for the relations.

    \b
    annotate adjudicate plan --from anna,ben
    annotate adjudicate apply --as carla

    Where one person labelled, `annotate adjudicate promote` takes that person's labels as they are.
    """


@command.command("plan")
@corpus_argument
@click.option("--from", "from_", required=True, metavar="ID,ID…", help="The annotators whose labels are compared.")
@click.option("--include-corrected", is_flag=True, help="Accept labels that began with those of another of them.")
@click.option("--anew", is_flag=True, help="Drop decisions between other annotators, or on another text.")
@schema_option
@all_option
def plan(corpus: str, from_: str, include_corrected: bool, anew: bool, schema: str, show_all: bool) -> None:
    """Write what annotators differ on, an article a file, and keep the decisions made before.

    A decision on what does not differ now is kept under `earlier` and used again once it differs. Decisions between
    other annotators, or on another text, are never overwritten without --anew.

    Spans and their attributes are decided first. This can open questions on relations, so that a second round is
    needed: decide, plan again, decide on the relations, and apply. The output says how many rounds remain.

    What all have in common is never asked. Labels that began with those of another are therefore refused, unless
    --include-corrected is given. Labels that began with any others cannot make gold to evaluate on; the output says so.

    Exit code 0: written; 1: refused, since decisions would be lost or are not valid, or labels are copies; 2: could not
    run.

    \b
    annotate adjudicate plan --from anna,ben
    """
    from annotate.agreement.decisions import plan_articles
    from annotate.agreement.independence import require_independent
    from annotate.bare_gold import LabelOrigin, list_unproven
    from annotate.corpus import Corpus
    from annotate.inventory import load_inventory
    from annotate.model import GOLD
    from annotate.util.lock import writing_to

    store = Corpus(corpus)
    with writing_to(store.root), show_steps() as progress:
        annotators = store.select_annotation_sets(split_ids(from_))
        if GOLD in annotators:
            raise CannotRun(from_, f"names {GOLD}, which the decisions make", "name the annotators who labelled")
        article_ids = store.common_article_ids(annotators)
        if not include_corrected:
            require_independent(store, annotators, article_ids)
        inventory = load_inventory(schema)
        plans = plan_articles(store, inventory, article_ids, annotators, replace=anew, start_step=progress)
    origin = LabelOrigin(GOLD, "adjudicated", tuple(annotators))
    echo_cut_lines(list_unproven(store, dict.fromkeys(article_ids, origin)), "article", show_all, err=True)
    lines = []
    for adjudication, rounds in plans:
        open_ = len(adjudication.open_differences)
        decided = len(adjudication.differences) - open_
        agreed = ", ".join(count_noun(number, kind.removesuffix("s")) for kind, number in adjudication.agreed.items())
        number = len(adjudication.earlier)
        earlier = f"; {count_noun(number, 'decision')} under `earlier`" if number else ""
        no_reason = sum(bool(difference.take) for difference in adjudication.open_differences)
        unexplained = f" ({no_reason} with take and without a reason)" if no_reason else ""
        state = f"{agreed} agreed, {count_noun(decided, 'difference')} decided, {open_} open{unexplained}{earlier}"
        lines.append(f"{adjudication.article}: {state}; {_describe(rounds)}")
    open_ = sum(len(adjudication.open_differences) for adjudication, _ in plans)
    decided = sum(len(adjudication.differences) for adjudication, _ in plans) - open_
    summary = f"{count_noun(len(plans), 'article')}: {count_noun(decided, 'difference')} decided, {open_:,} open"
    echo_summarized(summary, lines, "article", show_all)
    _show_next_step([rounds for _, rounds in plans], f"{store.root}/adjudication/*.yaml")


def _describe(rounds: "Rounds") -> str:
    if rounds.most == 0:
        return "no round remains"
    if rounds.least == rounds.most:
        return "1 round remains" if rounds.most == 1 else f"{rounds.most} rounds remain, spans and then relations"
    return f"{rounds.least} or {rounds.most} rounds remain"


def _show_next_step(rounds: "list[Rounds]", files: str) -> None:
    if any(remaining.most > 1 for remaining in rounds):
        echo(f"decisions on spans can open questions on relations: decide in {files}, then plan again")
    elif any(remaining.most for remaining in rounds):
        echo(f"decide in {files}, then `annotate adjudicate apply --as ID`")
    else:
        echo("nothing is open: `annotate adjudicate apply --as ID` makes gold")


@command.command("apply")
@corpus_argument
@schema_option
@click.option("--as", "adjudicator", required=True, metavar="ID", help="Who decided, by the id in annotators.yaml.")
@all_option
@click.pass_context
def apply(ctx: click.Context, corpus: str, schema: str, adjudicator: str, show_all: bool) -> None:
    """Write gold from the decisions. Nothing is written while a decision is open or gold would break a rule.

    Exit code 0: written; 1: open decisions, or findings on the gold they make; 2: could not run.

    \b
    annotate adjudicate apply --as carla
    """
    from annotate.agreement.decisions import decide_gold, list_decided_articles
    from annotate.bare_gold import describe_origin, list_unproven
    from annotate.checks.waivers import make_error_finder
    from annotate.corpus import Corpus, encode_annotation
    from annotate.inventory import load_inventory
    from annotate.model import GOLD
    from annotate.util.files import write_together
    from annotate.util.lock import writing_to
    from annotate.util.progress import count_items

    store = Corpus(corpus)
    with writing_to(store.root):
        inventory = load_inventory(schema)
        if adjudicator not in store.read_annotators():
            raise CannotRun(
                store.annotators_path, f"does not list {quote(adjudicator)}", "add the adjudicator there first"
            )
        article_ids = list_decided_articles(store)
        if not article_ids:
            raise CannotRun(store.root / "adjudication", "has no files", "write them with `annotate adjudicate plan`")
        paths = {article_id: store.annotation_path(GOLD, article_id) for article_id in article_ids}
        old = {path: store.read_file_if_present(path) for path in paths.values()}
        find_errors = make_error_finder(store)
        with count_progress("making gold", len(article_ids)) as progress:
            results = [
                decide_gold(store, inventory, article_id, adjudicator, find_errors)
                for article_id in count_items(article_ids, progress)
            ]
        problems = [problem for result in results for problem in result.problems]
        summary = f"{count_noun(len(problems), 'problem')} in {count_noun(len(results), 'article')}; nothing is written"
        echo_summarized(summary, problems, "problem", show_all, err=True)
        if problems:
            ctx.exit(1)
        golds = {paths[gold.article]: gold for gold, _ in results if gold is not None}
        files = [store.prepare_file(path, encode_annotation(gold), old[path]) for path, gold in golds.items()]
        with count_progress("writing gold", len(files)) as progress:
            write_together(files, progress)
    origins = {gold.article: describe_origin(gold) for gold in golds.values()}
    echo_cut_lines(list_unproven(store, origins), "article", show_all, err=True)
    counts = {gold.article: _count_labels([gold]) for gold in golds.values()}
    summary = f"{count_noun(len(golds), 'article')}: {_count_labels(golds.values())} in {GOLD}/"
    lines = [f"{article_id}: {count} in {GOLD}/" for article_id, count in counts.items()]
    echo_summarized(summary, lines, "article", show_all)


def _count_labels(golds: "Collection[Annotation]") -> str:
    spans, relations = sum(len(gold.spans) for gold in golds), sum(len(gold.relations) for gold in golds)
    return f"{count_noun(spans, 'span')} and {count_noun(relations, 'relation')}"


@command.command("promote")
@click.argument("annotator")
@click.argument("articles", nargs=-1, metavar="[ARTICLE]...")
@corpus_option
@schema_option
@click.option("--undo", is_flag=True, help="Remove gold that was promoted and still has the annotator's labels.")
@click.option("--replace", is_flag=True, help="Promote again where the annotator's labels have changed.")
@click.option("--plan", "only_plan", is_flag=True, help="Show what would be done, and write nothing.")
@all_option
@click.pass_context
def promote(
    ctx: click.Context,
    annotator: str,
    articles: tuple[str, ...],
    corpus: str,
    schema: str,
    undo: bool,
    replace: bool,
    only_plan: bool,
    show_all: bool,
) -> None:
    """Take the labels of ANNOTATOR as gold, of all articles or of each ARTICLE.

    Such gold is marked: its process is `promoted`, and `made_from` names the annotator. The card says so. Gold of
    another origin is left alone. Nothing is written if gold would break a rule, if labels began with gold, or if an
    ARTICLE cannot be promoted. Labels that began with those of a model or of another annotator are promoted, and the
    output says so.

    --undo removes gold that was promoted from ANNOTATOR and is still what the annotator has. Gold that differs is left
    alone.

    Exit code 0: done, or nothing to do; 1: gold was left alone that should be written or removed; 2: could not run.

    \b
    annotate adjudicate promote anna --plan
    annotate adjudicate promote anna
    annotate adjudicate promote anna --undo
    """
    from annotate.agreement.promotion import plan_promotion, plan_removal, remove_promoted, write_promoted
    from annotate.bare_gold import describe_origin, list_unproven
    from annotate.checks.waivers import make_error_finder
    from annotate.corpus import Corpus
    from annotate.inventory import load_inventory
    from annotate.util.lock import writing_to

    if undo and replace:
        raise CannotRun("--undo", "removes gold and --replace writes it", "give one of them")
    store = Corpus(corpus)
    with writing_to(*([] if only_plan else [store.root])), show_steps() as progress:
        if undo:
            steps = plan_removal(store, annotator, articles, progress)
        else:
            inventory, find_errors = load_inventory(schema), make_error_finder(store)
            steps = plan_promotion(
                store, inventory, annotator, articles, find_errors, replace=replace, start_step=progress
            )
        has_problems = any(step.is_problem for step in steps)
        if undo and not only_plan:
            remove_promoted(store, steps)
        elif not only_plan and not has_problems:
            write_promoted(store, steps, progress)
    will = "to be " if only_plan or (has_problems and not undo) else ""
    verbs = {"write": f"{will}promoted", "remove": f"{will}removed"}
    states = {"leave": "left alone", "unchanged": "unchanged"} | verbs
    counts = Counter(states[step.action] for step in steps)
    if len(steps) > MAX_SHOWN:
        states_ = ", ".join(f"{counts[state]:,} {state}" for state in states.values() if counts[state])
        echo(f"{count_noun(len(steps), 'article')}: {states_}")
    with ExitStack() as lists:
        kinds = [("leave", True), *((action, False) for action in states)]
        show = {
            (action, is_problem): lists.enter_context(
                echo_cut(f"article {states[action]}", show_all, err=is_problem, plural=f"articles {states[action]}")
            )
            for action, is_problem in kinds
        }
        for step in steps:
            show[step.action, step.is_problem](f"{step.article_id}: {_describe_step(step, states[step.action])}")
    origins = {step.article_id: describe_origin(step.gold) for step in steps if step.gold and step.action == "write"}
    echo_cut_lines(list_unproven(store, origins), "article", show_all, err=True)
    if not steps:
        echo(f"no gold was promoted from the labels of {annotator}" if undo else f"{annotator} has labelled nothing")
    if has_problems and not undo and not only_plan:
        echo("nothing was written", err=True)
    if has_problems:
        ctx.exit(1)


def _describe_step(step: "PromotionStep", state: str) -> str:
    """Return what becomes of the gold of an article; `state` is that in a word or two."""
    if step.action in ("leave", "unchanged"):
        return f"{state}: {step.reason}" if step.reason else state
    note = f"; its labels began with {step.began_with}" if step.began_with else ""
    note += f"; also labelled by {', '.join(step.others)}, so it could be adjudicated" if step.others else ""
    return f"{state}{f', {_count_labels([step.gold])}' if step.gold else ''}{note}"
