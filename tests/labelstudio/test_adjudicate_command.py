"""`annotate studio adjudicate` on a real server: annotators' labels in tabs, and gold from what was submitted."""

from typing import Any

import msgspec
import pytest

from annotate.agreement.adjudication import find_agreed
from annotate.corpus import encode_annotation
from annotate.labelstudio.client import Studio
from annotate.labelstudio.projects import require_project
from annotate.labelstudio.state import State
from tests.conftest import Project
from tests.labelstudio.team import Team, labelled


def test_agreed_labels_are_those_of_all_annotators(project: Project) -> None:
    anna, ben = labelled(project)
    text = project.corpus.read_text("harbour")
    common = find_agreed([anna, ben], text, "1.0.0", "agreed")
    words = {span.text: span.attributes for span in common.spans}
    assert "Café Quay" not in words
    assert words["The harbour master"] == {}
    assert words["a hand"] == {"rank": "hand"}
    assert {relation.label for relation in common.relations} == {"speaker", "words", "continues"}
    assert (common.annotator, common.made_from) == ("agreed", ("anna", "ben"))
    assert all(not span.note for span in common.spans)
    same = find_agreed([anna, msgspec.structs.replace(anna, annotator="ben")], text, "1.0.0", "agreed")
    assert [(span.label, span.start, span.attributes) for span in same.spans] == [
        (span.label, span.start, span.attributes) for span in anna.spans
    ]
    assert len(same.relations) == len(anna.relations)


@pytest.fixture
def team(project: Project, started: State, studio: Studio) -> Team:
    project.replace(
        "corpus/annotators.yaml",
        "annotators:\n",
        'annotators:\n  - {id: carla, kind: person, training: none, since: "2026-01-01"}\n',
    )
    return Team(project, started, studio)


def tasks(team: Team) -> list[dict[str, Any]]:
    return team.studio.list_tasks(require_project(team.studio, team.state, f"{team.title}: adjudication").id)


@pytest.mark.server
def test_from_two_annotators_to_gold(team: Team) -> None:
    anna, _ = labelled(team.project)
    before = team.corpus.annotation_path("gold", "harbour").read_bytes()
    told = team.run("adjudicate", "--from", "anna,ben")
    assert "1 articles new, 0 updated" in told.stdout
    assert "0 articles new, 0 updated" in team.run("adjudicate", "--from", "anna,ben").stdout
    (task,) = tasks(team)
    shown = {entry["model_version"]: entry["result"] for entry in task["predictions"]}
    assert list(shown) == ["agreed 1.0.0", "anna 1.0.0", "ben 1.0.0"]
    assert team.run("adjudicate", "--pull", "--as", "carla", code=1).stderr.startswith("annotate: --annotator: ")
    team.run("people", "add", "carla")
    assert team.run("adjudicate", "--pull", "--as", "carla").stdout == "not adjudicated yet: harbour\n"
    with team.session("carla") as browser:
        next_task = browser.get(f"/api/projects/{task['project']}/next").json()
    assert [entry["model_version"] for entry in next_task["predictions"]] == ["agreed 1.0.0"]

    # Anna is right about the quay and no one about the rank, so it stays open, which breaks a rule.
    start = next_task["predictions"][0]["result"]
    title = f"{team.title}: adjudication"
    team.work("carla", "harbour", "annotations/", start, project=title)
    left_out = team.run("adjudicate", "--pull", "--as", "carla", code=1)
    assert "annotations/gold/harbour.json: not written: P204 " in left_out.stderr
    assert team.corpus.annotation_path("gold", "harbour").read_bytes() == before

    team.work("carla", "harbour", "annotations/", shown["anna 1.0.0"], project=title)
    done = team.run("adjudicate", "--pull", "--as", "carla")
    assert done.stdout == "written: annotations/gold/harbour.json, 10 spans, 6 relations\n"
    gold = team.corpus.read_annotation("gold", "harbour")
    assert (gold.process, gold.made_from, gold.annotator) == ("adjudicated", ("anna", "ben"), "carla")
    assert (gold.spans, gold.relations) == (anna.spans, anna.relations)
    assert encode_annotation(gold) == team.corpus.annotation_path("gold", "harbour").read_bytes()
    assert team.run("adjudicate", "--pull", "--as", "carla").stdout.startswith("unchanged: ")
    assert not any(secret in team.said for secret in team.secrets())


@pytest.mark.server
def test_gold_has_one_adjudicator(team: Team) -> None:
    labelled(team.project)
    team.run("adjudicate", "--from", "anna,ben")
    team.run("people", "add", "anna", "carla")
    title = f"{team.title}: adjudication"
    team.work("carla", "harbour", "annotations/", [], project=title)
    team.work("anna", "harbour", "annotations/", [], project=title)
    before = team.project.snapshot()
    refused = team.run("adjudicate", "--pull", "--as", "carla", code=1)
    assert (
        refused.stderr
        == "annotate: adjudication: anna submitted annotations there as well, and gold has one adjudicator; "
        "delete what is not carla's\n"
    )
    assert {name: data for name, data in team.project.snapshot().items() if name.startswith("corpus/")} == {
        name: data for name, data in before.items() if name.startswith("corpus/")
    }


@pytest.mark.server
def test_impossible_adjudications_are_reported(team: Team) -> None:
    team.run("adjudicate", code=2)
    team.run("adjudicate", "--pull", code=2)
    team.run("adjudicate", "--from", "anna", code=2)
    team.run("adjudicate", "--from", "anna,nobody", code=2)
    assert "no article was labelled by all" in team.run("adjudicate", "--from", "anna,ben", code=2).stderr
    assert "there is no project" in team.run("adjudicate", "--pull", "--as", "carla", code=2).stderr
