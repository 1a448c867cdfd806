"""Adjudication: what is agreed stays, every difference is decided once, and the decisions make gold."""

from collections.abc import Iterable
from pathlib import Path

import msgspec
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from annotate.agreement.adjudication import (
    Adjudication,
    DroppedSpan,
    make_gold,
    parse_reference,
    refer_to,
)
from annotate.agreement.adjudication import plan_adjudication as plan
from annotate.agreement.decisions import encode_decisions, read_decisions
from annotate.corpus import Corpus, encode_annotation
from annotate.model import Annotation, Relation, Span
from tests.conftest import Project
from tests.strategies import annotations

TEXT = "A hand said 3 carts and 2 sacks fell."
Content = tuple[set[tuple[str, int, int]], set[tuple[str, str, str]]]


def version(annotator: str, spans: Iterable[tuple[str, str, int, dict[str, str | int]]], *relations: str) -> Annotation:
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
    """Spans and relations without their ids, which adjudication gives anew."""
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


def test_correction_addition_and_removal() -> None:
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


def test_open_and_odd_decisions_are_refused() -> None:
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


def test_from_two_annotators_to_gold_on_the_command_line(project: Project) -> None:
    for article in ("harbour", "market"):
        annotation = project.corpus.read_annotation("anna", article)
        spans = list(annotation.spans)
        if article == "market":
            spans[0] = msgspec.structs.replace(spans[0], attributes={**spans[0].attributes, "most": 4})
        other = msgspec.structs.replace(annotation, annotator="ben", spans=tuple(spans))
        project.corpus.write_annotation("ben", other)
    planned = project.annotate("adjudicate", "plan", "--from", "anna,ben")
    assert "harbour: 10 spans, 6 relations agreed, 0 differences decided, 0 open" in planned.output
    assert "market: 0 spans agreed, 0 differences decided, 1 open" in planned.output
    before = project.snapshot()
    refused = project.annotate("adjudicate", "apply", "--as", "ben")
    assert (refused.exit_code, "corpus/adjudication/market.yaml: differences are open" in refused.output) == (1, True)
    path = project.path("corpus/adjudication/market.yaml")
    decisions = yaml.safe_load(path.read_text())
    decisions["differences"][0] |= {"take": "ben", "reason": "said so"}
    path.write_text(yaml.safe_dump(decisions))
    faulty = project.annotate("adjudicate", "apply", "--as", "ben")
    assert (faulty.exit_code, "gold would have P303" in faulty.output) == (1, True)
    decisions["differences"][0]["take"] = "anna"
    path.write_text(yaml.safe_dump(decisions))
    assert {**project.snapshot(), "corpus/adjudication/market.yaml": b""} == {
        **before, "corpus/adjudication/market.yaml": b""
    }  # fmt: skip
    assert project.annotate("adjudicate", "plan", "--from", "anna,ben").exit_code == 0
    assert project.annotate("adjudicate", "apply", "--as", "ben").exit_code == 0
    gold = project.corpus.read_annotation("gold", "market")
    assert (gold.annotator, gold.made_from, gold.spans[0].note) == ("ben", ("anna", "ben"), "said so")
    assert project.annotate("coverage", "--write").exit_code == 0
    left = project.annotate("check", "--strict")
    assert "annotations/ben/market.json:9: P303" in left.output, "ben's own file keeps what ben labelled"
    assert "1 finding in" in left.output


