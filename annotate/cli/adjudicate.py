"""`annotate adjudicate`: make gold from the annotations of several people, or of one."""

from typing import TYPE_CHECKING

import click

from annotate.cli.options import corpus_argument, corpus_option, schema_option, split_ids
from annotate.cli.terminal import count_noun, echo
from annotate.errors import CannotRun

if TYPE_CHECKING:
    from annotate.agreement.adjudication import Rounds


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
def plan(corpus: str, from_: str, include_corrected: bool, anew: bool, schema: str) -> None:
    """Write what annotators differ on, an article a file, and keep the decisions made before.

    A decision on what does not differ now is kept under `earlier` and used again once it differs. Decisions between
    other annotators, or on another text, are never overwritten without --anew.

    Spans and their attributes are decided first. This can open questions on relations, so that a second round is
    needed: decide, plan again, decide on the relations, and apply. The output says how many rounds remain.

    What all have in common is never asked. Labels that began with those of another are therefore refused, unless
    --include-corrected is given.

    Exit code 0: written; 1: refused, since decisions would be lost or are not valid, or labels are copies; 2: could not
    run.

    \b
    annotate adjudicate plan --from anna,ben
    """
    from annotate.agreement.decisions import plan_articles
    from annotate.agreement.independence import require_independent
    from annotate.corpus import Corpus
    from annotate.inventory import load_inventory
    from annotate.model import GOLD
    from annotate.util.lock import writing_to

    store = Corpus(corpus)
    with writing_to(store.root):
        annotators = store.select_annotation_sets(split_ids(from_))
        if GOLD in annotators:
            raise CannotRun(from_, f"names {GOLD}, which the decisions make", "name the annotators who labelled")
        article_ids = store.common_article_ids(annotators)
        if not include_corrected:
            require_independent(store, annotators, article_ids)
        plans = plan_articles(store, load_inventory(schema), article_ids, annotators, replace=anew)
    for adjudication, rounds in plans:
        open_ = len(adjudication.open_differences)
        decided = len(adjudication.differences) - open_
        agreed = ", ".join(count_noun(number, kind.removesuffix("s")) for kind, number in adjudication.agreed.items())
        number = len(adjudication.earlier)
        earlier = f"; {count_noun(number, 'decision')} under `earlier`" if number else ""
        no_reason = sum(bool(difference.take) for difference in adjudication.open_differences)
        unexplained = f" ({no_reason} with take and without a reason)" if no_reason else ""
        state = f"{agreed} agreed, {count_noun(decided, 'difference')} decided, {open_} open{unexplained}{earlier}"
        echo(f"{adjudication.article}: {state}; {_describe(rounds)}")
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
@click.pass_context
def apply(ctx: click.Context, corpus: str, schema: str, adjudicator: str) -> None:
    """Write gold from the decisions. Nothing is written while a decision is open or gold would break a rule.

    Exit code 0: written; 1: open decisions, or findings on the gold they make; 2: could not run.

    \b
    annotate adjudicate apply --as carla
    """
    from annotate.agreement.decisions import decide_gold, list_decided_articles
    from annotate.checks.waivers import make_error_finder
    from annotate.corpus import Corpus, encode_annotation
    from annotate.inventory import load_inventory
    from annotate.model import GOLD
    from annotate.util.files import write_together
    from annotate.util.lock import writing_to

    store = Corpus(corpus)
    with writing_to(store.root):
        inventory = load_inventory(schema)
        if adjudicator not in store.read_annotators():
            raise CannotRun(store.annotators_path, f"does not list {adjudicator!r}", "add the adjudicator there first")
        article_ids = list_decided_articles(store)
        if not article_ids:
            raise CannotRun(store.root / "adjudication", "has no files", "write them with `annotate adjudicate plan`")
        paths = {article_id: store.annotation_path(GOLD, article_id) for article_id in article_ids}
        old = {path: store.read_file_if_present(path) for path in paths.values()}
        find_errors = make_error_finder(store)
        results = [decide_gold(store, inventory, article_id, adjudicator, find_errors) for article_id in article_ids]
        problems = [problem for result in results for problem in result.problems]
        for problem in problems:
            echo(problem, err=True)
        if problems:
            ctx.exit(1)
        golds = {paths[gold.article]: gold for gold, _ in results if gold is not None}
        write_together([store.prepare_file(path, encode_annotation(gold), old[path]) for path, gold in golds.items()])
    for gold in golds.values():
        spans, relations = count_noun(len(gold.spans), "span"), count_noun(len(gold.relations), "relation")
        echo(f"{gold.article}: {spans} and {relations} in {GOLD}/")


@command.command("promote")
@click.argument("annotator")
@click.argument("articles", nargs=-1, metavar="[ARTICLE]...")
@corpus_option
@schema_option
@click.option("--undo", is_flag=True, help="Remove gold that was promoted and still has the annotator's labels.")
@click.option("--replace", is_flag=True, help="Promote again where the annotator's labels have changed.")
@click.option("--plan", "only_plan", is_flag=True, help="Show what would be done, and write nothing.")
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
    from annotate.checks.waivers import make_error_finder
    from annotate.corpus import Corpus
    from annotate.inventory import load_inventory
    from annotate.util.lock import writing_to

    if undo and replace:
        raise CannotRun("--undo", "removes gold and --replace writes it", "give one of them")
    store = Corpus(corpus)
    with writing_to(*([] if only_plan else [store.root])):
        if undo:
            steps = plan_removal(store, annotator, articles)
        else:
            inventory, find_errors = load_inventory(schema), make_error_finder(store)
            steps = plan_promotion(store, inventory, annotator, articles, find_errors, replace=replace)
        has_problems = any(step.is_problem for step in steps)
        if undo and not only_plan:
            remove_promoted(store, steps)
        elif not only_plan and not has_problems:
            write_promoted(store, steps)
    will = "to be " if only_plan or (has_problems and not undo) else ""
    verbs = {"write": f"{will}promoted", "remove": f"{will}removed"}
    for step in steps:
        if step.action == "leave":
            echo(f"{step.article_id}: left alone: {step.reason}", err=step.is_problem)
        elif step.action == "unchanged":
            echo(f"{step.article_id}: unchanged")
        else:
            note = f"; its labels began with {step.began_with}" if step.began_with else ""
            note += f"; also labelled by {', '.join(step.others)}, so it could be adjudicated" if step.others else ""
            size = ""
            if step.gold:
                spans, relations = len(step.gold.spans), len(step.gold.relations)
                size = f", {count_noun(spans, 'span')} and {count_noun(relations, 'relation')}"
            echo(f"{step.article_id}: {verbs[step.action]}{size}{note}")
    if not steps:
        echo(f"no gold was promoted from the labels of {annotator}" if undo else f"{annotator} has labelled nothing")
    if has_problems and not undo and not only_plan:
        echo("nothing was written", err=True)
    if has_problems:
        ctx.exit(1)
