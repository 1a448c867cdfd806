"""`annotate doubts`: what annotators were unsure about."""

from collections import Counter
from typing import TYPE_CHECKING

import click

import annotate
from annotate.cli.findings_output import describe_counts, describe_hidden
from annotate.cli.options import all_option, corpus_argument, out_option, schema_option, split_ids
from annotate.cli.terminal import MAX_SHOWN, count_noun, echo, format_tables, show_steps, write_output
from annotate.util.escape import Markdown, escape_json

if TYPE_CHECKING:
    from annotate.doubts import Doubt, Order

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
@all_option
def command(
    corpus: str,
    schema: str,
    annotators: str | None,
    order: "Order",
    format_: str,
    out: str | None,
    show_all: bool,
) -> None:
    """List the notes that annotators wrote on spans and relations, each with its page of the guidelines.

    Annotators write down what they are unsure about as a note on the span. Settle what comes up twice, in the page.

    As text, the first 20 notes on each label are shown, unless --all is given. With --out, and in the other formats,
    all are.

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
    with show_steps() as progress:
        doubts = sort_doubts(find_doubts(store, inventory, names, progress), inventory, order)
    count = count_noun(len(doubts), "note")
    if format_ == "json":
        data = msgspec.json.format(msgspec.json.encode([doubt._asdict() for doubt in doubts]), indent=2)
        text = escape_json(data.decode()) + "\n"
    elif format_ == "csv":
        text = render_csv(tabulate_doubts(doubts))
    elif format_ == "markdown":
        text = Markdown("\n\n").join([count, *render_markdown(tabulate_doubts(doubts))]) + "\n"
    elif doubts:
        text = _format_text(doubts, count, is_cut=out is None and not show_all, colour=out is None)
    else:
        echo("no notes")
        return
    write_output(out, text)


def _format_text(doubts: "list[Doubt]", count: str, *, is_cut: bool, colour: bool) -> str:
    """Return a table of notes as text; of more than 20 notes on a label, it has the first if it is to be cut."""
    from annotate.doubts import tabulate_doubts

    counts, shown = Counter[str](), list["Doubt"]()
    for doubt in doubts:
        counts[doubt.label] += 1
        if not is_cut or counts[doubt.label] <= MAX_SHOWN:
            shown.append(doubt)
    table = tabulate_doubts(shown)
    if len(shown) < len(doubts):
        count = f"{count}: {describe_counts(counts)}"
        table = table._replace(notes=[*table.notes, *describe_hidden(counts)])
    return format_tables([count], [table], colour)
