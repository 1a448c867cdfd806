"""Each kind of output shows exactly the text that was given, and no more than the text."""

import html
import xml.etree.ElementTree as ET
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from annotate.util.escape import (
    escape_bibtex,
    escape_html,
    escape_markdown,
    escape_terminal,
    escape_workflow,
    escape_xml,
    markdown_table,
    quote,
    shorten,
)

LINES = st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Zl", "Zp", "Zs"])).map(str.strip)


@pytest.mark.parametrize(
    ("text", "limit", "short"),
    [("a  b\nc", 60, "a b c"), ("abcdef", 6, "abcdef"), ("abcdefg", 6, "abcde…"), ("", 1, "")],
)
def test_shortened_text_is_one_line_within_the_limit(text: str, limit: int, short: str) -> None:
    assert shorten(text, limit) == short


@pytest.mark.parametrize(
    ("value", "quoted"),
    [
        ("it's", '"it\'s"'),
        ("abcdef", "'abcdef'"),
        ("abcdefg", "'abcde…'"),
        ("a\nb", r"'a\nb'"),
        (None, "None"),
        (1234567, "12345…"),
        ([1, 2, 3], "[1, 2…"),
    ],
)
def test_quoted_values_keep_their_quotation_marks_when_cut(value: object, quoted: str) -> None:
    assert quote(value, 6) == quoted


def _cells(table: str) -> list[str]:
    tokens = MarkdownIt("commonmark").enable("table").parse(table)
    assert [token.type for token in tokens][:1] == ["table_open"]
    cells = pairwise(tokens)
    return [token.content for opened, token in cells if opened.type in ("th_open", "td_open")]


def test_a_table_has_its_figures_on_the_right() -> None:
    assert markdown_table(("label", "count"), [("a", 1), ("b", "2,000")]) == (
        "| label | count |\n| --- | ---: |\n| a | 1 |\n| b | 2,000 |"
    )
    assert markdown_table(("label", "count"), []) == "| label | count |\n| --- | --- |"
    assert markdown_table(("a", "b"), [("1", "x")], ["left", "right"]) == "| a | b |\n| --- | ---: |\n| 1 | x |"


@given(LINES, LINES)
def test_a_table_keeps_its_cells_whatever_is_in_them(first: str, second: str) -> None:
    rendered = (
        MarkdownIt("commonmark")
        .enable("table")
        .render(markdown_table(("a", "b"), [(f"x{escape_markdown(first)}", f"y{escape_markdown(second)}")]))
    )
    cells = [html.unescape(cell.partition("</td>")[0]) for cell in rendered.split("<td>")[1:]]
    assert cells == [f"x{first}", f"y{second}"]


def test_a_pipe_in_a_cell_is_escaped_once() -> None:
    assert _cells(markdown_table(("a",), [(r"`x|y`",), (r"x\|y",), ("two\nlines",)])) == [
        "a",
        "`x|y`",
        "x|y",
        "two lines",
    ]


@given(LINES)
def test_markup_languages_give_the_text_back(text: str) -> None:
    assert html.unescape(escape_html(text)) == text
    element = ET.fromstring(f'<a b="{escape_xml(text)}">{escape_xml(text)}</a>')  # noqa: S314 - our own
    assert (element.get("b"), element.text or "") == (text, text)


def test_a_workflow_command_has_its_message_on_one_line() -> None:
    assert escape_workflow("100%\r\na: b, c") == "100%25%0D%0Aa: b, c"
    assert escape_workflow("a:b,c%", is_property=True) == "a%3Ab%2Cc%25"


def test_a_terminal_gets_nothing_to_obey() -> None:
    assert escape_terminal("a\x1b[31mb\x07\r") == r"a\x1b[31mb\x07\r"
    assert escape_terminal("a\u202eb") == r"a\u202eb"
    assert escape_terminal("caf\udce9") == r"caf\udce9"
    assert escape_terminal("tab\tand\nlines, naïve “quotes”") == "tab\tand\nlines, naïve “quotes”"


def test_bibtex_commands_in_a_title_are_letters() -> None:
    assert escape_bibtex("R&D at 5%,\n {x}_1 #2 $3") == r"R\&D at 5\%, \{x\}\_1 \#2 \$3"


def test_quote_never_makes_more_of_a_value_than_it_shows() -> None:
    value: object = ["x"] * 10
    for _ in range(40):
        value = [value] * 10
    assert quote(value).startswith("[" * 41 + "'x', ")
    assert len(quote(value)) == 60
    assert quote({"a": ["b" * 10**7]}, 20) == "{'a': ['bbbbbbbbbbb…"
    assert quote(10**5000) == "a number of more than 500 digits"
    assert quote([10**5000, (1,)]).startswith("[a number of more than 500 digits, (1")
    assert quote({}) == "{}"
    assert quote([1, {"a": None}, "b"]) == "[1, {'a': None}, 'b']"
