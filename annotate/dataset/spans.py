"""Spans and mentions of a batch as Arrow columns, each made once.

One mention is shown in many rows (a head, a tail, a role, an anchor); taking what is made already is many times as fast
as making it again.
"""

from collections.abc import Iterable
from functools import cached_property

import numpy as np
import pyarrow as pa

from annotate.columns import UNKNOWN, Documents, Numbers
from annotate.dataset.arrays import attribute_arrays, class_ids, lists, struct
from annotate.dataset.features import PLACE, listed
from annotate.dataset.mentions import Mentions
from annotate.records import BETWEEN_PIECES


class SpanColumns:
    """The spans of documents; `attributes` are those of the inventory, by name."""

    def __init__(self, labels: Documents) -> None:
        self._labels = labels

    @cached_property
    def ids(self) -> pa.Array:
        return pa.array(self._labels.spans.ids, pa.string())

    @cached_property
    def texts(self) -> pa.Array:
        return pa.array(self._labels.spans.texts, pa.string())

    @cached_property
    def attributes(self) -> dict[str, pa.Array]:
        inventory = self._labels.inventory
        return attribute_arrays(inventory, inventory.attributes.values(), self._labels.spans.attributes)


class MentionColumns:
    """The mentions among the spans of documents."""

    def __init__(self, labels: Documents, spans: SpanColumns, mentions: Mentions) -> None:
        self._labels, self._spans, self._mentions = labels, spans, mentions
        inventory = labels.inventory
        self._classes = class_ids(mentions.labels, inventory.spans, inventory.classes.spans)

    def take(self, numbers: Numbers, attributes: Iterable[str] = ()) -> dict[str, pa.Array]:
        """The columns that any mention has, and some attributes, for mentions by number."""
        mentions, spans, places = self._mentions, self._spans, pa.array(numbers)
        firsts = pa.array(mentions.firsts[numbers])
        return {
            "id": spans.ids.take(firsts),
            "label": self._classes.take(places),
            "text": self._texts.take(places),
            "start": pa.array(mentions.starts[numbers]),
            "end": pa.array(mentions.ends[numbers]),
            "pieces": self._pieces.take(places),
            **{name: spans.attributes[name].take(firsts) for name in attributes},
        }

    def ids(self, numbers: Numbers) -> pa.Array:
        """The ids of mentions by number, None for UNKNOWN."""
        return self._spans.ids.take(pa.array(self._mentions.firsts[numbers], mask=numbers == UNKNOWN))

    @cached_property
    def texts(self) -> list[str]:
        """The words of each mention."""
        mentions = self._mentions
        if len(mentions.firsts) == len(mentions.whole):
            return self._labels.spans.texts
        texts = [self._labels.spans.texts[place] for place in mentions.firsts.tolist()]
        for number in np.flatnonzero(mentions.several).tolist():
            some = slice(*mentions.pieces.bounds[number : number + 2].tolist())
            pieces = mentions.pieces.spans[some].tolist()
            texts[number] = BETWEEN_PIECES.join([self._labels.spans.texts[place] for place in pieces])
        return texts

    @cached_property
    def _texts(self) -> pa.Array:
        return self._spans.texts if self.texts is self._labels.spans.texts else pa.array(self.texts, pa.string())

    @cached_property
    def _pieces(self) -> pa.Array:
        pieces = self._mentions.pieces
        inner = struct(PLACE, {"start": pa.array(pieces.starts), "end": pa.array(pieces.ends)})
        return lists(listed(PLACE), pieces.bounds, inner)
