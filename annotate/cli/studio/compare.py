"""`annotate studio compare`: compare a server with the corpus."""

import click

import annotate
from annotate.cli.options import corpus_option, schema_option
from annotate.cli.studio.common import connect, dir_option, map_option, show_progress, title_option
from annotate.cli.terminal import MAX_SHOWN, echo


@click.command("compare")
@corpus_option
@schema_option
@title_option
@dir_option
@map_option
@click.pass_context
def compare(
    ctx: click.Context, corpus: str, schema: str, title: str | None, folder: str | None, map_: str | None
) -> None:
    """Compare everything on the server with the corpus: texts, spans and relations.

    Exit code 0: no difference; 1: differences; 2: could not run.

    \b
    annotate studio compare
    """
    from annotate.label_map import find_map
    from annotate.labelstudio.compare import HAS_PREDICTION, compare_with_server
    from annotate.labelstudio.predictions import corpus_predictions
    from annotate.labelstudio.projects import require_project

    inventory, store = annotate.load_inventory(schema), annotate.Corpus(corpus)
    label_map = find_map(map_, "labelstudio", inventory)
    with connect(corpus, folder) as (studio, state):
        project = require_project(studio, state, title or inventory.title)
        has_predictions = studio.count_tasks(project.id, filters=[HAS_PREDICTION]) > 0
        predictions = corpus_predictions(store, inventory) if has_predictions else {}
        annotators = state.annotators(studio.address.name)
        with show_progress("comparing") as progress:
            tasks = studio.iterate_tasks(project.id, progress)
            result = compare_with_server(
                store, inventory, store.article_ids(), predictions, tasks, annotators, label_map
            )
    for difference in result.differences[:MAX_SHOWN]:
        echo(difference)
    if len(result.differences) > MAX_SHOWN:
        echo(f"… and {len(result.differences) - MAX_SHOWN} more")
    for kind in ("articles", "annotations", "spans", "relations", "items"):
        if kind in result.equal or kind in result.different:
            echo(f"{kind}: {result.equal[kind]} equal, {result.different[kind]} different")
    echo(f"characters of equal texts: {result.characters}")
    if result.differences:
        ctx.exit(1)
