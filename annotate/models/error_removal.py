"""Takes out of an annotation what the checks call errors, and no more, so that the rest has none."""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

import msgspec

from annotate.checks import find_errors
from annotate.findings import Finding
from annotate.inventory import Inventory
from annotate.model import Annotation, Relation, Span

MISSING_RELATION = frozenset({"R105", "R107", "R116"})
"""The rules that find a relation missing: only without the span is there no error."""
_WRONG_RELATION = frozenset({"R103", "R104", "R109", "R110"})
"""The rules that find a relation with wrong ends, or a second time."""


class RemovedLabel(NamedTuple):
    """A span or a relation that was taken out, and the error that it has."""

    label: Span | Relation
    finding: Finding


class CleanedAnnotation(NamedTuple):
    """An annotation without errors, and what was taken out of it."""

    annotation: Annotation
    removed: list[RemovedLabel]


def remove_errors(annotation: Annotation, text: str, inventory: Inventory) -> CleanedAnnotation:
    """Take the spans and relations out of an annotation that have errors, and what then has errors without them.

    An error of a relation takes out the relation, any other the span with its relations. A wrong relation can give a
    right span an error. So relations go first that are wrong by themselves, then those that join pieces, then other
    relations, then spans. Each round takes out at least one label. A chain of spans that need each other takes as many
    rounds as it is long.

    Args:
        annotation: The annotation.
        text: The text of its article.
        inventory: The inventory.
    """
    removed: list[RemovedLabel] = []
    while errors := find_errors(annotation, text, inventory):
        first = min(map(_rank_error, errors))
        spans, relations = _choose_labels(
            annotation, inventory, [error for error in errors if _rank_error(error) == first]
        )
        if not spans and not relations:
            # No error names a label that is there. Nothing is certain then, so that nothing stays.
            spans = {span.id: errors[0] for span in annotation.spans}
        for index, relation in enumerate(annotation.relations):
            ends = (spans.get(relation.head), spans.get(relation.tail))
            finding = relations.get(index) or next((end for end in ends if end), None)
            if finding:
                relations[index] = finding
                removed.append(RemovedLabel(relation, finding))
        removed += [RemovedLabel(span, spans[span.id]) for span in annotation.spans if span.id in spans]
        annotation = msgspec.structs.replace(
            annotation,
            spans=tuple(span for span in annotation.spans if span.id not in spans),
            relations=tuple(each for index, each in enumerate(annotation.relations) if index not in relations),
        )
    return CleanedAnnotation(annotation, removed)


def _rank_error(error: Finding) -> int:
    """Return 0 for a relation that is wrong by itself, 1 for pieces, 2 for another relation, 3 for a span."""
    if not _is_of_relation(error):
        return 3
    if error.code in _WRONG_RELATION:
        return 0
    return 2 if "relation" in error.details else 1


def _is_of_relation(error: Finding) -> bool:
    return error.code.startswith("R") and error.code not in MISSING_RELATION


def _choose_labels(
    annotation: Annotation, inventory: Inventory, errors: Iterable[Finding]
) -> tuple[dict[str, Finding], dict[int, Finding]]:
    """Return the ids of the spans and the indices of the relations to take out, each with its error."""
    labels = {span.id: span.label for span in annotation.spans}
    touching: dict[str, list[int]] = {}
    for index, relation in enumerate(annotation.relations):
        for id_ in dict.fromkeys((relation.head, relation.tail)):
            touching.setdefault(id_, []).append(index)
    spans: dict[str, Finding] = {}
    relations: dict[int, Finding] = {}
    handled = set[tuple[str, str, object]]()
    for error in errors:
        if error.span is None or (error.code, error.span, error.details.get("relation")) in handled:
            continue
        handled.add((error.code, error.span, error.details.get("relation")))
        indices = list(_list_faulty(error, annotation.relations, touching.get(error.span, []), labels, inventory))
        if indices:
            relations.update((index, error) for index in indices if index not in relations)
        elif error.span in labels:
            spans.setdefault(error.span, error)
    return spans, relations


def _list_faulty(
    error: Finding, relations: tuple[Relation, ...], indices: list[int], labels: dict[str, str], inventory: Inventory
) -> Iterator[int]:
    """Yield the indices of the relations of a span that an error is about; none if it is about the span."""
    if not _is_of_relation(error):
        return
    name = error.details.get("relation")
    seen = set[tuple[str, str, str]]()
    for index in indices:
        relation = relations[index]
        label = inventory.relations.get(relation.label)
        ends = relation.label, relation.head, relation.tail
        is_named = relation.label == name if name else label is not None and label.joins_pieces
        if not is_named:
            continue
        match error.code:
            case "R103" | "R104":
                is_faulty = label is None or not label.allows(labels.get(ends[1], ""), labels.get(ends[2], ""))
            case "R106" | "R117":
                is_faulty = ends[1] == error.span
            case "R108":
                is_faulty = ends[2] == error.span
            case "R109":
                is_faulty = ends in seen
            case "R110":
                is_faulty = ends[1] == ends[2]
            case _:
                is_faulty = True
        seen.add(ends)
        if is_faulty:
            yield index
