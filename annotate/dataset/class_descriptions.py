"""`classes.json`: what the class ids, attributes and tables of a dataset mean, as data.

It says for each list of classes which name has which id, with definition, shown form and `since`; for each column of
classes, which list its ids are of; and for each table that is a view of other tables, of what, and which columns come
from which role, attribute or count view.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import msgspec

from annotate.class_ids import NONE
from annotate.dataset.class_ids import list_class_columns
from annotate.dataset.features import ARTICLES, PROCESSES
from annotate.dataset.tables.records import role_attributes, role_labels, text_column
from annotate.dataset.tables.table import TableType
from annotate.dataset.tables.views import views_of
from annotate.dataset.tagging import REASONS
from annotate.inventory import Inventory, RecordType
from annotate.tokens import list_tags
from annotate.util.escape import escape_json

FORMAT = "annotate classes 1"

_PROCESS_DEFINITIONS = {
    "single pass": "Labelled once, by one annotator.",
    "adjudicated": "Settled from several annotators' labels.",
    "promoted": "One annotator's labels, taken as they are.",
    "corrected": "Labelled by one annotator, who began with labels that someone else or a model had made.",
}
Entry = dict[str, Any]


def encode_class_descriptions(inventory: Inventory, tables: Mapping[str, TableType]) -> bytes:
    """Return the bytes of `classes.json`.

    Args:
        inventory: The inventory.
        tables: The tables of the dataset by name.
    """
    lists, layers = _list_classes(inventory), inventory.layers.items()
    document = {
        "format": FORMAT,
        "inventory": inventory.version,
        "classes": lists,
        "layers": {name: {"title": layer.title, "definition": layer.definition} for name, layer in layers},
        "attributes": {name: _describe_attribute(inventory, name) for name in inventory.attributes},
        "tables": {name: _describe_table(inventory, table, lists) for name, table in tables.items()},
    }
    return escape_json(msgspec.json.format(msgspec.json.encode(document), indent=2).decode()).encode() + b"\n"


def _list_classes(inventory: Inventory) -> dict[str, list[Entry]]:
    """Return the classes of each list in the order of their ids; a name that the inventory lost is retired."""
    ids = inventory.class_ids
    spans = {
        name: {
            "shown_as": label.shown_as,
            "definition": label.definition,
            "layer": label.layer,
            "guideline": label.guideline,
            "since": label.since,
        }
        for name, label in inventory.spans.items()
    }
    relations: dict[str, Entry] = {NONE: {"definition": "No relation joins the two spans."}}
    for name, relation in inventory.relations.items():
        relations[name] = {
            "shown_as": relation.shown_as,
            "definition": relation.definition,
            "guideline": relation.guideline,
            "head": list(relation.head),
            "tail": list(relation.tail),
            "since": relation.since,
        }
    lists = {"spans": _number(ids.spans, spans), "relations": _number(ids.relations, relations)}
    for name, values in ids.attributes.items():
        attribute = inventory.attributes.get(name)
        definitions = attribute.values if attribute else {}
        shown = attribute.shown_values if attribute else {}
        entries = {
            value: {"shown_as": shown.get(value), "definition": definition} for value, definition in definitions.items()
        }
        lists[f"attributes.{name}"] = _number(values, entries)
    for name in inventory.layers:
        tags = list_tags(ids.layers[name])
        lists[f"tags.{name}"] = _number(tags, {tag: {} for tag in tags})
    lists["processes"] = _number(PROCESSES, {name: {"definition": _PROCESS_DEFINITIONS[name]} for name in PROCESSES})
    lists["reasons"] = _number(REASONS, {reason: {} for reason in REASONS})
    return lists


def _number(names: Iterable[str], entries: Mapping[str, Entry]) -> list[Entry]:
    return [
        {"id": class_id, "name": name, **(_drop_empty(entries[name]) if name in entries else {"retired": True})}
        for class_id, name in enumerate(names)
    ]


def _drop_empty(entry: Entry) -> Entry:
    return {key: value for key, value in entry.items() if value not in (None, "", [])}


def _describe_attribute(inventory: Inventory, name: str) -> Entry:
    attribute = inventory.attributes[name]
    entry = {
        "shown_as": attribute.shown_as,
        "definition": attribute.definition,
        "labels": list(attribute.labels),
        "type": attribute.type,
        "scale": attribute.level,
        "required": attribute.required,
        "classes": f"attributes.{name}" if attribute.type == "choice" else None,
        "since": attribute.since,
    }
    return _drop_empty(entry)


def _describe_table(inventory: Inventory, table: TableType, lists: dict[str, list[Entry]]) -> Entry:
    """Describe a table, and add to `lists` the classes that it alone has."""
    record = inventory.records.get(table.name)
    is_view = table.reads == "gold" and table.name != ARTICLES
    classes: dict[str, str] = {}
    for path, names in list_class_columns(table.features):
        name = _find_list(record, path, names, lists)
        if name is None:
            name = f"{table.name}.{path}"
            lists[name] = _number(names, {each: {} for each in names})
        classes[path] = name
    entry: Entry = {
        "definition": table.definition,
        "view_of": ARTICLES if is_view else None,
        "columns": dict(table.columns),
        "classes": classes,
    }
    if record:
        entry["record"] = _describe_record(inventory, record)
    return _drop_empty(entry)


def _find_list(record: RecordType | None, path: str, names: list[str], lists: Mapping[str, list[Entry]]) -> str | None:
    """Return the list that the ids of a column are of: that of its attribute, or another with these names, or None."""
    equal = [name for name, entries in lists.items() if [entry["name"] for entry in entries] == names]
    attribute = record.classes if record and path == "label" else path.rpartition(".")[2]
    own = f"attributes.{attribute}"
    return own if own in equal else next(iter(equal), None)


def _describe_record(inventory: Inventory, record: RecordType) -> Entry:
    """Return what a row is of, and for each role, attribute and count view, the columns that it fills."""
    return _drop_empty(
        {
            "anchor": record.anchor,
            "classes": record.classes,
            "attributes": [attribute.name for attribute in inventory.attributes_of(record.anchor)],
            "views": {view.name: view.definition for _, view in views_of(inventory, record.anchor)},
            "roles": dict(_describe_roles(inventory, record)),
        }
    )


def _describe_roles(inventory: Inventory, record: RecordType) -> Iterator[tuple[str, Entry]]:
    for name, role in record.roles.items():
        yield (
            name,
            _drop_empty(
                {
                    "columns": [name, text_column(name)],
                    "labels": role_labels(inventory, record, name),
                    "attributes": [attribute.name for attribute in role_attributes(inventory, record, name)],
                    "relation": role.relation,
                    "follow": role.follow,
                    "when": {attribute: list(values) for attribute, values in role.when.items()} or None,
                    "enclosing": msgspec.to_builtins(role.enclosing),
                }
            ),
        )
