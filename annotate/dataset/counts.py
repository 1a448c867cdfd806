"""What a corpus holds, counted while its rows are written; the card is made from this."""

from collections import Counter, defaultdict
from dataclasses import dataclass, field

from annotate.dataset.rows import Row
from annotate.model import Annotation, Article

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
    """Counters of one dataset; `values` is keyed by label and attribute, then value, `filled` by table and column."""

    articles: Counter[str] = field(default_factory=Counter)
    characters: int = 0
    languages: Counter[str] = field(default_factory=Counter)
    publishers: Counter[str | None] = field(default_factory=Counter)
    rights: Counter[str] = field(default_factory=Counter)
    processes: Counter[str] = field(default_factory=Counter)
    labelled: Counter[str] = field(default_factory=Counter)
    adjudicated: Counter[str] = field(default_factory=Counter)
    spans: Counter[str] = field(default_factory=Counter)
    values: dict[tuple[str, str], Counter[str | int]] = field(default_factory=lambda: defaultdict(Counter))
    relations: Counter[str] = field(default_factory=Counter)
    filled: Counter[tuple[str, str]] = field(default_factory=Counter)
    rows: Counter[tuple[str, str]] = field(default_factory=Counter)
    examples: dict[str, Example] = field(default_factory=dict)

    def add(self, split: str, article: Article, annotation: Annotation, tables: dict[str, list[Row]]) -> None:
        """Count one article with its annotation and the rows that were made of them."""
        self.articles[split] += 1
        self.characters += len(article.text)
        self.languages[article.language] += 1
        self.publishers[article.publisher] += 1
        self.rights[article.rights] += 1
        self.processes[annotation.process] += 1
        if annotation.process == "adjudicated":
            self.adjudicated[annotation.annotator] += 1
            self.labelled.update(annotation.made_from)
        else:
            self.labelled[annotation.annotator] += 1
        for span in annotation.spans:
            self.spans[span.label] += 1
            for name, value in span.attributes.items():
                self.values[span.label, name][value] += 1
        self.relations.update(relation.label for relation in annotation.relations)
        for config, rows in tables.items():
            for row in rows:
                self._row(config, split, row)

    def _row(self, config: str, split: str, row: Row) -> None:
        index = self.rows[config, split]
        self.rows[config, split] += 1
        filled = [name for name, value in row.items() if value is not None and value != []]
        self.filled.update((config, name) for name in filled)
        if index >= LOOKED_AT:
            return
        fullness = len(filled)
        if config not in self.examples or fullness > self.examples[config].fullness:
            self.examples[config] = Example(split, index, row, fullness)

    def total(self, config: str) -> int:
        return sum(number for (name, _), number in self.rows.items() if name == config)