def test_gold_without_a_required_attribute_is_not_written(project: Project) -> None:
    """A fault once: only the spans were checked, and not the words of the inventory."""
    annotation = project.corpus.read_annotation("anna", "harbour")
    bare = tuple(msgspec.structs.replace(span, attributes={}) for span in annotation.spans)
    for name in ("anna", "ben"):
        project.corpus.write_annotation(name, msgspec.structs.replace(annotation, annotator=name, spans=bare))
    assert project.annotate("adjudicate", "plan", "--from", "anna,ben").exit_code == 0
    before = project.snapshot()
    refused = project.annotate("adjudicate", "apply", "--as", "ben")
    assert (refused.exit_code, "gold would have P204" in refused.output) == (1, True), refused.output
    assert project.snapshot() == before


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["plan", "--from", "anna"], "anna: names fewer than two annotators; write --from anna,ben"),
        (["plan", "--from", "anna,zoe"], "corpus/annotations: has no labels by 'zoe'; take of: anna, ben, gold"),
        (["plan", "--from", "gold,anna"], "gold,anna: names gold, which the decisions make; name the annotators"),
        (["plan", "--from", "nobody"], "corpus/annotations: has no labels by 'nobody'; take of: anna, ben, gold"),
        (["plan", "--from", "anna,ben"], "no article was labelled by all of anna, ben; pull their labels"),
        (["apply", "--as", "zoe"], "corpus/annotators.yaml: does not list 'zoe'"),
        (["apply", "--as", "ben"], "corpus/adjudication: has no files"),
    ],
)
def test_what_cannot_be_adjudicated_is_one_line(project: Project, words: list[str], message: str) -> None:
    project.path("corpus/annotations/ben").mkdir()
    result = project.annotate("adjudicate", *words)
    assert (result.exit_code, result.output.count("\n")) == (2, 1)
    assert message in result.output


def settled(before: Adjudication, **takes: str) -> Adjudication:
    """Everything decided, in the two rounds that it takes."""
    return decided(plan([ANNA, BEN], TEXT, decided(before, **takes)), **takes)


def with_load(annotation: Annotation) -> Annotation:
    """The labels with a span more, which nobody else has."""
    span = Span(id="z", label="Load", start=14, end=19, text=TEXT[14:19])
    return msgspec.structs.replace(annotation, spans=(*annotation.spans, span))


def test_decided_relations_wait_while_a_span_is_open() -> None:
    """A fault once: a span more, and what was decided of relations was gone."""
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


def test_decision_on_what_does_not_differ_now_comes_back_with_the_difference() -> None:
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


def test_corrections_of_what_is_not_there_are_refused() -> None:
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


@pytest.fixture
def decisions(project: Project) -> Path:
    """The file of decisions on an article whose one difference, in a relation, is decided."""
    for article in ("harbour", "market"):
        annotation = project.corpus.read_annotation("anna", article)
        relations = annotation.relations[:-1] if article == "harbour" else annotation.relations
        for name in ("ben", "cleo"):
            other = msgspec.structs.replace(annotation, annotator=name, relations=relations)
            project.corpus.write_annotation(name, other)
    assert project.annotate("adjudicate", "plan", "--from", "anna,ben").exit_code == 0
    path = project.path("corpus/adjudication/harbour.yaml")
    value = yaml.safe_load(path.read_text())
    (difference,) = value["differences"]
    assert difference["kind"] == "relation"
    difference |= {"take": "anna", "reason": "it is there"}
    path.write_text(yaml.safe_dump(value, allow_unicode=True, sort_keys=False, width=110))
    return path


def changed(path: Path, **fields: object) -> None:
    """Write fields over those of the file; `take` and `set` over those of its difference."""
    value = yaml.safe_load(path.read_text())
    inner = {name: fields.pop(name) for name in ("take", "set") if name in fields}
    value["differences"][0] |= inner
    path.write_text(yaml.safe_dump({**value, **fields}, allow_unicode=True, sort_keys=False, width=110))


