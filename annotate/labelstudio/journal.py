"""The journal: pages of raw tasks on disk, from when the server sends them until their labels are in the corpus.

`journal/` has one file for each page, numbered in order of arrival. A page is written completely or not at all,
and removed after every task in it was taken. The next `pull` thus finds what an interrupted one left. `since.json` in
the same folder has, for each project, the time by the server's clock up to which its changes are in the journal, and
the state in which tasks were fetched that the next fetch lists again.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from itertools import chain
from pathlib import Path
from typing import NamedTuple, TypeVar

import msgspec

from annotate.errors import CannotRun
from annotate.labelstudio.client import Progress, Studio, task_filter
from annotate.labelstudio.http import TIME_FORMAT, JsonObject
from annotate.labelstudio.results import user_id_of
from annotate.labelstudio.state import State
from annotate.offsets import sha256
from annotate.util.typed_values import decode_as

T = TypeVar("T", bound=msgspec.Struct)

JOURNAL_FOLDER = "journal"
CHECKPOINTS_FILE = f"{JOURNAL_FOLDER}/since.json"
OVERLAP = timedelta(minutes=2)
"""How far to look back before the last pull: the server dates a change some time before it becomes visible."""
HAS_DRAFT = task_filter("draft_exists", "equal", "Boolean", True)
_DRAFTS = " drafts "
LISTED_FIELDS = "id,updated_at,draft_exists"
"""The fields of a task that tell whether it has to be fetched again."""


class PageHeader(msgspec.Struct, frozen=True):
    """Where a page comes from.

    Attributes:
        server: The server.
        users: The ids of the users who submitted or skipped something in it.
        inventory: The version of the inventory of the project's config; None if it is not known.
    """

    server: str
    users: tuple[int, ...]
    inventory: str | None = None


class JournalPage(PageHeader, frozen=True, kw_only=True):
    """A page of raw tasks."""

    tasks: list[JsonObject]


class Checkpoint(msgspec.Struct, frozen=True):
    """How far the changes of a project were fetched.

    All changes up to `since` are in the journal. An interrupted fetch that began at `began` wrote the tasks up to the
    id `last`. `fetched` has the state (`describe_state`) in which tasks were fetched, by id: those that changed in the
    overlap before `since`, and those with a draft.
    """

    since: str | None = None
    began: str | None = None
    last: int = 0
    fetched: dict[int, str] = {}


class OwnWrite(NamedTuple):
    """The times of a task that `annotate studio watch` was the last to change, as the server lists them.

    `written` is when it did so, `before` when people last changed the task or its annotations.
    """

    written: str
    before: str


class PullJournal:
    """The journal of a state folder."""

    def __init__(self, state: State) -> None:
        self.state = state

    def page_paths(self) -> list[Path]:
        """Return the files of the pages that were not taken yet, oldest first."""
        return sorted((self.state.folder / JOURNAL_FOLDER).glob("[0-9]*.json"))

    def append(
        self, server: str, tasks: Sequence[JsonObject], inventory: str | None = None
    ) -> tuple[Path, JournalPage]:
        """Write a page of tasks of one project; return its file and content.

        Args:
            server: The server.
            tasks: The tasks.
            inventory: The version of the inventory of the project's config; None if it is not known.
        """
        paths = self.page_paths()
        last = int(paths[-1].stem) if paths else 0
        page = JournalPage(server, tuple(user_ids(tasks)), inventory, tasks=list(tasks))
        name = f"{JOURNAL_FOLDER}/{last + 1:08}.json"
        self.state.write_bytes(name, msgspec.json.encode(page))
        return self.state.folder / name, page

    def remove_superseded(self, server: str) -> int:
        """Keep the last copy of each task of a server in the pages; return the number of tasks.

        Pages that wait would otherwise pile up: each pull fetches tasks with a draft again.
        """
        task_ids: set[object] = set()
        for path in reversed(self.page_paths()):
            page = self.read_page(path)
            if page.server != server:
                continue
            tasks = [task for task in page.tasks if task.get("id") not in task_ids]
            task_ids.update(task.get("id") for task in tasks)
            if not tasks:
                path.unlink(missing_ok=True)
            elif len(tasks) < len(page.tasks):
                kept = msgspec.structs.replace(page, users=tuple(user_ids(tasks)), tasks=tasks)
                self.state.write_bytes(f"{JOURNAL_FOLDER}/{path.name}", msgspec.json.encode(kept))
        return len(task_ids)

    def read_page(self, path: Path) -> JournalPage:
        """Return the page of a file."""
        return _decode(path, JournalPage)

    def user_ids(self, server: str) -> list[int]:
        """Return the ids of a server's users who submitted or skipped something in the pages."""
        headers = (_decode(path, PageHeader) for path in self.page_paths())
        return sorted(set(chain.from_iterable(header.users for header in headers if header.server == server)))

    def checkpoint(self, server: str, project_id: int) -> Checkpoint:
        """Return how far the changes of a project were fetched."""
        return self._checkpoints().get(f"{server} {project_id}", Checkpoint())

    def save_checkpoint(self, server: str, project_id: int, checkpoint: Checkpoint) -> None:
        """Remember how far the changes of a project were fetched."""
        self.state.write(CHECKPOINTS_FILE, self._checkpoints() | {f"{server} {project_id}": checkpoint})

    def _checkpoints(self) -> dict[str, Checkpoint]:
        return self.state.read(CHECKPOINTS_FILE, dict[str, Checkpoint]) or {}


