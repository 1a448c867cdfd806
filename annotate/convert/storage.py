"""Where exports are read and datasets are written: the local disk, or any store that fsspec supports.

Inputs may be compressed with gzip or zstd. An output file appears whole or not at all. Its name is its path in the
output folder, with slashes.
"""

import contextlib
import math
import os
import re
import shutil
import sys
import zlib
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, TypeAlias

from annotate.convert.splitter import Read
from annotate.errors import CannotRun, describe_os_error
from annotate.outputs import OutputEntry, require_folder, require_outside_sources, scan_folder
from annotate.util.files import fsync_folder, remove_leftovers, write_atomically
from annotate.util.folders import temporary_folder

# It begins only where a run of such characters does, and never goes back: a long run is read once.
_ADDRESS = re.compile(r"(?<![a-z0-9+.-])[a-z0-9+.-]++://[^\s'\"<>]++", re.IGNORECASE)
_NOT_FOUND = 404
_LARGEST_RATIO, _ALWAYS_UNPACKED = 1000, 100_000_000
"""Bytes that a compressed export may unpack to for each of its own, and those that any may unpack to."""
_LONGEST_ERROR = 200
LONGEST_LINE = 16 << 20
"""Bytes of a line of a file of the output by which it is cut, since the file may have been damaged."""
_BLOCK = 1 << 16
"""Bytes that are read at once to cut lines."""
WORKSPACE_PREFIX = "work-"
"""The beginning of the names of temporary folders."""


class DecompressionError(ValueError):
    """A compressed file that cannot be decompressed to its end."""


def io_errors() -> tuple[type[Exception], ...]:
    """Return what opening, reading and writing can raise: in Python, and in the libraries that fsspec has imported."""
    optional = (("botocore.exceptions", "BotoCoreError"), ("aiohttp", "ClientError"))
    loaded = [getattr(sys.modules[module], name) for module, name in optional if module in sys.modules]
    return OSError, ImportError, ValueError, *loaded


def public_name(address: str) -> str:
    """Return what messages call an input: a path as it is, an address without the parts that may hold a secret."""
    if "://" not in address:
        return address
    scheme, _, rest = re.split(r"[?#]", address, maxsplit=1)[0].partition("://")
    host, slash, path = rest.partition("/")
    return f"{scheme}://{host.rpartition('@')[2]}{slash}{path}"


def describe_error(error: Exception) -> str:
    """Return the message of a library's error in one line, with public names in place of addresses."""
    return _ADDRESS.sub(lambda match: public_name(match[0]), " ".join(str(error).split()))[:_LONGEST_ERROR]


@contextlib.contextmanager
def open_input(address: str) -> Iterator[Read]:
    """Open an input and give a function that reads its uncompressed bytes.

    The function raises DecompressionError if the compressed bytes end too early or are damaged.

    Raises:
        CannotRun: If the input cannot be opened or read.
    """
    import fsspec

    try:
        with fsspec.open(address, "rb", compression=_compression(address)) as file:
            yield _make_reader(file, _largest_content(address))
    except DecompressionError:
        raise
    except io_errors() as error:
        raise _unreadable(address, error) from error


def _compression(address: str) -> str | None:
    name = public_name(address)
    return "gzip" if name.endswith(".gz") else "zstd" if name.endswith((".zst", ".zstd")) else None


def is_compressed(address: str) -> bool:
    """Tell whether an input is compressed, so that any part of it can be read only from its beginning."""
    return _compression(address) is not None


def read_range(address: str, offset: int, size: int) -> bytes:
    """Read `size` bytes of an uncompressed input, from byte `offset` on.

    Raises:
        CannotRun: If the input cannot be read, or has become too short.
    """
    try:
        data = _read_bytes(address, offset, size)
    except io_errors() as error:
        raise _unreadable(address, error) from error
    if len(data) != size:
        raise changed_input(address)
    return data


