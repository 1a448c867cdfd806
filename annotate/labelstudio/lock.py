"""The lock of a state folder: one command at a time changes it. The system releases the lock of a dead process."""

import contextlib
import fcntl
import os
import time
from collections.abc import Iterator
from typing import NamedTuple

import msgspec

from annotate.errors import CannotRun, describe_os_error
from annotate.labelstudio.state import State, open_no_link
from annotate.util.files import remove_leftovers

LOCK_FILE = "lock"
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


class LockHolder(msgspec.Struct, frozen=True):
    """The command that holds the lock, its process id, and when it took the lock (seconds since 1970)."""

    command: str
    pid: int
    since: float


@contextlib.contextmanager
def lock_folder(state: State, command: str) -> Iterator[None]:
    """Hold the folder's lock, and remove what killed commands left half written in the folder.

    The lock file is never removed: a third process would otherwise lock a new one.

    Args:
        state: The folder.
        command: The command that is going to change it, for the message that other commands print.

    Raises:
        CannotRun: Another process holds the lock, or a migration was interrupted, in which case server and inventory
            differ and only some commands may run.
    """
    state.create_folder()
    path = state.folder / LOCK_FILE
    try:
        handle = open_no_link(path, os.O_RDWR | os.O_CREAT)
    except OSError as error:
        raise CannotRun(path, describe_os_error(error), "choose another folder with --dir") from error
    with os.fdopen(handle, "r+b") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise CannotRun(state.folder, _describe_holder(file.read()), "wait until it ends, then try again") from None
        if command not in _SERVER_COMMANDS:
            require_no_migration(state, command)
        remove_leftovers(state.folder, skip=state.data.name)
        file.truncate(0)
        file.write(msgspec.json.encode(LockHolder(command, os.getpid(), time.time())))
        file.flush()
        yield
        file.truncate(0)


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


def _describe_holder(content: bytes) -> str:
    with contextlib.suppress(msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        holder = msgspec.json.decode(content, type=LockHolder)
        since = time.strftime("%H:%M:%S", time.localtime(holder.since))
        group = "" if holder.command == "migrate" else "studio "
        return f"`annotate {group}{holder.command}` is running (process {holder.pid}, since {since})"
    return "another command is changing it"
