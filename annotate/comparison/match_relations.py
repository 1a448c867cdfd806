"""List what changed among the relations of two versions of an annotation, whose spans are matched already."""

from collections import Counter, defaultdict
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping
from functools import cached_property
from typing import NamedTuple

from annotate.comparison.match_spans import SpanPairs
from annotate.comparison.model import End, Ends, RelationChange, RelationKind
from annotate.model import Annotation, Relation


class _MappedRelation(NamedTuple):
    """An old relation, with the label and the ids of its ends in the new version. The id of a removed end is empty."""

    relation: Relation
    label: str
    head: str
    tail: str


_Key = Callable[[_MappedRelation | Relation], Hashable]

_STEPS: tuple[_Key, ...] = (
    lambda relation: (relation.label, relation.head, relation.tail),
    lambda relation: (relation.label, relation.head),
    lambda relation: (relation.label, relation.tail),
    lambda relation: (relation.head, relation.tail),
)
"""What two relations must have in common to be one, step by step."""


def list_relation_changes(
    old: Annotation | None, new: Annotation | None, pairs: SpanPairs, renamed: Mapping[str, str]
) -> Iterator[RelationChange]:
    """List the relations that are not equal in every respect.

    Relations are matched with the ends that their spans were matched to: by label and both ends; then, among what is
    left, by label and head, by label and tail (retargeted), and by both ends (relabelled). Among several candidates the
    first in the order of the file is taken.

    Args:
        old: The old annotation; None where the version has none.
        new: The new annotation; None where the version has none.
        pairs: The matched spans, old and new.
        renamed: Old name to new name of the relations that the inventory renamed.

    Returns:
        Changed relations, then added ones in the order of the new file, then removed ones.
    """
    new_ids = {old_span.id: new_span.id for old_span, new_span in pairs}
    old_rest, unmatched = _drop_equal(old.relations if old else (), new.relations if new else (), new_ids)
    waiting = [
        _MappedRelation(
            relation,
            renamed.get(relation.label, relation.label),
            new_ids.get(relation.head, ""),
            new_ids.get(relation.tail, ""),
        )
        for relation in old_rest
    ]
    matches: list[tuple[Relation, Relation]] = []
    for key in _STEPS:
        waiting, unmatched = _match_by_key(waiting, unmatched, key, matches)
    old_ends, new_ends = _EndLookup(old), _EndLookup(new)
    for left, right in matches:
        kinds = tuple(_list_kinds(left, right, new_ids, renamed))
        if kinds:
            ends = {"old_ends": old_ends.find(left), "new_ends": new_ends.find(right)}
            yield RelationChange(kinds=kinds, old=left, new=right, **ends)
    for relation in unmatched:
        yield RelationChange(kinds=("added",), old=None, new=relation, new_ends=new_ends.find(relation))
    for mapped in waiting:
        yield RelationChange(kinds=("removed",), old=mapped.relation, new=None, old_ends=old_ends.find(mapped.relation))


def _drop_equal(
    old: Iterable[Relation], new: Iterable[Relation], new_ids: Mapping[str, str]
) -> tuple[list[Relation], list[Relation]]:
    """Drop the relations that are equal in every respect, as most of a file are; return the rest of both versions."""
    in_new, equal, old_rest = Counter(new), Counter[Relation](), []
    for relation in old:
        same_ends = (new_ids.get(relation.head), new_ids.get(relation.tail)) == (relation.head, relation.tail)
        if same_ends and equal[relation] < in_new[relation]:
            equal[relation] += 1
        else:
            old_rest.append(relation)
    new_rest = []
    for relation in new:
        if equal[relation]:
            equal[relation] -= 1
        else:
            new_rest.append(relation)
    return old_rest, new_rest


class _EndLookup:
    """Finds the spans at the ends of the relations of one version."""

    def __init__(self, annotation: Annotation | None) -> None:
        self._spans = annotation.spans if annotation else ()

    @cached_property
    def _ends(self) -> dict[str, End]:
        return {span.id: End(span.label, span.start, span.end, span.text) for span in self._spans}

    def find(self, relation: Relation) -> Ends:
        return self._ends.get(relation.head), self._ends.get(relation.tail)


def _match_by_key(
    old: list[_MappedRelation], new: list[Relation], key: _Key, matches: list[tuple[Relation, Relation]]
) -> tuple[list[_MappedRelation], list[Relation]]:
    """Match relations with one key, and return the rest of both versions. A removed end matches none."""
    candidates: dict[Hashable, list[Relation]] = defaultdict(list)
    for relation in reversed(new):
        candidates[key(relation)].append(relation)
    old_rest, used = [], set()
    for mapped in old:
        same_key = candidates.get(key(mapped))
        if same_key:
            used.add(id(same_key[-1]))
            matches.append((mapped.relation, same_key.pop()))
        else:
            old_rest.append(mapped)
    return old_rest, [relation for relation in new if id(relation) not in used]


def _list_kinds(
    old: Relation, new: Relation, new_ids: Mapping[str, str], renamed: Mapping[str, str]
) -> Iterator[RelationKind]:
    if old.label != new.label:
        yield "renamed" if renamed.get(old.label) == new.label else "relabelled"
    if (new_ids.get(old.head), new_ids.get(old.tail)) != (new.head, new.tail):
        yield "retargeted"
    elif (old.head, old.tail) != (new.head, new.tail):
        yield "carried"
    if old.note != new.note:
        yield "note"