def _read_bytes(address: str, offset: int, size: int) -> bytes:
    if re.fullmatch(r"[^~:]*", address):
        # A plain path does not need fsspec, which takes 8 MB in each worker.
        with open(address, "rb") as file:  # noqa: PTH123 - as fsspec would take it
            file.seek(offset)
            return file.read(size)
    import fsspec

    system, path = fsspec.core.url_to_fs(address)
    return bytes(system.cat_file(path, start=offset, end=offset + size))


def changed_input(address: str) -> CannotRun:
    """Return the error for an input that changed during the conversion."""
    hint = "make sure that no other program writes to it, then start over with --overwrite"
    return CannotRun(public_name(address), "changed while it was read", hint)


def _largest_content(address: str) -> float:
    """Return the bytes that an input may unpack to, as far as its own size is known: a few kB could give terabytes."""
    path = Path(address)
    if not is_compressed(address) or "://" in address or not path.is_file():
        return math.inf
    return max(_ALWAYS_UNPACKED, _LARGEST_RATIO * path.stat().st_size)


def _make_reader(file: Any, most: float = math.inf) -> Read:
    """Return a function that reads from `file`; it raises DecompressionError after the last bytes before a fault.

    Args:
        file: The file, which may be unpacked while it is read.
        most: The bytes that it may give.
    """
    if sys.version_info >= (3, 14):
        from compression.zstd import ZstdError
    else:
        from backports.zstd import ZstdError

    failure: DecompressionError | None = None
    total = 0
    # `read1` returns after each block, so that the blocks before a broken one are not lost.
    read_some = getattr(file, "read1", file.read)

    def read(size: int) -> bytes:
        nonlocal failure, total
        parts: list[bytes] = []
        while size and not failure:
            try:
                data: bytes = read_some(size)
            except (EOFError, zlib.error, OSError, ValueError, ZstdError) as error:
                # gzip reports a bad checksum or header as an OSError without a number.
                if getattr(error, "errno", None) is not None:
                    raise
                failure = DecompressionError(str(error))
                break
            if not data:
                break
            total += len(data)
            if total > most:
                failure = DecompressionError(f"unpacks to more than {_LARGEST_RATIO:,} times its size")
                break
            parts.append(data)
            size -= len(data)
        if failure and not parts:
            raise failure
        return b"".join(parts)

    return read


def input_version(address: str) -> tuple[object, ...]:
    """Return values that change when an input does: its size, and its time or tag if the store has one.

    Raises:
        CannotRun: If the input does not exist, is a folder, or cannot be reached.
    """
    import fsspec

    try:
        system, path = fsspec.core.url_to_fs(address)
        info = system.info(path)
    except io_errors() as error:
        raise _unreadable(address, error) from error
    if info.get("type") == "directory":
        raise CannotRun(public_name(address), "is a folder", "name the files in it")
    return tuple(str(info.get(key)) for key in ("size", "mtime", "ETag", "etag", "LastModified", "updated"))


def _unreadable(address: str, error: Exception) -> CannotRun:
    # fsspec raises FileNotFoundError for every HTTP error; the cause has the status.
    status = getattr(error.__cause__, "status", _NOT_FOUND)
    if isinstance(error, FileNotFoundError) and status == _NOT_FOUND:
        return CannotRun(public_name(address), "no such file", "fix the path or address")
    if isinstance(error, FileNotFoundError):
        reason = f"the server answers {status}"
    else:
        reason = getattr(error, "strerror", None) or describe_error(error) or type(error).__name__
    return CannotRun(public_name(address), f"cannot be read: {reason}", "solve this, then run the command again")


def cut_lines(read: Read) -> Iterator[bytes]:
    """Yield lines without their ends; a line that is longer than `LONGEST_LINE` is cut there.

    Args:
        read: Returns at most that number of bytes, and none at the end.
    """
    begun = bytearray()
    while block := read(_BLOCK):
        *lines, rest = block.split(b"\n")
        for line in lines:
            yield bytes(begun + line)
            begun.clear()
        begun += rest
        if len(begun) > LONGEST_LINE:
            yield bytes(begun)
            begun.clear()
    if begun:
        yield bytes(begun)


