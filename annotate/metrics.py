"""The measures of `annotate score` on plain lists: for notebooks, training loops, and data of other formats.

A span is `(label, start, end)`, half open, in any unit: code points or tokens. It may also be a list, a dict, or an
object with `label`, `start` and `end`, such as a span of a dataset row. A label is a name or a class id. A document is
a list of spans, or a row with `spans`; gold and predictions are lists of documents in the same order. Spans may nest
and overlap. Anything else is a TypeError that says what is wanted.

Every value is a `Measure`: `value`, and `low` and `high` of its 95 % interval, a percentile bootstrap over documents
(Efron and Tibshirani, "An Introduction to the Bootstrap", 1993, chapter 13). A value that is not defined is None, and
`note` says why.

With `both` the number of things matched one to one, precision is both / predicted, recall both / gold, and F1 their
harmonic mean, 2 · both / (gold + predicted); van Rijsbergen, "Information Retrieval" (1979), chapter 7.
"""

from collections import Counter, defaultdict
from collections.abc import Hashable, Iterable, Sequence
from itertools import chain
from math import isfinite
from operator import itemgetter
from typing import Any, NamedTuple, cast

from annotate.agreement import coefficients
from annotate.agreement.bootstrap import SAMPLES, Bootstrap
from annotate.agreement.coefficients import (
    BOTH,
    FIRST,
    SECOND,
    Counts,
    Value,
    alpha,
    alpha_counts,
    interval_counts,
    make_fit,
    ordinal_counts,
)
from annotate.agreement.interval_tallies import COMPATIBLE, DISTANCE, EQUAL, add_bounds
from annotate.agreement.matched_counts import HALF
from annotate.agreement.matching import Matching, count_exact_matches, iterate_missing, match_by_overlap, match_exactly
from annotate.agreement.measure import average_pairs
from annotate.agreement.report import ALL
from annotate.agreement.tally import Tally
from annotate.records import Mention, Piece
from annotate.scoring.plain_spans import (
    Label,
    Range,
    RecordTuple,
    RelationTuple,
    SpanTuple,
    is_missing,
    is_number,
    read_bounds,
    read_hashable_spans,
    read_record_documents,
    read_relation_documents,
    read_span_documents,
    require_one_kind,
)
from annotate.scoring.score import Score, score_tally
from annotate.tokens import find_tagged_spans
from annotate.util.escape import quote
from annotate.util.tables import Measure

__all__ = [
    "Measure",
    "Range",
    "RecordTuple",
    "RelationTuple",
    "Score",
    "SpanTuple",
    "decode_tags",
    "interval_alpha",
    "nominal_alpha",
    "ordinal_alpha",
    "score_counts",
    "score_exact_spans",
    "score_records",
    "score_relations",
    "score_spans",
]

Documents = Sequence[Any]
"""An item for each document; its forms are in the docstring of this module."""
Key = tuple[Label, Hashable, Hashable]
"""A label, and what must be equal."""


class SpanMetrics(NamedTuple):
    """Numbers and scores of spans; see `score_spans`."""

    gold: int
    predicted: int
    exact: Score
    partial: Score
    overlap: Score


class ExactMetrics(NamedTuple):
    """Numbers and exact values of spans, without intervals; None where a denominator is zero."""

    gold: int
    predicted: int
    precision: float | None
    recall: float | None
    f1: float | None


class GraphMetrics(NamedTuple):
    """Numbers and scores of relations or records: `exact` by equal spans, `overlap` by overlapping ones."""

    gold: int
    predicted: int
    exact: Score
    overlap: Score


class CountMetrics(NamedTuple):
    """The number of pairs of counts and how they differ; see `score_counts`."""

    number: int
    equal: Measure
    compatible: Measure
    distance: Measure


def decode_tags(documents: Iterable[Sequence[str]]) -> list[list[SpanTuple]]:
    """Return the spans of documents of BIO tags, in tokens. An I that continues nothing begins a span.

    BIOES, BILOU and BMES are read as well.

    Args:
        documents: The tags of each document, such as `["B-Cue", "I-Cue", "O"]`.

    Raises:
        TypeError: If a tag is not a string: class ids must be resolved to names first.
        ValueError: If a tag is not O, or a prefix of these schemes with a label.
    """
    documents = list(documents)
    for index, tags in enumerate(documents):
        if isinstance(tags, str) or not all(isinstance(tag, str) for tag in tags):
            raise TypeError(f'document {index} is not a list of tags; give names such as ["B-Cue", "O"], not class ids')
    return [[(run.label, run.start, run.end) for run in find_tagged_spans(tags)] for tags in documents]


