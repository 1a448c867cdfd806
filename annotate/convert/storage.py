"""Where exports are read from: any address that fsspec opens, packed with gzip or zstd or not.

Where a conversion is written: a folder of this machine, or of any place that fsspec writes to.

A file appears whole or not at all, under its own name. Names are paths in the folder, with slashes.
"""

import contextlib
import os
import re
import shutil
import sys
import tempfile
import zlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Protocol

from annotate.convert.splitter import Read
from annotate.errors import CannotRun, describe_os_error
from annotate.util.files import write_atomically

_ADDRESS = re.compile(r"[a-z][a-z0-9+.-]*://[^\s'\"<>]+", re.IGNORECASE)
_NOT_FOUND = 404


class Unpacked(ValueError):  # noqa: N818 - it says how far unpacking came
    """A packed file that cannot be unpacked to its end."""


def failures() -> tuple[type[Exception], ...]:
    """What opening, reading and writing raise: of Python, and of the libraries that fsspec has imported by now."""
    more = (("botocore.exceptions", "BotoCoreError"), ("aiohttp", "ClientError"))
    loaded = [getattr(sys.modules[module], name) for module, name in more if module in sys.modules]
    return OSError, ImportError, ValueError, *loaded


def name_of(address: str) -> str:
    """What findings call an input: a path as it is, an address without what may hold a key or a password."""
    if "://" not in address:
        return address
    scheme, _, rest = re.split(r"[?#]", address, maxsplit=1)[0].partition("://")
    host, slash, path = rest.partition("/")
    return f"{scheme}://{host.rpartition('@')[2]}{slash}{path}"


def told(error: Exception) -> str:
    """What a library says of a failure, in one line, with the names of addresses in place of the addresses."""
    return _ADDRESS.sub(lambda found: name_of(found[0]), " ".join(str(error).split()))[:200]


@contextmanager
def opened(address: str) -> Iterator[Read]:
    """A function that reads the unpacked bytes of an input.

    It raises Unpacked where they end before they should. Raises CannotRun where the input cannot be opened or read.
    """
    import fsspec

    try:
        with fsspec.open(address, "rb", compression=_packing(address)) as file:
            yield _reader(file)
    except failures() as error:
        if isinstance(error, Unpacked):
            raise
        raise _unreadable(address, error) from error


def _packing(address: str) -> str | None:
    name = name_of(address)
    return "gzip" if name.endswith(".gz") else "zstd" if name.endswith((".zst", ".zstd")) else None


def packed(address: str) -> bool:
    """Whether an input has to be read from its beginning to be unpacked."""
    return _packing(address) is not None


def read_range(address: str, offset: int, size: int) -> bytes:
    """`size` bytes of an input that is not packed, from byte `offset` on.

    Raises CannotRun where it has no longer so many.
    """
    try:
        data = _range(address, offset, size)
    except failures() as error:
        raise _unreadable(address, error) from error
    if len(data) != size:
        raise changed(address)
    return data


def _range(address: str, offset: int, size: int) -> bytes:
    if re.match(r"[^~:]*$", address):
        # A plain path needs no fsspec, which takes 8 MB in each worker.
        with open(address, "rb") as file:  # noqa: PTH123 - as fsspec would take it
            file.seek(offset)
            return file.read(size)
    import fsspec

    system, path = fsspec.core.url_to_fs(address)
    return bytes(system.cat_file(path, start=offset, end=offset + size))


def changed(address: str) -> CannotRun:
    """What to say of an input that is no longer what it was."""
    return CannotRun(name_of(address), "changed while it was read", "see that nobody writes to it, then --overwrite")


def _reader(file: Any) -> Read:
    """Reads from `file`; what was unpacked before it broke is given first, and then Unpacked is raised."""
    if sys.version_info >= (3, 14):
        from compression.zstd import ZstdError
    else:
        from backports.zstd import ZstdError

    broken: Unpacked | None = None
    # What a packed file gives one by one is not lost when the next fails.
    some = getattr(file, "read1", file.read)

    def read(size: int) -> bytes:
        nonlocal broken
        parts: list[bytes] = []
        while size and not broken:
            try:
                data: bytes = some(size)
            except (EOFError, zlib.error) as error:
                broken = Unpacked(str(error))
                break
            except (OSError, ValueError, ZstdError) as error:
                # A bad checksum or header is an OSError of gzip without a number, or an error of the zstd library.
                if getattr(error, "errno", None) is not None:
                    raise
                broken = Unpacked(str(error))
                break
            if not data:
                break
            parts.append(data)
            size -= len(data)
        if broken and not parts:
            raise broken
        return b"".join(parts)

    return read


def version_of(address: str) -> tuple[object, ...]:
    """What changes when an input does: its size, and its time or tag where its place has one."""
    import fsspec

    try:
        system, path = fsspec.core.url_to_fs(address)
        known = system.info(path)
    except failures() as error:
        raise _unreadable(address, error) from error
    if known.get("type") == "directory":
        raise CannotRun(name_of(address), "is a folder", "name the files in it")
    return tuple(str(known.get(key)) for key in ("size", "mtime", "ETag", "etag", "LastModified", "updated"))


def _unreadable(address: str, error: Exception) -> CannotRun:
    # fsspec says so of whatever a server answers; what it was stands behind.
    answer = getattr(error.__cause__, "status", _NOT_FOUND)
    if isinstance(error, FileNotFoundError) and answer == _NOT_FOUND:
        return CannotRun(name_of(address), "there is no such file", "fix the path or address")
    if isinstance(error, FileNotFoundError):
        return CannotRun(name_of(address), f"cannot be read: the server answers {answer}", "fix that and run again")
    reason = getattr(error, "strerror", None) or told(error) or type(error).__name__
    return CannotRun(name_of(address), f"cannot be read: {reason}", "fix that and run again")


