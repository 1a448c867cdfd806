"""Read single files, and write files completely or not at all.

`read_raw` and its kind raise OSError, for callers that report a missing file in their own way. The others raise
CannotRun. Paths can be strings: in a corpus of thousands of small files, `Path` objects and `open` take two thirds of
the time that it takes to read them.
"""

import contextlib
import fcntl
import os
import re
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack
from errno import EINVAL, EISDIR
from itertools import islice
from pathlib import Path
from stat import S_ISDIR, S_ISREG
from types import EllipsisType
from typing import Any, BinaryIO, NamedTuple

from annotate.errors import CannotRun, Refused, describe_os_error

PART_SUFFIX = ".part"
"""The end of the name of a file while it is written."""
_PART_NAME = re.compile(r"\..+\.[a-z0-9_]{8}\.part")
"""The name of a file while it is written. `tempfile` chooses the eight characters."""
_FILES_AT_ONCE, _FSYNC_THREADS = 100, 8
"""Files that are open for writing at once; threads that wait for the disk."""
_READ_SIZE = 1 << 24


def read_raw(path: str) -> bytes:
    """Read a file.

    Args:
        path: The path of a regular file, or of a link to one.

    Raises:
        OSError: As `open` does; also for a pipe or a device.
    """
    status = os.stat(path)  # noqa: PTH116 - faster than Path
    if S_ISDIR(status.st_mode):
        raise IsADirectoryError(EISDIR, os.strerror(EISDIR), path)
    if not S_ISREG(status.st_mode):
        raise OSError(EINVAL, "is not a regular file", path)
    # If a pipe has taken the file's place meanwhile, opening it without O_NONBLOCK would wait for a writer.
    handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    try:
        return read_rest(handle, status.st_size)
    finally:
        os.close(handle)


def read_raw_if_present(path: str) -> bytes | None:
    """Read a file, or return None if it does not exist.

    Raises:
        OSError: As `read_raw` does; also for a broken link.
    """
    try:
        return read_raw(path)
    except (FileNotFoundError, NotADirectoryError):
        if os.path.islink(path):  # noqa: PTH114 - faster than Path
            raise
        return None


def read_stamp(path: str) -> tuple[int, int] | None:
    """Return the time of the last change in nanoseconds and the size in bytes; None if there is no regular file.

    One of the two changes whenever the contents do.

    Raises:
        OSError: If the system cannot tell.
    """
    try:
        status = os.stat(path)  # noqa: PTH116 - faster than Path
    except (FileNotFoundError, NotADirectoryError):
        return None
    return (status.st_mtime_ns, status.st_size) if S_ISREG(status.st_mode) else None


def read_rest(handle: int, size: int) -> bytes:
    """Read an open file to its end.

    Args:
        handle: The file descriptor.
        size: The expected number of bytes. Some file systems report a wrong one.
    """
    data = os.read(handle, size + 1)
    if len(data) == size:
        return data
    parts = [data]  # the file has grown, or is longer than one call can read
    while part := os.read(handle, _READ_SIZE):
        parts.append(part)
    return b"".join(parts)


@contextlib.contextmanager
def reporting_read_errors(path: str | Path, hint: str) -> Iterator[None]:
    """Turn an OSError inside the context into CannotRun.

    Args:
        path: The path to name if the error names none.
        hint: What to do about it.
    """
    try:
        yield
    except OSError as error:
        where = error.filename if isinstance(error.filename, str) else path
        raise CannotRun(Path(where), describe_os_error(error), hint) from error


def read_bytes(path: str | Path, hint: str) -> bytes:
    """Read a file that a command needs.

    Args:
        path: The file.
        hint: What to do if it cannot be read.

    Raises:
        CannotRun: If the file is missing or cannot be read.
    """
    try:
        return read_raw(str(path))
    except OSError as error:
        raise CannotRun(Path(path), describe_os_error(error), hint) from error


def read_bytes_if_present(path: str | Path, hint: str) -> bytes | None:
    """Read a file, or return None if it does not exist.

    Args:
        path: The file.
        hint: What to do if it cannot be read.

    Raises:
        CannotRun: If the file exists and cannot be read.
    """
    with reporting_read_errors(path, hint):
        return read_raw_if_present(str(path))


