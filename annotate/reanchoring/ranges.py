"""Where a range of a text is after the text was corrected.

A range moves if its words are unchanged. It keeps its ends and takes the new words if they were edited only inside, or
if the word at one of its ends was corrected: replaced by one that is spelled alike. Any other range does not fit.
Offsets are Unicode code points; ranges are half open.
"""

from bisect import bisect_right
from difflib import SequenceMatcher
from typing import NamedTuple

from annotate.text_edits import Edit, OffsetMap, find_edits

LEAST_SIMILARITY = 2 / 3
"""The share of letters that two spellings of a word have in common."""
LONGEST_WORD = 64
"""Characters of words whose spelling is compared."""


class MovedRange(NamedTuple):
    """The range in the new text, and whether it has other words there."""

    start: int
    end: int
    is_reworded: bool


class Misfit(NamedTuple):
    """Why a range of the old text has no range in the new one."""

    reason: str


class RangeMover:
    """Moves ranges of an old text to a new one.

    Args:
        old: The text that labels were made on.
        new: The text of the article now.
    """

    def __init__(self, old: str, new: str) -> None:
        self.old, self.new = old, new
        self._edits = find_edits(old, new, ignore_case=True)
        self._ends = [edit.end for edit in self._edits]
        self._offsets = OffsetMap(self._edits)

    def move(self, start: int, end: int) -> MovedRange | Misfit:
        """Return the range in the new text; see the module's description."""
        reason = next(
            filter(None, (_describe_misfit(edit, start, end) for edit in self._overlapping(start, end))), None
        )
        moved = self.stretch(start, end)
        if reason is None and moved.start >= moved.end:
            reason = "its words were removed"
        return Misfit(reason) if reason else moved

    def stretch(self, start: int, end: int) -> MovedRange:
        """Return the range in the new text, whatever became of the words; it may be empty.

        An end inside replaced text maps to that end of the replacement.
        """
        first, last = self._offsets.map(start), self._offsets.map(end, end=True)
        return MovedRange(first, last, self.old[start:end] != self.new[first:last])

    def _overlapping(self, start: int, end: int) -> list[Edit]:
        """Return the edits that change a range; an insertion at one of its ends does not."""
        first = last = bisect_right(self._ends, start)
        while last < len(self._edits) and self._edits[last].start < end:
            last += 1
        return list(self._edits[first:last])


def _describe_misfit(edit: Edit, start: int, end: int) -> str | None:
    """Return why a range does not fit after an edit that overlaps it; None if it does."""
    if edit.start > start and edit.end < end:
        return None
    if edit.start <= start and edit.end >= end and not edit.new.strip():
        return "its words were removed"
    if edit.start >= start and edit.end <= end and is_corrected_word(edit.old, edit.new):
        return None
    if edit.start <= start and edit.end >= end:
        return "its words were replaced"
    return "its first word was changed" if edit.start <= start else "its last word was changed"


def is_corrected_word(old: str, new: str) -> bool:
    """Return whether a word is another spelling of one, or a sign another form of one.

    Words with digits never are: the numbers of a label depend on them.
    """
    if len(old) == len(new) == 1 and not (old.isalnum() or new.isalnum() or old.isspace() or new.isspace()):
        return True
    if old.casefold() == new.casefold():
        return True
    if not (old.isalpha() and new.isalpha() and max(len(old), len(new)) <= LONGEST_WORD):
        return False
    return SequenceMatcher(None, old, new, autojunk=False).ratio() >= LEAST_SIMILARITY
