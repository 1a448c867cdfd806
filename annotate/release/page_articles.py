"""An article with its labels, for the page: a line in the colour of the label under the words of each span.

Before its words, each span has a tag with the name of its label and a number, since colours do not distinguish labels
for everybody, nor in print. Below each paragraph, its labels are listed with attributes and relations; tags and list
link to each other. The ids of the page are numbers: no id of the corpus becomes one.
"""

from collections import defaultdict
from collections.abc import Iterator
from itertools import pairwise
from typing import NamedTuple

from annotate.inventory import Inventory, SpanLabel
from annotate.model import Annotation, Article, Relation
from annotate.records import Graph, Mention, Piece
from annotate.util.html import legible_on

LINE_DISTANCE = 5
"""Pixels from one line under the words to the next."""
LINE_STYLES = ("solid", "dotted", "dashed", "double")
"""The CSS line style of each layer, so that layers differ without colours, too."""


class MarkedMention(NamedTuple):
    """A mention as the page shows it.

    Attributes:
        mention: The mention.
        label: Its label.
        number: Its number in the article, from 1.
        anchor: The id of its tag on the page; that of its entry in the list adds `-e`.
        line_style: The CSS style of its line.
        note: The annotator's note.
    """

    mention: Mention
    label: SpanLabel
    number: int
    anchor: str
    line_style: str
    note: str

    @property
    def ink(self) -> str:
        """The colour of letters on the colour of the label."""
        return legible_on(self.label.color)


class Line(NamedTuple):
    """The line under one piece of a mention in a paragraph.

    Attributes:
        mark: The mention.
        piece: The piece, cut at the ends of the paragraph; code points.
        lane: The number of lines between this one and the words.
    """

    mark: MarkedMention
    piece: Piece
    lane: int

    @property
    def depth(self) -> int:
        """The distance from the words, in pixels."""
        return self.lane * LINE_DISTANCE

    @property
    def is_first_piece(self) -> bool:
        """Whether the piece is where the mention starts."""
        return self.piece.start == self.mark.mention.start


class MarkedSegment(NamedTuple):
    """Text that has the same lines from its first to its last character.

    Attributes:
        start: Its start in the article; code points.
        text: The text.
        lines: The lines under it, the outermost first.
    """

    start: int
    text: str
    lines: list[Line]


class MarkedParagraph(NamedTuple):
    """A paragraph.

    Attributes:
        segments: Its text, cut where a line starts or ends.
        depth: The space that the lines take, in pixels.
        marks: The mentions that start in it.
    """

    segments: list[MarkedSegment]
    depth: int
    marks: list[MarkedMention]


class MarkedArticle:
    """An article with its labels, for the template.

    Attributes:
        title: The title, or the article id.
        credits: The article id and, where they are known, author, publisher, date, and the declared metadata.
        rights: The rights in the article.
        language: The language of the text.
    """

    def __init__(self, number: int, article: Article, annotation: Annotation, inventory: Inventory) -> None:
        """Assign numbers to the mentions of an annotation, in the order of the text.

        Args:
            number: The number of the article on the page; the ids of its tags begin with it.
            article: The article with its text.
            annotation: The labels to show.
            inventory: The inventory; mentions with labels that it does not have are left out.
        """
        self.title, self.rights, self._text = article.title or article.id, article.rights, article.text
        self.language = article.language
        self.credits = [part for part in (article.id, article.author, article.publisher, article.date) if part]
        self.credits += [f"{name}: {article.metadata[name]}" for name in inventory.metadata if name in article.metadata]
        graph = Graph(annotation, inventory)
        mentions = [mention for mention in graph.mentions if mention.label in inventory.spans]
        mentions.sort(key=lambda mention: (mention.start, -mention.end, mention.label))
        notes = {span.id: span.note for span in annotation.spans}
        layers = list(inventory.layers)
        self._marks: dict[str, MarkedMention] = {}
        for position, mention in enumerate(mentions, 1):
            label = inventory.spans[mention.label]
            style = LINE_STYLES[layers.index(label.layer) % len(LINE_STYLES)]
            self._marks[mention.id] = MarkedMention(
                mention, label, position, f"a{number}-{position}", style, notes[mention.id] or ""
            )
        self._relations: dict[str, list[tuple[Relation, MarkedMention]]] = defaultdict(list)
        for relation, head, tail in graph.related:
            self._relations[head.id].append((relation, self._marks[tail.id]))

    def relations_from(self, mark: MarkedMention) -> list[tuple[Relation, MarkedMention]]:
        """Return the relations whose head is a mention, each with its tail."""
        return self._relations[mark.mention.id]

    def paragraphs(self) -> Iterator[MarkedParagraph]:
        """Yield the paragraphs; blank lines are left out."""
        start = 0
        for text in self._text.split("\n"):
            end = start + len(text)
            if text.strip():
                lines = self._place_lines(start, end)
                depth = LINE_DISTANCE * (1 + max((line.lane for line in lines), default=-1))
                marks = [mark for mark in self._marks.values() if start <= mark.mention.start < end]
                yield MarkedParagraph(list(self._cut_segments(start, end, lines)), depth, marks)
            start = end + 1

    def _place_lines(self, start: int, end: int) -> list[Line]:
        """Return the lines of a paragraph, longest first; each is below all shorter ones that it overlaps."""
        pieces = [
            (Piece(max(piece.start, start), min(piece.end, end)), mark)
            for mark in self._marks.values()
            for piece in mark.mention.pieces
            if piece.start < end and piece.end > start
        ]
        pieces.sort(key=lambda pair: (pair[0].end - pair[0].start, -pair[1].number))
        lines: list[Line] = []
        for piece, mark in pieces:
            lanes = [line.lane for line in lines if line.piece.start < piece.end and piece.start < line.piece.end]
            lines.append(Line(mark, piece, max(lanes, default=-1) + 1))
        return lines[::-1]

    def _cut_segments(self, start: int, end: int, lines: list[Line]) -> Iterator[MarkedSegment]:
        """Yield the text of a paragraph, cut where a line starts or ends."""
        bounds = {start, end, *(position for line in lines for position in line.piece)}
        for first, last in pairwise(sorted(bounds)):
            inside = [line for line in lines if line.piece.start <= first and last <= line.piece.end]
            yield MarkedSegment(first, self._text[first:last], inside)
