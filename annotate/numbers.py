"""Numbers in running text, as digits or as words."""

import functools
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TypeVar

import text_to_num

from annotate.count_words import COUNT_WORDS, CountWords

LARGEST = (1 << 63) - 1
"""The largest number that an annotation can have. A larger one in a text is left out."""
_MOST_DIGITS = 19
_LONGEST_WORDS = 10_000
"""Characters of a text in which number words are read. text_to_num takes quadratic time, and a count has few words."""

_DIGITS = r"(?P<digits>\d{1,3}(?:,\d{3})+(?!\d)|(?P<whole>\d++)(?:\.(?P<part>\d++))?)"
_SCALES = {10**power for power in (3, 6, 9)}
_SCALE = r"(?:100|1(?:000){1,3})(?!\w|[.,]\d)"
"""The word for a hundred, thousand, million or billion, as text_to_num writes it."""
_ORDINAL_ENDS = ("st", "nd", "rd", "th")
_DASHES = ("-", "–")
_LONGEST_BEFORE = 20
"""Characters before a number in which the first word of a range such as "between" is looked for."""


def find_numbers(text: str, language: str) -> list[int]:
    """Find the whole numbers in a text: "3,000 to four thousand" gives 3000 and 4000, "2.5 million" gives 2500000.

    Count words multiply: "two dozen" gives 24, "half a million" 500000, "two to three dozen" 24 and 36. The table
    `annotate.count_words` lists them by language. Ordinals are left out, as are vague count words ("dozens", "several
    dozen"), ages and measures ("a 15-year-old boy") and numbers above `LARGEST`. Numbers are exact, and what follows
    the decimal point of the result is dropped.

    Args:
        text: The text. In one of more than 10,000 characters, only digits are read.
        language: A two-letter code. Number words are read if text_to_num has the language, and count words if the table
            has it, otherwise only digits.

    Returns:
        The numbers in the order of the text.
    """
    reader = _make_reader("" if len(text) > _LONGEST_WORDS or language not in COUNT_WORDS else language)
    digits = text if len(text) > _LONGEST_WORDS else _replace_words(reader.separate_words(text), language)
    return [number for amount in reader.read(digits) if (number := amount.to_int()) <= LARGEST]


def counts_one(text: str, language: str) -> bool:
    """Return whether a word of a text counts one without a number: "a soldier and two guards"."""
    words = COUNT_WORDS.get(language)
    return words is not None and not set(words.articles).isdisjoint(text.lower().split())


def _replace_words(text: str, language: str) -> str:
    try:
        return str(text_to_num.alpha2digit(text, language, threshold=0))
    except ValueError:
        return text


@dataclass
class _Amount:
    """A number whose multipliers may still follow.

    Attributes:
        start: Where it starts.
        end: Where it ends.
        whole: The digits before the decimal point, without leading zeros.
        part: The digits after the decimal point.
        factor: What the digits are multiplied by.
        is_open: Whether it is a phrase that the next word completes.
        can_scale: Whether a thousand, million or billion after it multiplies it.
        can_count: Whether a count word after it multiplies it.
        range_start: The number before it, to which its count word belongs as well.
    """

    start: int
    end: int
    whole: str
    part: str = ""
    factor: int = 1
    is_open: bool = False
    can_scale: bool = True
    can_count: bool = True
    range_start: "_Amount | None" = None

    def multiply(self, factor: int, end: int) -> None:
        """Multiply by a word that ends at `end`."""
        self.factor, self.end, self.is_open = self.factor * factor, end, False

    def to_int(self) -> int:
        """Return the number, rounded down; one of too many digits is above `LARGEST`."""
        if len(self.whole) > _MOST_DIGITS:
            return LARGEST + 1
        part = self.part[:_MOST_DIGITS]
        power: int = 10 ** len(part)
        return int((self.whole + part) or "0") * self.factor // power


