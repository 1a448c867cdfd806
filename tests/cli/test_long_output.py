"""Lists with an entry for each article: the totals come first, and what is cut is counted."""

import json
import shutil

import msgspec
import pytest
from click.testing import Result

from tests.conftest import Project

COPIES = 24


@pytest.fixture
def large(project: Project) -> Project:
    """A corpus in which 24 more articles have the labels of one, by all annotators."""
    text = project.path("corpus/articles/harbour.txt").read_text("utf-8")
    files = [
        project.path("corpus/articles/harbour.json"),
        *project.root.glob("corpus/annotations/*/harbour.json"),
        *project.root.glob("corpus/coverage/harbour.json"),
    ]
    for number in range(COPIES):
        name = f"pier-{number:02}"
        project.path(f"corpus/articles/{name}.txt").write_text(text, "utf-8", newline="")
        for file in files:
            copy = file.read_text("utf-8").replace('"harbour"', f'"{name}"')
            file.with_name(f"{name}.json").write_text(copy, "utf-8", newline="")
    return project


def test_coverage_begins_with_totals_and_shows_what_is_open_first(large: Project) -> None:
    path = large.path("corpus/coverage/pier-23.json")
    path.write_text(path.read_text("utf-8").replace('": 1', '": 9', 1), "utf-8")
    cut, complete = large.annotate("coverage"), large.annotate("coverage", "--all")
    lines = cut.stdout.splitlines()
    every = [line for line in complete.stdout.splitlines() if not line.startswith(" ")]
    assert lines[0].startswith(f"{len(every)} articles: ")
    assert lines[0].endswith("counts of 1 article are stale")
    assert lines[1].startswith("pier-23: ")
    assert lines[-1] == f"… {len(every) - 20} more articles (--all)"
    assert len([line for line in lines if not line.startswith(" ")]) == 22
    assert every == sorted(every)
    assert (cut.exit_code, complete.exit_code) == (1, 1)


def test_coverage_of_a_few_articles_has_no_totals(project: Project) -> None:
    result = project.annotate("coverage")
    assert result.stdout == project.annotate("coverage", "--all").stdout
    assert "more" not in result.stdout


def test_a_diff_counts_all_changes_and_lists_the_first(large: Project) -> None:
    shutil.copytree(large.path("corpus"), large.path("old/corpus"))
    shutil.copytree(large.path("schema"), large.path("old/schema"))
    for path in large.root.glob("corpus/annotations/anna/pier-*.json"):
        path.unlink()
    cut, complete = large.annotate("diff", "old", "corpus"), large.annotate("diff", "old", "corpus", "--all")
    assert cut.stdout.splitlines()[-1] == f"… {COPIES - 20} more articles (--all)"
    assert [cut.stdout.count("annotations/anna/"), complete.stdout.count("annotations/anna/")] == [20, COPIES]
    summary = cut.stdout.partition("\npier-00\n")[0]
    assert complete.stdout.startswith(summary)
    large.annotate("diff", "old", "corpus", "--out", "changes.txt")
    assert large.path("changes.txt").read_text("utf-8") == complete.stdout


def test_agreement_by_article_is_cut_as_text_alone(large: Project) -> None:
    for path in large.root.glob("corpus/annotations/anna/*.json"):
        copy = large.path(f"corpus/annotations/ben/{path.name}")
        copy.parent.mkdir(exist_ok=True)
        copy.write_text(path.read_text("utf-8").replace('"anna"', '"ben"'), "utf-8", newline="")
    article_count = len(large.corpus.annotated_ids("anna"))
    words = ("agree", "--by-article", "--samples", "0")
    cut, complete = large.annotate(*words), large.annotate(*words, "--all")
    csv = large.annotate(*words, "--format", "csv")
    assert f"… {article_count - 20} more articles (--all)" in cut.stdout
    assert "more articles" not in complete.stdout + csv.stdout
    assert "pier-23" not in cut.stdout
    assert "pier-23" in complete.stdout
    assert "pier-23" in csv.stdout


def assert_cut(cut: Result, complete: Result, beginning: str, noun: str = "article", number: int = COPIES) -> None:
    """Assert that one output has the first 20 lines of a list below the numbers, and another one all of them."""
    assert (cut.exit_code, complete.exit_code) == (0, 0), cut.output
    lines, every = cut.stdout.splitlines(), complete.stdout.splitlines()
    assert (lines[0], every[0]) == (beginning, beginning)
    assert lines[:21] == every[:21]
    assert lines[21] == f"… {number - 20} more {noun}s (--all)"
    assert len(every) - len(lines) == number - 21


