"""What predictions the tasks of a project had when they were last pushed, so that a push need not fetch them again.

`pushed/` in the state folder has a file for each project. What is remembered of a task holds as long as the server
dates no change of it, and counts the same predictions in the project. The server dates the change and the deletion of a
prediction. It does not date an import of predictions, which makes the newest one of a name newer.
"""

from datetime import datetime, timedelta
from typing import NamedTuple

import msgspec

from annotate.labelstudio.http import TIME_FORMAT, JsonObject
from annotate.labelstudio.state import State
from annotate.offsets import sha256

PUSHED_FOLDER = "pushed"
MARGIN = timedelta(minutes=2)
"""How long after its time a change counts as complete: the server dates a task before it saves a prediction."""
_UNTOUCHED = timedelta(milliseconds=10)
"""The most between creation and last change of a task that was imported and not changed since."""


class PredictionCount(NamedTuple):
    """How many predictions of a name a project has, and when the newest one was created."""

    number: int
    newest: str


class PushedTask(msgspec.Struct, frozen=True):
    """A task as it was pushed or fetched.

    Attributes:
        article: Its article.
        updated: The time of its last change, as the server lists it; empty if it was imported.
        predictions: The name of each prediction, and the hash of its result.
    """

    article: str
    updated: str
    predictions: tuple[tuple[str, str], ...]


class PushedProject(msgspec.Struct, frozen=True):
    """What is remembered of a project: the counts of its predictions by name, and its tasks by id."""

    counts: dict[str, PredictionCount] = {}
    tasks: dict[int, PushedTask] = {}

    def find(self, task: JsonObject, article_id: str) -> PushedTask | None:
        """Return what is remembered of a listed task of an article; None if it changed since."""
        pushed = self.tasks.get(task["id"])
        if pushed is None or pushed.article != article_id:
            return None
        is_same = is_untouched(task) if pushed.updated == "" else pushed.updated == task.get("updated_at")
        return pushed if is_same else None


def is_untouched(task: JsonObject) -> bool:
    """Return whether a listed task was not changed since it was created."""
    created, updated = _parse_time(task.get("created_at")), _parse_time(task.get("updated_at"))
    return created is not None and updated is not None and updated - created <= _UNTOUCHED


def is_settled(task: JsonObject, now: str | None) -> bool:
    """Return whether all changes of a task that its time tells of were complete at a time of the server."""
    then, updated = _parse_time(now), _parse_time(task.get("updated_at"))
    return is_untouched(task) or (then is not None and updated is not None and updated < then - MARGIN)


def maker_of(name: str) -> str:
    """Return the annotation set in the name of a prediction."""
    return name.partition(" ")[0]


def read_pushed(state: State, server: str, project_id: int) -> PushedProject:
    """Return what is remembered of a project."""
    return state.read(_file_name(server, project_id), PushedProject) or PushedProject()


def write_pushed(state: State, server: str, project_id: int, pushed: PushedProject) -> None:
    """Replace what is remembered of a project."""
    state.write_bytes(_file_name(server, project_id), msgspec.json.encode(pushed) + b"\n")


def _file_name(server: str, project_id: int) -> str:
    return f"{PUSHED_FOLDER}/{sha256(server)[:16]}-{project_id}.json"


def _parse_time(text: object) -> datetime | None:
    try:
        return datetime.strptime(str(text), TIME_FORMAT)
    except ValueError:
        return None
