"""Labels made on a text as a task has it → labels of the article, whose text is in normal form and trimmed."""

from collections.abc import Iterable, Iterator

import msgspec

from annotate.model import Span
from annotate.offsets import normal_places, normalise, trim_range


def trim_normal_form(text: str) -> tuple[str, int]:
    """Return the text of the article that `annotate add` makes of a text, and where it begins in the normal form."""
    normal = normalise(text)
    start, end = trim_range(normal, 0, len(normal))
    return normal[start:end], start


def move_spans(spans: Iterable[Span], original: str) -> Iterator[Span]:
    """Move spans of a text to where they are in the text of its article.

    A span cannot be moved if normal form joins the characters on both sides of one of its ends. It is left as it is,
    and a rule finds it.

    Args:
        spans: The spans, in code points of `original`.
        original: The text as the task has it.
    """
    (text, start), to_normal = trim_normal_form(original), normal_places(original)
    for span in spans:
        first, last = to_normal(span.start), to_normal(span.end)
        if first is None or last is None:
            yield span
        else:
            words = text[max(first - start, 0) : max(last - start, 0)]
            yield msgspec.structs.replace(span, start=first - start, end=last - start, text=words)
