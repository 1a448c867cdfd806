"""`annotate doubts`: what annotators were unsure about."""

from typing import TYPE_CHECKING

import click

import annotate
from annotate.cli.options import corpus_argument, out_option, schema_option, split_ids
from annotate.cli.terminal import count_noun, echo, format_tables, write_output
from annotate.util.escape import Markdown, escape_json

if TYPE_CHECKING:
    from annotate.doubts import Order

FORMATS = ("text", "markdown", "csv", "json")


@click.command("doubts")
@corpus_argument
@schema_option
@click.option("--annotators", metavar="ID,ID…", help="Whose notes; gold for those of gold.  [default: all but gold]")
@click.option(
    "--by", "order", type=click.Choice(("label", "article")), default="label", show_default=True, help="Order."
)
@click.option(
    "--format", "format_", type=click.Choice(FORMATS), default="text", show_default=True, help="Output format."
)
@out_option
def command(corpus: str, schema: str, annotators: str | None, order: "Order", format_: str, out: str | None) -> None:
    """List the notes that annotators wrote on spans and relations, each with its page of the guidelines.

    Annotators write down what they are unsure about as a note on the span. Settle what comes up twice, in the page.

    \b
    annotate doubts
    annotate doubts --by article
    annotate doubts --annotators anna,ben --format csv --out doubts.csv
    """
    import msgspec

    from annotate.doubts import find_doubts, sort_doubts, tabulate_doubts
    from annotate.model import GOLD
    from annotate.util.tables import render_csv, render_markdown

    inventory, store = annotate.load_inventory(schema), annotate.Corpus(corpus)
    names = [name for name in store.annotation_sets() if name != GOLD]
    names = store.select_annotation_sets(split_ids(annotators)) if annotators else names
    doubts = sort_doubts(find_doubts(store, inventory, names), inventory, order)
    table, count = tabulate_doubts(doubts), count_noun(len(doubts), "note")
    if format_ == "json":
        data = msgspec.json.format(msgspec.json.encode([doubt._asdict() for doubt in doubts]), indent=2)
        text = escape_json(data.decode()) + "\n"
    elif format_ == "csv":
        text = render_csv(table)
    elif format_ == "markdown":
        text = Markdown("\n\n").join([count, *render_markdown(table)]) + "\n"
    elif doubts:
        text = format_tables([count], [table], colour=out is None)
    else:
        echo("no notes")
        return
    write_output(out, text)
