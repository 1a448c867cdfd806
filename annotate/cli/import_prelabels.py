"""`annotate import --format prelabel`: take labels that `annotate prelabel` wrote, and say what became of them."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import click

from annotate.cli.import_ import echo_report, format_tally, show_outcomes
from annotate.cli.terminal import echo, show_status
from annotate.corpus import Corpus
from annotate.inventory import load_inventory
from annotate.model_run import describe_run
from annotate.models.prelabel_import import PrelabelImport, PrelabelImporter


class ImportedPaths(NamedTuple):
    """The folder of the labels, the corpus that takes them, and the folder of its inventory."""

    folder: str
    corpus: str
    schema: str


def run(
    paths: ImportedPaths, annotators: Sequence[str], *, replace: bool, plan: bool, report: str, show_all: bool
) -> int:
    """Take the labels, and return the exit code."""
    if len(annotators) > 1 or any("=" in annotator for annotator in annotators):
        raise click.UsageError("--annotator names one annotator with --format prelabel.")
    corpus, inventory = Corpus(paths.corpus), load_inventory(paths.schema)
    annotator = annotators[0] if annotators else None
    importer = PrelabelImporter(corpus, inventory, Path(paths.folder), annotator, replace=replace)
    with show_status("reading") as progress:
        result = importer.run(plan=plan)
        tally = show_outcomes(result.outcomes, report, "item", progress, show_all)
    if report == "json":
        echo_report(json.dumps({"annotator": result.annotator, "entry": result.entry}), report)
    elif result.entry != "kept":
        echo(_describe_entry(result, str(corpus.annotators_path), plan=plan))
    echo_report(format_tally(tally, report, "item"), report)
    if report == "text" and tally.fates["refused"]:
        echo("Nothing is written of a refused text. Correct what is reported, and run the same import again.", err=True)
    if report == "text" and tally.documents > tally.fates["refused"] and not plan:
        echo(f"Next: annotate check {paths.corpus}", err=True)
    return 1 if tally.errors else 0


def _describe_entry(result: PrelabelImport, path: str, *, plan: bool) -> str:
    verb = f"{'would be ' * plan}{'added' if result.entry == 'added' else 'changed'}"
    description = f". {describe_run(result.run)}" if result.run else ""
    return f"{path}: {result.annotator} {verb}{description}"
