"""Output folders: which folder a command may write, and how it takes its place completely or not at all.

An output folder is new, is empty, or carries the marker of the same command: a file that the command writes into it and
that lists its files. The folder is scanned once, up to the first name that the marker does not list. Names in a marker
are only compared with names in the folder; none is used as a path, since a marker may come from anyone.

An output folder never lies inside the sources (a corpus, its schema, its guidelines), and never contains them.
"""

import contextlib
import os
import re
from collections.abc import Callable, Collection, Iterable, Iterator
from pathlib import Path
from stat import S_ISDIR, S_ISLNK, S_ISREG
from typing import Literal, NamedTuple

import msgspec

from annotate.corpus import Corpus, find_parent_folder
from annotate.errors import CannotRun, describe_os_error
from annotate.inventory import INVENTORY_FILE, Inventory
from annotate.util.escape import quote
from annotate.util.files import read_rest, write_atomically
from annotate.util.folders import (
    has_temporary_folder,
    is_inner_path,
    is_same_folder,
    list_names,
    replacing_folder,
    walk_entries,
)
from annotate.util.nouns import count_noun
from annotate.util.typed_values import decode_as

MARKER_FILE = ".annotate-output.json"
"""The marker of commands whose output has no file that lists the others. Programs that read such folders skip hidden
files."""
MARKER_FORMAT = "annotate output 1"
HINT = "choose another folder with --out"
_NOT_EMPTY, _NEW_FOLDER = "exists and is not empty", "name a new folder with --out"

_LARGEST_MARKER = 1 << 28
_ANNOTATORS_FILE, _ARTICLES = "annotators.yaml", "articles"
_SOURCE_NAMES = frozenset({"corpus", "schema", "guidelines"})


class OutputEntry(NamedTuple):
    """An entry of an output folder.

    Attributes:
        name: Its path in the output folder, with slashes.
        kind: `other` is a link, a pipe, a device or a socket.
    """

    name: str
    kind: Literal["file", "folder", "other"]


class OwnNames(NamedTuple):
    """The names that a command may have written into its output folder.

    Attributes:
        files: Paths of files.
        file_pattern: Matches the paths of further files; None for no others.
        folder_pattern: Matches the paths of folders that may hold such files.
    """

    files: frozenset[str] = frozenset()
    file_pattern: re.Pattern[str] | None = None
    folder_pattern: re.Pattern[str] | None = None

    def find_foreign(self, entries: Iterable[OutputEntry]) -> str | None:
        """Return the first name that is not one of these; None if all are. No entry after it is read."""
        folders = {name.rpartition("/")[0] for name in self.files}
        for folder in list(folders):
            while folder := folder.rpartition("/")[0]:
                folders.add(folder)
        for name, kind in entries:
            known, pattern = (self.files, self.file_pattern) if kind == "file" else (folders, self.folder_pattern)
            if kind == "other" or not (name in known or (pattern and pattern.fullmatch(name))):
                return name
        return None


class Marker(NamedTuple):
    """How a command recognises its own output.

    Attributes:
        command: The command, such as `annotate build`.
        read: Returns the names that the marker in a folder lists; None if the folder has no marker of the command.
        problem: What an error says about a folder without the marker.
        hint: What it says to do.
    """

    command: str
    read: Callable[[Path], OwnNames | None]
    problem: str = _NOT_EMPTY
    hint: str = _NEW_FOLDER


def scan_folder(folder: str, prefix: str = "") -> Iterator[OutputEntry]:
    """Yield the entries of a folder and of the folders below it, one at a time; a folder comes before what it holds.

    Args:
        folder: The folder. Links are not followed.
        prefix: Put before each name.

    Raises:
        OSError: If a folder cannot be read.
    """
    with os.scandir(folder) as entries:
        for entry in entries:
            name = f"{prefix}{entry.name}"
            if entry.is_dir(follow_symlinks=False):
                yield OutputEntry(name, "folder")
                yield from scan_folder(entry.path, f"{name}/")
            else:
                yield OutputEntry(name, "file" if entry.is_file(follow_symlinks=False) else "other")


def require_output_folder(
    out: Path, marker: Marker | None = None, sources: Iterable[Path] = (), *, may_be_filled: bool = False
) -> None:
    """Check that a command may write an output folder, in place of what is there.

    Args:
        out: The folder.
        marker: The marker of the command; None if the folder must be new or empty.
        sources: Folders that must neither contain it nor be inside it, such as the corpus that the command reads.
        may_be_filled: Whether it may hold anything; the caller compares it with what it writes.

    Raises:
        CannotRun: If the folder is a link or a file, holds anything that the command did not write, or lies inside the
            sources or contains them.
    """
    require_outside_sources(out, sources)
    try:
        if require_folder(out) and not may_be_filled:
            own_names = marker.read(out) if marker else None
            foreign = (own_names or OwnNames()).find_foreign(scan_folder(str(out)))
            if foreign is not None:
                raise _explain_foreign(out, foreign, marker, has_marker=own_names is not None)
    except OSError as error:
        raise CannotRun(out, f"cannot be read: {describe_os_error(error)}", HINT) from error


def require_no_other_labels(out: Path, article_ids: Collection[str]) -> None:
    """Check that a folder of annotation files has no labels of articles that a run will not label.

    The folder is replaced as a whole, so that they would be deleted.

    Args:
        out: The folder, which a command of this toolkit wrote; see `require_output_folder`.
        article_ids: The articles of the run.

    Raises:
        CannotRun: If it has labels of another article.
    """
    try:
        others = sorted(set(list_names(str(out), ".json")) - set(article_ids))
    except OSError as error:
        raise CannotRun(out, f"cannot be read: {describe_os_error(error)}", HINT) from error
    if others:
        problem = f"has labels of {count_noun(len(others), 'article')} that this run leaves out, such as {others[0]}"
        raise CannotRun(out, f"{problem}, and would be replaced", "name another folder with --out")


