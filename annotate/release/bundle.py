"""The folder of a release: dataset, source archive, page, manifest, provenance and checksums.

The same commit gives the same bytes wherever and whenever it is built, with the same versions of the libraries.
"""

import gzip
import hashlib
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

from annotate.comparison.archives import DEFAULT_BOUNDS, Bounds, read_members
from annotate.dataset.build import build
from annotate.dataset.citation import find_citation
from annotate.dataset.inputs import skeleton_header
from annotate.errors import CannotRun, describe_os_error
from annotate.offsets import sha256
from annotate.release.agreement import agreement_table
from annotate.release.candidate import Candidate
from annotate.release.manifest import manifest_path
from annotate.release.page import PageContent, render_page
from annotate.util.folders import replacing_folder

DATASET = "dataset"
MANIFEST = "release.json"
PAGE = "page.html"
PROVENANCE = "provenance.json"
SUMS = "SHA256SUMS"

PROVENANCE_FORMAT = "annotate provenance 1"
REQUIREMENTS = "requirements/run.txt"
"""The file that pins the dependencies of the toolkit, where it is next to the corpus."""

_SUM_LINE = re.compile(r"(?P<hash>[0-9a-f]{64})  (?P<name>[^\n]+)")


class Provenance(msgspec.Struct, frozen=True, kw_only=True):
    """Where a release comes from. It has no time of building, so that equal inputs give equal bytes.

    Attributes:
        format: The format of the provenance.
        version: The version of the release.
        revision: The git commit.
        built_with: Program or library → version.
        lock: The SHA-256 of the file that pins the dependencies of the toolkit; None if there is no such file.
        inputs: Source file → SHA-256, with the changelog of the data.
    """

    format: str
    version: str
    revision: str
    built_with: dict[str, str]
    lock: str | None
    inputs: dict[str, str]


def write_bundle(candidate: Candidate, out: Path, text: bool = True) -> str:
    """Write the folder of a release, whole or not at all, in place of an earlier one.

    Args:
        candidate: The candidate that passed the rules.
        out: The folder to write.
        text: Include the texts of the articles. Without them, the dataset has no words of the articles, and there is
            no source archive and no page.

    Returns:
        The SHA-256 of SHA256SUMS.

    Raises:
        CannotRun: `out` is not a release folder, or it cannot be written; `out` is then unchanged.
    """
    candidate.progress(f"writing {out}")
    _require_replaceable(out)
    try:
        with replacing_folder(out.resolve()) as folder:
            _write_dataset(candidate, folder / DATASET, text)
            if text:
                candidate.progress("packing the sources")
                top = f"sources-{candidate.version}"
                write_archive(folder / archive_name(candidate.version), candidate.folder, candidate.source_files, top)
                candidate.progress("drawing the page")
                with (folder / PAGE).open("wb") as file:
                    file.writelines(part.encode() for part in render_page(_page_content(candidate)))
            shutil.copyfile(manifest_path(candidate.folder, candidate.version), folder / MANIFEST)
            provenance = msgspec.json.encode(_collect_provenance(candidate))
            (folder / PROVENANCE).write_bytes(msgspec.json.format(provenance, indent=2) + b"\n")
            sums = encode_sums(folder)
            (folder / SUMS).write_bytes(sums)
    except OSError as error:
        raise CannotRun(
            out, f"cannot be written: {describe_os_error(error)}", "free some space, then run it again"
        ) from error
    return sha256(sums)


def _require_replaceable(out: Path) -> None:
    """Raise CannotRun unless `out` is missing, empty, or a release folder."""
    if out.exists() and not (out / SUMS).is_file() and (not out.is_dir() or any(out.iterdir())):
        raise CannotRun(out, "exists and is not a release folder", "choose another folder with --out")


def _write_dataset(candidate: Candidate, target: Path, text: bool) -> None:
    if text:
        shutil.copytree(candidate.datasets.first, target, copy_function=shutil.copyfile)
        return
    corpus, citation = candidate.corpus, find_citation(candidate.corpus)
    table = agreement_table(candidate.agreement) if candidate.agreement else None
    skeleton = skeleton_header(corpus, str(candidate.schema), citation)
    build(corpus, candidate.inventory, target, citation, table, skeleton=skeleton)


