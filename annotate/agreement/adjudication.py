"""From the annotations of several annotators to gold: what they agree on, what has to be decided, and the decisions.

A decision stands in a file that people read and keep, so spans are named there by what they are, `Label@start-end` (a
reference), and not by ids. Spans are settled first; which relations differ is known once they are.

What several annotators of one article have alike: a start for whoever adjudicates.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from typing import Literal

import msgspec

from annotate.corpus import span_order
from annotate.model import Annotation, AttributeValue, Relation, Span

Reference = str
Triple = tuple[str, Reference, Reference]
ALL, NEITHER = "all", "neither"


class Difference(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """Something on which annotators differ.

    `versions` says what each has: references of spans, attributes, or whether the relation is there. The adjudicator
    fills in `take` (an annotator, "all" or "neither"), `reason`, and, to correct a version, `set`: reference →
    attributes.
    """

    key: str
    kind: Literal["span", "attributes", "relation"]
    words: str
    versions: dict[str, list[str]]
    take: str = ""
    set: dict[Reference, dict[str, AttributeValue]] = {}
    reason: str = ""

    @property
    def decided(self) -> bool:
        """Whether somebody has written anything in it, if not all."""
        return bool(self.take or self.set or self.reason)

    @property
    def identity(self) -> tuple[str, str, str]:
        """What a decision is about: it holds for these versions only."""
        return self.kind, self.key, str(sorted(self.versions.items()))


class AddedSpan(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """A span that no annotator has, found while adjudicating."""

    span: Reference
    reason: str
    attributes: dict[str, AttributeValue] = {}


class RelationDecision(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """A relation added to what annotators have, or taken from what they agree on."""

    label: str
    head: Reference
    tail: Reference
    reason: str


class Dropped(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """A span that annotators agree on, and that gold does not have; its relations go with it."""

    span: Reference
    reason: str


class Adjudication(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """All decisions on one article. `agreed` counts what all annotators have alike.

    `earlier` has decisions on what does not differ now, or not yet, as relations while spans are open: they hold again
    where it does.
    """

    article: str
    annotators: list[str]
    text_sha256: str
    agreed: dict[str, int] = {}
    differences: list[Difference] = []
    added_spans: list[AddedSpan] = []
    dropped_spans: list[Dropped] = []
    added_relations: list[RelationDecision] = []
    dropped_relations: list[RelationDecision] = []
    earlier: list[Difference] = []

    @property
    def decided(self) -> bool:
        """Whether there is anything in it that a person wrote."""
        corrections = self.added_spans, self.dropped_spans, self.added_relations, self.dropped_relations
        return any(corrections) or any(one.decided for one in (*self.differences, *self.earlier))

    @property
    def open(self) -> list[Difference]:
        """The differences that nobody has decided yet, or without a reason."""
        return [difference for difference in self.differences if not difference.take or not difference.reason]


def reference(span: Span) -> Reference:
    return f"{span.label}@{span.start}-{span.end}"


def parse(reference: Reference) -> tuple[str, int, int]:
    """Label, start and end of a reference; raises ValueError for what is none."""
    label, _, place = reference.rpartition("@")
    start, _, end = place.partition("-")
    if not label or not start.isdigit() or not end.isdigit() or int(start) >= int(end):
        raise ValueError(f"{reference!r} is not Label@start-end")
    return label, int(start), int(end)


Versions = dict[str, dict[Reference, Span]]


def _versions(annotations: Sequence[Annotation]) -> Versions:
    return {
        annotation.annotator: {reference(span): span for span in sorted(annotation.spans, key=span_order)}
        for annotation in annotations
    }


def plan(annotations: Sequence[Annotation], text: str, before: Adjudication | None = None) -> Adjudication:
    """What two or more annotators of one article agree and differ on; decisions made `before` are kept.

    As long as spans are open, no relation is listed as a difference: which differ depends on them.
    """
    versions = _versions(annotations)
    new = Adjudication(
        article=annotations[0].article, annotators=list(versions), text_sha256=annotations[0].text_sha256
    )
    if before is not None:
        new.added_spans, new.dropped_spans = before.added_spans, before.dropped_spans
        new.added_relations, new.dropped_relations = before.added_relations, before.dropped_relations
    known = (*before.earlier, *before.differences) if before else ()
    decided = {difference.identity: difference for difference in known if difference.decided}

    def kept(difference: Difference) -> Difference:
        old = decided.pop(difference.identity, None)
        if old is not None:
            difference.take, difference.set, difference.reason = old.take, old.set, old.reason
        return difference

    shared = set.intersection(*(set(version) for version in versions.values()))
    new.differences = [kept(difference) for difference in _span_differences(versions, shared, text)]
    new.agreed = {"spans": len(shared) - sum(one.kind == "attributes" for one in new.differences)}
    if not new.open:
        triples = _triples(new, annotations)
        new.differences += [kept(difference) for difference in _relation_differences(triples, text)]
        new.agreed["relations"] = len(set.intersection(*triples.values()))
    settled = {(one.kind, one.key) for one in new.differences if one.take and one.reason}
    new.earlier = [one for one in decided.values() if (one.kind, one.key) not in settled]
    return new


def hold(adjudication: Adjudication, annotations: Sequence[Annotation]) -> None:
    """Raises ValueError for a decision that takes a version, or sets attributes of a span, that nobody has."""
    versions = _versions(annotations)
    allowed, spans = sorted({*versions, ALL, NEITHER}), set[Reference]().union(*versions.values())
    for one in adjudication.differences:
        if one.take and one.take not in allowed:
            raise ValueError(f"{one.key}: take is {one.take!r}; write one of {', '.join(allowed)}")
        for name in one.set:
            if name not in spans:
                raise ValueError(f"{one.key}: set names {name}, which nobody has labelled")


def _span_differences(versions: Versions, shared: set[Reference], text: str) -> Iterator[Difference]:
    """Spans that not all have, those of a label that overlap in one difference; attributes of those that all have."""
    found: list[tuple[int, Difference]] = []
    for group in _groups(versions, shared):
        start, end = min(span.start for span in group), max(span.end for span in group)
        members = {reference(span) for span in group}
        has = {
            annotator: [shown(span) for name, span in version.items() if name in members]
            for annotator, version in versions.items()
        }
        key = " + ".join(sorted(members, key=lambda name: parse(name)[1:]))
        found.append((start, Difference(key=key, kind="span", words=_context(text, start, end), versions=has)))
    for name in shared:
        spans = {annotator: version[name] for annotator, version in versions.items()}
        if len({tuple(sorted(span.attributes.items())) for span in spans.values()}) > 1:
            _, start, end = parse(name)
            has = {annotator: [shown(span)] for annotator, span in spans.items()}
            words = _context(text, start, end)
            found.append((start, Difference(key=name, kind="attributes", words=words, versions=has)))
    return (difference for _, difference in sorted(found, key=lambda pair: (pair[0], pair[1].key)))


def _groups(versions: Versions, shared: set[Reference]) -> Iterator[list[Span]]:
    """Spans that not all annotators have, together with those of the same label that they overlap."""
    loose: dict[str, dict[Reference, Span]] = defaultdict(dict)
    for version in versions.values():
        for name, span in version.items():
            if name not in shared:
                loose[span.label][name] = span
    for by_name in loose.values():
        group: list[Span] = []
        end = -1
        for span in sorted(by_name.values(), key=span_order):
            if group and span.start >= end:
                yield group
                group = []
            group.append(span)
            end = max(end, span.end) if len(group) > 1 else span.end
        yield group


def shown(span: Span) -> str:
    """A span as a version of a difference has it: its reference, and its attributes in brackets."""
    attributes = ", ".join(f"{name}={value}" for name, value in span.attributes.items())
    return f"{reference(span)}{f' ({attributes})' if attributes else ''}"


def _context(text: str, start: int, end: int, around: int = 40) -> str:
    """The words with some before and after, within their paragraph; the words themselves in «»."""
    before = text[max(start - around, 0) : start].rpartition("\n")[2]
    after = text[end : end + around].partition("\n")[0]
    return f"{before}«{text[start:end]}»{after}"


def _taken(adjudication: Adjudication, versions: Versions) -> dict[Reference, tuple[Span, str]]:
    """The spans of gold by reference, each with the reason for it, empty where nobody differed."""
    shared = set.intersection(*(set(version) for version in versions.values()))
    first = next(iter(versions.values()))
    gold = {name: (first[name], "") for name in shared}
    for one in adjudication.differences:
        if one.kind == "span":
            takes = list(versions) if one.take == ALL else [one.take] if one.take in versions else []
            names = {shown.partition(" ")[0] for annotator in takes for shown in one.versions[annotator]}
            for name in names:
                span = next(version[name] for version in versions.values() if name in version)
                gold[name] = (span, one.reason)
        elif one.kind == "attributes" and one.take in versions:
            gold[one.key] = (versions[one.take][one.key], one.reason)
    for one in adjudication.differences:
        for name, attributes in one.set.items():
            if name in gold:
                span = gold[name][0]
                gold[name] = (msgspec.structs.replace(span, attributes={**span.attributes, **attributes}), one.reason)
    for dropped in adjudication.dropped_spans:
        gold.pop(dropped.span, None)
    return gold


def _stand_ins(adjudication: Adjudication, gold: Iterable[Reference]) -> dict[Reference, Reference]:
    """For a span that was not taken, the taken one of its difference that overlaps it most."""
    taken = set(gold)
    stand_ins: dict[Reference, Reference] = {}
    for one in adjudication.differences:
        members = one.key.split(" + ") if one.kind == "span" else []
        chosen = [name for name in members if name in taken]
        for name in members:
            if name not in taken and chosen:
                stand_ins[name] = max(chosen, key=lambda other: _overlap(name, other))
    return stand_ins


def _overlap(one: Reference, other: Reference) -> int:
    _, start, end = parse(one)
    _, first, last = parse(other)
    return min(end, last) - max(start, first)


def _triples(adjudication: Adjudication, annotations: Sequence[Annotation]) -> dict[str, set[Triple]]:
    """Annotator → their relations between spans of gold; a relation whose end nothing stands for is left out."""
    gold = _taken(adjudication, _versions(annotations))
    stand_ins = _stand_ins(adjudication, gold)
    found: dict[str, set[Triple]] = {}
    for annotation in annotations:
        names = {span.id: reference(span) for span in annotation.spans}
        ends = {id_: name if name in gold else stand_ins.get(name) for id_, name in names.items()}
        found[annotation.annotator] = {
            (relation.label, head, tail)
            for relation in annotation.relations
            if (head := ends.get(relation.head)) and (tail := ends.get(relation.tail)) and head != tail
        }
    return found


def _relation_differences(triples: dict[str, set[Triple]], text: str) -> Iterator[Difference]:
    shared = set.intersection(*triples.values())
    loose = set().union(*triples.values()) - shared

    def place(triple: Triple) -> tuple[int, int, str]:
        return parse(triple[1])[1], parse(triple[2])[1], triple[0]

    for triple in sorted(loose, key=place):
        label, head, tail = triple
        ends = [text[slice(*parse(end)[1:])] for end in (head, tail)]
        yield Difference(
            key=f"{label}: {head} → {tail}",
            kind="relation",
            words=f"{ends[0]} → {ends[1]}",
            versions={annotator: ["has it"] if triple in has else [] for annotator, has in triples.items()},
        )


def apply(
    adjudication: Adjudication, annotations: Sequence[Annotation], text: str, adjudicator: str, inventory: str
) -> Annotation:
    """The gold annotation that the decisions make; the reason of each stands in the note of what it decided.

    `inventory` is the version in use. Raises ValueError for a decision that is open or names what is not there.
    """
    if adjudication.open:
        raise ValueError(f"{len(adjudication.open)} differences are open, the first: {adjudication.open[0].key}")
    hold(adjudication, annotations)
    versions = _versions(annotations)
    gold = _taken(adjudication, versions)
    dropped = {one.span for one in adjudication.dropped_spans}
    for one in adjudication.differences:
        for name in one.set:
            if name not in gold and name not in dropped:
                raise ValueError(f"{one.key}: set names {name}, which is not taken")
    for name in sorted(dropped.difference(*versions.values())):
        raise ValueError(f"dropped_spans names {name}, which nobody has labelled")
    for added in adjudication.added_spans:
        label, start, end = parse(added.span)
        words = text[start:end]
        span = Span(id="", label=label, start=start, end=end, text=words, attributes=added.attributes)
        gold[added.span] = (span, added.reason)
    relations = _decided_relations(adjudication, annotations)
    ordered = sorted(gold.values(), key=lambda pair: span_order(pair[0]))
    spans = [
        msgspec.structs.replace(span, id=f"s{number}", note=reason or span.note)
        for number, (span, reason) in enumerate(ordered, 1)
    ]
    ids = {reference(span): span.id for span in spans}
    for label, *ends in relations:
        for name in ends:
            if name not in ids:
                raise ValueError(f"{label} names {name}, which is no span of gold")
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


def _decided_relations(adjudication: Adjudication, annotations: Sequence[Annotation]) -> dict[Triple, str]:
    triples = _triples(adjudication, annotations)
    gone = {dropped.span for dropped in adjudication.dropped_spans}
    decided = dict.fromkeys(set.intersection(*triples.values()), "")
    for one in adjudication.differences:
        if one.kind == "relation" and (one.take == ALL or one.versions.get(one.take)):
            label, _, ends = one.key.partition(": ")
            head, _, tail = ends.partition(" → ")
            decided[label, head, tail] = one.reason
    for added in adjudication.added_relations:
        decided[added.label, added.head, added.tail] = added.reason
    for dropped in adjudication.dropped_relations:
        decided.pop((dropped.label, dropped.head, dropped.tail), None)
    return {triple: reason for triple, reason in decided.items() if not gone & {triple[1], triple[2]}}


def agreed(annotations: Sequence[Annotation], text: str, inventory: str, annotator: str) -> Annotation:
    """The spans and relations that all of two or more annotators have, with the attributes on which all agree.

    A difference is left out, not decided: neither side's span, relation or value is there. `annotator` is the name that
    the annotation goes by, `inventory` the version in use.
    """
    decided = plan(annotations, text)
    # Which relations differ is known once the spans are settled.
    for _ in ("spans", "relations"):
        for difference in decided.differences:
            difference.take, difference.reason = NEITHER, "not agreed on"
        decided = plan(annotations, text, decided)
    made = apply(decided, annotations, text, annotator, inventory)
    spans = tuple(_common(span, annotations) for span in made.spans)
    return msgspec.structs.replace(made, spans=spans)


def _common(span: Span, annotations: Sequence[Annotation]) -> Span:
    """The span with the attributes that it has in every annotation, and no note of anybody's."""
    same = [
        set(other.attributes.items())
        for annotation in annotations
        for other in annotation.spans
        if reference(other) == reference(span)
    ]
    shared = set.intersection(*same)
    attributes = {name: value for name, value in span.attributes.items() if (name, value) in shared}
    return msgspec.structs.replace(span, attributes=attributes, note="")
