"""`annotate export`: the labels of one annotator in another format, with a certificate of what it carries."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from annotate.cli.output import corpus_argument, schema_option, terminal
from annotate.formats import FORMATS

if TYPE_CHECKING:
    from annotate.formats.document import LabelledArticle
    from annotate.formats.ledger import Ledger


@click.command("export")
@corpus_argument
@click.option("--format", "format_", required=True, type=click.Choice(FORMATS), help="Which format.")
@click.option("--out", required=True, type=click.Path(file_okay=False), help="The new folder to write.")
@click.option("--annotator", default="gold", show_default=True, help="Whose labels.")
@click.option("--report", type=click.Choice(("text", "json")), default="text", show_default=True, help="How to report.")
@schema_option
@click.pass_context
def command(ctx: click.Context, corpus: str, format_: str, out: str, annotator: str, report: str, schema: str) -> None:
    """Write the labels of one annotator, with their texts, in another format.

    What was written is read back and compared, fact by fact; the ledger says what came back, and what the format
    cannot carry, and is written beside the export as certificate.json. An export that loses what its format does not
    declare as lost is not written.

    Exit code 0: written; 1: refused, since something was lost that is not declared; 2: could not run.

    \b
    annotate export --format brat --out dist/brat
    annotate export --format bio --out dist/bio --annotator reader-1 --report json
    """
    from annotate import inventory
    from annotate.corpus import Corpus
    from annotate.errors import CannotRun
    from annotate.formats import load_format
    from annotate.formats.document import LabelledArticle
    from annotate.formats.export import export_documents, require_exportable
    from annotate.formats.ledger import encode_ledger

    loaded, store = inventory.load_inventory(schema), Corpus(corpus)
    store.labelled_by([annotator])
    names = store.annotated_ids(annotator)
    if not names:
        folder = store.annotation_path(annotator, "x").parent
        raise CannotRun(folder, "holds no annotations", "name an annotator of the corpus with --annotator")

    def documents() -> "Iterator[LabelledArticle]":
        for name in names:
            document = LabelledArticle(store.read_article(name), store.read_annotation(annotator, name))
            require_exportable(document, loaded)
            yield document

    with terminal(stderr=True).status("writing, reading back, comparing"):
        ledger = export_documents(load_format(format_), format_, Path(out), documents, loaded, annotator)
    click.echo(encode_ledger(ledger) if report == "json" else _shown(ledger, out), nl=False)
    ctx.exit(0 if ledger.clean else 1)


def _shown(ledger: "Ledger", out: str) -> str:
    from annotate.formats.ledger import ledger_rows

    rows = [("", "exported", "came back", "declared as lost", "not declared")]
    rows += [
        (row.kind, str(row.exported), str(row.carried), row.declared, str(row.undeclared))
        for row in ledger_rows(ledger)
    ]
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    lines = [
        "  ".join(
            cell.ljust(width) if column in (0, 3) else cell.rjust(width)
            for column, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in rows
    ]
    lines += [f"{reason}: {text}" for reason, text in ledger.losses.items()]
    lines += [f"not declared: {kind} {what}" for kind, line in ledger.facts.items() for what in line.examples]
    documents = f"{ledger.documents} article{'s' * (ledger.documents != 1)} of {ledger.annotator}"
    if ledger.clean:
        lines.append(f"{documents} written to {out}, with certificate.json.")
    else:
        lines.append(f"{documents} not written: something was lost that {ledger.format} does not declare.")
    return "".join(f"{line}\n" for line in lines)
