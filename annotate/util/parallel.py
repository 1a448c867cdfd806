"""Work over a `concurrent.futures` executor: results in the order of the input, a bounded number under way."""

import gc
import os
import pickle
import signal
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator
from concurrent.futures import Executor, Future, ProcessPoolExecutor, ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from functools import lru_cache, partial
from multiprocessing import parent_process
from threading import Thread
from typing import Any, TypeVar

from annotate.util.folders import temporary_folder
from annotate.util.processes import (
    WorkerContext,
    kill_workers,
    python_environment,
    set_worker_environment,
    wait_for_workers,
)
from annotate.util.startup import block_pandas, keep_freed_memory
from annotate.util.termination import is_terminating, uninterrupted

Item = TypeVar("Item")
Result = TypeVar("Result")

ITEMS_AHEAD = 2
"""The number of items for each worker that are in work, or wait for an earlier result."""

END_TIMEOUT = 1.0
"""Seconds to wait for killed workers."""

SELDOM = (50_000, 2, 2)
"""Thresholds of the garbage collector, see `gc.set_threshold`. Python's defaults are 700, 10 and 10."""


@contextmanager
def process_pool(workers: int, storage: bool = False) -> Iterator[Executor | None]:
    """Give a pool of worker processes; for one worker None, so that `map_in_order` works in this process.

    If the program is interrupted, the workers are killed, and their temporary files are removed.

    Args:
        workers: The number of workers.
        storage: Whether they use a remote store, and so need the logins for one.
    """
    if workers <= 1:
        yield None
        return
    with temporary_folder(prefix="annotate-workers-") as temporary:
        environment = {**python_environment(storage), "TMPDIR": str(temporary)}
        with uninterrupted():  # so that each of its semaphores has the function that removes it
            executor = ProcessPoolExecutor(
                workers, mp_context=WorkerContext(), initializer=_begin, initargs=(environment,)
            )
        interrupted = False
        try:
            yield executor
        except KeyboardInterrupt:
            interrupted = True
            raise
        finally:
            if interrupted or is_terminating():
                _abandon(executor)
            else:
                executor.shutdown()


class LazyPool:
    """Worker processes, one for each core, that start with the first step for which they pay and serve later ones."""

    def __init__(self, stack: ExitStack) -> None:
        self._stack = stack
        self._executor: Executor | None = None

    def map(self, work: Callable[[Item], Result], items: Iterable[Item], workers: int) -> Generator[Result, None, None]:
        """Yield the result of `work` for each item in their order; with one worker in this process.

        Args:
            work: A function of an item; see `map_in_order`.
            items: The items.
            workers: The number of processes that pay; see `count_workers`.
        """
        if workers > 1 and self._executor is None:
            self._executor = self._stack.enter_context(process_pool(count_cores()))
        return map_in_order(self._executor if workers > 1 else None, work, items, workers)


@contextmanager
def lazy_pool() -> Iterator[LazyPool]:
    """Give worker processes that are not started before they are needed."""
    with ExitStack() as stack:
        yield LazyPool(stack)


def _abandon(executor: Executor) -> None:
    """Kill the workers and wait for them, but not for the executor: it can wait forever for the rest of an answer."""
    kill_workers()
    executor.shutdown(wait=False, cancel_futures=True)
    wait_for_workers(END_TIMEOUT)


@contextmanager
def thread_pool(threads: int) -> Iterator[ThreadPoolExecutor]:
    """Give a pool of threads. If the program is told to end, it does not wait for what they do."""
    executor = ThreadPoolExecutor(threads)
    try:
        yield executor
    finally:
        executor.shutdown(wait=not is_terminating(), cancel_futures=is_terminating())


def _begin(environment: dict[str, str]) -> None:
    # Ctrl-C reaches every process of a terminal: the one that was started ends the others.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    set_worker_environment(environment)
    block_pandas()
    keep_freed_memory()
    _end_with_parent()


def _end_with_parent() -> None:
    """End this worker when its parent has ended, even if that was killed. Otherwise it would wait forever."""

    def wait() -> None:
        parent = parent_process()
        if parent:
            parent.join()
            os._exit(1)

    Thread(target=wait, daemon=True).start()


def count_cores() -> int:
    """Return the number of processor cores that this process can use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def count_workers(items: int, each: int, most: int) -> int:
    """Return the number of workers: one for each `each` items, at most `most`, at least one."""
    return max(1, min(most, items // each))


def split_evenly(items: int, most: int) -> list[int]:
    """Return the boundaries of the fewest parts with at most `most` items each, all of about the same size."""
    parts = max(-(-items // most), 1)
    return [items * part // parts for part in range(parts + 1)]


@contextmanager
def without_garbage_collection() -> Iterator[None]:
    """Disable the garbage collector while many small objects are made that are in no reference cycle."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


@contextmanager
def with_rare_garbage_collection() -> Iterator[None]:
    """Run the garbage collector rarely while many small objects of JSON are made that are in no reference cycle.

    It is not disabled, since each response of httpx, of many megabytes, is in a reference cycle.
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
    """Yield the result of `work` for each item, in the order of the items.

    Args:
        executor: The executor; None to work in this process. With processes, `work`, items and results are pickled.
            A process unpickles `work` once, so that what it computes for itself is there for the next item.
        work: A function of an item. What it raises is raised here, after waiting items were cancelled.
        items: The items, read as workers become free.
        workers: The number of workers.
    """
    if executor is None:
        yield from map(work, items)
        return
    waiting: deque[Future[Result]] = deque()
    if isinstance(executor, ProcessPoolExecutor):
        work = partial(_apply_packed, pickle.dumps(work))
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


def _apply_packed(packed: bytes, item: Any) -> Any:
    """Return the result of a pickled function for an item."""
    return _unpack_work(packed)(item)


@lru_cache(maxsize=2)
def _unpack_work(packed: bytes) -> Callable[[Any], Any]:
    work: Callable[[Any], Any] = pickle.loads(packed)  # noqa: S301 - from the process that started this one
    return work
