"""Offsets are compared with the quoted words, in every unit that tools count."""

from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from annotate.formats.placement import OFFSET_UNITS, ArticleWindow, WrongOffsets, check_offsets
from annotate.ingest import Cut, Details, cut_articles
from annotate.offsets import OffsetTable
from tests.formats.strategies import texts
from tests.strategies import to_utf16

COUNTED: dict[str, Callable[[str, int], int]] = {
    "UTF-16 units": to_utf16,
    "bytes of UTF-8": lambda text, at: len(text[:at].encode()),
    "characters with CR LF as one": lambda text, at: at - text.count("\r\n", 0, at),
}


@settings(max_examples=200, deadline=None)
@given(texts, st.data())
def test_correction_reads_the_quoted_words(text: str, data: st.DataObject) -> None:
    start = data.draw(st.integers(0, len(text) - 1))
    words = text[start : data.draw(st.integers(start + 1, len(text)))]
    offsets = data.draw(st.tuples(st.integers(-2, 2 * len(text)), st.integers(-2, 2 * len(text))))
    placed = check_offsets(OffsetTable(text), (offsets,), words)
    shown = " ".join(words.split())
    if placed is None:
        assert " ".join(text[slice(*offsets)].split()) == shown
    elif placed.correction:
        ((first, last),) = placed.correction
        assert " ".join(text[first:last].split()) == shown
    assert check_offsets(OffsetTable(text), ((start, start + len(words)),), words) is None


@settings(max_examples=200, deadline=None)
@given(texts, st.data())
def test_each_unit_is_converted_back(text: str, data: st.DataObject) -> None:
    text = text.replace("\n", "\r\n")
    at = data.draw(st.integers(0, len(text)))
    for name, count in COUNTED.items():
        if text[max(at - 1, 0) : at + 1] != "\r\n":
            assert OFFSET_UNITS[name](OffsetTable(text), count(text, at)) == at
    assert isinstance(check_offsets(OffsetTable(text), ((0, 10**6),), "x"), WrongOffsets)


@pytest.mark.parametrize("text", ["\ufeff \tAnna left. \n", "  Zoe\u0301 left.\r\n\r\n"])
def test_white_space_around_the_article_is_no_part_of_a_span(text: str) -> None:
    """An annotator drags from the margin: the words are kept, and a span of white space alone is not."""
    (article,) = cut_articles("a.txt", text.encode(), [Cut("a", 0, len(text))], Details(), "One file.").articles
    window = ArticleWindow(text, article.source.start, article.source.end, article.text)
    length = len(article.text)
    assert window.convert(((0, len(text)),)) == ((0, length),)
    last = article.source.end - 1
    assert window.convert(((0, article.source.start + 2), (last, len(text)))) == ((0, 2), (length - 1, length))
    assert window.convert(((0, article.source.start),)) is None
    assert window.convert(((len(text) - 1, len(text)),)) is None
