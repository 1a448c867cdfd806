"""The decisions of docs/how-to/adjudication.md make gold of the annotations that the page is about."""

import re
from typing import Any

import msgspec
import pytest
import yaml

from annotate.adjudication import refer_to
from annotate.model import Span
from tests.conftest import ROOT, Project

PAGE = (ROOT / "docs/how-to/adjudication.md").read_text("utf-8")
SPANS, CORRECTIONS, RELATIONS = (
    yaml.safe_load(block) for block in re.findall(r"^```yaml\n(.*?)^```", PAGE, re.DOTALL | re.MULTILINE)
)
FILE = "corpus/adjudication/harbour.yaml"
PLAN = ("adjudicate", "plan", "--from", "anna,ben")
APPLY = ("adjudicate", "apply", "--as", "ben")


@pytest.fixture
def labelled(project: Project) -> Project:
    """Two annotators who differ in the words of a span, in an attribute, in a span and in a relation."""
    anna = project.corpus.read_annotation("anna", "harbour")
    spans = [*anna.spans, Span(id="s11", label="Quay", start=87, end=91, text="pier")]
    changes: dict[str, dict[str, Any]] = {
        "s3": {"end": 50, "text": anna.spans[3].text[:26]},
        "s7": {"attributes": {"rank": "other"}},
    }
    ben = msgspec.structs.replace(
        anna,
        annotator="ben",
        spans=tuple(msgspec.structs.replace(span, **changes.get(span.id, {})) for span in spans),
        relations=tuple(
            relation for relation in anna.relations if (relation.label, relation.head) != ("speaker", "s8")
        ),
    )
    project.corpus.write_annotation("ben", ben)
    return project


def decide(project: Project, decided: dict[str, Any]) -> None:
    """Write the decisions of the page into the file, whose differences must be those of the page."""
    value = yaml.safe_load(project.path(FILE).read_text("utf-8"))
    open_ = [difference for difference in value["differences"] if not difference["take"]]
    empty = {"take": "", "set": {}, "reason": ""}
    assert open_ == [difference | empty for difference in decided.get("differences", open_)]
    by_key = {difference["key"]: difference for difference in decided.get("differences", ())}
    value["differences"] = [by_key.get(difference["key"], difference) for difference in value["differences"]]
    value |= {key: entries for key, entries in decided.items() if key != "differences"}
    project.path(FILE).write_text(yaml.safe_dump(value, allow_unicode=True), "utf-8")


def test_decisions_of_the_page_make_gold(labelled: Project) -> None:
    first = labelled.annotate(*PLAN)
    assert "harbour: 8 spans agreed, 0 differences decided, 3 open; 2 rounds remain, spans and then" in first.output
    assert "decisions on spans can open questions on relations" in first.output
    decide(labelled, SPANS)
    decide(labelled, CORRECTIONS)
    early = labelled.annotate(*APPLY)
    assert (early.exit_code, "differences are new or gone" in early.output) == (1, True)
    second = labelled.annotate(*PLAN)
    assert "3 differences decided, 1 open; 1 round remains" in second.output
    assert "decide in corpus/adjudication/*.yaml, then `annotate adjudicate apply --as ID`" in second.output
    decide(labelled, RELATIONS)
    done = labelled.annotate(*PLAN)
    assert "4 differences decided, 0 open; no round remains" in done.output
    assert "nothing is open: `annotate adjudicate apply --as ID` makes gold" in done.output
    applied = labelled.annotate(*APPLY)
    assert applied.exit_code == 0, applied.output
    gold = labelled.corpus.read_annotation("gold", "harbour")
    spans = {refer_to(span): span for span in gold.spans}
    assert {"Words@24-52", "Speaker@65-71", "Quay@87-91", "Load@58-62"} <= spans.keys()
    assert not {"Words@24-50", "Load@94-111"} & spans.keys()
    assert spans["Speaker@65-71"].attributes == {"rank": "master"}
    assert spans["Quay@87-91"].attributes == {"remark": "not named"}
    assert spans["Load@58-62"].note == "Both overlooked this count."
    names = {span.id: name for name, span in spans.items()}
    relations = {(relation.label, names[relation.head], names[relation.tail]) for relation in gold.relations}
    assert {("speaker", "Verb@72-77", "Speaker@65-71"), ("lies_at", "Load@24-33", "Quay@87-91")} <= relations
    assert ("lies_at", "Load@24-33", "Quay@41-50") not in relations


