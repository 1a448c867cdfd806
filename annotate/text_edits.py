"""Edits between two versions of a text, and offsets mapped through them.

Offsets are Unicode code points; ranges are half open.
"""

from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from difflib import SequenceMatcher
from itertools import accumulate, takewhile
from typing import TypeAlias

import msgspec

MAX_WORD_DIFF = 2_000
"""Code points of changed words, old and new together, up to which all of them are compared with each other."""
MAX_DEPTH = 3
"""How often longer ones are parted at words that occur once, so that the time grows linearly with the text."""


class Edit(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A replacement in a text: `[start, end)` of the old text holds `old`; the new text has `new` there."""

    start: int
    end: int
    old: str
    new: str


_Difference: TypeAlias = tuple[int, int, int, int]
"""Indices: start and end in the old sequence, start and end in the new one."""


def find_edits(old: str, new: str, by_word: bool = True, ignore_case: bool = False) -> tuple[Edit, ...]:
    """Find the edits that turn one text into another: by line, then within changed lines.

    Args:
        old: The text before.
        new: The text after.
        by_word: Whether changed lines are compared word by word. Otherwise each changed run of lines is one edit.
        ignore_case: Whether words that differ only in case are paired, as the first word of a sentence that gets
            another one before it; each of them is an edit.

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
        edits += _split_by_word(edit, ignore_case) if by_word else [edit]
    return tuple(edits)


def _count_common(old: Sequence[str], new: Sequence[str]) -> int:
    """Count the equal items at the start of two sequences."""
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(old, new, strict=False)))


def _find_differences(old: Sequence[str], new: Sequence[str]) -> Iterable[_Difference]:
    """Yield the index ranges that differ: start and end in `old`, start and end in `new`."""
    matcher = SequenceMatcher(None, old, new, autojunk=max(len(old), len(new)) > MAX_WORD_DIFF)
    return (indices for tag, *indices in matcher.get_opcodes() if tag != "equal")  # type: ignore[misc]


def _split_by_word(edit: Edit, ignore_case: bool) -> Iterator[Edit]:
    """Split an edit of whole lines into edits of words."""
    if not edit.old or not edit.new:
        yield edit
        return
    old, new = _split_words(edit.old), _split_words(edit.new)
    offsets = list(accumulate(map(len, old), initial=edit.start))
    if ignore_case:
        differences = _find_word_differences([word.casefold() for word in old], [word.casefold() for word in new])
    else:
        differences = _find_word_differences(old, new)
    old_done = new_done = 0
    for old_start, old_end, start, end in [*differences, (len(old), len(old), len(new), len(new))]:
        paired = zip(old[old_done:old_start], new[new_done:start], strict=True)
        for index, (before, after) in enumerate(paired, old_done):
            if before != after:
                yield Edit(offsets[index], offsets[index + 1], before, after)
        if old_start < old_end or start < end:
            yield Edit(offsets[old_start], offsets[old_end], "".join(old[old_start:old_end]), "".join(new[start:end]))
        old_done, new_done = old_end, end


def _find_word_differences(old: Sequence[str], new: Sequence[str], depth: int = 0) -> Iterable[_Difference]:
    """Yield the index ranges that differ. Where they are long, words that both have once part them.

    Source of the parting: Bram Cohen's patience diff.
    """
    if sum(map(len, old)) + sum(map(len, new)) <= MAX_WORD_DIFF:
        if old or new:
            yield from _find_differences(old, new)
        return
    first = _count_common(old, new)
    last = min(_count_common(old[::-1], new[::-1]), len(old) - first, len(new) - first)
    old_end, new_end = len(old) - last, len(new) - last
    common = _find_unique_pairs(old[first:old_end], new[first:new_end]) if depth < MAX_DEPTH else []
    if not common:
        if first < old_end or first < new_end:
            yield first, old_end, first, new_end
        return
    old_start = new_start = first
    for old_index, new_index in [*((first + left, first + right) for left, right in common), (old_end, new_end)]:
        parts = _find_word_differences(old[old_start:old_index], new[new_start:new_index], depth + 1)
        for old_from, old_to, new_from, new_to in parts:
            yield old_start + old_from, old_start + old_to, new_start + new_from, new_start + new_to
        old_start, new_start = old_index + 1, new_index + 1


def _find_unique_pairs(old: Sequence[str], new: Sequence[str]) -> list[tuple[int, int]]:
    """Return the indices of words that occur once in both, the most that are in the same order in both."""
    counts, new_counts = Counter(old), Counter(new)
    positions = {word: index for index, word in enumerate(new) if new_counts[word] == 1}
    pairs = [(index, positions[word]) for index, word in enumerate(old) if counts[word] == 1 and word in positions]
    # For each length, the least index in `new` at which an increasing run of this length ends, and the pair there; for
    # each pair, the one before it in its run, -1 for none.
    ends, runs, before = list[int](), list[int](), list[int]()
    for number, (_, index) in enumerate(pairs):
        length = bisect_left(ends, index)
        ends[length : length + 1] = [index]
        runs[length : length + 1] = [number]
        before.append(runs[length - 1] if length else -1)
    chain, number = list[tuple[int, int]](), runs[-1] if runs else -1
    while number >= 0:
        chain.append(pairs[number])
        number = before[number]
    return chain[::-1]


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
