"""Where quoted words are in a text: a quote and its occurrence → offsets, and back.

Programs that cannot count characters, such as language models, name a span by its words and, where a text has these
more than once, by their occurrence: the first, the second …. Occurrences are counted within a scope, such as a
paragraph. They may overlap: the text "aaa" has "aa" twice.

A quote that the text does not have exactly may differ in white space, in the form of quotation marks and dashes, in
Unicode form, or in case. Such a quote is placed as well, and the result names the differences, so that they can be
counted.

The places of a quote are found in a sorted table of all suffixes of the text, which is made once. The time for a quote
then grows with the logarithm of the text and with the number of places. Source: Manber and Myers, "Suffix Arrays: A New
Method for On-Line String Searches" (SIAM Journal on Computing 22, 1993).
"""

import unicodedata
from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from functools import cached_property
from typing import Literal, NamedTuple

import numpy as np
import numpy.typing as npt

from annotate.offsets import is_word_character
from annotate.util.escape import quote as show_quote

ALIKE = {
    **dict.fromkeys("“”„‟«»″", '"'),
    **dict.fromkeys("‘’‚‛‹›′`´", "'"),
    **dict.fromkeys("‐‑‒–—―−", "-"),
}
"""Quotation marks and dashes → the one that stands for all of their kind."""
INVISIBLE = frozenset("\u00ad\u200b\u200c\u200d\u2060\ufeff")
"""Characters that readers do not see."""

Difference = Literal["white space", "quotation marks", "Unicode form", "case"]
"""How a quote may differ from the words in the text. Dashes count as quotation marks, and characters that are not seen
as white space."""
DIFFERENCES: tuple[Difference, ...] = ("white space", "quotation marks", "Unicode form", "case")
Reason = Literal["empty", "absent", "ambiguous", "out of range"]
"""Why a quote has no place: it has no words; the text does not have it; the text has it more than once, and no
occurrence is given; the text has it fewer times than the occurrence says."""

_Offsets = npt.NDArray[np.int64]
_REMEMBERED = 4
"""How many places are remembered at least, times the length of the text, before they are forgotten."""


class PlacedQuote(NamedTuple):
    """The place of a quote.

    Attributes:
        start: The first code point in the text.
        end: The code point after the last.
        differences: How the words there differ from the quote; empty if they are the same.
    """

    start: int
    end: int
    differences: tuple[Difference, ...] = ()


class UnplacedQuote(NamedTuple):
    """A quote without a place.

    Attributes:
        reason: Why.
        times: The number of its places in the scope.
    """

    reason: Reason
    times: int = 0

    def describe(self, quote: str, occurrence: int | None = None) -> str:
        """Say in a few words why the quote has no place."""
        if self.reason == "empty":
            return "a quote has no words"
        if self.reason == "absent":
            return f"the text does not have {show_quote(quote)}"
        times = "once" if self.times == 1 else f"{self.times:,} times"
        if self.reason == "ambiguous":
            return f"the text has {show_quote(quote)} {times}, and no occurrence is given"
        return f"the text has {show_quote(quote)} {times}, not {occurrence}"