def user_ids(tasks: Iterable[JsonObject]) -> list[int]:
    """Return the ids of the server's users who submitted or skipped something, in ascending order."""
    ids = {user_id_of(annotation) for task in tasks for annotation in task.get("annotations") or []}
    return sorted(user_id for user_id in ids if user_id is not None)


def fetch_changes(
    studio: Studio,
    journal: PullJournal,
    project_id: int,
    *,
    inventory: str | None = None,
    everything: bool = False,
    own_writes: Mapping[int, OwnWrite] | None = None,
    progress: Progress | None = None,
    on_page: Callable[[Path, JournalPage], None] = lambda path, page: None,
) -> Iterator[int]:
    """Write what changed on a server since the last complete fetch into the journal; resume an interrupted fetch.

    A task that changed in the overlap is listed again, and fetched if its state differs from the one that was fetched.
    The server saves an annotation before it dates the task, so a task with the same date has nothing newer. A draft
    does not change the time of its task, so drafts are always looked at.

    Args:
        studio: The server.
        journal: The journal.
        project_id: The project.
        inventory: The version of the inventory of its config; None if it is not known.
        everything: Whether to fetch all tasks.
        own_writes: The tasks that a command of ours changed last, by id; they count as changed when people changed
            them.
        progress: Called with the number of tasks fetched, and of all.
        on_page: Called with the file and the content of each page once it is in the journal.

    Yields:
        The number of tasks of each page.
    """
    server, checkpoint = studio.address.name, journal.checkpoint(studio.address.name, project_id)
    if everything:
        checkpoint = Checkpoint()
    if checkpoint.began is None:
        checkpoint = msgspec.structs.replace(checkpoint, began=studio.server_time())
    done, totals, fetched = 0, list[int](), dict[int, str]()

    def write_page(page: Sequence[JsonObject]) -> tuple[Path, JournalPage]:
        tasks = _add_drafts(studio, page)
        fetched.update((task["id"], describe_state(task)) for task in tasks if task.get("updated_at"))
        return journal.append(server, tasks, inventory)

    for page in _changed_pages(studio, project_id, checkpoint, own_writes or {}, fetched, totals.append):
        done += len(page)
        if progress:
            progress(done, totals[0])
        written = write_page(page)
        checkpoint = msgspec.structs.replace(checkpoint, last=page[-1]["id"])
        journal.save_checkpoint(server, project_id, checkpoint)
        on_page(*written)
        yield len(page)
    if checkpoint.since:
        for page in _pages_with_drafts(studio, project_id, checkpoint.fetched, fetched):
            on_page(*write_page(page))
            yield len(page)
    journal.save_checkpoint(server, project_id, _next_checkpoint(checkpoint, fetched))


def _next_checkpoint(checkpoint: Checkpoint, fetched: Mapping[int, str]) -> Checkpoint:
    """Return the checkpoint after a complete fetch, with the tasks that the next one lists again."""
    if checkpoint.began is None:
        return Checkpoint()
    first = before_overlap(checkpoint.began)
    # A state begins with a time of fixed length, so that the order of states is that of times.
    again = {
        task_id: state
        for task_id, state in {**checkpoint.fetched, **fetched}.items()
        if state >= first or (task_id in fetched and _DRAFTS in state)
    }
    return Checkpoint(checkpoint.began, fetched=again)


