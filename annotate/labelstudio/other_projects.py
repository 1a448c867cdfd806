"""Annotations of an article that its annotators submitted in other projects, as those were last pulled.

The corpus has one file for each annotator and article. Without the annotations of other projects, the project that is
pulled last would decide what is in it.
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from collections.abc import Set as AbstractSet

from annotate.labelstudio.entries import user_of
from annotate.labelstudio.http import JsonObject
from annotate.labelstudio.results import MappedResult, Mapper, annotator_of, iterate_entries


def list_submitters(
    tasks: Iterable[JsonObject], project_ids: Collection[object], annotators: Mapping[int, str]
) -> set[str]:
    """Return the annotators who submitted something in tasks of some projects.

    Args:
        tasks: Raw tasks.
        project_ids: The projects; tasks of others are left out.
        annotators: The annotator of each user of the server.
    """
    return {
        annotator_of(user_of(entry), annotators)
        for task in tasks
        if task.get("project") in project_ids
        for kind, entry in iterate_entries(task)
        if kind == "annotation" and not entry.get("was_cancelled")
    }


def select_rivals(
    mapper: Mapper,
    tasks: Iterable[JsonObject],
    text: str,
    annotators: Mapping[int, str],
    submitters: AbstractSet[str],
    project_ids: Collection[object],
    still_exists: Callable[[object], bool],
) -> Iterator[tuple[JsonObject, MappedResult]]:
    """Yield the annotations that annotators submitted in other projects, without findings: an earlier pull had them.

    Args:
        mapper: Maps the results.
        tasks: The raw tasks of the article that earlier pulls fetched.
        text: The text of the article.
        annotators: The annotator of each user of the server.
        submitters: The annotators.
        project_ids: The projects whose tasks are not looked at.
        still_exists: Asked whether the server still has a task in which one of the annotators submitted something.
    """
    for task in tasks:
        project_id = task.get("project")
        if project_id in project_ids or not submitters & list_submitters([task], [project_id], annotators):
            continue
        if not still_exists(task.get("id")):
            continue
        for result in mapper.map_task(task, text, annotators, predictions=False):
            is_theirs = annotator_of(result.user_id, annotators) in submitters
            if result.kind == "annotation" and result.annotation is not None and is_theirs:
                yield task, result._replace(findings=(), quarantined=())
