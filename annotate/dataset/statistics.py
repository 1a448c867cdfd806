"""Counts of a dataset, taken while its rows are written; the card is made from them."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, fields, replace
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from annotate.columns import AnnotationMeta, Integers, Mask, positions_with_attributes
from annotate.dataset.arrow import lengths, validity
from annotate.dataset.batch import Batch
from annotate.dataset.tables.tokens import TOKENS
from annotate.dataset.tagging import REASONS
from annotate.model import Article, AttributeValue
from annotate.util.parquet import list_values

Row = dict[str, Any]

LOOKED_AT = 500
"""First rows of a table, among which the card's example is chosen: the fullest, and the first of those."""


@dataclass(frozen=True)
class Example:
    """A row of a table, its split and its index there, and how many of its columns are filled."""

    split: str
    index: int
    row: Row
    fullness: int


@dataclass
class Counts:
    """Counters of one dataset.

    Attributes:
        looked_at: First rows of each table among which its example is chosen.
        articles: Articles by split.
        characters: Code points of all texts.
        languages: Articles by language.
        publishers: Articles by publisher.
        rights: Articles by the holder of their rights.
        metadata: Articles by field of metadata and choice.
        processes: Articles by how their gold labels were made.
        gold_from: Articles by the annotators whose labels gold was made from.
        inventories: Articles by the inventory version of their gold labels.
        own: Articles by the annotators who have rows of `annotations`.
        corrected: Those of them that began with labels of someone else or a model.
        own_inventories: Articles by the annotators who have rows of `annotations`, and their inventory version.
        adjudicated: Articles by adjudicator.
        spans: Gold spans by label; one in several pieces counts once.
        pieces: The pieces of gold spans by label.
        denied: Gold spans by label that deny what others count.
        values: Gold attribute values, by label and attribute, then value.
        relations: Gold relations by label.
        filled: Rows with a value, by table and column.
        rows: Rows by table and split.
        examples: A row of each table.
        unfit: Gold spans that tags do not express as they are, by reason.
    """

    looked_at: int = LOOKED_AT

    articles: Counter[str] = field(default_factory=Counter)
    characters: int = 0
    languages: Counter[str] = field(default_factory=Counter)
    publishers: Counter[str | None] = field(default_factory=Counter)
    rights: Counter[str] = field(default_factory=Counter)
    metadata: Counter[tuple[str, str]] = field(default_factory=Counter)
    processes: Counter[str] = field(default_factory=Counter)
    gold_from: Counter[str] = field(default_factory=Counter)
    inventories: Counter[str] = field(default_factory=Counter)
    own: Counter[str] = field(default_factory=Counter)
    corrected: Counter[str] = field(default_factory=Counter)
    own_inventories: Counter[tuple[str, str]] = field(default_factory=Counter)
    adjudicated: Counter[str] = field(default_factory=Counter)
    spans: Counter[str] = field(default_factory=Counter)
    pieces: Counter[str] = field(default_factory=Counter)
    denied: Counter[str] = field(default_factory=Counter)
    values: dict[tuple[str, str], Counter[AttributeValue]] = field(default_factory=lambda: defaultdict(Counter))
    relations: Counter[str] = field(default_factory=Counter)
    filled: Counter[tuple[str, str]] = field(default_factory=Counter)
    rows: Counter[tuple[str, str]] = field(default_factory=Counter)
    examples: dict[str, Example] = field(default_factory=dict)
    unfit: Counter[str] = field(default_factory=Counter)

    def add(self, split: str, batch: Batch, tables: dict[str, pa.Table]) -> None:
        """Count articles with their gold labels, and the rows that were made from them."""
        documents = batch.documents
        choices = [name for name, own in documents.inventory.metadata.items() if own.type == "choice"]
        for article, meta in zip(batch.articles, documents.meta, strict=True):
            self._add_article(split, article, meta)
            for name in choices:
                if name in article.metadata:
                    self.metadata[name, str(article.metadata[name])] += 1
        spans, names = documents.spans, list(documents.inventory.spans)
        first = batch.graphs.mentions.first_spans
        self.spans.update(_count_names(spans.labels[first], names))
        self.pieces.update(_count_names(spans.labels, names))
        self.relations.update(_count_names(documents.relations.labels, list(documents.inventory.relations)))
        positions = positions_with_attributes(spans.attributes)
        if len(first) < len(spans.labels):
            in_first = set(first.tolist())
            positions = [position for position in positions if position in in_first]
        values = Counter(
            (label, name, value)
            for position, label in zip(positions, spans.labels[positions].tolist(), strict=True)
            for name, value in spans.attributes[position].items()
        )
        for (label, name, value), count in values.items():
            self.values[names[label], name][value] += count
        for interval in documents.inventory.intervals:
            if interval.denied:
                labelled = first[spans.labels[first] == names.index(interval.label)].tolist()
                denied = sum(interval.denies(spans.attributes[position]) for position in labelled)
                self.denied[interval.label] += denied
        self.add_rows(split, tables)

    @property
    def labelled(self) -> Counter[str]:
        """Articles by annotator, whether or not gold was made from their labels."""
        return self.own | self.gold_from

    def add_rows(self, split: str, tables: dict[str, pa.Table], own: Iterable[AnnotationMeta] = ()) -> None:
        """Count the rows of tables that are not made from gold; `own` is the metadata of annotators' own labels."""
        for meta in own:
            self.own[meta.annotator] += 1
            self.corrected[meta.annotator] += meta.process == "corrected"
            self.own_inventories[meta.annotator, meta.inventory] += 1
        if TOKENS in tables:
            reasons = pc.struct_field(pc.list_flatten(tables[TOKENS]["unfit"]), "reason")
            for pair in pc.value_counts(reasons).to_pylist():
                self.unfit[REASONS[pair["values"]]] += pair["counts"]
        for config, table in tables.items():
            self._add_table(config, split, table)

    def _add_article(self, split: str, article: Article, meta: AnnotationMeta) -> None:
        self.articles[split] += 1
        self.characters += len(article.text)
        self.languages[article.language] += 1
        self.publishers[article.publisher] += 1
        self.rights[article.rights] += 1
        self.processes[meta.process] += 1
        self.inventories[meta.inventory] += 1
        if meta.process == "adjudicated":
            self.adjudicated[meta.annotator] += 1
        is_own = meta.process in ("single pass", "corrected")
        self.gold_from.update([meta.annotator] if is_own else meta.made_from)

    def _add_table(self, config: str, split: str, table: pa.Table) -> None:
        before = self.rows[config, split]
        self.rows[config, split] += len(table)
        for name, column in zip(table.column_names, table.columns, strict=True):
            self.filled[config, name] += sum(map(_count_filled, column.chunks))
        looked_at = table[: self.looked_at] if before < self.looked_at else table[:0]
        if not len(looked_at):
            return
        fullness = np.sum(
            [np.concatenate([_is_filled(chunk) for chunk in column.chunks]) for column in looked_at.columns], 0
        )
        index, example = int(fullness.argmax()), self.examples.get(config)
        if not example or fullness[index] > example.fullness:
            columns = zip(table.column_names, table[index : index + 1].columns, strict=True)
            row = {name: list_values(column.combine_chunks())[0] for name, column in columns}
            self.examples[config] = Example(split, before + index, row, int(fullness[index]))

    def merge(self, later: "Counts") -> None:
        """Add other counts, whose rows come after those of this one."""
        for config, example in later.examples.items():
            before, own = self.rows[config, example.split], self.examples.get(config)
            if before < self.looked_at and (own is None or example.fullness > own.fullness):
                self.examples[config] = replace(example, index=before + example.index)
        self.characters += later.characters
        for name in _COUNTERS:
            getattr(self, name).update(getattr(later, name))
        for key, counter in later.values.items():
            self.values[key].update(counter)

    def as_data(self) -> dict[str, Any]:
        """Return the counts as data that JSON can hold; `from_data` reads it."""
        return {
            "characters": self.characters,
            **{name: list(getattr(self, name).items()) for name in _COUNTERS},
            "values": [(key, list(counter.items())) for key, counter in self.values.items()],
            "examples": {config: vars(example) for config, example in self.examples.items()},
        }

    @staticmethod
    def from_data(data: dict[str, Any]) -> "Counts":
        """Return the counts of which `as_data` made the data."""
        counts = Counts(characters=data["characters"])
        for name in _COUNTERS:
            for key, number in data[name]:
                getattr(counts, name)[tuple(key) if isinstance(key, list) else key] = number
        for key, pairs in data["values"]:
            counts.values[tuple(key)] = Counter(dict(pairs))
        counts.examples = {config: Example(**example) for config, example in data["examples"].items()}
        return counts

    def total(self, config: str) -> int:
        """Return the number of rows of a table."""
        return sum(number for (name, _), number in self.rows.items() if name == config)


_COUNTERS = tuple(attribute.name for attribute in fields(Counts) if attribute.default_factory is Counter)


def _count_names(indices: Integers, names: Sequence[str]) -> dict[str, int]:
    """Return how often each name's index occurs, in the order of the names; names that do not occur are left out."""
    counts = np.bincount(indices, minlength=len(names)).tolist()
    return {name: count for name, count in zip(names, counts, strict=True) if count}


def _count_filled(array: pa.Array) -> int:
    return int(_is_filled(array).sum()) if pa.types.is_nested(array.type) else len(array) - array.null_count


def _is_filled(array: pa.Array) -> Mask:
    """Return which rows have a value, and where it is a list or a struct, a value in it."""
    if pa.types.is_struct(array.type):
        parts = array.flatten()
        if any(part.null_count == 0 for part in parts if not pa.types.is_nested(part.type)):
            # Most structs have a number in every row, so that the other parts need not be looked at.
            return np.ones(len(array), np.bool_)
        filled: Mask = np.any([_is_filled(part) for part in parts], axis=0)
        return filled
    return lengths(array) > 0 if pa.types.is_list(array.type) else validity(array) > 0
