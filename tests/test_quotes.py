"""Quotes are placed where they were taken from, and nowhere else."""

import time
import unicodedata
from collections.abc import Callable
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from annotate.corpus import Corpus
from annotate.inventory import load_inventory
from annotate.offsets import normalise
from annotate.quotes import PlacedQuote, QuotedText, Reason, UnplacedQuote, list_differences, sort_suffixes
from tests.conftest import ROOT

# Few characters, so that quotes recur, nest and overlap; several scripts, marks and line ends.
recurring = st.text(st.sampled_from("aabA é“\"'’-–\nש字す\u0e01\u0e33🚢\u0301"), min_size=1, max_size=40)
any_text = st.one_of(recurring, st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=40))


def list_places(text: str, quote: str, start: int, end: int) -> list[int]:
    """The definition: each offset in the scope at which the text has the words."""
    return [offset for offset in range(start, end - len(quote) + 1) if text.startswith(quote, offset)]


def to_decomposed(words: str) -> str:
    return unicodedata.normalize("NFD", words)


def draw_range(data: st.DataObject, start: int, end: int) -> tuple[int, int]:
    first, last = sorted(data.draw(st.tuples(st.integers(start, end), st.integers(start, end))))
    return first, last


@settings(max_examples=300, deadline=None)
@given(any_text, st.data())
def test_every_range_is_found_by_its_quote_and_occurrence(text: str, data: st.DataObject) -> None:
    table = QuotedText(text, whole_words=False)
    scope = draw_range(data, 0, len(text))
    start, end = draw_range(data, *scope)
    quote, occurrence = text[start:end], table.find_occurrence(start, end, scope)
    if not quote.strip():
        assert occurrence is None
        return
    places = list_places(text, quote, *scope)
    assert occurrence is not None
    assert places[occurrence - 1] == start
    assert table.place(quote, occurrence, scope) == PlacedQuote(start, end)
    alone = table.place(quote, None, scope)
    assert alone == (PlacedQuote(start, end) if len(places) == 1 else UnplacedQuote("ambiguous", len(places)))
    assert table.place(quote, len(places) + 1, scope) == UnplacedQuote("out of range", len(places))
    assert table.place(quote, None, scope, take_first=True) == PlacedQuote(places[0], places[0] + len(quote))


@settings(max_examples=200, deadline=None)
@given(any_text, st.data())
def test_whole_words_are_found_unless_the_range_is_inside_one(text: str, data: st.DataObject) -> None:
    table = QuotedText(text)
    start, end = draw_range(data, 0, len(text))
    occurrence = table.find_occurrence(start, end)
    if occurrence is not None:
        assert table.place(text[start:end], occurrence) == PlacedQuote(start, end)
    elif text[start:end].strip():
        assert text[start - 1 : start + 1].isalnum() or text[end - 1 : end + 1].isalnum()


@settings(max_examples=100, deadline=None)
@given(any_text)
def test_suffixes_are_in_order(text: str) -> None:
    offsets = sort_suffixes(text).tolist()
    assert sorted(offsets) == list(range(len(text)))
    assert all(text[left:] < text[right:] for left, right in pairwise(offsets))


@settings(max_examples=200, deadline=None)
@given(any_text, st.data())
def test_changed_quotes_are_placed_on_words_that_differ_only_so(text: str, data: st.DataObject) -> None:
    """What is found is never another text than the quote with what may be overlooked."""
    start, end = draw_range(data, 0, len(text))
    changes: list[Callable[[str], str]] = [str.upper, to_decomposed, lambda words: "\n ".join(words.split())]
    change = data.draw(st.sampled_from(changes))
    quote = change(text[start:end])
    placed = QuotedText(text, whole_words=False).place(quote, take_first=True)
    if isinstance(placed, PlacedQuote):
        words = text[placed.start : placed.end]
        assert placed.differences == list_differences(quote, words)
        assert bool(placed.differences) == (words != quote)
    else:
        assert not quote.strip() or change is str.upper or not unicodedata.is_normalized("NFC", text)


