"""`annotate import`: import texts and labels that were made elsewhere."""

import json
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from click.core import ParameterSource

from annotate.cli.findings_output import announce_cut, cut_findings, describe_counts, describe_hidden, show_commands
from annotate.cli.options import FINDINGS_FORMATS, all_option, corpus_option, language_option, schema_option
from annotate.cli.terminal import (
    MAX_SHOWN,
    count_noun,
    echo,
    echo_json,
    echo_lines,
    show_default_language,
    show_status,
    style,
)
from annotate.formats import CSV, FORMATS, LABEL_STUDIO, PRELABEL, TOOLS
from annotate.util.escape import TerminalText

if TYPE_CHECKING:
    from annotate.findings import Finding
    from annotate.formats.import_outcomes import ImportOutcome, ImportTally

_FORMATS_WITH_LINES = ("brat", "bio")
"""The formats in which each line of a file is taken, left out or reported; elsewhere it is each item."""


@click.command("import")
@click.argument("folder", type=click.Path())
@click.option(
    "--format",
    "format_",
    required=True,
    type=click.Choice((*FORMATS, CSV, LABEL_STUDIO, *TOOLS, PRELABEL)),
    help="Format of the files.",
)
@click.option(
    "--map",
    "map_",
    type=click.Path(),
    help="YAML file that maps source labels to inventory labels.  [default: map.yaml in FOLDER, or maps/FORMAT.yaml in "
    "the schema folder, if there is one]",
)
@click.option(
    "--annotator",
    "annotators",
    multiple=True,
    metavar="ID|NAME=ID",
    help="Id of the annotator who made the labels, as in annotators.yaml; NAME=ID is the id of an annotator that the "
    "files call NAME (repeatable).  [default: the names in the files]",
)
@click.option(
    "--texts", help="Where brat's texts are in FOLDER, such as 'text/{id}.txt'.  [default: next to the labels]"
)
@click.option(
    "--labels",
    multiple=True,
    help="Where brat's labels are in FOLDER, such as 'labels/{id}.{annotator}.ann' (repeatable: a text has them all).  "
    "[default: next to the texts, in .ann, or in .a1 and .a2]",
)
@corpus_option
@schema_option
@click.option("--fix", is_flag=True, help="Correct wrong offsets of a line whose text fits in exactly one way.")
@click.option("--replace", is_flag=True, help="Replace other labels of the same texts by the same annotator.")
@click.option(
    "--replace-incomplete",
    is_flag=True,
    help="Replace other labels also by those of a text of which something is reported, and so is not taken.",
)
@click.option("--plan", is_flag=True, help="Show what would be done, and do nothing.")
@click.option("--metadata", type=click.Path(), help="Table of metadata (CSV or JSON), with a row for each article.")
@language_option
@click.option("--publisher", help="Publisher of the texts, if known.")
@click.option("--rights", default="The text belongs to its publisher.", show_default=True, help="Who owns the texts.")
@click.option(
    "--report", type=click.Choice(FINDINGS_FORMATS), default="text", show_default=True, help="Format of the report."
)
@all_option
@click.pass_context
def command(
    ctx: click.Context,
    /,
    folder: str,
    format_: str,
    map_: str | None,
    annotators: tuple[str, ...],
    texts: str | None,
    labels: tuple[str, ...],
    corpus: str,
    schema: str,
    fix: bool,
    replace: bool,
    replace_incomplete: bool,
    plan: bool,
    metadata: str | None,
    report: str,
    show_all: bool,
    language: str | None,
    **details: Any,
) -> None:
    """Import the texts and labels of FOLDER as the work of their annotators.

    For brat, FOLDER holds pairs of .txt and .ann files, or .a1 and .a2, in folders of their own or not. --texts and
    --labels say where they are otherwise: {id} is the name of a text, {annotator} that of an annotator, {folder} any
    folders, and * any characters of a name. The map says which label, relation or attribute of the inventory each name
    in the files becomes, or null to leave it out. Each line or item is taken, left out as the map says, or reported
    with file, line and code; `annotate rules F202` explains one. What is in the corpus already, with the same labels,
    is passed over, so that an import can be run again. Other labels are refused, or replaced with --replace. A name
    that the map lacks is one finding, with its first line and how many lines have it. Of each code the first 20
    findings are shown, or all with --all. With --report json each finding is one line of JSON, and the last line has
    the counts. JSON lines of other tools need a map of their keys (`jsonl`); doccano and prodigy have a ready one.
    docs/how-to/coming-from.md has an example for each tool.

    For csv, FOLDER holds the tables of `annotate export --format csv`, or a table spans.csv that you wrote, with the
    columns article, label and quote (the words) and the like; FOLDER may be that table itself. The texts are in the
    corpus already.

    For labelstudio, FOLDER is an export (raw JSON) or a folder of exports. The people in it are named by their number
    on the server, or else by their address: --annotator 7=anna.

    For prelabel, FOLDER is one that `annotate prelabel` wrote. The texts are in the corpus already. The record of the
    run that made the labels goes into annotators.yaml, as that of a model; labels that a run did not make need an entry
    there. Everything is checked before anything is written.

    Each value of --metadata that an article cannot have is shown, and nothing is imported. A row that fits no text, and
    a column that is no field, are reported with the other findings.

    Exit code 0: everything was taken; 1: something was reported and not taken; 2: could not run, as with such a value.

    \b
    annotate import --format brat others/ --map map.yaml --annotator reader-7 --plan
    annotate import --format brat others/ --map map.yaml --annotator reader-7
    annotate import --format brat others/ --texts 'text/{id}.txt' --labels 'ann/{id}.{annotator}.ann'
    annotate import --format xmi inception-export/ --map map.yaml --annotator reader-8
    annotate import --format doccano doccano-export/ --map map.yaml --annotator reader-9
    annotate import --format jsonl exported/
    annotate import --format csv tables/ --annotator reader-7
    annotate import --format labelstudio export.json --annotator 7=anna --annotator 9=ben
    annotate import --format prelabel out/model --plan
    """
    if format_ == PRELABEL:
        from annotate.cli import import_prelabels

        _refuse_other_options(ctx)
        paths = import_prelabels.ImportedPaths(folder, corpus, schema)
        ctx.exit(import_prelabels.run(paths, annotators, replace=replace, plan=plan, report=report, show_all=show_all))
    from annotate.article_metadata import load_metadata, require_valid_options
    from annotate.corpus import Corpus
    from annotate.errors import CannotRun
    from annotate.formats import load_reader
    from annotate.formats.file_patterns import ANNOTATOR, make_layout
    from annotate.formats.importer import Importer, ImportOptions, parse_annotators
    from annotate.ingest import Details
    from annotate.inventory import load_inventory
    from annotate.label_map import MAPS_FOLDER, complete_map, find_map, identity_map, name_annotators

    if (texts is not None or labels) and format_ != "brat":
        raise click.UsageError("--texts and --labels go with --format brat")
    root = Path(folder)
    inventory, store = load_inventory(schema), Corpus(corpus)
    default_path = root / "map.yaml"
    map_path = map_ if map_ is not None else str(default_path) if default_path.exists() else None
    given_map = find_map(map_path, format_, inventory)
    label_map = given_map or identity_map(inventory)
    annotator, ids = parse_annotators(annotators)
    layout = make_layout(texts, labels) if texts is not None or labels else None
    is_named = format_ in ("jsonl", CSV, LABEL_STUDIO, *TOOLS) or (
        layout is not None and ANNOTATOR in layout.labels[0][0].fields
    )
    if annotator is None and not is_named:
        problem = f"is missing, and files of {format_} do not say who labelled"
        raise CannotRun("--annotator", problem, "name one of annotators.yaml")
    if format_ == LABEL_STUDIO:
        from annotate.convert.exported_documents import make_reader

        reader = make_reader(inventory, name_annotators(label_map, ids))
    elif format_ == CSV:
        from annotate.formats.csv_labels import make_reader as make_csv_reader

        reader = make_csv_reader(store, inventory, name_annotators(complete_map(label_map, inventory), ids))
    else:
        reader = load_reader(format_, name_annotators(complete_map(label_map, inventory), ids), layout)
    require_valid_options({"language": language, **details})
    table = load_metadata(Path(metadata), inventory.metadata) if metadata is not None else None
    if table:
        table.raise_faults()
    options = ImportOptions(
        Details(language=inventory.language if language is None else language, **details),
        fix,
        plan,
        replace or replace_incomplete,
        table,
        frozenset(ids),
        replace_incomplete,
    )
    importer = Importer(store, inventory, reader.label_map, annotator, options)
    own_files = [Path(path) for path in (map_, metadata) if path is not None]
    outcomes = importer.import_folder(reader, root, own_files)
    noun = "line" if format_ in _FORMATS_WITH_LINES else "item"
    with show_status("reading") as progress:
        tally = show_outcomes(outcomes, report, noun, progress, show_all)
    if not tally.documents:
        raise CannotRun(root, f"holds no texts of {format_}", "name the folder of the files")
    echo_report(format_tally(tally, report, noun), report)
    if tally.has_unmapped_names() and given_map is None and report == "text":
        own = Path(schema) / MAPS_FOLDER / f"{format_}.yaml"
        hint = f"write a map (docs/reference/interchange.md) as {own}, or name one with --map"
        echo(f"No map was given, so that only names of the inventory are taken; {hint}", err=True)
    if (
        report == "text"
        and tally.new_articles
        and language is None
        and not (table and table.has_everywhere("language"))
    ):
        show_default_language(inventory.language, is_declared=True)
    if report == "text" and tally.fates["refused"]:
        echo("Nothing is written of a refused text. Correct what is reported, and run the same import again.", err=True)
    if report == "text" and tally.documents > tally.fates["refused"] and not plan:
        echo(f"Next: annotate check {corpus}", err=True)
    ctx.exit(1 if tally.errors else 0)


