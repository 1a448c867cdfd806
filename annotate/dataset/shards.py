"""A part of the articles → a Parquet file a table, and their counts, in this process or in another one.

A worker reads the files of the corpus and writes those of the dataset by itself: between processes go names and counts.

Batches in, Arrow out: (Article, Annotation) pairs → the rows of every table.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from contextlib import ExitStack
from functools import lru_cache
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
import pyarrow as pa

from annotate.columns import Documents
from annotate.corpus import Corpus
from annotate.dataset.arrow import typed
from annotate.dataset.batch import Labelled, Source
from annotate.dataset.features import arrow_schema
from annotate.dataset.redact import without_text
from annotate.dataset.statistics import Counts
from annotate.dataset.tables import tables
from annotate.dataset.tables.common import Reads, TableType
from annotate.dataset.tables.links import LinkRow
from annotate.dataset.writer import Table, TableWriter, table_file
from annotate.inventory import Inventory
from annotate.model import GOLD, Annotation, Article
from annotate.util.parallel import split_evenly, without_garbage_collection

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
        labels = Documents.from_annotations([annotation for _, annotation in batch], self._inventory)
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


BATCH = 100
"""Articles whose rows are in memory at once, in each process."""
PART = 2000
"""Most articles of one file: a row group of `articles`."""
ENOUGH = 500
"""Articles for which a process is worth its start."""


class Part(NamedTuple):
    """Articles of one split, of which it is one of so many parts, counted from 0."""

    split: str
    number: int
    of: int
    names: tuple[str, ...]


class Shard(NamedTuple):
    """The files of a part, a table each, and what was counted in it."""

    tables: tuple[Table, ...]
    counts: Counts


class Order(msgspec.Struct, frozen=True, kw_only=True):
    """What each batch is made by: the folder of the corpus, whose labels are read from it, and what `TableMaker` takes.

    Whatever is kept from batch to batch is known by the order alone: two corpora may have the same folder, one after
    the other, as `corpus` is another folder wherever the process is.
    """

    corpus: str
    annotators: tuple[str, ...]
    inventory: Inventory
    tables: tuple[str, ...] | None
    negatives: bool
    kinds: dict[str, str]
    text: bool

    def maker(self) -> TableMaker:
        return TableMaker(self.inventory, self.tables, self.negatives, self.kinds, self.text)


class ShardMaker:
    """Writes shards by one order; it can be sent to another process, which makes its tools once."""

    def __init__(self, order: Order, folder: Path) -> None:
        self._order, self._folder = msgspec.msgpack.encode(order), folder

    def __call__(self, part: Part) -> Shard:
        """Raises CannotRun for a file that cannot be read, and OSError for one that cannot be written."""
        return _tools(self._order).shard(part, self._folder)


@lru_cache(maxsize=1)
def _tools(order: bytes) -> "_Tools":
    return _Tools(msgspec.msgpack.decode(order, type=Order))


class _Tools:
    def __init__(self, order: Order) -> None:
        give_back()
        self._corpus = Corpus(order.corpus)
        self._make = order.maker()
        self._annotators, self._inventory = order.annotators, order.inventory

    def shard(self, part: Part, folder: Path) -> Shard:
        counts, names = Counts(), part.names
        with ExitStack() as open_files:
            writers = {}
            for config, table in self._make.tables.items():
                if table.reads != "links":
                    file = table_file(config, part.split, part.number, part.of)
                    writers[config] = TableWriter(folder, config, part.split, table.features, file)
                    open_files.callback(writers[config].close)
            for at in range(0, len(names), BATCH):
                with without_garbage_collection():
                    for config, rows in self._rows(part.split, names[at : at + BATCH], counts).items():
                        writers[config].add(rows)
            tables = tuple(writer.finish() for writer in writers.values())
        # What a part leaves free lies scattered, and would grow with the number of parts.
        pa.default_memory_pool().release_unused()
        return Shard(tables, counts)

    def _rows(self, split: str, names: Sequence[str], counts: Counts) -> dict[str, pa.Table]:
        articles = [self._corpus.read_article(name) for name in names]
        gold = self._source((one, self._corpus.read_annotation(GOLD, one.id)) for one in articles)
        rows = self._make.rows(gold)
        counts.add(split, gold, rows)
        if "annotations" in self._make.tables:
            everybody = (
                (article, self._corpus.find_annotation(annotator, article.id))
                for article in articles
                for annotator in self._annotators
            )
            own = self._source((article, found) for article, found in everybody if found)
            others = self._make.rows(own, "annotators")
            counts.add_rows(split, others, own.labels.meta)
            rows |= others
        return rows

    def _source(self, labelled: Iterable[tuple[Article, Annotation]]) -> Source:
        """Articles with labels of an annotator, or gold, as the tables are made from them."""
        pairs = list(labelled)
        labels = Documents.from_annotations([annotation for _, annotation in pairs], self._inventory)
        return self._make.source([article for article, _ in pairs], labels)


def give_back() -> None:
    """Let Arrow return what it no longer needs: its own pools keep what they once had, the system's does not."""
    pa.set_memory_pool(pa.system_memory_pool())


def parts(splits: Mapping[str, Sequence[str]]) -> list[Part]:
    """The articles of each split, in order, in as few parts of much the same size as hold them, whoever works; a split
    without an article has one.
    """
    found = []
    for split, names in splits.items():
        places = split_evenly(len(names), PART)
        found += [
            Part(split, number, len(places) - 1, tuple(names[first:behind]))
            for number, (first, behind) in enumerate(pairwise(places))
        ]
    return found
