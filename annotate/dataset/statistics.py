"""What a corpus holds, counted while its rows are written; the card is made from this."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, fields, replace
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from annotate.columns import AnnotationMeta, Integers, Mask, positions_with_attributes
from annotate.dataset.arrow import lengths, valid
from annotate.dataset.batch import Source
from annotate.dataset.tables.tokens import TOKENS
from annotate.dataset.tokens import REASONS
from annotate.model import Article

Row = dict[str, Any]

LOOKED_AT = 500
"""Rows a table among which the one that the card shows is chosen: the fullest, the first of those."""


@dataclass(frozen=True)
class Example:
    """A row of a table, and where it stands."""

    split: str
    index: int
    row: Row
    fullness: int


@dataclass
class Counts:
    """Counters of one dataset. Articles by annotator: `gold_from`, whose labels gold was made from; `own`, who has rows
    of `annotations`; and who `adjudicated`. `values` is keyed by label and attribute, then value, `filled` by table and
    column, `unfit` by the reason why tags do not say a span as it is. An example is looked for in the first `looked_at`
    rows.
    """

    looked_at: int = LOOKED_AT

    articles: Counter[str] = field(default_factory=Counter)
    characters: int = 0
    languages: Counter[str] = field(default_factory=Counter)
    publishers: Counter[str | None] = field(default_factory=Counter)
    rights: Counter[str] = field(default_factory=Counter)
    processes: Counter[str] = field(default_factory=Counter)
    gold_from: Counter[str] = field(default_factory=Counter)
    own: Counter[str] = field(default_factory=Counter)
    adjudicated: Counter[str] = field(default_factory=Counter)
    spans: Counter[str] = field(default_factory=Counter)
    values: dict[tuple[str, str], Counter[str | int]] = field(default_factory=lambda: defaultdict(Counter))
    relations: Counter[str] = field(default_factory=Counter)
    filled: Counter[tuple[str, str]] = field(default_factory=Counter)
    rows: Counter[tuple[str, str]] = field(default_factory=Counter)
    examples: dict[str, Example] = field(default_factory=dict)
    unfit: Counter[str] = field(default_factory=Counter)

    def add(self, split: str, source: Source, tables: dict[str, pa.Table]) -> None:
        """Count articles with their gold labels, and the rows that were made of them."""
        labels = source.labels
        for article, head in zip(source.articles, labels.meta, strict=True):
            self._article(split, article, head)
        spans, names = labels.spans, list(labels.inventory.spans)
        self.spans.update(_named(spans.labels, names))
        self.relations.update(_named(labels.relations.labels, list(labels.inventory.relations)))
        places = positions_with_attributes(spans.attributes)
        found = Counter(
            (label, name, value)
            for place, label in zip(places, spans.labels[places].tolist(), strict=True)
            for name, value in spans.attributes[place].items()
        )
        for (label, name, value), number in found.items():
            self.values[names[label], name][value] += number
        self.add_rows(split, tables)

    @property
    def labelled(self) -> Counter[str]:
        """How many articles each annotator has labelled, whether or not gold was made from it."""
        return self.own | self.gold_from

    def add_rows(self, split: str, tables: dict[str, pa.Table], heads: Iterable[AnnotationMeta] = ()) -> None:
        """Count the rows of tables that are made of anything else; `heads` are those of annotators' own labels."""
        self.own.update(head.annotator for head in heads)
        if TOKENS in tables:
            reasons = pc.struct_field(pc.list_flatten(tables[TOKENS]["unfit"]), "reason")
            for pair in pc.value_counts(reasons).to_pylist():
                self.unfit[REASONS[pair["values"]]] += pair["counts"]
        for config, table in tables.items():
            self._table(config, split, table)

    def _article(self, split: str, article: Article, head: AnnotationMeta) -> None:
        self.articles[split] += 1
        self.characters += len(article.text)
        self.languages[article.language] += 1
        self.publishers[article.publisher] += 1
        self.rights[article.rights] += 1
        self.processes[head.process] += 1
        if head.process == "adjudicated":
            self.adjudicated[head.annotator] += 1
            self.gold_from.update(head.made_from)
        else:
            self.gold_from[head.annotator] += 1

    def _table(self, config: str, split: str, table: pa.Table) -> None:
        before = self.rows[config, split]
        self.rows[config, split] += len(table)
        for name, column in zip(table.column_names, table.columns, strict=True):
            self.filled[config, name] += sum(map(_count, column.chunks))
        looked_at = table[: self.looked_at] if before < self.looked_at else table[:0]
        if not len(looked_at):
            return
        fullness = np.sum([np.concatenate([_filled(chunk) for chunk in one.chunks]) for one in looked_at.columns], 0)
        index, known = int(fullness.argmax()), self.examples.get(config)
        if not known or fullness[index] > known.fullness:
            [row] = table[index : index + 1].to_pylist()
            self.examples[config] = Example(split, before + index, row, int(fullness[index]))

    def merge(self, later: "Counts") -> None:
        """Count what another has counted; its rows stand behind those of this one."""
        for config, example in later.examples.items():
            before, mine = self.rows[config, example.split], self.examples.get(config)
            if before < self.looked_at and (mine is None or example.fullness > mine.fullness):
                self.examples[config] = replace(example, index=before + example.index)
        self.characters += later.characters
        for name in _COUNTERS:
            getattr(self, name).update(getattr(later, name))
        for key, counter in later.values.items():
            self.values[key].update(counter)

    def as_data(self) -> dict[str, Any]:
        """The same as plain data that JSON can hold; `of_data` takes it back."""
        return {
            "characters": self.characters,
            **{name: list(getattr(self, name).items()) for name in _COUNTERS},
            "values": [(key, list(counter.items())) for key, counter in self.values.items()],
            "examples": {config: vars(example) for config, example in self.examples.items()},
        }

    @staticmethod
    def of_data(data: dict[str, Any]) -> "Counts":
        counts = Counts(characters=data["characters"])
        for name in _COUNTERS:
            for key, number in data[name]:
                getattr(counts, name)[tuple(key) if isinstance(key, list) else key] = number
        for key, pairs in data["values"]:
            counts.values[tuple(key)] = Counter(dict(pairs))
        counts.examples = {config: Example(**example) for config, example in data["examples"].items()}
        return counts

    def total(self, config: str) -> int:
        return sum(number for (name, _), number in self.rows.items() if name == config)


_COUNTERS = tuple(one.name for one in fields(Counts) if one.default_factory is Counter)


def _named(numbers: Integers, names: Sequence[str]) -> dict[str, int]:
    """How often each name stands among the numbers of names, in the order of the inventory."""
    counts = np.bincount(numbers, minlength=len(names)).tolist()
    return {name: count for name, count in zip(names, counts, strict=True) if count}


def _count(array: pa.Array) -> int:
    """How many rows are filled."""
    return int(_filled(array).sum()) if pa.types.is_nested(array.type) else len(array) - array.null_count


def _filled(array: pa.Array) -> Mask:
    """Which rows have a value, and where it is a list or a struct, a value in it."""
    if pa.types.is_struct(array.type):
        found: Mask = np.any([_filled(part) for part in array.flatten()], axis=0)
        return found
    return lengths(array) > 0 if pa.types.is_list(array.type) else valid(array) > 0
