"""What no converter can leave out: the columns of `articles`, with nothing looked at, and the files of six tables."""

import tempfile
from functools import cache
from itertools import accumulate
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from annotate import inventory
from annotate.convert.options import ConversionOptions
from annotate.convert.pool import local_pool
from annotate.convert.reader import ExportedTask
from annotate.convert.run import convert_exports
from annotate.convert.shard import SPLIT
from annotate.dataset.tables import table_features
from annotate.dataset.writer import TableWriter
from annotate.inventory import Inventory
from annotate.labelstudio.results_fast import FastChoice, FastRegion, FastRelation
from benchmarks.exports import write

SCHEMA = Path(__file__).resolve().parent.parent / "tests" / "base" / "schema"


SHARD_TASKS = 550
"""Tasks of the rows that are written again and again, about as many as a shard of the default size has."""


class ShardRows(NamedTuple):
    """The rows of each table that were made of some tasks."""

    tables: dict[str, pa.Table]
    tasks: int

    def write(self, folder: Path, number: int, tasks: int) -> None:
        """Write as many of the rows as so many tasks have: Parquet, its SHA-256 and the hash of its values."""
        for name, rows in self.tables.items():
            writer = TableWriter(folder, name, SPLIT, _features()[name], f"{name}-{number}.parquet")
            writer.add(rows[: len(rows) * tasks // self.tasks])
            writer.finish()


@cache
def shard_rows() -> ShardRows:
    """The rows of all six tables, converted once, before the clock starts."""
    with tempfile.TemporaryDirectory() as name:
        path, out = Path(name) / "export.json", Path(name) / "out"
        write(path, SHARD_TASKS)
        options = ConversionOptions((str(path),), str(out), inventory.load_inventory(SCHEMA), shard_size=1 << 30)
        tables = convert_exports(options, local_pool(1)).manifest.tables
        rows = {table.config: pq.read_table(next(out.glob(table.file))).combine_chunks() for table in tables}
        return ShardRows(rows, SHARD_TASKS)


@cache
def _features() -> dict[str, Any]:
    return table_features(inventory.load_inventory(SCHEMA))


def columns(tasks: list[ExportedTask], labels: Inventory, schema: pa.Schema) -> list[pa.Array]:
    """The arrays of `schema`, in its order; the hash of the text and the source are left empty."""
    span_ids = {name: number for number, name in enumerate(labels.spans)}
    relation_ids = {name: number for number, name in enumerate(labels.relations)}
    choices = {
        attribute.name: {value: number for number, value in enumerate(attribute.values)}
        for attribute in labels.attributes.values()
    }
    spans: dict[str, list[Any]] = {name: [] for name in ("id", "label", "start", "end", "text")}
    given: dict[str, tuple[list[int], list[int]]] = {name: ([], []) for name in labels.attributes}
    relations: dict[str, list[Any]] = {name: [] for name in ("label", "head", "tail", "head_id", "tail_id")}
    span_counts, relation_counts = [0], [0]
    for task in tasks:
        items = task.annotations[0].result
        regions = [item for item in items if type(item) is FastRegion]
        arrows = [item for item in items if type(item) is FastRelation]
        ids = [region.id for region in regions]
        place = {id_: number for number, id_ in enumerate(ids)}
        base = len(spans["id"])
        spans["id"] += ids
        spans["label"] += [span_ids[region.value.labels[0]] for region in regions]
        spans["start"] += [region.value.start for region in regions]
        spans["end"] += [region.value.end for region in regions]
        spans["text"] += [region.value.text for region in regions]
        relations["label"] += [relation_ids[arrow.labels[0]] for arrow in arrows]
        relations["head"] += [place[arrow.from_id] for arrow in arrows]
        relations["tail"] += [place[arrow.to_id] for arrow in arrows]
        relations["head_id"] += [arrow.from_id for arrow in arrows]
        relations["tail_id"] += [arrow.to_id for arrow in arrows]
        for item in items:
            if type(item) is FastChoice:
                name = item.from_name.partition(".")[2]
                given[name][0].append(base + place[item.id])
                given[name][1].append(choices[name][item.value.content[0]])
        span_counts.append(len(regions))
        relation_counts.append(len(arrows))
    known = {
        "id": [task.data["article"] for task in tasks],
        "title": [task.data["title"] for task in tasks],
        "language": [task.data["language"] for task in tasks],
        "text": [task.data["text"] for task in tasks],
        "annotator": [f"user-{task.annotations[0].completed_by}" for task in tasks],
        "process": [0] * len(tasks),
        "inventory": [labels.version] * len(tasks),
    }
    values = {name: _spread(*one, len(spans["id"])) for name, one in given.items()}
    nested = {
        "spans": _listed(schema.field("spans").type, span_counts, {**spans, "attributes": values}),
        "relations": _listed(schema.field("relations").type, relation_counts, relations),
    }
    return [
        nested[field.name] if field.name in nested else pa.array(known.get(field.name, [None] * len(tasks)), field.type)
        for field in schema
    ]


def _spread(places: list[int], values: list[int], size: int) -> pa.Array:
    filled, missing = np.zeros(size, np.int64), np.ones(size, np.bool_)
    filled[places], missing[places] = values, False
    return pa.array(filled, mask=missing)


def _listed(type_: Any, counts: list[int], inner: dict[str, Any]) -> pa.Array:
    offsets = pa.array(list(accumulate(counts)), pa.int32())
    return pa.ListArray.from_arrays(offsets, _struct(type_.value_type, inner), type=type_)


def _struct(type_: Any, inner: dict[str, Any]) -> pa.Array:
    length = max(len(column) for column in inner.values() if not isinstance(column, dict))
    arrays = []
    for field in type_:
        column = inner.get(field.name)
        if isinstance(column, dict):
            arrays.append(_struct(field.type, column))
        elif column is None:
            arrays.append(pa.nulls(length, field.type))
        else:
            arrays.append(column.cast(field.type) if isinstance(column, pa.Array) else pa.array(column, field.type))
    return pa.StructArray.from_arrays(arrays, fields=list(type_))
