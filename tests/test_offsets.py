"""Offsets: conversions and their inverses, and which unit a pair of offsets was counted in."""

import re
from collections.abc import Callable
from itertools import accumulate

import pytest
from hypothesis import given
from hypothesis import strategies as st

from annotate import offsets
from annotate.offsets import (
    OffsetTable,
    ResolvedOffsets,
    UnresolvedOffsets,
    find_line_range,
    fold_white_space,
    in_normal_form,
    is_inside_word,
    normal_places,
    normalise,
    resolve_offsets,
    trim_range,
)
from annotate.word_index import WordIndex, search_places
from tests.strategies import texts, to_utf16


@given(texts, st.data())
def test_utf16_and_code_points_are_inverses(text: str, data: st.DataObject) -> None:
    offset = data.draw(st.integers(0, len(text)))
    assert OffsetTable(text).from_utf16(to_utf16(text, offset)) == offset


@given(texts, st.integers(-3, 200))
def test_from_utf16_gives_an_offset_of_the_text_or_nothing(text: str, offset: int) -> None:
    point = OffsetTable(text).from_utf16(offset)
    assert point is None or to_utf16(text, point) == offset


def test_an_offset_within_a_surrogate_pair_is_invalid() -> None:
    assert [OffsetTable("🚢a").from_utf16(offset) for offset in range(5)] == [0, None, 1, 2, None]


@given(texts, st.data())
def test_settle_takes_code_points_and_utf16_for_what_they_are(text: str, data: st.DataObject) -> None:
    start = data.draw(st.integers(0, len(text)))
    end = data.draw(st.integers(start, len(text)))
    words = text[start:end]
    assert resolve_offsets(OffsetTable(text), start, end, words) == ResolvedOffsets(start, end, "code points")
    settled = resolve_offsets(OffsetTable(text), to_utf16(text, start), to_utf16(text, end), words)
    assert isinstance(settled, ResolvedOffsets)
    assert text[settled.start : settled.end] == words


def test_settle_says_what_either_reading_gives_where_neither_fits() -> None:
    assert resolve_offsets(OffsetTable("🚢 at sea"), 2, 4, "at") == ResolvedOffsets(2, 4, "code points")
    assert resolve_offsets(OffsetTable("🚢 at sea"), 3, 5, "at") == ResolvedOffsets(2, 4, "UTF-16")
    assert resolve_offsets(OffsetTable("🚢 at sea"), 0, 2, "at") == UnresolvedOffsets("🚢 ", "🚢", "stale text")
    assert resolve_offsets(OffsetTable("sea"), 1, 99, "at") == UnresolvedOffsets(None, None)
    assert resolve_offsets(OffsetTable("sea"), -2, 1, "s") == UnresolvedOffsets(None, None, "stale text", ((0, 1),))


TWO = "🚢 at sea, 🚢 at port, at sea."


@pytest.mark.parametrize(
    ("text", "start", "end", "quoted", "expected"),
    [
        ("a  b", 0, 4, "a b", ResolvedOffsets(0, 4, "folded white space")),
        ("a\r\nb", 0, 4, "a\\n\\nb", ResolvedOffsets(0, 4, "escaped newline")),
        ("🚢 a  b", 3, 7, "a b", ResolvedOffsets(2, 6, "UTF-16")),
        (TWO, 2, 6, "at ", UnresolvedOffsets("at s", " at ", "hybrid", ((2, 5),))),
        (TWO, 3, 11, "at sea, 🚢", UnresolvedOffsets("t sea, 🚢", "at sea, ", "hybrid", ((2, 11),))),
        (TWO, 0, 1, "at port", UnresolvedOffsets("🚢", None, "stale text")),
        (TWO, 90, 97, "at port", UnresolvedOffsets(None, None, "stale text", ((12, 19),))),
        (TWO, 90, 97, "at sea", UnresolvedOffsets(None, None, "stale text")),
        (TWO, 0, 1, "ashore", UnresolvedOffsets("🚢", None, "unknown")),
        (TWO, 90, 97, "", UnresolvedOffsets(None, None, "unknown")),
    ],
)
def test_diagnosis_and_the_places_that_may_be_meant(
    text: str, start: int, end: int, quoted: str, expected: ResolvedOffsets | UnresolvedOffsets
) -> None:
    assert resolve_offsets(OffsetTable(text), start, end, quoted) == expected
    fixed = resolve_offsets(OffsetTable(text), start, end, quoted, fix=True)
    if isinstance(expected, UnresolvedOffsets) and len(expected.places) == 1:
        assert fixed == ResolvedOffsets(*expected.places[0], expected.diagnosis)
    else:
        assert fixed == expected


