"""Batches in, Arrow out: (Article, Annotation) pairs → the rows of every table."""

from collections.abc import Collection, Mapping, Sequence

import pyarrow as pa

from annotate.columns import Documents, gathered
from annotate.dataset.arrays import typed
from annotate.dataset.documents import Labelled, Source
from annotate.dataset.features import arrow_schema
from annotate.dataset.plans import arrays
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
        made = {}
        for name, table in self.tables.items():
            if table.reads == reads:
                made[name] = self._table(name, self._columns(table, source))
        return made

    def links(self, rows: Sequence[LinkRow]) -> dict[str, pa.Table]:
        """The rows of each table that reads links."""
        made = {}
        for name, table in self.tables.items():
            if table.reads == "links":
                made[name] = self._table(name, arrays(table.features, table.plan, list(rows)))
        return made

    def _columns(self, table: TableType, source: Source) -> list[pa.Array]:
        if table.fill:
            columns = table.fill(source)
            return [typed(columns[name], feature) for name, feature in table.features.items()]
        items = [item for document in source.documents for item in table.items(document)]
        return arrays(table.features, table.plan, items)

    def _table(self, name: str, columns: list[pa.Array]) -> pa.Table:
        rows = pa.Table.from_arrays(columns, schema=self._schemas[name])
        return rows if self._text else without_text(rows)
