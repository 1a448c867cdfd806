"""The one place that knows how text is counted.

Offsets are Unicode code points, half open. Other counts (UTF-16 units, as browsers give them) are turned into these
here and nowhere else.
"""

import hashlib
import re
import unicodedata
from bisect import bisect_left
from collections.abc import Callable
from typing import Literal, NamedTuple

Diagnosis = Literal["code points", "escaped newline", "folded white space", "UTF-16", "hybrid", "stale text", "unknown"]
"""How a span's offsets stand to the words quoted with it.

code points: they read the words. escaped newline, folded white space: they do, but for the way a browser writes line
ends and shows white space. UTF-16: they do when counted in UTF-16 units. hybrid: when one is counted so and the other
is not, as after a drag. stale text: the words stand elsewhere. unknown: the words stand nowhere, or there are none.
"""

PLAIN: frozenset[Diagnosis] = frozenset({"code points", "escaped newline", "folded white space"})
"""Diagnoses of offsets that are code points as they are."""

_GAP = re.compile(r"(?:\s|\\n)+")
_LINE_END = re.compile(r"[\r\n]")
_CRLF = re.compile("\r\n")


class ResolvedOffsets(NamedTuple):
    """A span's place in code points, and what its offsets had been."""

    start: int
    end: int
    diagnosis: Diagnosis


class UnresolvedOffsets(NamedTuple):
    """Offsets that read the quoted words under neither count.

    Attributes:
        code_points: What the text reads if offsets are code points; None outside the text.
        utf16: What the text reads if offsets are UTF-16 units; None outside the text.
        diagnosis: How the offsets relate to the words.
        places: Ranges `[start, end)` that may be meant. If there is exactly one, `resolve_offsets` can take it.
    """

    code_points: str | None
    utf16: str | None
    diagnosis: Diagnosis = "unknown"
    places: tuple[tuple[int, int], ...] = ()


def sha256(data: bytes | str) -> str:
    """Hexadecimal SHA-256 of bytes, or of a string's UTF-8."""
    return hashlib.sha256(data.encode() if isinstance(data, str) else data).hexdigest()


