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
import threading
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack
from errno import EINVAL, EISDIR, ELOOP
from io import FileIO
from itertools import islice
from pathlib import Path
from stat import S_ISBLK, S_ISCHR, S_ISDIR, S_ISFIFO, S_ISLNK, S_ISREG
from types import EllipsisType
from typing import Any, BinaryIO, NamedTuple

from annotate.errors import CannotRun, Refused, describe_os_error
from annotate.util.progress import Advance
from annotate.util.termination import before_exit, uninterrupted

PART_SUFFIX = ".part"
"""The end of the name of a file while it is written."""
_PART_NAME = re.compile(r"\..+\.[a-z0-9_]{8}\.part")
"""The name of a file while it is written. `tempfile` chooses the eight characters."""
LINK, SPECIAL = "is a link, and links are not followed", "is not a regular file"
"""Why a path is not read, as an OSError has it."""
_LINKS_FOLLOWED = 8
_FILES_AT_ONCE, _FSYNC_THREADS = 100, 8
"""Files that are open for writing at once; threads that wait for the disk."""
_READ_SIZE = 1 << 24


def read_raw(path: str, *, within: str | Path | None) -> bytes:
    """Read a file.

    Args:
        path: The path of a regular file.
        within: The folder that the file is in, whose contents may come from a stranger: neither it nor anything below
            it may be a link. None for a file that the user named: a link to a regular file is followed.

    Raises:
        OSError: As `open` does; also for a pipe or a device, and for a link below `within`.
    """
    if within is not None:
        require_no_links(path, within)
    status = os.stat(path, follow_symlinks=within is None)  # noqa: PTH116 - faster than Path
    _require_regular(status.st_mode, path)
    # If a pipe or a link has taken the file's place meanwhile, it is neither waited for nor followed.
    handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK | (os.O_NOFOLLOW if within is not None else 0))
    try:
        return read_rest(handle, status.st_size)
    finally:
        os.close(handle)


def open_raw(path: str, *, within: str | Path | None) -> BinaryIO:
    """Open a file to read it in parts; see `read_raw`."""
    if within is not None:
        require_no_links(path, within)
    handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK | (os.O_NOFOLLOW if within is not None else 0))
    try:
        _require_regular(os.fstat(handle).st_mode, path)
    except OSError:
        os.close(handle)
        raise
    return os.fdopen(handle, "rb")


def require_no_links(path: str, within: str | Path) -> None:
    """Check that no part of a path is a link, from a folder on. A part that does not exist is none.

    Args:
        path: A path below the folder; it begins with the path of the folder.
        within: The folder.

    Raises:
        OSError: If the folder or anything below it on the path is a link.
        ValueError: If the path is not below the folder, or leaves it with `..`.
    """
    root = os.fspath(within).rstrip("/") or "/"
    if path.startswith(f"{root}/"):
        inner = path[len(root) + 1 :]
    elif root == "." and not path.startswith("/"):
        inner = path
    else:
        raise ValueError(f"{path!r} is not in {root!r}")
    parts, current = inner.split("/"), root
    if ".." in parts:
        raise ValueError(f"{path!r} leaves {root!r}")
    for part in ("", *parts):
        current = f"{current}/{part}" if part else current
        if _is_link(current):
            raise OSError(ELOOP, LINK, current)


def is_regular(path: str | Path, *, within: str | Path) -> bool:
    """Return whether a regular file exists below a folder, and is reached without a link; see `require_no_links`."""
    try:
        require_no_links(str(path), within)
        return S_ISREG(os.lstat(path).st_mode)
    except OSError:
        return False


def _is_link(path: str) -> bool:
    try:
        return S_ISLNK(os.lstat(path).st_mode)
    except OSError:  # reading the path gives the same error
        return False


def _require_regular(mode: int, path: str) -> None:
    if S_ISDIR(mode):
        raise IsADirectoryError(EISDIR, os.strerror(EISDIR), path)
    if S_ISLNK(mode):
        raise OSError(ELOOP, LINK, path)
    if not S_ISREG(mode):
        raise OSError(EINVAL, SPECIAL, path)


def read_raw_if_present(path: str, *, within: str | Path | None) -> bytes | None:
    """Read a file, or return None if it does not exist; see `read_raw`.

    Raises:
        OSError: As `read_raw` does; also for a broken link.
    """
    try:
        return read_raw(path, within=within)
    except (FileNotFoundError, NotADirectoryError):
        if os.path.islink(path):  # noqa: PTH114 - faster than Path
            raise
        return None


