"""An article with one annotation of it, and what several tables read of the two, each found once."""

from bisect import bisect_left, bisect_right
from functools import cached_property
from itertools import accumulate
from typing import TypeAlias

from annotate.inventory import Inventory
from annotate.model import Annotation, Article
from annotate.records import Graph, Record, records_of
from annotate.store import canonical

Labelled: TypeAlias = tuple[Article, Annotation]


class Document:
    """`annotation` is in canonical order; `kind` says what its annotator is, None where nobody knows.

    `first` is the number of its first mention among those of its batch.
    """

    def __init__(self, article: Article, annotation: Annotation, inventory: Inventory, kind: str | None = None) -> None:
        self.kind = kind
        self.article = article
        self.annotation = canonical(annotation)
        self._inventory = inventory
        self.first = 0

    @cached_property
    def places(self) -> dict[str, int]:
        """The place of each span among the spans, by id."""
        return {span.id: place for place, span in enumerate(self.annotation.spans)}

    @cached_property
    def graph(self) -> Graph:
        return Graph(self.annotation, self._inventory)

    @cached_property
    def numbers(self) -> dict[str, int]:
        """The number of each mention in the batch, by id."""
        return {mention.id: number for number, mention in enumerate(self.graph.mentions, self.first)}

    @cached_property
    def _lines(self) -> list[int]:
        """Where each line of the text begins, and where the one behind the last would."""
        return list(accumulate((len(line) + 1 for line in self.article.text.split("\n")), initial=0))

    @cached_property
    def records(self) -> dict[str, list[Record]]:
        return records_of(self.graph, self._inventory)

    def paragraph(self, start: int, end: int) -> tuple[int, int]:
        """The range of the paragraph, or paragraphs, in which a stretch stands."""
        lines = self._lines
        return lines[bisect_right(lines, start) - 1], lines[bisect_left(lines, max(end, start + 1))] - 1
