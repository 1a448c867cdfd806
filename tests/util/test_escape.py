"""Each kind of output shows exactly the text that was given, and no more than the text."""

import html
import json
import re
import xml.etree.ElementTree as ET
from itertools import pairwise

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from annotate.util.escape import (
    Markdown,
    TerminalText,
    defuse_commands,
    escape_address,
    escape_bibtex,
    escape_html,
    escape_json,
    escape_markdown,
    escape_markdown_prose,
    escape_markdown_words,
    escape_terminal,
    escape_terminal_line,
    escape_workflow,
    escape_xml,
    has_unseen,
    markdown_code,
    markdown_code_block,
    markdown_link,
    markdown_table,
    mute_references,
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


def _render(text: str) -> str:
    """Render Markdown as GitHub and the Hub do, which show raw HTML."""
    rendered: str = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"]).render(text)
    return rendered


@given(LINES, LINES)
def test_a_table_keeps_its_cells_whatever_is_in_them(first: str, second: str) -> None:
    rendered = _render(markdown_table(("a", "b"), [(f"x{first}", f"y{second}")]))
    cells = [html.unescape(cell.partition("</td>")[0]) for cell in rendered.split("<td>")[1:]]
    assert cells == [escape_terminal_line(f"x{first}"), escape_terminal_line(f"y{second}")]


def test_cells_in_markdown_stay_as_they_are_but_for_pipes_and_line_ends() -> None:
    rows = [(Markdown(r"`x|y`"),), (Markdown(r"x\|y"),), (Markdown("two\nlines"),)]
    assert _cells(markdown_table(("a",), rows)) == ["a", "`x|y`", "x|y", "two lines"]


@given(st.text().map(str.strip))
@example("# a")
@example("- a")
@example("1234. a")
@example("12) a")
@example("---")
@example("===")
@example("+ a")
@example("~~~")
@example("<script>alert(1)</script>")
@example("&lt;b&gt; &#x3c; &amp")
@example("__a__ _b_ a_b")
@example("a\\")
@example("::error::a")
@example("![x](http://example.org/x.png) [y](javascript:alert(1))")
def test_no_character_of_a_value_is_markdown(text: str) -> None:
    rendered = _render(escape_markdown(text))
    words = escape_terminal_line(" ".join(text.split()))
    assert html.unescape(rendered) == (f"<p>{words}</p>\n" if words else "")


@given(st.text("ab`\\*<\n", max_size=30))
def test_code_in_prose_stays_code_and_all_else_is_words(text: str) -> None:
    line = " ".join(text.split())
    rendered = _render(f"x{escape_markdown_words(text)}x")
    # Taking the code out of the escaped text and out of the text itself gives the same words.
    assert not re.search(r"<(?!/?(?:p|code)>)", rendered)
    words = re.sub(r"</?code>", "`", html.unescape(rendered.removeprefix("<p>x").removesuffix("x</p>\n")))
    assert words.replace("`", "").replace(" ", "") == line.replace("`", "").replace(" ", "")


def test_prose_has_its_paragraphs_and_no_other_block() -> None:
    text = "One `a_b` of\n# two.\n\n\n  - Three\n\n<script>x</script>\n"
    assert escape_markdown_prose(text) == "One `a_b` of \\# two.\n\n\\- Three\n\n\\<script\\>x\\</script\\>"


@given(st.text("a`| \n\x1b", max_size=12))
def test_code_ends_where_its_text_ends(text: str) -> None:
    shown = escape_terminal_line(text)
    rendered = _render(f"x {markdown_code(text)} y")
    if shown.strip():
        assert html.unescape(rendered).count("<code>") == 1
        assert html.unescape(rendered).split("<code>")[1].split("</code>")[0].strip() == shown.strip()
    block = html.unescape(_render(markdown_code_block(f"a\n{text}\nb", "python")))
    assert block == f'<pre><code class="language-python">a\n{escape_terminal(text)}\nb\n</code></pre>\n'


@pytest.mark.parametrize(
    ("address", "safe"),
    [
        ("https://example.org/a_b?c=d#e", "https://example.org/a_b?c=d#e"),
        (" HTTP://example.org/%20 ", "HTTP://example.org/%20"),
        ("https://example.org/a)b <i>\n`", "https://example.org/a%29b%20%3Ci%3E%0A%60"),
        ("javascript:alert(1)", None),
        ("JAVASCRIPT:alert(1)//https://example.org", None),
        ("data:text/html,x", None),
        ("//example.org", None),
        ("https:example.org", None),
        ("https:///x", None),
        ("", None),
    ],
)
def test_addresses_are_of_the_web_and_end_where_they_end(address: str, safe: str | None) -> None:
    assert escape_address(address) == safe
    assert _render(markdown_link("a [b]", address)).count("<a ") == (safe is not None)


def test_values_are_escaped_where_they_are_put_into_text() -> None:
    assert Markdown("# {} {x:,}").format("a*b", x=1000) == r"# a\*b 1,000"
    assert Markdown("\n").join(["<b>", Markdown("<b>")]) == "\\<b\\>\n<b>"
    assert Markdown("**") + "*" == r"**\*"
    assert TerminalText("{}: {}").format("a\nb", TerminalText("c\nd")) == "a\\nb: c\nd"
    assert Markdown("{}").format(Markdown("*")) == "*"


@given(LINES)
def test_markup_languages_give_the_text_back(text: str) -> None:
    assert html.unescape(escape_html(text)) == text
    element = ET.fromstring(f'<a b="{escape_xml(text)}">{escape_xml(text)}</a>')  # noqa: S314 - our own
    assert (element.get("b"), element.text or "") == (text, text)


def test_a_workflow_command_has_its_message_on_one_line() -> None:
    assert escape_workflow("100%\r\na: b, c") == "100%25%0D%0Aa: b, c"
    assert escape_workflow("a:b,c%", is_property=True) == "a%3Ab%2Cc%25"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("::error::x", r"\x3a:error::x"),
        ("a\n \t::stop-commands::x\nb::c::", "a\n \t\\x3a:stop-commands::x\nb::c::"),
        ("a ##[error]b ##vso[task.complete]", r"a #\x23[error]b #\x23vso[task.complete]"),
        ("a: b, ## c", "a: b, ## c"),
    ],
)
def test_a_log_has_no_command_of_a_value(text: str, shown: str) -> None:
    assert defuse_commands(text) == shown


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("by @octocat, `@a/b`", "by @\u2060octocat, `@\u2060a/b`"),
        (r"\@octocat fixes \#12 and GH-3", "\\@\u2060octocat fixes \\#\u206012 and GH-\u20603"),
        ("at 5 @ 3, # title, &#64;, high-3", "at 5 @ 3, # title, &#64;, high-3"),
    ],
)
def test_a_comment_names_no_user_and_no_issue(text: str, shown: str) -> None:
    assert mute_references(text) == shown


