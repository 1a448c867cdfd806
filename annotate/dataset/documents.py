"""An article with one annotation of it, and what several tables read of the two, each found once."""

from functools import cached_property
from typing import TypeAlias

from annotate.inventory import Inventory
from annotate.model import Annotation, Article
from annotate.offsets import paragraph
from annotate.records import Graph, Record, records_of
from annotate.store import canonical

Labelled: TypeAlias = tuple[Article, Annotation]


class Document:
    """`annotation` is in canonical order; `kind` says what its annotator is, None where nobody knows."""

    def __init__(self, article: Article, annotation: Annotation, inventory: Inventory, kind: str | None = None) -> None:
        self.kind = kind
        self.article = article
        self.annotation = canonical(annotation)
        self._inventory = inventory

    @cached_property
    def places(self) -> dict[str, int]:
        """The place of each span among the spans, by id."""
        return {span.id: place for place, span in enumerate(self.annotation.spans)}

    @cached_property
    def graph(self) -> Graph:
        return Graph(self.annotation, self._inventory)

    @cached_property
    def records(self) -> dict[str, list[Record]]:
        return records_of(self.graph, self._inventory)

    def paragraph(self, start: int, end: int) -> tuple[int, int]:
        """The range of the paragraph, or paragraphs, in which a stretch stands."""
        return paragraph(self.article.text, start, end)
