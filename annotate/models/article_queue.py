"""Label many articles at once: their requests go to threads, their answers are taken in this one."""

from collections.abc import Callable, Generator, Iterable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from queue import SimpleQueue
from typing import NamedTuple

from annotate.errors import CannotRun
from annotate.model import Article
from annotate.models.chat import ChatAnswer
from annotate.models.labelling import ArticleLabeller, LabelledArticle, LabellingMethod, LabelRequest
from annotate.util.parallel import thread_pool

PATIENCE = 0.5
"""Seconds to wait at an interruption for answers in flight, which may be paid for: a command ends in about a second."""


class ArticleOutcome(NamedTuple):
    """What became of an article.

    Attributes:
        article_id: The id of the article.
        labelled: Its labels; None if it has none.
        error: Why it has none.
    """

    article_id: str
    labelled: LabelledArticle | None
    error: CannotRun | None = None


class _Batch:
    """The requests of an article that are in flight, and the answers that have come."""

    def __init__(self, article_id: str, labeller: ArticleLabeller) -> None:
        self.article_id, self.labeller = article_id, labeller
        self.requests: list[LabelRequest] = []
        self.futures: list[Future[ChatAnswer]] = []
        self.waiting = 0


def label_articles(
    articles: Iterable[Article],
    method: LabellingMethod,
    ask: Callable[[LabelRequest], ChatAnswer],
    stop: Callable[[], None],
    concurrency: int,
) -> Generator[ArticleOutcome, None, None]:
    """Yield the outcome of each article, as they are done.

    A labeller gets the answers to its requests in the order of the requests, once all have come, so that its labels do
    not depend on which answer was faster.

    Args:
        articles: The articles, read as there is room for them.
        method: How they are labelled.
        ask: Returns the answer to a request; called in threads. Its CannotRun is the error of the article.
        stop: Called when the caller is interrupted; it makes `ask` give up soon.
        concurrency: The number of requests that are in flight at once, and of articles in work.
    """
    remaining, done = iter(articles), SimpleQueue[_Batch]()
    active = 0
    with thread_pool(concurrency) as threads:
        in_flight = set[Future[ChatAnswer]]()
        try:
            while True:
                while active < concurrency and (article := next(remaining, None)) is not None:
                    batch = _Batch(article.id, method.label_article(article))
                    if _send_next(batch, threads, ask, done, in_flight):
                        active += 1
                    else:
                        yield ArticleOutcome(article.id, batch.labeller.result())
                if not active:
                    return
                batch = done.get()
                batch.waiting -= 1
                if batch.waiting:
                    continue
                in_flight.difference_update(batch.futures)
                if (error := _take_answers(batch)) is not None:
                    yield ArticleOutcome(batch.article_id, None, error)
                elif _send_next(batch, threads, ask, done, in_flight):
                    continue
                else:
                    yield ArticleOutcome(batch.article_id, batch.labeller.result())
                active -= 1
        except BaseException:
            stop()
            for future in in_flight:
                future.cancel()
            wait(in_flight, timeout=PATIENCE)
            raise


def _send_next(
    batch: _Batch,
    threads: ThreadPoolExecutor,
    ask: Callable[[LabelRequest], ChatAnswer],
    done: "SimpleQueue[_Batch]",
    in_flight: set[Future[ChatAnswer]],
) -> bool:
    """Send the next requests of an article, and return whether there are any."""
    batch.requests = list(batch.labeller.next_requests())
    batch.waiting = len(batch.requests)
    batch.futures = [threads.submit(ask, request) for request in batch.requests]
    in_flight.update(batch.futures)
    for future in batch.futures:
        future.add_done_callback(lambda _: done.put(batch))
    return bool(batch.requests)


def _take_answers(batch: _Batch) -> CannotRun | None:
    """Give the answers to the labeller, or return the first error."""
    for future in batch.futures:
        try:
            future.result()
        except CannotRun as error:
            return error
    for request, future in zip(batch.requests, batch.futures, strict=True):
        batch.labeller.take(request, future.result())
    return None
