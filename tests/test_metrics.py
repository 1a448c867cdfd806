"""`annotate.metrics`: by hand, against `annotate score` on the real corpus, and against other libraries."""

from typing import Any, Literal

import krippendorff
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from annotate import metrics
from annotate.corpus import Corpus
from annotate.inventory import Inventory
from annotate.metrics import RelationTuple, SpanTuple
from annotate.records import Graph, Mention
from annotate.scoring.score import Scores, score
from annotate.tokens import find_tagged_spans
from tests.agreement.test_coefficients import FOUR_CODERS, numeric_tables

A, B = ("A", 0, 4), ("B", 6, 9)


def test_spans_by_hand() -> None:
    """Gold has A, B and A; predicted are B, half of the first A, and a C."""
    found = metrics.score_spans([[A, B], [("A", 0, 2)]], [[("A", 2, 5), B, ("C", 10, 12)], []])
    whole = found["all labels"]
    assert (list(found), whole.gold, whole.predicted) == (["A", "B", "C", "all labels"], 3, 3)
    assert [one.f1.value for one in (whole.exact, whole.partial, whole.overlap)] == [1 / 3, 1.5 / 3, 2 / 3]
    assert [one.precision.value for one in (found["A"].exact, found["A"].partial, found["A"].overlap)] == [0, 0.5, 1]
    assert found["A"].overlap.recall.value == 0.5
    assert found["C"].exact.recall == metrics.Measure(None, note="nothing in gold")


def test_exact_spans_are_the_exact_ones_of_spans() -> None:
    gold, predicted = [[A, B], [("A", 0, 2)], [B, B]], [[("A", 2, 5), B, ("C", 10, 12)], [], [B]]
    found, whole = metrics.score_exact_spans(gold, predicted), metrics.score_spans(gold, predicted, samples=2)
    assert list(found) == list(whole)
    for name, one in found.items():
        scores = whole[name].exact
        assert one[:2] == (whole[name].gold, whole[name].predicted)
        assert one[2:] == (scores.precision.value, scores.recall.value, scores.f1.value)
    assert metrics.score_exact_spans([[]], [[]])["all labels"] == (0, 0, None, None, None)
    with pytest.raises(ValueError, match="2 documents of gold and 1 predicted"):
        metrics.score_exact_spans([[], []], [[]])


def test_nominal_alpha_of_rows() -> None:
    assert metrics.nominal_alpha(FOUR_CODERS) == pytest.approx(0.743, abs=5e-4)
    assert metrics.nominal_alpha([["a", "a"], ["a", "a"]]) is None
    with pytest.raises(ValueError, match=r"shorter|longer"):
        metrics.nominal_alpha([["a"], ["a", "b"]])


def test_alphas_of_numbers_and_of_values_with_an_order() -> None:
    """The published values of the same table; see `FOUR_CODERS`."""
    assert metrics.ordinal_alpha(FOUR_CODERS) == pytest.approx(0.815, abs=5e-4)
    assert metrics.interval_alpha(FOUR_CODERS) == pytest.approx(0.849, abs=5e-4)
    words = [[None if value is None else "_abcde"[value] for value in row] for row in FOUR_CODERS]
    assert metrics.ordinal_alpha(words, "abcde") == metrics.ordinal_alpha(FOUR_CODERS)
    assert metrics.ordinal_alpha([[1, 1], [1, None]]) is None
    assert metrics.interval_alpha([[1, None], [None, 2]]) is None
    large = [[1e300 * value for value in row] for row in ([1, 2, 3], [1, 2, 4])]
    assert metrics.interval_alpha(large) == pytest.approx(metrics.interval_alpha([[1, 2, 3], [1, 2, 4]]))


