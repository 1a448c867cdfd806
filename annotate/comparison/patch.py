"""A difference as JSON, and a difference applied to the files of a version: to a new folder, or in place."""

import contextlib
from collections.abc import Iterator, Mapping
from pathlib import Path, PurePosixPath
from typing import Any

import msgspec

from annotate.comparison.apply import CannotApply, apply_file_change
from annotate.comparison.compare import Comparison
from annotate.comparison.model import FORMAT, FileChange
from annotate.comparison.paths import CORPUS, SCHEMA
from annotate.comparison.semver import find_needed_version
from annotate.comparison.trees import FolderTree, Tree
from annotate.errors import CannotRun, describe_os_error
from annotate.offsets import sha256
from annotate.util.files import changed_meanwhile, write_atomically
from annotate.util.folders import has_temporary_folder, is_same_folder, replacing_folder
from annotate.util.lock import writing_to


class Patch(msgspec.Struct, kw_only=True):
    """The part of a difference that `annotate apply` needs. The summary in the JSON is for other readers."""

    format: int
    old: str
    new: str
    files: list[FileChange]


class PatchRejected(Exception):  # noqa: N818 - like CannotRun, it states what happened
    """The patch does not fit, and nothing was written.

    Attributes:
        reasons: One line for each file that does not fit.
    """

    def __init__(self, reasons: list[str]) -> None:
        self.reasons = reasons
        super().__init__("; ".join(reasons))


def encode_patch(comparison: Comparison, more: dict[str, Any] | None = None) -> Iterator[bytes]:
    """Compare two versions and write the difference as JSON.

    Args:
        comparison: The two versions.
        more: Further entries of the JSON object, written last.

    Returns:
        The JSON in parts: the versions, one line for each file change, the summary, the version needed.
    """
    header = {"format": FORMAT, "old": comparison.old.name, "new": comparison.new.name}
    yield b"{\n" + b"".join(_encode_entry(name, value) + b",\n" for name, value in header.items()) + b'"files": ['
    separator = b"\n"
    for change in comparison.compare_files():
        yield separator + msgspec.json.encode(change)
        separator = b",\n"
    needed = find_needed_version(comparison.summary)
    footer = {
        "summary": comparison.summary,
        "version": {"level": needed.level, "reasons": needed.reasons},
        **(more or {}),
    }
    yield b"\n],\n" + b",\n".join(_encode_entry(name, value) for name, value in footer.items()) + b"\n}\n"


def _encode_entry(name: str, value: Any) -> bytes:
    return msgspec.json.encode(name) + b": " + msgspec.json.encode(value)


def decode_patch(data: bytes, where: str) -> Patch:
    """Read a difference from its JSON.

    Args:
        data: The JSON that `annotate diff --format json` writes.
        where: The name of the input in an error.

    Raises:
        CannotRun: The data is not a difference, or has a later format.
    """
    hint = "give the output of `annotate diff OLD NEW --format json`"
    if not data.strip():
        raise CannotRun(where, "is empty", hint)
    try:
        version = msgspec.json.decode(data, type=dict[str, msgspec.Raw]).get("format")
        if version is not None and (number := msgspec.json.decode(version, type=int)) > FORMAT:
            problem = f"has format {number}; this toolkit reads formats up to {FORMAT}"
            raise CannotRun(where, problem, "install a newer toolkit")
        return msgspec.json.decode(data, type=Patch)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise CannotRun(where, f"is not a difference: {error}", hint) from error


def write_patched(patch: Patch, old: Tree, out: Path) -> int:
    """Write the new version to a folder, completely or not at all.

    Args:
        patch: The difference.
        old: The files of the old version.
        out: A folder that does not exist or is empty, or that an interrupted run has completely written.

    Returns:
        The number of files written.

    Raises:
        PatchRejected: The patch does not fit the old version.
        CannotRun: The folder cannot be written.
    """
    if out.is_symlink() or (out.exists() and not out.is_dir()):
        raise _exists(out)
    has_contents = out.is_dir() and any(out.iterdir())
    if has_contents and not has_temporary_folder(out):
        raise _exists(out)
    changes = _index_changes(patch)
    number = 0
    with _new_folder(out) as folder:
        for file, data in _patch_files(changes, old):
            if data is not None:
                target = folder / file
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_bytes(data)
                number += 1
        # The run before may have been killed when it had written the folder: the same files replace it.
        if has_contents and not is_same_folder(folder, out):
            raise _exists(out)
    return number


