"""Which span of an old annotation is which of a new one, and what became of it.

Spans are matched one to one, in four steps; each takes what the steps before left:

1. by id, where the two share a character;
2. by overlap, among spans of one label;
3. by overlap among spans of different labels, from a Dice of `SAME` on;
4. by id, where the two have one label: a span that moved elsewhere.

Steps 1 and 4 are left out for a file whose ids were given anew: of the ids in both versions, fewer than half share a
character. The places of old spans are taken as the edits of the text carry them; a label that the inventory renamed is
one label. Steps 2 and 3 are `agreement.matching.match_by_overlap`: the pair that shares most goes first.

What became of the relations between spans that have been matched.

Two versions of a text: the edits between them, and where an offset of the old one lies in the new one.
"""

from bisect import bisect_right
from collections import Counter, defaultdict
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from difflib import SequenceMatcher
from functools import cached_property
from itertools import accumulate, takewhile, zip_longest
from typing import NamedTuple

from annotate.agreement.matching import match_by_overlap
from annotate.comparison.model import Edit, End, Ends, RelationChange, RelationKind, SpanChange, SpanKind
from annotate.corpus import span_order
from annotate.model import Annotation, Relation, Span
from annotate.records import Mention, Piece

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
        for one, other in match_by_overlap(first, second, same_label, least).pairs:
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


class _Old(NamedTuple):
    """An old relation, and what it would be called in the new version."""

    relation: Relation
    label: str
    head: str
    tail: str


def changes_relations(
    old: Annotation | None, new: Annotation | None, pairs: Pairs, renamed: Mapping[str, str]
) -> Iterator[RelationChange]:
    """Relations that are not the same in every respect, the new ones' order first.

    They are matched with their ends as the spans were: by label and both ends; then, of what is left, by label and
    head, by label and tail (retargeted), and by both ends (relabelled); the first that fits in the order of the file.
    """
    ids = {one.id: other.id for one, other in pairs}
    left, after = _different(old.relations if old else (), new.relations if new else (), ids)
    before = [
        _Old(one, renamed.get(one.label, one.label), ids.get(one.head, ""), ids.get(one.tail, "")) for one in left
    ]
    matched: list[tuple[Relation, Relation]] = []
    for key in (_all, _label_head, _label_tail, _ends):
        before, after = _taken(before, after, key, matched)
    ours, theirs = _Places(old), _Places(new)
    for one, other in matched:
        kinds = tuple(_kinds_relations(one, other, ids, renamed))
        if kinds:
            yield RelationChange(kinds=kinds, old=one, new=other, old_ends=ours(one), new_ends=theirs(other))
    yield from (RelationChange(kinds=("added",), new=one, new_ends=theirs(one)) for one in after)
    for one in (rest.relation for rest in before):
        yield RelationChange(kinds=("removed",), old=one, old_ends=ours(one))


def _different(
    old: Iterable[Relation], new: Iterable[Relation], ids: Mapping[str, str]
) -> tuple[list[Relation], list[Relation]]:
    """What is left of both without relations that are the same in every respect, as most of a file are."""
    waiting, same, left = Counter(new), Counter[Relation](), []
    for one in old:
        if same[one] < waiting[one] and ids.get(one.head) == one.head and ids.get(one.tail) == one.tail:
            same[one] += 1
        else:
            left.append(one)
    after = []
    for one in new:
        if same[one]:
            same[one] -= 1
        else:
            after.append(one)
    return left, after


class _Places:
    """Where the ends of the relations of one version stand."""

    def __init__(self, annotation: Annotation | None) -> None:
        self._spans = annotation.spans if annotation else ()

    @cached_property
    def _ends(self) -> dict[str, End]:
        return {one.id: End(one.label, one.start, one.end, one.text) for one in self._spans}

    def __call__(self, relation: Relation) -> Ends:
        return self._ends.get(relation.head), self._ends.get(relation.tail)


Key = Callable[["_Old | Relation"], Hashable]


def _all(one: _Old | Relation) -> Hashable:
    return one.label, one.head, one.tail


def _label_head(one: _Old | Relation) -> Hashable:
    return one.label, one.head


def _label_tail(one: _Old | Relation) -> Hashable:
    return one.label, one.tail


def _ends(one: _Old | Relation) -> Hashable:
    return one.head, one.tail


