"""The source archive: the same files give the same bytes, whoever packs them, and when.

Names are sorted, times are zero, owners are nobody, modes are one; the gzip header has no name and no time. With
another version of zlib the compressed bytes may differ, and what is in them does not.
"""

import gzip
import io
import tarfile
import zlib
from collections.abc import Iterator
from pathlib import Path

from annotate.offsets import sha256

ENDING = ".tar.gz"
_MODE = 0o644
BROKEN = (tarfile.TarError, OSError, EOFError, zlib.error)
"""What an archive raises that is damaged."""


def archive_name(version: str) -> str:
    return f"sources-{version}{ENDING}"


def pack(target: Path, place: Path, names: list[str], top: str) -> None:
    """Write files below `place` into an archive, under the folder `top` in it."""
    with (
        target.open("wb") as file,
        gzip.GzipFile(filename="", mode="wb", fileobj=file, mtime=0) as packed,
        tarfile.open(mode="w", fileobj=packed, format=tarfile.PAX_FORMAT) as archive,
    ):
        for name in sorted(names):
            data = (place / name).read_bytes()
            member = tarfile.TarInfo(f"{top}/{name}")
            member.size, member.mode = len(data), _MODE
            archive.addfile(member, io.BytesIO(data))


def hashes(path: Path) -> Iterator[tuple[str, str]]:
    """The files of an archive with their SHA-256, by path below its top folder; raises one of BROKEN."""
    with tarfile.open(path, "r:gz") as archive:
        for member in archive:
            data = archive.extractfile(member)
            if data is not None:
                yield member.name.partition("/")[2], sha256(data.read())
