"""A text as a row of positions, characters or tokens, and which labels each annotator gave each of them."""

import re
from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Literal, NamedTuple

from annotate.agreement.matching import union
from annotate.records import Mention, Piece

Units = Literal["tokens", "characters"]

_TOKEN = re.compile(r"\w+|[^\w\s]")
"""A run of letters and digits, or one sign. For a script without spaces, count characters instead."""

Labels = frozenset[str]
Pattern = tuple[Labels, ...]

PARAGRAPH = -1
"""Stands for the number of a version where a change is the start of a paragraph."""


class Positions(NamedTuple):
    """How many positions a text has, and at which of them its paragraphs (lines that are not blank) start.

    A blank line belongs to the paragraph before it. `starts` and `ends` are the code points of each token; None where
    positions are the code points themselves.
    """

    size: int
    paragraphs: list[int]
    starts: list[int] | None = None
    ends: list[int] | None = None

    def range(self, piece: Piece) -> Piece:
        """The positions that a stretch of text touches; a token that it cuts is touched."""
        if self.starts is None or self.ends is None:
            return piece
        return Piece(bisect_right(self.ends, piece.start), bisect_left(self.starts, piece.end))


def paragraph_starts(text: str) -> list[int]:
    """Where the paragraphs start, in code points; the first always at 0."""
    return [0, *[line.start() for line in re.finditer(r"^.*\S", text, re.MULTILINE)][1:]]


def positions(text: str, units: Units) -> Positions:
    """The positions of a text."""
    paragraphs = paragraph_starts(text)
    if units == "characters":
        return Positions(len(text), paragraphs)
    tokens = [match.span() for match in _TOKEN.finditer(text)]
    starts = [start for start, _ in tokens]
    return Positions(
        len(tokens), [bisect_left(starts, start) for start in paragraphs], starts, [end for _, end in tokens]
    )


def covered(mentions: Iterable[Mention], ruler: Positions) -> list[Piece]:
    """The stretches that mentions cover, in positions: what overlaps is one stretch, what only touches is two."""
    return union(ruler.range(piece) for mention in mentions for piece in mention.pieces)


def patterns(versions: Sequence[Iterable[Mention]], ruler: Positions) -> list[dict[Pattern, int]]:
    """For each paragraph: which sets of labels the versions give one position → how many positions have just these.

    One sweep over the ends of spans; stretches with the same labels are counted at once. While it lasts, a set of
    labels is a number with a bit for each.
    """
    bits: dict[str, int] = {}
    changes = [(start, PARAGRAPH, 0, 0) for start in ruler.paragraphs[1:]]
    for number, mentions in enumerate(versions):
        for mention in mentions:
            bit = bits.setdefault(mention.label, 1 << len(bits))
            for piece in mention.pieces:
                start, end = ruler.range(piece)
                if start < end:
                    changes += ((start, number, bit, 1), (end, number, bit, -1))
    changes.sort()
    changes.append((ruler.size, PARAGRAPH, 0, 0))
    found: list[Counter[tuple[int, ...]]] = [Counter() for _ in ruler.paragraphs]
    here, at, have = 0, 0, [0] * len(versions)
    depths: Counter[tuple[int, int]] = Counter()
    for place, number, bit, step in changes:
        if place > at:
            found[here][tuple(have)] += place - at
            at = place
        if number == PARAGRAPH:
            here += 1
            continue
        depth = depths[number, bit] = depths[number, bit] + step
        have[number] = have[number] | bit if depth else have[number] & ~bit
    return [
        {tuple(_labels(bits, have) for have in pattern): number for pattern, number in counts.items()}
        for counts in found
    ]


def _labels(bits: dict[str, int], have: int) -> Labels:
    return frozenset(label for label, bit in bits.items() if have & bit)
