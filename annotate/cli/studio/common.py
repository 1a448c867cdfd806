"""What the commands of `annotate studio` share: options, the connection to a server, progress."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from annotate.cli.terminal import count_noun, describe_bar, echo, echo_cut_lines, format_tables, show_bars, write_output
from annotate.errors import CannotRun, Refused
from annotate.util.escape import Markdown, quote

if TYPE_CHECKING:
    from annotate import Corpus, Finding, Inventory
    from annotate.labelstudio.client import Progress, Project, Studio
    from annotate.labelstudio.predictions import Predictions
    from annotate.labelstudio.push import PushResult
    from annotate.labelstudio.state import State
    from annotate.util.tables import Table

patience_option = click.option(
    "--end-without-server",
    "patience",
    type=click.FloatRange(0),
    metavar="SECONDS",
    help="End once the server that `annotate studio up` started has not run for so long.  [default: never]",
)
dir_option = click.option(
    "--dir",
    "folder",
    type=click.Path(readable=False),
    help="Folder for the server's data, a new one or one used before.  [default: one for the corpus, in your data "
    "directory]",
)
title_option = click.option("--title", help="Title of the project on the server.  [default: the inventory's]")
map_option = click.option(
    "--map",
    "map_",
    type=click.Path(),
    help="YAML file that maps the names of a project made elsewhere to the inventory.  [default: "
    "maps/labelstudio.yaml in the schema folder, if there is one]",
)
restore_option = click.option(
    "--restore-config", is_flag=True, help="Revert a labelling config that was changed on the server."
)
no_check_option = click.option(
    "--no-check", is_flag=True, help="Push articles even if `annotate check` finds errors in the corpus."
)

hidden_gold_option = click.option(
    "--hidden-gold",
    metavar="N",
    type=click.IntRange(0),
    default=0,
    help="Mix N articles with gold into the work of each annotator, to measure quality.",
)
table_format_option = click.option(
    "--format",
    "format_",
    type=click.Choice(("text", "markdown", "csv")),
    default="text",
    show_default=True,
    help="Output format.",
)


def read_labels(
    labels: str, corpus: "Corpus", inventory: "Inventory", *, is_checked: bool = False
) -> "tuple[Predictions, str]":
    """Return the labels that an option names, gold or those of a folder, and the name that the server lists them under.

    Args:
        labels: `gold`, or a folder of annotation files of one annotator.
        corpus: The corpus.
        inventory: The inventory of the labelling config.
        is_checked: Whether the corpus passed the checks.

    Raises:
        CannotRun: There are none, or they do not fit the corpus.
        Refused: The files of the folder have errors.
    """
    from annotate.checks import find_errors
    from annotate.labelstudio.predictions import corpus_predictions, folder_predictions
    from annotate.labelstudio.tasks import prediction_name
    from annotate.model import GOLD

    if labels == GOLD:
        predictions = corpus_predictions(corpus, inventory, is_checked=is_checked)
        if not predictions:
            hint = "make some with `annotate adjudicate`, or leave the option out"
            raise CannotRun(corpus.root / "annotations", "has no gold labels", hint)
        return predictions, prediction_name(GOLD, inventory.version)
    predictions, annotator, errors = folder_predictions(labels, corpus, inventory, find_errors)
    refuse_errors(labels, "the labels, so nothing was done with them", "fix them", errors)
    return predictions, prediction_name(annotator, inventory.version)


def warn_of_unlisted(annotator: str, corpus: "Corpus") -> None:
    """Print a warning if the annotator whose labels are shown has no entry in annotators.yaml."""
    from annotate.model import GOLD

    if annotator != GOLD and annotator not in corpus.read_annotators():
        echo(
            f"{corpus.annotators_path}: does not list {quote(annotator)}; list it, a model with `kind: model`, because "
            "labels that begin with its labels name it",
            err=True,
        )


@contextmanager
def show_progress(description: str) -> "Iterator[Progress]":
    """Show a progress bar on a terminal, and nothing elsewhere; yield the function that advances it."""
    with show_bars() as bars:
        if bars is None:
            yield lambda done, total: None
            return
        task = bars.add_task(describe_bar(description), total=None)
        yield lambda done, total: bars.update(task, completed=done, total=total)


@contextmanager
def connect(corpus: str | Path, folder: str | None) -> "Iterator[tuple[Studio, State]]":
    """Connect to the server of a corpus or of a folder, or to the one in the environment."""
    from annotate.labelstudio.client import Studio, find_server
    from annotate.labelstudio.location import open_state
    from annotate.util.parallel import with_rare_garbage_collection

    state = open_state(corpus, folder)
    state.create_folder()
    with Studio(find_server(state)) as studio, with_rare_garbage_collection():
        yield studio, state


def page_url(studio: "Studio", project: "Project") -> str:
    """Return the address of a project's page."""
    return f"{studio.url}/projects/{project.id}/data"


