"""Tokens, and the BIO tags that say which tokens are a span.

There is one definition of a token: the table `tokens` of the dataset, alpha over tokens and the CoNLL export share it.
The table is built by `annotate.dataset.tokens.Tokenizer`, which learns what `tokenize` does with each character and
applies it with numpy to a whole batch, in a seventh of the time; a property test holds the two equal.

Tags are written as IOB2: B begins a span, I continues it, O is outside of any. Source: Tjong Kim Sang, "Introduction to
the CoNLL-2002 Shared Task: Language-Independent Named Entity Recognition" (CoNLL 2002). IOB1, BIOES, BILOU and BMES are
read as well. Source: Ratinov and Roth, "Design Challenges and Misconceptions in Named Entity Recognition" (CoNLL 2009).
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from typing import NamedTuple

from annotate.scripts import FIRST_MARK, LAST_MARK, combining_marks, letter_without_spaces, letters_without_spaces

OUTSIDE = "O"
_BEGINNING, _INSIDE, _LAST, _SINGLE = "B", "IM", "EL", "SU"
_PREFIXES = frozenset(_BEGINNING + _INSIDE + _LAST + _SINGLE)
_CONTINUING = frozenset(_INSIDE + _LAST)
_ENDING = frozenset(_LAST + _SINGLE)
_SHOWN = 60
"""Characters of a token that a message shows."""


class TokenSpan(NamedTuple):
    """A labelled span of the tokens `[start, end)`, by their indices."""

    label: str
    start: int
    end: int


class TokenMismatch(ValueError):  # noqa: N818 - the name says what is wrong
    """Tokens or tags that do not fit.

    Attributes:
        index: The index of the first token that does not fit, or the number of tokens if there are too few.
    """

    def __init__(self, index: int, problem: str) -> None:
        super().__init__(problem)
        self.index = index


def tokenize(text: str) -> list[tuple[int, int]]:
    """Split a text into words and single characters.

    A word is a run of letters, digits and combining marks (Unicode categories L, N and M, as this Python's `re` and
    `unicodedata` have them). In a script without spaces, words cannot be told apart: there, each letter is a token,
    with the combining marks after it; digits are still words. Any other character that is not white space is a token
    by itself, also an underscore.

    Args:
        text: The text of an article.

    Returns:
        The code points `[start, end)` of each token, in order.
    """
    return [match.span() for match in _token_pattern().finditer(text)]


def list_words(text: str) -> list[str]:
    """Return the tokens of a text that have a letter, a digit or a combining mark."""
    return _word_pattern().findall(text)


def is_letter_without_spaces(word: str) -> bool:
    """Return whether a token is a letter of a script without spaces, and not a word."""
    return letter_without_spaces().match(word) is not None


@cache
def _token_pattern() -> re.Pattern[str]:
    return re.compile(rf"{_word_pattern().pattern}|\S")


@cache
def _word_pattern() -> re.Pattern[str]:
    letters, continuing = letters_without_spaces()
    # The look-ahead rules out most characters before the hundred ranges are searched.
    is_high, marks = f"(?=[{chr(FIRST_MARK)}-{chr(LAST_MARK)}])", combining_marks()
    return re.compile(rf"[{letters}](?:{is_high}[{marks}{continuing}])*|(?:[^\W_{letters}]++|{is_high}[{marks}])+")


def list_tags(labels: Iterable[str]) -> list[str]:
    """Return the BIO tags of some labels; O has index 0, a label's B an odd index, its I the next."""
    return [OUTSIDE, *(f"{prefix}-{label}" for label in labels for prefix in "BI")]


def is_tag(tag: str) -> bool:
    """Return whether it is O, or a prefix of IOB, BIOES, BILOU or BMES with a label."""
    prefix, _, label = tag.partition("-")
    return tag == OUTSIDE or (prefix in _PREFIXES and bool(label))


def find_tagged_spans(tags: Sequence[str]) -> Iterator[TokenSpan]:
    """Yield the spans of a sequence of tags in IOB1, IOB2, BIOES, BILOU or BMES.

    B begins a span. I (or M) and E (or L) continue one of their label, and begin one if there is none. E (or L) and S
    (or U) end it.

    Args:
        tags: One tag a token.

    Raises:
        TokenMismatch: For what is not a tag.
    """
    span_label, start = "", 0
    for index, tag in enumerate([*tags, OUTSIDE]):
        prefix, _, label = tag.partition("-")
        if not is_tag(tag):
            raise TokenMismatch(index, f"{tag[:_SHOWN]!r} is not a BIO tag")
        if span_label and (prefix not in _CONTINUING or label != span_label):
            yield TokenSpan(span_label, start, index)
            span_label = ""
        if label and not span_label:
            span_label, start = label, index
        if prefix in _ENDING:
            yield TokenSpan(span_label, start, index + 1)
            span_label = ""


def align_words(text: str, words: Iterable[str]) -> list[tuple[int, int]]:
    """Find the words of any tokenizer in the text that they were cut from.

    Args:
        text: The text of an article.
        words: All its words, in order and unchanged; only white space may lie between them.

    Returns:
        The code points `[start, end)` of each word.

    Raises:
        TokenMismatch: For a word that the text does not have there, and where the text goes on after the last word.
    """
    ranges: list[tuple[int, int]] = []
    position = 0
    for index, word in enumerate(words):
        position = _skip_space(text, position)
        if not word or not text.startswith(word, position):
            actual = text[position : position + max(len(word), 1)]
            problem = f"the text has {actual[:_SHOWN]!r} at {position}, not the token {word[:_SHOWN]!r}"
            raise TokenMismatch(index, problem)
        ranges.append((position, position + len(word)))
        position += len(word)
    position = _skip_space(text, position)
    if position < len(text):
        rest = text[position : position + 20]
        problem = f"{len(ranges)} tokens, and the text continues at {position} with {rest[:_SHOWN]!r}"
        raise TokenMismatch(len(ranges), problem)
    return ranges


def _skip_space(text: str, position: int) -> int:
    while position < len(text) and text[position].isspace():
        position += 1
    return position