def _refuse_other_options(ctx: click.Context) -> None:
    """Refuse options that say nothing about labels of a program."""
    common = {"folder", "format_", "annotators", "corpus", "schema", "replace", "plan", "report", "show_all"}
    for parameter in ctx.command.params:
        name = str(parameter.name)
        if name not in common and ctx.get_parameter_source(name) is ParameterSource.COMMANDLINE:
            raise click.UsageError(f"{parameter.opts[0]} does not go with --format {PRELABEL}.", ctx)


def echo_report(text: str, report: str) -> None:
    """Print a line, which is JSON where the report is."""
    if report == "json":
        echo_json(text)
    else:
        echo(text)


def show_outcomes(
    outcomes: "Iterable[ImportOutcome]", report: str, noun: str, progress: Any, show_all: bool
) -> "ImportTally":
    """Print each finding as it comes, or as text the repeated ones once and the first of each code at the end.

    An import that is interrupted, too, prints what it has found.

    Args:
        outcomes: What became of each document.
        report: One of `FINDINGS_FORMATS`.
        noun: What the files consist of.
        progress: Called with a line of text after each document.
        show_all: Whether the text has more than the first findings of each code.

    Returns:
        The totals.
    """
    from annotate.formats.import_outcomes import ImportTally

    tally = ImportTally(None if show_all else MAX_SHOWN)
    try:
        for outcome in outcomes:
            tally.add(outcome)
            if report == "github":
                show_commands(outcome.sorted_findings, Path())
            for finding in outcome.sorted_findings if report == "json" else ():
                echo_json(_format_finding(finding, report))
            texts, items = count_noun(tally.texts, "text"), count_noun(tally.items.read, noun)
            progress(f"{texts}, {items}, {tally.errors} reported")
    finally:
        if report == "text":
            _show_findings(tally, show_all)
    return tally


