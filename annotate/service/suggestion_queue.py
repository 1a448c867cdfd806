"""Makes suggestions in threads, each once.

Who asks waits a bounded time. A suggestion that takes longer is made all the same, and is there for the next who asks.
"""

import time
from collections import OrderedDict
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import TimeoutError as FutureTimeout
from threading import Lock
from typing import NamedTuple

from annotate.errors import CannotRun
from annotate.model import Annotation, Article
from annotate.service.suggestions import Suggester

MOST_KEPT = 200
"""Suggestions that are kept, made or in the making."""


class SuggestionOutcome(NamedTuple):
    """What became of a suggestion.

    Attributes:
        annotation: The labels; None if there are none.
        problem: Why there are none, in words; "" if there are none to suggest.
        is_late: Whether they are still being made.
    """

    annotation: Annotation | None
    problem: str = ""
    is_late: bool = False


class SuggestionQueue:
    """Makes suggestions, each once, by a suggester.

    Args:
        suggester: Makes them.
        threads: Runs it.
        concurrency: The number of articles of one request that are in work at once.
    """

    def __init__(self, suggester: Suggester, threads: ThreadPoolExecutor, concurrency: int) -> None:
        self._suggester, self._threads, self._concurrency = suggester, threads, concurrency
        self._kept = OrderedDict[tuple[str, str, str], Future[Annotation | None]]()
        self._guard = Lock()

    def suggest(self, articles: Sequence[Article | None], version: str, patience: float) -> list[SuggestionOutcome]:
        """Return an outcome for each article.

        Args:
            articles: The articles; None for a task without one.
            version: The version of the suggester.
            patience: Seconds to wait for all.
        """
        deadline = time.monotonic() + patience
        futures: list[Future[Annotation | None] | None] = []
        outcomes = []
        for index in range(len(articles)):
            while len(futures) < min(len(articles), index + self._concurrency) and time.monotonic() < deadline:
                article = articles[len(futures)]
                futures.append(None if article is None else self._begin(article, version))
            future = futures[index] if index < len(futures) else None
            if future is not None:
                outcomes.append(self._wait(future, deadline))
            else:
                outcomes.append(SuggestionOutcome(None, is_late=articles[index] is not None))
        return outcomes

    def _begin(self, article: Article, version: str) -> "Future[Annotation | None]":
        key = version, article.id, article.text_sha256
        with self._guard:
            future = self._kept.get(key)
            if future is None or (future.done() and (future.cancelled() or future.exception() is not None)):
                future = self._kept[key] = self._threads.submit(self._suggester.suggest, article)
            self._kept.move_to_end(key)
            finished = [other for other, each in self._kept.items() if each.done() and other != key]
            for other in finished[: max(0, len(self._kept) - MOST_KEPT)]:
                del self._kept[other]
            return future

    def _wait(self, future: "Future[Annotation | None]", deadline: float) -> SuggestionOutcome:
        try:
            return SuggestionOutcome(future.result(max(0.0, deadline - time.monotonic())))
        except FutureTimeout:
            return SuggestionOutcome(None, is_late=True)
        except CannotRun as error:
            return SuggestionOutcome(None, str(error))
        except Exception as error:  # an article that a suggester fails on must not keep others from their labels
            return SuggestionOutcome(None, f"the suggester failed ({type(error).__name__})")
