"""Where the offsets of a file made elsewhere lie in its text: decided by the words quoted with them.

Formats say "characters", and tools count bytes, UTF-16 units, or line ends as one character. Offsets that do not read
the quoted words are never taken in silence: the diagnosis goes with what is reported.
"""

from collections.abc import Callable, Iterable
from functools import lru_cache
from typing import NamedTuple

from annotate import offsets
from annotate.formats.raw import Pieces
from annotate.offsets import Settled


class Misplaced(NamedTuple):
    """Offsets that do not read their words: what they read, and the count under which they would, if one is known."""

    reads: str | None
    diagnosis: str
    mendable: Pieces | None = None


def _without_mark(text: str, offset: int) -> int | None:
    return offset + 1 if text.startswith("\ufeff") and 0 <= offset < len(text) else None


COUNTS: dict[str, Callable[[str, int], int | None]] = {
    "UTF-16 units": offsets.from_utf16,
    "bytes of UTF-8": offsets.from_utf8,
    "characters with CR LF as one": offsets.from_single_line_ends,
    "characters after the byte order mark": _without_mark,
}
"""What other tools count, and how it is turned into code points."""


def reading(text: str, pieces: Iterable[tuple[int, int]]) -> str | None:
    """The words at these places, pieces joined by a space; None if one lies outside the text or is empty."""
    words = []
    for start, end in pieces:
        if not 0 <= start < end <= len(text):
            return None
        words.append(text[start:end])
    return " ".join(words)


def place(text: str, pieces: Pieces, quoted: str | None) -> Misplaced | None:
    """None where the offsets read the quoted words, but for white space, which formats of lines cannot quote."""
    words = reading(text, pieces)
    if words is not None and (quoted is None or offsets.shown(words) == offsets.shown(quoted)):
        return None
    if quoted is None:
        return Misplaced(None, "unknown")
    found: dict[Pieces, str] = {}
    for name, count in COUNTS.items():
        ends = [(count(text, start), count(text, end)) for start, end in pieces]
        counted = tuple((start, end) for start, end in ends if start is not None and end is not None)
        read = reading(text, counted) if len(counted) == len(ends) else None
        if read is not None and offsets.shown(read) == offsets.shown(quoted):
            found.setdefault(counted, name)
    if len(found) == 1:
        ((counted, name),) = found.items()
        return Misplaced(words, name, counted)
    if not found and len(pieces) == 1:
        settled = offsets.settle(text, *pieces[0], quoted, fix=True)
        if isinstance(settled, Settled):
            return Misplaced(words, settled.diagnosis, ((settled.start, settled.end),))
        return Misplaced(words, settled.diagnosis)
    return Misplaced(words, "unknown" if not found else " or ".join(found.values()))


class Window:
    """The article within the text of its file: turns offsets of the file into offsets of the article.

    `start` and `end` are where the article was cut out; the article's text is the normal form of what lies there.
    """

    def __init__(self, raw: str, start: int, end: int, text: str) -> None:
        self.start, self.end, self.text = start, end, text
        self._cut = raw[start:end]
        self._same = self._cut == text
        self._normal = lru_cache(maxsize=None)(self._in_normal_form)

    def _in_normal_form(self, offset: int) -> int | None:
        return offsets.in_normal_form(self._cut, offset)

    def __call__(self, pieces: Pieces) -> Pieces | None:
        """The same pieces in the article; None where an end is outside it, or within a character of its normal form."""
        if any(start < self.start or end > self.end for start, end in pieces):
            return None
        if self._same:
            return tuple((start - self.start, end - self.start) for start, end in pieces)
        ends = [(self._normal(start - self.start), self._normal(end - self.start)) for start, end in pieces]
        kept = tuple((start, end) for start, end in ends if start is not None and end is not None and start < end)
        return kept if len(kept) == len(ends) else None
