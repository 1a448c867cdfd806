"""`annotate score` says where gold and the predictions come from the same labels."""

import json
from typing import Any

import msgspec
import pytest

from annotate import score
from annotate.corpus import encode_annotation
from annotate.model import Process
from tests.conftest import Project

GOLD = "corpus/annotations/gold"


def write(project: Project, folder: str, annotator: str, process: Process = "single pass", *made_from: str) -> None:
    for article_id in ("harbour", "market"):
        own = project.corpus.read_annotation("anna", article_id)
        labels = msgspec.structs.replace(own, annotator=annotator, process=process, made_from=made_from, origins={})
        path = project.path(f"{folder}/{article_id}.json")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(encode_annotation(labels))


def shared(project: Project, gold: str, predictions: str) -> list[Any]:
    done = project.annotate("score", gold, predictions, "--samples", "0", "--format", "json")
    assert done.exit_code == 0, done.output
    return [(each["annotation_set"], each["is_scored"]) for each in json.loads(done.stdout)["shared"]]


def test_gold_that_was_made_from_what_is_scored(project: Project) -> None:
    assert shared(project, GOLD, "corpus/annotations/anna") == [("anna", True)]
    write(project, "out/x", "model-x")
    assert shared(project, GOLD, "out/x") == []
    write(project, "corpus/annotations/anna", "anna", "corrected", "model-x")
    assert shared(project, GOLD, "out/x") == [("model-x", True)]
    write(project, "out/y", "model-y")
    assert shared(project, GOLD, "out/y") == [("model-x", False)]
    write(project, "out/z", "model-z", "corrected", "gold")
    assert shared(project, GOLD, "out/z") == [("anna", True), ("gold", True), ("model-x", True)]


def test_text_names_whose_labels_they_are_and_where(project: Project) -> None:
    write(project, "corpus/annotations/anna", "anna", "corrected", "model-x")
    write(project, "out/x", "model-x")
    write(project, "out/y", "model-y")
    text = project.annotate("score", GOLD, "out/x", "--samples", "0").stdout
    where = "2 articles (harbour, market)"
    high = f"scores are too high: gold and the predictions both come from the labels of model-x in {where}"
    assert f"\n{high}\n" in text
    text = project.annotate("score", GOLD, "out/y", "--compare", "out/x", "--samples", "0").stdout
    assert f"\nA: gold of {where} began with labels of model-x, whose own scores would be too high\n" in text
    assert f"\nB: {high}\n" in text


@pytest.mark.parametrize("corpus", ["corpus", "nowhere"])
def test_dataset_says_what_its_gold_was_made_from(project: Project, corpus: str) -> None:
    """Without a corpus, what that was made from in turn is not known."""
    write(project, "corpus/annotations/anna", "anna", "corrected", "model-x")
    project.annotate("build", "--out", "ds", "--schema", "schema")
    write(project, "anna", "anna")
    found = shared_of_dataset(project, corpus)
    assert found == ([("anna", True), ("model-x", False)] if corpus == "corpus" else [("anna", True)])


def shared_of_dataset(project: Project, corpus: str) -> list[Any]:
    done = project.annotate("score", "ds", "anna", "--samples", "0", "--format", "json", "--corpus", corpus)
    assert done.exit_code == 0, done.output
    return [(each["annotation_set"], each["is_scored"]) for each in json.loads(done.stdout)["shared"]]


def test_library_says_it_too(project: Project) -> None:
    own = {name: project.corpus.read_annotation("anna", name) for name in ("harbour", "market")}
    scores = score(project.corpus, project.inventory, own, samples=0)
    assert [(each.annotation_set, each.articles) for each in scores.shared] == [("anna", ["harbour", "market"])]
