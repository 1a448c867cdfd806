"""`annotate export`: write the labels of one annotator in another format, with a certificate of what it carries."""

from typing import Literal

import click

import annotate
from annotate.cli.options import FOLDER_TO_WRITE, corpus_argument, schema_option
from annotate.cli.terminal import echo_json, echo_lines, show_steps
from annotate.errors import CannotRun
from annotate.formats import CSV, FORMATS

_SEPARATORS: "dict[str, Literal[',', ';']]" = {"comma": ",", "semicolon": ";"}


@click.command("export")
@corpus_argument
@click.option("--format", "format_", required=True, type=click.Choice((*FORMATS, CSV)), help="Format to write.")
@click.option("--out", required=True, type=FOLDER_TO_WRITE, help="New folder to write.")
@click.option("--annotator", default="gold", show_default=True, help="Id of the annotator whose labels are written.")
@click.option(
    "--report", type=click.Choice(("text", "json")), default="text", show_default=True, help="Format of the report."
)
@click.option(
    "--separator", type=click.Choice(tuple(_SEPARATORS)), help="What separates the cells of CSV.  [default: comma]"
)
@click.option("--bom", is_flag=True, help="Begin CSV with a byte order mark, by which Excel recognises UTF-8.")
@schema_option
@click.pass_context
def command(
    ctx: click.Context,
    corpus: str,
    format_: str,
    out: str,
    annotator: str,
    report: str,
    separator: str | None,
    bom: bool,
    schema: str,
) -> None:
    """Write the labels of one annotator, with their texts, in another format.

    The export is read back and compared with the corpus, fact by fact. The ledger lists what came back and what the
    format cannot hold; it is also written to certificate.json of the export. An export is not written if it lost
    something that its format does not declare.

    --format csv writes tables for spreadsheets and statistics programs: spans, relations, attributes, articles, and one
    for each type of record. Where the decimal sign is a comma, Excel expects semicolons. Cells that a spreadsheet
    would execute get an apostrophe before them, and are counted.

    Exit code 0: written; 1: refused, because something was lost that is not declared; 2: could not run.

    \b
    annotate export --format brat --out dist/brat
    annotate export --format bio --out dist/bio --annotator reader-1 --report json
    annotate export --format csv --out dist/tables --bom --separator semicolon
    """
    if format_ != CSV and (bom or separator):
        raise CannotRun("--bom" if bom else "--separator", f"is not for --format {format_}", "leave it out")
    with show_steps() as progress:
        ledger = annotate.export(
            annotate.Corpus(corpus),
            annotate.load_inventory(schema),
            format_,
            out,
            annotation_set=annotator,
            separator=_SEPARATORS[separator or "comma"],
            bom=bom,
            progress=progress,
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
        lines += _describe_tables(ledger)
        lines.append(f"{documents} written to {out}, with certificate.json.")
    else:
        lines.append(f"{documents} not written: something was lost that {ledger.format} does not declare.")
    return lines


def _describe_tables(ledger: "annotate.Ledger") -> list[str]:
    """Return the rows of CSV tables, and what a spreadsheet would execute or cut."""
    from annotate.formats.csv_tables import CELL_LENGTH, TABLE_LENGTH, TablesLedger

    if not isinstance(ledger, TablesLedger):
        return []
    lines = [", ".join(f"{table}.csv: {count} row{'s' * (count != 1)}" for table, count in ledger.rows.items())]
    lines.append(f"{ledger.defused} cells got an apostrophe before what a spreadsheet would execute")
    if ledger.long_cells:
        lines.append(f"{ledger.long_cells} cells have more than {CELL_LENGTH:,} characters, which a spreadsheet cuts")
    lines += [
        f"{table}.csv has more rows than a sheet, which shows {TABLE_LENGTH - 1:,}"
        for table, count in ledger.rows.items()
        if count >= TABLE_LENGTH
    ]
    return lines
