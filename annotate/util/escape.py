"""Text made safe for where it is written: one function for each kind of output, and the shortening of long text."""

import html
import re
import string
from collections.abc import Iterable, Iterator, Sequence
from typing import Literal, Self
from urllib.parse import quote as quote_url

Align = Literal["left", "right"]

# What a terminal obeys or a reader does not see: C0 and C1 controls, the characters that set the direction of what
# follows, and the separators of lines and paragraphs. The schemas refuse the same characters in names and metadata
# (`schemas.SINGLE_LINE`).
_BIDI = "\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069"
_UNSEEN = re.compile(f"[\x00-\x1f\x7f-\x9f{_BIDI}\u2028\u2029]")
_UNSEEN_IN_BLOCK = re.compile(f"[\x00-\x08\x0b-\x1f\x7f-\x9f{_BIDI}\u2028\u2029]")
_UNSEEN_IN_JSON = re.compile(f"[\x7f-\x9f{_BIDI}\u2028\u2029\ud800-\udfff]")
_UNSEEN_IN_MARKUP = re.compile(f"[\x00-\x08\x0b-\x1f\x7f-\x9f{_BIDI}\u2028\u2029\ud800-\udfff\ufffe\uffff]")
_REFERENCE = re.compile(r"@(?=\w)|(?<!&)#(?=[0-9])|(?<=\bGH)-(?=[0-9])", re.IGNORECASE)
_COMMAND = re.compile(r"^((?:[^\S\n]|\x1b\[[0-9;]*+m)*+):(?=:)", re.MULTILINE)  # colours are taken out of a log
_OLD_COMMAND = re.compile(r"##(?=\w*\[)")

_MARKDOWN = re.compile(
    r"[\\`*\[\]<>#|~$]"
    r"|(?<![^\W_])_|_(?![^\W_])"  # within a word, an underscore is a letter
    r"|&(?=#?\w+;)"
    r"|^:(?=:)"  # a command to a CI service
    r"|^[-+=](?=[-+=]|\s|\Z)|(?<=^[0-9])[.)](?=\s|\Z)|(?<=^[0-9]{2})[.)](?=\s|\Z)"
)
_NUMBERED = re.compile(r"^([0-9]{3,9})([.)])(?=\s|\Z)")
_BACKTICKS = re.compile("`+")
_PARAGRAPH_END = re.compile(r"\n\s*\n")
_PIPE = re.compile(r"(\\.)|\|")
_BIBTEX = {**{sign: f"\\{sign}" for sign in "&%$#_{}"}, "\\": "\\textbackslash{}", "^": "\\^{}", "~": "\\~{}"}
_FIGURE = re.compile(r"[0-9][0-9,.]*")
_ADDRESS = re.compile(r"https?://[^\s/?#]", re.IGNORECASE)
_KEPT_IN_ADDRESS = "!#$&'*+,/:;=?@-._~%"


class Escaped(str):
    """Text that is made for one kind of output. Other text is escaped where it is put into it or joined with it.

    So a value cannot be forgotten: `Markdown("# {}").format(title)` escapes the title, and what an f-string makes is a
    plain `str`, which is escaped as a whole.
    """

    __slots__ = ()

    @classmethod
    def escape(cls, value: object) -> Self:
        """Return a value as text of this kind; text that is of this kind already stays as it is."""
        return value if isinstance(value, cls) else cls(cls._escape_text(str(value)))

    @classmethod
    def _escape_text(cls, text: str) -> str:
        raise NotImplementedError

    def format(self, *args: object, **kwargs: object) -> Self:
        """Return the text with values put in place of its braces, each escaped after it was formatted."""
        return type(self)(_Formatter(type(self)).vformat(self, args, kwargs))

    def join(self, parts: Iterable[object]) -> Self:
        """Return parts joined by this text, each escaped."""
        return type(self)(str.join(self, [type(self).escape(part) for part in parts]))

    def __add__(self, other: str) -> Self:
        return type(self)(str.__add__(self, type(self).escape(other)))


class _Formatter(string.Formatter):
    def __init__(self, kind: type[Escaped]) -> None:
        self._kind = kind

    def format_field(self, value: object, format_spec: str) -> str:
        if isinstance(value, self._kind) and not format_spec:
            return value
        return self._kind.escape(format(value, format_spec))


class Markdown(Escaped):
    """Markdown. Any other text is escaped, on one line, by `escape_markdown`."""

    __slots__ = ()

    @classmethod
    def _escape_text(cls, text: str) -> str:
        return escape_markdown(text)


