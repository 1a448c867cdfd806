"""The manifest of a release, `releases/VERSION.json`: hashes of all files it is made from and of all tables."""

from collections.abc import Iterator
from pathlib import Path

import msgspec

from annotate.dataset.writer import Manifest
from annotate.errors import CannotRun

FORMAT = "annotate release 1"
FOLDER = "releases"


class ReleaseManifest(msgspec.Struct, frozen=True, kw_only=True):
    """`files` are the sources, path → SHA-256; `dataset` has file hash and logical hash of each table.

    The changelog of the data is not among the files: it is the last to be written, and names what is here.
    """

    format: str
    version: str
    inventory: str
    files: dict[str, str]
    dataset: Manifest


class _Head(msgspec.Struct):
    format: str


def manifest_path(place: Path, version: str) -> Path:
    return place / FOLDER / f"{version}.json"


def encode(manifest: ReleaseManifest) -> bytes:
    return msgspec.json.format(msgspec.json.encode(manifest), indent=2) + b"\n"


def decode(where: str | Path, data: bytes) -> ReleaseManifest:
    """Raises CannotRun for what is no manifest, and for one of a later version of the toolkit."""
    try:
        head = msgspec.json.decode(data, type=_Head)
        if head.format != FORMAT:
            problem = f"is {head.format!r}, and this toolkit knows {FORMAT!r}"
            raise CannotRun(where, problem, "install the version of the toolkit that made it, or a later one")
        return msgspec.json.decode(data, type=ReleaseManifest)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise CannotRun(where, f"is no manifest of a release: {error}", "get the release again") from error


def differences(manifest: ReleaseManifest, files: dict[str, str]) -> Iterator[tuple[str, str]]:
    """Each file whose hash is not the one in the manifest, with what became of it."""
    for file in sorted(manifest.files.keys() | files.keys()):
        if file not in files:
            yield file, "is missing"
        elif file not in manifest.files:
            yield file, "was added"
        elif files[file] != manifest.files[file]:
            yield file, "was changed"


def dataset_differences(said: Manifest, built: Manifest) -> Iterator[str]:
    """How a dataset is not the one in the manifest: by values, and by bytes where pyarrow is the same version."""
    before = {table.file: table for table in said.tables}
    after = {table.file: table for table in built.tables}
    for file in sorted(before.keys() | after.keys()):
        if file not in after or file not in before:
            yield f"{file} {'is not built now' if file in before else 'is built now and not listed'}"
        elif before[file].logical_sha256 != after[file].logical_sha256:
            yield f"{file} has other values"
        elif said.pyarrow == built.pyarrow and before[file].sha256 != after[file].sha256:
            yield f"{file} has the same values in other bytes"
    for name in ("corpus", "inventory", "card_sha256", "croissant_sha256"):
        if getattr(said, name) != getattr(built, name) and (name[-6:] != "sha256" or said.pyarrow == built.pyarrow):
            yield f"the {name.partition('_')[0]} differs"
