"""Estimate the tokens of a text before a model has counted them."""

import msgspec

from annotate.models.chat import ChatRequest

BYTES_PER_TOKEN = 3.5
"""Bytes of UTF-8 for a token. English has about four characters in a token, Russian two, Chinese one."""
MESSAGE_TOKENS = 4
"""Tokens around each message."""


def estimate_tokens(text: str) -> int:
    """Estimate the tokens of a text: one for each `BYTES_PER_TOKEN` bytes of UTF-8, rounded up.

    The estimate is meant to be a little high; the count of an endpoint differs from model to model.
    """
    return -int(-len(text.encode("utf-8", "surrogatepass")) // BYTES_PER_TOKEN)


def estimate_request(request: ChatRequest) -> int:
    """Estimate the tokens of the messages of a request, and of the schema that they ask the answer to follow."""
    tokens = sum(estimate_tokens(message.content) + MESSAGE_TOKENS for message in request.messages)
    return tokens + (estimate_tokens(msgspec.json.encode(request.schema).decode()) if request.schema else 0)
