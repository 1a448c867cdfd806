"""An article with its labels, for the page: a line in the colour of the label under the words of each span.

Before its words, each span has a tag with the name of its label and a number, since colours do not distinguish labels
for everybody, nor in print. Below each paragraph, its labels are listed with attributes and relations; tags and list
link to each other. An id of the page is a hash of ids of the corpus: it stays the same when articles and labels are
added, and it has no characters of theirs.
"""

import hashlib
import re
from bisect import bisect_left, bisect_right, insort
from collections import defaultdict
from collections.abc import Iterator
from itertools import groupby, pairwise
from operator import attrgetter
from typing import NamedTuple

from annotate.inventory import Inventory, SpanLabel
from annotate.model import Annotation, Article, Relation
from annotate.records import Graph, Mention, Piece
from annotate.util.html import legible_on

LINE_DISTANCE = 5
"""Pixels from one line under the words to the next."""
MOST_LINES = 20
"""Most lines under a word. Labels without a line are in the list; all lines of n nested spans would be n² elements."""
LINE_STYLES = ("solid", "dotted", "dashed", "double")
"""The CSS line style of each layer, so that layers differ without colours, too."""


def make_anchor(*ids: str) -> str:
    """Return the id on the page of an article, given by its id, or of a mention in it, given by both ids."""
    return f"a{hashlib.sha256(repr(ids).encode('utf-8', 'replace')).hexdigest()[:16]}"


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
        undrawn: The number of mentions that have no line, since `MOST_LINES` shorter ones are above theirs.
    """

    segments: list[MarkedSegment]
    depth: int
    marks: list[MarkedMention]
    undrawn: int


class MarkedArticle:
    """An article with its labels, for the template.

    Attributes:
        anchor: The id of the article on the page.
        title: The title, or the article id.
        credits: The article id and, where they are known, author, publisher, date, and the declared metadata.
        rights: The rights in the article.
        language: The language of the text.
    """

    def __init__(self, article: Article, annotation: Annotation, inventory: Inventory) -> None:
        """Assign numbers to the mentions of an annotation, in the order of the text.

        Args:
            article: The article with its text.
            annotation: The labels to show.
            inventory: The inventory; mentions with labels that it does not have are left out.
        """
        self.anchor = make_anchor(article.id)
        self.title, self.rights, self._text = article.title or article.id, article.rights, article.text
        self.language = article.language
        self.credits = list_credits(article, inventory)
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
                mention, label, position, make_anchor(article.id, mention.id), style, notes[mention.id] or ""
            )
        self._relations: dict[str, list[tuple[Relation, MarkedMention]]] = defaultdict(list)
        for relation, head, tail in graph.related:
            self._relations[head.id].append((relation, self._marks[tail.id]))
        self._without_tag = set[str]()
        self._paragraphs = list(self._mark_paragraphs())

    def relations_from(self, mark: MarkedMention) -> list[tuple[Relation, MarkedMention]]:
        """Return the relations whose head is a mention, each with its tail."""
        return self._relations[mark.mention.id]

    def target_of(self, mark: MarkedMention) -> str:
        """Return the id on the page of the tag of a mention; that of its entry in the list if it has no tag."""
        return f"{mark.anchor}-e" if mark.mention.id in self._without_tag else mark.anchor

    def paragraphs(self) -> list[MarkedParagraph]:
        """Return the paragraphs; blank lines are left out."""
        return self._paragraphs

    def _mark_paragraphs(self) -> Iterator[MarkedParagraph]:
        ends = [*(match.start() for match in re.finditer("\n", self._text)), len(self._text)]
        pieces: dict[int, list[tuple[Piece, MarkedMention]]] = defaultdict(list)
        for mark in self._marks.values():
            for piece in mark.mention.pieces:
                # A piece is in each paragraph from the first that ends behind its start.
                for index in range(bisect_right(ends, piece.start), len(ends)):
                    start = ends[index - 1] + 1 if index else 0
                    if piece.end <= start:
                        break
                    pieces[index].append((Piece(max(piece.start, start), min(piece.end, ends[index])), mark))
        marks = list(self._marks.values())
        starts = [mark.mention.start for mark in marks]
        start = 0
        for index, end in enumerate(ends):
            if self._text[start:end].strip():
                lines, undrawn = _place_lines(pieces[index])
                depth = LINE_DISTANCE * (1 + max((line.lane for line in lines), default=-1))
                inside = marks[bisect_left(starts, start) : bisect_left(starts, end)]
                self._without_tag.update(line.mark.mention.id for line in undrawn if line.is_first_piece)
                without_line = len({line.mark.mention.id for line in undrawn})
                yield MarkedParagraph(list(self._cut_segments(start, end, lines)), depth, inside, without_line)
            start = end + 1

    def _cut_segments(self, start: int, end: int, lines: list[Line]) -> Iterator[MarkedSegment]:
        """Yield the text of a paragraph, cut where a line starts or ends."""
        ranks = {id(line): rank for rank, line in enumerate(lines)}
        bounds = sorted({start, end, *(position for line in lines for position in line.piece)})
        beginning = groupby(sorted(lines, key=lambda line: line.piece.start), key=lambda line: line.piece.start)
        lines_at = {position: list(group) for position, group in beginning}
        inside: list[Line] = []
        for first, last in pairwise(bounds):
            inside = [line for line in inside if line.piece.end > first] + lines_at.get(first, [])
            inside.sort(key=lambda line: ranks[id(line)])
            yield MarkedSegment(first, self._text[first:last], inside)


def list_credits(article: Article, inventory: Inventory) -> list[str]:
    """Return the article id and, where they are known, author, publisher, date, and the declared metadata."""
    credits_ = [part for part in (article.id, article.author, article.publisher, article.date) if part]
    return credits_ + [f"{name}: {article.metadata[name]}" for name in inventory.metadata if name in article.metadata]


def _place_lines(pieces: list[tuple[Piece, MarkedMention]]) -> tuple[list[Line], list[Line]]:
    """Return the lines of a paragraph, longest first, each below all shorter ones that it overlaps.

    Returns:
        The lines, and those that are not drawn, whose lane would be `MOST_LINES` or more.
    """
    pieces = sorted(pieces, key=lambda pair: (pair[0].end - pair[0].start, -pair[1].number))
    # The pieces of a lane do not overlap, so that they are sorted by their starts and by their ends.
    lanes: list[list[Piece]] = []
    lines: list[Line] = []
    undrawn: list[Line] = []
    for piece, mark in pieces:
        overlapping = (lane for lane in reversed(range(len(lanes))) if _overlaps(lanes[lane], piece))
        lane = next(overlapping, -1) + 1
        if lane >= MOST_LINES:
            undrawn.append(Line(mark, piece, lane))
            continue
        if lane == len(lanes):
            lanes.append([])
        insort(lanes[lane], piece)
        lines.append(Line(mark, piece, lane))
    return lines[::-1], undrawn


def _overlaps(placed: list[Piece], piece: Piece) -> bool:
    """Return whether a piece overlaps one of some others, which are sorted and do not overlap each other."""
    following = bisect_left(placed, piece.end, key=attrgetter("start"))
    return following > 0 and placed[following - 1].end > piece.start
