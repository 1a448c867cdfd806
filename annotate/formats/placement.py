"""Where the offsets of an imported file are in its text and in the article, decided by the words quoted with them.

Formats say "characters", and tools count bytes, UTF-16 units, or a line end of two characters as one. Offsets that do
not read the quoted words are never silently accepted: a finding says what they may have counted.
"""

from collections.abc import Callable, Iterable
from typing import NamedTuple

from annotate.formats.document import Pieces
from annotate.offsets import (
    OffsetTable,
    ResolvedOffsets,
    fold_white_space,
    normal_places,
    resolve_offsets,
)


class WrongOffsets(NamedTuple):
    """Offsets that do not read the quoted words.

    Attributes:
        reads: The words that they read; None if they are outside the text.
        diagnosis: The unit in which they would read the quoted words, or "unknown".
        correction: The ranges of the quoted words, in code points; None unless exactly one place is possible.
    """

    reads: str | None
    diagnosis: str
    correction: Pieces | None = None


OFFSET_UNITS: dict[str, Callable[[OffsetTable, int], int | None]] = {
    "UTF-16 units": OffsetTable.from_utf16,
    "bytes of UTF-8": OffsetTable.from_utf8,
    "characters with CR LF as one": OffsetTable.from_single_line_ends,
    "characters after the byte order mark": OffsetTable.from_behind_byte_order_mark,
}
"""What other tools count → the function that converts such an offset to code points."""


def read_pieces(text: str, pieces: Iterable[tuple[int, int]]) -> str | None:
    """Return the words at some ranges, joined by spaces; None if a range is empty or outside the text."""
    words = []
    for start, end in pieces:
        if not 0 <= start < end <= len(text):
            return None
        words.append(text[start:end])
    return " ".join(words)


def check_offsets(table: OffsetTable, pieces: Pieces, quoted: str | None) -> WrongOffsets | None:
    """Compare the words at a span's offsets with the words quoted with it.

    White space may differ, since a line of a file cannot quote a line end.

    Args:
        table: The text of the file.
        pieces: The ranges of the span.
        quoted: The quoted words; None if the format quotes none.

    Returns:
        None if the offsets are right, else what may be wrong with them.
    """
    text = table.text
    if any(start >= end for start, end in pieces):
        # A range of length 0 is a slip of the mouse, not of a unit: its words may be elsewhere by chance.
        inside = all(0 <= start == end <= len(text) for start, end in pieces)
        return WrongOffsets("" if inside else None, "unknown")
    words = read_pieces(text, pieces)
    if words is not None and (quoted is None or fold_white_space(words) == fold_white_space(quoted)):
        return None
    if quoted is None:
        return WrongOffsets(None, "unknown")
    candidates: dict[Pieces, str] = {}
    for unit, to_code_points in OFFSET_UNITS.items():
        ends = [(to_code_points(table, start), to_code_points(table, end)) for start, end in pieces]
        converted = tuple((start, end) for start, end in ends if start is not None and end is not None)
        reads = read_pieces(text, converted) if len(converted) == len(ends) else None
        if reads is not None and fold_white_space(reads) == fold_white_space(quoted):
            candidates.setdefault(converted, unit)
    if len(candidates) == 1:
        ((converted, unit),) = candidates.items()
        return WrongOffsets(words, unit, converted)
    if not candidates and len(pieces) == 1:
        settled = resolve_offsets(table, *pieces[0], quoted, fix=True)
        correction: Pieces | None = None
        if isinstance(settled, ResolvedOffsets):
            correction = ((settled.start, settled.end),)
        elif settled.diagnosis == "stale text":
            correction = _find_only_place(table, quoted)
        return WrongOffsets(words, settled.diagnosis, correction)
    return WrongOffsets(words, " or ".join(candidates.values()) or "unknown")


def _find_only_place(table: OffsetTable, words: str) -> Pieces | None:
    """Return where a text has words; None if it has them at several places.

    A region of Label Studio keeps its former words when it is resized, so that they do not say where it is. A line of
    a file has words and offsets that were written together, and offsets alone depend on what a tool counts.
    """
    positions = table.find_places(words)
    return ((positions[0], positions[0] + len(words)),) if len(positions) == 1 else None


class ArticleWindow:
    """The part of a file's text that became the article; converts offsets of the file to offsets of the article.

    Args:
        text: The text of the file.
        start: Where the article was cut out of it.
        end: The end of that range.
        article_text: The text of the article: the normal form of what is in the range.
    """

    def __init__(self, text: str, start: int, end: int, article_text: str) -> None:
        self.start, self.end, self.article_text = start, end, article_text
        cut = text[start:end]
        self._is_normal = cut == article_text
        self._to_normal_form = normal_places("" if self._is_normal else cut)

    def convert(self, pieces: Pieces) -> Pieces | None:
        """Convert the ranges of a span, less the white space around the article.

        Returns:
            The ranges in the article; None if one is outside the article, or an end is within one of its characters.
        """
        inside = [(max(start, self.start) - self.start, min(end, self.end) - self.start) for start, end in pieces]
        if self._is_normal:
            ends: list[tuple[int | None, int | None]] = [*inside]
        else:
            ends = [(self._to_normal_form(start), self._to_normal_form(end)) for start, end in inside if start < end]
        converted = tuple((start, end) for start, end in ends if start is not None and end is not None and start < end)
        return converted if len(converted) == len(pieces) else None
