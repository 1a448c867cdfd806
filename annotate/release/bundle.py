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
from collections.abc import Iterable, Iterator
from importlib import metadata
from pathlib import Path

import msgspec

from annotate.comparison.archives import DEFAULT_BOUNDS, ArchiveBounds, read_members
from annotate.comparison.release_manifest import decode_manifest, manifest_path
from annotate.comparison.releases import FOLDER as MANIFEST_FOLDER
from annotate.dataset.build import build
from annotate.dataset.citation import find_citation
from annotate.dataset.inputs import skeleton_header
from annotate.errors import CannotRun
from annotate.offsets import sha256
from annotate.outputs import HINT, Marker, OwnNames, list_sources, output_folder, read_marker_file
from annotate.release.candidate import Candidate
from annotate.release.page import PageContent, render_page
from annotate.release.sources import is_packable

DATASET = "dataset"
MANIFEST = "release.json"
PAGE = "page.html"
PROVENANCE = "provenance.json"
SUMS = "SHA256SUMS"

PROVENANCE_FORMAT = "annotate provenance 1"
REQUIREMENTS = "requirements/run.txt"
"""The file that pins the dependencies of the toolkit, where it is next to the corpus."""

_OWN_NAME = re.compile(
    rf"{DATASET}/.+|sources-[\d.]+\.tar\.gz|{re.escape(MANIFEST)}|{re.escape(PAGE)}|{re.escape(PROVENANCE)}"
)
"""The names of files that a release folder has, besides SHA256SUMS."""
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
    candidate.progress(f"writing {out}", None)
    sources = list_sources(candidate.corpus, candidate.inventory)
    with output_folder(out, RELEASE_MARKER, sources) as folder:
        _write_dataset(candidate, folder / DATASET, text)
        if text:
            candidate.progress("packing the sources", None)
            top = f"sources-{candidate.version}"
            write_archive(folder / archive_name(candidate.version), candidate.read_sources(), top)
            with (folder / PAGE).open("wb") as file:
                file.writelines(part.encode() for part in render_page(_page_content(candidate), candidate.progress))
        manifest = _read_committed(candidate, f"{MANIFEST_FOLDER}/{candidate.version}.json")
        if manifest is None:
            path = manifest_path(candidate.folder, candidate.version)
            raise CannotRun(path, "is not committed as a file", "commit it, then run it again")
        (folder / MANIFEST).write_bytes(manifest)
        provenance = msgspec.json.encode(_collect_provenance(candidate))
        (folder / PROVENANCE).write_bytes(msgspec.json.format(provenance, indent=2) + b"\n")
        sums = encode_sums(folder)
        (folder / SUMS).write_bytes(sums)
    return sha256(sums)


def _read_own_names(folder: Path) -> OwnNames | None:
    """Return the names in SHA256SUMS; None unless the folder has the manifest of a release, too.

    Other downloads have a SHA256SUMS. So names of other kinds than a release has do not count.
    """
    try:
        decode_manifest(folder / MANIFEST, read_marker_file(folder, MANIFEST))
    except CannotRun:
        return None
    hashes, broken_lines = decode_sums(read_marker_file(folder, SUMS))
    if not hashes or broken_lines:
        return None
    return OwnNames(frozenset({SUMS, *(name for name in hashes if _OWN_NAME.fullmatch(name))}))


RELEASE_MARKER = Marker("annotate release cut", _read_own_names, "exists and is not a release folder", HINT)


def _read_committed(candidate: Candidate, path: str) -> bytes | None:
    """Return a file next to the corpus as git has it; None if git has no such file."""
    entry = candidate.tree.get(path)
    if entry is None or not is_packable(entry):
        return None
    (data,) = candidate.repository.read_blobs([entry.blob])
    return data


def _write_dataset(candidate: Candidate, target: Path, text: bool) -> None:
    if text:
        shutil.copytree(candidate.datasets.first, target, copy_function=shutil.copyfile)
        return
    corpus, citation = candidate.corpus, find_citation(candidate.corpus)
    table = candidate.agreement_table
    left_out = candidate.left_out
    skeleton = skeleton_header(corpus, str(candidate.schema), citation, left_out=left_out)
    build(corpus, candidate.inventory, target, citation, table, skeleton=skeleton, left_out=left_out)


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

    lock = _read_committed(candidate, REQUIREMENTS)
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
        lock=None if lock is None else sha256(lock),
        inputs={entry.path: candidate.blobs[entry.path].sha256 for entry in candidate.source_entries},
    )


def archive_name(version: str) -> str:
    """Return the name of the source archive of a version."""
    return f"sources-{version}.tar.gz"


def write_archive(target: Path, files: Iterable[tuple[str, bytes]], top: str) -> None:
    """Write a source archive whose bytes depend on nothing but the files and the version of zlib.

    Times are zero, members have no owner and one mode, and the gzip header has no name and no time.

    Args:
        target: The archive to write.
        files: The path of each file, sorted, with its contents.
        top: The name of the folder in the archive that contains them.
    """
    with (
        target.open("wb") as file,
        gzip.GzipFile(filename="", mode="wb", fileobj=file, mtime=0) as compressed,
        tarfile.open(mode="w", fileobj=compressed, format=tarfile.PAX_FORMAT) as archive,
    ):
        for name, data in files:
            member = tarfile.TarInfo(f"{top}/{name}")
            member.size, member.mode = len(data), 0o644
            archive.addfile(member, io.BytesIO(data))


def hash_archive(path: Path, top: str, bounds: ArchiveBounds = DEFAULT_BOUNDS) -> Iterator[tuple[str, str | None]]:
    """Yield each member of a source archive, by its path below the top folder, with its SHA-256.

    A member of another folder has its whole name. A member that is not a regular file has None. Members are read in
    pieces, and none is looked up by its name.

    Args:
        path: The archive.
        top: The name of its top folder.
        bounds: What it may hold.

    Raises:
        BrokenArchive: The archive is damaged.
        ArchiveTooLarge: It exceeds a bound.
    """
    for member in read_members(path, bounds):
        digest = hashlib.sha256()
        for chunk in member.chunks:
            digest.update(chunk)
        folder, _, name = member.name.partition("/")
        yield name if folder == top else member.name, None if member.kind else digest.hexdigest()


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
