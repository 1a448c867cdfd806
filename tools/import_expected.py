"""What a document should become in a corpus; see `verify_import.py`."""

import re
import unicodedata
from bisect import bisect_right
from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

from import_readers import Document, Item

Record = tuple[Any, ...]
"""All that is known of a span: its label, place and words, its attributes, its note, and its relations."""


@dataclass
class Draft:
    """A span as it should be in the corpus, or as it is there."""

    label: str
    ranges: tuple[tuple[int, int], ...]
    attributes: dict[str, str] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)


class Expected:
    """What a document should become, and what became of each of its items.

    Args:
        document: The document.
        names: The map.
        reported: The lines that were reported.
    """

    def __init__(self, document: Document, names: dict[str, Any], reported: set[int | None]) -> None:
        self.names, self.drafts = names, dict[str, Draft]()
        self.relations: list[tuple[str, str, str, str]] = []
        self.counts: Counter[str] = Counter()
        self.left_out: set[str] = set()
        self.spans_of_events: dict[str, str] = {}
        self.problems: list[str] = []
        items = document.items
        self.first_event: dict[str, str] = {}
        for item in items:
            if item.kind == "event":
                self.first_event.setdefault(item.targets[0], item.type)
        kinds = (
            "structure",
            "span",
            "event",
            "relation",
            "feature",
            "label",
            "equivalence",
            "attribute",
            "normalization",
            "note",
            "unreadable",
        )
        self._leave_out_events(items)
        notes = defaultdict[str, list[str]](list)
        relation_refs = {item.ref for item in items if item.kind == "relation"}
        for kind in kinds:
            for item in (item for item in items if item.kind == kind):
                if item.line in reported and item.line is not None:
                    self.counts["reported"] += 1
                elif self._add(item, notes, relation_refs):
                    self.counts["taken"] += 1
                else:
                    self.counts["left out"] += 1
                    self.left_out.add(item.ref)
        self.relations = [
            (label, head, tail, "; ".join(notes[ref]) if ref else "") for label, head, tail, ref in self.relations
        ]

    def _leave_out_events(self, items: list[Item]) -> None:
        """Find events that are left out beforehand, since an event may refer to a later one."""
        events = [item for item in items if item.kind == "event"]
        spans = {item.ref: self._span_entry(item) for item in items if item.kind == "span"}
        for item in events:
            if self.names["events"].get(item.type, {}) is None or spans.get(item.targets[0], {}) is None:
                self.left_out.add(item.ref)

    def _span_entry(self, item: Item) -> dict[str, Any] | None:
        types = {**self.names["events"], **self.names["spans"]}
        type_ = item.type if item.type in types else self.first_event.get(item.ref, item.type)
        entry: dict[str, Any] | None = types.get(type_, {})
        return entry

    def _add(self, item: Item, notes: dict[str, list[str]], relation_refs: set[str]) -> bool:
        """Add an item that was not reported; False if the map leaves it out."""
        if item.ref and item.ref in self.left_out:
            return False
        if item.kind == "span":
            entry = self._span_entry(item)
            if entry:
                self.drafts[item.ref] = Draft(
                    entry["label"], tuple(sorted(item.ranges)), dict(entry.get("attributes", {}))
                )
            return self._check(item, entry)
        if item.kind == "event":
            return self._add_event(item)
        if item.kind == "equivalence":
            entry = self.names["equivalences"].get(item.type, {})
            members = [target for target in item.targets if target not in self.left_out]
            for earlier, later in pairwise(members if entry else ()):
                self._relate(entry, later, earlier, "")
            return self._check(item, entry) and len(members) > 1
        if item.kind == "structure" or any(target in self.left_out for target in item.targets):
            return False
        if item.kind == "label":
            return True
        if item.kind in ("relation", "feature"):
            entry = self.names["relations"].get(item.type, {})
            if entry:
                self._relate(entry, item.targets[0], item.targets[1], item.ref)
            return self._check(item, entry)
        if item.kind == "unreadable":
            self.problems.append(f"line {item.line} cannot be read, and was not reported")
            return True
        section = {"attribute": "attributes", "normalization": "normalizations", "note": "notes"}[item.kind]
        entry = self.names[section].get(item.type, {})
        if entry and item.kind == "note" and entry["to"] == "note":
            if item.targets[0] in relation_refs:
                notes[item.targets[0]].append(str(item.value))
            else:
                self._draft(item).notes.append(str(item.value))
        elif entry:
            value = (
                entry.get("flag") if item.value is None else entry.get("values", {}).get(str(item.value), item.value)
            )
            attributes = self._draft(item).attributes
            if entry["attribute"] in attributes and item.kind == "attribute":
                self.problems.append(f"line {item.line}: a second value of {item.type}, which was not reported")
            attributes.setdefault(entry["attribute"], value)
        return self._check(item, entry)

    def _check(self, item: Item, entry: dict[str, Any] | None) -> bool:
        if entry == {}:
            self.problems.append(f"line {item.line}: {item.kind} {item.type} is not in the map, and was not reported")
        return entry is not None

    def _draft(self, item: Item) -> Draft:
        target = self.spans_of_events.get(item.targets[0], item.targets[0])
        if target not in self.drafts:
            self.problems.append(f"line {item.line} refers to {target}, which was not imported, and was not reported")
        return self.drafts.get(target, Draft("", ()))

    def _relate(self, entry: dict[str, Any], head: str, tail: str, ref: str) -> None:
        head, tail = (tail, head) if entry.get("reversed") else (head, tail)
        self.relations.append((entry["relation"], head, tail, ref))

    def _add_event(self, item: Item) -> bool:
        entry = self.names["events"].get(item.type, {})
        if not entry:
            return self._check(item, entry)
        trigger = item.targets[0]
        if trigger not in self.drafts:
            self.problems.append(f"line {item.line}: the trigger {trigger} was not imported, and that was not reported")
            return True
        own = self.drafts[trigger]
        if own.label == entry["label"] and trigger not in self.spans_of_events.values():
            self.spans_of_events[item.ref] = trigger
            own.attributes |= entry.get("attributes", {})
        else:
            self.spans_of_events[item.ref] = item.ref
            self.drafts[item.ref] = Draft(entry["label"], own.ranges, dict(entry.get("attributes", {})))
        roles = entry.get("roles", {})
        for role, filler in zip(item.roles, item.targets[1:], strict=True):
            relation = roles.get(role, roles.get(role.rstrip("0123456789"), {}))
            if relation and filler not in self.left_out:
                self._relate(relation, item.ref, filler, "")
            elif relation == {}:
                self.problems.append(f"line {item.line}: role {role} is not in the map, and was not reported")
        return True

    def records(self, text: str, pieces: str | None) -> Counter[Record]:
        """Return a record for each span: all that is known of it, with its relations in both directions."""
        spans: dict[str, tuple[Any, ...]] = {}
        relations = []
        first: dict[str, str] = {}
        places = Places(text)
        for ref, draft in self.drafts.items():
            for index, (start, end) in enumerate(draft.ranges):
                id_ = f"{ref} {index}"
                first.setdefault(ref, id_)
                note = "" if index else "; ".join(draft.notes)
                spans[id_] = (places.key(draft.label, start, end), sort_attributes(draft.attributes), note)
                if index:
                    relations.append((pieces, id_, f"{ref} {index - 1}", ""))
        for label, head, tail, note in self.relations:
            head_id, tail_id = [first.get(self.spans_of_events.get(ref, ref)) for ref in (head, tail)]
            if head_id and tail_id:
                relations.append((label, head_id, tail_id, note))
            else:
                self.problems.append(f"{label} from {head} to {tail} has an end that was not imported")
        return make_records(spans, relations)


