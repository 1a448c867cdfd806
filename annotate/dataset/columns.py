"""Columns in words, for the card and for croissant.json."""

from collections.abc import Iterator

from annotate.dataset.features import Feature
from annotate.dataset.tables.table import TableType


def described(table: TableType) -> Iterator[tuple[str, str, str]]:
    """Name, type and meaning of each column of a table."""
    for name, feature in table.features.items():
        yield name, type_name(feature), table.columns[name]


def type_name(feature: Feature) -> str:
    """The type of a column, short enough for a table."""
    kind = feature.get("_type")
    if kind == "Value":
        return str(feature["dtype"])
    if kind == "ClassLabel":
        return f"ClassLabel ({len(feature['names'])})"
    if kind == "List":
        return f"List of {type_name(feature['feature'])}"
    return "struct"
