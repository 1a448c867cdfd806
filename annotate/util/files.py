"""Reading folders of many small files, with paths as strings and bare handles: a third of the time of objects.

Reading and writing single files: strict YAML, and writes that are whole or not at all.

A folder that takes the place of another: all of it, on disk, or nothing, whenever that is stopped.
"""

import contextlib
import fcntl
import os
import re
import shutil
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack
from errno import EINVAL, EISDIR
from itertools import islice
from pathlib import Path
from stat import S_ISDIR, S_ISREG
from typing import Any, BinaryIO, NamedTuple

from annotate.errors import CannotRun, describe_os_error


def read_raw(path: str) -> bytes:
    """All of a file; raises OSError as `open` does, and for a pipe, a device or whatever else is no file."""
    status = os.stat(path)  # noqa: PTH116 - see above
    if S_ISDIR(status.st_mode):
        raise IsADirectoryError(EISDIR, os.strerror(EISDIR), path)
    if not S_ISREG(status.st_mode):
        raise OSError(EINVAL, "is no file", path)
    # Without O_NONBLOCK a pipe that took the file's place meanwhile would be waited for.
    handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    try:
        return read_rest(handle, status.st_size)
    finally:
        os.close(handle)


def read_raw_if_present(path: str) -> bytes | None:
    """All of a file; None where there is nothing. Raises OSError as `bytes_of`, also for a link that leads nowhere."""
    try:
        return read_raw(path)
    except (FileNotFoundError, NotADirectoryError):
        if os.path.islink(path):  # noqa: PTH114 - see above
            raise
        return None


def read_stamp(path: str) -> tuple[int, int] | None:
    """Time and size of a file, one of which changes with what is in it; None where there is no file.

    Raises OSError where that cannot be said.
    """
    try:
        status = os.stat(path)  # noqa: PTH116 - see above
    except (FileNotFoundError, NotADirectoryError):
        return None
    return (status.st_mtime_ns, status.st_size) if S_ISREG(status.st_mode) else None


def read_rest(handle: int, size: int) -> bytes:
    """What is left of an open file that is said to be of some size."""
    data = os.read(handle, size + 1)
    if len(data) == size:
        return data
    parts = [data]  # it grew meanwhile, or is longer than one reading may be
    while more := os.read(handle, 1 << 24):
        parts.append(more)
    return b"".join(parts)


def list_names(folder: str, ending: str) -> list[str]:
    """The names in a folder that have an ending, without it, sorted; hidden ones left out; none if it is not there.

    Raises OSError for a folder that cannot be looked into.
    """
    names = [entry.name for entry in _entries(folder)]
    return sorted(name[: -len(ending)] for name in names if name.endswith(ending) and not name.startswith("."))


def list_folders(folder: str) -> list[str]:
    """The names of the folders in a folder, sorted, also of links to one; none if it is not there. Raises OSError."""
    return sorted(entry.name for entry in _entries(folder) if _is_folder(entry))


def walk_files(folder: str, prefix: str = "") -> Iterator[str]:
    """The paths, from `folder` on, of all that is no folder in it and in its folders, also hidden ones, in no order.

    A link to a folder is neither looked into nor named. Raises OSError for a folder that cannot be looked into.
    """
    with os.scandir(folder) as entries:
        for entry in entries:
            if entry.is_dir(follow_symlinks=False):
                yield from walk_files(entry.path, f"{prefix}{entry.name}/")
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


PART_SUFFIX = ".part"
AT_ONCE, WAITING = 100, 8
"""Files that are open for writing at once; and threads that wait for the disk."""
_LEFT = re.compile(r"\..+\.[a-z0-9_]{8}\.part")
"""The name of a file that is being written; `tempfile` puts eight characters where two writers must not meet."""


@contextlib.contextmanager
def reporting_read_errors(path: str | Path, hint: str) -> Iterator[None]:
    """What cannot be read within it, for whatever reason of the system's, is CannotRun, at the path it names."""
    try:
        yield
    except OSError as error:
        where = error.filename if isinstance(error.filename, str) else path
        raise CannotRun(Path(where), describe_os_error(error), hint) from error


