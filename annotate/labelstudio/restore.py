"""Put labels that were pulled back onto the server, as an annotation of the person who made them."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import msgspec

from annotate.annotation_files import require_known_names
from annotate.corpus import Corpus
from annotate.errors import CannotRun
from annotate.inventory import Inventory
from annotate.labelstudio.client import Progress, Studio
from annotate.labelstudio.config import TEXT
from annotate.labelstudio.deleted_labels import list_submitted, note_pulled_users, read_pulled_users
from annotate.labelstudio.http import JsonObject
from annotate.labelstudio.projects import annotator_title, find_project, labelling_titles
from annotate.labelstudio.results import article_id_of, user_id_of
from annotate.labelstudio.state import State
from annotate.labelstudio.tasks import Item, result_items
from annotate.model import Annotation
from annotate.offsets import sha256
from annotate.util.typed_values import decode_as


class RestoreStep(NamedTuple):
    """What becomes of an annotator's labels of an article.

    Attributes:
        article_id: The article.
        spans: The number of spans.
        items: The result items.
        lead_time: The seconds that the work took; None if that is not known.
        task_id: The task that gets them; None if it is refused.
        annotation_id: The person's annotation without labels that gets them; None for a new annotation.
        is_restored: Whether that annotation has them already, because an earlier `restore` was interrupted.
        is_present: Whether that annotation has them already, and was pulled or restored with them.
        problem: Why it is refused, and what to do.
    """

    article_id: str
    spans: int
    items: list[Item]
    lead_time: float | None = None
    task_id: int | None = None
    annotation_id: int | None = None
    is_restored: bool = False
    is_present: bool = False
    problem: str = ""


def require_user(state: State, server: str, annotator: str) -> int:
    """Return the user that an annotator is on a server.

    Raises:
        CannotRun: The annotator is not a user.
    """
    for user_id, name in state.annotators(server).items():
        if name == annotator:
            return user_id
    raise CannotRun(annotator, "is no user of the server", f"create one: `annotate studio people add {annotator}`")


def plan_restore(
    studio: Studio,
    state: State,
    corpus: Corpus,
    inventory: Inventory,
    title: str,
    annotator: str,
    article_ids: Sequence[str],
    progress: Progress | None = None,
) -> list[RestoreStep]:
    """Plan to put an annotator's labels of some articles back; nothing is changed.

    Labels go into the task that they were pulled from, else into that of the annotator's own project, else into that
    of the shared one.

    Args:
        studio: The server.
        state: The state folder.
        corpus: The corpus with the labels.
        inventory: Its inventory.
        title: The title of the shared project.
        annotator: The annotator.
        article_ids: The articles.
        progress: Called with the number of articles planned, and of all.

    Raises:
        CannotRun: The annotator is no user, has no labels of an article, or has labels that the inventory lacks.
    """
    user_id = require_user(state, studio.address.name, annotator)
    annotations: dict[str, Annotation] = {}
    for article_id in dict.fromkeys(article_ids):
        path = corpus.annotation_path(annotator, article_id)
        annotation = corpus.find_annotation(annotator, article_id)
        if annotation is None:
            raise CannotRun(path, "does not exist", "name an article that the annotator has labelled")
        require_known_names(path, annotation, inventory)
        annotations[article_id] = annotation
    tasks = _find_tasks(studio, state, title, annotator, annotations)
    steps = list[RestoreStep]()
    for article_id, annotation in annotations.items():
        steps.append(_plan_article(studio, state, user_id, annotation, inventory, tasks.get(article_id, [])))
        if progress:
            progress(len(steps), len(annotations))
    return steps


def _find_tasks(
    studio: Studio, state: State, title: str, annotator: str, wanted: Mapping[str, Annotation]
) -> dict[str, list[int]]:
    """Return the ids of the tasks of each article, those of the annotator's own project first."""
    server = studio.address.name
    names = labelling_titles(state, server, title)
    own = annotator_title(title, annotator)
    tasks: dict[str, list[int]] = {}
    for name in sorted({own, title}.intersection(names), key=lambda name: name != own):
        project = find_project(studio, state, name)
        for page in studio.task_pages(project.id, fields="id,data") if project else ():
            for task in page:
                article_id = article_id_of(task)
                if article_id is not None and article_id in wanted:
                    tasks.setdefault(article_id, []).append(task["id"])
    return tasks