class _NumberReader:
    """Reads the numbers of a text in which text_to_num has replaced the number words of a language."""

    def __init__(self, words: CountWords, language: str) -> None:
        self._multipliers = _replace_keys(words.multipliers, language)
        self._fractions = _replace_keys(words.fractions, language)
        self._additions = _replace_keys(words.additions, language)
        self._numbers = _replace_keys(words.numbers, language)
        self._units = _replace_keys({**words.units, **words.bound_units}, language)
        self._bound_units = frozenset(words.bound_units)
        self._ranges = frozenset((*words.ranges, *_DASHES))
        self._range_pairs, self._measures = words.range_pairs, words.measures
        unit = rf"{_match_any(self._units)}(?!['’]s)"
        word_after = rf"[\s-]+(?={unit}|{_SCALE})"
        not_numbers = [_replace_words(phrase, language) for phrase in words.not_numbers]
        self._pattern = re.compile(
            rf"(?P<ignored>{_match_any(words.vague)}[\s-]+{unit}|{_match_any(not_numbers)}(?![.,]\d))"
            rf"|(?P<multiplier>{_match_any(self._multipliers)}){word_after}"
            rf"|(?P<addition>{_match_any(self._additions)}){word_after}"
            rf"|(?P<fraction>{_match_any(self._fractions)}){word_after}"
            rf"|(?P<number>{_match_any(self._numbers)})"
            rf"|(?P<unit>{unit})"
            rf"|{_DIGITS}",
            re.IGNORECASE,
        )
        phrases = [phrase for phrase in (*words.fractions, *words.additions, *words.not_numbers) if " " in phrase]
        self._hyphened = re.compile(
            rf"-(?={_match_any(self._units)})|{_match_any(phrases)}-?|{_match_any(words.fractions)}-", re.IGNORECASE
        )

    def separate_words(self, text: str) -> str:
        """Replace the hyphens of count words with spaces: text_to_num reads no number in "two-dozen"."""
        return self._hyphened.sub(lambda match: match[0].replace("-", " "), text)

    def read(self, digits: str) -> list[_Amount]:
        """Return the numbers in the order of the text."""
        amounts = list[_Amount]()
        for match in self._pattern.finditer(digits):
            if match["digits"]:
                if not digits.startswith((*_ORDINAL_ENDS, *self._measures), match.end()):
                    self._read_digits(digits, match, amounts)
            elif not match["ignored"]:
                self._read_word(digits, match, amounts)
        return amounts

    def _read_digits(self, digits: str, match: re.Match[str], amounts: list[_Amount]) -> None:
        whole, part = (match["whole"] or match[0].replace(",", "")).lstrip("0"), match["part"] or ""
        last = amounts[-1] if amounts else None
        gap = digits[last.end : match.start()] if last else ""
        if last and last.can_scale and not part and gap == ("" if last.is_open else " "):
            scale = int(whole) if len(whole) <= _MOST_DIGITS and whole else 0
            if scale in _SCALES or last.is_open:
                last.multiply(scale, match.end())
                last.can_scale = False
                return
        amount = _Amount(match.start(), match.end(), whole, part)
        if last and last.can_count and last.can_scale and self._is_range(digits, last, gap):
            amount.range_start = last
        amounts.append(amount)

    def _is_range(self, digits: str, first: _Amount, gap: str) -> bool:
        """Return whether the words between two numbers, and before them, make a range of the two."""
        between = gap.strip().lower()
        if between in self._ranges:
            return True
        before = digits[max(first.start - _LONGEST_BEFORE, 0) : first.start].rstrip().lower()
        return any(between == word and before.endswith(start) for start, word in self._range_pairs)

    def _read_word(self, digits: str, match: re.Match[str], amounts: list[_Amount]) -> None:
        start, end, kind = match.start(), match.end(), match.lastgroup
        phrase = _normalize(match[kind or 0])
        last = amounts[-1] if amounts else None
        gap = digits[last.end : start] if last else ""
        if kind == "number":
            amounts.append(_Amount(start, end, str(self._numbers[phrase]), can_scale=False, can_count=False))
        elif kind == "multiplier":
            amounts.append(_Amount(start, end, str(self._multipliers[phrase]), is_open=True))
        elif kind == "fraction":
            amounts.append(_Amount(start, end, "", self._fractions[phrase], is_open=True))
        elif kind == "addition":
            if last and gap.isspace() and last.can_scale and last.can_count and not last.part:
                last.part, last.end, last.is_open = self._additions[phrase], end, True
            else:
                amounts.append(_Amount(start, end, "", self._additions[phrase], is_open=True))
        elif last and last.can_count and (not gap if last.is_open else gap.isspace()):
            if last.range_start and last.range_start.to_int() < last.to_int():
                last.range_start.multiply(self._units[phrase], last.range_start.end)
            last.multiply(self._units[phrase], end)
            last.can_count = False
        elif phrase not in self._bound_units:
            amounts.append(_Amount(start, end, "1", factor=self._units[phrase], can_count=False))


_Value = TypeVar("_Value")


def _replace_keys(table: Mapping[str, _Value], language: str) -> dict[str, _Value]:
    """Return a table whose phrases are as they are in a text after `_replace_words`."""
    return {_replace_words(phrase, language): value for phrase, value in table.items()}


def _match_any(phrases: Iterable[str]) -> str:
    """Return an expression for phrases as whole words, the longest first; without one it matches nothing."""
    patterns = (r"[\s-]+".join(map(re.escape, phrase.split())) for phrase in sorted(phrases, key=len, reverse=True))
    return rf"\b(?:{'|'.join(patterns) or '(?!)'})\b"


def _normalize(phrase: str) -> str:
    return " ".join(phrase.lower().replace("-", " ").split())


@functools.cache
def _make_reader(language: str) -> _NumberReader:
    """Return the reader of a language; that of one without count words reads digits only."""
    return _NumberReader(COUNT_WORDS.get(language, CountWords()), language)
