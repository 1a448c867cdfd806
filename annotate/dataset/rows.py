"""Batches in, Arrow out: (Article, Annotation) pairs → the rows of every table."""

from collections.abc import Collection, Mapping, Sequence

import pyarrow as pa

from annotate.dataset.documents import Document, Labelled
from annotate.dataset.features import arrow_schema
from annotate.dataset.mentions import Mentions
from annotate.dataset.plans import arrays
from annotate.dataset.tables import tables
from annotate.dataset.tables.links import LinkRow
from annotate.dataset.tables.table import Reads
from annotate.dataset.without_text import without_text
from annotate.inventory import Inventory

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
        kinds = self._kinds
        documents = [Document(article, made, self._inventory, kinds.get(made.annotator)) for article, made in batch]
        shown = any(callable(table.plan) for table in self.tables.values() if table.reads == reads)
        return self._made(documents, reads, Mentions(documents if shown else (), self._inventory))

    def links(self, rows: Sequence[LinkRow]) -> dict[str, pa.Table]:
        """The rows of each table that reads links."""
        return self._made(rows, "links", Mentions((), self._inventory))

    def _made(self, sources: Sequence[Document | LinkRow], reads: Reads, mentions: Mentions) -> dict[str, pa.Table]:
        made = {}
        for name, table in self.tables.items():
            if table.reads == reads:
                items = [item for source in sources for item in table.items(source)]
                plan = table.plan(mentions) if callable(table.plan) else table.plan
                rows = pa.Table.from_arrays(arrays(table.features, plan, items), schema=self._schemas[name])
                made[name] = rows if self._text else without_text(rows)
        return made
