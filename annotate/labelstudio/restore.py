"""Put labels that were pulled back onto the server, as an annotation of the person who made them."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import msgspec

from annotate.annotation_files import require_known_names
from annotate.corpus import Corpus
from annotate.errors import CannotRun
from annotate.inventory import Inventory
from annotate.labelstudio.client import Studio
from annotate.labelstudio.config import TEXT
from annotate.labelstudio.deleted_labels import list_submitted, note_restored, read_pulled_users
from annotate.labelstudio.http import JsonObject
from annotate.labelstudio.projects import annotator_title, find_project, labelling_titles
from annotate.labelstudio.results import article_id_of, user_id_of
from annotate.labelstudio.state import State
from annotate.labelstudio.tasks import Item, result_items
from annotate.model import Annotation
from annotate.offsets import sha256


class RestoreStep(NamedTuple):
    """What becomes of an annotator's labels of an article.

    Attributes:
        annotation: The labels.
        items: The result items.
        task_id: The task that gets them; None if it is refused.
        annotation_id: The person's annotation without labels that gets them; None for a new annotation.
        problem: Why it is refused, and what to do.
    """

    annotation: Annotation
    items: list[Item]
    task_id: int | None = None
    annotation_id: int | None = None
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
    return [
        _plan_article(studio, state, user_id, annotation, inventory, tasks.get(article_id, []))
        for article_id, annotation in annotations.items()
    ]


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
    step = RestoreStep(annotation, result_items(annotation, inventory))
    raw_tasks = state.read(f"raw/{annotation.article}.json", list[JsonObject]) or []
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


def restore_labels(studio: Studio, state: State, step: RestoreStep, user_id: int) -> None:
    """Write the labels of a step as an annotation of a user.

    Args:
        studio: The server.
        state: The state folder, whose lock the caller holds. It remembers what the server cannot be told: that these
            labels began as the file says.
        step: What to write.
        user_id: The user.

    Raises:
        CannotRun: The server does not let others' annotations be created. Nothing is left on it.
    """
    annotation = step.annotation
    # First, so that labels that began as a copy never come back as independent, wherever this is interrupted.
    note_restored(state, studio.address.name, annotation.annotator, annotation.article)
    if step.annotation_id is not None:
        path = f"api/annotations/{step.annotation_id}/"
        studio.write("PATCH", path, {"result": step.items}, subject="the annotation")
        return
    body = {"result": step.items, "completed_by": user_id, "lead_time": annotation.lead_time}
    answer = studio.write("POST", f"api/tasks/{step.task_id}/annotations/", body, subject="the task")
    created = msgspec.json.decode(answer, type=JsonObject)
    if user_id_of(created) != user_id:
        studio.write("DELETE", f"api/annotations/{created['id']}/", subject="the annotation")
        hint = "use a token of an administrator, or a newer version of Label Studio"
        raise CannotRun(studio.url, "does not let annotations of other users be created", hint)
