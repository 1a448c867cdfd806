"""Models, people and gold side by side: which pairs have rows, what they hold, and what is refused."""

import json
import random
from pathlib import Path
from typing import Any

import msgspec
import pytest

from annotate.agreement.model_labels import read_model_labels
from annotate.corpus import decode_annotation, encode_annotation
from annotate.errors import CannotRun
from annotate.model import Annotation
from tests.conftest import Project

LISTED = "  - {{id: {}, kind: {}, training: none, since: '2026-01-01'}}\n"
MODEL = "out/model"


def thin_out(annotation: Annotation, name: str, keep: float, seed: int) -> Annotation:
    """Return a copy by another annotator, without some of the spans."""
    generator = random.Random(seed)  # noqa: S311 - no secret
    spans = tuple(span for span in annotation.spans if generator.random() < keep)
    ids = {span.id for span in spans}
    relations = tuple(each for each in annotation.relations if {each.head, each.tail} <= ids)
    return msgspec.structs.replace(annotation, annotator=name, spans=spans, relations=relations)


def write(project: Project, folder: str, name: str, keep: float = 1, seed: int = 0) -> None:
    for article_id in ("harbour", "market"):
        path = project.path(f"{folder}/{article_id}.json")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(
            encode_annotation(thin_out(project.corpus.read_annotation("anna", article_id), name, keep, seed))
        )


@pytest.fixture
def team(project: Project) -> Project:
    """The corpus with two people, whose labels differ, and a model out of it."""
    listed = project.path("corpus/annotators.yaml")
    listed.write_text(listed.read_text() + LISTED.format("carla", "person"))
    write(project, "corpus/annotations/carla", "carla", 0.8, 1)
    write(project, MODEL, "model-x", 0.5, 2)
    return project


def measure(project: Project, *words: str) -> dict[str, Any]:
    done = project.annotate("agree", *words, "--samples", "50", "--format", "json")
    assert done.exit_code == 0, done.output
    report: dict[str, Any] = json.loads(done.stdout)
    return report


def test_model_is_compared_with_gold_and_people_and_these_with_each_other(team: Project) -> None:
    report = measure(team, "--model", MODEL, "--with-gold")
    assert report["kinds"] == {"anna": "person", "carla": "person", "gold": "gold", "model-x": "model"}
    pairs = {(row["first"], row["second"]): row for row in report["kind_pairs"]}
    assert list(pairs) == [
        ("model-x", "gold"),
        ("model-x", "anna"),
        ("model-x", "carla"),
        ("model-x", "all people"),
        ("anna", "gold"),
        ("carla", "gold"),
        ("all people", "gold"),
        ("anna", "carla"),
    ]
    assert pairs["anna", "gold"]["shared"] == 2
    assert pairs["model-x", "gold"]["shared"] == 0
    single, pooled = (pairs["model-x", name]["overlap"]["value"] for name in ("anna", "all people"))
    lowest, highest = sorted((single, pairs["model-x", "carla"]["overlap"]["value"]))
    assert lowest <= pooled <= highest
    exact, overlap = report["model_gaps"]
    assert (exact["measure"], overlap["measure"], overlap["articles"]) == ("exact", "overlap", 2)
    assert overlap["with_people"]["value"] == pytest.approx(pooled)
    assert overlap["among_people"]["value"] == pytest.approx(pairs["anna", "carla"]["overlap"]["value"])
    assert overlap["difference"]["value"] == pytest.approx(pooled - pairs["anna", "carla"]["overlap"]["value"])
    assert overlap["difference"]["low"] <= overlap["difference"]["value"] <= overlap["difference"]["high"]
    assert 0 < overlap["p"] <= 1


def test_intervals_are_those_of_score(team: Project) -> None:
    report = measure(team, "--model", MODEL, "--with-gold", "--annotators", "anna")
    row = next(row for row in report["kind_pairs"] if (row["first"], row["second"]) == ("model-x", "gold"))
    done = team.annotate("score", "corpus/annotations/gold", MODEL, "--samples", "50", "--format", "json")
    scored = next(each for each in json.loads(done.stdout)["labels"] if each["kind"] == "all")
    assert (row["exact"], row["overlap"]) == (scored["exact"]["f1"], scored["overlap"]["f1"])


def test_every_form_shows_the_kinds(team: Project) -> None:
    for format_, words in {
        "text": "Models, people and gold, all labels",
        "markdown": "## Models with people, next to people among themselves",
        "csv": 'kinds,"model-x, gold",kinds',
        "html": "Models: model-x. People: anna, carla.",
    }.items():
        done = team.annotate("agree", "--model", MODEL, "--with-gold", "--samples", "20", "--format", format_)
        assert (done.exit_code, words in done.stdout) == (0, True), (format_, done.output)


def test_without_a_model_nothing_is_added(team: Project) -> None:
    report = measure(team, "--with-gold")
    assert (report["kind_pairs"], report["model_gaps"]) == ([], [])


def test_copy_of_the_model_is_left_out(team: Project) -> None:
    for article_id in ("harbour", "market"):
        team.replace(
            f"corpus/annotations/carla/{article_id}.json",
            '"process": "single pass",\n"made_from": []',
            '"process": "corrected",\n"made_from": ["model-x"]',
        )
    report = measure(team, "--model", MODEL, "--annotators", "anna,carla")
    assert {each["annotator"] for each in report["dependent"]} == {"carla"}
    assert [(row["first"], row["second"]) for row in report["kind_pairs"]] == [("model-x", "anna")]


def break_name(project: Project, old: str, new: str) -> None:
    project.replace(f"{MODEL}/market.json", old, new)


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ('"annotator": "model-x"', '"annotator": "../x"', "which is no pseudonym"),
        ('"annotator": "model-x"', '"annotator": "model-y"', "is of model-y, and harbour.json of model-x"),
        ('"label": "Load"', '"label": "Cargo"', "names that the inventory lacks"),
        ('"article": "market"', '"article": "pier"', "is of article 'pier'"),
        ('"spans": [', '"spans": 3, "x": [', "cannot be read"),
    ],
)
def test_labels_that_do_not_fit_are_one_line(team: Project, old: str, new: str, words: str) -> None:
    write(team, MODEL, "model-x")
    break_name(team, old, new)
    done = team.annotate("agree", "--model", MODEL)
    assert (done.exit_code, done.stderr.count("\n"), words in done.stderr) == (2, 1, True), done.output


def test_name_of_other_labels_is_refused(team: Project) -> None:
    write(team, "out/anna", "anna")
    write(team, "out/again", "model-x")
    for words in (("--model", "out/anna"), ("--model", MODEL, "--model", "out/again")):
        done = team.annotate("agree", *words)
        assert (done.exit_code, "of whom there are other labels" in done.stderr) == (2, True), done.output


def test_folder_without_labels_is_one_line(team: Project, tmp_path: Path) -> None:
    done = team.annotate("agree", "--model", str(tmp_path))
    assert (done.exit_code, "holds no annotation files" in done.stderr) == (2, True), done.output


def test_labels_of_a_model_are_read_when_they_are_needed(team: Project) -> None:
    """Regression: the labels of all articles were in memory."""
    (labels,) = read_model_labels(team.corpus, team.inventory, [team.path(MODEL)]).values()
    (article_id, *_) = labels
    path = team.path(f"{MODEL}/{article_id}.json")
    assert labels[article_id] == decode_annotation(path, path.read_bytes())
    assert len(labels) == len([*labels])
    assert labels[article_id] is not labels[article_id]
    path.unlink()
    with pytest.raises(CannotRun, match=f"{article_id}.json"):
        labels[article_id]
