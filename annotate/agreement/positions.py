"""A text as a row of positions, characters or tokens, and which labels each annotator gave each of them."""

import re
from bisect import bisect_left, bisect_right
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import Literal, NamedTuple

from annotate.agreement.matching import union
from annotate.records import Mention, Piece

Units = Literal["tokens", "characters"]

_TOKEN = re.compile(r"\w+|[^\w\s]")
"""A run of letters and digits, or one sign. For a script without spaces, count characters instead."""

Labels = frozenset[str]
Pattern = tuple[Labels, ...]


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


def patterns(versions: Sequence[Iterable[Mention]], ruler: Positions) -> list[Counter[Pattern]]:
    """For each paragraph: which sets of labels the versions give one position → how many positions have just these.

    One sweep over the ends of spans; stretches with the same labels are counted at once.
    """
    changes: dict[int, list[tuple[int, str, int]]] = defaultdict(list)
    for number, mentions in enumerate(versions):
        for mention in mentions:
            for piece in mention.pieces:
                start, end = ruler.range(piece)
                if start < end:
                    changes[start].append((number, mention.label, 1))
                    changes[end].append((number, mention.label, -1))
    found: list[Counter[Pattern]] = [Counter() for _ in ruler.paragraphs]
    open_: list[Counter[str]] = [Counter() for _ in versions]
    current: Pattern = tuple(frozenset() for _ in versions)
    bounds = sorted({*changes, *ruler.paragraphs, ruler.size})
    for start, end in pairwise(bounds):
        if start in changes:
            for number, label, step in changes[start]:
                open_[number][label] += step
            current = tuple(frozenset(label for label, depth in labels.items() if depth) for labels in open_)
        found[bisect_right(ruler.paragraphs, start) - 1][current] += end - start
    return found