def read_bytes(path: str | Path, hint: str) -> bytes:
    """The bytes of a file that a command cannot do without; raises CannotRun.

    Of thousands of files, paths as objects cost more than their reading: strings do as well.
    """
    try:
        return read_raw(str(path))
    except OSError as error:
        raise CannotRun(Path(path), describe_os_error(error), hint) from error


def read_bytes_if_present(path: str | Path, hint: str) -> bytes | None:
    """The same; None where there is nothing."""
    with reporting_read_errors(path, hint):
        return read_raw_if_present(str(path))


def load_yaml(path: str | Path, hint: str) -> Any:
    """Read and parse a YAML file that a command needs.

    Args:
        path: The file.
        hint: What to do where it cannot be read.

    Raises:
        CannotRun: If the file cannot be read, or is not strict YAML; then with the line.
    """
    return decode_yaml(path, read_bytes(path, hint))


def decode_yaml(path: str | Path, data: bytes) -> Any:
    """Parse the bytes of a YAML file; raise CannotRun, with the path and the line, where it is not strict YAML."""
    from annotate.util.strict_yaml import parse_yaml  # most commands read no YAML before they know their options

    try:
        return parse_yaml(data)
    except ValueError as error:
        raise CannotRun(path, str(error), "fix the YAML") from error


class FileToWrite(NamedTuple):
    """A file to write, and what it is to hold, given whole or in parts."""

    path: Path
    data: bytes | Iterable[bytes]
    mode: int = 0o644


class _Begun(NamedTuple):
    """A file that is being written: under another name, beside its place."""

    path: Path
    temporary: Path
    handle: int


def write_atomically(path: Path, data: bytes | Iterable[bytes], mode: int = 0o644) -> None:
    """Write a file, given whole or in parts, whole or not at all: a temporary file beside it, fsync, rename, fsync of
    the folder.

    Raises CannotRun if the folder cannot be written to; the old file is then as it was.
    """
    write_files([FileToWrite(path, data, mode)])


def write_report(named: str, data: bytes | Iterable[bytes]) -> None:
    """Write a file that somebody named to have it: whole or not at all, and through a link.

    A device or a pipe, which is nothing to be replaced, is written to as it stands.

    Raises CannotRun where it cannot be written.
    """
    path = Path(named)
    if path.exists() and not path.is_file():
        with _writing(path), path.open("wb") as file:
            file.writelines((data,) if isinstance(data, bytes) else data)
    else:
        write_atomically(path.resolve() if path.is_symlink() else path, data)


def write_files(files: Iterable[FileToWrite]) -> None:
    """Write files, each of them as `write_atomically` does, but step by step for many at once: so a disk is waited for
    less often.

    Raises CannotRun if one cannot be written; some may then be new, and the others are as they were.
    """
    left = iter(files)
    while several := list(islice(left, AT_ONCE)):
        _write(several)


def _write(files: Sequence[FileToWrite]) -> None:
    with ExitStack() as ended:
        begun = [_begun(file, ended) for file in files]
        _fsync_all(begun)
        for path, temporary, _ in begun:
            with _writing(path):
                temporary.replace(path)
        for folder in dict.fromkeys(one.path.parent for one in begun):
            with _writing(folder):
                fsync_folder(folder)


def _fsync_all(begun: Sequence[_Begun]) -> None:
    """Each of them; in threads where they are several, since all of it is waiting."""
    from concurrent.futures import ThreadPoolExecutor

    def fsync(one: _Begun) -> None:
        with _writing(one.path):
            os.fsync(one.handle)

    if len(begun) == 1:
        return fsync(begun[0])
    if hasattr(os, "posix_fadvise"):  # Linux begins to write out at once what it may drop, and gives it places on disk
        for one in begun:
            os.posix_fadvise(one.handle, 0, 0, os.POSIX_FADV_DONTNEED)
    with ThreadPoolExecutor(WAITING) as threads:
        for done in [threads.submit(fsync, one) for one in begun]:
            done.result()
    return None


