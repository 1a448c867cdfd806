"""What becomes of the dataset's columns when the inventory changes."""

from collections.abc import Iterator
from typing import Any

from annotate.diff.model import ColumnChange
from annotate.inventory import Inventory


def changes(old: Inventory, new: Inventory) -> list[ColumnChange]:
    """Columns added, removed, of another type, or with other classes; by table, then in their order there.

    Raises CannotRun where an inventory makes no tables: names that clash, or a class without an id.
    """
    from annotate.dataset.tables import configs

    before, after = (dict(_leaves("", configs(inventory))) for inventory in (old, new))
    return [change for name in dict.fromkeys((*before, *after)) for change in _changed(name, before, after)]


def _leaves(path: str, feature: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    """Each column that holds values, by its path, `[]` for what is in a list; ClassLabels with their names."""
    kind = feature.get("_type")
    if kind == "List":
        yield from _leaves(f"{path}[]", feature["feature"])
    elif kind == "ClassLabel":
        yield path, feature["names"]
    elif kind == "Value":
        yield path, feature["dtype"]
    else:
        for name, part in feature.items():
            yield from _leaves(f"{path}.{name}" if path else name, part)


def _changed(name: str, before: dict[str, Any], after: dict[str, Any]) -> Iterator[ColumnChange]:
    old, new = before.get(name), after.get(name)
    if old is None:
        yield ColumnChange(kind="added", column=name, new=_shown(new))
    elif new is None:
        yield ColumnChange(kind="removed", column=name, old=_shown(old))
    elif isinstance(old, list) and isinstance(new, list):
        if new[: len(old)] != old:
            yield ColumnChange(kind="shifted", column=name, old=", ".join(old), new=", ".join(new))
        elif new != old:
            yield ColumnChange(kind="extended", column=name, new=", ".join(new[len(old) :]))
    elif old != new:
        yield ColumnChange(kind="retyped", column=name, old=_shown(old), new=_shown(new))


def _shown(type_: Any) -> str:
    return "ClassLabel" if isinstance(type_, list) else str(type_)
