"""Where the spans of many documents stand in their texts, looked at all at once."""

from collections.abc import Sequence
from functools import cache
from operator import ne
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from annotate.columns import Mask, Numbers, Spans, ordered, owners

Kinds: TypeAlias = npt.NDArray[np.uint8]

_LINE_END = ord("\n")
_SPACE, _IN_WORDS = 1, 2
_TABLED = 0x3000


def misplaced(spans: Spans, texts: Sequence[str]) -> Mask:
    """The spans that are empty, lie outside their text, read other words, stand twice, or whose ends are no good ones.

    An end is good between two words, not beside white space within the span; a span is within one line.
    """
    # A space behind each text: around its ends there is a character, and never two letters.
    text = "".join(f"{one} " for one in texts)
    sizes = np.array([len(one) for one in texts], np.int64)
    owner = owners(spans.bounds)
    base = (np.cumsum(sizes + 1) - sizes - 1)[owner]
    outside: Mask = (spans.starts < 0) | (spans.starts >= spans.ends) | (spans.ends > sizes[owner])
    starts, ends = np.where(outside, 0, base + spans.starts), np.where(outside, 0, base + spans.ends)
    words = [
        texts[number][start:end]
        for number, start, end in zip(owner.tolist(), spans.starts.tolist(), spans.ends.tolist(), strict=True)
    ]
    codes = np.frombuffer(text.encode("utf-32-le", "surrogatepass"), np.uint32)
    before, first, last, behind = map(_kinds, (codes[starts - 1], codes[starts], codes[ends - 1], codes[ends]))
    lines = np.flatnonzero(codes == _LINE_END)
    faulty: Mask = (
        outside
        | (words != spans.texts and np.fromiter(map(ne, words, spans.texts), np.bool_, len(words)))
        | ((first | last) & _SPACE > 0)
        | ((before & first | last & behind) & _IN_WORDS > 0)
        | (np.searchsorted(lines, starts) != np.searchsorted(lines, ends))
        | twice(owner, spans.starts, spans.ends, spans.labels)
    )
    return faulty


def twice(*keys: Numbers) -> Mask:
    """The places at which the values of all keys are those of a place before."""
    order, same = ordered(*keys)
    found = np.zeros(len(order), np.bool_)
    found[order[same]] = True
    return found


def _kinds(codes: npt.NDArray[np.uint32]) -> Kinds:
    """For each character, `_SPACE` where it is white space, `_IN_WORDS` where it is a letter or a digit."""
    kinds: Kinds = _table()[np.minimum(codes, _TABLED)]
    beyond = np.flatnonzero(codes >= _TABLED)
    kinds[beyond] = [_kind(chr(code)) for code in codes[beyond].tolist()]
    return kinds


@cache
def _table() -> Kinds:
    """The kinds of the characters that most texts have."""
    return np.array([_kind(chr(code)) for code in range(_TABLED + 1)], np.uint8)


def _kind(character: str) -> int:
    return _SPACE * character.isspace() | _IN_WORDS * character.isalnum()
