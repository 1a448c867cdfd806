"""Estimate the tokens of a text before a model has counted them."""

from annotate.models.chat import ChatRequest

BYTES_PER_TOKEN = 3.5
"""Bytes of UTF-8 for a token: about what tokenizers make of English, and rather few for other languages."""
MESSAGE_TOKENS = 4
"""Tokens around each message."""


def estimate_tokens(text: str) -> int:
    """Estimate the number of tokens of a text as its bytes in UTF-8 divided by `BYTES_PER_TOKEN`."""
    return round(len(text.encode("utf-8", "surrogatepass")) / BYTES_PER_TOKEN)


def estimate_request(request: ChatRequest) -> int:
    """Estimate the number of tokens of the messages of a request."""
    return sum(estimate_tokens(message.content) + MESSAGE_TOKENS for message in request.messages)