class QuotedText:
    """A text in which quotes are placed.

    Args:
        text: The text.
        whole_words: Whether places that begin or end inside a word count only if there are no others: "he" is not in
            "the" where the scope has the word "he". In scripts without spaces, every place counts.
    """

    def __init__(self, text: str, *, whole_words: bool = True) -> None:
        self.text = text
        self._whole_words = whole_words

    def place(
        self,
        quote: str,
        occurrence: int | None = None,
        scope: tuple[int, int] | None = None,
        *,
        take_first: bool = False,
    ) -> PlacedQuote | UnplacedQuote:
        """Find the place of a quote.

        Places with exactly the words of the quote come first. Only if there are none, those that differ in white space,
        quotation marks or Unicode form count; and only if there are none of these, those that differ in case.

        Args:
            quote: The words.
            occurrence: Which of the places in the scope it is, counted from 1; None if it is the only one.
            scope: The code points `[start, end)` in which places are counted; None for the whole text.
            take_first: Whether to take the first place if there are several and no occurrence is given.

        Returns:
            The place; or why there is none.
        """
        if not quote.strip():
            return UnplacedQuote("empty")
        places = self._list_places(quote, scope or (0, len(self.text)))
        if not places:
            return UnplacedQuote("absent")
        if occurrence is None and len(places) > 1 and not take_first:
            return UnplacedQuote("ambiguous", len(places))
        index = 0 if occurrence is None else occurrence - 1
        if not 0 <= index < len(places):
            return UnplacedQuote("out of range", len(places))
        start, end = places[index]
        return PlacedQuote(start, end, list_differences(quote, self.text[start:end]))

    def find_occurrence(self, start: int, end: int, scope: tuple[int, int] | None = None) -> int | None:
        """Return the occurrence with which `place` finds a range by its words.

        Args:
            start: The first code point of the range.
            end: The code point after the last.
            scope: The code points in which places are counted; None for the whole text.

        Returns:
            The occurrence, counted from 1; None if the range has no words or is not in the scope, or if it is inside a
            word and other places are not.
        """
        quote = self.text[start:end]
        if not quote.strip():
            return None
        places = self._list_places(quote, scope or (0, len(self.text)))
        index = bisect_left(places, (start, end))
        return index + 1 if index < len(places) and places[index] == (start, end) else None

    def _list_places(self, quote: str, scope: tuple[int, int]) -> "_Places":
        for are_whole in (True, False) if self._whole_words else (False,):
            # A table is made only once a quote needs it.
            places: _Places = (
                self._exact.find(quote, scope, are_whole)
                or self._folded.find(quote, scope, are_whole)
                or self._caseless.find(quote, scope, are_whole)
            )
            if places:
                return places
        return _NOWHERE

    @cached_property
    def _inside_word(self) -> npt.NDArray[np.bool_]:
        """Whether each offset of the text is between two letters of a word; False for all if that does not matter."""
        inside = np.zeros(len(self.text) + 1, bool)
        if self._whole_words:
            is_word = np.fromiter(map(is_word_character, self.text), bool, len(self.text))
            inside[1:-1] = is_word[:-1] & is_word[1:]
        return inside

    @cached_property
    def _exact(self) -> "_PlaceTable":
        return _PlaceTable(self.text, (), self._inside_word)

    @cached_property
    def _folded(self) -> "_PlaceTable":
        return _PlaceTable(self.text, DIFFERENCES[:-1], self._inside_word)

    @cached_property
    def _caseless(self) -> "_PlaceTable":
        return _PlaceTable(self.text, DIFFERENCES, self._inside_word)


def list_differences(quote: str, words: str) -> tuple[Difference, ...]:
    """Return the differences that must be overlooked for a quote to be the same as some words.

    Args:
        quote: The quote.
        words: The words of the place that `QuotedText.place` found.
    """
    if quote == words:
        return ()

    def are_same(*kinds: Difference) -> bool:
        return _fold(quote, kinds).strip() == _fold(words, kinds).strip()

    needed = tuple(kind for kind in DIFFERENCES if not are_same(*(other for other in DIFFERENCES if other != kind)))
    # A character may differ in several ways, any of which can be overlooked.
    return needed or next(((kind,) for kind in DIFFERENCES if are_same(kind)), DIFFERENCES)


class _Places:
    """Ranges in the order of the text; a sequence of pairs."""

    def __init__(self, starts: _Offsets, ends: _Offsets) -> None:
        self.starts, self.ends = starts, ends

    def __len__(self) -> int:
        return len(self.starts)

    def __getitem__(self, index: int) -> tuple[int, int]:
        return int(self.starts[index]), int(self.ends[index])

    def within(self, start: int, end: int) -> "_Places":
        """Return those of the ranges that are in a range. Both ends of places of one quote are in order."""
        first = int(np.searchsorted(self.starts, start, "left"))
        last = max(int(np.searchsorted(self.ends, end, "right")), first)
        return _Places(self.starts[first:last], self.ends[first:last])


_NOWHERE = _Places(np.zeros(0, np.int64), np.zeros(0, np.int64))


