"""A batch of articles with one annotation of each, and the Arrow arrays that several tables read, each made once.

One mention is shown in many rows (as head, tail, anchor, or in a role): taking from an array is many times as fast as
building the values again.
"""

from collections.abc import Iterable, Mapping, Sequence, Set
from functools import cached_property

import numpy as np
import pyarrow as pa

from annotate.columns import UNKNOWN, Documents, Integers
from annotate.dataset.arrow import attribute_arrays, class_ids, list_array, struct_array
from annotate.dataset.features import RANGE, list_of
from annotate.dataset.texts import Texts
from annotate.model import Annotator, Article
from annotate.record_columns import Graphs
from annotate.records import PIECE_SEPARATOR


class Batch:
    """Articles, and an annotation of each.

    Args:
        articles: The article of each document; one that several annotators labelled may repeat.
        documents: The annotations, which must have passed the checks; they are put in canonical order.
        annotators: What is known of the annotators, by pseudonym.
        altered: Ids of articles whose text is not the one that was labelled.

    Attributes:
        graph_columns: The columns of `tables.common.graph_columns`, when they have been made.
    """

    def __init__(
        self,
        articles: Sequence[Article],
        documents: Documents,
        annotators: Mapping[str, Annotator] | None = None,
        altered: Set[str] = frozenset(),
    ) -> None:
        self.articles = articles
        self.altered = altered
        self.documents = documents.canonical()
        self.graphs = Graphs(self.documents)
        self.graph_columns: dict[str, pa.Array] | None = None
        self._annotators = annotators or {}

    @property
    def annotators(self) -> list[Annotator | None]:
        """What is known of the annotator of each document, None for nothing."""
        return [self._annotators.get(meta.annotator) for meta in self.documents.meta]

    @cached_property
    def texts(self) -> Texts:
        """The texts of the articles."""
        return Texts([article.text for article in self.articles])

    @cached_property
    def span_ids(self) -> pa.Array:
        """The id of each span."""
        return pa.array(self.documents.spans.ids, pa.string())

    @cached_property
    def span_texts(self) -> pa.Array:
        """The words of each span."""
        return pa.array(self.documents.spans.texts, pa.string())

    @cached_property
    def span_attributes(self) -> dict[str, pa.Array]:
        """The values of each attribute of the inventory, a value a span."""
        inventory = self.documents.inventory
        return attribute_arrays(inventory, inventory.attributes.values(), self.documents.spans.attributes)

    @cached_property
    def mention_texts(self) -> list[str]:
        """The words of each mention."""
        mentions, texts = self.graphs.mentions, self.documents.spans.texts
        if len(mentions.first_spans) == len(mentions.of_span):
            return texts
        mention_texts = [texts[position] for position in mentions.first_spans.tolist()]
        for index in np.flatnonzero(mentions.is_interrupted).tolist():
            some = slice(*mentions.pieces.bounds[index : index + 2].tolist())
            mention_texts[index] = PIECE_SEPARATOR.join(texts[span] for span in mentions.pieces.spans[some].tolist())
        return mention_texts

    def mention_columns(self, indices: Integers, attributes: Iterable[str] = ()) -> dict[str, pa.Array]:
        """Return the columns that every mention has, and some attributes.

        Args:
            indices: Indices of mentions.
            attributes: Names of attributes.
        """
        mentions, taken = self.graphs.mentions, pa.array(indices)
        first_spans = pa.array(mentions.first_spans[indices])
        return {
            "id": self.span_ids.take(first_spans),
            "label": self._mention_classes.take(taken),
            "text": self._mention_text_array.take(taken),
            "start": pa.array(mentions.starts[indices]),
            "end": pa.array(mentions.ends[indices]),
            "pieces": self._mention_pieces.take(taken),
            **{name: self.span_attributes[name].take(first_spans) for name in attributes},
        }

    def mention_ids(self, indices: Integers) -> pa.Array:
        """Return the ids of mentions by index, None for `UNKNOWN`."""
        first_spans = self.graphs.mentions.first_spans[indices]
        return self.span_ids.take(pa.array(first_spans, mask=indices == UNKNOWN))

    @cached_property
    def _mention_classes(self) -> pa.Array:
        inventory = self.documents.inventory
        return class_ids(self.graphs.mentions.labels, inventory.spans, inventory.class_ids.spans)

    @cached_property
    def _mention_text_array(self) -> pa.Array:
        if self.mention_texts is self.documents.spans.texts:
            return self.span_texts
        return pa.array(self.mention_texts, pa.string())

    @cached_property
    def _mention_pieces(self) -> pa.Array:
        pieces = self.graphs.mentions.pieces
        ranges = struct_array(RANGE, {"start": pa.array(pieces.starts), "end": pa.array(pieces.ends)})
        return list_array(list_of(RANGE), pieces.bounds, ranges)
