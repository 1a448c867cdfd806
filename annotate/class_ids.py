"""Class ids that never shift: `classes.json`, which `annotate generate` writes next to the inventory.

The id of a name is its index in its list. A new name goes to the end, wherever it is in `labels.yaml`. The first
release fixes the ids: from then on, `annotate generate` only adds names, and a name that the inventory drops keeps its
id and is listed as retired. Before it, such a name leaves the file. The file is committed, so that a diff shows what
changed.
"""

import os
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import msgspec

from annotate.errors import CannotRun
from annotate.findings import list_names
from annotate.util.escape import quote, shorten
from annotate.util.files import read_bytes
from annotate.util.typed_values import decode_as
from annotate.versions import is_version

_LONGEST_REASON = 200
CLASS_IDS_FILE = "classes.json"
ANNOTATION_SCHEMA_FILE = "annotation.schema.json"
"""`annotate generate` writes it together with `classes.json`. Where it is, class ids were given."""
RELEASES_FOLDER = "releases"
"""The folder of the manifests of releases, next to the corpus."""
MANIFEST_SUFFIX = ".json"
"""A manifest is a file VERSION.json."""
RELEASE_TAG_PREFIX = "v"
"""The tag of a release is this letter and the version."""
NONE = "none"
"""The class of a pair of spans that no relation joins: class 0 in every list of relation classes, and no relation."""
NamesByList = dict[str, tuple[str, ...]]