class _PlaceTable:
    """Finds all places of a quote in a text in which some differences are overlooked.

    Args:
        text: The text.
        kinds: The differences.
        inside_word: Whether each offset of the text is inside a word.
    """

    def __init__(self, text: str, kinds: tuple[Difference, ...], inside_word: npt.NDArray[np.bool_]) -> None:
        self._kinds, self._inside_word = kinds, inside_word
        units = list(_list_units(text, kinds))
        self._text = "".join(letters for letters, _, _ in units)
        lengths = [len(letters) for letters, _, _ in units]
        self._starts = np.repeat(np.array([start for _, start, _ in units], np.int64), lengths)
        self._ends = np.repeat(np.array([end for _, _, end in units], np.int64), lengths)
        self._places: dict[str, tuple[_Places, _Places]] = {}
        self._remembered = 0

    @cached_property
    def _suffixes(self) -> _Offsets:
        return sort_suffixes(self._text)

    def find(self, quote: str, scope: tuple[int, int], are_whole: bool) -> _Places:
        """Return the places of a quote in a scope; with `are_whole`, those that begin and end no word inside."""
        folded = _fold(quote, self._kinds)
        folded = folded.strip() if self._kinds else folded
        if not folded:
            return _NOWHERE
        if folded not in self._places:
            if self._remembered > _REMEMBERED * len(self._text):
                self._places.clear()
                self._remembered = 0
            self._places[folded] = self._find_all(folded)
            self._remembered += len(self._places[folded][0])
        return self._places[folded][are_whole].within(*scope)

    def _find_all(self, folded: str) -> tuple[_Places, _Places]:
        """Return all places of a folded quote, and those of whole words."""

        def prefix(offset: int) -> str:
            return self._text[offset : offset + len(folded)]

        first = bisect_left(self._suffixes, folded, key=prefix)
        last = bisect_right(self._suffixes, folded, lo=first, key=prefix)
        firsts = np.sort(self._suffixes[first:last])
        lasts = firsts + len(folded) - 1
        # A place begins and ends with a character of the text, of which folding may have made several.
        is_cut = (firsts > 0) & (self._starts[firsts - 1] == self._starts[firsts])
        is_cut |= (lasts + 1 < len(self._text)) & (
            self._ends[np.minimum(lasts + 1, len(self._text) - 1)] == self._ends[lasts]
        )
        starts, ends = self._starts[firsts[~is_cut]], self._ends[lasts[~is_cut]]
        is_whole = ~(self._inside_word[starts] | self._inside_word[ends])
        return _Places(starts, ends), _Places(starts[is_whole], ends[is_whole])


def sort_suffixes(text: str) -> _Offsets:
    """Return the offsets of all suffixes of a text in the order of the suffixes.

    Prefixes of twice the length are sorted in each step, by the ranks of their halves. The time is O(n log n) for each
    of at most log n steps; a text whose longest repeated passage has m characters takes log m.

    Args:
        text: The text.

    Returns:
        Code points, in an array as long as the text.
    """
    length, width = len(text), 1
    codes = np.frombuffer(text.encode("utf-32-le", "surrogatepass"), "<u4")
    ranks = np.unique(codes, return_inverse=True)[1].astype(np.int64)
    while True:
        following = np.zeros(length, np.int64)
        following[: max(length - width, 0)] = ranks[width:] + 1
        order, ranks = np.unique(ranks * (length + 1) + following, return_inverse=True)
        if len(order) == length:
            return np.argsort(ranks)
        width *= 2


def _fold(text: str, kinds: tuple[Difference, ...]) -> str:
    return "".join(letters for letters, _, _ in _list_units(text, kinds))


def _list_units(text: str, kinds: tuple[Difference, ...]) -> Iterator[tuple[str, int, int]]:
    """Yield the units of a text, as they are if differences are overlooked, and the code points `[start, end)` of each.

    A run of white space is one unit, and so is a character with the marks that combine with it.
    """
    if not kinds:
        yield from ((letter, offset, offset + 1) for offset, letter in enumerate(text))
        return
    space: tuple[int, int] | None = None
    for cluster, start in _list_clusters(text, "Unicode form" in kinds):
        end = start + len(cluster)
        if "white space" in kinds:
            cluster = "".join(letter for letter in cluster if letter not in INVISIBLE)
            if cluster.isspace():
                space = (space[0] if space else start, end)
                continue
        if space and cluster:
            yield " ", *space
            space = None
        if "Unicode form" in kinds:
            cluster = unicodedata.normalize("NFC", cluster)
        if "quotation marks" in kinds:
            cluster = "".join(ALIKE.get(letter, letter) for letter in cluster)
        if "case" in kinds:
            cluster = unicodedata.normalize("NFC", cluster.casefold())
        if cluster:
            yield cluster, start, end
    if space:
        yield " ", *space


def _list_clusters(text: str, has_forms: bool) -> Iterator[tuple[str, int]]:
    """Yield the characters of a text and their offsets, each with the marks that normal form may combine with it."""
    if not has_forms or unicodedata.is_normalized("NFC", text):
        yield from zip(text, range(len(text)), strict=True)
        return
    import regex

    # Two indicators of regions make a flag, so that `\X` goes back over all before each; here, each is a character.
    for match in regex.finditer(r"(?s)[\U0001f1e6-\U0001f1ff](?=[\U0001f1e6-\U0001f1ff])|\X", text):
        cluster = match[0]
        if unicodedata.is_normalized("NFC", cluster):
            yield from zip(cluster, range(match.start(), match.end()), strict=True)
        else:
            yield cluster, match.start()
