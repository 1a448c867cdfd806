"""With which inventory labels on a real server were made: that of the config, which may be an older one."""

import time
from typing import Any

import pytest

from annotate.labelstudio.client import Studio
from annotate.labelstudio.config import read_config_version
from annotate.labelstudio.config_versions import MARGIN
from annotate.labelstudio.projects import require_project
from annotate.labelstudio.state import State
from tests.conftest import Project
from tests.labelstudio.loop import Loop
from tests.labelstudio.team import Team, labelled

pytestmark = pytest.mark.server


@pytest.fixture
def team(project: Project, started: State, studio: Studio) -> Team:
    return Team(project, started, studio)


def raise_version(project: Project, version: str) -> None:
    project.replace("schema/labels.yaml", f"version: {project.inventory.version}", f"version: {version}")
    assert project.annotate("generate").exit_code == 0


def version_on_server(loop: Loop) -> str | None:
    return read_config_version(require_project(loop.studio, loop.state, loop.title).config)


def pulled_version(team: Team) -> str:
    team.run("pull", "--annotator", "anna")
    return team.corpus.read_annotation("anna", "harbour").inventory


def with_note(items: list[dict[str, Any]], number: int) -> list[dict[str, Any]]:
    """Return items whose first region has a note, so that the labels are others."""
    return [items[0] | {"meta": {"text": [f"Seen {number} times."]}}, *items[1:]]


def update(loop: Loop, items: list[dict[str, Any]]) -> None:
    """Change the annotation that was submitted for an article, as a browser would."""
    (annotation,) = [annotation for task in loop.tasks() for annotation in task["annotations"]]
    with loop.api() as api:
        api.patch(f"/api/annotations/{annotation['id']}/", json={"result": items}).raise_for_status()


def test_labels_have_the_version_of_the_config_on_the_server(team: Team) -> None:
    labelled(team.project)
    team.run("push", "--show", "gold")
    items = team.items("harbour")
    raise_version(team.project, "1.1.0")
    assert version_on_server(team) == "1.0.0"
    team.submit("harbour", with_note(items, 1))
    assert pulled_version(team) == "1.0.0"  # labels.yaml is newer than the config
    update(team, with_note(items, 2))
    team.run("push")
    assert version_on_server(team) == "1.1.0"
    team.run("pull")
    annotation = team.corpus.read_annotation("anna", "harbour")
    assert (annotation.inventory, annotation.spans[0].note) == ("1.0.0", "Seen 2 times.")  # submitted before the push
    time.sleep(MARGIN.total_seconds() + 1)
    before = team.project.snapshot()
    team.run("push")
    team.run("pull", "--all")
    assert team.corpus.read_annotation("anna", "harbour").inventory == "1.0.0"  # nobody touched the labels
    changed = {name for name, data in team.project.snapshot().items() if before.get(name) != data}
    assert not {name for name in changed if name.startswith("corpus/")}
    update(team, with_note(items, 3))
    team.run("pull")
    assert team.corpus.read_annotation("anna", "harbour").inventory == "1.1.0"
    assert team.project.annotate("check", "--strict").exit_code == 0


def test_gold_has_the_version_that_the_adjudicator_saw(team: Team) -> None:
    labelled(team.project)
    team.run("adjudicate", "--from", "anna,ben")
    title = f"{team.title}: adjudication"
    (task,) = team.studio.list_tasks(require_project(team.studio, team.state, title).id)
    shown = next(entry["result"] for entry in task["predictions"] if entry["model_version"] == "anna 1.0.0")
    raise_version(team.project, "1.1.0")
    for name in ("anna", "ben"):
        team.project.replace(f"corpus/annotations/{name}/harbour.json", '"inventory": "1.0.0"', '"inventory": "1.1.0"')
    team.run("people", "add", "anna")
    team.work("anna", "harbour", "annotations/", shown, project=title)
    team.run("adjudicate", "--pull", "--as", "anna")
    assert team.corpus.read_annotation("gold", "harbour").inventory == "1.0.0"
