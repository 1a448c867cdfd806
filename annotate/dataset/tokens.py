"""The paragraphs of many articles with their tokens, as columns.

The tokens are those of `annotate.tokens.tokenize`. What it does with a character depends on that character alone,
except that adjacent word characters are one token, and that marks belong to the character before them. So it is asked
once about each character, and numpy does the rest, in a seventh of the time that `tokenize` takes for whole texts. A
property test holds the two equal.
"""

import sys
from collections.abc import Sequence
from typing import NamedTuple, TypeAlias

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from annotate.columns import Integers, document_indices
from annotate.model import Article
from annotate.tokens import tokenize

Codes: TypeAlias = npt.NDArray[np.uint32]

_UTF_32 = "utf-32-le"
_UNKNOWN, _SPACE, _WORD, _SIGN, _LETTER, _MARK = range(6)
"""Kinds of characters. `_LETTER` is a token of its own, with the marks after it. `_MARK` continues it, or a word."""
_A_LETTER, _A_MARK = "あ", "\u0301"


class Tokens(NamedTuple):
    """The tokens of a text in order, with the code points where they stand, half open."""

    words: pa.Array
    starts: Integers
    ends: Integers


class Tokenizer:
    """Tokenizes texts as `annotate.tokens.tokenize` does, and remembers the kind of each character."""

    def __init__(self) -> None:
        self._kinds = np.full(sys.maxunicode + 1, _UNKNOWN, np.uint8)

    def __call__(self, text: str) -> Tokens:
        """Return the tokens of a text."""
        codes = np.frombuffer(text.encode(_UTF_32), "<u4")
        kinds = self._kinds[codes]
        if not kinds.all():
            self._learn(np.unique(codes[kinds == _UNKNOWN]))
            kinds = self._kinds[codes]
        inside, word = kinds != _SPACE, kinds == _WORD
        if (kinds >= _LETTER).any():
            marks = kinds == _MARK
            # The last character before each that is not a mark; the first character where there is none.
            owners = np.maximum.accumulate(np.where(marks, 0, np.arange(len(kinds))))
            follows_letter = marks & (kinds[owners] == _LETTER)
            word |= marks & ~follows_letter
        else:
            follows_letter = np.zeros(len(kinds), np.bool_)
        goes_on = word[1:] & word[:-1] | follows_letter[1:]
        first, last = inside.copy(), inside.copy()
        first[1:] ^= goes_on
        last[:-1] ^= goes_on
        starts, ends = np.flatnonzero(first), np.flatnonzero(last) + 1
        return Tokens(_cut(codes[inside], ends - starts), starts, ends)

    def _learn(self, codes: Codes) -> None:
        """Learn the kind of each character."""
        self._kinds[codes] = [_find_kind(chr(code)) for code in codes.tolist()]


def _find_kind(character: str) -> int:
    """Return the kind of a character by the number of tokens that it gives next to others."""
    if not tokenize(character):
        return _SPACE
    if len(tokenize(_A_LETTER + character)) == 1:
        return _MARK
    if len(tokenize(character + character)) == 1:
        return _WORD
    return _LETTER if len(tokenize(character + _A_MARK)) == 1 else _SIGN


def _cut(codes: Codes, lengths: Integers) -> pa.Array:
    """Characters, cut one after the other into strings of so many."""
    data = np.frombuffer(codes.tobytes().decode(_UTF_32).encode(), np.uint8)
    bounds = np.concatenate([[0], np.cumsum(lengths)])
    if len(data) > len(codes):
        # Where each character begins: any other byte of UTF-8 is 10xxxxxx in binary.
        bounds = np.append(np.flatnonzero(data & 0xC0 != 0x80), len(data))[bounds]
    return pa.StringArray.from_buffers(len(lengths), pa.array(bounds, pa.int32()).buffers()[1], pa.py_buffer(data))


class Paragraphs(NamedTuple):
    """The lines of each article that have more than white space; the whole text of an article that has no such line.

    Those of article `n` are at the positions from `bounds[n]` to `bounds[n + 1]`.

    Attributes:
        bounds: Positions at which articles begin, and the number of paragraphs.
        starts: First code points, in the article's text.
        ends: Code points after the last.
        texts: The words of each paragraph.
        bases: First code point of each paragraph in the text that the tokens count.
        tokens: The tokens of all paragraphs, with offsets in one text of all paragraphs.
        token_bounds: Indices of the first token of each paragraph, and the number of tokens.
    """

    bounds: Integers
    starts: Integers
    ends: Integers
    texts: list[str]
    bases: Integers
    tokens: Tokens
    token_bounds: Integers

    def find(self, articles: Integers, offsets: Integers) -> Integers:
        """Return the paragraph at or before each offset of an article; its first one where there is none."""
        # Offsets of all articles in one row, each article as long as the longest.
        length = max(self.ends.max(initial=0), offsets.max(initial=0)) + 1
        starts = document_indices(self.bounds) * length + self.starts
        positions: Integers = np.searchsorted(starts, articles * length + offsets, "right") - 1
        return np.maximum(positions, self.bounds[articles])


def find_paragraphs(articles: Sequence[Article], tokenize: Tokenizer) -> Paragraphs:
    """Return the paragraphs of articles, with their tokens."""
    bounds, starts, texts, lines = [0], list[int](), list[str](), list[str]()
    for article in articles:
        start = 0
        for line in article.text.split("\n"):
            if line and not line.isspace():
                starts.append(start)
                texts.append(line)
                lines.append(line)
            start += len(line) + 1
        if len(starts) == bounds[-1]:
            starts.append(0)
            texts.append(article.text)
            lines.append(" " * len(article.text))
        bounds.append(len(starts))
    tokens = tokenize("\n".join(lines))
    bases = np.cumsum([0, *(len(line) + 1 for line in lines)])
    return Paragraphs(
        np.array(bounds, np.int64),
        np.array(starts, np.int64),
        np.array(starts, np.int64) + np.fromiter(map(len, texts), np.int64, len(texts)),
        texts,
        bases[:-1],
        tokens,
        np.searchsorted(tokens.starts, bases),
    )
