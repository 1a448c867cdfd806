"""Mark all occurrences: the words that were just labelled get the same label wherever the article has them."""

from collections.abc import Iterator

from annotate.inventory import Inventory
from annotate.model import Annotation, Article, Span
from annotate.offsets import is_inside_word
from annotate.service.proposals import DrawnSpans, propose
from annotate.service.suggestions import MarkedRegions

ANNOTATOR = "occurrences"
"""The annotator of the labels."""
MOST_OCCURRENCES = 100
"""The occurrences that are proposed at once, at most: the first in the article."""
LONGEST_WORDS = 500
"""The characters of words that are searched, at most: it keeps the search linear."""


class OccurrenceAssistant:
    """Proposes the label and attributes of a marked span at every other occurrence of its words.

    An occurrence has the same letters in the same case, and is whole words if the marked span is. It is left out if a
    span with the label has part of it already, or if it would cross another span, so that neither is within the other.
    A piece of an interrupted span is not proposed elsewhere.

    Args:
        inventory: The inventory.
    """

    def __init__(self, inventory: Inventory) -> None:
        self._inventory = inventory

    @property
    def annotator(self) -> str:
        """The id of this assistant."""
        return ANNOTATOR

    def assist(self, article: Article, regions: MarkedRegions) -> Annotation:
        """Return the label at the other occurrences of the marked words."""
        marked = next((span for span in regions.drawn.spans if span.id == regions.marked), None)
        if marked is None or self._is_piece(regions.drawn, marked):
            return propose(ANNOTATOR, article, self._inventory)
        drawn, spans = DrawnSpans(article.text, regions.drawn.spans), list[Span]()
        for start, end in find_occurrences(article.text, marked.start, marked.end):
            if drawn.has_label_at(marked.label, start, end) or drawn.would_cross(start, end):
                continue
            id_, words = f"o{len(spans) + 1}", article.text[start:end]
            attributes = dict(marked.attributes)
            spans.append(Span(id=id_, label=marked.label, start=start, end=end, text=words, attributes=attributes))
            if len(spans) == MOST_OCCURRENCES:
                break
        return propose(ANNOTATOR, article, self._inventory, spans)

    def _is_piece(self, drawn: Annotation, span: Span) -> bool:
        joining = self._inventory.pieces
        return any(
            relation.label == joining and span.id in (relation.head, relation.tail) for relation in drawn.relations
        )


def find_occurrences(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    """Yield the other occurrences of some words, as code points `[start, end)`; none overlaps another.

    They are whole words at the ends where the words themselves are.

    Args:
        text: The text.
        start: The first code point of the words.
        end: The code point after them. Words of more than `LONGEST_WORDS` code points are not searched.
    """
    words = text[start:end]
    if not words.strip() or len(words) > LONGEST_WORDS:
        return
    may_cut_first, may_cut_last = is_inside_word(text, start), is_inside_word(text, end)
    first = text.find(words)
    while first >= 0:
        last = first + len(words)
        is_whole = (may_cut_first or not is_inside_word(text, first)) and (
            may_cut_last or not is_inside_word(text, last)
        )
        if is_whole and (last <= start or end <= first):
            yield first, last
        first = text.find(words, last if is_whole else first + 1)
