"""Where the spans of many documents stand in their texts, looked at all at once."""

from collections.abc import Sequence
from functools import cache
from operator import getitem
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from annotate.columns import Mask, Numbers, Spans, ordered, owners

Kinds: TypeAlias = npt.NDArray[np.uint8]
Codes: TypeAlias = npt.NDArray[np.uint32]

_SPACE, _IN_WORDS = 1, 2
_TABLED = 0x3000
_LINE_END = ord("\n")


def misplaced(spans: Spans, texts: Sequence[str]) -> Mask:
    """The spans that are empty, lie outside their text, read other words, stand twice, or whose ends are no good ones.

    An end is good between two words, not beside white space within the span; a span is within one line.
    """
    owner = owners(spans.bounds)
    # The text of each span; one that is empty is a space, so that it has a character at any place that is asked for.
    held = list(map([text or " " for text in texts].__getitem__, owner.tolist()))
    sizes = np.fromiter(map(len, texts), np.int64, len(texts))[owner]
    outside: Mask = (spans.starts < 0) | (spans.starts >= spans.ends) | (spans.ends > sizes)
    starts, ends = np.where(outside, 0, spans.starts), np.where(outside, 0, spans.ends)
    lengths = np.fromiter(map(len, spans.texts), np.int64, len(held))
    same = np.fromiter(map(str.startswith, held, spans.texts, starts.tolist()), np.bool_, len(held))
    same &= lengths == spans.ends - spans.starts
    # Where the words are the same, their own characters are those of the text; behind them stands one, so that the
    # last word has one behind it even if it is empty.
    words = _codes("".join([*spans.texts, " "]))
    behind_words = np.cumsum(lengths)
    kinds = _kinds(words)
    first, last = kinds[behind_words - lengths], kinds[behind_words - 1]
    lines = np.zeros(len(held), np.bool_)
    lines[np.searchsorted(behind_words, np.flatnonzero(words == _LINE_END), "right")] = True
    # Before and behind a text there is no word.
    before = np.where(starts > 0, _kinds(_characters(held, starts - 1)), 0)
    behind = np.where(ends < sizes, _kinds(_characters(held, np.minimum(ends, sizes - 1))), 0)
    faulty: Mask = (
        outside
        | ~same
        | ((first | last) & _SPACE > 0)
        | ((before & first | last & behind) & _IN_WORDS > 0)
        | lines
        | twice(owner, spans.starts, spans.ends, spans.labels)
    )
    return faulty


def twice(*keys: Numbers) -> Mask:
    """The places at which the values of all keys are those of a place before."""
    order, same = ordered(*keys)
    found = np.zeros(len(order), np.bool_)
    found[order[same]] = True
    return found


def _characters(texts: Sequence[str], places: Numbers) -> Codes:
    """The character at a place of each text."""
    return _codes("".join(map(getitem, texts, places.tolist())))


def _codes(characters: str) -> Codes:
    return np.frombuffer(characters.encode("utf-32-le", "surrogatepass"), np.uint32)


def _kinds(codes: Codes) -> Kinds:
    """Of each character `_SPACE` for white space, `_IN_WORDS` for a letter or digit."""
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
