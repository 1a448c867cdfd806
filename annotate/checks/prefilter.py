"""The fast gate before the rules of annotations: it says "nothing to find here", or says nothing.

Most annotations of a large corpus are clean. For those, some passes over the columns of many documents take the place
of the JSON Schema and of every rule of spans and relations; what does not pass is left to them, and they alone explain.
The gate may refuse what the rules let through (spans in pieces, for one); it never passes what one of them would find,
which the tests hold it to.

Where the spans of many documents stand in their texts, looked at all at once.
"""

import re
from collections.abc import Collection, Sequence
from functools import cache, lru_cache
from itertools import pairwise
from operator import getitem
from typing import NamedTuple, TypeAlias

import msgspec
import numpy as np
import numpy.typing as npt

from annotate.checks.spans import OF_COUNTS
from annotate.columns import (
    UNKNOWN,
    Attributes,
    Documents,
    Head,
    Mask,
    Numbers,
    Spans,
    allowed,
    having,
    ordered,
    owners,
)
from annotate.generate import ID_PATTERN, LARGEST, MAX_ID, SHA256_PATTERN, SPAN_ID_PATTERN, VERSION_PATTERN
from annotate.inventory import Attribute, Bounds, Inventory, Reading
from annotate.model import Annotation, AttributeValue

Kinds: TypeAlias = npt.NDArray[np.uint8]
Codes: TypeAlias = npt.NDArray[np.uint32]

_SPACE, _IN_WORDS = 1, 2
_TABLED = 0x3000
_LINE_END = ord("\n")


def misplaced(spans: Spans, texts: Sequence[str]) -> Mask:
    """The spans that are empty, lie outside their text, read other words, stand twice, or whose ends are no good ones.

    An end is good between two words, not beside white space within the span; a span is within one line.
    """
    owner = owners(spans.bounds)
    # The text of each span; one that is empty is a space, so that it has a character at any place that is asked for.
    held = list(map([text or " " for text in texts].__getitem__, owner.tolist()))
    sizes = np.fromiter(map(len, texts), np.int64, len(texts))[owner]
    outside: Mask = (spans.starts < 0) | (spans.starts >= spans.ends) | (spans.ends > sizes)
    starts, ends = np.where(outside, 0, spans.starts), np.where(outside, 0, spans.ends)
    lengths = np.fromiter(map(len, spans.texts), np.int64, len(held))
    same = np.fromiter(map(str.startswith, held, spans.texts, starts.tolist()), np.bool_, len(held))
    same &= lengths == spans.ends - spans.starts
    # Where the words are the same, their own characters are those of the text; behind them stands one, so that the
    # last word has one behind it even if it is empty.
    words = _codes("".join([*spans.texts, " "]))
    behind_words = np.cumsum(lengths)
    kinds = _kinds(words)
    first, last = kinds[behind_words - lengths], kinds[behind_words - 1]
    lines = np.zeros(len(held), np.bool_)
    lines[np.searchsorted(behind_words, np.flatnonzero(words == _LINE_END), "right")] = True
    # Before and behind a text there is no word.
    before = np.where(starts > 0, _kinds(_characters(held, starts - 1)), 0)
    behind = np.where(ends < sizes, _kinds(_characters(held, np.minimum(ends, sizes - 1))), 0)
    faulty: Mask = (
        outside
        | ~same
        | ((first | last) & _SPACE > 0)
        | ((before & first | last & behind) & _IN_WORDS > 0)
        | lines
        | twice(owner, spans.starts, spans.ends, spans.labels)
    )
    return faulty


def twice(*keys: Numbers) -> Mask:
    """The places at which the values of all keys are those of a place before."""
    order, same = ordered(*keys)
    found = np.zeros(len(order), np.bool_)
    found[order[same]] = True
    return found


def _characters(texts: Sequence[str], places: Numbers) -> Codes:
    """The character at a place of each text."""
    return _codes("".join(map(getitem, texts, places.tolist())))


def _codes(characters: str) -> Codes:
    return np.frombuffer(characters.encode("utf-32-le", "surrogatepass"), np.uint32)


def _kinds(codes: Codes) -> Kinds:
    """Of each character `_SPACE` for white space, `_IN_WORDS` for a letter or digit."""
    kinds: Kinds = _table()[np.minimum(codes, _TABLED)]
    beyond = np.flatnonzero(codes >= _TABLED)
    kinds[beyond] = [_kind(chr(code)) for code in codes[beyond].tolist()]
    return kinds


