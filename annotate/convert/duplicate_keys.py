"""Keys that may occur twice in an object of a task, found by counting them in its bytes.

A JSON parser silently keeps the last of two values with one key. Whoever knows how many keys there should be finds this
by counting. A quotation mark within a string follows a backslash, so that `"key":` in the bytes is always a key.
"""

import re
from collections.abc import Mapping, Sequence

import msgspec
import numpy as np
import numpy.typing as npt

from annotate.columns import Integers, Mask, int_array

_WORD = 8
"""Number of bytes that are compared at once."""
_ESCAPE = b"\\u00"
_ESCAPED_QUOTE_OR_COLON = re.compile(rb"\\u00(?:22|3[Aa])")


class KeyCounter:
    """Counts keys in consecutive ranges of some bytes, by the bytes that precede each colon.

    Args:
        data: The bytes.
        ranges: Byte ranges `[start, end)` in `data`, in order and without overlap; one for each task.
    """

    def __init__(self, data: bytes, ranges: Sequence[tuple[int, int]]) -> None:
        first, last = (ranges[0][0], ranges[-1][1]) if ranges else (0, 0)
        self._bounds = int_array([*(start for start, _ in ranges), last]) - first
        self._bytes = np.frombuffer(data, np.uint8)[first:last]
        # The eight bytes from each position on, as a number; the byte that comes last is the highest.
        count = max(last - first - _WORD + 1, 0)
        self._words: npt.NDArray[np.uint64] = np.ndarray((count,), "<u8", data, first, (1,))
        # Positions of the eight bytes before each colon. No object has a key of five bytes before its first eight.
        self._colons = np.flatnonzero(self._bytes[_WORD:] == ord(":"))
        self._before = self._words[self._colons]

    def count(self, key: bytes) -> Integers:
        """Count a key of five to fourteen bytes in each range."""
        quoted = b'"%b"' % key
        before = self._before if len(quoted) >= _WORD else self._before >> _bits(_WORD - len(quoted))
        ends = self._colons[before == _as_number(quoted[-_WORD:])] + _WORD
        if len(quoted) > _WORD:
            starts = ends - len(quoted)
            ends = ends[(starts >= 0) & (self._words[starts] == _as_number(quoted[:_WORD]))]
        return self._count_in_ranges(ends)

    def may_have_variants(self) -> Mask:
        """Tell for each range whether keys may be written in a way that `count` does not see.

        These are keys with an escaped letter, and keys with white space before their colon.
        """
        spaced = np.flatnonzero(self._before < np.uint64((ord(" ") + 1) << 56))
        byte_before = self._before[spaced] >> _bits(_WORD - 2) & 0xFF
        spaced = self._colons[spaced[(byte_before <= ord(" ")) | (byte_before == ord('"'))]] + _WORD
        escapes = np.flatnonzero(self._bytes[: len(self._words)] == ord("\\"))
        words = self._words[escapes]
        digit = words >> _bits(len(_ESCAPE)) & 0xFF
        is_letter = (words & 0xFFFFFFFF == _as_number(_ESCAPE)) & (digit >= ord("4")) & (digit <= ord("7"))
        variants: Mask = self._count_in_ranges(spaced) + self._count_in_ranges(escapes[is_letter]) > 0
        return variants

    def _count_in_ranges(self, positions: Integers) -> Integers:
        return np.diff(np.searchsorted(positions, self._bounds))


def _bits(bytes_: int) -> np.uint64:
    return np.uint64(8 * bytes_)


def _as_number(bytes_: bytes) -> np.uint64:
    return np.uint64(int.from_bytes(bytes_, "little"))


def may_repeat_keys(data: bytes, value: object) -> bool:
    """Tell whether any key may occur twice in an object: then the value has fewer keys than the bytes.

    The count includes strings that look like keys, in the bytes and in the value alike. Spellings that no encoder
    writes would upset it, and count as a possible repetition: an escaped quotation mark or colon, and white space
    between a key and its colon.

    Args:
        data: The JSON of a task.
        value: What a parser made of it.
    """
    mark, padding = b'":', b" " * _WORD  # so that a colon near the beginning has eight bytes before it
    keys = KeyCounter(padding + data, [(0, len(padding) + len(data))])
    if _ESCAPED_QUOTE_OR_COLON.search(data) or keys.may_have_variants()[0]:
        return True
    return data.count(mark) != msgspec.json.encode(value).count(mark)


def may_repeat_label_keys(
    data: bytes, ranges: Sequence[tuple[int, int]], indices: Sequence[int], expected: Mapping[bytes, Integers]
) -> Mask:
    """Tell for some tasks whether one of the keys that labels depend on may occur twice in an object.

    Args:
        data: Bytes with the JSON of many tasks.
        ranges: Byte ranges `[start, end)` of all tasks.
        indices: Indices of the tasks to look at.
        expected: Key → how often it should occur in each of these tasks.
    """
    keys = KeyCounter(data, ranges)
    may_repeat = keys.may_have_variants()[indices]
    for key, counts in expected.items():
        may_repeat |= keys.count(key)[indices] != counts
    return may_repeat
