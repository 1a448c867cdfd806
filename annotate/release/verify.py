"""Check a downloaded release folder by itself: without git, network or corpus.

The folder may be damaged or hostile. Files are read in pieces, and only files that were found in the folder are opened:
a name that a manifest gives is looked up among them.
"""

import hashlib
import os
import stat
from collections.abc import Iterator, Mapping
from pathlib import Path

from annotate.comparison.archives import DEFAULT_BOUNDS, ArchiveBounds, BrokenArchive
from annotate.comparison.paths import CHANGELOG
from annotate.comparison.release_manifest import ReleaseManifest, compare_datasets, compare_files, decode_manifest
from annotate.dataset.folder import MANIFEST as DATASET_MANIFEST
from annotate.dataset.folder import Manifest, read_manifest
from annotate.dataset.logical_hash import logical_sha256
from annotate.errors import CannotRun, describe_os_error
from annotate.offsets import sha256
from annotate.release.bundle import DATASET, MANIFEST, SUMS, archive_name, decode_sums, hash_archive, list_bundle
from annotate.util.escape import quote
from annotate.util.files import read_bytes, reporting_read_errors
from annotate.util.parquet import BrokenParquet

_HINT = "download it again, or make it a readable file"
_CHUNK = 1 << 20


def verify(folder: Path, expected_sha256: str | None = None, bounds: ArchiveBounds = DEFAULT_BOUNDS) -> Iterator[str]:
    """Check a release folder: the checksums first, and the contents of the files only if those are right.

    Args:
        folder: The release folder.
        expected_sha256: The SHA-256 of SHA256SUMS that the tag names.
        bounds: What the source archive may hold.

    Yields:
        What is wrong, one line a problem.

    Raises:
        CannotRun: The folder is not a release, or is one of a later version of the toolkit; or its source archive
            exceeds a bound.
    """
    sums, manifest_file = folder / SUMS, folder / MANIFEST
    with reporting_read_errors(folder, _HINT):
        is_release = folder.is_dir() and (sums.is_file() or manifest_file.is_file())
    if not is_release:
        raise CannotRun(folder, "is not a release folder", f"name the folder that {SUMS} is in")
    if sums.is_symlink() or not sums.is_file():
        yield f"{SUMS} {'is a link' if sums.is_symlink() else 'is missing'}"
        return
    with reporting_read_errors(folder, _HINT):
        files = list_bundle(folder)
    problems = list(_check_sums(files, read_bytes(sums, _HINT, within=folder), expected_sha256))
    yield from problems
    if problems:
        return
    # From here on, every file is a regular file whose hash is in SHA256SUMS.
    if MANIFEST not in files:
        yield f"{MANIFEST} is missing"
        return
    manifest = decode_manifest(manifest_file, read_bytes(manifest_file, _HINT, within=folder))
    dataset = _read_dataset_manifest(folder / DATASET)
    if dataset is None:
        yield f"{DATASET}/{DATASET_MANIFEST} is not a readable manifest"
    else:
        yield from _check_dataset(files, dataset, manifest)
    if dataset is None or dataset.text:
        yield from _check_sources(files, manifest, bounds)


def _show(name: str) -> str:
    """Return a name that a manifest or an archive gives, on one line and not too long."""
    return quote(name, 200)[1:-1]


def _read_dataset_manifest(folder: Path) -> Manifest | None:
    try:
        return read_manifest(folder)
    except (UnicodeDecodeError, RecursionError):
        return None


def _check_sums(files: Mapping[str, Path], data: bytes, expected_sha256: str | None) -> Iterator[str]:
    if expected_sha256 and sha256(data) != expected_sha256.lower():
        yield f"{SUMS} is not the one that was released: its SHA-256 is {sha256(data)}"
    hashes, broken_lines = decode_sums(data)
    for number in broken_lines:
        yield f"{SUMS} cannot be read in line {number}"
    for name in sorted(hashes.keys() | files.keys()):
        if name not in files:
            yield f"{name} is missing"
        elif name not in hashes:
            yield f"{name} was added"
        else:
            yield from _check_file(name, files[name], hashes[name])


def _check_file(name: str, path: Path, expected: str) -> Iterator[str]:
    try:
        if path.is_symlink() or _hash_file(path) != expected:
            yield f"{name} was changed"
    except OSError as error:
        yield f"{name} cannot be read: {describe_os_error(error)}"


def _hash_file(path: Path) -> str:
    """Return the SHA-256 of a regular file, which is read in pieces.

    Raises:
        OSError: It cannot be read, or is a link, a pipe or a device.
    """
    # A pipe that is opened without O_NONBLOCK would wait for a writer.
    handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW)
    with os.fdopen(handle, "rb", buffering=0) as file:
        if not stat.S_ISREG(os.fstat(handle).st_mode):
            raise OSError("is not a regular file")
        digest = hashlib.sha256()
        while chunk := file.read(_CHUNK):
            digest.update(chunk)
    return digest.hexdigest()


def _check_dataset(files: Mapping[str, Path], dataset: Manifest, manifest: ReleaseManifest) -> Iterator[str]:
    for table in dataset.tables:
        name = f"{DATASET}/{table.file}"
        path = files.get(name)
        if path is None:
            yield f"{_show(name)} is missing"
        elif _hash_file(path) != table.sha256:
            yield f"{name} is not the file that its manifest lists"
        else:
            yield from _check_values(name, path, table.logical_sha256)
    for file, expected in dataset.files.items():
        path = files.get(f"{DATASET}/{file}")
        if path is None:
            yield f"{_show(f'{DATASET}/{file}')} is missing"
        elif _hash_file(path) != expected:
            yield f"{DATASET}/{file} is not the file that its manifest lists"
    # A dataset without text has other tables than the manifest of the release lists, and the same version.
    if dataset.text:
        for problem in compare_datasets(manifest.dataset, dataset):
            yield f"{DATASET} is not the one in {MANIFEST}: {problem}"
    elif dataset.corpus != manifest.version:
        yield f"{DATASET} has the version {dataset.corpus}, and {MANIFEST} has {manifest.version}"


def _check_values(name: str, path: Path, expected: str) -> Iterator[str]:
    try:
        if logical_sha256(path) != expected:
            yield f"{name} has other values than its manifest lists"
    except BrokenParquet as error:
        yield f"{name}{',' if error.place else ''} {error}"
    except OSError as error:
        yield f"{name} cannot be read: {describe_os_error(error)}"


def _check_sources(files: Mapping[str, Path], manifest: ReleaseManifest, bounds: ArchiveBounds) -> Iterator[str]:
    """Check that the archive has the files of the manifest and, besides them, the changelog of the data."""
    archive = archive_name(manifest.version)
    path = files.get(archive)
    if path is None:
        yield f"{_show(archive)} is missing"
        return
    hashes: dict[str, str] = {}
    irregular: dict[str, str] = {}
    try:
        for name, digest in hash_archive(path, archive.removesuffix(".tar.gz"), bounds):
            if digest is None:
                irregular[name] = "is not a regular file"
            elif name in hashes:
                irregular[name] = "is in it twice"
            else:
                hashes[name] = digest
    except BrokenArchive as error:
        yield f"{archive} {error.problem}"
        return
    for name, problem in irregular.items():
        yield f"{archive}: {_show(name)} {problem}"
    changelogs = [name for name in hashes.keys() - manifest.files.keys() if name.endswith(CHANGELOG)]
    for name in changelogs[:1]:
        del hashes[name]
    for name, change in compare_files(manifest.files, hashes):
        if name not in irregular:
            yield f"{archive}: {_show(name)} {change}"