@pytest.mark.parametrize(
    ("rows", "order", "message"),
    [
        ([["a"], ["b"]], ["a"], "'b' is not in the order; None is a missing value"),
        ([["a"], ["b"]], ["a", "b", "a"], "order has a value twice, or None"),
        ([["a"], ["b"]], None, "'a' is no finite number; None is a missing value"),
        ([[float("nan")], [1]], None, "nan is no finite number; None is a missing value"),
        ([[1], [1, 2]], None, "longer"),
    ],
)
def test_values_without_a_place_are_refused(rows: list[list[Any]], order: list[str] | None, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        metrics.ordinal_alpha(rows, order)
    if order is None:
        with pytest.raises(ValueError, match=message):
            metrics.interval_alpha(rows)


@pytest.mark.parametrize("level", ["nominal", "ordinal", "interval"])
def test_alphas_are_those_of_krippendorff(level: Literal["nominal", "ordinal", "interval"]) -> None:
    @given(numeric_tables)
    def equal(rows: list[list[float | None]]) -> None:
        ours = getattr(metrics, f"{level}_alpha")(rows)
        if ours is not None:
            data = np.array([[np.nan if value is None else value for value in row] for row in rows])
            theirs = krippendorff.alpha(reliability_data=data, level_of_measurement=level)
            assert ours == pytest.approx(float(theirs), abs=1e-9)

    equal()


def test_relations_by_hand() -> None:
    gold: list[RelationTuple] = [("r", A, B), ("r", B, A), ("s", A, B)]
    predicted: list[RelationTuple] = [("r", ("A", 1, 4), B), ("r", B, ("A", 20, 22)), ("s", A, B)]
    found = metrics.score_relations([gold], [predicted])
    assert [found[name].exact.f1.value for name in ("r", "s", "all labels")] == [0, 1, 1 / 3]
    # A goes with the A that shares most with it, which is A itself, where it is one of the ends.
    assert [found[name].overlap.f1.value for name in ("r", "s")] == [0, 1]
    assert metrics.score_relations([gold[:1]], [predicted[:1]])["r"].overlap.f1.value == 1


def test_records_by_hand() -> None:
    gold = [(A, {"who": [(6, 9)], "where": []}), (B, {"who": [(0, 4), (10, 12)]})]
    assert metrics.score_records([gold], [gold[::-1]]).exact.f1.value == 1
    near = [(("A", 0, 3), {"who": [(7, 9)]}), (B, {"who": [(0, 4)]})]
    found = metrics.score_records([gold], [near])
    assert (found.gold, found.exact.f1.value, found.overlap.f1.value) == (2, 0, 0.5)


def test_counts_by_hand() -> None:
    found = metrics.score_counts([(33, 33), (50, None), (None, None)], [(33, 33), (40, 60), (None, None)])
    assert (found.number, found.equal.value, found.compatible.value) == (3, 2 / 3, 1)
    assert found.distance.value == pytest.approx((0 + (10 / 50 + 1) / 2 + 0) / 3)
    assert metrics.score_counts([], []).equal.note == "nothing to compare"


def test_intervals_are_over_documents() -> None:
    gold = [[A], [A], [A], [A]]
    found = metrics.score_spans(gold, [[A], [A], [], []], samples=500, seed=1)["A"].exact.recall
    assert (found.value, found.low, found.high) == (0.5, 0, 1)
    assert found == metrics.score_spans(gold, [[A], [A], [], []], samples=500, seed=1)["A"].exact.recall
    alone = metrics.score_spans([[A]], [[A]])["A"].exact.f1
    assert (alone.value, alone.low, alone.note) == (1, None, "no interval: too few documents that have it")


def test_lists_of_another_length_are_refused() -> None:
    with pytest.raises(ValueError, match="shorter"):
        metrics.score_spans([[A], [A]], [[A]])


def plain(mention: Mention) -> SpanTuple:
    return mention.label, mention.start, mention.end


@pytest.fixture(scope="module")
def scored(corpus: Corpus, labels: Inventory) -> Scores:
    """A reader against gold, without spans in pieces, which are no plain triples."""
    texts = {name: corpus.read_text(name) for name in corpus.article_ids()}
    gold = {name: (text, corpus.read_annotation("gold", name)) for name, text in texts.items()}
    return score(labels, gold, {name: corpus.read_annotation("reader-2", name) for name in texts}, samples=0)


def test_the_same_numbers_as_the_command(scored: Scores, corpus: Corpus, labels: Inventory) -> None:
    sides: list[list[Graph]] = [
        [Graph(corpus.read_annotation(version, name), labels) for name in corpus.article_ids()]
        for version in ("gold", "reader-2")
    ]
    whole = {mention.id for side in sides for graph in side for mention in graph.mentions if len(mention.pieces) > 1}
    assert whole, "the corpus has spans in pieces"
    documents = [[[plain(one) for one in graph.mentions] for graph in side] for side in sides]
    found = metrics.score_spans(documents[0], documents[1], samples=0)
    for row in scored.labels:
        if row.kind == "label" and not any(one.label == row.name for one in _in_pieces(sides)):
            mine = found[row.name]
            assert (mine.gold, mine.predicted) == (row.gold, row.predicted)
            for how in ("exact", "partial", "overlap"):
                assert getattr(mine, how).f1.value == pytest.approx(getattr(row, how).f1.value), (row.name, how)
    made = [[_records(graph, labels) for graph in side] for side in sides]
    for record in scored.records:
        gold, predicted = ([one[record.name] for one in side] for side in made)
        if record.name == "casualty_claims":
            ours = metrics.score_records(gold, predicted, samples=0)
            assert ours.overlap.f1.value == pytest.approx(record.full_overlap.value)
            assert ours.exact.f1.value == pytest.approx(record.full_exact.value)


def _in_pieces(sides: list[list[Graph]]) -> list[Mention]:
    return [one for side in sides for graph in side for one in graph.mentions if len(one.pieces) > 1]


def _records(graph: Graph, labels: Inventory) -> dict[str, list[metrics.RecordTuple]]:
    return {
        name: [
            (
                plain(one.anchor),
                {role: [(f.mention.start, f.mention.end) for f in found] for role, found in one.roles.items()},
            )
            for one in made
        ]
        for name, made in graph.records().items()
    }


spans = st.lists(st.tuples(st.sampled_from("AB"), st.integers(0, 20), st.integers(1, 6)), max_size=6).map(
    lambda drawn: [(label, start, start + length) for label, start, length in drawn]
)


@given(st.lists(st.tuples(spans, spans), min_size=1, max_size=3))
def test_exact_is_at_most_partial_is_at_most_overlap(pairs: list[tuple[list[SpanTuple], list[SpanTuple]]]) -> None:
    gold, predicted = ([pair[side] for pair in pairs] for side in (0, 1))
    for row in metrics.score_spans(gold, predicted, samples=0).values():
        values = [one.f1.value or 0 for one in (row.exact, row.partial, row.overlap)]
        assert values == sorted(values)
        assert values[1] == pytest.approx((values[0] + values[2]) / 2)


@given(spans)
def test_everything_finds_itself(document: list[SpanTuple]) -> None:
    for row in metrics.score_spans([document], [document], samples=0).values():
        assert row.exact.f1.value in (1, None)


@given(st.lists(st.sampled_from(["O", "B-A", "I-A", "B-B", "I-B"]), max_size=12))
def test_spans_written_back_as_tags(tags: list[str]) -> None:
    """A B or a change of label begins a span; written back, the spans give the same tags with each I after its B."""
    found = list(find_tagged_spans(tags))
    assert [name for _, start, end in found for name in ("B", *"I" * (end - start - 1))] == [
        ("B" if tag[0] == "B" or number in {one.start for one in found} else "I")
        for number, tag in enumerate(tags)
        if tag != "O"
    ]
    assert metrics.decode_tags([tags]) == [[tuple(one) for one in found]]


def test_partial_is_that_of_nervaluate_where_labels_do_not_mix() -> None:
    """nervaluate's `partial` looks at no label; with one label only, and no overlaps in a document, it is ours."""
    import nervaluate

    gold = [[("A", 0, 3), ("A", 5, 8)], [("A", 1, 2)], [("A", 0, 9)]]
    predicted = [[("A", 0, 3), ("A", 6, 9)], [("A", 4, 6)], [("A", 7, 12), ("A", 20, 21)]]

    def theirs(documents: list[list[SpanTuple]]) -> list[list[dict[str, Any]]]:
        return [[{"label": label, "start": s, "end": e - 1} for label, s, e in document] for document in documents]

    result = nervaluate.Evaluator(theirs(gold), theirs(predicted), tags=["A"], loader="dict").evaluate()
    ours = metrics.score_spans(gold, predicted, samples=0)["A"].partial
    found = result["overall"]["partial"]
    assert (ours.precision.value, ours.recall.value, ours.f1.value) == pytest.approx(
        (found.precision, found.recall, found.f1)
    )
