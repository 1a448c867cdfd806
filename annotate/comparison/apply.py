"""The new bytes of a file from the old ones and the change of the file: edits, or labels one by one."""

from collections.abc import Iterable, Sequence
from typing import Any, TypeVar

import msgspec

from annotate.comparison.match import edited
from annotate.comparison.model import FieldChange, FileChange, RelationChange, SpanChange
from annotate.corpus import encode_annotation, encode_article
from annotate.model import Annotation, Article
from annotate.offsets import sha256

T = TypeVar("T")


class Unfit(Exception):  # noqa: N818 - it says what happened
    """A change does not fit the old file, or does not give the new one; why, in words."""


def applied(change: FileChange, old: bytes | None) -> bytes | None:
    """The new bytes; None: the file is gone. Both versions are held to their hashes. Raises Unfit."""
    if (None if old is None else sha256(old)) != change.old:
        raise Unfit("is not the old version of the difference")
    if change.new is None:
        return None
    new = rebuilt(change, old)
    if sha256(new) != change.new:
        raise Unfit("the change does not give the new version of the difference")
    return new


def rebuilt(change: FileChange, old: bytes | None) -> bytes:
    """The new bytes, held to no hash. Raises Unfit where the change does not fit."""
    if change.replaced is not None:
        return change.replaced.new
    try:
        if change.edits is not None:
            return edited((old or b"").decode("utf-8"), change.edits).encode("utf-8")
        if change.kind == "annotation":
            return _annotation(change, old)
        if change.kind == "metadata":
            return _metadata(change.fields, old)
    except (msgspec.MsgspecError, UnicodeError, ValueError) as error:
        raise Unfit(str(error)) from error
    raise Unfit("the change does not say how the new version is made")


def _annotation(change: FileChange, old: bytes | None) -> bytes:
    before = msgspec.json.decode(old, type=Annotation) if old is not None else None
    value = msgspec.structs.asdict(before) if before else {}
    value |= {one.field: one.new for one in change.fields}
    made = msgspec.convert({**value, "spans": [], "relations": []}, Annotation)
    return encode_annotation(
        msgspec.structs.replace(
            made,
            spans=_turned(before.spans if before else (), change.spans),
            relations=_turned(before.relations if before else (), change.relations),
        )
    )


def _turned(old: Iterable[T], changes: Sequence[SpanChange] | Sequence[RelationChange]) -> tuple[T, ...]:
    """The old things without those that changed, then what became of them, then the new ones."""
    rest: list[Any] = list(old)
    for one in changes:
        if one.old is not None:
            rest.remove(one.old)
    return (*rest, *(one.new for one in changes if one.new is not None))


def _metadata(fields: Iterable[FieldChange], old: bytes | None) -> bytes:
    value: dict[str, Any] = msgspec.json.decode(old, type=dict[str, Any]) if old is not None else {}
    for one in fields:
        value[one.field] = one.new
    if set(value) - set(Article.__struct_fields__):
        raise Unfit("the metadata have a field that articles do not have")
    return encode_article(msgspec.convert({**value, "text": ""}, Article))
