"""What a server gave, kept on disk before anything is made of it, until what it holds is in the corpus.

`.studio/journal/` has a file a page of raw tasks, numbered in the order they came; each is written whole or not at all,
and removed once every task in it was taken. What a killed `pull` left is therefore there when the next one begins.
`since.json` beside them says up to when, by the server's clock, its changes are in here.

What was pulled and cannot be taken into the corpus: kept in `.studio/aside/` with code and reason, by article.

An article's file is written anew whenever the article is pulled, and goes once all of it can be taken.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from itertools import chain
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from annotate.errors import CannotRun
from annotate.findings import Finding
from annotate.labelstudio.client import Project, Raw, Studio
from annotate.labelstudio.results import user_id_of
from annotate.labelstudio.state import State

T = TypeVar("T", bound=msgspec.Struct)

FOLDER = "journal"
OVERLAP = timedelta(minutes=2)
"""How far to look back before the last pull: the server writes a time some while before others can see the change."""
TIME = "%Y-%m-%dT%H:%M:%S.%fZ"


class Head(msgspec.Struct, frozen=True):
    """Where a page came from, and which of the server's users submitted or skipped something in it."""

    server: str
    users: tuple[int, ...]


class Page(Head, frozen=True):
    """A page with its tasks, as the server gave them."""

    tasks: list[Raw]


class Mark(msgspec.Struct, frozen=True):
    """How far the changes of one project were fetched: all up to `since`; and, of a fetch that began at `began` and
    was interrupted, the last task that is in the journal."""

    since: str | None = None
    began: str | None = None
    last: int = 0


class Journal:
    """The journal of a `.studio/` folder."""

    def __init__(self, state: State) -> None:
        self.state = state

    def pages(self) -> list[Path]:
        """The pages not taken yet, oldest first."""
        return sorted((self.state.folder / FOLDER).glob("[0-9]*.json"))

    def keep(self, server: str, tasks: Sequence[Raw]) -> tuple[Path, Page]:
        """Write down a page of tasks, and say where. Raises CannotRun where there is no room."""
        pages = self.pages()
        last = int(pages[-1].stem) if pages else 0
        page, name = Page(server, tuple(users(tasks)), list(tasks)), f"{FOLDER}/{last + 1:08}.json"
        self.state.write_bytes(name, msgspec.json.encode(page))
        return self.state.folder / name, page

    def read(self, path: Path) -> Page:
        return _decoded(path, Page)

    def drop(self, path: Path) -> None:
        """Remove a page, once all of it is where it belongs."""
        path.unlink(missing_ok=True)

    def users(self, server: str) -> list[int]:
        """The numbers of a server's users who did something that was not taken yet."""
        heads = (_decoded(path, Head) for path in self.pages())
        return sorted(set(chain.from_iterable(head.users for head in heads if head.server == server)))

    def mark(self, server: str, project: int) -> Mark:
        return self._marks().get(f"{server} {project}", Mark())

    def put_mark(self, server: str, project: int, mark: Mark) -> None:
        self.state.write(f"{FOLDER}/since.json", self._marks() | {f"{server} {project}": mark})

    def _marks(self) -> dict[str, Mark]:
        return self.state.read(f"{FOLDER}/since.json", dict[str, Mark]) or {}


def users(tasks: Iterable[Raw]) -> list[int]:
    """The numbers of the server's users who submitted or skipped something."""
    numbers = {user_id_of(annotation) for task in tasks for annotation in task.get("annotations") or []}
    return sorted(number for number in numbers if number is not None)


