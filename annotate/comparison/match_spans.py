"""Match the spans of two versions of an annotation, and list what changed.

Spans are matched one to one in four steps. Each step takes what the steps before left:

1. by id, where the two spans share a character;
2. by overlap, among spans of one label;
3. by overlap, among spans of different labels, from a Dice coefficient of `SAME_SPAN_DICE` on;
4. by id, where the two spans have one label: a span that moved elsewhere.

Steps 1 and 4 are skipped for a file whose ids were assigned again: fewer than half of the ids that both versions have
share a character. The edits of the text map the ranges of old spans first. A label that the inventory renamed counts as
one label. Steps 2 and 3 use `agreement.matching.match_by_overlap`: the pair that shares most goes first.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence, Set
from itertools import zip_longest
from typing import NamedTuple

from annotate.agreement.matching import match_by_overlap
from annotate.comparison.model import SpanChange, SpanKind
from annotate.corpus import span_sort_key
from annotate.model import Span
from annotate.records import Mention, Piece

SAME_SPAN_DICE = 0.5
"""Dice coefficient from which spans of different labels are one span with another label."""

SpanPairs = list[tuple[Span, Span]]
MapRange = Callable[[Span], tuple[int, int]]
"""Maps the range of an old span to the new text: start and end, in code points."""


class SpanMatch(NamedTuple):
    """Pairs of the same span in the order of the new text, and the spans that only one version has."""

    pairs: SpanPairs
    removed: list[Span]
    added: list[Span]


def keep_range(span: Span) -> tuple[int, int]:
    """Return the range of a span where the text did not change."""
    return span.start, span.end


def match_spans(old: Iterable[Span], new: Iterable[Span], map_range: MapRange, renamed: Mapping[str, str]) -> SpanMatch:
    """Match the spans of two versions of one annotation.

    Args:
        old: Spans of the old version.
        new: Spans of the new version.
        map_range: Maps the range of an old span to the new text.
        renamed: Old name to new name of the labels that the inventory renamed.

    Returns:
        Each span exactly once: in a pair, as removed, or as added.
    """
    pairs, old_rest, new_rest = _pair_equal_spans(old, new, map_range)
    matcher = _SpanMatcher(
        pairs, sorted(old_rest, key=span_sort_key), sorted(new_rest, key=span_sort_key), map_range, renamed
    )
    matcher.pair(matcher.find_by_id_and_range())
    ids_kept = matcher.has_stable_ids()
    if ids_kept:
        matcher.pair(matcher.find_by_id(_share_character))
    matcher.pair(matcher.find_by_overlap(same_label=True, least=0))
    matcher.pair(matcher.find_by_overlap(same_label=False, least=SAME_SPAN_DICE))
    if ids_kept:
        matcher.pair(matcher.find_by_id(lambda left, right: left.label == right.label))
    pairs = sorted(matcher.pairs, key=lambda pair: span_sort_key(pair[1]))
    return SpanMatch(pairs, list(matcher.old.values()), list(matcher.new.values()))


def _pair_equal_spans(
    old: Iterable[Span], new: Iterable[Span], map_range: MapRange
) -> tuple[SpanPairs, list[Span], list[Span]]:
    """Pair the spans that are equal in every respect, as most of a file are; return the rest of both versions."""
    new_rest = {id(span): span for span in new}
    by_id = {span.id: span for span in new_rest.values()}
    pairs, old_rest = [], []
    for span in old:
        if by_id.get(span.id) == span and map_range(span) == (span.start, span.end):
            partner = by_id.pop(span.id)
            pairs.append((span, partner))
            del new_rest[id(partner)]
        else:
            old_rest.append(span)
    return pairs, old_rest, list(new_rest.values())


class _SpanMatcher:
    """The spans that are not paired yet, by index, with the ranges of old spans mapped to the new text."""

    def __init__(
        self,
        pairs: SpanPairs,
        old: Sequence[Span],
        new: Sequence[Span],
        map_range: MapRange,
        renamed: Mapping[str, str],
    ) -> None:
        self.pairs = pairs
        self.old, self.new = dict(enumerate(old)), dict(enumerate(new))
        self._old_mentions = [_make_mention(index, span, map_range(span), renamed) for index, span in enumerate(old)]
        self._new_mentions = [_make_mention(index, span, keep_range(span), {}) for index, span in enumerate(new)]

    def pair(self, indices: Iterable[tuple[int, int]]) -> None:
        for old_index, new_index in list(indices):
            if old_index in self.old and new_index in self.new:
                self.pairs.append((self.old.pop(old_index), self.new.pop(new_index)))

    def find_by_id_and_range(self) -> Iterator[tuple[int, int]]:
        """Yield spans with one id, label and range."""
        new_indices = {(self.new[i].id, m.label, m.pieces): i for i, m in enumerate(self._new_mentions)}
        for old_index, mention in enumerate(self._old_mentions):
            new_index = new_indices.get((self.old[old_index].id, mention.label, mention.pieces))
            if new_index is not None:
                yield old_index, new_index

    def has_stable_ids(self) -> bool:
        """Return whether at least half of the ids in both versions belong to spans that share a character."""
        candidates = list(self.find_by_id(lambda *_: True))
        sharing = sum(_share_character(self._old_mentions[o], self._new_mentions[n]) for o, n in candidates)
        return 2 * (sharing + len(self.pairs)) >= len(candidates) + len(self.pairs)

    def find_by_id(self, is_match: Callable[[Mention, Mention], bool]) -> Iterator[tuple[int, int]]:
        new_indices = {span.id: index for index, span in reversed(self.new.items())}
        for old_index, span in self.old.items():
            new_index = new_indices.get(span.id)
            if new_index is not None and is_match(self._old_mentions[old_index], self._new_mentions[new_index]):
                yield old_index, new_index

    def find_by_overlap(self, same_label: bool, least: float) -> Iterator[tuple[int, int]]:
        old, new = [self._old_mentions[i] for i in self.old], [self._new_mentions[i] for i in self.new]
        for left, right in match_by_overlap(old, new, same_label, least).pairs:
            yield int(left.id), int(right.id)


def _make_mention(index: int, span: Span, range_: tuple[int, int], renamed: Mapping[str, str]) -> Mention:
    """Make the mention that the matching of agreement takes; its id is the index, since a span's id may occur twice."""
    label = renamed.get(span.label, span.label)
    return Mention(f"{index:09}", label, *range_, span.text, (Piece(*range_),), span.attributes)


