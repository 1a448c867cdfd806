r"""Patterns that match whole values, in every engine.

To JSON Schema and to `jsonschema-rs`, `$` is the end of a value. To Python's `re`, and so to the package `jsonschema`,
it is also the place before a last line feed, so that "en\n" would be a language. `END` is the end to all of them. In
code, match with `fullmatch`.
"""

END = r"$(?!\n)"
"""The end of a value."""

_UNSEEN = r"\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069"

SINGLE_LINE = rf"^[^\u0000-\u001f{_UNSEEN}]*{END}"
"""Names and metadata: one line, without the characters that `util.escape.escape_terminal_line` shows as escapes."""

PROSE = rf"^[^\u0000-\u0008\u000b-\u001f{_UNSEEN}]*$"
"""Prose: lines and tabs, without control characters and characters of direction."""

DATE = (
    r"^[0-9]{4}(-((0[13578]|1[02])(-(0[1-9]|[12][0-9]|3[01]))?|(0[469]|11)(-(0[1-9]|[12][0-9]|30))?"
    rf"|02(-(0[1-9]|[12][0-9]))?))?{END}"
)
"""A year, a month or a day: YYYY, YYYY-MM or YYYY-MM-DD. Each month has its days, and February 29 of them."""

TIME = f"^[0-9]{{4}}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])T([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]Z{END}"
"""A time in UTC, to the second."""

FILE_NAME = rf"^[^/\\\u0000-\u001f{_UNSEEN}]+{END}"
"""The name of a file, without a folder."""

NAMES_WITH_SLASH = rf"^[^/\u0000-\u001f{_UNSEEN}]+(/[^/\u0000-\u001f{_UNSEEN}]+){{1,2}}{END}"
"""Two or three names with a slash between them."""

_LANGUAGE = (
    "(a[abefkmnrsvyz]|b[aeghimnors]|c[aehorsuvy]|d[aevz]|e[elnostu]|f[afijory]|g[adlnuv]|h[aeiortuyz]|"
    "i[adegiknostuw]|j[aivw]|k[agijklmnorsuvwy]|l[abginotuv]|m[ghiklnorsty]|n[abdeglnorvy]|o[cjmrs]|p[ailst]|"
    "qu|r[mnouw]|s[acdeghiklmnoqrstuvw]|t[aeghiklnorstwy]|u[gkrz]|v[eio]|w[ao]|xh|y[io]|z[ahu]|"
    "[a-z]{3})"
)
"""The two-letter codes of ISO 639 that the IANA registry of language subtags has, and any three letters."""

LANGUAGE_CODE = f"^{_LANGUAGE}{END}"
"""The code of a language, without a region or a script."""

LANGUAGE_TAG = f"^{_LANGUAGE}(-[A-Za-z0-9]+)*{END}"
"""The tag of a language as in BCP 47, with or without a script, a region and more."""

TRIMMED_LINE = rf"^[^\s\u0000-\u001f{_UNSEEN}]([^\u0000-\u001f{_UNSEEN}]*[^\s\u0000-\u001f{_UNSEEN}])?{END}"
"""One line with no white space at its ends."""