class Places:
    """Counts the characters before an offset that are not white space, in normal form C.

    Nothing combines across a space, so that the words before the last one are counted once.
    """

    def __init__(self, text: str) -> None:
        self.text = text
        self.starts, self.counts = [0], [0]
        for match in re.finditer(" +", text):
            self.counts.append(self.counts[-1] + len(squeeze(text[self.starts[-1] : match.end()])))
            self.starts.append(match.end())

    def key(self, label: str, start: int, end: int) -> tuple[str, int, str]:
        """Return the label, the place and the words of a span."""
        word = bisect_right(self.starts, start) - 1
        place = self.counts[word] + len(squeeze(self.text[self.starts[word] : start]))
        return label, place, squeeze(self.text[start:end])


def _is_space(character: str) -> bool:
    return character.isspace() or character == "\ufeff"


def squeeze(text: str) -> str:
    """Return a text in normal form C without white space."""
    return "".join(character for character in unicodedata.normalize("NFC", text) if not _is_space(character))


def text_key(text: str) -> str:
    """Return a text in normal form C, without white space at its ends, and with a space for each line end."""
    text = text.removeprefix("\ufeff").replace("\r\n", "\n").strip()
    return re.sub("[\r\n]", " ", unicodedata.normalize("NFC", text))


def sort_attributes(attributes: dict[str, Any]) -> tuple[tuple[str, str], ...]:
    return tuple(sorted((name, str(value)) for name, value in attributes.items()))


def make_records(spans: dict[str, tuple[Any, ...]], relations: Iterable[tuple[Any, ...]]) -> Counter[Record]:
    ends = defaultdict[str, list[Any]](list)
    for label, head, tail, note in relations:
        ends[head].append((">", label, spans[tail][0], note))
        ends[tail].append(("<", label, spans[head][0], note))
    return Counter((*span, tuple(sorted(ends[id_]))) for id_, span in spans.items())
