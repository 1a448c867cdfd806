"""Where the spans of many documents stand in their texts, looked at all at once."""

from collections.abc import Sequence
from functools import cache
from itertools import repeat
from operator import contains, getitem
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from annotate.columns import Mask, Numbers, Spans, ordered, owners

Kinds: TypeAlias = npt.NDArray[np.uint8]

_SPACE, _IN_WORDS = 1, 2
_TABLED = 0x3000


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
    same = np.fromiter(map(str.startswith, held, spans.texts, starts.tolist()), np.bool_, len(held))
    same &= np.fromiter(map(len, spans.texts), np.int64, len(held)) == spans.ends - spans.starts
    # Before and behind a text there is no word.
    before = np.where(starts > 0, _kinds(held, starts - 1), 0)
    behind = np.where(ends < sizes, _kinds(held, np.minimum(ends, sizes - 1)), 0)
    first, last = _kinds(held, starts), _kinds(held, ends - 1)
    faulty: Mask = (
        outside
        | ~same
        | ((first | last) & _SPACE > 0)
        | ((before & first | last & behind) & _IN_WORDS > 0)
        | np.fromiter(map(contains, spans.texts, repeat("\n")), np.bool_, len(held))
        | twice(owner, spans.starts, spans.ends, spans.labels)
    )
    return faulty


def twice(*keys: Numbers) -> Mask:
    """The places at which the values of all keys are those of a place before."""
    order, same = ordered(*keys)
    found = np.zeros(len(order), np.bool_)
    found[order[same]] = True
    return found


def _kinds(texts: Sequence[str], places: Numbers) -> Kinds:
    """For the character at a place of each text, `_SPACE` for white space, `_IN_WORDS` for a letter or digit."""
    characters = "".join(map(getitem, texts, places.tolist()))
    codes = np.frombuffer(characters.encode("utf-32-le", "surrogatepass"), np.uint32)
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
