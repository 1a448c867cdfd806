"""Numbers in texts are exact, and those that no annotation can hold are left out."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

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


@given(st.integers(0, LARGEST), st.sampled_from([1, 10**3, 10**6, 10**9]))
def test_any_number_is_found_as_it_is(number: int, scale: int) -> None:
    word = {1: "", 10**3: " thousand", 10**6: " million", 10**9: " billion"}[scale]
    expected = [number * scale] if number * scale <= LARGEST else []
    assert find_numbers(f"{number:,}{word} people", "en") == expected


@pytest.mark.parametrize(
    "unit", ["9", "one ", "hundred ", "million ", "1,111,", "twenty-one-", "1 ", "1.", "1,", "a", " ", "2.5 million "]
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
