"""The class ids of an existing dataset: a build must not give an id to another name."""

import json
from collections.abc import Iterator, Mapping
from itertools import zip_longest
from pathlib import Path

from annotate.class_ids import CLASS_IDS_FILE, NONE
from annotate.dataset.features import Feature
from annotate.dataset.folder import read_manifest
from annotate.dataset.tables.table import TableType
from annotate.errors import Refused
from annotate.util.escape import quote
from annotate.util.parquet import BrokenParquet, read_metadata


def require_stable_class_ids(out: Path, tables: Mapping[str, TableType]) -> None:
    """Check that every class of the dataset in `out` keeps its id.

    Nothing is checked where `out` has no dataset of ours. Tables and columns that are new, removed, or of another type
    have no ids to keep.

    Raises:
        Refused: An id would go to another name, or to none.
    """
    manifest = read_manifest(out)
    for table in manifest.tables if manifest else ():
        if table.config not in tables:
            continue
        new_classes = dict(list_class_columns(tables[table.config].features))
        for column, old_names in _stored_classes(out / table.file, out):
            for class_id, (old, new) in enumerate(zip_longest(old_names, new_classes.get(column, old_names))):
                if old is not None and old != new:
                    if new == NONE and NONE not in old_names:
                        problem = f"{column} lacks the class {quote(NONE)}, which is class 0 of relations since 0.2.0"
                        hint = f"delete {out} if it belongs to no release, or choose another folder with --out"
                        raise Refused(out / table.file, problem, f"{hint}; nothing was written")
                    change = (
                        f"calls class {class_id} {quote(old)}, and would call it {quote(new) if new else 'nothing'}"
                    )
                    hint = (
                        f"delete {out} if it belongs to no release, or fix {CLASS_IDS_FILE}, or choose another folder"
                    )
                    raise Refused(out / table.file, f"{column} {change}", f"{hint} with --out; nothing was written")


def _stored_classes(file: Path, folder: Path) -> list[tuple[str, list[str]]]:
    """Return the classes in a Parquet file of a dataset folder; none if it cannot be read: it is to be replaced."""
    try:
        metadata = read_metadata(file, within=folder)
        features = json.loads(metadata.get(b"huggingface", b'{"info": {"features": {}}}'))["info"]["features"]
        return [(column, names) for column, names in list_class_columns(features) if isinstance(names, list)]
    except (BrokenParquet, OSError, ValueError, LookupError, TypeError, AttributeError, RecursionError):
        return []


def list_class_columns(struct: Feature, prefix: str = "") -> Iterator[tuple[str, list[str]]]:
    """Yield the path of each column of classes, and their names in the order of their ids."""
    for name, feature in struct.items():
        path = f"{prefix}{name}"
        while feature.get("_type") == "List":
            feature, path = feature["feature"], f"{path}[]"
        if feature.get("_type") == "ClassLabel":
            yield path, feature["names"]
        elif "_type" not in feature:
            yield from list_class_columns(feature, f"{path}.")
