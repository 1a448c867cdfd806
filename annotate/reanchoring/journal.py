"""The journal of moving labels to corrected texts, and the labels that were dropped because they did not fit.

`reanchor/` of the state folder has the old and the new version of everything before anything is changed, in a file
whose name is its phase, as with a migration: `forward.json`, `done.json`, `back.json`. `dropped-0001.json` and so on
have the labels that did not fit; only an undo removes one.
"""

from collections.abc import Iterator
from itertools import groupby
from pathlib import Path
from typing import Any, Literal

import msgspec

from annotate.labelstudio.http import JsonObject
from annotate.labelstudio.lock import REANCHOR_FOLDER
from annotate.labelstudio.state import State
from annotate.migration.transaction import PHASES, MigratedEntry, MigratedFile, Phase
from annotate.reanchoring.labels import LabelMove

_DROPPED = "dropped-"


class DroppedLabels(msgspec.Struct, frozen=True):
    """Labels of one annotation that did not fit the corrected text of its article.

    Attributes:
        article: The article.
        where: The file of the corpus, or the task and whose labels they were.
        labels: The labels, with the reason for each.
        items: What was dropped: result items of the server, or spans and relations, or passages of links.
    """

    article: str
    where: str
    labels: list[LabelMove]
    items: list[Any]


class ReanchoredTask(msgspec.Struct, frozen=True):
    """A task before and after: the keys of its data that change, and its annotations, drafts and predictions."""

    project_id: int
    task_id: int
    article: str
    old: JsonObject
    new: JsonObject
    entries: list[MigratedEntry]


class ReanchorJournal(msgspec.Struct, forbid_unknown_fields=True):
    """All that moving labels changes.

    Attributes:
        server: The name of the server.
        article_ids: The articles.
        tasks: Their tasks.
        files: The files of the corpus.
        dropped: The labels that do not fit.
        dropped_file: The file of the state folder that keeps them; empty for none.
    """

    server: str
    article_ids: list[str]
    tasks: list[ReanchoredTask]
    files: list[MigratedFile]
    dropped: list[DroppedLabels]
    dropped_file: str = ""

    def count_entries(self) -> int:
        """Return how many annotations, drafts and predictions there are."""
        return sum(len(task.entries) for task in self.tasks)


def read_journal(state: State) -> tuple[Phase, ReanchorJournal] | None:
    """Return the journal and its phase; None if there is none."""
    for phase in PHASES:
        journal = state.read(_name(phase), ReanchorJournal)
        if journal is not None:
            return phase, journal
    return None


def begin(state: State, journal: ReanchorJournal) -> None:
    """Write the labels that are dropped, and then the journal. From here on the move is completed or undone."""
    if journal.dropped:
        number = max((int(path.stem.removeprefix(_DROPPED)) for path in list_dropped_files(state)), default=0) + 1
        journal.dropped_file = f"{REANCHOR_FOLDER}/{_DROPPED}{number:04}.json"
        _write_dropped(state, journal)
    write_journal(state, journal)
    (state.folder / _name("done")).unlink(missing_ok=True)


def _write_dropped(state: State, journal: ReanchorJournal) -> None:
    state.write(journal.dropped_file, journal.dropped)


def write_journal(state: State, journal: ReanchorJournal) -> None:
    """Write the journal of a move that has begun."""
    state.write(_name("forward"), journal)


def set_phase(state: State, old: Phase, new: Literal["done", "back"]) -> None:
    """Rename the journal to a new phase."""
    (state.folder / _name(old)).replace(state.folder / _name(new))


def remove_journal(state: State, journal: ReanchorJournal) -> None:
    """Remove the labels that were dropped, which are back, and the journal of the undo."""
    if journal.dropped_file:
        (state.folder / REANCHOR_FOLDER / Path(journal.dropped_file).name).unlink(missing_ok=True)
    (state.folder / _name("back")).unlink()


def list_dropped_files(state: State) -> list[Path]:
    """Return the files with labels that were dropped, oldest first."""
    return sorted((state.folder / REANCHOR_FOLDER).glob(f"{_DROPPED}[0-9][0-9][0-9][0-9].json"))


def iterate_dropped(state: State) -> Iterator[tuple[Path, DroppedLabels]]:
    """Yield the labels that were dropped from each annotation, and the file that keeps them."""
    for path in list_dropped_files(state):
        for labels in state.read(f"{REANCHOR_FOLDER}/{path.name}", list[DroppedLabels]) or []:
            yield path, labels


def count_dropped(state: State) -> Iterator[tuple[Path, int]]:
    """Yield each file with labels that were dropped, and their number; passages of links count as labels."""
    for path, labels in groupby(iterate_dropped(state), key=lambda pair: pair[0]):
        yield path, sum(len(dropped.labels) for _, dropped in labels)


def _name(phase: Phase) -> str:
    return f"{REANCHOR_FOLDER}/{phase}.json"
