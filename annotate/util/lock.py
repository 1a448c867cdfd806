"""The lock of a folder: one process at a time writes to it.

The lock is `flock` on the descriptor of the folder itself. It needs no file, and the system releases the lock of a dead
process. A process that has the lock of a folder may take it again: a command that holds it can call a function of the
library that takes it. Threads of one process do not exclude each other.

A file system that cannot lock folders, as NFS, gives no protection. Everything else works there.
"""

import contextlib
import errno
import fcntl
import os
import re
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from annotate.errors import CannotRun, describe_os_error
from annotate.util.escape import escape_terminal
from annotate.util.folders import remove_all_leftovers

PATIENCE = 60.0
"""Seconds that a command waits for a lock."""
_PAUSE = 0.05
"""Seconds between two attempts: `flock` has no timeout, and a signal that ends it would need the main thread."""
_BUSY = (errno.EWOULDBLOCK, errno.EACCES)

FolderKey = tuple[int, int]
"""The device and the inode of a folder."""


@dataclass
class _HeldLock:
    """A lock that this process holds: the descriptor, and how many contexts have taken it."""

    handle: int
    contexts: int = 1


_held: dict[FolderKey, _HeldLock] = {}
_guard = threading.Lock()


def _forget_locks() -> None:
    """Give up the descriptors in a child process. The locks stay with its parent."""
    global _guard
    _guard = threading.Lock()  # a thread of the parent can have held the old one during the fork
    for lock in _held.values():
        os.close(lock.handle)
    _held.clear()


os.register_at_fork(after_in_child=_forget_locks)


@contextlib.contextmanager
def holding_lock(
    folder: str | Path, patience: float = PATIENCE, hint: str = "wait until it ends, then try again"
) -> Iterator[bool]:
    """Hold the lock of a folder. Read what is to be changed only inside the context.

    Yields whether the process did not have the lock before.

    While another process has the lock, a line on standard error says which.

    Args:
        folder: The folder.
        patience: The seconds to wait for another process.
        hint: What the error says to do while another process keeps the lock.

    Raises:
        CannotRun: If another process keeps the lock, or the folder cannot be opened.
    """
    key, is_first = _acquire(Path(folder), patience, hint)
    try:
        yield is_first
    finally:
        _release(key)


@contextlib.contextmanager
def writing_to(*folders: str | Path, patience: float = PATIENCE) -> Iterator[None]:
    """Hold the locks of folders, and remove what killed commands left half written in them.

    Give a corpus folder before its schema folder. All commands take the two in this order, so that no two of them wait
    for each other.

    Args:
        *folders: The folders.
        patience: The seconds to wait for another process.

    Raises:
        CannotRun: If another process keeps a lock, or a folder cannot be opened.
    """
    with contextlib.ExitStack() as stack:
        newly_locked = [folder for folder in folders if stack.enter_context(holding_lock(folder, patience))]
        for folder in newly_locked:
            remove_all_leftovers(str(folder))
        yield


def _acquire(folder: Path, patience: float, hint: str) -> tuple[FolderKey, bool]:
    """Take a lock, or take it again; return the folder, and whether the process did not have the lock before."""
    deadline, is_announced = time.monotonic() + patience, False
    while True:
        handle = _open_folder(folder)
        status = os.fstat(handle)
        key = status.st_dev, status.st_ino
        with _guard:
            if key in _held:
                os.close(handle)
                _held[key].contexts += 1
                return key, False
            is_locked = _try_lock(handle)
            if is_locked and _is_folder(folder, key):
                _held[key] = _HeldLock(handle)
                return key, True
        os.close(handle)
        if is_locked:
            continue  # the path names another folder now; that one has a lock of its own
        if time.monotonic() >= deadline:
            problem = f"{_describe_holder(key)} is writing to it"
            raise CannotRun(folder, problem, hint)
        if not is_announced and sys.stderr is not None:
            is_announced = True
            sys.stderr.write(f"annotate: {escape_terminal(str(folder))}: waiting for {_describe_holder(key)}\n")
            sys.stderr.flush()
        time.sleep(_PAUSE)


def _release(key: FolderKey) -> None:
    with _guard:
        lock = _held.get(key)
        if lock is None:  # in a child process that was forked inside the context
            return
        lock.contexts -= 1
        if not lock.contexts:
            del _held[key]
            os.close(lock.handle)


def _open_folder(folder: Path) -> int:
    try:
        return os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    except OSError as error:
        raise CannotRun(folder, describe_os_error(error), "name a folder that can be read") from error


def _try_lock(handle: int) -> bool:
    """Return whether this process may go on: it has the lock, or the file system has no locks."""
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        return error.errno not in _BUSY
    return True


def _is_folder(folder: Path, key: FolderKey) -> bool:
    """Return whether a path names the folder with this device and inode."""
    try:
        status = folder.stat()
    except OSError:
        return False
    return (status.st_dev, status.st_ino) == key


def _describe_holder(key: FolderKey) -> str:
    """Return the process that holds the lock of a folder, in words, as far as Linux tells it."""
    process = _find_holder(key)
    if process is None:
        return "another process"
    command = _find_command(process)
    return f"`{command}` (process {process})" if command else f"process {process}"


def _find_holder(key: FolderKey) -> int | None:
    device, inode = key
    # number: FLOCK ADVISORY WRITE process device:inode start end; the device is in hexadecimal
    file = f"{os.major(device):02x}:{os.minor(device):02x}:{inode}"
    with contextlib.suppress(OSError):
        for line in Path("/proc/locks").read_text("ascii").splitlines():
            fields = line.split()
            if len(fields) > 5 and fields[1] == "FLOCK" and fields[5] == file and fields[4].isdigit():
                return int(fields[4]) or None  # 0: a process of another container
    return None


def _find_command(process: int) -> str | None:
    """Return `annotate` and the one or two words of the command; None if the process runs another program."""
    try:
        words = os.fsdecode(Path(f"/proc/{process}/cmdline").read_bytes()).split("\0")
    except OSError:
        return None
    for index, word in enumerate(words[:4]):
        if word.rpartition("/")[2] == "annotate":
            command = [word for word in words[index + 1 : index + 3] if re.fullmatch(r"[a-z]+(-[a-z]+)*", word)]
            return " ".join(["annotate", *command])
    return None
