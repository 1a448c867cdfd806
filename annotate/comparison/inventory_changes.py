"""List what changed in the inventory: names added, removed or renamed, definitions, and what each name may be used for.

A name that is gone and a new name are one renamed entry where their definitions are equal. Among several candidates the
first in the order of the files is taken. The parts of a renamed entry are compared under its new name.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Literal

import msgspec

from annotate.comparison.model import InventoryChange
from annotate.inventory import Inventory

_LABEL_LISTS = frozenset({"labels", "head", "tail"})
_BOUNDS = frozenset({"per_head", "per_tail"})
_NUMERIC_BOUNDS = frozenset({"minimum", "maximum"})
_CONDITIONS = frozenset({"when", "denied", "where", "passes_on"})
_PRESENTATION = frozenset({"title", "hotkey", "color", "guideline", "shown_as", "since", "source", "scale"})
"""Fields that decide how an entry is shown, or how agreement on it is measured, not what it means."""

_SECTIONS = {
    "layer": "layers",
    "label": "spans",
    "attribute": "attributes",
    "relation": "relations",
    "record": "records",
    "metadata field": "metadata",
}
"""Kind of an entry and the section of the inventory that holds it."""
_PARTS = {
    "value": ("attribute", "values"),
    "role": ("record", "roles"),
    "metadata value": ("metadata field", "values"),
}
"""Kind of an entry that is part of another: the kind of its holder, and the holder's field."""

_WORD = re.compile(r"\w+")

_Entry = dict[str, Any]
_Entries = dict[str, _Entry]

Renames = dict[str, dict[str, str]]
"""For each kind of entry, old name to new name of those that the inventory renamed."""


def list_inventory_changes(old: Inventory, new: Inventory) -> tuple[list[InventoryChange], Renames]:
    """List every change of the inventory.

    Args:
        old: The inventory of the old version.
        new: The inventory of the new version.

    Returns:
        The changes in the order of the inventory's sections, and the renamed names by kind of entry.
    """
    renames: Renames = {}
    changes = list(_compare_settings(old, new))
    old_entries, new_entries = _collect_entries(old), _collect_entries(new)
    for what in old_entries:
        translated = _translate_names(old_entries[what], what, renames)
        renames[what] = _find_renames(translated, new_entries[what])
        changes += _compare_section(what, translated, new_entries[what], renames[what])
    return [change for change in changes if not _is_part_of_addition(change, changes)], renames


def _is_part_of_addition(change: InventoryChange, changes: Sequence[InventoryChange]) -> bool:
    """Return whether an added value or role belongs to an attribute or record that was added itself."""
    if change.kind != "added" or change.what not in _PARTS:
        return False
    holder = (_PARTS[change.what][0], _holder(change.name))
    return any(other.kind == "added" and (other.what, other.name) == holder for other in changes)


def _compare_settings(old: Inventory, new: Inventory) -> Iterator[InventoryChange]:
    for field in ("version", "oldest", "title", "about", "language"):
        before, after = getattr(old, field), getattr(new, field)
        if before != after:
            yield InventoryChange(
                kind="presented", what="inventory", name=new.title, field=field, old=before, new=after
            )


def _collect_entries(inventory: Inventory) -> dict[str, _Entries]:
    """Return the entries of each kind as plain values. Parts follow their holders, named `holder.name`."""
    entries: dict[str, _Entries] = {}
    for what, section in _SECTIONS.items():
        entries[what] = {name: _to_entry(item) for name, item in getattr(inventory, section).items()}
        for entry in entries[what].values():
            _move_shown_values(entry)
        for part, (holder, field) in _PARTS.items():
            if holder == what:
                entries[part] = _take_parts(entries[what], field)
    entries["interval"] = {f"{i.label}.{i.minimum}.{i.maximum}": _to_entry(i) for i in inventory.intervals}
    for entry in entries["interval"].values():
        for key in ("claimants", "disputants"):  # they decide what the page of a release shows, and no row or label
            entry.pop(key)
    entries["view"] = _take_parts(entries["interval"], "views")
    return entries


