"""The labels of many annotations as columns of numpy arrays, for code that works on all of them at once.

A *document* is one annotation of one article. The spans of all documents are in one set of columns, document after
document, and so are the relations. A *position* counts spans (or relations) through all documents.
"""

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from itertools import accumulate, chain, pairwise
from typing import Any, NamedTuple, TypeAlias, TypeVar

import numpy as np
import numpy.typing as npt

from annotate.inventory import Inventory
from annotate.model import Annotation, AttributeValue, Process, Relation, Span

Integers: TypeAlias = npt.NDArray[np.int64]
Mask: TypeAlias = npt.NDArray[np.bool_]
Attributes: TypeAlias = dict[str, AttributeValue]
T = TypeVar("T")

UNKNOWN = -1
"""A label that the inventory lacks, or the position of a relation's end that names no span of its document."""
_LARGEST = 1 << 62
"""Integers from here on are no offsets: no text is that long."""
_SLICE_COST = 8
"""Copying a slice of a list takes as long as copying about this many values one by one."""


class AnnotationMeta(NamedTuple):
    """The fields of an `Annotation` other than its spans and relations."""

    article_id: str
    annotator: str
    process: Process
    made_from: tuple[str, ...]
    inventory: str
    text_sha256: str
    lead_time: float | None = None
    origins: Mapping[str, int] = {}


class Spans(NamedTuple):
    """The spans of all documents; those of document `n` are at the positions from `bounds[n]` to `bounds[n + 1]`.

    Attributes:
        bounds: Positions at which documents begin, and the number of spans: one more value than there are documents.
        ids: Span ids, unique within a document.
        labels: Indices of labels in the inventory's order, or `UNKNOWN`.
        starts: First code points, in the text of the document's article.
        ends: Code points after the last, half open.
        texts: The labelled words.
        attributes: Attribute values by name; empty for most spans.
        notes: Notes, empty where there is none.
    """

    bounds: Integers
    ids: list[str]
    labels: Integers
    starts: Integers
    ends: Integers
    texts: list[str]
    attributes: list[Attributes]
    notes: list[str]


class Relations(NamedTuple):
    """The relations of all documents, divided by `bounds` as `Spans` are.

    Attributes:
        bounds: Positions at which documents begin, and the number of relations.
        labels: Indices of relation labels in the inventory's order, or `UNKNOWN`.
        heads: Positions of spans, or `UNKNOWN`.
        tails: Positions of spans, or `UNKNOWN`.
        notes: Notes, empty where there is none.
    """

    bounds: Integers
    labels: Integers
    heads: Integers
    tails: Integers
    notes: list[str]


