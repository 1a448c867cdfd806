"""What the tables of one batch are made from: articles, each with one annotation of it, and what several tables read.

Each of these is found once a batch. `Source` has them as columns; `Document` is one of them by itself.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Mapping, Sequence
from functools import cached_property
from itertools import accumulate
from typing import TYPE_CHECKING, TypeAlias

from annotate.columns import Documents, gathered
from annotate.inventory import Inventory
from annotate.model import Annotation, Article
from annotate.records import Graph, Record, records_of

if TYPE_CHECKING:
    from annotate.dataset.mentions import Mentions

Labelled: TypeAlias = tuple[Article, Annotation]


class Source:
    """Articles, and the annotation of each; `kinds` says what annotators are, where somebody knows.

    The labels must have passed the checks; they are put in canonical order.
    """

    def __init__(self, articles: Sequence[Article], labels: Documents, kinds: Mapping[str, str] | None = None) -> None:
        self.articles = articles
        self.labels = labels.canonical()
        self._kinds = kinds or {}

    @staticmethod
    def of(batch: Sequence[Labelled], inventory: Inventory, kinds: Mapping[str, str] | None = None) -> "Source":
        labels = gathered([annotation for _, annotation in batch], inventory)
        return Source([article for article, _ in batch], labels, kinds)

    @property
    def kinds(self) -> list[str | None]:
        """What the annotator of each is."""
        return [self._kinds.get(head.annotator) for head in self.labels.heads]

    @cached_property
    def documents(self) -> list["Document"]:
        inventory = self.labels.inventory
        return [
            Document(article, self.labels.annotation(number), inventory) for number, article in enumerate(self.articles)
        ]

    @cached_property
    def mentions(self) -> "Mentions":
        from annotate.dataset.mentions import Mentions

        return Mentions(self.documents, self.labels.inventory)


class Document:
    """`annotation` is in canonical order. `first` is the number of its first mention among those of its batch."""

    def __init__(self, article: Article, annotation: Annotation, inventory: Inventory) -> None:
        self.article = article
        self.annotation = annotation
        self._inventory = inventory
        self.first = 0

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
