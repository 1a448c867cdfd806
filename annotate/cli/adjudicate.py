"""`annotate adjudicate`: make gold from the annotations of several people."""

import click

from annotate.cli.options import corpus_argument, schema_option, split_ids
from annotate.cli.terminal import echo
from annotate.errors import CannotRun


@click.group("adjudicate")
def command() -> None:
    """Decide between the labels of several annotators, and make gold.

    adjudication/<article>.yaml lists each difference with what each annotator has. Write in `take` whose version is
    right (or: all, neither) and in `reason` why. Spans come first; once they are decided, plan again for the relations.

    \b
    annotate adjudicate plan --from anna,ben
    annotate adjudicate apply --as carla
    """


@command.command("plan")
@corpus_argument
@click.option("--from", "from_", required=True, metavar="ID,ID…", help="The annotators whose labels are compared.")
@click.option("--anew", is_flag=True, help="Drop decisions between other annotators, or on another text.")
def plan(corpus: str, from_: str, anew: bool) -> None:
    """Write what annotators differ on, an article a file, and keep the decisions made before.

    A decision on what does not differ now is kept under `earlier` and used again once it differs. Decisions between
    other annotators, or on another text, are never overwritten without --anew.

    Exit code 0: written; 1: refused, since decisions would be lost or name an unknown span; 2: could not run.

    \b
    annotate adjudicate plan --from anna,ben
    """
    from annotate.agreement.decisions import plan_articles
    from annotate.corpus import Corpus
    from annotate.model import GOLD
    from annotate.util.lock import writing_to

    store = Corpus(corpus)
    with writing_to(store.root):
        annotators = store.select_annotation_sets(split_ids(from_))
        if GOLD in annotators:
            raise CannotRun(from_, f"names {GOLD}, which the decisions make", "name the annotators who labelled")
        plans = plan_articles(store, store.common_article_ids(annotators), annotators, replace=anew)
    for adjudication in plans:
        open_ = len(adjudication.open_differences)
        decided = len(adjudication.differences) - open_
        agreed = ", ".join(f"{number} {kind}" for kind, number in adjudication.agreed.items())
        earlier = f"; {len(adjudication.earlier)} decisions under `earlier`" if adjudication.earlier else ""
        echo(f"{adjudication.article}: {agreed} agreed, {decided} differences decided, {open_} open{earlier}")


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
        echo(f"{gold.article}: {len(gold.spans)} spans and {len(gold.relations)} relations in {GOLD}/")
