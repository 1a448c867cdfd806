"""A document of any format → an annotation: every item is taken, left out as the map says, or becomes a finding.

Spans on their way from a file to an annotation, before their ids and the pieces that they are in are settled.

Where the offsets of a file made elsewhere lie in its text: decided by the words quoted with them.

Formats say "characters", and tools count bytes, UTF-16 units, or line ends as one character. Offsets that do not read
the quoted words are never taken in silence: the diagnosis goes with what is reported.

A document read from any format → an article and an annotation, in the way that `annotate add` takes texts in.
"""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import lru_cache
from itertools import pairwise
from typing import NamedTuple

from annotate import offsets
from annotate.errors import CannotRun
from annotate.findings import Finding, Rule
from annotate.formats import rules
from annotate.formats.document import (
    Arrow,
    Document,
    Event,
    Group,
    Head,
    Item,
    Mark,
    Normalization,
    Note,
    Pieces,
    RawDocument,
    Unread,
    Value,
    unescaped,
)
from annotate.formats.mapping import ArrowMap, EventMap, Map, SpanMap, ValueMap
from annotate.generate import SPAN_ID_PATTERN
from annotate.ingest import Cut, Details, Intake, Refused, take_in
from annotate.inventory import Inventory
from annotate.model import Annotation, Article, AttributeValue, Relation, Span
from annotate.offsets import Settled


class Draft:
    """A span with its label; its pieces lie in the article. What the file says goes before what the map adds."""

    def __init__(self, mark: Mark, label: str, pieces: Pieces, defaults: dict[str, AttributeValue]) -> None:
        self.mark, self.label, self.pieces, self.defaults = mark, label, pieces, defaults
        self.said: dict[str, AttributeValue] = {}
        self.ids: tuple[str, ...] = mark.ids
        self.note = ""

    def names(self, taken: set[str]) -> tuple[str, ...]:
        """The ids of the pieces: those that the file gives, or made of the first so that none is taken twice."""
        if len(self.ids) == len(self.pieces):
            return self.ids
        first = self.ids[0] if self.ids else self.mark.ref
        return (first, *(_free(f"{first}-{number}", taken) for number in range(2, len(self.pieces) + 1)))

    def spans(self, names: Sequence[str], text: str, inventory: Inventory) -> list[Span]:
        """A span for each piece: all have the attributes, the first has the note."""
        values = {**self.defaults, **self.said}
        attributes = {one.name: values[one.name] for one in inventory.attributes_of(self.label) if one.name in values}
        return [
            Span(
                id=name,
                label=self.label,
                start=start,
                end=end,
                text=text[start:end],
                attributes=attributes,
                note="" if number else self.note,
            )
            for number, (name, (start, end)) in enumerate(zip(names, self.pieces, strict=True))
        ]


def _free(name: str, taken: set[str]) -> str:
    while name in taken:
        name += "-"
    return name


def built(
    drafts: Mapping[str, Draft],
    arrows: Sequence[tuple[str, Relation]],
    notes: Mapping[str, str],
    text: str,
    inventory: Inventory,
) -> tuple[tuple[Span, ...], tuple[Relation, ...]]:
    """The spans of drafts, each after its ref, and relations between their first pieces and between pieces.

    An arrow is a relation between refs, with its own, under which `notes` has its note.
    """
    spans: list[Span] = []
    relations: list[Relation] = []
    first: dict[str, str] = {}
    taken = {name for draft in drafts.values() for name in (draft.ids or (draft.mark.ref,))}
    for ref, draft in drafts.items():
        names = draft.names(taken)
        taken.update(names)
        first[ref] = names[0]
        spans += draft.spans(names, text, inventory)
        if inventory.pieces:
            pairs = pairwise(names)
            relations += [Relation(label=inventory.pieces, head=later, tail=earlier) for earlier, later in pairs]
    for ref, arrow in arrows:
        note = notes.get(ref, "") if ref else ""
        relations.append(Relation(label=arrow.label, head=first[arrow.head], tail=first[arrow.tail], note=note))
    return tuple(spans), tuple(relations)


class Misplaced(NamedTuple):
    """Offsets that do not read their words: what they read, and the count under which they would, if one is known."""

    reads: str | None
    diagnosis: str
    fixable: Pieces | None = None


def _without_mark(text: str, offset: int) -> int | None:
    return offset + 1 if text.startswith("\ufeff") and 0 <= offset < len(text) else None


COUNTS: dict[str, Callable[[str, int], int | None]] = {
    "UTF-16 units": offsets.from_utf16,
    "bytes of UTF-8": offsets.from_utf8,
    "characters with CR LF as one": offsets.from_single_line_ends,
    "characters after the byte order mark": _without_mark,
}
"""What other tools count, and how it is turned into code points."""


def reading(text: str, pieces: Iterable[tuple[int, int]]) -> str | None:
    """The words at these places, pieces joined by a space; None if one lies outside the text or is empty."""
    words = []
    for start, end in pieces:
        if not 0 <= start < end <= len(text):
            return None
        words.append(text[start:end])
    return " ".join(words)