def fetch(
    studio: Studio,
    journal: Journal,
    project: Project,
    *,
    everything: bool = False,
    progress: Callable[[int, int], None] | None = None,
    kept: Callable[[Path, Page], None] = lambda path, page: None,
) -> Iterator[int]:
    """Bring what changed on a server since the last complete fetch into the journal, going on where one stopped.

    Yields the number of tasks of each page; `progress` hears how many are done, and of how many; `kept` gets each page
    once it is in the journal, while the next one is asked for. A draft does not change the time of its task: tasks with
    one always come.
    """
    server, mark = studio.where.name, journal.mark(studio.where.name, project.number)
    if everything:
        mark = Mark()
    if mark.began is None:
        mark = Mark(mark.since, studio.now())
    only = [_changed(mark.since)] if mark.since else []
    done, left = 0, list[int]()
    for page in studio.pages(project, after=mark.last, only=only, seen=left.append):
        done += len(page)
        if progress:
            progress(done, left[0])
        written = journal.keep(server, _with_drafts(studio, page))
        mark = msgspec.structs.replace(mark, last=page[-1]["id"])
        journal.put_mark(server, project.number, mark)
        kept(*written)
        yield len(page)
    if mark.since:
        for page in studio.pages(project, only=[DRAFTS]):
            kept(*journal.keep(server, _with_drafts(studio, page)))
            yield len(page)
    journal.put_mark(server, project.number, Mark(mark.began))


def _with_drafts(studio: Studio, tasks: Sequence[Raw]) -> list[Raw]:
    """Tasks with everybody's drafts; one that was deleted since it was listed stays as it was listed."""

    def whole(task: Raw) -> Raw:
        drafts = studio.drafts(task["id"]) if task.get("draft_exists") else None
        return task if drafts is None else task | {"drafts": drafts}

    return [whole(task) for task in tasks]


DRAFTS: Raw = {"filter": "filter:tasks:draft_exists", "operator": "equal", "type": "Boolean", "value": True}


def _changed(since: str) -> Raw:
    value = (datetime.strptime(since, TIME) - OVERLAP).strftime(TIME)
    return {"filter": "filter:tasks:updated_at", "operator": "greater_or_equal", "type": "Datetime", "value": value}


def _decoded(path: Path, type_: type[T]) -> T:
    try:
        return msgspec.json.decode(path.read_bytes(), type=type_)
    except (OSError, msgspec.MsgspecError) as error:
        # The message may quote the content, which names people.
        raise CannotRun(path, f"cannot be read ({type(error).__name__})", "move it away, then pull --all") from None


FOLDER_ASIDE = "aside"


class Reason(msgspec.Struct, frozen=True):
    """Why something was set aside: the code of a rule, and its message."""

    code: str
    message: str
    span: str | None = None


class Aside(msgspec.Struct, frozen=True):
    """One annotation or draft of which something was set aside; `items` are as the server gave them."""

    task: object
    kind: str
    number: object
    annotator: str | None
    reasons: list[Reason]
    items: list[Any]


def of(
    task: Raw, kind: str, number: object, annotator: str | None, findings: Sequence[Finding], items: Sequence[object]
) -> Aside:
    """What is kept of items that could not be taken."""
    reasons = [Reason(finding.code, finding.message, finding.span) for finding in findings]
    return Aside(task.get("id"), kind, number, annotator, reasons, list(items))


def put(state: State, article: str, found: Sequence[Aside]) -> None:
    """Write what was set aside of an article, or remove its file where there is nothing."""
    if found:
        state.write_bytes(f"{FOLDER_ASIDE}/{article}.json", msgspec.json.encode(found) + b"\n")
    else:
        (state.folder / FOLDER_ASIDE / f"{article}.json").unlink(missing_ok=True)


def get(state: State, article: str) -> list[Aside]:
    """What is set aside of an article."""
    return state.read(f"{FOLDER_ASIDE}/{article}.json", list[Aside]) or []


def listed(state: State) -> Iterator[tuple[str, Aside]]:
    """Article (`.unknown`: none of the corpus) and what was set aside of it, over all pulls."""
    for path in sorted((state.folder / FOLDER_ASIDE).glob("*.json")):
        for entry in get(state, path.stem):
            yield path.stem, entry
