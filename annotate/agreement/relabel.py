"""Decisions on an article after the labels that they are about were renamed, merged, split or dropped.

Each annotator's labels stand as they were and as they are now, with the same ids, so a reference follows its span.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import NamedTuple, TypeVar

import msgspec

from annotate.agreement.adjudication import (
    AddedSpan,
    Adjudication,
    Difference,
    Dropped,
    Reference,
    RelationDecision,
    parse,
    plan,
    reference,
    shown,
)
from annotate.model import Annotation, AttributeValue

T = TypeVar("T")
Pair = tuple[Annotation, Annotation]


class Names(NamedTuple):
    """What becomes of a label, of a relation's label (None: dropped), and of attributes."""

    label: Callable[[str], str | None]
    relation: Callable[[str], str | None]
    attributes: Callable[[Mapping[str, AttributeValue]], dict[str, AttributeValue]]


class _Moved:
    """Where the references of an article's versions have gone."""

    def __init__(self, versions: Mapping[str, Pair], names: Names) -> None:
        self.names = names
        self.of: dict[str, dict[Reference, str | None]] = {}
        for annotator, (before, after) in versions.items():
            now = {span.id: shown(span) for span in after.spans}
            self.of[annotator] = {reference(span): now.get(span.id) for span in before.spans}

    def shown(self, name: Reference, annotator: str | None = None) -> str | None:
        """The new words for a reference in one version, or in the first that has it; None if it was dropped."""
        versions = [self.of[annotator]] if annotator in self.of else list(self.of.values())
        for version in versions:
            if name in version:
                return version[name]
        label, start, end = parse(name)
        new = self.names.label(label)
        return f"{new}@{start}-{end}" if new else None

    def __call__(self, name: Reference) -> Reference | None:
        words = self.shown(name)
        return words.partition(" ")[0] if words else None


def renamed(
    old: Adjudication, text: str, versions: Mapping[str, Pair], names: Names
) -> tuple[Adjudication, list[Difference]]:
    """The decisions after the change, and those that no longer fit and must be taken again.

    `versions` holds gold and each annotator's labels, before and after. Raises ValueError for a broken reference.
    """
    moved = _Moved(versions, names)
    new = msgspec.structs.replace(
        old,
        differences=_each(old.differences, lambda one: _difference(one, moved, names)),
        earlier=_each(old.earlier, lambda one: _difference(one, moved, names)),
        added_spans=_each(old.added_spans, lambda one: _added(one, moved, names)),
        dropped_spans=_each(old.dropped_spans, lambda one: _dropped(one, moved)),
        added_relations=_each(old.added_relations, lambda one: _relation(one, moved, names)),
        dropped_relations=_each(old.dropped_relations, lambda one: _relation(one, moved, names)),
    )
    before, after = ([pair[side] for who, pair in versions.items() if who in old.annotators] for side in (0, 1))
    if len(before) != len(old.annotators) or plan(before, text, old) != old:
        return new, []  # it was not up to date before: the next plan tells
    planned = plan(after, text, new)
    kept = {one.key for one in planned.differences if one.take}
    return planned, [one for one in new.differences if one.take and one.key not in kept]


def _each(entries: Iterable[T], change: Callable[[T], T | None]) -> list[T]:
    return [new for one in entries if (new := change(one)) is not None]


def _difference(one: Difference, moved: _Moved, names: Names) -> Difference | None:
    versions: dict[str, list[str]] = {}
    for annotator, has in one.versions.items():
        if one.kind == "relation":
            versions[annotator] = has
        else:
            found = (moved.shown(words.partition(" ")[0], annotator) for words in has)
            versions[annotator] = list(dict.fromkeys(words for words in found if words))
    key: str | None
    if one.kind == "relation":
        label, _, ends = one.key.partition(": ")
        head, _, tail = ends.partition(" → ")
        key = _triple(label, head, tail, moved, names)
    elif one.kind == "span":
        members = {words.partition(" ")[0] for has in versions.values() for words in has}
        key = " + ".join(sorted(members, key=lambda name: (*parse(name)[1:], name)))
    else:
        key = moved(one.key)
    if not key:
        return None
    changed = {new: names.attributes(values) for name, values in one.set.items() if (new := moved(name))}
    return msgspec.structs.replace(one, key=key, versions=versions, set=changed)


def _triple(label: str, head: Reference, tail: Reference, moved: _Moved, names: Names) -> str | None:
    parts = names.relation(label), moved(head), moved(tail)
    return f"{parts[0]}: {parts[1]} → {parts[2]}" if all(parts) else None


def _added(one: AddedSpan, moved: _Moved, names: Names) -> AddedSpan | None:
    span = moved(one.span)
    return AddedSpan(span=span, reason=one.reason, attributes=names.attributes(one.attributes)) if span else None


def _dropped(one: Dropped, moved: _Moved) -> Dropped | None:
    span = moved(one.span)
    return Dropped(span=span, reason=one.reason) if span else None


def _relation(one: RelationDecision, moved: _Moved, names: Names) -> RelationDecision | None:
    label, head, tail = names.relation(one.label), moved(one.head), moved(one.tail)
    return RelationDecision(label=label, head=head, tail=tail, reason=one.reason) if label and head and tail else None