def place(text: str, pieces: Pieces, quoted: str | None) -> Misplaced | None:
    """None where the offsets read the quoted words, but for white space, which formats of lines cannot quote."""
    words = reading(text, pieces)
    if words is not None and (quoted is None or offsets.shown(words) == offsets.shown(quoted)):
        return None
    if quoted is None:
        return Misplaced(None, "unknown")
    found: dict[Pieces, str] = {}
    for name, count in COUNTS.items():
        ends = [(count(text, start), count(text, end)) for start, end in pieces]
        counted = tuple((start, end) for start, end in ends if start is not None and end is not None)
        read = reading(text, counted) if len(counted) == len(ends) else None
        if read is not None and offsets.shown(read) == offsets.shown(quoted):
            found.setdefault(counted, name)
    if len(found) == 1:
        ((counted, name),) = found.items()
        return Misplaced(words, name, counted)
    if not found and len(pieces) == 1:
        settled = offsets.settle(text, *pieces[0], quoted, fix=True)
        if isinstance(settled, Settled):
            return Misplaced(words, settled.diagnosis, ((settled.start, settled.end),))
        return Misplaced(words, settled.diagnosis)
    return Misplaced(words, "unknown" if not found else " or ".join(found.values()))


class Window:
    """The article within the text of its file: turns offsets of the file into offsets of the article.

    `start` and `end` are where the article was cut out; the article's text is the normal form of what lies there.
    """

    def __init__(self, raw: str, start: int, end: int, text: str) -> None:
        self.start, self.end, self.text = start, end, text
        self._cut = raw[start:end]
        self._same = self._cut == text
        self._normal = lru_cache(maxsize=None)(self._in_normal_form)

    def _in_normal_form(self, offset: int) -> int | None:
        return offsets.in_normal_form(self._cut, offset)

    def __call__(self, pieces: Pieces) -> Pieces | None:
        """The same pieces in the article; None where an end is outside it, or within a character of its normal form."""
        if any(start < self.start or end > self.end for start, end in pieces):
            return None
        if self._same:
            return tuple((start - self.start, end - self.start) for start, end in pieces)
        ends = [(self._normal(start - self.start), self._normal(end - self.start)) for start, end in pieces]
        kept = tuple((start, end) for start, end in ends if start is not None and end is not None and start < end)
        return kept if len(kept) == len(ends) else None


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
            fixable = misplaced.fixable
            if not self.fix or fixable is None:
                about = (misplaced.reads, misplaced.diagnosis, fixable is not None)
                self._report(rules.misplaced, mark.line, mark.words, *about)
                return True
            pieces = fixable
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
                self._report(rules.fixed, mark.line, mark.words, misplaced.diagnosis)
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


BOUNDARIES = "One file, one article."


class Result(NamedTuple):
    """What became of a document: its article and labels, None where nothing could be taken; findings; the count."""

    intake: Intake | None
    annotation: Annotation | None
    findings: list[Finding]
    tally: Tally


def convert(
    raw: RawDocument, map_: Map, inventory: Inventory, head: Head, details: Details, fix: bool = False
) -> Result:
    """The article, by the rules of `annotate.ingest`, and the annotation of a document."""
    count = raw.lines if raw.refused else len(raw.items)
    lines = Tally(read=count, reported=count)
    if raw.refused:
        return Result(None, None, [raw.refused], lines)
    try:
        text = raw.data.decode("utf-8")
        known = {name: value for name, value in raw.details.items() if name in Details._fields}
        cut = Cut(raw.name, 0, len(text))
        intake = take_in(f"{raw.name}.txt", raw.data, [cut], details._replace(**known), BOUNDARIES)
    except UnicodeDecodeError as error:
        why = f"its text is not UTF-8 at byte {error.start}; convert it first"
        return Result(None, None, list(rules.unreadable(raw.file, raw.name, why)), lines)
    except Refused as refused:
        return Result(None, None, list(rules.article_refused(raw.file, raw.name, f"its text {refused}")), lines)
    (article,) = intake.articles
    window = Window(text, article.source.start, article.source.end, article.text)
    taken = take(raw, text, window, map_, inventory, fix)
    return Result(intake, _annotation(article, taken, head), taken.findings, taken.tally)


def _annotation(article: Article, taken: Taken, head: Head) -> Annotation:
    return Annotation(
        article=article.id,
        annotator=head.annotator,
        process=head.process,
        made_from=head.made_from,
        inventory=head.inventory,
        text_sha256=article.text_sha256,
        spans=taken.spans,
        relations=taken.relations,
    )


def refuse_what_no_format_can_say(document: Document, inventory: Inventory) -> None:
    """Raise CannotRun for labels that are not of the inventory or not of the text: they would be lost in silence."""
    article, annotation = document
    where = f"annotations of {article.id} by {annotation.annotator}"
    hint = "`annotate check` says what is wrong"
    spans = {span.id: span for span in annotation.spans}
    if len(spans) != len(annotation.spans):
        raise CannotRun(where, "two spans have one id", hint)
    if annotation.text_sha256 != article.text_sha256:
        raise CannotRun(where, "were made on another text", hint)
    for span in annotation.spans:
        if not 0 <= span.start < span.end <= len(article.text) or article.text[span.start : span.end] != span.text:
            raise CannotRun(where, f"the words of span {span.id} do not stand at its place", hint)
        if span.label not in inventory.spans:
            raise CannotRun(where, f"span {span.id} has the unknown label {span.label!r}", hint)
        known = {attribute.name: attribute for attribute in inventory.attributes_of(span.label)}
        for name, value in span.attributes.items():
            attribute = known.get(name)
            integer = type(value) is int and value >= 0
            if attribute is None or integer != (attribute.type == "integer") or value == "":
                raise CannotRun(where, f"span {span.id} has the attribute {name!r}, which its label has not", hint)
            if attribute.values and value not in attribute.values:
                raise CannotRun(where, f"span {span.id} has the unknown value {value!r} of {name}", hint)
    for relation in annotation.relations:
        if relation.label not in inventory.relations:
            raise CannotRun(where, f"there is no relation {relation.label!r} in the inventory", hint)
        if not {relation.head, relation.tail} <= spans.keys():
            raise CannotRun(where, f"a relation {relation.label} has an end that is not there", hint)
