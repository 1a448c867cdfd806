"""What a watch remembers of a project: when it last looked at each task, what it found, and what it wrote.

`watch/` in the state folder has one file for each project. A watch that is killed loses at most what it found in a few
tasks, and looks at those again.
"""

from hashlib import sha256

import msgspec

from annotate.labelstudio.journal import OwnWrite
from annotate.labelstudio.state import State
from annotate.service.advice import Point

WATCH_FOLDER = "watch"


class WatchedTask(msgspec.Struct, frozen=True):
    """A task that someone has labelled.

    Attributes:
        article: Its article; empty if it is of no article of the corpus.
        title: The title of the article.
        updated: The time of its last change that was looked at, as the server lists it.
        before: The time at which people last changed it: earlier than `updated` if the last change was a watch's own.
        users: The ids of the users who labelled it.
        points: What each annotator should look at, in the order of the text.
    """

    article: str
    title: str
    updated: str
    before: str
    users: tuple[int, ...] = ()
    points: dict[str, list[Point]] = {}


class WatchedProject(msgspec.Struct):
    """A project: what a watch knows of its tasks.

    Attributes:
        title: Its title.
        since: All changes up to this time were looked at; None if none were.
        basis: What the findings depend on besides the labels; if it changes, all tasks are checked again.
        task_count: The number of its tasks at the last poll.
        is_shared: Whether several people work in it, so that tasks show counts without words.
        has_tab: Whether the tab with the findings was created; it is created once, since someone may have removed it.
        tasks: The tasks that someone has labelled, by id.
    """

    title: str
    since: str | None = None
    basis: str = ""
    task_count: int = 0
    is_shared: bool = False
    has_tab: bool = False
    tasks: dict[int, WatchedTask] = {}


def _file_name(server: str, project_id: int) -> str:
    return f"{WATCH_FOLDER}/{sha256(server.encode()).hexdigest()[:16]}-{project_id}.json"


def read_memory(state: State, server: str, project_id: int, title: str) -> WatchedProject:
    """Return what is remembered of a project."""
    memory = state.read(_file_name(server, project_id), WatchedProject)
    if memory is None:
        return WatchedProject(title, tasks={})
    memory.title = title
    return memory


def encode_memory(memory: WatchedProject) -> bytes:
    """Return what is remembered of a project as it is stored."""
    return msgspec.json.encode(memory) + b"\n"


def write_memory(state: State, server: str, project_id: int, memory: WatchedProject) -> None:
    """Replace what is remembered of a project."""
    state.write_bytes(_file_name(server, project_id), encode_memory(memory))


def find_own_writes(state: State, server: str, project_id: int) -> dict[int, OwnWrite]:
    """Return the tasks of a project that a watch was the last to change, for `journal.fetch_changes`."""
    tasks = read_memory(state, server, project_id, "").tasks
    return {
        task_id: OwnWrite(task.updated, task.before) for task_id, task in tasks.items() if task.updated != task.before
    }
