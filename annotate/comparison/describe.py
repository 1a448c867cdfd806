"""Describe a difference in words and tables. Text, Markdown and the HTML page all show these.

`describe_…` functions give lines of changes; `list_…` and `tabulate_…` functions give what a summary says.
"""

import tempfile
from collections.abc import Iterator, Sequence
from typing import IO, Literal, NamedTuple

from annotate.comparison.match_spans import list_attribute_changes
from annotate.comparison.model import (
    End,
    Ends,
    FieldChange,
    FileChange,
    InventoryChange,
    RelationChange,
    SpanChange,
)
from annotate.comparison.semver import Level
from annotate.comparison.summary import LabelCounts, Summary
from annotate.model import Relation, Span
from annotate.text_edits import Edit
from annotate.util.tables import Table, make_table

MAX_QUOTE = 100
"""Code points of a quotation that are shown: of a longer one, its start and its end."""
MAX_EDITS = 12
"""Edits of one file that are shown; the JSON has all of them."""
MAX_IDS = 10
"""Ids that a line lists; the others are only counted."""
MAX_IN_MEMORY = 1 << 24
"""Bytes of the list of changes that are kept in memory; a longer list goes to disk."""

NO_CHANGE = "no change"
NO_ARTICLE = "files of no article"
NOT_CANONICAL = "one of the versions is not in canonical form: more bytes differ"

Sign = Literal["+", "-", "~"]


class ChangeLine(NamedTuple):
    """One change in words.

    Attributes:
        sign: + for added, - for removed, ~ for changed.
        location: Offsets in code points, old and new; empty where there are none.
        subject: What changed.
        kind: How it changed.
        old: The old side; empty where there is nothing to show.
        new: The new side; empty where there is nothing to show.
    """

    sign: Sign
    location: str
    subject: str
    kind: str
    old: str = ""
    new: str = ""


def open_spool() -> IO[str]:
    """Open a temporary text file for the list of changes, which is made before the summary and shown after it."""
    return tempfile.SpooledTemporaryFile(MAX_IN_MEMORY, "w+", encoding="utf-8", newline="")


def describe_file(change: FileChange) -> Iterator[ChangeLine]:
    """Describe every change of a file. Edits are shown only for a file without other changes."""
    yield from map(_describe_field, change.fields)
    yield from map(_describe_span, change.spans)
    yield from map(_describe_relation, change.relations)
    if change.fields or change.spans or change.relations:
        return
    if change.replaced is not None:
        yield ChangeLine("~", "", "file", "replaced; it is not text")
    elif change.status != "changed":
        yield ChangeLine("+" if change.status == "added" else "-", "", "file", change.status)
    elif change.edits is not None:
        yield from map(_describe_edit, change.edits[:MAX_EDITS])
        if len(change.edits) > MAX_EDITS:
            yield ChangeLine("~", "", "file", f"and {len(change.edits) - MAX_EDITS} more edits")


def has_hidden_edits(change: FileChange) -> bool:
    """Return whether more bytes of the file differ than the described changes account for; False for an added file."""
    is_described = bool(change.fields or change.spans or change.relations)
    return change.old is not None and change.edits is not None and is_described


def _shorten_middle(text: str) -> str:
    """Return a text in one line, without its middle where it is long."""
    line = text.replace("\n", "⏎")
    half = MAX_QUOTE // 2
    return line if len(line) <= MAX_QUOTE else f"{line[:half]} … {line[-half:]}"


def _quote(text: str) -> str:
    return f"“{_shorten_middle(text)}”"


def _format_range(start: int, end: int) -> str:
    return f"{start}–{end}"


def _format_locations(old: str, new: str) -> str:
    return old if old == new or not new else f"{old} → {new}" if old else new


def _format_value(value: object) -> str:
    return "–" if value is None else _shorten_middle(value if isinstance(value, str) else str(value))


def _describe_field(change: FieldChange) -> ChangeLine:
    sign: Sign = "+" if change.old is None else "-" if change.new is None else "~"
    old, new = ("" if value is None else _format_value(value) for value in (change.old, change.new))
    return ChangeLine(sign, "", change.field, {"+": "added", "-": "removed", "~": "changed"}[sign], old, new)


def _describe_edit(edit: Edit) -> ChangeLine:
    sign: Sign = "+" if not edit.old else "-" if not edit.new else "~"
    kind = {"+": "words added", "-": "words removed", "~": "words changed"}[sign]
    old, new = (_quote(text) if text else "" for text in (edit.old, edit.new))
    return ChangeLine(sign, _format_range(edit.start, edit.end), "characters", kind, old, new)


def _describe_span(change: SpanChange) -> ChangeLine:
    old, new = change.old, change.new
    span = new or old
    assert span  # noqa: S101 - a change has a side
    subject = f"{span.label} {span.id}"
    if old is None or new is None:
        location, text = _format_range(span.start, span.end), f"{_quote(span.text)}{_format_attributes(span)}"
        if new:
            return ChangeLine("+", location, subject, "added", "", text)
        return ChangeLine("-", location, subject, "removed", text)
    location = _format_locations(_format_range(old.start, old.end), _format_range(new.start, new.end))
    sides = list(_list_differing_parts(change, old, new))
    kinds = "; ".join(_describe_span_kind(kind, change) for kind in change.kinds)
    return ChangeLine("~", location, subject, kinds, "; ".join(s[0] for s in sides), "; ".join(s[1] for s in sides))


def _describe_span_kind(kind: str, change: SpanChange) -> str:
    if kind == "moved":
        return f"moved (start {change.by[0]:+d}, end {change.by[1]:+d})"
    return {
        "carried": "moved with the text",
        "words": "text within it changed",
        "attributes": "attributes changed",
        "extended": "has an added attribute",
        "note": "note changed",
        "id": "id changed",
        "renamed": "label renamed",
    }.get(kind, kind)


