"""Batches of articles and annotations in, an Arrow table of rows for each table of the dataset out."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
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
from annotate.model import Annotation, Annotator, Article


class TableBuilder:
    """Builds the rows of tables for one inventory, for any number of batches.

    Args:
        inventory: The inventory.
        names: Tables to choose; None for all.
        negatives: Whether `relations` has pairs of mentions without a relation.
        annotators: What is known of the annotators, by pseudonym.
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
        annotators: Mapping[str, Annotator] | None = None,
        text: bool = True,
        altered: Collection[str] = (),
    ) -> None:
        self._inventory = inventory
        self._annotators = annotators or {}
        self._text = text
        self._altered = frozenset(altered)
        self.tables = select_tables(inventory, names, negatives)
        self._schemas = {name: arrow_schema(table.features) for name, table in self.tables.items()}

    def batch(self, articles: Sequence[Article], documents: Documents) -> Batch:
        """Return a batch of articles and the annotation of each."""
        return Batch(articles, documents, self._annotators, self._altered)

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
        return {name: pa.concat_tables(self._list_parts(table, batch)) for name, table in self._select(reads)}

    def build_parts(self, batch: Batch, reads: Reads = "gold") -> Iterator[tuple[str, pa.Table]]:
        """Yield the rows of each table in parts that fit into memory: the same rows as those of `build`.

        Args:
            batch: As for `build`.
            reads: As for `build`.

        Yields:
            The name of a table and some of its rows; at least once for each table.

        Raises:
            KeyError: As for `build`.
        """
        return ((name, part) for name, table in self._select(reads) for part in self._list_parts(table, batch))

    def build_links(self, rows: Sequence[LinkRow]) -> dict[str, pa.Table]:
        """Return the rows of each table that is made from links."""
        return {name: self._rows(table, rows) for name, table in self._select("links")}

    def _select(self, reads: Reads) -> Iterator[tuple[str, TableType]]:
        return ((name, table) for name, table in self.tables.items() if table.reads == reads)

    def _list_parts(self, table: TableType, batch: Batch) -> Iterator[pa.Table]:
        return (self._rows(table, source) for source in (table.cut(batch) if table.cut else [batch]))

    def _rows(self, table: TableType, source: Any) -> pa.Table:
        columns = table.fill(source)
        arrays = [to_array(columns[name], feature) for name, feature in table.features.items()]
        rows = pa.Table.from_arrays(arrays, schema=self._schemas[table.name])
        return rows if self._text else without_text(rows, table.name, self._inventory)
