"""Findings for annotators: what is wrong with which words, what to do, and the page of the guidelines."""

from collections.abc import Iterable, Mapping

import msgspec

from annotate.advice import describe_advice
from annotate.findings import Finding
from annotate.inventory import Inventory
from annotate.model import Annotation, Span
from annotate.util.escape import shorten

MOST_WORDS = 80
"""Characters of a quotation."""
AROUND = 30
"""Characters on each side of words that show which occurrence is meant."""


class Point(msgspec.Struct, frozen=True):
    """One thing that an annotator should look at.

    Attributes:
        code: The code of the rule.
        words: The words that it is about; empty if it is about the whole annotation.
        message: What is wrong and what to do.
        guideline: The title of the guidelines' page on it; empty if there is none.
    """

    code: str
    words: str
    message: str
    guideline: str = ""


def make_points(
    findings: Iterable[Finding],
    annotation: Annotation | None,
    inventory: Inventory,
    page_titles: Mapping[str, str],
    text: str = "",
) -> list[Point]:
    """Return findings on one annotation in words for its annotator, in the order of the text.

    Args:
        findings: The findings.
        annotation: The annotation, which may lack the spans that some findings are on; None if it cannot be read.
        inventory: Names labels, relations, attributes and the guidelines' pages of labels.
        page_titles: The title of each page of the guidelines, by its path.
        text: The text of the article, to say which occurrence is meant of words that it has more than once.
    """
    spans = {span.id: span for span in annotation.spans} if annotation else {}
    ordered = sorted(findings, key=lambda finding: _position(spans.get(finding.span or "")))
    return [_make_point(finding, spans.get(finding.span or ""), inventory, page_titles, text) for finding in ordered]


def _position(span: Span | None) -> int:
    return span.start if span else -1


def describe_place(text: str, start: int, end: int) -> str:
    """Return which occurrence of words is meant, by the words around it; "" if the text has the words once.

    Args:
        text: The text.
        start: The first code point of the words.
        end: The code point after the last.
    """
    words = text[start:end]
    if not words or (text.find(words) == start and text.find(words, start + 1) < 0):
        return ""
    before = text[max(start - AROUND, 0) : start].split()
    after = text[end : end + AROUND].split()
    if start > AROUND:
        before[:1] = ["…"]  # the first word may be cut
    if end + AROUND < len(text):
        after[-1:] = ["…"]
    around = " ".join([*before, shorten(words, MOST_WORDS), *after])
    return f"It is the one in “{around}”."


def _make_point(
    finding: Finding, span: Span | None, inventory: Inventory, page_titles: Mapping[str, str], text: str
) -> Point:
    label = inventory.spans.get(span.label) if span else None
    message = describe_advice(finding, span, inventory, is_on_screen=True)
    place = describe_place(text, span.start, span.end) if span else ""
    message = f"{message} {place}".rstrip()
    words = shorten(span.text if span else finding.words, MOST_WORDS)
    guideline = page_titles.get(label.guideline, "") if label else ""
    return Point(finding.code, words, message, guideline)