def _taken(
    before: list[_Old], after: list[Relation], key: Key, matched: list[tuple[Relation, Relation]]
) -> tuple[list[_Old], list[Relation]]:
    """What is left of both after those with one key were matched; an end that was removed fits none."""
    waiting: dict[Hashable, list[Relation]] = defaultdict(list)
    for one in reversed(after):
        waiting[key(one)].append(one)
    left, used = [], set()
    for old in before:
        same = waiting.get(key(old))
        if same:
            used.add(id(same[-1]))
            matched.append((old.relation, same.pop()))
        else:
            left.append(old)
    return left, [one for one in after if id(one) not in used]


def _kinds_relations(
    old: Relation, new: Relation, ids: Mapping[str, str], renamed: Mapping[str, str]
) -> Iterator[RelationKind]:
    if old.label != new.label:
        yield "renamed" if renamed.get(old.label) == new.label else "relabelled"
    if (ids.get(old.head), ids.get(old.tail)) != (new.head, new.tail):
        yield "retargeted"
    elif (old.head, old.tail) != (new.head, new.tail):
        yield "carried"
    if old.note != new.note:
        yield "note"


CLOSELY = 2_000
"""Characters up to which a stretch of changed lines is compared character by character."""


def edits(old: str, new: str, by_word: bool = True) -> tuple[Edit, ...]:
    """The edits that make `new` of `old`, in order, apart from each other: by lines, then within changed lines."""
    first, second = old.splitlines(keepends=True), new.splitlines(keepends=True)
    before = _common(first, second)
    behind = _common(first[before:][::-1], second[before:][::-1])
    ours, theirs = first[before : len(first) - behind], second[before : len(second) - behind]
    starts = list(accumulate(map(len, ours), initial=sum(map(len, first[:before]))))
    found: list[Edit] = []
    for start, end, begin, stop in _different_text(ours, theirs):
        lines = Edit(starts[start], starts[end], "".join(ours[start:end]), "".join(theirs[begin:stop]))
        found += _within(lines) if by_word else [lines]
    return tuple(found)


def _common(first: Sequence[str], second: Sequence[str]) -> int:
    """How many lines are the same, from the first on."""
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(first, second, strict=False)))


def _different_text(first: Sequence[str], second: Sequence[str]) -> Iterable[tuple[int, int, int, int]]:
    codes = SequenceMatcher(None, first, second, autojunk=max(len(first), len(second)) > CLOSELY).get_opcodes()
    return (places for tag, *places in codes if tag != "equal")  # type: ignore[misc]


def _within(lines: Edit) -> Iterable[Edit]:
    """The edits of one stretch, by words and what is between them; whole where it is long."""
    if not lines.old or not lines.new or len(lines.old) + len(lines.new) > CLOSELY:
        return [lines]
    first, second = _tokens(lines.old), _tokens(lines.new)
    starts = list(accumulate(map(len, first), initial=lines.start))
    return [
        Edit(starts[start], starts[end], "".join(first[start:end]), "".join(second[begin:stop]))
        for start, end, begin, stop in _different_text(first, second)
    ]


def _tokens(text: str) -> list[str]:
    """Runs of letters and digits, and every other character by itself."""
    found: list[str] = []
    for character in text:
        if found and character.isalnum() and found[-1][-1].isalnum():
            found[-1] += character
        else:
            found.append(character)
    return found


def edited(old: str, changes: Sequence[Edit]) -> str:
    """The new text. Raises ValueError where an edit does not find what it replaces."""
    parts, at = [], 0
    for one in changes:
        if one.start < at or one.end != one.start + len(one.old) or old[one.start : one.end] != one.old:
            raise ValueError(f"an edit does not find what it replaces at character {one.start}")
        parts += [old[at : one.start], one.new]
        at = one.end
    return "".join([*parts, old[at:]])


class Carried:
    """Where offsets of an old text lie in the new one."""

    def __init__(self, changes: Sequence[Edit]) -> None:
        self._changes = changes
        self._ends = [one.end for one in changes]
        self._shift = [0]
        for one in changes:
            self._shift.append(self._shift[-1] + len(one.new) - len(one.old))

    def __call__(self, offset: int, *, end: bool = False) -> int:
        """The place of an offset; within a replaced stretch, its start, or for the `end` of a range its end.

        What is inserted just at the start of a range stays outside of it, and so at its end.
        """
        number = bisect_right(self._ends, offset)
        if end:
            # An insertion at the very end of a range is behind it.
            while number and (one := self._changes[number - 1]).start == one.end == offset:
                number -= 1
        if number < len(self._changes) and self._changes[number].start < offset:
            one = self._changes[number]
            return one.start + self._shift[number] + (len(one.new) if end else 0)
        return offset + self._shift[number]
