"""`annotate studio quality`: how well annotators find the labels of hidden gold articles."""

import click

import annotate
from annotate.cli.options import all_option, corpus_option, out_option, schema_option
from annotate.cli.studio.common import connect, dir_option, table_format_option, title_option, write_table
from annotate.cli.terminal import echo_cut_lines, show_status
from annotate.errors import CannotRun


@click.command("quality")
@corpus_option
@schema_option
@title_option
@dir_option
@table_format_option
@out_option
@all_option
def quality(
    corpus: str, schema: str, title: str | None, folder: str | None, format_: str, out: str | None, show_all: bool
) -> None:
    """Print how well each annotator finds the labels of hidden gold articles, week by week.

    Hide them with `annotate studio assign --hidden-gold`. A week is that of the first submission. Articles whose gold
    was made from the annotator's own labels are left out.

    \b
    annotate studio quality
    annotate studio quality --format csv --out quality.csv
    """
    from annotate.labelstudio.projects import HIDDEN_GOLD_FILE
    from annotate.service.hidden_gold import measure_quality, tabulate_quality

    inventory, store = annotate.load_inventory(schema), annotate.Corpus(corpus)
    problems: list[str] = []
    with connect(corpus, folder) as (studio, state), show_status("comparing with gold"):
        rows = list(measure_quality(studio, state, store, inventory, title or inventory.title, problems.append))
        where = state.folder / HIDDEN_GOLD_FILE
    echo_cut_lines(problems, "problem", show_all, err=True)
    if not rows:
        hint = "hide some with `annotate studio assign ID --hidden-gold N`, or wait until one is submitted"
        raise CannotRun(where, "no hidden gold article was submitted", hint)
    write_table(tabulate_quality(rows), format_, out)
