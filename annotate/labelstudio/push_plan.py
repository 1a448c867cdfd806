"""What a push will do, article by article.

Planning changes nothing. Of the server's tasks, only ids and hashes stay in memory.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal, NamedTuple, TypeAlias

import msgspec

from annotate.corpus import Corpus
from annotate.errors import Refused
from annotate.inventory import Inventory
from annotate.label_map import LabelMap, TaskFields
from annotate.labelstudio import tasks
from annotate.labelstudio.client import PAGE_SIZE, Project, Studio
from annotate.labelstudio.config import NOTICE, TEXT, labelling_config, read_vocabulary
from annotate.labelstudio.config_drift import has_own_config, refuse_drift
from annotate.labelstudio.config_usage import count_lost, describe_usage
from annotate.labelstudio.http import JsonObject
from annotate.labelstudio.normal_form import trim_normal_form
from annotate.labelstudio.predictions import Predictions
from annotate.labelstudio.projects import check_title, find_project
from annotate.labelstudio.pushed_predictions import (
    PushedProject,
    PushedTask,
    is_settled,
    is_untouched,
    maker_of,
    read_pushed,
)
from annotate.labelstudio.results import article_id_of
from annotate.labelstudio.state import State
from annotate.labelstudio.tasks import DifferenceChoice, Prediction
from annotate.model import Article
from annotate.offsets import sha256

Action: TypeAlias = Literal["create", "update", "skip", "conflict"]
TASK_FIELDS = "id,data,predictions"
"""The fields of a task that a plan needs."""
_TIMES = "created_at,updated_at"


@dataclass(frozen=True, kw_only=True)
class PushRequest:
    """What is to be pushed, and to which project.

    Attributes:
        corpus: The corpus.
        inventory: The inventory of the labelling config.
        article_ids: The articles to push.
        predictions: The labels to push with them.
        show: The name of those of them that annotators start from; "" leaves the project as it is.
        title: The title of the project.
        instructions: The instructions for annotators, as HTML.
        notices: Article id → the notice above its text, as HTML; an article that is not in it keeps the one it has.
        differences: Article id → what an adjudicator may tick as decided; None unless the project is for adjudication.
            There, predictions that are not in `predictions` are removed from the tasks of its articles.
        restore_config: Whether a config that was changed on the server may be replaced.
        label_map: What the names of a project made elsewhere mean; None for a project of this toolkit.
        take_over: Whether the config of a project made elsewhere may be replaced by that of the inventory.
    """

    corpus: Corpus
    inventory: Inventory
    article_ids: Sequence[str]
    predictions: Predictions
    title: str
    show: str = ""
    instructions: str = ""
    notices: Mapping[str, str] = field(default_factory=dict)
    differences: Mapping[str, Sequence[DifferenceChoice]] | None = None
    restore_config: bool = False
    label_map: LabelMap | None = None
    take_over: bool = False

    @property
    def fields(self) -> TaskFields | None:
        """The keys of the data of tasks made elsewhere."""
        return self.label_map.fields if self.label_map else None

    @property
    def config(self) -> str:
        """The labelling config of the project."""
        return labelling_config(self.inventory, adjudication=self.differences is not None)

    @property
    def needs_predictions(self) -> bool:
        """Whether a plan depends on the predictions of tasks."""
        return bool(self.predictions) or self.differences is not None

    def differences_of(self, article_id: str) -> Sequence[DifferenceChoice] | None:
        """Return what an adjudicator may tick in an article; None unless the project is for adjudication."""
        return None if self.differences is None else self.differences.get(article_id, ())

    def predictions_of(self, article_id: str) -> Sequence[Prediction]:
        """Return the labels to push with an article."""
        return self.predictions.get(article_id, ())


class ServerPrediction(NamedTuple):
    """A prediction on the server: its id, its name, and the hash of its result."""

    id: int
    name: str
    digest: str


class ServerTask(NamedTuple):
    """A task on the server; `data` is its data without the text.

    `is_remembered` tells that its predictions are those of an earlier push, without their ids on the server.
    """

    id: int
    text_sha256: str
    data: JsonObject
    predictions: tuple[ServerPrediction, ...]
    is_remembered: bool = False


class PlanStep(NamedTuple):
    """What a push will do about one article, and why.

    For an update of `task`: whether its data change, the names of the predictions to add, and the ids of those to
    remove.
    """

    article_id: str
    action: Action
    reason: str
    task: ServerTask | None = None
    update_data: bool = False
    add: tuple[str, ...] = ()
    remove: tuple[int, ...] = ()


class PushPlan(NamedTuple):
    """What a push will do about the project (None: create it), with which settings, and about each article.

    `last_task_id` is the highest id of the tasks of articles; later tasks have higher ids. `pushed` is what is known of
    the predictions of tasks; None if the push shows no labels, or the server does not count predictions.
    """

    project: Project | None
    project_action: Action
    settings: JsonObject
    steps: list[PlanStep]
    last_task_id: int
    pushed: PushedProject | None = None


def plan_push(studio: Studio, state: State, request: PushRequest) -> PushPlan:
    """Plan a push.

    Args:
        studio: The server.
        state: The folder that remembers projects.
        request: What is to be pushed.

    Raises:
        CannotRun: The title is too short or too long.
        Refused: The new config lacks labels that are in use on the server, or, unless `restore_config`, someone changed
            the config on the server, or, unless `take_over`, it was made elsewhere.
    """
    check_title(request.title)
    config, instructions = request.config, request.instructions
    settings = {"label_config": config, "expert_instruction": instructions, "show_instruction": bool(instructions)}
    # An article without labels is submitted, too: a skipped one would be no annotation.
    settings |= {"show_skip_button": False}
    project = find_project(studio, state, request.title)
    action: Action = "create"
    listing: _TaskListing | None = None
    if project is not None:
        # The server strips white space from both.
        is_current = (project.config.strip(), project.instructions.strip()) == (config.strip(), instructions.strip())
        is_current &= not project.shows_skip
        action = "skip" if is_current else "update"
        server = studio.address.name
        is_foreign = request.label_map is not None and not has_own_config(state, server, project.id)
        if action == "update" and is_foreign and not request.take_over:
            raise Refused(
                f"project {project.id}",
                "has a labelling config that was made elsewhere",
                "pull its labels; to replace the config by that of the inventory, add --take-over",
            )
        if not (request.restore_config or is_foreign):
            refuse_drift(state, server, project, request.inventory)
        if action == "update":
            _refuse_loss(studio, project, config, is_foreign=is_foreign)
        listing = _TaskListing(studio, state, project.id, request)
    steps, last_task_id = plan_articles(request, listing)
    pushed = listing.pushed if listing else PushedProject() if request.needs_predictions else None
    return PushPlan(project, action, settings, steps, last_task_id, pushed)


class _TaskListing:
    """The tasks of a project for a plan, with predictions from memory where nothing changed since.

    Args:
        studio: The server.
        state: The folder with what is remembered.
        project_id: The project.
        request: What is to be pushed.
    """

    def __init__(self, studio: Studio, state: State, project_id: int, request: PushRequest) -> None:
        self._studio, self._project_id, self._request = studio, project_id, request
        self.pushed: PushedProject | None = None
        self._remembered = PushedProject()
        if not request.needs_predictions:
            return
        counts = studio.count_predictions(project_id)  # before the tasks: what comes later changes the counts
        if counts is not None:
            self._remembered = read_pushed(state, studio.address.name, project_id)
            if counts != self._remembered.counts:
                self._remembered = PushedProject()
            self.pushed = PushedProject(counts)

    def list_tasks(self) -> Iterator[tuple[str, ServerTask]]:
        """Yield the tasks that have an article, with the article."""
        fields = self._request.fields
        if not self._request.needs_predictions:
            yield from _article_tasks(self._studio.task_pages(self._project_id, fields="id,data"), fields)
            return
        if not self._remembered.tasks:
            yield from self._fetch(self._studio.task_pages(self._project_id, fields=f"{TASK_FIELDS},{_TIMES}"))
            return
        for page in self._studio.task_pages(self._project_id, fields=f"id,data,{_TIMES}"):
            unknown: list[int] = []
            for task in page:
                article_id = article_id_of(task, fields)
                pushed = self._remembered.find(task, article_id) if article_id is not None else None
                if article_id is not None and pushed is not None:
                    if self.pushed is not None:
                        self.pushed.tasks[task["id"]] = pushed
                    predictions = tuple(ServerPrediction(0, *each) for each in pushed.predictions)
                    yield article_id, summarize_task(task, fields)._replace(predictions=predictions, is_remembered=True)
                elif article_id is not None:
                    unknown.append(task["id"])
            yield from self.fetch_again(unknown)

    def fetch_again(self, task_ids: Sequence[int]) -> Iterator[tuple[str, ServerTask]]:
        """Yield some tasks with their predictions from the server."""
        for first in range(0, len(task_ids), PAGE_SIZE):
            ids = task_ids[first : first + PAGE_SIZE]
            pages = self._studio.task_pages(self._project_id, task_ids=ids, fields=f"{TASK_FIELDS},{_TIMES}")
            yield from self._fetch(pages)

    def _fetch(self, pages: Iterable[list[JsonObject]]) -> Iterator[tuple[str, ServerTask]]:
        for page in pages:
            now = None if all(map(is_untouched, page)) else self._now
            for task in page:
                for article_id, summary in _article_tasks([[task]], self._request.fields):
                    if self.pushed is not None:
                        self.pushed.tasks.pop(summary.id, None)
                        if is_settled(task, now):
                            predictions = tuple((each.name, each.digest) for each in summary.predictions)
                            updated = str(task.get("updated_at"))
                            self.pushed.tasks[summary.id] = PushedTask(article_id, updated, predictions)
                    yield article_id, summary

    @cached_property
    def _now(self) -> str | None:
        """The server's time when it had sent the first page that needs it."""
        return self._studio.server_time() if self.pushed is not None else None


