"""`annotate coverage --init`: the files of a corpus that has none, with the sentences of each article."""

import shutil

import pytest

from annotate.coverage import split_sentences
from tests.conftest import Project


@pytest.mark.parametrize(
    ("text", "sentences"),
    [
        ("One came. Two left!  Three?", ["One came.", "Two left!", "Three?"]),
        ("He said: “Stay.” Then he left.", ["He said: “Stay.”", "Then he left."]),
        ("It weighs approx. three tons. 9 crates (old ones.) Rain.", None),
        ("Title\n\n  First. \nno capital. and on", ["Title", "First.", "no capital. and on"]),
        ("夜の市電。よかった！（本当に？）また見る", ["夜の市電。", "よかった！", "（本当に？）", "また見る"]),
        ("3.5 m... and on. ¿Qué? Sí.", ["3.5 m... and on.", "¿Qué?", "Sí."]),
        ("", []),
        ("." * 50_000, ["." * 50_000]),
    ],
)
def test_text_is_split_into_sentences(text: str, sentences: list[str] | None) -> None:
    if sentences is None:
        sentences = ["It weighs approx. three tons.", "9 crates (old ones.)", "Rain."]
    assert [text[start:end] for start, end in split_sentences(text)] == sentences


def test_files_are_made_where_there_are_none(project: Project) -> None:
    """Regression: in a new corpus the command only said that there are no files."""
    shutil.rmtree(project.path("corpus/coverage"))
    none = project.annotate("coverage")
    assert (none.exit_code, none.output.count("\n")) == (2, 1)
    assert "run `annotate coverage --init`" in none.output
    made = project.annotate("coverage", "--init")
    assert made.exit_code == 1, made.output
    assert "C203" in project.annotate("check").output
    shutil.rmtree(project.path("corpus/coverage"))
    made = project.annotate("coverage", "--init", "--reason", "Nobody is quoted.")
    assert (made.exit_code, " 0 open" in made.output) == (0, True), made.output
    assert project.annotate("check", "--strict").exit_code == 0
    before = project.snapshot()
    assert project.annotate("coverage", "--init", "--reason", "Another.").exit_code == 0
    assert project.snapshot() == before


@pytest.mark.parametrize(
    ("words", "problem"),
    [
        (["--reason", "x"], "--reason: goes with --init; write one line"),
        (["--init", "--reason", " "], "--reason: has no words"),
        (["--init", "--reason", "a\nb"], "--reason: has no words, or some that cannot be printed"),
    ],
)
def test_reason_is_one_line_of_new_files(project: Project, words: list[str], problem: str) -> None:
    before = project.snapshot()
    result = project.annotate("coverage", *words)
    assert (result.exit_code, result.output.count("\n")) == (2, 1)
    assert problem in result.output
    assert project.snapshot() == before


def test_corpus_without_gold_says_how_to_make_it(project: Project) -> None:
    shutil.rmtree(project.path("corpus/coverage"))
    shutil.rmtree(project.path("corpus/annotations/gold"))
    result = project.annotate("coverage", "--init")
    assert (result.exit_code, "annotations/gold: has no labels; make some with" in result.output) == (2, True)