class LocalOutput:
    """A folder in the file system of this machine, which may be shared with others."""

    def __init__(self, where: str, root: str | None = None) -> None:
        self.where = where
        self._root = Path(where if root is None else root)

    def require_allowed(self, sources: Iterable[Path]) -> None:
        """Check that the folder is no link and no file, and neither inside the sources nor around them.

        Raises:
            CannotRun: It is.
        """
        require_outside_sources(self._root, sources)
        require_folder(self._root)

    def scan(self) -> Iterator[OutputEntry]:
        """Yield what the folder holds, one entry at a time; a folder comes before what it holds."""
        if os.path.lexists(self._root):
            yield from scan_folder(str(self._root))

    def size(self, name: str) -> int | None:
        """Return the size of a file in bytes; None if it does not exist."""
        path = self._root / name
        return path.stat().st_size if path.is_file() else None

    def read(self, name: str) -> bytes | None:
        """Return the content of a file; None if it does not exist."""
        path = self._root / name
        return path.read_bytes() if path.is_file() and not path.is_symlink() else None

    def read_lines(self, name: str) -> Iterator[bytes]:
        """Yield the lines of a file, as `cut_lines` does; nothing if the file does not exist."""
        path = self._root / name
        if path.is_file() and not path.is_symlink():
            with path.open("rb") as file:
                yield from cut_lines(file.read)

    def write(self, name: str, data: bytes) -> None:
        """Write a file whole or not at all."""
        write_atomically(self._root / name, data)

    def put(self, path: Path, name: str) -> None:
        """Rename a local file, which has been fsynced, into the folder."""
        target = self._root / name
        target.parent.mkdir(parents=True, exist_ok=True)
        path.replace(target)
        fsync_folder(target.parent)

    def remove(self, names: Iterable[str]) -> None:
        """Remove files, and folders that this leaves empty."""
        folders = {self._root}
        for name in names:
            path = self._root / name
            path.unlink(missing_ok=True)
            folders |= {parent for parent in path.parents if self._root in parent.parents}
        for folder in sorted(folders, reverse=True):
            # rmdir fails, as it should, for a folder that is not empty or that another process writes to.
            with contextlib.suppress(OSError):
                folder.rmdir()

    def remove_leftovers(self) -> None:
        """Remove the temporary files of killed writers."""
        remove_leftovers(self._root)

    def clear(self, folder: str) -> None:
        """Remove a folder with everything in it."""
        shutil.rmtree(self._root / folder, ignore_errors=True)

    @contextlib.contextmanager
    def workspace(self, parent: str) -> Iterator[Path]:
        """Give a temporary local folder in `parent`, a folder of the output."""
        # On the same file system as the output, so that files can be renamed into it.
        (self._root / parent).mkdir(parents=True, exist_ok=True)
        with temporary_folder(WORKSPACE_PREFIX, self._root / parent) as folder:
            yield folder

    def remove_workspaces(self, parent: str) -> None:
        """Remove the temporary folders in `parent` that killed workers have left."""
        for folder in (self._root / parent).glob(f"{WORKSPACE_PREFIX}*"):
            shutil.rmtree(folder, ignore_errors=True)


