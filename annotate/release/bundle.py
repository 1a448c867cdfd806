"""The folder of a release: dataset, sources, page, manifest, provenance and sums; it appears whole or not at all.

The source archive: the same files give the same bytes, whoever packs them, and when.

Names are sorted, times are zero, owners are nobody, modes are one; the gzip header has no name and no time. With
another version of zlib the compressed bytes may differ, and what is in them does not.

SHA256SUMS: the hash of every file of a folder, as `sha256sum -c` reads it.

Where a release comes from: the revision, every input with its hash, and what built it; no time of building.
"""

import gzip
import io
import platform
import re
import shutil
import tarfile
import zlib
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path

import msgspec

from annotate.dataset.build import build, cited, head
from annotate.errors import CannotRun, describe_os_error
from annotate.offsets import sha256
from annotate.release.agreement import tabled
from annotate.release.candidate import Candidate
from annotate.release.manifest import manifest_path
from annotate.release.page import Release, page
from annotate.util.files import taking_the_place

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


FILE = "SHA256SUMS"
_LINE = re.compile(r"(?P<hash>[0-9a-f]{64})  (?P<name>[^\n]+)")


def files(folder: Path) -> dict[str, Path]:
    """Every file below a folder but the sums, by path; a link counts as a file, so that it is seen as one too many."""
    found = {
        path.relative_to(folder).as_posix(): path
        for path in sorted(folder.rglob("*"))
        if path.is_symlink() or not path.is_dir()
    }
    found.pop(FILE, None)
    return found


def encode(folder: Path) -> bytes:
    return "".join(f"{sha256(path.read_bytes())}  {name}\n" for name, path in files(folder).items()).encode()


def decode(data: bytes) -> tuple[dict[str, str], list[int]]:
    """Path → hash, and the numbers of the lines that cannot be read, from 1."""
    found, broken = {}, []
    for number, one in enumerate(data.decode("utf-8", "replace").split("\n"), 1):
        if match := _LINE.fullmatch(one):
            found[match["name"]] = match["hash"]
        elif one:
            broken.append(number)
    return found, broken


FILE_PROVENANCE = "provenance.json"
FORMAT = "annotate provenance 1"
LOCK = "requirements/run.txt"


class Provenance(msgspec.Struct, frozen=True, kw_only=True):
    """`built_with` names versions; `lock` is the SHA-256 of the file that pins the toolkit's dependencies, if there is
    one beside the corpus; `inputs` are path → SHA-256, with the changelog of the data."""

    format: str
    version: str
    revision: str
    built_with: dict[str, str]
    lock: str | None
    inputs: dict[str, str]


def provenance(candidate: Candidate) -> Provenance:
    import pyarrow as pa

    lock = candidate.place / LOCK
    return Provenance(
        format=FORMAT,
        version=candidate.version,
        revision=candidate.repository.head,
        built_with={
            "contested-claims": metadata.version("contested-claims"),
            "pyarrow": pa.__version__,
            "python": platform.python_version(),
            "zlib": zlib.ZLIB_RUNTIME_VERSION,
        },
        lock=_hash(lock) if lock.is_file() else None,
        inputs={name: _hash(candidate.place / name) for name in candidate.paths},
    )


def _hash(path: Path) -> str:
    return sha256(path.read_bytes())


DATASET = "dataset"
MANIFEST = "release.json"
PAGE = "page.html"


def write(candidate: Candidate, out: Path, text: bool = True) -> str:
    """Write the folder `out`, in place of one that this wrote before; the SHA-256 of its SHA256SUMS.

    Without `text` it has no word of the articles: the dataset has none, and there is no source archive and no page.
    Raises CannotRun where something else is at `out`, or the disk is full; `out` is then as it was.
    """
    candidate.step(f"writing {out}")
    _refuse_others(out)
    try:
        with taking_the_place(out.resolve()) as folder:
            _dataset(candidate, folder / DATASET, text)
            if text:
                candidate.step("packing the sources")
                name = archive_name(candidate.version)
                pack(folder / name, candidate.place, candidate.paths, f"sources-{candidate.version}")
                candidate.step("drawing the page")
                with (folder / PAGE).open("wb") as file:
                    file.writelines(part.encode() for part in page(_release(candidate)))
            shutil.copyfile(manifest_path(candidate.place, candidate.version), folder / MANIFEST)
            told = msgspec.json.format(msgspec.json.encode(provenance(candidate)), indent=2) + b"\n"
            (folder / FILE_PROVENANCE).write_bytes(told)
            listed = encode(folder)
            (folder / FILE).write_bytes(listed)
    except OSError as error:
        reason = describe_os_error(error)
        raise CannotRun(out, f"cannot be written: {reason}", "make room, then run it again") from error
    return sha256(listed)


def _dataset(candidate: Candidate, target: Path, text: bool) -> None:
    if text:
        shutil.copytree(candidate.built.first, target, copy_function=shutil.copyfile)
        return
    corpus, quoted = candidate.corpus, cited(candidate.corpus)
    table = tabled(candidate.agreement) if candidate.agreement else None
    skeleton = head(corpus, str(candidate.schema), quoted)
    build(corpus, candidate.inventory, target, quoted, table, skeleton=skeleton)


def _release(candidate: Candidate) -> Release:
    return Release(
        corpus=candidate.corpus,
        inventory=candidate.inventory,
        version=candidate.version,
        entry=candidate.entry.body if candidate.entry else "",
        since=candidate.last,
        changes=candidate.comparison.summary if candidate.comparison else None,
        agreement=candidate.agreement,
    )


def _refuse_others(out: Path) -> None:
    """Raise CannotRun where `out` is anything but missing, empty, or a release."""
    if out.exists() and not (out / FILE).is_file() and (not out.is_dir() or any(out.iterdir())):
        raise CannotRun(out, "is there and is no release", "choose another folder with --out")
