"""What the tables of one batch are made from: articles, each with one annotation of it, and what several tables read.

Each of these is found once a batch.

The mentions of a batch as columns: spans, those that are pieces of one together, as `records.Mention` has them.

Spans and mentions of a batch as Arrow columns, each made once.

One mention is shown in many rows (a head, a tail, a role, an anchor); taking what is made already is many times as fast
as making it again.

The relations between mentions of a batch as columns, as `records.Graph.related` has those of one document.

The texts of a batch as one: where their paragraphs are, and stretches of them as Arrow strings.

A paragraph is a line of its text. Offsets are code points of a document's own text, half open; documents are told
apart by their numbers.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from typing import NamedTuple, TypeAlias

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from annotate.columns import (
    UNKNOWN,
    Documents,
    Integers,
    Mask,
    allowed_relations,
    document_indices,
    order_spans,
    sort_rows,
)
from annotate.dataset.arrow import attribute_arrays, class_ids, lists, struct
from annotate.dataset.features import PLACE, listed
from annotate.model import Annotation, Article
from annotate.records import BETWEEN_PIECES, leaders


class Pieces(NamedTuple):
    """Those of mention n are at the places from `bounds[n]` to `bounds[n + 1]`; `spans` are places of spans."""

    bounds: Integers
    spans: Integers
    starts: Integers
    ends: Integers


class Mentions(NamedTuple):
    """Numbered through the batch in the order of the documents and of their first pieces; labels are those of these.

    `whole` is the number of the mention that each span is of, or is a piece of; `firsts` are the places of the first
    pieces among the spans, `owners` the numbers of documents. `ranks` say the order of the text among the mentions of a
    document: start, end, label, id.
    """

    whole: Integers
    firsts: Integers
    owners: Integers
    labels: Integers
    starts: Integers
    ends: Integers
    ranks: Integers
    pieces: Pieces

    @property
    def several(self) -> Mask:
        """Which mentions have more than one piece."""
        found: Mask = np.diff(self.pieces.bounds) > 1
        return found

    def extent(self, number: int) -> list[tuple[int, int]]:
        """Start and end of each piece of a mention, in the order of the text."""
        some = slice(*self.pieces.bounds[number : number + 2].tolist())
        return list(zip(self.pieces.starts[some].tolist(), self.pieces.ends[some].tolist(), strict=True))


def mentions(labels: Documents) -> Mentions:
    """The mentions of documents in canonical order."""
    spans = labels.spans
    first_of, size = _first_pieces(labels), len(spans.ids)
    begins = first_of == np.arange(size)
    firsts, whole = np.flatnonzero(begins), (np.cumsum(begins) - 1)[first_of]
    order = np.argsort(whole, kind="stable")
    bounds = np.concatenate([[0], np.cumsum(np.bincount(whole, minlength=len(firsts)))])
    pieces = Pieces(bounds, order, spans.starts[order], spans.ends[order])
    owner, starts, label = document_indices(spans.bounds)[firsts], spans.starts[firsts], spans.labels[firsts]
    ends = np.maximum.reduceat(pieces.ends, bounds[:-1]) if size else pieces.ends
    ranks = np.arange(len(firsts))
    if len(firsts) < size:
        ids = [spans.ids[place] for place in firsts.tolist()]
        ranks[order_spans(labels.inventory, ids, owner, starts, ends, label)] = np.arange(len(firsts))
    return Mentions(whole, firsts, owner, label, starts, ends, ranks, pieces)


def _first_pieces(labels: Documents) -> Integers:
    """For each span the place of the first piece of its mention: its own, where no relation joins it to another."""
    found = np.arange(len(labels.spans.ids))
    pairs = list(_joins(labels))
    leader, first = leaders(pairs), dict[int, int]()
    for place in sorted({place for pair in pairs for place in pair}):
        found[place] = first.setdefault(leader(place), place)
    return found


def _joins(labels: Documents) -> Iterator[tuple[int, int]]:
    """The places of two spans of one label that are pieces of one."""
    relations, names = labels.relations, list(labels.inventory.relations)
    joining = labels.inventory.pieces
    if joining is None:
        return
    joins = np.flatnonzero(relations.labels == names.index(joining))
    kinds = labels.spans.labels
    for head, tail in zip(relations.heads[joins].tolist(), relations.tails[joins].tolist(), strict=True):
        if UNKNOWN not in (head, tail) and kinds[head] == kinds[tail]:
            yield head, tail


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

    def take(self, numbers: Integers, attributes: Iterable[str] = ()) -> dict[str, pa.Array]:
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

    def ids(self, numbers: Integers) -> pa.Array:
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


class Related(NamedTuple):
    """In the order of the annotations; `places` are those of the relations, `heads` and `tails` numbers of mentions."""

    places: Integers
    labels: Integers
    heads: Integers
    tails: Integers


def related(labels: Documents, mentions: Mentions) -> Related:
    """What the inventory allows, each triple of label and ends once; not what joins pieces."""
    relations, kinds = labels.relations, np.append(labels.spans.labels, UNKNOWN)
    fitting = allowed_relations(labels.inventory)[relations.labels, kinds[relations.heads], kinds[relations.tails]]
    places = np.flatnonzero(fitting)
    heads, tails = mentions.whole[relations.heads[places]], mentions.whole[relations.tails[places]]
    order, same = sort_rows(heads, tails, relations.labels[places])
    once = np.sort(order[~same])
    return Related(places[once], relations.labels[places[once]], heads[once], tails[once])


_LINE_END = ord("\n")
_CONTINUES, _KIND = 0x80, 0xC0
"""A byte of UTF-8 goes on with a character where its two first bits are 10."""


class Texts:
    """Behind each text stands a line end, so that each of its lines has one.

    `bases` says where each text begins among the code points of all, and where the one behind the last would.
    """

    def __init__(self, texts: Sequence[str]) -> None:
        self._bytes = "".join(f"{text}\n" for text in texts).encode()
        self.bases: Integers = np.cumsum([0, *(len(text) + 1 for text in texts)])

    def paragraphs(self, owners: Integers, starts: Integers, ends: Integers) -> tuple[Integers, Integers]:
        """Starts and ends of the paragraph, or paragraphs, in which each stretch stands."""
        bases, lines = self.bases[owners], self.lines
        first = lines[np.searchsorted(lines, bases + starts, "right") - 1]
        behind = lines[np.searchsorted(lines, bases + np.maximum(ends, starts + 1), "left")]
        return first - bases, behind - bases - 1

    def stretches(self, owners: Integers, starts: Integers, ends: Integers) -> pa.StringArray:
        """The words from each start to each end.

        Bytes are copied from the texts to the column: to make and encode a string of each takes several times as long.
        """
        bases = self.bases[owners]
        first, behind = self._in_bytes(bases + starts), self._in_bytes(bases + ends)
        text = memoryview(self._bytes)
        words = b"".join([text[start:end] for start, end in zip(first.tolist(), behind.tolist(), strict=True)])
        # Arrow refuses, as numpy would not, an offset that is too large for its column.
        offsets = pa.array(np.concatenate([[0], np.cumsum(behind - first)]), pa.int32())
        return pa.StringArray.from_buffers(len(first), offsets.buffers()[1], pa.py_buffer(words))

    @cached_property
    def lines(self) -> Integers:
        """Where each line begins among the code points of all texts, and where the one behind the last would."""
        line_ends = np.flatnonzero(self._codes == _LINE_END)
        return np.concatenate([[0], line_ends - np.searchsorted(self._further, line_ends) + 1])

    @property
    def _codes(self) -> npt.NDArray[np.uint8]:
        return np.frombuffer(self._bytes, np.uint8)

    @cached_property
    def _further(self) -> Integers:
        """The places of the bytes that go on with a code point; most texts have few, and some none."""
        return np.flatnonzero(self._codes & _KIND == _CONTINUES)

    def _in_bytes(self, places: Integers) -> Integers:
        """Where code points begin among the bytes."""
        of = self._further - np.arange(len(self._further)) - 1
        return places + np.searchsorted(of, places)


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
        return [self._kinds.get(head.annotator) for head in self.labels.meta]

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

    def labelled(self, label: str) -> Integers:
        """The numbers of the mentions with a label."""
        found: Integers = np.flatnonzero(self.mentions.labels == list(self.labels.inventory.spans).index(label))
        return found

    def tails(self, relation: str, heads: Integers) -> tuple[Integers, Integers]:
        """What a relation leads to from some mentions: pairs of head and tail, by number.

        The heads are in the order of their numbers, the tails of each in that of the text.
        """
        found, asked = self.related, np.zeros(len(self.mentions.labels), np.bool_)
        asked[heads] = True
        number = list(self.labels.inventory.relations).index(relation)
        places = np.flatnonzero((found.labels == number) & asked[found.heads])
        order, _ = sort_rows(found.heads[places], self.mentions.ranks[found.tails[places]])
        return found.heads[places[order]], found.tails[places[order]]
