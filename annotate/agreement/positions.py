"""A text as a row of positions, characters or tokens, and which labels each annotator gave each of them."""

import re
from array import array
from bisect import bisect_left, bisect_right
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from typing import Literal, NamedTuple

from annotate.agreement.matching import union
from annotate.records import Mention, Piece

Units = Literal["tokens", "characters"]

_TOKEN = re.compile(r"\w+|[^\w\s]")
"""A run of letters and digits, or one sign. For a script without spaces, count characters instead."""

Labels = frozenset[str]
Pattern = tuple[Labels, ...]

DEPTH = 16
"""Bits that count the spans of one label open at a position: enough for 65,535."""
MASK = (1 << DEPTH) - 1


class Positions(NamedTuple):
    """How many positions a text has, and at which of them its paragraphs (lines that are not blank) start.

    A blank line belongs to the paragraph before it. `starts` and `ends` are the code points of each token; None where
    positions are the code points themselves.
    """

    size: int
    paragraphs: list[int]
    starts: Sequence[int] | None = None
    ends: Sequence[int] | None = None

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
    # Arrays, as a study keeps the tokens of all texts: a list of numbers takes nine times the memory.
    starts, ends = array("I"), array("I")
    for match in _TOKEN.finditer(text):
        starts.append(match.start())
        ends.append(match.end())
    return Positions(len(starts), [bisect_left(starts, start) for start in paragraphs], starts, ends)


def covered(mentions: Iterable[Mention], ruler: Positions) -> list[Piece]:
    """The stretches that mentions cover, in positions: what overlaps is one stretch, what only touches is two."""
    return union(ruler.range(piece) for mention in mentions for piece in mention.pieces)


def patterns(versions: Sequence[Iterable[Mention]], ruler: Positions) -> list[dict[Pattern, int]]:
    """For each paragraph: which sets of labels the versions give one position → how many positions have just these.

    One sweep over the ends of spans; stretches with the same labels are counted at once. While it lasts, the labels of
    all versions are one number, with a field of `DEPTH` bits for each version and label: how many spans are open there.
    """
    fields: dict[tuple[int, str], int] = {}
    changes: defaultdict[int, int] = defaultdict(int)
    tokens = ruler.starts is not None
    for number, mentions in enumerate(versions):
        steps: dict[str, int] = {}
        for mention in mentions:
            label = mention.label
            if label not in steps:
                fields[number, label] = len(fields)
                steps[label] = 1 << DEPTH * fields[number, label]
            step = steps[label]
            for piece in mention.pieces:
                start, end = ruler.range(piece) if tokens else piece
                if start < end:
                    changes[start] += step
                    changes[end] -= step
    breaks = set(ruler.paragraphs[1:])
    found: list[Counter[int]] = [Counter() for _ in ruler.paragraphs]
    here, at, open_ = iter(found), 0, 0
    counts = next(here)
    for place in sorted({*changes, *breaks, ruler.size}):
        if place > at:
            counts[open_] += place - at
            at = place
        if place in breaks:
            counts = next(here)
        open_ += changes.get(place, 0)
    known: dict[int, Pattern] = {}
    return [_labelled(counts, fields, len(versions), known) for counts in found]


def _labelled(
    counts: Counter[int], fields: dict[tuple[int, str], int], versions: int, known: dict[int, Pattern]
) -> dict[Pattern, int]:
    """The counts by sets of labels; how many spans are open of a label makes no difference."""
    found: Counter[Pattern] = Counter()
    for open_, number in counts.items():
        if open_ not in known:
            sets: list[set[str]] = [set() for _ in range(versions)]
            for (version, label), field in fields.items():
                if open_ >> DEPTH * field & MASK:
                    sets[version].add(label)
            known[open_] = tuple(map(frozenset, sets))
        found[known[open_]] += number
    return dict(found)
