"""List the files of folders, and replace a folder completely or not at all.

Paths are strings where folders are listed, which takes a third of the time of `Path` objects.
"""

import contextlib
import filecmp
import os
import re
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

from annotate.util.files import fsync_folder, is_part_name, remove_part, try_lock

NEW, OLD = "new", "old"
"""Names inside the temporary folder of `replacing_folder`: of the folder that is filled, and of the one it replaces."""
_TEMPORARY_NAME = re.compile(r"\.(.+)\.[a-z0-9_]{8}")
"""The name of a temporary folder. `tempfile` chooses the eight characters."""


def list_names(folder: str, suffix: str) -> list[str]:
    """Return the names in a folder that end in a suffix, without it, sorted.

    Args:
        folder: The folder. A missing one has no names.
        suffix: The suffix with its dot. Hidden names are left out.

    Raises:
        OSError: If the folder cannot be read.
    """
    names = [entry.name for entry in _scan(folder)]
    return sorted(name[: -len(suffix)] for name in names if name.endswith(suffix) and not name.startswith("."))


def list_folders(folder: str) -> list[str]:
    """Return the names of the folders in a folder, and of links to folders, sorted. A missing folder has none.

    Raises:
        OSError: If the folder cannot be read.
    """
    return sorted(entry.name for entry in _scan(folder) if _is_folder(entry))


def walk_files(folder: str, prefix: str = "") -> Iterator[str]:
    """Yield the paths of all files in a folder and the folders below it, relative to it, in no order.

    Hidden files are included, as are pipes and broken links. Links to folders are neither followed nor included.

    Args:
        folder: The folder.
        prefix: Put before each path.

    Raises:
        OSError: If a folder cannot be read.
    """
    with os.scandir(folder) as entries:
        for entry in entries:
            if entry.is_dir(follow_symlinks=False):
                yield from walk_files(entry.path, f"{prefix}{entry.name}/")
            elif not _is_folder(entry):
                yield f"{prefix}{entry.name}"


def is_same_folder(left: Path, right: Path) -> bool:
    """Return whether two folders have the same files with the same contents. Links and pipes are never the same."""
    names = [sorted(walk_files(str(folder))) for folder in (left, right)]
    return names[0] == names[1] and all(_is_same_file(left / name, right / name) for name in names[0])


def _is_same_file(left: Path, right: Path) -> bool:
    is_regular = all(path.is_file() and not path.is_symlink() for path in (left, right))
    return is_regular and filecmp.cmp(left, right, shallow=False)


def _scan(folder: str) -> Iterator[os.DirEntry[str]]:
    """Yield the entries of a folder; none if it is missing, or is a file."""
    try:
        with os.scandir(folder) as entries:
            yield from entries
    except (FileNotFoundError, NotADirectoryError):
        if os.path.islink(folder):  # noqa: PTH114 - faster than Path
            raise


def _is_folder(entry: os.DirEntry[str]) -> bool:
    """Return whether it is a folder or a link to one; False for a broken link and for a circle of links."""
    try:
        return entry.is_dir()
    except OSError:
        return False


@contextlib.contextmanager
def replacing_folder(out: Path) -> Iterator[Path]:
    """Yield an empty folder, which replaces `out` if the context ends without an error. Otherwise `out` is unchanged.

    First, the temporary folders of killed runs are removed, and an old folder that one of them had moved away is put
    back. If two runs replace one folder at the same time, the last one wins.

    Args:
        out: An absolute path. Missing parents are created.

    Raises:
        OSError: If a folder cannot be written.
    """
    out.parent.mkdir(parents=True, exist_ok=True)
    _recover(out)
    temporary, handle = _make_locked_folder(out)
    try:
        folder = temporary / NEW
        folder.mkdir()
        yield folder
        _fsync_tree(folder)
        _swap(folder, out, temporary / OLD)
        fsync_folder(out.parent)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)
        os.close(handle)


