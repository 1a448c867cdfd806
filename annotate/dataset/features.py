"""The types of columns, in the dictionaries that Hugging Face's `datasets.Features.to_dict` writes.

The library `datasets` is needed neither to make them nor to write the Parquet that carries them. Class ids are those of
`Inventory.class_ids`, which never shift.
"""

import json
from collections.abc import Iterable, Mapping
from typing import Any

import pyarrow as pa

from annotate.inventory import Attribute, Inventory
from annotate.model import PROCESSES as PROCESSES

ARTICLES = "articles"
"""The table with a row an article."""

TEXT_STATUSES = ("as labelled", "altered copy")
"""Whether the text of an article is the one that was labelled, or another copy that `annotate hydrate` was given."""

Feature = dict[str, Any]
"""One column, or a struct of columns by name."""

STRING: Feature = {"dtype": "string", "_type": "Value"}
INTEGER: Feature = {"dtype": "int64", "_type": "Value"}
FLOAT: Feature = {"dtype": "float64", "_type": "Value"}
RANGE: Feature = {"start": INTEGER, "end": INTEGER}
"""Code points, half open."""


def class_label(names: Iterable[str]) -> Feature:
    """Return a column of class ids."""
    return {"names": list(names), "_type": "ClassLabel"}


def ids_by_name(names: Iterable[str]) -> dict[Any, int]:
    """Return class ids by name, as `ClassLabel` counts them."""
    return {name: index for index, name in enumerate(names)}


def list_of(feature: Feature) -> Feature:
    """Return a list column."""
    return {"feature": feature, "_type": "List"}


def attribute_feature(inventory: Inventory, attribute: Attribute) -> Feature:
    """Return the column of an attribute; a choice is a ClassLabel."""
    if attribute.type == "choice":
        return class_label(inventory.class_ids.attributes[attribute.name])
    return {"integer": INTEGER, "number": FLOAT, "text": STRING}[attribute.type]


def attribute_features(inventory: Inventory, attributes: Iterable[Attribute]) -> Feature:
    """Return the columns of attributes by name."""
    return {attribute.name: attribute_feature(inventory, attribute) for attribute in attributes}


def arrow_schema(features: Feature) -> pa.Schema:
    """Return the Arrow schema of a table, with the metadata from which `datasets` restores its features."""
    fields = [pa.field(name, arrow_type(feature)) for name, feature in features.items()]
    return pa.schema(fields, metadata={"huggingface": json.dumps({"info": {"features": features}})})


def arrow_type(feature: Mapping[str, Any]) -> pa.DataType:
    """Return the Arrow type of a column, or of a struct of columns."""
    kind = feature.get("_type")
    if kind == "Value":
        return {"string": pa.string(), "int64": pa.int64(), "float64": pa.float64()}[feature["dtype"]]
    if kind == "ClassLabel":
        return pa.int64()
    if kind == "List":
        return pa.list_(arrow_type(feature["feature"]))
    return pa.struct([pa.field(name, arrow_type(part)) for name, part in feature.items()])
