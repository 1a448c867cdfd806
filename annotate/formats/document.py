"""What a format reads and writes: the protocol of a format's module, and the documents and items that it exchanges.

A reader gives a text with its items in the terms of the format; `apply_mapping` maps them to an inventory. Each item
may have a `line`, counted from 1, which is None in formats without lines. Most have a `ref`, the name by which other
items of the same file refer to it.
"""

from codecs import BOM_UTF16_BE, BOM_UTF16_LE, BOM_UTF32_BE, BOM_UTF32_LE
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from annotate.findings import Finding
from annotate.ingest import Details, make_article_id
from annotate.inventory import Inventory
from annotate.label_map import NOTE_TYPE
from annotate.model import Annotation, Article, AttributeValue, Process, is_article_id
from annotate.util.escape import quote

if TYPE_CHECKING:
    from annotate.formats.apply_mapping import MappedDocument

_CONTEXT = 10
"""Bytes around one that is not UTF-8, in a message."""

Pieces = tuple[tuple[int, int], ...]
"""Ranges `[start, end)` of a span, in code points and in the order of the text; several if it is interrupted."""


class SpanItem(NamedTuple):
    """A span.

    Attributes:
        line: The line of the file.
        ref: The name of the item.
        type: The label in the file.
        pieces: The ranges of the span in the text of the file; empty for an item without offsets there.
        words: The words that the file quotes with the span; None if the format quotes none. Without pieces, they say
            where the span is.
        ids: The ids of the pieces; empty if the format gives none.
        is_structural: Whether it is of a kind that tools add to every text, such as tokens; left out unless mapped.
        full_type: The type with its namespace, if the format has any; a map that names it means no other type.
        occurrence: Which of the places of its words a span without pieces is at, counted from 1; None if there is only
            one.
    """

    line: int | None
    ref: str
    type: str
    pieces: Pieces
    words: str | None = None
    ids: tuple[str, ...] = ()
    is_structural: bool = False
    full_type: str = ""
    occurrence: int | None = None


class RelationItem(NamedTuple):
    """A relation; `head` and `tail` are the refs of its ends. A feature of its head is left out together with it.

    `full_type` is as for a span.
    """

    line: int | None
    ref: str
    type: str
    head: str
    tail: str
    is_feature: bool = False
    full_type: str = ""


class EventItem(NamedTuple):
    """An event: its words are those of the span `trigger`; a role is a name and the ref of the item that fills it."""

    line: int | None
    ref: str
    type: str
    trigger: str
    roles: tuple[tuple[str, str], ...]


class AttributeItem(NamedTuple):
    """An attribute of the item `target`; `value` is None for an attribute that is only present or absent.

    `layer` is the type of the target if the format gives each layer features of its own; a map may name both.
    """

    line: int | None
    ref: str
    target: str
    name: str
    value: AttributeValue | None
    layer: str = ""


class NormalizationItem(NamedTuple):
    """A link from the item `target` to an entry of a database.

    Attributes:
        line: The line of the file.
        ref: The name of the item.
        target: The ref of the item that is linked.
        type: The kind of the link.
        entry: The entry.
        is_optional: Whether it is left out, and not reported, if the map does not name its type.
    """

    line: int | None
    ref: str
    target: str
    type: str
    entry: str
    is_optional: bool = False


class NoteItem(NamedTuple):
    """An annotator's note on the item `target`."""

    line: int | None
    ref: str
    target: str
    type: str
    text: str


class EquivalenceItem(NamedTuple):
    """Items that mean the same, by their refs."""

    line: int | None
    type: str
    members: tuple[str, ...]


class UnreadableItem(NamedTuple):
    """A line that is not a valid item, and why."""

    line: int | None
    why: str


Item = (
    SpanItem
    | RelationItem
    | EventItem
    | AttributeItem
    | NormalizationItem
    | NoteItem
    | EquivalenceItem
    | UnreadableItem
)


def list_span_items(
    span: SpanItem, attributes: Mapping[str, AttributeValue], note: str | None
) -> Iterator[SpanItem | AttributeItem | NoteItem]:
    """Yield a span, its attributes and its note, if it has one."""
    yield span
    for name, value in attributes.items():
        yield AttributeItem(span.line, "", span.ref, name, value)
    if note:
        yield NoteItem(span.line, "", span.ref, NOTE_TYPE, note)


def list_relation_items(
    number: int, label: str, head: str, tail: str, note: str | None, line: int | None = None
) -> Iterator[RelationItem | NoteItem]:
    """Yield a relation whose file gives it no name, and its note, if it has one; `number` tells it from others."""
    relation = RelationItem(line, f"relation {number}", label, head, tail)
    yield relation
    if note:
        yield NoteItem(line, "", relation.ref, NOTE_TYPE, note)


