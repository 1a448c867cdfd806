"""Push a corpus to a server: a project with config and instructions, a task for each article, labels as predictions.

A push first makes a plan (`push_plan`), and then carries it out. A second push changes nothing, and a push after an
interruption completes what is left. Work on the server is never overwritten, neither by another config nor by another
text.
"""

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from typing import NamedTuple

import msgspec

from annotate.labelstudio import tasks
from annotate.labelstudio.client import Progress, Project, Studio, task_filter
from annotate.labelstudio.config import TEXT
from annotate.labelstudio.config_drift import save_config
from annotate.labelstudio.config_versions import save_version_change
from annotate.labelstudio.http import prefetching, retry
from annotate.labelstudio.push_plan import (
    TASK_FIELDS,
    Action,
    PlanStep,
    PushPlan,
    PushRequest,
    changed_data,
    describe_duplicates,
    digest_result,
    group_by_article,
    plan_article,
    plan_push,
)
from annotate.labelstudio.pushed_predictions import PushedProject, PushedTask, write_pushed
from annotate.labelstudio.results import article_id_of
from annotate.labelstudio.shown_predictions import describe_start, show_predictions
from annotate.labelstudio.state import State
from annotate.labelstudio.views import DEFAULT, create_tab

BATCH_SIZE = 500
"""Tasks in one import at most; with many thousands, a server takes longer than a connection lasts."""
BATCH_BYTES = 8_000_000
"""Bytes of JSON in one import, unless a single task has more.

Each import has a cost of its own. The bound keeps memory small, and little is sent again after an import that failed.
"""
PROJECT_COLOR = "#1f6fb4"


class PushResult(NamedTuple):
    """What a push did: articles by action, predictions written, conflicts in words, and what annotators start from."""

    project: Project
    created: list[str]
    updated: list[str]
    unchanged: list[str]
    predictions: int
    conflicts: list[str]
    start: str


class _EncodedTask(NamedTuple):
    """A task to import: its article, the name and the hash of the result of each prediction, and its JSON."""

    article_id: str
    predictions: tuple[tuple[str, str], ...]
    body: msgspec.Raw


def push(
    studio: Studio,
    state: State,
    request: PushRequest,
    *,
    before_change: Callable[[], None] = lambda: None,
    progress: Progress | None = None,
) -> PushResult:
    """Bring a server up to date with a corpus.

    Args:
        studio: The server.
        state: The folder that remembers projects; the caller holds its lock.
        request: What is to be pushed.
        before_change: Called when the plan is complete and nothing is changed yet.
        progress: Called with the number of articles written, and of all that have to be.

    Raises:
        CannotRun: The server cannot be reached, or answers with an error.
        Refused: See `plan_push`; nothing was changed.
    """
    plan = plan_push(studio, state, request)
    new_ids = [step.article_id for step in plan.steps if step.action == "create"]
    # The first batch is encoded while the corpus is checked and the project created.
    with prefetching(_encode_batches(request, new_ids)) as batches:
        before_change()
        return _carry_out(studio, state, request, plan, batches, progress)


def _carry_out(
    studio: Studio,
    state: State,
    request: PushRequest,
    plan: PushPlan,
    batches: Iterable[Sequence[_EncodedTask]],
    progress: Progress | None,
) -> PushResult:
    """Carry out a plan; `batches` has the new tasks."""
    project = _create_or_update_project(studio, state, request, plan)
    steps: dict[Action, list[PlanStep]] = {"create": [], "update": [], "skip": [], "conflict": []}
    for step in plan.steps:
        steps[step.action].append(step)
    new_ids = [step.article_id for step in steps["create"]]
    written, done, total = 0, 0, len(steps["create"]) + len(steps["update"])
    for step in steps["update"]:
        written += _update_task(studio, project, request, step)
        done += 1
        if progress:
            progress(done, total)
    may_have_duplicates, imported = False, dict[int, PushedTask]()
    for batch in batches:
        task_ids, was_interrupted = _import_batch(studio, project, batch, plan.last_task_id)
        may_have_duplicates |= was_interrupted
        if len(task_ids) == len(batch):
            pushed = [PushedTask(task.article_id, "", task.predictions) for task in batch]
            imported.update(zip(task_ids, pushed, strict=True))
        written += sum(len(task.predictions) for task in batch)
        done += len(batch)
        if progress:
            progress(done, total)
    updated, unchanged = ([step.article_id for step in steps[action]] for action in ("update", "skip"))
    shows_other = plan.project is None or plan.project.shown != request.show
    if request.show and shows_other and any(map(request.predictions_of, (*new_ids, *updated, *unchanged))):
        # Last, because the server refuses a name that no prediction has yet.
        retry(partial(show_predictions, studio, project.id, request.show), studio.delays)
    conflicts = [f"{step.article_id}: {step.reason}" for step in steps["conflict"]]
    if may_have_duplicates:
        groups = group_by_article(
            studio.task_pages(project.id, after_id=plan.last_task_id, fields=TASK_FIELDS), request.fields
        )
        conflicts += [
            f"{article_id}: {describe_duplicates(group)}" for article_id, group in groups.items() if len(group) > 1
        ]
    _remember_predictions(studio, state, project, plan, written, imported)
    start = describe_start(plan.project, request.show)
    return PushResult(project, new_ids, updated, unchanged, written, conflicts, start)


