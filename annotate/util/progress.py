"""The progress of work that has steps: whoever does the work counts, and whoever asked for it shows the counts."""

from collections.abc import Callable, Iterable, Iterator
from typing import TypeVar

T = TypeVar("T")

Advance = Callable[[int], None]
"""Takes the number of items that are done since the last call."""
StartStep = Callable[[str, int | None], Advance]
"""Takes the name of a step that begins, and its number of items, or None if it is not known."""


def ignore_steps(_step: str, _total: int | None) -> Advance:
    """Start a step whose progress nobody asked for."""
    return lambda _: None


def count_items(items: Iterable[T], advance: Advance) -> Iterator[T]:
    """Yield items, and count each once the next one is asked for, which is when the work on it is done."""
    for item in items:
        yield item
        advance(1)
