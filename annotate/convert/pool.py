"""Executors for jobs: this process, several processes on this machine, or a Dask cluster. Lost workers are replaced."""

from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator
from concurrent.futures import BrokenExecutor, Executor, Future
from contextlib import AbstractContextManager, contextmanager
from typing import Any, NamedTuple, TypeVar

from annotate.errors import CannotRun
from annotate.util.parallel import ITEMS_AHEAD, process_pool

Item = TypeVar("Item")
Result = TypeVar("Result")

RETRIES = 3
"""How often work is started again after the loss of a worker, if nothing was finished in between."""
SCHEDULER_TIMEOUT = 30
"""Seconds to wait for a scheduler."""


class Pool(NamedTuple):
    """Workers for jobs.

    Attributes:
        start: Gives an executor, or None for this process.
        workers: Number of workers.
        worker_lost: What the executor raises when it has lost a worker.
    """

    start: Callable[[], AbstractContextManager[Executor | None]]
    workers: int
    worker_lost: tuple[type[BaseException], ...] = (BrokenExecutor,)


def local_pool(workers: int, storage: bool = False) -> Pool:
    """Return a pool of processes on this machine; for one worker, this process.

    Args:
        workers: Number of workers.
        storage: Whether they use a remote store, and so need the logins for one.
    """
    return Pool(lambda: process_pool(workers, storage), workers)


@contextmanager
def dask_pool(address: str) -> Iterator[Pool]:
    """Give the workers of a Dask cluster, by the address of its scheduler.

    Raises:
        CannotRun: If `distributed` is not installed, or there is no scheduler or no worker.
    """
    try:
        from distributed import Client, KilledWorker
    except ModuleNotFoundError as error:
        hint = "pip install 'contested-claims[dask]'"
        raise CannotRun("--scheduler", "needs the library distributed", hint) from error
    try:
        client: Any = Client(address, timeout=SCHEDULER_TIMEOUT, set_as_default=False)  # type: ignore[no-untyped-call]
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


def map_with_recovery(
    pool: Pool, work: Callable[[Item], Result], items: Iterable[Item]
) -> Generator[Result, None, None]:
    """Apply `work` to each item and yield the results in the order of the items.

    Items are taken as workers become free, so that their number is bounded. When a worker is lost, unfinished items are
    given to a new executor.

    Raises:
        CannotRun: If workers are lost again and again at the same items.
    """
    remaining, in_progress, losses = iter(items), deque[Item](), 0
    while losses <= RETRIES:
        with pool.start() as executor:
            if executor is None:
                yield from map(work, remaining)
                return
            futures: deque[Future[Result]] = deque()
            try:
                futures.extend([executor.submit(work, item) for item in in_progress])
                while True:
                    for item in remaining:
                        in_progress.append(item)
                        futures.append(executor.submit(work, item))
                        if len(futures) >= ITEMS_AHEAD * pool.workers:
                            break
                    if not futures:
                        return
                    yield futures[0].result()
                    futures.popleft()
                    in_progress.popleft()
                    losses = 0
            except pool.worker_lost:
                losses += 1
            finally:
                for future in futures:
                    future.cancel()
    raise CannotRun(
        "a worker",
        f"was killed {losses} times at the same work, perhaps because memory ran out",
        "use fewer --workers or a smaller --shard-size; --resume continues from what is there",
    )
