"""`annotate release cut`: what is still to be written is written and handed to a person; then folder and tag are made.

Each run goes on from what it finds, so that a run that broke off is run again. The tag is made last: where it is, all
else is.
"""

import contextlib
import fcntl
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from annotate.errors import CannotRun
from annotate.findings import Finding
from annotate.release import folder, prepare, sums
from annotate.release.built import manifest_stale, table_does_not_load
from annotate.release.candidate import Candidate, Step, candidate
from annotate.release.check import check
from annotate.release.history import tree_not_clean
from annotate.release.repository import Repository, git
from annotate.release.rules import RULES
from annotate.release.versions import counts_not_named, not_told, versions_disagree

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
        prepare.clear(one)
        _ignored(one.repository, order.out)
        if one.repository.tagged(order.version) == one.repository.head:
            return _again(one, order)
        if refused := (*check(one, _FIRST), *_foreign(one)):
            return Cut(refused=refused)
        if prepared := _prepared(one, order, step):
            return prepared
        if refused := tuple(check(one, _SECOND)) or tuple(check(one, _THIRD)):
            return Cut(refused=refused)
        said = folder.write(one, order.out, order.text)
        step("making the tag")
        one.repository.tag(order.version, tag_words(one, said))
        return Cut(sums=said)


def tag_words(one: Candidate, said: str) -> str:
    """The message of the tag: the changelog's entry, and by what a download is known."""
    body = one.entry.body if one.entry else ""
    return f"{one.inventory.title} {one.version}\n\n{body}\n\n{sums.FILE} has the SHA-256 {said}\n"


def _again(one: Candidate, order: Order) -> Cut:
    """The folder of a release whose tag stands at the last commit."""
    if refused := tuple(check(one, (tree_not_clean, manifest_stale))):
        return Cut(refused=refused)
    return Cut(sums=folder.write(one, order.out, order.text))


def _foreign(one: Candidate) -> Iterator[Finding]:
    """Changes that are not committed, but for those that were made here."""
    ours = prepare.own(one)
    return (finding for finding in check(one, (tree_not_clean,)) if finding.file not in ours)


def _prepared(one: Candidate, order: Order, step: Step) -> Cut | None:
    """Write what is not as it should be; None where everything is. At an error, everything is as it was."""
    edits, written = prepare.Edits(), list[Path]()
    try:
        for path, data in prepare.words(one, order.day).items():
            edits.write(path, data)
            written.append(path)
        # What was written is in the dataset, too: its card quotes it.
        again = candidate(order.version, order.corpus, order.schema, step)
        with again if written else contextlib.nullcontext(one) as now:
            written += prepare.write_manifest(now, edits)
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
            problem, mend = "another release is being cut", "wait for its end, then run it again"
            raise CannotRun(repository.named, problem, mend) from None
        yield
