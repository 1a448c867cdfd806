"""Words of an article with some of them marked, as HTML; marks may nest and overlap."""

from collections.abc import Iterator, Sequence
from html import escape
from itertools import pairwise

from annotate.agreement.disagreements import Mark
from annotate.agreement.study import Text
from annotate.inventory import Inventory
from annotate.offsets import paragraph
from annotate.records import Piece

AROUND = 70
"""Characters shown before and after what is marked, within the paragraph."""


def snippet(inventory: Inventory, text: Text, marks: Sequence[Mark], shown: Sequence[Piece]) -> Iterator[str]:
    """The text around the pieces `shown`, with the marks in the colours of their labels.

    A head of a relation is underlined, its tail underlined twice, as they may lie within each other.
    """
    start, end = _window(text.text, shown)
    if start > 0 and text.text[start - 1] != "\n":
        yield "… "
    inside = [mark for mark in marks if mark.piece.start < end and mark.piece.end > start]
    bounds = {start, end, *(at for mark in inside for at in mark.piece)}
    for first, last in pairwise(sorted(bounds)):
        over = [mark for mark in inside if mark.piece.start <= first and last <= mark.piece.end]
        words = escape(text.text[first:last]).replace("\n", "<br>")
        yield _marked(inventory, words, over) if over else words
    if end < len(text.text) and text.text[end] != "\n":
        yield " …"


def _marked(inventory: Inventory, words: str, over: Sequence[Mark]) -> str:
    # Of nested marks, the shorter has the say on the colour.
    inner = min(over, key=lambda mark: mark.piece.end - mark.piece.start)
    colour = inventory.spans[inner.label].color
    roles = " ".join(sorted({mark.role for mark in over}))
    labels = ", ".join(dict.fromkeys(f"{mark.label} ({mark.role})" for mark in over))
    return (
        f'<mark class="{roles}" style="background:{escape(colour)}33;border-color:{escape(colour)}"'
        f' title="{escape(labels)}">{words}</mark>'
    )


def _window(text: str, shown: Sequence[Piece]) -> tuple[int, int]:
    """What to show: some characters around the pieces, cut between words, no further than their paragraphs."""
    first, last = min(piece.start for piece in shown), max(piece.end for piece in shown)
    begin, stop = paragraph(text, first, last)
    start, end = max(begin, first - AROUND), min(stop, last + AROUND)
    if start > begin:
        start = text.find(" ", start, first) + 1 or first
    if end < stop:
        space = text.rfind(" ", last, end)
        end = space if space >= 0 else last
    return start, max(end, last)