def normalise(text: str) -> str:
    """The form that the corpus keeps: no byte order mark, LF line ends, Unicode normal form C."""
    return unicodedata.normalize("NFC", text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n"))


def from_utf16(text: str, offset: int) -> int | None:
    """The code point offset of a UTF-16 offset; None if it is outside the text or inside a surrogate pair."""
    if offset < 0:
        return None
    if text.isascii():
        return offset if offset <= len(text) else None
    # So many units are at most as many characters: what is behind them need not be looked at.
    units = text[:offset].encode("utf-16-le", "surrogatepass")
    if 2 * offset > len(units):
        return None
    try:
        return len(units[: 2 * offset].decode("utf-16-le"))
    except UnicodeDecodeError:
        return None


def from_utf8(text: str, offset: int) -> int | None:
    """The code point offset of a byte offset into the text's UTF-8; None if it is outside or inside a character."""
    data = text[: max(offset, 0)].encode("utf-8", "surrogatepass")
    if not 0 <= offset <= len(data):
        return None
    try:
        return len(data[:offset].decode("utf-8", "surrogatepass"))
    except UnicodeDecodeError:
        return None


def from_single_line_ends(text: str, offset: int) -> int | None:
    """The offset of one that was counted with each CR LF as one character; None if it is outside the text."""
    at = 0
    for line in text.split("\r\n"):
        if 0 <= offset <= len(line):
            return at + offset
        offset -= len(line) + 1
        at += len(line) + 2
    return None


def in_normal_form(text: str, offset: int) -> int | None:
    """Where an offset of the text lies in `normalise(text)`; None if normal form makes one character of its sides."""
    before, after = normalise(text[:offset]), text[offset:]
    # A byte order mark within the text is a character like any other.
    after = normalise(f"\ufeff{after}" if offset else after)
    return len(before) if before + after == normalise(text) else None


def normal_places(text: str) -> Callable[[int], int | None]:
    """`in_normal_form` for many offsets of one text, quick where nothing but line ends is not in normal form."""
    line_ends = [match.start() + 1 for match in _CRLF.finditer(text)]
    if text.startswith("\ufeff") or not unicodedata.is_normalized("NFC", text):
        return lambda offset: in_normal_form(text, offset)
    between = frozenset(line_ends)
    return lambda offset: None if offset in between else offset - bisect_left(line_ends, offset)


def _slice(text: str, start: int | None, end: int | None) -> str | None:
    if start is None or end is None or not 0 <= start <= end <= len(text):
        return None
    return text[start:end]


def resolve_offsets(
    text: str, start: int, end: int, quoted: str, fix: bool = False
) -> ResolvedOffsets | UnresolvedOffsets:
    """Decide, for one span, in which unit its offsets were counted: by the words quoted with it.

    Code points are tried first, UTF-16 units second; then both again with the words as a browser shows them, since it
    quotes those. Where no reading gives the quoted words, nothing is guessed: both readings come back as a `Misfit`,
    but with `fix` the one other place that fits is taken, if there is exactly one.
    """
    as_points = _slice(text, start, end)
    if as_points == quoted:
        return ResolvedOffsets(start, end, "code points")
    first, last = from_utf16(text, start), from_utf16(text, end)
    as_units = _slice(text, first, last)
    if as_units == quoted and first is not None and last is not None:
        return ResolvedOffsets(first, last, "UTF-16")
    if as_points is not None and fold_white_space(as_points) == fold_white_space(quoted):
        escaped = _LINE_END.sub(r"\\n", as_points) == quoted
        return ResolvedOffsets(start, end, "escaped newline" if escaped else "folded white space")
    if (
        as_units is not None
        and fold_white_space(as_units) == fold_white_space(quoted)
        and first is not None
        and last is not None
    ):
        return ResolvedOffsets(first, last, "UTF-16")
    misfit = _diagnosed(text, ((start, last), (first, end)), quoted, UnresolvedOffsets(as_points, as_units))
    if fix and len(misfit.places) == 1:
        return ResolvedOffsets(*misfit.places[0], misfit.diagnosis)
    return misfit


def _diagnosed(
    text: str, mixed: tuple[tuple[int | None, int | None], ...], quoted: str, misfit: UnresolvedOffsets
) -> UnresolvedOffsets:
    """Why neither count fits, and the places that might be meant; `mixed` has one offset in each unit."""
    if not quoted.strip():
        return misfit
    places = []
    folded = fold_white_space(quoted)
    for start, end in mixed:
        words = _slice(text, start, end)
        if words is not None and fold_white_space(words) == folded and start is not None and end is not None:
            places.append((start, end))
    if places:
        return misfit._replace(diagnosis="hybrid", places=tuple(dict.fromkeys(places)))
    found = text.find(quoted)
    if found < 0:
        return misfit
    # Offsets that read other words are a place of their own: a resized span whose quoted words are the old ones.
    read = misfit.code_points is not None or misfit.utf16 is not None
    several = read or text.find(quoted, found + 1) >= 0
    return misfit._replace(diagnosis="stale text", places=() if several else ((found, found + len(quoted)),))


def fold_white_space(words: str) -> str:
    """Words as a browser shows them: white space of any length is one space. Label Studio quotes a line end as a
    backslash and an n, which counts as white space here."""
    return _GAP.sub(" ", words)


def find_line_range(text: str, start: int, end: int) -> tuple[int, int]:
    """The range `[start, end)` of the line, or lines, in which a span stands; line ends are not part of it."""
    first = text.rfind("\n", 0, start) + 1
    last = text.find("\n", max(end - 1, start))
    return first, len(text) if last < 0 else last


def is_inside_word(text: str, at: int) -> bool:
    """Whether an offset lies between two letters or digits."""
    return 0 < at < len(text) and text[at - 1].isalnum() and text[at].isalnum()


def trim_range(text: str, start: int, end: int) -> tuple[int, int]:
    """The range without white space at its ends; empty, at `start`, if it holds nothing else."""
    words = text[start:end]
    inner = words.strip()
    if not inner:
        return start, start
    first = start + len(words) - len(words.lstrip())
    return first, first + len(inner)
