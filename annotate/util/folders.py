"""List the files of folders, and replace a folder completely or not at all.

Paths are strings where folders are listed, which takes a third of the time of `Path` objects.
"""

import contextlib
import filecmp
import os
import re
import shutil
import stat
import tempfile
import unicodedata
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from annotate.util.files import (
    LINK,
    SPECIAL,
    fsync_folder,
    is_part_name,
    remove_part,
    reporting_read_errors,
    try_lock,
)
from annotate.util.termination import uninterrupted

NEW, OLD = "new", "old"
"""Names inside the temporary folder of `replacing_folder`: of the folder that is filled, and of the one it replaces."""
_TEMPORARY_NAME = re.compile(r"\.(.+)\.[a-z0-9_]{8}")
"""The name of a temporary folder. `tempfile` chooses the eight characters."""


def list_names(folder: str, suffix: str) -> list[str]:
    """Return the names in a folder that end in a suffix, without it, sorted.

    Args:
        folder: The folder. A missing one has no names.
        suffix: The suffix with its dot, or several. Hidden names are left out.

    Raises:
        OSError: If the folder cannot be read.
    """
    names = [entry.name for entry in _scan(folder)]
    return sorted(name.removesuffix(suffix) for name in names if name.endswith(suffix) and not name.startswith("."))


def list_folders(folder: str) -> list[str]:
    """Return the names of the folders in a folder, sorted, without links. A missing folder has none.

    Raises:
        OSError: If the folder cannot be read.
    """
    return sorted(entry.name for entry in _scan(folder) if entry.is_dir(follow_symlinks=False))


class FolderEntry(NamedTuple):
    """What a folder holds besides folders.

    Attributes:
        path: Its path, relative to the folder that was listed.
        irregular: Why it is not a regular file: it is a link, a pipe or the like; None for a regular file.
    """

    path: str
    irregular: str | None = None


def walk_entries(folder: str, prefix: str = "") -> Iterator[FolderEntry]:
    """Yield all files in a folder and the folders below it, in no order, and links to folders, which are not followed.

    Hidden files are included, as are pipes and broken links.

    Args:
        folder: The folder.
        prefix: Put before each path.

    Raises:
        OSError: If a folder cannot be read.
    """
    with os.scandir(folder) as entries:
        for entry in entries:
            if entry.is_dir(follow_symlinks=False):
                yield from walk_entries(entry.path, f"{prefix}{entry.name}/")
            elif entry.is_file(follow_symlinks=False):
                yield FolderEntry(f"{prefix}{entry.name}")
            else:
                yield FolderEntry(f"{prefix}{entry.name}", LINK if entry.is_symlink() else SPECIAL)


def find_files(folder: Path, suffix: str | tuple[str, ...], *, below: bool = False) -> list[Path]:
    """Return the paths of the regular files in a folder that end in a suffix, sorted. Links are left out.

    Args:
        folder: The folder. A missing one has no files.
        suffix: The suffix with its dot, or several. Hidden names are left out.
        below: Whether files in folders below it are found, too.

    Raises:
        OSError: If the folder cannot be read.
    """
    if not folder.is_dir() or folder.is_symlink():
        return []
    if below:
        paths = [path for path, irregular in walk_entries(str(folder)) if not irregular]
    else:
        paths = [entry.name for entry in _scan(str(folder)) if entry.is_file(follow_symlinks=False)]
    return [
        folder / path for path in sorted(paths) if path.endswith(suffix) and not path.rpartition("/")[2].startswith(".")
    ]


def list_irregular(folder: str | Path) -> list[tuple[str, str]]:
    """Return the path of each link and special file in a folder and the folders below it, sorted, and what it is.

    Raises:
        CannotRun: If a folder cannot be read.
    """
    with reporting_read_errors(folder, "make it a readable folder"):
        return sorted((path, irregular) for path, irregular in walk_entries(str(folder)) if irregular)


def is_inner_path(name: str) -> bool:
    """Tell whether a name that comes from outside is the path of something inside a folder, with slashes.

    It is relative, has no empty part, no `.` and no `..`, no backslash and no control character.
    """
    return (
        bool(name)
        and not {"", ".", ".."} & set(name.split("/"))
        and "\\" not in name
        and not any(unicodedata.category(character) in ("Cc", "Cs") for character in name)
    )


