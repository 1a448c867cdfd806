"""Paragraphs and positions of a text."""

from annotate.agreement.positions import find_paragraphs, find_positions
from annotate.records import Piece


def test_paragraphs_are_lines_that_are_not_blank() -> None:
    assert find_paragraphs("\n\none\n\n  \ntwo\nthree\n") == [0, 10, 14]
    assert find_paragraphs("") == [0]
    assert find_paragraphs("one") == [0]


def test_a_span_touches_the_tokens_that_it_cuts() -> None:
    ruler = find_positions("It's  40 crates.\n🚢 gone", "tokens")
    assert ruler.size == 8
    assert ruler.locate(Piece(6, 8)) == (3, 4)
    assert ruler.locate(Piece(7, 10)) == (3, 5)
    assert ruler.locate(Piece(4, 6)) == (3, 3)
    assert ruler.paragraphs == [0, 6]


def test_letters_without_spaces_are_positions() -> None:
    """A clause was one position, so that spans anywhere in it agreed."""
    ruler = find_positions("映像がとても\n美しい", "tokens")
    assert ruler.size == 9
    assert ruler.locate(Piece(0, 2)) == (0, 2)
    assert ruler.paragraphs == [0, 6]
