"""Counts of operations, for tests that the cost of something grows linearly; times depend on the machine."""

import sys
from collections.abc import Callable
from typing import Any, SupportsIndex

LINEAR = 2.3
"""How many times as many operations twice the input may take."""


class CountedBytes(bytes):
    """Bytes that count how many of them are searched by `find` and `count`, a call counting as one more."""

    searched = 0

    def find(self, sub: Any, start: Any = 0, end: Any = None, /) -> int:
        end = len(self) if end is None else end
        offset = super().find(sub, start, end)
        self.searched += 1 + (end if offset < 0 else offset) - start
        return offset

    def count(self, sub: Any, start: Any = 0, end: Any = None, /) -> int:
        end = len(self) if end is None else end
        self.searched += 1 + end - start
        return super().count(sub, start, end)


class CountedText(str):
    """Text that counts how many characters are searched by `index` and `count`, and how often texts are compared."""

    __slots__ = ()
    __hash__ = str.__hash__
    operations = 0

    @classmethod
    def count_operations(cls, run: Callable[[], object]) -> int:
        """Return the number of operations on all such texts while something runs."""
        before = cls.operations
        run()
        return cls.operations - before

    def __eq__(self, other: object) -> bool:
        CountedText.operations += 1
        return str.__eq__(self, other)

    def index(self, sub: str, start: SupportsIndex | None = 0, end: SupportsIndex | None = None, /) -> int:
        offset = super().index(sub, start, end)
        CountedText.operations += 1 + offset - int(start or 0)
        return offset

    def count(self, sub: str, start: SupportsIndex | None = 0, end: SupportsIndex | None = None, /) -> int:
        CountedText.operations += 1 + (len(self) if end is None else int(end)) - int(start or 0)
        return super().count(sub, start, end)


def count_calls(run: Callable[[], object]) -> int:
    """Return the number of calls of functions, also of those in C, while something runs."""
    calls = 0

    def note(_frame: object, event: str, _argument: object) -> None:
        nonlocal calls
        calls += event in ("call", "c_call")

    before = sys.getprofile()
    sys.setprofile(note)
    try:
        run()
    finally:
        sys.setprofile(before)
    return calls
