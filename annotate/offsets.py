"""Offsets and normal form of texts.

Offsets are Unicode code points, half open. This module converts all other units, such as the UTF-16 units of browsers.
"""

import hashlib
import re
import unicodedata
from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Callable
from functools import cache, cached_property
from itertools import accumulate, pairwise
from math import ceil
from typing import Literal, NamedTuple

from annotate.scripts import letter_without_spaces
from annotate.word_index import WordIndex, search_places

Diagnosis = Literal[
    "code points", "escaped newline", "folded white space", "UTF-16", "hybrid", "white space at the ends", "stale text",
    "unknown",
]  # fmt: skip
"""How a span's offsets relate to the words that are quoted with it.

code points: the text has the words there. escaped newline, folded white space: it has, except for the way a browser
writes line ends and white space. UTF-16: it has if the offsets are UTF-16 units. hybrid: it has if one offset is in
UTF-16 units and the other in code points, as after a drag. white space at the ends: it has, except for white space
before the first word or after the last, as after a double click. stale text: it has the words elsewhere. unknown: it
does not have the words, or none are quoted.
"""

PLAIN: frozenset[Diagnosis] = frozenset({"code points", "escaped newline", "folded white space"})
"""Diagnoses of offsets that are code points already."""

_GAP = re.compile(r"(?:\s|\\n)+")
_LINE_END = re.compile(r"[\r\n]")
_ASTRAL = re.compile("[\U00010000-\U0010ffff]")
_CR_LF = re.compile("\r\n")
_BLOCK = 256
"""Characters that are encoded for one offset."""
_SEARCHES = 50
"""Searches of a text before it gets an index."""
_LONGEST_INDEXED = 4_000_000
"""Characters of the longest text that gets an index, which takes about 40 bytes a character while it is made."""
_PIECE = re.compile(r"(?s).{1,50}.*?(?=[\0-\x09\x0b-\u02ff\u3000-\u3029\u3400-\u9fff]|\Z)")
"""A piece of a text whose normal form does not depend on the rest: the next character never combines with this one.

Up to U+02FF no character does but LF, which makes one line end with CR. The others are Chinese.
"""


