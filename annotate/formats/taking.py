"""A document of any format → an annotation: every item is taken, left out as the map says, or becomes a finding."""

import re
from typing import NamedTuple

from annotate.annotation_schema import SPAN_ID_PATTERN
from annotate.findings import Finding, Rule
from annotate.formats import rules
from annotate.formats.drafts import Draft, built
from annotate.formats.escapes import unescaped
from annotate.formats.mapping import ArrowMap, EventMap, Map, SpanMap, ValueMap
from annotate.formats.placing import Window, place
from annotate.formats.raw import (
    Arrow,
    Event,
    Group,
    Item,
    Mark,
    Normalization,
    Note,
    RawDocument,
    Unread,
    Value,
)
from annotate.inventory import Inventory
from annotate.model import AttributeValue, Relation, Span


class Tally(NamedTuple):
    """How many items were read; each was taken, left out as the map says, or reported."""

    read: int = 0
    taken: int = 0
    left_out: int = 0
    reported: int = 0

    def plus(self, other: "Tally") -> "Tally":
        return Tally(*(one + two for one, two in zip(self, other, strict=True)))


class Taken(NamedTuple):
    spans: tuple[Span, ...]
    relations: tuple[Relation, ...]
    findings: list[Finding]
    tally: Tally


def take(raw: RawDocument, text: str, window: Window, map_: Map, inventory: Inventory, fix: bool = False) -> Taken:
    """The spans and relations of a document whose file holds `text`, placed in the article of `window`.

    With `fix` a span whose offsets do not read its words is taken where they stand, if there is one such place.
    """
    return _Taker(raw, text, window, map_, inventory, fix).take()


