"""`annotate adjudicate`: make gold from the annotations of several people."""

from typing import TYPE_CHECKING

import click

from annotate.cli.options import corpus_argument, schema_option
from annotate.errors import CannotRun

if TYPE_CHECKING:
    from annotate.corpus import Corpus
    from annotate.inventory import Inventory
    from annotate.model import Annotation


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
        annotators = store.select_annotation_sets(name for part in from_.split(",") if (name := part.strip()))
        if GOLD in annotators:
            raise CannotRun(from_, f"names {GOLD}, which the decisions make", "name the annotators who labelled")
        plans = plan_articles(store, store.common_article_ids(annotators), annotators, replace=anew)
    for new in plans:
        open_ = len(new.open_differences)
        agreed = ", ".join(f"{number} {kind}" for kind, number in new.agreed.items())
        earlier = f"; {len(new.earlier)} decisions under `earlier`" if new.earlier else ""
        decided = len(new.differences) - open_
        click.echo(f"{new.article}: {agreed} agreed, {decided} differences decided, {open_} open{earlier}")


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
    from annotate import inventory
    from annotate.agreement.decisions import list_decided_articles
    from annotate.corpus import Corpus, encode_annotation
    from annotate.model import GOLD
    from annotate.util.files import FileToWrite, read_bytes_if_present, write_together
    from annotate.util.lock import writing_to

    store = Corpus(corpus)
    with writing_to(store.root):
        loaded = inventory.load_inventory(schema)
        if adjudicator not in store.read_annotators():
            raise CannotRun(store.annotators_path, f"does not list {adjudicator!r}", "add the adjudicator there first")
        articles = list_decided_articles(store)
        if not articles:
            raise CannotRun(store.root / "adjudication", "has no files", "write them with `annotate adjudicate plan`")
        paths = {article_id: store.annotation_path(GOLD, article_id) for article_id in articles}
        old = {path: read_bytes_if_present(path, "make it a readable file") for path in paths.values()}
        results = [_make_gold(store, loaded, article_id, adjudicator) for article_id in articles]
        problems = [problem for _, article_problems in results for problem in article_problems]
        for problem in problems:
            click.echo(problem, err=True)
        if problems:
            ctx.exit(1)
        golds = {paths[gold.article]: gold for gold, _ in results if gold is not None}
        write_together([FileToWrite(path, encode_annotation(gold), old=old[path]) for path, gold in golds.items()])
    for gold in golds.values():
        click.echo(f"{gold.article}: {len(gold.spans)} spans and {len(gold.relations)} relations in {GOLD}/")


def _make_gold(
    store: "Corpus", loaded: "Inventory", article_id: str, adjudicator: str
) -> "tuple[Annotation | None, list[str]]":
    """Return the gold that the decisions on an article make, and what keeps it from being written."""
    from annotate.agreement.adjudication import make_gold, plan_adjudication
    from annotate.agreement.decisions import read_annotations, read_decisions
    from annotate.checks import check_annotation

    path, decisions = store.adjudication_path(article_id), read_decisions(store, article_id)
    annotations, text = read_annotations(store, article_id, store.select_annotation_sets(decisions.annotators))
    if decisions.text_sha256 != annotations[0].text_sha256:
        return None, [f"{path}: was made on another text; decide on the text as it is now"]
    planned = plan_adjudication(annotations, text, decisions)
    listed, current = ({difference.identity for difference in side.differences} for side in (decisions, planned))
    if planned.open_differences or listed != current:
        return None, [f"{path}: differences are open, new or gone; `annotate adjudicate plan` lists them"]
    try:
        gold = make_gold(planned, annotations, text, adjudicator, loaded.version)
    except ValueError as error:
        return None, [f"{path}: {error}"]
    errors = [finding for finding in check_annotation(gold, text, loaded) if finding.severity == "error"]
    return gold, [f"{path}: gold would have {finding.code}, {finding.message}" for finding in errors]