def load_yaml(path: str | Path, hint: str) -> Any:
    """Read and parse a YAML file that a command needs.

    Args:
        path: The file.
        hint: What to do if it cannot be read.

    Raises:
        CannotRun: If the file cannot be read, or is not strict YAML; then with the line.
    """
    return decode_yaml(path, read_bytes(path, hint))


def decode_yaml(path: str | Path, data: bytes) -> Any:
    """Parse the bytes of a YAML file.

    Args:
        path: The file that an error names.
        data: Its bytes.

    Raises:
        CannotRun: If the bytes are not strict YAML, with the line.
    """
    from annotate.util.strict_yaml import parse_yaml  # most commands read no YAML before they know their options

    try:
        return parse_yaml(data)
    except ValueError as error:
        raise CannotRun(path, str(error), "fix the YAML") from error


class FileToWrite(NamedTuple):
    """A file to write.

    Attributes:
        path: Its path.
        data: Its contents, as a whole or in parts.
        mode: Its permissions.
        old: The contents that were read before, None if there was no file. If it has others by now, an editor or
            another program has written it, and it is left alone. By default, contents are not compared.
    """

    path: Path
    data: bytes | Iterable[bytes]
    mode: int = 0o644
    old: bytes | EllipsisType | None = ...


class _PartFile(NamedTuple):
    """A file while it is written: its future path, its temporary path in the same folder, and its descriptor."""

    path: Path
    temporary: Path
    handle: int


def write_atomically(
    path: Path, data: bytes | Iterable[bytes], mode: int = 0o644, old: bytes | EllipsisType | None = ...
) -> None:
    """Write a file completely or not at all: a temporary file in the same folder, fsync, rename, fsync of the folder.

    Args:
        path: The file. Missing folders are created.
        data: Its contents, as a whole or in parts.
        mode: Its permissions.
        old: The contents that were read before, as in `FileToWrite`.

    Raises:
        CannotRun: If it cannot be written. An old file is then unchanged.
        Refused: If it was changed since it was read.
    """
    for changed in write_files([FileToWrite(path, data, mode, old)]):
        raise changed_meanwhile(changed)


def write_report(path: str, data: bytes | Iterable[bytes]) -> None:
    """Write a file that the user named for the output of a command, completely or not at all.

    A link stays, and its target is replaced. A device or a pipe is written to directly.

    Args:
        path: The path.
        data: The contents, as a whole or in parts.

    Raises:
        CannotRun: If it cannot be written.
    """
    target = Path(path)
    if target.exists() and not target.is_file():
        with _reporting_write_errors(target), target.open("wb") as file:
            file.writelines((data,) if isinstance(data, bytes) else data)
    else:
        write_atomically(target.resolve() if target.is_symlink() else target, data)


def write_files(files: Iterable[FileToWrite]) -> list[Path]:
    """Write files as `write_atomically` does, with each step for many files at once, which waits less for the disk.

    Returns:
        The files that were left alone, since they were changed since they were read.

    Raises:
        CannotRun: If one cannot be written. Some files may then be new; each of the others is unchanged.
    """
    remaining, changed = iter(files), list[Path]()
    while batch := list(islice(remaining, _FILES_AT_ONCE)):
        changed += _write_batch(batch)
    return changed


def write_together(files: Sequence[FileToWrite]) -> None:
    """Write files that belong together: none of them if one was changed since it was read.

    All are compared before the first one is replaced, and each once more before it is replaced itself.

    Raises:
        CannotRun: If one cannot be written. Some files may then be new; each of the others is unchanged.
        Refused: If one was changed since it was read.
    """
    for start in range(0, len(files), _FILES_AT_ONCE):
        batch = files[start : start + _FILES_AT_ONCE]
        for changed in _write_batch(batch, () if start else files):
            raise changed_meanwhile(changed)


def require_unchanged(files: Iterable[FileToWrite]) -> None:
    """Compare files with what was read of them.

    Raises:
        CannotRun: If one cannot be read.
        Refused: If one was changed since it was read.
    """
    for file in files:
        if _is_changed(file):
            raise changed_meanwhile(file.path)


def _is_changed(file: FileToWrite) -> bool:
    """Return whether a file has other contents than were read of it."""
    if file.old is ...:
        return False
    with _reporting_write_errors(file.path):
        try:
            return read_raw_if_present(str(file.path)) != file.old
        except FileNotFoundError:  # a broken link
            return True


def changed_meanwhile(path: Path) -> Refused:
    """Return the refusal to replace a file that another program changed since it was read."""
    return Refused(path, "was changed by another program while the command ran", "run the command again")


