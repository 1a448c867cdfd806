"""The types of columns, in the dict form in which Hugging Face's `datasets` keeps them; `tables` makes columns of them.

`datasets` itself is not needed, and not imported, to make them or to write the Parquet that carries them.

Class ids are positions: a label or value has the number of its place in `labels.yaml`. So that an id means the same in
every version of the inventory, new labels and values go to the end of their list, and none is taken out or moved: that
needs a new major version of the inventory.
"""

import json
from collections.abc import Iterable, Mapping
from typing import Any, get_args

import pyarrow as pa

from annotate.inventory import Attribute
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


def attribute_feature(attribute: Attribute) -> Feature:
    """A choice is a ClassLabel; any attribute may be None."""
    return {"choice": classes(attribute.values), "integer": INTEGER, "text": STRING}[attribute.type]


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
