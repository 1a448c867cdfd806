"""The files of one version of a corpus, by path below `corpus/` and `schema/`: in folders, or at a git revision."""

import contextlib
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Protocol

from annotate.comparison.paths import CORPUS, SCHEMA
from annotate.comparison.releases import ReleaseHistory, version_of
from annotate.errors import CannotRun, describe_os_error
from annotate.util.files import read_raw
from annotate.util.git import GitObjects, GitRepository, find_repository_around

_HINT = "name a version that can be read"
_LISTS = "`git tag` lists the tagged ones, and releases/ the others"
_BLOB_MODES = frozenset({b"100644", b"100755"})


class Tree(Protocol):
    """The files of one version."""

    @property
    def name(self) -> str:
        """The version as its user named it."""

    def files(self) -> Mapping[str, str]:
        """Return every file by path, in order, with a key that is equal for equal contents, or empty if unknown."""

    def read(self, file: str) -> bytes:
        """Return the bytes of a file.

        Raises:
            CannotRun: It cannot be read.
        """


class FolderTree:
    """A version in folders on disk. Hidden files are not part of a corpus.

    Attributes:
        roots: The folders that hold `corpus/` and `schema/`.
        is_temporary: Whether the folders were unpacked from an archive and will be removed.
    """

    def __init__(self, name: str, roots: Mapping[str, Path], is_temporary: bool = False) -> None:
        self._name, self.roots, self.is_temporary = name, roots, is_temporary
        self._folders = {prefix: str(root) for prefix, root in roots.items()}

    @property
    def name(self) -> str:
        """The version as its user named it."""
        return self._name

    def path(self, file: str) -> Path:
        """Return where a file of this version is, or would be."""
        root, _, rest = file.partition("/")
        return self.roots[root] / rest

    def files(self) -> Mapping[str, str]:
        """Return every file by path, in order. Contents are not known before they are read."""
        folders = sorted(self._folders.items())
        return {file: "" for prefix, root in folders for file in sorted(_list_files(root, prefix))}

    def read(self, file: str) -> bytes:
        """Return the bytes of a file.

        Raises:
            CannotRun: It cannot be read.
        """
        root, _, rest = file.partition("/")
        try:
            return read_raw(f"{self._folders[root]}/{rest}", within=self._folders[root])
        except OSError as error:
            raise CannotRun(self.path(file), describe_os_error(error), _HINT) from error


def _list_files(folder: str, prefix: str) -> list[str]:
    """List the paths of all files below a folder, with a prefix, without hidden ones."""
    files, folders = list[str](), [(folder, prefix)]
    while folders:
        current, path = folders.pop()
        try:
            with os.scandir(current) as entries:
                for entry in entries:
                    if entry.name.startswith("."):
                        continue
                    if entry.is_file(follow_symlinks=False):
                        files.append(_check_name(f"{path}/{entry.name}"))
                    elif entry.is_dir(follow_symlinks=False):
                        folders.append((entry.path, f"{path}/{entry.name}"))
                    else:
                        raise CannotRun(entry.path, "is not a regular file", "replace it with a file")
        except OSError as error:
            raise CannotRun(current, describe_os_error(error), _HINT) from error
    return files


def _check_name(file: str) -> str:
    """Return the path of a file. Raise CannotRun where JSON cannot hold it."""
    if not file.isascii() and any("\udc80" <= character <= "\udcff" for character in file):
        raise CannotRun(ascii(file), "has a name that is not UTF-8", "rename it")
    return file


class GitTree:
    """A version at a git revision. Its files are read out of git's objects; nothing is checked out.

    Attributes:
        commit: The commit.
    """

    def __init__(self, name: str, commit: str, files: Mapping[str, str], objects: GitObjects) -> None:
        self._name, self.commit, self._files, self._objects = name, commit, files, objects

    @property
    def name(self) -> str:
        """The version as its user named it."""
        return self._name

    def files(self) -> Mapping[str, str]:
        """Return every file by path, in order, with the name of its git object."""
        return self._files

    def read(self, file: str) -> bytes:
        """Return the bytes of a file.

        Raises:
            CannotRun: The repository is broken.
        """
        return self._objects.read(self._files[file])


@contextlib.contextmanager
def open_revision(name: str, corpus: str, schema: str, cwd: Path | None = None) -> Iterator[GitTree]:
    """Open the files of a git revision, while the context lasts.

    Args:
        name: A revision of the repository that contains the corpus folder, or a released version such as 0.1.0: its
            tag, otherwise the last commit that changed its manifest.
        corpus: The path of the corpus folder, from `cwd`.
        schema: The path of the schema folder, from `cwd`.
        cwd: The current folder by default.

    Raises:
        CannotRun: git or a repository is missing, or there is no such revision; or the manifest of an untagged version
            does not list the files at its commit.
    """
    here, paths = (cwd or Path.cwd()).resolve(), {CORPUS: corpus, SCHEMA: schema}
    repository = find_repository_around(here / corpus)
    if repository is None:
        problem = "is not a folder, and this is not a git repository"
        raise CannotRun(name, problem, "name a corpus folder, or change to a clone")
    folders = {root: _path_in_repository(repository.top, here, path) for root, path in paths.items()}
    commit = _find_commit(repository, name, folders)
    files: dict[str, str] = {}
    for root, folder in folders.items():
        for file, blob in _list_blobs(repository, commit, name, folder):
            files[f"{root}/{file.removeprefix(folder + '/')}"] = blob
    with repository.open_objects() as objects:
        yield GitTree(name, commit, dict(sorted(files.items(), key=lambda item: item[0].split("/"))), objects)


def _find_commit(repository: GitRepository, name: str, folders: Mapping[str, str]) -> str:
    commit = repository.read_text("rev-parse", "--verify", "--quiet", "--end-of-options", f"{name}^{{commit}}")
    if commit is not None:
        return commit
    version = version_of(name)
    release = ReleaseHistory(repository, folders[CORPUS], folders[SCHEMA]).find_verified(version) if version else None
    if release is not None:
        return release.commit
    if repository.read_text("rev-parse", "--is-shallow-repository") == "true":
        raise CannotRun(name, "is not in this shallow clone", "run `git fetch --unshallow --tags`")
    raise CannotRun(name, "is neither a folder nor a revision of this repository", _LISTS)


def _path_in_repository(top: Path, here: Path, name: str) -> str:
    path = (here / name).resolve()
    if not path.is_relative_to(top):
        raise CannotRun(name, "is outside the git repository", "name folders, not revisions")
    return path.relative_to(top).as_posix()


def _list_blobs(repository: GitRepository, commit: str, name: str, folder: str) -> Iterator[tuple[str, str]]:
    """Yield path and git object of every file in a folder at a commit, without hidden ones."""
    # The pathspec would be a pattern otherwise.
    output = repository.read("--literal-pathspecs", "ls-tree", "-r", "-z", "--full-tree", commit, "--", folder)
    if output is None:
        raise CannotRun(name, "cannot be read", "`git fsck` says what is wrong with the repository")
    if not output:
        raise CannotRun(name, f"has no {folder}/", "name a later revision, or the folder by its name at that revision")
    for entry in output.split(b"\0")[:-1]:
        header, _, path = entry.partition(b"\t")
        mode, _, blob = header.split(b" ")
        file = _check_name(os.fsdecode(path))
        if mode not in _BLOB_MODES:
            raise CannotRun(f"{name}:{file}", "is not a regular file", "replace it with a file")
        if not any(part.startswith(".") for part in file.removeprefix(folder + "/").split("/")):
            yield file, blob.decode()
