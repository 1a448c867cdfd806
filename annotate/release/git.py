"""The git repository of a corpus: uncommitted files, what commits contain, and the new tag."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from annotate.comparison.releases import TAG_PREFIX, ReleaseHistory
from annotate.errors import CannotRun
from annotate.release.uncommitted import list_uncommitted
from annotate.util.git import find_repository, find_repository_around


def uncommitted_files(corpus: Path) -> list[str] | None:
    """Return the paths in the whole tree that differ from the last commit, with untracked files.

    Args:
        corpus: The corpus folder.

    Returns:
        The paths from the top of the repository; None outside a repository, and in one without a commit.
    """
    repository = find_repository_around(corpus)
    return None if repository is None else list_uncommitted(repository)


def last_commit(corpus: Path) -> str | None:
    """Return the last commit of the repository that contains a corpus folder; None if there is none."""
    repository = find_repository_around(corpus)
    return None if repository is None else repository.read_text("rev-parse", "--verify", "--quiet", "HEAD")


class TreeEntry(NamedTuple):
    """An entry of git's tree that is no folder.

    Attributes:
        path: Its path from the folder that contains `corpus/`.
        mode: Its mode, such as 100644 for a file, 100755 for a program, 120000 for a link, 160000 for a submodule.
        blob: Git's hash of its contents.
    """

    path: str
    mode: str
    blob: str


class Repository:
    """The git repository that a corpus is in.

    Attributes:
        folder: The folder that contains `corpus/`.
        corpus: The corpus folder as the user named it, for messages.
        top: The top folder of the repository.
        head: The commit that was the last one when this object was made.
    """

    def __init__(self, folder: Path, corpus: Path) -> None:
        """Look for the repository.

        Raises:
            CannotRun: There is no repository, git refuses it, it has no commit, or it is a shallow clone, which lacks
            old releases.
        """
        self.folder, self.corpus = folder.resolve(), corpus
        repository = find_repository(self.folder)
        if repository is None:
            hint = "release from a clone; if this is one, `git status` says why git does not read it"
            raise CannotRun(corpus, "is not in a git repository", hint)
        if repository.read_text("rev-parse", "--is-shallow-repository") == "true":
            problem = "is in a shallow clone, which lacks the earlier releases"
            raise CannotRun(corpus, problem, "run `git fetch --unshallow --tags`")
        head = repository.read_text("rev-parse", "--verify", "--quiet", "HEAD")
        if head is None:
            raise CannotRun(corpus, "is in a git repository without a commit", "commit the corpus first")
        self._git, self.top, self.head = repository, repository.top, head

    @property
    def git_folder(self) -> Path:
        """The folder of git's own files, shared by all worktrees of the repository."""
        return self.top / (self._git.read_text("rev-parse", "--git-common-dir") or ".git")

    def history(self, schema: Path) -> ReleaseHistory:
        """Return the released versions of the corpus with the schema in this folder."""
        return ReleaseHistory(self._git, *(self.path_in_git(folder.resolve()) for folder in (self.corpus, schema)))

    def path_in_git(self, path: Path) -> str:
        """Return the path of a file from the top of the repository; a link is a file of its own.

        Raises:
            CannotRun: A folder in the path is a link that leads out of the repository.
        """
        target = path.parent.resolve() / path.name if path.is_symlink() else path.resolve()
        if not target.is_relative_to(self.top):
            raise CannotRun(path, "is outside the git repository", "replace the link that leads there")
        return target.relative_to(self.top).as_posix()

    def is_ignored(self, path: Path) -> bool:
        """Return whether git ignores a path, or the path is outside the repository."""
        target = path.resolve()
        inside = target.is_relative_to(self.top)
        return not inside or self._git.read("check-ignore", "--quiet", str(target)) is not None

    def uncommitted_files(self) -> list[str]:
        """Return the paths from the top that differ from the last commit, with untracked files."""
        return list_uncommitted(self._git) or []

    def list_files(self, paths: list[str]) -> list[str]:
        """Return the files of the index at or below paths from `folder`, as paths from `folder`."""
        prefix = self.path_in_git(self.folder)
        wanted = [path if prefix == "." else f"{prefix}/{path}" for path in paths]
        output = self._git.read("--literal-pathspecs", "ls-files", "-z", "--full-name", "--", *wanted) or b""
        start = "" if prefix == "." else f"{prefix}/"
        return [os.fsdecode(path).removeprefix(start) for path in output.split(b"\0") if path]

    def list_blobs(self, revision: str) -> dict[str, str]:
        """Return the files at a revision: path from `folder` → git's hash of the contents."""
        folder = self.path_in_git(self.folder)
        tree = revision if folder == "." else f"{revision}:{folder}"
        output = self._git.read("ls-tree", "-r", "-z", "--full-tree", tree) or b""
        parts = (entry.partition(b"\t") for entry in output.split(b"\0") if entry)
        return {os.fsdecode(path): about.split()[2].decode() for about, _, path in parts}

    def list_tree(self, revision: str) -> list[TreeEntry]:
        """Return everything but folders that git's tree has at a revision, below the folder that contains `corpus/`."""
        prefix = self.path_in_git(self.folder)
        prefix = "" if prefix == "." else f"{prefix}/"
        output = self._git.read("ls-tree", "-r", "-z", "--full-tree", revision) or b""
        entries = []
        for entry in output.split(b"\0"):
            header, tab, name = entry.partition(b"\t")
            path = os.fsdecode(name)
            if tab and path.startswith(prefix):
                mode, _, blob = header.decode().split()
                entries.append(TreeEntry(path.removeprefix(prefix), mode, blob))
        return entries

    def read_blobs(self, blobs: list[str]) -> Iterator[bytes]:
        """Yield the contents of files by git's hashes, in order, with one file in memory at a time."""
        with self._git.open_objects() as reader:
            yield from map(reader.read, blobs)

    def read_file(self, revision: str, path: Path) -> bytes | None:
        """Return a file at a revision; None if it did not exist there."""
        return self._git.read("cat-file", "blob", f"{revision}:{self.path_in_git(path)}")

    def create_tag(self, version: str, message: str, sign: bool = False) -> None:
        """Create the annotated tag of a version at the commit `head`.

        Args:
            version: The version.
            message: The message of the tag.
            sign: Sign the tag with the user's key and the program of the user's own configuration.

        Raises:
            CannotRun: git does not create the tag.
        """
        tag = f"{TAG_PREFIX}{version}"
        # Without `cleanup=verbatim`, git would delete the headings of the changelog as comments.
        arguments = ("--cleanup=verbatim", "--file=-", tag, self.head)
        data = message.encode()
        if sign:
            process = self._git.sign("tag", "--sign", *arguments, stdin=data)
        else:
            process = self._git.run("tag", "--annotate", "--no-sign", *arguments, stdin=data)
        if process.returncode:
            settings = "user.name, user.email and user.signingKey" if sign else "user.name and user.email"
            hint = f"see `git tag`, and set {settings}; then run it again"
            raise CannotRun(tag, "git did not create the tag", hint)
