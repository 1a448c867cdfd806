"""Executors for the pieces: this process, several on this machine, or a Dask cluster; a lost worker is made up for."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import BrokenExecutor, Executor, Future
from contextlib import AbstractContextManager, contextmanager
from typing import Any, NamedTuple, TypeVar

from annotate.errors import CannotRun
from annotate.executors import AHEAD, processes

Item = TypeVar("Item")
Result = TypeVar("Result")

AGAIN = 3
"""Times that work is begun anew after the loss of a worker, with nothing done in between."""
SECONDS = 30
"""How long to wait for a scheduler."""


class Pool(NamedTuple):
    """`start` gives an executor, or None for this very process; `lost` is what it raises when a worker is gone."""

    start: Callable[[], AbstractContextManager[Executor | None]]
    workers: int
    lost: tuple[type[BaseException], ...] = (BrokenExecutor,)


def here(workers: int) -> Pool:
    """So many processes on this machine."""
    return Pool(lambda: processes(workers), workers)


@contextmanager
def dask(address: str) -> Iterator[Pool]:
    """The workers of a Dask cluster, by the address of its scheduler; raises CannotRun where there are none."""
    try:
        from distributed import Client, KilledWorker
    except ModuleNotFoundError as error:
        raise CannotRun(
            "--scheduler", "needs the library distributed", "pip install 'contested-claims[dask]'"
        ) from error
    try:
        client: Any = Client(address, timeout=SECONDS, set_as_default=False)  # type: ignore[no-untyped-call]
    except (OSError, ValueError) as error:
        raise CannotRun(address, "no scheduler answers there", "start one with `dask scheduler`") from error
    with client:
        workers = sum(client.nthreads().values())
        if not workers:
            raise CannotRun(address, "the scheduler has no workers", "start some with `dask worker ADDRESS`")

        @contextmanager
        def start() -> Iterator[Executor]:
            yield client.get_executor()

        yield Pool(start, workers, (KilledWorker, BrokenExecutor))


def surely(pool: Pool, work: Callable[[Item], Result], items: Iterable[Item]) -> Iterator[Result]:
    """`work` of each item, in the order of the items, of which a bounded number is under way.

    When a worker is lost, what is not done is given to a new executor. Raises CannotRun when that does not help.
    """
    rest, under_way, tries = iter(items), deque[Item](), 0
    while tries <= AGAIN:
        with pool.start() as executor:
            if executor is None:
                yield from map(work, rest)
                return
            futures: deque[Future[Result]] = deque()
            try:
                futures.extend([executor.submit(work, item) for item in under_way])
                for item in rest:
                    under_way.append(item)
                    futures.append(executor.submit(work, item))
                    if len(futures) >= AHEAD * pool.workers:
                        yield futures[0].result()
                        futures.popleft()
                        under_way.popleft()
                        tries = 0
                while futures:
                    yield futures[0].result()
                    futures.popleft()
                    under_way.popleft()
                    tries = 0
            except pool.lost:
                tries += 1
            else:
                return
            finally:
                for future in futures:
                    future.cancel()
    raise CannotRun(
        "a worker",
        f"was killed {tries} times at the same work, as for want of memory",
        "make room, or take fewer --workers or a smaller --shard-size; --resume goes on with what is there",
    )
