"""The texts of a batch of articles as one: where their paragraphs are, and ranges of them as Arrow strings.

A paragraph is a line. Offsets are code points of an article's own text, half open; `documents` says which text each
belongs to, by index.
"""

from collections.abc import Iterator, Sequence
from functools import cached_property

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from annotate.columns import Integers

PART = 1 << 24
"""Code points of the ranges of a part, see `cut_ranges`."""
_LINE_END = ord("\n")
_CONTINUATION, _KIND = 0x80, 0xC0
"""A byte of UTF-8 whose first two bits are 10 continues a character."""


def cut_ranges(starts: Integers, ends: Integers) -> Iterator[slice]:
    """Cut ranges, in their order, into parts whose words fit into memory: ranges that overlap repeat what they share.

    Args:
        starts: First code point of each range.
        ends: The code point after its last one.

    Yields:
        The indices of each part, at least one part. It ends with the range by which it has `PART` code points.
    """
    totals = np.cumsum(ends - starts)
    first, before = 0, 0
    while True:
        stop = min(int(np.searchsorted(totals, before + PART)) + 1, len(totals))
        yield slice(first, stop)
        if stop == len(totals):
            return
        first, before = stop, int(totals[stop - 1])


class Texts:
    """Texts one after the other, each followed by a line end, so that every line has one.

    Attributes:
        bases: First code point of each text among those of all, and the one after the last text.
    """

    def __init__(self, texts: Sequence[str]) -> None:
        self._bytes = "".join(f"{text}\n" for text in texts).encode()
        self.bases: Integers = np.cumsum([0, *(len(text) + 1 for text in texts)])

    def paragraphs(self, documents: Integers, starts: Integers, ends: Integers) -> tuple[Integers, Integers]:
        """Return starts and ends of the paragraph, or paragraphs, that hold each range."""
        bases, lines = self.bases[documents], self._lines
        first = lines[np.searchsorted(lines, bases + starts, "right") - 1]
        stop = lines[np.searchsorted(lines, bases + np.maximum(ends, starts + 1), "left")]
        return first - bases, stop - bases - 1

    def slices(self, documents: Integers, starts: Integers, ends: Integers) -> pa.StringArray:
        """Return the words of each range.

        Bytes are copied from the texts to the column: a Python string for each takes several times as long.
        """
        bases = self.bases[documents]
        first, stop = self._byte_offsets(bases + starts), self._byte_offsets(bases + ends)
        data = memoryview(self._bytes)
        words = b"".join([data[start:end] for start, end in zip(first.tolist(), stop.tolist(), strict=True)])
        # Arrow, unlike numpy, refuses an offset that is too large for its column.
        offsets = pa.array(np.concatenate([[0], np.cumsum(stop - first)]), pa.int32())
        return pa.StringArray.from_buffers(len(first), offsets.buffers()[1], pa.py_buffer(words))

    @cached_property
    def _lines(self) -> Integers:
        """First code point of each line among those of all texts, and the one after the last line."""
        line_ends = np.flatnonzero(self._codes == _LINE_END)
        return np.concatenate([[0], line_ends - np.searchsorted(self._continuations, line_ends) + 1])

    @property
    def _codes(self) -> npt.NDArray[np.uint8]:
        return np.frombuffer(self._bytes, np.uint8)

    @cached_property
    def _continuations(self) -> Integers:
        """Byte offsets of the bytes that continue a code point: few or none in most texts."""
        return np.flatnonzero(self._codes & _KIND == _CONTINUATION)

    def _byte_offsets(self, offsets: Integers) -> Integers:
        """Return the byte offsets at which code points begin."""
        code_points = self._continuations - np.arange(len(self._continuations)) - 1
        return offsets + np.searchsorted(code_points, offsets)
