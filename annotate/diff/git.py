"""The corpus and the schema folder at a revision, read out of git's objects; nothing is checked out."""

import contextlib
import os
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import IO

from annotate.diff.trees import CORPUS, SCHEMA, plain_name
from annotate.errors import CannotRun

_BLOBS = frozenset({b"100644", b"100755"})


class GitTree:
    """A revision; `roots` says at which paths of the repository `corpus/` and `schema/` are."""

    def __init__(self, name: str, files: Mapping[str, str], reader: "Objects") -> None:
        self._name, self._files, self._reader = name, files, reader

    @property
    def name(self) -> str:
        return self._name

    def files(self) -> Mapping[str, str]:
        return self._files

    def read(self, file: str) -> bytes:
        return self._reader.read(self._files[file])


@contextlib.contextmanager
def revision(name: str, corpus: str, schema: str, cwd: Path | None = None) -> Iterator[GitTree]:
    """The files of a revision of the repository that `cwd` is in; `corpus` and `schema` are paths from there.

    Raises CannotRun where git or a repository is missing, or there is no such revision.
    """
    here = (cwd or Path.cwd()).resolve()
    top = _top(here, name)
    commit = _commit(top, name)
    files: dict[str, str] = {}
    for root, path in ((CORPUS, corpus), (SCHEMA, schema)):
        below = _inside(top, here, path)
        for file, blob in _listed(top, commit, name, below):
            files[f"{root}/{file.removeprefix(below + '/')}"] = blob
    with objects(top) as reader:
        yield GitTree(name, dict(sorted(files.items(), key=lambda item: item[0].split("/"))), reader)


def run(cwd: Path, *words: str, given: bytes | None = None) -> "subprocess.CompletedProcess[bytes]":
    """Run git, `given` its input; nobody is asked for a password, and what is not here is not fetched."""
    env = {**os.environ, "GIT_TERMINAL_PROMPT": "0", "GIT_NO_LAZY_FETCH": "1", "LC_ALL": "C"}
    try:
        return subprocess.run(["git", *words], cwd=cwd, env=env, input=given, capture_output=True, check=False)
    except OSError as error:
        raise CannotRun("git", "cannot be started", "install git, or name folders") from error


def _top(here: Path, name: str) -> Path:
    done = run(here, "rev-parse", "--show-toplevel")
    if b"safe.directory" in done.stderr:
        mend = "trust it with `git config --global --add safe.directory FOLDER`"
        raise CannotRun(name, "is no folder, and git does not read this repository, which is another user's", mend)
    if done.returncode:
        raise CannotRun(name, "is no folder, and this is no git repository", "name a corpus folder, or go into a clone")
    return Path(done.stdout.decode().rstrip("\n")).resolve()


def _commit(top: Path, name: str) -> str:
    words = ("rev-parse", "--verify", "--quiet", "--end-of-options", f"{name}^{{commit}}")
    done = run(top, *words)
    if done.returncode == 0:
        return done.stdout.decode().strip()
    if run(top, "rev-parse", "--is-shallow-repository").stdout.strip() == b"true":
        raise CannotRun(name, "is not in this shallow clone", "run `git fetch --unshallow --tags`")
    raise CannotRun(name, "is neither a folder nor a revision of this repository", "`git tag` lists those with a name")


def _inside(top: Path, here: Path, named: str) -> str:
    path = (here / named).resolve()
    if not path.is_relative_to(top):
        raise CannotRun(named, "is outside of the git repository", "name folders in place of revisions")
    return path.relative_to(top).as_posix()


def _listed(top: Path, commit: str, name: str, below: str) -> Iterator[tuple[str, str]]:
    done = run(top, "ls-tree", "-r", "-z", "--full-tree", commit, "--", below)
    if done.returncode:
        raise CannotRun(name, "cannot be read", "`git fsck` says what is wrong with the repository")
    if not done.stdout:
        raise CannotRun(name, f"has no {below}/", "name a later revision, or the folder as it was called then")
    for entry in done.stdout.split(b"\0")[:-1]:
        about, _, path = entry.partition(b"\t")
        mode, _, blob = about.split(b" ")
        file = plain_name(os.fsdecode(path))
        if mode not in _BLOBS:
            raise CannotRun(f"{name}:{file}", "is no plain file", "put a file in its place")
        if not any(part.startswith(".") for part in file.removeprefix(below + "/").split("/")):
            yield file, blob.decode()


class Objects:
    """One `git cat-file --batch`, asked for a blob at a time."""

    def __init__(self, asked: IO[bytes], answers: IO[bytes]) -> None:
        self._asked, self._answers = asked, answers

    def read(self, blob: str) -> bytes:
        self._asked.write(f"{blob}\n".encode())
        self._asked.flush()
        head = self._answers.readline().split()
        if len(head) != 3:
            raise CannotRun(f"git object {blob}", "cannot be read", "`git fsck` says what is wrong with the repository")
        data = self._answers.read(int(head[2]))
        self._answers.read(1)
        return data


@contextlib.contextmanager
def objects(top: Path) -> Iterator[Objects]:
    """A reader of git's objects, while the context lasts."""
    words = ["git", "cat-file", "--batch"]
    env = {**os.environ, "GIT_NO_LAZY_FETCH": "1", "LC_ALL": "C"}
    pipe = subprocess.PIPE
    with subprocess.Popen(words, cwd=top, env=env, stdin=pipe, stdout=pipe, stderr=subprocess.DEVNULL) as process:
        assert process.stdin  # noqa: S101 - both are pipes
        assert process.stdout  # noqa: S101
        yield Objects(process.stdin, process.stdout)
        process.stdin.close()
