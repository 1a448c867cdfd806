"""Adjudication: what the annotations of an article agree on, what has to be decided, and gold from the decisions.

Decisions are kept in a file that people read, so a span is named there by a reference, `Label@start-end`, and not by
an id. Spans are decided first; which relations differ is known once they are.
"""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Literal, NamedTuple

import msgspec
import numpy as np

from annotate.corpus import sort_annotation, span_sort_key
from annotate.inventory import Inventory
from annotate.model import ALL, NEITHER, Annotation, AttributeValue, Relation, Span
from annotate.util.escape import quote
from annotate.util.suggestions import list_choices

_MOST_DIGITS = 12
"""Digits of an offset. Python does not convert thousands of digits."""

_MOST_SUGGESTIONS = 5
"""References that a refusal names."""

Reference = str
"""A span as `Label@start-end`, in code points, half open."""
Triple = tuple[str, Reference, Reference]
"""A relation: label, head, tail."""
SpansByAnnotator = dict[str, dict[Reference, Span]]
CONTEXT = 40
"""Code points shown before and after the words of a difference, within their paragraph."""


class Difference(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """A difference between annotators, and its decision.

    Attributes:
        key: What differs: references of spans, or a relation.
        kind: Whether spans differ, the attributes of a span that all have, or a relation.
        words: The words of the text, with context.
        versions: By annotator, what each has: references of spans with their attributes, or `has it`.
        take: The decision: an annotator, `all` (not for attributes) or `neither`; empty if it is open.
        set: Corrected attributes by reference; None for one that gold does not have.
        reason: The reason of the decision.
    """

    key: str
    kind: Literal["span", "attributes", "relation"]
    words: str
    versions: dict[str, list[str]]
    take: str = ""
    set: dict[Reference, dict[str, AttributeValue | None]] = {}
    reason: str = ""

    @property
    def has_decision(self) -> bool:
        """Whether a person has written anything in it, complete or not."""
        return bool(self.take or self.set or self.reason)

    @property
    def identity(self) -> tuple[str, str, str]:
        """What a decision is about; it holds only for these annotations."""
        return self.kind, self.key, str(sorted(self.versions.items()))


class AddedSpan(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """A span that no annotator has."""

    span: Reference
    reason: str
    attributes: dict[str, AttributeValue] = {}


class DroppedSpan(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """A span that annotators agree on and gold does not have; its relations are dropped with it."""

    span: Reference
    reason: str


class RelationDecision(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """A relation that is added to what annotators have, or dropped from what they agree on."""

    label: str
    head: Reference
    tail: Reference
    reason: str


class Adjudication(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """All decisions on one article.

    Attributes:
        article: The article id.
        annotators: The annotators whose annotations are compared.
        text_sha256: The hash of the text.
        agreed: The numbers of `spans` and `relations` that all annotators have alike.
        differences: The differences.
        added_spans: Spans that no annotator has.
        dropped_spans: Spans that annotators agree on and gold does not have.
        added_relations: Relations that no annotator has.
        dropped_relations: Relations that annotators agree on and gold does not have.
        earlier: Decisions on what does not differ now, or not yet, such as relations while spans are open; they are
            used again once it differs.
    """

    article: str
    annotators: list[str]
    text_sha256: str
    agreed: dict[str, int] = {}
    differences: list[Difference] = []
    added_spans: list[AddedSpan] = []
    dropped_spans: list[DroppedSpan] = []
    added_relations: list[RelationDecision] = []
    dropped_relations: list[RelationDecision] = []
    earlier: list[Difference] = []

    @property
    def has_decisions(self) -> bool:
        """Whether a person has written anything in it."""
        corrections = self.added_spans, self.dropped_spans, self.added_relations, self.dropped_relations
        return any(corrections) or any(difference.has_decision for difference in (*self.differences, *self.earlier))

    @property
    def open_differences(self) -> list[Difference]:
        """The differences without a decision or without a reason for it."""
        return [difference for difference in self.differences if not difference.take or not difference.reason]


def refer_to(span: Span) -> Reference:
    """Return the reference of a span."""
    return f"{span.label}@{span.start}-{span.end}"


def find_shared_references(annotation: Annotation) -> list[Reference]:
    """Return the references that two spans or more of an annotation have, such as two events on one word.

    No decision can tell such spans apart.
    """
    return [name for name, count in Counter(map(refer_to, annotation.spans)).items() if count > 1]


def parse_reference(reference: Reference) -> tuple[str, int, int]:
    """Return label, start and end of a reference, in code points.

    Raises:
        ValueError: It is malformed.
    """
    label, _, location = reference.rpartition("@")
    start, _, end = location.partition("-")
    is_offset = all(part.isdecimal() and len(part) <= _MOST_DIGITS for part in (start, end))
    if not label or not is_offset or int(start) >= int(end):
        raise ValueError(f"{quote(reference, 100)} is not Label@start-end")
    return label, int(start), int(end)


def describe_span(span: Span) -> str:
    """Return a span as a difference shows it: its reference, and its attributes in parentheses."""
    attributes = ", ".join(f"{name}={value}" for name, value in span.attributes.items())
    return f"{refer_to(span)} ({attributes})" if attributes else refer_to(span)


def read_description(description: str) -> Reference:
    """Return the reference in what `describe_span` wrote."""
    return description.partition(" ")[0]


def describe_relation(label: str, head: Reference, tail: Reference) -> str:
    """Return the key of a difference on a relation."""
    return f"{label}: {head} → {tail}"


def parse_relation(key: str) -> Triple:
    """Return the relation in what `describe_relation` wrote."""
    label, _, ends = key.partition(": ")
    head, _, tail = ends.partition(" → ")
    return label, head, tail


def plan_adjudication(annotations: Sequence[Annotation], text: str, old: Adjudication | None = None) -> Adjudication:
    """List what the annotations of an article agree and differ on.

    While spans are open, no relation is listed as a difference: which relations differ depends on the spans.

    Args:
        annotations: The annotations of two or more annotators.
        text: The text.
        old: Decisions to keep.
    """
    spans = _index_spans(annotations)
    new = Adjudication(article=annotations[0].article, annotators=list(spans), text_sha256=annotations[0].text_sha256)
    if old is not None:
        new.added_spans, new.dropped_spans = old.added_spans, old.dropped_spans
        new.added_relations, new.dropped_relations = old.added_relations, old.dropped_relations
    old_differences = (*old.earlier, *old.differences) if old else ()
    decisions = {difference.identity: difference for difference in old_differences if difference.has_decision}

    def keep_decision(difference: Difference) -> Difference:
        decision = decisions.pop(difference.identity, None)
        if decision is not None:
            difference.take, difference.set, difference.reason = decision.take, decision.set, decision.reason
        return difference

    common = _find_common(spans)
    new.differences = [keep_decision(difference) for difference in _compare_spans(spans, common, text)]
    new.agreed = {"spans": len(common) - sum(difference.kind == "attributes" for difference in new.differences)}
    if not new.open_differences:
        triples = _list_triples(new, annotations)
        new.differences += [keep_decision(difference) for difference in _compare_relations(triples, text)]
        new.agreed["relations"] = len(set.intersection(*triples.values()))
    decided = {
        (difference.kind, difference.key) for difference in new.differences if difference.take and difference.reason
    }
    new.earlier = [decision for decision in decisions.values() if (decision.kind, decision.key) not in decided]
    return new


def _index_spans(annotations: Sequence[Annotation]) -> SpansByAnnotator:
    return {
        annotation.annotator: {refer_to(span): span for span in sorted(annotation.spans, key=span_sort_key)}
        for annotation in annotations
    }


def _find_common(spans: SpansByAnnotator) -> set[Reference]:
    return set.intersection(*(set(of_annotator) for of_annotator in spans.values()))


def check_decisions(adjudication: Adjudication, annotations: Sequence[Annotation]) -> None:
    """Check that decisions name annotators and spans of the annotations.

    Raises:
        ValueError: One takes the spans of an unknown annotator, or sets attributes of an unknown span.
    """
    spans = _index_spans(annotations)
    allowed, references = sorted({*spans, ALL, NEITHER}), set[Reference]().union(*spans.values())
    for difference in adjudication.differences:
        if difference.take and difference.take not in allowed:
            raise ValueError(
                f"{difference.key}: unknown take {quote(difference.take)}; choose from {list_choices(allowed)}"
            )
        for reference in difference.set:
            if reference not in references:
                problem = f"{difference.key}: set names {reference}, which no annotator has labelled"
                raise ValueError(f"{problem}; {_suggest(reference, references)}")


def _suggest(reference: Reference, references: Iterable[Reference]) -> str:
    """Name the references that are the most like another one: with its label, and near it."""
    label, start, _ = parse_reference(reference)

    def distance(candidate: Reference) -> tuple[bool, int, Reference]:
        other_label, other_start, _ = parse_reference(candidate)
        return other_label != label, abs(other_start - start), candidate

    nearest = sorted(references, key=distance)[:_MOST_SUGGESTIONS]
    return f"choose from {', '.join(nearest)}" if nearest else "there are none"


def check_choices(
    adjudication: Adjudication, annotations: Sequence[Annotation], text: str, inventory: Inventory
) -> None:
    """Check that decisions leave nothing to guess, and use labels and values of the inventory.

    Args:
        adjudication: The decisions.
        annotations: The annotations that they are about.
        text: The text.
        inventory: The inventory.

    Raises:
        ValueError: One does not, with what is allowed in its place.
    """
    spans = _index_spans(annotations)
    for difference in adjudication.differences:
        for reference, attributes in difference.set.items():
            _check_attributes(f"{difference.key}: set", reference, attributes, inventory)
        if difference.kind == "attributes" and difference.take in (ALL, NEITHER):
            _check_values_are_chosen(difference, spans, inventory)
    for added in adjudication.added_spans:
        label, _, end = parse_reference(added.span)
        if label not in inventory.spans:
            raise ValueError(f"added_spans: unknown label {quote(label)}; choose from {list_choices(inventory.spans)}")
        if end > len(text):
            raise ValueError(f"added_spans: {added.span} ends after the text, which has {len(text)} characters")
        _check_attributes("added_spans", added.span, added.attributes, inventory)
    for relation in adjudication.added_relations:
        if relation.label not in inventory.relations:
            names = list_choices(inventory.relations) or "none"
            raise ValueError(f"added_relations: unknown relation {quote(relation.label)}; choose from {names}")


def _check_values_are_chosen(difference: Difference, spans: SpansByAnnotator, inventory: Inventory) -> None:
    """Raise ValueError if `all` or `neither` leaves open which value an attribute has."""
    annotators = ", ".join(spans)
    if difference.take == ALL:
        problem = f"{difference.key}: a span cannot have the attributes of all annotators"
        raise ValueError(f"{problem}; take one of {annotators}, or {NEITHER} with the values in set")
    values = [of_annotator[difference.key].attributes for of_annotator in spans.values()]
    differing = {name for have in values for name in have if any(other.get(name) != have[name] for other in values)}
    if missing := sorted(differing - difference.set.get(difference.key, {}).keys()):
        problem = f"{difference.key}: {NEITHER} needs values in set for {', '.join(missing)}"
        label = parse_reference(difference.key)[0]
        required = {attribute.name for attribute in inventory.attributes_of(label) if attribute.required}
        none = ", or null for no value" if required.isdisjoint(missing) else ""
        raise ValueError(f"{problem}; write them{none}, or take one of {annotators}")


def _check_attributes(
    where: str, reference: Reference, attributes: Mapping[str, AttributeValue | None], inventory: Inventory
) -> None:
    allowed = {attribute.name: attribute for attribute in inventory.attributes_of(parse_reference(reference)[0])}
    for name, value in attributes.items():
        if name not in allowed:
            names = list_choices(allowed) or "none"
            raise ValueError(f"{where} gives {reference} the unknown attribute {quote(name)}; choose from {names}")
        attribute = allowed[name]
        if value is None and attribute.required:
            raise ValueError(f"{where} gives {reference} no {name}, which is required; {attribute.value_hint}")
        if value is not None and not attribute.allows(value):
            raise ValueError(f"{where} gives {reference} {name}={quote(value, 100)}; {attribute.value_hint}")


class Rounds(NamedTuple):
    """How often decisions remain to be made and the adjudication to be planned or applied.

    Decisions on spans are one round, and those on relations, which they can open, another one.

    Attributes:
        least: The least number of rounds that remain.
        most: The greatest number of rounds that remain; 0 if nothing is open.
    """

    least: int
    most: int


def count_rounds(adjudication: Adjudication, annotations: Sequence[Annotation]) -> Rounds:
    """Count the rounds that remain for an article.

    While spans are open, a relation between two spans that all annotators have is certain to become a difference if
    not all of them have it. Whether relations of the other spans do depends on the decisions.

    Args:
        adjudication: The plan of the article.
        annotations: The annotations that it is about.
    """
    if not adjudication.open_differences:
        return Rounds(0, 0)
    if "relations" in adjudication.agreed:
        return Rounds(1, 1)
    settled = _find_common(_index_spans(annotations)) - {dropped.span for dropped in adjudication.dropped_spans}
    between_settled, has_others = list[set[Triple]](), False
    for annotation in annotations:
        triples = _list_own_triples(annotation)
        between_settled.append({triple for triple in triples if {triple[1], triple[2]} <= settled})
        has_others = has_others or len(between_settled[-1]) < len(triples)
    differ = any(triples != between_settled[0] for triples in between_settled)
    return Rounds(2 if differ else 1, 2 if differ or has_others else 1)


def _list_own_triples(annotation: Annotation) -> set[Triple]:
    """Return the relations of an annotation between its own spans."""
    references = {span.id: refer_to(span) for span in annotation.spans}
    return {
        (relation.label, references[relation.head], references[relation.tail])
        for relation in annotation.relations
        if {relation.head, relation.tail} <= references.keys()
    }


def _compare_spans(spans: SpansByAnnotator, common: set[Reference], text: str) -> Iterator[Difference]:
    """Yield spans that not all have, overlapping ones of a label together, and attributes of spans that all have."""
    differences: list[tuple[int, Difference]] = []
    for group in _group_overlapping(spans, common):
        start, end = min(span.start for span in group), max(span.end for span in group)
        members = list(map(refer_to, group))
        versions = {
            annotator: [describe_span(of_annotator[reference]) for reference in members if reference in of_annotator]
            for annotator, of_annotator in spans.items()
        }
        key = " + ".join(sorted(members, key=lambda reference: parse_reference(reference)[1:]))
        words = _quote_context(text, start, end)
        differences.append((start, Difference(key=key, kind="span", words=words, versions=versions)))
    for reference in common:
        by_annotator = {annotator: of_annotator[reference] for annotator, of_annotator in spans.items()}
        if len({tuple(sorted(span.attributes.items())) for span in by_annotator.values()}) > 1:
            _, start, end = parse_reference(reference)
            versions = {annotator: [describe_span(span)] for annotator, span in by_annotator.items()}
            words = _quote_context(text, start, end)
            differences.append((start, Difference(key=reference, kind="attributes", words=words, versions=versions)))
    return (difference for _, difference in sorted(differences, key=lambda entry: (entry[0], entry[1].key)))


def _group_overlapping(spans: SpansByAnnotator, common: set[Reference]) -> Iterator[list[Span]]:
    """Yield spans that not all annotators have, each with those of the same label that it overlaps."""
    by_label: dict[str, dict[Reference, Span]] = defaultdict(dict)
    for of_annotator in spans.values():
        for reference, span in of_annotator.items():
            if reference not in common:
                by_label[span.label][reference] = span
    for differing in by_label.values():
        group: list[Span] = []
        end = -1
        for span in sorted(differing.values(), key=span_sort_key):
            if group and span.start >= end:
                yield group
                group = []
            group.append(span)
            end = max(end, span.end) if len(group) > 1 else span.end
        yield group


def _quote_context(text: str, start: int, end: int) -> str:
    """Return the words in «» with some context, within their paragraph."""
    before = text[max(start - CONTEXT, 0) : start].rpartition("\n")[2]
    after = text[end : end + CONTEXT].partition("\n")[0]
    return f"{before}«{text[start:end]}»{after}"


def _decide_spans(adjudication: Adjudication, spans: SpansByAnnotator) -> dict[Reference, tuple[Span, str]]:
    """Return the spans of gold, each with the reason for it, which is empty if all annotators agree."""
    first = next(iter(spans.values()))
    gold = {reference: (first[reference], "") for reference in _find_common(spans)}
    for difference in adjudication.differences:
        take, reason = difference.take, difference.reason
        if difference.kind == "span":
            annotators = list(spans) if take == ALL else [take] if take in spans else []
            for description in {text for annotator in annotators for text in difference.versions[annotator]}:
                reference = read_description(description)
                span = next(of_annotator[reference] for of_annotator in spans.values() if reference in of_annotator)
                gold[reference] = (span, reason)
        elif difference.kind == "attributes" and take in spans:
            gold[difference.key] = (spans[take][difference.key], reason)
    for difference in adjudication.differences:
        for reference, attributes in difference.set.items():
            if reference in gold:
                span = gold[reference][0]
                values = {**span.attributes, **attributes}
                kept = {name: value for name, value in values.items() if value is not None}
                corrected = msgspec.structs.replace(span, attributes=kept)
                gold[reference] = (corrected, difference.reason)
    for dropped in adjudication.dropped_spans:
        gold.pop(dropped.span, None)
    return gold


def _find_stand_ins(adjudication: Adjudication, gold: Iterable[Reference]) -> dict[Reference, Reference]:
    """Map each span that was not taken to the taken span of its difference that overlaps it most.

    Of several that overlap it as much, the first one counts. A difference of very many spans takes quadratic time, but
    with the arrays of numpy: 20,000 spans, half of them taken, took 0.2 s of CPU time.
    """
    in_gold = set(gold)
    stand_ins: dict[Reference, Reference] = {}
    for difference in adjudication.differences:
        members = difference.key.split(" + ") if difference.kind == "span" else []
        candidates = [reference for reference in members if reference in in_gold]
        others = [reference for reference in members if reference not in in_gold] if candidates else []
        if not others:
            continue
        starts, ends = np.array([parse_reference(reference)[1:] for reference in candidates], dtype=np.int64).T
        for reference in others:
            _, start, end = parse_reference(reference)
            overlaps = np.minimum(ends, end) - np.maximum(starts, start)
            stand_ins[reference] = candidates[int(overlaps.argmax())]
    return stand_ins


def _list_triples(adjudication: Adjudication, annotations: Sequence[Annotation]) -> dict[str, set[Triple]]:
    """Return each annotator's relations between spans of gold; one whose end has no stand-in is left out."""
    gold = _decide_spans(adjudication, _index_spans(annotations))
    stand_ins = _find_stand_ins(adjudication, gold)
    triples: dict[str, set[Triple]] = {}
    for annotation in annotations:
        references = {span.id: refer_to(span) for span in annotation.spans}
        ends = {id_: name if name in gold else stand_ins.get(name) for id_, name in references.items()}
        triples[annotation.annotator] = {
            (relation.label, head, tail)
            for relation in annotation.relations
            if (head := ends.get(relation.head)) and (tail := ends.get(relation.tail)) and head != tail
        }
    return triples


def _compare_relations(triples: dict[str, set[Triple]], text: str) -> Iterator[Difference]:
    common = set.intersection(*triples.values())
    differing = set[Triple]().union(*triples.values()) - common

    def text_order(triple: Triple) -> tuple[int, int, str]:
        label, head, tail = triple
        return parse_reference(head)[1], parse_reference(tail)[1], label

    for triple in sorted(differing, key=text_order):
        _, head, tail = triple
        words = [text[slice(*parse_reference(end)[1:])] for end in (head, tail)]
        yield Difference(
            key=describe_relation(*triple),
            kind="relation",
            words=f"{words[0]} → {words[1]}",
            versions={annotator: ["has it"] if triple in present else [] for annotator, present in triples.items()},
        )


def make_gold(
    adjudication: Adjudication, annotations: Sequence[Annotation], text: str, adjudicator: str, inventory: str
) -> Annotation:
    """Make the gold annotation of an article from the decisions.

    Args:
        adjudication: The decisions.
        annotations: The annotations that they are about.
        text: The text.
        adjudicator: Who decided.
        inventory: The version of the inventory.

    Returns:
        The annotation; the reason of a decision is the note of the span or relation that it is about.

    Raises:
        ValueError: If a difference is open, a decision names an unknown annotator or span, or a span or relation was
            added or dropped without a reason.
    """
    if adjudication.open_differences:
        number, key = len(adjudication.open_differences), adjudication.open_differences[0].key
        raise ValueError(f"{number} differences are open, the first: {key}")
    check_decisions(adjudication, annotations)
    _require_reasons(adjudication)
    by_annotator = _index_spans(annotations)
    gold = _decide_spans(adjudication, by_annotator)
    dropped = {entry.span for entry in adjudication.dropped_spans}
    for difference in adjudication.differences:
        for reference in difference.set:
            if reference not in gold and reference not in dropped:
                raise ValueError(f"{difference.key}: set names {reference}, which is not taken")
    for reference in sorted(dropped.difference(*by_annotator.values())):
        problem = f"dropped_spans names {reference}, which no annotator has labelled"
        raise ValueError(f"{problem}; {_suggest(reference, set[Reference]().union(*by_annotator.values()))}")
    _check_dropped_relations(adjudication, annotations)
    for added in adjudication.added_spans:
        label, start, end = parse_reference(added.span)
        span = Span(id="", label=label, start=start, end=end, text=text[start:end], attributes=added.attributes)
        gold[added.span] = (span, added.reason)
    relations = _decide_relations(adjudication, annotations)
    ordered = sorted(gold.values(), key=lambda entry: span_sort_key(entry[0]))
    spans = [
        msgspec.structs.replace(span, id=f"s{number}", note=reason or span.note)
        for number, (span, reason) in enumerate(ordered, 1)
    ]
    ids = {refer_to(span): span.id for span in spans}
    for label, *ends in relations:
        for reference in ends:
            if reference not in ids:
                raise ValueError(f"{label} names {reference}, which is not a span of gold; {_suggest(reference, ids)}")
    return Annotation(
        article=adjudication.article,
        annotator=adjudicator,
        process="adjudicated",
        made_from=tuple(adjudication.annotators),
        inventory=inventory,
        text_sha256=adjudication.text_sha256,
        spans=tuple(spans),
        relations=tuple(
            Relation(label=label, head=ids[head], tail=ids[tail], note=reason)
            for (label, head, tail), reason in relations.items()
        ),
    )


def _require_reasons(adjudication: Adjudication) -> None:
    """Raise ValueError if a span or relation was added or dropped without a reason."""
    for section in ("added_spans", "dropped_spans"):
        for span in getattr(adjudication, section):
            if not span.reason:
                raise ValueError(f"{section}: {span.span} has no reason; write why in reason")
    for section in ("added_relations", "dropped_relations"):
        for relation in getattr(adjudication, section):
            if not relation.reason:
                name = describe_relation(relation.label, relation.head, relation.tail)
                raise ValueError(f"{section}: {name} has no reason; write why in reason")


def _check_dropped_relations(adjudication: Adjudication, annotations: Sequence[Annotation]) -> None:
    """Raise ValueError if a relation is dropped that no annotator has."""
    triples = set[Triple]().union(*_list_triples(adjudication, annotations).values())
    own = set[Triple]().union(*map(_list_own_triples, annotations))
    for dropped in adjudication.dropped_relations:
        relation = dropped.label, dropped.head, dropped.tail
        if relation not in triples | own:
            named = [other for other in triples if other[0] == dropped.label] or triples
            near = [describe_relation(*other) for other in sorted(named, key=lambda other: other[1] != dropped.head)]
            problem = f"dropped_relations names {describe_relation(*relation)}, which no annotator has"
            hint = f"choose from {', '.join(near[:_MOST_SUGGESTIONS])}" if near else "there are none"
            raise ValueError(f"{problem}; {hint}")


def _decide_relations(adjudication: Adjudication, annotations: Sequence[Annotation]) -> dict[Triple, str]:
    """Return the relations of gold, each with the reason for it, which is empty if all annotators agree."""
    triples = _list_triples(adjudication, annotations)
    dropped_spans = {dropped.span for dropped in adjudication.dropped_spans}
    gold = dict.fromkeys(set.intersection(*triples.values()), "")
    for difference in adjudication.differences:
        if difference.kind == "relation" and (difference.take == ALL or difference.versions.get(difference.take)):
            gold[parse_relation(difference.key)] = difference.reason
    for added in adjudication.added_relations:
        gold[added.label, added.head, added.tail] = added.reason
    for dropped in adjudication.dropped_relations:
        gold.pop((dropped.label, dropped.head, dropped.tail), None)
    return {triple: reason for triple, reason in gold.items() if not dropped_spans & {triple[1], triple[2]}}


def find_agreed(annotations: Sequence[Annotation], text: str, inventory: str, annotator: str) -> Annotation:
    """Return what all annotations have alike: a start for an adjudicator.

    A difference is left out, not decided: neither side's span, relation or value is in the result. So are spans that
    share a reference in one of the annotations.

    Args:
        annotations: The annotations of two or more annotators.
        text: The text.
        inventory: The version of the inventory.
        annotator: The name that the result goes by.
    """
    shared = {reference for annotation in annotations for reference in find_shared_references(annotation)}
    annotations = [leave_out(annotation, shared) for annotation in annotations]
    adjudication = plan_adjudication(annotations, text)
    # Which relations differ is known once the spans are decided.
    for _ in ("spans", "relations"):
        for difference in adjudication.differences:
            difference.take, difference.reason = NEITHER, "not agreed on"
        adjudication = plan_adjudication(annotations, text, adjudication)
    agreed = make_gold(adjudication, annotations, text, annotator, inventory)
    by_annotator = list(_index_spans(annotations).values())
    spans = tuple(_keep_common(span, by_annotator) for span in agreed.spans)
    return sort_annotation(msgspec.structs.replace(agreed, spans=spans))


def leave_out(annotation: Annotation, references: Collection[Reference]) -> Annotation:
    """Return the annotation without the spans that have one of the references, and without their relations."""
    spans = tuple(span for span in annotation.spans if refer_to(span) not in references)
    ids = {span.id for span in spans}
    relations = tuple(relation for relation in annotation.relations if {relation.head, relation.tail} <= ids)
    return msgspec.structs.replace(annotation, spans=spans, relations=relations)


def _keep_common(span: Span, by_annotator: Iterable[Mapping[Reference, Span]]) -> Span:
    """Return the span with the attributes that it has in every annotation, and without a note."""
    equal = [set(of_annotator[refer_to(span)].attributes.items()) for of_annotator in by_annotator]
    common = set.intersection(*equal)
    attributes = {name: value for name, value in span.attributes.items() if (name, value) in common}
    return msgspec.structs.replace(span, attributes=attributes, note="")
