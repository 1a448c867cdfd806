"""What became of the relations between spans that have been matched."""

from collections import Counter, defaultdict
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping
from functools import cached_property
from typing import NamedTuple

from annotate.diff.model import End, Ends, RelationChange, RelationKind
from annotate.diff.spans import Pairs
from annotate.model import Annotation, Relation


class _Old(NamedTuple):
    """An old relation, and what it would be called in the new version."""

    relation: Relation
    label: str
    head: str
    tail: str


def changes(
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
        kinds = tuple(_kinds(one, other, ids, renamed))
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


def _kinds(old: Relation, new: Relation, ids: Mapping[str, str], renamed: Mapping[str, str]) -> Iterator[RelationKind]:
    if old.label != new.label:
        yield "renamed" if renamed.get(old.label) == new.label else "relabelled"
    if (ids.get(old.head), ids.get(old.tail)) != (new.head, new.tail):
        yield "retargeted"
    elif (old.head, old.tail) != (new.head, new.tail):
        yield "carried"
    if old.note != new.note:
        yield "note"
