"""Puts the spans of an answer in their places in the article, and joins its relations to them.

A quote is placed by its words and its occurrence in the part of the article that was asked about. What has no certain
place is quarantined.
"""

from collections import Counter
from typing import NamedTuple

from annotate.model import AttributeValue
from annotate.models import rules
from annotate.models.labelling import QuarantinedAnswer
from annotate.models.model_answer import AnsweredSpan, ModelAnswer
from annotate.quotes import PlacedQuote, QuotedText, UnplacedQuote, list_differences


class GroundedSpan(NamedTuple):
    """A span of an answer in its place.

    Attributes:
        id: The id that the model chose.
        label: The label.
        start: The first code point in the text of the article.
        end: The code point after the last.
        attributes: The values.
        raw: The span as the model wrote it.
    """

    id: str
    label: str
    start: int
    end: int
    attributes: dict[str, AttributeValue]
    raw: str


class GroundedRelation(NamedTuple):
    """A relation of an answer: its label, the ids of two of its spans, and how the model wrote it."""

    label: str
    head: str
    tail: str
    raw: str


class GroundedAnswer(NamedTuple):
    """What was taken of an answer, and what was not.

    Attributes:
        spans: The spans, in the order of the answer.
        relations: The relations between them.
        quarantined: What was not taken.
        aligned: The number of quotes by how they differ from the text.
    """

    spans: tuple[GroundedSpan, ...] = ()
    relations: tuple[GroundedRelation, ...] = ()
    quarantined: tuple[QuarantinedAnswer, ...] = ()
    aligned: Counter[str] = Counter()  # noqa: RUF012 - never changed


class Grounding:
    """Places the quotes of answers about one article.

    Args:
        text: The text of the article.
        instructions: What the model was told, in which a quote may be found that it copied.
    """

    def __init__(self, text: str, instructions: QuotedText) -> None:
        self._article, self._instructions = QuotedText(text), instructions

    def ground(self, answer: ModelAnswer, start: int, end: int) -> GroundedAnswer:
        """Place the spans of an answer, and join its relations to them.

        Args:
            answer: The answer. What it quarantined is in the result, too, with what has no place.
            start: The first code point of the part of the article that was asked about.
            end: The code point after its last.
        """
        spans: list[GroundedSpan] = []
        aligned = Counter[str]()
        for span in answer.spans:
            place = self._place(span, (start, end), answer)
            if place:
                aligned.update(place.differences)
                spans.append(GroundedSpan(span.id, span.label, place.start, place.end, span.attributes, span.raw))
        ids = {span.id for span in spans} - answer.ambiguous
        relations: dict[tuple[str, str, str], GroundedRelation] = {}
        for relation in answer.relations:
            ends = relation.label, relation.head, relation.tail
            missing = [id_ for id_ in ends[1:] if id_ not in ids]
            if missing:
                answer.quarantine(rules.end_not_taken, relation.raw, relation.label, dict.fromkeys(missing))
            elif ends in relations:
                answer.quarantine(rules.relation_repeated, relation.raw, *ends)
            else:
                relations[ends] = GroundedRelation(*relation)
        answer.finish()
        return GroundedAnswer(tuple(spans), tuple(relations.values()), tuple(answer.quarantined), aligned)

    def find_occurrence(self, start: int, end: int, scope: tuple[int, int]) -> int | None:
        """Return which of the places of the words `[start, end)` in a part of the article they are, from 1."""
        return self._article.find_occurrence(start, end, scope)

    def _place(self, span: AnsweredSpan, scope: tuple[int, int], answer: ModelAnswer) -> PlacedQuote | None:
        """Return the place of a span; None after it was quarantined."""
        text = self._article.text
        place: PlacedQuote | UnplacedQuote
        if span.position is None:
            place = self._article.place(span.quote, span.occurrence, scope)
        elif span.quote.strip():
            start, end = (scope[0] + offset for offset in span.position)
            place = PlacedQuote(start, end, list_differences(span.quote, text[start:end]))
        else:
            place = UnplacedQuote("empty")
        if isinstance(place, PlacedQuote):
            return _trim(place, text)
        if place.reason == "absent" and isinstance(self._article.place(span.quote, take_first=True), PlacedQuote):
            answer.quarantine(rules.quote_of_context, span.raw, span.quote)
        elif place.reason == "absent" and isinstance(
            self._instructions.place(span.quote, take_first=True), PlacedQuote
        ):
            answer.quarantine(rules.quote_of_instructions, span.raw, span.quote)
        else:
            answer.quarantine(rules.quote_not_placed, span.raw, span.quote, span.occurrence, place)
        return None


def _trim(place: PlacedQuote, text: str) -> PlacedQuote:
    """Return a place without white space at its ends, which counts as a difference."""
    words = text[place.start : place.end]
    start, end = place.end - len(words.lstrip()), place.start + len(words.rstrip())
    if (start, end) == (place.start, place.end):
        return place
    differences = place.differences if "white space" in place.differences else (*place.differences, "white space")
    return PlacedQuote(start, end, differences)
