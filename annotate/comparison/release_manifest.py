"""The manifest of a release, `releases/VERSION.json`: the hash of each source file and of each table."""

from collections.abc import Iterator, Mapping
from pathlib import Path

import msgspec

from annotate.comparison.releases import FOLDER, SUFFIX
from annotate.dataset.folder import Manifest
from annotate.released_files import ReleasedFiles, decode_released


class ReleaseManifest(ReleasedFiles, frozen=True, kw_only=True):
    """What a release was made from and what was built.

    Attributes:
        dataset: The manifest of the dataset, with the file hash and the logical hash of each table.
    """

    dataset: Manifest


def manifest_path(folder: Path, version: str) -> Path:
    """Return the path of the manifest of a version; `folder` is the one that contains `corpus/`."""
    return folder / FOLDER / f"{version}{SUFFIX}"


def encode_manifest(manifest: ReleaseManifest) -> bytes:
    """Return a manifest as indented JSON."""
    return msgspec.json.format(msgspec.json.encode(manifest), indent=2) + b"\n"


def decode_manifest(where: str | Path, data: bytes) -> ReleaseManifest:
    """Return the manifest in some JSON; `where` names it in messages.

    Raises:
        CannotRun: The JSON is not a manifest, or is one of a later version of the toolkit.
    """
    return decode_released(where, data, ReleaseManifest)


def compare_files(listed: Mapping[str, str], files: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """Yield each file whose hash differs from the one that is listed, and how it differs.

    Args:
        listed: Path → SHA-256 of the files that a manifest lists.
        files: Path → SHA-256 of the files that exist.

    Yields:
        The path, and "is missing", "was added" or "was changed".
    """
    for file in sorted(listed.keys() | files.keys()):
        if file not in files:
            yield file, "is missing"
        elif file not in listed:
            yield file, "was added"
        elif files[file] != listed[file]:
            yield file, "was changed"


def compare_datasets(released: Manifest, built: Manifest) -> Iterator[str]:
    """Yield how a dataset differs from the one that was released.

    Values are always compared; bytes only if both datasets were built with the same version of pyarrow.
    """
    same_pyarrow = released.pyarrow == built.pyarrow
    old = {table.file: table for table in released.tables}
    new = {table.file: table for table in built.tables}
    for file in sorted(old.keys() | new.keys()):
        if file not in new or file not in old:
            yield f"{file} {'is not built now' if file in old else 'is built now and not listed'}"
        elif old[file].logical_sha256 != new[file].logical_sha256:
            yield f"{file} has other values"
        elif same_pyarrow and old[file].sha256 != new[file].sha256:
            yield f"{file} has the same values in other bytes"
    if released.files:  # datasets of toolkits before 0.2.0 list none
        for file, change in compare_files(released.files, built.files):
            yield f"{file} {change}"
    for name in ("corpus", "inventory", *(("card_sha256", "croissant_sha256") if same_pyarrow else ())):
        if getattr(released, name) != getattr(built, name):
            yield f"the {name.partition('_')[0]} differs"
