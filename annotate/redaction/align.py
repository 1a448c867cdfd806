"""Find the stretches that were redacted from an article in a reader's copy of it."""

from bisect import bisect_left, bisect_right
from difflib import SequenceMatcher
from functools import cached_property
from typing import Literal, NamedTuple

import numpy as np
import numpy.typing as npt

from annotate.redaction.fingerprints import CONTEXT, Fingerprint, FoldedText, derive_salt, short_hash

Status = Literal["exact", "moved", "changed", "lost"]
"""What became of a stretch in the copy.

exact: the same words at the same offsets. moved: the same words elsewhere. changed: other white space, quotation marks
or dashes, or words that were edited between the same neighbours. lost: not found, or found in several offsets that
cannot be told apart.
"""

MAX_STRETCH = 2.0
"""The most by which the length of an edited stretch may grow, as a factor, or shrink, as its inverse."""


UNIQUE_LENGTH = 24
"""Folded characters of a stretch that hardly occurs twice by chance."""

CACHED_HASHES = 8_000_000
"""The most hashes that are cached for the next stretch, of 8 bytes each."""


class AlignedRange(NamedTuple):
    """Code points `[start, end)` of the copy; both are -1 for a lost stretch."""

    start: int
    end: int
    status: Status


LOST = AlignedRange(-1, -1, "lost")


