"""Offsets: each pair of inverses, and the decision of what a pair of numbers had counted."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from annotate.offsets import (
    Misfit,
    Settled,
    from_utf16,
    in_normal_form,
    normal_places,
    normalise,
    paragraph,
    settle,
    shown,
    trimmed,
)
from tests.strategies import texts, to_utf16


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
    assert settle("🚢 at sea", 0, 2, "at") == Misfit("🚢 ", "🚢", "stale text")
    assert settle("sea", 1, 99, "at") == Misfit(None, None)
    assert settle("sea", -2, 1, "s") == Misfit(None, None, "stale text", ((0, 1),))


TWO = "🚢 at sea, 🚢 at port, at sea."


@pytest.mark.parametrize(
    ("text", "start", "end", "quoted", "expected"),
    [
        ("a  b", 0, 4, "a b", Settled(0, 4, "folded white space")),
        ("a\r\nb", 0, 4, "a\\n\\nb", Settled(0, 4, "escaped newline")),
        ("🚢 a  b", 3, 7, "a b", Settled(2, 6, "UTF-16")),
        (TWO, 2, 6, "at ", Misfit("at s", " at ", "hybrid", ((2, 5),))),
        (TWO, 3, 11, "at sea, 🚢", Misfit("t sea, 🚢", "at sea, ", "hybrid", ((2, 11),))),
        (TWO, 0, 1, "at port", Misfit("🚢", None, "stale text")),
        (TWO, 90, 97, "at port", Misfit(None, None, "stale text", ((12, 19),))),
        (TWO, 90, 97, "at sea", Misfit(None, None, "stale text")),
        (TWO, 0, 1, "ashore", Misfit("🚢", None, "unknown")),
        (TWO, 90, 97, "", Misfit(None, None, "unknown")),
    ],
)
def test_diagnosis_and_the_places_that_may_be_meant(
    text: str, start: int, end: int, quoted: str, expected: Settled | Misfit
) -> None:
    assert settle(text, start, end, quoted) == expected
    fixed = settle(text, start, end, quoted, fix=True)
    if isinstance(expected, Misfit) and len(expected.places) == 1:
        assert fixed == Settled(*expected.places[0], expected.diagnosis)
    else:
        assert fixed == expected


@given(texts, st.data())
def test_one_offset_in_each_unit_is_mended_to_the_words_or_left(text: str, data: st.DataObject) -> None:
    start = data.draw(st.integers(0, len(text)))
    end = data.draw(st.integers(start, len(text)))
    fixed = settle(text, start, to_utf16(text, end), text[start:end], fix=True)
    if isinstance(fixed, Settled):
        assert shown(text[fixed.start : fixed.end]) == shown(text[start:end])


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


@given(st.text(st.sampled_from("ab\r\n é́ḍ̇\ufeff🚢가"), max_size=12))
def test_many_offsets_in_normal_form_as_each_by_itself(text: str) -> None:
    place = normal_places(text)
    assert [place(offset) for offset in range(len(text) + 1)] == [
        in_normal_form(text, offset) for offset in range(len(text) + 1)
    ]
