r"""Text on one line of a file that is made of lines, with backslash escapes, and back."""

import re

_LETTERS = {"n": "\n", "r": "\r", "t": "\t"}
_CONTROL_OR_OUTER_SPACE = re.compile(r"[\x00-\x1f\x7f-\xa0\u2028\u2029]|^ | \Z")
_ESCAPE = re.compile(r"\\(u[0-9a-f]{4}|.)")


def escape_line(text: str) -> str:
    r"""Escape backslashes, control characters, line ends, no-break spaces, and spaces at the ends of a text.

    The result is one line that a reader may strip: `\\`, `\n`, `\r`, `\t`, or `\u` with four digits.
    """
    text = text.replace("\\", "\\\\").replace("\n", "\\n").replace("\r", "\\r").replace("\t", "\\t")
    return _CONTROL_OR_OUTER_SPACE.sub(lambda match: f"\\u{ord(match[0]):04x}", text)


def unescape_line(line: str) -> str:
    """Undo `escape_line`; a backslash before any other character is dropped."""

    def replace(match: re.Match[str]) -> str:
        code = match[1]
        return chr(int(code[1:], 16)) if len(code) > 1 else _LETTERS.get(code, code)

    return _ESCAPE.sub(replace, line)