def score_spans(
    gold: Documents, predicted: Documents, samples: int = SAMPLES, seed: int = 0
) -> dict[Label, SpanMetrics]:
    """Score spans.

    - `exact`: same label, start and end; Tjong Kim Sang and De Meulder, "Introduction to the CoNLL-2003 Shared Task"
      (2003).
    - `overlap`: same label and a shared position, one to one; the pair that shares most is matched first.
    - `partial`: the pairs of `overlap`, worth ½ if start or end differ; Chinchor and Sundheim, "MUC-5 Evaluation
      Metrics" (1993).

    Args:
        gold: The gold spans of each document, or rows that have them.
        predicted: The same of the predicted spans, in the same order.
        samples: The number of bootstrap samples.
        seed: The seed of the random numbers.

    Returns:
        The scores by label, and those of `all labels`.

    Raises:
        TypeError: If something is of another form.
        ValueError: If the numbers of documents differ.

    Example:
        >>> gold = [[("PER", 0, 2), ("LOC", 2, 3)]]
        >>> score_spans(gold, [[("PER", 1, 2), ("LOC", 2, 3)]])["all labels"].exact.f1.value
        0.5
    """
    gold, predicted = read_span_documents("gold", gold), read_span_documents("predicted", predicted)
    require_one_kind(span[0] for span in chain.from_iterable((*gold, *predicted)))
    exact, partial, overlap = _LabelTallies(), _LabelTallies(), _LabelTallies()
    for document, sides in enumerate(zip(gold, predicted, strict=True)):
        first, second = map(_make_mentions, sides)
        matching = match_by_overlap(first, second)
        exact.add_matching(document, match_exactly(first, second))
        partial.add_matching(document, matching, HALF)
        overlap.add_matching(document, matching)
    bootstrap = _make_bootstrap(len(gold), samples, seed)
    return {
        name: SpanMetrics(
            *exact.count_sides(name),
            *(score_tally(bootstrap, tallies.by_label[name]) for tallies in (exact, partial, overlap)),
        )
        for name in exact.list_names()
    }


def score_exact_spans(gold: Documents, predicted: Documents) -> dict[Label, ExactMetrics]:
    """Compute the values that `score_spans` calls exact, without intervals: one pass, for each step of a training.

    Args:
        gold: The gold spans of each document, or rows that have them.
        predicted: The same of the predicted spans, in the same order.

    Returns:
        The values by label, and those of `all labels`.

    Raises:
        TypeError: If something is of another form.
        ValueError: If the numbers of documents differ.
    """
    gold, predicted = read_hashable_spans("gold", gold), read_hashable_spans("predicted", predicted)
    if len(gold) != len(predicted):
        raise ValueError(f"{len(gold)} documents of gold and {len(predicted)} predicted")
    label = itemgetter(0)
    in_gold, in_predicted = (Counter(map(label, chain.from_iterable(side))) for side in (gold, predicted))
    require_one_kind(in_gold, in_predicted)
    missed = Counter(map(label, chain.from_iterable(map(iterate_missing, gold, predicted))))
    metrics: dict[Label, ExactMetrics] = {
        name: _divide_counts(in_gold[name] - missed[name], in_gold[name], in_predicted[name])
        for name in _sort_labels(in_gold.keys() | in_predicted.keys())
    }
    whole = _divide_counts(in_gold.total() - missed.total(), in_gold.total(), in_predicted.total())
    return {**metrics, ALL: whole}


def _divide_counts(both: int, gold: int, predicted: int) -> ExactMetrics:
    return ExactMetrics(
        gold,
        predicted,
        both / predicted if predicted else None,
        both / gold if gold else None,
        2 * both / (gold + predicted) if gold + predicted else None,
    )


