"""Labels that were deleted on the server are reported and put back as that person's, on a real server."""

from typing import Any

import msgspec
import pytest

from annotate.labelstudio.client import Studio
from annotate.labelstudio.projects import annotator_title, require_project
from annotate.labelstudio.results import user_id_of
from annotate.labelstudio.state import State
from tests.conftest import Project
from tests.labelstudio.team import Team, WholeTeam

pytestmark = pytest.mark.server

LINE = (
    "anna's labels of harbour (10 spans) are in the corpus and no longer on the server; `annotate studio restore anna"
)


@pytest.fixture
def team(project: Project, started: State, studio: Studio) -> Team:
    """anna labelled an article in a project of her own, and it was pulled."""
    made = WholeTeam(project, started, studio)
    made.push()
    made.run("people", "add", "anna", "ben")
    made.run("assign", "anna", "ben")
    made.work("anna", "harbour", "annotations/", made.items("harbour"))
    made.run("pull")
    return made


def own_task(team: Team) -> dict[str, Any]:
    found = require_project(team.studio, team.state, annotator_title(team.title, "anna"))
    return next(task for task in team.studio.list_tasks(found.id) if task["data"]["article"] == "harbour")


def delete(team: Team, what: str) -> None:
    task = own_task(team)
    with team.api() as api:
        annotation = task["annotations"][0]["id"]
        if what == "regions":
            api.patch(f"/api/annotations/{annotation}/", json={"result": []}).raise_for_status()
        else:
            paths = {"annotation": annotation, "task": task["id"], "project": task["project"]}
            api.delete(f"/api/{what}s/{paths[what]}/").raise_for_status()


@pytest.mark.parametrize("what", ["annotation", "regions", "task", "project"])
def test_deleted_labels_are_named_kept_and_put_back(team: Team, what: str) -> None:
    path = team.project.path("corpus/annotations/anna/harbour.json")
    before, annotation = path.read_bytes(), own_task(team)["annotations"][0]["id"]
    assert "no longer on the server" not in team.run("pull").output + team.run("status").output
    delete(team, what)
    for _ in range(2):
        assert LINE in team.run("pull", code=2 if what == "project" else 0).stderr
        assert LINE in team.run("status", code=1).output
        assert path.read_bytes() == before
    if what in ("task", "project"):
        refused = team.run("restore", "anna", "--plan")
        # The shared project has a task of the article, too.
        assert "restore: harbour, 10 spans" in refused.output
        team.run("assign", "anna")
    assert "restore: harbour, 10 spans" in team.run("restore", "anna", "--plan").output
    done = team.run("restore", "anna")
    assert "restored: harbour, 10 spans" in done.output
    restored = own_task(team)["annotations"]
    assert [user_id_of(entry) for entry in restored] == [
        number for number, name in team.state.annotators("local").items() if name == "anna"
    ]
    assert [entry["id"] == annotation for entry in restored] == [what == "regions"]
    pulled = team.run("pull")
    assert "no longer on the server" not in pulled.output
    assert path.read_bytes() == before
    assert "no longer on the server" not in team.run("status").output
    assert "nothing of anna" in team.run("restore", "anna").output


def test_restored_labels_began_as_before(team: Team) -> None:
    """Labels that began as gold do not become independent by being deleted and put back."""
    path = team.project.path("corpus/annotations/anna/harbour.json")
    pulled = team.corpus.read_annotation("anna", "harbour")
    assert pulled.lead_time == 1
    copied = msgspec.structs.replace(pulled, process="corrected", made_from=("gold",), origins={"prediction": 10})
    team.corpus.write_annotation("anna", copied)
    before = path.read_bytes()
    delete(team, "annotation")
    team.run("restore", "anna", "harbour")
    for _ in range(2):
        team.run("pull", "--all")
        assert path.read_bytes() == before


def test_newer_work_is_never_covered(team: Team) -> None:
    items = team.items("harbour")
    annotation = own_task(team)["annotations"][0]
    changed = [
        item | {"value": item["value"] | {"labels": ["Load"]}} if item["type"] == "labels" else item for item in items
    ]
    team.studio.update_annotation(annotation["id"], changed)
    assert "newer annotation" in team.run("restore", "anna", "harbour", code=1).output
    assert own_task(team)["annotations"][0]["result"] == changed
    delete(team, "annotation")
    team.work("anna", "harbour", "drafts", items[:1])
    assert "a draft of theirs" in team.run("restore", "anna", code=1).output
    assert own_task(team)["annotations"] == []
    assert "does not exist" in team.run("restore", "ben", "harbour", code=2).output
    assert "does not list 'carla'" in team.run("restore", "carla", "harbour", code=2).output


def test_labels_that_are_there_already_are_not_restored_twice(team: Team) -> None:
    delete(team, "annotation")
    assert "restored: harbour, 10 spans" in team.run("restore", "anna", "harbour").output
    before = own_task(team)["annotations"]
    assert "already on the server: harbour, 10 spans" in team.run("restore", "anna", "harbour").output
    assert own_task(team)["annotations"] == before


def test_file_that_was_removed_is_not_missed(team: Team) -> None:
    delete(team, "annotation")
    team.project.path("corpus/annotations/anna/harbour.json").unlink()
    assert "no longer on the server" not in team.run("pull").output
    assert "no longer on the server" not in team.run("status").output


def test_labels_of_another_text_are_not_restored(team: Team) -> None:
    delete(team, "annotation")
    text = team.project.path("corpus/articles/harbour.txt").read_text("utf-8")
    with team.api() as api:
        task = own_task(team)
        data = task["data"] | {"text": text.replace("sacks", "bags")}
        api.patch(f"/api/tasks/{task['id']}/", json={"data": data}).raise_for_status()
    assert "has another text than the labels" in team.run("restore", "anna", "harbour", code=1).output


def test_labels_that_began_as_a_copy_are_one_after_they_are_put_back(team: Team) -> None:
    """The server does not know of a new annotation what its labels began with."""
    (task,) = [task for task in team.tasks() if task["data"]["article"] == "market"]
    (gold,) = task["predictions"]
    items = [item | {"origin": "prediction"} for item in gold["result"]]
    team.work("ben", "market", "annotations/", items, project=team.title, parent_prediction=gold["id"])
    team.run("pull")
    path = team.project.path("corpus/annotations/ben/market.json")
    before, annotation = path.read_bytes(), team.corpus.read_annotation("ben", "market")
    assert (annotation.process, annotation.made_from, annotation.lead_time) == ("corrected", ("gold",), 1)
    (task,) = [task for task in team.tasks() if task["data"]["article"] == "market"]
    with team.api() as api:
        api.delete(f"/api/annotations/{task['annotations'][0]['id']}/").raise_for_status()
    team.run("restore", "ben")
    team.run("pull")
    assert path.read_bytes() == before
    team.run("pull", "--all")
    assert path.read_bytes() == before
