"""The map from the labels of files made elsewhere to an inventory: strict YAML, held to a JSON Schema."""

from collections.abc import Iterator
from pathlib import Path
from typing import Literal

import msgspec

from annotate.errors import CannotRun
from annotate.inventory import Inventory
from annotate.model import AttributeValue
from annotate.schemas import convert_value, require_valid
from annotate.util.files import load_yaml

ROLE_END = "0123456789"
"""A role that several items fill is numbered: Theme, Theme2."""


class SpanMap(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The label of a type of spans, and attributes that the type stands for."""

    label: str
    attributes: dict[str, AttributeValue] = {}


class ArrowMap(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A relation of the inventory; `reversed` if the file's first end, or an event's trigger, is its tail."""

    relation: str
    reversed: bool = False


class EventMap(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The label of an event's trigger, and the relation that each role becomes; None leaves a role out."""

    label: str
    attributes: dict[str, AttributeValue] = {}
    roles: dict[str, ArrowMap | None] = {}

    def role(self, name: str) -> str | None:
        """The role that a name on a line means, None if the map has none."""
        return next((known for known in (name, name.rstrip(ROLE_END)) if known in self.roles), None)


class ValueMap(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An attribute; `values` renames, `flag` is the value of an attribute that is just there."""

    attribute: str
    values: dict[str, AttributeValue] = {}
    flag: AttributeValue | None = None


class NoteMap(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What notes of a type are: a note, the ids of a span's pieces, or the value of a text attribute."""

    to: Literal["note", "ids", "attribute"]
    attribute: str = ""


class Map(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """All of it; None leaves a type out. `escaped`: notes have backslash escapes, as our own export writes them."""

    spans: dict[str, SpanMap | None] = {}
    relations: dict[str, ArrowMap | None] = {}
    events: dict[str, EventMap | None] = {}
    attributes: dict[str, ValueMap | None] = {}
    normalizations: dict[str, ValueMap | None] = {}
    equivalences: dict[str, ArrowMap | None] = {}
    notes: dict[str, NoteMap | None] = {}
    escaped: bool = False


def load(path: Path, inventory: Inventory) -> Map:
    """The map of a file. Raises CannotRun, naming the place, where it is broken or names what the inventory lacks."""
    value = load_yaml(path, "name a map; docs/interchange.md shows one")
    require_valid(path, value, "import-map")
    loaded = convert_value(path, value, Map)
    for place, what, name, known in _names(loaded, inventory):
        if name not in known:
            raise CannotRun(path, f"{place}: no {what} is called {name!r}", f"use one of: {', '.join(known)}")
    return loaded


def _names(map_: Map, inventory: Inventory) -> Iterator[tuple[str, str, str, list[str]]]:
    """Each name of the inventory that the map uses: its place, what it names, the name, and what is there."""
    relations, attributes = list(inventory.relations), list(inventory.attributes)
    for section, entries in (("spans", map_.spans), ("events", map_.events)):
        for name, entry in entries.items():
            if entry is None:
                continue
            yield f"{section}.{name}.label", "span label", entry.label, list(inventory.spans)
            own = [attribute.name for attribute in inventory.attributes_of(entry.label)]
            for attribute, value in entry.attributes.items():
                yield f"{section}.{name}.attributes", f"attribute of {entry.label}", attribute, own
                yield from _values(f"{section}.{name}.attributes.{attribute}", attribute, [value], inventory)
    for name, event in map_.events.items():
        for role, arrow in event.roles.items() if event else ():
            if arrow:
                yield f"events.{name}.roles.{role}.relation", "relation", arrow.relation, relations
    for section, arrows in (("relations", map_.relations), ("equivalences", map_.equivalences)):
        for name, arrow in arrows.items():
            if arrow:
                yield f"{section}.{name}.relation", "relation", arrow.relation, relations
    for section, values in (("attributes", map_.attributes), ("normalizations", map_.normalizations)):
        for name, entry_ in values.items():
            if entry_:
                yield f"{section}.{name}.attribute", "attribute", entry_.attribute, attributes
                wanted = [*entry_.values.values(), *([] if entry_.flag is None else [entry_.flag])]
                yield from _values(f"{section}.{name}.values", entry_.attribute, wanted, inventory)
    for name, note in map_.notes.items():
        if note and note.to == "attribute":
            yield f"notes.{name}.attribute", "attribute", note.attribute, attributes


def _values(
    place: str, attribute: str, values: list[AttributeValue], inventory: Inventory
) -> Iterator[tuple[str, str, str, list[str]]]:
    choices = inventory.attributes[attribute].values if attribute in inventory.attributes else {}
    for value in values if choices else ():
        yield place, f"value of {attribute}", str(value), list(choices)


def identity(inventory: Inventory) -> Map:
    """The map of the inventory's own names, for files that were written by this toolkit."""
    return Map(
        spans={name: SpanMap(name) for name in inventory.spans},
        relations={name: ArrowMap(name) for name in inventory.relations},
        attributes={name: ValueMap(name) for name in inventory.attributes},
        notes={NOTE: NoteMap("note")},
    )


NOTE = "AnnotatorNotes"
"""The type that brat gives to its notes; the readers of the other formats use it as well."""