@pytest.mark.parametrize(
    ("text", "quote", "placed"),
    [
        ("Ten men\nwent", "men went", (4, 12, ("white space",))),
        ("He said “go” to him", 'said "go"', (3, 12, ("quotation marks",))),
        ("The Café burned", "Cafe\u0301", (4, 8, ("Unicode form",))),
        ("The Cafe\u0301 burned", "Café", (4, 9, ("Unicode form",))),
        ("The port burned", "the Port", (0, 8, ("case",))),
        ("A 10–20\u00a0per cent “rise”", "10-20 per CENT", (2, 16, ("white space", "quotation marks", "case"))),
        ("soft\u00adware here", "software", (0, 9, ("white space",))),
        ("Die Straße dort", "STRASSE", (4, 10, ("case",))),
        ("  go  ", " go ", (1, 5, ())),
        ("the end", "  end ", (4, 7, ("white space",))),
    ],
)
def test_small_differences_are_named(text: str, quote: str, placed: tuple[int, int, tuple[str, ...]]) -> None:
    assert QuotedText(text).place(quote) == placed


@pytest.mark.parametrize(
    ("text", "quote", "occurrence", "reason", "times", "message"),
    [
        ("a b", " \n", None, "empty", 0, "a quote has no words"),
        ("a b", "c", 1, "absent", 0, "the text does not have 'c'"),
        ("a a", "a", None, "ambiguous", 2, "the text has 'a' 2 times, and no occurrence is given"),
        ("a a", "a", 3, "out of range", 2, "the text has 'a' 2 times, not 3"),
        ("a b", "a", 0, "out of range", 1, "the text has 'a' once, not 0"),
        # Half of a letter is no place, although its folded form has two letters.
        ("ß", "S", None, "absent", 0, "the text does not have 'S'"),
    ],
)
def test_quotes_without_a_place_say_why(
    text: str, quote: str, occurrence: int | None, reason: Reason, times: int, message: str
) -> None:
    placed = QuotedText(text).place(quote, occurrence)
    assert placed == UnplacedQuote(reason, times)
    assert placed.describe(quote, occurrence) == message


def test_whole_words_come_before_parts_of_words() -> None:
    table = QuotedText("The theatre: he left, He stayed")
    assert table.place("he") == PlacedQuote(13, 15)
    assert table.place("theatr") == PlacedQuote(4, 10)
    assert table.find_occurrence(1, 3) is None
    # A word in another case comes before the same letters inside another word.
    assert QuotedText("The other day He left").place("he") == PlacedQuote(14, 16, ("case",))
    assert QuotedText("北京和北京市").place("北京", 2) == PlacedQuote(3, 5)


def test_scope_limits_where_places_are_counted() -> None:
    text = "one two\none two two\ntwo"
    table = QuotedText(text)
    assert table.place("two", 2, (8, 19)) == PlacedQuote(16, 19)
    assert table.find_occurrence(16, 19, (8, 19)) == 2
    assert table.find_occurrence(16, 19) == 3
    assert table.place("two", None, (8, 18)) == PlacedQuote(12, 15)
    assert table.place("one two", None, (4, 19)) == PlacedQuote(8, 15)
    assert table.place("one two", None, (9, 20)) == UnplacedQuote("absent")
    assert table.find_occurrence(4, 10, (5, 19)) is None


def test_all_gold_of_this_corpus_is_restored_within_its_paragraphs() -> None:
    """Spans that nest, recur, share their extent, and pieces of spans."""
    corpus, count = Corpus(ROOT / "corpus"), 0
    assert load_inventory(ROOT / "schema").pieces
    for article_id in corpus.article_ids():
        text = corpus.read_text(article_id)
        table = QuotedText(text)
        for span in corpus.read_annotation("gold", article_id).spans:
            first, last = text.rfind("\n", 0, span.start) + 1, text.find("\n", span.end)
            scope = first, last if last >= 0 else len(text)
            for scope_or_none in (scope, None):
                occurrence = table.find_occurrence(span.start, span.end, scope_or_none)
                assert table.place(span.text, occurrence, scope_or_none) == PlacedQuote(span.start, span.end)
                count += 1
    assert count


@pytest.mark.parametrize(
    "make_text", [lambda n: "a" * n, lambda n: "ab " * (n // 3), lambda n: normalise("né 字" * n)[:n]]
)
def test_time_does_not_grow_with_the_square_of_the_text(make_text: Callable[[int], str]) -> None:
    """Four times as many quotes in a text of four times the length take far less than sixteen times as long."""

    def measure(length: int) -> float:
        text = make_text(length)
        times = []
        for _ in range(2):
            begin = time.process_time()
            table = QuotedText(text)
            for number in range(1, length // 100):
                start = length - 7 * number % 1000 - 20
                table.place(text[start : start + 20] + "!" * (number % 2), 1)
            times.append(time.process_time() - begin)
        return min(times)

    measure(1000)
    assert measure(16_000) < 11 * measure(4_000) + 0.2
