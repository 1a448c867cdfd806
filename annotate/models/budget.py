"""What a run may send and spend, and what it has sent and spent."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

import msgspec

from annotate.errors import Refused
from annotate.models.chat import ChatAnswer, ChatRequest, TokenUsage
from annotate.models.prices import Price
from annotate.models.token_estimate import estimate_request, estimate_tokens

_FIRST_OUTPUT = 1_000
"""Tokens that an answer is reckoned with before there is one."""


class BudgetReached(Refused):
    """A request was not sent because the run may send or spend no more."""


class TokenTotals(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """The answers of a run, and their tokens.

    Attributes:
        answers: The number of answers.
        input: The tokens of the requests, as the endpoint counts them.
        output: The tokens of the answers.
        cached: Those of `input` that the endpoint had from earlier requests.
        without_usage: The number of answers whose tokens the endpoint did not count.
        estimated_input: The estimated tokens of their requests.
        estimated_output: The estimated tokens of these answers.
        cost: The price of all, by estimate where tokens are estimated; None without a price table.
    """

    answers: int = 0
    input: int = 0
    output: int = 0
    cached: int = 0
    without_usage: int = 0
    estimated_input: int = 0
    estimated_output: int = 0
    cost: float | None = None

    def add(self, request: ChatRequest, answer: ChatAnswer, price: Price | None) -> None:
        """Add an answer."""
        usage = answer.usage
        self.answers += 1
        if usage is None:
            usage = TokenUsage(estimate_request(request), estimate_tokens(answer.text))
            self.without_usage += 1
            self.estimated_input += usage.input
            self.estimated_output += usage.output
        else:
            self.input += usage.input
            self.output += usage.output
            self.cached += usage.cached
        if price is not None:
            self.cost = (self.cost or 0.0) + price.cost(usage)


class Budget:
    """The limits of a run; its methods may be called in several threads.

    Args:
        max_requests: The most requests that are sent, repeated ones included; None for any number.
        max_cost: The most that they may cost; None for any price. It needs a price.
        price: The price of the model.
    """

    def __init__(
        self, max_requests: int | None = None, max_cost: float | None = None, price: Price | None = None
    ) -> None:
        self.max_requests, self.max_cost, self.price = max_requests, max_cost, price
        self.requests, self.sent = 0, TokenTotals(cost=None if price is None else 0.0)
        self._reserved, self._guard = 0.0, threading.Lock()

    def count_attempt(self) -> None:
        """Count a request that is about to be sent.

        Raises:
            BudgetReached: It would be one too many.
        """
        with self._guard:
            if self.max_requests is not None and self.requests >= self.max_requests:
                problem = f"reached: {self.requests:,} were sent"
                raise BudgetReached(
                    "--max-requests", problem, "run the command again, or raise it; the answers so far are kept"
                )
            self.requests += 1

    @contextmanager
    def reserve(self, request: ChatRequest) -> Iterator[None]:
        """Set aside what a request may cost while it is in flight.

        An answer is reckoned with the request's limit, or else with the average so far.

        Raises:
            BudgetReached: The request may cost more than is left.
        """
        cost = 0.0
        with self._guard:
            if self.max_cost is not None and self.price is not None:
                cost = self.price.cost(TokenUsage(estimate_request(request), self._expect_output(request)))
                spent = self.sent.cost or 0.0
                if spent + self._reserved + cost > self.max_cost:
                    problem = f"reached: {spent:.4f} spent, and the next request may cost {cost:.4f}"
                    raise BudgetReached(
                        "--max-cost", problem, "run the command again, or raise it; the answers so far are kept"
                    )
            self._reserved += cost
        try:
            yield
        finally:
            with self._guard:
                self._reserved -= cost

    def add(self, request: ChatRequest, answer: ChatAnswer) -> None:
        """Add an answer that was sent for."""
        with self._guard:
            self.sent.add(request, answer, self.price)

    def _expect_output(self, request: ChatRequest) -> int:
        if request.max_tokens is not None:
            return request.max_tokens
        sent = self.sent
        return (sent.output + sent.estimated_output) // sent.answers if sent.answers else _FIRST_OUTPUT
