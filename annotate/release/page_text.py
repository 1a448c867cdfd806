"""An article with its labels drawn, as HTML: a line in the label's colour under the words, the innermost next to them.

Before its words each span has a tag with the name of its label and a number, since colours alone do not tell labels
apart for everybody, nor on paper. Below each paragraph stand its labels with their attributes and relations; tags and
entries link to each other. Whatever comes from the corpus is escaped, and no id of it becomes one of the page.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from html import escape
from itertools import pairwise
from typing import NamedTuple

from annotate.inventory import Inventory
from annotate.model import Annotation, Relation, Span
from annotate.records import Graph, Mention, Piece
from annotate.util.html import legible_on

LINE = 5
"""Pixels from one line under the words to the next."""
STYLES = ("solid", "dotted", "dashed", "double")
"""Of lines, a layer each, so that layers can be told apart without colours."""


class Drawn(NamedTuple):
    """A piece of a mention in a paragraph; `lane` counts the lines between it and the words."""

    piece: Piece
    mention: Mention
    lane: int


class Drawing:
    """Draws one article; `number` is its place on the page and begins the ids of all that is in it."""

    def __init__(self, number: int, text: str, annotation: Annotation, inventory: Inventory) -> None:
        self._text, self._inventory = text, inventory
        graph = Graph(annotation, inventory)
        known = [mention for mention in graph.mentions if mention.label in inventory.spans]
        self._mentions = sorted(known, key=lambda one: (one.start, -one.end, one.label))
        self._names = {mention.id: f"a{number}-{place}" for place, mention in enumerate(self._mentions, 1)}
        self._numbers = {mention.id: place for place, mention in enumerate(self._mentions, 1)}
        self._notes: dict[str, Span] = {span.id: span for span in annotation.spans}
        self._arrows: dict[str, list[tuple[Relation, Mention]]] = defaultdict(list)
        for relation, head, tail in graph.related:
            self._arrows[head.id].append((relation, tail))

    def paragraphs(self) -> Iterator[str]:
        """Every paragraph with its words, then its labels; blank lines are left out."""
        start = 0
        for line in self._text.split("\n"):
            end = start + len(line)
            if line.strip():
                yield from self._paragraph(start, end)
            start = end + 1

    def _paragraph(self, start: int, end: int) -> Iterator[str]:
        drawn = self._drawn(start, end)
        deepest = max((one.lane for one in drawn), default=-1) + 1
        room = f' style="--room:{deepest * LINE}px"' if deepest else ""
        yield f'<p class="text"{room} dir="auto">{"".join(self._words(start, end, drawn))}</p>\n'
        here = [mention for mention in self._mentions if start <= mention.start < max(end, start + 1)]
        if here:
            entries = "".join(map(self._entry, here))
            yield f"<details><summary>Labels here: {len(here)}</summary>\n"
            yield f'<ul class="entries">\n{entries}</ul></details>\n'

    def _drawn(self, start: int, end: int) -> list[Drawn]:
        """The pieces in a paragraph, longest first, each on a line below all shorter ones that it meets."""
        pieces = [
            (Piece(max(piece.start, start), min(piece.end, end)), mention)
            for mention in self._mentions
            for piece in mention.pieces
            if piece.start < end and piece.end > start
        ]
        drawn: list[Drawn] = []
        for piece, mention in sorted(pieces, key=lambda one: (one[0].end - one[0].start, -self._numbers[one[1].id])):
            lanes = [one.lane for one in drawn if one.piece.start < piece.end and piece.start < one.piece.end]
            drawn.append(Drawn(piece, mention, max(lanes, default=-1) + 1))
        return drawn[::-1]

    def _words(self, start: int, end: int, drawn: Sequence[Drawn]) -> Iterator[str]:
        bounds = {start, end, *(at for one in drawn for at in one.piece)}
        for first, last in pairwise(sorted(bounds)):
            opened = 0
            for one in drawn:
                if one.piece.start <= first and last <= one.piece.end:
                    yield self._line(one)
                    opened += 1
                    if one.piece.start == first:
                        yield self._tag(one.mention, anchor=one.piece.start == one.mention.start)
            yield escape(self._text[first:last]) + "</span>" * opened

    def _line(self, one: Drawn) -> str:
        label = self._inventory.spans[one.mention.label]
        style = STYLES[list(self._inventory.layers).index(label.layer) % len(STYLES)]
        return (
            f'<span class="u" style="border-color:{escape(label.color)};border-bottom-style:{style};'
            f'padding-bottom:{one.lane * LINE}px">'
        )

    def _tag(self, mention: Mention, anchor: bool) -> str:
        """The tag before a span's words; of its later pieces, one that leads to the same entry."""
        name = self._names[mention.id]
        here = f' id="{name}"' if anchor else ""
        title = "" if anchor else " title=continued"
        return self._link(mention, f"#{name}-e", here + title)

    def _link(self, mention: Mention, target: str, more: str = "") -> str:
        colour = self._inventory.spans[mention.label].color
        return (
            f'<a class="tag" href="{target}"{more} style="background:{escape(colour)};color:{legible_on(colour)}">'
            f"{escape(mention.label)}&nbsp;{self._numbers[mention.id]}</a>"
        )

    def _entry(self, mention: Mention) -> str:
        name = self._names[mention.id]
        values = self._values(mention.attributes)
        notes = [span.note for span in [self._notes[mention.id]] if span.note]
        arrows = "".join(
            f"<li>{escape(relation.label)} → {self._link(tail, f'#{self._names[tail.id]}')} {_quoted(tail.text)}"
            f"{_note(relation.note)}</li>"
            for relation, tail in self._arrows[mention.id]
        )
        return (
            f'<li id="{name}-e">{self._link(mention, f"#{name}")} {_quoted(mention.text)}{values}'
            f"{''.join(map(_note, notes))}{f'<ul>{arrows}</ul>' if arrows else ''}</li>\n"
        )

    def _values(self, attributes: Mapping[str, str | int]) -> str:
        words = " · ".join(f"{escape(name)}: <b>{escape(str(value))}</b>" for name, value in attributes.items())
        return f' <span class="values">{words}</span>' if words else ""


def _quoted(words: str) -> str:
    return f"<q>{escape(words)}</q>"


def _note(words: str) -> str:
    return f' <span class="note">{escape(words)}</span>' if words else ""
