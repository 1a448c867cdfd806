"""`annotate studio status` on a real server: counts of projects, progress of annotators, and problems."""

import re
from collections.abc import Iterator

import pytest

from annotate.cli.studio import status
from annotate.labelstudio.client import Studio, find_server
from annotate.labelstudio.http import LOCAL
from annotate.labelstudio.projects import corpus_projects
from annotate.labelstudio.state import State
from tests.conftest import Project
from tests.labelstudio.team import VERB, Team

pytestmark = pytest.mark.server


@pytest.fixture(scope="module")
def team(started: State, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Team]:
    """Two annotators with a project each, and a third in the shared project; each test restores the state."""
    project = Project(tmp_path_factory.mktemp("team") / "project")
    project.replace(
        "corpus/annotators.yaml",
        "annotators:\n",
        'annotators:\n  - {id: carla, kind: person, training: none, since: "2026-01-01"}\n',
    )
    with Studio(find_server(started)) as studio:
        made = Team(project, started, studio)
        made.push()
        made.run("people", "add", "anna", "ben", "carla")
        made.run("assign", "anna", "ben")
        made.work("anna", "harbour", "annotations/", [VERB])
        made.work("anna", "market", "annotations/", [], was_cancelled=True)
        made.work("ben", "harbour", "annotations/", [VERB])
        made.work("ben", "market", "drafts", [VERB])
        made.work("carla", "harbour", "annotations/", [], project=made.title)
        made.work("ben", "harbour", "annotations/", [], project=made.title, was_cancelled=True)
        made.work("carla", "market", "drafts", [], project=made.title)
        yield made


def test_status_of_a_team(team: Team, monkeypatch: pytest.MonkeyPatch) -> None:
    lines = team.run("status").stdout.splitlines()
    told = [re.sub(r"\d+(?=, Port)|http.*", "…", line).rstrip() for line in lines if line.strip()]
    times = [line.partition("; ")[2] for line in told[5:8]]
    told[5:8] = [line.partition("; ")[0] for line in told[5:8]]
    assert times[0] == "1 s an article (median), 1 s in all"
    title = team.title
    assert told[0] == f"data: {team.state.folder}"
    assert told[1:8] == [
        "server: …",
        f"project …, {title}: 2 tasks, 2 predictions, 1 submitted, 1 skipped, 1 with a draft; …",
        f"project …, {title}: anna: 2 tasks, 0 predictions, 1 submitted, 1 skipped, 0 with a draft; …",
        f"project …, {title}: ben: 2 tasks, 0 predictions, 1 submitted, 0 skipped, 1 with a draft; …",
        "anna: 1 done, 0 draft, 1 skipped, 0 left",
        "ben: 1 done, 1 draft, 0 skipped, 0 left",
        "carla: 1 done, 1 draft, 0 skipped, 0 left",
    ]
    assert [line.split() for line in told[8:] if "─" not in line] == [
        ["article", "anna", "ben", "carla"],
        ["market", "skipped", "draft", "draft"],  # unfinished articles come first
        ["harbour", "done", "done", "done"],
    ]
    monkeypatch.setattr(status, "MAX_ROWS", 1)
    short = team.run("status").stdout
    assert ("  market " in short, "  harbour " in short) == (True, False)
    assert short.splitlines()[-1] == "… 1 more article (--all)"
    assert team.run("status", "--all").stdout.splitlines() == lines


def test_config_pushed_from_elsewhere_is_reported(team: Team) -> None:
    """It is unknown whether it was edited by hand, so it is never overwritten without the option."""
    (team.state.folder / "configs.json").unlink()
    team.project.replace(
        "schema/labels.yaml", "master: commands, hand: works", "master: commands, hand: works, boy: helps"
    )
    told = (
        "the labelling config is not this inventory's, and was not pushed from this folder (it lacks Speaker.rank: boy)"
    )
    assert team.run("status", code=1).stdout.count(told) == 3
    before = {name: project.config for name, project in corpus_projects(team.studio, team.state, team.title)}
    for words in (["push"], ["push", "--plan"], ["assign", "anna"]):
        refused = team.run(*words, code=1).stderr
        assert (refused.startswith("annotate: project "), told in refused) == (True, True)
    assert before == {name: project.config for name, project in corpus_projects(team.studio, team.state, team.title)}
    team.run("push", "--restore-config")
    team.run("assign", "anna", "ben", "--restore-config")
    assert told not in team.run("status").stdout
    assert len(team.state.project_ids(LOCAL)) == 3


def test_status_lists_the_quarantine(team: Team) -> None:
    team.clear_labels()
    lost = {"type": "relation", "from_id": "nowhere", "to_id": "nowhere", "direction": "right", "labels": ["words"]}
    team.work("anna", "market", "annotations/", [lost])
    team.project.replace("schema/labels.yaml", "title: Port news", f"title: {team.title}")
    folder = ["--dir", str(team.state.folder)]
    assert team.project.annotate("studio", "pull", *folder).exit_code == 1
    last = team.run("status", code=1).stdout.splitlines()[-1]
    assert re.fullmatch(r"quarantined: market, task \d+, anna: L401 .*", last)
