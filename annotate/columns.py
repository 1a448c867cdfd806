"""The labels of many documents as columns: what works on all of them at once reads these, not span by span.

A document is one annotation of an article. The spans and relations of each stand behind those of the document before
it, and places count through all of them.
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

Numbers: TypeAlias = npt.NDArray[np.int64]
Mask: TypeAlias = npt.NDArray[np.bool_]
Attributes: TypeAlias = dict[str, AttributeValue]
T = TypeVar("T")

STRETCH = 8
"""Values that are copied one by one in the time that it takes to copy a stretch of any length."""
UNKNOWN = -1
"""A label that the inventory does not have, and the place of an end of a relation that is no span."""


class Head(NamedTuple):
    """What an annotation says of itself; `article` is an id."""

    article: str
    annotator: str
    process: Process
    made_from: tuple[str, ...]
    inventory: str
    text_sha256: str


class Spans(NamedTuple):
    """Those of document n are at the places from `bounds[n]` to `bounds[n + 1]`.

    Offsets are code points of the document's own text, half open; `labels` are numbers of labels in the order of the
    inventory.
    """

    bounds: Numbers
    ids: list[str]
    labels: Numbers
    starts: Numbers
    ends: Numbers
    texts: list[str]
    attributes: list[Attributes]
    notes: list[str]


class Relations(NamedTuple):
    """As `Spans`; `heads` and `tails` are places of spans."""

    bounds: Numbers
    labels: Numbers
    heads: Numbers
    tails: Numbers
    notes: list[str]


class Documents(NamedTuple):
    """Any number of documents."""

    inventory: Inventory
    heads: list[Head]
    spans: Spans
    relations: Relations

    def take(self, numbers: Sequence[int]) -> "Documents":
        """The documents with these numbers, in this order."""
        if list(numbers) == list(range(len(self.heads))):
            return self
        kept, tied = _places(self.spans.bounds, numbers), _places(self.relations.bounds, numbers)
        return _rearranged(self, numbers, kept, tied)

    def canonical(self) -> "Documents":
        """The same with each document's spans and relations in canonical order, as `store.canonical` has it."""
        relations = self.relations
        spans = self.spans
        order = text_order(self.inventory, spans.ids, owners(spans.bounds), spans.starts, spans.ends, spans.labels)
        place = np.full(len(order) + 1, UNKNOWN)
        place[order] = np.arange(len(order))
        rank = _ranks(self.inventory.relations)[relations.labels]
        tied, _ = ordered(owners(relations.bounds), place[relations.heads], place[relations.tails], rank)
        if _sorted(order) and _sorted(tied):
            return self
        return _rearranged(self, range(len(self.heads)), order, tied)

    def followed_by(self, later: "Documents") -> "Documents":
        """These documents, and others behind them."""
        if not later.heads:
            return self
        shift = len(self.spans.ids)
        moved = [np.where(one == UNKNOWN, UNKNOWN, one + shift) for one in later.relations[2:4]]
        others = later.relations._replace(heads=moved[0], tails=moved[1])
        return Documents(
            self.inventory,
            self.heads + later.heads,
            Spans(_continued(self.spans.bounds, later.spans.bounds), *map(_joined, self.spans[1:], later.spans[1:])),
            Relations(_continued(self.relations.bounds, others.bounds), *map(_joined, self.relations[1:], others[1:])),
        )

    def annotation(self, number: int) -> Annotation:
        """The annotation of one document, whose labels and ends must be known."""
        head, relations, ties = self.heads[number], self.relations, list(self.inventory.relations)
        arrows = slice(*relations.bounds[number : number + 2])
        return Annotation(
            article=head.article,
            annotator=head.annotator,
            process=head.process,
            made_from=head.made_from,
            inventory=head.inventory,
            text_sha256=head.text_sha256,
            spans=tuple(self.some_spans(range(*self.spans.bounds[number : number + 2].tolist()))),
            relations=tuple(
                Relation(label=ties[label], head=self.spans.ids[head], tail=self.spans.ids[tail], note=note)
                for label, head, tail, note in zip(
                    relations.labels[arrows].tolist(),
                    relations.heads[arrows].tolist(),
                    relations.tails[arrows].tolist(),
                    relations.notes[arrows],
                    strict=True,
                )
            ),
        )

    def some_spans(self, places: Iterable[int]) -> Iterator[Span]:
        """The spans at some places, whose labels must be known."""
        spans, names = self.spans, list(self.inventory.spans)
        for place in places:
            yield Span(
                id=spans.ids[place],
                label=names[spans.labels[place]],
                start=int(spans.starts[place]),
                end=int(spans.ends[place]),
                text=spans.texts[place],
                attributes=spans.attributes[place],
                note=spans.notes[place],
            )