def describe_span(span: str | None, words: str) -> str:
    """Return what a line says of the span of a finding, with a colon and a space: its words, or its id without them."""
    if words:
        return f"{quote(words, 40)}: "
    return f"span {span}: " if span else ""


def describe_finding(finding: "Finding") -> str:
    """Return the line of a finding on labels of the server."""
    return f"{finding.file}: {finding.code} {describe_span(finding.span, finding.words)}{finding.message}"


def render_guidelines(folder: str, inventory: "Inventory") -> str:
    """Return the instructions for annotators; none if there is no folder of guidelines."""
    from annotate.labelstudio.instructions import render_instructions

    return render_instructions(folder, inventory) if Path(folder).is_dir() else ""


def hide_gold_articles(
    studio: "Studio",
    state: "State",
    corpus: "Corpus",
    title: str,
    annotator: str,
    article_ids: "list[str]",
    count: int,
    seed: int,
) -> list[str]:
    """Return what to assign to an annotator, with `count` hidden gold articles; see `hidden_gold.hide_gold`."""
    from annotate.labelstudio.projects import training_projects
    from annotate.labelstudio.results import article_id_of
    from annotate.service.hidden_gold import hide_gold

    if not count:
        return article_ids
    practised = {
        article_id_of(task) or ""
        for _, project in training_projects(studio, state, title, [annotator])
        for task in studio.iterate_tasks(project.id, fields="id,data")
    }
    return hide_gold(corpus, state, studio.address.name, title, annotator, article_ids, count, seed, practised)


def write_table(table: "Table", format_: str, out: str | None) -> None:
    """Write a table in a format of `table_format_option` to a file, or to standard output where no file is named."""
    from annotate.util.tables import render_csv, render_markdown

    if format_ == "csv":
        text = render_csv(table)
    elif format_ == "markdown":
        text = Markdown("\n\n").join([Markdown("## {}").format(table.title), *render_markdown(table)]) + "\n"
    else:
        text = format_tables([], [table], colour=out is None).lstrip("\n")
    write_output(out, text)


def show_conflicts(result: "PushResult", prefix: str = "", *, show_all: bool = True) -> bool:
    """Print the conflicts of a push, all or the first ones, and return whether there are any."""
    lines = (f"refused: {prefix}{conflict}" for conflict in result.conflicts)
    echo_cut_lines(lines, "conflict", show_all, err=True)
    return bool(result.conflicts)


def judge_findings(corpus: str | Path, hint: str, findings: "list[Finding]") -> None:
    """Print the first errors of a corpus, or count its warnings in one line.

    Raises:
        Refused: There are errors.
    """
    refuse_errors(corpus, "the corpus", hint, [finding for finding in findings if finding.is_error])
    if findings:
        from annotate.cli.findings_output import describe_downgraded

        note = describe_downgraded(findings)
        echo(
            f"{corpus}: {count_noun(len(findings), 'warning')}{f' ({note})' if note else ''}; see `annotate check`",
            err=True,
        )


def refuse_errors(where: str | Path, what: str, hint: str, errors: "list[Finding]") -> None:
    """Print the first errors.

    Raises:
        Refused: There are errors.
    """
    lines = (f"{error.file}: {error.code} {error.message}" for error in errors)
    echo_cut_lines(lines, "error", remedy="`annotate check` lists the errors of a corpus", err=True)
    if errors:
        count = f"{len(errors)} error{'' if len(errors) == 1 else 's'}"
        raise Refused(where, f"{count} in {what}", hint)