def nominal_alpha(rows: Sequence[Iterable[Hashable]]) -> float | None:
    """Compute Krippendorff's alpha for values without an order.

    Krippendorff, "Computing Krippendorff's Alpha-Reliability" (2011).

    Args:
        rows: A row an annotator, a column a unit; None or NaN for a missing value.

    Returns:
        Alpha; None if it is not defined: all values are the same, or no unit has two.

    Raises:
        ValueError: If the lengths of the rows differ.
    """
    return _get_number(alpha(alpha_counts(_count_patterns(rows))))


def ordinal_alpha(rows: Sequence[Iterable[Hashable]], order: Sequence[Hashable] | None = None) -> float | None:
    """Compute Krippendorff's alpha for values with an order.

    Krippendorff, "Computing Krippendorff's Alpha-Reliability" (2011).

    Args:
        rows: A row an annotator, a column a unit; None or NaN for a missing value.
        order: The values, the lowest first; None for numbers in their own order.

    Returns:
        Alpha; None if it is not defined: all values are the same, or no unit has two.

    Raises:
        ValueError: If the lengths of the rows differ, or a value is not in the order, or is no finite number.

    Example:
        >>> round(ordinal_alpha([["low", "high", None], ["low", "mid", "mid"]], ["low", "mid", "high"]), 3)
        0.833
    """
    if order is None:
        return _get_number(coefficients.ordinal_alpha(ordinal_counts(_count_numbers(rows))))
    ranks: dict[Hashable, float | None] = {value: rank for rank, value in enumerate(order)}
    if len(ranks) < len(order) or None in ranks:
        raise ValueError("order has a value twice, or None")
    ranks[None] = None
    for value in chain.from_iterable(patterns := _count_patterns(rows)):
        if value not in ranks:
            raise ValueError(f"{quote(value)} is not in the order; None or NaN is a missing value")
    ranked = Counter[tuple[float | None, ...]]()
    for pattern, number in patterns.items():
        ranked[tuple(ranks[value] for value in pattern)] += number
    return _get_number(coefficients.ordinal_alpha(ordinal_counts(ranked)))


def interval_alpha(rows: Sequence[Iterable[float | None]]) -> float | None:
    """Compute Krippendorff's alpha for numbers whose differences mean something.

    Krippendorff, "Computing Krippendorff's Alpha-Reliability" (2011).

    Args:
        rows: A row an annotator, a column a unit; None or NaN for a missing value.

    Returns:
        Alpha; None if it is not defined: all values are the same, or no unit has two.

    Raises:
        ValueError: If the lengths of the rows differ, or a value is no finite number.

    Example:
        >>> round(interval_alpha([[1, 2, 3, None], [1, 2, 4, 5]]), 3)
        0.878
    """
    patterns = _count_numbers(rows)
    fit = make_fit([value for pattern in patterns for value in pattern if value is not None])
    counts = Counter[Hashable]()
    for pattern, number in patterns.items():
        of_unit = interval_counts([fit(value) for value in pattern if value is not None])
        counts.update({key: number * count for key, count in of_unit.items()})
    return _get_number(coefficients.interval_alpha(counts))


def _count_patterns(rows: Sequence[Iterable[Hashable]]) -> Counter[tuple[Hashable, ...]]:
    """Return the number of units by their values, None for a missing one."""
    if isinstance(rows, str) or any(isinstance(row, str) for row in rows):
        raise TypeError("a row is a string; give a list of values for each annotator")
    patterns = Counter(zip(*rows, strict=True))
    if not any(map(is_missing, chain.from_iterable(patterns))):
        return patterns
    merged = Counter[tuple[Hashable, ...]]()
    for pattern, number in patterns.items():
        merged[tuple(None if is_missing(value) else value for value in pattern)] += number
    return merged


def _count_numbers(rows: Sequence[Iterable[Hashable]]) -> Counter[tuple[float | None, ...]]:
    """Return the number of units by their values, which must be finite numbers or None."""
    patterns = _count_patterns(rows)
    for value in chain.from_iterable(patterns):
        if not (value is None or (is_number(value) and isfinite(cast("float", value)))):
            raise ValueError(f"{quote(value)} is no finite number; None or NaN is a missing value")
    return cast("Counter[tuple[float | None, ...]]", patterns)


def _get_number(value: Value) -> float | None:
    return None if isinstance(value, str) else value


