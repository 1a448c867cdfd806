"""Errors in one annotator's labels are warnings, so that nobody else is stopped; those in gold stay errors."""

import json
from pathlib import Path

import pytest
import yaml

import annotate
from annotate.checks import CATALOGUE
from annotate.cli.findings_output import FORMATS
from annotate.errors import CannotRun
from tests.conftest import Project

HARBOUR = "annotations/anna/harbour.json"
WORDS = '{"label": "words", "head": "s2", "tail": "s3"},\n'
"""The line of a relation without which a Verb has no Words, and the Words no Verb."""
NOTE = "2 errors in the labels of anna count as warnings."


def forget_words(project: Project, annotation_set: str = "anna") -> Project:
    """Remove the relation from a Verb to its Words."""
    project.replace(f"corpus/annotations/{annotation_set}/harbour.json", WORDS, "")
    return project


def waive(project: Project, **waiver: object) -> None:
    entry = {"reason": "She is being trained.", **waiver}
    project.path("corpus/waivers.yaml").write_text(yaml.safe_dump({"waivers": [entry]}))


def severities(project: Project, **options: object) -> list[tuple[str, str, str, bool]]:
    findings = annotate.check(project.corpus, project.inventory, **options)  # type: ignore[arg-type]
    return [(finding.code, finding.severity, finding.file, finding.downgraded) for finding in findings]


def test_a_mistake_in_a_personal_pass_is_a_warning(project: Project) -> None:
    forget_words(project)
    assert severities(project) == [("R105", "warning", HARBOUR, True), ("R107", "warning", HARBOUR, True)]
    checked = project.annotate("check")
    assert checked.exit_code == 0
    assert checked.output.splitlines()[-2] == NOTE


def test_it_is_an_error_where_it_is_asked_for(project: Project) -> None:
    forget_words(project)
    strict = project.annotate("check", "--strict")
    assert (strict.exit_code, NOTE in strict.output) == (1, True)
    own = project.annotate("check", "--annotator", "anna", "--annotator", "gold")
    assert (own.exit_code, NOTE in own.output) == (1, False)
    assert severities(project, annotators=["anna"]) == [
        ("R105", "error", HARBOUR, False),
        ("R107", "error", HARBOUR, False),
    ]


def test_the_errors_of_another_annotator_stay_warnings(project: Project) -> None:
    forget_words(project)
    labels = project.path("corpus/annotations/anna/harbour.json").read_text().replace('"anna"', '"ben"')
    project.path("corpus/annotations/ben").mkdir()
    project.path("corpus/annotations/ben/harbour.json").write_text(labels)
    assert project.annotate("check").output.splitlines()[-2] == "4 errors in the labels of anna, ben count as warnings."
    checked = project.annotate("check", "--annotator", "ben")
    assert (checked.exit_code, NOTE in checked.output) == (1, True)


def test_an_annotator_without_labels_is_named(project: Project) -> None:
    refused = project.annotate("check", "--annotator", "anne")
    assert refused.exit_code == 2
    assert refused.stderr == "annotate: corpus/annotations: has no labels by 'anne'; choose from: anna, gold\n"
    with pytest.raises(CannotRun):
        annotate.check(project.corpus, project.inventory, annotators=["anne"])


def test_gold_stays_strict(project: Project) -> None:
    forget_words(project, "gold")
    assert project.annotate("check").exit_code == 1
    assert {severity for _, severity, _, _ in severities(project)} == {"error"}


@pytest.mark.parametrize(
    ("old", "new", "code"),
    [
        ('"text": "said"', '"text": "sang"', "P103"),
        ('"label": "Verb"', '"label": "Word"', "P201"),
        (', "attributes": {"rank": "master"}', "", "P204"),
        ("{", "", "S102"),
    ],
)
def test_what_cannot_be_waived_stays_an_error_in_every_pass(project: Project, old: str, new: str, code: str) -> None:
    project.replace(f"corpus/{HARBOUR}", old, new)
    assert (code, "error", HARBOUR, False) in severities(project)
    assert project.annotate("check").exit_code == 1


def test_unreadable_labels_stay_an_error(project: Project, tmp_path: Path) -> None:
    path = project.path(f"corpus/{HARBOUR}")
    path.rename(tmp_path / "elsewhere.json")
    path.symlink_to(tmp_path / "elsewhere.json")
    assert ("S108", "error", HARBOUR, False) in severities(project)


def test_a_waiver_has_the_last_word(project: Project) -> None:
    forget_words(project)
    waive(project, code="R105", annotators=["anna"])
    assert severities(project) == [("R107", "warning", HARBOUR, True)]
    assert severities(project, annotators=["anna"]) == [("R107", "error", HARBOUR, False)]
    waive(project, code="R105", severity="warning")
    assert severities(project, annotators=["anna"])[0] == ("R105", "warning", HARBOUR, False)
    waive(project, code="R105", severity="error")
    assert severities(project)[0] == ("R105", "error", HARBOUR, False)


def test_every_format_has_the_severity(project: Project) -> None:
    forget_words(project)
    outputs = {format_: project.annotate("check", "--format", format_).output for format_ in FORMATS}
    assert [(each["severity"], each["downgraded"]) for each in json.loads(outputs["json"])] == [("warning", True)] * 2
    assert [each["level"] for each in json.loads(outputs["sarif"])["runs"][0]["results"]] == ["warning"] * 2
    assert [line.partition(" ")[0] for line in outputs["github"].splitlines()] == ["::warning"] * 2


def test_agreement_is_measured_as_before(project: Project) -> None:
    words = ("agree", "--with-gold", "--samples", "0", "--format", "json")
    before = json.loads(project.annotate(*words).output)
    forget_words(project)
    after = project.annotate(*words)
    assert after.exit_code == 0, after.output
    assert json.loads(after.output)["labels"] == before["labels"]


def test_some_rules_that_cannot_be_waived_are_about_annotations() -> None:
    """The tests above depend on it."""
    waivable = {rule.code: rule.waivable for rule in CATALOGUE}
    assert [waivable[code] for code in ("P103", "P201", "P204", "S102", "S108", "R105")] == [False] * 5 + [True]
