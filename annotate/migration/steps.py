"""The steps of a migration, from one version of the inventory to the next, as a migration file has them.

A step says of each name what becomes of it: another name, the same, or nothing.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from annotate.errors import CannotRun
from annotate.schemas import require_valid
from annotate.util.files import load_yaml


class Step(msgspec.Struct, frozen=True, kw_only=True):
    """One step. `kind` is rename, merge, split, drop or reword; `what` is label, attribute, value (of `attribute`),
    relation or record.

    `names` are the old names, `to` the new one (a split's default; None: dropped); `into` the labels of a split with
    what differs from the old label's entry; `exceptions` names spans as [VERSION/]ARTICLE/SPAN; `anchors` says which
    of the labels anchors a record from now on. A relation that is reworded keeps its name, and is `shown_as` something
    else.
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

    def becomes(self, what: str, name: str, attribute: str | None = None) -> str | None:
        """The new name; None if it is dropped. For a split label: the default."""
        mine = what == self.what and name in self.names and (what != "value" or attribute == self.attribute)
        return self.to if mine else name

    def label(self, name: str, version: str, article: str, span: str) -> str | None:
        """The new label of one span."""
        if self.kind == "split" and name in self.names:
            for reference in (f"{version}/{article}/{span}", f"{article}/{span}"):
                if reference in self.exceptions:
                    return self.exceptions[reference]
        return self.becomes("label", name)

    def __str__(self) -> str:
        of = f" of {self.attribute}" if self.attribute else ""
        to = "" if self.kind == "drop" else f" → {', '.join(self.into) or self.shown_as or self.to}"
        return f"{self.kind} {self.what} {', '.join(self.names)}{of}{to}"


class Migration(NamedTuple):
    """The versions of the inventory before and after, and the steps between."""

    before: str
    after: str
    steps: tuple[Step, ...]


def load(path: str | Path) -> Migration:
    """A migration file; raises CannotRun for a broken one."""
    path = Path(path)
    value = load_yaml(path, "name a migration file")
    require_valid(path, value, "migration")
    migration = Migration(value["from"], value["to"], tuple(map(_step, value["steps"])))
    if migration.before == migration.after:
        raise CannotRun(path, "from and to are the same version", "give the new inventory a version of its own")
    for number, step in enumerate(migration.steps):
        for name in (step.to, *step.exceptions.values(), *step.anchors.values()) if step.kind == "split" else ():
            if name not in step.into:
                raise CannotRun(
                    path, f"steps[{number}]: {name!r} is not among the labels split into", "name one of them"
                )
    return migration


def _step(entry: Mapping[str, Any]) -> Step:
    if "rename" in entry:
        names, what = (entry["from"],), entry["rename"]
        return Step(kind="rename", what=what, names=names, to=entry["to"], attribute=entry.get("attribute"))
    if "merge" in entry:
        return Step(kind="merge", what="label", names=tuple(entry["merge"]), to=entry["to"])
    if "split" in entry:
        return Step(
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
        return Step(kind="reword", what=entry["reword"], names=(name,), to=name, shown_as=entry["shown_as"])
    return Step(kind="drop", what=entry["drop"], names=(entry["name"],), attribute=entry.get("attribute"))
