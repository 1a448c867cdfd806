"""Check a downloaded release folder by itself: without git, network or corpus."""

from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa

from annotate.dataset.folder import MANIFEST as DATASET_MANIFEST
from annotate.dataset.folder import Manifest, read_manifest
from annotate.dataset.logical_hash import logical_sha256
from annotate.errors import CannotRun, describe_os_error
from annotate.offsets import sha256
from annotate.release.bundle import (
    BROKEN_ARCHIVE,
    DATASET,
    MANIFEST,
    SUMS,
    archive_name,
    decode_sums,
    hash_archive,
    list_bundle,
)
from annotate.release.changelog import CHANGELOG
from annotate.release.manifest import ReleaseManifest, compare_datasets, compare_files, decode_manifest
from annotate.util.files import read_bytes, read_raw, reporting_read_errors

_HINT = "download it again, or make it a readable file"


def verify(folder: Path, expected_sha256: str | None = None) -> Iterator[str]:
    """Check a release folder: the checksums first, and the contents of the files only if those are right.

    Args:
        folder: The release folder.
        expected_sha256: The SHA-256 of SHA256SUMS that the tag names.

    Yields:
        What is wrong, one line a problem.

    Raises:
        CannotRun: The folder is not a release, or is one of a later version of the toolkit.
    """
    sums, manifest_file = folder / SUMS, folder / MANIFEST
    with reporting_read_errors(folder, _HINT):
        is_release = folder.is_dir() and (sums.is_file() or manifest_file.is_file())
    if not is_release:
        raise CannotRun(folder, "is not a release folder", f"name the folder that {SUMS} is in")
    if not sums.is_file():
        yield f"{SUMS} is missing"
        return
    problems = list(_check_sums(folder, read_bytes(sums, _HINT), expected_sha256))
    yield from problems
    if problems:
        return
    if not manifest_file.is_file():
        yield f"{MANIFEST} is missing"
        return
    manifest = decode_manifest(manifest_file, read_bytes(manifest_file, _HINT))
    dataset = read_manifest(folder / DATASET)
    if dataset is None:
        yield f"{DATASET}/{DATASET_MANIFEST} is not a readable manifest"
    else:
        yield from _check_dataset(folder / DATASET, dataset, manifest)
    if dataset is None or dataset.text:
        yield from _check_sources(folder / archive_name(manifest.version), manifest)


def _check_sums(folder: Path, data: bytes, expected_sha256: str | None) -> Iterator[str]:
    if expected_sha256 and sha256(data) != expected_sha256.lower():
        yield f"{SUMS} is not the one that was released: its SHA-256 is {sha256(data)}"
    hashes, broken_lines = decode_sums(data)
    for number in broken_lines:
        yield f"{SUMS} cannot be read in line {number}"
    with reporting_read_errors(folder, _HINT):
        files = list_bundle(folder)
    for name in sorted(hashes.keys() | files.keys()):
        if name not in files:
            yield f"{name} is missing"
        elif name not in hashes:
            yield f"{name} was added"
        else:
            yield from _check_file(name, files[name], hashes[name])


def _check_file(name: str, path: Path, expected: str) -> Iterator[str]:
    try:
        if path.is_symlink() or sha256(read_raw(str(path))) != expected:
            yield f"{name} was changed"
    except OSError as error:
        yield f"{name} cannot be read: {describe_os_error(error)}"


def _check_dataset(folder: Path, dataset: Manifest, manifest: ReleaseManifest) -> Iterator[str]:
    for table in dataset.tables:
        path = folder / table.file
        if not path.is_file():
            yield f"{DATASET}/{table.file} is missing"
        elif sha256(path.read_bytes()) != table.sha256:
            yield f"{DATASET}/{table.file} is not the file that its manifest lists"
        elif _logical_hash(path) != table.logical_sha256:
            yield f"{DATASET}/{table.file} has other values than its manifest lists"
    # A dataset without text has other tables than the manifest of the release lists, and the same version.
    if dataset.text:
        for problem in compare_datasets(manifest.dataset, dataset):
            yield f"{DATASET} is not the one in {MANIFEST}: {problem}"
    elif dataset.corpus != manifest.version:
        yield f"{DATASET} has the version {dataset.corpus}, and {MANIFEST} has {manifest.version}"


def _logical_hash(path: Path) -> str | None:
    """Return the logical hash of a table; None if the file is not Parquet."""
    try:
        return logical_sha256(path)
    except (pa.ArrowException, OSError):
        return None


def _check_sources(path: Path, manifest: ReleaseManifest) -> Iterator[str]:
    """Check that the archive has the files of the manifest and, besides them, the changelog of the data."""
    if not path.is_file():
        yield f"{path.name} is missing"
        return
    try:
        hashes = dict(hash_archive(path, path.name.removesuffix(".tar.gz")))
    except BROKEN_ARCHIVE as error:
        yield f"{path.name} cannot be read: {error}"
        return
    changelogs = [name for name in hashes.keys() - manifest.files.keys() if name.endswith(CHANGELOG)]
    for name in changelogs[:1]:
        del hashes[name]
    for name, change in compare_files(manifest, hashes):
        yield f"{path.name}: {name} {change}"
