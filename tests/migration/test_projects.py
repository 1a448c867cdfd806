"""A migration of a team's projects on a real server: the shared one, one for each annotator, the adjudication."""

import re
import shutil
from collections.abc import Iterator
from typing import Any

import pytest

from annotate.labelstudio import client
from annotate.labelstudio.client import Studio, find_server
from annotate.labelstudio.config_drift import find_drift
from annotate.labelstudio.config_usage import used_names
from annotate.labelstudio.http import LOCAL
from annotate.labelstudio.location import open_state
from annotate.labelstudio.projects import annotator_title, require_project
from annotate.labelstudio.results import iterate_entries, user_id_of
from annotate.labelstudio.state import State
from annotate.migration.transaction import read_settings
from tests.conftest import Project
from tests.labelstudio.team import Team
from tests.migration.test_additions import ATTRIBUTE, HEAD, RELATION
from tests.migration.test_transaction import STEPS, killed

pytestmark = pytest.mark.server

ADDITIONS = HEAD + ATTRIBUTE.replace("[Load, Quay]", "[Load]") + RELATION

TICK = {
    "id": "t",
    "from_name": "decided-differences",
    "to_name": "text",
    "type": "choices",
    "value": {"choices": ["0123456789ab"]},
}
"""A difference that the adjudicator ticked."""


@pytest.fixture(scope="module")
def team(started: State, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Team]:
    """Yield a team: two annotators with a project each, a shared one, and an adjudication with gold.

    All projects have drafts; the shared one has those of both annotators, and one annotator has a skipped task. Each
    test restores what it changed, except the last one.
    """
    project = Project(tmp_path_factory.mktemp("team") / "project")
    with Studio(find_server(started)) as studio:
        made = Team(project, started, studio)
        project.replace("schema/labels.yaml", "title: Port news", f"title: {made.title}")
        project.replace(
            "corpus/annotators.yaml",
            "annotators:\n",
            'annotators:\n  - {id: carla, kind: person, training: none, since: "2026-01-01"}\n',
        )
        project.path("steps.yaml").write_text(STEPS)
        made.push()
        made.run("people", "add", "anna", "ben", "carla")
        made.run("assign", "anna", "ben")
        gold, market = made.items("harbour"), made.items("market")
        for name in ("anna", "ben"):
            made.work(name, "harbour", "annotations/", gold)
            made.work(name, "market", "drafts", market)
            made.work(name, "market", "drafts", market, project=made.title)
        made.work("ben", "market", "annotations/", market, was_cancelled=True)
        run(made, "pull")
        run(made, "adjudicate", "--from", "anna,ben")
        made.work("carla", "harbour", "annotations/", [*gold, TICK], project=f"{made.title}: adjudication")
        run(made, "adjudicate", "--pull", "--as", "carla")
        run(made, "push", "--show", "gold")
        yield made


def run(team: Team, *words: str, code: int = 0, folder: State | None = None) -> str:
    """Run a command without --title, which takes the title from the inventory."""
    done = team.project.annotate("studio", *words, "--dir", str((folder or team.state).folder))
    assert done.exit_code == code, (done.output, done.exception)
    return done.output + str(done.exception or "")


def titles(team: Team) -> list[str]:
    return [team.title, *(annotator_title(team.title, name) for name in ("anna", "ben")), f"{team.title}: adjudication"]


def contents(team: Team) -> tuple[dict[str, bytes], list[Any]]:
    """Return every file of corpus, schema and guidelines, and the settings and entries of each project."""
    kept = ("corpus/", "schema/", "guidelines/")
    files = {name: data for name, data in team.project.snapshot().items() if name.startswith(kept)}
    projects = []
    for title in titles(team):
        project = require_project(team.studio, team.state, title)
        entries = sorted(
            (kind, entry["id"], entry["result"], entry.get("model_version"), user_id_of(entry, kind))
            for task in team.studio.iterate_tasks_with_drafts(project.id)
            for kind, entry in iterate_entries(task)
        )
        projects.append((read_settings(team.studio, project.id), entries))
    return files, projects


def first_step_counts(output: str) -> dict[str, str]:
    """Return project title → the counts of the first step in the output of a plan."""
    return dict(re.findall(r"^project \d+, (.*): rename label Load → Freight: (.*)$", output, re.MULTILINE))


def test_all_projects_together_and_back(team: Team) -> None:
    before, inventory = contents(team), team.project.inventory
    planned = run(team, "migrate", "steps.yaml", "--plan")
    assert contents(team) == before
    assert first_step_counts(planned) == {
        team.title: "0 annotated, 2 pending, 3 predicted, 0 skipped",
        f"{team.title}: anna": "2 annotated, 1 pending, 0 predicted, 0 skipped",
        f"{team.title}: ben": "2 annotated, 1 pending, 0 predicted, 1 skipped",
        f"{team.title}: adjudication": "2 annotated, 0 pending, 6 predicted, 0 skipped",
    }
    output = run(team, "migrate", "steps.yaml")
    assert (
        "its tab `agreed` has the default of what was split; set it up again with `annotate studio adjudicate" in output
    )
    after = contents(team)
    assert [len(entries) for _, entries in after[1]] == [len(entries) for _, entries in before[1]]
    for (_, old), (_, new) in zip(before[1], after[1], strict=True):
        assert [(kind, number, user) for kind, number, _, _, user in old] == [
            (kind, number, user) for kind, number, _, _, user in new
        ]
    for project_settings, entries in after[1]:
        assert 'value="Load"' not in project_settings["label_config"]
        assert project_settings["model_version"] in (None, "", "agreed 1.1.0", "gold 1.1.0")
        for _, _, items, version, _ in entries:
            assert {("cargo", "Load"), ("Load.least", None), ("", "lies_at")}.isdisjoint(used_names(items))
            assert not str(version).endswith("1.0.0")
    for title in titles(team):  # the new config does not count as edited on the server
        project = require_project(team.studio, team.state, title)
        assert find_drift(team.state, LOCAL, project, inventory) is None
    assert "\n0 written, " in run(team, "pull")
    # What was submitted in the adjudication, and gold, are still the same.
    unchanged = "unchanged: corpus/annotations/gold/harbour.json "
    assert run(team, "adjudicate", "--pull", "--as", "carla").startswith(unchanged)
    run(team, "migrate", "--undo")
    assert contents(team) == before