def _page_content(candidate: Candidate) -> PageContent:
    return PageContent(
        corpus=candidate.corpus,
        inventory=candidate.inventory,
        version=candidate.version,
        entry=candidate.entry.body if candidate.entry else "",
        since=candidate.last_version,
        changes=candidate.comparison.summary if candidate.comparison else None,
        agreement=candidate.agreement,
    )


def _collect_provenance(candidate: Candidate) -> Provenance:
    import pyarrow as pa

    lock = candidate.folder / REQUIREMENTS
    return Provenance(
        format=PROVENANCE_FORMAT,
        version=candidate.version,
        revision=candidate.repository.head,
        built_with={
            "contested-claims": metadata.version("contested-claims"),
            "pyarrow": pa.__version__,
            "python": platform.python_version(),
            "zlib": zlib.ZLIB_RUNTIME_VERSION,
        },
        lock=sha256(lock.read_bytes()) if lock.is_file() else None,
        inputs={file: sha256((candidate.folder / file).read_bytes()) for file in candidate.source_files},
    )


def archive_name(version: str) -> str:
    """Return the name of the source archive of a version."""
    return f"sources-{version}.tar.gz"


def write_archive(target: Path, folder: Path, files: list[str], top: str) -> None:
    """Write a source archive whose bytes depend on nothing but the files and the version of zlib.

    Names are sorted, times are zero, members have no owner and one mode, and the gzip header has no name and no time.

    Args:
        target: The archive to write.
        folder: The folder that the files are in.
        files: The paths of the files, from `folder`.
        top: The name of the folder in the archive that contains them.
    """
    with (
        target.open("wb") as file,
        gzip.GzipFile(filename="", mode="wb", fileobj=file, mtime=0) as compressed,
        tarfile.open(mode="w", fileobj=compressed, format=tarfile.PAX_FORMAT) as archive,
    ):
        for name in sorted(files):
            data = (folder / name).read_bytes()
            member = tarfile.TarInfo(f"{top}/{name}")
            member.size, member.mode = len(data), 0o644
            archive.addfile(member, io.BytesIO(data))


def hash_archive(path: Path, bounds: Bounds = DEFAULT_BOUNDS) -> Iterator[tuple[str, str | None]]:
    """Yield each member of a source archive, by its path below the top folder, with its SHA-256.

    A member that is not a regular file has None. Members are read in pieces, and none is looked up by its name.

    Args:
        path: The archive.
        bounds: What it may hold.

    Raises:
        BrokenArchive: The archive is damaged.
        ArchiveTooLarge: It exceeds a bound.
    """
    for member in read_members(path, bounds):
        digest = hashlib.sha256()
        for chunk in member.chunks:
            digest.update(chunk)
        yield member.name.partition("/")[2] or member.name, None if member.kind else digest.hexdigest()


def list_bundle(folder: Path) -> dict[str, Path]:
    """Return the files below a release folder by path, without SHA256SUMS.

    A link counts as a file, even one to a folder, so that `verify` reports it.
    """
    files = {
        path.relative_to(folder).as_posix(): path
        for path in sorted(folder.rglob("*"))
        if path.is_symlink() or not path.is_dir()
    }
    files.pop(SUMS, None)
    return files


def encode_sums(folder: Path) -> bytes:
    """Return the contents of SHA256SUMS for a release folder, as `sha256sum --check` reads them."""
    return "".join(f"{sha256(path.read_bytes())}  {name}\n" for name, path in list_bundle(folder).items()).encode()


def decode_sums(data: bytes) -> tuple[dict[str, str], list[int]]:
    """Read the contents of SHA256SUMS.

    Returns:
        Path → SHA-256, and the numbers of the lines that cannot be read, from 1.
    """
    hashes: dict[str, str] = {}
    broken_lines = []
    for number, line in enumerate(data.decode("utf-8", "replace").split("\n"), 1):
        if match := _SUM_LINE.fullmatch(line):
            hashes[match["name"]] = match["hash"]
        elif line:
            broken_lines.append(number)
    return hashes, broken_lines
