"""`annotate.metrics`: by hand, against `annotate score` on the real corpus, and against other libraries."""

from collections.abc import Callable
from typing import Any, Literal, NamedTuple

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
from annotate.scoring import plain_spans
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
        ([["a"], ["b"]], ["a"], "'b' is not in the order; None or NaN is a missing value"),
        ([["a"], ["b"]], ["a", "b", "a"], "order has a value twice, or None"),
        ([["a"], ["b"]], None, "'a' is no finite number; None or NaN is a missing value"),
        ([[float("inf")], [1]], None, "inf is no finite number; None or NaN is a missing value"),
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


class Loaded(NamedTuple):
    """A span of another library, with more fields than ours."""

    id: str
    label: str
    start: int
    end: int


FORMS: dict[str, Callable[[str, int, int], Any]] = {
    "tuples": lambda label, start, end: (label, start, end),
    "lists": lambda label, start, end: [label, start, end],
    "dicts": lambda label, start, end: {"id": "s1", "label": label, "start": start, "end": end, "text": "…"},
    "objects": lambda label, start, end: Loaded("s1", label, start, end),
    "class ids": lambda label, start, end: ("ABC".index(label), start, end),
    "numbers of numpy": lambda label, start, end: [label, np.int64(start), np.int32(end)],
}


@pytest.mark.parametrize("form", FORMS)
def test_spans_of_each_form_have_the_scores_of_tuples(form: str) -> None:
    gold, predicted = [[A, B], [("A", 0, 2)], [B, B]], [[("A", 2, 5), B, ("C", 10, 12)], [], [B]]
    make = FORMS[form]
    sides = [[[make(*span) for span in document] for document in side] for side in (gold, predicted)]
    rows = [[{"id": "x", "spans": document} for document in side] for side in sides]
    exact = [*metrics.score_exact_spans(gold, predicted).values()]
    scores = [*metrics.score_spans(gold, predicted, samples=0).values()]
    for first, second in (sides, rows):
        assert [*metrics.score_exact_spans(first, second).values()] == exact
        assert [*metrics.score_spans(first, second, samples=0).values()] == scores
    relations = [[[("r", document[0], document[-1])] if document else [] for document in side] for side in sides]
    of_tuples = [
        [[("r", document[0], document[-1])] if document else [] for document in side] for side in (gold, predicted)
    ]
    assert [*metrics.score_relations(relations[0], relations[1], samples=0).values()] == [
        *metrics.score_relations(of_tuples[0], of_tuples[1], samples=0).values()
    ]


@pytest.mark.parametrize(
    ("span", "message"),
    [
        ("PER", r"gold, document 1, span 0: 'PER' is not a span; give \(label, start, end\), or a dict"),
        ({"A", 0, 4}, "is not a span"),
        (frozenset({"A", 0, 4}), "is not a span"),
        (("A", 0), r"\('A', 0\) is not a span"),
        (("A", 0, 4, 0.9), "is not a span"),
        ({"label": "A", "start": 0}, "is not a span"),
        ((0, "A", 4), "start 'A' is not a whole number"),
        ((0, 4, "A"), "end 'A' is not a whole number"),
        (("A", 0.0, 4), "start 0.0 is not a whole number"),
        (("A", False, True), "start False is not a whole number"),
        (("A", 0, True), "end True is not a whole number"),
        (("A", 0, float("nan")), "end nan is not a whole number"),
        (("A", "0", "4"), "start '0' is not a whole number"),
        (("A", 4, 0), "4–0 is not a range"),
        (("A", -1, 0), "-1–0 is not a range"),
        ((float("nan"), 0, 4), "label nan is neither a name nor a class id"),
        ((True, 0, 4), "label True is neither"),
        ((None, 0, 4), "label None is neither"),
        ((1, 0, 4), "label 'A' is a name, and label 1 a class id"),
        (None, "None is not a span"),
    ],
)
def test_what_is_no_span_is_a_type_error(span: Any, message: str) -> None:
    """Two different spans given as strings once had an F1 of 1."""
    for score_form in (metrics.score_exact_spans, metrics.score_spans):
        with pytest.raises(TypeError, match=message):
            score_form([[A], [span]], [[A], []])
        with pytest.raises(TypeError, match=message.replace("gold", "predicted")):
            score_form([[A], [A]], [[A], [span]])


@pytest.mark.parametrize(
    ("side", "message"),
    [
        ("AB", "gold: 'AB' is not a list"),
        ({"x": [A]}, "gold: .* is not a list"),
        (None, "gold: None is not a list"),
        ([A], "gold, document 0, span 0: 'A' is not a span"),
        (["AB"], "gold, document 0: 'AB' is not a list of spans; give a list of spans for each document, or a row"),
        ([{"id": "x"}], "is not a list of spans"),
        ([None], "gold, document 0: None is not a list of spans"),
    ],
)
def test_what_is_no_document_is_a_type_error(side: Any, message: str) -> None:
    for score_form in (metrics.score_exact_spans, metrics.score_spans):
        with pytest.raises(TypeError, match=message):
            score_form(side, side)


