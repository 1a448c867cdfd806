"""What is lost and what is added when an import replaces labels."""

from collections import Counter
from collections.abc import Hashable, Iterable

from annotate.corpus import sort_annotation
from annotate.model import Annotation, Span
from annotate.util.escape import quote

_SHOWN = 3
"""Spans that a description names."""


def describe_replacement(old: Annotation, new: Annotation) -> str:
    """Say how many spans and relations are removed and added, and name the first spans that are removed.

    A span is the same if its words, label, attributes and note are, whatever its id. A relation is the same if its ends
    are.
    """
    old_spans, new_spans = _count_spans(old), _count_spans(new)
    removed = old_spans - new_spans
    parts = [_describe("span", removed.total(), (new_spans - old_spans).total())]
    old_relations, new_relations = _count_relations(old), _count_relations(new)
    parts.append(
        _describe("relation", (old_relations - new_relations).total(), (new_relations - old_relations).total())
    )
    lost = [span for span in sort_annotation(old).spans if removed[_span_key(span)]]
    names = ", ".join(f"{span.label} {quote(span.text)} at {span.start}" for span in lost[:_SHOWN])
    more = f" and {len(lost) - _SHOWN:,} more" if len(lost) > _SHOWN else ""
    text = ", ".join(part for part in parts if part) or "only ids or the version change"
    return f"{text} (removed: {names}{more})" if names else text


def _describe(noun: str, removed: int, added: int) -> str:
    counts = [f"{count:,} {verb}" for count, verb in ((removed, "removed"), (added, "added")) if count]
    return f"{noun}s: {' and '.join(counts)}" if counts else ""


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