@given(st.text())
@example("".join(map(chr, (*range(0x20), *range(0x7F, 0xA0), 0x61C, 0x200E, 0x2028, 0x2029, 0x202E, 0x2069))))
@example("##[error]")
def test_json_has_the_same_value_and_nothing_to_obey(text: str) -> None:
    encoded = escape_json(json.dumps({text: text}, ensure_ascii=False))
    assert json.loads(encoded) == {text: text}
    assert not has_unseen(encoded)
    assert "##[" not in encoded


@given(st.text(st.characters(exclude_characters=[chr(code) for code in range(0x20)], exclude_categories=["Cs"])))
def test_xml_has_the_same_text_and_nothing_to_obey(text: str) -> None:
    if re.search("[\ufffe\uffff]", text):
        return
    encoded = f'<a b="{escape_xml(text)}">{escape_xml(text)}</a>'
    element = ET.fromstring(encoded)  # noqa: S314 - our own
    assert (element.get("b"), element.text or "") == (text, text)
    assert not has_unseen(encoded)


@pytest.mark.parametrize("character", ["\0", "\x1b", "\x08", "\ufffe", "\udce9"])
def test_xml_refuses_what_it_cannot_hold(character: str) -> None:
    with pytest.raises(ValueError, match=r"has the character \\(x|u)[0-9a-f]+, which XML cannot hold"):
        escape_xml(f"a{character}b")


@given(st.text())
def test_html_has_nothing_that_a_log_obeys(text: str) -> None:
    shown = escape_html(text)
    assert not has_unseen(shown.replace("\n", "").replace("\t", ""))
    assert "##[" not in shown


def test_a_terminal_gets_nothing_to_obey() -> None:
    assert escape_terminal("a\x1b[31mb\x07\r") == r"a\x1b[31mb\x07\r"
    assert escape_terminal("a\u202eb") == r"a\u202eb"
    assert escape_terminal("caf\udce9") == r"caf\udce9"
    assert escape_terminal("tab\tand\nlines, naïve “quotes”") == "tab\tand\nlines, naïve “quotes”"
    assert escape_terminal_line("a\tb\nc\u2028d\x9be\u061c") == r"a\tb\nc\u2028d\x9be\u061c"
    assert escape_terminal_line("caf\udce9, naïve “quotes”") == r"caf\udce9, naïve “quotes”"


def test_bibtex_commands_in_a_title_are_letters() -> None:
    assert escape_bibtex("R&D at 5%,\n {x}_1 #2 $3") == r"R\&D at 5\%, \{x\}\_1 \#2 \$3"
    assert escape_bibtex("a\\input{b} ^~\x1b") == r"a\textbackslash{}input\{b\} \^{}\~{}\textbackslash{}x1b"


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
