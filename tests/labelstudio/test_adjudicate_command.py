"""`annotate studio adjudicate` on a real server: annotators' labels in tabs, and gold from what was submitted."""

from typing import Any

import msgspec
import pytest

from annotate.adjudication import find_agreed
from annotate.corpus import encode_annotation
from annotate.labelstudio.client import Studio
from annotate.labelstudio.projects import require_project
from annotate.labelstudio.state import State
from tests.conftest import Project
from tests.labelstudio.team import Team, labelled

GOLD_FILE = "corpus/annotations/gold/harbour.json"


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


def user_of(team: Team, annotator: str) -> int:
    users = team.state.annotators(team.studio.address.name)
    return next(user for user, name in users.items() if name == annotator)


@pytest.mark.server
def test_from_two_annotators_to_gold(team: Team) -> None:
    anna, _ = labelled(team.project)
    before = team.corpus.annotation_path("gold", "harbour").read_bytes()
    told = team.run("adjudicate", "--from", "anna,ben")
    assert "1 article new, 0 updated; 3 differences in 1 article" in told.stdout
    assert "0 articles new, 0 updated" in team.run("adjudicate", "--from", "anna,ben").stdout
    (task,) = tasks(team)
    texts = ["1. Speaker: The harbour master", "2. Quay: Café Quay", "3. lies_at: 40 crates → Café Quay"]
    assert [choice["value"] for choice in task["data"]["differences"]] == texts
    assert "<b>anna</b> rank: master" in task["data"]["notice"]
    shown = {entry["model_version"]: entry["result"] for entry in task["predictions"]}
    assert list(shown) == ["agreed 1.0.0", "anna 1.0.0", "ben 1.0.0"]
    assert "has nothing that was submitted yet" in team.run("adjudicate", "--pull", "--as", "carla", code=1).stderr
    team.run("people", "add", "carla")
    pending = team.run("adjudicate", "--pull", "--as", "carla").stdout
    assert pending == f"not adjudicated yet: {GOLD_FILE} (task {task['id']})\n"
    with team.session("carla") as browser:
        next_task = browser.get(f"/api/projects/{task['project']}/next").json()
    assert [entry["model_version"] for entry in next_task["predictions"]] == ["agreed 1.0.0"]

    # Anna is right about the quay and no one about the rank, so it stays open, which breaks a rule.
    start = next_task["predictions"][0]["result"]
    title = f"{team.title}: adjudication"
    team.work("carla", "harbour", "annotations/", start, project=title)
    left_out = team.run("adjudicate", "--pull", "--as", "carla", code=1)
    where = f"{GOLD_FILE} (task {task['id']})"
    assert f"{where}: not written: P204 " in left_out.stderr
    assert f"{where}: not written: 2 of 3 differences undecided ({texts[0]}; {texts[1]}); " in left_out.stderr
    assert team.corpus.annotation_path("gold", "harbour").read_bytes() == before

    team.work("carla", "harbour", "annotations/", shown["anna 1.0.0"], project=title)
    done = team.run("adjudicate", "--pull", "--as", "carla")
    assert done.stdout == f"written: {where}: 10 spans, 6 relations\n"
    assert "2 annotations were submitted; the last one counts" in done.stderr
    gold = team.corpus.read_annotation("gold", "harbour")
    assert (gold.process, gold.made_from, gold.annotator) == ("adjudicated", ("anna", "ben"), "carla")
    assert (gold.spans, gold.relations) == (anna.spans, anna.relations)
    assert encode_annotation(gold) == team.corpus.annotation_path("gold", "harbour").read_bytes()
    assert team.run("adjudicate", "--pull", "--as", "carla").stdout.startswith("unchanged: ")
    assert not any(secret in team.said for secret in team.secrets())


def tick(*ids: str) -> dict[str, Any]:
    """Return the item that the browser submits for ticked differences."""
    value = {"choices": list(ids)}
    return {"id": "t", "from_name": "decided-differences", "to_name": "text", "type": "choices", "value": value}


@pytest.mark.server
def test_ticks_decide_against_all_versions(team: Team) -> None:
    labelled(team.project)
    team.run("adjudicate")
    team.run("people", "add", "carla")
    (task,) = tasks(team)
    title, file = f"{team.title}: adjudication", team.project.path(GOLD_FILE)
    ids = [choice["alias"] for choice in task["data"]["differences"]]
    ben = next(entry["result"] for entry in task["predictions"] if entry["model_version"].startswith("ben"))
    before = file.read_bytes()

    team.work("carla", "harbour", "annotations/", ben, project=title)
    open_ = team.run("adjudicate", "--pull", "--as", "carla", code=1)
    assert "not written: 1 of 3 differences undecided (2. Quay: Café Quay); label or tick them" in open_.stderr
    assert file.read_bytes() == before
    accepted = team.run("adjudicate", "--pull", "--as", "carla", "--accept-undecided")
    assert "1 of 3 differences undecided" in accepted.stdout
    accepted_gold = file.read_bytes()

    team.work("carla", "harbour", "annotations/", [*ben, tick(ids[1], "000000000000")], project=title)
    done = team.run("adjudicate", "--pull", "--as", "carla")
    assert done.stdout.startswith("unchanged: ")
    assert file.read_bytes() == accepted_gold
    file.write_bytes(before)
    done = team.run("adjudicate", "--pull", "--as", "carla")
    assert done.stdout.startswith("written: ")
    assert "1 tick of differences that have changed since" in done.stderr
    assert file.read_bytes() == accepted_gold
    # What is no tick is neither a decision nor lost.
    team.work("carla", "harbour", "annotations/", [*ben, tick(ids[1]) | {"value": {"choices": 3}}], project=title)
    unreadable = team.run("adjudicate", "--pull", "--as", "carla", code=1)
    assert "1 tick cannot be read" in unreadable.stderr
    assert "1 of 3 differences undecided" in unreadable.stderr
    # The config with its control is the one that was pushed.
    assert "labelling config" not in team.run("status").output