class TerminalText(Escaped):
    """Text for a terminal, perhaps with colours. Any other text is escaped, on one line, by `escape_terminal_line`."""

    __slots__ = ()

    @classmethod
    def _escape_text(cls, text: str) -> str:
        return escape_terminal_line(text)


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
) -> Markdown:
    """Return a table in GitHub Flavored Markdown, without a line end after the last row.

    Args:
        header: The names of the columns.
        rows: The cells. One that is not `Markdown` is escaped. A line end becomes a space.
        align: The side of each column; by default a column that holds only figures is on the right.
    """
    cells = [[_cell(cell) for cell in row] for row in rows]
    sides = align or ["right" if all(map(_FIGURE.fullmatch, column)) else "left" for column in zip(*cells, strict=True)]
    rule = ["---:" if side == "right" else "---" for side in sides] or ["---"] * len(header)
    lines = ([_cell(name) for name in header], rule, *cells)
    return Markdown("\n".join("| " + " | ".join(line) + " |" for line in lines))


def _cell(value: object) -> str:
    # Markdown of more than one line, and pipes in code, would break the table.
    return _PIPE.sub(lambda match: match[1] or r"\|", " ".join(Markdown.escape(value).splitlines()))


def markdown_code(text: str) -> Markdown:
    """Return text as code within a line of Markdown."""
    line = escape_terminal_line(text)
    fence = "`" * (1 + max((len(run) for run in _BACKTICKS.findall(line)), default=0))
    if len(fence) > 2 or "`" in line or (line.strip(" ") and line != line.strip(" ")):
        line = f" {line} "
    return Markdown(f"{fence}{line}{fence}")


def markdown_code_block(text: str, language: str = "") -> Markdown:
    """Return text of several lines as a block of code."""
    longest = max((len(run) for run in _BACKTICKS.findall(text)), default=0)
    fence = "`" * max(3, longest + 1)
    return Markdown(f"{fence}{language}\n{escape_terminal(text)}\n{fence}")


def markdown_shown_form(name: str, shown: str, written: Markdown) -> Markdown:
    """Return a name as `written`, or as code after the form that people see if that is another one."""
    return written if shown == name else Markdown("{} ({})").format(shown, markdown_code(name))


def markdown_link(words: str, address: str) -> Markdown:
    """Return words that link to an address; the words alone if it is not an address of the web."""
    safe = escape_address(address)
    return Markdown(f"[{Markdown.escape(words)}]({safe})") if safe else Markdown.escape(words)


def escape_markdown(text: str) -> Markdown:
    """Return the text on one line in which no character is Markdown, at the start of a line or elsewhere."""
    text = escape_terminal_line(" ".join(text.split()))
    text = _NUMBERED.sub(r"\1\\\2", _MARKDOWN.sub(r"\\\g<0>", text))
    return Markdown(text)


def escape_markdown_words(text: str) -> Markdown:
    """Return the text on one line in which nothing is Markdown but code in backticks."""
    text = " ".join(text.split())
    runs = list(_BACKTICKS.finditer(text))
    later = {len(run[0]): index for index, run in enumerate(runs)}  # the last run of each length
    parts: list[str] = []
    position = index = 0
    while index < len(runs):
        opening = runs[index]
        length = len(opening[0])
        if later[length] > index:
            closing = next(at for at in range(index + 1, len(runs)) if len(runs[at][0]) == length)
            inside = escape_terminal_line(text[opening.end() : runs[closing].start()])
            parts += [_escape_part(text[position : opening.start()]), f"{opening[0]}{inside}{opening[0]}"]
            position, index = runs[closing].end(), closing
        index += 1
    return Markdown("".join([*parts, _escape_part(text[position:])]))


def _escape_part(text: str) -> str:
    """Escape a part of a line; the white space at its ends is kept."""
    stripped = text.strip()
    if not stripped:
        return text
    start = text.index(stripped[0])
    return f"{text[:start]}{escape_markdown(stripped)}{text[start + len(stripped) :]}"


def escape_markdown_prose(text: str) -> Markdown:
    """Return the paragraphs of a text, each on one line in which nothing is Markdown but code in backticks."""
    return Markdown("\n\n").join(escape_markdown_words(part) for part in _PARAGRAPH_END.split(text) if part.strip())


def mute_references(text: str) -> str:
    """Return Markdown in which a forge finds no name of a user and no number of an issue.

    A forge looks for `@name` and `#12` after it has read the Markdown, so that a backslash does not help. The word
    joiner that follows the sign is not seen.
    """
    return _REFERENCE.sub("\\g<0>\u2060", text)


