"""What the tables of one batch are made from: articles, each with one annotation of it, and what several tables read.

Each of these is found once a batch.
"""

from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import TypeAlias

import numpy as np

from annotate.columns import Documents, Numbers, ordered
from annotate.dataset.mentions import Mentions, mentions
from annotate.dataset.related import Related, related
from annotate.dataset.spans import MentionColumns, SpanColumns
from annotate.dataset.texts import Texts
from annotate.model import Annotation, Article

Labelled: TypeAlias = tuple[Article, Annotation]


class Source:
    """Articles, and the annotation of each; `kinds` says what annotators are, where somebody knows.

    The labels must have passed the checks; they are put in canonical order.
    """

    def __init__(self, articles: Sequence[Article], labels: Documents, kinds: Mapping[str, str] | None = None) -> None:
        self.articles = articles
        self.labels = labels.canonical()
        self._kinds = kinds or {}

    @property
    def kinds(self) -> list[str | None]:
        """What the annotator of each is."""
        return [self._kinds.get(head.annotator) for head in self.labels.heads]

    @cached_property
    def texts(self) -> Texts:
        return Texts([article.text for article in self.articles])

    @cached_property
    def spans(self) -> SpanColumns:
        return SpanColumns(self.labels)

    @cached_property
    def mentions(self) -> Mentions:
        return mentions(self.labels)

    @cached_property
    def shown(self) -> MentionColumns:
        return MentionColumns(self.labels, self.spans, self.mentions)

    @cached_property
    def related(self) -> Related:
        return related(self.labels, self.mentions)

    def labelled(self, label: str) -> Numbers:
        """The numbers of the mentions with a label."""
        found: Numbers = np.flatnonzero(self.mentions.labels == list(self.labels.inventory.spans).index(label))
        return found

    def tails(self, relation: str, heads: Numbers) -> tuple[Numbers, Numbers]:
        """What a relation leads to from some mentions: pairs of head and tail, by number.

        The heads are in the order of their numbers, the tails of each in that of the text.
        """
        found, asked = self.related, np.zeros(len(self.mentions.labels), np.bool_)
        asked[heads] = True
        number = list(self.labels.inventory.relations).index(relation)
        places = np.flatnonzero((found.labels == number) & asked[found.heads])
        order, _ = ordered(found.heads[places], self.mentions.ranks[found.tails[places]])
        return found.heads[places[order]], found.tails[places[order]]
