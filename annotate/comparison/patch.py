"""OLD and a difference → NEW on disk: in a folder of its own, or in place; whole or not at all.

A difference as JSON: written a file change a line while it is made, and read back.
"""

import contextlib
from collections.abc import Iterator, Mapping
from pathlib import Path, PurePosixPath
from typing import Any

import msgspec

from annotate.comparison.apply import Unfit, applied
from annotate.comparison.compare import Comparison
from annotate.comparison.model import FORMAT, FileChange
from annotate.comparison.semver import version_needed
from annotate.comparison.sources import CORPUS, SCHEMA, FolderTree, Tree
from annotate.errors import CannotRun, describe_os_error
from annotate.offsets import sha256
from annotate.util.files import taking_the_place, write_atomically


class Difference(msgspec.Struct, kw_only=True):
    """What `annotate apply` takes; the summary of the JSON is for other readers."""

    format: int
    old: str
    new: str
    files: list[FileChange]


def encoded(comparison: Comparison, more: dict[str, Any] | None = None) -> Iterator[bytes]:
    """The JSON of a comparison, in parts: names, every change, then what they come to."""
    head = {"format": FORMAT, "old": comparison.old.name, "new": comparison.new.name}
    yield b"{\n" + b"".join(_entry(name, value) + b",\n" for name, value in head.items()) + b'"files": ['
    comma = b"\n"
    for change in comparison.files():
        yield comma + msgspec.json.encode(change)
        comma = b",\n"
    needed = version_needed(comparison.summary)
    tail = {
        "summary": comparison.summary,
        "version": {"level": needed.level, "reasons": needed.reasons},
        **(more or {}),
    }
    yield b"\n],\n" + b",\n".join(_entry(name, value) for name, value in tail.items()) + b"\n}\n"


def _entry(name: str, value: Any) -> bytes:
    return msgspec.json.encode(name) + b": " + msgspec.json.encode(value)


def decoded(data: bytes, where: str) -> Difference:
    """A difference from its JSON. Raises CannotRun for what is none, or one of a later format."""
    hint = "give it what `annotate diff OLD NEW --format json` writes"
    if not data.strip():
        raise CannotRun(where, "is empty", hint)
    try:
        version = msgspec.json.decode(data, type=dict[str, msgspec.Raw]).get("format")
        if version is not None and (number := msgspec.json.decode(version, type=int)) > FORMAT:
            raise CannotRun(where, f"is of format {number}, {FORMAT} is known here", "take a newer toolkit")
        return msgspec.json.decode(data, type=Difference)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise CannotRun(where, f"is no difference: {error}", hint) from error


class Refused(Exception):  # noqa: N818 - it says what happened
    """The difference does not fit; `why` has a line a file. Nothing was written."""

    def __init__(self, why: list[str]) -> None:
        self.why = why
        super().__init__("; ".join(why))


def into(difference: Difference, old: Tree, out: Path) -> int:
    """Write NEW to the folder `out`, which must not hold anything yet; how many files it has.

    Raises Refused where the difference is not one of `old`, CannotRun where `out` cannot be written.
    """
    if out.is_symlink() or (out.exists() and (not out.is_dir() or any(out.iterdir()))):
        raise CannotRun(out, "is there already", "name a folder that does not exist yet")
    changes = _by_file(difference)
    number = 0
    with _folder(out) as folder:
        for file, data in _all(changes, old):
            if data is not None:
                target = folder / file
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_bytes(data)
                number += 1
    return number


def in_place(difference: Difference, old: FolderTree) -> int:
    """Turn a folder into NEW, a file at a time, once all changes are known to fit; how many files changed.

    Files that are NEW already are left alone, so that a run that broke off can be run again. Raises Refused, CannotRun.
    """
    there = old.files()
    fitting = _Unfitting()
    changes = []
    for file, change in _by_file(difference).items():
        data = old.read(file) if file in there else None
        if (None if data is None else sha256(data)) != change.new:
            changes.append(change)
            fitting.try_(change, data)
    fitting.raise_()
    # What is gone goes first: a folder may take the place of a file.
    for change in sorted(changes, key=lambda one: one.new is not None):
        path = old.path(change.file)
        new = applied(change, old.read(change.file) if change.old is not None else None)
        if new is None:
            _remove(path, old)
        else:
            write_atomically(path, new)
    return len(changes)


class _Unfitting:
    """Tries changes, and keeps why some do not fit."""

    def __init__(self) -> None:
        self.why: list[str] = []

    def try_(self, change: FileChange, old: bytes | None) -> bytes | None:
        try:
            return applied(change, old)
        except Unfit as error:
            self.why.append(f"{change.file}: {error}")
            return None

    def raise_(self) -> None:
        if self.why:
            raise Refused(self.why)


def _all(changes: Mapping[str, FileChange], old: Tree) -> Iterator[tuple[str, bytes | None]]:
    """Every file of NEW with its bytes, None for one that is gone; Refused, at the end, where one did not fit."""
    fitting = _Unfitting()
    there = old.files()
    for file in dict.fromkeys((*there, *changes)):
        data = old.read(file) if file in there else None
        yield file, fitting.try_(changes[file], data) if file in changes else data
    fitting.raise_()


def _by_file(difference: Difference) -> dict[str, FileChange]:
    """The changes by path. Raises CannotRun for a path that leads elsewhere, or stands there twice."""
    found: dict[str, FileChange] = {}
    for change in difference.files:
        parts = PurePosixPath(change.file).parts
        if len(parts) < 2 or parts[0] not in (CORPUS, SCHEMA) or any(part.startswith(".") for part in parts):
            raise CannotRun(change.file, f"is no path below {CORPUS}/ or {SCHEMA}/", "make the difference again")
        if change.file in found or "/".join(parts) != change.file or "\0" in change.file:
            raise CannotRun(ascii(change.file), "is no path of its own", "make the difference again")
        found[change.file] = change
    return found


def _remove(path: Path, old: FolderTree) -> None:
    """Remove a file, and folders that are empty then; the roots stay."""
    try:
        path.unlink(missing_ok=True)
        for folder in path.parents:
            if folder in old.roots.values() or any(folder.iterdir()):
                break
            folder.rmdir()
    except OSError as error:
        raise CannotRun(path, f"cannot be removed: {describe_os_error(error)}", "run it again") from error


@contextlib.contextmanager
def _folder(out: Path) -> Iterator[Path]:
    """A folder that becomes `out` if all goes well."""
    try:
        with taking_the_place(out.resolve()) as folder:
            yield folder
    except OSError as error:
        problem = f"cannot be written: {describe_os_error(error)}"
        raise CannotRun(out, problem, "make room or choose another folder") from error
