"""One definition of a token for the table, agreement and CoNLL; tags and words that do not fit are refused."""

import sys
import unicodedata

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from annotate.tokens import TokenMismatch, align_words, find_tagged_spans, is_tag, list_tags, tokenize


@pytest.mark.parametrize(
    ("text", "tokens"),
    [
        ("It's 40\u00a0crates.", ["It", "'", "s", "40", "crates", "."]),
        ("snake_case", ["snake", "_", "case"]),
        ("U.S.-led “raid”, 1,200", ["U", ".", "S", ".", "-", "led", "“", "raid", "”", ",", "1", ",", "200"]),
        ("e\u0301te\u0301 naïve", ["e\u0301te\u0301", "naïve"]),
        ("नमस्ते दुनिया", ["नमस्ते", "दुनिया"]),
        ("12 km²", ["12", "km²"]),
        ("a😀b👍🏽", ["a", "😀", "b", "👍", "🏽"]),
        ("\u0301", ["\u0301"]),
        (" \n\x1c\u2028", []),
    ],
)
def test_words_and_signs_are_tokens(text: str, tokens: list[str]) -> None:
    assert [text[start:end] for start, end in tokenize(text)] == tokens


@given(st.text() | st.text(st.sampled_from("a_1.é\u0301\u0903\U000e0100😀 \n")))
@example("\u0301a\u0301")
@example("Don't, 3.5 «naïve» 👩\u200d🚀\u00a0x_y")
def test_tokens_are_the_text_without_its_white_space(text: str) -> None:
    ranges = tokenize(text)
    assert "".join(text[start:end] for start, end in ranges) == "".join(text.split())
    assert all(start < end for start, end in ranges)
    assert align_words(text, [text[start:end] for start, end in ranges]) == ranges


def test_every_combining_mark_belongs_to_its_word() -> None:
    marks = [sign for sign in map(chr, range(sys.maxunicode + 1)) if unicodedata.category(sign).startswith("M")]
    assert tokenize(f"a{'b'.join(marks)}") == [(0, 2 * len(marks))]


def test_invalid_tag_is_refused() -> None:
    for tag in ("B", "B-", "X-A", "BI-A", "b-A", "", "-A"):
        assert not is_tag(tag)
        with pytest.raises(TokenMismatch, match="is not a BIO tag"):
            list(find_tagged_spans(["O", tag]))
    assert list_tags(["A"]) == ["O", "B-A", "I-A"]


@pytest.mark.parametrize(
    "tags", ["B-A I-A I-A B-A", "B-A I-A E-A S-A", "B-A I-A L-A U-A", "I-A I-A E-A I-A", "B-A M-A E-A S-A"]
)
def test_schemes_of_tags_give_the_same_spans(tags: str) -> None:
    assert list(find_tagged_spans(tags.split())) == [("A", 0, 3), ("A", 3, 4)]


@given(st.text(alphabet="a ’🚢\n\u2028é", max_size=30))
def test_words_are_laid_onto_their_text(text: str) -> None:
    laid = align_words(text, text.split())
    assert [text[start:end] for start, end in laid] == text.split()
    for words in ([*text.split(), "x"], text.split()[:-1] or ["x"]):
        with pytest.raises(TokenMismatch):
            align_words(text, words)