@cache
def _table() -> Kinds:
    """The kinds of the characters that most texts have."""
    return np.array([_kind(chr(code)) for code in range(_TABLED + 1)], np.uint8)


def _kind(character: str) -> int:
    return _SPACE * character.isspace() | _IN_WORDS * character.isalnum()


_NAME, _VERSION, _SHA256, _SPAN_ID = map(re.compile, (ID_PATTERN, VERSION_PATTERN, SHA256_PATTERN, SPAN_ID_PATTERN))
_IN_IDS = bytes(character for character in range(128) if _SPAN_ID.fullmatch(chr(character)))
_NO_NUMBERS: Reading = "none"
_NOTHING = Annotation(
    article="",
    annotator="",
    process="single pass",
    made_from=(),
    inventory="",
    text_sha256="",
    spans=(),
    relations=(),
)


class _Label(NamedTuple):
    """What the inventory asks of the attributes of the spans with one label."""

    attributes: dict[str, Attribute]
    required: frozenset[str]


class _Asked(NamedTuple):
    """How many relations with one label a span may have at one end; at least so many where its own is in `labels`."""

    relation: int
    at_head: bool
    labels: Mask
    bounds: Bounds


class Gate:
    """The gate for one inventory; `Gate.of` keeps those that were made."""

    def __init__(self, inventory: Inventory) -> None:
        self._inventory = inventory
        relations = list(inventory.relations.values())

        def among(names: Collection[str]) -> Mask:
            """Which labels are among the names; the last one stands for UNKNOWN, which is -1, and never is."""
            return np.array([*(name in names for name in inventory.spans), False], np.bool_)

        self._counted = among([interval.label for interval in inventory.intervals])
        names = list(inventory.spans)
        self._intervals = {names.index(interval.label): interval for interval in inventory.intervals}
        self._asked = [
            _Asked(place, at_head, among(labels), bounds)
            for place, relation in enumerate(relations)
            for at_head, labels, bounds in (
                (True, relation.head, relation.per_head),
                (False, relation.tail, relation.per_tail),
            )
            if bounds != Bounds()
        ]
        bound = {name for relation in relations for name in relation.head}
        bound |= {name for relation in relations if relation.per_tail.least for name in relation.tail}
        self._alone = among(inventory.spans.keys() - bound)
        self._labels = [
            _Label(
                {attribute.name: attribute for attribute in inventory.attributes_of(label)},
                frozenset(attribute.name for attribute in inventory.attributes_of(label) if attribute.required),
            )
            for label in inventory.spans
        ]
        # A few sets of values make up most of a corpus.
        self._attributes_pass = lru_cache(maxsize=4096)(self._have_values)
        self._asks = among([name for name, label in zip(inventory.spans, self._labels, strict=True) if label.required])

    @staticmethod
    @lru_cache(maxsize=8)
    def of(inventory: Inventory) -> "Gate":
        return Gate(inventory)

    def passing(self, documents: Documents, texts: Sequence[str]) -> Mask:
        """Which documents, against the texts of their articles, are certainly without a finding."""
        spans, relations = documents.spans, documents.relations
        passing = np.array([_head_passes(head) for head in documents.heads], np.bool_)
        bounds = spans.bounds.tolist()
        for number, (first, last) in enumerate(pairwise(bounds)):
            if len(set(spans.ids[first:last])) < last - first:
                passing[number] = False
        faulty = self._faulty_spans(spans) | self._faulty_ends(documents) | misplaced(spans, texts)
        passing[owners(spans.bounds)[faulty]] = False
        passing[owners(relations.bounds)[self._faulty_relations(documents)]] = False
        self._count(documents, passing)
        return passing

    def _faulty_spans(self, spans: Spans) -> Mask:
        """The spans whose label, id or attributes may be at fault."""
        places = having(spans.attributes)
        lacking = self._asks[spans.labels]
        lacking[places] = [
            not self._attributes_pass(label, tuple(spans.attributes[place].items()))
            for place, label in zip(places, spans.labels[places].tolist(), strict=True)
        ]
        faulty: Mask = _faulty_ids(spans.ids) | (spans.labels == UNKNOWN) | lacking
        return faulty

    def _have_values(self, label: int, given: tuple[tuple[str, AttributeValue], ...]) -> bool:
        """Whether a span with a label may have such attributes, and has those that it must have."""
        if label == UNKNOWN:
            return False
        asked = self._labels[label]
        for name, value in given:
            attribute = asked.attributes.get(name)
            if attribute is None:
                return False
            if attribute.type == "integer":
                fits = type(value) is int and 0 <= value <= LARGEST
            else:
                fits = isinstance(value, str) and (value in attribute.values if attribute.values else value != "")
            if not fits:
                return False
        return asked.required <= {name for name, _ in given}

    def _faulty_ends(self, documents: Documents) -> Mask:
        """The spans that have too few relations, or too many."""
        spans, relations = documents.spans, documents.relations
        size = len(spans.ids)
        related = np.zeros(size + 1, np.bool_)
        related[relations.heads] = related[relations.tails] = True
        faulty: Mask = self._alone[spans.labels] & ~related[:-1]
        for asked in self._asked:
            ends = (relations.heads if asked.at_head else relations.tails)[relations.labels == asked.relation]
            count = np.bincount(ends[ends != UNKNOWN], minlength=size)
            if asked.bounds.most is not None:
                faulty |= count > asked.bounds.most
            if asked.bounds.least:
                faulty |= asked.labels[spans.labels] & (count < asked.bounds.least)
        return faulty

    def _faulty_relations(self, documents: Documents) -> Mask:
        """The relations that are not known, lead to nowhere or to themselves, are not allowed, or stand twice."""
        relations = documents.relations
        heads, tails = relations.heads, relations.tails
        labels = np.append(documents.spans.labels, UNKNOWN)
        fitting = allowed(self._inventory)[relations.labels, labels[heads], labels[tails]]
        faulty: Mask = ~fitting | (heads == tails) | twice(heads, tails, relations.labels)
        return faulty

    def _count(self, documents: Documents, passing: Mask) -> None:
        """Let no document pass of which a rule of counts finds something."""
        spans = documents.spans
        counted = np.flatnonzero(self._counted[spans.labels])
        of_document: dict[int, list[int]] = {}
        for place, number in zip(counted.tolist(), owners(spans.bounds)[counted].tolist(), strict=True):
            if self._has_bounds(spans.attributes[place], int(spans.labels[place])):
                of_document.setdefault(number, []).append(place)
        for number, places in of_document.items():
            if passing[number]:
                counts = msgspec.structs.replace(_NOTHING, spans=tuple(documents.some_spans(places)))
                passing[number] = not any(True for rule in OF_COUNTS for _ in rule.check(counts, self._inventory))

    def _has_bounds(self, given: Attributes, label: int) -> bool:
        """Whether a count has numbers, or a wording that asks for them: else no rule finds anything in it."""
        interval = self._intervals[label]
        return (
            given.get(interval.minimum) is not None
            or given.get(interval.maximum) is not None
            or interval.readings.get(str(given.get(interval.wording)), _NO_NUMBERS) != _NO_NUMBERS
        )


