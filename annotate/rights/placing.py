"""Where a stretch that was taken out stands in a reader's copy of the article: there, elsewhere, changed, or lost."""

from difflib import SequenceMatcher
from typing import Literal, NamedTuple

from annotate.rights.folding import Folded
from annotate.rights.seals import AROUND, Seal, salt, short_hash

Status = Literal["exact", "moved", "changed", "lost"]
"""exact: the same words at the same place. moved: the same words elsewhere. changed: other white space, quotation marks
or dashes, or words edited between the same neighbours. lost: nowhere, or in several places with nothing to choose by.
"""

STRETCHED = 2.0
"""An edited stretch is at most this many times as long as it was, and not shorter than its inverse."""


SURE = 24
"""Folded characters that nobody writes twice by chance."""


class Placed(NamedTuple):
    """Code points `[start, end)` of the copy; both -1 for what is lost."""

    start: int
    end: int
    status: Status


LOST = Placed(-1, -1, "lost")


class Placer:
    """Finds the sealed stretches of one article in a copy; `lines` are the seals of the lines of the article."""

    def __init__(self, copy: str, text_sha256: str, lines: list[Seal]) -> None:
        self.copy = copy
        self._salt = salt(text_sha256)
        self._folded = Folded(copy)
        self._lines = lines
        self._theirs = line_ranges(copy)
        ours = [line.folded for line in lines]
        theirs = [short_hash(Folded(copy[start:end]).text, self._salt) for start, end in self._theirs]
        blocks = SequenceMatcher(None, ours, theirs, autojunk=False).get_matching_blocks()
        self._same = {a + step: b + step for a, b, size in blocks for step in range(size)}
        self._hashes: dict[int, list[str]] = {}

    @property
    def likeness(self) -> float:
        """The share of the article's lines that the copy has as well."""
        return len(self._same) / len(self._lines) if self._lines else 0.0

    def __call__(self, seal: Seal) -> Placed:
        if self._exact(seal.start, seal):
            return Placed(seal.start, seal.end, "exact")
        line = self._line(seal.start)
        shifted = seal.start - self._lines[line].start + self._theirs[self._same[line]][0] if line in self._same else -1
        if shifted >= 0 and self._exact(shifted, seal):
            return Placed(shifted, shifted + seal.end - seal.start, "moved")
        first, last = self._region(seal)
        return self._found(seal, first, last) or self._bracketed(seal, first, last) or LOST

    def _hash(self, words: str) -> str:
        return short_hash(words, self._salt)

    def _exact(self, start: int, seal: Seal) -> bool:
        """Whether the words stand at an offset, and, where the same words may stand anywhere, also one neighbour."""
        end = start + seal.end - seal.start
        if end > len(self.copy) or self._hash(self.copy[start:end]) != seal.exact:
            return False
        return any(self._neighbours(self._folded.at(start), seal))

    def _neighbours(self, at: int, seal: Seal) -> tuple[bool, bool]:
        """Whether what stands before and behind a folded place is what stood around the stretch."""
        words, end = self._folded.text, at + seal.length
        return (
            self._hash(words[max(0, at - AROUND) : at]) == seal.before,
            self._hash(words[end : end + AROUND]) == seal.behind,
        )

    def _line(self, start: int) -> int:
        """The line of the article in which an offset stands."""
        return next((number for number, line in enumerate(self._lines) if start <= line.end), len(self._lines) - 1)

    def _region(self, seal: Seal) -> tuple[int, int]:
        """The folded range of the copy that lies between the nearest lines before and behind that are the same."""
        first, last = self._line(seal.start), self._line(max(seal.start, seal.end - 1))
        if first in self._same and last in self._same:
            start, end = self._theirs[self._same[first]][0], self._theirs[self._same[last]][1]
        else:
            before = [line for line in self._same if line < first]
            behind = [line for line in self._same if line > last]
            start = self._theirs[self._same[max(before)]][1] if before else 0
            end = self._theirs[self._same[min(behind)]][0] if behind else len(self.copy)
        return self._folded.at(start), self._folded.at(end)

    def _all(self, length: int) -> list[str]:
        """The hash of each stretch of so many folded characters, by its place."""
        if length not in self._hashes:
            words = self._folded.text
            self._hashes[length] = [self._hash(words[at : at + length]) for at in range(len(words) - length + 1)]
        return self._hashes[length]

    def _places(self, hashed: str, length: int, first: int, last: int) -> list[int]:
        every = self._all(length)
        return [at for at in range(first, min(last - length, len(every) - 1) + 1) if every[at] == hashed]

    def _found(self, seal: Seal, first: int, last: int) -> Placed | None:
        """The one place with the same folded words and a neighbour, or both, that is the same.

        Long stretches need no neighbour where there is one place for them; a short one may be the next such word.
        """
        if not seal.length:
            return None
        places = self._places(seal.folded, seal.length, first, last)
        if len(places) > 1 or seal.length < SURE:
            both = [at for at in places if all(self._neighbours(at, seal))]
            places = both or [at for at in places if any(self._neighbours(at, seal))]
        if len(places) != 1:
            return None
        start, end = self._folded.range(places[0], places[0] + seal.length)
        same = self._hash(self.copy[start:end]) == seal.exact
        return Placed(start, end, "changed" if not same else "exact" if start == seal.start else "moved")

    def _bracketed(self, seal: Seal, first: int, last: int) -> Placed | None:
        """The stretch between the same neighbours, where each stands once: its words were edited."""
        before = self._places(seal.before, AROUND, max(0, first - AROUND), last)
        behind = self._places(seal.behind, AROUND, first, last + AROUND)
        if len(before) != 1 or len(behind) != 1:
            return None
        at, end = before[0] + AROUND, behind[0]
        if not seal.length / STRETCHED <= end - at <= seal.length * STRETCHED:
            return None
        start, stop = self._folded.range(at, end)
        while self.copy[start].isspace() and start < stop - 1:
            start += 1
        return Placed(start, stop, "changed")


def line_ranges(text: str) -> list[tuple[int, int]]:
    """The ranges of the lines that are not empty."""
    ranges, start = [], 0
    for line in text.split("\n"):
        if line.strip():
            ranges.append((start, start + len(line)))
        start += len(line) + 1
    return ranges
