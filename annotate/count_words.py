"""Words that count in dozens, scores and pairs, by language. Add a language, or a word, here.

The library text_to_num reads plain number words ("two hundred", "third"). It does not know these. `annotate.numbers`
multiplies: "two dozen" is 24. Write all words in lower case, with the spaces of the phrase. A hyphen in a text counts
as a space, and case does not count.
"""

from collections.abc import Mapping
from typing import NamedTuple


class CountWords(NamedTuple):
    """The count words of a language. An empty table is allowed.

    Attributes:
        numbers: Words that are a number by themselves and are never multiplied.
        units: Words that are a number by themselves, and multiply a number before them.
        bound_units: Words that multiply a number before them, and are vague without one.
        multipliers: Phrases that multiply a unit, a hundred, a thousand, a million or a billion after them.
        fractions: Phrases that take a part of such a word after them: phrase → the digits after the decimal point.
        additions: Phrases between a number and such a word: phrase → the digits after the decimal point.
        vague: Words that make a unit after them vague.
        ranges: Words between two numbers to both of which a unit belongs.
        range_pairs: The word before and the word between two such numbers.
        not_numbers: Phrases with a number word that is no number.
        measures: What follows a number that is an age or a measure, and no count of people.
        articles: Words that count one without a number: "a soldier".
    """

    numbers: Mapping[str, int] = {}
    units: Mapping[str, int] = {}
    bound_units: Mapping[str, int] = {}
    multipliers: Mapping[str, int] = {}
    fractions: Mapping[str, str] = {}
    additions: Mapping[str, str] = {}
    vague: tuple[str, ...] = ()
    ranges: tuple[str, ...] = ()
    range_pairs: tuple[tuple[str, str], ...] = ()
    not_numbers: tuple[str, ...] = ()
    measures: tuple[str, ...] = ()
    articles: tuple[str, ...] = ()


COUNT_WORDS: Mapping[str, CountWords] = {
    "en": CountWords(
        numbers={"both": 2, "a score": 20},
        units={"dozen": 12, "pair": 2, "couple": 2},
        bound_units={"dozens": 12, "score": 20, "scores": 20, "pairs": 2, "couples": 2},
        multipliers={"couple": 2, "couple of": 2},
        fractions={
            **dict.fromkeys(("half", "half a", "half of a"), "5"),
            **dict.fromkeys(("quarter", "quarter of a"), "25"),
            **dict.fromkeys(("three quarters of a", "three quarter"), "75"),
        },
        additions={"and a half": "5", "and a quarter": "25", "and three quarters": "75", "and three quarter": "75"},
        vague=("several", "few", "many", "numerous", "countless", "multiple", "dozens of", "scores of"),
        ranges=("to", "or"),
        range_pairs=(("between", "and"),),
        not_numbers=("no one",),
        measures=(
            *(
                f"-{unit}"
                for unit in (
                    "year",
                    "month",
                    "week",
                    "day",
                    "hour",
                    "minute",
                    "mile",
                    "metre",
                    "meter",
                    "storey",
                    "story",
                )
            ),
            " year old",
            " years old",
            " years of age",
        ),
        articles=("a", "an", "another"),
    ),
}
"""Two-letter code → the count words of the language."""
