"""A document of any format → an article and an annotation, by a map to the inventory.

Every item is accepted, left out because the map says so, or reported in a finding.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from typing import NamedTuple

from annotate.annotation_schema import SPAN_ID_PATTERN
from annotate.findings import Finding, Rule
from annotate.formats import rules
from annotate.formats.document import (
    AnnotationOrigin,
    AttributeItem,
    EquivalenceItem,
    EventItem,
    Item,
    NormalizationItem,
    NoteItem,
    Pieces,
    RawDocument,
    RelationItem,
    SpanItem,
    UnreadableItem,
)
from annotate.formats.escapes import unescape_line
from annotate.formats.mapping import AttributeMap, EventMap, LabelMap, RelationMap, SpanMap
from annotate.formats.placement import ArticleWindow, check_offsets
from annotate.ingest import ArticleRejected, Cut, Details, Intake, cut_articles
from annotate.inventory import Inventory
from annotate.model import Annotation, AttributeValue, Relation, Span

BOUNDARIES = "One file, one article."
_NUMBER = re.compile("[0-9]{1,18}")
_SPAN_ID = re.compile(SPAN_ID_PATTERN)
_ORDER = (
    UnreadableItem,
    SpanItem,
    EventItem,
    RelationItem,
    EquivalenceItem,
    AttributeItem,
    NormalizationItem,
    NoteItem,
)
"""The kinds of items in an order in which each refers only to earlier ones; in a file they come in any order."""


class ItemCounts(NamedTuple):
    """How many items were read, and how many of them were accepted, left out by the map, or reported."""

    read: int = 0
    taken: int = 0
    left_out: int = 0
    reported: int = 0

    def plus(self, counts: "ItemCounts") -> "ItemCounts":
        """Return the sum of both."""
        return ItemCounts(*map(sum, zip(self, counts, strict=True)))


class MappedDocument(NamedTuple):
    """What became of a document.

    Attributes:
        intake: The source and the article; None if the document was refused.
        annotation: The annotation; None if the document was refused.
        findings: The findings on its items.
        counts: How many items were accepted and not.
    """

    intake: Intake | None
    annotation: Annotation | None
    findings: list[Finding]
    counts: ItemCounts


def map_document(
    raw: RawDocument,
    label_map: LabelMap,
    inventory: Inventory,
    origin: AnnotationOrigin,
    details: Details,
    fix: bool = False,
) -> MappedDocument:
    """Map a document to an article, as `annotate.ingest` makes it, and an annotation.

    Args:
        raw: The document.
        label_map: The map to the inventory.
        inventory: The inventory.
        origin: Where the annotation comes from.
        details: Metadata of the article; fields that the document gives take precedence.
        fix: Whether to correct offsets that do not read the quoted words, if exactly one place is possible.
    """
    count = raw.lines if raw.refusal else len(raw.items)
    all_reported = ItemCounts(read=count, reported=count)
    if raw.refusal:
        return MappedDocument(None, None, [raw.refusal], all_reported)
    try:
        text = raw.data.decode("utf-8")
        raw_details = {name: value for name, value in raw.details.items() if name in Details._fields}
        cut = Cut(raw.article_id, 0, len(text))
        intake = cut_articles(f"{raw.article_id}.txt", raw.data, [cut], details._replace(**raw_details), BOUNDARIES)
    except UnicodeDecodeError as error:
        why = f"its text is not UTF-8 at byte {error.start}; convert it first"
        return MappedDocument(None, None, list(rules.unreadable(raw.file, raw.article_id, why)), all_reported)
    except ArticleRejected as error:
        findings = list(rules.article_refused(raw.file, raw.article_id, f"its text {error}"))
        return MappedDocument(None, None, findings, all_reported)
    (article,) = intake.articles
    window = ArticleWindow(text, article.source.start, article.source.end, article.text)
    mapper = _ItemMapper(raw, text, window, label_map, inventory, fix)
    counts = mapper.map_all()
    spans, relations = mapper.build()
    annotation = Annotation(
        article=article.id,
        annotator=origin.annotator,
        process=origin.process,
        made_from=origin.made_from,
        inventory=origin.inventory,
        text_sha256=article.text_sha256,
        spans=spans,
        relations=relations,
    )
    return MappedDocument(intake, annotation, mapper.findings, counts)


class _SpanDraft:
    """A span whose pieces and attributes are not final; values in the file take precedence over those of the map."""

    def __init__(self, item: SpanItem, label: str, pieces: Pieces, defaults: Mapping[str, AttributeValue]) -> None:
        self.ref, self.label, self.pieces, self.defaults = item.ref, label, pieces, defaults
        self.attributes: dict[str, AttributeValue] = {}
        self.ids: tuple[str, ...] = item.ids
        self.note = ""

    def piece_ids(self, used_ids: set[str]) -> tuple[str, ...]:
        """Return an id for each piece: as the file gives them, or made from the first one."""
        if len(self.ids) == len(self.pieces):
            return self.ids
        first = self.ids[0] if self.ids else self.ref
        return (first, *(_free_id(f"{first}-{number}", used_ids) for number in range(2, len(self.pieces) + 1)))

    def build(self, ids: Sequence[str], text: str, inventory: Inventory) -> Iterator[Span]:
        """Yield a span for each piece: all with the attributes, the first with the note."""
        values = {**self.defaults, **self.attributes}
        names = [attribute.name for attribute in inventory.attributes_of(self.label)]
        for index, (id_, (start, end)) in enumerate(zip(ids, self.pieces, strict=True)):
            yield Span(
                id=id_,
                label=self.label,
                start=start,
                end=end,
                text=text[start:end],
                attributes={name: values[name] for name in names if name in values},
                note="" if index else self.note,
            )


def _free_id(id_: str, used_ids: set[str]) -> str:
    while id_ in used_ids:
        id_ += "-"
    return id_


class _ItemMapper:
    """Maps the items of one document, whose file holds `text`."""

    def __init__(
        self, raw: RawDocument, text: str, window: ArticleWindow, label_map: LabelMap, inventory: Inventory, fix: bool
    ) -> None:
        self.raw, self.text, self.window = raw, text, window
        self.map, self.inventory, self.fix = label_map, inventory, fix
        self.findings: list[Finding] = []
        self.errors = 0
        self.drafts: dict[str, _SpanDraft] = {}
        self.relations: list[tuple[str, Relation]] = []
        """The ref of an item, if it has one, and its relation, with the refs of its ends for now."""
        self.relation_refs: set[str] = set()
        self.relation_notes: dict[str, str] = {}
        self.lines: dict[str, int | None] = {}
        """The ref of each item → its line."""
        self.left_out: set[str] = set()
        self.triggers: dict[str, str] = {}
        """The ref of an event → that of its trigger."""
        self.event_types = {item.trigger: item.type for item in raw.items if isinstance(item, EventItem)}
        self.used_triggers: set[str] = set()

    def map_all(self) -> ItemCounts:
        """Map every item."""
        items = [item for item in self.raw.items if not self._is_duplicate(item)]
        reported, left_out = len(self.raw.items) - len(items), 0
        self.triggers = {item.ref: item.trigger for item in items if isinstance(item, EventItem)}
        for kind in _ORDER:
            for item in items:
                if isinstance(item, kind):
                    errors = self.errors
                    is_mapped = self._map(item)
                    reported += self.errors > errors
                    left_out += not is_mapped and self.errors == errors
        read = len(self.raw.items)
        return ItemCounts(read, read - left_out - reported, left_out, reported)

    def build(self) -> tuple[tuple[Span, ...], tuple[Relation, ...]]:
        """Return the spans, and the relations between their first pieces and between pieces."""
        spans: list[Span] = []
        relations: list[Relation] = []
        first: dict[str, str] = {}
        used_ids = {id_ for draft in self.drafts.values() for id_ in (draft.ids or (draft.ref,))}
        for ref, draft in self.drafts.items():
            ids = draft.piece_ids(used_ids)
            used_ids.update(ids)
            first[ref] = ids[0]
            spans += draft.build(ids, self.window.article_text, self.inventory)
            if self.inventory.pieces:
                pairs = pairwise(ids)
                relations += [
                    Relation(label=self.inventory.pieces, head=later, tail=earlier) for earlier, later in pairs
                ]
        for ref, relation in self.relations:
            note = self.relation_notes.get(ref, "") if ref else ""
            relations.append(
                Relation(label=relation.label, head=first[relation.head], tail=first[relation.tail], note=note)
            )
        return tuple(spans), tuple(relations)

    def _report(self, rule: Rule, *arguments: object) -> None:
        self.findings += rule(self.raw.file, self.raw.article_id, *arguments)
        self.errors += rule.severity == "error"

    def _is_duplicate(self, item: Item) -> bool:
        ref = getattr(item, "ref", None)
        if not ref:
            return False
        if ref in self.lines:
            self._report(rules.duplicate_ref, item.line, ref, self.lines[ref])
            return True
        self.lines[ref] = item.line
        return False

    def _map(self, item: Item) -> bool:
        """Map one item, or report why not; False if the map leaves it out."""
        match item:
            case SpanItem():
                return self._map_span(item)
            case EventItem():
                return self._map_event(item)
            case RelationItem():
                type_map = self.map.relations
                return self._map_relation(item.line, "relation", item.type, type_map, item.ref, item.head, item.tail)
            case EquivalenceItem():
                type_map = self.map.equivalences
                # A list, so that every pair is mapped even after one that is left out.
                is_mapped = [
                    self._map_relation(item.line, "equivalence", item.type, type_map, "", later, earlier)
                    for earlier, later in pairwise(item.members)
                ]
                return all(is_mapped)
            case AttributeItem():
                return self._map_attribute(
                    item.line, item.target, "attribute", item.name, item.value, self.map.attributes
                )
            case NormalizationItem():
                if item.is_optional and item.type not in self.map.normalizations:
                    return False
                return self._map_attribute(
                    item.line, item.target, "normalization", item.type, item.entry, self.map.normalizations
                )
            case NoteItem():
                return self._map_note(item)
            case UnreadableItem():
                self._report(rules.line_unreadable, item.line, item.why)
                return True

    def _map_span(self, item: SpanItem) -> bool:
        types: dict[str, SpanMap | EventMap | None] = {**self.map.events, **self.map.spans}
        type_ = item.type if item.type in types else self.event_types.get(item.ref, item.type)
        if type_ not in types:
            self._report(rules.unmapped, item.line, "spans of type", item.type)
            return True
        entry = types[type_]
        if entry is None:
            self.left_out.add(item.ref)
            return False
        wrong, pieces = check_offsets(self.text, item.pieces, item.words), item.pieces
        if wrong:
            if not self.fix or wrong.correction is None:
                can_fix = wrong.correction is not None
                self._report(rules.wrong_offsets, item.line, item.words, wrong.reads, wrong.diagnosis, can_fix)
                return True
            pieces = wrong.correction
        in_article = self.window.convert(tuple(sorted(pieces)))
        if in_article is None:
            self._report(rules.between_characters, item.line, item.words)
        elif len(in_article) > 1 and self.inventory.pieces is None:
            self._report(rules.not_in_model, item.line, "the inventory has no relation that joins the pieces of a span")
        elif not _SPAN_ID.fullmatch(item.ref):
            self._report(rules.line_unreadable, item.line, f"{item.ref!r} cannot be an id")
        else:
            self.drafts[item.ref] = _SpanDraft(item, entry.label, in_article, entry.attributes)
            if wrong:
                self._report(rules.corrected_offsets, item.line, item.words, wrong.diagnosis)
        return True

    def _map_event(self, item: EventItem) -> bool:
        if item.type not in self.map.events:
            self._report(rules.unmapped, item.line, "events of type", item.type)
            return True
        entry = self.map.events[item.type]
        if entry is None:
            self.left_out.add(item.ref)
            return False
        if item.trigger in self.used_triggers:
            self._report(rules.trigger_shared, item.line, item.trigger)
            return True
        self.used_triggers.add(item.trigger)
        if not self._find_span(item.line, item.trigger):
            return True
        for name, filler in item.roles:
            role = entry.find_role(name)
            if role is None:
                self._report(rules.unmapped, item.line, f"role of {item.type}", name)
            elif entry.roles[role] is not None:
                self._map_relation(item.line, "role", role, entry.roles, "", item.trigger, filler)
        return True

    def _map_relation(
        self,
        line: int | None,
        kind: str,
        name: str,
        type_map: Mapping[str, RelationMap | None],
        ref: str,
        head: str,
        tail: str,
    ) -> bool:
        if name not in type_map:
            self._report(rules.unmapped, line, f"{kind} of type", name)
            return True
        entry = type_map[name]
        if entry is None or {self._root(head), self._root(tail)} & self.left_out:
            self.left_out.add(ref)
            return False
        ends = [self._find_span(line, end) for end in (head, tail)]
        if ends[0] and ends[1]:
            first, second = (ends[1], ends[0]) if entry.reversed else (ends[0], ends[1])
            self.relation_refs.add(ref)
            self.relations.append((ref, Relation(label=entry.relation, head=first, tail=second)))
        return True

    def _root(self, ref: str) -> str:
        """Return the ref of an event's trigger, unless the event was left out; else the ref itself."""
        return ref if ref in self.left_out else self.triggers.get(ref, ref)

    def _find_span(self, line: int | None, ref: str) -> str | None:
        """Return the ref of the span that an item refers to; None, with a finding, if there is no such span."""
        root = self.triggers.get(ref, ref)
        if root in self.drafts:
            return root
        self._report(rules.dangling, line, ref, "was not imported" if root in self.lines else "does not exist")
        return None

    def _map_attribute(
        self,
        line: int | None,
        target: str,
        kind: str,
        name: str,
        value: AttributeValue | None,
        type_map: Mapping[str, AttributeMap | None],
    ) -> bool:
        if name not in type_map:
            self._report(rules.unmapped, line, kind, name)
            return True
        entry = type_map[name]
        if entry is None or self._root(target) in self.left_out:
            return False
        mapped = entry.flag if value is None else entry.values.get(str(value), value)
        self._set_attribute(line, target, entry.attribute, mapped)
        return True

    def _set_attribute(self, line: int | None, target: str, name: str, value: AttributeValue | None) -> None:
        attribute = self.inventory.attributes[name]
        if target in self.relation_refs:
            self._report(rules.not_in_model, line, "relations have no attributes")
            return
        ref = self._find_span(line, target)
        if ref is None:
            return
        draft = self.drafts[ref]
        if attribute.type == "integer" and isinstance(value, str) and _NUMBER.fullmatch(value):
            value = int(value)
        fits = isinstance(value, int) if attribute.type == "integer" else isinstance(value, str) and value != ""
        if draft.label not in attribute.labels:
            self._report(rules.not_in_model, line, f"{draft.label} has no attribute {name}")
        elif name in draft.attributes:
            self._report(rules.not_in_model, line, f"{name} has a value already, {draft.attributes[name]!r}")
        elif value is None or not fits or (attribute.values and value not in attribute.values):
            self._report(rules.unknown_value, line, name, value)
        else:
            draft.attributes[name] = value

    def _map_note(self, item: NoteItem) -> bool:
        if item.type not in self.map.notes:
            self._report(rules.unmapped, item.line, "notes of type", item.type)
            return True
        entry = self.map.notes[item.type]
        if entry is None or self._root(item.target) in self.left_out:
            return False
        text = unescape_line(item.text) if self.map.escaped else item.text
        if entry.to == "attribute":
            self._set_attribute(item.line, item.target, entry.attribute, text)
        elif item.target in self.relation_refs and entry.to == "note":
            self.relation_notes[item.target] = _join_notes(self.relation_notes.get(item.target, ""), text)
        elif ref := self._find_span(item.line, item.target):
            draft = self.drafts[ref]
            if entry.to == "ids":
                draft.ids = tuple(text.split())
            else:
                draft.note = _join_notes(draft.note, text)
        return True


def _join_notes(note: str, text: str) -> str:
    return f"{note}; {text}" if note else text