def test_decisions_between_others_are_kept_unless_it_begins_anew(project: Project, decisions: Path) -> None:
    """A fault once: every file was rewritten with nothing decided in it."""
    before = project.snapshot()
    refused = project.annotate("adjudicate", "plan", "--from", "anna,cleo")
    assert (refused.exit_code, refused.output.count("\n")) == (1, 1)
    assert "harbour.yaml: has decisions between anna, ben; keep them, or drop them with --anew" in refused.output
    assert project.snapshot() == before
    assert project.annotate("adjudicate", "plan", "--from", "ben,anna").exit_code == 0
    assert yaml.safe_load(decisions.read_text())["differences"][0]["take"] == "anna"
    assert project.annotate("adjudicate", "plan", "--from", "anna,cleo", "--anew").exit_code == 0
    assert yaml.safe_load(decisions.read_text())["differences"][0]["take"] == ""
    assert project.annotate("adjudicate", "plan", "--from", "anna,ben").exit_code == 0, "nothing was decided"


@pytest.mark.parametrize(
    ("fields", "code", "message"),
    [
        ({"take": "bne"}, 1, "unknown take 'bne'; choose from all, anna, ben, neither"),
        ({"set": {"Quay@0-1": {"rank": "hand"}}}, 1, "set names Quay@0-1, which no annotator has labelled"),
        ({"text_sha256": "0" * 64}, 1, "text"),
        ({"article": "market"}, 2, "is of the article 'market'; fix it, or remove it and plan again"),
        ({"annotators": ["anna", "gold"]}, 2, "has fewer than two annotators, or gold"),
        ({"annotators": ["anna", "anna"]}, 2, "has fewer than two annotators, or gold"),
        ({"added_span": []}, 2, "unknown field added_span"),
    ],
)
@pytest.mark.parametrize(
    "words", [("plan", "--from", "anna,ben"), ("apply", "--as", "ben")], ids=lambda words: words[0]
)
def test_file_is_held_to_what_is_there(
    project: Project, decisions: Path, words: tuple[str, ...], fields: dict[str, object], code: int, message: str
) -> None:
    """A fault once: `article: market` in harbour.yaml made gold of market, with the labels of harbour."""
    changed(decisions, **fields)
    before = project.snapshot()
    refused = project.annotate("adjudicate", *words)
    assert (refused.exit_code, refused.output.count("\n")) == (code, 1), refused.output
    assert "corpus/adjudication/harbour.yaml: " in refused.output
    assert message in refused.output
    assert project.snapshot() == before


def test_labels_in_anothers_folder_are_not_compared(project: Project, decisions: Path) -> None:
    project.replace("corpus/annotations/ben/harbour.json", '"annotator": "ben"', '"annotator": "anna"')
    refused = project.annotate("adjudicate", "plan", "--from", "anna,ben")
    assert (
        refused.exit_code,
        "annotations/ben/harbour.json: is of annotator anna, article harbour" in refused.output,
    ) == (2, True)


def test_decision_that_fits_nothing_is_not_passed_over(project: Project, decisions: Path) -> None:
    labels = project.path("corpus/annotations/anna/harbour.json").read_text()
    project.path("corpus/annotations/ben/harbour.json").write_text(labels.replace('"anna"', '"ben"'))
    refused = project.annotate("adjudicate", "apply", "--as", "ben")
    assert (refused.exit_code, "differences are open, new or gone" in refused.output) == (1, True)
    planned = project.annotate("adjudicate", "plan", "--from", "anna,ben")
    assert "harbour: 10 spans, 6 relations agreed, 0 differences decided, 0 open; 1 decisions under" in planned.output
    assert project.annotate("adjudicate", "apply", "--as", "ben").exit_code == 0


def test_the_decisions_of_this_corpus_make_its_gold(corpus: Corpus) -> None:
    names = sorted(path.stem for path in corpus.adjudication_path("x").parent.glob("*.yaml"))
    assert names
    for name in names:
        found, text, gold = read_decisions(corpus, name), corpus.read_text(name), corpus.read_annotation("gold", name)
        annotations = [corpus.read_annotation(who, name) for who in found.annotators]
        assert encode_decisions(plan(annotations, text, found)) == corpus.adjudication_path(name).read_bytes()
        made = make_gold(found, annotations, text, gold.annotator, gold.inventory)
        assert encode_annotation(made) == corpus.annotation_path("gold", name).read_bytes()
