"""What a user names as a version → its files: a corpus folder, a folder that holds one, a release, a git revision.

The files of one version of a corpus, wherever they are: by path below `corpus/` and `schema/`.

The corpus and the schema folder at a revision, read out of git's objects; nothing is checked out.

Source archives: their plain files put into a temporary folder, and nothing outside of it.

What the path of a file below `corpus/` and `schema/` says: which kind of file it is, and of which article.
"""

import contextlib
import lzma
import os
import shutil
import subprocess
import tarfile
import tempfile
import zipfile
import zlib
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path, PurePosixPath
from typing import IO, NamedTuple, Protocol

from annotate.comparison.model import FileKind
from annotate.errors import CannotRun, describe_os_error
from annotate.inventory import FILE
from annotate.util.files import bytes_of

CORPUS, SCHEMA = "corpus", "schema"

_HINT = "name a version that can be read"


def plain_name(file: str) -> str:
    """The path of a file, which JSON must be able to hold; raises CannotRun."""
    if not file.isascii() and any("\udc80" <= character <= "\udcff" for character in file):
        raise CannotRun(ascii(file), "has a name that is not UTF-8", "rename it")
    return file


class Tree(Protocol):
    """One version. `name` is what its user called it."""

    @property
    def name(self) -> str: ...

    def files(self) -> Mapping[str, str]:
        """Every file by path, in order; with what is equal for two files of one content, or empty if not known."""

    def read(self, file: str) -> bytes:
        """The bytes of a file; raises CannotRun."""


class FolderTree:
    """Folders on disk: `roots` says where `corpus/` and `schema/` are. Hidden files are no part of a corpus.

    One that is not `lasting` was unpacked for the moment.
    """

    def __init__(self, name: str, roots: Mapping[str, Path], lasting: bool = True) -> None:
        self._name, self.roots, self.lasting = name, roots, lasting
        self._folders = {prefix: str(root) for prefix, root in roots.items()}

    @property
    def name(self) -> str:
        return self._name

    def path(self, file: str) -> Path:
        """Where a file of this version is, or would be."""
        root, _, rest = file.partition("/")
        return self.roots[root] / rest

    def files(self) -> Mapping[str, str]:
        return {file: "" for prefix, root in sorted(self._folders.items()) for file in sorted(_below(root, prefix))}

    def read(self, file: str) -> bytes:
        root, _, rest = file.partition("/")
        try:
            return bytes_of(f"{self._folders[root]}/{rest}")
        except OSError as error:
            raise CannotRun(self.path(file), describe_os_error(error), _HINT) from error


def _below(folder: str, prefix: str) -> list[str]:
    """The paths of all files, with the prefix before them; hidden ones left out."""
    found, folders = list[str](), [(folder, prefix)]
    while folders:
        within, path = folders.pop()
        try:
            with os.scandir(within) as entries:
                for entry in entries:
                    if entry.name.startswith("."):
                        continue
                    if entry.is_file(follow_symlinks=False):
                        found.append(plain_name(f"{path}/{entry.name}"))
                    elif entry.is_dir(follow_symlinks=False):
                        folders.append((entry.path, f"{path}/{entry.name}"))
                    else:
                        raise CannotRun(entry.path, "is no plain file", "put a file in its place")
        except OSError as error:
            raise CannotRun(within, describe_os_error(error), _HINT) from error
    return found


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
        hint = "trust it with `git config --global --add safe.directory FOLDER`"
        raise CannotRun(name, "is no folder, and git does not read this repository, which is another user's", hint)
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


ARCHIVES = (".tar.gz", ".tgz", ".tar.xz", ".tar", ".zip")

# zipfile raises NotImplementedError for a way of packing that it does not know.
_BROKEN = (tarfile.TarError, zipfile.BadZipFile, lzma.LZMAError, zlib.error, EOFError, ValueError, NotImplementedError)


@contextlib.contextmanager
def unpacked(path: Path) -> Iterator[Path]:
    """A folder with the files of an archive, while the context lasts.

    Raises CannotRun for an archive that is broken, or that has a link or a path that leads out of it.
    """
    with tempfile.TemporaryDirectory(prefix="annotate-") as folder:
        try:
            (_zip if path.suffix == ".zip" else _tar)(path, Path(folder))
        except _BROKEN as error:
            raise CannotRun(path, "is no archive that can be read, or is cut short", "load it down again") from error
        except OSError as error:
            raise CannotRun(path, describe_os_error(error), "load it down again") from error
        yield Path(folder)


def _tar(path: Path, folder: Path) -> None:
    with tarfile.open(path) as archive:
        for member in archive:
            if member.isdir():
                continue
            data = archive.extractfile(member) if member.isreg() else None
            if data is None:
                raise CannotRun(path, f"has {member.name!r}, which is no plain file", "name the archive of a release")
            _put(path, folder, member.name, data)


