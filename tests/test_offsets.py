"""Offsets: each pair of inverses, and the decision of what a pair of numbers had counted."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from annotate.offsets import Misfit, Settled, from_utf16, normalise, paragraph, settle, to_utf16, trimmed
from tests.strategies import texts


@given(texts, st.data())
def test_utf16_and_code_points_are_inverses(text: str, data: st.DataObject) -> None:
    offset = data.draw(st.integers(0, len(text)))
    assert from_utf16(text, to_utf16(text, offset)) == offset


@given(texts, st.integers(-3, 200))
def test_from_utf16_gives_an_offset_of_the_text_or_nothing(text: str, offset: int) -> None:
    point = from_utf16(text, offset)
    assert point is None or to_utf16(text, point) == offset


def test_half_a_surrogate_pair_is_no_offset() -> None:
    assert [from_utf16("🚢a", offset) for offset in range(5)] == [0, None, 1, 2, None]


@given(texts, st.data())
def test_settle_takes_code_points_and_utf16_for_what_they_are(text: str, data: st.DataObject) -> None:
    start = data.draw(st.integers(0, len(text)))
    end = data.draw(st.integers(start, len(text)))
    words = text[start:end]
    assert settle(text, start, end, words) == Settled(start, end, "code points")
    settled = settle(text, to_utf16(text, start), to_utf16(text, end), words)
    assert isinstance(settled, Settled)
    assert text[settled.start : settled.end] == words


def test_settle_says_what_either_reading_gives_where_neither_fits() -> None:
    assert settle("🚢 at sea", 2, 4, "at") == Settled(2, 4, "code points")
    assert settle("🚢 at sea", 3, 5, "at") == Settled(2, 4, "UTF-16")
    assert settle("🚢 at sea", 0, 2, "at") == Misfit("🚢 ", "🚢")
    assert settle("sea", 1, 99, "at") == Misfit(None, None)
    assert settle("sea", -2, 1, "s") == Misfit(None, None)


@given(texts)
def test_normalise_is_done_once(text: str) -> None:
    once = normalise(text)
    assert normalise(once) == once or text.startswith("\ufeff")
    assert "\r" not in once


@pytest.mark.parametrize(
    ("start", "end", "expected"), [(0, 1, (0, 3)), (4, 7, (4, 7)), (1, 5, (0, 7)), (8, 8, (8, 8)), (3, 3, (0, 3))]
)
def test_paragraph(start: int, end: int, expected: tuple[int, int]) -> None:
    assert paragraph("one\ntwo\n", start, end) == expected


@given(texts, st.data())
def test_trimmed_has_no_space_at_its_ends(text: str, data: st.DataObject) -> None:
    start = data.draw(st.integers(0, len(text)))
    end = data.draw(st.integers(start, len(text)))
    first, last = trimmed(text, start, end)
    assert text[first:last] == text[start:end].strip()
