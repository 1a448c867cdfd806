"""Where a conversion is written: a folder of this machine, or of any place that fsspec writes to.

A file appears whole or not at all, under its own name. Names are paths in the folder, with slashes.
"""

import contextlib
import os
import shutil
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, Protocol

from annotate.bulk.inputs import failures, name_of, told
from annotate.errors import CannotRun
from annotate.files import write_atomically


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
        reason = (error.strerror or str(error)).lower()
        mend = "make room or choose another folder; --resume goes on with what is there"
        raise CannotRun(there.where, f"cannot be written: {reason}", mend) from error


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
            raise CannotRun(self.where, f"cannot be reached: {reason}", "mend that and run again") from error

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
