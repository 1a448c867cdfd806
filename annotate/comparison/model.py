"""The data model of a difference: the change of a span, a relation, a field, a file. It is the JSON of `annotate diff`.

Offsets are Unicode code points, half open. `old` is None for something added, `new` for something removed. Neither has
a default, and unknown keys are refused: a key that is lost or misspelt must not mean that something is removed.
"""

from typing import Any, Literal

import msgspec

from annotate.model import Relation, Span
from annotate.text_edits import Edit

FORMAT = 2
"""Format number of the JSON of a difference. A reader refuses a number that it does not know."""

SpanKind = Literal[
    "added", "removed", "relabelled", "renamed", "moved", "carried", "attributes", "extended", "note", "words", "id"
]
"""extended: the span has an attribute that the inventory added, and its other attributes are the same. renamed:
relabelled because the inventory renamed the label. carried: the offsets changed only because the text before the span
did. words: the text within the span changed. The other kinds name the part that changed."""

RelationKind = Literal["added", "removed", "retargeted", "relabelled", "renamed", "note", "carried"]
"""retargeted: head or tail is another span. carried: only the ids of the ends changed."""

FileKind = Literal[
    "text", "metadata", "annotation", "coverage", "adjudication", "source", "split", "links", "schema", "other"
]


class SpanChange(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """The change of one span.

    Attributes:
        by: How many code points start and end moved, beyond what the edits of the text moved them.
    """

    kinds: tuple[SpanKind, ...]
    old: Span | None
    new: Span | None
    by: tuple[int, int] = (0, 0)


class End(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The span at one end of a relation, as a reader identifies it; offsets in code points."""

    label: str
    start: int
    end: int
    text: str


Ends = tuple[End | None, End | None]
"""Head and tail of a relation; None for an id that no span has."""


class RelationChange(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """The change of one relation, with the spans at its ends in both versions."""

    kinds: tuple[RelationKind, ...]
    old: Relation | None
    new: Relation | None
    old_ends: Ends | None = None
    new_ends: Ends | None = None


class FieldChange(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """The change of a field of an article's metadata or of an annotation."""

    field: str
    old: Any
    new: Any


class Replacement(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Both versions of a file that is not UTF-8; base64 in JSON."""

    old: bytes
    new: bytes


class FileChange(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """The change of one file.

    The new file can be made from the old one: by `edits` or `replaced` where one is given, otherwise by `fields`,
    `spans` and `relations`.

    Attributes:
        file: Path below `corpus/` or `schema/`, with that prefix.
        annotation_set: Of an annotation: gold or an annotator's id. In JSON it is `version`.
        old: SHA-256 of the old file, None where the file was added.
        new: SHA-256 of the new file, None where the file was removed.
    """

    file: str
    kind: FileKind
    article: str | None = None
    annotation_set: str | None = msgspec.field(default=None, name="version")
    old: str | None
    new: str | None
    fields: tuple[FieldChange, ...] = ()
    spans: tuple[SpanChange, ...] = ()
    relations: tuple[RelationChange, ...] = ()
    edits: tuple[Edit, ...] | None = None
    replaced: Replacement | None = None

    @property
    def status(self) -> Literal["added", "removed", "changed"]:
        """Whether the file was added, removed or changed."""
        return "added" if self.old is None else "removed" if self.new is None else "changed"


class Digests(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The digest of each version: the SHA-256 of a line `HASH  PATH` for each of its files, in the order of the paths.

    It is what `sha256sum` prints, sorted by path. A difference that lacks a file, or has one too many, does not match.
    """

    old: str
    new: str


InventoryKind = Literal[
    "added", "removed", "renamed", "redefined", "narrowed", "widened", "retyped", "changed", "presented"
]
"""redefined: another definition. changed: which spans a table takes, or how it reads them. presented: only a hotkey,
colour, title or page changed."""


class InventoryChange(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The change of one entry of the inventory, or of one field of it.

    Attributes:
        what: inventory, layer, label, attribute, value, relation, record, role, interval or view.
        name: Name in the new inventory, or in the old one where the entry was removed. A part has its holder's name and
            a dot before its own: `stated.exact`.
    """

    kind: InventoryKind
    what: str
    name: str
    field: str = ""
    old: Any = None
    new: Any = None


class ColumnChange(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The change of a column of the dataset, named `table.column`.

    shifted: a class id means another name now. extended: new classes follow the old ones.
    """

    kind: Literal["added", "removed", "retyped", "shifted", "extended"]
    column: str
    old: str = ""
    new: str = ""


class SplitMove(msgspec.Struct, frozen=True, kw_only=True):
    """An article of both versions that is in another split; None where it is in no split."""

    article: str
    old: str | None
    new: str | None
