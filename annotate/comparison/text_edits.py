"""Edits between two versions of a text, and offsets mapped through them.

Offsets are Unicode code points; ranges are half open.
"""

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from difflib import SequenceMatcher
from itertools import accumulate, takewhile

from annotate.comparison.model import Edit

MAX_WORD_DIFF = 2_000
"""Code points of changed lines, old and new together, up to which they are compared word by word."""


def find_edits(old: str, new: str, by_word: bool = True) -> tuple[Edit, ...]:
    """Find the edits that turn one text into another: by line, then within changed lines.

    Args:
        old: The text before.
        new: The text after.
        by_word: Whether changed lines are compared word by word. Otherwise each changed run of lines is one edit.

    Returns:
        Edits in the order of `old`, apart from each other. Offsets are code points of `old`.
    """
    old_lines, new_lines = old.splitlines(keepends=True), new.splitlines(keepends=True)
    prefix = _count_common(old_lines, new_lines)
    suffix = _count_common(old_lines[prefix:][::-1], new_lines[prefix:][::-1])
    old_middle, new_middle = old_lines[prefix : len(old_lines) - suffix], new_lines[prefix : len(new_lines) - suffix]
    offsets = list(accumulate(map(len, old_middle), initial=sum(map(len, old_lines[:prefix]))))
    edits: list[Edit] = []
    for old_start, old_end, new_start, new_end in _find_differences(old_middle, new_middle):
        old_text, new_text = "".join(old_middle[old_start:old_end]), "".join(new_middle[new_start:new_end])
        edit = Edit(offsets[old_start], offsets[old_end], old_text, new_text)
        edits += _split_by_word(edit) if by_word else [edit]
    return tuple(edits)


def _count_common(old: Sequence[str], new: Sequence[str]) -> int:
    """Count the equal items at the start of two sequences."""
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(old, new, strict=False)))


def _find_differences(old: Sequence[str], new: Sequence[str]) -> Iterable[tuple[int, int, int, int]]:
    """Yield the index ranges that differ: start and end in `old`, start and end in `new`."""
    matcher = SequenceMatcher(None, old, new, autojunk=max(len(old), len(new)) > MAX_WORD_DIFF)
    return (indices for tag, *indices in matcher.get_opcodes() if tag != "equal")  # type: ignore[misc]


def _split_by_word(edit: Edit) -> Iterable[Edit]:
    """Split an edit of whole lines into edits of words. A long edit stays whole."""
    if not edit.old or not edit.new or len(edit.old) + len(edit.new) > MAX_WORD_DIFF:
        return [edit]
    old_words, new_words = _split_words(edit.old), _split_words(edit.new)
    offsets = list(accumulate(map(len, old_words), initial=edit.start))
    return [
        Edit(offsets[old_start], offsets[old_end], "".join(old_words[old_start:old_end]), "".join(new_words[start:end]))
        for old_start, old_end, start, end in _find_differences(old_words, new_words)
    ]


def _split_words(text: str) -> list[str]:
    """Split a text into runs of letters and digits, and single other characters."""
    words: list[str] = []
    for character in text:
        if words and character.isalnum() and words[-1][-1].isalnum():
            words[-1] += character
        else:
            words.append(character)
    return words


def apply_edits(old: str, edits: Sequence[Edit]) -> str:
    """Apply edits to a text.

    Args:
        old: The text that the edits were found in.
        edits: Edits in the order of the text, apart from each other.

    Returns:
        The new text.

    Raises:
        ValueError: An edit does not find the text that it replaces.
    """
    parts, position = [], 0
    for edit in edits:
        if edit.start < position or edit.end != edit.start + len(edit.old) or old[edit.start : edit.end] != edit.old:
            raise ValueError(f"an edit does not find the text that it replaces at character {edit.start}")
        parts += [old[position : edit.start], edit.new]
        position = edit.end
    return "".join([*parts, old[position:]])


class OffsetMap:
    """Maps offsets of the text before some edits to the text after them."""

    def __init__(self, edits: Sequence[Edit]) -> None:
        self._edits = edits
        self._ends = [edit.end for edit in edits]
        self._shifts = [0]
        for edit in edits:
            self._shifts.append(self._shifts[-1] + len(edit.new) - len(edit.old))

    def map(self, offset: int, *, end: bool = False) -> int:
        """Map one offset.

        Text inserted exactly at the start or at the end of a range stays outside the range.

        Args:
            offset: A position in the old text, in code points.
            end: Whether the offset is the end of a range, not its start.

        Returns:
            The position in the new text. An offset inside replaced text maps to the start of the replacement, or for
            the end of a range to its end.
        """
        index = bisect_right(self._ends, offset)
        if end:
            # An insertion at the very end of a range follows the range.
            while index and (edit := self._edits[index - 1]).start == edit.end == offset:
                index -= 1
        if index < len(self._edits) and self._edits[index].start < offset:
            edit = self._edits[index]
            return edit.start + self._shifts[index] + (len(edit.new) if end else 0)
        return offset + self._shifts[index]
