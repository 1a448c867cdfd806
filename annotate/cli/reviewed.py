"""`annotate reviewed`: say that a person has read labels again under the present inventory."""

import click

from annotate.cli.options import corpus_option, schema_option
from annotate.cli.terminal import echo


@click.command("reviewed")
@click.argument("articles", metavar="ARTICLE...", nargs=-1, required=True)
@click.option("--annotator", required=True, metavar="ID", help="Whose labels were read again; gold for those of gold.")
@corpus_option
@schema_option
@click.pass_context
def command(ctx: click.Context, /, articles: tuple[str, ...], annotator: str, corpus: str, schema: str) -> None:
    """Say that a person has read the labels of each ARTICLE again, and that they follow labels.yaml.

    The labels get the version of labels.yaml, and are otherwise unchanged. Nothing is written if those of an ARTICLE
    break a rule, or were made with a later version.

    Exit code 0: written, or nothing to do; 1: labels cannot get the version, and nothing was written; 2: could not run.

    \b
    annotate reviewed port-strike harbour-fire --annotator anna
    annotate reviewed port-strike --annotator gold
    """
    from annotate.checks.review import plan_review, write_reviewed
    from annotate.corpus import Corpus
    from annotate.inventory import load_inventory
    from annotate.util.lock import writing_to

    store = Corpus(corpus)
    with writing_to(store.root):
        inventory = load_inventory(schema)
        steps = plan_review(store, inventory, annotator, articles)
        has_problems = any(step.problem for step in steps)
        if not has_problems:
            write_reviewed(store, annotator, steps)
    for step in steps:
        if step.problem:
            echo(f"{step.article_id}: {step.problem}", err=True)
        elif step.annotation is None:
            echo(f"{step.article_id}: has version {step.before} already")
        elif not has_problems:
            echo(f"{step.article_id}: reviewed with {inventory.version}, not {step.before}")
    if has_problems:
        echo("nothing was written", err=True)
        ctx.exit(1)
