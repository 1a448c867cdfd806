"""Reading folders of many small files, with paths as strings and bare handles: a third of the time of objects."""

import os
from collections.abc import Iterator
from pathlib import Path
from stat import S_ISREG


def bytes_of(path: str) -> bytes:
    """All of a file; raises OSError as `open` does."""
    data = bytes_if_file(path)
    return Path(path).read_bytes() if data is None else data


def bytes_if_file(path: str) -> bytes | None:
    """All of a file; None where there is nothing, or something that is no file."""
    try:
        # Without O_NONBLOCK a pipe that nobody writes to would be waited for.
        handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    except (FileNotFoundError, NotADirectoryError):
        return None
    try:
        status = os.fstat(handle)
        return rest(handle, status.st_size) if S_ISREG(status.st_mode) else None
    finally:
        os.close(handle)


def state_of(path: str) -> tuple[int, int] | None:
    """Time and size of a file, one of which changes with what is in it; None where there is no file."""
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
    """The names in a folder that have an ending, without it, sorted; hidden ones left out; none if it is not there."""
    try:
        with os.scandir(folder) as entries:
            names = [entry.name for entry in entries]
    except (FileNotFoundError, NotADirectoryError, PermissionError):
        return []
    return sorted(name[: -len(ending)] for name in names if name.endswith(ending) and not name.startswith("."))


def files_below(folder: str, prefix: str = "") -> Iterator[str]:
    """The paths, from `folder` on, of all files in it and in its folders, also hidden ones, in no order."""
    with os.scandir(folder) as entries:
        for entry in entries:
            if entry.is_dir(follow_symlinks=False):
                yield from files_below(entry.path, f"{prefix}{entry.name}/")
            elif entry.is_file():
                yield f"{prefix}{entry.name}"