class RemoteOutput:
    """A folder in a store that fsspec supports; the store writes each object whole or not at all."""

    def __init__(self, address: str) -> None:
        import fsspec

        self.where = public_name(address).rstrip("/")
        with self._report_errors():
            self._system, root = fsspec.core.url_to_fs(address)
        self._root = root.rstrip("/")

    @property
    def local_root(self) -> str | None:
        """The path, where the store is the file system of this machine by another name, such as `local://`."""
        from fsspec.implementations.local import LocalFileSystem

        system, root = self._system, self._root
        while not isinstance(system, LocalFileSystem):
            system = getattr(system, "fs", None)
            if system is None:
                return None
        return str(system._strip_protocol(root))

    @contextlib.contextmanager
    def _report_errors(self) -> Iterator[None]:
        try:
            yield
        except io_errors() as error:
            reason = describe_error(error) or type(error).__name__
            hint = "solve this, then run the command again"
            raise CannotRun(self.where, f"cannot be reached: {reason}", hint) from error

    def _path(self, name: str) -> str:
        return f"{self._root}/{name}"

    def _info(self, name: str) -> dict[str, Any] | None:
        try:
            info: dict[str, Any] = self._system.info(self._path(name))
        except FileNotFoundError:
            return None
        return info if info.get("type") == "file" else None

    def require_allowed(self, sources: Iterable[Path]) -> None:
        """Do nothing: a store holds no sources of a corpus on this machine."""

    def scan(self) -> Iterator[OutputEntry]:
        """Yield what the folder holds, one level of folders at a time; a folder comes before what it holds."""
        with self._report_errors():
            self._system.invalidate_cache()
            for parent, folders, files in self._system.walk(self._root):
                prefix = parent.rstrip("/").removeprefix(self._root).strip("/")
                prefix = f"{prefix}/" if prefix else ""
                # Some stores list a folder as an empty object without a name.
                yield from (OutputEntry(f"{prefix}{name}", "file") for name in files if name)
                yield from (OutputEntry(f"{prefix}{name}", "folder") for name in folders if name)

    def size(self, name: str) -> int | None:
        """Return the size of a file in bytes; None if it does not exist."""
        with self._report_errors():
            info = self._info(name)
        return info["size"] if info else None

    def read(self, name: str) -> bytes | None:
        """Return the content of a file; None if it does not exist."""
        with self._report_errors():
            return bytes(self._system.cat_file(self._path(name))) if self._info(name) else None

    def read_lines(self, name: str) -> Iterator[bytes]:
        """Yield the lines of a file, as `cut_lines` does; nothing if the file does not exist."""
        with self._report_errors():
            if self._info(name):
                with self._system.open(self._path(name), "rb") as file:
                    yield from cut_lines(file.read)

    def write(self, name: str, data: bytes) -> None:
        """Write a file whole or not at all."""
        with self._report_errors():
            self._system.pipe_file(self._path(name), data)

    def put(self, path: Path, name: str) -> None:
        """Copy a local file into the folder; the caller removes it."""
        with self._report_errors():
            self._system.put_file(str(path), self._path(name))

    def remove(self, names: Iterable[str]) -> None:
        """Remove files."""
        paths = [self._path(name) for name in names]
        if paths:
            with self._report_errors():
                self._system.rm(paths)

    def remove_leftovers(self) -> None:
        """Do nothing: the store has no temporary files."""

    def clear(self, folder: str) -> None:
        """Remove a folder with everything in it."""
        with self._report_errors():
            self._system.invalidate_cache()
            paths = self._system.find(self._path(folder))
            if paths:
                self._system.rm(paths)

    def workspace(self, parent: str) -> contextlib.AbstractContextManager[Path]:
        """Give a temporary folder of this machine; the store cannot have one."""
        return temporary_folder(WORKSPACE_PREFIX)

    def remove_workspaces(self, parent: str) -> None:
        """Do nothing: the pool removes the temporary folders of its workers on this machine."""


Output: TypeAlias = LocalOutput | RemoteOutput
"""An output folder, which need not exist yet; `where` is what messages call it."""


@contextlib.contextmanager
def report_write_errors(output: Output) -> Iterator[None]:
    """Turn an OSError in the block into CannotRun.

    Raises:
        CannotRun: The output cannot be written.
    """
    try:
        yield
    except OSError as error:
        hint = "free some space or choose another folder; --resume continues from what is there"
        raise CannotRun(output.where, f"cannot be written: {describe_os_error(error)}", hint) from error


def open_output(address: str) -> Output:
    """Return the output folder at a path or address. Every address of the local file system gives a `LocalOutput`.

    Raises:
        CannotRun: The address cannot be opened.
    """
    address = address.removeprefix("file://")
    if "://" not in address:
        return LocalOutput(address)
    output = RemoteOutput(address)
    return LocalOutput(output.where, output.local_root) if output.local_root is not None else output
