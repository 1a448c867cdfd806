"""`annotate score` on folders of annotation files."""

import json
from pathlib import Path

import msgspec
import pytest

from annotate.model import Annotation
from annotate.scoring.packed_annotations import PackedAnnotation
from annotate.scoring.score import Scores
from tests.conftest import Project, annotate
from tests.operations import LINEAR, count_calls

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


def copy_articles(project: Project, number: int) -> None:
    """Add copies of an article with the labels of anna and gold; one in three of anna's breaks a rule."""
    corpus = project.corpus
    article = corpus.read_article("harbour")
    versions = {name: corpus.read_annotation(name, "harbour") for name in ("gold", "anna")}
    for copy in range(number):
        copy_id = f"copy-{copy:03}"
        corpus.write_article(msgspec.structs.replace(article, id=copy_id))
        for name, labels in versions.items():
            spans = labels.spans
            if name == "anna" and copy % 3 == 0:
                spans = tuple(msgspec.structs.replace(span, attributes={}) for span in spans)
            corpus.write_annotation(name, msgspec.structs.replace(labels, article=copy_id, spans=spans))


@pytest.mark.parametrize("broken", ["", "corpus/annotations/anna/copy-021.json", f"{GOLD}/copy-021.json"])
def test_processes_read_what_one_does(project: Project, monkeypatch: pytest.MonkeyPatch, broken: str) -> None:
    copy_articles(project, 44)
    if broken:
        project.replace(broken, '"start": ', '"start": 1')
    words = ("score", GOLD, "corpus/annotations/anna", "--format", "json", "--samples", "20", "--all")
    alone = project.annotate(*words)
    assert alone.exit_code == (2 if broken else 0)
    for module in ("prediction_files", "score_counts"):
        monkeypatch.setattr(f"annotate.scoring.{module}.ENOUGH", 1)
        monkeypatch.setattr(f"annotate.scoring.{module}.count_cores", lambda: 2)
    together = project.annotate(*words)
    assert (together.exit_code, together.stdout, together.stderr) == (alone.exit_code, alone.stdout, alone.stderr)
    assert ("scored as it is" in alone.stderr) is ("gold" not in broken)


def test_the_cost_of_articles_is_linear(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each annotation is decoded once from its file; its bytes are read for counts and for shared labels."""
    original, unpacked = PackedAnnotation.unpack, list[PackedAnnotation]()

    def unpack(packed: PackedAnnotation) -> Annotation:
        unpacked.append(packed)
        return original(packed)

    monkeypatch.setattr(PackedAnnotation, "unpack", unpack)
    costs = list[tuple[int, int]]()
    for number in (20, 40):
        copy_articles(project, number)
        unpacked.clear()
        words = ("score", GOLD, "corpus/annotations/anna", "--samples", "0")
        calls = count_calls(lambda: project.annotate(*words))  # noqa: B023 - called at once
        costs.append((calls, len(unpacked)))
    articles = 40 + 2  # those of the project
    assert costs[1][1] <= 4 * articles + 4
    assert 0 < costs[1][0] <= LINEAR * costs[0][0]
