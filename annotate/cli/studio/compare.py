"""`annotate studio compare`: what a server has against what the corpus has."""

import click

from annotate.cli.output import corpus_option, schema_option
from annotate.cli.studio.common import SHOWN, connected, dir_option, progress, refusals, title_option

_PREDICTED = {"filter": "filter:tasks:total_predictions", "operator": "greater", "type": "Number", "value": 0}


@click.command("compare")
@corpus_option
@schema_option
@title_option
@dir_option
@click.pass_context
def compare(ctx: click.Context, corpus: str, schema: str, title: str | None, folder: str) -> None:
    """Fetch everything back and compare it with the corpus: texts, spans and relations.

    Exit code 0: all is equal; 1: differences; 2: could not run.

    \b
    annotate studio compare
    """
    from annotate import inventory
    from annotate.corpus import Corpus
    from annotate.labelstudio.client import everything
    from annotate.labelstudio.compare import compare as compare_all
    from annotate.labelstudio.push import articles_of, existing, predictions

    loaded, store = inventory.load(schema), Corpus(corpus)
    with refusals(ctx), connected(folder) as (studio, state):
        project = existing(studio, state, title or loaded.title)
        pushed = studio.count(project, only=[_PREDICTED]) > 0
        labels = predictions(store, loaded) if pushed else {}
        people = state.people(studio.where.name)
        with progress("comparing") as report:
            raw = everything(studio, project, report)
            found = compare_all(store, loaded, articles_of(store), labels, raw, people)
    for words in found.differences[:SHOWN]:
        click.echo(words)
    if len(found.differences) > SHOWN:
        click.echo(f"… and {len(found.differences) - SHOWN} more")
    for what in ("articles", "annotations", "spans", "relations", "items"):
        if what in found.equal or what in found.different:
            click.echo(f"{what}: {found.equal[what]} equal, {found.different[what]} different")
    click.echo(f"characters of equal texts: {found.characters}")
    if found.differences:
        ctx.exit(1)
