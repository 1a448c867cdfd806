"""A difference as JSON: written a file change a line while it is made, and read back."""

from collections.abc import Iterator
from typing import Any

import msgspec

from annotate.diff.compare import Comparison
from annotate.diff.model import FORMAT, FileChange
from annotate.diff.versions import version_needed
from annotate.errors import CannotRun


class Difference(msgspec.Struct, kw_only=True):
    """What `annotate apply` takes; the summary of the JSON is for other readers."""

    format: int
    old: str
    new: str
    files: list[FileChange]


def encoded(comparison: Comparison, more: dict[str, Any] | None = None) -> Iterator[bytes]:
    """The JSON of a comparison, in parts: names, every change, then what they come to."""
    head = {"format": FORMAT, "old": comparison.old.name, "new": comparison.new.name}
    yield b"{\n" + b"".join(_entry(name, value) + b",\n" for name, value in head.items()) + b'"files": ['
    comma = b"\n"
    for change in comparison.files():
        yield comma + msgspec.json.encode(change)
        comma = b",\n"
    needed = version_needed(comparison.summary)
    tail = {
        "summary": comparison.summary,
        "version": {"level": needed.level, "reasons": needed.reasons},
        **(more or {}),
    }
    yield b"\n],\n" + b",\n".join(_entry(name, value) for name, value in tail.items()) + b"\n}\n"


def _entry(name: str, value: Any) -> bytes:
    return msgspec.json.encode(name) + b": " + msgspec.json.encode(value)


def decoded(data: bytes, where: str) -> Difference:
    """A difference from its JSON. Raises CannotRun for what is none, or one of a later format."""
    mend = "give it what `annotate diff OLD NEW --format json` writes"
    if not data.strip():
        raise CannotRun(where, "is empty", mend)
    try:
        version = msgspec.json.decode(data, type=dict[str, msgspec.Raw]).get("format")
        if version is not None and (number := msgspec.json.decode(version, type=int)) > FORMAT:
            raise CannotRun(where, f"is of format {number}, {FORMAT} is known here", "take a newer toolkit")
        return msgspec.json.decode(data, type=Difference)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise CannotRun(where, f"is no difference: {error}", mend) from error