def _zip(path: Path, folder: Path) -> None:
    with zipfile.ZipFile(path) as archive:
        for member in archive.infolist():
            if not member.is_dir():
                with archive.open(member) as data:
                    _put(path, folder, member.filename, data)


def _put(path: Path, folder: Path, name: str, data: IO[bytes]) -> None:
    inside = PurePosixPath(name)
    if inside.is_absolute() or ".." in inside.parts:
        raise CannotRun(path, f"has {name!r}, which leads out of it", "name the archive of a release")
    target = folder / inside
    target.parent.mkdir(parents=True, exist_ok=True)
    with target.open("wb") as file:
        shutil.copyfileobj(data, file)


@contextlib.contextmanager
def side(name: str, corpus: str = CORPUS, schema: str = SCHEMA) -> Iterator[Tree]:
    """The version called `name`, while the context lasts.

    What is on disk goes before a revision. A corpus folder has its schema beside it, else in the folder `schema` from
    here. In a folder that holds both, or at a revision, they are at the paths `corpus` and `schema`. A release is a
    source archive, or a folder with just one. Raises CannotRun for anything else.
    """
    path = Path(name)
    if path.is_dir():
        archives = [one for one in sorted(path.iterdir()) if one.name.endswith(ARCHIVES)]
        if roots := _roots(path, corpus, schema):
            yield FolderTree(name, roots)
        elif len(archives) == 1:
            yield from _of_archive(archives[0], name)
        else:
            raise CannotRun(path, "is neither a corpus folder nor a release", _mend(path, archives))
    elif path.is_file():
        if not name.endswith(ARCHIVES):
            raise CannotRun(
                path, "is no source archive", f"name a folder, or a file that ends in {', '.join(ARCHIVES)}"
            )
        yield from _of_archive(path, name)
    else:
        with revision(name, corpus, schema) as found:
            yield found


def _mend(path: Path, archives: list[Path]) -> str:
    if archives:
        return f"name one of its {len(archives)} archives"
    if any(path.glob("**/*.parquet")):
        return "it has a dataset's tables only: name the source archive of its release"
    return "name a folder with articles/, or one with corpus/ and schema/"


def _roots(path: Path, corpus: str, schema: str) -> dict[str, Path] | None:
    if (path / corpus / "articles").is_dir() and (path / schema / FILE).is_file():
        return {CORPUS: path / corpus, SCHEMA: path / schema}
    if not (path / "articles").is_dir():
        return None
    beside = path.resolve().parent / schema
    return {CORPUS: path, SCHEMA: beside if (beside / FILE).is_file() else Path(schema)}


def _of_archive(path: Path, name: str) -> Iterator[Tree]:
    with unpacked(path) as folder:
        found = sorted(folder.glob(f"**/{CORPUS}/articles/"), key=lambda one: len(one.parts))
        roots = _roots(found[0].parent.parent, CORPUS, SCHEMA) if found else None
        if roots is None:
            raise CannotRun(path, f"holds no {CORPUS}/ and {SCHEMA}/", "name the source archive of a release")
        yield FolderTree(name, roots, lasting=False)


_OF_ARTICLES: dict[tuple[str, str], FileKind] = {
    ("articles", "txt"): "text",
    ("articles", "json"): "metadata",
    ("coverage", "json"): "coverage",
    ("adjudication", "yaml"): "adjudication",
}
_FOLDERS: dict[str, FileKind] = {"sources": "source", "splits": "split"}


class Known(NamedTuple):
    """The kind of file, the article it is of, and whose labels it has."""

    kind: FileKind
    article: str | None = None
    version: str | None = None


def known(file: str) -> Known:
    """What the path of a file says."""
    root, *folders, name = file.split("/")
    if root != CORPUS:
        return Known("schema" if root == SCHEMA else "other")
    stem, _, ending = name.rpartition(".")
    if len(folders) == 2 and folders[0] == "annotations" and ending == "json":
        return Known("annotation", stem, folders[1])
    if len(folders) == 1 and (folders[0], ending) in _OF_ARTICLES:
        return Known(_OF_ARTICLES[folders[0], ending], stem)
    if not folders:
        return Known("links" if name == "links.json" else "other")
    kind = _FOLDERS.get(folders[0], "other")
    return Known("other" if kind == "split" and (len(folders) > 1 or ending != "txt") else kind)


class Listing:
    """The files of a version by article; those of none under the empty name."""

    def __init__(self, files: Iterable[str]) -> None:
        self.by_article: dict[str, list[str]] = defaultdict(list)
        self.articles: set[str] = set()
        self.splits: list[str] = []
        for file in files:
            kind, article, _ = known(file)
            self.by_article[article or ""].append(file)
            if kind == "metadata" and article:
                self.articles.add(article)
            elif kind == "split":
                self.splits.append(file)