def read_stamp(path: str, *, within: str | Path) -> tuple[int, int] | None:
    """Return the time of the last change in nanoseconds and the size in bytes; None if there is no regular file.

    One of the two changes whenever the contents do.

    Raises:
        OSError: If the system cannot tell, or a part of the path is a link; see `require_no_links`.
    """
    require_no_links(path, within)
    try:
        status = os.lstat(path)
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


def read_bytes(path: str | Path, hint: str, *, within: str | Path | None) -> bytes:
    """Read a file that a command needs.

    Args:
        path: The file.
        hint: What to do if it cannot be read.
        within: The folder below which no link is followed, or None; see `read_raw`.

    Raises:
        CannotRun: If the file is missing or cannot be read.
    """
    try:
        return read_raw(str(path), within=within)
    except OSError as error:
        raise CannotRun(Path(error.filename or path), describe_os_error(error), hint) from error


def read_bytes_if_present(path: str | Path, hint: str, *, within: str | Path | None) -> bytes | None:
    """Read a file, or return None if it does not exist.

    Args:
        path: The file.
        hint: What to do if it cannot be read.
        within: The folder below which no link is followed, or None; see `read_raw`.

    Raises:
        CannotRun: If the file exists and cannot be read.
    """
    with reporting_read_errors(path, hint):
        return read_raw_if_present(str(path), within=within)


def read_text(path: str | Path, hint: str, *, within: str | Path | None, errors: str = "strict") -> str:
    """Read a file of text that a command needs.

    Args:
        path: The file.
        hint: What to do if it cannot be read.
        within: The folder below which no link is followed, or None; see `read_raw`.
        errors: What becomes of bytes that are not UTF-8: `strict` or `replace`; see `bytes.decode`.

    Raises:
        CannotRun: If the file is missing or cannot be read, or is not UTF-8 and `errors` is `strict`.
    """
    try:
        return read_bytes(path, hint, within=within).decode("utf-8", errors)
    except UnicodeDecodeError as error:
        raise CannotRun(Path(path), f"is not UTF-8 at byte {error.start}", "save it as UTF-8") from error


def load_yaml(path: str | Path, hint: str, *, within: str | Path | None) -> Any:
    """Read and parse a YAML file that a command needs.

    Args:
        path: The file.
        hint: What to do if it cannot be read.
        within: The folder below which no link is followed, or None; see `read_raw`.

    Raises:
        CannotRun: If the file cannot be read, or is not strict YAML; then with the line.
    """
    return decode_yaml(path, read_bytes(path, hint, within=within))


def decode_yaml(path: str | Path, data: bytes) -> Any:
    """Parse the bytes of a YAML file.

    Args:
        path: The file that an error names.
        data: Its bytes.

    Raises:
        CannotRun: If the bytes are not strict YAML, with the line.
    """
    # Most commands read no YAML before they know their options.
    from annotate.util.strict_yaml import YamlError, parse_yaml

    try:
        return parse_yaml(data)
    except YamlError as error:
        raise CannotRun(path, str(error), error.hint or "fix the YAML") from error


class FileToWrite(NamedTuple):
    """A file to write.

    Attributes:
        path: Its path.
        data: Its contents, as a whole or in parts.
        mode: Its permissions.
        within: A folder that contains it. No folder between the two may be a link, nor the file. None allows links.
        old: The contents that were read before, None if there was no file. If it has others by now, an editor or
            another program has written it, and it is left alone. By default, contents are not compared.
        is_flushed: Whether it is flushed to disk, so that it survives a power failure.
    """

    path: Path
    data: bytes | Iterable[bytes]
    mode: int = 0o644
    within: Path | None = None
    old: bytes | EllipsisType | None = ...
    is_flushed: bool = True


_parts: set[str] = set()
"""The temporary files of this process."""
_parts_guard = threading.Lock()


class _PartFile(NamedTuple):
    """A file while it is written: its future path, its temporary path in the same folder, and its descriptor."""

    path: Path
    temporary: Path
    handle: int


def write_atomically(
    path: Path,
    data: bytes | Iterable[bytes],
    mode: int = 0o644,
    within: Path | None = None,
    old: bytes | EllipsisType | None = ...,
    is_flushed: bool = True,
) -> None:
    """Write a file completely or not at all: a temporary file in the same folder, fsync, rename, fsync of the folder.

    Args:
        path: The file. Missing folders are created.
        data: Its contents, as a whole or in parts.
        mode: Its permissions.
        within: A folder that contains the file, such as the corpus. A link between the two is refused.
        old: The contents that were read before, as in `FileToWrite`.
        is_flushed: Whether it is flushed to disk; without that, there is no fsync.

    Raises:
        CannotRun: If it cannot be written, or is behind a link. An old file is then unchanged.
        Refused: If it was changed since it was read.
    """
    for changed in write_files([FileToWrite(path, data, mode, within, old, is_flushed)]):
        raise changed_meanwhile(changed)


