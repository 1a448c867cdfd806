"""`annotate studio status`: the server, its projects, the progress of annotators, and what needs attention."""

from collections import Counter
from collections.abc import Collection, Iterator
from typing import TYPE_CHECKING

import click

import annotate
from annotate.cli.findings_output import describe_counts, describe_hidden
from annotate.cli.options import all_option, corpus_option, schema_option
from annotate.cli.studio.common import connect, describe_span, dir_option, page_url, show_progress, title_option
from annotate.cli.terminal import (
    MAX_SHOWN,
    count_noun,
    describe_rest,
    echo,
    echo_cut_lines,
    echo_lines,
    make_grid,
    terminal,
)
from annotate.errors import CannotRun, Refused

if TYPE_CHECKING:
    from annotate import Inventory
    from annotate.label_map import LabelMap
    from annotate.labelstudio.client import Studio
    from annotate.labelstudio.state import State
    from annotate.labelstudio.status import LabellingStatus

MAX_ROWS = 50
"""Articles in the table without --all."""


@click.command("status")
@corpus_option
@schema_option
@title_option
@dir_option
@all_option
@click.pass_context
def status(ctx: click.Context, corpus: str, schema: str, title: str | None, folder: str | None, show_all: bool) -> None:
    """Show the server, its projects, the progress of each annotator, and items that could not be taken.

    The first line is the folder of the server's data and logins. Totals for each project and annotator follow, with the
    time of the work on what was submitted, as Label Studio measures it. Then comes a table of articles × annotators,
    unfinished articles first, of which the first 50 are shown without --all: done, draft, skipped, left (assigned and
    not begun), or – if nothing is known.

    Exit code 0: all is well; 1: items are quarantined, labels that were pulled are not on the server any more, a
    labelling config was changed on the server, or a migration was interrupted; 2: could not run.

    \b
    annotate studio status
    annotate studio status --all
    """
    from annotate.label_map import find_map
    from annotate.labelstudio.deleted_labels import find_deleted_labels
    from annotate.labelstudio.http import LOCAL
    from annotate.labelstudio.identification import describe_version
    from annotate.labelstudio.location import open_state
    from annotate.labelstudio.recovery import AnnotatorsByLogin, recover_projects_unless_locked
    from annotate.labelstudio.status import read_status

    inventory = annotate.load_inventory(schema)
    label_map = find_map(None, "labelstudio", inventory)
    name = title or inventory.title
    echo(f"data: {open_state(corpus, folder, create=False).folder}")
    store = annotate.Corpus(corpus)
    try:
        with connect(corpus, folder) as (studio, state):
            version = describe_version(studio.server_version())
            echo(f"server: {studio.url}{' (this machine)' if studio.address.name == LOCAL else ''}, {version}")
            recover_projects_unless_locked(store, studio, state, name, "status")
            warnings = list(_show_projects(studio, state, name, inventory, label_map))
            _show_training(studio, state, name, list(store.read_annotators()))
            with show_progress("counting") as progress:
                annotators, fields = AnnotatorsByLogin(store, studio, state), label_map.fields if label_map else None
                labelling = read_status(studio, state, name, annotators, progress, fields)
            deleted = [str(each) for each in find_deleted_labels(studio, state, store, name, fields, labelling)]
    except Refused as error:  # nothing was to be changed, so nothing was refused
        raise CannotRun(error.where, error.problem, error.hint) from error
    _show_watch(state)
    _show_suggestions(state, studio.address.name)
    _show_annotators(labelling, state.removed_annotators(studio.address.name))
    _show_articles(labelling, len(labelling.stages) if show_all else MAX_ROWS)
    _show_dropped(state, show_all)
    warnings += _state_warnings(state)
    quarantined = _count_quarantined(state)
    numbers = [
        *([f"{count_noun(len(deleted), 'annotation')} no longer on the server"] if deleted else []),
        *([f"quarantined: {describe_counts(quarantined)}"] if quarantined else []),
    ]
    if numbers and len(warnings) + len(deleted) + quarantined.total() > MAX_SHOWN:
        echo("; ".join(numbers))
    echo_lines(warnings)
    echo_cut_lines(deleted, "line", show_all)
    echo_lines(_list_quarantined(state, show_all))
    if not show_all:
        echo_lines(describe_hidden(quarantined))
    if warnings or deleted or quarantined:
        ctx.exit(1)


def _show_projects(
    studio: "Studio", state: "State", title: str, inventory: "Inventory", label_map: "LabelMap | None"
) -> Iterator[str]:
    """Print what the server counts in each project; yield the configs that were changed there."""
    from annotate.labelstudio.config_drift import find_drift
    from annotate.labelstudio.journal import HAS_DRAFT
    from annotate.labelstudio.projects import corpus_projects

    projects = list(corpus_projects(studio, state, title))
    for name, project in projects:
        counts = (
            f"{project.tasks} tasks, {project.predictions} predictions, {project.annotations} submitted, "
            f"{project.skipped} skipped, {studio.count_tasks(project.id, [HAS_DRAFT])} with a draft"
        )
        echo(f"project {project.id}, {name}: {counts}; {page_url(studio, project)}")
    if not projects:
        echo("project: none; create it with `annotate studio push`")
    for _, project in projects:
        drift = find_drift(state, studio.address.name, project, inventory, label_map)
        if drift:
            yield str(drift)