def score_relations(
    gold: Documents, predicted: Documents, samples: int = SAMPLES, seed: int = 0
) -> dict[Label, GraphMetrics]:
    """Score relations: a relation is found if its label and both of its ends are.

    An end is found by equal label, start and end, or, in `overlap`, as in `score_spans`, matched among the ends of the
    document's relations. So are relations scored since Li and Ji, "Incremental Joint Extraction of Entity Mentions and
    Relations" (ACL 2014), there by the head words of the ends.

    Args:
        gold: The gold relations of each document: `(label, head, tail)`, or a dict with these keys. The ends are spans.
            In a row with `spans` and `relations`, they may be indices or ids of its spans. Leave out pairs that are
            unrelated, such as those of the class `none`.
        predicted: The same of the predicted relations, in the same order.
        samples: The number of bootstrap samples.
        seed: The seed of the random numbers.

    Returns:
        The scores by label, and those of `all labels`.

    Raises:
        TypeError: If something is of another form.
        ValueError: If the numbers of documents differ.
    """
    gold, predicted = read_relation_documents("gold", gold), read_relation_documents("predicted", predicted)
    relations = list(chain.from_iterable((*gold, *predicted)))
    require_one_kind(label for label, *_ in relations)
    require_one_kind(end[0] for _, *ends in relations for end in ends)
    exact, overlap = _LabelTallies(), _LabelTallies()
    for document, (first, second) in enumerate(zip(gold, predicted, strict=True)):
        ends = [sorted({end for _, *both in side for end in both}) for side in (first, second)]
        pairs = match_by_overlap(_make_mentions(ends[0]), _make_mentions(ends[1])).pairs
        counterparts = {ends[0][int(left.id)]: ends[1][int(right.id)] for left, right in pairs}
        exact.add_keys(document, first, second)
        # An end without a counterpart is None, which is equal to no predicted end.
        mapped = [(label, counterparts.get(head), counterparts.get(tail)) for label, head, tail in first]
        overlap.add_keys(document, mapped, second)
    bootstrap = _make_bootstrap(len(gold), samples, seed)
    return {
        name: GraphMetrics(
            *exact.count_sides(name), *(score_tally(bootstrap, tallies.by_label[name]) for tallies in (exact, overlap))
        )
        for name in exact.list_names()
    }


def score_records(gold: Documents, predicted: Documents, samples: int = SAMPLES, seed: int = 0) -> GraphMetrics:
    """Score whole records: a record is found if its anchor is and every role has the same fillers.

    Anchors and fillers are the same if they are equal, or, in `overlap`, each matched one to one with one that it
    overlaps. A role that one of the two does not name is empty. One wrong filler makes the record wrong.

    Args:
        gold: The gold records of each document: `(anchor, {role: ranges})`, or a dict with `anchor` and `roles`. The
            anchor is a span; a range is `(start, end)`, or a dict or an object that has these.
        predicted: The same of the predicted records, in the same order.
        samples: The number of bootstrap samples.
        seed: The seed of the random numbers.

    Raises:
        TypeError: If something is of another form.
        ValueError: If the numbers of documents differ.
    """
    gold, predicted = read_record_documents("gold", gold), read_record_documents("predicted", predicted)
    require_one_kind(anchor[0] for anchor, _ in chain.from_iterable((*gold, *predicted)))
    exact, overlap = Tally(), Tally()
    for document, (first, second) in enumerate(zip(gold, predicted, strict=True)):
        anchors = [_make_mentions(anchor for anchor, _ in side) for side in (first, second)]
        aligned = [
            (first[int(left.id)], second[int(right.id)])
            for left, right in match_by_overlap(anchors[0], anchors[1]).pairs
        ]
        for tally, by_overlap in ((exact, False), (overlap, True)):
            both = sum(_is_same_record(*pair, by_overlap=by_overlap) for pair in aligned)
            tally.add((document, 0), {BOTH: both, FIRST: len(first), SECOND: len(second)})
    bootstrap = _make_bootstrap(len(gold), samples, seed)
    numbers = [sum(map(len, side)) for side in (gold, predicted)]
    return GraphMetrics(numbers[0], numbers[1], score_tally(bootstrap, exact), score_tally(bootstrap, overlap))


