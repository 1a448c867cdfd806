"""The texts of a batch as one: where their paragraphs are, and stretches of them as Arrow strings.

A paragraph is a line of its text. Offsets are code points of a document's own text, half open; documents are told
apart by their numbers.
"""

from collections.abc import Sequence
from functools import cached_property

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from annotate.columns import Numbers

_LINE_END = ord("\n")
_CONTINUES, _KIND = 0x80, 0xC0
"""A byte of UTF-8 goes on with a character where its two first bits are 10."""


class Texts:
    """Behind each text stands a line end, so that each of its lines has one.

    `bases` says where each text begins among the code points of all, and where the one behind the last would.
    """

    def __init__(self, texts: Sequence[str]) -> None:
        self._bytes = "".join(f"{text}\n" for text in texts).encode()
        self.bases: Numbers = np.cumsum([0, *(len(text) + 1 for text in texts)])

    def paragraphs(self, owners: Numbers, starts: Numbers, ends: Numbers) -> tuple[Numbers, Numbers]:
        """Starts and ends of the paragraph, or paragraphs, in which each stretch stands."""
        bases, lines = self.bases[owners], self.lines
        first = lines[np.searchsorted(lines, bases + starts, "right") - 1]
        behind = lines[np.searchsorted(lines, bases + np.maximum(ends, starts + 1), "left")]
        return first - bases, behind - bases - 1

    def stretches(self, owners: Numbers, starts: Numbers, ends: Numbers) -> pa.StringArray:
        """The words from each start to each end.

        Bytes are copied from the texts to the column: to make and encode a string of each takes several times as long.
        """
        bases = self.bases[owners]
        first, behind = self._in_bytes(bases + starts), self._in_bytes(bases + ends)
        text = memoryview(self._bytes)
        words = b"".join([text[start:end] for start, end in zip(first.tolist(), behind.tolist(), strict=True)])
        # Arrow refuses, as numpy would not, an offset that is too large for its column.
        offsets = pa.array(np.concatenate([[0], np.cumsum(behind - first)]), pa.int32())
        return pa.StringArray.from_buffers(len(first), offsets.buffers()[1], pa.py_buffer(words))

    @cached_property
    def lines(self) -> Numbers:
        """Where each line begins among the code points of all texts, and where the one behind the last would."""
        line_ends = np.flatnonzero(self._codes == _LINE_END)
        return np.concatenate([[0], line_ends - np.searchsorted(self._further, line_ends) + 1])

    @property
    def _codes(self) -> npt.NDArray[np.uint8]:
        return np.frombuffer(self._bytes, np.uint8)

    @cached_property
    def _further(self) -> Numbers:
        """The places of the bytes that go on with a code point; most texts have few, and some none."""
        return np.flatnonzero(self._codes & _KIND == _CONTINUES)

    def _in_bytes(self, places: Numbers) -> Numbers:
        """Where code points begin among the bytes."""
        of = self._further - np.arange(len(self._further)) - 1
        return places + np.searchsorted(of, places)
