"""Edits turn the old text into the new one, and map offsets of the old text to the new one."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from annotate.text_edits import MAX_WORD_DIFF, Edit, OffsetMap, apply_edits, find_edits
from tests.strategies import texts

LINES = st.lists(st.sampled_from(["one\n", "two\n", "three 🚢\n", "one two", "\r\n", "Café\u2028"]), max_size=8).map(
    "".join
)


@given(st.one_of(LINES, texts), st.one_of(LINES, texts), st.booleans(), st.booleans())
def test_edits_make_the_new_text(old: str, new: str, by_word: bool, ignore_case: bool) -> None:
    edits = find_edits(old, new, by_word, ignore_case)
    assert apply_edits(old, edits) == new
    assert (edits == ()) == (old == new)
    for one, other in pairwise(edits):
        assert one.end <= other.start


@given(LINES, LINES, st.integers(0, 60), st.integers(0, 60))
def test_mapped_range_is_in_the_new_text_and_keeps_untouched_words(old: str, new: str, first: int, second: int) -> None:
    start, end = sorted((min(first, len(old)), min(second, len(old))))
    edits = find_edits(old, new)
    offsets = OffsetMap(edits)
    begin, stop = offsets.map(start), offsets.map(end, end=True)
    assert 0 <= begin <= len(new)
    assert 0 <= stop <= len(new)
    if start < end and all(one.end <= start or one.start >= end for one in edits):
        assert new[begin:stop] == old[start:end]


def test_text_inserted_at_the_ends_of_a_range_stays_outside() -> None:
    offsets = OffsetMap((Edit(4, 4, "", "big "), Edit(8, 8, "", "ger")))
    assert (offsets.map(4), offsets.map(8, end=True)) == (8, 12)


def test_range_inside_replaced_text_becomes_all_of_the_replacement() -> None:
    offsets = OffsetMap((Edit(2, 8, "harbou", "pier"),))
    assert (offsets.map(3), offsets.map(5, end=True)) == (2, 6)


def test_changed_words_are_separate_edits() -> None:
    assert find_edits("a\nthe harbour master said\nb\n", "a\nthe pier master said\nb\n") == (
        Edit(6, 13, "harbour", "pier"),
    )


def test_words_that_differ_in_case_are_paired() -> None:
    edits = find_edits("The harbour.", "Now the harbour.", ignore_case=True)
    assert edits == (Edit(0, 0, "", "Now "), Edit(0, 3, "The", "the"))


def test_two_typos_in_a_long_line_are_two_edits() -> None:
    words = [f"word{number}" for number in range(MAX_WORD_DIFF)]
    new = [{"word7": "wort7", "word1900": "wort1900"}.get(word, word) for word in words]
    edits = find_edits(" ".join(words), " ".join(new))
    assert [(edit.old, edit.new) for edit in edits] == [("word7", "wort7"), ("word1900", "wort1900")]


@given(st.lists(st.sampled_from("abc"), max_size=40), st.lists(st.sampled_from("abcd"), max_size=40))
def test_long_lines_are_edited_as_short_ones(old: list[str], new: list[str]) -> None:
    """Words that occur once part a long line at most three times; what is left between them is replaced as a whole."""
    filler = [f"w{number}" for number in range(MAX_WORD_DIFF)]
    before, after = " ".join([*old, *filler, *old]), " ".join([*new, *filler, *new])
    edits = find_edits(before, after)
    assert apply_edits(before, edits) == after
    assert not any("w1000" in edit.old for edit in edits)


@pytest.mark.parametrize("change", [Edit(0, 1, "x", ""), Edit(0, 3, "ab", ""), Edit(5, 6, "c", "")])
def test_edit_that_does_not_match_is_an_error(change: Edit) -> None:
    with pytest.raises(ValueError, match="does not find"):
        apply_edits("abc", [change])
