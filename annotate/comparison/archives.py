"""Unpack a source archive into a temporary folder: its regular files, and nothing outside the folder."""

import contextlib
import lzma
import shutil
import tarfile
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import IO

from annotate.errors import CannotRun, describe_os_error
from annotate.util.folders import temporary_folder

ARCHIVES = (".tar.gz", ".tgz", ".tar.xz", ".tar", ".zip")
"""Extensions of the archives that can be unpacked."""

# zipfile raises NotImplementedError for a compression method that it does not know.
_BROKEN = (tarfile.TarError, zipfile.BadZipFile, lzma.LZMAError, zlib.error, EOFError, ValueError, NotImplementedError)


@contextlib.contextmanager
def unpack_archive(path: Path) -> Iterator[Path]:
    """Unpack an archive into a temporary folder, which is removed at the end of the context.

    Raises:
        CannotRun: The archive is broken, or holds a link or a path that leads out of it.
    """
    with temporary_folder() as folder:
        try:
            (_unpack_zip if path.suffix == ".zip" else _unpack_tar)(path, Path(folder))
        except _BROKEN as error:
            raise CannotRun(path, "is not a readable archive, or is truncated", "download it again") from error
        except OSError as error:
            raise CannotRun(path, describe_os_error(error), "download it again") from error
        yield Path(folder)


def _unpack_tar(path: Path, folder: Path) -> None:
    with tarfile.open(path) as archive:
        for member in archive:
            if member.isdir():
                continue
            data = archive.extractfile(member) if member.isreg() else None
            if data is None:
                problem = f"holds {member.name!r}, which is not a regular file"
                raise CannotRun(path, problem, "name the archive of a release")
            _write_member(path, folder, member.name, data)


def _unpack_zip(path: Path, folder: Path) -> None:
    with zipfile.ZipFile(path) as archive:
        for member in archive.infolist():
            if not member.is_dir():
                with archive.open(member) as data:
                    _write_member(path, folder, member.filename, data)


def _write_member(path: Path, folder: Path, name: str, data: IO[bytes]) -> None:
    member = PurePosixPath(name)
    if member.is_absolute() or ".." in member.parts:
        raise CannotRun(path, f"holds {name!r}, which leads out of it", "name the archive of a release")
    target = folder / member
    target.parent.mkdir(parents=True, exist_ok=True)
    with target.open("wb") as file:
        shutil.copyfileobj(data, file)
