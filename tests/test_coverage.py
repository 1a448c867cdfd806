"""`annotate coverage --init`: the files of a corpus that has none, with the sentences of each article."""

import shutil

import msgspec
import pytest

from annotate.corpus import Corpus
from annotate.coverage import draft_coverage, split_sentences, update_coverage
from annotate.inventory import load_inventory
from annotate.model import GOLD, Span
from tests.conftest import ROOT, Project
from tests.names import named_inventory
from tests.operations import LINEAR, count_calls


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


def test_labels_of_sentences_are_counted_in_linear_time() -> None:
    """Regression: each sentence looked at all spans."""

    def count_operations(number: int) -> int:
        text = "One word. " * number
        article = msgspec.structs.replace(Corpus(ROOT / "corpus").read_article("syria-fronts"), text=text)
        spans = tuple(
            Span(id=f"s{at}", label="Load", start=10 * at, end=10 * at + 3, text="One") for at in range(number)
        )
        gold = msgspec.structs.replace(Corpus(ROOT / "corpus").read_annotation(GOLD, "syria-fronts"), spans=spans)
        return count_calls(lambda: draft_coverage(article, gold, named_inventory(), None))

    assert count_operations(200) <= LINEAR * count_operations(100)


def test_a_sentence_that_does_not_change_is_kept() -> None:
    """Regression: a text of 50 MB took 1.4 GB, since each of its sentences was made anew each time it was counted."""
    corpus = Corpus(ROOT / "corpus")
    coverage, gold = corpus.read_coverage("syria-fronts"), corpus.read_annotation(GOLD, "syria-fronts")
    updated = update_coverage(coverage, gold, load_inventory(ROOT / "schema"))
    assert all(new is old for new, old in zip(updated.sentences, coverage.sentences, strict=True))
