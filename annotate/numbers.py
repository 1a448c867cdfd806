"""Numbers in running text, as digits or as words."""

import re
from collections.abc import Iterator

import text_to_num

LARGEST = (1 << 63) - 1
"""The largest number that an annotation can have. A larger one in a text is left out."""
_MOST_DIGITS = 19
_LONGEST_WORDS = 10_000
"""Characters of a text in which number words are read. text_to_num takes quadratic time, and a count has few words."""

_NUMBER = re.compile(r"\d{1,3}(?:,\d{3})+(?!\d)|(?P<whole>\d++)(?:\.(?P<part>\d++))?")
_SCALES = {10**power for power in (3, 6, 9)}
_ORDINAL_ENDS = ("st", "nd", "rd", "th")


def find_numbers(text: str, language: str) -> list[int]:
    """Find the whole numbers in a text: "3,000 to four thousand" gives 3000 and 4000, "2.5 million" gives 2500000.

    Ordinals and vague quantities ("dozens", "a dozen") are left out, as are numbers above `LARGEST`. Numbers are exact,
    and what follows the decimal point of the result is dropped.

    Args:
        text: The text. In one of more than 10,000 characters, only digits are read.
        language: A two-letter code. Number words are read if text_to_num has the language, otherwise only digits.

    Returns:
        The numbers in the order of the text.
    """
    return [number for number in _read_numbers(_replace_words(text, language)) if number <= LARGEST]


def _replace_words(text: str, language: str) -> str:
    if len(text) > _LONGEST_WORDS:
        return text
    try:
        return str(text_to_num.alpha2digit(text, language, threshold=0))
    except ValueError:
        return text


def _read_numbers(digits: str) -> Iterator[int]:
    """Yield the numbers, each with the word for thousand, million or billion after it, which is a number here."""
    pending: tuple[str, str] | None = None
    end = -1
    for match in _NUMBER.finditer(digits):
        if digits.startswith(_ORDINAL_ENDS, match.end()):
            continue
        whole, part = (match["whole"] or match[0].replace(",", "")).lstrip("0"), match["part"] or ""
        scale = _to_int(whole, "")
        if pending and scale in _SCALES and not part and digits[end : match.start()] == " ":
            yield _to_int(*pending, zeros=len(whole) - 1)
            pending = None
        else:
            if pending:
                yield _to_int(*pending)
            pending = whole, part
        end = match.end()
    if pending:
        yield _to_int(*pending)


def _to_int(whole: str, part: str, zeros: int = 0) -> int:
    """Return a decimal number times a power of ten, rounded down; one of too many digits is above `LARGEST`."""
    if len(whole) + zeros > _MOST_DIGITS and whole:
        return LARGEST + 1
    return int((whole + part[:zeros].ljust(zeros, "0")) or "0")
