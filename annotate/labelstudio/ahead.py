"""One step ahead: the next page is asked for, or the next batch made, while this one is worked on.

Most of a push or pull is waiting for the server, in which this side can work.
"""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

T = TypeVar("T")


def ahead(items: Iterator[T]) -> Iterator[T]:
    """The same items in the same order; a thread gets the next one while the caller has this one, so two are held.

    What goes wrong there is raised here, in its turn.
    """
    end = object()
    with ThreadPoolExecutor(1) as thread:
        coming = thread.submit(next, items, end)
        while (item := coming.result()) is not end:
            coming = thread.submit(next, items, end)
            yield item  # type: ignore[misc]  # no item is `end`
