"""`annotate score` on folders of annotation files."""

import json
from pathlib import Path

import pytest

from annotate.scoring.score import Scores
from tests.conftest import Project, annotate

GOLD = "corpus/annotations/gold"


def test_folders_are_scored_in_both_formats(project: Project) -> None:
    text = project.annotate("score", GOLD, "corpus/annotations/anna")
    assert text.exit_code == 0
    assert "all labels" in text.output
    result = project.annotate("score", GOLD, "corpus/annotations/anna", "--format", "json", "--out", "score.json")
    assert result.exit_code == 0
    scores = json.loads(project.path("score.json").read_bytes())
    assert set(scores) == set(Scores.__struct_fields__)
    assert scores["articles"] == ["harbour", "market"]


def test_output_names_what_is_not_scored(project: Project) -> None:
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
        ('"start": ', '"start": 1', "its text differs from the article at"),
        ('"spans": [', '"spans": 3, "x": [', "cannot be read"),
        ('"label": "Verb"', '"label": "Shout"', "unknown span label 'Shout'"),
        ('"label": "lies_at"', '"label": "sinks_at"', "unknown relation label 'sinks_at'"),
    ],
)
def test_predictions_that_do_not_fit_are_one_line(project: Project, old: str, new: str, said: str) -> None:
    project.replace("corpus/annotations/anna/harbour.json", old, new)
    result = project.annotate("score", GOLD, "corpus/annotations/anna")
    assert result.exit_code == 2
    assert said in result.stderr
    assert result.stderr.count("\n") == 1


def test_empty_folder_is_an_error(tmp_path: Path) -> None:
    result = annotate("score", GOLD, str(tmp_path))
    assert (result.exit_code, "holds no annotation files" in result.stderr) == (2, True)


def test_gold_with_a_value_that_the_inventory_lacks_is_refused(project: Project) -> None:
    """Regression: after a value was renamed in labels.yaml alone, its attribute was scored as if it were one more."""
    project.replace("schema/labels.yaml", "hand: works", "sailor: works")
    result = project.annotate("score", "corpus/annotations/anna", "corpus/annotations/anna")
    assert (result.exit_code, result.stdout) == (2, ""), result.output
    assert "has names that the inventory lacks: 1 value 'hand' of 'rank'" in result.stderr
