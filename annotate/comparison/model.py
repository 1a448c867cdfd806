"""The nouns of a difference: what became of a span, a relation, a file; each with both versions.

Offsets are Unicode code points, half open. `old` is None for what was added, `new` for what was removed.
"""

from typing import Any, Literal

import msgspec

from annotate.model import Relation, Span

FORMAT = 1
"""Of the JSON of a difference; one that a reader does not know is refused."""

SpanKind = Literal["added", "removed", "relabelled", "renamed", "moved", "carried", "attributes", "note", "words", "id"]
"""renamed: relabelled as the inventory renamed the label. carried: its offsets changed only as the text before it did.
words: the text within it changed. moved, relabelled, attributes, note, id: as they say."""

RelationKind = Literal["added", "removed", "retargeted", "relabelled", "renamed", "note", "carried"]
"""retargeted: head or tail is another span. carried: only the ids of its ends changed."""

FileKind = Literal[
    "text", "metadata", "annotation", "coverage", "adjudication", "source", "split", "links", "schema", "other"
]


class SpanChange(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One span. `by` says how many code points its start and its end moved, beyond what the text moved it."""

    kinds: tuple[SpanKind, ...]
    old: Span | None = None
    new: Span | None = None
    by: tuple[int, int] = (0, 0)


class End(msgspec.Struct, frozen=True):
    """What a relation hangs on: the place of a span, for a reader."""

    label: str
    start: int
    end: int
    text: str


Ends = tuple[End | None, End | None]
"""Head and tail of a relation; None for an id that no span has."""


class RelationChange(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One relation; `old_ends` and `new_ends` say where its ends stand."""

    kinds: tuple[RelationKind, ...]
    old: Relation | None = None
    new: Relation | None = None
    old_ends: Ends | None = None
    new_ends: Ends | None = None


class FieldChange(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A field of an article's metadata or of an annotation, by its name."""

    field: str
    old: Any = None
    new: Any = None


class Edit(msgspec.Struct, frozen=True):
    """In the old file's text, `[start, end)` holds `old`; the new file has `new` there."""

    start: int
    end: int
    old: str
    new: str


class Replaced(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Both versions of a file that is no UTF-8; base64 in JSON."""

    old: bytes = b""
    new: bytes = b""


class FileChange(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One file, by its path: `corpus/…` or `schema/…`. `old` and `new` are the SHA-256 of its versions.

    `version` is the annotator, or gold, whose labels it holds. The new file is made of the old one by `edits` or
    `replaced`; where neither is given, by `fields`, `spans` and `relations`.
    """

    file: str
    kind: FileKind
    article: str | None = None
    version: str | None = None
    old: str | None = None
    new: str | None = None
    fields: tuple[FieldChange, ...] = ()
    spans: tuple[SpanChange, ...] = ()
    relations: tuple[RelationChange, ...] = ()
    edits: tuple[Edit, ...] | None = None
    replaced: Replaced | None = None

    @property
    def what(self) -> Literal["added", "removed", "changed"]:
        return "added" if self.old is None else "removed" if self.new is None else "changed"


InventoryKind = Literal[
    "added", "removed", "renamed", "redefined", "narrowed", "widened", "retyped", "changed", "presented"
]
"""redefined: another definition. changed: which spans a table takes, or how it reads them. presented: a hotkey, colour,
title or page."""


class InventoryChange(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """`what` is a layer, label, attribute, value, relation, record, role, interval or view; `name` that in the new
    inventory, or in the old one if it was removed, with a dot before a part's own name: `stated.exact`."""

    kind: InventoryKind
    what: str
    name: str
    field: str = ""
    old: Any = None
    new: Any = None


class ColumnChange(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A column of the dataset, as `table.column`. shifted: a class id stands for another name now; extended: new
    classes behind the old ones."""

    kind: Literal["added", "removed", "retyped", "shifted", "extended"]
    column: str
    old: str = ""
    new: str = ""


class SplitMove(msgspec.Struct, frozen=True, kw_only=True):
    """An article of both versions that stands in another list of `splits/`; None: in none."""

    article: str
    old: str | None
    new: str | None