def _show_findings(tally: "ImportTally", show_all: bool) -> None:
    """Print what the map lacks, which is the reason for many other findings, then the first of each other code."""
    repeated, counts = cut_findings(tally.repeated_findings(), show_all)
    counts += tally.counts
    hidden = [] if show_all else describe_hidden(counts)
    if hidden:
        echo(announce_cut(f"{count_noun(counts.total(), 'finding')}: {describe_counts(counts)}."))
    for finding in (*repeated, *tally.first_findings):
        echo(_format_finding(finding, "text"))
    echo_lines(hidden)


def format_tally(tally: "ImportTally", report: str, noun: str) -> str:
    """Return the line with the totals of an import.

    Args:
        tally: The totals.
        report: One of `FINDINGS_FORMATS`.
        noun: What the files consist of.
    """
    fates, items = tally.fates, tally.items
    if report == "json":
        return json.dumps(
            {"texts": fates, "lines": items._asdict(), "spans": tally.spans, "relations": tally.relations,
             "errors": tally.errors, "warnings": tally.warnings}
        )  # fmt: skip
    left_out = f", {fates['left out']} left out" if "left out" in fates else ""
    annotations = f", {count_noun(tally.documents, 'annotation')}" if tally.documents > tally.texts else ""
    replaced = f"{fates['replaced']} replaced, " if "replaced" in fates else ""
    return (
        f"{count_noun(tally.texts, 'text')}{annotations}: {fates['new']} new, "
        f"{fates['there already']} there already, {replaced}{fates['refused']} refused{left_out}. "
        f"{count_noun(items.read, noun)}: {items.taken} taken, "
        f"{items.left_out} left out, {items.reported} reported. "
        f"{count_noun(tally.spans, 'span')}, {count_noun(tally.relations, 'relation')}."
    )


def _format_finding(finding: "Finding", report: str) -> str:
    if report == "json":
        return json.dumps(
            {"code": finding.code, "severity": finding.severity, "file": finding.file, "line": finding.line,
             "article": finding.article, "message": finding.message},
            ensure_ascii=False,
        )  # fmt: skip
    line = f":{finding.line}" if finding.line else ""
    colour = "red" if finding.severity == "error" else "yellow"
    where, code = style(finding.file + line, bold=True), style(finding.code, fg=colour, bold=True)
    name = _name_item(finding)
    return TerminalText("{}: {} {}{}").format(where, code, f"{name}: " if name else "", finding.message)


def _name_item(finding: "Finding") -> str:
    """Return the text and the span that a finding is on, if they are in a file of many texts that has no lines."""
    from annotate.formats.import_outcomes import REPEATED

    if finding.line or finding.code in REPEATED:
        return ""
    names = [finding.article] if finding.article and Path(finding.file).stem != finding.article else []
    return " ".join([*names, *([f"span {finding.span}"] if finding.span else [])])
