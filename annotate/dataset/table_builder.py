"""Batches of articles and annotations in, an Arrow table of rows for each table of the dataset out."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

import pyarrow as pa

from annotate.columns import Documents
from annotate.dataset.arrow import to_array
from annotate.dataset.batch import Batch
from annotate.dataset.features import arrow_schema
from annotate.dataset.redact import without_text
from annotate.dataset.tables import select_tables
from annotate.dataset.tables.links import LinkRow
from annotate.dataset.tables.table import Reads, TableType
from annotate.inventory import Inventory
from annotate.model import Annotation, Article


class TableBuilder:
    """Builds the rows of tables for one inventory, for any number of batches.

    Args:
        inventory: The inventory.
        names: Tables to choose; None for all.
        negatives: Whether `relations` has pairs of mentions without a relation.
        kinds: `person` or `model` by annotator.
        text: Whether the rows hold words of the articles.
        altered: Ids of articles whose text is not the one that was labelled.

    Raises:
        CannotRun: A name is unknown, or names of the inventory clash.
    """

    def __init__(
        self,
        inventory: Inventory,
        names: Collection[str] | None = None,
        negatives: bool = False,
        kinds: Mapping[str, str] | None = None,
        text: bool = True,
        altered: Collection[str] = (),
    ) -> None:
        self._inventory = inventory
        self._kinds = kinds or {}
        self._text = text
        self._altered = frozenset(altered)
        self.tables = select_tables(inventory, names, negatives)
        self._schemas = {name: arrow_schema(table.features) for name, table in self.tables.items()}

    def batch(self, articles: Sequence[Article], documents: Documents) -> Batch:
        """Return a batch of articles and the annotation of each."""
        return Batch(articles, documents, self._kinds, self._altered)

    def batch_of_pairs(self, pairs: Iterable[tuple[Article, Annotation]]) -> Batch:
        """Return a batch of articles, each with an annotation of it."""
        pairs = list(pairs)
        documents = Documents.from_annotations([annotation for _, annotation in pairs], self._inventory)
        return self.batch([article for article, _ in pairs], documents)

    def build(self, batch: Batch, reads: Reads = "gold") -> dict[str, pa.Table]:
        """Return the rows of each table, in the order of the batch and, within an article, of its text.

        Args:
            batch: Articles and annotations that have passed the checks.
            reads: Which tables to build: those that are made from gold, or from every annotator's labels.

        Raises:
            KeyError: The inventory lacks a label or a value of the annotations.
        """
        return self._build(batch, reads)

    def build_links(self, rows: Sequence[LinkRow]) -> dict[str, pa.Table]:
        """Return the rows of each table that is made from links."""
        return self._build(rows, "links")

    def _build(self, source: Any, reads: Reads) -> dict[str, pa.Table]:
        return {name: self._rows(table, source) for name, table in self.tables.items() if table.reads == reads}

    def _rows(self, table: TableType, source: Any) -> pa.Table:
        columns = table.fill(source)
        arrays = [to_array(columns[name], feature) for name, feature in table.features.items()]
        rows = pa.Table.from_arrays(arrays, schema=self._schemas[table.name])
        return rows if self._text else without_text(rows, table.name, self._inventory)
