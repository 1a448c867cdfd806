"""What became of the inventory: names added, removed or renamed, definitions, and what each may be used for.

A name that is gone and one that is new are one, renamed, where their definitions are equal; of several the first in the
order of the files. What is under a renamed name is compared as if it had been called so before.

Whether a field of the inventory allows less than it did, or only more.

What becomes of the dataset's columns when the inventory changes.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any, Literal

import msgspec

from annotate.comparison.model import ColumnChange, InventoryChange
from annotate.inventory import Inventory

Width = Literal["narrowed", "widened"]

LABELS = frozenset({"labels", "head", "tail"})
BOUNDS = frozenset({"per_head", "per_tail"})


def width(field: str, old: Any, new: Any) -> Width | None:
    """narrowed, where something that was allowed is not any more; widened otherwise; None for other fields."""
    if field in LABELS:
        return _labels(set(old or ()), set(new or ()), any_without=field != "labels")
    if field in BOUNDS:
        return _bounds(old or {}, new or {})
    if field == "required":
        return "narrowed" if new else "widened"
    if field == "classes" and None in (old, new):  # a column of its own, which comes or goes
        return "narrowed" if new is None else "widened"
    if isinstance(old, dict) and isinstance(new, dict) and old.items() <= new.items():
        return "widened"  # readings or numbers of more words, with those of the others as they were
    return None


def _labels(old: set[str], new: set[str], any_without: bool) -> Width:
    """Ends without labels allow any."""
    if any_without and not new:
        return "widened"
    if any_without and not old:
        return "narrowed"
    return "narrowed" if old - new else "widened"


def _bounds(old: dict[str, Any], new: dict[str, Any]) -> Width:
    least, most = (old.get("least", 0), new.get("least", 0)), (old.get("most"), new.get("most"))
    fewer = most[1] is not None and (most[0] is None or most[1] < most[0])
    return "narrowed" if least[1] > least[0] or fewer else "widened"


Entry = dict[str, Any]
Entries = dict[str, Entry]

PRESENTED = frozenset({"title", "hotkey", "color", "guideline", "shown_as", "source"})
"""Fields that bear on how a name is shown, not on what it means."""

PLURAL = {"layer": "layers", "label": "spans", "attribute": "attributes", "relation": "relations", "record": "records"}
PARTS = {"value": ("attribute", "values"), "role": ("record", "roles")}
"""Names that live under another: what they are → what holds them, in which field."""

_LETTERS = re.compile(r"\w+")

Renames = dict[str, dict[str, str]]
"""What → old name → new name, of those that the inventory renamed."""


def changes(old: Inventory, new: Inventory) -> tuple[list[InventoryChange], Renames]:
    """Every change, in the order of the inventory's sections; and the names that were renamed."""
    renames: Renames = {}
    found = list(_whole(old, new))
    before, after = _entries(old), _entries(new)
    for what in before:
        ours = _called(before[what], what, renames)
        renames[what] = _renamed(ours, after[what])
        found += _section(what, ours, after[what], renames)
    return found, renames


def _whole(old: Inventory, new: Inventory) -> Iterator[InventoryChange]:
    for field in ("version", "title", "about", "language"):
        ours, theirs = getattr(old, field), getattr(new, field)
        if ours != theirs:
            yield InventoryChange(kind="presented", what="inventory", name=new.title, field=field, old=ours, new=theirs)


def _entries(inventory: Inventory) -> dict[str, Entries]:
    """Each section as plain values, names that live under others after these, as `holder.name`."""
    found: dict[str, Entries] = {}
    for what, section in PLURAL.items():
        found[what] = {name: _plain(one) for name, one in getattr(inventory, section).items()}
        for part, (holder, field) in PARTS.items():
            if holder == what:
                found[part] = _parts(found[what], field)
    intervals = {f"{one.label}.{one.minimum}.{one.maximum}": _plain(one) for one in inventory.intervals}
    found["interval"] = intervals
    found["view"] = _parts(intervals, "views")
    return found


def _plain(one: msgspec.Struct) -> Entry:
    entry: Entry = msgspec.to_builtins(one)
    entry.pop("name", None)
    return entry


def _parts(entries: Entries, field: str) -> Entries:
    """What stands under a field of each entry, taken out of it; a value that is mere words is a definition."""
    found = {}
    for holder, entry in entries.items():
        for name, part in entry.pop(field, {}).items():
            words = {"definition": part} if isinstance(part, str) else {k: v for k, v in part.items() if k != "name"}
            found[f"{holder}.{name}"] = words
    return found


