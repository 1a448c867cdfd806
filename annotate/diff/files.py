"""One file in two versions → its change, from which the new bytes can be made of the old ones again."""

from typing import Any, NamedTuple, TypeVar

import msgspec

from annotate.diff import relations, spans
from annotate.diff.apply import Unfit, rebuilt
from annotate.diff.model import FieldChange, FileChange, Replaced
from annotate.diff.paths import known
from annotate.diff.spans import Carry, as_they_are
from annotate.diff.text import Carried, edits
from annotate.errors import CannotRun
from annotate.model import Annotation, Span
from annotate.offsets import sha256

T = TypeVar("T")

PROSE = frozenset({"text", "source"})
"""Kinds of files whose lines are paragraphs: what changed in them is told by the word."""

LABELS = frozenset({"spans", "relations"})
"""Fields of an annotation that have changes of their own."""


class Renamed(NamedTuple):
    """Old name → new name of the labels and relations that the inventory renamed."""

    labels: dict[str, str]
    relations: dict[str, str]


class Version(NamedTuple):
    """What a version has of a file, None: nothing; and what an error calls it."""

    where: str
    data: bytes | None


def changed(file: str, old: Version, new: Version, texts: tuple[str, str] | None, renamed: Renamed) -> FileChange:
    """The change of a file that differs. `texts` are those of its article where they differ.

    Raises CannotRun for an article or an annotation that cannot be read.
    """
    about = known(file)
    change = FileChange(
        file=file,
        kind=about.kind,
        article=about.article,
        version=about.version,
        old=None if old.data is None else sha256(old.data),
        new=None if new.data is None else sha256(new.data),
    )
    if about.kind == "annotation":
        change = _labels(change, _decoded(old, Annotation), _decoded(new, Annotation), texts, renamed)
    elif about.kind == "metadata":
        before, after = _decoded(old, dict[str, Any]), _decoded(new, dict[str, Any])
        change = msgspec.structs.replace(change, fields=_fields(before or {}, after or {}))
    if new.data is None or _gives(change, old.data, new.data):
        return change
    return _bytes(change, old.data or b"", new.data)


def text_of(version: Version) -> str:
    """The text of an article, empty where there is none. Raises CannotRun for what is no UTF-8."""
    try:
        return (version.data or b"").decode("utf-8")
    except UnicodeDecodeError as error:
        raise CannotRun(version.where, f"is not UTF-8 (byte {error.start})", "mend it there") from error


def _gives(change: FileChange, old: bytes | None, new: bytes) -> bool:
    """Whether fields and labels alone make the new file; not so where one of the two is not canonical."""
    try:
        return rebuilt(change, old) == new
    except Unfit:
        return False


def _bytes(change: FileChange, old: bytes, new: bytes) -> FileChange:
    try:
        edited = edits(old.decode("utf-8"), new.decode("utf-8"), by_word=change.kind in PROSE)
    except UnicodeDecodeError:
        return msgspec.structs.replace(change, replaced=Replaced(old=old, new=new))
    return msgspec.structs.replace(change, edits=edited)


def _decoded(version: Version, type_: type[T]) -> T | None:
    if version.data is None:
        return None
    try:
        return msgspec.json.decode(version.data, type=type_)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise CannotRun(version.where, f"cannot be read: {error}", "mend it there, as `annotate check` says") from error


def _fields(old: dict[str, Any], new: dict[str, Any]) -> tuple[FieldChange, ...]:
    return tuple(
        FieldChange(field=name, old=old.get(name), new=new.get(name))
        for name in dict.fromkeys((*old, *new))
        if old.get(name) != new.get(name)
    )


def _labels(
    change: FileChange,
    old: Annotation | None,
    new: Annotation | None,
    texts: tuple[str, str] | None,
    renamed: Renamed,
) -> FileChange:
    carry = carried_by(texts)
    matched = spans.match(old.spans if old else (), new.spans if new else (), carry, renamed.labels)
    return msgspec.structs.replace(
        change,
        fields=_fields(_plain(old), _plain(new)),
        spans=tuple(spans.changes(matched, carry, renamed.labels)),
        relations=tuple(relations.changes(old, new, matched.pairs, renamed.relations)),
    )


def carried_by(texts: tuple[str, str] | None) -> Carry:
    """How the edits between two texts carry the place of a span."""
    if texts is None:
        return as_they_are
    carried = Carried(edits(*texts))

    def carry(span: Span) -> tuple[int, int]:
        start = carried(span.start)
        return start, max(start, carried(span.end, end=True))

    return carry


def _plain(annotation: Annotation | None) -> dict[str, Any]:
    """The fields of an annotation but for its labels."""
    if annotation is None:
        return {}
    names = (name for name in annotation.__struct_fields__ if name not in LABELS)
    return {name: msgspec.to_builtins(getattr(annotation, name)) for name in names}