def plan_articles(request: PushRequest, listing: _TaskListing | None) -> tuple[list[PlanStep], int]:
    """Plan a step for each article, against the tasks of a server.

    Tasks are compared as they arrive, while the server prepares the next page. Articles without a task are not read.
    What is to be done about predictions is planned with those of the server, never with remembered ones.

    Returns:
        The steps, in the order of the articles, and the highest id of a task of an article.
    """
    pending = set(request.article_ids)
    tasks_by_article: dict[str, list[ServerTask]] = {}
    steps: dict[str, PlanStep] = {}
    last_task_id = 0
    for article_id, task in listing.list_tasks() if listing else ():
        last_task_id = max(last_task_id, task.id)
        if article_id in pending:
            present = tasks_by_article.setdefault(article_id, [])
            present.append(task)
            steps[article_id] = plan_article(request, request.corpus.read_article(article_id), present)
    remembered = [
        step.task.id for step in steps.values() if step.task and step.task.is_remembered and (step.add or step.remove)
    ]
    for article_id, task in listing.fetch_again(remembered) if listing else ():
        steps[article_id] = plan_article(request, request.corpus.read_article(article_id), [task])
    for article_id in pending - steps.keys():
        count = len(request.predictions_of(article_id))
        reason = f"new, with {count or 'no'} prediction{'s' * (count != 1)}"
        steps[article_id] = PlanStep(article_id, "create", reason)
    return [steps[article_id] for article_id in request.article_ids], last_task_id


