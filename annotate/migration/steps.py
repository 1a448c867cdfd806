"""The steps of a migration from one version of the inventory to the next, read from a migration file."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from annotate.errors import CannotRun
from annotate.schemas import require_valid
from annotate.util.files import load_yaml


class MigrationStep(msgspec.Struct, frozen=True, kw_only=True):
    """One step: what becomes of a name, which is another name, the same, or nothing.

    Attributes:
        kind: `rename`, `merge`, `split`, `drop` or `reword`.
        what: `label`, `attribute`, `value`, `relation` or `record`.
        names: The old names.
        to: The new name; for a split, the default; None for a drop.
        attribute: The attribute of a value.
        into: The labels of a split → the fields in which their entries differ from that of the old label.
        exceptions: Spans of a split label, as `ARTICLE/SPAN` or `SET/ARTICLE/SPAN` → their new label.
        anchors: Record → the label of a split that anchors it from now on.
        shown_as: The new words that a relation is shown as; it keeps its name.
    """

    kind: str
    what: str
    names: tuple[str, ...]
    to: str | None = None
    attribute: str | None = None
    into: dict[str, dict[str, str]] = {}
    exceptions: dict[str, str] = {}
    anchors: dict[str, str] = {}
    shown_as: str | None = None

    def rename(self, what: str, name: str, attribute: str | None = None) -> str | None:
        """Return the new name; None if it is dropped. For a split label, it is the default."""
        applies = what == self.what and name in self.names and (what != "value" or attribute == self.attribute)
        return self.to if applies else name

    def relabel(self, label: str, annotation_set: str, article_id: str, span_id: str) -> str | None:
        """Return the new label of one span; None if the label is dropped."""
        if self.kind == "split" and label in self.names:
            for reference in (f"{annotation_set}/{article_id}/{span_id}", f"{article_id}/{span_id}"):
                if reference in self.exceptions:
                    return self.exceptions[reference]
        return self.rename("label", label)

    def __str__(self) -> str:
        """Return the step in words: `rename value hand of rank → worker`."""
        attribute = f" of {self.attribute}" if self.attribute else ""
        new = "" if self.kind == "drop" else f" → {', '.join(self.into) or self.shown_as or self.to}"
        return f"{self.kind} {self.what} {', '.join(self.names)}{attribute}{new}"


class Migration(NamedTuple):
    """The versions of the inventory before and after, and the steps between them."""

    old_version: str
    new_version: str
    steps: tuple[MigrationStep, ...]


def load_migration(path: str | Path) -> Migration:
    """Read a migration file.

    Raises:
        CannotRun: The file cannot be read, does not follow its schema, or contradicts itself.
    """
    path = Path(path)
    value = load_yaml(path, "name a migration file", within=None)
    require_valid(path, value, "migration")
    migration = Migration(value["from"], value["to"], tuple(map(_make_step, value["steps"])))
    if migration.old_version == migration.new_version:
        raise CannotRun(path, "from and to are the same version", "give the new inventory a version of its own")
    for index, step in enumerate(migration.steps):
        for name in (step.to, *step.exceptions.values(), *step.anchors.values()) if step.kind == "split" else ():
            if name not in step.into:
                problem = f"steps[{index}]: {name!r} is not among the labels split into"
                raise CannotRun(path, problem, "name one of them")
    return migration


def _make_step(entry: Mapping[str, Any]) -> MigrationStep:
    if "rename" in entry:
        names, attribute = (entry["from"],), entry.get("attribute")
        return MigrationStep(kind="rename", what=entry["rename"], names=names, to=entry["to"], attribute=attribute)
    if "merge" in entry:
        return MigrationStep(kind="merge", what="label", names=tuple(entry["merge"]), to=entry["to"])
    if "split" in entry:
        return MigrationStep(
            kind="split",
            what="label",
            names=(entry["split"],),
            to=entry["default"],
            into=entry["into"],
            exceptions=entry.get("exceptions", {}),
            anchors=entry.get("anchors", {}),
        )
    if "reword" in entry:
        name = entry["name"]
        return MigrationStep(kind="reword", what=entry["reword"], names=(name,), to=name, shown_as=entry["shown_as"])
    return MigrationStep(kind="drop", what=entry["drop"], names=(entry["name"],), attribute=entry.get("attribute"))
