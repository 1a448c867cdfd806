"""The lock of a state folder: one command at a time changes it. The system releases the lock of a dead process."""

import contextlib
import fcntl
import os
import sys
import time
from collections.abc import Iterator
from typing import BinaryIO, NamedTuple

import msgspec

from annotate.errors import CannotRun, describe_os_error
from annotate.labelstudio.state import State, open_no_link
from annotate.util.files import remove_leftovers
from annotate.util.typed_values import decode_as

LOCK_FILE = "lock"
WATCH = "watch"
"""The command that holds the lock again and again, for a few tasks each time; others wait for it."""
PATIENCE = 30.0
"""Seconds that a command waits for `WATCH`."""
_CHANGE_OF_HOLDER = 1.0
"""Seconds within which a command that takes the lock writes who it is."""
_PAUSE = 0.05
MIGRATION_FOLDER, REANCHOR_FOLDER = "migration", "reanchor"
"""The folders with the journal of a migration, and of the move of labels to corrected texts. Until it is complete or
undone, the journal has one of the names in `_INTERRUPTED`."""
REANCHOR_COMMAND = "push --reanchor"

_INTERRUPTED = ("forward.json", "back.json")
_SERVER_COMMANDS = ("up", "reset-credentials")
"""Commands that run while a change is interrupted, besides the one that completes it: those of its server."""


class _GreatChange(NamedTuple):
    """A change of server and corpus together: what messages call it, the command for it, and how it is typed."""

    noun: str
    command: str
    typed: str


_GREAT_CHANGES = {
    MIGRATION_FOLDER: _GreatChange("a migration", "migrate", "annotate migrate"),
    REANCHOR_FOLDER: _GreatChange(
        "moving labels to corrected texts", REANCHOR_COMMAND, f"annotate studio {REANCHOR_COMMAND}"
    ),
}
"""The folder of its journal → a change that leaves server and corpus different while it is interrupted."""


class FolderBusy(CannotRun):
    """Another command is changing the folder."""


class LockHolder(msgspec.Struct, frozen=True):
    """The command that holds the lock, its process id, and when it took the lock (seconds since 1970)."""

    command: str
    pid: int
    since: float


@contextlib.contextmanager
def lock_folder(state: State, command: str) -> Iterator[None]:
    """Hold the folder's lock, and remove what killed commands left half written in the folder.

    The lock file is never removed: a third process would otherwise lock a new one. While `annotate studio watch` has
    the lock, a line on standard error says so, and the command waits.

    Args:
        state: The folder.
        command: The command that is going to change it, for the message that other commands print.

    Raises:
        FolderBusy: Another process holds the lock.
        CannotRun: The lock file cannot be opened, or a migration was interrupted, in which case server and inventory
            differ and only some commands may run.
    """
    state.create_folder()
    path = state.folder / LOCK_FILE
    try:
        handle = open_no_link(path, os.O_RDWR | os.O_CREAT)
    except OSError as error:
        raise CannotRun(path, describe_os_error(error), "choose another folder with --dir") from error
    with os.fdopen(handle, "r+b") as file:
        _acquire(file, state)
        if command not in _SERVER_COMMANDS:
            require_no_migration(state, command)
        remove_leftovers(state.folder, skip=state.data.name)
        file.seek(0)
        file.truncate(0)
        file.write(msgspec.json.encode(LockHolder(command, os.getpid(), time.time())))
        file.flush()
        yield
        file.truncate(0)


def _acquire(file: BinaryIO, state: State) -> None:
    begin, is_announced = time.monotonic(), False
    while True:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            file.seek(0)
            content = file.read()
            holder = _read_holder(content)
            is_watch = holder is not None and holder.command == WATCH
            # The file is empty while a command takes or releases the lock.
            if time.monotonic() - begin >= (PATIENCE if is_watch else 0 if content else _CHANGE_OF_HOLDER):
                hint = "wait until it ends, then try again"
                raise FolderBusy(state.folder, _describe_holder(holder), hint) from None
            if is_watch and not is_announced and sys.stderr is not None:
                is_announced = True
                sys.stderr.write("annotate: waiting for `annotate studio watch`, which has a few tasks to check\n")
                sys.stderr.flush()
            time.sleep(_PAUSE)
        else:
            return


def require_no_migration(state: State, command: str = "") -> None:
    """Check that no change of server and corpus is incomplete.

    Args:
        state: The folder.
        command: The command that asks; it may complete its own change.

    Raises:
        CannotRun: A migration, or moving labels to corrected texts, was interrupted.
    """
    for folder, change in _GREAT_CHANGES.items():
        if change.command != command and is_interrupted(state, folder):
            hint = f"complete it with `{change.typed}`, or undo it with `{change.typed} --undo`"
            raise CannotRun(state.folder, f"{change.noun} was interrupted", hint)


def is_interrupted(state: State, folder: str) -> bool:
    """Return whether a change was interrupted; `folder` is that of its journal."""
    return any((state.folder / folder / name).is_file() for name in _INTERRUPTED)


def _read_holder(content: bytes) -> LockHolder | None:
    with contextlib.suppress(msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return decode_as(content, LockHolder)
    return None


def _describe_holder(holder: LockHolder | None) -> str:
    if holder is not None:
        since = time.strftime("%H:%M:%S", time.localtime(holder.since))
        group = "" if holder.command == "migrate" else "studio "
        return f"`annotate {group}{holder.command}` is running (process {holder.pid}, since {since})"
    return "another command is changing it"