class Documents(NamedTuple):
    """Any number of annotations as columns."""

    inventory: Inventory
    meta: list[AnnotationMeta]
    spans: Spans
    relations: Relations

    @staticmethod
    def from_annotations(annotations: Iterable[Annotation], inventory: Inventory) -> "Documents":
        """Return the columns of annotations.

        Args:
            annotations: Annotations whose labels and relation ends may be unknown: these become `UNKNOWN`.
            inventory: The inventory that numbers the labels.
        """
        return _gather(list(annotations), inventory)

    def take(self, indices: Sequence[int]) -> "Documents":
        """Return the documents with these indices, in this order; an index may repeat."""
        if list(indices) == list(range(len(self.meta))):
            return self
        spans = _positions_of(self.spans.bounds, indices)
        relations = _positions_of(self.relations.bounds, indices)
        return _rearrange(self, indices, spans, relations)

    def canonical(self) -> "Documents":
        """Return the same documents with spans and relations in canonical order, as `corpus.sort_annotation` has it."""
        spans, relations = self.spans, self.relations
        span_order = order_spans(
            self.inventory, spans.ids, document_indices(spans.bounds), spans.starts, spans.ends, spans.labels
        )
        new_position = _inverse(span_order, len(spans.ids))
        rank = _alphabetical_ranks(self.inventory.relations)[relations.labels]
        relation_order, _ = sort_rows(
            document_indices(relations.bounds), new_position[relations.heads], new_position[relations.tails], rank
        )
        if _is_identity(span_order) and _is_identity(relation_order):
            return self
        return _rearrange(self, range(len(self.meta)), span_order, relation_order)

    def concat(self, later: "Documents") -> "Documents":
        """Return these documents, followed by those of `later`."""
        if not later.meta:
            return self
        shift = len(self.spans.ids)
        heads, tails = (
            np.where(ends == UNKNOWN, UNKNOWN, ends + shift) for ends in (later.relations.heads, later.relations.tails)
        )
        relations = later.relations._replace(heads=heads, tails=tails)
        return Documents(
            self.inventory,
            self.meta + later.meta,
            Spans(
                _concat_bounds(self.spans.bounds, later.spans.bounds),
                *map(_concat, self.spans[1:], later.spans[1:]),
            ),
            Relations(
                _concat_bounds(self.relations.bounds, relations.bounds),
                *map(_concat, self.relations[1:], relations[1:]),
            ),
        )

    def annotation(self, index: int) -> Annotation:
        """Return the annotation of one document, which must have no `UNKNOWN`."""
        meta, spans, relations, names = self.meta[index], self.spans, self.relations, list(self.inventory.relations)
        some = slice(*relations.bounds[index : index + 2])
        return Annotation(
            article=meta.article_id,
            annotator=meta.annotator,
            process=meta.process,
            made_from=meta.made_from,
            inventory=meta.inventory,
            text_sha256=meta.text_sha256,
            lead_time=meta.lead_time,
            origins=dict(meta.origins),
            spans=tuple(self.iter_spans(range(*spans.bounds[index : index + 2].tolist()))),
            relations=tuple(
                Relation(label=names[label], head=spans.ids[head], tail=spans.ids[tail], note=note)
                for label, head, tail, note in zip(
                    relations.labels[some].tolist(),
                    relations.heads[some].tolist(),
                    relations.tails[some].tolist(),
                    relations.notes[some],
                    strict=True,
                )
            ),
        )

    def iter_spans(self, positions: Iterable[int]) -> Iterator[Span]:
        """Yield the spans at these positions, whose labels must be known."""
        spans, names = self.spans, list(self.inventory.spans)
        for position in positions:
            yield Span(
                id=spans.ids[position],
                label=names[spans.labels[position]],
                start=int(spans.starts[position]),
                end=int(spans.ends[position]),
                text=spans.texts[position],
                attributes=spans.attributes[position],
                note=spans.notes[position],
            )


def _gather(annotations: list[Annotation], inventory: Inventory) -> Documents:
    spans = [span for annotation in annotations for span in annotation.spans]
    relations = [relation for annotation in annotations for relation in annotation.relations]
    bounds = [0, *accumulate(len(annotation.spans) for annotation in annotations)]
    ids = [span.id for span in spans]
    heads, tails = list[int](), list[int]()
    for annotation, (first, stop) in zip(annotations, pairwise(bounds), strict=True):
        position = dict(zip(ids[first:stop], range(first, stop), strict=True)).get
        heads += [position(relation.head, UNKNOWN) for relation in annotation.relations]
        tails += [position(relation.tail, UNKNOWN) for relation in annotation.relations]
    span_labels = {name: index for index, name in enumerate(inventory.spans)}
    relation_labels = {name: index for index, name in enumerate(inventory.relations)}
    return Documents(
        inventory,
        [
            AnnotationMeta(
                annotation.article,
                annotation.annotator,
                annotation.process,
                annotation.made_from,
                annotation.inventory,
                annotation.text_sha256,
                annotation.lead_time,
                annotation.origins,
            )
            for annotation in annotations
        ],
        Spans(
            int_array(bounds),
            ids,
            int_array([span_labels.get(span.label, UNKNOWN) for span in spans]),
            int_array([span.start for span in spans]),
            int_array([span.end for span in spans]),
            [span.text for span in spans],
            [span.attributes for span in spans],
            [span.note for span in spans],
        ),
        Relations(
            int_array([0, *accumulate(len(annotation.relations) for annotation in annotations)]),
            int_array([relation_labels.get(relation.label, UNKNOWN) for relation in relations]),
            int_array(heads),
            int_array(tails),
            [relation.note for relation in relations],
        ),
    )


