"""Findings that follow from others: one mistake gives one finding.

What is left out is found again, if it is still there, once the finding that it follows from is gone. A finding that a
corpus may waive has no consequences, since nothing would be left of them.
"""

from collections.abc import Iterator, Sequence

from annotate.findings import Finding
from annotate.inventory import Inventory
from annotate.model import Annotation

_OF_VALUES = frozenset({"P301", "P302", "P303", "P304", "P305", "P306"})
_OF_A_SPAN = {
    "P202": _OF_VALUES | {"P204"},
    "P203": _OF_VALUES,
    "P204": _OF_VALUES,
}
"""What follows on a span from a finding on it: a misspelt attribute is missing under its own name."""
_OF_RELATIONS = frozenset({"R105", "R106", "R107", "R108", "R111", "R114", "R115", "R116"})
"""What follows on the ends of a relation that is wrong: they lack it, or have it once too often."""
_CUTS_OFF = frozenset({"R102", "R110"})
_LACKS_RELATION = frozenset({"R105", "R107", "R116"})
"""A relation with a wrong end is missing at its right end. Nobody can tell which span that is."""
_SAME_ID, _OUT_OF_ORDER, _OUTSIDE = "P106", "R113", "P101"


def drop_consequences(findings: Sequence[Finding], annotation: Annotation, inventory: Inventory) -> list[Finding]:
    """Return the findings on an annotation without those that follow from others.

    Args:
        findings: The findings of the schema and of the rules.
        annotation: The annotation.
        inventory: The inventory that it was made with.
    """
    if len(findings) < 2:
        return list(findings)
    codes = {finding.code for finding in findings}
    if _SAME_ID in codes:  # a relation names its ends by their ids
        return [finding for finding in findings if finding.code[0] != "R"]
    on_spans: dict[str | None, set[str]] = {}
    for finding in findings:
        if finding.span is not None:
            on_spans.setdefault(finding.span, set()).update(_OF_A_SPAN.get(finding.code, ()))
    for id_ in _ends_of_faulty_relations(annotation, inventory):
        on_spans.setdefault(id_, set()).update(_OF_RELATIONS)
    if _OUTSIDE in codes:
        outside = {finding.span for finding in findings if finding.code == _OUTSIDE}
        for relation in annotation.relations:
            if not outside.isdisjoint((relation.head, relation.tail)):
                on_spans.setdefault(relation.head, set()).add(_OUT_OF_ORDER)
    cut_off = {str(finding.details.get("relation")) for finding in findings if finding.code in _CUTS_OFF}
    is_in_parts = inventory.pieces in cut_off  # a later piece needs no relation
    return [
        finding
        for finding in findings
        if finding.code not in on_spans.get(finding.span, ())
        and not (finding.code in _LACKS_RELATION and (is_in_parts or not cut_off.isdisjoint(_relations_of(finding))))
    ]


def _relations_of(finding: Finding) -> Iterator[str]:
    """Yield the relations that a span lacks."""
    for key in ("relation", "relations"):
        names = finding.details.get(key, ())
        yield from [names] if isinstance(names, str) else names


def _ends_of_faulty_relations(annotation: Annotation, inventory: Inventory) -> Iterator[str]:
    """Yield the ids at the ends of the relations that R101, R102, R110, R113 or P201 find something in."""
    spans = {span.id: span for span in annotation.spans}
    for relation in annotation.relations:
        label = inventory.relations.get(relation.label)
        head, tail = spans.get(relation.head), spans.get(relation.tail)
        if (
            label is None
            or head is None
            or tail is None
            or head is tail
            or not inventory.spans.keys() >= {head.label, tail.label}
            or (label.joins_pieces and head.start < tail.end)
        ):
            yield relation.head
            yield relation.tail
