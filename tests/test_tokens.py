"""One definition of a token for the table, agreement and CoNLL; tags and words that do not fit are refused."""

import sys
import unicodedata
from itertools import groupby

import pytest
import regex
from hypothesis import example, given
from hypothesis import strategies as st

from annotate.scripts import letter_without_spaces
from annotate.tokens import (
    TokenMismatch,
    align_words,
    find_tagged_spans,
    is_letter_without_spaces,
    is_tag,
    list_tags,
    list_words,
    tokenize,
)


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
        ("映像がとても美しい。", list("映像がとても美しい。")),
        ("2024年のDVD版", ["2024", "年", "の", "DVD", "版"]),
        ("ＢＧＭはﾊﾞﾝﾄﾞのﾗｰﾒﾝ", ["ＢＧＭ", "は", "ﾊﾞ", "ﾝ", "ﾄﾞ", "の", "ﾗ", "ｰ", "ﾒ", "ﾝ"]),
        ("スーパー々〇", ["ス", "ー", "パ", "ー", "々", "〇"]),
        ("か\u3099葛\U000e0100城", ["か\u3099", "葛\U000e0100", "城"]),
        ("น้ำดี ปี๒๕๖๗", ["น้ำ", "ดี", "ปี", "๒๕๖๗"]),
        ("ນ້ຳ", ["ນ້ຳ"]),
        ("ភាសាខ្មែរ", ["ភា", "សា", "ខ្", "មែ", "រ"]),
        ("မြန်မာ", ["မြ", "န်", "မာ"]),
        ("བོད་སྐད", ["བོ", "ད", "་", "སྐ", "ད"]),
        ("대한민국의 영화", ["대한민국의", "영화"]),
    ],
)
def test_words_and_signs_are_tokens(text: str, tokens: list[str]) -> None:
    assert [text[start:end] for start, end in tokenize(text)] == tokens


MIXED = "a_1.é\u0301\u0903\U000e0100😀 \n映がカーｶﾞﾟ々〇กำเ้๒ຳខ្មမာ\u1031བྱ་한"


@given(st.text() | st.text(st.sampled_from(MIXED)))
@example("\u0301a\u0301")
@example("Don't, 3.5 «naïve» 👩\u200d🚀\u00a0x_y")
def test_tokens_are_the_text_without_its_white_space(text: str) -> None:
    ranges = tokenize(text)
    assert "".join(text[start:end] for start, end in ranges) == "".join(text.split())
    assert all(start < end for start, end in ranges)
    assert align_words(text, [text[start:end] for start, end in ranges]) == ranges


LETTERS = letter_without_spaces()
OTHERS = st.characters(exclude_categories=["Cs"]).filter(lambda sign: not LETTERS.match(sign))


@given(st.text(OTHERS) | st.text(st.sampled_from("a_1.é\u0301\u0903\U000e0100😀 \n한नमस्ते")))
def test_text_with_spaces_between_words_has_runs_of_letters_and_marks(text: str) -> None:
    """The reference knows no scripts."""
    kinds = [
        "space" if sign.isspace() else "word" if sign.isalnum() or unicodedata.category(sign)[0] == "M" else position
        for position, sign in enumerate(text)
    ]
    runs = [(kind, [position for position, _ in run]) for kind, run in groupby(enumerate(kinds), lambda pair: pair[1])]
    assert tokenize(text) == [(run[0], run[-1] + 1) for kind, run in runs if kind != "space"]


LETTERS_OF_SCRIPTS = st.characters(min_codepoint=0xE01, max_codepoint=0x3FFFF, exclude_categories=["Cs"]).filter(
    LETTERS.match
)


@given(st.text(LETTERS_OF_SCRIPTS | st.sampled_from(MIXED.replace("한", "").replace("a", ""))))
def test_no_character_of_a_script_without_spaces_is_cut_or_joined_to_another(text: str) -> None:
    """So no span that begins and ends between such characters cuts a token."""
    text = "".join(sign for sign in text if not sign.isdigit() and sign != "é")
    bounds = {0, *(match.end() for match in regex.finditer(r"\X[\p{M}\u0e33\u0eb3\uff9e\uff9f]*", text))}
    inside = {position for start, end in tokenize(text) for position in range(start + 1, end)}
    follows_letter = [bound for bound in bounds if bound and regex.search(r"[\p{L}\p{Nl}]\p{M}*$", text[:bound])]
    assert inside.isdisjoint(follows_letter)


def test_every_letter_without_spaces_is_a_token() -> None:
    letters = [sign for sign in map(chr, range(sys.maxunicode + 1)) if LETTERS.match(sign)]
    continuing = [sign for sign in letters if tokenize(f"あ{sign}") == [(0, 2)]]
    assert continuing == ["\u0e33", "\u0eb3", "\uff9e", "\uff9f"]
    assert len(tokenize("".join(letters))) == len(letters) - len(continuing) > 100_000


def test_every_combining_mark_belongs_to_its_word() -> None:
    marks = [sign for sign in map(chr, range(sys.maxunicode + 1)) if unicodedata.category(sign).startswith("M")]
    assert tokenize(f"a{'b'.join(marks)}") == [(0, 2 * len(marks))]
    assert tokenize(f"映{'映'.join(marks)}") == [(start, start + 2) for start in range(0, 2 * len(marks), 2)]


def test_words_are_tokens_that_are_not_signs() -> None:
    assert list_words("It's 40\u00a0crates, e\u0301 _ 😀「映画」") == ["It", "s", "40", "crates", "e\u0301", "映", "画"]
    assert [is_letter_without_spaces(word) for word in ("映", "น้ำ", "DVD", "２")] == [True, True, False, False]


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
