"""Carry out a move of labels to corrected texts, or undo it: all tasks and files of an article, or none of them.

The journal has everything before anything is changed. Annotations, drafts and predictions of a task are written before
its text, so that the text of a task says which of the two its labels are of.
"""

from collections.abc import Sequence
from functools import partial
from typing import Any, Literal, TypeAlias

from annotate.errors import CannotRun, Refused
from annotate.labelstudio.client import Progress, Studio
from annotate.labelstudio.config import TEXT
from annotate.labelstudio.http import JsonObject, retry
from annotate.labelstudio.results import iterate_entries
from annotate.labelstudio.state import State
from annotate.migration.transaction import (
    MigratedEntry,
    Phase,
    require_known_files,
    write_entry,
    write_migrated_files,
)
from annotate.reanchoring.journal import ReanchoredTask, ReanchorJournal, remove_journal, set_phase, write_journal
from annotate.reanchoring.labels import move_items
from annotate.reanchoring.plan import read_task
from annotate.reanchoring.ranges import RangeMover
from annotate.util.escape import quote

PresentTasks: TypeAlias = dict[int, JsonObject]
"""Task id → the task as it is now; tasks that were deleted since the journal was written are missing."""


def complete_reanchoring(state: State, journal: ReanchorJournal, studio: Studio, progress: Progress) -> list[str]:
    """Write the new version of everything, whatever is written already.

    What was labelled on the old text since the journal was written is moved, too.

    Args:
        state: The state folder.
        journal: The changes.
        studio: The server.
        progress: Called with the number of tasks written, and of all.

    Returns:
        A line for each entry that was made since the plan and has labels that do not fit; they are left as they are.

    Raises:
        Refused: A file or a task has become neither the old nor the new one.
        CannotRun: The server is another one, or fails.
    """
    require_known_files(journal.files)
    notes = list[str]()
    for done, task in enumerate(journal.tasks, 1):
        present = _read_present(studio, journal, task)
        if present is not None and present["data"].get(TEXT) != task.new[TEXT]:
            late = _changed_since(task, present)
            if late:
                notes += _add_late_entries(task, late)
                write_journal(state, journal)
            _write_task(studio, task, present, "new")
        progress(done, len(journal.tasks))
    write_migrated_files(journal.files, "new")
    set_phase(state, "forward", "done")
    return notes


def undo_reanchoring(state: State, phase: Phase, journal: ReanchorJournal, studio: Studio, progress: Progress) -> None:
    """Write the old version of everything, and remove the journal. The article keeps its new text.

    Args:
        state: The state folder.
        phase: The phase of the journal.
        journal: The changes.
        studio: The server.
        progress: Called with the number of tasks written, and of all.

    Raises:
        Refused: A file or an entry was changed since; nothing is written.
        CannotRun: The server is another one, or fails.
    """
    require_known_files(journal.files)
    present_tasks: PresentTasks = {}
    changed = list[str]()
    for task in journal.tasks:
        present = _read_present(studio, journal, task)
        if present is not None:
            present_tasks[task.task_id] = present
            changed += [f"{entry.kind} {entry.entry_id}" for entry in _changed_since(task, present)]
    if changed:
        problem = f"made or changed on the server since: {', '.join(changed)}"
        raise Refused("annotate studio push --reanchor --undo", problem, "it cannot be undone")
    if phase != "back":
        set_phase(state, phase, "back")
    write_migrated_files(journal.files, "old")
    for done, task in enumerate(journal.tasks, 1):
        if task.task_id in present_tasks:
            _write_task(studio, task, present_tasks[task.task_id], "old")
        progress(done, len(journal.tasks))
    remove_journal(state, journal)


def _read_present(studio: Studio, journal: ReanchorJournal, task: ReanchoredTask) -> JsonObject | None:
    """Return a task as it is now; None if it was deleted.

    Raises:
        CannotRun: The server is another one.
        Refused: The task has a third text.
    """
    if studio.address.name != journal.server:
        raise CannotRun(studio.url, "is not the server that the labels are on", "use the server that they are on")
    present = read_task(studio, task.task_id)
    if present is not None and present["data"].get(TEXT) not in (task.old[TEXT], task.new[TEXT]):
        problem = "has neither the old nor the new text of its article"
        raise Refused(f"task {task.task_id} of project {task.project_id}", problem, "restore its text in Label Studio")
    return present


def _changed_since(task: ReanchoredTask, present: JsonObject) -> list[MigratedEntry]:
    """Return the entries of a task that are neither as before the move nor as after it, unchanged."""
    changes = {(change.kind, change.entry_id): change for change in task.entries}
    changed = []
    for kind, entry in iterate_entries(present):
        change, result = changes.get((kind, entry["id"])), {"result": entry.get("result")}
        if change is None or result not in (change.old, change.new):
            changed.append(MigratedEntry(kind, entry["id"], result, result))
    return changed


def _add_late_entries(task: ReanchoredTask, late_entries: Sequence[MigratedEntry]) -> list[str]:
    """Add what was labelled on the old text since the plan; return a line for each entry that has misfits."""
    mover, notes = RangeMover(task.old[TEXT], task.new[TEXT]), list[str]()
    entries = {(entry.kind, entry.entry_id): entry for entry in task.entries}
    for late in late_entries:
        moved = move_items(late.old["result"], mover, keep_unfit=True)
        new = MigratedEntry(late.kind, late.entry_id, late.old, {"result": moved.items})
        entries[late.kind, late.entry_id] = new
        if moved.unfit:
            words = ", ".join(quote(change.words) for change in moved.unfit)
            notes.append(f"task {task.task_id}, {late.kind} {late.entry_id}: made since, and does not fit: {words}")
    task.entries[:] = entries.values()
    return notes


def _write_task(studio: Studio, task: ReanchoredTask, present: JsonObject, side: Literal["old", "new"]) -> None:
    """Write one version of a task: its entries, then its data; what is right already, or was deleted, is left out."""
    entries = {(kind, entry["id"]): entry for kind, entry in iterate_entries(present)}
    for change in task.entries:
        key: tuple[Any, int] = (change.kind, change.entry_id)
        fields: JsonObject = getattr(change, side)
        entry = entries.get(key)
        if entry is not None and entry.get("result") != fields["result"]:
            write_entry(studio, change.kind, change.entry_id, fields)
    data: JsonObject = getattr(task, side)
    if any(present["data"].get(key) != value for key, value in data.items()):
        _write_data(studio, task.task_id, present["data"] | data)


def _write_data(studio: Studio, task_id: int, data: JsonObject) -> None:
    retry(partial(studio.update_task_data, task_id, data), studio.delays)
