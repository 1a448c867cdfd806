"""The tables of the dataset, in order; a file a table."""

from collections.abc import Collection, Iterator

from annotate.dataset.features import Feature
from annotate.dataset.tables.annotations import annotations
from annotate.dataset.tables.articles import articles
from annotate.dataset.tables.common import TableType
from annotate.dataset.tables.links import links
from annotate.dataset.tables.records import record
from annotate.dataset.tables.relations import relations
from annotate.dataset.tables.tokens import tokens
from annotate.errors import CannotRun
from annotate.inventory import INVENTORY_FILE, Inventory


def tables(inventory: Inventory, names: Collection[str] | None = None, negatives: bool = False) -> dict[str, TableType]:
    """Every table of an inventory by name, or those that are named.

    Raises CannotRun for a name that no table has, and where names of the inventory clash with those that are always
    there.
    """
    found: dict[str, TableType] = {}
    for table in _all(inventory, negatives):
        if table.name in found:
            raise CannotRun(
                INVENTORY_FILE, f"records.{table.name}: another table is called so", "give the record another name"
            )
        found[table.name] = table
    for name in names or ():
        if name not in found:
            raise CannotRun(name, "is no table", f"use one of: {', '.join(found)}")
    return found if names is None else {name: table for name, table in found.items() if name in names}


def _all(inventory: Inventory, negatives: bool) -> Iterator[TableType]:
    yield articles(inventory)
    yield annotations(inventory)
    yield tokens(inventory)
    yield relations(inventory, negatives)
    yield links()
    for type_ in inventory.records.values():
        yield record(inventory, type_)


def configs(inventory: Inventory) -> dict[str, Feature]:
    """The columns of each table."""
    return {name: table.features for name, table in tables(inventory).items()}
