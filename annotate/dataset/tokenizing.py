"""Words and single signs, as the pre-tokenizer of `tokenizers` gives them, for millions of characters at once.

What it makes of a character hangs on that character alone, but for word characters side by side, which are one token.
So it is asked once about each character there is, and numpy does the rest, in less than a tenth of the time that it
takes for whole texts. Tests hold the two together.
"""

import sys
from collections.abc import Callable
from typing import NamedTuple, TypeAlias

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from annotate.columns import Numbers
from annotate.errors import CannotRun

PreTokenize: TypeAlias = Callable[[str], list[tuple[str, tuple[int, int]]]]
"""Text → tokens with the code points `[start, end)` where they stand."""
Codes: TypeAlias = npt.NDArray[np.uint32]

WORD_OR_SIGN = r"[^\W_]+|[^\w\s]|_"
_UTF_32 = "utf-32-le"
_UNKNOWN, _SPACE, _WORD, _SIGN = range(4)


class Tokens(NamedTuple):
    """The tokens of a text in order, with the code points where they stand, half open."""

    words: pa.Array
    starts: Numbers
    ends: Numbers


def pre_tokenizer() -> PreTokenize:
    """Words and single signs, by `tokenizers`. Its offsets are code points."""
    try:
        from tokenizers import Regex, pre_tokenizers
    except ModuleNotFoundError as error:
        raise CannotRun(
            "table tokens", "needs the library tokenizers", "pip install 'contested-claims[dataset]'"
        ) from error
    found: PreTokenize = pre_tokenizers.Split(Regex(WORD_OR_SIGN), "removed", invert=True).pre_tokenize_str
    return found


class Tokenizer:
    """Text → what `pre_tokenizer` gives; it keeps what it has learnt of characters."""

    def __init__(self) -> None:
        self._kinds = np.full(sys.maxunicode + 1, _UNKNOWN, np.uint8)

    def __call__(self, text: str) -> Tokens:
        codes = np.frombuffer(text.encode(_UTF_32), "<u4")
        kinds = self._kinds[codes]
        if not kinds.all():
            self._learn(np.unique(codes[kinds == _UNKNOWN]))
            kinds = self._kinds[codes]
        inside, word = kinds != _SPACE, kinds == _WORD
        goes_on = word[1:] & word[:-1]
        first, last = inside.copy(), inside.copy()
        first[1:] ^= goes_on
        last[:-1] ^= goes_on
        starts, ends = np.flatnonzero(first), np.flatnonzero(last) + 1
        return Tokens(_cut(codes[inside], ends - starts), starts, ends)

    def _learn(self, codes: Codes) -> None:
        """Ask what becomes of each character twice over: no token, one, or two."""
        split = pre_tokenizer()
        self._kinds[codes] = [_SPACE + len(split(2 * chr(code))) for code in codes.tolist()]


def _cut(codes: Codes, lengths: Numbers) -> pa.Array:
    """Characters, cut one after the other into strings of so many."""
    data = np.frombuffer(codes.tobytes().decode(_UTF_32).encode(), np.uint8)
    bounds = np.concatenate([[0], np.cumsum(lengths)])
    if len(data) > len(codes):
        # Where each character begins: any other byte of UTF-8 is 10xxxxxx in binary.
        bounds = np.append(np.flatnonzero(data & 0xC0 != 0x80), len(data))[bounds]
    return pa.StringArray.from_buffers(len(lengths), pa.array(bounds, pa.int32()).buffers()[1], pa.py_buffer(data))
