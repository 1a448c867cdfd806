"""Where ranges of an old text are in the new one."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from annotate.reanchoring.ranges import Misfit, MovedRange, RangeMover, is_corrected_word
from tests.strategies import texts

OLD = 'The 40 crates lie at Café Quai 🚢, and "some" more.'


@pytest.mark.parametrize(
    ("new", "words", "moved"),
    [
        ('Here: the 40 crates lie at Café Quai 🚢, and "some" more.', "crates lie", "crates lie"),
        ('The 40 crates lie at Café Quay 🚢, and "some" more.', "Café Quai", "Café Quay"),
        ('The 40 crates lie there at Café Quai 🚢, and "some" more.', "crates lie at Café", "crates lie there at Café"),
        ("The 40 crates lie at Café Quai 🚢, and “some” more.", '"some"', "“some”"),
        ('The 41 crates lie at Café Quai 🚢, and "some" more.', "The 40 crates", "The 41 crates"),
        ('Today the 40 crates lie at Café Quai 🚢, and "some" more.', "The 40 crates", "the 40 crates"),
        ('The big 40 crates lie at Café Quai 🚢, and "some" more.', "40 crates", "40 crates"),
        ('The 40 crates, all lie at Café Quai 🚢, and "some" more.', "40 crates", "40 crates"),
    ],
)
def test_range_follows_its_words(new: str, words: str, moved: str) -> None:
    start = OLD.index(words)
    target = RangeMover(OLD, new).move(start, start + len(words))
    assert isinstance(target, MovedRange)
    assert new[target.start : target.end] == moved
    assert target.is_reworded == (words != moved)


@pytest.mark.parametrize(
    ("new", "words", "reason"),
    [
        ('The 41 crates lie at Café Quai 🚢, and "some" more.', "40 crates", "its first word was changed"),
        ('The 40 crates lie at Café Rouge 🚢, and "some" more.', "Café Quai", "its last word was changed"),
        ('The 40 crates lie at sea, and "some" more.', "Café Quai", "its words were replaced"),
        ('The 40 crates lie at 🚢, and "some" more.', "Café Quai", "its words were removed"),
    ],
)
def test_range_whose_end_changed_does_not_fit(new: str, words: str, reason: str) -> None:
    start = OLD.index(words)
    assert RangeMover(OLD, new).move(start, start + len(words)) == Misfit(reason)


def test_word_with_a_digit_is_never_a_correction() -> None:
    assert is_corrected_word("harbour", "harbor")
    assert not is_corrected_word("1914", "1915")
    assert not is_corrected_word("Moscow", "Kyiv")


@given(texts, texts, st.integers(0, 60), st.integers(0, 60))
def test_moved_range_is_in_the_new_text(old: str, new: str, first: int, second: int) -> None:
    start, end = sorted((min(first, len(old)), min(second, len(old))))
    target = RangeMover(old, new).move(start, end)
    if isinstance(target, MovedRange):
        assert 0 <= target.start < target.end <= len(new)
        assert target.is_reworded == (old[start:end] != new[target.start : target.end])


@given(texts, st.integers(0, 60), st.integers(0, 60))
def test_every_range_of_an_unchanged_text_stays(text: str, first: int, second: int) -> None:
    start, end = sorted((min(first, len(text)), min(second, len(text))))
    if start < end:
        assert RangeMover(text, text).move(start, end) == MovedRange(start, end, False)