def _make_locked_folder(out: Path) -> tuple[Path, int]:
    """Make a temporary folder in the parent of `out`, locked, so that no other run removes it.

    Returns:
        Its path, and the descriptor that holds the lock.
    """
    while True:
        temporary = Path(tempfile.mkdtemp(dir=out.parent, prefix=f".{out.name}."))
        with contextlib.suppress(FileNotFoundError):  # another run can remove it before it is locked
            handle = os.open(temporary, os.O_RDONLY)
            if try_lock(handle) and temporary.exists():
                return temporary, handle
            os.close(handle)


def _recover(out: Path) -> None:
    """Remove the temporary folders of killed runs. If `out` is missing, put back an old one."""
    for leftover in _find_temporary_folders(out):
        with contextlib.suppress(OSError):
            handle = os.open(leftover, os.O_RDONLY)
            try:
                if try_lock(handle):
                    if (leftover / OLD).exists() and not out.exists():
                        (leftover / OLD).replace(out)
                    shutil.rmtree(leftover, ignore_errors=True)
            finally:
                os.close(handle)


def _find_temporary_folders(out: Path) -> Iterator[Path]:
    for path in sorted(out.parent.iterdir()):
        match = _TEMPORARY_NAME.fullmatch(path.name)
        if match and match[1] == out.name and _is_temporary(path):
            yield path


def has_temporary_folder(out: Path) -> bool:
    """Return whether a run that replaced a folder was killed, or is still running.

    Args:
        out: The folder.
    """
    out = out.resolve()
    return out.parent.is_dir() and any(True for _ in _find_temporary_folders(out))


def _is_temporary(path: Path) -> bool:
    """Return whether a folder with the name of a temporary one is one: its contents are ours."""
    return path.is_dir() and not path.is_symlink() and {*os.listdir(path)} <= {NEW, OLD}  # noqa: PTH208


def _walk_leftovers(folder: str) -> Iterator[Path]:
    """Yield the temporary files and folders in a folder and all folders below it."""
    for parent, folders, names in os.walk(folder):
        yield from (Path(parent, name) for name in names if is_part_name(name))
        temporary = [name for name in folders if _TEMPORARY_NAME.fullmatch(name) and _is_temporary(Path(parent, name))]
        yield from (Path(parent, name) for name in temporary)
        folders[:] = [name for name in folders if name not in temporary]


def find_leftovers(folder: str) -> list[str]:
    """Return the temporary files and folders that killed writers left in a folder, relative to it, sorted.

    Those that a running process has locked are left out.
    """
    leftovers = []
    for path in _walk_leftovers(folder):
        with contextlib.suppress(OSError):
            handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
            try:
                if try_lock(handle):
                    leftovers.append(path.relative_to(folder).as_posix())
            finally:
                os.close(handle)
    return sorted(leftovers)


def remove_all_leftovers(folder: str) -> None:
    """Remove the temporary files and folders of killed writers from a folder and all folders below it.

    An old folder that a killed run had moved away is put back.

    Args:
        folder: The folder. What a running process has locked stays.
    """
    for path in list(_walk_leftovers(folder)):
        match = _TEMPORARY_NAME.fullmatch(path.name)
        if match and path.is_dir():
            _recover(path.with_name(match[1]))
        else:
            remove_part(path)


def _fsync_tree(folder: Path) -> None:
    """Flush all files and folders below a folder, and itself, to disk."""
    for parent, _, names in os.walk(folder):
        for name in names:
            with Path(parent, name).open("rb") as file:
                os.fsync(file.fileno())
        fsync_folder(Path(parent))


def _swap(folder: Path, target: Path, backup: Path) -> None:
    """Move `folder` to `target`, whose old contents move to `backup`, and back again after an error."""
    try:
        if target.exists():
            target.replace(backup)
        folder.replace(target)
    finally:
        if backup.exists() and not target.exists():
            backup.replace(target)
