"""The articles of a split, divided into parts, and each part written as a Parquet file a table.

A part is the work of one process, which reads the files of the corpus and writes those of the dataset itself: only
names and counts go from process to process.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from functools import lru_cache
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

import msgspec
import pyarrow as pa

from annotate.corpus import Corpus
from annotate.dataset.batch import Batch
from annotate.dataset.statistics import Counts
from annotate.dataset.table_builder import TableBuilder
from annotate.dataset.writer import TableFile, TableWriter, table_file
from annotate.inventory import Inventory
from annotate.model import GOLD, Annotation, Annotator, Article
from annotate.passes import LeftOutPass
from annotate.util.parallel import split_evenly, without_garbage_collection

BATCH = 100
"""Articles whose rows are in memory at once, in each process."""
PART = 2000
"""Most articles of one file: a row group of `articles`."""
ENOUGH = 500
"""Articles for which starting a process pays."""


class Part(NamedTuple):
    """Some articles of a split.

    Attributes:
        split: Name of the split.
        number: Number of the part, from 0.
        of: Number of parts of the split.
        article_ids: The articles, in order.
    """

    split: str
    number: int
    of: int
    article_ids: tuple[str, ...]


class Shard(NamedTuple):
    """The files of a part, a table each, and what was counted in it."""

    tables: tuple[TableFile, ...]
    counts: Counts


class Order(msgspec.Struct, frozen=True, kw_only=True):
    """What a process needs to write shards: the folder of the corpus, and the arguments of `TableBuilder`.

    A process keeps its tools from part to part, and recognises them by the whole order: two corpora may have the same
    folder, since `corpus` is another folder wherever the process is.
    """

    corpus: str
    annotators: tuple[str, ...]
    inventory: Inventory
    tables: tuple[str, ...] | None
    negatives: bool
    annotator_entries: dict[str, Annotator]
    text: bool
    altered: tuple[str, ...] = ()
    left_out: tuple[LeftOutPass, ...] = ()

    def table_builder(self) -> TableBuilder:
        """Return the builder that this order describes."""
        return TableBuilder(
            self.inventory, self.tables, self.negatives, self.annotator_entries, self.text, self.altered
        )


class ShardWriter:
    """Writes shards by one order; can be sent to another process, which sets up its tools once."""

    def __init__(self, order: Order, folder: Path) -> None:
        self._order, self._folder = msgspec.msgpack.encode(order), folder

    def __call__(self, part: Part) -> Shard:
        """Write a part.

        Raises:
            CannotRun: A file of the corpus cannot be read.
            OSError: A file of the dataset cannot be written.
        """
        return _tools(self._order).write(part, self._folder)


@lru_cache(maxsize=1)
def _tools(order: bytes) -> "_Tools":
    return _Tools(msgspec.msgpack.decode(order, type=Order))


class _Tools:
    def __init__(self, order: Order) -> None:
        use_system_memory_pool()
        self._corpus = Corpus(order.corpus)
        self._builder = order.table_builder()
        self._annotators = order.annotators
        self._left_out = {(each.annotator, each.article) for each in order.left_out}

    def write(self, part: Part, folder: Path) -> Shard:
        counts, article_ids = Counts(), part.article_ids
        with ExitStack() as open_files:
            writers = {}
            for config, table in self._builder.tables.items():
                if table.reads != "links":
                    file = table_file(config, part.split, part.number, part.of)
                    writers[config] = TableWriter(folder, config, part.split, table.features, file)
                    open_files.callback(writers[config].close)
            for first in range(0, len(article_ids), BATCH):
                with without_garbage_collection():
                    for config, rows in self._list_rows(part.split, article_ids[first : first + BATCH], counts):
                        writers[config].add(rows)
            tables = tuple(writer.finish() for writer in writers.values())
        # The memory that a part frees is fragmented, and would grow with the number of parts.
        pa.default_memory_pool().release_unused()
        return Shard(tables, counts)

    def _list_rows(self, split: str, article_ids: Sequence[str], counts: Counts) -> Iterator[tuple[str, pa.Table]]:
        """Yield the rows of each table in parts, and count them."""
        articles = [self._corpus.read_article(article_id) for article_id in article_ids]
        gold = self._gold(articles)
        counts.add(split, gold, {})
        for config, rows in self._builder.build_parts(gold):
            counts.add_rows(split, {config: rows})
            yield config, rows
        if "annotations" in self._builder.tables:
            own = self._builder.batch_of_pairs(self._own_labels(articles))
            counts.add_rows(split, {}, own.documents.meta)
            for config, rows in self._builder.build_parts(own, "annotators"):
                counts.add_rows(split, {config: rows})
                yield config, rows

    def _gold(self, articles: Sequence[Article]) -> Batch:
        return self._builder.batch_of_pairs((article, self._find_labels(article.id)) for article in articles)

    def _find_labels(self, article_id: str) -> Annotation:
        """Return gold, or the labels of the one annotator of an article in a corpus without gold."""
        sets = (name for name in self._annotators if self._corpus.annotation_path(name, article_id).is_file())
        gold = self._corpus.find_annotation(GOLD, article_id)
        return gold or self._corpus.read_annotation(next(sets), article_id)

    def _own_labels(self, articles: Sequence[Article]) -> Iterator[tuple[Article, Annotation]]:
        for article in articles:
            for annotator in self._annotators:
                if (annotator, article.id) in self._left_out:
                    continue
                annotation = self._corpus.find_annotation(annotator, article.id)
                if annotation:
                    yield article, annotation


def use_system_memory_pool() -> None:
    """Let Arrow return memory that it no longer needs: its own pools keep it, the system's does not."""
    pa.set_memory_pool(pa.system_memory_pool())


def divide(splits: Mapping[str, Sequence[str]]) -> list[Part]:
    """Divide the articles of each split, in order, into as few parts of about the same size as hold them.

    A split without an article has one part. The number of processes has no influence.
    """
    parts = []
    for split, article_ids in splits.items():
        cuts = split_evenly(len(article_ids), PART)
        parts += [
            Part(split, number, len(cuts) - 1, tuple(article_ids[first:stop]))
            for number, (first, stop) in enumerate(pairwise(cuts))
        ]
    return parts