class ResolvedOffsets(NamedTuple):
    """The range of a span in code points, half open, and the diagnosis of its original offsets."""

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
    """Return a text without byte order mark, with LF line ends, in Unicode normal form C: the form of a corpus."""
    return unicodedata.normalize("NFC", text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n"))


def in_normal_form(text: str, offset: int) -> int | None:
    """Convert an offset of a text to one of `normalise(text)`.

    Returns:
        The offset; None if the characters before and after it become one.
    """
    before, after = normalise(text[:offset]), text[offset:]
    # Inside the text, a byte order mark is an ordinary character.
    after = normalise(f"\ufeff{after}" if offset else after)
    return len(before) if before + after == normalise(text) else None


def normal_places(text: str) -> Callable[[int], int | None]:
    """Return `in_normal_form` for many offsets of a text. The time for an offset does not grow with the text."""
    cuts = [0, *(match.end() for match in _PIECE.finditer(text))]
    pieces = [text[start:end] for start, end in pairwise(cuts)] or [""]
    normal = [normalise(piece) for piece in pieces]
    places = [0, *accumulate(map(len, normal))]

    def convert(offset: int) -> int | None:
        index = min(bisect_right(cuts, offset), len(pieces)) - 1
        within, piece = offset - cuts[index], pieces[index]
        place = within if piece == normal[index] else in_normal_form(piece, within)
        return None if place is None else places[index] + place

    return convert


class OffsetTable:
    """Converts offsets of one text, and finds words in it.

    Each table is made once, when it is first needed. The time for an offset does not grow with the text then.

    Attributes:
        text: The text.
    """

    def __init__(self, text: str) -> None:
        self.text = text
        self._searches: dict[str, tuple[int, ...]] = {}

    @cached_property
    def _pairs(self) -> "array[int]":
        """The offsets, in UTF-16 units, of the characters that take two units."""
        positions = (match.start() for match in _ASTRAL.finditer("" if self.text.isascii() else self.text))
        return array("Q", (position + number for number, position in enumerate(positions)))

    @cached_property
    def _bytes(self) -> "array[int]":
        """The offsets, in bytes of UTF-8, of the blocks of the text and of its end."""
        lengths = (len(self._encode_block(number)) for number in range(ceil(len(self.text) / _BLOCK)))
        return array("Q", accumulate(lengths, initial=0))

    @cached_property
    def _lines(self) -> "array[int]":
        """The offsets of the lines that follow CR LF, where each CR LF counts as one character."""
        return array("Q", (match.end() - number for number, match in enumerate(_CR_LF.finditer(self.text), 1)))

    @cached_property
    def _index(self) -> "WordIndex":
        return WordIndex(self.text)

    def _encode_block(self, number: int) -> bytes:
        return self.text[number * _BLOCK : (number + 1) * _BLOCK].encode("utf-8", "surrogatepass")

    def from_utf16(self, offset: int) -> int | None:
        """Convert an offset in UTF-16 units to code points.

        Returns:
            The offset; None if it is outside the text or inside a surrogate pair.
        """
        if not 0 <= offset <= len(self.text) + len(self._pairs):
            return None
        before = bisect_left(self._pairs, offset)
        return None if before and self._pairs[before - 1] == offset - 1 else offset - before

    def from_utf8(self, offset: int) -> int | None:
        """Convert an offset in bytes of UTF-8 to code points.

        Returns:
            The offset; None if it is outside the text or inside a character.
        """
        if self.text.isascii():
            return offset if 0 <= offset <= len(self.text) else None
        if not 0 <= offset < self._bytes[-1]:
            return len(self.text) if offset == self._bytes[-1] else None
        block = bisect_right(self._bytes, offset) - 1
        data = self._encode_block(block)[: offset - self._bytes[block]]
        try:
            return block * _BLOCK + len(data.decode("utf-8", "surrogatepass"))
        except UnicodeDecodeError:
            return None

    def from_single_line_ends(self, offset: int) -> int | None:
        """Convert an offset that counts each CR LF as one character to code points.

        Returns:
            The offset; None if it is outside the text.
        """
        if not 0 <= offset <= len(self.text) - len(self._lines):
            return None
        return offset + bisect_right(self._lines, offset)

    def from_behind_byte_order_mark(self, offset: int) -> int | None:
        """Convert an offset that does not count the byte order mark to code points.

        Returns:
            The offset; None if it is outside the text, or the text has no byte order mark.
        """
        return offset + 1 if self.text.startswith("\ufeff") and 0 <= offset < len(self.text) else None

    def find_places(self, words: str) -> tuple[int, ...]:
        """Return the first places of words in the text, at most two; they may overlap.

        Args:
            words: The words; not empty.
        """
        if words not in self._searches:
            # An index takes as long as about so many searches.
            if len(self._searches) < _SEARCHES or len(self.text) > _LONGEST_INDEXED:
                self._searches[words] = search_places(self.text, words)
            else:
                self._searches[words] = self._index.find_places(words)
        return self._searches[words]


def _slice(text: str, start: int | None, end: int | None) -> str | None:
    if start is None or end is None or not 0 <= start <= end <= len(text):
        return None
    return text[start:end]


def resolve_offsets(
    table: OffsetTable, start: int, end: int, quoted: str, fix: bool = False
) -> ResolvedOffsets | UnresolvedOffsets:
    """Find the unit of a span's offsets by the words that are quoted with it.

    Code points are tried first, then UTF-16 units, then both again with folded white space, as browsers quote it.

    Args:
        table: The text.
        start: The start, in code points or UTF-16 units.
        end: The end, exclusive, in either unit.
        quoted: The words that the text should have there.
        fix: Whether to accept another range that fits, if there is exactly one.

    Returns:
        The range in code points; `UnresolvedOffsets` if the text has the words under neither unit.
    """
    text = table.text
    as_points = _slice(text, start, end)
    if as_points == quoted:
        return ResolvedOffsets(start, end, "code points")
    first, last = table.from_utf16(start), table.from_utf16(end)
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
    misfit = _diagnosed(table, (start, end), (first, last), quoted, UnresolvedOffsets(as_points, as_units))
    if fix and len(misfit.places) == 1:
        return ResolvedOffsets(*misfit.places[0], misfit.diagnosis)
    return misfit


def _diagnosed(
    table: OffsetTable,
    points: tuple[int, int],
    units: tuple[int | None, int | None],
    quoted: str,
    misfit: UnresolvedOffsets,
) -> UnresolvedOffsets:
    """Diagnose offsets that fit in neither unit; `units` are those that they are in code points if they are UTF-16."""
    if not quoted.strip():
        return misfit
    text = table.text
    places = []
    folded = fold_white_space(quoted)
    for start, end in ((points[0], units[1]), (units[0], points[1])):
        words = _slice(text, start, end)
        if words is not None and fold_white_space(words) == folded and start is not None and end is not None:
            places.append((start, end))
    if places:
        return misfit._replace(diagnosis="hybrid", places=tuple(dict.fromkeys(places)))
    for start, end in (points, units):
        words = _slice(text, start, end)
        if (
            words is not None
            and fold_white_space(words).strip() == folded.strip()
            and start is not None
            and end is not None
        ):
            places.append(trim_range(text, start, end))
    if places:
        return misfit._replace(diagnosis="white space at the ends", places=tuple(dict.fromkeys(places)))
    positions = table.find_places(quoted)
    if not positions:
        return misfit
    # Offsets inside the text may be right and the quoted words old, as after a span was resized.
    is_inside = misfit.code_points is not None or misfit.utf16 is not None
    is_ambiguous = is_inside or len(positions) > 1
    place = (positions[0], positions[0] + len(quoted))
    return misfit._replace(diagnosis="stale text", places=() if is_ambiguous else (place,))


def fold_white_space(words: str) -> str:
    """Replace white space of any length by one space, as browsers do.

    Label Studio quotes a line end as a backslash and an n, which counts as white space.
    """
    return _GAP.sub(" ", words)


def find_line_range(text: str, start: int, end: int) -> tuple[int, int]:
    """Return the range `[start, end)` of the lines that a span is in, without the last line end."""
    first = text.rfind("\n", 0, start) + 1
    last = text.find("\n", max(end - 1, start))
    return first, len(text) if last < 0 else last


def is_inside_word(text: str, offset: int) -> bool:
    """Return whether an offset is between two letters or digits of a word.

    Args:
        text: The text.
        offset: The offset, in code points.

    Returns:
        False where a letter before or after the offset is of a script without spaces: words cannot be told apart there.
    """
    return 0 < offset < len(text) and is_word_character(text[offset - 1]) and is_word_character(text[offset])


@cache
def is_word_character(character: str) -> bool:
    """Return whether a character is a digit, or a letter of a script that separates words by spaces.

    `annotate.scripts` tells which scripts have no spaces.
    """
    return character.isalnum() and not letter_without_spaces().fullmatch(character)


def trim_range(text: str, start: int, end: int) -> tuple[int, int]:
    """Return the range `[start, end)` without white space at its ends; if it has only white space, `(start, start)`."""
    words = text[start:end]
    inner = words.strip()
    if not inner:
        return start, start
    first = start + len(words) - len(words.lstrip())
    return first, first + len(inner)
