"""A release that was downloaded, checked by itself: no git, no network, no corpus."""

from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa

from annotate.dataset.arrow import logical_sha256
from annotate.dataset.writer import MANIFEST as DATASET_MANIFEST
from annotate.dataset.writer import Manifest, read_manifest
from annotate.errors import CannotRun, describe_os_error
from annotate.offsets import sha256
from annotate.release import bundle
from annotate.release.bundle import DATASET, MANIFEST
from annotate.release.manifest import ReleaseManifest, dataset_differences, decode, differences
from annotate.util.files import bytes_of, read_bytes, reading

_AGAIN = "download it again, or make it a file that can be read"


def verify(folder: Path, expected: str | None = None) -> Iterator[str]:
    """What is wrong with a release folder, a line each; first the sums, and only where they hold what is in the files.

    `expected` is the SHA-256 of SHA256SUMS that the tag names. Raises CannotRun for what is no release, and for one of
    a later version of the toolkit.
    """
    listed = folder / bundle.FILE
    with reading(folder, _AGAIN):
        there = folder.is_dir() and (listed.is_file() or (folder / MANIFEST).is_file())
    if not there:
        raise CannotRun(folder, "is no release folder", f"name the folder that {bundle.FILE} is in")
    if not listed.is_file():
        yield f"{bundle.FILE} is missing"
        return
    broken = list(_sums(folder, read_bytes(listed, _AGAIN), expected))
    yield from broken
    if broken:
        return
    path = folder / MANIFEST
    if not path.is_file():
        yield f"{MANIFEST} is missing"
        return
    manifest = decode(path, read_bytes(path, _AGAIN))
    yield from _dataset(folder / DATASET, manifest)
    yield from _sources(folder / bundle.archive_name(manifest.version), manifest, text=_has_text(folder))


def _sums(folder: Path, data: bytes, expected: str | None) -> Iterator[str]:
    if expected and sha256(data) != expected.lower():
        yield f"{bundle.FILE} is not the one that was released: its SHA-256 is {sha256(data)}"
    wanted, broken = bundle.decode(data)
    for number in broken:
        yield f"{bundle.FILE} cannot be read in line {number}"
    with reading(folder, _AGAIN):
        found = bundle.files(folder)
    for name in sorted(wanted.keys() | found.keys()):
        if name not in found:
            yield f"{name} is missing"
        elif name not in wanted:
            yield f"{name} was added"
        elif found[name].is_symlink():
            yield f"{name} was changed"
        else:
            yield from _file(name, found[name], wanted[name])


def _file(name: str, path: Path, wanted: str) -> Iterator[str]:
    try:
        if sha256(bytes_of(str(path))) != wanted:
            yield f"{name} was changed"
    except OSError as error:
        yield f"{name} cannot be read: {describe_os_error(error)}"


def _has_text(folder: Path) -> bool:
    made = read_manifest(folder / DATASET)
    return made is None or made.text


def _dataset(folder: Path, manifest: ReleaseManifest) -> Iterator[str]:
    made = read_manifest(folder)
    if made is None:
        yield f"{DATASET}/{DATASET_MANIFEST} is no manifest that can be read"
        return
    for table in made.tables:
        path = folder / table.file
        if not path.is_file():
            yield f"{DATASET}/{table.file} is missing"
        elif sha256(path.read_bytes()) != table.sha256:
            yield f"{DATASET}/{table.file} is not the file that its manifest lists"
        elif _logical(path) != table.logical_sha256:
            yield f"{DATASET}/{table.file} has other values than its manifest lists"
    yield from _of_release(made, manifest)


def _logical(path: Path) -> str | None:
    """The logical hash of a table; None where the file is no Parquet."""
    try:
        return logical_sha256(path)
    except (pa.ArrowException, OSError):
        return None


def _of_release(made: Manifest, manifest: ReleaseManifest) -> Iterator[str]:
    """A dataset without text has other tables than the manifest of the release lists; its version is the same."""
    if made.text:
        for problem in dataset_differences(manifest.dataset, made):
            yield f"{DATASET}: {problem}, as {MANIFEST} lists it"
    elif made.corpus != manifest.version:
        yield f"{DATASET} is of version {made.corpus}, and {MANIFEST} of {manifest.version}"


def _sources(path: Path, manifest: ReleaseManifest, text: bool) -> Iterator[str]:
    """The archive has the files of the manifest, and beside them the changelog of the data."""
    if not text:
        return
    if not path.is_file():
        yield f"{path.name} is missing"
        return
    try:
        found = dict(bundle.hashes(path))
    except bundle.BROKEN as error:
        yield f"{path.name} cannot be read: {error}"
        return
    beside = [name for name in found.keys() - manifest.files.keys() if name.endswith("CHANGELOG.md")]
    for name in beside[:1]:
        del found[name]
    for name, what in differences(manifest, found):
        yield f"{path.name}: {name} {what}"