def _remember_predictions(
    studio: Studio, state: State, project: Project, plan: PushPlan, written: int, imported: dict[int, PushedTask]
) -> None:
    """Remember the predictions of tasks for the next push, unless anyone else changed predictions during this one."""
    if plan.pushed is None:
        return
    updates = [step for step in plan.steps if step.action == "update" and (step.add or step.remove)]
    counts = plan.pushed.counts
    if written or updates:
        expected = sum(each.number for each in counts.values()) + written - sum(len(step.remove) for step in updates)
        counts = studio.count_predictions(project.id) or {}
        if sum(each.number for each in counts.values()) != expected:
            counts = {}
    changed = {step.task.id for step in updates if step.task}
    known = {task_id: task for task_id, task in plan.pushed.tasks.items() if task_id not in changed}
    write_pushed(state, studio.address.name, project.id, PushedProject(counts, known | imported if counts else {}))


def _encode_batches(request: PushRequest, article_ids: Sequence[str]) -> Iterator[list[_EncodedTask]]:
    """Yield new tasks in batches for an import each: as many as fit, and one at least."""
    batch, size = list[_EncodedTask](), 0
    for article_id in article_ids:
        task = _encode_task(request, article_id)
        if batch and (len(batch) >= BATCH_SIZE or size + len(task.body) > BATCH_BYTES):
            yield batch
            batch, size = [], 0
        batch.append(task)
        size += len(task.body)
    if batch:
        yield batch


def _encode_task(request: PushRequest, article_id: str) -> _EncodedTask:
    article = request.corpus.read_article(article_id)
    notice = request.notices.get(article_id, "")
    differences = request.differences_of(article_id)
    task = tasks.task(article, request.predictions_of(article_id), request.inventory, notice, differences)
    predictions = tuple((each["model_version"], digest_result(each["result"])) for each in task["predictions"])
    return _EncodedTask(article_id, predictions, msgspec.Raw(msgspec.json.encode(task)))


def _create_or_update_project(studio: Studio, state: State, request: PushRequest, plan: PushPlan) -> Project:
    project, title = plan.project, request.title
    if project is None:
        settings = plan.settings | {"description": request.inventory.about, "color": PROJECT_COLOR}
        existing: list[Project] = []

        def create() -> Project:
            return existing[0] if existing else studio.create_project(title, settings)

        # The server may have created it although its answer was lost.
        project = retry(create, studio.delays, lambda: existing.extend(studio.find_projects(title)))
        titles: list[str] | None = None if existing else []

        def forget_titles() -> None:
            nonlocal titles
            titles = None

        retry(lambda: create_tab(studio, project.id, DEFAULT, existing=titles), studio.delays, forget_titles)
    elif plan.project_action == "update":
        # An update may be repeated: it has the same effect.
        retry(partial(studio.update_project, project.id, plan.settings), studio.delays)
        save_version_change(studio, state, project, plan.settings["label_config"])
    state.save_project_id(studio.address.name, title, project.id)
    save_config(state, studio.address.name, project.id, plan.settings["label_config"])
    return project


def _import_batch(
    studio: Studio, project: Project, batch: Sequence[_EncodedTask], last_task_id: int
) -> tuple[list[int], bool]:
    """Import tasks, after a lost answer only those that did not arrive.

    The server may still work on an import after its connection is closed, so it gets time to finish first.

    Returns:
        The ids of the tasks that the last request created, and whether an answer was lost.
    """
    missing, was_interrupted = list(batch), False

    def remove_arrived() -> None:
        nonlocal was_interrupted
        was_interrupted = True
        _wait_until_idle(studio, project)
        pages = studio.task_pages(project.id, after_id=last_task_id, fields="id,data")
        arrived = {article_id_of(task) for page in pages for task in page}
        missing[:] = [task for task in missing if task.article_id not in arrived]

    def import_missing() -> list[int]:
        return studio.import_tasks(project.id, [task.body for task in missing]) if missing else []

    task_ids = retry(import_missing, studio.delays, remove_arrived)
    return task_ids, was_interrupted


def _wait_until_idle(studio: Studio, project: Project) -> None:
    """Wait until the number of tasks has stayed the same for as long as all the pauses between attempts together."""
    count, seconds_unchanged = studio.count_tasks(project.id), 0.0
    while seconds_unchanged < sum(studio.delays):
        pause = studio.delays[0]
        time.sleep(pause)
        previous, count = count, studio.count_tasks(project.id)
        seconds_unchanged = seconds_unchanged + pause if count == previous else 0.0


def _update_task(studio: Studio, project: Project, request: PushRequest, step: PlanStep) -> int:
    """Carry out a step for a task that exists; return the number of predictions written.

    After a lost answer, the step is planned again. Old predictions are removed last, so that an annotator always has
    one.
    """
    article = request.corpus.read_article(step.article_id)
    current = step

    def plan_again() -> None:
        nonlocal current
        only_this = task_filter("id", "equal", "Number", step.task.id if step.task else 0)
        groups = group_by_article(
            studio.task_pages(project.id, filters=[only_this], fields=TASK_FIELDS), request.fields
        )
        if article.id in groups:
            current = plan_article(request, article, groups[article.id])

    def update() -> None:
        if current.task is None or current.action != "update":
            return
        if current.update_data:
            data = current.task.data | {TEXT: article.text} | changed_data(request, article, current.task)
            studio.update_task_data(current.task.id, data)
        for prediction in request.predictions_of(article.id):
            if prediction.name in current.add:
                studio.create_prediction(current.task.id, tasks.encode_prediction(prediction, request.inventory))
        for prediction_id in current.remove:
            studio.delete_prediction(prediction_id)

    retry(update, studio.delays, plan_again)
    return len(step.add)
