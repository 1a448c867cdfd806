"""The columns of the table `articles` from decoded tasks, with nothing looked at: what no converter can leave out."""

from itertools import accumulate
from typing import Any

import pyarrow as pa

from annotate.bulk.reader import Task
from annotate.inventory import Inventory


def columns(tasks: list[Task], labels: Inventory, schema: pa.Schema) -> list[pa.Array]:
    """The arrays of `schema`, in its order; the hash of the text and the source are left empty."""
    span_ids = {name: number for number, name in enumerate(labels.spans)}
    relation_ids = {name: number for number, name in enumerate(labels.relations)}
    choices = {
        attribute.name: {value: number for number, value in enumerate(attribute.values)}
        for attribute in labels.attributes.values()
    }
    spans: dict[str, list[Any]] = {name: [] for name in ("id", "label", "start", "end", "text")}
    values: dict[str, list[Any]] = {name: [] for name in labels.attributes}
    relations: dict[str, list[Any]] = {name: [] for name in ("label", "head", "tail", "head_id", "tail_id")}
    span_counts, relation_counts = [0], [0]
    for task in tasks:
        items = task.annotations[0].result
        place: dict[str, int] = {}
        base = len(spans["id"])
        for item in items:
            value = item.value
            if value is None:
                relations["label"].append(relation_ids[item.labels[0]])  # type: ignore[index]
                relations["head"].append(place[item.from_id])
                relations["tail"].append(place[item.to_id])
                relations["head_id"].append(item.from_id)
                relations["tail_id"].append(item.to_id)
            elif value.labels:
                place[item.id] = len(place)
                spans["id"].append(item.id)
                spans["label"].append(span_ids[value.labels[0]])
                spans["start"].append(value.start)
                spans["end"].append(value.end)
                spans["text"].append(value.text)
                for column in values.values():
                    column.append(None)
            elif value.choices:
                name = item.from_name.partition(".")[2]
                values[name][base + place[item.id]] = choices[name][value.choices[0]]
        span_counts.append(len(place))
        relation_counts.append(len(items) - sum(1 for item in items if item.value is not None))
    known = {
        "id": [task.data["article"] for task in tasks],
        "title": [task.data["title"] for task in tasks],
        "language": [task.data["language"] for task in tasks],
        "text": [task.data["text"] for task in tasks],
        "annotator": [f"user-{task.annotations[0].completed_by}" for task in tasks],
        "process": [0] * len(tasks),
        "inventory": [labels.version] * len(tasks),
    }
    nested = {
        "spans": _listed(schema.field("spans").type, span_counts, {**spans, "attributes": values}),
        "relations": _listed(schema.field("relations").type, relation_counts, relations),
    }
    return [
        nested[field.name] if field.name in nested else pa.array(known.get(field.name, [None] * len(tasks)), field.type)
        for field in schema
    ]


def _listed(type_: Any, counts: list[int], inner: dict[str, Any]) -> pa.Array:
    offsets = pa.array(list(accumulate(counts)), pa.int32())
    return pa.ListArray.from_arrays(offsets, _struct(type_.value_type, inner), type=type_)


def _struct(type_: Any, inner: dict[str, Any]) -> pa.Array:
    length = max(len(column) for column in inner.values() if isinstance(column, list))
    arrays = [
        _struct(field.type, inner[field.name])
        if isinstance(inner.get(field.name), dict)
        else pa.array(inner.get(field.name, [None] * length), field.type)
        for field in type_
    ]
    return pa.StructArray.from_arrays(arrays, fields=list(type_))
