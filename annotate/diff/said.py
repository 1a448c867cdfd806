"""A change in words, for people: where, of what, and what it was and is. Text, Markdown and the page all show these."""

from collections.abc import Iterator
from typing import Literal, NamedTuple

from annotate.diff.model import (
    Edit,
    End,
    Ends,
    FieldChange,
    FileChange,
    InventoryChange,
    RelationChange,
    SpanChange,
)
from annotate.diff.spans import attribute_changes
from annotate.model import Relation, Span

LONGEST = 100
"""Characters of words that are shown; of longer ones the start and the end."""
MOST_EDITS = 12
"""Edits that are shown of one file; the JSON has all of them."""

Sign = Literal["+", "-", "~"]


class Said(NamedTuple):
    """One change: `old` and `new` are empty where there is nothing to show of that side."""

    sign: Sign
    place: str
    subject: str
    what: str
    old: str = ""
    new: str = ""


def said(change: FileChange) -> Iterator[Said]:
    """Every change of a file. Edits stand only for files that have no other changes."""
    yield from map(_field, change.fields)
    yield from map(_span, change.spans)
    yield from map(_relation, change.relations)
    if change.fields or change.spans or change.relations:
        return
    if change.replaced is not None:
        yield Said("~", "", "file", "replaced; it is no text")
    elif change.what != "changed":
        yield Said("+" if change.what == "added" else "-", "", "file", change.what)
    elif change.edits is not None:
        yield from map(_edit, change.edits[:MOST_EDITS])
        if len(change.edits) > MOST_EDITS:
            yield Said("~", "", "file", f"and {len(change.edits) - MOST_EDITS} more edits")


def short(words: str) -> str:
    """Words in one line, the middle left out where they are long."""
    line = words.replace("\n", "⏎")
    half = LONGEST // 2
    return line if len(line) <= LONGEST else f"{line[:half]} … {line[-half:]}"


def quoted(words: str) -> str:
    return f"“{short(words)}”"


def _range(start: int, end: int) -> str:
    return f"{start}–{end}"


def _places(old: str, new: str) -> str:
    return old if old == new or not new else f"{old} → {new}" if old else new


def _value(value: object) -> str:
    return "–" if value is None else short(value) if isinstance(value, str) else short(str(value))


def _field(one: FieldChange) -> Said:
    sign: Sign = "+" if one.old is None else "-" if one.new is None else "~"
    old, new = ("" if value is None else _value(value) for value in (one.old, one.new))
    return Said(sign, "", one.field, {"+": "added", "-": "removed", "~": "changed"}[sign], old, new)


def _edit(one: Edit) -> Said:
    sign: Sign = "+" if not one.old else "-" if not one.new else "~"
    what = {"+": "words added", "-": "words removed", "~": "words changed"}[sign]
    old, new = (quoted(words) if words else "" for words in (one.old, one.new))
    return Said(sign, _range(one.start, one.end), "characters", what, old, new)


def _span(one: SpanChange) -> Said:
    old, new = one.old, one.new
    span = new or old
    assert span  # noqa: S101 - a change has a side
    subject = f"{span.label} {span.id}"
    if old is None or new is None:
        words = f"{quoted(span.text)}{_attributes(span)}"
        place = _range(span.start, span.end)
        return Said("+", place, subject, "added", "", words) if new else Said("-", place, subject, "removed", words)
    place = _places(_range(old.start, old.end), _range(new.start, new.end))
    sides = list(_differing(one, old, new))
    what = "; ".join(_kind(kind, one) for kind in one.kinds)
    return Said("~", place, subject, what, "; ".join(side[0] for side in sides), "; ".join(side[1] for side in sides))


def _kind(kind: str, one: SpanChange) -> str:
    if kind == "moved":
        return f"moved (start {one.by[0]:+d}, end {one.by[1]:+d})"
    return {
        "carried": "moved along with the text",
        "words": "text within it changed",
        "attributes": "other attributes",
        "note": "other note",
        "id": "other id",
        "renamed": "label renamed",
    }.get(kind, kind)


def _differing(one: SpanChange, old: Span, new: Span) -> Iterator[tuple[str, str]]:
    """What the old and the new span have that differs."""
    if old.label != new.label:
        yield old.label, new.label
    # Words that are the same still say which span it is.
    yield quoted(old.text), quoted(new.text)
    for name, before, after in attribute_changes(one):
        yield f"{name}: {_value(before)}", f"{name}: {_value(after)}"
    if old.note != new.note:
        yield f"note: {short(old.note) or '–'}", f"note: {short(new.note) or '–'}"
    if old.id != new.id:
        yield f"id {old.id}", f"id {new.id}"


def _attributes(span: Span) -> str:
    pairs = ", ".join(f"{name}: {_value(value)}" for name, value in span.attributes.items())
    return f" ({pairs})" if pairs else ""


def _relation(one: RelationChange) -> Said:
    relation = one.new or one.old
    assert relation  # noqa: S101 - a change has a side
    sign: Sign = "+" if one.old is None else "-" if one.new is None else "~"
    what = "; ".join("ids of its ends changed" if kind == "carried" else kind for kind in one.kinds)
    old = _arrow(one.old, one.old_ends) if one.old else ""
    new = _arrow(one.new, one.new_ends) if one.new else ""
    return Said(sign, _places(_between(one.old_ends), _between(one.new_ends)), relation.label, what, old, new)


def _arrow(one: Relation, ends: Ends | None) -> str:
    head, tail = ends or (None, None)
    note = f"; note: {short(one.note)}" if one.note else ""
    return f"{one.label}: {_end(head)} → {_end(tail)}{note}"


def _end(end: End | None) -> str:
    return f"{end.label} {quoted(end.text)}" if end else "no span"


def _between(ends: Ends | None) -> str:
    places = [_range(end.start, end.end) for end in ends or () if end]
    return " to ".join(places)


def of_inventory(one: InventoryChange) -> Said:
    """A change of the inventory."""
    sign: Sign = "+" if one.kind == "added" else "-" if one.kind == "removed" else "~"
    if one.kind in ("added", "removed"):
        return Said(sign, "", f"{one.what} {one.name}", one.kind)
    what = {
        "renamed": "renamed",
        "presented": f"{one.field} changed, which is looks only",
        "redefined": "redefined",
    }.get(one.kind, f"{one.field} {one.kind}")
    return Said(sign, "", f"{one.what} {one.name}", what, _value(one.old), _value(one.new))
