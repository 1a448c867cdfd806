"""A text as a row of positions, characters or tokens, and the labels that each annotator gave each position."""

import re
from array import array
from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Literal, NamedTuple

from annotate.agreement.matching import merge_pieces
from annotate.records import Mention, Piece
from annotate.tokens import tokenize

Units = Literal["tokens", "characters"]
Pattern = tuple[frozenset[str], ...]
"""The labels that one position has, a set an annotator."""


class Positions(NamedTuple):
    """The positions of a text.

    Attributes:
        size: The number of positions.
        paragraphs: The position at which each paragraph starts; see `find_paragraphs`.
        starts: The start of each token in code points; None if positions are code points.
        ends: The end of each token in code points; None if positions are code points.
    """

    size: int
    paragraphs: list[int]
    starts: Sequence[int] | None = None
    ends: Sequence[int] | None = None

    def locate(self, piece: Piece) -> Piece:
        """Return the positions that a stretch of text touches; a token that it cuts is touched."""
        if self.starts is None or self.ends is None:
            return piece
        return Piece(bisect_right(self.ends, piece.start), bisect_left(self.starts, piece.end))


def find_paragraphs(text: str) -> list[int]:
    """Return the code point at which each paragraph starts; the first is always 0.

    A paragraph is a line that is not blank. A blank line belongs to the paragraph before it.
    """
    return [0, *[line.start() for line in re.finditer(r"^.*\S", text, re.MULTILINE)][1:]]


def find_positions(text: str, units: Units) -> Positions:
    """Return the positions of a text."""
    paragraphs = find_paragraphs(text)
    if units == "characters":
        return Positions(len(text), paragraphs)
    # Arrays, since a study keeps the tokens of all its texts: a list of integers takes nine times the memory.
    starts, ends = array("I"), array("I")
    for start, end in tokenize(text):
        starts.append(start)
        ends.append(end)
    return Positions(len(starts), [bisect_left(starts, start) for start in paragraphs], starts, ends)


def cover_positions(mentions: Iterable[Mention], positions: Positions) -> list[Piece]:
    """Return the stretches of positions that mentions cover: overlapping ones merged, touching ones apart."""
    return merge_pieces(positions.locate(piece) for mention in mentions for piece in mention.pieces)


def count_patterns(mention_lists: Sequence[Iterable[Mention]], positions: Positions) -> list[dict[Pattern, int]]:
    """Count, for each paragraph, how many positions have the same labels from all annotators.

    One sweep over the ends of spans; a stretch with the same labels is counted at once. The cost of an end is that of
    the labels that are open there, so that it does not grow with the labels of the inventory.

    Args:
        mention_lists: The mentions of each annotator.
        positions: The positions of the text.

    Returns:
        For each paragraph, the number of positions by pattern.
    """
    changes: defaultdict[int, list[tuple[int, str, int]]] = defaultdict(list)
    has_tokens = positions.starts is not None
    for annotator, mentions in enumerate(mention_lists):
        for mention in mentions:
            for piece in mention.pieces:
                start, end = positions.locate(piece) if has_tokens else piece
                if start < end:
                    changes[start].append((annotator, mention.label, 1))
                    changes[end].append((annotator, mention.label, -1))
    breaks = set(positions.paragraphs[1:])
    by_paragraph: list[dict[Pattern, int]] = [{} for _ in positions.paragraphs]
    open_spans: list[dict[str, int]] = [{} for _ in mention_lists]
    labels = [frozenset[str]()] * len(mention_lists)
    remaining, start, pattern = iter(by_paragraph), 0, tuple(labels)
    counts = next(remaining)
    for position in sorted({*changes, *breaks, positions.size}):
        if position > start:
            counts[pattern] = counts.get(pattern, 0) + position - start
            start = position
        if position in breaks:
            counts = next(remaining)
        if position in changes:
            _open_and_close(open_spans, labels, changes[position])
            pattern = tuple(labels)
    return by_paragraph


def _open_and_close(
    open_spans: list[dict[str, int]], labels: list[frozenset[str]], changes: Iterable[tuple[int, str, int]]
) -> None:
    """Change the number of open spans by annotator and label, and the labels of annotators who have others then."""
    changed = set[int]()
    for annotator, label, step in changes:
        numbers = open_spans[annotator]
        before = numbers.get(label, 0)
        number = before + step
        if number:
            numbers[label] = number
        else:
            del numbers[label]
        if not before or not number:
            changed.add(annotator)
    for annotator in changed:
        labels[annotator] = frozenset(open_spans[annotator])
