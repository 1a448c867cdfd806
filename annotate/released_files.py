"""The manifest of a release, `releases/VERSION.json`, as far as it names the source files: the only reader of it."""

from pathlib import Path
from typing import Annotated, TypeVar

import msgspec

from annotate.errors import CannotRun
from annotate.util.escape import quote
from annotate.util.typed_values import decode_as

FORMAT = "annotate release 1"
Sha256 = Annotated[str, msgspec.Meta(pattern=r"^[0-9a-f]{64}\Z")]


class ReleasedFiles(msgspec.Struct, frozen=True, kw_only=True):
    """What a release was made from.

    Attributes:
        format: The format of the manifest.
        version: The version of the release.
        inventory: The version of the inventory.
        files: Source file → SHA-256. The changelog of the data is missing: a person edits it after the manifest is
            written.
    """

    format: str
    version: str
    inventory: str
    files: dict[str, Sha256]


class _FormatOnly(msgspec.Struct):
    format: str


T = TypeVar("T", bound=ReleasedFiles)


def decode_released(where: str | Path, data: bytes, type_: type[T]) -> T:
    """Return the manifest in some JSON.

    Args:
        where: What messages call it.
        data: The JSON.
        type_: The part of the manifest to read.

    Raises:
        CannotRun: The JSON is not a manifest, or is one of a later version of the toolkit.
    """
    try:
        found_format = decode_as(data, _FormatOnly).format
        if found_format != FORMAT:
            problem = f"has the format {quote(found_format)}, and this toolkit reads {quote(FORMAT)}"
            raise CannotRun(where, problem, "install the version of the toolkit that made it, or a later one")
        return decode_as(data, type_)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise CannotRun(where, f"is not a release manifest: {error}", "get the release again") from error
