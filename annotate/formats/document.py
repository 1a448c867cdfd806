"""What the readers of all formats give: a text, and what is said of it in the words of its format.

`apply_mapping` maps it to an inventory. `line` counts from 1; None where a format has no lines. `ref` is the
name of an item within its file, to which others point.

Words on one line of a file that is made of lines, and back.
"""

import re
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any, NamedTuple, Protocol

from annotate.corpus import is_id
from annotate.findings import Finding
from annotate.ingest import id_from
from annotate.inventory import Inventory
from annotate.model import Annotation, Article, Process

Pieces = tuple[tuple[int, int], ...]
"""Ranges `[start, end)` of a span, in the order of the text; more than one where other words interrupt it."""


class Mark(NamedTuple):
    """A span. `words` are the words quoted with it, None where the format quotes none; `ids` those of its pieces."""

    line: int | None
    ref: str
    type: str
    pieces: Pieces
    words: str | None = None
    ids: tuple[str, ...] = ()


class Arrow(NamedTuple):
    """A relation from one item to another."""

    line: int | None
    ref: str
    type: str
    head: str
    tail: str


class Event(NamedTuple):
    """An item whose words are those of the span `trigger`; each role is a name and the item that fills it."""

    line: int | None
    ref: str
    type: str
    trigger: str
    roles: tuple[tuple[str, str], ...]


class Value(NamedTuple):
    """An attribute of an item; `value` is None for one that is there or not."""

    line: int | None
    ref: str
    target: str
    name: str
    value: str | int | None


class Normalization(NamedTuple):
    """An entry of a database that an item stands for."""

    line: int | None
    ref: str
    target: str
    type: str
    entry: str


class Note(NamedTuple):
    """Words of an annotator on an item."""

    line: int | None
    ref: str
    target: str
    type: str
    text: str


class Group(NamedTuple):
    """Items that mean the same."""

    line: int | None
    type: str
    members: tuple[str, ...]


class Unread(NamedTuple):
    """A line that is none of these, and why."""

    line: int | None
    why: str


Item = Mark | Arrow | Event | Value | Normalization | Note | Group | Unread


class Head(NamedTuple):
    """What an annotation says of itself."""

    annotator: str
    process: Process
    made_from: tuple[str, ...]
    inventory: str


class RawDocument(NamedTuple):
    """One text with its items.

    `name` becomes the id of the article; `file` is what findings name; `data` are the bytes of the text, in which
    offsets are code points unless its items show otherwise. `refused` says why nothing of it can be read, and `lines`
    how many lines are lost with it: one where a format has none.
    """

    name: str
    file: str
    data: bytes
    items: tuple[Item, ...]
    refused: Finding | None = None
    head: Head | None = None
    details: dict[str, Any] = {}  # noqa: RUF012 - never changed
    lines: int = 1


def name_of(stem: str) -> str:
    """The id that a file's name gives: itself where it can be one."""
    return stem if is_id(stem) else id_from(stem)


class Document(NamedTuple):
    """An article and one annotator's labels of it."""

    article: Article
    annotation: Annotation


class Loss(NamedTuple):
    """A fact of a document, as `ledger.facts` gives it, that a format cannot carry, and the key of the reason."""

    kind: str
    what: str
    reason: str


class Format(Protocol):
    """A module of this room that writes and reads one format.

    `LOSSES` maps a reason to what the format cannot carry and why; `lost` says which facts of a document these are.
    `write` fills a folder that its caller then puts in place as a whole.
    """

    LOSSES: dict[str, str]
    write: Callable[[Path, Iterable[Document], Inventory], None]
    read: Callable[[Path, Inventory], Iterator[RawDocument]]
    lost: Callable[[Document, Inventory], Iterator[Loss]]


_ESCAPES = {"n": "\n", "r": "\r", "t": "\t"}


def escaped(text: str) -> str:
    """Words on one line: a backslash before what would end the line, any other control, and a backslash."""
    text = text.replace("\\", "\\\\").replace("\n", "\\n").replace("\r", "\\r").replace("\t", "\\t")
    return re.sub(r"[\x00-\x1f\x7f-\xa0\u2028\u2029]|^ | $", lambda match: f"\\u{ord(match[0]):04x}", text)


def unescaped(text: str) -> str:
    """The inverse of `escaped`."""

    def one(match: re.Match[str]) -> str:
        code = match[1]
        return chr(int(code[1:], 16)) if len(code) == 5 else _ESCAPES.get(code, code)

    return re.sub(r"\\(u[0-9a-f]{4}|.)", one, text)