def _show_training(studio: "Studio", state: "State", title: str, annotators: list[str]) -> None:
    """Print the projects to practise in. Their labels are no labels of the corpus, and count nowhere else."""
    from annotate.labelstudio.projects import training_projects

    for annotator, project in training_projects(studio, state, title, annotators):
        counts = f"{project.annotations} of {project.tasks} submitted"
        echo(f"training project {project.id} of {annotator}: {counts}; {page_url(studio, project)}")


def _show_watch(state: "State") -> None:
    """Print whether a watch runs in the background, and where its pages are, if one was ever started here."""
    from annotate.service.background import find_watch
    from annotate.service.pages import PAGES_FOLDER

    process, pages = find_watch(state), state.folder / PAGES_FOLDER
    if process is not None or pages.is_dir():
        running = f"process {process.pid}" if process is not None else "not running in the background"
        echo(f"watch: {running}; summary pages: {pages}")


def _show_suggestions(state: "State", server: str) -> None:
    """Print whether suggestions are served, and which projects ask for them."""
    from annotate.service.background import SUGGEST, find_service
    from annotate.service.registration import list_registrations

    process, registrations = find_service(state, SUGGEST), list_registrations(state, server)
    if process is not None:
        titles = ", ".join(registration.title for registration in registrations.values())
        echo(f"suggestions: process {process.pid}, port {process.port}; shown in: {titles}")
    elif registrations:
        echo(
            f"suggestions: not running, and {count_noun(len(registrations), 'project')} asks for them; serve them "
            "again, or end it with `annotate studio suggest --stop`"
        )


def _show_annotators(labelling: "LabellingStatus", removed: "Collection[str]") -> None:
    from statistics import median

    from annotate.labelstudio.status import STAGES

    for annotator in labelling.annotators:
        counts, times = labelling.counts(annotator), labelling.lead_times.get(annotator)
        work = (
            f"; {describe_time(median(times))} an article (median), {describe_time(sum(times))} in all" if times else ""
        )
        gone = "removed; " if annotator in removed else ""
        echo(f"{annotator}: {gone}{', '.join(f'{counts[stage]} {stage}' for stage in STAGES)}{work}")


def describe_time(seconds: float) -> str:
    """Return a time in words: "45 s", "12 min", "3 h 5 min"."""
    minutes = round(seconds / 60)
    if minutes < 2:
        return f"{round(seconds)} s"
    return f"{minutes} min" if minutes < 60 else f"{minutes // 60} h {minutes % 60} min"


def _show_articles(labelling: "LabellingStatus", limit: int) -> None:
    """Print a table of articles × annotators, unfinished articles first."""
    if not labelling.annotators:
        echo(f"{len(labelling.stages)} articles; no one has begun")
        return
    stages = labelling.stages
    article_ids = sorted(stages, key=lambda article_id: (set(stages[article_id].values()) == {"done"}, article_id))
    rows = (
        (article_id, *(stages[article_id].get(annotator, "–") for annotator in labelling.annotators))
        for article_id in article_ids[:limit]
    )
    terminal().print(make_grid(None, [(name, "left") for name in ("article", *labelling.annotators)], rows))
    if len(article_ids) > limit:
        echo(describe_rest(len(article_ids) - limit, "article"))


def _show_dropped(state: "State", show_all: bool) -> None:
    """Print where the labels are that did not fit a corrected text; nothing is left to do about them."""
    from annotate.reanchoring.journal import count_dropped

    dropped = count_dropped(state)
    hint = "delete the file once it is not needed"
    lines = (
        f"{count_noun(count, 'label')} that did not fit a corrected text: {path}; {hint}" for path, count in dropped
    )
    echo_cut_lines(lines, "article", show_all)


def _state_warnings(state: "State") -> Iterator[str]:
    """Yield an interrupted migration, and the pages of the journal."""
    from annotate.labelstudio.journal import PullJournal
    from annotate.labelstudio.lock import require_no_migration

    try:
        require_no_migration(state)
    except CannotRun as error:
        yield str(error)
    pages = len(PullJournal(state).page_paths())
    if pages:
        yield f"the journal has {pages} pages of tasks that are not in the corpus yet; run `annotate studio pull`"


def _count_quarantined(state: "State") -> Counter[str]:
    """Return how often each code is a reason in the quarantine."""
    from annotate.labelstudio.quarantine import iterate_quarantine

    return Counter(reason.code for _, entry in iterate_quarantine(state) for reason in entry.reasons)


def _list_quarantined(state: "State", show_all: bool) -> Iterator[str]:
    """Yield a line for each reason in the quarantine, or for the first ones with each code."""
    from annotate.labelstudio.quarantine import iterate_quarantine

    counts = Counter[str]()
    for article_id, entry in iterate_quarantine(state):
        for reason in entry.reasons:
            counts[reason.code] += 1
            if not show_all and counts[reason.code] > MAX_SHOWN:
                continue
            annotator = f", {entry.annotator}" if entry.annotator else ""
            where = describe_span(reason.span, reason.words)
            yield f"quarantined: {article_id}, task {entry.task}{annotator}: {reason.code} {where}{reason.message}"
