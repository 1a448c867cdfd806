"""A difference as JSON, and a difference applied to the files of a version: to a new folder, or in place."""

import hashlib
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from annotate.comparison.apply import CannotApply, apply_file_change
from annotate.comparison.compare import Comparison
from annotate.comparison.model import FORMAT, Digests, FileChange
from annotate.comparison.paths import CORPUS, SCHEMA
from annotate.comparison.semver import find_needed_version
from annotate.comparison.trees import FolderTree, Tree
from annotate.errors import CannotRun, describe_os_error
from annotate.offsets import sha256
from annotate.outputs import output_folder
from annotate.util.escape import quote, shorten
from annotate.util.files import changed_meanwhile, write_atomically
from annotate.util.lock import writing_to
from annotate.util.typed_values import decode_as

_MAKE_AGAIN = "`annotate diff OLD NEW --format json`"
_HINT = f"give the output of {_MAKE_AGAIN}"
_LONGEST_PATH, _LONGEST_NAME = 1000, 240
"""Characters of a path, and bytes of one of its names: while a file is written, its name is 15 bytes longer."""


class _Document(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """The JSON of a difference. Its summary is for other readers."""

    format: int
    old: str
    new: str
    files: list[FileChange]
    digests: Digests
    summary: msgspec.Raw
    version: msgspec.Raw
    rescored: msgspec.Raw = msgspec.Raw()


class Patch(NamedTuple):
    """The part of a difference that `annotate apply` needs.

    Attributes:
        where: The name of the input in an error.
        changes: The changes by path.
        digests: The digest of each version.
    """

    where: str
    changes: dict[str, FileChange]
    digests: Digests


class PatchRejected(Exception):  # noqa: N818 - like CannotRun, it states what happened
    """The patch does not fit, and nothing was written.

    Attributes:
        reasons: One line for each file that does not fit.
    """

    def __init__(self, reasons: list[str]) -> None:
        self.reasons = reasons
        super().__init__("; ".join(reasons))


def encode_patch(comparison: Comparison, more: dict[str, Any] | None = None) -> Iterator[bytes]:
    """Compare two versions and write the difference as JSON. Every file of both versions is read.

    Args:
        comparison: The two versions.
        more: Further entries of the JSON object, written last.

    Returns:
        The JSON in parts: the versions, one line for each file change, the digests, the summary, the version needed.

    Raises:
        CannotRun: A file has a name that `decode_patch` refuses.
    """
    header = {"format": FORMAT, "old": comparison.old.name, "new": comparison.new.name}
    yield b"{\n" + b"".join(_encode_entry(name, value) + b",\n" for name, value in header.items()) + b'"files": ['
    separator = b"\n"
    hashes: dict[str, tuple[str | None, str | None]] = {}
    for change in comparison.compare_files():
        if problem := find_path_problem(change.file):
            raise CannotRun(f"{comparison.new.name}:{quote(change.file)}", problem, "rename it in both versions")
        hashes[change.file] = change.old, change.new
        yield separator + msgspec.json.encode(change)
        separator = b",\n"
    needed = find_needed_version(comparison.summary)
    footer = {
        "digests": _digest_versions(comparison, hashes),
        "summary": comparison.summary,
        "version": {"level": needed.level, "reasons": needed.reasons},
        **(more or {}),
    }
    yield b"\n],\n" + b",\n".join(_encode_entry(name, value) for name, value in footer.items()) + b"\n}\n"


def _encode_entry(name: str, value: Any) -> bytes:
    return msgspec.json.encode(name) + b": " + msgspec.json.encode(value)


def _digest_versions(comparison: Comparison, changed: Mapping[str, tuple[str | None, str | None]]) -> Digests:
    """Return the digests of both versions.

    Args:
        comparison: The two versions.
        changed: The hashes of the files that differ. The others are read.
    """
    (old, old_files), (_, new_files) = comparison.versions
    versions = _Digest(), _Digest()
    for file in sorted({*old_files, *new_files}):
        hashes = changed.get(file)
        if hashes is None:
            hashes = (sha256(old.read(file)),) * 2
        for version, hash_ in zip(versions, hashes, strict=True):
            version.add(file, hash_)
    return Digests(old=versions[0].hexdigest(), new=versions[1].hexdigest())


class _Digest:
    """The digest of a version, whose files are added in the order of their paths."""

    def __init__(self) -> None:
        self._hash = hashlib.sha256()

    def add(self, file: str, hash_: str | None) -> None:
        """Add a file; one whose hash is None is not in the version."""
        if hash_ is not None:
            self._hash.update(f"{hash_}  {file}\n".encode())

    def hexdigest(self) -> str:
        """Return the digest in hexadecimal."""
        return self._hash.hexdigest()


def find_path_problem(file: str) -> str:
    """Return why a path of a difference cannot be written, empty if it can."""
    parts = file.split("/")
    if len(parts) < 2 or parts[0] not in (CORPUS, SCHEMA) or any(not part or part.startswith(".") for part in parts):
        return f"is not a path below {CORPUS}/ or {SCHEMA}/"
    if "\\" in file or any(unicodedata.category(character) in ("Cc", "Cs") for character in file):
        return "has a backslash or a control character in its name"
    if len(file) > _LONGEST_PATH or any(len(part.encode()) > _LONGEST_NAME for part in parts):
        return f"has a name of more than {_LONGEST_NAME} bytes, or a path of more than {_LONGEST_PATH} characters"
    return ""


def decode_patch(data: bytes, where: str) -> Patch:
    """Read a difference from its JSON.

    Args:
        data: The JSON that `annotate diff --format json` writes.
        where: The name of the input in an error.

    Raises:
        CannotRun: The data is not a difference, has another format, or names a path that leads elsewhere.
    """
    if not data.strip():
        raise CannotRun(where, "is empty", _HINT)
    try:
        version = decode_as(data, dict[str, msgspec.Raw]).get("format")
        if version is not None:
            _require_format(where, decode_as(version, int))
        document = decode_as(data, _Document)
    except (msgspec.MsgspecError, UnicodeError, RecursionError) as error:
        raise CannotRun(where, f"is not a difference: {shorten(str(error), 200)}", _HINT) from error
    return Patch(where, _index_changes(where, document.files), document.digests)


def _require_format(where: str, number: int) -> None:
    if number > FORMAT:
        raise CannotRun(where, f"has format {number}; this toolkit reads format {FORMAT}", "install a newer toolkit")
    if number < FORMAT:
        problem = f"has format {number}, which cannot show whether a file is missing from it"
        raise CannotRun(where, problem, f"make it again: {_MAKE_AGAIN}")


def _index_changes(where: str, files: Iterable[FileChange]) -> dict[str, FileChange]:
    """Return the changes by path. Raise CannotRun for a path that leads elsewhere, or occurs twice."""
    changes: dict[str, FileChange] = {}
    for index, change in enumerate(files):
        problem = find_path_problem(change.file)
        if change.file in changes:
            problem = "occurs twice"
        elif change.old == change.new:
            problem = "does not change"
        if problem:
            raise CannotRun(
                f"{where}: files[{index}]", f"{quote(change.file)} {problem}", f"make it again: {_MAKE_AGAIN}"
            )
        changes[change.file] = change
    return changes


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
        CannotRun: The patch is damaged, or the folder cannot be written.
    """
    plan = _make_plan(patch, old, in_place=False)
    sources = old.roots.values() if isinstance(old, FolderTree) else ()
    with output_folder(out, sources=sources) as folder:
        for file, hash_ in plan.hashes.items():
            data = old.read(file) if file in plan.old_files else None
            if file in plan.changes:
                data = _apply_again(plan.changes[file], data)
            if data is None or sha256(data) != hash_:
                raise changed_meanwhile(Path(file))
            target = folder / file
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(data)
    return len(plan.hashes)


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
        CannotRun: The patch is damaged, and nothing was changed; or a file cannot be written or removed.
        Refused: A file was changed meanwhile. It is left alone; some of the others are changed.
    """
    with writing_to(*old.roots.values()):
        plan = _make_plan(patch, old, in_place=True)
        # Removals go first: a folder may replace a file.
        for change in sorted(plan.changes.values(), key=lambda change: change.new is not None):
            path = old.path(change.file)
            before = old.read(change.file) if change.old is not None else None
            new = _apply_again(change, before)
            if new is None:
                _remove_file(path, old)
            else:
                write_atomically(path, new, old=before)
        # An interrupted run may have removed a file, and not the folder that it left empty.
        for change in patch.changes.values():
            if change.new is None:
                _remove_empty_folders(old.path(change.file).parent, old)
    return len(plan.changes)


def _apply_again(change: FileChange, old: bytes | None) -> bytes | None:
    """Apply a change that fitted before."""
    try:
        return apply_file_change(change, old)
    except CannotApply as error:
        raise changed_meanwhile(Path(change.file)) from error


class _Plan(NamedTuple):
    """What a patch does to an old version that it fits, known before the first write.

    Attributes:
        old_files: The files of the old version.
        changes: The changes to make, by path.
        hashes: The SHA-256 of every file of the new version, by path.
    """

    old_files: Mapping[str, str]
    changes: dict[str, FileChange]
    hashes: dict[str, str]


def _make_plan(patch: Patch, old: Tree, in_place: bool) -> _Plan:
    """Find out whether a patch fits an old version and gives exactly the new one.

    Args:
        patch: The difference.
        old: The files of the old version.
        in_place: Whether a file may be at the new version already.

    Raises:
        PatchRejected: The patch belongs to another version.
        CannotRun: The patch is damaged.
    """
    files = old.files()
    digests = _Digest(), _Digest()
    plan = _Plan(files, {}, {})
    reasons = []
    for file in sorted({*files, *patch.changes}):
        data = old.read(file) if file in files else None
        current = None if data is None else sha256(data)
        change = patch.changes.get(file)
        before, after = (change.old, change.new) if change else (current, current)
        if change and not (in_place and current == after):
            plan.changes[file] = change
            try:
                apply_file_change(change, data)
            except CannotApply as error:
                reasons.append(f"{file}: {error}")
        digests[0].add(file, before)
        digests[1].add(file, after)
        if after is not None:
            plan.hashes[file] = after
    if reasons:
        raise PatchRejected(reasons)
    if digests[0].hexdigest() != patch.digests.old:
        raise PatchRejected([f"{old.name}: has other files than the old version of the difference"])
    if digests[1].hexdigest() != patch.digests.new:
        problem = "is damaged: its changes do not give the files of the new version"
        raise CannotRun(patch.where, problem, f"make it again: {_MAKE_AGAIN}")
    _require_distinct(patch, plan)
    return plan


def _require_distinct(patch: Patch, plan: _Plan) -> None:
    """Raise CannotRun where a file to write shares its path with another one: on any disk, whatever it folds."""
    names: dict[str, str] = {}
    folders: dict[str, str] = {}
    for file in plan.hashes:
        whole = unicodedata.normalize("NFC", file).casefold()
        parents = [whole[:index] for index, character in enumerate(whole) if character == "/"]
        clashes = [names.get(whole), folders.get(whole), *map(names.get, parents)]
        for clash in clashes:
            if clash is not None and (file in plan.changes or clash in plan.changes):
                problem = f"{quote(clash)} and {quote(file)} are one path on some disks"
                raise CannotRun(patch.where, problem, "rename one of them in the new version")
        names[whole] = file
        folders.update((parent, file) for parent in parents)


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
