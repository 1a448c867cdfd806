"""The mentions of a batch of documents as columns, made once: tables that show mentions take their rows from these.

One mention is shown in many rows (a head, a tail, a role, an anchor); taking what is made already is many times as fast
as making it again.
"""

from collections.abc import Iterable, Sequence
from functools import cached_property

import pyarrow as pa

from annotate.dataset.documents import Document
from annotate.dataset.plans import arrays
from annotate.dataset.tables.parts import attribute_features, attribute_plan, mention_features, mention_plan
from annotate.inventory import Inventory
from annotate.records import Mention


class Mentions:
    """Mentions are numbered through the whole batch, in the order of the documents and of their texts."""

    def __init__(self, documents: Iterable[Document], inventory: Inventory) -> None:
        self._inventory = inventory
        self._mentions: list[Mention] = []
        for document in documents:
            document.first = len(self._mentions)
            self._mentions += document.graph.mentions

    @cached_property
    def _columns(self) -> dict[str, pa.Array]:
        features = mention_features(self._inventory)
        return dict(zip(features, arrays(features, mention_plan(self._inventory), self._mentions), strict=True))

    @cached_property
    def _attributes(self) -> dict[str, pa.Array]:
        attributes = list(self._inventory.attributes.values())
        features = attribute_features(self._inventory, attributes)
        made = arrays(features, attribute_plan(self._inventory, attributes), self._mentions)
        return dict(zip(features, made, strict=True))

    def take(self, numbers: Sequence[int], attributes: Iterable[str] = ()) -> dict[str, pa.Array]:
        """The columns of `mention_features`, and those of some attributes, for mentions by number."""
        places = pa.array(numbers, pa.int32())
        taken = {name: column.take(places) for name, column in self._columns.items()}
        return taken | {name: self._attributes[name].take(places) for name in attributes}
