"""Scripts that are written without spaces between words, and the characters that continue another one."""

import unicodedata
from collections.abc import Iterable
from functools import cache
from itertools import groupby
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import regex

_LETTERS = (range(0xE01, 0xD800), range(0xE000, 0x40000))
"""Code points that may be letters without spaces. Surrogates, which are no characters, are between."""
FIRST_MARK, LAST_MARK = 0x300, 0xE01EF
# The planes between have no combining marks, and a million code points.
_MARK_PLANES = (range(FIRST_MARK, 0x20000), range(0xE0100, LAST_MARK + 1))


@cache
def letter_without_spaces() -> "regex.Pattern[str]":
    """Return a pattern for one letter of a script that does not separate words by spaces.

    Chinese, Japanese, Thai, Lao, Khmer and Burmese, among others, have no spaces between words. Their letters are
    those before and after which a line may end without a space. Source: the property Line_Break, Unicode Standard Annex
    #14, "Unicode Line Breaking Algorithm". Wide Latin and Hangul letters may end a line as well, and still form words.
    Tibetan has a sign after each syllable, and none after a word.
    """
    import regex

    breaking = "".join(rf"\p{{Line_Break={name}}}" for name in ("SA", "ID", "CJ", "NS", "AK", "AS"))
    # Some small Katakana letters do not begin a line.
    breaking += r"\p{Word_Break=Katakana}\p{Tibetan}"
    return regex.compile(rf"[[\p{{L}}\p{{Nl}}]&&[{breaking}]--[\p{{Latin}}\p{{Hangul}}]]", regex.VERSION1)


@cache
def letters_without_spaces() -> tuple[str, str]:
    """Return the letters of scripts without spaces, as ranges of a character class of `re`.

    Returns:
        The letters that begin a character as a reader sees it, and those that continue one as a combining mark does,
        such as the Thai vowel AM and the voiced sound mark of half-width Katakana. Source: the property
        Grapheme_Cluster_Break, Unicode Standard Annex #29, "Unicode Text Segmentation".
    """
    import regex

    characters = "".join(chr(code) for codes in _LETTERS for code in codes)
    letters = letter_without_spaces().pattern
    extending = r"[\p{GCB=Extend}\p{GCB=SpacingMark}]"

    def find_ranges(operator: str) -> str:
        pattern = regex.compile(f"[{letters}{operator}{extending}]", regex.VERSION1)
        return _join_ranges(pattern.findall(characters))

    return find_ranges("--"), find_ranges("&&")


@cache
def combining_marks() -> str:
    """Return the combining marks of all scripts, as ranges of a character class of `re`."""
    characters = (chr(code) for plane in _MARK_PLANES for code in plane)
    return _join_ranges(character for character in characters if unicodedata.category(character).startswith("M"))


def _join_ranges(characters: Iterable[str]) -> str:
    """Return characters, in the order of their code points, as ranges."""
    runs = groupby(enumerate(map(ord, characters)), lambda pair: pair[1] - pair[0])
    codes = [[code for _, code in run] for _, run in runs]
    return "".join(f"{chr(run[0])}-{chr(run[-1])}" for run in codes)