def _begun(file: FileToWrite, ended: ExitStack) -> _Begun:
    """Make a temporary file with what a file is to hold; at the end it is closed, and gone where it was not renamed.

    Until then it is locked, so that `sweep` leaves it alone.
    """
    folder, name = file.path.parent, file.path.name
    with _writing(file.path):
        folder.mkdir(parents=True, exist_ok=True)
        handle, temporary = tempfile.mkstemp(dir=folder, prefix=f".{name}.", suffix=PART_SUFFIX)
        opened = os.fdopen(handle, "wb")
        ended.callback(_dropped, opened, temporary)
        try_lock(handle)
        opened.writelines((file.data,) if isinstance(file.data, bytes) else file.data)
        opened.flush()
        os.fchmod(handle, file.mode)
    return _Begun(file.path, Path(temporary), handle)


def _dropped(opened: BinaryIO, temporary: str) -> None:
    """Close a file that is in its place, or remove one that is not; a full disk lets neither be in the way."""
    with contextlib.suppress(OSError):
        opened.close()
    with contextlib.suppress(OSError):
        Path(temporary).unlink()


def fsync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


@contextlib.contextmanager
def _writing(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        problem = f"cannot be written: {describe_os_error(error)}"
        raise CannotRun(path, problem, "make room or choose another folder") from error


def try_lock(handle: int) -> bool:
    """Take the lock of a file, which the system lets go of with the process; False where another has it."""
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


def remove_leftovers(folder: Path, *, but: str | None = None) -> None:
    """Remove what killed writers left in a folder and all below it: temporary files of ours that nobody holds.

    A folder below it that is called as `but` says is not looked into.
    """
    for within, below, names in os.walk(folder):
        below[:] = [name for name in below if name != but]
        for name in filter(_LEFT.fullmatch, names):
            left = Path(within, name)
            with contextlib.suppress(OSError), left.open("rb") as file:
                if try_lock(file.fileno()):
                    left.unlink()


NEW, OLD = "new", "old"


@contextlib.contextmanager
def replacing_folder(out: Path) -> Iterator[Path]:
    """A folder to fill, which becomes `out`, an absolute path, when the block ends well; else `out` is as it was.

    What runs that were killed left beside it is taken away first, and what one of them had put aside is put back. Two
    runs at once do not meet: the last one stays. Raises OSError.
    """
    out.parent.mkdir(parents=True, exist_ok=True)
    _recover(out)
    temporary, handle = _begun_folders(out)
    try:
        folder = temporary / NEW
        folder.mkdir()
        yield folder
        _to_disk(folder)
        _swap(folder, out, temporary / OLD)
        fsync_folder(out.parent)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)
        os.close(handle)


def _begun_folders(out: Path) -> tuple[Path, int]:
    """A folder beside `out`, and the handle by which it is locked, so that no other run takes it for left over."""
    while True:
        temporary = Path(tempfile.mkdtemp(dir=out.parent, prefix=f".{out.name}."))
        with contextlib.suppress(FileNotFoundError):
            handle = os.open(temporary, os.O_RDONLY)
            if try_lock(handle) and temporary.exists():
                return temporary, handle
            os.close(handle)


def _recover(out: Path) -> None:
    """Take away what nobody holds of the folders that `_begun` makes; an old one is put back where none is there."""
    for left in _left(out):
        with contextlib.suppress(OSError):
            handle = os.open(left, os.O_RDONLY)
            try:
                if try_lock(handle):
                    if (left / OLD).exists() and not out.exists():
                        (left / OLD).replace(out)
                    shutil.rmtree(left, ignore_errors=True)
            finally:
                os.close(handle)


def _left(out: Path) -> Iterator[Path]:
    before = f".{out.name}."
    for path in sorted(out.parent.iterdir()):
        name = path.name.removeprefix(before)
        # `tempfile` puts eight characters there; nothing else of ours is called so.
        if name != path.name and len(name) == 8 and path.is_dir() and {*os.listdir(path)} <= {NEW, OLD}:  # noqa: PTH208
            yield path


def _to_disk(folder: Path) -> None:
    """Have the system write out every file and folder below."""
    for within, _, names in os.walk(folder):
        for name in names:
            with Path(within, name).open("rb") as file:
                os.fsync(file.fileno())
        fsync_folder(Path(within))


def _swap(folder: Path, target: Path, aside: Path) -> None:
    """Put `folder` in the place of `target`; what goes wrong meanwhile leaves the old one there."""
    try:
        if target.exists():
            target.replace(aside)
        folder.replace(target)
    finally:
        if aside.exists() and not target.exists():
            aside.replace(target)
