"""Several files written at once: so a slow disk is waited for once for several of them, not once for each."""

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from types import TracebackType

WRITERS = 8


class Together:
    """Does things in a few threads; a context manager, at whose end all of them are done."""

    def __init__(self) -> None:
        self._threads = ThreadPoolExecutor(WRITERS)
        self._begun: list[Future[None]] = []

    def __enter__(self) -> "Together":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._threads.shutdown()

    def do(self, what: Callable[[], None]) -> None:
        self._begun.append(self._threads.submit(what))

    def settle(self) -> None:
        """Wait until all that was begun is done; raises what the first of them raised."""
        begun, self._begun = self._begun, []
        for one in begun:
            one.result()