def is_same_folder(left: Path, right: Path) -> bool:
    """Return whether two folders have the same files with the same contents. Links and pipes are never the same."""
    entries = [sorted(walk_entries(str(folder))) for folder in (left, right)]
    return entries[0] == entries[1] and all(
        irregular is None and filecmp.cmp(left / path, right / path, shallow=False) for path, irregular in entries[0]
    )


def _scan(folder: str) -> Iterator[os.DirEntry[str]]:
    """Yield the entries of a folder; none if it is missing, is a file, or is a link."""
    if os.path.islink(folder):  # noqa: PTH114 - faster than Path
        return
    with contextlib.suppress(FileNotFoundError, NotADirectoryError), os.scandir(folder) as entries:
        yield from entries


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
    with contextlib.ExitStack() as stack:
        with uninterrupted():
            temporary, handle = _make_locked_folder(out)
            stack.callback(_remove_locked_folder, temporary, handle)
        folder = temporary / NEW
        folder.mkdir()
        yield folder
        _fsync_tree(folder)
        with uninterrupted():
            _swap(folder, out, temporary / OLD)
        fsync_folder(out.parent)


def _remove_locked_folder(temporary: Path, handle: int) -> None:
    with uninterrupted():
        shutil.rmtree(temporary, ignore_errors=True)
        os.close(handle)


@contextlib.contextmanager
def temporary_folder(prefix: str = "annotate-", parent: Path | None = None) -> Iterator[Path]:
    """Give a temporary folder, which is removed afterwards, also if the program is told to end meanwhile.

    Args:
        prefix: The beginning of its name.
        parent: The folder to make it in; by default the system's folder for temporary files.
    """
    folder: tempfile.TemporaryDirectory[str] | None = None
    try:
        with uninterrupted():
            folder = tempfile.TemporaryDirectory(prefix=prefix, dir=parent, ignore_cleanup_errors=True)
        yield Path(folder.name)
    finally:
        if folder is not None:
            with uninterrupted():
                folder.cleanup()


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
    for leftover in list(_find_temporary_folders(out)):
        with contextlib.suppress(OSError):
            handle = os.open(leftover, os.O_RDONLY | os.O_NOFOLLOW)
            try:
                if try_lock(handle):
                    if (leftover / OLD).exists() and not out.exists():
                        (leftover / OLD).replace(out)
                    shutil.rmtree(leftover, ignore_errors=True)
            finally:
                os.close(handle)


def _find_temporary_folders(out: Path) -> Iterator[Path]:
    with os.scandir(out.parent) as entries:
        for entry in entries:
            match = _TEMPORARY_NAME.fullmatch(entry.name)
            if match and match[1] == out.name and _is_temporary(entry.path):
                yield Path(entry.path)


def has_temporary_folder(out: Path) -> bool:
    """Return whether a run that replaced a folder was killed, or is still running.

    Args:
        out: The folder.
    """
    out = out.resolve()
    return out.parent.is_dir() and any(True for _ in _find_temporary_folders(out))


def _is_temporary(folder: str) -> bool:
    """Return whether a folder has only what `replacing_folder` puts there. No entry after another one is read."""
    try:
        with os.scandir(folder) as entries:
            is_ours = all(entry.name in (NEW, OLD) and entry.is_dir(follow_symlinks=False) for entry in entries)
    except OSError:
        return False
    return is_ours and not Path(folder).is_symlink()


def _walk_leftovers(folder: str) -> Iterator[Path]:
    """Yield the temporary files and folders in a folder and all folders below it."""
    for parent, folders, names in os.walk(folder):
        yield from (Path(parent, name) for name in names if is_part_name(name))
        temporary = [name for name in folders if _TEMPORARY_NAME.fullmatch(name) and _is_temporary(f"{parent}/{name}")]
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
                mode = os.fstat(handle).st_mode
                if (stat.S_ISREG(mode) or stat.S_ISDIR(mode)) and try_lock(handle):
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