class _Taker:
    def __init__(self, raw: RawDocument, text: str, window: Window, map_: Map, inventory: Inventory, fix: bool) -> None:
        self.raw, self.text, self.window = raw, text, window
        self.map, self.inventory, self.fix = map_, inventory, fix
        self.findings: list[Finding] = []
        self.errors = 0
        self.drafts: dict[str, Draft] = {}
        self.arrows: list[tuple[str, Relation]] = []
        """Relations with the refs of their items, empty where they have none, and for now those of their ends."""
        self.arrow_refs: set[str] = set()
        self.notes_of_arrows: dict[str, str] = {}
        self.refs: dict[str, int | None] = {}
        self.left_out: set[str] = set()
        self.triggers: dict[str, str] = {}
        """Event → its trigger."""
        self.triggering = {item.trigger: item.type for item in raw.items if isinstance(item, Event)}
        self.used_triggers: set[str] = set()

    def take(self) -> Taken:
        reported = left_out = 0
        first = [item for item in self.raw.items if not self._twice(item)]
        twice = len(self.raw.items) - len(first)
        # Spans before events, events before what may hang on them; the order of the lines says nothing.
        order = (Unread, Mark, Event, Arrow, Group, Value, Normalization, Note)
        events = {item.ref: item for item in first if isinstance(item, Event)}
        self.triggers = {ref: event.trigger for ref, event in events.items()}
        for kind in order:
            for item in first:
                if isinstance(item, kind):
                    errors = self.errors
                    fate = self._one(item)
                    reported += self.errors > errors
                    left_out += fate is False and self.errors == errors
        spans, relations = built(self.drafts, self.arrows, self.notes_of_arrows, self.window.text, self.inventory)
        read = len(self.raw.items)
        reported += twice
        return Taken(spans, relations, self.findings, Tally(read, read - left_out - reported, left_out, reported))

    def _report(self, rule: Rule, *about: object) -> None:
        self.findings += rule(self.raw.file, self.raw.name, *about)
        self.errors += rule.severity == "error"

    def _twice(self, item: Item) -> bool:
        ref = getattr(item, "ref", None)
        if not ref:
            return False
        if ref in self.refs:
            self._report(rules.id_twice, item.line, ref, self.refs[ref])
            return True
        self.refs[ref] = item.line
        return False

    def _one(self, item: Item) -> bool:
        """Take one item; False if the map leaves it out. What it cannot take is reported."""
        if isinstance(item, Mark):
            return self._mark(item)
        if isinstance(item, Event):
            return self._event(item)
        if isinstance(item, Arrow):
            return self._arrow(item.line, "relation", item.type, self.map.relations, item.ref, item.head, item.tail)
        if isinstance(item, Group):
            pairs = zip(item.members, item.members[1:], strict=False)
            fates = [
                self._arrow(item.line, "equivalence", item.type, self.map.equivalences, "", later, earlier)
                for earlier, later in pairs
            ]
            return all(fates)
        if isinstance(item, Value):
            return self._value(item.line, item.target, "attribute", item.name, item.value, self.map.attributes)
        if isinstance(item, Normalization):
            kind, known = "normalization", self.map.normalizations
            return self._value(item.line, item.target, kind, item.type, item.entry, known)
        if isinstance(item, Note):
            return self._note(item)
        self._report(rules.line_unreadable, item.line, item.why)
        return True

    def _mark(self, mark: Mark) -> bool:
        known: dict[str, SpanMap | EventMap | None] = {**self.map.events, **self.map.spans}
        name = mark.type if mark.type in known else self.triggering.get(mark.ref, mark.type)
        if name not in known:
            self._report(rules.unmapped, mark.line, "spans of type", mark.type)
            return True
        entry = known[name]
        if entry is None:
            self.left_out.add(mark.ref)
            return False
        misplaced, pieces = place(self.text, mark.pieces, mark.words), mark.pieces
        if misplaced:
            mendable = misplaced.mendable
            if not self.fix or mendable is None:
                about = (misplaced.reads, misplaced.diagnosis, mendable is not None)
                self._report(rules.misplaced, mark.line, mark.words, *about)
                return True
            pieces = mendable
        placed = self.window(tuple(sorted(pieces)))
        if placed is None:
            self._report(rules.between_characters, mark.line, mark.words)
        elif len(placed) > 1 and self.inventory.pieces is None:
            self._report(rules.no_place, mark.line, "the inventory has no relation that joins the pieces of a span")
        elif not re.fullmatch(SPAN_ID_PATTERN.strip("^$"), mark.ref):
            self._report(rules.line_unreadable, mark.line, f"{mark.ref!r} can be no id")
        else:
            self.drafts[mark.ref] = Draft(mark, entry.label, placed, entry.attributes)
            if misplaced:
                self._report(rules.mended, mark.line, mark.words, misplaced.diagnosis)
        return True

    def _event(self, event: Event) -> bool:
        if event.type not in self.map.events:
            self._report(rules.unmapped, event.line, "events of type", event.type)
            return True
        entry = self.map.events[event.type]
        if entry is None:
            self.left_out.add(event.ref)
            return False
        if event.trigger in self.used_triggers:
            self._report(rules.trigger_shared, event.line, event.trigger)
            return True
        self.used_triggers.add(event.trigger)
        if not self._end(event.line, event.trigger):
            return True
        for name, filler in event.roles:
            role = entry.role(name)
            if role is None:
                self._report(rules.unmapped, event.line, f"role of {event.type}", name)
            elif entry.roles[role] is not None:
                self._arrow(event.line, "role", role, entry.roles, "", event.trigger, filler)
        return True

    def _arrow(
        self,
        line: int | None,
        what: str,
        name: str,
        known: dict[str, ArrowMap | None],
        ref: str,
        head: str,
        tail: str,
    ) -> bool:
        if name not in known:
            self._report(rules.unmapped, line, f"{what} of type", name)
            return True
        entry = known[name]
        if entry is None or {self._root(head), self._root(tail)} & self.left_out:
            self.left_out.add(ref)
            return False
        ends = [self._end(line, end) for end in (head, tail)]
        if ends[0] and ends[1]:
            first, second = (ends[1], ends[0]) if entry.reversed else (ends[0], ends[1])
            self.arrow_refs.add(ref)
            self.arrows.append((ref, Relation(label=entry.relation, head=first, tail=second)))
        return True

    def _root(self, ref: str) -> str:
        """The item itself, or the trigger of the event."""
        return ref if ref in self.left_out else self.triggers.get(ref, ref)

    def _end(self, line: int | None, ref: str) -> str | None:
        """The ref of the span that an item stands for; None, and a finding, if there is none."""
        root = self.triggers.get(ref, ref)
        if root in self.drafts:
            return root
        known = root in self.refs
        self._report(rules.dangling, line, ref, "was not taken" if known else "is not there")
        return None

    def _value(
        self,
        line: int | None,
        target: str,
        what: str,
        name: str,
        value: AttributeValue | None,
        known: dict[str, ValueMap | None],
    ) -> bool:
        if name not in known:
            self._report(rules.unmapped, line, what, name)
            return True
        entry = known[name]
        if entry is None or self._root(target) in self.left_out:
            return False
        given = entry.flag if value is None else entry.values.get(str(value), value)
        self._set(line, target, entry.attribute, value if given is None else given)
        return True

    def _set(self, line: int | None, target: str, name: str, value: AttributeValue | None) -> None:
        attribute = self.inventory.attributes[name]
        if target in self.arrow_refs:
            self._report(rules.no_place, line, "relations have no attributes")
            return
        end = self._end(line, target)
        if end is None:
            return
        draft = self.drafts[end]
        if attribute.type == "integer" and isinstance(value, str) and re.fullmatch("[0-9]{1,18}", value):
            value = int(value)
        fits = isinstance(value, int) if attribute.type == "integer" else isinstance(value, str) and value != ""
        if draft.label not in attribute.labels:
            self._report(rules.no_place, line, f"{draft.label} has no attribute {name}")
        elif name in draft.said:
            self._report(rules.no_place, line, f"{name} has a value already, {draft.said[name]!r}")
        elif value is None or not fits or (attribute.values and value not in attribute.values):
            self._report(rules.value_unknown, line, name, value)
        else:
            draft.said[name] = value

    def _note(self, note: Note) -> bool:
        if note.type not in self.map.notes:
            self._report(rules.unmapped, note.line, "notes of type", note.type)
            return True
        entry = self.map.notes[note.type]
        if entry is None or self._root(note.target) in self.left_out:
            return False
        text = unescaped(note.text) if self.map.escaped else note.text
        if entry.to == "attribute":
            self._set(note.line, note.target, entry.attribute, text)
        elif note.target in self.arrow_refs and entry.to == "note":
            before = self.notes_of_arrows.get(note.target)
            self.notes_of_arrows[note.target] = f"{before}; {text}" if before else text
        elif (end := self._end(note.line, note.target)) is None:
            pass
        elif entry.to == "ids":
            self.drafts[end].ids = tuple(text.split())
        else:
            draft = self.drafts[end]
            draft.note = f"{draft.note}; {text}" if draft.note else text
        return True
