"""Reading folders of many small files, with paths as strings and bare handles: a third of the time of objects."""

import os
from collections.abc import Iterator
from errno import EINVAL, EISDIR
from stat import S_ISDIR, S_ISREG


def bytes_of(path: str) -> bytes:
    """All of a file; raises OSError as `open` does, and for a pipe, a device or whatever else is no file."""
    status = os.stat(path)  # noqa: PTH116 - see above
    if S_ISDIR(status.st_mode):
        raise IsADirectoryError(EISDIR, os.strerror(EISDIR), path)
    if not S_ISREG(status.st_mode):
        raise OSError(EINVAL, "is no file", path)
    # Without O_NONBLOCK a pipe that took the file's place meanwhile would be waited for.
    handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    try:
        return rest(handle, status.st_size)
    finally:
        os.close(handle)


def bytes_if_file(path: str) -> bytes | None:
    """All of a file; None where there is nothing. Raises OSError as `bytes_of`, also for a link that leads nowhere."""
    try:
        return bytes_of(path)
    except (FileNotFoundError, NotADirectoryError):
        if os.path.islink(path):  # noqa: PTH114 - see above
            raise
        return None


def state_of(path: str) -> tuple[int, int] | None:
    """Time and size of a file, one of which changes with what is in it; None where there is no file.

    Raises OSError where that cannot be said.
    """
    try:
        status = os.stat(path)  # noqa: PTH116 - see above
    except (FileNotFoundError, NotADirectoryError):
        return None
    return (status.st_mtime_ns, status.st_size) if S_ISREG(status.st_mode) else None


def rest(handle: int, size: int) -> bytes:
    """What is left of an open file that is said to be of some size."""
    data = os.read(handle, size + 1)
    if len(data) == size:
        return data
    parts = [data]  # it grew meanwhile, or is longer than one reading may be
    while more := os.read(handle, 1 << 24):
        parts.append(more)
    return b"".join(parts)


def names_in(folder: str, ending: str) -> list[str]:
    """The names in a folder that have an ending, without it, sorted; hidden ones left out; none if it is not there.

    Raises OSError for a folder that cannot be looked into.
    """
    names = [entry.name for entry in _entries(folder)]
    return sorted(name[: -len(ending)] for name in names if name.endswith(ending) and not name.startswith("."))


def folders_in(folder: str) -> list[str]:
    """The names of the folders in a folder, sorted, also of links to one; none if it is not there. Raises OSError."""
    return sorted(entry.name for entry in _entries(folder) if _is_folder(entry))


def files_below(folder: str, prefix: str = "") -> Iterator[str]:
    """The paths, from `folder` on, of all that is no folder in it and in its folders, also hidden ones, in no order.

    A link to a folder is neither looked into nor named. Raises OSError for a folder that cannot be looked into.
    """
    with os.scandir(folder) as entries:
        for entry in entries:
            if entry.is_dir(follow_symlinks=False):
                yield from files_below(entry.path, f"{prefix}{entry.name}/")
            elif not _is_folder(entry):
                yield f"{prefix}{entry.name}"


def _entries(folder: str) -> Iterator[os.DirEntry[str]]:
    """What is in a folder; nothing if it is not there, or is a file."""
    try:
        with os.scandir(folder) as entries:
            yield from entries
    except (FileNotFoundError, NotADirectoryError):
        if os.path.islink(folder):  # noqa: PTH114 - see above
            raise


def _is_folder(entry: os.DirEntry[str]) -> bool:
    """Whether it is a folder or leads to one; a link that leads nowhere, or round in a circle, does not."""
    try:
        return entry.is_dir()
    except OSError:
        return False