def require_folder(out: Path) -> bool:
    """Check that an output folder is a folder or does not exist yet.

    Returns:
        Whether it exists.

    Raises:
        CannotRun: If it is a link or a file.
        OSError: If the system cannot tell.
    """
    try:
        mode = out.lstat().st_mode
    except (FileNotFoundError, NotADirectoryError):
        return False
    if S_ISLNK(mode):
        raise CannotRun(out, "is a link", f"name the folder that it leads to, or {HINT}")
    if not S_ISDIR(mode):
        raise CannotRun(out, "is a file", HINT)
    return True


def _explain_foreign(out: Path, name: str, marker: Marker | None, *, has_marker: bool) -> CannotRun:
    if marker is None:
        return CannotRun(out, _NOT_EMPTY, _NEW_FOLDER)
    if not has_marker:
        return CannotRun(out, marker.problem, marker.hint)
    return CannotRun(out / name, f"was not made by `{marker.command}` and would be lost", f"move it away, or {HINT}")


def require_outside_sources(out: Path, sources: Iterable[Path] = ()) -> None:
    """Check that an output is neither inside the sources of a corpus nor contains them.

    Links and `..` in the path are resolved first. Besides the given folders, it recognises a corpus by its
    annotators.yaml and articles/, a schema by its labels.yaml, and the folders next to them by their usual names.

    Raises:
        CannotRun: If it is.
    """
    target = Path(os.path.realpath(out))
    for source in sources:
        resolved = Path(os.path.realpath(source))
        if target == resolved or resolved in target.parents:
            raise CannotRun(out, f"is inside {source}, which is never written to", HINT)
        if target in resolved.parents:
            raise CannotRun(out, f"contains {source}, which would be lost", HINT)
    for folder in (target, *target.parents):
        if _is_source(folder):
            raise CannotRun(
                out, f"is inside the folder {quote(folder.name)}, which holds the sources of a corpus", HINT
            )


def list_sources(corpus: Corpus, inventory: Inventory) -> tuple[Path, ...]:
    """Return the folders that no output of a corpus may be written to: corpus, schema, guidelines."""
    schema = (Path(inventory.folder),) if inventory.folder else ()
    return corpus.root, *schema, find_parent_folder(corpus.root) / "guidelines"


def _is_source(folder: Path) -> bool:
    """Tell whether a folder is a corpus, a schema, or one of the folders that are next to them."""
    if _has(folder, INVENTORY_FILE) or (_has(folder, _ANNOTATORS_FILE) and _has(folder, _ARTICLES)):
        return True
    return folder.name in _SOURCE_NAMES and (
        _has(folder.parent, f"corpus/{_ANNOTATORS_FILE}") or _has(folder.parent, f"schema/{INVENTORY_FILE}")
    )


def _has(folder: Path, name: str) -> bool:
    return os.path.lexists(folder / name)


@contextlib.contextmanager
def output_folder(out: Path, marker: Marker | None = None, sources: Iterable[Path] = ()) -> Iterator[Path]:
    """Yield a folder that replaces `out` if the block ends without an error. Otherwise `out` is unchanged.

    Args:
        out: The folder.
        marker: The marker of the command; None if the folder must be new or empty, or a run that was killed must have
            written exactly the same files into it.
        sources: Folders that must neither contain it nor be inside it.

    Raises:
        CannotRun: If the folder must not be written, before or after the block, or cannot be.
    """
    sources = tuple(sources)
    was_killed = marker is None and has_temporary_folder(out)
    require_output_folder(out, marker, sources, may_be_filled=was_killed)
    try:
        with replacing_folder(Path(os.path.realpath(out))) as folder:
            yield folder
            # The block may have taken hours, in which someone put a file into the old folder.
            is_same = was_killed and out.is_dir() and is_same_folder(folder, out)
            require_output_folder(out, marker, sources, may_be_filled=is_same)
    except OSError as error:
        problem = f"cannot be written: {describe_os_error(error)}"
        raise CannotRun(out, problem, "free space or choose another folder with --out") from error


def read_marker_file(folder: Path, name: str) -> bytes:
    """Return the bytes of a marker; empty if it is missing, or is not a regular file that the folder itself holds."""
    try:
        handle = os.open(folder / name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError:
        return b""
    try:
        status = os.fstat(handle)
        return (
            read_rest(handle, status.st_size) if S_ISREG(status.st_mode) and status.st_size < _LARGEST_MARKER else b""
        )
    finally:
        os.close(handle)


class _FileList(msgspec.Struct, frozen=True, kw_only=True):
    """The contents of `MARKER_FILE`."""

    format: str
    command: str
    files: tuple[str, ...]


def write_marker(folder: Path, command: str) -> None:
    """Write `MARKER_FILE`, which lists all files of a folder; call it last."""
    files = tuple(sorted(entry.path for entry in walk_entries(str(folder))))
    marker = _FileList(format=MARKER_FORMAT, command=command, files=files)
    write_atomically(folder / MARKER_FILE, msgspec.json.format(msgspec.json.encode(marker), indent=2) + b"\n")


def listing_marker(command: str) -> Marker:
    """Return the marker of a command that calls `write_marker`."""

    def read(folder: Path) -> OwnNames | None:
        try:
            marker = decode_as(read_marker_file(folder, MARKER_FILE), _FileList)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
            return None
        if (marker.format, marker.command) != (MARKER_FORMAT, command) or not all(map(is_inner_path, marker.files)):
            return None
        return OwnNames(frozenset({MARKER_FILE, *marker.files}))

    return Marker(command, read)