@pytest.fixture
def decided(labelled: Project) -> Project:
    """A project whose decisions are those of the page, in the file that `plan` wrote last."""
    labelled.annotate(*PLAN)
    decide(labelled, SPANS)
    decide(labelled, CORRECTIONS)
    labelled.annotate(*PLAN)
    decide(labelled, RELATIONS)
    assert "no round remains" in labelled.annotate(*PLAN).output
    return labelled


ADDED = {"head": "Load@58-62", "tail": "Quay@41-50", "reason": "x"}
BOTH, LAST = (PLAN, APPLY), (APPLY,)


@pytest.mark.parametrize(
    ("where", "value", "message", "commands"),
    [
        (
            "differences.1.set",
            {"Speaker@65-71": {"rank": None}},
            "no rank, which is required; choose from",
            BOTH,
        ),
        (
            "differences.3.reason",
            "",
            "the first: speaker: Verb@72-77 → Speaker@65-71; write why in reason",
            LAST,
        ),
        ("differences.0.take", "zoe", "unknown take 'zoe'; choose from all, anna, ben, neither", BOTH),
        ("differences.0.kind", "words", "'words' is unknown; use one of: span, attributes, relation", BOTH),
        ("differences.1.take", "all", "attributes of all annotators; take one of anna, ben, or neither with", BOTH),
        ("differences.1.set", {}, "neither needs values in set for rank; write them, or take one of anna, ben", BOTH),
        (
            "differences.1.set",
            {"Speaker@65-71": {"rnk": "hand"}},
            "unknown attribute 'rnk'; choose from rank",
            BOTH,
        ),
        (
            "differences.1.set",
            {"Speaker@65-71": {"rank": "boss"}},
            "set gives Speaker@65-71 rank='boss'; choose from master, hand, other",
            BOTH,
        ),
        (
            "differences.1.set",
            {"Speaker@65-70": {"rank": "hand"}},
            "set names Speaker@65-70, which no annotator has labelled; choose from Speaker@65-71, Speaker@0-18",
            BOTH,
        ),
        ("differences.1.set", {"Speaker": {}}, "write a span as Label@start-end", BOTH),
        ("added_spans.0.span", "Loads@58-62", "unknown label 'Loads'; choose from Speaker, Verb, Words, Load", BOTH),
        ("added_spans.0.span", "Load@58-999", "Load@58-999 ends after the text, which has 121 characters", BOTH),
        ("added_spans.0.attributes", {"least": -1}, "least=-1; write a whole number from 0 on", BOTH),
        ("added_spans.0.attributes", {"wording": 1}, "choose from exact, at least, at most, range, vague", BOTH),
        ("added_spans.0.attributes", {"rank": "hand"}, "'rank'; choose from wording, least, most", BOTH),
        ("differences.2.set", {"Quay@87-91": {"remark": ""}}, "write text that is not empty", BOTH),
        ("dropped_spans.0.span", "Load@94-110", "has labelled; choose from Load@94-111, Load@24-33", LAST),
        ("added_relations.0", ADDED | {"label": "lies"}, "unknown relation 'lies'; choose from speaker, words,", BOTH),
        (
            "added_relations.0",
            ADDED | {"label": "lies_at", "tail": "Quay@86-91"},
            "lies_at names Quay@86-91, which is not a span of gold; choose from Quay@87-91, Quay@41-50",
            LAST,
        ),
        (
            "dropped_relations.0.tail",
            "Quay@41-51",
            "which no annotator has; choose from lies_at: Load@24-33 → Quay@41-50",
            LAST,
        ),
        (
            "differences.3.take",
            "",
            "differences are open: 1 open, the first: speaker: Verb@72-77 → Speaker@65-71; write take (one of all,",
            LAST,
        ),
    ],
)
def test_refusals_name_what_is_allowed(
    decided: Project, where: str, value: object, message: str, commands: tuple[tuple[str, ...], ...]
) -> None:
    document = yaml.safe_load(decided.path(FILE).read_text("utf-8"))
    parent: Any = document
    *steps, last = [int(step) if step.isdecimal() else step for step in where.split(".")]
    for step in steps:
        parent = parent[step]
    parent[last] = value
    decided.path(FILE).write_text(yaml.safe_dump(document, allow_unicode=True), "utf-8")
    before = decided.snapshot()
    for command in commands:
        refused = decided.annotate(*command)
        assert (refused.exit_code in (1, 2), refused.output.count("\n")) == (True, 1), (command, refused.output)
        assert FILE in refused.output
        assert message in refused.output
        assert decided.snapshot() == before


