"""`annotate export`: write the labels of one annotator in another format, with a certificate of what it carries."""

import click

import annotate
from annotate.cli.options import FOLDER_TO_WRITE, corpus_argument, schema_option
from annotate.cli.terminal import echo_json, echo_lines, show_status
from annotate.formats import FORMATS


@click.command("export")
@corpus_argument
@click.option("--format", "format_", required=True, type=click.Choice(FORMATS), help="Format to write.")
@click.option("--out", required=True, type=FOLDER_TO_WRITE, help="New folder to write.")
@click.option("--annotator", default="gold", show_default=True, help="Id of the annotator whose labels are written.")
@click.option(
    "--report", type=click.Choice(("text", "json")), default="text", show_default=True, help="Format of the report."
)
@schema_option
@click.pass_context
def command(ctx: click.Context, corpus: str, format_: str, out: str, annotator: str, report: str, schema: str) -> None:
    """Write the labels of one annotator, with their texts, in another format.

    The export is read back and compared with the corpus, fact by fact. The ledger lists what came back and what the
    format cannot hold; it is also written to certificate.json of the export. An export is not written if it lost
    something that its format does not declare.

    Exit code 0: written; 1: refused, because something was lost that is not declared; 2: could not run.

    \b
    annotate export --format brat --out dist/brat
    annotate export --format bio --out dist/bio --annotator reader-1 --report json
    """
    with show_status("writing, reading back, comparing"):
        ledger = annotate.export(
            annotate.Corpus(corpus), annotate.load_inventory(schema), format_, out, annotation_set=annotator
        )
    if report == "json":
        from annotate.formats.ledger import encode_ledger

        echo_json(encode_ledger(ledger))
    else:
        echo_lines(_describe(ledger, out))
    ctx.exit(0 if ledger.clean else 1)


def _describe(ledger: "annotate.Ledger", out: str) -> list[str]:
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
    return lines
