"""Ask a model within the limits of a run: from the ledger where an answer is kept, else from the endpoint."""

import threading
from collections import Counter

from annotate.errors import CannotRun
from annotate.models.budget import Budget, TokenTotals
from annotate.models.chat import ChatAnswer, ChatRequest
from annotate.models.chat_client import ChatClient, RequestFailed
from annotate.models.ledger import Ledger

MOST_FAILURES = 3
"""Requests that may fail one after the other before no further one is sent."""
_MOST_NAMES = 20


class ModelSession:
    """Asks one model, and counts; `ask` may be called in several threads.

    Args:
        client: Sends requests. It counts its attempts by `Budget.count_attempt`.
        ledger: Keeps answers.
        budget: What the run may send and spend.

    Attributes:
        reused: The answers that the ledger had, with what they cost when they were sent for.
        answered: The names that the endpoint gives the models that answered.
        formats: The number of answers by how the endpoint was asked to shape them.
    """

    def __init__(self, client: ChatClient, ledger: Ledger, budget: Budget) -> None:
        self.client, self.ledger, self.budget = client, ledger, budget
        self.reused = TokenTotals(cost=None if budget.price is None else 0.0)
        self.answered, self.formats = list[str](), Counter[str]()
        self._guard, self._failures = threading.Lock(), 0
        self._closed: CannotRun | None = None

    @property
    def closed(self) -> CannotRun | None:
        """Why no further request is sent; None while requests are sent."""
        return self._closed

    def ask(self, request: ChatRequest) -> ChatAnswer:
        """Return the answer to a request.

        After an error that others would meet as well, only answers that are kept are returned.

        Raises:
            BudgetReached: The run may send or spend no more.
            RequestFailed: There is no answer in several attempts.
            RequestStopped: The run ends.
            CannotRun: The endpoint answers no request, or the answer cannot be kept.
        """
        answer, is_kept = self.ledger.ask(request, self._send)
        with self._guard:
            if is_kept:
                self.reused.add(request, answer, self.budget.price)
            if answer.model and answer.model not in self.answered and len(self.answered) < _MOST_NAMES:
                self.answered.append(answer.model)
            self.formats[answer.format] += 1
        return answer

    def _send(self, request: ChatRequest) -> ChatAnswer:
        if self._closed is not None:
            raise self._closed
        try:
            with self.budget.reserve(request):
                answer = self.client.ask(request)
                self.budget.add(request, answer)
        except RequestFailed as error:
            with self._guard:
                self._failures += 1
                if self._failures >= MOST_FAILURES:
                    self._closed = error
            raise
        except CannotRun as error:
            with self._guard:
                self._closed = self._closed or error
            raise
        with self._guard:
            self._failures = 0
        return answer
