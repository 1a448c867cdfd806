"""Where a stretch that was taken out stands in a reader's copy of the article: there, elsewhere, changed, or lost."""

from bisect import bisect_left, bisect_right
from difflib import SequenceMatcher
from functools import cached_property
from typing import Literal, NamedTuple

import numpy as np
import numpy.typing as npt

from annotate.redaction.fingerprints import AROUND, Folded, Seal, salt, short_hash

Status = Literal["exact", "moved", "changed", "lost"]
"""exact: the same words at the same place. moved: the same words elsewhere. changed: other white space, quotation marks
or dashes, or words edited between the same neighbours. lost: nowhere, or in several places with nothing to choose by.
"""

STRETCHED = 2.0
"""An edited stretch is at most this many times as long as it was, and not shorter than its inverse."""


SURE = 24
"""Folded characters that nobody writes twice by chance."""

KEPT = 8_000_000
"""Hashes of stretches that are kept for the next stretch, of 8 bytes each."""


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
        self._ends = [line.end for line in lines]
        self._known = sorted(self._same)
        self._kept: dict[tuple[int, int, int], npt.NDArray[np.int64]] = {}

    @property
    def likeness(self) -> float:
        """The share of the article's lines that the copy has as well."""
        return len(self._same) / len(self._lines) if self._lines else 0.0

    def __call__(self, seal: Seal, quick: bool = False) -> Placed:
        """Where the stretch stands; `quick` finds a long one, too, only beside a neighbour that is the same."""
        if self._exact(seal.start, seal):
            return Placed(seal.start, seal.end, "exact")
        line = self._line(seal.start)
        shifted = seal.start - self._lines[line].start + self._theirs[self._same[line]][0] if line in self._same else -1
        if shifted >= 0 and self._exact(shifted, seal):
            return Placed(shifted, shifted + seal.end - seal.start, "moved")
        first, last = self._region(seal)
        return self._found(seal, first, last, quick) or self._bracketed(seal, first, last) or LOST

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
        return min(bisect_left(self._ends, start), len(self._lines) - 1)

    def _region(self, seal: Seal) -> tuple[int, int]:
        """The folded range of the copy that lies between the nearest lines before and behind that are the same."""
        first, last = self._line(seal.start), self._line(max(seal.start, seal.end - 1))
        if first in self._same and last in self._same:
            start, end = self._theirs[self._same[first]][0], self._theirs[self._same[last]][1]
        else:
            before, behind = (
                self._known[: bisect_left(self._known, first)],
                self._known[bisect_right(self._known, last) :],
            )
            start = self._theirs[self._same[before[-1]]][1] if before else 0
            end = self._theirs[self._same[behind[0]]][0] if behind else len(self.copy)
        return self._folded.at(start), self._folded.at(end)

    def _hashes(self, length: int, first: int, last: int) -> npt.NDArray[np.int64]:
        """The hash of each stretch of so many characters in a folded range, by its place there."""
        words = self._folded.text
        found = (int(self._hash(words[at : at + length]), 16) for at in range(first, last - length + 1))
        return np.fromiter(found, np.int64)

    @cached_property
    def _around(self) -> npt.NDArray[np.int64]:
        return self._hashes(AROUND, 0, len(self._folded.text))

    def _neighbour(self, hashed: str, first: int, last: int) -> list[int]:
        """Where in a folded range a neighbour stands."""
        return self._equal(self._around[first : max(first, last - AROUND + 1)], hashed, first)

    def _everywhere(self, seal: Seal, first: int, last: int) -> list[int]:
        """Where in a folded range the words of a stretch stand."""
        key = (seal.length, first, last)
        if (hashes := self._kept.get(key)) is None:
            hashes = self._hashes(*key)
            if sum(map(len, self._kept.values())) + len(hashes) > KEPT:
                self._kept.clear()
            self._kept[key] = hashes
        return self._equal(hashes, seal.folded, first)

    @staticmethod
    def _equal(hashes: npt.NDArray[np.int64], hashed: str, first: int) -> list[int]:
        places: list[int] = (np.flatnonzero(hashes == int(hashed, 16)) + first).tolist()
        return places

    def _beside(self, seal: Seal, first: int, last: int) -> list[int]:
        """Where in a folded range the words of a stretch stand with a neighbour, or both, that is the same.

        At the ends of the text a neighbour is shorter, and any place may have it.
        """
        length, most = seal.length, len(self._folded.text)
        places = {
            *range(AROUND),
            *range(most - length - AROUND, most - length + 1),
            *(at + AROUND for at in self._neighbour(seal.before, max(0, first - AROUND), last)),
            *(at - length for at in self._neighbour(seal.behind, first, min(most, last + AROUND))),
        }
        words = self._folded.text
        return [
            at
            for at in sorted(places)
            if first <= at <= last - length and self._hash(words[at : at + length]) == seal.folded
            if any(self._neighbours(at, seal))
        ]

    def _found(self, seal: Seal, first: int, last: int, quick: bool) -> Placed | None:
        """The one place with the same folded words and a neighbour, or both, that is the same.

        Long stretches need no neighbour where there is one place for them; a short one may be the next such word.
        """
        if not seal.length:
            return None
        places = self._beside(seal, first, last)
        if len(places) > 1:
            places = [at for at in places if all(self._neighbours(at, seal))] or places
        if not places and seal.length >= SURE and not quick:
            places = self._everywhere(seal, first, last)
        if len(places) != 1:
            return None
        start, end = self._folded.range(places[0], places[0] + seal.length)
        same = self._hash(self.copy[start:end]) == seal.exact
        return Placed(start, end, "changed" if not same else "exact" if start == seal.start else "moved")

    def _bracketed(self, seal: Seal, first: int, last: int) -> Placed | None:
        """The stretch between the same neighbours, where each stands once: its words were edited."""
        before = self._neighbour(seal.before, max(0, first - AROUND), last)
        behind = self._neighbour(seal.behind, first, min(len(self._folded.text), last + AROUND))
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
