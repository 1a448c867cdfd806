"""Work over a `concurrent.futures` executor: results in the order of the input, a bounded number under way."""

import gc
import os
import signal
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator
from concurrent.futures import Executor, Future, ProcessPoolExecutor
from contextlib import AbstractContextManager, contextmanager, nullcontext
from multiprocessing import get_context, parent_process
from threading import Thread
from typing import TypeVar

from annotate.util.startup import block_pandas, keep_freed_memory

Item = TypeVar("Item")
Result = TypeVar("Result")

ITEMS_AHEAD = 2
"""Items under way, or done and waiting for an earlier one, for each worker."""

SELDOM = (50_000, 2, 2)
"""Objects, and times that the younger ones were looked at, before the collector looks; in Python, 700, 10 and 10."""


def process_pool(workers: int) -> AbstractContextManager[Executor | None]:
    """An executor of so many processes on this machine; None, which `in_order` takes as this very process, for one."""
    if workers <= 1:
        return nullcontext()
    # Forked children of a process with threads can hang; a fork server has none.
    return ProcessPoolExecutor(workers, mp_context=get_context("forkserver"), initializer=_begin)


def _begin() -> None:
    # Ctrl-C reaches every process of a terminal: the one that was started ends the others.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    block_pandas()
    keep_freed_memory()
    _end_with_parent()


def _end_with_parent() -> None:
    """Let a worker end when the process that it works for is gone, even if that was killed: it would wait for ever."""

    def wait() -> None:
        parent = parent_process()
        if parent:
            parent.join()
            os._exit(1)

    Thread(target=wait, daemon=True).start()


def count_cores() -> int:
    """The processor cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def count_workers(items: int, each: int, most: int) -> int:
    """How many processes are worth their start where each should have so many items, at most so many."""
    return max(1, min(most, items // each))


def split_evenly(items: int, most: int) -> list[int]:
    """Where to cut so many items into as few parts as hold at most so many each, all of much the same size."""
    parts = max(-(-items // most), 1)
    return [items * part // parts for part in range(parts + 1)]


@contextmanager
def without_garbage_collection() -> Iterator[None]:
    """Leave the garbage collector out of the way of many small objects, none of which is in a cycle."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


@contextmanager
def with_rare_garbage_collection() -> Iterator[None]:
    """Let the garbage collector look at the many small objects of JSON far less often; they are in no cycle.

    It is not left out: an answer of httpx is in a cycle, with its megabytes.
    """
    before = gc.get_threshold()
    gc.freeze()
    gc.set_threshold(*SELDOM)
    try:
        yield
    finally:
        gc.set_threshold(*before)
        gc.unfreeze()


def map_in_order(
    executor: Executor | None, work: Callable[[Item], Result], items: Iterable[Item], workers: int = 1
) -> Generator[Result, None, None]:
    """`work` of each item, in the order of the items, which are taken from their iterable as there is room.

    `work`, its items and its results must be picklable where the executor has other processes. What `work` raises is
    raised here, after what is under way was cancelled or has ended.
    """
    if executor is None:
        yield from map(work, items)
        return
    waiting: deque[Future[Result]] = deque()
    try:
        for item in items:
            waiting.append(executor.submit(work, item))
            if len(waiting) >= ITEMS_AHEAD * max(workers, 1):
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
    finally:
        for future in waiting:
            future.cancel()
