"""Labels that were pulled and are not on the server any more: a deleted annotation, task or project, or all regions.

Nothing in the corpus is deleted for that. `pull` and `status` name them, and `restore` puts them back.
"""

from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from annotate.corpus import Corpus
from annotate.label_map import TaskFields
from annotate.labelstudio.client import Progress, Studio
from annotate.labelstudio.http import JsonObject
from annotate.labelstudio.projects import ADJUDICATION, is_training_title, labelling_titles
from annotate.labelstudio.results import user_id_of
from annotate.labelstudio.state import State
from annotate.labelstudio.status import LabellingStatus, read_status
from annotate.model import is_article_id
from annotate.util.typed_values import convert_as

PULLED = "pulled"
"""The key that a raw task has here, and not on the server: whose labels were ever pulled from it."""


class PulledUsers(msgspec.Struct, frozen=True):
    """The users whose labels were ever pulled from a task, and the server that has the task.

    `annotators` has each user with the annotator in whose file the labels last went.
    """

    server: str
    users: list[int]
    annotators: list[tuple[int, str]] = []


class DeletedLabels(NamedTuple):
    """Labels of an annotator in the corpus that the server does not have any more.

    Attributes:
        annotator: The annotator.
        article_id: The article.
        spans: The number of spans in the corpus.
    """

    annotator: str
    article_id: str
    spans: int

    def __str__(self) -> str:
        """Return what is missing and what to do, in one line."""
        spans = f"{self.spans:,} span{'' if self.spans == 1 else 's'}"
        return (
            f"{self.annotator}'s labels of {self.article_id} ({spans}) are in the corpus and no longer on the server; "
            f"`annotate studio restore {self.annotator} {self.article_id}` puts them back, "
            f"or remove their file annotations/{self.annotator}/{self.article_id}.json in the corpus"
        )


def note_pulled_users(
    task: JsonObject,
    earlier: JsonObject | None,
    server: str,
    annotators: Mapping[int, str],
    not_taken: Collection[int] = (),
) -> JsonObject:
    """Return a raw task with the users whose labels were ever pulled from it.

    Args:
        task: The task as the server has it now.
        earlier: The task as it was pulled before; None if it is new.
        server: The name of the server.
        annotators: The annotator of each user of the server.
        not_taken: The users whose labels are not in the corpus, because the file there was kept.
    """
    before = read_pulled_users(earlier, server) if earlier is not None else set[int]()
    files = dict(read_pulled_annotators(earlier, server, annotators)) if earlier is not None else {}
    with_labels = _users_with_labels(task)
    taken = with_labels.difference(not_taken)
    files |= {user_id: annotators[user_id] for user_id in taken if user_id in annotators}
    pulled = PulledUsers(server, sorted(before | taken), sorted(files.items()))
    # A task without the key is from an older version, which took the labels of all users.
    return task | {PULLED: msgspec.to_builtins(pulled)} if before or with_labels else task


def read_pulled_users(task: JsonObject, server: str) -> set[int]:
    """Return the users whose labels were ever pulled from a raw task of this server."""
    pulled = _read_pulled(task, server)
    return set(pulled.users) if pulled else set()


def read_pulled_annotators(task: JsonObject, server: str, annotators: Mapping[int, str]) -> set[tuple[int, str]]:
    """Return each user whose labels were pulled from a raw task, with the annotator in whose file they went.

    Args:
        task: The raw task.
        server: The name of the server.
        annotators: The annotator of each user; used for labels pulled by an older version, which noted none.
    """
    pulled = _read_pulled(task, server)
    noted = dict(pulled.annotators) if pulled else {}
    users = pulled.users if pulled else _users_with_labels(task) if PULLED not in task else ()
    return {(user_id, name) for user_id in users if (name := noted.get(user_id, annotators.get(user_id))) is not None}


def _read_pulled(task: JsonObject, server: str) -> PulledUsers | None:
    try:
        pulled = convert_as(task.get(PULLED), PulledUsers)
    except msgspec.ValidationError:
        return None
    return pulled if pulled.server == server else None


def _users_with_labels(task: JsonObject) -> set[int]:
    """Return the users who submitted labels in a task."""
    return {user_id for entry in list_submitted(task) if entry.get("result") and (user_id := user_id_of(entry))}


def list_submitted(task: JsonObject) -> list[JsonObject]:
    """Return the annotations of a raw task that were submitted, without skipped ones."""
    entries = task.get("annotations")
    return [
        entry
        for entry in (entries if isinstance(entries, list) else ())
        if isinstance(entry, dict) and not entry.get("was_cancelled")
    ]


def read_raw_tasks(state: State) -> Iterator[tuple[str, list[JsonObject]]]:
    """Yield each article id with its tasks as they were last pulled."""
    for path in sorted(Path(state.folder, "raw").glob("*.json")):
        if is_article_id(path.stem):
            yield path.stem, state.read(f"raw/{path.name}", list[dict[str, Any]]) or []


def find_deleted_labels(
    studio: Studio,
    state: State,
    corpus: Corpus,
    title: str,
    fields: TaskFields | None = None,
    labelling: LabellingStatus | None = None,
    progress: Progress | None = None,
) -> list[DeletedLabels]:
    """Return the labels that were pulled, are still in the corpus, and are not on the server any more.

    All projects for labelling that the folder knows are looked at, whatever the title, since labels may be in any of
    them.

    Args:
        studio: The server.
        state: The folder with the tasks as they were last pulled.
        corpus: The corpus.
        title: The title of the shared project.
        fields: The keys of the data of tasks made elsewhere.
        labelling: How far annotators are in the projects for labelling that have this title; read if None.
        progress: Called with the number of tasks counted in a project, and of all its tasks.
    """
    server = studio.address.name
    annotators = state.annotators(server)
    in_corpus = [
        (article_id, annotators[user_id], has_labels, len(annotation.spans))
        for article_id, tasks in read_raw_tasks(state)
        for user_id, has_labels in sorted(_list_pulled(tasks, server).items())
        if user_id in annotators
        and (annotation := corpus.find_readable_annotation(annotators[user_id], article_id))
        and annotation.spans
    ]
    if not in_corpus:
        return []
    counted = labelling_titles(state, server, title)
    others = [
        name
        for name in state.project_ids(server)
        if not (name in counted or name.endswith(f": {ADJUDICATION}") or is_training_title(name))
    ]
    titles = others if labelling else [*counted, *others]
    read = read_status(studio, state, title, annotators, progress, fields, titles)
    statuses = [read, labelling] if labelling else [read]

    def is_done(article_id: str, annotator: str) -> bool:
        return any(status.stages.get(article_id, {}).get(annotator) == "done" for status in statuses)

    return [
        DeletedLabels(annotator, article_id, spans)
        for article_id, annotator, has_labels, spans in in_corpus
        if not (has_labels and is_done(article_id, annotator))
    ]


def _list_pulled(tasks: list[JsonObject], server: str) -> dict[int, bool]:
    """Return the users whose labels were ever pulled from some tasks, and whether the last pull still saw labels."""
    pulled = {user_id for task in tasks for user_id in read_pulled_users(task, server)}
    with_labels = {user_id for task in tasks for user_id in _users_with_labels(task)}
    return {user_id: user_id in with_labels for user_id in pulled}