class Aligner:
    """Finds the redacted stretches of one article in a copy; `lines` are the fingerprints of the article's lines."""

    def __init__(self, copy: str, text_sha256: str, lines: list[Fingerprint]) -> None:
        self.copy = copy
        self._salt = derive_salt(text_sha256)
        self._folded = FoldedText(copy)
        self._lines = lines
        self._copy_lines = line_ranges(copy)
        hashes = [line.folded for line in lines]
        copy_hashes = [short_hash(FoldedText(copy[start:end]).text, self._salt) for start, end in self._copy_lines]
        blocks = SequenceMatcher(None, hashes, copy_hashes, autojunk=False).get_matching_blocks()
        self._copy_line_of = {a + step: b + step for a, b, size in blocks for step in range(size)}
        self._ends = [line.end for line in lines]
        self._unchanged = sorted(self._copy_line_of)
        self._cached: dict[tuple[int, int, int], npt.NDArray[np.int64]] = {}

    @property
    def similarity(self) -> float:
        """Return the share of the article's lines that the copy has, from 0 to 1."""
        return len(self._copy_line_of) / len(self._lines) if self._lines else 0.0

    def align(self, fingerprint: Fingerprint, is_quick: bool = False) -> AlignedRange:
        """Find a stretch.

        Args:
            fingerprint: The stretch in the article.
            is_quick: Accept even a long stretch only next to an unchanged neighbour, which is faster to find.

        Returns:
            The range in the copy, and how it differs from the stretch.
        """
        if self._is_at(fingerprint.start, fingerprint):
            return AlignedRange(fingerprint.start, fingerprint.end, "exact")
        line = self._line_index(fingerprint.start)
        shifted = (
            fingerprint.start - self._lines[line].start + self._copy_lines[self._copy_line_of[line]][0]
            if line in self._copy_line_of
            else -1
        )
        if shifted >= 0 and self._is_at(shifted, fingerprint):
            return AlignedRange(shifted, shifted + fingerprint.end - fingerprint.start, "moved")
        first, last = self._bracket(fingerprint)
        return (
            self._find_words(fingerprint, first, last, is_quick) or self._find_between(fingerprint, first, last) or LOST
        )

    def _hash(self, words: str) -> str:
        return short_hash(words, self._salt)

    def _is_at(self, start: int, fingerprint: Fingerprint) -> bool:
        """Tell whether the words are at an offset, next to at least one unchanged neighbour."""
        end = start + fingerprint.end - fingerprint.start
        if end > len(self.copy) or self._hash(self.copy[start:end]) != fingerprint.exact:
            return False
        return any(self._match_neighbours(self._folded.fold_offset(start), fingerprint))

    def _match_neighbours(self, offset: int, fingerprint: Fingerprint) -> tuple[bool, bool]:
        """Tell whether what precedes and what follows a folded offset is what surrounded the stretch."""
        words, end = self._folded.text, offset + fingerprint.length
        return (
            self._hash(words[max(0, offset - CONTEXT) : offset]) == fingerprint.before,
            self._hash(words[end : end + CONTEXT]) == fingerprint.after,
        )

    def _line_index(self, start: int) -> int:
        """Return the index of the article's line that an offset is in."""
        return min(bisect_left(self._ends, start), len(self._lines) - 1)

    def _bracket(self, fingerprint: Fingerprint) -> tuple[int, int]:
        """Return the folded range of the copy between the nearest unchanged lines before and after the stretch."""
        first, last = self._line_index(fingerprint.start), self._line_index(max(fingerprint.start, fingerprint.end - 1))
        if first in self._copy_line_of and last in self._copy_line_of:
            start, end = self._copy_lines[self._copy_line_of[first]][0], self._copy_lines[self._copy_line_of[last]][1]
        else:
            before, after = (
                self._unchanged[: bisect_left(self._unchanged, first)],
                self._unchanged[bisect_right(self._unchanged, last) :],
            )
            start = self._copy_lines[self._copy_line_of[before[-1]]][1] if before else 0
            end = self._copy_lines[self._copy_line_of[after[0]]][0] if after else len(self.copy)
        return self._folded.fold_offset(start), self._folded.fold_offset(end)

    def _hashes(self, length: int, first: int, last: int) -> npt.NDArray[np.int64]:
        """Return the hash of each stretch of this length in a folded range, by its start there."""
        words = self._folded.text
        starts = range(first, last - length + 1)
        return np.fromiter((int(self._hash(words[start : start + length]), 16) for start in starts), np.int64)

    @cached_property
    def _context_hashes(self) -> npt.NDArray[np.int64]:
        return self._hashes(CONTEXT, 0, len(self._folded.text))

    def _find_neighbour(self, neighbour_hash: str, first: int, last: int) -> list[int]:
        """Return the folded offsets of a neighbour in a folded range."""
        return self._find_hash(self._context_hashes[first : max(first, last - CONTEXT + 1)], neighbour_hash, first)

    def _find_everywhere(self, fingerprint: Fingerprint, first: int, last: int) -> list[int]:
        """Return the folded offsets of the words of a stretch in a folded range."""
        key = (fingerprint.length, first, last)
        if (hashes := self._cached.get(key)) is None:
            hashes = self._hashes(*key)
            if sum(map(len, self._cached.values())) + len(hashes) > CACHED_HASHES:
                self._cached.clear()
            self._cached[key] = hashes
        return self._find_hash(hashes, fingerprint.folded, first)

    @staticmethod
    def _find_hash(hashes: npt.NDArray[np.int64], wanted: str, first: int) -> list[int]:
        offsets: list[int] = (np.flatnonzero(hashes == int(wanted, 16)) + first).tolist()
        return offsets

    def _find_with_neighbour(self, fingerprint: Fingerprint, first: int, last: int) -> list[int]:
        """Return the folded offsets of the words of a stretch next to at least one unchanged neighbour.

        At the ends of the text a neighbour is shorter, so all offsets there are candidates.
        """
        length, text_length = fingerprint.length, len(self._folded.text)
        offsets = {
            *range(CONTEXT),
            *range(text_length - length - CONTEXT, text_length - length + 1),
            *(offset + CONTEXT for offset in self._find_neighbour(fingerprint.before, max(0, first - CONTEXT), last)),
            *(
                offset - length
                for offset in self._find_neighbour(fingerprint.after, first, min(text_length, last + CONTEXT))
            ),
        }
        words = self._folded.text
        return [
            offset
            for offset in sorted(offsets)
            if first <= offset <= last - length and self._hash(words[offset : offset + length]) == fingerprint.folded
            if any(self._match_neighbours(offset, fingerprint))
        ]

    def _find_words(self, fingerprint: Fingerprint, first: int, last: int, is_quick: bool) -> AlignedRange | None:
        """Return the one range with the same folded words and at least one unchanged neighbour.

        A long stretch that occurs once needs no neighbour; a short one might be another occurrence of the same word.
        """
        if not fingerprint.length:
            return None
        offsets = self._find_with_neighbour(fingerprint, first, last)
        if len(offsets) > 1:
            offsets = [offset for offset in offsets if all(self._match_neighbours(offset, fingerprint))] or offsets
        if not offsets and fingerprint.length >= UNIQUE_LENGTH and not is_quick:
            offsets = self._find_everywhere(fingerprint, first, last)
        if len(offsets) != 1:
            return None
        start, end = self._folded.unfold_range(offsets[0], offsets[0] + fingerprint.length)
        if self._hash(self.copy[start:end]) != fingerprint.exact:
            return AlignedRange(start, end, "changed")
        return AlignedRange(start, end, "exact" if start == fingerprint.start else "moved")

    def _find_between(self, fingerprint: Fingerprint, first: int, last: int) -> AlignedRange | None:
        """Return the range between the same neighbours, if each occurs once: its words were edited."""
        before = self._find_neighbour(fingerprint.before, max(0, first - CONTEXT), last)
        after = self._find_neighbour(fingerprint.after, first, min(len(self._folded.text), last + CONTEXT))
        if len(before) != 1 or len(after) != 1:
            return None
        first, last = before[0] + CONTEXT, after[0]
        if not fingerprint.length / MAX_STRETCH <= last - first <= fingerprint.length * MAX_STRETCH:
            return None
        start, stop = self._folded.unfold_range(first, last)
        while self.copy[start].isspace() and start < stop - 1:
            start += 1
        return AlignedRange(start, stop, "changed")


def line_ranges(text: str) -> list[tuple[int, int]]:
    """Return the ranges of the lines that are not empty, in code points."""
    ranges, start = [], 0
    for line in text.split("\n"):
        if line.strip():
            ranges.append((start, start + len(line)))
        start += len(line) + 1
    return ranges
