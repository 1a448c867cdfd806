"""What `annotate release cut` writes into the repository for a person to look at and commit: version, day, counts,
manifest."""

import re
from collections.abc import Iterator
from pathlib import Path

from annotate.dataset.inputs import CITATION
from annotate.files import PART, read_bytes, sweep, write_atomically
from annotate.release import changelog
from annotate.release.candidate import Candidate
from annotate.release.manifest import FOLDER, encode, manifest_path


def words(candidate: Candidate, day: str) -> dict[Path, bytes]:
    """CITATION.cff and the changelog of the data as they should be, where they are not; `day` is year-month-day."""
    entry = candidate.entry
    found = dict(_words(candidate, (entry and entry.day) or day))
    return {path: data for path, data in found.items() if not path.is_file() or path.read_bytes() != data}


def _words(candidate: Candidate, day: str) -> Iterator[tuple[Path, bytes]]:
    cited, told = candidate.citation_path, candidate.changelog_path
    if cited.is_file():
        yield cited, _cited(read_bytes(cited, "restore it").decode("utf-8"), candidate.version, day).encode()
    text = read_bytes(told, "restore it").decode("utf-8") if told.is_file() else "# Changes of the data\n"
    yield told, changelog.drafted(text, candidate.version, day, candidate.counts).encode()


def _cited(text: str, version: str, day: str) -> str:
    """Version and day in place of those that are there, or at the end; comments and order stay."""
    for key, value in (("version", version), ("date-released", day)):
        line = f"{key}: {value}" if key == "version" else f'{key}: "{value}"'
        text, found = re.subn(rf"^{key}:.*$", line, text, count=1, flags=re.MULTILINE)
        if not found:
            text = f"{text.rstrip()}\n{line}\n"
    return text


def own(candidate: Candidate) -> set[str]:
    """The files that are written here, as git calls them."""
    paths = candidate.citation_path, candidate.changelog_path, manifest_path(candidate.place, candidate.version)
    return {candidate.repository.name(path) for path in paths}


def clear(candidate: Candidate) -> None:
    """Take away what a killed run left half written."""
    sweep(candidate.corpus.root)
    sweep(candidate.place / FOLDER)
    for left in candidate.place.glob(f".{CITATION}.*{PART}"):
        left.unlink()


class Edits:
    """Files written one by one, each atomically. What was there is copied beside it first, so that putting it back
    takes no room on a disk that is full by then; the copies of a killed run are cleared as its other leavings."""

    def __init__(self) -> None:
        self._copies: dict[Path, Path | None] = {}

    def write(self, path: Path, data: bytes) -> None:
        """Raises CannotRun where the disk is full."""
        copy = path.with_name(f".{path.name}.original{PART}") if path.is_file() else None
        if copy:
            write_atomically(copy, path.read_bytes())
        self._copies[path] = copy
        write_atomically(path, data)

    def undo(self) -> None:
        """Put everything back as it was."""
        for path, copy in self._copies.items():
            if copy:
                copy.replace(path)
            elif path.exists():
                path.unlink()

    def keep(self) -> None:
        """Let go of what was there before."""
        for copy in filter(None, self._copies.values()):
            copy.unlink()


def write_manifest(candidate: Candidate, edits: Edits) -> list[Path]:
    """Write the manifest where it is not what it should be; the paths that were written."""
    path, data = manifest_path(candidate.place, candidate.version), encode(candidate.fresh_manifest())
    if path.is_file() and path.read_bytes() == data:
        return []
    edits.write(path, data)
    return [path]
