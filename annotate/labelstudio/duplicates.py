"""Second tasks of an article: those without work are removed, on request.

Duplicates come from an import that the server completed after its connection was closed, or from someone else's import.
"""

from typing import NamedTuple

from annotate.labelstudio.client import Studio
from annotate.labelstudio.push_plan import TASK_FIELDS, ServerTask, group_by_article


class RemovedTask(NamedTuple):
    """A task that was removed, its article, and the task that the article keeps."""

    article_id: str
    task_id: int
    kept_task_id: int


def remove_duplicates(studio: Studio, project_id: int) -> list[RemovedTask]:
    """Remove tasks of articles that have several, if another task shows the same, and the task contains no work."""
    removed_tasks: list[RemovedTask] = []
    for article_id, copies in group_by_article(studio.task_pages(project_id, fields=TASK_FIELDS)).items():
        if len(copies) < 2:
            continue
        with_work = [task for task in copies if studio.has_work(task.id)]
        task_to_keep = (with_work or copies)[0]
        for task in copies:
            if task is task_to_keep or task in with_work or not _is_covered(task, task_to_keep):
                continue
            if not studio.has_work(task.id):  # asked again, because someone may have begun meanwhile
                studio.delete_task(task.id)
                removed_tasks.append(RemovedTask(article_id, task.id, task_to_keep.id))
    return removed_tasks


def _is_covered(task: ServerTask, copy: ServerTask) -> bool:
    """Return whether a copy shows the same text and all predictions of a task."""
    shown = {(prediction.name, prediction.digest) for prediction in copy.predictions}
    return task.text_sha256 == copy.text_sha256 and all(
        (prediction.name, prediction.digest) in shown for prediction in task.predictions
    )
