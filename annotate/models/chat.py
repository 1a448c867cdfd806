"""What is asked of a language model, and what it answers, whatever the endpoint."""

from collections.abc import Mapping
from typing import Any, Literal, TypeAlias

import msgspec

Role: TypeAlias = Literal["system", "user", "assistant"]
AnswerFormat: TypeAlias = Literal["schema", "object", "text"]
"""How an endpoint was asked to shape an answer: by a JSON Schema, as any JSON object, or not at all."""
FinishReason: TypeAlias = Literal["stop", "length", "refusal", "other"]
"""Why an answer ends: it is complete, it was cut off, the model refused, or the endpoint gives another reason."""
CONTEXT_PROBLEM = "the request is longer than the model's context"
"""The `ChatAnswer.problem` of a request that was refused for its length. It costs nothing, and its answer is empty."""


class ChatMessage(msgspec.Struct, frozen=True):
    """A message of a chat."""

    role: Role
    content: str


class ChatRequest(msgspec.Struct, frozen=True, kw_only=True):
    """A request to a model.

    Attributes:
        messages: The messages; what is the same in all requests of a run comes first, so that endpoints can cache it.
        schema: The JSON Schema that the answer is to follow; None for an answer that is no JSON.
        max_tokens: The most tokens of the answer; None for the endpoint's own limit.
    """

    messages: tuple[ChatMessage, ...]
    schema: Mapping[str, Any] | None = None
    max_tokens: int | None = None


class TokenUsage(msgspec.Struct, frozen=True):
    """The tokens of a request and its answer as the endpoint counts them; `cached` counts those of `input` it had."""

    input: int
    output: int
    cached: int = 0


class ChatAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """An answer of a model.

    Attributes:
        text: What the model wrote; empty if it refused.
        finish_reason: Why it ends.
        format: How the endpoint was asked to shape it.
        refusal: What the model wrote in place of an answer.
        model: The model that answered, as the endpoint names it.
        usage: The tokens; None if the endpoint does not say.
        problem: Why the endpoint gave no whole answer, in words: the request is longer than the model's context, or the
            answer is too large. The answer then counts as cut off, since a shorter request helps.
    """

    text: str
    finish_reason: FinishReason
    format: AnswerFormat
    refusal: str = ""
    model: str = ""
    usage: TokenUsage | None = None
    problem: str = ""
