"""Gold is what its decisions make of the labels, and the decisions are about the labels as they are."""

import json
from collections.abc import Callable

import msgspec
import pytest
import yaml

from annotate.adjudication import Adjudication
from annotate.agreement.decisions import encode_decisions, read_decisions
from annotate.findings import Finding
from annotate.model import GOLD, Annotation
from tests.conftest import Project

ARTICLE = "harbour"
FILE = f"corpus/adjudication/{ARTICLE}.yaml"
Change = Callable[[Annotation], Annotation]


def find(project: Project) -> list[Finding]:
    return [finding for finding in project.check() if finding.code not in ("C202", "C203", "R116")]


def find_codes(project: Project) -> list[str]:
    return [finding.code for finding in find(project)]


def change(project: Project, annotator: str, edit: Change) -> None:
    project.corpus.write_annotation(annotator, edit(project.corpus.read_annotation(annotator, ARTICLE)))


def change_span(index: int, **fields: object) -> Change:
    def edit(labels: Annotation) -> Annotation:
        spans = list(labels.spans)
        spans[index] = msgspec.structs.replace(spans[index], **fields)
        return msgspec.structs.replace(labels, spans=tuple(spans))

    return edit


def drop_span(index: int) -> Change:
    def edit(labels: Annotation) -> Annotation:
        gone = labels.spans[index].id
        relations = tuple(each for each in labels.relations if gone not in (each.head, each.tail))
        return msgspec.structs.replace(
            labels, spans=(*labels.spans[:index], *labels.spans[index + 1 :]), relations=relations
        )

    return edit


def edit_decisions(project: Project, edit: Callable[[Adjudication], None]) -> None:
    decisions = read_decisions(project.corpus, ARTICLE)
    edit(decisions)
    project.path(FILE).write_bytes(encode_decisions(decisions))


def decide(decisions: Adjudication) -> None:
    for difference in decisions.differences:
        difference.take, difference.reason = "anna", "It is right."


@pytest.fixture
def adjudicated(project: Project) -> Project:
    """A project whose gold of one article was adjudicated from anna and ben, who differ in a value and in a span."""
    labels = project.corpus.read_annotation("anna", ARTICLE)
    project.corpus.write_annotation("ben", msgspec.structs.replace(labels, annotator="ben"))
    change(project, "ben", change_span(6, attributes={"rank": "other"}))
    change(project, "ben", drop_span(9))
    for _ in ("spans", "relations"):
        planned = project.annotate("adjudicate", "plan", "--from", "anna,ben")
        assert planned.exit_code == 0, planned.output
        edit_decisions(project, decide)
    applied = project.annotate("adjudicate", "apply", "--as", "anna")
    assert applied.exit_code == 0, applied.output
    return project


def test_applied_decisions_have_no_finding(adjudicated: Project) -> None:
    assert find(adjudicated) == []


@pytest.mark.parametrize(
    ("edit", "words"),
    [
        (drop_span(0), "lacks Speaker@0-18 'The harbour master'"),
        (change_span(0, attributes={"rank": "hand"}), "has Speaker@0-18 with rank hand, and the labels and decisions"),
        (change_span(6, attributes={"rank": "other"}), "has Speaker@65-71 with rank other"),
        (lambda gold: msgspec.structs.replace(gold, relations=gold.relations[1:]), "lacks speaker: Verb@19-23 →"),
    ],
)
def test_a_change_of_gold_is_found(adjudicated: Project, edit: Change, words: str) -> None:
    change(adjudicated, GOLD, edit)
    [finding] = [each for each in find(adjudicated) if each.code == "C803"]
    assert words in finding.message


def test_ids_and_notes_of_gold_do_not_matter(adjudicated: Project) -> None:
    change(adjudicated, GOLD, change_span(4, note="Seen twice."))
    path = adjudicated.corpus.annotation_path(GOLD, ARTICLE)
    path.write_text(path.read_text("utf-8").replace('"s1"', '"t1"'), "utf-8")
    assert find(adjudicated) == []


def test_many_changes_of_gold_are_one_finding(adjudicated: Project) -> None:
    change(adjudicated, GOLD, lambda gold: msgspec.structs.replace(gold, spans=(), relations=()))
    [finding] = find(adjudicated)
    assert finding.message.startswith("differs from its decisions in 10 labels: lacks Speaker@0-18")


