"""Reviewers' questions are answered from the files of a corpus; what no file says is a gap."""

import re
import shutil
from pathlib import Path

import pytest

from annotate.corpus import Corpus
from annotate.inventory import load_inventory
from annotate.release.checklist_report import ChecklistReport, make_report
from annotate.release.checklists import ARR, CHECKLISTS, DATASHEET
from tests.conftest import ROOT, Project, annotate
from tests.release.conftest import CITATION

STATEMENT = "curation_rationale: All news of the port.\nunsuitable_uses: To count crates. There are {spans} spans.\n"


@pytest.fixture(scope="module")
def report() -> ChecklistReport:
    return make_report(Corpus(ROOT / "corpus"), load_inventory(ROOT / "schema"), ROOT / "guidelines")


def test_each_question_has_an_answer_or_a_gap(report: ChecklistReport) -> None:
    assert list(report.checklists) == list(CHECKLISTS) == [ARR, DATASHEET]
    for questions in report.checklists.values():
        for question, answers, gaps in questions:
            assert len(answers) + len(gaps) == len(question.facts)
            assert all((ROOT / answer.file).exists() or answer.file == "guidelines" for answer in answers)
    open_questions = [item for items in report.gaps.values() for item in items]
    assert open_questions
    assert all(gap.problem for gap in report.gaps)


def test_figures_are_those_of_the_statement_on_the_card(report: ChecklistReport, tmp_path: Path) -> None:
    out = tmp_path / "out"
    assert annotate("build", "--out", str(out)).exit_code == 0
    card = (out / "README.md").read_text("utf-8")
    texts = {answer.text for questions in report.checklists.values() for one in questions for answer in one.answers}
    for heading in ("text_characteristics", "process"):
        text = next(text for text in texts if text.startswith(Corpus(ROOT / "corpus").read_statement()[heading][:40]))
        assert "{" not in text
        assert " ".join(text.split())[-30:] in card


def test_what_a_corpus_does_not_say_is_a_gap(project: Project) -> None:
    first = project.annotate("release", "report")
    assert first.exit_code == 0, first.output
    for gap in (
        "CITATION.cff: names no licence of the labels; add `license`",
        "CITATION.cff: names no authors; add `authors`",
        "corpus/statement.yaml: says nothing of `curation_rationale`; write a sentence under this key",
        "guidelines: does not hold a page for each label",
    ):
        assert gap in first.output
    assert project.annotate("release", "report", "--strict").exit_code == 1
    project.path("corpus/statement.yaml").write_text(STATEMENT)
    project.path("CITATION.cff").write_text(CITATION)
    second = project.annotate("release", "report")
    assert "names no licence" not in second.output
    assert "All news of the port. (corpus/statement.yaml)" in second.output
    assert re.search(r"Not suitable: To count crates\. There are [1-9]\d* spans\.", second.output)
    assert "Labels and guidelines: CC BY 4.0" in second.output


def test_payment_is_asked_where_people_labelled(project: Project) -> None:
    assert any(annotator.kind == "person" for annotator in project.corpus.read_annotators().values())
    output = project.annotate("release", "report").output
    assert "does not say how annotators were treated (recruitment and payment)" in output
    text = project.path("corpus/annotators.yaml").read_text("utf-8")
    project.path("corpus/annotators.yaml").write_text(text.replace("kind: person", "kind: model"))
    output = project.annotate("release", "report").output
    assert "Does not apply: no annotator is a person." in output


@pytest.mark.parametrize("format_", ["md", "html"])
def test_a_report_goes_to_a_file(project: Project, format_: str) -> None:
    project.path("corpus/statement.yaml").write_text("limits: 'Nothing <b>bold</b> *is* here.'\n")
    result = project.annotate("release", "report", "--format", format_, "--out", "report", "--strict")
    assert result.exit_code == 1, result.output
    text = project.path("report").read_text("utf-8")
    assert ("&lt;b&gt;bold" in text) if format_ == "html" else (r"\<b\>bold" in text and r"\*is\*" in text)
    assert "Gaps" in text


def test_a_corpus_without_gold_or_with_a_broken_file_is_one_line(project: Project) -> None:
    project.path("corpus/statement.yaml").write_text("limits: About {sapns} spans.\n")
    broken = project.annotate("release", "report", "--out", "report")
    assert (broken.exit_code, broken.output.count("\n")) == (2, 1), broken.output
    assert "unknown figure 'sapns'" in broken.output
    project.path("corpus/statement.yaml").unlink()
    shutil.rmtree(project.path("corpus/annotations/gold"))
    none = project.annotate("release", "report", "--out", "report")
    assert (none.exit_code, none.output.count("\n")) == (2, 1), none.output
    assert "has no gold labels" in none.output
    assert not project.path("report").exists()