def refuse_links(path: Path, within: Path) -> None:
    """Check a path as `require_no_links` does, before something is written there.

    Args:
        path: The file or folder; it need not exist.
        within: The folder that it is in.

    Raises:
        CannotRun: If the folder or anything below it on the path is a link.
    """
    try:
        require_no_links(str(path), within)
    except OSError as error:
        problem = "is a link, and nothing is written behind it"
        raise CannotRun(Path(error.filename), problem, "replace it with what it leads to") from error


def write_report(path: str, data: bytes | Iterable[bytes]) -> None:
    """Write a file that the user named for the output of a command, completely or not at all.

    A pipe or a device is written to and stays, also through a link such as `/dev/stdout`.

    Args:
        path: The path.
        data: The contents, as a whole or in parts.

    Raises:
        CannotRun: If it is a link to anything else or a folder, or cannot be written.
    """
    target = Path(path)
    if is_regular_report(path):
        write_atomically(target, data)
        return
    with _reporting_write_errors(target):
        # Without O_CREAT and O_TRUNC: if a file has taken its place meanwhile, nothing of that file is lost.
        handle = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_NOCTTY)
        with os.fdopen(handle, "wb", buffering=0) as file:
            for part in (data,) if isinstance(data, bytes) else data:
                _write_all(file, part)


def is_regular_report(path: str) -> bool:
    """Tell whether a report is written as a file that appears completely or not at all.

    Commands that work for long call it first, so that they do not work in vain.

    Returns:
        True for a new file and a regular one; False for a pipe, a device, and an open file such as `/dev/stdout`.

    Raises:
        CannotRun: If the path is a link to a file or to nothing, or is a folder or a socket.
    """
    hint = "name a file, a pipe or a device"
    try:
        mode = os.stat(path).st_mode  # noqa: PTH116 - follows the link of a device
    except OSError as error:
        if isinstance(error, FileNotFoundError):
            if not Path(path).is_symlink():
                return True
            raise CannotRun(path, "is a link to nothing, and no link is followed", "name the file itself") from error
        raise CannotRun(path, f"cannot be written: {describe_os_error(error)}", hint) from error
    if S_ISFIFO(mode) or S_ISCHR(mode) or S_ISBLK(mode) or _is_open_file(path):
        return False
    if not S_ISREG(mode):
        raise CannotRun(path, "is a folder" if S_ISDIR(mode) else "is not a file", hint)
    if Path(path).is_symlink():
        target = os.readlink(path)  # noqa: PTH115
        raise CannotRun(path, f"is a link to {target}, and no link is followed", "name the file itself")
    return True


def _is_open_file(path: str) -> bool:
    """Tell whether a path names an open file of this process, as `/dev/stdout` and `/dev/fd/3` do."""
    own_files = f"/proc/{os.getpid()}/fd"
    for _ in range(_LINKS_FOLLOWED):
        folder, name = os.path.split(path)
        folder = os.path.realpath(folder or ".")
        if folder == own_files:
            return True
        path = os.path.join(folder, name)  # noqa: PTH118 - as the system joins them
        if not os.path.islink(path):  # noqa: PTH114
            return False
        path = os.path.join(folder, os.readlink(path))  # noqa: PTH115, PTH118
    return False


def _write_all(file: FileIO, data: bytes) -> None:
    """Write bytes to an unbuffered file, which may take a part of them at a time."""
    rest = memoryview(data)
    while rest:
        rest = rest[file.write(rest) :]


def write_files(files: Iterable[FileToWrite]) -> list[Path]:
    """Write files as `write_atomically` does, with each step for many files at once, which waits less for the disk.

    Returns:
        The files that were left alone, since they were changed since they were read.

    Raises:
        CannotRun: If one cannot be written or is behind a link. Some files may then be new; each of the others is
            unchanged.
    """
    remaining, changed = iter(files), list[Path]()
    while batch := list(islice(remaining, _FILES_AT_ONCE)):
        changed += _write_batch(batch)
    return changed


