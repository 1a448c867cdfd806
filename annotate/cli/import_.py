"""`annotate import`: import texts and labels that were made elsewhere."""

import json
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from annotate.cli.options import corpus_option, schema_option
from annotate.cli.terminal import count_noun, echo, echo_json, show_status, style
from annotate.formats import FORMATS
from annotate.util.escape import TerminalText

if TYPE_CHECKING:
    from annotate.findings import Finding
    from annotate.formats.importer import ImportOutcome, ImportTally


@click.command("import")
@click.argument("folder", type=click.Path())
@click.option("--format", "format_", required=True, type=click.Choice(FORMATS), help="Format of the files.")
@click.option(
    "--map",
    "map_",
    type=click.Path(),
    help="YAML file that maps source labels to inventory labels.  [default: map.yaml in FOLDER, or else "
    "maps/FORMAT.yaml in the schema folder, if there is one]",
)
@click.option("--annotator", required=True, help="Id of the annotator who made the labels, as in annotators.yaml.")
@corpus_option
@schema_option
@click.option("--fix", is_flag=True, help="Correct wrong offsets of a line whose text fits in exactly one way.")
@click.option("--plan", is_flag=True, help="Show what would be done, and do nothing.")
@click.option("--language", default="en", show_default=True, help="Language of the texts, as in BCP 47.")
@click.option("--publisher", help="Publisher of the texts, if known.")
@click.option("--rights", default="The text belongs to its publisher.", show_default=True, help="Who owns the texts.")
@click.option(
    "--report", type=click.Choice(("text", "json")), default="text", show_default=True, help="Format of the report."
)
@click.pass_context
def command(
    ctx: click.Context,
    /,
    folder: str,
    format_: str,
    map_: str | None,
    annotator: str,
    corpus: str,
    schema: str,
    fix: bool,
    plan: bool,
    report: str,
    **details: Any,
) -> None:
    """Import the texts and labels of FOLDER as the work of one annotator.

    For brat, FOLDER holds pairs of .txt and .ann files, in folders of their own or not. The map says which label,
    relation or attribute of the inventory each name in the files becomes, or null to leave it out. Each line is taken,
    left out as the map says, or reported with file, line and code; `annotate rules F202` explains one. What is in the
    corpus already, with the same labels, is passed over, so that an import can be run again. A name that the map lacks
    is shown once, with its first line and how many lines have it. With --report json each finding is one line of JSON,
    those too, and the last line has the counts.

    Exit code 0: everything was taken; 1: something was reported and not taken; 2: could not run.

    \b
    annotate import --format brat others/ --map map.yaml --annotator reader-7 --plan
    annotate import --format brat others/ --map map.yaml --annotator reader-7
    annotate import --format xmi inception-export/ --map map.yaml --annotator reader-8
    """
    from annotate.corpus import Corpus
    from annotate.errors import CannotRun
    from annotate.formats import load_format
    from annotate.formats.importer import Importer
    from annotate.ingest import Details
    from annotate.inventory import load_inventory
    from annotate.label_map import find_map, identity_map

    root = Path(folder)
    inventory, store = load_inventory(schema), Corpus(corpus)
    default_path = root / "map.yaml"
    map_path = map_ or (str(default_path) if default_path.exists() else None)
    named_map = find_map(map_path, format_, inventory)
    label_map = named_map or identity_map(inventory)
    importer = Importer(store, inventory, label_map, annotator, Details(**details), fix, plan)
    outcomes = importer.import_folder(load_format(format_), root)
    with show_status("reading") as progress:
        tally = _show_outcomes(outcomes, root, report, progress)
    if not tally.documents:
        raise CannotRun(root, f"holds no files of {format_}", "name the folder of the files")
    _echo(_format_tally(tally, report), report)
    if tally.unmapped_names() and named_map is None and report == "text":
        hint = f"write a map (docs/interchange.md) and give it with --map, or as {default_path}"
        echo(f"No map was given, so that only names of the inventory are taken; {hint}", err=True)
    if report == "text" and tally.documents > tally.fates["refused"] and not plan:
        echo(f"Next: annotate check {corpus}", err=True)
    ctx.exit(1 if tally.errors else 0)


def _echo(text: str, report: str) -> None:
    """Print a line, which is JSON where the report is."""
    if report == "json":
        echo_json(text)
    else:
        echo(text)


def _show_outcomes(outcomes: "Iterable[ImportOutcome]", root: Path, report: str, progress: Any) -> "ImportTally":
    """Print each finding as it comes, and names that the map lacks once at the end, unless as JSON; return the totals.

    Args:
        outcomes: What became of each document.
        root: The folder of the files.
        report: `text` or `json`.
        progress: Called with a line of text after each document.
    """
    from annotate.formats.importer import ImportTally
    from annotate.formats.rules import unmapped

    tally = ImportTally()
    for outcome in outcomes:
        tally.add(outcome)
        for finding in outcome.sorted_findings:
            if finding.code != unmapped.code or report == "json":
                _echo(_format_finding(finding, root, report), report)
        texts, lines = count_noun(tally.documents, "text"), count_noun(tally.items.read, "line")
        progress(f"{texts}, {lines}, {tally.errors} reported")
    for finding in tally.unmapped_names() if report == "text" else ():
        _echo(_format_finding(finding, root, report), report)
    return tally


def _format_tally(tally: "ImportTally", report: str) -> str:
    fates, items = tally.fates, tally.items
    if report == "json":
        return json.dumps(
            {"texts": fates, "lines": items._asdict(), "spans": tally.spans, "relations": tally.relations,
             "errors": tally.errors, "warnings": tally.warnings}
        )  # fmt: skip
    return (
        f"{count_noun(tally.documents, 'text')}: {fates['new']} new, {fates['there already']} there already, "
        f"{fates['refused']} refused. {count_noun(items.read, 'line')}: {items.taken} taken, "
        f"{items.left_out} left out by the map, {items.reported} reported. "
        f"{count_noun(tally.spans, 'span')}, {count_noun(tally.relations, 'relation')}."
    )


def _format_finding(finding: "Finding", root: Path, report: str) -> str:
    file = (root / finding.file).as_posix()
    if report == "json":
        return json.dumps(
            {"code": finding.code, "severity": finding.severity, "file": file, "line": finding.line,
             "article": finding.article, "message": finding.message},
            ensure_ascii=False,
        )  # fmt: skip
    line = f":{finding.line}" if finding.line else ""
    colour = "red" if finding.severity == "error" else "yellow"
    where, code = style(file + line, bold=True), style(finding.code, fg=colour, bold=True)
    return TerminalText("{}: {} {}").format(where, code, finding.message)