def _head_passes(head: Head) -> bool:
    """Whether what an annotation says of itself certainly has the form that the JSON Schema asks for."""
    return (
        _is_name(head.article)
        and _SHA256.fullmatch(head.text_sha256) is not None
        and _making_passes(head.annotator, head.made_from, head.inventory)
    )


@lru_cache(maxsize=256)
def _making_passes(annotator: str, made_from: tuple[str, ...], inventory: str) -> bool:
    """The same of what many annotations have in common."""
    return (
        len(set(made_from)) == len(made_from)
        and all(map(_is_name, (annotator, *made_from)))
        and _VERSION.fullmatch(inventory) is not None
    )


def _is_name(name: str) -> bool:
    return len(name) <= MAX_ID and _NAME.fullmatch(name) is not None


def _faulty_ids(ids: Sequence[str]) -> Mask:
    """The ids that no span may have; most often one look at all of them finds none."""
    sizes = np.fromiter(map(len, ids), np.int64, len(ids))
    faulty: Mask = (sizes < 1) | (sizes > MAX_ID)
    if "\n".join(ids).encode("utf-8", "surrogatepass").translate(None, _IN_IDS) != b"\n" * (len(ids) - 1):
        faulty |= np.array([_SPAN_ID.fullmatch(id_) is None for id_ in ids], np.bool_)
    return faulty
