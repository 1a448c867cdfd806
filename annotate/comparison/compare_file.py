"""Compare two versions of one file. The change says how to make the new bytes from the old ones."""

from typing import Any, NamedTuple, TypeVar

import msgspec

from annotate.comparison.apply import CannotApply, rebuild_file
from annotate.comparison.match_relations import list_relation_changes
from annotate.comparison.match_spans import MapRange, keep_range, list_span_changes, match_spans
from annotate.comparison.model import FieldChange, FileChange, Replacement
from annotate.comparison.paths import classify_path
from annotate.errors import CannotRun
from annotate.model import Annotation, Span
from annotate.offsets import sha256
from annotate.text_edits import OffsetMap, find_edits
from annotate.util.typed_values import decode_as

T = TypeVar("T")

_PROSE = frozenset({"text", "source"})
"""Kinds of files whose lines are paragraphs. Their edits are shown word by word."""

_COMPARED_APART = frozenset({"spans", "relations"})
"""Fields of an annotation that are not compared as fields."""


class ChangedNames(NamedTuple):
    """What changed in the inventory's names.

    Attributes:
        spans: Old name to new name of the span labels that the inventory renamed.
        relations: The same of relations.
        added_attributes: The attributes that it added.
    """

    spans: dict[str, str]
    relations: dict[str, str]
    added_attributes: frozenset[str]


class FileVersion(NamedTuple):
    """The bytes of a file in one version, None where the version does not have it; and its name in an error."""

    where: str
    data: bytes | None


def compare_file(
    file: str, old: FileVersion, new: FileVersion, texts: tuple[str, str] | None, names: ChangedNames
) -> FileChange:
    """Compare two versions of a file that differ.

    Args:
        file: Path below `corpus/` or `schema/`, with that prefix.
        old: The old version.
        new: The new version.
        texts: The old and new text of the file's article where they differ, otherwise None.
        names: What changed in the inventory's names.

    Raises:
        CannotRun: The metadata of an article, or an annotation, cannot be decoded.
    """
    info = classify_path(file)
    change = FileChange(
        file=file,
        kind=info.kind,
        article=info.article_id,
        annotation_set=info.annotation_set,
        old=None if old.data is None else sha256(old.data),
        new=None if new.data is None else sha256(new.data),
    )
    if info.kind == "annotation":
        change = _compare_labels(change, _decode(old, Annotation), _decode(new, Annotation), texts, names)
    elif info.kind == "metadata":
        before, after = _decode(old, dict[str, Any]), _decode(new, dict[str, Any])
        change = msgspec.structs.replace(change, fields=_compare_fields(before or {}, after or {}))
    if new.data is None or _is_complete(change, old.data, new.data):
        return change
    return _add_bytes(change, old.data or b"", new.data)


def decode_text(version: FileVersion) -> str:
    """Return the text of an article, empty where the version does not have it.

    Raises:
        CannotRun: The text is not UTF-8.
    """
    try:
        return (version.data or b"").decode("utf-8")
    except UnicodeDecodeError as error:
        problem = f"is not UTF-8 (byte {error.start})"
        raise CannotRun(version.where, problem, "save it as UTF-8 in that version") from error


def make_range_map(texts: tuple[str, str] | None) -> MapRange:
    """Make the function that maps the range of an old span to the new text.

    Args:
        texts: The old and the new text; None where the text did not change.
    """
    if texts is None:
        return keep_range
    offsets = OffsetMap(find_edits(*texts))

    def map_range(span: Span) -> tuple[int, int]:
        start = offsets.map(span.start)
        return start, max(start, offsets.map(span.end, end=True))

    return map_range


def _compare_labels(
    change: FileChange,
    old: Annotation | None,
    new: Annotation | None,
    texts: tuple[str, str] | None,
    names: ChangedNames,
) -> FileChange:
    map_range = make_range_map(texts)
    match = match_spans(old.spans if old else (), new.spans if new else (), map_range, names.spans)
    return msgspec.structs.replace(
        change,
        fields=_compare_fields(_plain_fields(old), _plain_fields(new)),
        spans=tuple(list_span_changes(match, map_range, names.spans, names.added_attributes)),
        relations=tuple(list_relation_changes(old, new, match.pairs, names.relations)),
    )


def _plain_fields(annotation: Annotation | None) -> dict[str, Any]:
    """Return the fields of an annotation without its spans and relations."""
    if annotation is None:
        return {}
    names = (name for name in annotation.__struct_fields__ if name not in _COMPARED_APART)
    return {name: msgspec.to_builtins(getattr(annotation, name)) for name in names}


def _compare_fields(old: dict[str, Any], new: dict[str, Any]) -> tuple[FieldChange, ...]:
    return tuple(
        FieldChange(field=name, old=old.get(name), new=new.get(name))
        for name in dict.fromkeys((*old, *new))
        if old.get(name) != new.get(name)
    )


def _is_complete(change: FileChange, old: bytes | None, new: bytes) -> bool:
    """Return whether fields and labels alone give the new file. They do not where a file is not canonical."""
    try:
        return rebuild_file(change, old) == new
    except CannotApply:
        return False


def _add_bytes(change: FileChange, old: bytes, new: bytes) -> FileChange:
    try:
        edits = find_edits(old.decode("utf-8"), new.decode("utf-8"), by_word=change.kind in _PROSE)
    except UnicodeDecodeError:
        return msgspec.structs.replace(change, replaced=Replacement(old=old, new=new))
    return msgspec.structs.replace(change, edits=edits)


def _decode(version: FileVersion, type_: type[T]) -> T | None:
    if version.data is None:
        return None
    try:
        return decode_as(version.data, type_)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        hint = "correct it in that version; `annotate check` lists every fault"
        raise CannotRun(version.where, f"cannot be read: {error}", hint) from error
