"""List what becomes of the dataset's columns when the inventory changes."""

from collections.abc import Iterator
from typing import Any

from annotate.class_ids import NONE
from annotate.comparison.model import ColumnChange
from annotate.inventory import Inventory


def list_column_changes(old: Inventory, new: Inventory) -> list[ColumnChange]:
    """List the columns that are added, removed, of another type, or with other classes.

    Args:
        old: The inventory of the old version.
        new: The inventory of the new version.

    Returns:
        The changes by table, then in the order of its columns.

    Raises:
        CannotRun: An inventory makes no tables: names clash, or a class has no id.
    """
    before, after = _list_columns(old), _list_columns(new)
    return [change for name in dict.fromkeys((*before, *after)) for change in _compare_column(name, before, after)]


def _list_columns(inventory: Inventory) -> dict[str, Any]:
    """Return the columns of an inventory's tables, with the class ids that its version had."""
    # Most versions have equal inventories: only a changed one needs pyarrow.
    from annotate.dataset.tables import table_features
    from annotate.dataset.tables.common import GRAPH_COLUMNS

    tables, committed = table_features(inventory), inventory.committed_class_ids
    columns = dict(_list_leaves("", tables))
    if committed and NONE not in committed.relations:  # before 0.2.0, only the table `relations` had it
        graphs = (name for name in tables if tables[name].keys() >= GRAPH_COLUMNS.keys())
        columns |= {f"{name}.relations[].label": list(committed.relations) for name in graphs}
    return columns


def _list_leaves(path: str, feature: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    """Yield each column that holds values: its path, with `[]` for a list, and its type, or names for a ClassLabel."""
    kind = feature.get("_type")
    if kind == "List":
        yield from _list_leaves(f"{path}[]", feature["feature"])
    elif kind == "ClassLabel":
        yield path, feature["names"]
    elif kind == "Value":
        yield path, feature["dtype"]
    else:
        for name, part in feature.items():
            yield from _list_leaves(f"{path}.{name}" if path else name, part)


def _compare_column(name: str, before: dict[str, Any], after: dict[str, Any]) -> Iterator[ColumnChange]:
    old, new = before.get(name), after.get(name)
    if old is None:
        yield ColumnChange(kind="added", column=name, new=_type_name(new))
    elif new is None:
        yield ColumnChange(kind="removed", column=name, old=_type_name(old))
    elif isinstance(old, list) and isinstance(new, list):
        if new[: len(old)] != old:
            yield ColumnChange(kind="shifted", column=name, old=", ".join(old), new=", ".join(new))
        elif new != old:
            yield ColumnChange(kind="extended", column=name, new=", ".join(new[len(old) :]))
    elif old != new:
        yield ColumnChange(kind="retyped", column=name, old=_type_name(old), new=_type_name(new))


def _type_name(type_: Any) -> str:
    return "ClassLabel" if isinstance(type_, list) else str(type_)