def _share_character(left: Mention, right: Mention) -> bool:
    return min(left.end, right.end) > max(left.start, right.start) or left.pieces == right.pieces


def list_span_changes(
    match: SpanMatch, map_range: MapRange, renamed: Mapping[str, str], added_attributes: Set[str] = frozenset()
) -> Iterator[SpanChange]:
    """List the spans that are not equal in every respect.

    Args:
        match: The result of `match_spans`.
        map_range: As given to `match_spans`.
        renamed: As given to `match_spans`.
        added_attributes: The attributes that the inventory added.

    Returns:
        Changed spans in the order of the new text, then added ones, then removed ones.
    """
    for old, new in match.pairs:
        if old == new and map_range(old) == (old.start, old.end):
            continue
        shift = _measure_shift(old, new, map_range)
        kinds = tuple(_list_kinds(old, new, shift, renamed, added_attributes))
        if kinds:
            yield SpanChange(kinds=kinds, old=old, new=new, by=shift)
    yield from (SpanChange(kinds=("added",), old=None, new=span) for span in match.added)
    yield from (SpanChange(kinds=("removed",), old=span, new=None) for span in match.removed)


def _measure_shift(old: Span, new: Span, map_range: MapRange) -> tuple[int, int]:
    """Return by how many code points start and end moved, beyond what the edits of the text moved them."""
    start, end = map_range(old)
    return new.start - start, new.end - end


def _list_kinds(
    old: Span, new: Span, shift: tuple[int, int], renamed: Mapping[str, str], added_attributes: Set[str]
) -> Iterator[SpanKind]:
    if old.label != new.label:
        yield "renamed" if renamed.get(old.label) == new.label else "relabelled"
    if any(shift):
        yield "moved"
    elif (old.start, old.end) != (new.start, new.end):
        yield "carried"
    # The order of the attributes is not a change here; `compare_file` notices when it alone changes the bytes.
    if old.attributes != new.attributes:
        kept = {name: value for name, value in new.attributes.items() if name not in added_attributes}
        yield "extended" if kept == old.attributes else "attributes"
    if old.note != new.note:
        yield "note"
    if old.text != new.text and not any(shift):
        yield "words"
    if old.id != new.id:
        yield "id"


def list_attribute_changes(change: SpanChange) -> Iterator[tuple[str, object, object]]:
    """Yield name, old value and new value of each attribute that differs; None where a side does not have it."""
    old, new = (span.attributes if span else {} for span in (change.old, change.new))
    for name in dict.fromkeys(name for pair in zip_longest(old, new) for name in pair if name):
        if old.get(name) != new.get(name):
            yield name, old.get(name), new.get(name)
