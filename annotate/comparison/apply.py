"""Make the new bytes of a file from the old bytes and the change of the file."""

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any, TypeVar

import msgspec

from annotate.comparison.model import FieldChange, FileChange, RelationChange, SpanChange
from annotate.corpus import encode_annotation, encode_article
from annotate.model import Annotation, Article
from annotate.offsets import sha256
from annotate.text_edits import apply_edits
from annotate.util.typed_values import convert_as, decode_as

T = TypeVar("T")

_ENCODER = msgspec.json.Encoder(order="deterministic")
"""Encodes a span or a relation as a key: attributes have no hash."""


class CannotApply(Exception):  # noqa: N818 - like CannotRun, it states what happened
    """A change does not fit the old file, or does not give the new one. The message says why."""


def apply_file_change(change: FileChange, old: bytes | None) -> bytes | None:
    """Apply the change of a file, and check both versions against their SHA-256.

    Args:
        change: The change.
        old: The old bytes; None where there is no file.

    Returns:
        The new bytes; None where the file is removed.

    Raises:
        CannotApply: The old file is another one, or the change does not give the new file.
    """
    if (None if old is None else sha256(old)) != change.old:
        raise CannotApply("is not the old version of the difference")
    if change.new is None:
        return None
    new = rebuild_file(change, old)
    if sha256(new) != change.new:
        raise CannotApply("the change does not give the new version of the difference")
    return new


def rebuild_file(change: FileChange, old: bytes | None) -> bytes:
    """Apply the change of a file without checking hashes.

    Args:
        change: A change that does not remove the file.
        old: The old bytes; None where there is no file.

    Raises:
        CannotApply: The change does not fit the old file.
    """
    if change.replaced is not None:
        return change.replaced.new
    try:
        if change.edits is not None:
            return apply_edits((old or b"").decode("utf-8"), change.edits).encode("utf-8")
        if change.kind == "annotation":
            return _rebuild_annotation(change, old)
        if change.kind == "metadata":
            return _rebuild_metadata(change.fields, old)
    except (msgspec.MsgspecError, UnicodeError, ValueError, RecursionError) as error:
        raise CannotApply(str(error)) from error
    raise CannotApply("the change does not say how to make the new version")


def _rebuild_annotation(change: FileChange, old: bytes | None) -> bytes:
    before = decode_as(old, Annotation) if old is not None else None
    value = msgspec.structs.asdict(before) if before else {}
    value |= {field.field: field.new for field in change.fields}
    annotation = convert_as({**value, "spans": [], "relations": []}, Annotation)
    return encode_annotation(
        msgspec.structs.replace(
            annotation,
            spans=_replace_changed(before.spans if before else (), change.spans),
            relations=_replace_changed(before.relations if before else (), change.relations),
        )
    )


def _replace_changed(old: Iterable[T], changes: Sequence[SpanChange] | Sequence[RelationChange]) -> tuple[T, ...]:
    """Return the items that did not change, then the new versions of those that did, then the added ones."""
    dropped = Counter(map(_ENCODER.encode, (change.old for change in changes if change.old is not None)))
    items: list[Any] = []
    for item in old:
        key = _ENCODER.encode(item)
        if dropped[key]:
            dropped[key] -= 1
        else:
            items.append(item)
    if dropped.total():
        raise CannotApply("a change does not find the span or relation that it replaces")
    return (*items, *(change.new for change in changes if change.new is not None))


def _rebuild_metadata(fields: Iterable[FieldChange], old: bytes | None) -> bytes:
    value: dict[str, Any] = decode_as(old, dict[str, Any]) if old is not None else {}
    for field in fields:
        value[field.field] = field.new
    if set(value) - set(Article.__struct_fields__):
        raise CannotApply("the metadata have a field that articles do not have")
    own = value.pop("metadata", None) or {}  # an article without any has no such field
    return encode_article(convert_as({**value, "metadata": own, "text": ""}, Article))
