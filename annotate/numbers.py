"""Numbers in running text, as digits or as words."""

import re

import text_to_num

_NUMBER = re.compile(r"\d{1,3}(?:,\d{3})+(?!\d)|\d+(?:\.\d+)?")
_SCALES = {10**power for power in (3, 6, 9)}


def find_numbers(text: str, language: str) -> list[int]:
    """The whole numbers in a text, in its order: "3,000 to four thousand" gives 3000 and 4000, "2.5 million" 2500000.

    Words of quantity that are no numbers ("dozens", "a dozen") give none, nor do ordinals. Number words are read where
    the library knows the language (a two-letter code), else digits alone.
    """
    try:
        digits = text_to_num.alpha2digit(text, language, threshold=0)
    except ValueError:
        digits = text
    found: list[int] = []
    last, end = 0.0, -1
    for match in _NUMBER.finditer(digits):
        if digits[match.end() : match.end() + 2] in ("st", "nd", "rd", "th"):
            continue
        value = float(match[0].replace(",", ""))
        if found and value in _SCALES and digits[end : match.start()] == " ":
            found[-1] = int(last * value)
        else:
            found.append(int(value))
        last, end = value, match.end()
    return found
