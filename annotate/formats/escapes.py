"""Words on one line of a file that is made of lines, and back."""

import re

_ESCAPES = {"n": "\n", "r": "\r", "t": "\t"}


def escaped(text: str) -> str:
    """Words on one line: a backslash before what would end the line, any other control, and a backslash."""
    text = text.replace("\\", "\\\\").replace("\n", "\\n").replace("\r", "\\r").replace("\t", "\\t")
    return re.sub(r"[\x00-\x1f\x7f-\xa0\u2028\u2029]|^ | $", lambda match: f"\\u{ord(match[0]):04x}", text)


def unescaped(text: str) -> str:
    """The inverse of `escaped`."""

    def one(match: re.Match[str]) -> str:
        code = match[1]
        return chr(int(code[1:], 16)) if len(code) == 5 else _ESCAPES.get(code, code)

    return re.sub(r"\\(u[0-9a-f]{4}|.)", one, text)
