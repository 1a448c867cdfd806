"""C509: class ids are those of the last release. Its `classes.json` is read from git if the file has changed since."""

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import msgspec

from annotate.class_ids import CLASS_IDS_FILE, MANIFEST_SUFFIX, NONE, RELEASE_TAG_PREFIX, RELEASES_FOLDER, ClassIds
from annotate.corpus import Corpus, find_parent_folder
from annotate.errors import CannotRun
from annotate.findings import Problem, Rule, list_names, rule
from annotate.inventory import Inventory
from annotate.offsets import sha256
from annotate.released_files import ReleasedFiles, decode_released
from annotate.util.files import read_raw_if_present
from annotate.util.folders import list_names as list_file_names
from annotate.util.git import GitRepository, find_repository
from annotate.util.typed_values import decode_as
from annotate.versions import is_version, version_key


class ReleasedClassIds(NamedTuple):
    """The class ids of a release: its version, and the names in the order of their ids."""

    version: str
    class_ids: ClassIds


@rule("C509", waivable=True)
def class_id_moved(class_ids: ClassIds | None, released: ReleasedClassIds | None) -> Iterator[Problem]:
    """A name in classes.json has the class id that it had in the last release.

    Why: a model that was trained on the release would give one name for another, without an error.
    Fails: two labels that changed places in classes.json since the last release; a name that was put in front of them.
    Passes: new names at the end, as `annotate generate` writes them; a name that `annotate migrate` renamed where it
    was; ids that a major version moves on purpose, with a waiver. The releases are those in releases/ whose commit is
    in the repository.
    """
    if class_ids is None or released is None:
        return
    current = dict(class_ids.lists())
    for location, names in released.class_ids.lists():
        ids = {name: index for index, name in enumerate(_leave_out_none(current.get(location, ())))}
        moved = [name for index, name in enumerate(_leave_out_none(names)) if ids.get(name, index) != index]
        if moved:
            problem = f"{location}: the class ids of {list_names(moved)} differ from those of {released.version}"
            yield Problem(f"{problem}; restore the order of the file, and add new names at the end")


def _leave_out_none(names: tuple[str, ...]) -> tuple[str, ...]:
    """Return relations without `none`, which releases of toolkits before 0.2.0 lack."""
    return tuple(name for name in names if name != NONE)


def read_released(corpus: Corpus, inventory: Inventory) -> ReleasedClassIds | None:
    """Return the class ids of the last release, if the file has changed since.

    Args:
        corpus: The corpus, whose releases are in the folder that contains it.
        inventory: The inventory, with the path of its folder.

    Returns:
        The class ids; None if there is no release, the file is unchanged, or git does not have the released one.
    """
    folder = find_parent_folder(corpus.root).resolve()
    path = (Path(inventory.folder) / CLASS_IDS_FILE).resolve()
    names = (name for name in list_file_names(f"{folder}/{RELEASES_FOLDER}", MANIFEST_SUFFIX) if is_version(name))
    version = max(names, key=version_key, default=None)
    if version is None or not inventory.folder or not path.is_relative_to(folder):
        return None
    try:
        manifest = read_raw_if_present(f"{folder}/{RELEASES_FOLDER}/{version}{MANIFEST_SUFFIX}", within=folder)
        current = read_raw_if_present(str(path), within=folder)
        released = decode_released(RELEASES_FOLDER, manifest, ReleasedFiles) if manifest is not None else None
        listed = released.files.get(path.relative_to(folder).as_posix()) if released else None
        if current is None or listed is None or sha256(current) == listed:
            return None
        repository = find_repository(folder)
        data = _read_released_file(repository, folder, path, version) if repository else None
    except (OSError, CannotRun):
        return None
    if data is None or sha256(data) != listed:
        return None
    try:
        return ReleasedClassIds(version, decode_as(data, ClassIds))
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return None


def _read_released_file(repository: GitRepository, folder: Path, path: Path, version: str) -> bytes | None:
    """Return a file as the tag of a version has it, or else the commit that last changed its manifest."""
    file, manifest = (
        each.relative_to(repository.top).as_posix()
        for each in (path, folder / RELEASES_FOLDER / f"{version}{MANIFEST_SUFFIX}")
    )
    tag = f"refs/tags/{RELEASE_TAG_PREFIX}{version}^{{commit}}"
    commit = repository.read_text("rev-parse", "--verify", "--quiet", "--end-of-options", tag)
    commit = commit or repository.read_text("--literal-pathspecs", "rev-list", "--max-count=1", "HEAD", "--", manifest)
    return repository.read("cat-file", "blob", f"{commit}:{file}") if commit else None


RULES: tuple[Rule, ...] = (class_id_moved,)
