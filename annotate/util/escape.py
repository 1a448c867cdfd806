"""Text made safe for where it is written: one function for each kind of output, and the shortening of long text."""

import html
import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Literal

Align = Literal["left", "right"]

_MARKDOWN = re.compile(r"([\\`*_\[\]<>|#])")
_PIPE = re.compile(r"(\\.)|\|")
_BIBTEX = re.compile(r"([&%$#_{}])")
_FIGURE = re.compile(r"[0-9][0-9,.]*")
# C0 and C1 controls without tab and line feed, and the characters that change the direction of what follows.
_CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]")

_MOST_BITS = 2000
"""Bits of the largest integer that is shown in digits."""


def shorten(text: str, limit: int = 60) -> str:
    """Return the text on one line of at most `limit` characters; an ellipsis marks what was cut off."""
    line = " ".join(text.split())
    return line if len(line) <= limit else f"{line[: limit - 1]}…"


def quote(value: object, limit: int = 60) -> str:
    """Return a value as it is quoted in a message: its `repr`, shortened.

    Args:
        value: Any value. A string keeps its closing quotation mark, also where it is cut.
        limit: The number of characters of a string, or of the `repr` of another value, that are shown.
    """
    if isinstance(value, str):
        return repr(value if len(value) <= limit else f"{value[: limit - 1]}…")
    return shorten("".join(_repr_start(value, limit)), limit)


def _repr_start(value: object, limit: int) -> Iterator[str]:
    """Yield parts of the `repr` of a value until there are more than `limit` characters; the rest is never made.

    YAML aliases can make a value of a few bytes whose `repr` has gigabytes, and Python refuses to show an integer of
    many digits.
    """
    length = 0
    for part in _repr_parts(value, limit):
        yield part
        length += len("".join(part.split()))
        if length > limit:
            return


def _repr_parts(value: object, limit: int) -> Iterator[str]:
    if isinstance(value, dict):
        for index, (key, entry) in enumerate(value.items()):
            yield ", " if index else "{"
            yield from _repr_parts(key, limit)
            yield ": "
            yield from _repr_parts(entry, limit)
        yield "}" if value else "{}"
    elif isinstance(value, list | tuple):
        opening, closing = "[]" if isinstance(value, list) else "()"
        yield opening
        for index, entry in enumerate(value):
            yield ", " if index else ""
            yield from _repr_parts(entry, limit)
        yield closing
    elif isinstance(value, str):
        yield repr(value if len(value) <= limit else f"{value[:limit]}…")
    elif isinstance(value, int) and value.bit_length() > _MOST_BITS:
        yield f"a number of more than {_MOST_BITS // 4} digits"
    else:
        yield repr(value)


def markdown_table(
    header: Sequence[str], rows: Iterable[Sequence[object]], align: Sequence[Align] | None = None
) -> str:
    """Return a table in GitHub Flavored Markdown, without a line end after the last row.

    Args:
        header: The names of the columns, in Markdown.
        rows: The cells, in Markdown. A `|` that is not escaped yet is escaped; a line end becomes a space.
        align: The side of each column; by default a column that holds only figures is on the right.
    """
    cells = [[_cell(cell) for cell in row] for row in rows]
    sides = align or ["right" if all(map(_FIGURE.fullmatch, column)) else "left" for column in zip(*cells, strict=True)]
    rule = ["---:" if side == "right" else "---" for side in sides] or ["---"] * len(header)
    return "\n".join("| " + " | ".join(line) + " |" for line in ([_cell(name) for name in header], rule, *cells))


def _cell(value: object) -> str:
    return _PIPE.sub(lambda match: match[1] or r"\|", " ".join(str(value).splitlines()))


def escape_markdown(text: str) -> str:
    """Return the text on one line in which no character is Markdown."""
    return _MARKDOWN.sub(r"\\\1", " ".join(text.split()))


def escape_html(text: str) -> str:
    """Return the text for HTML, between tags or in a quoted attribute."""
    return html.escape(text)


def escape_xml(text: str) -> str:
    """Return the text for XML, between tags or in an attribute with double quotation marks."""
    return html.escape(text).replace("&#x27;", "'")


def escape_workflow(text: str, *, is_property: bool = False) -> str:
    """Return the text for a GitHub workflow command, `::error file=PROPERTY::MESSAGE`.

    Source: `escapeData` and `escapeProperty` of @actions/core, https://docs.github.com/actions.

    Args:
        text: The message, or the value of a property.
        is_property: Whether it is the value of a property, in which `:` and `,` mean something, too.
    """
    for character in "%\r\n:," if is_property else "%\r\n":
        text = text.replace(character, f"%{ord(character):02X}")
    return text


def escape_terminal(text: str) -> str:
    """Return the text with escapes in place of what a terminal would obey, and of what UTF-8 cannot hold.

    Control characters (but for tab and line feed) and characters that set the direction of writing become `\\x1b` and
    the like, as do the lone surrogates that stand for the bytes of a file name that is not UTF-8.
    """
    text = _CONTROL.sub(lambda match: repr(match[0])[1:-1], text)
    return text.encode("utf-8", "backslashreplace").decode("utf-8")


def escape_bibtex(text: str) -> str:
    """Return the text on one line for a BibTeX field."""
    return _BIBTEX.sub(r"\\\1", " ".join(text.split()))
