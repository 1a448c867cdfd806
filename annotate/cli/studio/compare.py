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

    Without --title, it compares the shared project and those of annotators.

    Exit code 0: no difference; 1: differences; 2: could not run.

    \b
    annotate studio compare
    """
    from annotate.label_map import find_map
    from annotate.labelstudio.compare import HAS_PREDICTION, ServerComparison, compare_with_server
    from annotate.labelstudio.predictions import corpus_predictions
    from annotate.labelstudio.projects import labelling_titles, require_project
    from annotate.labelstudio.recovery import AnnotatorsByLogin, recover_projects_unless_locked

    inventory, store = annotate.load_inventory(schema), annotate.Corpus(corpus)
    label_map = find_map(map_, "labelstudio", inventory)
    with connect(corpus, folder) as (studio, state):
        base_title, result = title or inventory.title, ServerComparison()
        recover_projects_unless_locked(store, studio, state, base_title, "compare")
        annotators, article_ids = AnnotatorsByLogin(store, studio, state), store.article_ids()
        for name in [title] if title else labelling_titles(state, studio.address.name, base_title):
            project = require_project(studio, state, name)
            is_partial = name != base_title
            has_predictions = not is_partial and studio.count_tasks(project.id, filters=[HAS_PREDICTION]) > 0
            predictions = corpus_predictions(store, inventory) if has_predictions else {}
            with show_progress("comparing") as progress:
                tasks = studio.iterate_tasks(project.id, progress)
                result.merge(
                    compare_with_server(
                        *(store, inventory, article_ids, predictions, tasks, annotators, label_map),
                        is_partial=is_partial,
                    )
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
