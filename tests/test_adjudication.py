"""Adjudication: what is agreed stays, every difference is decided once, and the decisions make gold."""

from collections.abc import Iterable

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from annotate.adjudication import (
    Adjudication,
    DroppedSpan,
    make_gold,
    parse_reference,
    refer_to,
)
from annotate.adjudication import plan_adjudication as plan
from annotate.model import Annotation, AttributeValue, Relation, Span
from tests.strategies import annotations

TEXT = "A hand said 3 carts and 2 sacks fell."
Content = tuple[set[tuple[str, int, int]], set[tuple[str, str, str]]]


def version(
    annotator: str, spans: Iterable[tuple[str, str, int, dict[str, AttributeValue]]], *relations: str
) -> Annotation:
    made = tuple(
        Span(id=id_, label=label, start=at, end=at + len(words), text=words, attributes=attributes)
        for id_, (label, words, at, attributes) in zip(
            "abcdefg",
            ((label, words, TEXT.index(words, at), attributes) for label, words, at, attributes in spans),
            strict=False,
        )
    )
    triples = (words.split() for words in relations)
    return Annotation(
        article="a",
        annotator=annotator,
        process="single pass",
        made_from=(),
        inventory="1.0.0",
        text_sha256="0" * 64,
        spans=made,
        relations=tuple(Relation(label=label, head=head, tail=tail) for label, head, tail in triples),
    )


ANNA = version(
    "anna",
    [("Speaker", "A hand", 0, {"rank": "hand"}), ("Verb", "said", 0, {}), ("Words", "3 carts", 0, {})],
    "speaker b a",
    "words b c",
)
BEN = version(
    "ben",
    [("Speaker", "A hand", 0, {"rank": "other"}), ("Verb", "said", 0, {}), ("Words", "3 carts and 2 sacks fell", 0, {}),
     ("Load", "2 sacks", 0, {})],
    "words b c",
    "lies_at d a",
)  # fmt: skip


def content(annotation: Annotation) -> Content:
    """Return spans and relations without their ids, which adjudication renumbers."""
    names = {span.id: refer_to(span) for span in annotation.spans}
    spans = {(span.label, span.start, span.end) for span in annotation.spans}
    return spans, {(one.label, names[one.head], names[one.tail]) for one in annotation.relations}


def decided(adjudication: Adjudication, **takes: str) -> Adjudication:
    for one in adjudication.differences:
        one.take, one.reason = takes[one.kind], "as the test says"
    return adjudication


def test_plan_lists_spans_and_attributes_first_then_relations() -> None:
    first = plan([ANNA, BEN], TEXT)
    assert [(one.kind, one.key) for one in first.differences] == [
        ("attributes", "Speaker@0-6"),
        ("span", "Words@12-19 + Words@12-36"),
        ("span", "Load@24-31"),
    ]
    assert first.agreed == {"spans": 1}
    assert first.differences[1].versions == {"anna": ["Words@12-19"], "ben": ["Words@12-36"]}
    second = plan([ANNA, BEN], TEXT, decided(first, attributes="ben", span="ben"))
    assert [one.key for one in second.open_differences] == [
        "speaker: Verb@7-11 → Speaker@0-6",
        "lies_at: Load@24-31 → Speaker@0-6",
    ]
    # Both drew `words`; that they end at spans of different lengths is one difference, not two.
    assert second.agreed["relations"] == 1


def test_decisions_make_gold_with_their_reasons() -> None:
    planned = plan([ANNA, BEN], TEXT, decided(plan([ANNA, BEN], TEXT), attributes="ben", span="anna"))
    gold = make_gold(
        decided(planned, attributes="ben", span="anna", relation="anna"), [ANNA, BEN], TEXT, "carla", "1.0.0"
    )
    assert (gold.annotator, gold.process, gold.made_from) == ("carla", "adjudicated", ("anna", "ben"))
    assert content(gold) == content(ANNA)
    notes = {span.label: span.note for span in gold.spans}
    assert notes == {"Speaker": "as the test says", "Verb": "", "Words": "as the test says"}
    assert gold.spans[0].attributes == {"rank": "other"}
    assert [span.id for span in gold.spans] == ["s1", "s2", "s3"]


def test_decisions_correct_add_and_drop_spans_and_relations() -> None:
    planned = plan([ANNA, BEN], TEXT, decided(plan([ANNA, BEN], TEXT), attributes="anna", span="all"))
    planned = decided(planned, attributes="anna", span="all", relation="ben")
    planned.differences[0].set = {"Speaker@0-6": {"rank": "master"}}
    data = msgspec.to_builtins(planned)
    data["added_spans"] = [{"span": "Load@12-19", "reason": "both missed it", "attributes": {"least": 3}}]
    data["added_relations"] = [{"label": "lies_at", "head": "Load@12-19", "tail": "Verb@7-11", "reason": "odd"}]
    data["dropped_relations"] = [{"label": "speaker", "head": "Verb@7-11", "tail": "Speaker@0-6", "reason": "no"}]
    gold = make_gold(msgspec.convert(data, Adjudication), [ANNA, BEN], TEXT, "carla", "1.0.0")
    spans, relations = content(gold)
    assert ("Load", 12, 19) in spans
    assert {("Words", 12, 19), ("Words", 12, 36)} <= spans
    assert relations == {
        ("lies_at", "Load@12-19", "Verb@7-11"),
        ("lies_at", "Load@24-31", "Speaker@0-6"),
        ("words", "Verb@7-11", "Words@12-36"),
    }
    assert gold.spans[0].attributes == {"rank": "master"}


