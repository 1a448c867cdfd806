"""The differences that an adjudicator works through on the screen, and which of them gold leaves undecided.

The adjudicator starts with what all annotators agree on, so each difference is missing there. It is decided if gold
says something about it: one of the versions, or another one. Where gold says nothing, the difference may be decided
against all versions or overlooked, so that a person has to dismiss it.

Unlike in a file of decisions (`adjudication`), relations are listed at once. A relation whose end differs is listed as
well, also if all annotators have it: it has to be drawn to the span that is taken.
"""

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from itertools import accumulate
from typing import NamedTuple

from annotate.adjudication import (
    Difference,
    Reference,
    describe_relation,
    describe_span,
    find_shared_references,
    leave_out,
    parse_reference,
    plan_adjudication,
    refer_to,
)
from annotate.inventory import Inventory
from annotate.model import Annotation, Span
from annotate.offsets import sha256
from annotate.util.escape import shorten

ID_LENGTH = 12
"""Hexadecimal digits of the id of a difference; the ids of one article must differ."""
WORDS_LENGTH = 100
"""Characters of the words of a difference that are shown."""
_AND = " + "
"""Between the references in the key of a difference."""
_NOTHING = "nothing"
"""What an annotator has who has no version."""


class ListedDifference(NamedTuple):
    """A difference on the list of an adjudicator.

    Attributes:
        id: Its id, which is the same as long as all annotators have the same there.
        label: The label or relation that it is about; of several labels, one.
        words: The words of the text, or of both ends of a relation.
        problem: What differs, in words.
        versions: What each annotator has, in words.
        start: Where it starts in the text, in code points; a relation starts with the later of its ends.
        members: The references of its spans; of a relation, none.
        attributes: The names of the attributes that differ.
        ends: The references of the spans at the head and at the tail of a relation.
        holders: Who has a relation.
    """

    id: str
    label: str
    words: str
    problem: str
    versions: tuple[tuple[str, str], ...]
    start: int
    members: tuple[Reference, ...] = ()
    attributes: frozenset[str] = frozenset()
    ends: tuple[tuple[Reference, ...], tuple[Reference, ...]] | None = None
    holders: frozenset[str] = frozenset()


def list_differences(annotations: Sequence[Annotation], text: str, inventory: Inventory) -> list[ListedDifference]:
    """List what the annotations of an article differ on, in the order of the text.

    Args:
        annotations: The annotations of two or more annotators.
        text: The text.
        inventory: Has what people see in place of the names of labels, attributes and values.
    """
    shared = {reference for annotation in annotations for reference in find_shared_references(annotation)}
    plan = plan_adjudication([leave_out(annotation, shared) for annotation in annotations], text)
    spans = [difference for difference in plan.differences if difference.kind != "relation"]
    spans += [_list_shared(reference, annotations, text) for reference in sorted(shared)]
    writer = _Writer(annotations, text, inventory)
    listed = [writer.write_span(difference) for difference in _join_labels(spans)]
    open_spans = [difference for difference in listed if not difference.attributes]
    open_members = {member: difference.members for difference in open_spans for member in difference.members}
    listed += writer.write_relations(open_members)
    # A difference on a span comes before those on its relations.
    return sorted(listed, key=lambda difference: (difference.start, difference.ends is not None))


def _list_shared(reference: Reference, annotations: Sequence[Annotation], text: str) -> Difference:
    """Return the difference on a reference that several spans of one annotation have; none of them is agreed on."""
    _, start, end = parse_reference(reference)
    versions = {
        annotation.annotator: [describe_span(span) for span in annotation.spans if refer_to(span) == reference]
        for annotation in annotations
    }
    return Difference(key=reference, kind="span", words=text[start:end], versions=versions)


def _join_labels(differences: Iterable[Difference]) -> Iterator[Difference]:
    """Yield the differences; where annotators gave one span several labels, as one difference."""
    by_place: dict[tuple[int, int], Difference] = {}
    for difference in differences:
        if difference.kind != "span" or _AND in difference.key:
            yield difference
            continue
        place = parse_reference(difference.key)[1:]
        other = by_place.get(place)
        if other is None:
            by_place[place] = difference
        elif _holders(other) & _holders(difference):
            yield difference
        else:
            versions = {name: [*labels, *difference.versions[name]] for name, labels in other.versions.items()}
            key = _AND.join(sorted((*other.key.split(_AND), difference.key)))
            by_place[place] = Difference(key=key, kind="span", words=other.words, versions=versions)
    yield from by_place.values()


def _holders(difference: Difference) -> frozenset[str]:
    return frozenset(name for name, versions in difference.versions.items() if versions)


