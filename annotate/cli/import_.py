"""`annotate import`: import texts and labels that were made elsewhere."""

import json
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from annotate.cli.options import corpus_option, schema_option
from annotate.cli.terminal import echo, echo_json, show_status, style
from annotate.formats import FORMATS
from annotate.util.escape import TerminalText

if TYPE_CHECKING:
    from annotate.findings import Finding
    from annotate.formats.importer import ImportOutcome


@click.command("import")
@click.argument("folder", type=click.Path())
@click.option("--format", "format_", required=True, type=click.Choice(FORMATS), help="Format of the files.")
@click.option(
    "--map",
    "map_",
    type=click.Path(),
    help="YAML file that maps source labels to inventory labels.  [default: map.yaml in FOLDER, if there is one]",
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
    from annotate import inventory
    from annotate.corpus import Corpus
    from annotate.errors import CannotRun
    from annotate.formats import load_format
    from annotate.formats.importer import Importer
    from annotate.formats.mapping import identity_map, load_map
    from annotate.ingest import Details

    root = Path(folder)
    if not root.is_dir():
        raise CannotRun(root, "no such folder", "name the folder of the files")
    loaded, store = inventory.load_inventory(schema), Corpus(corpus)
    own = root / "map.yaml"
    path = Path(map_) if map_ else own if own.exists() else None
    loaded_map = load_map(path, loaded) if path else identity_map(loaded)
    importer = Importer(store, loaded, loaded_map, annotator, Details(**details), fix, plan)
    outcomes = importer.import_all(load_format(format_).read(root, loaded))
    with show_status("reading") as progress:
        documents, refused, counts, reported, unmapped = _render(outcomes, root, report, progress)
    if not documents:
        raise CannotRun(root, f"holds no files of {format_}", "name the folder of the files")
    _echo(counts, report)
    if unmapped and path is None and report == "text":
        hint = f"write a map (docs/interchange.md) and give it with --map, or as {own}"
        echo(f"No map was given, so that only names of the inventory are taken; {hint}", err=True)
    if report == "text" and documents > refused and not plan:
        echo(f"Next: annotate check {corpus}", err=True)
    ctx.exit(1 if reported else 0)


def _echo(text: str, report: str) -> None:
    """Print a line, which is JSON where the report is."""
    if report == "json":
        echo_json(text)
    else:
        echo(text)


class _Unmapped:
    """A name that the map lacks: where it was first, and how many lines in how many files have it."""

    def __init__(self, finding: "Finding") -> None:
        self.first, self.last_file, self.lines, self.files = finding, "", 0, 0

    def add(self, finding: "Finding") -> None:
        self.lines += 1
        self.files += finding.file != self.last_file
        self.last_file = finding.file

    def finding(self) -> "Finding":
        files = "1 file" if self.files == 1 else f"{self.files:,} files"
        more = f" ({self.lines:,} such lines in {files}; this is the first)" if self.lines > 1 else ""
        return replace(self.first, message=f"{self.first.message}{more}")


def _render(
    outcomes: "Iterable[ImportOutcome]", root: Path, report: str, progress: Any
) -> tuple[int, int, str, int, int]:
    """Print each finding as it comes, and names that the map lacks once at the end, unless as JSON.

    Returns the number of documents, of refused ones, a summary, the number of errors, and of names that the map lacks.
    """
    from annotate.cli.terminal import count_noun
    from annotate.formats.apply_mapping import ItemCounts
    from annotate.formats.rules import unmapped

    tally, spans, relations, errors, warnings = ItemCounts(), 0, 0, 0, 0
    unmapped_names: dict[str, _Unmapped] = {}
    fates = {"new": 0, "there already": 0, "refused": 0}
    for outcome in outcomes:
        for finding in sorted(outcome.findings, key=lambda finding: (finding.file, finding.line or 0)):
            if finding.code == unmapped.code:
                unmapped_names.setdefault(finding.message, _Unmapped(finding)).add(finding)
            if finding.code != unmapped.code or report == "json":
                _echo(_format_finding(finding, root, report), report)
            errors += finding.severity == "error"
            warnings += finding.severity == "warning"
        tally = tally.plus(outcome.counts)
        fates[outcome.fate] += 1
        spans, relations = spans + outcome.spans, relations + outcome.relations
        progress(f"{count_noun(sum(fates.values()), 'text')}, {count_noun(tally.read, 'line')}, {errors} reported")
    for name in unmapped_names.values() if report == "text" else ():
        _echo(_format_finding(name.finding(), root, report), report)
    counts = {"texts": fates, "lines": tally._asdict(), "spans": spans, "relations": relations,
              "errors": errors, "warnings": warnings}  # fmt: skip
    labels = f"{count_noun(spans, 'span')}, {count_noun(relations, 'relation')}"
    summary = (
        f"{count_noun(sum(fates.values()), 'text')}: {fates['new']} new, {fates['there already']} there already, "
        f"{fates['refused']} refused. {count_noun(tally.read, 'line')}: {tally.taken} taken, "
        f"{tally.left_out} left out by the map, {tally.reported} reported. {labels}."
    )
    shown = json.dumps(counts) if report == "json" else summary
    return sum(fates.values()), fates["refused"], shown, errors, len(unmapped_names)


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
