"""Class ids of a dataset that is there, against those that a build would give: a number once given keeps its name."""

import json
from collections.abc import Iterator, Mapping
from itertools import zip_longest
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from annotate.classes import FILE
from annotate.dataset.features import Feature
from annotate.dataset.tables.table import TableType
from annotate.dataset.writer import read_manifest
from annotate.errors import Refused


def hold_ids(out: Path, tables: Mapping[str, TableType]) -> None:
    """Raises Refused at the first class whose id the dataset in `out` gives to another name, or that it alone has.

    Nothing is held where `out` has no dataset of ours. A table or column that is new, gone or of another type is no
    matter of ids.
    """
    manifest = read_manifest(out)
    for table in manifest.tables if manifest else ():
        if table.config not in tables:
            continue
        now = dict(_classes(tables[table.config].features))
        for column, before in _classes(_features(out / table.file)):
            for number, (old, new) in enumerate(zip_longest(before, now.get(column, before))):
                if old is not None and old != new:
                    raise Refused(
                        out / table.file,
                        f"{column} calls class {number} {old!r}, and would call it {repr(new) if new else 'nothing'}",
                        f"mend {FILE}, or choose another folder with --out; nothing was written",
                    )


def _features(file: Path) -> Feature:
    """The features that a Parquet file of ours carries; none where it cannot be read, as it is to be replaced."""
    try:
        metadata = pq.read_schema(file).metadata or {}
    except (OSError, pa.ArrowInvalid):
        return {}
    features: Feature = json.loads(metadata.get(b"huggingface", b'{"info": {"features": {}}}'))["info"]["features"]
    return features


def _classes(struct: Feature, path: str = "") -> Iterator[tuple[str, list[str]]]:
    """The path of each column of classes, and their names in the order of their ids."""
    for name, feature in struct.items():
        place = f"{path}{name}"
        while feature.get("_type") == "List":
            feature, place = feature["feature"], f"{place}[]"
        if feature.get("_type") == "ClassLabel":
            yield place, feature["names"]
        elif "_type" not in feature:
            yield from _classes(feature, f"{place}.")
