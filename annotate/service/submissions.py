"""What an annotator submitted in a project, to be compared with gold."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime
from typing import NamedTuple, TypeAlias

from annotate.labelstudio.http import JsonObject
from annotate.labelstudio.rank import parse_time
from annotate.labelstudio.results import MappedResult, Mapper, annotator_of, article_id_of
from annotate.model import Annotation

FindText: TypeAlias = Callable[[str], str | None]
"""Return the text of an article; None if there is no such article."""


class Submission(NamedTuple):
    """The labels that an annotator submitted for an article.

    Attributes:
        annotation: The labels.
        submitted: When they were first submitted; None if the server does not say.
        unread: The number of items that could not be read, such as an arrow without a name.
    """

    annotation: Annotation
    submitted: datetime | None
    unread: int


class AnnotatorTask(NamedTuple):
    """A task in an annotator's project.

    Attributes:
        task: The task as the server has it.
        article_id: Its article.
        text: The text of the article.
        submission: What the annotator submitted; None if that is nothing.
    """

    task: JsonObject
    article_id: str
    text: str
    submission: Submission | None


def read_submissions(
    tasks: Iterable[JsonObject],
    annotator: str,
    annotators: Mapping[int, str],
    mapper: Mapper,
    find_text: FindText,
    report: Callable[[str], None],
) -> Iterator[AnnotatorTask]:
    """Yield the tasks of an annotator's project with what the annotator submitted.

    Args:
        tasks: The tasks.
        annotator: The annotator.
        annotators: The annotator of each of the server's users.
        mapper: Maps the results.
        find_text: Returns the text of an article.
        report: Called with what is left out, in words: tasks that cannot be read, and what other users submitted.
    """
    for task in tasks:
        article_id = article_id_of(task)
        text = find_text(article_id) if article_id is not None else None
        if article_id is None or text is None:
            report(f"task {task.get('id')} is left out: there is no such article any more")
            continue
        own: list[tuple[MappedResult, Annotation]] = []
        for result in mapper.map_task(task, text, annotators, predictions=False):
            name = annotator_of(result.user_id, annotators)
            if result.kind != "annotation" or _is_skipped(result):
                continue
            if name != annotator:
                report(f"{article_id}: what {name} submitted is left out; it is the project of {annotator}")
            elif result.annotation is None:
                report(f"{article_id}, {annotator}: {'; '.join(finding.message for finding in result.findings)}")
            else:
                own.append((result, result.annotation))
        yield AnnotatorTask(task, article_id, text, _choose(task, own))


def _is_skipped(result: MappedResult) -> bool:
    """Return whether an annotator passed a task over: the reason why there is no annotation is no error."""
    return result.annotation is None and all(finding.severity == "warning" for finding in result.findings)


def _choose(task: JsonObject, submitted: list[tuple[MappedResult, Annotation]]) -> Submission | None:
    """Return the submission that counts, the one that `pull` would take."""
    if not submitted:
        return None
    result, annotation = max(submitted, key=lambda pair: pair[0].rank)
    times = (entry.get("created_at") for entry in task.get("annotations") or [] if entry.get("id") == result.id)
    return Submission(annotation, parse_time(next(times, None)), len(result.quarantined))