class ClassIds(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Names of classes in the order of their ids.

    Attributes:
        spans: The span labels.
        layers: The span labels of each layer.
        relations: `NONE` and the relation labels. A file of a toolkit before 0.2.0 lacks `NONE`.
        attributes: The values of each attribute that is a choice.
        retired: The names that the inventory no longer has, for human readers; each is in its list, too.
    """

    spans: tuple[str, ...]
    layers: NamesByList
    relations: tuple[str, ...]
    attributes: NamesByList
    retired: tuple[str, ...] = ()

    def lists(self) -> Iterator[tuple[str, tuple[str, ...]]]:
        """Yield the location of each list in the file, such as `layers.claims`, and its names."""
        yield "spans", self.spans
        yield from ((f"layers.{name}", names) for name, names in self.layers.items())
        yield "relations", self.relations
        yield from ((f"attributes.{name}", names) for name, names in self.attributes.items())


def load_class_ids(folder: Path) -> ClassIds | None:
    """Load the class ids of a schema folder.

    Returns:
        The class ids; None if the folder has no file of them.

    Raises:
        CannotRun: If the file cannot be read, or has a name twice.
    """
    path = folder / CLASS_IDS_FILE
    if not os.path.lexists(path):
        return None
    hint = "restore the committed file, then run `annotate generate`"
    try:
        class_ids = decode_as(read_bytes(path, hint, within=folder), ClassIds)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise CannotRun(path, shorten(str(error), _LONGEST_REASON), hint) from error
    for location, names in class_ids.lists():
        repeated = next((name for name, count in Counter(names).items() if count > 1), None)
        if repeated is not None:
            raise CannotRun(path, f"{shorten(location)}: {quote(repeated)} appears twice", hint)
    return class_ids


def encode_class_ids(class_ids: ClassIds) -> str:
    """Return the text of `classes.json`."""
    return msgspec.json.format(msgspec.json.encode(class_ids), indent=2).decode() + "\n"


def is_released(schema: Path) -> bool:
    """Return whether the corpus of a schema folder has a release: a manifest in `releases/`, committed or not.

    The folder is looked for next to the schema folder, and from there upwards until the folder of the corpus or the top
    of the repository.
    """
    for parent in schema.resolve().parents:
        manifests = (parent / RELEASES_FOLDER).glob(f"*{MANIFEST_SUFFIX}")
        if any(is_version(path.name.removesuffix(MANIFEST_SUFFIX)) for path in manifests):
            return True
        if (parent / "corpus").is_dir() or (parent / ".git").exists():
            return False
    return False


def update_class_ids(schema: Path, old: ClassIds | None, new: ClassIds) -> ClassIds:
    """Return the class ids of a schema folder after a change of its inventory.

    Args:
        schema: The schema folder.
        old: The class ids given so far; None if there are none.
        new: The names of the inventory.

    Returns:
        The ids of `extend_class_ids`. Before the first release, the names that the inventory lost are left out.
    """
    return extend_class_ids(old if old is None or is_released(schema) else _keep_names(old, new), new)


def _keep_names(old: ClassIds, new: ClassIds) -> ClassIds:
    """Return the names of `old` that `new` has in the same list, in the order of `old`."""
    new_lists = dict(new.lists())

    def keep(location: str, names: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(name for name in names if name in new_lists.get(location, ()))

    return ClassIds(
        spans=keep("spans", old.spans),
        layers={name: keep(f"layers.{name}", names) for name, names in old.layers.items() if name in new.layers},
        relations=keep("relations", old.relations),
        attributes={
            name: keep(f"attributes.{name}", names) for name, names in old.attributes.items() if name in new.attributes
        },
    )


def extend_class_ids(old: ClassIds | None, new: ClassIds) -> ClassIds:
    """Add the names of an inventory to the class ids given so far.

    Args:
        old: The class ids given so far; None if there are none.
        new: The names of the inventory.

    Returns:
        The old lists, each followed by its new names. Names that the inventory does not have are retired. `NONE` comes
        first, also where the old list of relations lacks it.
    """
    if old is None:
        return new
    old_lists, new_lists = dict(old.lists()), dict(new.lists())

    def extend(location: str) -> tuple[str, ...]:
        return tuple(dict.fromkeys((*old_lists.get(location, ()), *new_lists.get(location, ()))))

    retired = [
        f"{location}.{name}"
        for location, names in old_lists.items()
        for name in names
        if name not in new_lists.get(location, ())
    ]
    return ClassIds(
        spans=extend("spans"),
        layers={name: extend(f"layers.{name}") for name in dict.fromkeys((*old.layers, *new.layers))},
        relations=_put_none_first(extend("relations")) if NONE in new.relations else extend("relations"),
        attributes={name: extend(f"attributes.{name}") for name in dict.fromkeys((*old.attributes, *new.attributes))},
        retired=tuple(retired),
    )


def _put_none_first(relations: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(dict.fromkeys((NONE, *relations)))


class ClassIdFault(NamedTuple):
    """What is wrong with `classes.json`, and what to do."""

    problem: str
    hint: str


def find_class_id_faults(class_ids: ClassIds | None, names: ClassIds, path: Path) -> Iterator[ClassIdFault]:
    """Yield what is wrong with `classes.json`: names without an id, or the file itself is lost.

    A file without `NONE` has no fault here: `resolve_class_ids` puts it first, and C503 says that the file is stale.

    Args:
        class_ids: The contents of the file; None if there is none.
        names: The names of the inventory.
        path: The file.
    """
    if class_ids is None:
        if path.with_name(ANNOTATION_SCHEMA_FILE).is_file():
            hint = "restore the committed file; if there never was one, run `annotate generate` and commit it"
            yield ClassIdFault("is missing, and holds the class ids", hint)
        return
    lists = dict(class_ids.lists())
    missing = [
        f"{location}.{name}"
        for location, of_list in names.lists()
        for name in of_list
        if name not in lists.get(location, ()) and (location, name) != ("relations", NONE)
    ]
    if missing:
        yield ClassIdFault(f"has no class id for {list_names(missing)}", "run `annotate generate`, and commit it")


def resolve_class_ids(class_ids: ClassIds | None, names: ClassIds, path: Path) -> ClassIds:
    """Return the ids to use: those of `classes.json` with `NONE` first, or without one the indices in the inventory.

    Args:
        class_ids: The contents of the file; None if there is none.
        names: The names of the inventory.
        path: The file.

    Raises:
        CannotRun: If the file has a fault.
    """
    for fault in find_class_id_faults(class_ids, names, path):
        raise CannotRun(path, fault.problem, fault.hint)
    if class_ids is None:
        return names
    return msgspec.structs.replace(class_ids, relations=_put_none_first(class_ids.relations))
