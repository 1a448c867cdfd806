"""What became of the relations between spans that have been matched."""

from collections import defaultdict
from collections.abc import Callable, Hashable, Iterator, Mapping
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
    before = [
        _Old(one, renamed.get(one.label, one.label), ids.get(one.head, ""), ids.get(one.tail, ""))
        for one in (old.relations if old else ())
    ]
    after = list(new.relations if new else ())
    matched: list[tuple[Relation, Relation]] = []
    for key in (_all, _label_head, _label_tail, _ends):
        before, after = _taken(before, after, key, matched)
    ours, theirs = _Places(old), _Places(new)
    for one, other in matched:
        kinds = tuple(_kinds(one, other, ids, renamed))
        if kinds:
            yield RelationChange(kinds=kinds, old=one, new=other, old_ends=ours(one), new_ends=theirs(other))
    yield from (RelationChange(kinds=("added",), new=one, new_ends=theirs(one)) for one in after)
    for left in before:
        yield RelationChange(kinds=("removed",), old=left.relation, old_ends=ours(left.relation))


class _Places:
    """Where the ends of the relations of one version stand."""

    def __init__(self, annotation: Annotation | None) -> None:
        self._ends = (
            {one.id: End(one.label, one.start, one.end, one.text) for one in annotation.spans} if annotation else {}
        )

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
