"""A text as a row of positions, characters or tokens, and the labels that each annotator gave each position."""

import re
from array import array
from bisect import bisect_left, bisect_right
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from typing import Literal, NamedTuple

from annotate.agreement.matching import merge_pieces
from annotate.records import Mention, Piece
from annotate.tokens import tokenize

Units = Literal["tokens", "characters"]
Pattern = tuple[frozenset[str], ...]
"""The labels that one position has, a set an annotator."""

FIELD_BITS = 16
"""Bits that count the spans of one label that are open at a position: enough for 65,535."""
FIELD_MASK = (1 << FIELD_BITS) - 1


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

    One sweep over the ends of spans; a stretch with the same labels is counted at once. During the sweep, the labels
    of all annotators are one integer with a field of `FIELD_BITS` bits for each annotator and label: the number of its
    open spans.

    Args:
        mention_lists: The mentions of each annotator.
        positions: The positions of the text.

    Returns:
        For each paragraph, the number of positions by pattern.
    """
    fields: dict[tuple[int, str], int] = {}
    changes: defaultdict[int, int] = defaultdict(int)
    has_tokens = positions.starts is not None
    for annotator, mentions in enumerate(mention_lists):
        steps: dict[str, int] = {}
        for mention in mentions:
            label = mention.label
            if label not in steps:
                fields[annotator, label] = len(fields)
                steps[label] = 1 << FIELD_BITS * fields[annotator, label]
            step = steps[label]
            for piece in mention.pieces:
                start, end = positions.locate(piece) if has_tokens else piece
                if start < end:
                    changes[start] += step
                    changes[end] -= step
    breaks = set(positions.paragraphs[1:])
    by_paragraph: list[Counter[int]] = [Counter() for _ in positions.paragraphs]
    remaining, start, state = iter(by_paragraph), 0, 0
    counts = next(remaining)
    for position in sorted({*changes, *breaks, positions.size}):
        if position > start:
            counts[state] += position - start
            start = position
        if position in breaks:
            counts = next(remaining)
        state += changes.get(position, 0)
    decoded: dict[int, Pattern] = {}
    return [_decode_states(counts, fields, len(mention_lists), decoded) for counts in by_paragraph]


def _decode_states(
    counts: Counter[int], fields: dict[tuple[int, str], int], annotators: int, decoded: dict[int, Pattern]
) -> dict[Pattern, int]:
    """Map integers of open spans to patterns; how many spans of a label are open makes no difference."""
    patterns: Counter[Pattern] = Counter()
    for state, number in counts.items():
        if state not in decoded:
            labels: list[set[str]] = [set() for _ in range(annotators)]
            for (annotator, label), field in fields.items():
                if state >> FIELD_BITS * field & FIELD_MASK:
                    labels[annotator].add(label)
            decoded[state] = tuple(map(frozenset, labels))
        patterns[decoded[state]] += number
    return dict(patterns)
