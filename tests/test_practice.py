"""Practice texts: labels named by their words, checked like gold."""

from pathlib import Path

import pytest

from annotate.checks import check
from annotate.checks.annotations import find_errors
from annotate.corpus import Corpus
from annotate.errors import CannotRun
from annotate.inventory import Inventory
from annotate.practice import read_practice_texts
from tests.conftest import ROOT, Project
from tests.service.practice import PRACTICE, TEXT, TITLE, write_practice


def test_labels_are_at_their_words(project: Project) -> None:
    write_practice(project)
    texts = read_practice_texts(project.path("guidelines"), project.inventory)
    assert list(texts) == ["practice-barrels"]
    article, gold, problems = texts["practice-barrels"]
    assert (article.title, article.text, problems) == (TITLE, TEXT, [])
    assert [TEXT[span.start : span.end] for span in gold.spans] == [span.text for span in gold.spans]
    said = next(span for span in gold.spans if span.label == "Verb")
    assert said.start == TEXT.index("said")
    assert {span.note for span in gold.spans} == {"", "The whole clause <b>without</b> the full stop."}
    assert find_errors(gold, TEXT, project.inventory) == []
    assert list(check(project.corpus, project.inventory, folders=(str(project.path("guidelines")),))) == []


def test_no_folder_has_no_texts(project: Project) -> None:
    assert read_practice_texts(project.path("guidelines"), project.inventory) == {}


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("quote: A hand", "quote: The hand", "span 'hand': the text does not have 'The hand'"),
        ("quote: A hand", "quote: a hand", "span 'hand': the text has 'A hand', not 'a hand'"),
        (", occurrence: 1", "", "span 'said': the text has 'said' 2 times, and no occurrence is given"),
        ("occurrence: 1", "occurrence: 3", "span 'said': the text has 'said' 2 times, not 3"),
        ("tail: hand", "tail: nobody", "a relation 'speaker' names 'nobody', which no span has as its id"),
        ("title:", "titel:", "the whole file: "),
    ],
)
def test_fault_is_reported_by_check_and_refused_by_commands(project: Project, old: str, new: str, message: str) -> None:
    assert old in PRACTICE
    write_practice(project, PRACTICE.replace(old, new, 1))
    findings = list(check(project.corpus, project.inventory, folders=(str(project.path("guidelines")),)))
    assert any(message in finding.message for finding in findings), findings
    assert {Path(finding.file).name for finding in findings} == {"barrels.yaml"}
    with pytest.raises(CannotRun) as error:
        read_practice_texts(project.path("guidelines"), project.inventory)
    assert message.removesuffix("the whole file: ") in str(error.value)


def test_labels_break_no_rule_unnoticed(project: Project) -> None:
    """A finding has the line of its span in the file."""
    write_practice(project, PRACTICE.replace("rank: hand", "rank: cook"))
    (finding,) = check(project.corpus, project.inventory, folders=(str(project.path("guidelines")),))
    assert (finding.code, finding.severity, finding.line) == ("P203", "error", 4)


def test_name_of_a_file_is_an_id(project: Project) -> None:
    write_practice(project, name="Two Barrels")
    (finding,) = check(project.corpus, project.inventory, folders=(str(project.path("guidelines")),))
    assert (finding.code, finding.message.partition(";")[0]) == ("C508", "its name is not an id")


def test_link_is_not_followed(project: Project, tmp_path: Path) -> None:
    write_practice(project)
    outside = tmp_path / "outside.yaml"
    outside.write_text(PRACTICE, "utf-8")
    project.path("guidelines/practice/link.yaml").symlink_to(outside)
    assert list(read_practice_texts(project.path("guidelines"), project.inventory)) == ["practice-barrels"]
    findings = check(project.corpus, project.inventory, folders=(str(project.path("guidelines")),))
    assert [finding.code for finding in findings] == ["S108"]


def test_practice_texts_of_this_corpus_are_made_up(corpus: Corpus, labels: Inventory) -> None:
    """Each has gold without findings, and no sentence of an article; together they have every label but a few."""
    texts = read_practice_texts(ROOT / "guidelines", labels)
    assert len(texts) >= 8
    articles = [article.text for article in corpus.articles()]
    for article, gold, _ in texts.values():
        assert find_errors(gold, article.text, labels) == []
        assert not any(sentence in text for text in articles for sentence in article.text.split(". "))
    used = {span.label for text in texts.values() for span in text.gold.spans}
    assert labels.spans.keys() - used <= {"Place"}