def gathered(annotations: Iterable[Annotation], inventory: Inventory) -> Documents:
    """The columns of annotations; a label or an end that is not known becomes UNKNOWN."""
    all_ = list(annotations)
    spans = [span for one in all_ for span in one.spans]
    relations = [relation for one in all_ for relation in one.relations]
    bounds = [0, *accumulate(len(one.spans) for one in all_)]
    ids = [span.id for span in spans]
    heads, tails = list[int](), list[int]()
    for one, (first, behind) in zip(all_, pairwise(bounds), strict=True):
        place = dict(zip(ids[first:behind], range(first, behind), strict=True)).get
        heads += [place(relation.head, UNKNOWN) for relation in one.relations]
        tails += [place(relation.tail, UNKNOWN) for relation in one.relations]
    labels = {name: number for number, name in enumerate(inventory.spans)}
    ties = {name: number for number, name in enumerate(inventory.relations)}
    return Documents(
        inventory,
        [Head(one.article, one.annotator, one.process, one.made_from, one.inventory, one.text_sha256) for one in all_],
        Spans(
            column(bounds),
            ids,
            column([labels.get(span.label, UNKNOWN) for span in spans]),
            column([span.start for span in spans]),
            column([span.end for span in spans]),
            [span.text for span in spans],
            [span.attributes for span in spans],
            [span.note for span in spans],
        ),
        Relations(
            column([0, *accumulate(len(one.relations) for one in all_)]),
            column([ties.get(relation.label, UNKNOWN) for relation in relations]),
            column(heads),
            column(tails),
            [relation.note for relation in relations],
        ),
    )


def owners(bounds: Numbers) -> Numbers:
    """The number of the document of each span or relation."""
    numbers: Numbers = np.repeat(np.arange(len(bounds) - 1), np.diff(bounds))
    return numbers


def having(attributes: Sequence[Attributes]) -> list[int]:
    """The places of the spans that have attributes; most have none."""
    return [place for place, given in enumerate(attributes) if given]


def counted(starts: Numbers, ends: Numbers) -> tuple[Numbers, Numbers]:
    """The numbers in each range `[start, end)`, one range behind the other, and before them which range each is in."""
    sizes = np.maximum(ends - starts, 0)
    ranges = np.repeat(np.arange(len(starts)), sizes)
    return ranges, np.arange(len(ranges)) + np.repeat(starts - np.cumsum(sizes) + sizes, sizes)


def column(values: Sequence[int]) -> Numbers:
    """A column of numbers; one that is too large for it, as no text is so long, becomes UNKNOWN."""
    try:
        return np.array(values, np.int64)
    except OverflowError:
        # A file can hold any number; no text is so long.
        return np.array([value if abs(value) < 1 << 62 else UNKNOWN for value in values], np.int64)


def _ranks(names: Mapping[str, object]) -> Numbers:
    """Number of a name → its place among the names in the order of the alphabet; UNKNOWN comes last."""
    alphabet = {name: rank for rank, name in enumerate(sorted(names))}
    return column([*map(alphabet.__getitem__, names), len(alphabet)])


def _sorted(order: Numbers) -> bool:
    return bool((order == np.arange(len(order))).all())


def ordered(*keys: Numbers) -> tuple[Numbers, Mask]:
    """The order of rows by their keys, the first one first, and which rows of it have the keys of the one before.

    Rows with the same keys stay in their order.
    """
    least = [int(key.min(initial=0)) for key in keys]
    sizes = [int(key.max(initial=0)) - low + 1 for key, low in zip(keys, least, strict=True)]
    order: Numbers
    if math.prod(sizes) < 1 << 62:
        # One number a row is sorted several times as fast as several.
        whole = keys[0] - least[0]
        for key, low, size in zip(keys[1:], least[1:], sizes[1:], strict=True):
            whole = whole * size + (key - low)
        if (whole[:-1] <= whole[1:]).all():
            # Most documents are in order as they come, which is far sooner seen than sorted.
            order, same = np.arange(len(whole)), whole[:-1] == whole[1:]
        else:
            order = np.argsort(whole, kind="stable")
            same = whole[order[1:]] == whole[order[:-1]]
    else:
        order = np.lexsort(keys[::-1])
        same = np.logical_and.reduce([key[order[1:]] == key[order[:-1]] for key in keys])
    return order, np.concatenate([np.zeros(min(len(order), 1), np.bool_), same])


