"""What a release would change: the files of a dataset folder against those that a repository holds."""

import filecmp
import hashlib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Literal, NamedTuple

from annotate.dataset.without_text import SKELETON
from annotate.dataset.writer import CARD, CROISSANT, MANIFEST, Manifest, read_manifest
from annotate.offsets import sha256

Change = Literal["new", "changed", "same", "gone", "kept"]
"""`gone`: an earlier release put it there and this one does not have it. `kept`: somebody else put it there."""


class File(NamedTuple):
    """A file by its path in the folder; `hashes` are those it may be known by: SHA-256, and git's of a blob."""

    path: str
    bytes: int
    hashes: frozenset[str]


class Step(NamedTuple):
    path: str
    bytes: int
    change: Change


def local_files(folder: Path) -> list[File]:
    """The files of a dataset folder, in the order of their paths."""
    return [
        _file(path.relative_to(folder).as_posix(), path.read_bytes())
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    ]


def _file(name: str, data: bytes) -> File:
    # Git's name for a blob, by which the Hub knows small files; nothing is kept secret by it.
    blob = hashlib.sha1(b"blob %d\0%b" % (len(data), data), usedforsecurity=False).hexdigest()
    return File(name, len(data), frozenset((sha256(data), blob)))


def steps(local: Iterable[File], there: Mapping[str, File], before: Manifest | None) -> list[Step]:
    """What to do for each file; `before` is the manifest of the release that is there, which says what was ours."""
    ours = {one.path: one for one in local}
    found = [
        Step(path, one.bytes, "same" if path in there and one.hashes & there[path].hashes else _change(path, there))
        for path, one in ours.items()
    ]
    made = {CARD, CROISSANT, MANIFEST, SKELETON, *(table.file for table in before.tables)} if before else set()
    rest = [
        Step(path, one.bytes, "gone" if path in made else "kept") for path, one in there.items() if path not in ours
    ]
    return sorted(found + rest)


def _change(path: str, there: Mapping[str, File]) -> Change:
    return "changed" if path in there else "new"


def stale(folder: Path, fresh: Path) -> str | None:
    """Why a dataset folder is not what was built just now into `fresh`; None if it is, byte for byte."""
    if not folder.is_dir():
        return "is not there"
    if read_manifest(folder) is None:
        return "is no dataset folder that `annotate build` made"
    have, want = (
        {path.relative_to(root).as_posix() for path in root.rglob("*") if path.is_file()} for root in (folder, fresh)
    )
    for name in sorted(have | want):
        if name not in want:
            return f"holds {name}, which the corpus does not build now"
        if name not in have:
            return f"lacks {name}"
        if not filecmp.cmp(folder / name, fresh / name, shallow=False):
            return f"is not what the corpus builds now: {name} differs"
    return None