def test_null_leaves_an_optional_attribute_empty(labelled: Project) -> None:
    """Both annotators give a remark, each another one, and gold has none."""
    for name, remark in (("anna", "far"), ("ben", "near")):
        annotation = labelled.corpus.read_annotation(name, "harbour")
        spans = tuple(
            msgspec.structs.replace(span, attributes=span.attributes | {"remark": remark})
            if refer_to(span) == "Quay@41-50"
            else span
            for span in annotation.spans
        )
        labelled.corpus.write_annotation(name, msgspec.structs.replace(annotation, spans=spans))
    assert labelled.annotate(*PLAN).exit_code == 0
    document = yaml.safe_load(labelled.path(FILE).read_text("utf-8"))
    by_key = {difference["key"]: difference for difference in document["differences"]}
    remark = by_key["Quay@41-50"]
    remark |= {"take": "neither", "reason": "The page says: leave it empty."}
    labelled.path(FILE).write_text(yaml.safe_dump(document, allow_unicode=True), "utf-8")
    refused = labelled.annotate(*PLAN)
    assert "needs values in set for remark; write them, or null for no value, or take one of anna" in refused.output
    remark["set"] = {"Quay@41-50": {"remark": None}}
    labelled.path(FILE).write_text(yaml.safe_dump(document, allow_unicode=True), "utf-8")
    for _ in range(2):
        assert labelled.annotate(*PLAN).exit_code == 0
        document = yaml.safe_load(labelled.path(FILE).read_text("utf-8"))
        for difference in document["differences"]:
            difference |= {} if difference["take"] else {"take": "anna", "reason": "x"}
        labelled.path(FILE).write_text(yaml.safe_dump(document, allow_unicode=True), "utf-8")
    applied = labelled.annotate(*APPLY)
    assert applied.exit_code == 0, applied.output
    gold = labelled.corpus.read_annotation("gold", "harbour")
    assert {refer_to(span): span.attributes for span in gold.spans}["Quay@41-50"] == {}


def test_plan_counts_decisions_without_a_reason(labelled: Project) -> None:
    labelled.annotate(*PLAN)
    labelled.replace(FILE, "take: ''", "take: anna")
    assert "3 open (1 with take and without a reason)" in labelled.annotate(*PLAN).output


def test_check_reports_decisions_that_do_not_match_the_schema(decided: Project) -> None:
    decided.replace(FILE, "kind: relation", "kind: relations")
    result = decided.annotate("check")
    assert "adjudication/harbour.yaml" in result.output
    assert "'relations' is unknown; use one of: span, attributes, relation" in result.output


@pytest.mark.parametrize(
    ("kept", "rounds"),
    [(lambda _: False, "1 round remains"), (lambda relation: relation.label == "words", "1 or 2 rounds remain")],
    ids=["no relations", "relations of open spans"],
)
def test_rounds_depend_on_relations(labelled: Project, kept: Any, rounds: str) -> None:
    """Words@24-52 of anna and Words@24-50 of ben are open; no other relations are left."""
    for name in ("anna", "ben"):
        annotation = labelled.corpus.read_annotation(name, "harbour")
        relations = tuple(relation for relation in annotation.relations if kept(relation))
        labelled.corpus.write_annotation(name, msgspec.structs.replace(annotation, relations=relations))
    planned = labelled.annotate(*PLAN)
    assert f"3 open; {rounds}\n" in planned.output
