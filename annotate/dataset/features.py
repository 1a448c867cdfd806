"""The columns of the dataset, made from the inventory, in the dict form in which Hugging Face's `datasets` keeps them.

`datasets` itself is not needed, and not imported, to make them or to write the Parquet that carries them.

Class ids are positions: a label or value has the number of its place in `labels.yaml`. So that an id means the same in
every version of the inventory, new labels and values go to the end of their list, and none is taken out or moved: that
needs a new major version of the inventory.
"""

import json
from collections.abc import Iterable, Mapping
from typing import Any, get_args

import pyarrow as pa

from annotate.errors import CannotRun
from annotate.inventory import FILE, Attribute, Inventory, RecordType
from annotate.model import Process

ARTICLES = "articles"
"""The table with one row an article; the others are named after the records of the inventory."""

PROCESSES: tuple[str, ...] = get_args(Process)

Feature = dict[str, Any]
"""One column, or a struct of columns by name, as `datasets.Features.to_dict` writes it."""

STRING: Feature = {"dtype": "string", "_type": "Value"}
INTEGER: Feature = {"dtype": "int64", "_type": "Value"}


def classes(names: Iterable[str]) -> Feature:
    return {"names": list(names), "_type": "ClassLabel"}


def listed(feature: Feature) -> Feature:
    return {"feature": feature, "_type": "List"}


PLACE: Feature = {"start": INTEGER, "end": INTEGER}
MENTION: Feature = {"text": STRING, **PLACE, "pieces": listed(PLACE)}


def attribute_feature(attribute: Attribute) -> Feature:
    """A choice is a ClassLabel; any attribute may be None."""
    return {"choice": classes(attribute.values), "integer": INTEGER, "text": STRING}[attribute.type]


def configs(inventory: Inventory) -> dict[str, Feature]:
    """The columns of each table: `articles`, then each record type in the order of the inventory.

    Raises CannotRun where a name of the inventory clashes with a column that is always there.
    """
    if ARTICLES in inventory.records:
        raise CannotRun(FILE, f"records.{ARTICLES}: the table of articles is called so", "give the record another name")
    tables = {name: _record(inventory, record) for name, record in inventory.records.items()}
    return {ARTICLES: _article(inventory), **tables}


def _article(inventory: Inventory) -> Feature:
    attributes = {attribute.name: attribute_feature(attribute) for attribute in inventory.attributes.values()}
    span = {
        "id": STRING,
        "label": classes(inventory.spans),
        **PLACE,
        "text": STRING,
        # A struct without fields is no Parquet.
        **({"attributes": attributes} if attributes else {}),
        "note": STRING,
    }
    relation = {
        "label": classes(inventory.relations),
        "head": INTEGER,
        "tail": INTEGER,
        "head_id": STRING,
        "tail_id": STRING,
        "note": STRING,
    }
    words = ("id", "title", "language", "author", "publisher", "date", "rights", "text", "text_sha256")
    return {
        **dict.fromkeys(words, STRING),
        "source": {"file": STRING, "sha256": STRING, **PLACE},
        "annotator": STRING,
        "process": classes(PROCESSES),
        "made_from": listed(STRING),
        "inventory": STRING,
        "spans": listed(span),
        "relations": listed(relation),
    }


def _record(inventory: Inventory, record: RecordType) -> Feature:
    columns = {"id": STRING, "article": STRING, "title": STRING, "span_id": STRING, **MENTION}
    attributes = inventory.attributes_of(record.anchor)
    named = {attribute.name: attribute_feature(attribute) for attribute in attributes}
    roles = {name: listed(_filler(inventory, record, name)) for name in record.roles}
    last = {
        "paragraph": {"text": STRING, **PLACE},
        "annotator": STRING,
        "process": classes(PROCESSES),
    }
    return _distinct(f"records.{record.name}", columns, named, roles, last)


def role_labels(inventory: Inventory, record: RecordType, role: str) -> list[str]:
    """The labels of the spans that may fill a role, in the order of the inventory."""
    given = record.roles[role]
    allowed = set(inventory.relations[given.relation].tail)
    if given.enclosing:
        outer = inventory.records[given.enclosing.record]
        allowed |= set(inventory.relations[outer.roles[given.enclosing.take].relation].tail)
    return [label for label in inventory.spans if label in allowed]


def role_attributes(inventory: Inventory, record: RecordType, role: str) -> list[Attribute]:
    """The attributes of the spans that may fill a role, in the order of the inventory."""
    labels = set(role_labels(inventory, record, role))
    return [attribute for attribute in inventory.attributes.values() if labels & set(attribute.labels)]


def _filler(inventory: Inventory, record: RecordType, role: str) -> Feature:
    labels = role_labels(inventory, record, role)
    columns = {
        "id": STRING,
        **({"label": classes(labels)} if len(labels) > 1 else {}),
        **MENTION,
        **({"distance": INTEGER} if record.roles[role].enclosing else {}),
    }
    attributes = role_attributes(inventory, record, role)
    named = {attribute.name: attribute_feature(attribute) for attribute in attributes}
    return _distinct(f"records.{record.name}.roles.{role}", columns, named)


def _distinct(place: str, *groups: Feature) -> Feature:
    columns: Feature = {}
    for group in groups:
        for name in group:
            if name in columns:
                raise CannotRun(FILE, f"{place}: two columns would be called {name!r}", "rename the attribute or role")
        columns |= group
    return columns


def arrow_schema(features: Feature) -> pa.Schema:
    """The Arrow schema of a table, with the metadata from which `datasets` takes its features back."""
    fields = [pa.field(name, arrow_type(feature)) for name, feature in features.items()]
    return pa.schema(fields, metadata={"huggingface": json.dumps({"info": {"features": features}})})


def arrow_type(feature: Mapping[str, Any]) -> pa.DataType:
    """The Arrow type of a column, or of a struct of columns."""
    kind = feature.get("_type")
    if kind == "Value":
        return {"string": pa.string(), "int64": pa.int64()}[feature["dtype"]]
    if kind == "ClassLabel":
        return pa.int64()
    if kind == "List":
        return pa.list_(arrow_type(feature["feature"]))
    return pa.struct([pa.field(name, arrow_type(part)) for name, part in feature.items()])
