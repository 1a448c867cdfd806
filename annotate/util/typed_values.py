"""JSON and plain values as typed ones.

msgspec prepares a class when it first decodes it. Two threads that do so at the same time end the process
(msgspec 0.22.0), so that types are prepared here, one after the other.
"""

from threading import Lock
from typing import Any, TypeVar, cast

import msgspec

T = TypeVar("T")

_preparing = Lock()
_decoders: dict[Any, msgspec.json.Decoder[Any]] = {}


def decode_as(data: bytes | str | msgspec.Raw, type_: type[T]) -> T:
    """Decode JSON as a type.

    Args:
        data: The JSON.
        type_: The type, such as a `msgspec.Struct` or `dict[str, int]`.

    Returns:
        The value.

    Raises:
        msgspec.ValidationError: It is not of the type.
        msgspec.DecodeError: It is not JSON.
        UnicodeDecodeError: A text in it is not UTF-8.
        RecursionError: Its values are nested too deeply.
    """
    return cast(T, _find_decoder(type_).decode(data))


def convert_as(value: object, type_: type[T], strict: bool = True) -> T:
    """Convert a value of dictionaries, lists, texts and numbers to a type.

    Args:
        value: The value.
        type_: The type.
        strict: Whether a number that is given as text, and the like, is refused.

    Returns:
        The typed value.

    Raises:
        msgspec.ValidationError: It is not of the type.
    """
    _find_decoder(type_)
    return msgspec.convert(value, type_, strict=strict)


def _find_decoder(type_: Any) -> msgspec.json.Decoder[Any]:
    decoder = _decoders.get(type_)
    if decoder is None:
        with _preparing:
            decoder = _decoders.setdefault(type_, msgspec.json.Decoder(type_))
    return decoder
