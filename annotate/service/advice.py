"""Findings in words for annotators: what is wrong with which words, what to do, and the page of the guidelines.

The words are the advice of the rules (`annotate.findings.Rule`). Names of labels, relations and attributes in them are
those that the labelling screen shows.
"""

from collections.abc import Iterable, Mapping, Sequence

import msgspec

from annotate.findings import Finding
from annotate.inventory import Inventory
from annotate.model import Annotation, Span
from annotate.util.escape import shorten

MOST_WORDS = 80
"""Characters of a quotation."""
AROUND = 30
"""Characters on each side of words that show which occurrence is meant."""
_SEVERAL = {"value": " and ", "stated": " and "}
"""How a list is joined; those of names are joined by "or"."""


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
    message = finding.advice.format_map(_name_details(finding, span, inventory)) or finding.message
    place = describe_place(text, span.start, span.end) if span else ""
    message = f"{message} {place}".rstrip()
    words = shorten(span.text if span else finding.words, MOST_WORDS)
    guideline = page_titles.get(label.guideline, "") if label else ""
    return Point(finding.code, words, message, guideline)


def _name_details(finding: Finding, span: Span | None, inventory: Inventory) -> dict[str, str]:
    """Return what each placeholder of an advice stands for, as the screen shows it."""
    label = span.label if span else ""
    details: dict[str, str | Sequence[str] | Mapping[str, Sequence[str]]] = {"label": label, **finding.details}
    if span and details.get("attribute") == "attributes" and "attributes" not in inventory.attributes:
        details["attribute"] = _missing_attributes(span, inventory)  # all of them are missing
    wording = inventory.attributes.get(str(details.get("wording")))
    if wording and isinstance(answer := details.get("answer"), str):
        details["answer"] = wording.display_value(answer)
    return {key: _show(key, value, inventory) for key, value in details.items()}


def _missing_attributes(span: Span, inventory: Inventory) -> list[str]:
    attributes = inventory.attributes_of(span.label) if span.label in inventory.spans else []
    return [attribute.name for attribute in attributes if attribute.required and attribute.name not in span.attributes]


def _show(key: str, value: str | Sequence[str] | Mapping[str, Sequence[str]], inventory: Inventory) -> str:
    """Return a detail, by the name of its placeholder, as the screen shows it."""
    if isinstance(value, Mapping):
        return " and ".join(_show_values(name, values, inventory) for name, values in value.items())
    values = [value] if isinstance(value, str) else value
    return _SEVERAL.get(key, " or ").join(_display_name(key, name, inventory) for name in values)


def _show_values(name: str, values: Sequence[str], inventory: Inventory) -> str:
    """Return an attribute and the values that it should have one of, as the screen shows them."""
    attribute = inventory.attributes[name]
    shown = " or ".join(f"‘{attribute.display_value(value)}’" for value in values)
    return f"‘{attribute.display_name}’ to {shown}"


def _display_name(key: str, name: str, inventory: Inventory) -> str:
    if key in ("label", "labels", "other_label"):
        return inventory.spans[name].display_name if name in inventory.spans else name
    if key in ("relation", "relations"):
        return inventory.relations[name].display_name if name in inventory.relations else name
    if key in ("attribute", "minimum", "maximum", "wording"):
        return inventory.attributes[name].display_name if name in inventory.attributes else name
    return name