def document_indices(bounds: Integers) -> Integers:
    """Return the index of the document of each span or relation, given their `bounds`."""
    indices: Integers = np.repeat(np.arange(len(bounds) - 1), np.diff(bounds))
    return indices


def positions_with_attributes(attributes: Sequence[Attributes]) -> list[int]:
    """Return the positions of the spans that have attributes; most have none."""
    return [position for position, values in enumerate(attributes) if values]


def expand_ranges(starts: Integers, stops: Integers) -> tuple[Integers, Integers]:
    """Return the integers of every range `[start, stop)`, one range after the other.

    Args:
        starts: First integer of each range.
        stops: The integer after the last; a range with `stop <= start` is empty.

    Returns:
        The index of the range that each integer is in, and the integers.
    """
    sizes = np.maximum(stops - starts, 0)
    ranges = np.repeat(np.arange(len(starts)), sizes)
    return ranges, np.arange(len(ranges)) + np.repeat(starts - np.cumsum(sizes) + sizes, sizes)


def int_array(values: Sequence[int]) -> Integers:
    """Return integers as an array; one that does not fit, which a file may hold, becomes `UNKNOWN`."""
    try:
        return np.array(values, np.int64)
    except OverflowError:
        return np.array([value if abs(value) < _LARGEST else UNKNOWN for value in values], np.int64)


def sort_rows(*keys: Integers) -> tuple[Integers, Mask]:
    """Sort rows by several keys, the first key first; rows with equal keys stay in their order.

    Returns:
        The order, as indices of rows, and for each row in this order whether its keys are those of the row before it.
    """
    lowest = [int(key.min(initial=0)) for key in keys]
    sizes = [int(key.max(initial=0)) - low + 1 for key, low in zip(keys, lowest, strict=True)]
    order: Integers
    if math.prod(sizes) < _LARGEST:
        # One integer a row is sorted several times as fast as several.
        combined = keys[0] - lowest[0]
        for key, low, size in zip(keys[1:], lowest[1:], sizes[1:], strict=True):
            combined = combined * size + (key - low)
        if (combined[:-1] <= combined[1:]).all():
            # Most documents are in order already, which is seen much faster than sorted.
            order, same = np.arange(len(combined)), combined[:-1] == combined[1:]
        else:
            order = np.argsort(combined, kind="stable")
            same = combined[order[1:]] == combined[order[:-1]]
    else:
        order = np.lexsort(keys[::-1])
        same = np.logical_and.reduce([key[order[1:]] == key[order[:-1]] for key in keys])
    return order, np.concatenate([np.zeros(min(len(order), 1), np.bool_), same])


def order_spans(
    inventory: Inventory, ids: Sequence[str], documents: Integers, starts: Integers, ends: Integers, labels: Integers
) -> Integers:
    """Return the order of spans, document by document, as `corpus.span_sort_key` sorts those of one annotation.

    Args:
        inventory: The inventory that numbers the labels.
        ids: Ids of the spans.
        documents: Index of each span's document.
        starts: First code points.
        ends: Code points after the last.
        labels: Indices of labels.

    Returns:
        Positions in the arguments.
    """
    keys = documents, starts, ends, _alphabetical_ranks(inventory.spans)[labels]
    order, same = sort_rows(*keys)
    if same.any():
        # Equal label and range, which the checks refuse: the id decides.
        rows = np.stack(keys).T.tolist()
        order = int_array(sorted(order.tolist(), key=lambda position: (rows[position], ids[position])))
    return order