def write_together(files: Sequence[FileToWrite], advance: Advance = lambda _: None) -> None:
    """Write files that belong together: none of them if one was changed since it was read.

    All are compared before the first one is replaced, and each once more before it is replaced itself.

    Args:
        files: The files.
        advance: Called with the number of files written since the last call.

    Raises:
        CannotRun: If one cannot be written. Some files may then be new; each of the others is unchanged.
        Refused: If one was changed since it was read.
    """
    for start in range(0, len(files), _FILES_AT_ONCE):
        batch = files[start : start + _FILES_AT_ONCE]
        for changed in _write_batch(batch, () if start else files):
            raise changed_meanwhile(changed)
        advance(len(batch))


def remove_together(files: Sequence[FileToWrite]) -> None:
    """Remove files that belong together: none of them if one was changed since it was read.

    Args:
        files: The files, with the contents that were read of each as `old`.

    Raises:
        CannotRun: If one cannot be removed, or is behind a link. Some files may then be gone.
        Refused: If one was changed since it was read.
    """
    for file in files:
        refuse_links(file.path, file.within or file.path.parent)
    require_unchanged(files)
    for file in files:
        require_unchanged([file])
        with _reporting_write_errors(file.path):
            file.path.unlink()
    for folder in {file.path.parent for file in files}:
        fsync_folder(folder)


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
            return read_raw_if_present(str(file.path), within=file.within or file.path.parent) != file.old
        except OSError as error:
            if error.errno != ELOOP:
                raise
            return True  # a link has taken its place


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
        flushed = [part for file, part in zip(files, parts, strict=True) if file.is_flushed]
        _fsync_all(flushed)
        require_unchanged(all_unchanged)
        for file, part in zip(files, parts, strict=True):
            if _is_changed(file):
                changed.append(file.path)
                continue
            with _reporting_write_errors(part.path):
                part.temporary.replace(part.path)
        for folder in dict.fromkeys(part.path.parent for part in flushed):
            with _reporting_write_errors(folder):
                fsync_folder(folder)
    return changed


def _fsync_all(parts: Sequence[_PartFile]) -> None:
    """Flush files to disk: several of them in threads, since that is only waiting."""
    from concurrent.futures import ThreadPoolExecutor

    def fsync(part: _PartFile) -> None:
        with _reporting_write_errors(part.path):
            os.fsync(part.handle)

    if len(parts) < 2:
        for part in parts:
            fsync(part)
        return
    if hasattr(os, "posix_fadvise"):  # Linux starts at once to write out what it may drop from memory
        for part in parts:
            os.posix_fadvise(part.handle, 0, 0, os.POSIX_FADV_DONTNEED)
    with ThreadPoolExecutor(_FSYNC_THREADS) as threads:
        for future in [threads.submit(fsync, part) for part in parts]:
            future.result()


def _write_part(file: FileToWrite, stack: ExitStack) -> _PartFile:
    """Write the contents of a file to a temporary file.

    Args:
        file: The file.
        stack: Closes the temporary file, and removes it if it has not been renamed. Until then the file is locked, so
            that `remove_leftovers` leaves it alone.
    """
    folder, name = file.path.parent, file.path.name
    if file.within is not None:
        refuse_links(file.path, file.within)
    with _reporting_write_errors(file.path):
        folder.mkdir(parents=True, exist_ok=True)
        with uninterrupted(), _parts_guard:
            handle, temporary = tempfile.mkstemp(dir=folder, prefix=f".{name}.", suffix=PART_SUFFIX)
            _parts.add(temporary)
            stream = os.fdopen(handle, "wb")
            stack.callback(_close_part, stream, temporary)
        try_lock(handle)
        stream.writelines((file.data,) if isinstance(file.data, bytes) else file.data)
        stream.flush()
        os.fchmod(handle, file.mode)
    return _PartFile(file.path, Path(temporary), handle)


def _close_part(stream: BinaryIO, temporary: str) -> None:
    """Close a temporary file, and remove it if it is still there. Errors, such as a full disk, are ignored."""
    with uninterrupted():
        with contextlib.suppress(OSError):
            stream.close()
        if os.path.lexists(temporary):  # not renamed
            with contextlib.suppress(OSError):
                Path(temporary).unlink()
        _parts.discard(temporary)


def _remove_parts() -> None:
    """Remove the temporary files of threads that write, at an exit that does not wait for them."""
    _parts_guard.acquire()  # and is not released: no thread begins another file
    for temporary in list(_parts):
        with contextlib.suppress(OSError):
            Path(temporary).unlink()


before_exit(_remove_parts)


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
        # A link leads elsewhere, and opening a pipe would wait for a writer.
        handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
        try:
            if S_ISREG(os.fstat(handle).st_mode) and try_lock(handle):
                path.unlink()
        finally:
            os.close(handle)