def _list_differing_parts(change: SpanChange, old: Span, new: Span) -> Iterator[tuple[str, str]]:
    """Yield the parts of the old and the new span that differ, and always their words, which identify the span."""
    if old.label != new.label:
        yield old.label, new.label
    yield _quote(old.text), _quote(new.text)
    for name, before, after in list_attribute_changes(change):
        yield f"{name}: {_format_value(before)}", f"{name}: {_format_value(after)}"
    if old.note != new.note:
        yield f"note: {_shorten_middle(old.note) or '–'}", f"note: {_shorten_middle(new.note) or '–'}"
    if old.id != new.id:
        yield f"id {old.id}", f"id {new.id}"


def _format_attributes(span: Span) -> str:
    pairs = ", ".join(f"{name}: {_format_value(value)}" for name, value in span.attributes.items())
    return f" ({pairs})" if pairs else ""


def _describe_relation(change: RelationChange) -> ChangeLine:
    relation = change.new or change.old
    assert relation  # noqa: S101 - a change has a side
    sign: Sign = "+" if change.old is None else "-" if change.new is None else "~"
    kinds = "; ".join("ids of its ends changed" if kind == "carried" else kind for kind in change.kinds)
    location = _format_locations(_format_ranges(change.old_ends), _format_ranges(change.new_ends))
    old = _format_relation(change.old, change.old_ends) if change.old else ""
    new = _format_relation(change.new, change.new_ends) if change.new else ""
    return ChangeLine(sign, location, relation.label, kinds, old, new)


def _format_relation(relation: Relation, ends: Ends | None) -> str:
    head, tail = ends or (None, None)
    note = f"; note: {_shorten_middle(relation.note)}" if relation.note else ""
    return f"{relation.label}: {_format_end(head)} → {_format_end(tail)}{note}"


def _format_end(end: End | None) -> str:
    return f"{end.label} {_quote(end.text)}" if end else "no span"


def _format_ranges(ends: Ends | None) -> str:
    return " to ".join(_format_range(end.start, end.end) for end in ends or () if end)


def describe_inventory(summary: Summary) -> Iterator[ChangeLine]:
    """Describe the changes of the inventory, then those of the dataset's columns."""
    yield from map(_describe_inventory_change, summary.inventory)
    signs: dict[str, Sign] = {"added": "+", "removed": "-"}
    for column in summary.columns:
        subject = f"column {column.column}"
        yield ChangeLine(signs.get(column.kind, "~"), "", subject, column.kind, column.old, column.new)


def _describe_inventory_change(change: InventoryChange) -> ChangeLine:
    subject = f"{change.what} {change.name}"
    if change.kind in ("added", "removed"):
        return ChangeLine("+" if change.kind == "added" else "-", "", subject, change.kind)
    kind = {
        "renamed": "renamed",
        "presented": f"{change.field} changed (presentation only)",
        "redefined": "redefined",
    }.get(change.kind, f"{change.field} {change.kind}")
    return ChangeLine("~", "", subject, kind, _format_value(change.old), _format_value(change.new))


_HEADERS = {
    "became": "relabelled to",
    "relabelled": "relabelled from",
    "extended": "with an added attribute",
    "words": "text within",
    "arrived": "with added files",
    "gone": "with removed files",
}


def tabulate_counts(summary: Summary) -> Iterator[Table]:
    """Yield the counts of gold by label: spans, then relations. Empty columns are left out."""
    for name, counts in (("spans", summary.spans), ("relations", summary.relations)):
        if counts:
            yield _tabulate_labels(name, counts)


def _tabulate_labels(name: str, counts: dict[str, LabelCounts]) -> Table:
    fields = [field for field in LabelCounts.__struct_fields__ if any(getattr(c, field) for c in counts.values())]
    rows: list[list[str | int]] = [
        [label, *(getattr(count, field) or "" for field in fields), count.net]
        for label, count in sorted(counts.items())
    ]
    if len(rows) > 1:
        sums = [sum(getattr(count, field) for count in counts.values()) for field in fields]
        rows.append(["all", *sums, sum(count.net for count in counts.values())])
    header = ["label", *(_HEADERS.get(field, field) for field in fields), "net"]
    return make_table(name, f"{name.capitalize()} of gold", header, rows)


def list_totals(summary: Summary) -> Iterator[str]:
    """Yield one line for each kind of change of articles, splits and other files."""
    articles = summary.articles
    for what, ids in (
        ("articles added", articles.added),
        ("articles removed", articles.removed),
        ("texts changed", articles.text),
        ("metadata changed", articles.metadata),
        ("gold labels for the first time", articles.labelled),
        ("gold labels removed", articles.unlabelled),
        (
            "moved between splits",
            [f"{move.article} ({move.old or 'none'} → {move.new or 'none'})" for move in summary.moves],
        ),
    ):
        if ids:
            yield f"{what}: {len(ids)} ({_join_ids(ids)})"
    if summary.annotators:
        counts = ", ".join(f"{name} {number}" for name, number in sorted(summary.annotators.items()))
        yield f"changes to annotators' own labels: {counts}"
    if summary.files:
        yield f"files: {summary.file_counts}"


def _join_ids(ids: Sequence[str]) -> str:
    more = f" and {len(ids) - MAX_IDS} more" if len(ids) > MAX_IDS else ""
    return f"{', '.join(ids[:MAX_IDS])}{more}"


def describe_level(level: Level) -> str:
    """Return the version that is needed, in words."""
    return {
        "none": "no new version is needed",
        "patch": "a patch version is enough",
        "minor": "a minor version is needed",
        "major": "a major version is needed",
    }[level]