@lru_cache(maxsize=8)
def allowed_relations(inventory: Inventory) -> Mask:
    """Return which labels each relation may join, as an array `[relation, label of head, label of tail]` by index.

    It is False for the relation that joins pieces, and where one of the three indices is `UNKNOWN`.
    """
    index = {name: index for index, name in enumerate(inventory.spans)}
    # The last entry of each axis is what UNKNOWN, -1, leads to.
    allowed = np.zeros((len(inventory.relations) + 1, len(index) + 1, len(index) + 1), np.bool_)
    for relation_index, relation in enumerate(inventory.relations.values()):
        if not relation.joins_pieces:
            ends = [index[name] for name in relation.head], [index[name] for name in relation.tail]
            allowed[relation_index][np.ix_(*ends)] = True
    return allowed


def _alphabetical_ranks(names: Mapping[str, object]) -> Integers:
    """Return the alphabetical rank of each name by its index; `UNKNOWN` comes last."""
    ranks = {name: rank for rank, name in enumerate(sorted(names))}
    return int_array([*map(ranks.__getitem__, names), len(ranks)])


def _is_identity(order: Integers) -> bool:
    return bool((order == np.arange(len(order))).all())


def _inverse(order: Integers, size: int) -> Integers:
    """Return the new position of each old one; `UNKNOWN`, and what `order` lacks, becomes `UNKNOWN`."""
    new_position = np.full(size + 1, UNKNOWN)
    new_position[order] = np.arange(len(order))
    return new_position


def _positions_of(bounds: Integers, indices: Sequence[int]) -> Integers:
    """Return the positions of the spans or relations of some documents."""
    documents = int_array(indices)
    return expand_ranges(bounds[documents], bounds[documents + 1])[1]


def _rearrange(
    documents: Documents, indices: Sequence[int], span_positions: Integers, relation_positions: Integers
) -> Documents:
    """Return the documents with these indices; the positions are those of their spans and relations, in new order."""
    spans, relations = documents.spans, documents.relations
    new_position = _inverse(span_positions, len(spans.ids))
    pick = _ListPicker(span_positions)
    return Documents(
        documents.inventory,
        [documents.meta[index] for index in indices],
        Spans(
            _bounds_of(spans.bounds, indices),
            pick(spans.ids),
            spans.labels[span_positions],
            spans.starts[span_positions],
            spans.ends[span_positions],
            pick(spans.texts),
            pick(spans.attributes),
            pick(spans.notes),
        ),
        Relations(
            _bounds_of(relations.bounds, indices),
            relations.labels[relation_positions],
            new_position[relations.heads[relation_positions]],
            new_position[relations.tails[relation_positions]],
            _ListPicker(relation_positions)(relations.notes),
        ),
    )


def _bounds_of(bounds: Integers, indices: Sequence[int]) -> Integers:
    return int_array([0, *np.cumsum(np.diff(bounds)[list(indices)]).tolist()])


def _concat_bounds(bounds: Integers, later: Integers) -> Integers:
    return np.concatenate([bounds, later[1:] + bounds[-1]])


def _concat(values: Any, later: Any) -> Any:
    return values + later if isinstance(values, list) else np.concatenate([values, later])


class _ListPicker:
    """Picks the values at given positions out of lists: by slices where runs of positions are long."""

    def __init__(self, positions: Integers) -> None:
        cuts = np.flatnonzero(np.diff(positions) != 1) + 1
        runs = pairwise([0, *cuts.tolist(), len(positions)])
        self._positions: list[int] | None = None
        self._slices = list[slice]()
        if len(cuts) * _SLICE_COST > len(positions):
            self._positions = positions.tolist()
        elif len(positions):
            self._slices = [slice(int(positions[first]), int(positions[stop - 1]) + 1) for first, stop in runs]

    def __call__(self, values: list[T]) -> list[T]:
        if self._positions is not None:
            return [values[position] for position in self._positions]
        return list(chain.from_iterable(map(values.__getitem__, self._slices)))