@pytest.mark.parametrize(
    ("edit", "code", "words"),
    [
        (lambda each: setattr(each.differences[0], "take", ""), "C801", "take is empty"),
        (lambda each: setattr(each.differences[0], "reason", ""), "C801", "reason is empty"),
        (lambda each: each.differences.pop(0), "C801", "lacks 1 difference between the labels: Speaker@65-71"),
        (lambda each: setattr(each.differences[0], "take", "ben"), "C803", "give other"),
        (lambda each: each.differences[0].versions.update(ben=["Speaker@65-71 (rank=master)"]), "C802", "quotes"),
        (lambda each: setattr(each, "text_sha256", "0" * 64), "C802", "another text"),
        (lambda each: setattr(each, "annotators", ["anna", "carla"]), "C802", "names carla in annotators"),
        (lambda each: setattr(each, "annotators", ["anna", "anna"]), "C802", "two or more different annotators"),
        (lambda each: each.agreed.update(spans=7), "C802", "agreed says 7 spans, and the labels have 8 alike"),
    ],
)
def test_a_change_of_decisions_is_one_finding(
    adjudicated: Project, edit: Callable[[Adjudication], None], code: str, words: str
) -> None:
    edit_decisions(adjudicated, edit)
    [finding] = find(adjudicated)
    assert (finding.code, words in finding.message) == (code, True), finding.message


def test_labels_that_changed_since_are_found(adjudicated: Project) -> None:
    change(adjudicated, "ben", change_span(6, attributes={"rank": "master"}))
    assert find_codes(adjudicated) == ["C802"]


def test_two_spans_that_no_decision_can_tell_apart_are_found(adjudicated: Project) -> None:
    def double(labels: Annotation) -> Annotation:
        first = labels.spans[0]
        again = msgspec.structs.replace(first, id="again", attributes={"rank": "hand"})
        return msgspec.structs.replace(labels, spans=(first, again, *labels.spans[1:]))

    change(adjudicated, "ben", double)
    messages = [finding.message for finding in find(adjudicated) if finding.code == "C802"]
    assert len(messages) == 1
    assert "'ben' has two spans" in messages[0]
    assert "which no decision can tell apart" in messages[0]


def test_a_correction_needs_a_reason(adjudicated: Project) -> None:
    value = yaml.safe_load(adjudicated.path(FILE).read_text("utf-8"))
    value["dropped_spans"] = [{"span": "Quay@41-50", "reason": ""}]
    adjudicated.path(FILE).write_text(yaml.safe_dump(value, allow_unicode=True), "utf-8")
    [finding] = find(adjudicated)
    assert finding.code == "C801"
    assert "dropped_spans: Quay@41-50 has no reason" in finding.message
    refused = adjudicated.annotate("adjudicate", "apply", "--as", "anna")
    assert (refused.exit_code, "has no reason" in refused.output) == (1, True)


def test_open_decisions_are_work_in_progress_until_gold_is_made_of_them(adjudicated: Project) -> None:
    edit_decisions(adjudicated, lambda each: setattr(each.differences[0], "take", ""))
    change(adjudicated, GOLD, lambda gold: msgspec.structs.replace(gold, made_from=("anna",), process="promoted"))
    assert find(adjudicated) == []
    edit_decisions(adjudicated, decide)
    assert find_codes(adjudicated) == ["C805"]


def test_labels_with_errors_are_not_compared(adjudicated: Project) -> None:
    path = adjudicated.corpus.annotation_path("ben", ARTICLE)
    path.write_text(path.read_text("utf-8").replace('"Verb"', '"Verbs"', 1), "utf-8")
    assert "C802" not in find_codes(adjudicated)


def test_a_waiver_and_a_selection_apply(adjudicated: Project) -> None:
    change(adjudicated, GOLD, change_span(0, attributes={"rank": "hand"}))
    checked = adjudicated.annotate("check", "--article", ARTICLE, "--format", "json")
    assert "C803" in {each["code"] for each in json.loads(checked.output)}
    other = adjudicated.annotate("check", "--article", "market", "--format", "json")
    assert "C803" not in {each["code"] for each in json.loads(other.output)}
    adjudicated.path("corpus/waivers.yaml").write_text("waivers:\n  - {code: C803, reason: Corrected by hand.}\n")
    assert find_codes(adjudicated) == []
    assert "waives no finding" not in adjudicated.annotate("check", "--article", "market").output
