"""A batch of article ids → the rows of every table and their counts, on this process or on another one.

A worker reads the files of the corpus itself; what comes back are Arrow tables, which the main process only writes.
"""

from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from typing import NamedTuple

import msgspec
import pyarrow as pa

from annotate.columns import gathered
from annotate.dataset.counts import Counts
from annotate.dataset.documents import Source
from annotate.dataset.rows import TableMaker
from annotate.executors import no_collections
from annotate.inventory import Inventory
from annotate.model import GOLD, Article
from annotate.store import Corpus

BATCH = 100
"""Articles whose rows are in memory at once, in each process."""


class Batch(NamedTuple):
    """Articles of one split."""

    split: str
    names: tuple[str, ...]


class Made(NamedTuple):
    """The rows of a batch, by table, and what was counted in it."""

    tables: dict[str, pa.Table]
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


class BatchMaker:
    """Makes batches by one order; it can be sent to another process, which makes its tools once."""

    def __init__(self, order: Order) -> None:
        self._order = msgspec.msgpack.encode(order)

    def __call__(self, batch: Batch) -> Made:
        """Raises CannotRun for a file that cannot be read."""
        with no_collections():
            return _tools(self._order).made(batch)


@lru_cache(maxsize=1)
def _tools(order: bytes) -> "_Tools":
    return _Tools(msgspec.msgpack.decode(order, type=Order))


class _Tools:
    def __init__(self, order: Order) -> None:
        give_back()
        self._corpus = Corpus(order.corpus)
        self._make = order.maker()
        self._annotators, self._inventory = order.annotators, order.inventory

    def made(self, batch: Batch) -> Made:
        articles = [self._corpus.read_article(name) for name in batch.names]
        gold = self._source((one, GOLD) for one in articles)
        rows, counts = self._make.rows(gold), Counts()
        counts.add(batch.split, gold, rows)
        if "annotations" in self._make.tables:
            own = self._make.rows(
                self._source(
                    (article, annotator)
                    for article in articles
                    for annotator in self._annotators
                    if self._corpus.annotation_path(annotator, article.id).is_file()
                ),
                "annotators",
            )
            counts.add_rows(batch.split, own)
            rows |= own
        return Made(rows, counts)

    def _source(self, versions: Iterable[tuple[Article, str]]) -> Source:
        """Articles with the labels that annotators, or gold, have of them."""
        pairs = list(versions)
        annotations = (self._corpus.read_annotation(version, article.id) for article, version in pairs)
        return self._make.source([article for article, _ in pairs], gathered(annotations, self._inventory))


def give_back() -> None:
    """Let Arrow return what it no longer needs: its own pools keep what they once had, the system's does not."""
    pa.set_memory_pool(pa.system_memory_pool())


def batches(splits: Mapping[str, Sequence[str]]) -> dict[str, list[Batch]]:
    """The articles of each split, in order, cut at the same places whoever works."""
    return {
        split: [Batch(split, tuple(names[at : at + BATCH])) for at in range(0, len(names), BATCH)]
        for split, names in splits.items()
    }


def worth(splits: Mapping[str, list[str]]) -> int:
    """How many processes so many articles are worth: to start one takes as long as a batch."""
    return -(-sum(map(len, splits.values())) // BATCH)
