"""The measures of `annotate score` on plain lists: for notebooks, training loops, and data of other formats.

A span is `(label, start, end)`, half open, counted in whatever you count: code points or tokens. A document is a list
of spans; gold and predictions are lists of documents, in one order. Spans may nest and overlap. Every value is a
`Measure`: `value`, and `low` and `high` of a 95 % interval, a percentile bootstrap over documents (Efron and
Tibshirani, "An Introduction to the Bootstrap", 1993, chapter 13) with `samples` drawn by `seed`; a value that is not
defined is None, and `note` says why.

With `both` the things matched one to one, precision is both / predicted, recall both / gold, and F1 their harmonic
mean, 2 · both / (gold + predicted); van Rijsbergen, "Information Retrieval" (1979), chapter 7.
"""

from collections import Counter, defaultdict
from collections.abc import Hashable, Iterable, Mapping, Sequence
from itertools import chain
from operator import itemgetter
from typing import NamedTuple

from annotate.agreement.bootstrap import SAMPLES, Bootstrap, Tally
from annotate.agreement.coefficients import BOTH, FIRST, NOTHING, SECOND, Counts, Value, alpha, alpha_counts
from annotate.agreement.counts import COMPATIBLE, DISTANCE, EQUAL, HALF, PAIRS, compatible, distance
from annotate.agreement.matching import Matching, exact, exact_counts, in_both, overlap
from annotate.agreement.report import ALL
from annotate.records import Mention, Piece
from annotate.scoring.score import Score, scored
from annotate.tokens import runs
from annotate.util.tables import Measure

__all__ = [
    "Measure",
    "Score",
    "counts",
    "exact_spans",
    "nominal_alpha",
    "records",
    "relations",
    "spans",
    "spans_of_tags",
]

Span = tuple[str, int, int]
"""Label, start, end."""
Relation = tuple[str, Span, Span]
"""Label, head, tail."""
Place = tuple[int, int]
Record = tuple[Span, Mapping[str, Sequence[Place]]]
"""The anchor, and for each role the places that fill it."""
Key = tuple[str, Hashable, Hashable]
Bounds = tuple[int | None, int | None]
"""The lower and the upper number of a count; None where nothing is said."""


class Spans(NamedTuple):
    """How many there are, and how well they were found; see `spans`."""

    gold: int
    predicted: int
    exact: Score
    partial: Score
    overlap: Score


class Exact(NamedTuple):
    """How many there are, and how many of them are the same; a share of nothing is None."""

    gold: int
    predicted: int
    precision: float | None
    recall: float | None
    f1: float | None


class Found(NamedTuple):
    """How many there are, and how well they were found: by place, and by overlap."""

    gold: int
    predicted: int
    exact: Score
    overlap: Score


class CountScore(NamedTuple):
    """How `number` pairs of counts differ; see `counts`."""

    number: int
    equal: Measure
    compatible: Measure
    distance: Measure


def spans_of_tags(documents: Iterable[Sequence[str]]) -> list[list[Span]]:
    """Documents of BIO tags → documents of spans, places counted in tokens. An I that goes on with nothing begins one.

    Raises ValueError for what is no tag.
    """
    return [[(run.label, run.start, run.end) for run in runs(tags)] for tags in documents]


def spans(
    gold: Sequence[Sequence[Span]], predicted: Sequence[Sequence[Span]], samples: int = SAMPLES, seed: int = 0
) -> dict[str, Spans]:
    """Spans by label, and `all labels`.

    exact: same label and place; Tjong Kim Sang and De Meulder, "Introduction to the CoNLL-2003 Shared Task" (2003).
    overlap: same label and a shared character, one to one, the pair that shares most first. partial: the same pairs,
    worth ½ where the places differ; Chinchor and Sundheim, "MUC-5 Evaluation Metrics" (1993).
    """
    exactly, partly, nearly = _Tallies(), _Tallies(), _Tallies()
    for document, sides in enumerate(zip(gold, predicted, strict=True)):
        first, second = map(_mentions, sides)
        near = overlap(first, second)
        exactly.add(document, exact(first, second))
        partly.add(document, near, HALF)
        nearly.add(document, near)
    bootstrap = _bootstrap(len(gold), samples, seed)
    return {
        name: Spans(*exactly.sizes(name), *(scored(bootstrap, one[name]) for one in (exactly, partly, nearly)))
        for name in exactly.names()
    }


