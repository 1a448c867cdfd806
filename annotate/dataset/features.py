"""The types of columns, in the dict form in which Hugging Face's `datasets` keeps them; `tables` makes columns of them.

`datasets` itself is not needed, and not imported, to make them or to write the Parquet that carries them.

Class ids are those of `Inventory.classes`, which never shift.
"""

import json
from collections.abc import Iterable, Mapping
from typing import Any, get_args

import pyarrow as pa

from annotate.inventory import Attribute, Inventory
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


def numbered(names: Iterable[str]) -> dict[Any, int]:
    """Class ids by name, as `ClassLabel` counts them."""
    return {name: number for number, name in enumerate(names)}


def listed(feature: Feature) -> Feature:
    return {"feature": feature, "_type": "List"}


PLACE: Feature = {"start": INTEGER, "end": INTEGER}


def attribute_feature(inventory: Inventory, attribute: Attribute) -> Feature:
    """A choice is a ClassLabel; any attribute may be None."""
    if attribute.type == "choice":
        return classes(inventory.classes.attributes[attribute.name])
    return {"integer": INTEGER, "text": STRING}[attribute.type]


def attribute_features(inventory: Inventory, attributes: Iterable[Attribute]) -> Feature:
    return {attribute.name: attribute_feature(inventory, attribute) for attribute in attributes}


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
