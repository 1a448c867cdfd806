"""Numbers in texts are exact, and those that no annotation can hold are left out."""

import re
import time

import pytest
import text_to_num
from hypothesis import given
from hypothesis import strategies as st

from annotate.count_words import COUNT_WORDS
from annotate.numbers import LARGEST, find_numbers
from tests.conftest import Project


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ("3,000 to four thousand", [3000, 4000]),
        ("2.5 million", [2_500_000]),
        ("4.1 million", [4_100_000]),
        ("16.1 million", [16_100_000]),
        ("1.9999999 million", [1_999_999]),
        ("0.5 thousand", [500]),
        ("9007199254740993", [9007199254740993]),
        ("9,223,372,036,854,775,807", [LARGEST]),
        ("9223372036854775808 and 5", [5]),
        ("1" * 400 + " dead, 3 hurt", [3]),
        ("1" * 5_000, []),
        ("0" * 400 + "7", [7]),
        ("9" * 19 + " million", []),
        ("0.0", [0]),
        ("1." + "9" * 5_000, [1]),
        ("1st, 22nd and 3", [3]),
        ("2,5000", [2, 5000]),
        ("1,234,5678", [1234, 5678]),
        ("5 1000", [5000]),
        ("", []),
    ],
)
def test_numbers_are_exact_or_left_out(text: str, numbers: list[int]) -> None:
    assert find_numbers(text, "en") == numbers


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ("a dozen", [12]),
        ("A dozen or so", [12]),
        ("two dozen", [24]),
        ("Two-dozen", [24]),
        ("two\u00a0dozen", [24]),
        ("a two-dozen-strong unit", [24]),
        ("three dozens", [36]),
        ("twenty-four dozen", [288]),
        ("1.5 dozen", [18]),
        ("two and a half dozen", [30]),
        ("2 million dozen", [24_000_000]),
        ("a dozen thousand", [12_000]),
        ("half a dozen", [6]),
        ("half-dozen", [6]),
        ("half-a-dozen", [6]),
        ("a half-dozen, and 7", [6, 7]),
        ("half a million", [500_000]),
        ("half-million", [500_000]),
        ("one and a half million", [1_500_000]),
        ("a quarter of a million", [250_000]),
        ("three-quarters of a million", [750_000]),
        ("two to three dozen", [24, 36]),
        ("2–3 dozen", [24, 36]),
        ("between two and three dozen", [24, 36]),
        ("two killed and three dozen hurt", [2, 36]),
        ("ten to two dozen", [10, 24]),
        ("three score", [60]),
        ("a score", [20]),
        ("a pair of brothers", [2]),
        ("two pairs", [4]),
        ("a couple", [2]),
        ("a couple of dozen", [24]),
        ("a couple of hundred", [200]),
        ("both brothers and three others", [2, 3]),
        ("both dozen", [2, 12]),
        ("12, dozen", [12, 12]),
        ("2nd dozen", [12]),
        ("9" * 19 + " dozen", []),
    ],
)
def test_count_words_multiply(text: str, numbers: list[int]) -> None:
    assert find_numbers(text, "en") == numbers


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ("A 15-year-old player was killed", []),
        ("a three-year-old child", []),
        ("two 15-year-olds", [2]),
        ("a boy 15 years old and 3 others", [3]),
        ("30-day siege killed 7", [7]),
        ("a 20-strong unit", [20]),
    ],
)
def test_ages_and_measures_are_no_counts(text: str, numbers: list[int]) -> None:
    assert find_numbers(text, "en") == numbers


@pytest.mark.parametrize(
    "text",
    [
        *("dozens", "several dozen", "a few dozen", "scores of people", "score", "pairs", "the couple's son"),
        *("none", "nobody", "No one", "no-one", "a third person", "the fifth victim", "half a hundredth", ""),
    ],
)
def test_vague_words_and_ordinals_give_no_number(text: str) -> None:
    assert find_numbers(text, "en") == []


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ("15 fighters, including one woman", [15, 1]),
        ("a hundred", [100]),
        ("hundred", [100]),
        ("a thousand", [1000]),
        ("one in five", [1, 5]),
        ("two and a half", [2]),
        ("half of the 30", [30]),
        ("no 1,000 men", [1000]),
    ],
)
def test_other_number_words_are_read_as_before(text: str, numbers: list[int]) -> None:
    assert find_numbers(text, "en") == numbers


