"""Which span of an old annotation is which of a new one, and what became of it.

Spans are matched one to one, in four steps; each takes what the steps before left:

1. by id, where the two share a character;
2. by overlap, among spans of one label;
3. by overlap among spans of different labels, from a Dice of `SAME` on;
4. by id, where the two have one label: a span that moved elsewhere.

Steps 1 and 4 are left out for a file whose ids were given anew: of the ids in both versions, fewer than half share a
character. The places of old spans are taken as the edits of the text carry them; a label that the inventory renamed is
one label. Steps 2 and 3 are `agreement.matching.overlap`: the pair that shares most goes first.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import zip_longest
from typing import NamedTuple

from annotate.agreement.matching import overlap
from annotate.diff.model import SpanChange, SpanKind
from annotate.model import Span
from annotate.records import Mention, Piece
from annotate.store import span_order

SAME = 0.5
"""Dice overlap from which spans of different labels are one span with another label."""

Pairs = list[tuple[Span, Span]]
Carry = Callable[[Span], tuple[int, int]]


class Matched(NamedTuple):
    """Pairs of the same span, in the order of the new text, and what each version has alone."""

    pairs: Pairs
    removed: list[Span]
    added: list[Span]


def as_they_are(span: Span) -> tuple[int, int]:
    """How the offsets of a span are carried where the text did not change."""
    return span.start, span.end


def match(old: Iterable[Span], new: Iterable[Span], carry: Carry, renamed: Mapping[str, str]) -> Matched:
    """Match the spans of two versions of one annotation."""
    pairs, before, after = _same(old, new, carry)
    rest = _Rest(pairs, sorted(before, key=span_order), sorted(after, key=span_order), carry, renamed)
    rest.take(rest.equal())
    trusted = rest.ids_are_kept()
    if trusted:
        rest.take(rest.by_id(lambda one, other: _share(one, other)))
    rest.take(rest.by_overlap(same_label=True, least=0))
    rest.take(rest.by_overlap(same_label=False, least=SAME))
    if trusted:
        rest.take(rest.by_id(lambda one, other: one.label == other.label))
    pairs = sorted(rest.pairs, key=lambda pair: span_order(pair[1]))
    return Matched(pairs, list(rest.old.values()), list(rest.new.values()))


def _same(old: Iterable[Span], new: Iterable[Span], carry: Carry) -> tuple[Pairs, list[Span], list[Span]]:
    """Spans that are the same in every respect, as most of a file are; and the others of both versions."""
    after = {id(span): span for span in new}
    waiting = {span.id: span for span in after.values()}
    pairs, before = [], []
    for span in old:
        if waiting.get(span.id) == span and carry(span) == (span.start, span.end):
            other = waiting.pop(span.id)
            pairs.append((span, other))
            del after[id(other)]
        else:
            before.append(span)
    return pairs, before, list(after.values())


class _Rest:
    """What is not matched yet, by number; the places of the old spans carried to the new text."""

    def __init__(
        self, pairs: Pairs, old: Sequence[Span], new: Sequence[Span], carry: Carry, renamed: Mapping[str, str]
    ) -> None:
        self.pairs = pairs
        self.old, self.new = dict(enumerate(old)), dict(enumerate(new))
        self._first = [_mention(number, span, carry(span), renamed) for number, span in enumerate(old)]
        self._second = [_mention(number, span, (span.start, span.end), {}) for number, span in enumerate(new)]

    def take(self, numbers: Iterable[tuple[int, int]]) -> None:
        for one, other in list(numbers):
            if one in self.old and other in self.new:
                self.pairs.append((self.old.pop(one), self.new.pop(other)))

    def equal(self) -> Iterator[tuple[int, int]]:
        """Spans with one id, label and place."""
        places = {(self.new[n].id, m.label, m.pieces): n for n, m in enumerate(self._second)}
        for number, mention in enumerate(self._first):
            other = places.get((self.old[number].id, mention.label, mention.pieces))
            if other is not None:
                yield number, other

    def ids_are_kept(self) -> bool:
        """Whether an id stands for the same thing in both: at least half of those in both share a character."""
        shared = list(self.by_id(lambda *_: True))
        near = sum(1 for one, other in shared if _share(self._first[one], self._second[other]))
        return 2 * (near + len(self.pairs)) >= len(shared) + len(self.pairs)

    def by_id(self, fits: Callable[[Mention, Mention], bool]) -> Iterator[tuple[int, int]]:
        waiting = {span.id: number for number, span in reversed(self.new.items())}
        for number, span in self.old.items():
            other = waiting.get(span.id)
            if other is not None and fits(self._first[number], self._second[other]):
                yield number, other

    def by_overlap(self, same_label: bool, least: float) -> Iterator[tuple[int, int]]:
        first, second = [self._first[n] for n in self.old], [self._second[n] for n in self.new]
        for one, other in overlap(first, second, same_label, least).pairs:
            yield int(one.id), int(other.id)


def _mention(number: int, span: Span, place: tuple[int, int], renamed: Mapping[str, str]) -> Mention:
    """A span as the matching of agreement takes it; its number stands for its id, which may stand there twice."""
    label = renamed.get(span.label, span.label)
    return Mention(f"{number:09}", label, *place, span.text, (Piece(*place),), span.attributes)


def _share(one: Mention, other: Mention) -> bool:
    return min(one.end, other.end) > max(one.start, other.start) or one.pieces == other.pieces


def changes(matched: Matched, carry: Carry, renamed: Mapping[str, str]) -> Iterator[SpanChange]:
    """What became of each span that is not the same in every respect: in the order of the text, removed ones last."""
    for old, new in matched.pairs:
        if old == new and carry(old) == (old.start, old.end):
            continue
        kinds, by = tuple(_kinds(old, new, carry, renamed)), _moved(old, new, carry)
        if kinds:
            yield SpanChange(kinds=kinds, old=old, new=new, by=by)
    yield from (SpanChange(kinds=("added",), new=span) for span in matched.added)
    yield from (SpanChange(kinds=("removed",), old=span) for span in matched.removed)


def _moved(old: Span, new: Span, carry: Carry) -> tuple[int, int]:
    start, end = carry(old)
    return new.start - start, new.end - end


def _kinds(old: Span, new: Span, carry: Carry, renamed: Mapping[str, str]) -> Iterator[SpanKind]:
    if old.label != new.label:
        yield "renamed" if renamed.get(old.label) == new.label else "relabelled"
    if any(_moved(old, new, carry)):
        yield "moved"
    elif (old.start, old.end) != (new.start, new.end):
        yield "carried"
    # The order of the attributes is not a change; `files` notices where it keeps the bytes from being the same.
    if old.attributes != new.attributes:
        yield "attributes"
    if old.note != new.note:
        yield "note"
    if old.text != new.text and not any(_moved(old, new, carry)):
        yield "words"
    if old.id != new.id:
        yield "id"


def attribute_changes(one: SpanChange) -> Iterator[tuple[str, object, object]]:
    """Attribute, old and new value of each that differs; None where a side does not have it."""
    old, new = (side.attributes if side else {} for side in (one.old, one.new))
    for name in dict.fromkeys(name for pair in zip_longest(old, new) for name in pair if name):
        if old.get(name) != new.get(name):
            yield name, old.get(name), new.get(name)