class Output(Protocol):
    """The folder `where`, which need not be there yet."""

    where: str

    def names(self) -> list[str]:
        """Every file in the folder, sorted."""
        ...

    def size(self, name: str) -> int | None:
        """The bytes of a file; None where there is none."""
        ...

    def read(self, name: str) -> bytes | None:
        """A file; None where there is none."""
        ...

    def write(self, name: str, data: bytes) -> None: ...

    def put(self, path: Path, name: str) -> None:
        """Make a local file, which is on disk, one of the folder; the local one may be gone afterwards."""
        ...

    def remove(self, names: Iterable[str]) -> None: ...

    def clear(self, folder: str) -> None:
        """Remove a folder with all that is in it."""
        ...

    def workspace(self, below: str) -> contextlib.AbstractContextManager[Path]:
        """A local folder to work in, gone when the block ends; where it can be in the output, it is in `below`."""
        ...


@contextlib.contextmanager
def writing(there: Output) -> Iterator[None]:
    """Raises CannotRun where what is done meanwhile cannot be written."""
    try:
        yield
    except OSError as error:
        reason = describe_os_error(error)
        hint = "make room or choose another folder; --resume goes on with what is there"
        raise CannotRun(there.where, f"cannot be written: {reason}", hint) from error


def output(address: str) -> Output:
    """The folder of an address or path."""
    address = address.removeprefix("file://")
    return Remote(address) if "://" in address else Local(address)


class Local:
    """A folder of this machine, or one that several share as a part of their file systems."""

    def __init__(self, where: str) -> None:
        self.where = where
        self._root = Path(where)

    def names(self) -> list[str]:
        if self._root.exists() and not self._root.is_dir():
            raise CannotRun(self.where, "is a file", "choose another folder with --out")
        return sorted(path.relative_to(self._root).as_posix() for path in self._root.rglob("*") if path.is_file())

    def size(self, name: str) -> int | None:
        path = self._root / name
        return path.stat().st_size if path.is_file() else None

    def read(self, name: str) -> bytes | None:
        path = self._root / name
        return path.read_bytes() if path.is_file() else None

    def write(self, name: str, data: bytes) -> None:
        write_atomically(self._root / name, data)

    def put(self, path: Path, name: str) -> None:
        target = self._root / name
        target.parent.mkdir(parents=True, exist_ok=True)
        path.replace(target)
        folder = os.open(target.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)

    def remove(self, names: Iterable[str]) -> None:
        folders = {self._root}
        for name in names:
            path = self._root / name
            path.unlink(missing_ok=True)
            folders |= {parent for parent in path.parents if self._root in parent.parents}
        for folder in sorted(folders, reverse=True):
            # What is not empty stays, and so does what another process writes to.
            with contextlib.suppress(OSError):
                folder.rmdir()

    def clear(self, folder: str) -> None:
        shutil.rmtree(self._root / folder, ignore_errors=True)

    @contextlib.contextmanager
    def workspace(self, below: str) -> Iterator[Path]:
        # On the same disk as the output, or a file could not be renamed into it.
        (self._root / below).mkdir(parents=True, exist_ok=True)
        with _temporary(self._root / below) as folder:
            yield folder


class Remote:
    """A folder of another place; its store puts an object there whole or not at all."""

    def __init__(self, address: str) -> None:
        import fsspec

        self.where = name_of(address).rstrip("/")
        with self._reached():
            self._system, root = fsspec.core.url_to_fs(address)
        self._root = root.rstrip("/")

    @contextlib.contextmanager
    def _reached(self) -> Iterator[None]:
        try:
            yield
        except CannotRun:
            raise
        except failures() as error:
            reason = told(error) or type(error).__name__
            raise CannotRun(self.where, f"cannot be reached: {reason}", "fix that and run again") from error

    def _path(self, name: str) -> str:
        return f"{self._root}/{name}"

    def _known(self, name: str) -> dict[str, Any] | None:
        try:
            known: dict[str, Any] = self._system.info(self._path(name))
        except FileNotFoundError:
            return None
        return known if known.get("type") == "file" else None

    def names(self) -> list[str]:
        with self._reached():
            self._system.invalidate_cache()
            found = self._system.find(self._root)
        return sorted(path.removeprefix(self._root).lstrip("/") for path in found)

    def size(self, name: str) -> int | None:
        with self._reached():
            known = self._known(name)
        return known["size"] if known else None

    def read(self, name: str) -> bytes | None:
        with self._reached():
            return bytes(self._system.cat_file(self._path(name))) if self._known(name) else None

    def write(self, name: str, data: bytes) -> None:
        with self._reached():
            self._system.pipe_file(self._path(name), data)

    def put(self, path: Path, name: str) -> None:
        with self._reached():
            self._system.put_file(str(path), self._path(name))

    def remove(self, names: Iterable[str]) -> None:
        paths = [self._path(name) for name in names]
        if paths:
            with self._reached():
                self._system.rm(paths)

    def clear(self, folder: str) -> None:
        self.remove([name for name in self.names() if name.startswith(f"{folder}/")])

    def workspace(self, below: str) -> contextlib.AbstractContextManager[Path]:
        return _temporary(None)


@contextlib.contextmanager
def _temporary(parent: Path | None) -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(dir=parent, prefix="work-"))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
