"""Escaped text is one line, and is restored."""

from hypothesis import given, settings

from annotate.formats.escapes import escape_line, unescape_line
from tests.formats.strategies import words


@settings(max_examples=300, deadline=None)
@given(words)
def test_escaped_text_is_one_line_and_comes_back(text: str) -> None:
    line = escape_line(text)
    assert unescape_line(line) == text
    assert len(f"x{line}x".splitlines()) == 1
    assert line == line.strip()
