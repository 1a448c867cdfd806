"""Edits of a text: they make the new one of the old one, and carry its offsets."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from annotate.comparison.match import Carried, edited, edits
from annotate.comparison.model import Edit
from tests.strategies import texts

LINES = st.lists(st.sampled_from(["one\n", "two\n", "three 🚢\n", "one two", "\r\n", "Café\u2028"]), max_size=8).map(
    "".join
)


@given(st.one_of(LINES, texts), st.one_of(LINES, texts), st.booleans())
def test_edits_make_the_new_text(old: str, new: str, by_word: bool) -> None:
    found = edits(old, new, by_word)
    assert edited(old, found) == new
    assert (found == ()) == (old == new)
    for one, other in pairwise(found):
        assert one.end <= other.start


@given(LINES, LINES, st.integers(0, 60), st.integers(0, 60))
def test_a_carried_range_lies_in_the_new_text_and_keeps_what_no_edit_touched(
    old: str, new: str, first: int, second: int
) -> None:
    start, end = sorted((min(first, len(old)), min(second, len(old))))
    found = edits(old, new)
    carried = Carried(found)
    begin, stop = carried(start), carried(end, end=True)
    assert 0 <= begin <= len(new)
    assert 0 <= stop <= len(new)
    if start < end and all(one.end <= start or one.start >= end for one in found):
        assert new[begin:stop] == old[start:end]


def test_what_is_inserted_beside_a_range_stays_outside() -> None:
    carried = Carried((Edit(4, 4, "", "big "), Edit(8, 8, "", "ger")))
    assert (carried(4), carried(8, end=True)) == (8, 12)


def test_a_range_in_a_replaced_stretch_is_all_of_it() -> None:
    carried = Carried((Edit(2, 8, "harbou", "pier"),))
    assert (carried(3), carried(5, end=True)) == (2, 6)


def test_changed_words_are_told_by_the_word() -> None:
    assert edits("a\nthe harbour master said\nb\n", "a\nthe pier master said\nb\n") == (Edit(6, 13, "harbour", "pier"),)


@pytest.mark.parametrize("change", [Edit(0, 1, "x", ""), Edit(0, 3, "ab", ""), Edit(5, 6, "c", "")])
def test_an_edit_that_does_not_fit_is_refused(change: Edit) -> None:
    with pytest.raises(ValueError, match="does not find"):
        edited("abc", [change])
