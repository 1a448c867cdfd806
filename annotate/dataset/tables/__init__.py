"""The tables of the dataset, in their order; a file a table."""

from collections.abc import Collection, Iterator

from annotate.dataset.features import Feature
from annotate.dataset.tables.annotations import annotations_table
from annotate.dataset.tables.articles import articles_table
from annotate.dataset.tables.links import links_table
from annotate.dataset.tables.records import records_table
from annotate.dataset.tables.relations import relations_table
from annotate.dataset.tables.table import TableType
from annotate.dataset.tables.tokens import tokens_table
from annotate.errors import CannotRun
from annotate.inventory import INVENTORY_FILE, Inventory


def select_tables(
    inventory: Inventory, names: Collection[str] | None = None, negatives: bool = False
) -> dict[str, TableType]:
    """Return the tables of an inventory by name, in their order.

    Args:
        inventory: The inventory.
        names: Tables to choose; None for all.
        negatives: Whether `relations` has pairs of mentions without a relation.

    Raises:
        CannotRun: A name is unknown, or a record of the inventory has the name of another table.
    """
    tables: dict[str, TableType] = {}
    for table in _all_tables(inventory, negatives):
        if table.name in tables:
            raise CannotRun(
                INVENTORY_FILE, f"records.{table.name}: another table has this name", "give the record another name"
            )
        tables[table.name] = table
    for name in names or ():
        if name not in tables:
            raise CannotRun(name, "unknown table", f"choose from: {', '.join(tables)}")
    return tables if names is None else {name: table for name, table in tables.items() if name in names}


def _all_tables(inventory: Inventory, negatives: bool) -> Iterator[TableType]:
    yield articles_table(inventory)
    yield annotations_table(inventory)
    yield tokens_table(inventory)
    yield relations_table(inventory, negatives)
    yield links_table()
    for type_ in inventory.records.values():
        yield records_table(inventory, type_)


def table_features(inventory: Inventory) -> dict[str, Feature]:
    """Return the columns of each table of an inventory."""
    return {name: table.features for name, table in select_tables(inventory).items()}