def test_relations_of_rows_name_their_ends_by_index_or_id() -> None:
    spans = [{"id": "s7", "label": "A", "start": 0, "end": 4}, {"id": "s9", "label": "B", "start": 6, "end": 9}]
    by_index: dict[str, Any] = {
        "spans": spans,
        "relations": [{"label": 2, "head": 0, "tail": 1, "head_id": "s7", "tail_id": "s9"}],
    }
    by_id = {"spans": spans, "relations": [{"label": 2, "head": "s7", "tail": "s9"}]}
    expected = metrics.score_relations([[(2, A, B)]], [[(2, A, B)]], samples=0)
    assert expected[2].exact.f1.value == 1
    assert metrics.score_relations([by_index], [by_id], samples=0) == expected
    pair = {"label": 2, "head": spans[0], "tail": spans[1], "context": "…"}
    assert metrics.score_relations([[pair]], [by_id], samples=0) == expected
    by_index["relations"] = [("r", 0, 2)]
    with pytest.raises(TypeError, match="gold, document 0, relation 0: tail 2 is no index or id of a span; give the"):
        metrics.score_relations([by_index], [by_id])
    with pytest.raises(TypeError, match="head 0 is no index or id"):
        metrics.score_relations([[("r", 0, 1)]], [[]])
    with pytest.raises(TypeError, match=r"predicted, document 0, relation 0, tail: .* is not a range"):
        metrics.score_relations([[]], [[("r", A, ("B", 9, 6))]])
    with pytest.raises(TypeError, match="is not a relation"):
        metrics.score_relations([["rel"]], [[]])


def test_annotations_of_the_model_are_documents(corpus: Corpus) -> None:
    annotation = corpus.read_annotation("gold", "syria-fronts")
    assert metrics.score_exact_spans([annotation], [annotation])["all labels"].gold == len(annotation.spans)
    whole = metrics.score_relations([annotation], [annotation], samples=0)["all labels"]
    assert (whole.gold, whole.exact.f1.value) == (len(annotation.relations), 1)


def test_records_and_counts_of_each_form() -> None:
    gold = [(A, {"who": [(6, 9)]})]
    as_dicts = [{"anchor": [*A], "roles": {"who": [{"label": "B", "start": 6, "end": 9}]}}]
    assert metrics.score_records([gold], [as_dicts]).exact.f1.value == 1
    wrong: Any
    for wrong in ([(A, {"who": "6-9"})], [(A, [(6, 9)])], [(A, {"who": [(9, 6)]})], [A], [("A", {})]):
        with pytest.raises(TypeError, match="predicted, document 0, record 0"):
            metrics.score_records([gold], [wrong])
    nan = float("nan")
    found = metrics.score_counts([(33, 33), (50, None)], [{"minimum": 33, "maximum": 33}, (np.float64(50), nan)])
    assert found.equal.value == 1
    for pair in ("33", (33,), ("33", 33), (True, 33), (33, float("inf"))):
        with pytest.raises(TypeError, match="gold, count 0"):
            metrics.score_counts([pair], [(1, 1)])


def test_nan_is_a_missing_value() -> None:
    """It once was a label of its own."""
    nan = float("nan")
    for measure in (metrics.nominal_alpha, metrics.ordinal_alpha, metrics.interval_alpha):
        missing = measure([[1, 2, None, 3], [1, 2, 2, None]])
        assert measure([[1, 2, nan, 3], [1, 2, 2, np.float64("nan")]]) == missing
    assert metrics.nominal_alpha([["a", nan, "b"], ["a", "c", "b"]]) == metrics.nominal_alpha(
        [["a", None, "b"], ["a", "c", "b"]]
    )
    with pytest.raises(TypeError, match="a row is a string"):
        metrics.nominal_alpha(["ab", "ab"])


def test_tags_are_names() -> None:
    for document in ("BIO", [0, 1]):
        with pytest.raises(TypeError, match="document 0 is not a list of tags; give names"):
            metrics.decode_tags([document])  # type: ignore[list-item]


fields = st.sampled_from(["A", 0, 1, 4, -1, True, 1.0, None, float("nan"), np.int64(3)])
span_forms = st.one_of(
    st.tuples(st.sampled_from(["A", "B", 1]), st.integers(0, 3), st.integers(0, 5)),
    st.lists(fields, max_size=4).map(tuple),
    st.lists(fields, max_size=4),
    st.just("A04"),
)


@given(st.lists(st.lists(span_forms, max_size=2), max_size=2))
def test_documents_taken_as_they_are_are_those_that_would_be_read(documents: list[list[Any]]) -> None:
    taken = plain_spans._are_tuples(documents)
    try:
        read = plain_spans.read_span_documents("gold", documents)
    except TypeError:
        assert not taken
    else:
        assert not taken or read == documents