def _write_batch(files: Sequence[FileToWrite], all_unchanged: Iterable[FileToWrite] = ()) -> list[Path]:
    """Write files, all at once.

    Args:
        files: The files.
        all_unchanged: Files to compare before the first one is replaced.

    Returns:
        The files that were left alone.
    """
    changed = []
    with ExitStack() as stack:
        parts = [_write_part(file, stack) for file in files]
        _fsync_all(parts)
        require_unchanged(all_unchanged)
        for file, part in zip(files, parts, strict=True):
            if _is_changed(file):
                changed.append(file.path)
                continue
            with _reporting_write_errors(part.path):
                part.temporary.replace(part.path)
        for folder in dict.fromkeys(part.path.parent for part in parts):
            with _reporting_write_errors(folder):
                fsync_folder(folder)
    return changed


def _fsync_all(parts: Sequence[_PartFile]) -> None:
    """Flush files to disk: several of them in threads, since that is only waiting."""
    from concurrent.futures import ThreadPoolExecutor

    def fsync(part: _PartFile) -> None:
        with _reporting_write_errors(part.path):
            os.fsync(part.handle)

    if len(parts) == 1:
        return fsync(parts[0])
    if hasattr(os, "posix_fadvise"):  # Linux starts at once to write out what it may drop from memory
        for part in parts:
            os.posix_fadvise(part.handle, 0, 0, os.POSIX_FADV_DONTNEED)
    with ThreadPoolExecutor(_FSYNC_THREADS) as threads:
        for future in [threads.submit(fsync, part) for part in parts]:
            future.result()
    return None


def _write_part(file: FileToWrite, stack: ExitStack) -> _PartFile:
    """Write the contents of a file to a temporary file.

    Args:
        file: The file.
        stack: Closes the temporary file, and removes it if it has not been renamed. Until then the file is locked, so
            that `remove_leftovers` leaves it alone.
    """
    folder, name = file.path.parent, file.path.name
    with _reporting_write_errors(file.path):
        folder.mkdir(parents=True, exist_ok=True)
        handle, temporary = tempfile.mkstemp(dir=folder, prefix=f".{name}.", suffix=PART_SUFFIX)
        stream = os.fdopen(handle, "wb")
        stack.callback(_close_part, stream, temporary)
        try_lock(handle)
        stream.writelines((file.data,) if isinstance(file.data, bytes) else file.data)
        stream.flush()
        os.fchmod(handle, file.mode)
    return _PartFile(file.path, Path(temporary), handle)


def _close_part(stream: BinaryIO, temporary: str) -> None:
    """Close a temporary file, and remove it if it is still there. Errors, such as a full disk, are ignored."""
    with contextlib.suppress(OSError):
        stream.close()
    if os.path.lexists(temporary):  # not renamed
        with contextlib.suppress(OSError):
            Path(temporary).unlink()


def fsync_folder(folder: Path) -> None:
    """Flush the entries of a folder to disk, so that a rename in it survives a power failure."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


@contextlib.contextmanager
def _reporting_write_errors(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        problem = f"cannot be written: {describe_os_error(error)}"
        raise CannotRun(path, problem, "make room or choose another folder") from error


def try_lock(handle: int) -> bool:
    """Lock an open file or folder until the descriptor is closed or the process ends.

    Args:
        handle: The file descriptor.

    Returns:
        Whether this process has the lock now; False if another one has it.
    """
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


def is_part_name(name: str) -> bool:
    """Return whether a file of this name is being written, or was when its writer was killed."""
    return _PART_NAME.fullmatch(name) is not None


def remove_leftovers(folder: Path, *, skip: str | None = None) -> None:
    """Remove the temporary files of killed writers from a folder and all folders below it.

    Args:
        folder: The folder. Temporary files that a running process has locked stay.
        skip: The name of folders that are left out.
    """
    for parent, folders, names in os.walk(folder):
        folders[:] = [name for name in folders if name != skip]
        for name in filter(is_part_name, names):
            remove_part(Path(parent, name))


def remove_part(path: Path) -> None:
    """Remove the temporary file of a killed writer. That of a running one, which has locked it, stays."""
    with contextlib.suppress(OSError):
        handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)  # a pipe would wait for a writer
        try:
            if try_lock(handle):
                path.unlink()
        finally:
            os.close(handle)
