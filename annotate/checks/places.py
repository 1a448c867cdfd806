"""Where the spans of many documents stand in their texts, looked at all at once."""

from collections.abc import Callable, Sequence
from operator import ne
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from annotate.columns import Numbers, Spans, owners

Mask: TypeAlias = npt.NDArray[np.bool_]

_LINE_END = ord("\n")


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
    words = [text[start:end] for start, end in zip(starts.tolist(), ends.tolist(), strict=True)]
    codes = np.frombuffer(text.encode("utf-32-le", "surrogatepass"), np.uint32)
    before, first, last, behind = codes[starts - 1], codes[starts], codes[ends - 1], codes[ends]
    lines = np.flatnonzero(codes == _LINE_END)
    faulty: Mask = (
        outside
        | np.fromiter(map(ne, words, spans.texts), np.bool_, len(words))
        | _are(str.isspace, first)
        | _are(str.isspace, last)
        | (_are(str.isalnum, before) & _are(str.isalnum, first))
        | (_are(str.isalnum, last) & _are(str.isalnum, behind))
        | (np.searchsorted(lines, starts) != np.searchsorted(lines, ends))
        | twice(owner, spans.starts, spans.ends, spans.labels)
    )
    return faulty


def twice(*keys: Numbers) -> Mask:
    """The places at which the values of all keys are those of another place."""
    order = np.lexsort(keys)
    same = np.logical_and.reduce([key[order][1:] == key[order][:-1] for key in keys])
    found = np.zeros(len(order), np.bool_)
    found[order[1:]] = same
    return found


def _are(kind: Callable[[str], bool], codes: npt.NDArray[np.uint32]) -> Mask:
    """Which characters are of a kind; each different one is looked at once."""
    known, places = np.unique(codes, return_inverse=True)
    return np.array([kind(chr(code)) for code in known.tolist()], np.bool_)[places]
