"""Numbers in running text, as digits or as words."""

import re

import text_to_num

_NUMBER = re.compile(r"\d{1,3}(?:,\d{3})+(?!\d)|\d+(?:\.\d+)?")
_SCALES = {10**power for power in (3, 6, 9)}


def find_numbers(text: str, language: str) -> list[int]:
    """Find the whole numbers in a text: "3,000 to four thousand" gives 3000 and 4000, "2.5 million" gives 2500000.

    Ordinals and vague quantities ("dozens", "a dozen") are left out.

    Args:
        text: The text.
        language: A two-letter code. Number words are read if text_to_num has the language, otherwise only digits.

    Returns:
        The numbers in the order of the text.
    """
    try:
        digits = text_to_num.alpha2digit(text, language, threshold=0)
    except ValueError:
        digits = text
    numbers: list[int] = []
    last, end = 0.0, -1
    for match in _NUMBER.finditer(digits):
        if digits[match.end() : match.end() + 2] in ("st", "nd", "rd", "th"):
            continue
        value = float(match[0].replace(",", ""))
        if numbers and value in _SCALES and digits[end : match.start()] == " ":
            numbers[-1] = int(last * value)
        else:
            numbers.append(int(value))
        last, end = value, match.end()
    return numbers