@pytest.mark.server
def test_labels_that_changed_since_are_not_taken_as_decided(team: Team) -> None:
    anna, _ = labelled(team.project)
    team.run("adjudicate")
    team.run("people", "add", "carla")
    (task,) = tasks(team)
    title, file = f"{team.title}: adjudication", team.project.path(GOLD_FILE)
    shown = next(entry["result"] for entry in task["predictions"] if entry["model_version"].startswith("anna"))
    team.work("carla", "harbour", "annotations/", shown, project=title)
    before = file.read_bytes()
    spans = tuple(span for span in anna.spans if span.text != "At least 12 sacks")
    assert len(spans) == len(anna.spans) - 1
    team.corpus.write_annotation("anna", msgspec.structs.replace(anna, spans=spans))
    refused = team.run("adjudicate", "--pull", "--as", "carla", code=1)
    problem = "the labels of anna in the corpus are not those on the screen"
    assert f"{GOLD_FILE} (task {task['id']}): not written: {problem}" in refused.stderr
    assert file.read_bytes() == before

    assert "0 articles new, 1 updated; 4 differences" in team.run("adjudicate").stdout
    (task,) = tasks(team)
    assert sorted(entry["model_version"] for entry in task["predictions"]) == [
        "agreed 1.0.0",
        "anna 1.0.0",
        "ben 1.0.0",
    ]
    taken = team.run("adjudicate", "--pull", "--as", "carla")
    assert "the labels on the screen were updated after it was submitted" in taken.stderr
    assert "written: " in taken.stdout


@pytest.mark.server
def test_each_article_has_the_annotators_who_labelled_it(team: Team) -> None:
    anna, _ = labelled(team.project)
    market = team.corpus.read_annotation("anna", "market")
    assert (market.process, market.made_from) == ("single pass", ())
    team.corpus.write_annotation("carla", msgspec.structs.replace(market, annotator="carla"))
    told = team.run("adjudicate").stdout
    assert "2 articles new" in told
    assert "left out" not in told
    shown = {
        task["data"]["article"]: sorted(entry["model_version"] for entry in task["predictions"]) for task in tasks(team)
    }
    assert shown == {
        "harbour": ["agreed 1.0.0", "anna 1.0.0", "ben 1.0.0"],
        "market": ["agreed 1.0.0", "anna 1.0.0", "carla 1.0.0"],
    }
    # A third pass comes, and then only two are wanted.
    team.corpus.write_annotation("carla", msgspec.structs.replace(anna, annotator="carla"))
    team.run("adjudicate")
    team.run("adjudicate", "--from", "anna,carla")
    shown = {
        task["data"]["article"]: sorted(entry["model_version"] for entry in task["predictions"]) for task in tasks(team)
    }
    assert shown["harbour"] == ["agreed 1.0.0", "anna 1.0.0", "carla 1.0.0"]
    # Labels that were made from others are no independent pass.
    copy = msgspec.structs.replace(market, annotator="carla", process="corrected", made_from=("anna",))
    team.corpus.write_annotation("carla", copy)
    assert "left out: market: labelled independently by anna\n" in team.run("adjudicate").stdout


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
    (task,) = tasks(team)
    number = next(entry["id"] for entry in task["annotations"] if entry["completed_by"] == user_of(team, "anna"))
    assert (
        refused.stderr
        == "annotate: adjudication: anna submitted annotations there as well, and gold has one adjudicator: "
        f"harbour (task {task['id']}, annotation {number}, anna); "
        "delete those that are not carla's in Label Studio, and pull again\n"
    )
    assert {name: data for name, data in team.project.snapshot().items() if name.startswith("corpus/")} == {
        name: data for name, data in before.items() if name.startswith("corpus/")
    }


@pytest.mark.server
def test_impossible_adjudications_are_reported(team: Team) -> None:
    assert "no article was labelled by two annotators" in team.run("adjudicate", code=2).stderr
    team.run("adjudicate", "--pull", code=2)
    team.run("adjudicate", "--accept-undecided", code=2)
    team.run("adjudicate", "--pull", "--as", "carla", "--from", "anna,ben", code=2)
    team.run("adjudicate", "--from", "anna", code=2)
    team.run("adjudicate", "--from", "anna,nobody", code=2)
    assert "no article was labelled by all" in team.run("adjudicate", "--from", "anna,ben", code=2).stderr
    assert "there is no project" in team.run("adjudicate", "--pull", "--as", "carla", code=2).stderr