def text_order(
    inventory: Inventory, ids: Sequence[str], owners_: Numbers, starts: Numbers, ends: Numbers, labels: Numbers
) -> Numbers:
    """The places of spans, document by document, in the order that `store.span_order` gives those of one."""
    keys = owners_, starts, ends, _ranks(inventory.spans)[labels]
    order, same = ordered(*keys)
    if same.any():
        # Spans of one label in one place, which the checks do not let through, stand by their ids.
        columns = np.stack(keys).T.tolist()
        order = column(sorted(order.tolist(), key=lambda place: (columns[place], ids[place])))
    return order


@lru_cache(maxsize=8)
def allowed(inventory: Inventory) -> Mask:
    """Whether a relation may lead from one label to another: `[relation, label of head, label of tail]`, by number.

    It is not where the relation joins pieces, nor where one of the three is UNKNOWN.
    """
    number = {name: place for place, name in enumerate(inventory.spans)}
    # The last of each stands for UNKNOWN, which is -1.
    found = np.zeros((len(inventory.relations) + 1, len(number) + 1, len(number) + 1), np.bool_)
    for place, relation in enumerate(inventory.relations.values()):
        if not relation.joins_pieces:
            ends = [number[name] for name in relation.head], [number[name] for name in relation.tail]
            found[place][np.ix_(*ends)] = True
    return found


def _places(bounds: Numbers, numbers: Sequence[int]) -> Numbers:
    """The places of the spans or relations of some documents."""
    some = column(numbers)
    return counted(bounds[some], bounds[some + 1])[1]


def _rearranged(documents: Documents, numbers: Sequence[int], kept: Numbers, tied: Numbers) -> Documents:
    """The documents with these numbers, of whose spans and relations the places are given in their new order."""
    spans, relations = documents.spans, documents.relations
    place = np.full(len(spans.ids) + 1, UNKNOWN)
    place[kept] = np.arange(len(kept))
    picked = _Picking(kept)
    return Documents(
        documents.inventory,
        [documents.heads[number] for number in numbers],
        Spans(
            _bounds(spans.bounds, numbers),
            picked(spans.ids),
            spans.labels[kept],
            spans.starts[kept],
            spans.ends[kept],
            picked(spans.texts),
            picked(spans.attributes),
            picked(spans.notes),
        ),
        Relations(
            _bounds(relations.bounds, numbers),
            relations.labels[tied],
            # The place behind the last, where UNKNOWN leads, stays UNKNOWN.
            place[relations.heads[tied]],
            place[relations.tails[tied]],
            _Picking(tied)(relations.notes),
        ),
    )


def _bounds(bounds: Numbers, numbers: Sequence[int]) -> Numbers:
    return column([0, *np.cumsum(np.diff(bounds)[list(numbers)]).tolist()])


def _continued(bounds: Numbers, later: Numbers) -> Numbers:
    return np.concatenate([bounds, later[1:] + bounds[-1]])


def _joined(values: Any, later: Any) -> Any:
    return values + later if isinstance(values, list) else np.concatenate([values, later])


class _Picking:
    """Picks the values at some places out of lists: stretch by stretch, where these are long."""

    def __init__(self, places: Numbers) -> None:
        cuts = np.flatnonzero(np.diff(places) != 1) + 1
        bounds = pairwise([0, *cuts.tolist(), len(places)])
        self._places: list[int] | None = None
        self._stretches = list[slice]()
        if len(cuts) * STRETCH > len(places):
            self._places = places.tolist()
        elif len(places):
            self._stretches = [slice(int(places[first]), int(places[last - 1]) + 1) for first, last in bounds]

    def __call__(self, values: list[T]) -> list[T]:
        if self._places is not None:
            return [values[place] for place in self._places]
        return list(chain.from_iterable(map(values.__getitem__, self._stretches)))
