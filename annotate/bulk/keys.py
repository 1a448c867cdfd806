"""How often keys stand in many tasks, counted in their bytes in one go, by what stands before each colon.

A JSON parser keeps the last of two values with one key, silently; whoever knows how many there should be finds that by
counting. A quotation mark within a string has a backslash before it, so that what is counted are keys.
"""

from collections.abc import Sequence
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from annotate.columns import Mask, Numbers, column

Words: TypeAlias = npt.NDArray[np.uint64]

_WORD = 8
"""Bytes that are compared at once."""
_ESCAPE = b"\\u00"


class Keys:
    """The keys in parts of some bytes, each part from and to which of them, one behind the other."""

    def __init__(self, data: bytes, places: Sequence[tuple[int, int]]) -> None:
        first, last = (places[0][0], places[-1][1]) if places else (0, 0)
        self._bounds = column([*(start for start, _ in places), last]) - first
        self._bytes = np.frombuffer(data, np.uint8)[first:last]
        # The bytes from each place on, as a number.
        count = max(last - first - _WORD + 1, 0)
        self._words: Words = np.ndarray((count,), "<u8", data, first, (1,))
        # Where the bytes before each colon begin; no object begins so early that one before the first is of such a key.
        self._colons = np.flatnonzero(self._bytes[_WORD:] == ord(":"))
        self._before = self._words[self._colons]

    def count(self, key: bytes) -> Numbers:
        """How often a key of five to fourteen bytes stands in each part."""
        quoted = b'"%b"' % key
        before = self._before if len(quoted) >= _WORD else self._before >> _bits(_WORD - len(quoted))
        found = self._colons[before == _number(quoted[-_WORD:])] + _WORD
        if len(quoted) > _WORD:
            starts = found - len(quoted)
            found = found[(starts >= 0) & (self._words[starts] == _number(quoted[:_WORD]))]
        return self._in_parts(found)

    def otherwise(self) -> Mask:
        """Whether a part may have keys that are written in another way: an escaped letter, white space behind them."""
        # The byte that stands last is the highest of its number.
        spaced = np.flatnonzero(self._before < np.uint64((ord(" ") + 1) << 56))
        one_before = self._before[spaced] >> _bits(_WORD - 2) & 0xFF
        spaced = self._colons[spaced[(one_before <= ord(" ")) | (one_before == ord('"'))]] + _WORD
        escapes = np.flatnonzero(self._bytes[: len(self._words)] == ord("\\"))
        words = self._words[escapes]
        digit = words >> _bits(len(_ESCAPE)) & 0xFF
        letters = (words & 0xFFFFFFFF == _number(_ESCAPE)) & (digit >= ord("4")) & (digit <= ord("7"))
        found: Mask = self._in_parts(spaced) + self._in_parts(escapes[letters]) > 0
        return found

    def _in_parts(self, found: Numbers) -> Numbers:
        return np.diff(np.searchsorted(found, self._bounds))


def _bits(bytes_: int) -> np.uint64:
    return np.uint64(8 * max(bytes_, 0))


def _number(some: bytes) -> np.uint64:
    return np.uint64(int.from_bytes(some, "little"))