def test_open_and_malformed_decisions_are_rejected() -> None:
    planned = plan([ANNA, BEN], TEXT)
    with pytest.raises(ValueError, match="3 differences are open, the first: Speaker@0-6"):
        make_gold(planned, [ANNA, BEN], TEXT, "carla", "1.0.0")
    decided(planned, attributes="dora", span="anna")
    with pytest.raises(ValueError, match="unknown take 'dora'; choose from all, anna, ben, neither"):
        make_gold(planned, [ANNA, BEN], TEXT, "carla", "1.0.0")
    for odd in ("Words", "Words@3", "Words@9-3", "@1-2"):
        with pytest.raises(ValueError, match="is not Label@start-end"):
            parse_reference(odd)


@given(annotations(TEXT), annotations(TEXT), st.sampled_from(["anna", "ben"]))
def test_taking_one_annotator_throughout_gives_their_labels(one: Annotation, other: Annotation, who: str) -> None:
    """Spans that coincide, empty ones and relations of a span to itself are faults that adjudication does not carry."""

    def clean(annotation: Annotation, annotator: str) -> Annotation:
        spans = {refer_to(span): span for span in annotation.spans if span.start < span.end}
        ids = {span.id for span in spans.values()}
        relations = (r for r in annotation.relations if {r.head, r.tail} <= ids and r.head != r.tail)
        return msgspec.structs.replace(
            annotation, annotator=annotator, spans=tuple(spans.values()), relations=tuple(dict.fromkeys(relations))
        )

    versions = [clean(one, "anna"), clean(other, "ben")]
    planned = plan(versions, TEXT)
    for _ in range(2):
        planned = plan(versions, TEXT, decided(planned, span=who, attributes=who, relation=who))
    gold = make_gold(planned, versions, TEXT, "carla", "1.0.0")
    assert content(gold) == content(versions[who == "ben"])
    assert plan([versions[0], msgspec.structs.replace(versions[0], annotator="ben")], TEXT).differences == []


def settled(before: Adjudication, **takes: str) -> Adjudication:
    """Return an adjudication with all decisions made, in two rounds."""
    return decided(plan([ANNA, BEN], TEXT, decided(before, **takes)), **takes)


def with_load(annotation: Annotation) -> Annotation:
    """Return the labels with one more span, which no other annotator has."""
    span = Span(id="z", label="Load", start=14, end=19, text=TEXT[14:19])
    return msgspec.structs.replace(annotation, spans=(*annotation.spans, span))


def test_decided_relations_are_kept_while_a_span_is_open() -> None:
    """Regression: with one more span, decisions on relations were lost."""
    before = settled(plan([ANNA, BEN], TEXT), attributes="ben", span="ben", relation="ben")
    relations = [one for one in before.differences if one.kind == "relation"]
    assert relations
    meanwhile = plan([with_load(ANNA), BEN], TEXT, before)
    assert [one.key for one in meanwhile.open_differences] == ["Load@14-19"]
    assert meanwhile.earlier == relations
    assert plan([with_load(ANNA), BEN], TEXT, meanwhile) == meanwhile
    after = plan([with_load(ANNA), BEN], TEXT, decided(meanwhile, attributes="ben", span="ben"))
    assert (after.open_differences, after.earlier) == ([], [])
    assert [one for one in after.differences if one.kind == "relation"] == relations


def test_decision_is_used_again_when_its_difference_returns() -> None:
    before = settled(plan([ANNA, BEN], TEXT), attributes="ben", span="ben", relation="ben")
    same = plan([ANNA, msgspec.structs.replace(ANNA, annotator="ben")], TEXT, before)
    assert (same.differences, same.earlier) == ([], before.differences)
    assert plan([ANNA, BEN], TEXT, same) == before


def test_decision_is_forgotten_when_its_difference_is_decided_otherwise() -> None:
    before = decided(plan([ANNA, BEN], TEXT), attributes="ben", span="ben")
    speaker = msgspec.structs.replace(ANNA.spans[0], attributes={"rank": "master"})
    other = msgspec.structs.replace(ANNA, spans=(speaker, *ANNA.spans[1:]))
    now = plan([other, BEN], TEXT, before)
    assert (
        [one.key for one in now.open_differences]
        == [one.key for one in now.earlier if one.kind != "relation"]
        == ["Speaker@0-6"]
    )
    now.open_differences[0].take, now.open_differences[0].reason = "anna", "again"
    assert plan([other, BEN], TEXT, now).earlier == []


def test_corrections_of_unknown_spans_are_rejected() -> None:
    before = settled(plan([ANNA, BEN], TEXT), attributes="ben", span="ben", relation="ben")
    for change, message in (
        ({"set": {"Quay@0-6": {"rank": "hand"}}}, "set names Quay@0-6, which no annotator has labelled"),
        ({"set": {"Words@12-19": {"rank": "hand"}}}, "set names Words@12-19, which is not taken"),
    ):
        first = msgspec.structs.replace(before.differences[0], **change)
        odd = msgspec.structs.replace(before, differences=[first, *before.differences[1:]])
        with pytest.raises(ValueError, match=message):
            make_gold(odd, [ANNA, BEN], TEXT, "carla", "1.0.0")
    odd = msgspec.structs.replace(before, dropped_spans=[DroppedSpan(span="Quay@0-6", reason="no")])
    with pytest.raises(ValueError, match="dropped_spans names Quay@0-6, which no annotator has labelled"):
        make_gold(odd, [ANNA, BEN], TEXT, "carla", "1.0.0")