def plan_article(request: PushRequest, article: Article, present: Sequence[ServerTask]) -> PlanStep:
    """Plan what to do about an article that has one or more tasks."""
    if len(present) > 1:
        return PlanStep(article.id, "conflict", describe_duplicates(present))
    task = present[0]
    if task.text_sha256 != article.text_sha256:
        reason = (
            f"task {task.id} has another text; nothing was overwritten: "
            "`annotate studio push --reanchor --plan` shows what becomes of its labels"
        )
        return PlanStep(article.id, "conflict", reason, task)
    return _plan_update(request, article, task)


def _plan_update(request: PushRequest, article: Article, task: ServerTask) -> PlanStep:
    """Plan to update a task's title and language, and our predictions that differ; those of others are left alone."""
    data = changed_data(request, article, task)
    add: list[str] = []
    remove: list[int] = []
    for prediction in request.predictions_of(article.id):
        maker = maker_of(prediction.name)
        ours = [candidate for candidate in task.predictions if maker_of(candidate.name) == maker]
        wanted = (prediction.name, digest_result(tasks.result_items(prediction.annotation, request.inventory)))
        current = next((candidate for candidate in ours if (candidate.name, candidate.digest) == wanted), None)
        remove += [candidate.id for candidate in ours if candidate is not current]
        if current is None:
            add.append(prediction.name)
    if request.differences is not None:
        makers = {maker_of(prediction.name) for prediction in request.predictions_of(article.id)}
        remove += [other.id for other in task.predictions if maker_of(other.name) not in makers]
    if not (data or add or remove):
        return PlanStep(article.id, "skip", f"task {task.id} is up to date", task)
    reasons = sorted(data) + [f"prediction {name}" for name in add]
    reasons += [f"{len(remove)} older prediction{'s' * (len(remove) > 1)} to remove"] if remove else []
    reason = f"task {task.id}: {', '.join(reasons)}"
    return PlanStep(article.id, "update", reason, task, bool(data), tuple(add), tuple(remove))


