"""Ask a model within the limits of a run: from the ledger where an answer is kept, else from the endpoint."""

import threading
from collections import Counter

from annotate.errors import CannotRun
from annotate.models.budget import Budget, TokenTotals
from annotate.models.chat import CONTEXT_PROBLEM, ChatAnswer, ChatRequest
from annotate.models.chat_client import ChatClient, RequestFailed
from annotate.models.labelling import LabelRequest
from annotate.models.ledger import Ledger

MOST_FAILURES = 3
"""Requests that may fail one after the other before no further one is sent."""
MOST_TOO_LONG = 20
"""Requests that may be too long for the model, without one that is not, before no further one is sent."""
_MOST_NAMES = 20


class ModelSession:
    """Asks one model, and counts; `ask` may be called in several threads.

    Args:
        client: Sends requests. It counts its attempts by `Budget.count_attempt`.
        ledger: Keeps answers.
        budget: What the run may send and spend.

    Attributes:
        reused: The answers that the ledger had, with what they cost when they were sent for.
        corrections: The answers to requests for a correction, from the endpoint and the ledger: what corrections cost.
        answered: The names that the endpoint gives the models that answered.
        formats: The number of answers by how the endpoint was asked to shape them.
    """

    def __init__(self, client: ChatClient, ledger: Ledger, budget: Budget) -> None:
        self.client, self.ledger, self.budget = client, ledger, budget
        no_cost = None if budget.price is None else 0.0
        self.reused, self.corrections = TokenTotals(cost=no_cost), TokenTotals(cost=no_cost)
        self.answered, self.formats = list[str](), Counter[str]()
        self._guard, self._failures, self._too_long = threading.Lock(), 0, 0
        self._closed: CannotRun | None = None

    @property
    def closed(self) -> CannotRun | None:
        """Why no further request is sent; None while requests are sent."""
        return self._closed

    @property
    def context_error(self) -> CannotRun | None:
        """The error of a model whose context is too short for every request so far; None if one was answered."""
        if not self._too_long or self.formats:
            return None
        hint = "lower --guideline-tokens, or give the model a longer context"
        return CannotRun(self.client.endpoint.url, "refuses every request as longer than the model's context", hint)

    def ask(self, request: LabelRequest) -> ChatAnswer:
        """Return the answer to a request.

        After an error that others would meet as well, only answers that are kept are returned.

        Raises:
            BudgetReached: The run may send or spend no more.
            RequestFailed: There is no answer in several attempts.
            RequestStopped: The run ends.
            CannotRun: The endpoint answers no request, or the answer cannot be kept.
        """
        answer, is_kept = self.ledger.ask(request.chat, self._send)
        with self._guard:
            if answer.problem == CONTEXT_PROBLEM:
                self._too_long += 1
                return answer
            if is_kept:
                self.reused.add(request.chat, answer, self.budget.price)
            if request.is_correction:
                self.corrections.add(request.chat, answer, self.budget.price)
            if answer.model and answer.model not in self.answered and len(self.answered) < _MOST_NAMES:
                self.answered.append(answer.model)
            self.formats[answer.format] += 1
        return answer

    def _send(self, request: ChatRequest) -> ChatAnswer:
        if self._too_long >= MOST_TOO_LONG:
            self._closed = self._closed or self.context_error
        if self._closed is not None:
            raise self._closed
        try:
            with self.budget.reserve(request):
                answer = self.client.ask(request)
                if answer.problem != CONTEXT_PROBLEM:
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
