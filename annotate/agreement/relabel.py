"""Decisions on an article after the labels that they are about were renamed, merged, split, moved or dropped.

Each annotation is given before and after the change, with the same span ids, so that a reference follows its span.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import NamedTuple, TypeVar

import msgspec

from annotate.adjudication import (
    AddedSpan,
    Adjudication,
    Difference,
    DroppedSpan,
    Reference,
    RelationDecision,
    Triple,
    describe_relation,
    describe_span,
    parse_reference,
    parse_relation,
    plan_adjudication,
    read_description,
    refer_to,
)
from annotate.model import Annotation, AttributeValue
from annotate.offsets import sha256

T = TypeVar("T")


def _stay(start: int, end: int) -> tuple[int, int]:
    return start, end


class Relabelling(NamedTuple):
    """What becomes of labels and attributes, and where.

    Attributes:
        label: Maps a span label to its new name; None if it is dropped.
        relation: Maps a relation label to its new name; None if it is dropped.
        attributes: Maps some attributes of a span to the new ones.
        span_attributes: Maps all attributes of a span to the new ones, given its old label; what is new is added.
        range: Maps a range of the text, in code points, half open, to the new one; None if it is gone.
    """

    label: Callable[[str], str | None]
    relation: Callable[[str], str | None]
    attributes: Callable[[Mapping[str, AttributeValue | None]], dict[str, AttributeValue | None]]
    span_attributes: Callable[[str, Mapping[str, AttributeValue]], dict[str, AttributeValue]]
    range: Callable[[int, int], tuple[int, int] | None] = _stay


class AnnotationChange(NamedTuple):
    """An annotation before and after the change."""

    old: Annotation
    new: Annotation


class _ReferenceMap:
    """Maps old references to new ones, as the spans of the annotations did."""

    def __init__(self, changes: Mapping[str, AnnotationChange], relabelling: Relabelling) -> None:
        self._relabelling = relabelling
        self._descriptions: dict[str, dict[Reference, str | None]] = {}
        for annotator, (old, new) in changes.items():
            by_id = {span.id: describe_span(span) for span in new.spans}
            self._descriptions[annotator] = {refer_to(span): by_id.get(span.id) for span in old.spans}

    def describe(self, reference: Reference, annotator: str | None = None) -> str | None:
        """Return the new description of a span; None if it was dropped.

        Args:
            reference: The old reference.
            annotator: Whose span it is; if unknown, that of the first annotation that has it.
        """
        candidates = self._descriptions
        for descriptions in [candidates[annotator]] if annotator in candidates else candidates.values():
            if reference in descriptions:
                return descriptions[reference]
        label, start, end = parse_reference(reference)
        new, place = self._relabelling.label(label), self._relabelling.range(start, end)
        return f"{new}@{place[0]}-{place[1]}" if new and place else None

    def __call__(self, reference: Reference) -> Reference | None:
        """Return the new reference of a span; None if it was dropped."""
        description = self.describe(reference)
        return read_description(description) if description else None


def relabel_decisions(
    old: Adjudication,
    text: str,
    changes: Mapping[str, AnnotationChange],
    relabelling: Relabelling,
    new_text: str | None = None,
) -> tuple[Adjudication, list[Difference]]:
    """Apply a change of labels to the decisions on an article.

    Args:
        old: The decisions before the change.
        text: The text that the decisions were made on.
        changes: Gold and each annotator's annotation, before and after.
        relabelling: What becomes of labels and attributes.
        new_text: The text of the new annotations; by default the same.

    Returns:
        The decisions after the change, and those that no longer fit and must be made again.

    Raises:
        ValueError: If a reference is malformed.
    """
    new_reference = _ReferenceMap(changes, relabelling)

    def relabel_difference(difference: Difference) -> Difference | None:
        return _relabel_difference(difference, new_reference, relabelling)

    def relabel_added(added: AddedSpan) -> AddedSpan | None:
        label, *_ = parse_reference(added.span)
        span, attributes = new_reference(added.span), relabelling.span_attributes(label, added.attributes)
        return AddedSpan(span=span, reason=added.reason, attributes=attributes) if span else None

    def relabel_dropped(dropped: DroppedSpan) -> DroppedSpan | None:
        span = new_reference(dropped.span)
        return DroppedSpan(span=span, reason=dropped.reason) if span else None

    def relabel_relation(decision: RelationDecision) -> RelationDecision | None:
        label, head, tail = (
            relabelling.relation(decision.label),
            new_reference(decision.head),
            new_reference(decision.tail),
        )
        if not (label and head and tail):
            return None
        return RelationDecision(label=label, head=head, tail=tail, reason=decision.reason)

    new_text = text if new_text is None else new_text
    new = msgspec.structs.replace(
        old,
        text_sha256=old.text_sha256 if new_text == text else sha256(new_text),
        differences=_map_kept(relabel_difference, old.differences),
        earlier=_map_kept(relabel_difference, old.earlier),
        added_spans=_map_kept(relabel_added, old.added_spans),
        dropped_spans=_map_kept(relabel_dropped, old.dropped_spans),
        added_relations=_map_kept(relabel_relation, old.added_relations),
        dropped_relations=_map_kept(relabel_relation, old.dropped_relations),
    )
    compared = [change for annotator, change in changes.items() if annotator in old.annotators]
    is_current = len(compared) == len(old.annotators) and (
        plan_adjudication([change.old for change in compared], text, old) == old
    )
    if not is_current:
        return new, []  # the next plan lists what differs
    planned = plan_adjudication([change.new for change in compared], new_text, new)
    kept_keys = {difference.key for difference in planned.differences if difference.take}
    return planned, [
        difference for difference in new.differences if difference.take and difference.key not in kept_keys
    ]


def _map_kept(change: Callable[[T], T | None], entries: Iterable[T]) -> list[T]:
    return [new for entry in entries if (new := change(entry)) is not None]


def _relabel_difference(
    difference: Difference, new_reference: _ReferenceMap, relabelling: Relabelling
) -> Difference | None:
    key: str | None
    versions = difference.versions
    if difference.kind == "relation":
        triple = _relabel_triple(parse_relation(difference.key), new_reference, relabelling)
        key = describe_relation(*triple) if triple else None
    else:
        versions = {
            annotator: _map_descriptions(descriptions, annotator, new_reference)
            for annotator, descriptions in versions.items()
        }
        if difference.kind == "span":
            members = {read_description(text) for descriptions in versions.values() for text in descriptions}
            key = " + ".join(sorted(members, key=lambda reference: (*parse_reference(reference)[1:], reference)))
        else:
            key = new_reference(difference.key)
    if not key:
        return None
    attributes = {
        reference: relabelling.attributes(values)
        for old, values in difference.set.items()
        if (reference := new_reference(old))
    }
    return msgspec.structs.replace(difference, key=key, versions=versions, set=attributes)


def _relabel_triple(triple: Triple, new_reference: _ReferenceMap, relabelling: Relabelling) -> Triple | None:
    label, head, tail = relabelling.relation(triple[0]), new_reference(triple[1]), new_reference(triple[2])
    return (label, head, tail) if label and head and tail else None


def _map_descriptions(descriptions: Iterable[str], annotator: str, new_reference: _ReferenceMap) -> list[str]:
    new = (new_reference.describe(read_description(description), annotator) for description in descriptions)
    return list(dict.fromkeys(description for description in new if description))
