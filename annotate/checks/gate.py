"""The fast gate before the rules of one annotation: one pass that says "nothing to find here", or says nothing.

Most annotations of a large corpus are clean. For those, one pass takes the place of the JSON Schema and of every rule
of spans and relations; what does not pass is left to them, and they alone explain. The gate may refuse what the rules
let through (spans in pieces, for one); it never passes what one of them would find, which the tests hold it to.
"""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from functools import lru_cache
from operator import eq, lt
from typing import NamedTuple

import msgspec

from annotate.annotation_schema import ID_PATTERN, MAX_ID, SHA256_PATTERN, SPAN_ID_PATTERN, VERSION_PATTERN
from annotate.checks.spans import OF_COUNTS
from annotate.inventory import Attribute, Bounds, Inventory
from annotate.model import Annotation, Span

_NAME, _VERSION, _SHA256 = map(re.compile, (ID_PATTERN, VERSION_PATTERN, SHA256_PATTERN))
_IDS = re.compile(rf"(?:{SPAN_ID_PATTERN.strip('^+$')}{{1,{MAX_ID}}}\n)*")


HEAD, TAIL = 1, 2
"""Places in a relation taken as (label, head, tail)."""


class _Label(NamedTuple):
    """What the inventory asks of the attributes of the spans with one label."""

    attributes: dict[str, Attribute]
    required: frozenset[str]


class _Asked(NamedTuple):
    """How many relations `relation` may have at one `end`, HEAD or TAIL, in spans with one of `labels`."""

    relation: str
    end: int
    labels: frozenset[str]
    bounds: Bounds

    def holds(self, relations: Sequence[tuple[str, str, str]], labels: Mapping[str, str]) -> bool:
        ends = [relation[self.end] for relation in relations if relation[0] == self.relation]
        least, most = self.bounds.least, self.bounds.most
        if most is not None and len(ends) > most and max(Counter(ends).values()) > most:
            return False
        if not least:
            return True
        having = [name for name, count in Counter(ends).items() if count >= least] if least > 1 else ends
        return self.labels.isdisjoint(map(labels.__getitem__, labels.keys() - having))


class Gate:
    """The gate for one inventory; `Gate.of` keeps those that were made."""

    def __init__(self, inventory: Inventory) -> None:
        self._inventory = inventory
        relations = inventory.relations.values()
        self._counted = {interval.label for interval in inventory.intervals}
        self._allowed = {
            (relation.name, head, tail)
            for relation in relations
            if not relation.joins_pieces
            for head in relation.head
            for tail in relation.tail
        }
        self._asked = [
            _Asked(relation.name, end, frozenset(labels), bounds)
            for relation in relations
            for end, labels, bounds in (
                (HEAD, relation.head, relation.per_head),
                (TAIL, relation.tail, relation.per_tail),
            )
            if bounds != Bounds()
        ]
        heads = {name for relation in relations for name in relation.head}
        required = {name for relation in relations if relation.per_tail.least for name in relation.tail}
        self._alone = inventory.spans.keys() - heads - required
        self._labels = {
            label: _Label(
                {attribute.name: attribute for attribute in inventory.attributes_of(label)},
                frozenset(attribute.name for attribute in inventory.attributes_of(label) if attribute.required),
            )
            for label in inventory.spans
        }

    @staticmethod
    @lru_cache(maxsize=8)
    def of(inventory: Inventory) -> "Gate":
        return Gate(inventory)

    def passes_head(self, annotation: Annotation) -> bool:
        """Whether what an annotation says of itself certainly has the form that the JSON Schema asks for."""
        ids = [annotation.article, annotation.annotator, *annotation.made_from]
        return (
            len(set(annotation.made_from)) == len(annotation.made_from)
            and all(len(name) <= MAX_ID and _NAME.fullmatch(name) for name in ids)
            and _VERSION.fullmatch(annotation.inventory) is not None
            and _SHA256.fullmatch(annotation.text_sha256) is not None
        )

    def passes(self, annotation: Annotation, text: str) -> bool:
        """Whether its labels, against the text of its article and the inventory, are certainly without a finding."""
        spans = annotation.spans
        labels = {span.id: span.label for span in spans}
        return (
            len(labels) == len(spans) == len({(span.label, span.start, span.end) for span in spans})
            and self._labels.keys() >= set(labels.values())
            and _IDS.fullmatch("".join([f"{name}\n" for name in labels])) is not None
            and _places_pass(spans, text)
            and all(map(self._attributes_pass, spans))
            and self._relations_pass(annotation, labels)
            and (self._counted.isdisjoint(labels.values()) or self._counts_pass(annotation))
        )

    def _counts_pass(self, annotation: Annotation) -> bool:
        spans = tuple(span for span in annotation.spans if span.label in self._counted)
        counts = msgspec.structs.replace(annotation, spans=spans)
        return not any(True for rule in OF_COUNTS for _ in rule.check(counts, self._inventory))

    def _attributes_pass(self, span: Span) -> bool:
        label = self._labels[span.label]
        if not span.attributes:
            return not label.required
        for name, value in span.attributes.items():
            attribute = label.attributes.get(name)
            if attribute is None:
                return False
            if attribute.type == "integer":
                fits = type(value) is int and value >= 0
            else:
                fits = isinstance(value, str) and (value in attribute.values if attribute.values else value != "")
            if not fits:
                return False
        return span.attributes.keys() >= label.required

    def _relations_pass(self, annotation: Annotation, labels: dict[str, str]) -> bool:
        """`labels` maps the id of a span to its label."""
        label_of = labels.get
        relations = [(one.label, one.head, one.tail) for one in annotation.relations]
        heads, tails = [head for _, head, _ in relations], [tail for _, _, tail in relations]
        return (
            len(set(relations)) == len(relations)
            and not any(map(eq, heads, tails))
            and self._allowed >= {(label, label_of(head), label_of(tail)) for label, head, tail in relations}
            and self._alone.isdisjoint(map(labels.__getitem__, labels.keys() - {*heads, *tails}))
            and all(asked.holds(relations, labels) for asked in self._asked)
        )


def _places_pass(spans: Sequence[Span], text: str) -> bool:
    """Whether each span lies in the text, reads its words, and has its ends at the edges of words."""
    starts, ends, words = [span.start for span in spans], [span.end for span in spans], [span.text for span in spans]
    # With a space behind it, the text has two characters around each end, and never two letters around its own end.
    around = f"{text} "
    return (
        all(map(lt, starts, ends))
        and min(starts, default=0) >= 0
        and max(ends, default=0) <= len(text)
        and [text[span.start : span.end] for span in spans] == words
        and [one.strip() for one in words] == words
        and "\n" not in "".join(words)
        and not any(map(str.isalnum, [around[start - 1 : start + 1] for start in starts if start]))
        and not any(map(str.isalnum, [around[end - 1 : end + 1] for end in ends]))
    )
