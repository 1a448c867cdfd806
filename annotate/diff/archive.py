"""Source archives: their plain files put into a temporary folder, and nothing outside of it."""

import contextlib
import lzma
import shutil
import tarfile
import tempfile
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import IO

from annotate.errors import CannotRun

ARCHIVES = (".tar.gz", ".tgz", ".tar.xz", ".tar", ".zip")

# zipfile raises NotImplementedError for a way of packing that it does not know.
_BROKEN = (tarfile.TarError, zipfile.BadZipFile, lzma.LZMAError, zlib.error, EOFError, ValueError, NotImplementedError)


@contextlib.contextmanager
def unpacked(path: Path) -> Iterator[Path]:
    """A folder with the files of an archive, while the context lasts.

    Raises CannotRun for an archive that is broken, or that has a link or a path that leads out of it.
    """
    with tempfile.TemporaryDirectory(prefix="annotate-") as folder:
        try:
            (_zip if path.suffix == ".zip" else _tar)(path, Path(folder))
        except _BROKEN as error:
            raise CannotRun(path, "is no archive that can be read, or is cut short", "load it down again") from error
        except OSError as error:
            raise CannotRun(path, (error.strerror or str(error)).lower(), "load it down again") from error
        yield Path(folder)


def _tar(path: Path, folder: Path) -> None:
    with tarfile.open(path) as archive:
        for member in archive:
            if member.isdir():
                continue
            data = archive.extractfile(member) if member.isreg() else None
            if data is None:
                raise CannotRun(path, f"has {member.name!r}, which is no plain file", "name the archive of a release")
            _put(path, folder, member.name, data)


def _zip(path: Path, folder: Path) -> None:
    with zipfile.ZipFile(path) as archive:
        for member in archive.infolist():
            if not member.is_dir():
                with archive.open(member) as data:
                    _put(path, folder, member.filename, data)


def _put(path: Path, folder: Path, name: str, data: IO[bytes]) -> None:
    inside = PurePosixPath(name)
    if inside.is_absolute() or ".." in inside.parts:
        raise CannotRun(path, f"has {name!r}, which leads out of it", "name the archive of a release")
    target = folder / inside
    target.parent.mkdir(parents=True, exist_ok=True)
    with target.open("wb") as file:
        shutil.copyfileobj(data, file)