def test_projects_of_another_folder_are_found(team: Team, monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder that does not know the projects finds them, as on another machine or without project.json."""
    other = open_state(team.project.root / "corpus", team.project.path("other"))
    for name in ("credentials.json", "server.json", "people.json"):
        shutil.copy(team.state.folder / name, other.folder / name)
    here = run(team, "migrate", "steps.yaml", "--plan")
    monkeypatch.setattr(client, "PAGE_SIZE", 2)  # so that the list of projects has several pages, as on a server in use
    assert first_step_counts(run(team, "migrate", "steps.yaml", "--plan", folder=other)) == first_step_counts(here)


def test_migration_killed_between_projects_is_completed_or_undone(team: Team) -> None:
    before = contents(team)
    killed(team, 9, "steps.yaml", every=True)
    assert contents(team) != before
    refused = (
        ("push",),
        ("push", "--plan"),
        ("pull",),
        ("assign", "anna"),
        ("adjudicate", "--from", "anna,ben"),
        ("adjudicate", "--pull", "--as", "carla"),
    )
    for command in refused:
        assert "a migration was interrupted; complete it with" in run(team, *command, code=2)
    assert "a migration was interrupted; complete it with `annotate migrate`" in run(team, "status", code=1)
    run(team, "migrate")
    killed(team, 14, "--undo", every=True)
    run(team, "migrate", "--undo")
    assert contents(team) == before
    killed(team, 19, "steps.yaml", every=True)
    run(team, "migrate", "--undo")
    assert contents(team) == before


def test_additions_change_no_version_and_no_pull_changes_a_file(team: Team) -> None:
    """Annotations, drafts, predictions and skipped ones get the default; the corpus has it with the old versions."""
    before = contents(team)
    team.project.path("add.yaml").write_text(ADDITIONS)
    planned = run(team, "migrate", "add.yaml", "--plan")
    assert contents(team) == before
    counts = dict(re.findall(r"^project \d+, (.*): add attribute certainty, .*: (.*)$", planned, re.MULTILINE))
    assert counts == {
        team.title: "0 annotated, 2 pending, 3 predicted, 0 skipped",
        f"{team.title}: anna": "2 annotated, 1 pending, 0 predicted, 0 skipped",
        f"{team.title}: ben": "2 annotated, 1 pending, 0 predicted, 1 skipped",
        f"{team.title}: adjudication": "2 annotated, 0 pending, 6 predicted, 0 skipped",
    }
    run(team, "migrate", "add.yaml")
    files, projects = contents(team)
    for _, entries in projects:
        for _, _, items, version, _ in entries:
            names = list(used_names(items))
            assert version in (None, "", "agreed 1.1.0", "gold 1.1.0", "anna 1.1.0", "ben 1.1.0")
            assert names.count(("Load.certainty", "asserted")) == names.count(("cargo", "Load")) > 0
    for settings, _ in projects:
        assert 'name="Load.certainty"' in settings["label_config"]
        assert 'value="the same as"' in settings["label_config"]
    assert "\n0 written, " in run(team, "pull")
    run(team, "adjudicate", "--pull", "--as", "carla")
    assert "0 predictions written" in run(team, "push", "--show", "gold")
    assert contents(team) == (files, projects)
    versions = {team.project.corpus.read_annotation(name, "harbour").inventory for name in ("gold", "anna", "ben")}
    assert versions == {"1.0.0"}
    assert team.project.annotate("check").exit_code == 0
    run(team, "migrate", "--undo")
    assert contents(team) == before


def test_projects_are_left_out_only_on_request(team: Team) -> None:
    """The last one: it deletes a project."""
    before = contents(team)
    shared = ("migrate", "steps.yaml", "--title", team.title)
    refused = run(team, *shared, code=1)
    assert "would leave out: " in refused
    assert f"{team.title}: anna; " in refused
    assert contents(team) == before
    run(team, *shared, "--leave-others")
    assert contents(team)[1][1:] == before[1][1:]
    run(team, "migrate", "--undo")
    every = [word for title in titles(team) for word in ("--title", title)]
    run(team, "migrate", "steps.yaml", *every)
    with team.api() as api:
        number = require_project(team.studio, team.state, annotator_title(team.title, "ben")).id
        api.delete(f"/api/projects/{number}/").raise_for_status()
    run(team, "migrate", "--undo")
