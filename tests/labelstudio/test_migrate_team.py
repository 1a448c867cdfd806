"""A migration of a team's projects on a real server: the shared one, one an annotator, and the adjudication."""

import re
from typing import Any

import pytest

from annotate.labelstudio import usage
from annotate.labelstudio.assign import title_of
from annotate.labelstudio.client import Studio
from annotate.labelstudio.migration.run import settings
from annotate.labelstudio.push import existing
from annotate.labelstudio.state import State
from tests.conftest import Project
from tests.labelstudio.test_migrate import STEPS, killed
from tests.labelstudio.test_people import Team

pytestmark = pytest.mark.server


@pytest.fixture
def team(project: Project, started: State, studio: Studio) -> Team:
    """Two annotators with a project each, a shared one and an adjudication; everybody has begun more.

    The shared project has drafts of both, and one of them has a skipped task.
    """
    made = Team(project, started, studio)
    project.replace("schema/labels.yaml", "title: Port news", f"title: {made.title}")
    project.path("steps.yaml").write_text(STEPS)
    made.push()
    made.run("people", "add", "anna", "ben")
    made.run("assign", "anna", "ben")
    made.run("assign", "anna", "--articles", "harbour")
    gold, market = made.items("harbour"), made.items("market")
    for name in ("anna", "ben"):
        made.work(name, "harbour", "annotations/", gold)
        made.work(name, "market", "drafts", market)
        made.work(name, "market", "drafts", market, project=made.title)
    made.work("ben", "market", "annotations/", market, was_cancelled=True)
    run(made, "pull")
    run(made, "adjudicate", "--from", "anna,ben")
    return made


def run(team: Team, *words: str, code: int = 0) -> str:
    """A command without --title: it takes the title from the inventory."""
    done = team.project.annotate("studio", *words, "--dir", str(team.state.folder))
    assert done.exit_code == code, (done.output, done.exception)
    return done.output + str(done.exception or "")


def titles(team: Team) -> list[str]:
    return [team.title, *(title_of(team.title, name) for name in ("anna", "ben")), f"{team.title}: adjudication"]


def contents(team: Team) -> tuple[dict[str, bytes], list[Any]]:
    """Every file of corpus, schema and guidelines; of each project its settings, and each entry with who made it."""
    kept = ("corpus/", "schema/", "guidelines/")
    files = {name: data for name, data in team.project.snapshot().items() if name.startswith(kept)}
    projects = []
    for title in titles(team):
        project = existing(team.studio, team.state, title)
        entries = sorted(
            (kind, entry["id"], entry["result"], entry.get("model_version"), usage.user(kind, entry))
            for task in usage.tasks(team.studio, project)
            for kind, entry in usage.entries(task)
        )
        projects.append((settings(team.studio, project.number), entries))
    return files, projects


def test_all_projects_together_and_back(team: Team) -> None:
    before = contents(team)
    planned = run(team, "migrate", "steps.yaml", "--plan")
    assert contents(team) == before
    counts = dict(re.findall(r"^project \d+, (.*): rename label Load → Freight: (.*)$", planned, re.MULTILINE))
    assert counts == {
        team.title: "0 annotated, 2 pending, 3 predicted, 0 skipped",
        f"{team.title}: anna": "2 annotated, 1 pending, 0 predicted, 0 skipped",
        f"{team.title}: ben": "2 annotated, 1 pending, 0 predicted, 1 skipped",
        f"{team.title}: adjudication": "0 annotated, 0 pending, 6 predicted, 0 skipped",
    }
    run(team, "migrate", "steps.yaml")
    after = contents(team)
    assert [len(entries) for _, entries in after[1]] == [len(entries) for _, entries in before[1]]
    for (_, old), (_, new) in zip(before[1], after[1], strict=True):
        assert [(kind, number, user) for kind, number, _, _, user in old] == [
            (kind, number, user) for kind, number, _, _, user in new
        ]
    for found, entries in after[1]:
        assert 'value="Load"' not in found["label_config"]
        assert found["model_version"] in (None, "", "agreed 1.1.0", "gold 1.1.0"), found["model_version"]
        for _, _, items, version, _ in entries:
            assert {("cargo", "Load"), ("Load.least", None), ("", "lies_at")}.isdisjoint(usage.names(items))
            assert not str(version).endswith("1.0.0")
    assert "\n0 written, " in run(team, "pull")
    run(team, "migrate", "--undo")
    assert contents(team) == before


def test_killed_between_projects(team: Team) -> None:
    before = contents(team)
    killed(team, 9, "steps.yaml", every=True)
    assert contents(team) != before
    for command in ("push", "pull"):
        assert "a migration was interrupted; go on with" in run(team, command, code=2)
    run(team, "migrate")
    killed(team, 14, "--undo", every=True)
    run(team, "migrate", "--undo")
    assert contents(team) == before
    killed(team, 19, "steps.yaml", every=True)
    run(team, "migrate", "--undo")
    assert contents(team) == before


def test_one_project_is_not_left_behind_unseen(team: Team) -> None:
    before = contents(team)
    shared = ("migrate", "steps.yaml", "--title", team.title)
    refused = run(team, *shared, code=1)
    assert "would be left behind: " in refused
    assert f"{team.title}: anna; " in refused
    assert contents(team) == before
    run(team, *shared, "--leave-others")
    assert contents(team)[1][1:] == before[1][1:]
    run(team, "migrate", "--undo")
    every = [word for title in titles(team) for word in ("--title", title)]
    run(team, "migrate", "steps.yaml", *every)
    with team.api() as api:
        number = existing(team.studio, team.state, title_of(team.title, "ben")).number
        api.delete(f"/api/projects/{number}/").raise_for_status()
    run(team, "migrate", "--undo")
