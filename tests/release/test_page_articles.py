"""An article with its labels: one line for each span, none of which hides another."""

import re
from collections.abc import Iterator
from itertools import combinations, pairwise

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from annotate.corpus import Corpus
from annotate.inventory import load_inventory
from annotate.records import Piece
from annotate.release.page_articles import LINE_DISTANCE, MOST_LINES, Line, MarkedArticle
from annotate.util.html import render
from tests.agreement.helpers import annotation, span
from tests.conftest import BASE, Project
from tests.release.test_page import Reader
from tests.test_article_metadata import SECTION


def test_lines_of_nested_spans_do_not_meet() -> None:
    """The innermost span is next to the words, and each one that overlaps it is a line further down."""
    inventory = load_inventory(BASE / "schema")
    text = "aa bb cc dd"
    labels = annotation(
        span("out", "Words", 0, 11, text),
        span("mid", "Load", 3, 8, text),
        span("in", "Quay", 3, 5, text),
        span("across", "Speaker", 6, 11, text),
        text=text,
    )
    article = msgspec.structs.replace(Corpus(BASE / "corpus").read_article("market"), text=text)
    html = render("release/article.html", article=MarkedArticle(article, labels, inventory))
    lines = re.findall(r'class="u" style="border-color:(#\w+);border-bottom-style:\w+;padding-bottom:(\d+)px', html)
    names = {label.color: label.name for label in inventory.spans.values()}
    lanes = {names[colour]: int(depth) // LINE_DISTANCE for colour, depth in lines}
    assert lanes == {"Quay": 0, "Speaker": 0, "Load": 1, "Words": 2}
    Reader(html)
    paragraph = html[html.index('<p class="text"') : html.index("<details>")]
    assert re.sub(r"<a .*?</a>|<[^>]*>", "", paragraph).strip() == text


TEXT = "aa bb cc dd\n\n ee ff\ngg hh"


def make_article(ranges: list[tuple[int, int]], text: str = TEXT) -> MarkedArticle:
    inventory = load_inventory(BASE / "schema")
    labels = annotation(*(span(f"s{n}", "Words", *range_, text) for n, range_ in enumerate(ranges)), text=text)
    article = msgspec.structs.replace(Corpus(BASE / "corpus").read_article("market"), text=text)
    return MarkedArticle(article, labels, inventory)


def list_expected(article: MarkedArticle) -> Iterator[tuple[list[tuple[int, str, list[Line]]], list[str]]]:
    """Yield the segments and the marks of each paragraph by their definitions, each line compared with all others."""
    marks = [*article._marks.values()]
    start = 0
    for text in TEXT.split("\n"):
        end = start + len(text)
        pieces = [
            (Piece(max(piece.start, start), min(piece.end, end)), mark)
            for mark in marks
            for piece in mark.mention.pieces
            if piece.start < end and piece.end > start
        ]
        lines: list[Line] = []
        for piece, mark in sorted(pieces, key=lambda pair: (pair[0].end - pair[0].start, -pair[1].number)):
            lanes = [line.lane for line in lines if line.piece.start < piece.end and piece.start < line.piece.end]
            lines.insert(0, Line(mark, piece, max(lanes, default=-1) + 1))
        bounds = sorted({start, end, *(position for line in lines for position in line.piece)})
        if text.strip():
            yield (
                [
                    (first, TEXT[first:last], [line for line in lines if line.piece.start <= first < line.piece.end])
                    for first, last in pairwise(bounds)
                ],
                [mark.anchor for mark in marks if start <= mark.mention.start < end],
            )
        start = end + 1


@given(st.lists(st.sampled_from([*combinations(range(len(TEXT) + 1), 2)]), max_size=12))
def test_lines_and_segments_are_those_of_the_definition(ranges: list[tuple[int, int]]) -> None:
    article = make_article(ranges)
    assert [
        ([*map(tuple, paragraph.segments)], [mark.anchor for mark in paragraph.marks])
        for paragraph in article.paragraphs()
    ] == [*list_expected(article)]
    assert not any(paragraph.undrawn for paragraph in article.paragraphs())


def count_elements(number: int) -> int:
    """Count the lines that the page draws for so many nested spans, each under each part of its words."""
    article = make_article([(start, 2 * number - start) for start in range(number)], "ab" * number)
    (paragraph,) = article.paragraphs()
    assert paragraph.undrawn == max(number - MOST_LINES, 0)
    assert len(paragraph.marks) == number
    return sum(len(segment.lines) for segment in paragraph.segments)


def test_lines_of_deeply_nested_spans_are_linear_and_a_note_says_which_are_left_out() -> None:
    assert 0 < count_elements(400) <= 2.3 * count_elements(200)
    article = make_article([(start, 60 - start) for start in range(30)], "ab" * 30)
    html = render("release/article.html", article=article)
    assert "10 of the labels of these words have no line here" in html
    ids = set(re.findall(r' id="([^"]+)"', html))
    links = re.findall(r' href="#([^"]+)"', html)
    assert set(links) <= ids
    assert len(ids) == 1 + 30 + MOST_LINES


def test_article_has_the_metadata_that_the_inventory_declares(project: Project) -> None:
    labels = project.path("schema/labels.yaml")
    labels.write_text(labels.read_text("utf-8") + SECTION, "utf-8")
    metadata = {"seats": 2.5, "place": "<Pier>", "party": "left", "colour": "red"}
    article = msgspec.structs.replace(project.corpus.read_article("market"), metadata=metadata)
    labelled = MarkedArticle(article, project.corpus.read_annotation("gold", "market"), project.inventory)
    html = render("release/article.html", article=labelled, inventory=project.inventory)
    assert "party: left · seats: 2.5 · place: &lt;Pier&gt;. " in html
    assert "colour" not in html
