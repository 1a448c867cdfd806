"""Spans and relations are matched one to one, and every change has its kinds."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from annotate.comparison.match_relations import list_relation_changes
from annotate.comparison.match_spans import keep_range, list_span_changes, match_spans
from annotate.comparison.model import SpanChange
from annotate.model import Annotation, AttributeValue, Relation, Span
from tests.comparison.conftest import Pair
from tests.strategies import annotations

TEXT = "The harbour master said that forty crates lie at the quay."


def span(id_: str, label: str, start: int, end: int, note: str = "", **attributes: AttributeValue) -> Span:
    return Span(id=id_, label=label, start=start, end=end, text=TEXT[start:end], attributes=attributes, note=note)


def find_changes(old: list[Span], new: list[Span], renamed: dict[str, str] | None = None) -> list[SpanChange]:
    return list(list_span_changes(match_spans(old, new, keep_range, renamed or {}), keep_range, renamed or {}))


def kinds(old: list[Span], new: list[Span]) -> list[tuple[str, ...]]:
    return [one.kinds for one in find_changes(old, new)]


A = span("s1", "Speaker", 0, 18)
B = span("s2", "Verb", 19, 23)


def test_equal_spans_are_no_change() -> None:
    assert find_changes([A, B], [B, A]) == []


@pytest.mark.parametrize(
    ("new", "expected"),
    [
        (span("s1", "Speaker", 4, 18), ("moved",)),
        (span("s1", "Words", 0, 18), ("relabelled",)),
        (span("s1", "Words", 4, 18), ("relabelled", "moved")),
        (span("s1", "Speaker", 0, 18, rank="master"), ("attributes",)),
        (span("s1", "Speaker", 0, 18, note="why"), ("note",)),
        (span("s9", "Speaker", 0, 18), ("id",)),
        (span("s1", "Words", 10, 50), ("relabelled", "moved")),
        (span("s1", "Speaker", 49, 57), ("moved",)),
    ],
)
def test_one_span_that_changed(new: Span, expected: tuple[str, ...]) -> None:
    assert kinds([A, B], [new, B]) == [expected]


def test_the_distance_that_each_end_moved_is_reported() -> None:
    (one,) = find_changes([A, B], [span("s1", "Speaker", 4, 11), B])
    assert one.by == (4, -7)


def test_an_equal_id_takes_precedence_over_a_better_overlap() -> None:
    new = [span("s1", "Speaker", 4, 18), span("s7", "Speaker", 0, 18), B]
    assert [(one.kinds, one.new and one.new.id) for one in find_changes([A, B], new)] == [
        (("moved",), "s1"),
        (("added",), "s7"),
    ]


def test_renumbered_ids_are_not_trusted() -> None:
    """A span was added at the start and all ids renumbered: only that span is new."""
    old = [span(f"s{n}", "Load", 6 * n, 6 * n + 5) for n in range(1, 8)]
    new = [span("s1", "Load", 0, 5), *(span(f"s{n + 1}", "Load", 6 * n, 6 * n + 5) for n in range(1, 8))]
    assert sorted(kinds(old, new)) == [("added",), *([("id",)] * 7)]


def test_different_labels_need_half_of_their_characters() -> None:
    assert kinds([B], [span("x", "Words", 19, 25)]) == [("relabelled", "moved", "id")]
    assert sorted(kinds([B], [span("x", "Words", 0, 50)])) == [("added",), ("removed",)]


def test_a_label_that_the_inventory_renamed_is_one_label() -> None:
    new = [span("s1", "Teller", 0, 18), B]
    assert [one.kinds for one in find_changes([A, B], new, {"Speaker": "Teller"})] == [("renamed",)]


@given(st.data())
def test_matching_uses_each_span_once_and_loses_none(data: st.DataObject) -> None:
    old, new = data.draw(annotations(TEXT)).spans, data.draw(annotations(TEXT)).spans
    match = match_spans(old, new, keep_range, {})
    firsts = [one for one, _ in match.pairs] + match.removed
    seconds = [other for _, other in match.pairs] + match.added
    assert sorted(map(repr, firsts)) == sorted(map(repr, old))
    assert sorted(map(repr, seconds)) == sorted(map(repr, new))
    assert match == match_spans(tuple(reversed(old)), tuple(reversed(new)), keep_range, {})


def relate(old: list[Relation], new: list[Relation], ids: dict[str, str] | None = None) -> list[tuple[str, ...]]:
    spans = [A, B, span("s3", "Words", 24, 57), span("s4", "Load", 29, 41)]
    before = Annotation(
        article="a", annotator="anna", process="single pass", made_from=(), inventory="1.0.0", text_sha256="",
        spans=tuple(spans), relations=tuple(old),
    )  # fmt: skip
    after = Annotation(
        article="a", annotator="anna", process="single pass", made_from=(), inventory="1.0.0", text_sha256="",
        spans=tuple(spans), relations=tuple(new),
    )  # fmt: skip
    return [one.kinds for one in list_relation_changes(before, after, [(one, one) for one in spans], {})]


def arrow(label: str, head: str, tail: str, note: str = "") -> Relation:
    return Relation(label=label, head=head, tail=tail, note=note)


@pytest.mark.parametrize(
    ("new", "expected"),
    [
        ([arrow("words", "s2", "s3")], []),
        ([arrow("words", "s2", "s4")], [("retargeted",)]),
        ([arrow("words", "s1", "s3")], [("retargeted",)]),
        ([arrow("load", "s2", "s3")], [("relabelled",)]),
        ([arrow("words", "s2", "s3", "why")], [("note",)]),
        ([arrow("load", "s1", "s4")], [("added",), ("removed",)]),
        ([], [("removed",)]),
        ([arrow("words", "s2", "s3"), arrow("words", "s2", "s3")], [("added",)]),
    ],
)
def test_one_relation_that_changed(new: list[Relation], expected: list[tuple[str, ...]]) -> None:
    assert relate([arrow("words", "s2", "s3")], new) == expected


def test_spans_after_an_insertion_are_carried(pair: Pair) -> None:
    """The text gains a word; spans are moved with it by hand, one of them by one character too many."""
    corpus = pair.new.corpus
    article = corpus.read_article("harbour")
    pair.new.replace("corpus/articles/harbour.txt", "said", "said today:")
    pair.respan("harbour", "s5", start=48, end=57)
    pair.respan("harbour", "s4", start=31, end=41)
    change = pair.change("corpus/annotations/gold/harbour.json")
    by_id = {one.new.id: one for one in change.spans if one.new}
    assert article.text[41:50] == "Café Quay"
    assert by_id["s5"].kinds == ("carried",)
    assert (by_id["s4"].kinds, by_id["s4"].by) == (("moved",), (0, 1))


def test_relation_change_gives_the_locations_of_its_ends(pair: Pair) -> None:
    pair.new.replace(
        "corpus/annotations/gold/harbour.json",
        '{"label": "lies_at", "head": "s4", "tail": "s5"}',
        '{"label": "lies_at", "head": "s10", "tail": "s5"}',
    )
    (one,) = pair.change("corpus/annotations/gold/harbour.json").relations
    assert one.kinds == ("retargeted",)
    assert [end.text if end else None for end in one.old_ends or ()] == ["40 crates", "Café Quay"]
    assert [end.text if end else None for end in one.new_ends or ()] == ["At least 12 sacks", "Café Quay"]