def _to_entry(item: msgspec.Struct) -> _Entry:
    entry: _Entry = msgspec.to_builtins(item)
    entry.pop("name", None)
    return entry


def _move_shown_values(entry: _Entry) -> None:
    """Put the shown forms of an attribute's values into the values, which are then mappings."""
    entry.pop("value_words", None)  # they decide what a check finds, and no row or label
    shown = entry.pop("shown_values", {})
    if shown:
        entry["values"] = {
            name: {"definition": definition} | ({"shown_as": shown[name]} if name in shown else {})
            for name, definition in entry["values"].items()
        }


def _take_parts(entries: _Entries, field: str) -> _Entries:
    """Take the parts out of a field of each entry. A part that is a string is a definition."""
    parts = {}
    for holder, entry in entries.items():
        for name, part in entry.pop(field, {}).items():
            value = {"definition": part} if isinstance(part, str) else {k: v for k, v in part.items() if k != "name"}
            parts[f"{holder}.{name}"] = value
    return parts


def _translate_names(entries: _Entries, what: str, renames: Renames) -> _Entries:
    """Give old entries the new names of everything renamed so far: their holders, and the names in their fields."""
    labels = renames.get("label", {})
    attributes = renames.get("attribute", {})
    values = renames.get("value", {})
    holders = renames.get(_PARTS[what][0], {}) if what in _PARTS else {}
    fields: dict[str, Mapping[str, str]] = {
        **dict.fromkeys(("labels", "head", "tail", "anchor", "label"), labels),
        "layer": renames.get("layer", {}),
        **dict.fromkeys(("relation", "follow"), renames.get("relation", {})),
        "record": renames.get("record", {}),
        **dict.fromkeys(("minimum", "maximum", "wording", "classes"), attributes),
    }

    def translate_value(entry: _Entry, field: str, value: Any) -> Any:
        if field == "readings":
            wording = translate_value(entry, "wording", entry["wording"])
            return {_own_name(values.get(f"{wording}.{name}", name)): reading for name, reading in value.items()}
        if field in _CONDITIONS:
            return {
                (new_name := attributes.get(name, name)): tuple(
                    _own_name(values.get(f"{new_name}.{own}", own)) for own in names
                )
                for name, names in value.items()
            }
        if field == "enclosing" and value:
            return {key: translate_value(value, key, part) for key, part in value.items()}
        names = fields.get(field, {})
        if isinstance(value, tuple):
            return tuple(names.get(name, name) for name in value)
        return names.get(value, value) if isinstance(value, str) else value

    def translate_name(name: str) -> str:
        if what in ("interval", "view"):
            label, minimum, maximum, *rest = name.split(".")
            return ".".join([labels.get(label, label), *(attributes.get(n, n) for n in (minimum, maximum)), *rest])
        holder, dot, own = name.partition(".")
        return f"{holders.get(holder, holder)}{dot}{own}"

    return {
        translate_name(name): {field: translate_value(entry, field, value) for field, value in entry.items()}
        for name, entry in entries.items()
    }


def _find_renames(old: _Entries, new: _Entries) -> dict[str, str]:
    """Map old name to new name of entries with one definition under two names. A part stays with its holder."""
    candidates = {name: entry for name, entry in new.items() if name not in old}
    renames: dict[str, str] = {}
    for name, entry in old.items():
        if name in new or not entry.get("definition"):
            continue
        words = _split_words(entry["definition"])
        for candidate, new_entry in candidates.items():
            if _split_words(new_entry.get("definition")) == words and _holder(candidate) == _holder(name):
                renames[name] = candidate
                del candidates[candidate]
                break
    return renames


def _own_name(name: str) -> str:
    return name.rpartition(".")[2]


def _holder(name: str) -> str:
    return name.rpartition(".")[0]


def _split_words(definition: Any) -> list[str]:
    """Return the words of a definition, without case, punctuation and white space."""
    return _WORD.findall(str(definition).casefold())


