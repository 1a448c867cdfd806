"""The paragraphs of an article with their tokens, and spans as BIO tags of these tokens."""

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from annotate.model import Annotation, Span
from annotate.tokens import OUTSIDE, find_tagged_spans, tokenize


class LabelledText(NamedTuple):
    """A text, and labels that someone gave it."""

    text: str
    annotation: Annotation


class Paragraph(NamedTuple):
    """A line of a text with its tokens.

    Attributes:
        start: The first code point of the line in the text.
        end: The code point after the line.
        tokens: The code points `[start, end)` of each token in the text.
        words: The tokens.
    """

    start: int
    end: int
    tokens: Sequence[tuple[int, int]]
    words: Sequence[str]

    def find_tokens(self, start: int, end: int) -> tuple[int, int] | None:
        """Return the indices `[first, last)` of the tokens of a span.

        Args:
            start: The first code point of the span in the text.
            end: The code point after it.

        Returns:
            None if the span cuts a token or reaches out of the paragraph.
        """
        first, last = bisect_left(self.tokens, (start, start)), bisect_left(self.tokens, (end, end))
        is_whole = first < last and self.tokens[first][0] == start and self.tokens[last - 1][1] == end
        return (first, last) if is_whole else None


def split_paragraphs(text: str) -> list[Paragraph]:
    """Return the lines of a text that have tokens."""
    paragraphs, start = [], 0
    for line in text.split("\n"):
        tokens = [(start + first, start + last) for first, last in tokenize(line)]
        if tokens:
            words = [text[first:last] for first, last in tokens]
            paragraphs.append(Paragraph(start, start + len(line), tokens, words))
        start += len(line) + 1
    return paragraphs


def tag_tokens(count: int, ranges: Iterable[tuple[str, int, int]]) -> list[str]:
    """Return the BIO tags of tokens.

    Args:
        count: The number of tokens.
        ranges: Labels with the indices `[first, last)` of their tokens; none has a token of another.
    """
    tags = [OUTSIDE] * count
    for label, first, last in ranges:
        tags[first:last] = [f"B-{label}", *([f"I-{label}"] * (last - first - 1))]
    return tags


def split_levels(paragraph: Paragraph, spans: Iterable[Span], levels: int) -> list[list[tuple[str, int, int]]]:
    """Divide the spans of a paragraph into levels, so that no two of a level share a token.

    Each span is on the lowest level that is free, those that begin first and are longest come first. These are the
    levels of the table `tokens`. Spans that cut a token, and those for which no level is free, are left out.

    Args:
        paragraph: The paragraph.
        spans: Spans of the text.
        levels: The number of levels.

    Returns:
        For each level the labels with the indices `[first, last)` of their tokens, in order.
    """
    by_level: list[list[tuple[str, int, int]]] = [[] for _ in range(levels)]
    inside = (span for span in spans if paragraph.start <= span.start and span.end <= paragraph.end)
    for span in sorted(inside, key=lambda span: (span.start, -span.end, span.label)):
        tokens = paragraph.find_tokens(span.start, span.end)
        free = tokens and next((level for level in by_level if not level or level[-1][2] <= tokens[0]), None)
        if tokens and free is not None:
            free.append((span.label, *tokens))
    return by_level


def find_ranges(paragraph: Paragraph, tags: Sequence[str]) -> Iterator[tuple[str, int, int]]:
    """Yield the spans that tags describe: the label, and the code points `[start, end)` in the text."""
    for span in find_tagged_spans(tags):
        yield span.label, paragraph.tokens[span.start][0], paragraph.tokens[span.end - 1][1]