@given(texts, st.data())
def test_one_offset_in_each_unit_is_mended_to_the_words_or_left(text: str, data: st.DataObject) -> None:
    start = data.draw(st.integers(0, len(text)))
    end = data.draw(st.integers(start, len(text)))
    fixed = resolve_offsets(OffsetTable(text), start, to_utf16(text, end), text[start:end], fix=True)
    if isinstance(fixed, ResolvedOffsets):
        assert fold_white_space(text[fixed.start : fixed.end]) == fold_white_space(text[start:end])


@given(texts)
def test_normalise_is_done_once(text: str) -> None:
    once = normalise(text)
    assert normalise(once) == once or text.startswith("\ufeff")
    assert "\r" not in once


@pytest.mark.parametrize(
    ("start", "end", "expected"), [(0, 1, (0, 3)), (4, 7, (4, 7)), (1, 5, (0, 7)), (8, 8, (8, 8)), (3, 3, (0, 3))]
)
def test_paragraph(start: int, end: int, expected: tuple[int, int]) -> None:
    assert find_line_range("one\ntwo\n", start, end) == expected


@given(texts, st.data())
def test_trimmed_has_no_space_at_its_ends(text: str, data: st.DataObject) -> None:
    start = data.draw(st.integers(0, len(text)))
    end = data.draw(st.integers(start, len(text)))
    first, last = trim_range(text, start, end)
    assert text[first:last] == text[start:end].strip()


ENCODED: dict[Callable[[OffsetTable, int], int | None], Callable[[str], int]] = {
    OffsetTable.from_utf16: lambda text: len(text.encode("utf-16-le")) // 2,
    OffsetTable.from_utf8: lambda text: len(text.encode()),
    OffsetTable.from_single_line_ends: lambda text: len(text.replace("\r\n", "\n")),
}
"""How to convert an offset of each unit → the length of a text in it."""


@pytest.mark.parametrize("convert", ENCODED, ids=lambda convert: convert.__name__)
@given(text=st.text(st.sampled_from("ab\r\n é가🚢"), max_size=12), times=st.integers(1, 60))
def test_a_table_converts_exactly_the_offsets_that_are_between_characters(
    convert: Callable[[OffsetTable, int], int | None], text: str, times: int
) -> None:
    """The expected offsets are those of the definition: the length of the text before each character."""
    text *= times
    table, count = OffsetTable(text), ENCODED[convert]
    # A line end of two characters is one where these count as one, so no offset is inside it.
    whole = re.findall(r"\r\n|." if convert is OffsetTable.from_single_line_ends else ".", text, re.DOTALL)
    before, before_in_unit = (accumulate(map(length, whole), initial=0) for length in (len, count))
    places = dict(zip(before_in_unit, before, strict=True))
    assert [convert(table, offset) for offset in range(-2, count(text) + 3)] == [
        places.get(offset) for offset in range(-2, count(text) + 3)
    ]


class CountingTable(OffsetTable):
    """A table that counts the bytes that it encodes."""

    encoded = 0

    def _encode_block(self, number: int) -> bytes:
        data = super()._encode_block(number)
        self.encoded += len(data)
        return data


def count_encoded(times: int) -> int:
    table = CountingTable("🚢 é à quai. " * times)
    for offset in range(0, 10 * times, 7):
        table.from_utf8(offset)
    return table.encoded


def test_an_offset_encodes_one_block_of_the_text() -> None:
    assert 0 < count_encoded(2_000) <= 2.3 * count_encoded(1_000)


