"""Two versions of a text: the edits between them, and where an offset of the old one lies in the new one."""

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from difflib import SequenceMatcher
from itertools import accumulate, takewhile

from annotate.diff.model import Edit

CLOSELY = 2_000
"""Characters up to which a stretch of changed lines is compared character by character."""


def edits(old: str, new: str, by_word: bool = True) -> tuple[Edit, ...]:
    """The edits that make `new` of `old`, in order, apart from each other: by lines, then within changed lines."""
    first, second = old.splitlines(keepends=True), new.splitlines(keepends=True)
    before = _common(first, second)
    behind = _common(first[before:][::-1], second[before:][::-1])
    ours, theirs = first[before : len(first) - behind], second[before : len(second) - behind]
    starts = list(accumulate(map(len, ours), initial=sum(map(len, first[:before]))))
    found: list[Edit] = []
    for start, end, begin, stop in _different(ours, theirs):
        lines = Edit(starts[start], starts[end], "".join(ours[start:end]), "".join(theirs[begin:stop]))
        found += _within(lines) if by_word else [lines]
    return tuple(found)


def _common(first: Sequence[str], second: Sequence[str]) -> int:
    """How many lines are the same, from the first on."""
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(first, second, strict=False)))


def _different(first: Sequence[str], second: Sequence[str]) -> Iterable[tuple[int, int, int, int]]:
    codes = SequenceMatcher(None, first, second, autojunk=max(len(first), len(second)) > CLOSELY).get_opcodes()
    return (places for tag, *places in codes if tag != "equal")  # type: ignore[misc]


def _within(lines: Edit) -> Iterable[Edit]:
    """The edits of one stretch, by words and what is between them; whole where it is long."""
    if not lines.old or not lines.new or len(lines.old) + len(lines.new) > CLOSELY:
        return [lines]
    first, second = _tokens(lines.old), _tokens(lines.new)
    starts = list(accumulate(map(len, first), initial=lines.start))
    return [
        Edit(starts[start], starts[end], "".join(first[start:end]), "".join(second[begin:stop]))
        for start, end, begin, stop in _different(first, second)
    ]


def _tokens(text: str) -> list[str]:
    """Runs of letters and digits, and every other character by itself."""
    found: list[str] = []
    for character in text:
        if found and character.isalnum() and found[-1][-1].isalnum():
            found[-1] += character
        else:
            found.append(character)
    return found


def edited(old: str, changes: Sequence[Edit]) -> str:
    """The new text. Raises ValueError where an edit does not find what it replaces."""
    parts, at = [], 0
    for one in changes:
        if one.start < at or one.end != one.start + len(one.old) or old[one.start : one.end] != one.old:
            raise ValueError(f"an edit does not find what it replaces at character {one.start}")
        parts += [old[at : one.start], one.new]
        at = one.end
    return "".join([*parts, old[at:]])


class Carried:
    """Where offsets of an old text lie in the new one."""

    def __init__(self, changes: Sequence[Edit]) -> None:
        self._changes = changes
        self._ends = [one.end for one in changes]
        self._shift = [0]
        for one in changes:
            self._shift.append(self._shift[-1] + len(one.new) - len(one.old))

    def __call__(self, offset: int, *, end: bool = False) -> int:
        """The place of an offset; within a replaced stretch, its start, or for the `end` of a range its end.

        What is inserted just at the start of a range stays outside of it, and so at its end.
        """
        number = bisect_right(self._ends, offset)
        if end:
            # An insertion at the very end of a range is behind it.
            while number and (one := self._changes[number - 1]).start == one.end == offset:
                number -= 1
        if number < len(self._changes) and self._changes[number].start < offset:
            one = self._changes[number]
            return one.start + self._shift[number] + (len(one.new) if end else 0)
        return offset + self._shift[number]
