"""A migration: steps from one version of the inventory to the next, and what they make of labels. Pure.

A step says of each name what becomes of it: another name, the same, or nothing. The same four answers rewrite an
annotation of the corpus and the result items of a server, where what is not ours is left as it is.
"""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from annotate.errors import CannotRun
from annotate.files import parse_yaml, read_bytes
from annotate.inventory import Inventory
from annotate.labelstudio.config import control_name
from annotate.model import Annotation, Relation, Span
from annotate.schemas import explain, package_schema

Item = dict[str, Any]


class Step(msgspec.Struct, frozen=True, kw_only=True):
    """One step. `kind` is rename, merge, split or drop; `what` is label, attribute, value (of `attribute`) or relation.

    `names` are the old names, `to` the new one (a split's default; None: dropped); `into` the labels of a split with
    what differs from the old label's entry; `exceptions` names spans as [VERSION/]ARTICLE/SPAN.
    """

    kind: str
    what: str
    names: tuple[str, ...]
    to: str | None = None
    attribute: str | None = None
    into: dict[str, dict[str, str]] = {}
    exceptions: dict[str, str] = {}

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
        to = "" if self.kind == "drop" else f" → {', '.join(self.into) or self.to}"
        return f"{self.kind} {self.what} {', '.join(self.names)}{of}{to}"


class Migration(NamedTuple):
    """The versions of the inventory before and after, and the steps between."""

    before: str
    after: str
    steps: tuple[Step, ...]


def load(path: str | Path) -> Migration:
    """A migration file; raises CannotRun for a broken one."""
    path = Path(path)
    try:
        value = parse_yaml(read_bytes(path, "name a migration file"))
    except ValueError as error:
        raise CannotRun(path, str(error), "mend the YAML") from error
    for fault in explain(value, package_schema("migration")):
        raise CannotRun(path, f"{fault.place}: {fault.message}", "mend it after migration.schema.json")
    migration = Migration(value["from"], value["to"], tuple(map(_step, value["steps"])))
    if migration.before == migration.after:
        raise CannotRun(path, "from and to are the same version", "give the new inventory a version of its own")
    for number, step in enumerate(migration.steps):
        for name in (step.to, *step.exceptions.values()) if step.kind == "split" else ():
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
        )
    return Step(kind="drop", what=entry["drop"], names=(entry["name"],), attribute=entry.get("attribute"))


def annotation(steps: Sequence[Step], old: Annotation, version: str, after: str) -> Annotation:
    """An annotation of folder `version` (gold, or an annotator) after the steps, made with inventory `after`."""
    spans, relations = list(old.spans), list(old.relations)
    for step in steps:
        spans = [new for span in spans if (new := _span(step, span, version, old.article))]
        left = {span.id for span in spans}
        relations = [
            Relation(label=label, head=relation.head, tail=relation.tail, note=relation.note)
            for relation in relations
            if (label := step.becomes("relation", relation.label)) and {relation.head, relation.tail} <= left
        ]
    return msgspec.structs.replace(old, spans=tuple(spans), relations=tuple(relations), inventory=after)


def _span(step: Step, span: Span, version: str, article: str) -> Span | None:
    label = step.label(span.label, version, article, span.id)
    if label is None:
        return None
    attributes = {}
    for name, value in span.attributes.items():
        new = step.becomes("value", value, name) if isinstance(value, str) else value
        key = step.becomes("attribute", name)
        if key is not None and new is not None:
            attributes[key] = new
    return msgspec.structs.replace(span, label=label, attributes=attributes)


def items(
    steps: Sequence[Step], inventories: Sequence[Inventory], result: object, version: str, article: str
) -> list[object]:
    """The result items of an entry on a server after the steps; `inventories` are those before each step and the last.

    What is not of the inventory, or no item at all, stays as it is.
    """
    now = list(result) if isinstance(result, list) else []
    for step, before, after in zip(steps, inventories, inventories[1:], strict=False):
        now = list(_items(step, before, after, now, version, article))
    return now


def _items(
    step: Step, before: Inventory, after: Inventory, old: list[object], version: str, article: str
) -> Iterator[object]:
    regions = set(_regions(old))
    kept: list[object] = []
    for item in old:
        new = _item(step, before, after, item, version, article)
        if new is not None or item is None:
            kept.append(new)
    gone = regions - set(_regions(kept))
    for item in kept:
        ends = [item.get(key) for key in ("from_id", "to_id", "id")] if isinstance(item, dict) else []
        if not any(end in gone for end in ends if isinstance(end, str)):
            yield item


def _regions(items: list[object]) -> Iterator[str]:
    """The ids of the regions among items."""
    for item in items:
        if isinstance(item, dict) and item.get("type") == "labels" and isinstance(item.get("id"), str):
            yield item["id"]


def _item(step: Step, before: Inventory, after: Inventory, item: object, version: str, article: str) -> object:
    """One item after a step; None if nothing of it is left."""
    if not isinstance(item, dict):
        return item
    if item.get("type") == "relation":
        labels = item.get("labels")
        new = _renamed(labels, lambda name: step.becomes("relation", name))
        return item | {"labels": new} if new else (None if labels else item)
    value, control = item.get("value"), item.get("from_name")
    if not isinstance(value, dict) or not isinstance(control, str):
        return item
    span = str(item.get("id"))
    if control in before.layers and item.get("type") == "labels":
        new = _renamed(value.get("labels"), lambda name: step.label(name, version, article, span))
        if not new:
            return None if value.get("labels") else item
        layer = after.spans[new[0]].layer if new[0] in after.spans else control
        return item | {"from_name": layer, "value": value | {"labels": new}}
    label, _, attribute = control.partition(".")
    if label not in before.spans or attribute not in before.attributes:
        return item
    new_label, new_name = step.label(label, version, article, span), step.becomes("attribute", attribute)
    if new_label is None or new_name is None:
        return None
    changed = item | {"from_name": control_name(new_label, new_name)}
    if item.get("type") != "choices":
        return changed
    choices = _renamed(value.get("choices"), lambda name: step.becomes("value", name, attribute))
    return changed | {"value": value | {"choices": choices}} if choices or not value.get("choices") else None


def _renamed(names: object, becomes: Any) -> list[Any]:
    """Names after a step, each once, in their order; what is no name stays."""
    new: list[Any] = []
    for name in names if isinstance(names, list) else []:
        now = becomes(name) if isinstance(name, str) else name
        if now is not None and now not in new:
            new.append(now)
    return new