def _plan_article(
    studio: Studio, state: State, user_id: int, annotation: Annotation, inventory: Inventory, task_ids: Sequence[int]
) -> RestoreStep:
    article_id = annotation.article
    items = _with_origins(result_items(annotation, inventory), annotation)
    step = RestoreStep(article_id, len(annotation.spans), items, annotation.lead_time)
    raw_tasks = state.read(f"raw/{article_id}.json", list[JsonObject]) or []
    pulled_ids = {entry.get("id") for task in raw_tasks for entry in list_submitted(task) if entry.get("result")}
    pulled_from = {task.get("id") for task in raw_tasks if user_id in read_pulled_users(task, studio.address.name)}
    chosen = sorted(task_ids, key=lambda task_id: task_id not in pulled_from)
    empty: dict[int, int] = {}
    for task_id in chosen:
        task = studio.get_task(task_id) or {}
        for entry in task.get("annotations") or []:
            if user_id_of(entry) != user_id:
                continue
            if entry in list_submitted(task) and not entry.get("result"):
                empty[task_id] = entry["id"]
                continue
            existing = step._replace(task_id=task_id, annotation_id=entry["id"])
            if entry.get("id") not in pulled_ids and _list_regions(entry.get("result")) == _list_regions(items):
                return existing._replace(is_restored=True)
            if _list_labels(entry.get("result")) == _list_labels(items):
                return existing._replace(is_present=True)
            problem = f"task {task_id} has a newer annotation of theirs; run `annotate studio pull`"
            return step._replace(problem=problem)
        if any(user_id_of(draft, "draft") == user_id for draft in studio.list_drafts(task_id) or []):
            return step._replace(problem=f"task {task_id} has a draft of theirs; have it submitted or deleted first")
        text = (task.get("data") or {}).get(TEXT)
        if not isinstance(text, str) or sha256(text) != annotation.text_sha256:
            hint = "`annotate studio push --reanchor` moves labels to a corrected text"
            return step._replace(problem=f"task {task_id} has another text than the labels; {hint}")
    if not chosen:
        return step._replace(problem="no project has a task of it; run `annotate studio push` or `assign`")
    task_id = next(iter(empty), chosen[0])
    return step._replace(task_id=task_id, annotation_id=empty.get(task_id))


def _list_regions(result: object) -> list[str]:
    """Return the ids of the regions among result items, in order."""
    items = result if isinstance(result, list) else []
    return sorted(str(item.get("id")) for item in items if isinstance(item, dict) and item.get("type") == "labels")


def _list_labels(result: object) -> list[bytes]:
    """Return the regions, attributes and relations among result items, in an order that does not depend on theirs."""
    items = result if isinstance(result, list) else []
    keys = ("type", "id", "from_id", "to_id", "from_name", "value", "labels", "meta")
    labels = ({key: item.get(key) for key in keys} for item in items if isinstance(item, dict))
    return sorted(msgspec.json.encode(label, order="sorted") for label in labels)


def _with_origins(items: list[Item], annotation: Annotation) -> list[Item]:
    """Return result items with the origins that the annotation counts; which region had which is not known."""
    origins = [name for name, count in annotation.origins.items() for _ in range(count)]
    regions = (item for item in items if item["type"] == "labels")
    for item, origin in zip(regions, origins, strict=False):
        item["origin"] = origin
    return items


def restore_labels(studio: Studio, state: State, step: RestoreStep, user_id: int) -> None:
    """Write the labels of a step as an annotation of a user.

    Raises:
        CannotRun: The server does not let others' annotations be created. Nothing is left on it.
    """
    if step.is_restored:
        _remember_task(studio, state, step)
        return
    if step.annotation_id is not None:
        path = f"api/annotations/{step.annotation_id}/"
        studio.write("PATCH", path, {"result": step.items}, subject="the annotation")
        return
    body = {"result": step.items, "completed_by": user_id, "lead_time": step.lead_time}
    answer = studio.write("POST", f"api/tasks/{step.task_id}/annotations/", body, subject="the task")
    annotation = decode_as(answer, JsonObject)
    if user_id_of(annotation) != user_id:
        studio.write("DELETE", f"api/annotations/{annotation['id']}/", subject="the annotation")
        hint = "use a token of an administrator, or a newer version of Label Studio"
        raise CannotRun(studio.url, "does not let annotations of other users be created", hint)
    _remember_task(studio, state, step)


def _remember_task(studio: Studio, state: State, step: RestoreStep) -> None:
    """Keep the task with the new annotation among those that were pulled.

    The next pull then knows the annotation, and that its labels began as those in the corpus did: the server cannot say
    so of an annotation that it did not see made.
    """
    name = f"raw/{step.article_id}.json"
    task = studio.get_task(step.task_id) if step.task_id is not None else None
    if task is None:
        return
    earlier = {(each.get("id"), each.get("created_at")): each for each in state.read(name, list[JsonObject]) or []}
    key = task.get("id"), task.get("created_at")
    server = studio.address.name
    earlier[key] = note_pulled_users(task, earlier.get(key), server, state.annotators(server))
    state.write_bytes(name, msgspec.json.encode(list(earlier.values())) + b"\n")