def score_counts(gold: Sequence[Any], predicted: Sequence[Any], samples: int = SAMPLES, seed: int = 0) -> CountMetrics:
    """Score counts as intervals, pair by pair.

    Returned are the share of pairs that are equal, the share that some number satisfies both of, and the mean distance:
    0 to 1, see `agreement.interval_tallies.measure_distance`.

    Args:
        gold: The lower and the upper number of each count, or a dict with `minimum` and `maximum`; None or NaN for an
            open end.
        predicted: The same of the predicted counts, in the same order.
        samples: The number of bootstrap samples; they draw pairs.
        seed: The seed of the random numbers.

    Raises:
        TypeError: If something is of another form.
        ValueError: If the numbers of counts differ.
    """
    gold, predicted = read_bounds("gold", gold), read_bounds("predicted", predicted)
    tally = Tally()
    for index, pair in enumerate(zip(gold, predicted, strict=True)):
        add_bounds(tally, (index, 0), *pair)
    bootstrap = Bootstrap([(index, 0) for index in range(len(gold))], samples, seed, unit="pairs")
    measures = (bootstrap.measure(tally, average_pairs(key)) for key in (EQUAL, COMPATIBLE, DISTANCE))
    return CountMetrics(len(gold), *measures)


def _sort_labels(labels: Iterable[Label]) -> list[Label]:
    """Return labels in order; they are all names, or all class ids."""
    return sorted(labels, key=lambda label: (0, label) if isinstance(label, str) else (label, ""))


class _LabelTallies:
    """A tally for each label, and one of all labels."""

    def __init__(self) -> None:
        self.by_label: dict[Label, Tally] = defaultdict(Tally)

    def list_names(self) -> list[Label]:
        return [*_sort_labels(self.by_label.keys() - {ALL}), ALL]

    def count_sides(self, name: Label) -> tuple[int, int]:
        total = self.by_label[name].total()
        return int(total.get(FIRST, 0)), int(total.get(SECOND, 0))

    def add_matching(self, document: int, matching: Matching, differing: float = 1) -> None:
        """Count pairs, worth `differing` if their pieces differ, and what only one side has."""
        for left, right in matching.pairs:
            both = 1 if left.pieces == right.pieces else differing
            self._add(document, left.label, {BOTH: both, FIRST: 1, SECOND: 1})
        for side, mentions in ((FIRST, matching.first_only), (SECOND, matching.second_only)):
            for mention in mentions:
                self._add(document, mention.label, {side: 1})

    def add_keys(self, document: int, first: Sequence[Key], second: Sequence[Key]) -> None:
        """Count equal keys by their labels."""
        for label in {key[0] for key in (*first, *second)}:
            sides = [[key for key in side if key[0] == label] for side in (first, second)]
            self._add(document, label, dict(zip((BOTH, FIRST, SECOND), count_exact_matches(*sides), strict=True)))

    def _add(self, document: int, label: Label, counts: Counts) -> None:
        for name in (label, ALL):
            self.by_label[name].add((document, 0), counts)


def _make_bootstrap(documents: int, samples: int, seed: int) -> Bootstrap:
    return Bootstrap([(document, 0) for document in range(documents)], samples, seed, unit="documents")


def _make_mentions(spans: Iterable[SpanTuple]) -> list[Mention]:
    """Return spans in the form of the matching; their ids are their indices."""
    return [
        Mention(str(index), cast("str", label), start, end, "", (Piece(start, end),), {})
        for index, (label, start, end) in enumerate(spans)
    ]


def _is_same_record(first: RecordTuple, second: RecordTuple, by_overlap: bool) -> bool:
    (first_anchor, first_roles), (second_anchor, second_roles) = first, second
    if not by_overlap and first_anchor != second_anchor:
        return False
    for name in first_roles.keys() | second_roles.keys():
        fillers = [list(roles.get(name, ())) for roles in (first_roles, second_roles)]
        if by_overlap:
            mentions = [_make_mentions(("", *filler) for filler in side) for side in fillers]
            both, in_first, in_second = match_by_overlap(mentions[0], mentions[1]).counts
        else:
            both, in_first, in_second = count_exact_matches(*fillers)
        if not both == in_first == in_second:
            return False
    return True