def _called(entries: Entries, what: str, renames: Renames) -> Entries:
    """The old entries with the new names of what was renamed before them: their holders, and the labels they name."""
    labels = renames.get("label", {})
    holders = renames.get(PARTS[what][0], {}) if what in PARTS else {}
    named: dict[str, Mapping[str, str]] = {
        **dict.fromkeys(("labels", "head", "tail", "anchor", "label"), labels),
        "layer": renames.get("layer", {}),
        "relation": renames.get("relation", {}),
        **dict.fromkeys(("minimum", "maximum", "wording", "classes"), renames.get("attribute", {})),
    }

    values = renames.get("value", {})

    def now(one: Entry, field: str, value: Any) -> Any:
        if field == "readings":
            wording = now(one, "wording", one["wording"])
            return {_own(values.get(f"{wording}.{name}", name)): reading for name, reading in value.items()}
        to = named.get(field, {})
        if isinstance(value, tuple):
            return tuple(to.get(name, name) for name in value)
        return to.get(value, value) if isinstance(value, str) else value

    def name_of(name: str) -> str:
        holder, dot, rest = name.partition(".")
        if what in ("interval", "view"):
            label, least, most, *more = name.split(".")
            attributes = renames.get("attribute", {})
            return ".".join([labels.get(label, label), *(attributes.get(one, one) for one in (least, most)), *more])
        return f"{holders.get(holder, holder)}{dot}{rest}"

    return {
        name_of(name): {field: now(one, field, value) for field, value in one.items()} for name, one in entries.items()
    }


def _renamed(old: Entries, new: Entries) -> dict[str, str]:
    """Old name → new name of what has one definition under two names; a part stays with its holder."""
    free = {name: one for name, one in new.items() if name not in old}
    found: dict[str, str] = {}
    for name, one in old.items():
        if name in new or not one.get("definition"):
            continue
        for other, candidate in free.items():
            if _said(candidate.get("definition")) == _said(one["definition"]) and _holder(other) == _holder(name):
                found[name] = other
                del free[other]
                break
    return found


def _own(name: str) -> str:
    return name.rpartition(".")[2]


def _holder(name: str) -> str:
    return name.rpartition(".")[0]


def _said(definition: Any) -> list[str]:
    """The words of a definition, without case, punctuation or white space."""
    return _LETTERS.findall(str(definition).casefold())


def _section(what: str, old: Entries, new: Entries, renames: Renames) -> Iterator[InventoryChange]:
    to = renames[what]
    for name, one in old.items():
        if name in to:
            yield InventoryChange(kind="renamed", what=what, name=to[name], old=name, new=to[name])
        elif name not in new:
            yield InventoryChange(kind="removed", what=what, name=name, old=one)
    came_from = {there: here for here, there in to.items()}
    for name, one in new.items():
        before = old.get(came_from.get(name, name))
        if before is None:
            yield InventoryChange(kind="added", what=what, name=name, new=one)
        else:
            yield from _fields(what, name, before, one)


def _fields(what: str, name: str, old: Entry, new: Entry) -> Iterator[InventoryChange]:
    for field in dict.fromkeys((*old, *new)):
        ours, theirs = old.get(field), new.get(field)
        if ours == theirs or (field in LABELS and set(ours or ()) == set(theirs or ())):
            continue
        if field == "definition":
            kind = "presented" if _said(ours) == _said(theirs) else "redefined"
        elif field == "type":
            kind = "retyped"
        elif field in PRESENTED:
            kind = "presented"
        else:
            kind = width(field, ours, theirs) or "changed"
        yield InventoryChange(kind=kind, what=what, name=name, field=field, old=ours, new=theirs)  # type: ignore[arg-type]


def changes_columns(old: Inventory, new: Inventory) -> list[ColumnChange]:
    """Columns added, removed, of another type, or with other classes; by table, then in their order there.

    Raises CannotRun where an inventory makes no tables: names that clash, or a class without an id.
    """
    from annotate.dataset.tables import configs

    before, after = (dict(_leaves("", configs(inventory))) for inventory in (old, new))
    return [change for name in dict.fromkeys((*before, *after)) for change in _changed(name, before, after)]


def _leaves(path: str, feature: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    """Each column that holds values, by its path, `[]` for what is in a list; ClassLabels with their names."""
    kind = feature.get("_type")
    if kind == "List":
        yield from _leaves(f"{path}[]", feature["feature"])
    elif kind == "ClassLabel":
        yield path, feature["names"]
    elif kind == "Value":
        yield path, feature["dtype"]
    else:
        for name, part in feature.items():
            yield from _leaves(f"{path}.{name}" if path else name, part)


def _changed(name: str, before: dict[str, Any], after: dict[str, Any]) -> Iterator[ColumnChange]:
    old, new = before.get(name), after.get(name)
    if old is None:
        yield ColumnChange(kind="added", column=name, new=_shown(new))
    elif new is None:
        yield ColumnChange(kind="removed", column=name, old=_shown(old))
    elif isinstance(old, list) and isinstance(new, list):
        if new[: len(old)] != old:
            yield ColumnChange(kind="shifted", column=name, old=", ".join(old), new=", ".join(new))
        elif new != old:
            yield ColumnChange(kind="extended", column=name, new=", ".join(new[len(old) :]))
    elif old != new:
        yield ColumnChange(kind="retyped", column=name, old=_shown(old), new=_shown(new))


def _shown(type_: Any) -> str:
    return "ClassLabel" if isinstance(type_, list) else str(type_)
