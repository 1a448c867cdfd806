"""The check of a corpus in a thread, while other work is in progress."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from annotate.checks.runner import ARTICLES_PER_WORKER, check
from annotate.corpus import Corpus
from annotate.findings import Finding
from annotate.inventory import Inventory
from annotate.util.parallel import count_cores, count_workers, thread_pool

MAX_WORKERS = 8
"""Processes of a check in the background; a server is at work as well."""


@contextmanager
def check_in_background(
    corpus: Corpus, inventory: Inventory, handle_findings: Callable[[list[Finding]], None]
) -> Iterator[Callable[[], None]]:
    """Check a corpus while the body of the `with` statement runs.

    Args:
        corpus: The corpus.
        inventory: Its inventory.
        handle_findings: Called once with the findings (possibly none); it raises if the work must not go on.

    Yields:
        A function that waits for the check and has its findings handled. At the end of the body they are handled in any
        case: errors take precedence over an exception of the body, which they may have caused.
    """
    with thread_pool(1) as thread:
        findings, are_handled = thread.submit(_check, corpus, inventory), False

        def require_check() -> None:
            nonlocal are_handled
            if not are_handled:
                are_handled = True
                handle_findings(findings.result())

        try:
            yield require_check
        finally:
            require_check()


def _check(corpus: Corpus, inventory: Inventory) -> list[Finding]:
    workers = count_workers(len(corpus.article_ids()), ARTICLES_PER_WORKER, min(count_cores(), MAX_WORKERS))
    return list(check(corpus, inventory, workers))
