"""Scores: precision and recall by hand, the same F1 as agreement's, and what the command does with bad folders."""

import json
from pathlib import Path

import pytest

from annotate.agreement.measure import measure_agreement
from annotate.agreement.report import ALL
from annotate.agreement.study import read_study
from annotate.corpus import Corpus
from annotate.inventory import Inventory, load
from annotate.scoring.score import Scores, score, tabulate_scores
from tests.agreement.helpers import TEXT, annotation, span
from tests.conftest import BASE, ROOT, Project, annotate

GOLD = "corpus/annotations/gold"
MASTER, SAID, CRATES = span("a", "Speaker", 0, 10), span("b", "Verb", 11, 15), span("c", "Load", 16, 25)


@pytest.fixture(scope="module")
def inventory() -> Inventory:
    return load(BASE / "schema")


def test_precision_and_recall_by_hand(inventory: Inventory) -> None:
    gold = annotation(MASTER, SAID, CRATES, ("speaker", "b", "a"))
    found = annotation(span("x", "Speaker", 4, 10), SAID, span("y", "Verb", 44, 50), ("speaker", "b", "x"))
    made = score(inventory, {"a": (TEXT, gold)}, {"a": found}, samples=10)
    rows = {row.name: row for row in made.labels}
    whole = rows[ALL]
    assert (whole.gold, whole.predicted) == (3, 3)
    assert [value.value for value in (whole.exact.precision, whole.exact.recall)] == [1 / 3, 1 / 3]
    assert [value.value for value in (whole.overlap.precision, whole.overlap.recall)] == [2 / 3, 2 / 3]
    verb = rows["Verb"].exact
    assert (verb.precision.value, verb.recall.value, verb.f1.value) == (1 / 2, 1, 2 / 3)
    assert (rows["Load"].exact.precision.note, rows["Load"].exact.recall.value) == ("nothing predicted", 0)
    speaker = next(row for row in made.relations if row.name == "speaker")
    assert (speaker.gold, speaker.predicted, speaker.all.f1.value) == (1, 1, 1)


def test_an_article_left_out_counts_as_nothing_found(inventory: Inventory) -> None:
    made = score(inventory, {"a": (TEXT, annotation(MASTER))}, {}, samples=10)
    assert made.unpredicted == ["a"]
    row = next(row for row in made.labels if row.name == "Speaker")
    assert (row.exact.recall.value, row.exact.f1.value, row.exact.precision.value) == (0, 0, None)


def test_f1_is_that_of_agreement() -> None:
    """The corpus's own versions: what a score and agreement both measure is the same number."""
    schema, corpus = load(ROOT / "schema"), Corpus(ROOT / "corpus")
    reader = corpus.versions()[-1]
    gold = {name: (corpus.read_text(name), corpus.read_annotation("gold", name)) for name in corpus.article_ids()}
    found = {name: corpus.read_annotation(reader, name) for name in gold}
    scores = score(schema, gold, found, samples=0)
    report = measure_agreement(read_study(corpus, schema, ["gold", reader]), samples=0)
    for ours, theirs in zip(scores.labels, report.labels, strict=True):
        assert (ours.exact.f1.value, ours.overlap.f1.value) == (theirs.exact.value, theirs.overlap.value)
    for arrow, other in zip(scores.relations, report.relations, strict=True):
        assert (arrow.all.f1.value, arrow.given_ends.value) == (other.all.value, other.given_ends.value)
    assert [row.name for row in scores.records] == list(schema.records)
    assert {table.name for table in tabulate_scores(scores)} >= {"labels", "relations", "records", "roles"}


def test_command_scores_folders_in_both_formats(project: Project) -> None:
    text = project.annotate("score", GOLD, "corpus/annotations/anna")
    assert text.exit_code == 0
    assert "all labels" in text.output
    result = project.annotate("score", GOLD, "corpus/annotations/anna", "--format", "json", "--out", "score.json")
    assert result.exit_code == 0
    scores = json.loads(project.path("score.json").read_bytes())
    assert set(scores) == set(Scores.__struct_fields__)
    assert scores["articles"] == ["harbour", "market"]


def test_command_says_what_it_did_not_score(project: Project) -> None:
    gold = project.path(GOLD) / "market.json"
    gold.unlink()
    project.replace("corpus/annotations/anna/harbour.json", '"attributes": {"rank": "master"}', '"attributes": {}')
    result = project.annotate("score", GOLD, "corpus/annotations/anna")
    assert result.exit_code == 0
    assert "not scored: market has no gold labels" in result.stderr
    assert "scored as it is" in result.stderr


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('"text_sha256": "', '"text_sha256": "00', "was made on another text"),
        ('"article": "harbour"', '"article": "pier"', "is of article 'pier'"),
        ('"start": ', '"start": 1', "its words do not stand at"),
        ('"spans": [', '"spans": 3, "x": [', "cannot be read"),
        ('"label": "Verb"', '"label": "Shout"', "no span label is called 'Shout'"),
        ('"label": "lies_at"', '"label": "sinks_at"', "no relation is called 'sinks_at'"),
    ],
)
def test_predictions_that_are_of_no_text_here_are_not_scored(project: Project, old: str, new: str, said: str) -> None:
    project.replace("corpus/annotations/anna/harbour.json", old, new)
    result = project.annotate("score", GOLD, "corpus/annotations/anna")
    assert result.exit_code == 2
    assert said in result.stderr
    assert result.stderr.count("\n") == 1


def test_an_empty_folder_is_not_scored(tmp_path: Path) -> None:
    result = annotate("score", GOLD, str(tmp_path))
    assert (result.exit_code, "holds no annotation files" in result.stderr) == (2, True)