@given(st.text(st.sampled_from("ab 🚢é"), max_size=60), st.lists(st.text(st.sampled_from("ab 🚢éx"), min_size=1)))
def test_an_index_finds_the_first_two_places_of_words(text: str, quotes: list[str]) -> None:
    index = WordIndex(text)
    parts = [text[start : start + length] for start in range(0, len(text), 5) for length in (1, 3, 17, 40)]
    for words in filter(None, (*quotes, *parts)):
        places = [start for start in range(len(text)) if text.startswith(words, start)][:2]
        assert list(index.find_places(words)) == list(search_places(text, words)) == places


@pytest.mark.parametrize("unit", ["a", "ab", "The port. "])
def test_an_index_finds_words_of_a_text_that_repeats_itself(unit: str) -> None:
    index = WordIndex(f"{unit * 1_000}x{unit}y")
    for words in (unit, unit * 10, f"x{unit}", f"{unit}y", f"{unit * 20}x", f"{unit * 20}y", "z", f"{unit * 2_000}"):
        assert index.find_places(words) == search_places(index._text, words)


def test_many_quotes_search_the_text_a_bounded_number_of_times(monkeypatch: pytest.MonkeyPatch) -> None:
    searched = list[str]()

    def search(text: str, words: str) -> tuple[int, ...]:
        searched.append(words)
        return search_places(text, words)

    monkeypatch.setattr(offsets, "search_places", search)
    text = " ".join(f"word{number}" for number in range(3_000))
    table = OffsetTable(text)
    for number in range(6_000):
        words = f"word{number} word{number + 1}"
        assert len(table.find_places(words)) == (number < 2_999)
    assert len(searched) <= 50


@given(st.text(st.sampled_from("ab\r\n é́ḍ̇\ufeff🚢가中"), max_size=12), st.integers(1, 12))
def test_many_offsets_in_normal_form_equal_single_conversions(part: str, times: int) -> None:
    text = part * times
    place = normal_places(text)
    assert [place(offset) for offset in range(len(text) + 1)] == [
        in_normal_form(text, offset) for offset in range(len(text) + 1)
    ]


@pytest.mark.parametrize(
    "text",
    [
        "王明在北京", "トウキョウで働く々", "ｱﾝﾅﾊ", "ㄅㄆㄇ", "ประเทศไทย", "ປະເທດລາວ", "ប្រទេសកម្ពុជា", "မြန်မာ",
        "ꦗꦮ", "ᬩᬮᬶ", "𠀀𠀁",
    ],
)  # fmt: skip
def test_a_script_without_spaces_has_no_offset_inside_a_word(text: str) -> None:
    assert not any(is_inside_word(text, offset) for offset in range(len(text) + 1))


@pytest.mark.parametrize(
    ("text", "inside"),
    [
        ("killed", [1, 2, 3, 4, 5]),
        ("서울 시", [1]),
        ("ＵＮ軍", [1]),
        ("在UN总部20人", [2, 6]),
        ("Tシャツ", []),
        ("๒๐คน", [1]),
        ("م١", [1]),
        ("a-b c", []),
    ],
)
def test_offsets_inside_words_of_other_scripts_and_numbers(text: str, inside: list[int]) -> None:
    assert [offset for offset in range(len(text) + 1) if is_inside_word(text, offset)] == inside


@pytest.mark.parametrize(
    ("start", "end", "quoted", "place"),
    [
        (0, 5, "Crane ", (0, 5)),
        (5, 11, "lifts", (6, 11)),
        (6, 11, " lifts\\n", (6, 11)),
        (5, 12, "lifts", (6, 11)),
    ],
)
def test_white_space_at_the_ends_is_no_other_place(start: int, end: int, quoted: str, place: tuple[int, int]) -> None:
    text = "Crane lifts crates."
    misfit = resolve_offsets(OffsetTable(text), start, end, quoted)
    assert isinstance(misfit, UnresolvedOffsets)
    assert (misfit.diagnosis, misfit.places) == ("white space at the ends", (place,))
    assert resolve_offsets(OffsetTable(text), start, end, quoted, fix=True) == ResolvedOffsets(
        *place, "white space at the ends"
    )
