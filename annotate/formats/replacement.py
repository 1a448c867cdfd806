"""What is lost and what is added when an import replaces labels."""

from collections import Counter
from collections.abc import Hashable, Iterable

from annotate.corpus import sort_annotation
from annotate.model import Annotation, Span
from annotate.util.escape import quote

_SHOWN = 3
"""Spans that a description names."""


def describe_replacement(old: Annotation, new: Annotation) -> str:
    """Say how many spans and relations are removed, added and changed, and name the first spans that are not kept.

    A span is the same if its words, label, attributes and note are, whatever its id; with other attributes or another
    note it is changed. A relation is the same if its ends are.
    """
    old_spans, new_spans = _count_spans(old), _count_spans(new)
    removed, added = old_spans - new_spans, new_spans - old_spans
    lost = [span for span in sort_annotation(old).spans if removed[_span_key(span)]]
    unmatched = Counter(_range_key(span) for span in new.spans if added[_span_key(span)])
    gone, changed = list[Span](), list[Span]()
    for span in lost:
        if unmatched[_range_key(span)]:
            unmatched[_range_key(span)] -= 1
            changed.append(span)
        else:
            gone.append(span)
    parts = [_describe("span", len(gone), added.total() - len(changed), len(changed))]
    old_relations, new_relations = _count_relations(old), _count_relations(new)
    parts.append(
        _describe("relation", (old_relations - new_relations).total(), (new_relations - old_relations).total())
    )
    names = [f"{verb}: {_name(spans)}" for verb, spans in (("removed", gone), ("changed", changed)) if spans]
    text = ", ".join(part for part in parts if part) or "only ids or the version change"
    return f"{text} ({'; '.join(names)})" if names else text


def _name(spans: list[Span]) -> str:
    names = ", ".join(f"{span.label} {quote(span.text)} at {span.start}" for span in spans[:_SHOWN])
    return f"{names} and {len(spans) - _SHOWN:,} more" if len(spans) > _SHOWN else names


def _describe(noun: str, removed: int, added: int, changed: int = 0) -> str:
    verbs = (("removed", removed), ("added", added), ("changed", changed))
    counts = [f"{count:,} {verb}" for verb, count in verbs if count]
    return f"{noun}s: {' and '.join(counts)}" if counts else ""


def _range_key(span: Span) -> Hashable:
    return span.label, span.start, span.end


def _span_key(span: Span) -> Hashable:
    return span.label, span.start, span.end, frozenset(span.attributes.items()), span.note


def _count_spans(annotation: Annotation) -> Counter[Hashable]:
    return Counter(map(_span_key, annotation.spans))


def _count_relations(annotation: Annotation) -> Counter[Hashable]:
    ends = {span.id: (span.label, span.start, span.end) for span in annotation.spans}
    keys: Iterable[Hashable] = (
        (relation.label, ends.get(relation.head), ends.get(relation.tail), relation.note)
        for relation in annotation.relations
    )
    return Counter(keys)
