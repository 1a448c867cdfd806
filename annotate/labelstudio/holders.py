"""Who has which article on a server: the tasks of each annotator's own project."""

from collections.abc import Collection, Iterable, Iterator
from typing import NamedTuple

from annotate.labelstudio.client import Progress, Studio
from annotate.labelstudio.projects import annotator_title, find_project
from annotate.labelstudio.results import article_id_of
from annotate.labelstudio.state import State

_FIELDS = "id,data,total_annotations"


class HeldArticle(NamedTuple):
    """An article in an annotator's own project, and whether it was submitted there."""

    annotator: str
    article_id: str
    is_done: bool


def list_held_articles(
    studio: Studio, state: State, title: str, annotators: Iterable[str], progress: Progress | None = None
) -> Iterator[HeldArticle]:
    """Yield the articles in the projects of annotators.

    Args:
        studio: The server.
        state: The folder that remembers projects.
        title: The title of the shared project.
        annotators: The annotators; those without a project are left out.
        progress: Called with the number of tasks read in a project, and of all its tasks.
    """
    for annotator in annotators:
        project = find_project(studio, state, annotator_title(title, annotator))
        for task in studio.iterate_tasks(project.id, progress, _FIELDS) if project else ():
            article_id = article_id_of(task)
            if article_id is not None:
                yield HeldArticle(annotator, article_id, bool(task.get("total_annotations")))


def count_holders(held: Iterable[HeldArticle], gone: Collection[str]) -> dict[str, set[str]]:
    """Return the annotators of each article who are at work or have submitted it: those who left do not do the rest."""
    holders: dict[str, set[str]] = {}
    for each in held:
        if each.is_done or each.annotator not in gone:
            holders.setdefault(each.article_id, set()).add(each.annotator)
    return holders
