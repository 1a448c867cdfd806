"""Batches in, Arrow out: (Article, Annotation) pairs → the rows of every table."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

import pyarrow as pa

from annotate.columns import Documents, gathered
from annotate.dataset.arrays import typed
from annotate.dataset.documents import Labelled, Source
from annotate.dataset.features import arrow_schema
from annotate.dataset.tables import tables
from annotate.dataset.tables.links import LinkRow
from annotate.dataset.tables.table import Reads, TableType
from annotate.dataset.without_text import without_text
from annotate.inventory import Inventory
from annotate.model import Article

__all__ = ["Labelled", "TableMaker"]


class TableMaker:
    """Rows for one inventory; made once, used for any number of batches.

    `names` chooses tables, all of them where it is None; `negatives` asks for pairs without a relation, too; `kinds`
    maps annotators to `person` or `model`; without `text`, the rows hold no words of their articles.
    """

    def __init__(
        self,
        inventory: Inventory,
        names: Collection[str] | None = None,
        negatives: bool = False,
        kinds: Mapping[str, str] | None = None,
        text: bool = True,
    ) -> None:
        self._inventory = inventory
        self._kinds = kinds or {}
        self._text = text
        self.tables = tables(inventory, names, negatives)
        self._schemas = {name: arrow_schema(table.features) for name, table in self.tables.items()}

    def __call__(self, batch: Sequence[Labelled], reads: Reads = "gold") -> dict[str, pa.Table]:
        """The rows of each table that reads such pairs, in the order of the batch and, within an article, of its text.

        The annotations must have passed the checks: a label or value that the inventory does not have is a KeyError.
        """
        labels = gathered([annotation for _, annotation in batch], self._inventory)
        return self.rows(self.source([article for article, _ in batch], labels), reads)

    def source(self, articles: Sequence[Article], labels: Documents) -> Source:
        """Articles and the annotation of each, for `rows`."""
        return Source(articles, labels, self._kinds)

    def rows(self, source: Source, reads: Reads = "gold") -> dict[str, pa.Table]:
        """The same of what has been made already."""
        return self._made(source, reads)

    def links(self, rows: Sequence[LinkRow]) -> dict[str, pa.Table]:
        """The rows of each table that reads links."""
        return self._made(rows, "links")

    def _made(self, source: Any, reads: Reads) -> dict[str, pa.Table]:
        return {name: self._table(table, source) for name, table in self.tables.items() if table.reads == reads}

    def _table(self, table: TableType, source: Any) -> pa.Table:
        columns = table.fill(source)
        arrays = [typed(columns[name], feature) for name, feature in table.features.items()]
        rows = pa.Table.from_arrays(arrays, schema=self._schemas[table.name])
        return rows if self._text else without_text(rows, table.name)