def _compare_section(what: str, old: _Entries, new: _Entries, renames: dict[str, str]) -> Iterator[InventoryChange]:
    for name, entry in old.items():
        if name in renames:
            new_name = renames[name]
            yield InventoryChange(kind="renamed", what=what, name=new_name, old=name, new=new_name)
        elif name not in new:
            yield InventoryChange(kind="removed", what=what, name=name, old=entry)
    old_names = {new_name: old_name for old_name, new_name in renames.items()}
    for name, entry in new.items():
        before = old.get(old_names.get(name, name))
        if before is None:
            yield InventoryChange(kind="added", what=what, name=name, new=entry)
        else:
            yield from _compare_entry(what, name, before, entry)


def _compare_entry(what: str, name: str, old: _Entry, new: _Entry) -> Iterator[InventoryChange]:
    for field in dict.fromkeys((*old, *new)):
        before, after = old.get(field), new.get(field)
        if before == after or (field in _LABEL_LISTS and set(before or ()) == set(after or ())):
            continue
        if _sort_values(field, before) == _sort_values(field, after):
            continue
        if field == "definition":
            kind = "presented" if _split_words(before) == _split_words(after) else "redefined"
        elif field == "type":
            kind = "retyped"
        elif field in _PRESENTATION:
            kind = "presented"
        else:
            kind = find_width_change(field, before, after) or "changed"
        yield InventoryChange(kind=kind, what=what, name=name, field=field, old=before, new=after)  # type: ignore[arg-type]


def _sort_values(field: str, value: Any) -> Any:
    """Return the value of a field with the values of its conditions in an order of their own, which means the same."""
    if field == "enclosing" and value:
        return {key: _sort_values(key, part) for key, part in value.items()}
    return {name: sorted(values) for name, values in value.items()} if field in _CONDITIONS else value


def find_width_change(field: str, old: Any, new: Any) -> Literal["narrowed", "widened"] | None:
    """Decide whether a field of the inventory allows less than before, or only more.

    Args:
        field: The name of the field.
        old: Its old value; None where it was absent.
        new: Its new value; None where it is absent.

    Returns:
        "narrowed" where something that was allowed no longer is, "widened" where the field only allows more, None for a
        field that is about something else.
    """
    if field in _LABEL_LISTS:
        return _compare_labels(set(old or ()), set(new or ()), empty_allows_all=field != "labels")
    if field in _BOUNDS:
        return _compare_bounds(old or {}, new or {})
    if field in ("required", "refers"):
        return "narrowed" if new else "widened"
    if field in _NUMERIC_BOUNDS and not {type(old), type(new)} & {str}:  # of an interval they name attributes
        sign = 1 if field == "minimum" else -1
        is_narrower = new is not None and (old is None or sign * new > sign * old)
        return "narrowed" if is_narrower else "widened"
    if field == "alone":
        return "widened" if new else "narrowed"
    if field in _CONDITIONS or field == "enclosing":
        return None  # other spans meet any other condition, and other records are around
    if field == "classes" and None in (old, new):  # a column of its own is added or removed
        return "narrowed" if new is None else "widened"
    if isinstance(old, dict) and isinstance(new, dict) and old.items() <= new.items():
        return "widened"  # readings or numbers of more words; those of the other words are unchanged
    return None


def _compare_labels(old: set[str], new: set[str], empty_allows_all: bool) -> Literal["narrowed", "widened"]:
    if empty_allows_all and not (old and new):
        return "narrowed" if new else "widened"
    return "narrowed" if old - new else "widened"


def _compare_bounds(old: dict[str, Any], new: dict[str, Any]) -> Literal["narrowed", "widened"]:
    old_most, new_most = old.get("most"), new.get("most")
    lower_most = new_most is not None and (old_most is None or new_most < old_most)
    return "narrowed" if new.get("least", 0) > old.get("least", 0) or lower_most else "widened"
