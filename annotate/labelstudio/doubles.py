"""Tasks that an article has twice: those that hold nobody's work may be removed, when somebody asks for it.

They come of an import that the server finished after everybody had given it up, or of somebody else's import.
"""

from typing import NamedTuple

from annotate.labelstudio.client import Project, Studio
from annotate.labelstudio.plan import FIELDS, Known, by_article


class Dropped(NamedTuple):
    """A task that was removed, its article, and the task that the article keeps."""

    article: str
    task: int
    kept: int


def drop(studio: Studio, project: Project) -> list[Dropped]:
    """Remove tasks of articles that have several, as long as one with the same text stays and no work goes."""
    dropped: list[Dropped] = []
    for article, tasks in by_article(studio.pages(project, include=FIELDS)).items():
        if len(tasks) < 2:
            continue
        worked = [task for task in tasks if studio.has_work(task.number)]
        kept = (worked or tasks)[0]
        for task in tasks:
            if task is kept or task in worked or not _covered(task, kept):
                continue
            if not studio.has_work(task.number):  # asked again: somebody may have begun meanwhile
                studio.remove_task(task.number)
                dropped.append(Dropped(article, task.number, kept.number))
    return dropped


def _covered(task: Known, kept: Known) -> bool:
    """Whether all that a task shows, text and predictions, the other shows as well."""
    shown = {(entry.version, entry.digest) for entry in kept.predictions}
    return task.text_sha256 == kept.text_sha256 and all(
        (entry.version, entry.digest) in shown for entry in task.predictions
    )
