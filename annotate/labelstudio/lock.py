"""One command that changes something at a time in a `.studio/` folder. The system lets go of a dead process's lock."""

import contextlib
import fcntl
import os
import time
from collections.abc import Iterator

import msgspec

from annotate.errors import CannotRun, describe_os_error
from annotate.labelstudio.state import PRIVATE_FILE, State
from annotate.util.files import sweep

NAME = "lock"
MIGRATION = "migration"
"""The folder with the journal of a migration, which is called as one of `_BEGUN` until it is done, or undone."""


_BEGUN = ("forward", "back")
_BETWEEN = ("migrate", "up")
"""Commands that an interrupted migration is gone on with; it needs the server."""


class Holder(msgspec.Struct, frozen=True):
    """Who has the lock: the command, its process, and when it took it (seconds since 1970)."""

    command: str
    pid: int
    since: float


@contextlib.contextmanager
def locked(state: State, command: str) -> Iterator[None]:
    """Hold the folder's lock. Raises CannotRun where another process holds it; what a dead one left is taken over.

    It is refused, too, to all but `migrate` and `up` where a migration was interrupted: server and inventory are apart
    then. What killed commands left half written in the folder is removed.

    The file itself stays: to remove it would give a third process another file to lock.
    """
    state.make()
    path = state.folder / NAME
    try:
        handle = os.open(path, os.O_RDWR | os.O_CREAT, PRIVATE_FILE)
    except OSError as error:
        raise CannotRun(path, describe_os_error(error), "choose another folder with --dir") from error
    with os.fdopen(handle, "r+b") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise CannotRun(state.folder, _busy(file.read()), "wait for its end, then try again") from None
        if command not in _BETWEEN:
            refuse_between(state)
        sweep(state.folder, but=state.data.name)
        file.truncate(0)
        file.write(msgspec.json.encode(Holder(command, os.getpid(), time.time())))
        file.flush()
        yield
        file.truncate(0)


def refuse_between(state: State) -> None:
    """Raise CannotRun where a migration was interrupted."""
    if any((state.folder / MIGRATION / f"{one}.json").is_file() for one in _BEGUN):
        hint = "go on with `annotate studio migrate`, or take it back with `annotate studio migrate --undo`"
        raise CannotRun(state.folder, "a migration was interrupted", hint)


def _busy(content: bytes) -> str:
    with contextlib.suppress(msgspec.MsgspecError):
        holder = msgspec.json.decode(content, type=Holder)
        since = time.strftime("%H:%M:%S", time.localtime(holder.since))
        return f"`annotate studio {holder.command}` runs already (process {holder.pid}, since {since})"
    return "another command works on it"