def exact_spans(gold: Sequence[Sequence[Span]], predicted: Sequence[Sequence[Span]]) -> dict[str, Exact]:
    """What `spans` calls exact, by label, and `all labels`: the values alone, in one pass, for each step of a training.

    Raises ValueError where there are not as many documents in both.
    """
    if len(gold) != len(predicted):
        raise ValueError(f"{len(gold)} documents of gold and {len(predicted)} predicted")
    label = itemgetter(0)
    ours, theirs = (Counter(map(label, chain.from_iterable(side))) for side in (gold, predicted))
    both = Counter(map(label, chain.from_iterable(map(in_both, gold, predicted))))
    names = sorted(ours.keys() | theirs.keys())
    found = {name: _exact(both[name], ours[name], theirs[name]) for name in names}
    return {**found, ALL: _exact(both.total(), ours.total(), theirs.total())}


def _exact(both: int, gold: int, predicted: int) -> Exact:
    return Exact(
        gold,
        predicted,
        both / predicted if predicted else None,
        both / gold if gold else None,
        2 * both / (gold + predicted) if gold + predicted else None,
    )


def nominal_alpha(rows: Sequence[Iterable[Hashable]]) -> float | None:
    """Krippendorff's alpha of values without an order: a row an annotator, a column a unit, None for a missing value.

    "Computing Krippendorff's Alpha-Reliability" (2011). None where it is not defined: all values are the same, or no
    unit has two. Raises ValueError for rows of different lengths.
    """
    value = alpha(alpha_counts(Counter(zip(*rows, strict=True))))
    return None if isinstance(value, str) else value


def relations(
    gold: Sequence[Sequence[Relation]], predicted: Sequence[Sequence[Relation]], samples: int = SAMPLES, seed: int = 0
) -> dict[str, Found]:
    """Relations by label, and `all labels`: a relation is found if its label and both of its ends are.

    An end is found by place, or in `overlap` as spans are, matched among the ends of the document's relations. So are
    relations scored since Li and Ji, "Incremental Joint Extraction of Entity Mentions and Relations" (ACL 2014), there
    by the head words of the ends.
    """
    exactly, nearly = _Tallies(), _Tallies()
    for document, (ours, theirs) in enumerate(zip(gold, predicted, strict=True)):
        ends = [sorted({end for _, *both in side for end in both}) for side in (ours, theirs)]
        pairs = overlap(_mentions(ends[0]), _mentions(ends[1])).pairs
        same = {ends[0][int(one.id)]: ends[1][int(other.id)] for one, other in pairs}
        exactly.add_keys(document, ours, theirs)
        # An end that the other side does not have stands for itself, and for nothing there.
        carried = [(label, same.get(head), same.get(tail)) for label, head, tail in ours]
        nearly.add_keys(document, carried, theirs)
    bootstrap = _bootstrap(len(gold), samples, seed)
    return {
        name: Found(*exactly.sizes(name), *(scored(bootstrap, one[name]) for one in (exactly, nearly)))
        for name in exactly.names()
    }


def records(
    gold: Sequence[Sequence[Record]], predicted: Sequence[Sequence[Record]], samples: int = SAMPLES, seed: int = 0
) -> Found:
    """Whole records: one is found if its anchor is and every role has the same fillers.

    Anchors and fillers are the same by place, or, in `overlap`, each matched one to one with one that it overlaps. A
    role that one of the two does not name is empty. One wrong filler loses the record.
    """
    exactly, nearly = Tally(), Tally()
    sizes = [sum(map(len, side)) for side in (gold, predicted)]
    for document, (ours, theirs) in enumerate(zip(gold, predicted, strict=True)):
        anchors = [_mentions(anchor for anchor, _ in side) for side in (ours, theirs)]
        pairs = overlap(anchors[0], anchors[1]).pairs
        found = [(ours[int(one.id)], theirs[int(other.id)]) for one, other in pairs]
        for tally, by_place in ((exactly, True), (nearly, False)):
            both = sum(_same(*pair, by_place) for pair in found)
            tally.add((document, 0), {BOTH: both, FIRST: len(ours), SECOND: len(theirs)})
    bootstrap = _bootstrap(len(gold), samples, seed)
    return Found(sizes[0], sizes[1], scored(bootstrap, exactly), scored(bootstrap, nearly))