def escape_html(text: str) -> str:
    """Return the text for HTML, between tags or in a quoted attribute, with escapes for control characters."""
    return replace_unseen_in_html(html.escape(text))


def replace_unseen_in_html(text: str) -> str:
    r"""Return HTML in which control characters are shown as `\x1b`; characters of direction become references.

    HTML has no reference for a control character. In a page of a log, neither can be obeyed then.
    """

    def replace(match: re.Match[str]) -> str:
        code = ord(match[0])
        return f"&#x{code:x};" if 0xA0 <= code < 0xD800 else _show(match)

    return _defuse_in_markup(_UNSEEN_IN_MARKUP.sub(replace, text))


def escape_xml(text: str) -> str:
    """Return the text for XML, between tags or in an attribute with double quotation marks.

    Raises:
        ValueError: The text has a character that XML cannot hold.
    """
    return replace_unseen_in_xml(html.escape(text).replace("&#x27;", "'"))


def replace_unseen_in_xml(text: str) -> str:
    """Return XML in which characters that a terminal obeys are references.

    Raises:
        ValueError: It has a character that XML 1.0 cannot hold: most C0 controls, surrogates, U+FFFE, U+FFFF.
    """

    def replace(match: re.Match[str]) -> str:
        code = ord(match[0])
        if code != 0xD and (code < 0x20 or code >= 0xD800):
            raise ValueError(f"has the character {_show(match)}, which XML cannot hold")
        return f"&#x{code:x};"

    return _defuse_in_markup(_UNSEEN_IN_MARKUP.sub(replace, text))


def _defuse_in_markup(text: str) -> str:
    """Return HTML or XML in which no line is a command to a CI service, as `defuse_commands` does in text."""
    return _OLD_COMMAND.sub("#&#x23;", _COMMAND.sub(r"\1&#x3a;", text))


def escape_json(text: str) -> str:
    r"""Return JSON with `\u` escapes for what a terminal would obey; it has the same value.

    C0 controls are escaped in any JSON. What this replaces can only be inside strings.
    """
    text = _UNSEEN_IN_JSON.sub(lambda match: f"\\u{ord(match[0]):04x}", text)
    return _OLD_COMMAND.sub(r"#\\u0023", text)


def escape_yaml(text: str) -> str:
    r"""Return YAML with `\u` escapes for what a terminal would obey.

    Args:
        text: The YAML. Text with such a character must be in double quotes there, and have C0 controls as escapes.
    """
    return _UNSEEN_IN_BLOCK.sub(lambda match: f"\\u{ord(match[0]):04x}", text)


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
    """Return a block of text with escapes in place of what a terminal would obey, and of what UTF-8 cannot hold.

    Control characters (but for tab and line feed) and characters that set the direction of writing become `\\x1b` and
    the like, as do the lone surrogates that stand for the bytes of a file name that is not UTF-8.
    """
    return _encodable(_UNSEEN_IN_BLOCK.sub(_show, text))


def escape_terminal_line(text: str) -> str:
    """Return the text on one line of a terminal: as `escape_terminal`, and tab and line feed are escapes as well."""
    return _encodable(_UNSEEN.sub(_show, text))


def defuse_commands(text: str) -> str:
    r"""Return text for a log in which no line is a command to a CI service.

    GitHub Actions obeys `::name::` at the start of a line, after white space, and `##[name]` anywhere in it. Other
    services obey `##name[…]`. A sign of these marks becomes an escape.
    Source: `ActionCommand` of https://github.com/actions/runner.
    """
    return _OLD_COMMAND.sub(r"#\\x23", _COMMAND.sub(r"\1\\x3a", text))


def has_unseen(text: str) -> bool:
    """Return whether `escape_terminal_line` changes the text."""
    return escape_terminal_line(text) != text


def _show(match: re.Match[str]) -> str:
    return match[0].encode("unicode_escape").decode("ascii")


def _encodable(text: str) -> str:
    return text.encode("utf-8", "backslashreplace").decode("utf-8")


def escape_bibtex(text: str) -> str:
    """Return the text on one line for a BibTeX field."""
    line = escape_terminal_line(" ".join(text.split()))
    return "".join(_BIBTEX.get(character, character) for character in line)


def escape_address(address: str) -> str | None:
    """Return an address of the web that can stand in Markdown, HTML or BibTeX; None for any other address.

    Only `http` and `https` are of the web. What would end the address or begin something else is percent-encoded.
    """
    address = address.strip()
    if not _ADDRESS.match(address):
        return None
    return quote_url(address.encode("utf-8", "replace"), safe=_KEPT_IN_ADDRESS)