def _changed_pages(
    studio: Studio,
    project_id: int,
    checkpoint: Checkpoint,
    own_writes: Mapping[int, OwnWrite],
    fetched: dict[int, str],
    on_total: Callable[[int], None],
) -> Iterator[list[JsonObject]]:
    """Yield the tasks that a fetch is still to bring, by page; add those that did not change to `fetched`."""
    filters = [changed_since(checkpoint.since)] if checkpoint.since else []
    if checkpoint.since is None or not (own_writes or checkpoint.fetched):
        yield from studio.task_pages(project_id, after_id=checkpoint.last, filters=filters, on_total=on_total)
        return
    first = datetime.strptime(checkpoint.since, TIME_FORMAT) - OVERLAP
    before = checkpoint.fetched
    listing = studio.task_pages(
        project_id, after_id=checkpoint.last, filters=filters, fields=LISTED_FIELDS, on_total=on_total
    )
    for listed in listing:
        own = {task["id"] for task in listed if _is_own_write(task, own_writes.get(task["id"]), first, before)}
        different = _different_ids(studio, [task for task in listed if task["id"] not in own], before, fetched)
        if different:
            yield from studio.task_pages(project_id, task_ids=different)


def _pages_with_drafts(
    studio: Studio, project_id: int, before: Mapping[int, str], fetched: dict[int, str]
) -> Iterator[list[JsonObject]]:
    """Yield the tasks with drafts that the fetch has not looked at yet, by page, if they differ from the last one."""
    for listed in studio.task_pages(project_id, filters=[HAS_DRAFT], fields=LISTED_FIELDS):
        others = [task for task in listed if _DRAFTS not in fetched.get(task["id"], "")]
        different = _different_ids(studio, others, before, fetched)
        if different:
            yield from studio.task_pages(project_id, task_ids=different)


def _different_ids(
    studio: Studio, listed: Sequence[JsonObject], before: Mapping[int, str], fetched: dict[int, str]
) -> list[int]:
    """Return the ids of listed tasks whose state is not the one before; add the others to `fetched`."""
    states = {task["id"]: describe_state(task) for task in _add_drafts(studio, listed)}
    fetched.update((task_id, state) for task_id, state in states.items() if before.get(task_id) == state)
    return [task_id for task_id, state in states.items() if before.get(task_id) != state]


def describe_state(task: JsonObject) -> str:
    """Return the time of a task's last change, and a hash of the drafts that were added to it, if any."""
    updated = str(task.get("updated_at"))
    if not task.get("draft_exists"):
        return updated
    # The server words the age of a draft, which changes by itself.
    drafts = [
        {key: value for key, value in draft.items() if key != "created_ago"} for draft in task.get("drafts") or ()
    ]
    return f"{updated}{_DRAFTS}{sha256(msgspec.json.encode(drafts, order='sorted').decode())}"


def _is_own_write(task: JsonObject, own_write: OwnWrite | None, first: datetime, before: Mapping[int, str]) -> bool:
    """Return whether only a command of ours has changed a task since `first`, or since its state before."""
    if own_write is None or task.get("updated_at") != own_write.written:
        return False
    return own_write.before == before.get(task["id"]) or _parse_time(own_write.before) < first


def _parse_time(text: str) -> datetime:
    """Return a time of the server; the latest one for text of another form, so that its task counts as changed."""
    try:
        return datetime.strptime(text, TIME_FORMAT)
    except ValueError:
        return datetime.max


def _add_drafts(studio: Studio, tasks: Sequence[JsonObject]) -> list[JsonObject]:
    """Return tasks with the drafts of all users; a task that was deleted meanwhile stays as it was listed."""

    def add_drafts(task: JsonObject) -> JsonObject:
        drafts = studio.list_drafts(task["id"]) if task.get("draft_exists") else None
        return task if drafts is None else task | {"drafts": drafts}

    return [add_drafts(task) for task in tasks]


def changed_since(since: str) -> JsonObject:
    """Return the filter for tasks that changed since a time, in `TIME_FORMAT`, with the overlap."""
    return task_filter("updated_at", "greater_or_equal", "Datetime", before_overlap(since))


def before_overlap(since: str) -> str:
    """Return a time in `TIME_FORMAT`, moved back by the overlap."""
    return (datetime.strptime(since, TIME_FORMAT) - OVERLAP).strftime(TIME_FORMAT)


def _decode(path: Path, type_: type[T]) -> T:
    try:
        return decode_as(path.read_bytes(), type_)
    except (OSError, msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        # The message may quote the content, which names people.
        hint = "move it away, then run `annotate studio pull --all`"
        raise CannotRun(path, f"cannot be read ({type(error).__name__})", hint) from None