def counts(gold: Sequence[Bounds], predicted: Sequence[Bounds], samples: int = SAMPLES, seed: int = 0) -> CountScore:
    """Counts as intervals, pair by pair: the share that is equal, the share that some number satisfies both of, and
    the mean distance.

    The distance of two counts, 0 to 1, is the mean over both ends of |a − b| / max(|a|, |b|), at most 1, where two open
    ends are 0 apart and an open end and a number 1; our own (`agreement.attributes.distance`). Samples are of pairs.
    """
    tally = Tally()
    for number, (one, other) in enumerate(zip(gold, predicted, strict=True)):
        tally.add((number, 0), {PAIRS: 1, EQUAL: one == other, COMPATIBLE: compatible(one, other)})
        tally.add((number, 0), {DISTANCE: distance(one, other)})
    bootstrap = Bootstrap([(number, 0) for number in range(len(gold))], samples, seed, by="pairs")

    def mean(name: str) -> Measure:
        def estimate(found: Counts) -> Value:
            return found[name] / found[PAIRS] if found.get(PAIRS) else NOTHING

        return bootstrap.measure(tally, estimate)

    return CountScore(len(gold), mean(EQUAL), mean(COMPATIBLE), mean(DISTANCE))


class _Tallies:
    """A tally a label, and one of all."""

    def __init__(self) -> None:
        self._of: dict[str, Tally] = defaultdict(Tally)

    def __getitem__(self, name: str) -> Tally:
        return self._of[name]

    def names(self) -> list[str]:
        return [*sorted(self._of.keys() - {ALL}), ALL]

    def sizes(self, name: str) -> tuple[int, int]:
        total = self._of[name].total()
        return int(total.get(FIRST, 0)), int(total.get(SECOND, 0))

    def add(self, document: int, matching: Matching, worth: float = 1) -> None:
        """Count pairs, worth less where their places differ, and what one side has alone."""
        for one, other in matching.pairs:
            both = 1 if one.pieces == other.pieces else worth
            self._add(document, one.label, {BOTH: both, FIRST: 1, SECOND: 1})
        for side, alone in ((FIRST, matching.first_only), (SECOND, matching.second_only)):
            for mention in alone:
                self._add(document, mention.label, {side: 1})

    def add_keys(self, document: int, first: Sequence[Key], second: Sequence[Key]) -> None:
        """Count what is equal; the first of a key is its label."""
        for label in {key[0] for key in (*first, *second)}:
            sides = [[key for key in side if key[0] == label] for side in (first, second)]
            self._add(document, label, dict(zip((BOTH, FIRST, SECOND), exact_counts(*sides), strict=True)))

    def _add(self, document: int, label: str, numbers: Counts) -> None:
        for name in (label, ALL):
            self._of[name].add((document, 0), numbers)


def _bootstrap(documents: int, samples: int, seed: int) -> Bootstrap:
    return Bootstrap([(document, 0) for document in range(documents)], samples, seed, by="documents")


def _mentions(spans: Iterable[Span]) -> list[Mention]:
    """Spans as the matching takes them; their numbers are their ids."""
    return [
        Mention(str(number), label, start, end, "", (Piece(start, end),), {})
        for number, (label, start, end) in enumerate(spans)
    ]


def _same(ours: Record, theirs: Record, by_place: bool) -> bool:
    (anchor, roles), (other, fillers) = ours, theirs
    if by_place and anchor != other:
        return False
    for name in roles.keys() | fillers.keys():
        sides = [list(side.get(name, ())) for side in (roles, fillers)]
        if by_place:
            both, first, second = exact_counts(*sides)
        else:
            whole = [_mentions(("", *place) for place in side) for side in sides]
            both, first, second = overlap(whole[0], whole[1]).counts
        if not both == first == second:
            return False
    return True