class _Writer:
    """Put the differences of an article into words."""

    def __init__(self, annotations: Sequence[Annotation], text: str, inventory: Inventory) -> None:
        self.annotations, self.text, self.inventory = annotations, text, inventory
        self.names = [annotation.annotator for annotation in annotations]
        self.spans: dict[str, dict[Reference, list[Span]]] = {}
        for annotation in annotations:
            of_annotator = self.spans.setdefault(annotation.annotator, defaultdict(list))
            for span in annotation.spans:
                of_annotator[refer_to(span)].append(span)

    def write_span(self, difference: Difference) -> ListedDifference:
        """Return a difference on spans or on the attributes of one."""
        members = tuple(difference.key.split(_AND))
        labels = list(dict.fromkeys(parse_reference(member)[0] for member in members))
        shown = " or ".join(self._show_label(label) for label in labels)
        start = min(parse_reference(member)[1] for member in members)
        end = max(parse_reference(member)[2] for member in members)
        attributes: frozenset[str] = frozenset()
        if difference.kind == "attributes":
            attributes = self._differing_attributes(members[0])
            names = [self._show_attribute(name) for name in sorted(attributes)]
            problem = f"{shown}: different {', '.join(names)}"
        elif len(labels) > 1:
            problem = f"{shown}: one span, different labels"
        elif all(difference.versions.values()):
            problem = f"{shown}: different words"
        else:
            problem = f"{shown}: not all have it"
        versions = tuple((name, self._write_version(name, members, attributes)) for name in self.names)
        return ListedDifference(
            id=_make_id(difference),
            label=labels[0],
            words=shorten(self.text[start:end], WORDS_LENGTH),
            problem=problem,
            versions=versions,
            start=start,
            members=members,
            attributes=attributes,
        )

    def _differing_attributes(self, reference: Reference) -> frozenset[str]:
        values = [self.spans[name][reference][0].attributes for name in self.names]
        names = {name for have in values for name in have}
        return frozenset(name for name in names if len({have.get(name) for have in values}) > 1)

    def _write_version(self, annotator: str, members: Iterable[Reference], attributes: Collection[str]) -> str:
        """Return what an annotator has of some spans; of a span that all have, only the attributes that differ."""
        spans = [span for member in members for span in self.spans[annotator].get(member, ())]
        if attributes:
            return ", ".join(self._write_value(spans[0], name) for name in sorted(attributes))
        return "; ".join(map(self._write_own_span, spans)) or _NOTHING

    def _write_own_span(self, span: Span) -> str:
        values = ", ".join(self._write_value(span, name) for name in span.attributes)
        words = f"{self._show_label(span.label)} “{shorten(span.text, WORDS_LENGTH)}”"
        return f"{words} ({values})" if values else words

    def _write_value(self, span: Span, name: str) -> str:
        value, attribute = span.attributes.get(name), self.inventory.attributes.get(name)
        if value is None:
            return f"{self._show_attribute(name)}: not set"
        shown = attribute.display_value(value) if attribute and isinstance(value, str) else value
        return f"{self._show_attribute(name)}: {shorten(str(shown), WORDS_LENGTH)}"

    def write_relations(self, open_members: Mapping[Reference, tuple[Reference, ...]]) -> Iterator[ListedDifference]:
        """Yield the relations that not all have, and those of which an end differs.

        Args:
            open_members: Reference of a span that differs → the references of all spans of its difference.
        """
        holders: dict[tuple[str, tuple[Reference, ...], tuple[Reference, ...]], list[str]] = {}
        for annotation in self.annotations:
            references = {span.id: refer_to(span) for span in annotation.spans}
            for relation in annotation.relations:
                ends = [references.get(end) for end in (relation.head, relation.tail)]
                head, tail = (open_members.get(end, (end,)) if end else () for end in ends)
                if head and tail and head != tail:
                    names = holders.setdefault((relation.label, head, tail), [])
                    names += [annotation.annotator] if annotation.annotator not in names else []
        for (label, head, tail), names in holders.items():
            is_open = head[0] in open_members or tail[0] in open_members
            if len(names) < len(self.names) or is_open:
                yield self._write_relation(label, head, tail, names)

    def _write_relation(
        self, label: str, head: tuple[Reference, ...], tail: tuple[Reference, ...], holders: Sequence[str]
    ) -> ListedDifference:
        relation = self.inventory.relations.get(label)
        shown = relation.display_name if relation else label
        have_all = len(holders) == len(self.names)
        versions = {name: ["has it"] if name in holders else [] for name in self.names}
        key = describe_relation(label, _AND.join(head), _AND.join(tail))
        words = [shorten(self._words(end), WORDS_LENGTH // 2) for end in (head, tail)]
        problem = "all have it, but not between the same spans" if have_all else "not all have it"
        return ListedDifference(
            id=_make_id(Difference(key=key, kind="relation", words="", versions=versions)),
            label=label,
            words=" → ".join(words),
            problem=f"{shown}: {problem}",
            versions=() if have_all else tuple((name, "has it" if versions[name] else _NOTHING) for name in self.names),
            start=max(min(parse_reference(member)[1] for member in end) for end in (head, tail)),
            ends=(head, tail),
            holders=frozenset(holders),
        )

    def _words(self, members: Iterable[Reference]) -> str:
        places = [parse_reference(member)[1:] for member in members]
        return self.text[min(start for start, _ in places) : max(end for _, end in places)]

    def _show_label(self, label: str) -> str:
        span_label = self.inventory.spans.get(label)
        return span_label.display_name if span_label else label

    def _show_attribute(self, name: str) -> str:
        attribute = self.inventory.attributes.get(name)
        return attribute.display_name if attribute else name


def _make_id(difference: Difference) -> str:
    """Return an id that changes if an annotator's version does."""
    return sha256("\n".join(difference.identity))[:ID_LENGTH]


def find_undecided(
    differences: Iterable[ListedDifference],
    annotations: Sequence[Annotation],
    gold: Annotation,
    dismissed: Collection[str],
) -> list[ListedDifference]:
    """Return the differences about which gold says nothing, and which were not dismissed.

    Gold says something about a difference if it has

    - a span with one of its labels that overlaps it, or any label on exactly its words; spans that all annotators have
      do not count,
    - a value for each attribute that differs,
    - the relation between the same spans or those taken in their place, or a relation that other annotators have
      instead: with the same name, and the same head or tail. A relation whose ends are not in gold is decided with
      them.

    Args:
        differences: The differences.
        annotations: The annotations that differ.
        gold: What the adjudicator submitted.
        dismissed: The ids of the differences that were decided by hand.
    """
    differences = list(differences)
    answers = _GoldAnswers(annotations, gold)
    answers.note_relations(differences)
    return [
        difference
        for difference in differences
        if difference.id not in dismissed and not answers.has_answer(difference)
    ]


class _GoldAnswers:
    """What gold says, indexed by place."""

    def __init__(self, annotations: Sequence[Annotation], gold: Annotation) -> None:
        references = [{refer_to(span) for span in annotation.spans} for annotation in annotations]
        shared = {reference for annotation in annotations for reference in find_shared_references(annotation)}
        agreed = set.intersection(*references) - shared
        self.by_reference: dict[Reference, list[Span]] = defaultdict(list)
        self.places: set[tuple[int, int]] = set()
        by_label: dict[str, list[Span]] = defaultdict(list)
        for span in gold.spans:
            reference = refer_to(span)
            self.by_reference[reference].append(span)
            if reference not in agreed:
                by_label[span.label].append(span)
                if not any(reference in own for own in references):
                    self.places.add((span.start, span.end))
        self.by_label = {label: _OverlapIndex(spans) for label, spans in by_label.items()}
        self.relations = {(relation.label, relation.head, relation.tail) for relation in gold.relations}
        self.alternatives: dict[tuple[str, str, tuple[Reference, ...]], set[frozenset[str]]] = defaultdict(set)

    def note_relations(self, differences: Iterable[ListedDifference]) -> None:
        """Note which of the differing relations gold has, by either end."""
        for difference in differences:
            if difference.ends and self._has_relation(difference):
                for role, end in zip(("head", "tail"), difference.ends, strict=True):
                    self.alternatives[difference.label, role, end].add(difference.holders)

    def has_answer(self, difference: ListedDifference) -> bool:
        """Return whether gold says something about a difference."""
        if difference.ends:
            return self._answers_relation(difference)
        spans = self._find_spans(difference.members)
        if difference.attributes:
            return any(difference.attributes <= span.attributes.keys() for span in spans)
        return bool(spans) or any(parse_reference(member)[1:] in self.places for member in difference.members)

    def _find_spans(self, members: Iterable[Reference]) -> list[Span]:
        """Return the spans of gold that match some spans, or replace them."""
        spans = {span.id: span for member in members for span in self.by_reference.get(member, ())}
        if not spans:
            for member in members:
                label, start, end = parse_reference(member)
                index = self.by_label.get(label)
                spans |= {span.id: span for span in index.overlapping(start, end)} if index else {}
        return list(spans.values())

    def _answers_relation(self, difference: ListedDifference) -> bool:
        head, tail = difference.ends or ((), ())
        if not self._find_spans(head) or not self._find_spans(tail) or self._has_relation(difference):
            return True
        instead = self.alternatives[difference.label, "head", head] | self.alternatives[difference.label, "tail", tail]
        return any(not holders & difference.holders for holders in instead)

    def _has_relation(self, difference: ListedDifference) -> bool:
        head, tail = (self._find_spans(end) for end in difference.ends or ((), ()))
        return any((difference.label, left.id, right.id) in self.relations for left in head for right in tail)


class _OverlapIndex:
    """Spans by the place that they overlap."""

    def __init__(self, spans: Iterable[Span]) -> None:
        self.spans = sorted(spans, key=lambda span: (span.start, span.end))
        self.starts = [span.start for span in self.spans]
        self.furthest = list(accumulate((span.end for span in self.spans), max))

    def overlapping(self, start: int, end: int) -> Iterator[Span]:
        """Yield the spans that overlap a range."""
        index = bisect_left(self.starts, end) - 1
        while index >= 0 and self.furthest[index] > start:
            if self.spans[index].end > start:
                yield self.spans[index]
            index -= 1