def _exists(out: Path) -> CannotRun:
    return CannotRun(out, "exists already", "name a folder that does not exist yet")


def patch_in_place(patch: Patch, old: FolderTree) -> int:
    """Turn the files of the old version into the new version, one by one, after all changes are known to fit.

    Files that are at the new version already are left alone, so that an interrupted run can be repeated.

    Args:
        patch: The difference.
        old: The folders to change.

    Returns:
        The number of files changed.

    Raises:
        PatchRejected: The patch does not fit the old version; nothing was changed.
        CannotRun: A file cannot be written or removed.
        Refused: A file was changed meanwhile. It is left alone; some of the others are changed.
    """
    with writing_to(*old.roots.values()):
        files = old.files()
        trial = _Trial()
        changes = []
        changes_by_file = _index_changes(patch)
        for file, change in changes_by_file.items():
            data = old.read(file) if file in files else None
            if (None if data is None else sha256(data)) != change.new:
                changes.append(change)
                trial.apply(change, data)
        trial.raise_if_rejected()
        # Removals go first: a folder may replace a file.
        for change in sorted(changes, key=lambda change: change.new is not None):
            path = old.path(change.file)
            before = old.read(change.file) if change.old is not None else None
            try:
                new = apply_file_change(change, before)
            except CannotApply as error:
                raise changed_meanwhile(path) from error
            if new is None:
                _remove_file(path, old)
            else:
                write_atomically(path, new, old=before)
        # An interrupted run may have removed a file, and not the folder that it left empty.
        for change in changes_by_file.values():
            if change.new is None:
                _remove_empty_folders(old.path(change.file).parent, old)
    return len(changes)


class _Trial:
    """Applies changes and collects the reasons why some do not fit."""

    def __init__(self) -> None:
        self._reasons: list[str] = []

    def apply(self, change: FileChange, old: bytes | None) -> bytes | None:
        try:
            return apply_file_change(change, old)
        except CannotApply as error:
            self._reasons.append(f"{change.file}: {error}")
            return None

    def raise_if_rejected(self) -> None:
        if self._reasons:
            raise PatchRejected(self._reasons)


def _patch_files(changes: Mapping[str, FileChange], old: Tree) -> Iterator[tuple[str, bytes | None]]:
    """Yield every file of the new version with its bytes, None for a removed one; at the end raise PatchRejected."""
    trial = _Trial()
    files = old.files()
    for file in dict.fromkeys((*files, *changes)):
        data = old.read(file) if file in files else None
        yield file, trial.apply(changes[file], data) if file in changes else data
    trial.raise_if_rejected()


def _index_changes(patch: Patch) -> dict[str, FileChange]:
    """Return the changes by path. Raise CannotRun for a path that leads elsewhere, or occurs twice."""
    changes: dict[str, FileChange] = {}
    for change in patch.files:
        parts = PurePosixPath(change.file).parts
        if len(parts) < 2 or parts[0] not in (CORPUS, SCHEMA) or any(part.startswith(".") for part in parts):
            raise CannotRun(change.file, f"is not a path below {CORPUS}/ or {SCHEMA}/", "make the difference again")
        if change.file in changes or "/".join(parts) != change.file or "\0" in change.file:
            raise CannotRun(ascii(change.file), "is not a path, or occurs twice", "make the difference again")
        changes[change.file] = change
    return changes


def _remove_file(path: Path, old: FolderTree) -> None:
    """Remove a file, and the folders that are empty after it. The roots stay."""
    try:
        path.unlink(missing_ok=True)
    except OSError as error:
        raise _not_removed(path, error) from error
    _remove_empty_folders(path.parent, old)


def _remove_empty_folders(folder: Path, old: FolderTree) -> None:
    """Remove a folder, and those above it, while they are empty. The roots stay."""
    try:
        while folder not in old.roots.values() and not (folder.is_dir() and any(folder.iterdir())):
            if folder.is_dir():
                folder.rmdir()
            folder = folder.parent
    except OSError as error:
        raise _not_removed(folder, error) from error


def _not_removed(path: Path, error: OSError) -> CannotRun:
    return CannotRun(path, f"cannot be removed: {describe_os_error(error)}", "run the command again")


@contextlib.contextmanager
def _new_folder(out: Path) -> Iterator[Path]:
    """Yield a folder that becomes `out` unless an exception is raised."""
    try:
        with replacing_folder(out.resolve()) as folder:
            yield folder
    except OSError as error:
        problem = f"cannot be written: {describe_os_error(error)}"
        raise CannotRun(out, problem, "make room or choose another folder") from error
