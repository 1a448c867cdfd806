"""How far each annotator is with each article, in all projects of a corpus."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Literal, NamedTuple, TypeAlias

from annotate.label_map import TaskFields
from annotate.labelstudio.beginnings import read_lead_time
from annotate.labelstudio.client import Progress, Studio
from annotate.labelstudio.http import JsonObject
from annotate.labelstudio.projects import annotator_title, assigned_annotators, find_project, labelling_titles
from annotate.labelstudio.results import annotator_of, article_id_of, user_id_of
from annotate.labelstudio.state import State

Stage: TypeAlias = Literal["done", "draft", "skipped", "left"]
STAGES: tuple[Stage, ...] = ("done", "draft", "skipped", "left")
"""What an annotator did with an article; of several, the first counts."""
TASK_FIELDS = "id,data,annotators,total_annotations,cancelled_annotations,draft_exists,avg_lead_time"
"""The fields of a task that show its stage, and the time of a single annotation, without labels and predictions."""
ANNOTATION_FIELDS = "id,annotations,completed_by,was_cancelled,lead_time"
"""The fields of a task with those of its annotations, to which the server applies the same list."""


class LabellingStatus(NamedTuple):
    """The stage of each article and annotator (article id → annotator → stage).

    `annotators` are in the order of their projects. `lead_times` has the seconds of work on each annotation that an
    annotator submitted, as far as the server knows them.
    """

    annotators: list[str]
    stages: dict[str, dict[str, Stage]]
    lead_times: dict[str, list[float]]

    def counts(self, annotator: str) -> Counter[Stage]:
        """Return the number of articles in each stage."""
        return Counter(stages[annotator] for stages in self.stages.values() if annotator in stages)


def read_status(
    studio: Studio,
    state: State,
    title: str,
    annotators: Mapping[int, str],
    progress: Progress | None = None,
    fields: TaskFields | None = None,
    titles: Sequence[str] | None = None,
) -> LabellingStatus:
    """Return how far each annotator is.

    An article is `left` if it is in an annotator's own project and was neither submitted nor skipped; with a draft it
    counts as `draft`. Nothing is left to an annotator who was removed. A user who is no annotator yet appears under a
    placeholder name.

    Args:
        studio: The server.
        state: The folder that remembers projects and annotators.
        title: The title of the shared project.
        annotators: The annotator of each user of the server.
        progress: Called with the number of tasks counted in a project, and of all its tasks.
        fields: The keys of the data of tasks made elsewhere.
        titles: The titles of the projects to count; those for labelling by default.
    """
    server = studio.address.name
    owners = assigned_annotators(state, server, title)
    owner_of = {annotator_title(title, annotator): annotator for annotator in owners}
    removed = state.removed_annotators(server)
    status = LabellingStatus(list(owners), {}, {})
    for name in labelling_titles(state, server, title) if titles is None else titles:
        project, owner = find_project(studio, state, name), owner_of.get(name)
        for task in _tasks_with_annotations(studio, project.id, progress) if project else ():
            stages = status.stages.setdefault(article_id_of(task, fields) or "(none)", {})
            if owner is not None and owner not in removed:
                stages.setdefault(owner, "left")
            for user_id, stage in _stages_by_user(studio, task):
                annotator = annotator_of(user_id, annotators)
                if annotator not in status.annotators:
                    status.annotators.append(annotator)
                stages[annotator] = min(stages.get(annotator, stage), stage, key=STAGES.index)
            for user_id, lead_time in _read_times(task):
                status.lead_times.setdefault(annotator_of(user_id, annotators), []).append(lead_time)
    return status


def _tasks_with_annotations(studio: Studio, project_id: int, progress: Progress | None) -> Iterator[JsonObject]:
    """Yield the tasks of a project; those with several annotations have them, without results.

    The counts of the others say who did what.
    """
    done, totals = 0, list[int]()
    for page in studio.task_pages(project_id, fields=TASK_FIELDS, on_total=totals.append):
        annotations: dict[int, list[JsonObject]] = {}
        several = [task["id"] for task in page if _count_annotations(task) > 1]
        for details in studio.task_pages(project_id, task_ids=several, fields=ANNOTATION_FIELDS) if several else ():
            annotations |= {task["id"]: task.get("annotations") or [] for task in details}
        for task in page:
            done += 1
            if progress:
                progress(done, totals[0])
            yield task | {"annotations": annotations.get(task["id"], [])}


def _count_annotations(task: JsonObject) -> int:
    """Return the number of annotations of a listed task, with skipped ones."""
    return (task.get("total_annotations") or 0) + (task.get("cancelled_annotations") or 0)


def _read_times(task: JsonObject) -> list[tuple[int | None, float]]:
    """Return user and time of each annotation of a task that was submitted, as far as the server knows them."""
    if _count_annotations(task) > 1:
        return [time for annotation in task["annotations"] if (time := _read_time(annotation))]
    single = _read_single_time(task)
    return [] if single is None else [single]


def _read_single_time(task: JsonObject) -> tuple[int | None, float] | None:
    """Return user and time of the only annotation of a task; None if it was skipped, or no time is known."""
    if not task.get("total_annotations"):
        return None
    lead_time = read_lead_time(task.get("avg_lead_time"))
    return None if lead_time is None else (next(iter(task.get("annotators") or []), None), lead_time)


def _read_time(annotation: JsonObject) -> tuple[int | None, float] | None:
    """Return user and time of an annotation; None if it was skipped, or no time is known."""
    lead_time = None if annotation.get("was_cancelled") else read_lead_time(annotation.get("lead_time"))
    return None if lead_time is None else (user_id_of(annotation), lead_time)


def _stages_by_user(studio: Studio, task: JsonObject) -> Iterator[tuple[int | None, Stage]]:
    """Yield the stages of a task by user; a user may have several.

    The server's counts are sufficient, except for drafts, which take a request, and for a task that one user submitted
    and another skipped.
    """
    done, skipped = task.get("total_annotations") or 0, task.get("cancelled_annotations") or 0
    if done and skipped:
        for annotation in task["annotations"]:
            yield user_id_of(annotation), "skipped" if annotation.get("was_cancelled") else "done"
    elif done or skipped:
        for user_id in task.get("annotators") or [None]:
            yield user_id, "done" if done else "skipped"
    for draft in (studio.list_drafts(task["id"]) or []) if task.get("draft_exists") else []:
        yield user_id_of(draft, "draft"), "draft"