def test_a_language_without_a_table_reads_no_count_words() -> None:
    assert "de" not in COUNT_WORDS
    assert find_numbers("2 dozen and zwei", "de") == [2, 2]


_PLAIN_WORDS = (
    *("one", "two", "twelve", "twenty", "twenty-four", "hundred", "hundreds", "thousand", "million", "a", "and", "to"),
    *("or", "between", "third", "5", "1,000", "1000", "2.5", "22nd", "people", ",", "–", "1000000"),
)


@given(st.lists(st.tuples(st.sampled_from(_PLAIN_WORDS), st.sampled_from((" ", "-", ""))), max_size=12))
def test_texts_without_count_words_are_read_by_the_library_alone(parts: list[tuple[str, str]]) -> None:
    text = "".join(word + gap for word, gap in parts)
    replaced = text_to_num.alpha2digit(text, "en", threshold=0)
    assert find_numbers(text, "en") == find_numbers(replaced, "xx")


@given(st.integers(0, LARGEST // 12))
def test_a_dozen_is_exact(number: int) -> None:
    assert find_numbers(f"{number:,} dozen people", "en") == [number * 12]
    assert find_numbers(f"{number} and a half dozen", "en") == [n for n in [number * 12 + 6] if n <= LARGEST]


@given(st.text(max_size=40), st.sampled_from(sorted(COUNT_WORDS["en"].fractions)), st.text(max_size=40))
def test_any_text_around_a_count_word_is_read(before: str, phrase: str, after: str) -> None:
    for text in (f"{before} {phrase} dozen {after}", f"{before}{phrase}-dozen{after}"):
        assert all(0 <= number <= LARGEST for number in find_numbers(text, "en"))


@pytest.mark.parametrize("language", sorted(COUNT_WORDS))
def test_words_of_the_table_are_as_they_are_looked_up(language: str) -> None:
    for table in COUNT_WORDS[language]._replace(range_pairs=(), measures=()):
        for phrase in table:
            assert re.fullmatch(r"[^\W\d_]+(?: [^\W\d_]+)*", str(phrase)), phrase
            assert phrase == str(phrase).lower()


@given(st.integers(0, LARGEST), st.sampled_from([1, 10**3, 10**6, 10**9]))
def test_any_number_is_found_as_it_is(number: int, scale: int) -> None:
    word = {1: "", 10**3: " thousand", 10**6: " million", 10**9: " billion"}[scale]
    expected = [number * scale] if number * scale <= LARGEST else []
    assert find_numbers(f"{number:,}{word} people", "en") == expected


@pytest.mark.parametrize(
    "unit",
    [
        *("9", "one ", "hundred ", "million ", "1,111,", "twenty-one-", "1 ", "1.", "1,", "a", " ", "2.5 million "),
        *(
            "dozen ",
            "two dozen ",
            "half a ",
            "half-",
            "couple of ",
            "and a half ",
            "several ",
            "no-",
            "2 to ",
            "- dozen ",
        ),
    ],
)
@pytest.mark.parametrize("language", ["en", "xx"])
def test_numbers_take_linear_time(unit: str, language: str) -> None:
    start = time.process_time()
    find_numbers(unit * (200_000 // len(unit)), language)
    find_numbers(unit * (9_999 // len(unit)), language)
    assert time.process_time() - start < 3


@pytest.mark.parametrize("digits", [309, 400, 5_000])
@pytest.mark.parametrize("words", [("check",), ("build", "--out", "out"), ("prelabel", "--out", "out")])
def test_number_of_hundreds_of_digits_ends_no_command(project: Project, digits: int, words: tuple[str, ...]) -> None:
    number = "1" * digits
    project.replace("corpus/articles/market.txt", "3", number)
    text = project.path("corpus/articles/market.txt").read_text()
    annotation = project.corpus.read_annotation("gold", "market")
    assert number in text
    assert annotation.spans
    (project.schema / "baseline.yaml").write_text(
        "version: '1'\nsentence: '\\S[^.]*\\.?'\nparts: {}\nrules:\n"
        "  - {pattern: '(?P<load>\\d+)', anchor: load, spans: {load: Load}}\n"
    )
    done = project.annotate(*words)
    assert done.exit_code in (0, 1), done.output
    assert done.exception is None or isinstance(done.exception, SystemExit)
