"""`annotate release cut`: what is still to be written is written and handed to a person; then folder and tag are made.

Each run goes on from what it finds, so that a run that broke off is run again. The tag is made last: where it is, all
else is.

What `annotate release cut` writes into the repository for a person to look at and commit: version, day, counts,
manifest.
"""

import contextlib
import fcntl
import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from annotate.dataset.build import CITATION
from annotate.errors import CannotRun
from annotate.findings import Finding
from annotate.release import bundle, changelog
from annotate.release.candidate import Candidate, Step, candidate
from annotate.release.git import Repository, git
from annotate.release.manifest import FOLDER, encode, manifest_path
from annotate.release.rules import (
    RULES,
    check,
    counts_not_named,
    manifest_stale,
    not_told,
    table_does_not_load,
    tree_not_clean,
    versions_disagree,
)
from annotate.util.files import PART, read_bytes, sweep, write_atomically


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


LOCK = "annotate-release.lock"

_SECOND = (versions_disagree, not_told, counts_not_named, tree_not_clean, manifest_stale)
"""Rules that ask for what is prepared here, or for what its reader does with it."""
_THIRD = (table_does_not_load,)
"""Slow, and asked only when nothing else is against the release."""
_FIRST = tuple(rule for rule in RULES if rule not in (*_SECOND, *_THIRD))


class Order(NamedTuple):
    """What to release. `day` is year-month-day; without `text`, the folder has no word of the articles."""

    version: str
    corpus: Path
    schema: Path
    out: Path
    day: str
    text: bool = True


class Cut(NamedTuple):
    """How far a run came: findings that refuse it, or files that wait for a person, or a folder and its tag."""

    refused: tuple[Finding, ...] = ()
    prepared: tuple[str, ...] = ()
    drafted: bool = False
    sums: str = ""


def cut(order: Order, step: Step = lambda what: None) -> Cut:
    """Raises CannotRun for a folder that would be in the way of git, for two at once, and for a disk that is full."""
    with candidate(order.version, order.corpus, order.schema, step) as one, _alone(one.repository):
        clear(one)
        _ignored(one.repository, order.out)
        if one.repository.tagged(order.version) == one.repository.head:
            return _again(one, order)
        if refused := (*check(one, _FIRST), *_foreign(one)):
            return Cut(refused=refused)
        if prepared := _prepared(one, order, step):
            return prepared
        if refused := tuple(check(one, _SECOND)) or tuple(check(one, _THIRD)):
            return Cut(refused=refused)
        said = bundle.write(one, order.out, order.text)
        step("making the tag")
        one.repository.tag(order.version, tag_words(one, said))
        return Cut(sums=said)


def tag_words(one: Candidate, said: str) -> str:
    """The message of the tag: the changelog's entry, and by what a download is known."""
    body = one.entry.body if one.entry else ""
    return f"{one.inventory.title} {one.version}\n\n{body}\n\n{bundle.FILE} has the SHA-256 {said}\n"


def _again(one: Candidate, order: Order) -> Cut:
    """The folder of a release whose tag stands at the last commit."""
    if refused := tuple(check(one, (tree_not_clean, manifest_stale))):
        return Cut(refused=refused)
    return Cut(sums=bundle.write(one, order.out, order.text))


def _foreign(one: Candidate) -> Iterator[Finding]:
    """Changes that are not committed, but for those that were made here."""
    ours = own(one)
    return (finding for finding in check(one, (tree_not_clean,)) if finding.file not in ours)


def _prepared(one: Candidate, order: Order, step: Step) -> Cut | None:
    """Write what is not as it should be; None where everything is. At an error, everything is as it was."""
    edits, written = Edits(), list[Path]()
    try:
        for path, data in words(one, order.day).items():
            edits.write(path, data)
            written.append(path)
        # What was written is in the dataset, too: its card quotes it.
        again = candidate(order.version, order.corpus, order.schema, step)
        with again if written else contextlib.nullcontext(one) as now:
            written += write_manifest(now, edits)
            drafted = any(entry.is_draft for entry in now.entries if entry.version == order.version)
    except BaseException:
        edits.undo()
        raise
    edits.keep()
    return Cut(prepared=tuple(map(one.named, written)), drafted=drafted) if written else None


def _ignored(repository: Repository, out: Path) -> None:
    """Raise CannotRun for a folder that git would see: the tree could then never be clean."""
    target = out.resolve()
    if target.is_relative_to(repository.top) and git(repository.top, "check-ignore", "--quiet", str(target)) is None:
        raise CannotRun(out, "is not ignored by git", "add it to .gitignore, or choose another folder with --out")


@contextlib.contextmanager
def _alone(repository: Repository) -> Iterator[None]:
    """One release at a time in a repository; the system lets go of the lock of a process that died."""
    path = repository.private / LOCK
    with path.open("a+b") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            problem, hint = "another release is being cut", "wait for its end, then run it again"
            raise CannotRun(repository.named, problem, hint) from None
        yield
