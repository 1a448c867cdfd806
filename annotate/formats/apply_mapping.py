"""A document of any format → an article and an annotation, by a map to the inventory.

Every item is accepted, left out because the map says so, or reported in a finding.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from itertools import pairwise
from typing import NamedTuple

from annotate.annotation_schema import SPAN_ID_LENGTH, SPAN_ID_PATTERN
from annotate.article_schema import encode_article_schema
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
    explain_encoding,
)
from annotate.formats.escapes import unescape_line
from annotate.formats.placement import ArticleWindow, check_offsets, read_pieces
from annotate.ingest import ArticleRejected, Cut, Details, Intake, cut_articles
from annotate.inventory import Inventory
from annotate.label_map import AttributeMap, EventMap, LabelMap, RelationMap, SpanMap
from annotate.model import Annotation, AttributeValue, Relation, Span, normal_number
from annotate.offsets import OffsetTable
from annotate.quotes import PlacedQuote, QuotedText, UnplacedQuote
from annotate.util.escape import quote

BOUNDARIES = "One file, one article."
_NUMBER = re.compile("[0-9]{1,18}")
_DECIMAL = re.compile(r"[+-]?(?:[0-9]{1,400}(?:\.[0-9]{0,400})?|\.[0-9]{1,400})(?:[eE][+-]?[0-9]{1,4})?")
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


def is_span_id(name: str) -> bool:
    """Return whether a span can have this id."""
    return len(name) <= SPAN_ID_LENGTH and _SPAN_ID.fullmatch(name) is not None


class ItemCounts(NamedTuple):
    """How many items were read, and how many of them were accepted, left out, or reported."""

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
        name = raw.source_name or f"{raw.article_id}.txt"
        details = details._replace(**raw_details)
        # Required fields are the importer's to ask for: an article may be in the corpus already, and have them.
        schema = encode_article_schema(inventory, complete=False)
        intake = cut_articles(name, raw.data, [cut], details, BOUNDARIES, schema=schema)
    except UnicodeDecodeError as error:
        why = f"its text {explain_encoding(raw.data, error)}"
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
        lead_time=origin.lead_time,
        origins=dict(origin.origins),
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
        first = self.ids[0] if self.ids else _free_id(self.ref, used_ids)
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
        self.offsets = OffsetTable(text)
        self.map, self.inventory, self.fix = label_map, inventory, fix
        self.findings: list[Finding] = []
        self.errors = 0
        self.drafts: dict[str, _SpanDraft] = {}
        self.relations: list[tuple[str, Relation]] = []
        """The ref of an item, if it has one, and its relation, with the refs of its ends for now."""
        self.relation_refs: set[str] = set()
        self.relation_notes: dict[str, str] = {}
        self.id_lines: dict[str, int | None] = {}
        """The ref of each draft whose ids a note gives → the line of the note."""
        self.lines: dict[str, int | None] = {}
        """The ref of each item → its line."""
        self.left_out: set[str] = set()
        self.span_types: dict[str, SpanMap | EventMap | None] = {**label_map.events, **label_map.spans}
        self.refs_by_range: dict[tuple[str, Pieces], str] = {}
        """The label and the ranges of spans whose offsets are right or were corrected → their refs."""
        self.accepted_events: set[str] = set()
        self.event_spans: dict[str, str] = {}
        """The ref of an event → that of its draft."""
        self.event_types: dict[str, str] = {}
        """The ref of a trigger → the type of its first event; one that the map has comes before one that it lacks."""
        self.full_types: dict[str, str] = {}
        """The ref of each item whose type has a namespace → that type."""
        self.items = [self._with_type(item) for item in raw.items]
        self.label_names: dict[str, str] = {}
        """The ref of each item whose label is the value of a feature → the name of the feature."""
        self.label_values = self._find_labels()

    def map_all(self) -> ItemCounts:
        """Map every item."""
        items = [self._with_label(item) for item in self.items if not self._is_duplicate(item)]
        reported, left_out = len(self.items) - len(items), 0
        events = [item for item in items if isinstance(item, EventItem)]
        # The sort keeps the order of the file.
        for event in sorted(events, key=lambda event: not self.map.events.get(event.type)):
            self.event_types.setdefault(event.trigger, event.type)
        if self.fix:
            self._note_right_offsets(items)
        for kind in _ORDER:
            if kind is EventItem:
                self._place_events(events)
            for item in items:
                if isinstance(item, kind):
                    errors = self.errors
                    is_mapped = self._map(item)
                    reported += self.errors > errors
                    left_out += not is_mapped and self.errors == errors
        reported += self._refuse_shared_ids()
        read = len(self.items)
        return ItemCounts(read, read - left_out - reported, left_out, reported)

    def build(self) -> tuple[tuple[Span, ...], tuple[Relation, ...]]:
        """Return the spans, and the relations between their first pieces and between pieces."""
        spans: list[Span] = []
        relations: list[Relation] = []
        first: dict[str, str] = {}
        used_ids = {id_ for draft in self.drafts.values() for id_ in draft.ids}
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
        for finding in rule(self.raw.file, self.raw.article_id, *arguments):
            file, line = self.raw.locate(finding.line)
            self.findings.append(replace(finding, file=file, line=line))
        self.errors += rule.severity == "error"

    def _is_duplicate(self, item: Item) -> bool:
        ref = getattr(item, "ref", None)
        if not ref:
            return False
        if ref in self.lines:
            file, line = self.raw.locate(self.lines[ref])
            place = f"{file}:{line}" if file != self.raw.locate(item.line)[0] else f"line {line}"
            self._report(rules.duplicate_ref, item.line, ref, place if line else "")
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
                if item.is_feature and item.head in self.left_out:
                    self.left_out.add(item.ref)
                    return False
                return self._map_relation(item)
            case EquivalenceItem():
                return self._map_equivalence(item)
            case AttributeItem():
                if item.name == self.label_names.get(item.target):
                    return self._map_label_feature(item)
                layers = (self.full_types.get(item.target), item.layer)
                names = (*(f"{layer}.{item.name}" for layer in layers if layer), item.name)
                name = next((name for name in names if name in self.map.attributes), item.name)
                return self._map_attribute(item.line, item.target, "attribute", name, item.value, self.map.attributes)
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

    def _with_type(self, item: Item) -> Item:
        """Return an item with its full type if the map names it."""
        if not isinstance(item, SpanItem | RelationItem) or not item.full_type:
            return item
        self.full_types.setdefault(item.ref, item.full_type)
        types = self.span_types if isinstance(item, SpanItem) else self.map.relations
        is_mapped = item.full_type in types or item.full_type in self.map.labels_from
        return item._replace(type=item.full_type) if is_mapped else item

    def _find_labels(self) -> dict[str, str]:
        """Return the ref of each item whose label is the value of a feature → that value."""
        types = {item.ref: item.type for item in self.items if isinstance(item, SpanItem | RelationItem)}
        labels: dict[str, str] = {}
        for item in self.items if self.map.labels_from else ():
            if isinstance(item, AttributeItem) and item.value is not None:
                name = self.map.labels_from.get(types.get(item.target, ""))
                if name == item.name and item.target not in labels:
                    labels[item.target] = str(item.value)
        return labels

    def _with_label(self, item: Item) -> Item:
        """Return an item with the label that the map finds in one of its features."""
        if isinstance(item, SpanItem | RelationItem) and item.ref in self.label_values:
            self.label_names[item.ref] = self.map.labels_from[item.type]
            return item._replace(type=self.label_values[item.ref])
        return item

    def _map_label_feature(self, item: AttributeItem) -> bool:
        """Account for the feature that gave an item its label: it is accepted if the item is."""
        if item.target in self.left_out:
            return False
        if str(item.value) != self.label_values[item.target]:
            self._report(rules.not_in_model, item.line, f"{item.name} has a second value, {quote(item.value)}")
        elif item.target not in self.drafts and item.target not in self.relation_refs:
            self._report(rules.dangling, item.line, item.target, "was not imported")
        return True

    def _find_type(self, item: SpanItem) -> str:
        """Return the type whose entry in the map a span has: that of its event if the map lacks its own."""
        return item.type if item.type in self.span_types else self.event_types.get(item.ref, item.type)

    def _note_right_offsets(self, items: Sequence[Item]) -> None:
        """Note the ranges of the spans whose offsets are right, so that no other one is corrected to them."""
        for item in items:
            if not isinstance(item, SpanItem) or not item.pieces:
                continue
            entry = self.span_types.get(self._find_type(item))
            if entry and not check_offsets(self.offsets, item.pieces, item.words):
                self.refs_by_range.setdefault((entry.label, tuple(sorted(item.pieces))), item.ref)

    def _map_span(self, item: SpanItem) -> bool:
        type_ = self._find_type(item)
        if type_ not in self.span_types and not item.is_structural:
            self._report(rules.unmapped, item.line, "spans of type", item.type)
            return True
        entry = self.span_types.get(type_)
        if entry is None:
            self.left_out.add(item.ref)
            return False
        if not item.pieces and item.words is None:
            self._report(rules.not_in_model, item.line, f"{item.type} {item.ref} has no offsets in the article's text")
            return True
        placed = None if item.pieces else self.quoted_text.place(item.words or "", item.occurrence)
        if isinstance(placed, UnplacedQuote):
            self._report(rules.unplaced_quote, item.line, item.words, item.occurrence, placed)
            return True
        pieces = ((placed.start, placed.end),) if placed else item.pieces
        wrong = None if placed else check_offsets(self.offsets, pieces, item.words)
        if wrong:
            correction = tuple(sorted(wrong.correction or ()))
            other = self.refs_by_range.get((entry.label, correction))
            if not self.fix or not correction or other:
                self._report(
                    rules.wrong_offsets, item.line, item.words, wrong.reads, wrong.diagnosis, correction, other
                )
                return True
            self.refs_by_range[entry.label, correction] = item.ref
            pieces = correction
        in_article = self.window.convert(tuple(sorted(pieces)))
        if in_article is None:
            words = read_pieces(self.text, pieces) if item.words is None else item.words
            self._report(rules.between_characters, item.line, words)
        elif len(in_article) > 1 and self.inventory.pieces is None:
            self._report(rules.not_in_model, item.line, "the inventory has no relation that joins the pieces of a span")
        elif not is_span_id(item.ref):
            self._report(rules.line_unreadable, item.line, f"{quote(item.ref)} cannot be an id")
        else:
            self.drafts[item.ref] = _SpanDraft(item, entry.label, in_article, entry.attributes)
            if wrong:
                self._report(rules.corrected_offsets, item.line, item.words, wrong.diagnosis)
            if placed and placed.differences:
                self._report(rules.different_quote, item.line, item.words, self._read(placed), placed.differences)
        return True

    @cached_property
    def quoted_text(self) -> QuotedText:
        """The text, in which quotes are placed."""
        return QuotedText(self.text)

    def _read(self, placed: PlacedQuote) -> str:
        return self.text[placed.start : placed.end]

    def _place_events(self, events: Sequence[EventItem]) -> None:
        """Find the events that can be imported, and the span of each.

        A line is imported as a whole or not at all, so that an event with an argument that is not imported is not
        imported, either. The first event with the label of its trigger has the trigger's span. Each other one has a
        span of its own on the same words.
        """
        mapped = [item for item in events if item.type in self.map.events]
        self.left_out |= {
            item.ref for item in mapped if self.map.events[item.type] is None or item.trigger in self.left_out
        }
        mapped = [item for item in mapped if item.ref not in self.left_out]
        self.accepted_events = {item.ref for item in mapped}
        used_in: dict[str, list[str]] = {}
        for item in mapped:
            for _, filler in self._list_fillers(item):
                used_in.setdefault(filler, []).append(item.ref)
        refused = [item.ref for item in mapped if any(True for _ in self._explain_event(item))]
        while refused:
            ref = refused.pop()
            if ref in self.accepted_events:
                self.accepted_events.remove(ref)
                refused += used_in.get(ref, ())
        used_triggers: set[str] = set()
        for item in mapped:
            entry = self.map.events[item.type]
            if entry is None or item.ref not in self.accepted_events:
                continue
            trigger = self.drafts[item.trigger]
            if item.trigger not in used_triggers and trigger.label == entry.label:
                used_triggers.add(item.trigger)
                self.event_spans[item.ref] = item.trigger
                trigger.defaults = {**trigger.defaults, **entry.attributes}
            else:
                self.event_spans[item.ref] = item.ref
        for item in mapped:
            entry = self.map.events[item.type]
            if entry and self.event_spans.get(item.ref) == item.ref:
                span = SpanItem(item.line, item.ref, item.type, ())
                pieces = self.drafts[item.trigger].pieces
                self.drafts[item.ref] = _SpanDraft(span, entry.label, pieces, entry.attributes)

    def _list_fillers(self, item: EventItem) -> Iterator[tuple[RelationMap, str]]:
        """Yield the relation of each argument of an event that the map does not leave out, and the ref of its end."""
        entry = self.map.events[item.type]
        for name, filler in item.roles if entry else ():
            role = entry.find_role(name) if entry else None
            relation = entry.roles[role] if entry and role else None
            if relation and filler not in self.left_out:
                yield relation, filler

    def _explain_event(self, item: EventItem) -> Iterator[tuple[Rule, tuple[object, ...]]]:
        """Yield a rule and its arguments for each reason that keeps an event from being imported."""
        entry = self.map.events[item.type]
        if not is_span_id(item.ref):
            yield rules.line_unreadable, (f"{quote(item.ref)} cannot be an id",)
        if item.trigger not in self.drafts or item.trigger in self.event_spans:
            yield rules.dangling, (item.trigger, self._explain_missing(item.trigger))
        for name, _ in item.roles if entry else ():
            if entry and entry.find_role(name) is None:
                yield rules.unmapped, (f"role of {item.type}", name)
        for _, filler in self._list_fillers(item):
            if filler not in self.accepted_events and filler not in self.drafts:
                yield rules.dangling, (filler, self._explain_missing(filler))

    def _map_event(self, item: EventItem) -> bool:
        if item.type not in self.map.events:
            self._report(rules.unmapped, item.line, "events of type", item.type)
            return True
        if item.ref in self.left_out:
            return False
        if item.ref in self.accepted_events:
            for relation, filler in self._list_fillers(item):
                self._add_relation("", relation, self.event_spans[item.ref], self.event_spans.get(filler, filler))
        for rule, arguments in self._explain_event(item) if item.ref not in self.accepted_events else ():
            self._report(rule, item.line, *arguments)
        return True

    def _map_equivalence(self, item: EquivalenceItem) -> bool:
        if item.type not in self.map.equivalences:
            self._report(rules.unmapped, item.line, "equivalence of type", item.type)
            return True
        entry = self.map.equivalences[item.type]
        # What is equivalent to something that is left out is still equivalent to the others.
        members = [member for member in item.members if member not in self.left_out]
        if entry is None or len(members) < 2:
            return False
        refs = [self._find_span(item.line, member) for member in members]
        spans = [ref for ref in refs if ref]
        for earlier, later in pairwise(spans) if len(spans) == len(refs) else ():
            self._add_relation("", entry, later, earlier)
        return True

    def _map_relation(self, item: RelationItem) -> bool:
        if item.type not in self.map.relations:
            self._report(rules.unmapped, item.line, "relation of type", item.type)
            return True
        entry = self.map.relations[item.type]
        if entry is None or {item.head, item.tail} & self.left_out:
            self.left_out.add(item.ref)
            return False
        head, tail = [self._find_span(item.line, end) for end in (item.head, item.tail)]
        if head and tail:
            self.relation_refs.add(item.ref)
            self._add_relation(item.ref, entry, head, tail)
        return True

    def _add_relation(self, ref: str, entry: RelationMap, head: str, tail: str) -> None:
        """Add a relation between two drafts, given the ends in the order of the file."""
        head, tail = (tail, head) if entry.reversed else (head, tail)
        self.relations.append((ref, Relation(label=entry.relation, head=head, tail=tail)))

    def _find_span(self, line: int | None, ref: str) -> str | None:
        """Return the ref of the draft that an item refers to; None, with a finding, if there is no such span."""
        span = self.event_spans.get(ref, ref)
        if span in self.drafts:
            return span
        self._report(rules.dangling, line, ref, self._explain_missing(ref))
        return None

    def _explain_missing(self, ref: str) -> str:
        if ref in self.relation_refs:
            return "is a relation"
        return "was not imported" if ref in self.lines else "does not exist"

    def _map_attribute(
        self,
        line: int | None,
        target: str,
        kind: str,
        name: str,
        value: AttributeValue | None,
        type_map: Mapping[str, AttributeMap | None],
    ) -> bool:
        if target in self.left_out:
            return False
        if name not in type_map:
            self._report(rules.unmapped, line, kind, name)
            return True
        entry = type_map[name]
        if entry is None:
            return False
        mapped = entry.flag if value is None else entry.values.get(str(value), value)
        self._set_attribute(line, target, entry.attribute, mapped)
        return True

    def _set_attribute(self, line: int | None, target: str, name: str, value: AttributeValue | None) -> None:
        attribute = self.inventory.attributes[name]
        if target in self.relation_refs:
            self._report(rules.not_in_model, line, f"relations have no attributes, so none has {name}")
            return
        ref = self._find_span(line, target)
        if ref is None:
            return
        draft, raw = self.drafts[ref], value
        if attribute.type == "integer" and isinstance(value, str) and _NUMBER.fullmatch(value):
            value = int(value)
        elif attribute.type == "number":
            value = _read_number(value)
        if draft.label not in attribute.labels:
            self._report(rules.not_in_model, line, f"{draft.label} has no attribute {name}")
        elif name in draft.attributes:
            self._report(rules.not_in_model, line, f"{name} has a value already, {quote(draft.attributes[name])}")
        elif value is None or not attribute.allows(value):
            self._report(rules.unknown_value, line, attribute, raw)
        else:
            draft.attributes[name] = value

    def _refuse_shared_ids(self) -> int:
        """Give each span ids of its own; return the number of notes that are reported since theirs belong to another.

        The ids that notes give come first: the numbers of other lines only stand for ids that no one has given.
        """
        used_ids, reported = set[str](), 0
        for ref in (*self.id_lines, *(ref for ref in self.drafts if ref not in self.id_lines)):
            draft = self.drafts[ref]
            if used_ids.isdisjoint(draft.ids) and len(set(draft.ids)) == len(draft.ids):
                used_ids.update(draft.ids)
                continue
            if ref in self.id_lines:
                why = f"another span has an id of {quote(' '.join(draft.ids))} already"
                self._report(rules.line_unreadable, self.id_lines[ref], why)
                reported += 1
            draft.ids = ()
        return reported

    def _map_note(self, item: NoteItem) -> bool:
        if item.type not in self.map.notes:
            self._report(rules.unmapped, item.line, "notes of type", item.type)
            return True
        entry = self.map.notes[item.type]
        if entry is None or item.target in self.left_out:
            return False
        text = unescape_line(item.text) if self.map.escaped else item.text
        if entry.to == "attribute":
            self._set_attribute(item.line, item.target, entry.attribute, text)
        elif item.target in self.relation_refs and entry.to == "note":
            self.relation_notes[item.target] = _join_notes(self.relation_notes.get(item.target, ""), text)
        elif ref := self._find_span(item.line, item.target):
            draft, ids = self.drafts[ref], tuple(text.split())
            if entry.to == "ids" and not (len(ids) == len(draft.pieces) and all(map(is_span_id, ids))):
                why = f"{quote(text)} is not an id for each piece of {item.target}"
                self._report(rules.line_unreadable, item.line, why)
            elif entry.to == "ids" and ref in self.id_lines:
                self._report(rules.not_in_model, item.line, f"{item.target} has ids already")
            elif entry.to == "ids":
                draft.ids, self.id_lines[ref] = ids, item.line
            else:
                draft.note = _join_notes(draft.note, text)
        return True


def _read_number(value: AttributeValue | None) -> int | float | None:
    """Return a number, or the one that words write; None if it is not a finite number."""
    if isinstance(value, str):
        return normal_number(float(value)) if _DECIMAL.fullmatch(value) else None
    return normal_number(value)


def _join_notes(note: str, text: str) -> str:
    return f"{note}; {text}" if note else text