def test_add_begins_with_the_number_of_articles(project: Project) -> None:
    for number in range(COPIES):
        project.path(f"cart-{number:02}.txt").write_text(f"Cart {number:02} was at the quay.\n")
    words = ("add", *(f"cart-{number:02}.txt" for number in range(COPIES)), "--language", "en")
    first = project.annotate(*words)
    assert first.stdout.splitlines()[0] == f"{COPIES} articles added: {COPIES * 24} characters"
    assert first.stdout.splitlines()[-1] == "… 4 more articles (--all)"
    again = project.annotate(*words, "--all")
    assert again.stdout.splitlines()[0].startswith(f"0 articles added, {COPIES} in the corpus already")
    assert len(again.stdout.splitlines()) == COPIES + 1
    assert again.exit_code == 1


def test_corrected_sources_are_counted_up_to_an_error(project: Project) -> None:
    project.path("new").mkdir()
    shutil.copy(project.path("corpus/sources/port.txt"), project.path("new/port.txt"))
    result = project.annotate("add", "new/port.txt", "new/gone.txt", "--replace")
    assert result.exit_code == 2
    assert "harbour: the text is the same" in result.stdout
    assert "new/gone.txt" in result.stderr


def test_doubts_are_cut_by_label_as_text_alone(large: Project) -> None:
    for article_id in large.corpus.annotated_ids("anna"):
        labels = large.corpus.read_annotation("anna", article_id)
        spans = tuple(msgspec.structs.replace(span, note=f"why {span.label}") for span in labels.spans)
        large.corpus.write_annotation("anna", msgspec.structs.replace(labels, spans=spans))
    cut, complete = large.annotate("doubts", "--annotators", "anna"), large.annotate("doubts", "--all")
    doubts = json.loads(large.annotate("doubts", "--format", "json").stdout)
    names = [doubt["label"] for doubt in doubts]
    assert cut.stdout.startswith(f"{len(doubts)} notes: {max(names, key=names.count)} × ")
    for label in set(names):
        number = names.count(label)
        assert cut.stdout.count(f"why {label} ") == min(number, 20)
        assert complete.stdout.count(f"why {label} ") == number
        assert (f"… {number - 20} more {label} (--all)" in cut.stdout) == (number > 20)


def test_adjudication_begins_with_the_number_of_differences(large: Project) -> None:
    shutil.rmtree(large.path("corpus/annotations/ben"), ignore_errors=True)
    for article_id in large.corpus.annotated_ids("anna"):
        if article_id.startswith("pier-"):
            labels = large.corpus.read_annotation("anna", article_id)
            large.corpus.write_annotation("ben", msgspec.structs.replace(labels, annotator="ben"))
    words = ("adjudicate", "plan", "--from", "anna,ben")
    beginning = f"{COPIES} articles: 0 differences decided, 0 open"
    assert_cut(large.annotate(*words), large.annotate(*words, "--all"), beginning)
    made = large.annotate("adjudicate", "apply", "--as", "ben")
    complete = large.annotate("adjudicate", "apply", "--as", "ben", "--all")
    assert_cut(made, complete, f"{COPIES} articles: {COPIES * 10} spans and {COPIES * 6} relations in gold/")


def test_promotion_counts_each_outcome(large: Project) -> None:
    for path in large.root.glob("corpus/annotations/gold/pier-*.json"):
        path.unlink()
    count = len(large.corpus.annotated_ids("anna"))
    words = ("adjudicate", "promote", "anna", "--plan")
    cut, complete = large.annotate(*words), large.annotate(*words, "--all")
    assert cut.stdout.startswith(f"{count} articles: {count - COPIES} left alone, {COPIES} to be promoted\n")
    assert "… 4 more articles to be promoted (--all)" in cut.stdout
    assert complete.stdout.count(": to be promoted") == COPIES
    assert "more articles" not in complete.stdout


def test_split_cuts_bonds_and_lists_of_articles(large: Project) -> None:
    shutil.rmtree(large.path("corpus/splits"), ignore_errors=True)
    cut, complete = large.annotate("split"), large.annotate("split", "--all")
    bonds = json.loads(large.annotate("split", "--format", "json").stdout)["bonds"]
    assert len(bonds) > 20
    assert cut.stdout.splitlines()[0] == f"{len(bonds)} pairs of articles that stay together"
    assert cut.stdout.splitlines()[21] == f"… {len(bonds) - 20} more pairs (--all)"
    assert complete.stdout.count(" stay together: ") == len(bonds)
    new = next(line for line in cut.stdout.splitlines() if "pier-00" in line and " new: " in line)
    assert "more articles (--all)" in new
    assert "pier-23" not in new