def changed_data(request: PushRequest, article: Article, task: ServerTask) -> JsonObject:
    """Return the keys of a task's data that a push gives another value, with that value.

    What changes while annotators work (`tasks.RUNNING_KEYS`) is given to tasks that do not have it, and the notice to
    those that the request has one for.
    """
    data = tasks.task_data(article, request.notices.get(article.id, ""), request.differences_of(article.id))
    kept = tasks.RUNNING_KEYS - ({NOTICE} if article.id in request.notices else set())
    return {
        key: value
        for key, value in data.items()
        if key != TEXT and task.data.get(key) != value and not (key in kept and key in task.data)
    }


def digest_result(result: object) -> str:
    """Return the hash of result items, which does not depend on the order of keys."""
    return sha256(msgspec.json.encode(result, order="sorted").decode())


def summarize_task(task: JsonObject, fields: TaskFields | None = None) -> ServerTask:
    """Return what a plan keeps of a task; `fields` are the keys of the data of a task made elsewhere."""
    data, text_key = task["data"], fields.text if fields else TEXT
    predictions = tuple(
        ServerPrediction(entry["id"], str(entry.get("model_version")), digest_result(entry.get("result")))
        for entry in task.get("predictions") or []
        if isinstance(entry, dict)
    )
    text = str(data.get(text_key, ""))
    other_data = {key: value for key, value in data.items() if key != TEXT}
    return ServerTask(task["id"], sha256(trim_normal_form(text)[0] if fields else text), other_data, predictions)


def group_by_article(
    pages: Iterable[list[JsonObject]], fields: TaskFields | None = None
) -> dict[str, list[ServerTask]]:
    """Return the tasks of each article, in order of their ids."""
    groups: dict[str, list[ServerTask]] = {}
    for article_id, task in _article_tasks(pages, fields):
        groups.setdefault(article_id, []).append(task)
    return groups


def _article_tasks(pages: Iterable[list[JsonObject]], fields: TaskFields | None) -> Iterator[tuple[str, ServerTask]]:
    """Yield the tasks that have an article; others were not pushed from here."""
    for page in pages:
        for task in page:
            article_id = article_id_of(task, fields)
            if article_id is not None:
                yield article_id, summarize_task(task, fields)


def describe_duplicates(present: Sequence[ServerTask]) -> str:
    """Return why an article with several tasks is a conflict, and what to do."""
    ids = ", ".join(str(task.id) for task in present)
    return (
        f"several tasks are of this article ({ids}); "
        "`annotate studio push --drop-doubles` removes duplicates without work"
    )


def _refuse_loss(studio: Studio, project: Project, config: str, *, is_foreign: bool) -> None:
    """Raise Refused if a config lacks labels, values or relations that are in use on the server."""
    where = f"project {project.id}"
    try:
        old, new = read_vocabulary(project.config), read_vocabulary(config)
    except ValueError as error:
        raise Refused(where, str(error), "fix it in Label Studio") from error
    if not old.list_losses(new):
        return
    usage = count_lost(old, new, studio.iterate_tasks_with_drafts(project.id))
    if usage:
        problem = f"uses {len(usage)} of what the new config lacks: {describe_usage(usage)}"
        way = "" if is_foreign else "use `annotate migrate`, or "
        hint = f"the server would orphan them silently: {way}push under another --title"
        raise Refused(where, problem, hint)