class AnnotationOrigin(NamedTuple):
    """Who made an annotation, by which process, from which others, and with which version of the inventory.

    `lead_time` and `origins` are as in `Annotation`.
    """

    annotator: str
    process: Process
    made_from: tuple[str, ...]
    inventory: str
    lead_time: float | None = None
    origins: Mapping[str, int] = {}


ItemMapper = Callable[[AnnotationOrigin, Details, bool], "MappedDocument"]
"""Maps the items of a document: by whom they are, the metadata of articles, and whether to correct offsets."""


class LaterFile(NamedTuple):
    """A further file of a document: what findings call it, and the number of lines in the files before it."""

    file: str
    lines_before: int


class RawDocument(NamedTuple):
    """One text with its items, as a reader gives them.

    Attributes:
        article_id: The id that the article will have.
        file: What findings call the file.
        data: The bytes of the text, in which offsets count code points unless the quoted words show otherwise.
        items: The items.
        refusal: Why nothing of the document can be read; None if it can.
        origin: Where its annotation comes from, if the format says it.
        details: Fields of the article that the format gives.
        lines: Number of lines that are lost if the document is refused; 1 in formats without lines.
        line: The line of the file that it is on, in formats with a text on each line.
        source_name: The name of the source file, without folder; by default the article's id with `.txt`.
        text_file: The file of the text, relative to the folder, in formats with a file for each text.
        later_files: The other files of the items, if they are in several. Lines are counted from the first file on.
        map_items: Maps the items, of a format whose items are not mapped by `apply_mapping`.
    """

    article_id: str
    file: str
    data: bytes
    items: tuple[Item, ...]
    refusal: Finding | None = None
    origin: AnnotationOrigin | None = None
    details: dict[str, Any] = {}  # noqa: RUF012 - never changed
    lines: int = 1
    line: int | None = None
    source_name: str = ""
    text_file: str = ""
    later_files: tuple[LaterFile, ...] = ()
    map_items: ItemMapper | None = None

    def locate(self, line: int | None) -> tuple[str, int | None]:
        """Return the file of a line, and its number in that file."""
        for later in reversed(self.later_files):
            if line is not None and line > later.lines_before:
                return later.file, line - later.lines_before
        return self.file, line


def refused_document(article_id: str, file: str, refusal: Finding, lines: int = 1) -> RawDocument:
    """Return a document of which nothing can be read."""
    return RawDocument(article_id, file, b"", (), refusal, lines=lines)


def article_id_from(stem: str) -> str:
    """Return the article id for a file name without its ending: the name itself if it can be an id."""
    return stem if is_article_id(stem) else make_article_id(stem)


def explain_encoding(data: bytes, error: UnicodeDecodeError) -> str:
    """Say what is wrong with bytes that are not UTF-8, and how they read in the encoding that is the most probable."""
    for mark, name in (
        (BOM_UTF32_LE, "UTF-32"),
        (BOM_UTF32_BE, "UTF-32"),
        (BOM_UTF16_LE, "UTF-16"),
        (BOM_UTF16_BE, "UTF-16"),
    ):
        if data.startswith(mark):
            return f"is {name}, not UTF-8; convert it first"
    words = data[max(error.start - _CONTEXT, 0) : error.start + _CONTEXT].decode("cp1252", "replace")
    return f"is not UTF-8 at byte {error.start} (in Windows-1252 it reads {quote(words)}); convert it first"


class LabelledArticle(NamedTuple):
    """An article and one annotator's annotation of it."""

    article: Article
    annotation: Annotation


class Loss(NamedTuple):
    """A fact of a document, as `ledger.list_facts` gives it, that a format cannot carry.

    Attributes:
        kind: The kind of the fact.
        what: What the fact says.
        reason: A key of the format's `LOSSES`.
    """

    kind: str
    what: str
    reason: str


class Format(Protocol):
    """A module of this package that reads and writes one format.

    Attributes:
        LOSSES: Reason → what the format cannot carry, and why, as the certificate of an export explains it.
        write: Writes documents into an empty folder.
        join: Adds the files of a folder that `write` wrote to those of one with earlier documents, or with none: then
            they are those that it would have written for all.
        read: Reads the documents of a folder, one at a time and in the order of their ids. A file that cannot be read
            becomes a refused document, a line that cannot be read an `UnreadableItem`.
        list_losses: Gives the facts of a document that `write` will lose, with the reason for each.
    """

    LOSSES: dict[str, str]
    write: Callable[[Path, Iterable[LabelledArticle], Inventory], None]
    join: Callable[[Path, Path, Inventory], None]
    read: Callable[[Path, Inventory], Iterator[RawDocument]]
    list_losses: Callable[[LabelledArticle, Inventory], Iterator[Loss]]
