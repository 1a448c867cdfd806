"""Maps from foreign names after the steps of a migration: the names of the inventory change, those elsewhere do not."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import yaml

from annotate.migration.steps import MigrationStep
from annotate.migration.yaml_edits import YamlDocument, YamlEdit, apply_edits, describe_line, entries, replace_scalar

_SECTIONS = {
    "label": ("spans", "events"),
    "relation": ("relations", "equivalences"),
    "attribute": ("attributes", "normalizations", "notes"),
}
"""What a step renames → the sections whose entries name it, in a field that is called after it."""


class MigratedMap(NamedTuple):
    """The text of a map after a migration, and notes on what a person must look at."""

    text: str
    notes: tuple[str, ...]


class _Entry(NamedTuple):
    """An entry of a section: the node of its value, and the fields in it."""

    node: yaml.Node
    fields: dict[str, tuple[yaml.Node, yaml.Node]]


def migrate_map(text: str, steps: Sequence[MigrationStep]) -> MigratedMap:
    """Return a map after the steps of a migration.

    What becomes a dropped name is left out from now on. A name whose label is split becomes the default of the split.

    Args:
        text: The map.
        steps: The steps.

    Raises:
        ValueError: The text is not a mapping in YAML.
    """
    notes: list[str] = []
    for step in steps:
        if step.kind not in ("add", "reword"):
            document = YamlDocument(text)
            notes += _list_notes(document, step)
            text = apply_edits(text, [*_edit_names(document, step), *_edit_values(document, step)])
    return MigratedMap(text, tuple(notes))


def _find_mapping(fields: dict[str, tuple[yaml.Node, yaml.Node]], name: str) -> yaml.MappingNode | None:
    node = fields.get(name, (None, None))[1]
    return node if isinstance(node, yaml.MappingNode) else None


def _list_entries(document: YamlDocument, section: str) -> Iterator[_Entry]:
    """Yield the entries of a section that do not leave a name out."""
    node = _find_mapping(entries(document.root), section)
    for _, value in node.value if node else ():
        if isinstance(value, yaml.MappingNode):
            yield _Entry(value, entries(value))


def _list_named(document: YamlDocument, what: str) -> Iterator[_Entry]:
    """Yield the entries that name a label, a relation or an attribute; roles of events name relations."""
    for section in _SECTIONS.get(what, ()):
        yield from (entry for entry in _list_entries(document, section) if what in entry.fields)
    for event in _list_entries(document, "events") if what == "relation" else ():
        roles = _find_mapping(event.fields, "roles")
        for _, value in roles.value if roles else ():
            if isinstance(value, yaml.MappingNode):
                yield _Entry(value, entries(value))


def _edit_names(document: YamlDocument, step: MigrationStep) -> Iterator[YamlEdit]:
    for entry in _list_named(document, step.what):
        name = entry.fields[step.what][1]
        new = step.rename(step.what, name.value)
        if new is None:
            yield YamlEdit(entry.node.start_mark.index, document.end(entry.node), "null")
        elif new != name.value:
            yield replace_scalar(name, new)


def _edit_values(document: YamlDocument, step: MigrationStep) -> Iterator[YamlEdit]:
    """Edit what a map says of attributes and their values."""
    for section in ("spans", "events"):
        for entry in _list_entries(document, section):
            implied = _find_mapping(entry.fields, "attributes")
            if implied is None:
                continue
            for key, value in implied.value:
                new_key = step.rename("attribute", key.value)
                new_value = step.rename("value", value.value, key.value)
                if new_key is None or new_value is None:
                    yield document.remove_entry(implied, key.value)
                    continue
                if new_key != key.value:
                    yield replace_scalar(key, new_key)
                if new_value != value.value:
                    yield replace_scalar(value, new_value)
    if step.what == "value":
        for entry in _list_named(document, "attribute"):
            if entry.fields["attribute"][1].value == step.attribute:
                yield from _edit_value_names(document, entry, step)


def _edit_value_names(document: YamlDocument, entry: _Entry, step: MigrationStep) -> Iterator[YamlEdit]:
    """Edit the values that an attribute elsewhere becomes; one that had the old name needs an entry from now on."""
    flag = entry.fields.get("flag", (None, None))[1]
    if flag is not None and flag.value in step.names:
        yield replace_scalar(flag, step.to) if step.to else document.remove_entry(entry.node, "flag")
    values = _find_mapping(entry.fields, "values")
    renamed = entries(values) if values else {}
    missing = {name: step.to for name in step.names if step.to and name not in renamed}
    if values is None and missing:
        yield document.insert_entry(entry.node, None, "values", missing)
    if values is None:
        return
    for stored, (_, value) in renamed.items():
        if value.value in step.names:
            yield replace_scalar(value, step.to) if step.to else document.remove_entry(values, stored)
    yield from (document.insert_entry(values, None, name, new) for name, new in missing.items())


def _list_notes(document: YamlDocument, step: MigrationStep) -> Iterator[str]:
    """Yield a note for each name that becomes a split label, and for each that is left out from now on."""
    for entry in _list_named(document, step.what):
        name = entry.fields[step.what][1]
        if name.value in step.names and step.kind == "split":
            yield f"{describe_line(name)}: {name.value} was split; it becomes {step.to} from now on"
        elif name.value in step.names and step.to is None:
            yield f"{describe_line(name)}: {name.value} was dropped; what became it is left out from now on"
