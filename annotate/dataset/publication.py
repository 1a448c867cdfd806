"""What publishing a dataset folder changes: its files against those of a repository, or of a fresh build."""

import filecmp
import hashlib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Literal, NamedTuple

from annotate.dataset.folder import Manifest, own_files, read_manifest
from annotate.offsets import sha256
from annotate.util.files import read_bytes
from annotate.util.folders import list_irregular, walk_entries

Change = Literal["new", "changed", "same", "gone", "kept"]
"""`gone`: an earlier release has the file and this one lacks it. `kept`: the file belongs to no release."""


class File(NamedTuple):
    """A file of a folder or repository.

    Attributes:
        path: Path in the folder.
        bytes: Size.
        hashes: Hashes that may identify it: SHA-256, and git's of a blob.
    """

    path: str
    bytes: int
    hashes: frozenset[str]


class Step(NamedTuple):
    """What publishing does to one file."""

    path: str
    bytes: int
    change: Change


def list_files(folder: Path) -> list[File]:
    """Return the files of a dataset folder, in the order of their paths.

    Raises:
        CannotRun: If a file cannot be read, or is a link.
    """
    names = sorted(entry.path for entry in walk_entries(str(folder)))
    return [_file(name, read_bytes(folder / name, "build the dataset again", within=folder)) for name in names]


def _file(name: str, data: bytes) -> File:
    # Git's hash of a blob, by which the Hub knows small files; it protects nothing.
    blob = hashlib.sha1(b"blob %d\0%b" % (len(data), data), usedforsecurity=False).hexdigest()
    return File(name, len(data), frozenset((sha256(data), blob)))


def plan_steps(local: Iterable[File], remote: Mapping[str, File], published: Manifest | None) -> list[Step]:
    """Return what to do with each file.

    Args:
        local: Files of the dataset folder.
        remote: Files of the repository by path.
        published: Manifest of the release in the repository, which tells its files from those of others.
    """
    local_files = {file.path: file for file in local}
    released = own_files(published) if published else set()
    steps = [Step(path, file.bytes, _change(file, remote.get(path))) for path, file in local_files.items()]
    steps += [
        Step(path, file.bytes, "gone" if path in released else "kept")
        for path, file in remote.items()
        if path not in local_files
    ]
    return sorted(steps)


def _change(local: File, remote: File | None) -> Change:
    if remote is None:
        return "new"
    return "same" if local.hashes & remote.hashes else "changed"


def explain_stale(folder: Path, fresh: Path) -> str | None:
    """Return how a dataset folder differs from the fresh build in `fresh`; None if they are equal, byte for byte."""
    if not folder.is_dir():
        return "does not exist"
    if read_manifest(folder) is None:
        return "is not a dataset folder that `annotate build` made"
    for name, irregular in list_irregular(folder):
        return f"holds {name}, which {irregular}"
    old, new = ({entry.path for entry in walk_entries(str(root))} for root in (folder, fresh))
    for name in sorted(old | new):
        if name not in new:
            return f"holds {name}, which the corpus does not build now"
        if name not in old:
            return f"lacks {name}"
        if not filecmp.cmp(folder / name, fresh / name, shallow=False):
            return f"differs from what the corpus builds now in {name}"
    return None
