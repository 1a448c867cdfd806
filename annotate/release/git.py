"""What a release asks of git: is the tree clean, which releases are tagged, what did a tag hold; and the new tag."""

import os
from collections.abc import Iterator
from pathlib import Path

from annotate.comparison.semver import parsed
from annotate.comparison.sources import objects, run
from annotate.errors import CannotRun

PREFIX = "v"
"""A tag is `v` and the version."""


def git(place: Path, *words: str, given: bytes | None = None) -> bytes | None:
    """What git prints; None where it fails, as outside a repository. Raises CannotRun where git is not installed."""
    done = run(place, *words, given=given)
    return done.stdout if done.returncode == 0 else None


def line(place: Path, *words: str) -> str | None:
    """What git prints, as text without the end of the last line; None where it fails."""
    printed = git(place, *words)
    return None if printed is None else os.fsdecode(printed).rstrip("\n")


def changes(place: Path) -> list[str] | None:
    """Paths in the whole tree that differ from the last commit, untracked ones too; None outside of a repository."""
    printed = git(place, "status", "--porcelain", "-z", "--no-renames", "--untracked-files=all")
    return None if printed is None else [os.fsdecode(entry[3:]) for entry in printed.split(b"\0") if entry]


class Repository:
    """The git repository with the folder `place` in it, that of `corpus/`; messages call it `named`.

    Raises CannotRun where there is none, where it has no commit, and for a shallow clone, which lacks old releases.
    """

    def __init__(self, place: Path, named: Path) -> None:
        self.place, self.named = place.resolve(), named
        top = line(self.place, "rev-parse", "--show-toplevel")
        if top is None:
            hint = "release from a clone; where there is one, `git status` says why git does not read it"
            raise CannotRun(named, "is in no git repository", hint)
        if line(self.place, "rev-parse", "--is-shallow-repository") == "true":
            problem = "is in a shallow clone, without the earlier releases"
            raise CannotRun(named, problem, "`git fetch --unshallow --tags`")
        head = line(self.place, "rev-parse", "--verify", "--quiet", "HEAD")
        if head is None:
            raise CannotRun(named, "is in a git repository without a commit", "commit the corpus first")
        self.top, self.head = Path(top).resolve(), head

    @property
    def private(self) -> Path:
        """Git's own folder, where nothing is committed."""
        return self.place / (line(self.place, "rev-parse", "--git-common-dir") or ".git")

    def name(self, path: Path) -> str:
        """How git calls a file: its path from the top of the repository."""
        return path.resolve().relative_to(self.top).as_posix()

    def changes(self) -> list[str]:
        """Paths from the top that differ from the last commit."""
        return changes(self.top) or []

    def versions(self) -> list[str]:
        """The versions that are tagged among the ancestors of the last commit, in the order of their numbers."""
        listed = line(self.top, "tag", "--list", f"{PREFIX}*", "--merged", "HEAD") or ""
        return sorted(_of_versions(listed.split()), key=parsed)

    def tagged(self, version: str) -> str | None:
        """The commit that a version's tag stands at; None where there is no such tag."""
        name = f"refs/tags/{PREFIX}{version}^{{commit}}"
        return line(self.top, "rev-parse", "--verify", "--quiet", "--end-of-options", name)

    def at(self, revision: str) -> dict[str, str]:
        """The files at a revision: path from the folder of the corpus → git's name of its bytes."""
        printed = git(self.place, "ls-tree", "-r", "-z", revision) or b""
        parts = (entry.partition(b"\t") for entry in printed.split(b"\0") if entry)
        return {os.fsdecode(path): about.split()[2].decode() for about, _, path in parts}

    def contents(self, blobs: list[str]) -> Iterator[bytes]:
        """The bytes of files by git's names for them, in order, one in memory at a time; raises CannotRun."""
        with objects(self.top) as reader:
            yield from map(reader.read, blobs)

    def file(self, revision: str, path: Path) -> bytes | None:
        """A file at a revision; None where it was not there."""
        return git(self.top, "cat-file", "blob", f"{revision}:{self.name(path)}")

    def tag(self, version: str, words: str) -> None:
        """Make the annotated tag of a version at the commit that was the last when this was made; raises CannotRun."""
        # `cleanup=verbatim`: lines that begin with # are headings of ours, not comments.
        told = ("tag", "--annotate", "--cleanup=verbatim", "--file=-", f"{PREFIX}{version}", self.head)
        if git(self.top, *told, given=words.encode()) is None:
            hint = "see `git tag`, and set user.name and user.email; then run it again"
            raise CannotRun(f"{PREFIX}{version}", "git does not make the tag", hint)


def _of_versions(tags: list[str]) -> Iterator[str]:
    for tag in tags:
        try:
            parsed(tag.removeprefix(PREFIX))
        except CannotRun:
            continue  # a tag of something else
        yield tag.removeprefix(PREFIX)
