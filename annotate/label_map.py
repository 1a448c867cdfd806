"""The map from the labels in files and projects made elsewhere to an inventory.

It is strict YAML that is validated against a JSON Schema. Every reader of foreign labels uses it: the import formats,
the conversion of Label Studio exports, and projects on a server.
"""

import os
from collections.abc import Collection, Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any, Literal, NamedTuple

import msgspec

from annotate.errors import CannotRun
from annotate.inventory import Inventory
from annotate.model import AttributeValue
from annotate.schemas import convert_value, require_valid
from annotate.util.escape import quote
from annotate.util.files import load_yaml
from annotate.util.suggestions import list_choices

MAPS_FOLDER = "maps"
"""The folder of maps in the schema folder; each has the name of its format."""
_DIGITS = "0123456789"
_MOST_UNKNOWN = 30
"""Unknown names of a map that a message lists."""

NOTE_TYPE = "AnnotatorNotes"
"""The type of notes in brat; the readers of the other formats use it as well."""


class SpanMap(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The label for a type of spans, and the attributes that the type implies."""

    label: str
    attributes: dict[str, AttributeValue] = {}


class RelationMap(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A relation of the inventory.

    Attributes:
        reversed: Whether the head in the file (or an event's trigger) is its tail.
        both_ways: Whether a relation that Label Studio has in both directions becomes two; else it is reported.
    """

    relation: str
    reversed: bool = False
    both_ways: bool = False


class EventMap(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The label for an event's trigger, and the relation for each of its roles; None leaves a role out."""

    label: str
    attributes: dict[str, AttributeValue] = {}
    roles: dict[str, RelationMap | None] = {}

    def find_role(self, name: str) -> str | None:
        """Return the role of the map for a name in the file; several fillers of a role are numbered: Theme, Theme2."""
        return next((role for role in (name, name.rstrip(_DIGITS)) if role in self.roles), None)


class AttributeMap(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An attribute; `values` renames values, `flag` is the value if the file gives none."""

    attribute: str
    values: Mapping[str, AttributeValue] = {}
    flag: AttributeValue | None = None


class NoteMap(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What notes of a type become: a note, the ids of a span's pieces, or the value of a text attribute."""

    to: Literal["note", "ids", "attribute"]
    attribute: str = ""


class TaskFields(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The keys of a Label Studio task's data that hold the text, the article's id, title and language; None: no key."""

    text: str = "text"
    article: str | None = "article"
    title: str | None = "title"
    language: str | None = "language"

    def find(self, data: Mapping[str, Any], field: Literal["article", "title", "language"]) -> Any:
        """Return what the data of a task have as a field; None if no key holds it."""
        key = getattr(self, field)
        return None if key is None else data.get(key)


class SpanKeys(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The keys of a span in JSON lines; `text` is the key of the words that are quoted with it.

    A span without offsets is placed by its `quote`, and by its `occurrence` if the text has these words more than once.
    `order` names the values of a span that is a list; they are start, end and label if it is empty.
    """

    start: str = "start"
    end: str = "end"
    label: str = "label"
    id: str | None = None
    text: str | None = None
    quote: str = "quote"
    occurrence: str = "occurrence"
    order: tuple[str, ...] = ()


class RelationKeys(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The keys of a relation in JSON lines; `order` names the values of a relation that is a list, as in `SpanKeys`.

    An end is an object or a list with the offsets of a span; or else the id of a span, if spans have ids, and its
    index in its list, counted from 0, if they have none.
    """

    head: str = "head"
    tail: str = "tail"
    label: str = "label"
    order: tuple[str, ...] = ()


class RowKeys(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The keys of a line of JSON lines that another tool wrote.

    A key `a.b` is that of `b` in the object `a`. Where several keys are possible, the first that a line has counts.

    Attributes:
        text: The text.
        id: What the id of the article is made of.
        id_prefix: What the id of each article begins with.
        title: The title of the article, as also `language`, `author`, `publisher` and `date`.
        metadata: Fields of metadata that the inventory declares → the key of each.
        annotator: Who labelled.
        unnamed: The forms of names that tools make up where no one is named, with 0 for each digit.
        accept: Keys whose value decides whether the labels are accepted, and the values with which they are.
        offsets: What the offsets count.
        spans: The lists of spans; all of them are read.
        span: The keys of a span.
        relations: The lists of relations; all of them are read.
        relation: The keys of a relation.
    """

    text: str | tuple[str, ...] = "text"
    id: str | None = None
    id_prefix: str = ""
    title: str | None = None
    language: str | None = None
    author: str | None = None
    publisher: str | None = None
    date: str | None = None
    metadata: dict[str, str] = {}
    annotator: str | tuple[str, ...] = ()
    unnamed: tuple[str, ...] = ()
    accept: dict[str, tuple[str, ...]] = {}
    offsets: Literal["code points", "UTF-16 units", "bytes of UTF-8"] = "code points"
    spans: str | tuple[str, ...] = "spans"
    span: SpanKeys = SpanKeys()
    relations: str | tuple[str, ...] = "relations"
    relation: RelationKeys = RelationKeys()


class LabelMap(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The map: for each kind of item, the type in the file → what it becomes; None leaves it out.

    Types of spans and relations in Label Studio are the labels that it stores, types of attributes are the names of
    their controls.

    Attributes:
        labels_from: Layers whose labels are the values of a feature → the name of the feature.
        escaped: Whether notes have backslash escapes, as an export writes them.
        layers: Name of a `Labels` control of Label Studio → layer of the inventory.
        text: The name of the `Text` control of Label Studio.
        fields: The keys of a Label Studio task's data.
        annotators: Name of an annotator in the files → id of the annotator.
        jsonl: The fields of `RowKeys` that differ from the defaults of a format; see `add_defaults`. None if JSON
            lines are those of this toolkit.
    """

    spans: Mapping[str, SpanMap | None] = {}
    relations: Mapping[str, RelationMap | None] = {}
    events: Mapping[str, EventMap | None] = {}
    attributes: Mapping[str, AttributeMap | None] = {}
    normalizations: Mapping[str, AttributeMap | None] = {}
    equivalences: Mapping[str, RelationMap | None] = {}
    notes: Mapping[str, NoteMap | None] = {}
    labels_from: dict[str, str] = {}
    escaped: bool = False
    layers: Mapping[str, str | None] = {}
    text: str = "text"
    fields: TaskFields = TaskFields()
    annotators: Mapping[str, str | None] = {}
    jsonl: dict[str, Any] | None = None


def load_map(path: Path, inventory: Inventory, within: Path | None = None) -> LabelMap:
    """Load a map from a YAML file.

    Args:
        path: The file.
        inventory: The inventory.
        within: The folder below which no link is followed; by default the one that holds the file.

    Raises:
        CannotRun: With the location in the file, if it is not a valid map; with all names in it that the inventory
            lacks.
    """
    value = load_yaml(path, "name a map; docs/reference/interchange.md shows one", within=within or path.parent)
    require_valid(path, value, "import-map")
    label_map = convert_value(path, value, LabelMap)
    unknown = [use for use in _names_used(label_map, inventory) if use.name not in use.choices]
    if unknown:
        shown = [f"{use.location}: unknown {use.kind} {quote(use.name)}" for use in unknown[:_MOST_UNKNOWN]]
        more = len(unknown) - len(shown)
        problem = ", ".join(shown) + (f", and {more:,} more" if more else "")
        choices = {use.kind: use.choices for use in unknown}
        hints = (f"one of: {list_choices(names)}" for names in choices.values())
        if len(choices) > 1:
            hints = (f"for a {kind} {hint}" for kind, hint in zip(choices, hints, strict=True))
        hint = "if labels.yaml has a new name for it, write that one; `annotate migrate` renames it in maps, too"
        raise CannotRun(path, problem, f"use {', '.join(hints)}; {hint}")
    return label_map


def complete_map(label_map: LabelMap, inventory: Inventory) -> LabelMap:
    """Return a map in which the names of the inventory stand for themselves where it has no entry for them."""
    names = identity_map(inventory)
    return msgspec.structs.replace(
        label_map,
        spans={**names.spans, **label_map.spans},
        relations={**names.relations, **label_map.relations},
        attributes={**names.attributes, **label_map.attributes},
        notes={**names.notes, **label_map.notes},
    )


def find_map(path: str | None, format_: str, inventory: Inventory) -> LabelMap | None:
    """Return the map of a file, or the one that the schema folder has for a format; None if it has none.

    Args:
        path: The path of a map; None for the one of the schema folder, `maps/FORMAT.yaml`.
        format_: The name of the format.
        inventory: The inventory, which knows its folder.

    Raises:
        CannotRun: See `load_map`.
    """
    own = Path(inventory.folder) / MAPS_FOLDER / f"{format_}.yaml"
    if path is not None:
        return load_map(Path(path), inventory)
    return load_map(own, inventory, Path(inventory.folder)) if inventory.folder and os.path.lexists(own) else None


def add_defaults(label_map: LabelMap, defaults: LabelMap) -> LabelMap:
    """Return a map with the attributes and the fields of `jsonl` of another map where it does not name them itself."""
    fields = dict(defaults.jsonl or {})
    for name, value in (label_map.jsonl or {}).items():
        fields[name] = {**fields.get(name, {}), **value} if name in ("span", "relation") else value
    attributes = {**defaults.attributes, **label_map.attributes}
    return msgspec.structs.replace(label_map, attributes=attributes, jsonl=fields)


def name_annotators(label_map: LabelMap, ids: Mapping[str, str]) -> LabelMap:
    """Return a map with ids of annotators by their name in the files, which take precedence over its own."""
    return msgspec.structs.replace(label_map, annotators={**label_map.annotators, **ids}) if ids else label_map


class _NameUse(NamedTuple):
    """A name or value of the inventory in a map: where it is, what it names, and those of this kind that exist."""

    location: str
    kind: str
    name: AttributeValue
    choices: Collection[AttributeValue]


def _names_used(label_map: LabelMap, inventory: Inventory) -> Iterator[_NameUse]:
    """Yield each name of the inventory that a map uses."""
    relations, attributes = inventory.relations.keys(), inventory.attributes.keys()

    @cache
    def attributes_of(label: str) -> Collection[AttributeValue]:
        return {attribute.name: attribute for attribute in inventory.attributes_of(label)}

    for section, spans in (("spans", label_map.spans), ("events", label_map.events)):
        for name, span in spans.items():
            if span is None:
                continue
            yield _NameUse(f"{section}.{name}.label", "span label", span.label, inventory.spans.keys())
            for attribute, value in span.attributes.items():
                choices, kind = attributes_of(span.label), f"attribute of {span.label}"
                yield _NameUse(f"{section}.{name}.attributes", kind, attribute, choices)
                yield from _values_used(f"{section}.{name}.attributes.{attribute}", attribute, [value], inventory)
    mapped_relations = [
        (f"events.{name}.roles.{role}", relation)
        for name, event in label_map.events.items()
        for role, relation in (event.roles.items() if event else ())
    ]
    mapped_relations += [(f"relations.{name}", relation) for name, relation in label_map.relations.items()]
    mapped_relations += [(f"equivalences.{name}", relation) for name, relation in label_map.equivalences.items()]
    for location, relation in mapped_relations:
        if relation:
            yield _NameUse(f"{location}.relation", "relation", relation.relation, relations)
    for section, mapped in (("attributes", label_map.attributes), ("normalizations", label_map.normalizations)):
        for name, entry in mapped.items():
            if entry:
                yield _NameUse(f"{section}.{name}.attribute", "attribute", entry.attribute, attributes)
                values = [*entry.values.values(), *([] if entry.flag is None else [entry.flag])]
                yield from _values_used(f"{section}.{name}.values", entry.attribute, values, inventory)
    for name, layer in label_map.layers.items():
        if layer is not None:
            yield _NameUse(f"layers.{name}", "layer", layer, inventory.layers.keys())
    fields = list(inventory.metadata) or ["a name that labels.yaml declares in its section metadata"]
    for name in (label_map.jsonl or {}).get("metadata", {}):
        yield _NameUse(f"jsonl.metadata.{name}", "field of metadata", name, fields)
    for name, note in label_map.notes.items():
        if note and note.to == "attribute":
            yield _NameUse(f"notes.{name}.attribute", "attribute", note.attribute, attributes)


def _values_used(
    location: str, attribute: str, values: list[AttributeValue], inventory: Inventory
) -> Iterator[_NameUse]:
    """Yield the values that an attribute has; one that it cannot have stands for the kind of values that it can."""
    if attribute not in inventory.attributes:
        return
    of_inventory = inventory.attributes[attribute]
    choices = list(of_inventory.values) or [f"any {of_inventory.type}"]
    for value in values:
        is_allowed = of_inventory.allows(value)
        yield _NameUse(location, f"value of {attribute}", value, [value] if is_allowed else choices)


def identity_map(inventory: Inventory) -> LabelMap:
    """Return the map from the inventory's names to themselves, for files that this toolkit wrote."""
    return LabelMap(
        spans={name: SpanMap(name) for name in inventory.spans},
        relations={name: RelationMap(name) for name in inventory.relations},
        attributes={name: AttributeMap(name) for name in inventory.attributes},
        notes={NOTE_TYPE: NoteMap("note")},
    )
