"""`annotate studio compare`: compare a server with the corpus."""

import click

import annotate
from annotate.cli.options import all_option, corpus_option, schema_option
from annotate.cli.studio.common import connect, dir_option, map_option, read_labels, show_progress, title_option
from annotate.cli.terminal import count_noun, echo, echo_cut_lines


@click.command("compare")
@corpus_option
@schema_option
@title_option
@dir_option
@click.option(
    "--labels",
    metavar="gold|FOLDER",
    help="Labels that the server must have as predictions.  [default: gold, as far as the server has it]",
)
@map_option
@all_option
@click.pass_context
def compare(
    ctx: click.Context,
    corpus: str,
    schema: str,
    title: str | None,
    folder: str | None,
    labels: str | None,
    map_: str | None,
    show_all: bool,
) -> None:
    """Compare everything on the server with the corpus: texts, spans and relations.

    Without --title, it compares the shared project and those of annotators. The last line says how many spans of gold,
    or of --labels, could be compared. What the server lacks of them is a difference only with --labels, because `push`
    shows no labels by default.

    Exit code 0: no difference; 1: differences, or labels of --labels that the server lacks; 2: could not run.

    \b
    annotate studio compare
    annotate studio compare --labels gold
    """
    from annotate.label_map import find_map
    from annotate.labelstudio.compare import ServerComparison, compare_with_server
    from annotate.labelstudio.predictions import corpus_predictions
    from annotate.labelstudio.projects import labelling_titles, require_project
    from annotate.labelstudio.recovery import AnnotatorsByLogin, recover_projects_unless_locked
    from annotate.model import GOLD

    inventory, store = annotate.load_inventory(schema), annotate.Corpus(corpus)
    label_map = find_map(map_, "labelstudio", inventory)
    with connect(corpus, folder) as (studio, state):
        base_title, result = title or inventory.title, ServerComparison()
        recover_projects_unless_locked(store, studio, state, base_title, "compare")
        shown = read_labels(labels, store, inventory)[0] if labels else corpus_predictions(store, inventory)
        annotators, article_ids = AnnotatorsByLogin(store, studio, state), store.article_ids()
        for name in [title] if title else labelling_titles(state, studio.address.name, base_title):
            project = require_project(studio, state, name)
            is_partial = name != base_title
            with show_progress("comparing") as progress:
                tasks = studio.iterate_tasks(project.id, progress)
                result.merge(
                    compare_with_server(
                        *(store, inventory, article_ids, {} if is_partial else shown, tasks, annotators, label_map),
                        is_partial=is_partial,
                        requires_predictions=labels is not None,
                    )
                )
    echo_cut_lines(result.differences, "difference", show_all)
    for kind in ("articles", "annotations", "spans", "relations", "items"):
        if kind in result.equal or kind in result.different:
            echo(f"{kind}: {result.equal[kind]} equal, {result.different[kind]} different")
    echo(f"characters of equal texts: {result.characters}")
    name = GOLD if labels in (None, GOLD) else str(labels)
    echo(f"compared {result.compared_spans} of {count_noun(result.expected_spans, 'span')} of {name}")
    if result.differences:
        ctx.exit(1)
