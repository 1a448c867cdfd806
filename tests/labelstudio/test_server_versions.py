"""Push, pull, people and adjudication on older servers and on the newest; `make server-versions` runs it."""

import re
from collections.abc import Iterator

import pytest

from annotate.labelstudio.client import Studio, find_server
from annotate.labelstudio.http import TOKEN_VARIABLE, URL_VARIABLE
from annotate.labelstudio.identification import TESTED_VERSIONS
from annotate.labelstudio.projects import require_project
from annotate.labelstudio.state import State
from annotate.labelstudio.tasks import result_items
from tests.conftest import Project
from tests.labelstudio.old_servers import NEWEST, running
from tests.labelstudio.team import Team, labelled

pytestmark = pytest.mark.versions


@pytest.fixture(scope="module", params=[*TESTED_VERSIONS[:-1], NEWEST])
def versioned(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, State]]:
    """Yield a version and the folder of a server that runs it."""
    with running(request.param, tmp_path_factory.mktemp(request.param) / ".studio") as state:
        yield request.param, state


@pytest.fixture
def team(project: Project, versioned: tuple[str, State]) -> Iterator[Team]:
    project.replace(
        "corpus/annotators.yaml",
        "annotators:\n",
        'annotators:\n  - {id: carla, kind: person, training: none, since: "2026-01-01"}\n',
    )
    with Studio(find_server(versioned[1])) as studio:
        yield Team(project, versioned[1], studio)


def test_version_is_named(team: Team, versioned: tuple[str, State]) -> None:
    line = next(line for line in team.run("status").stdout.splitlines() if line.startswith("server: "))
    version = re.fullmatch(r"server: http://127\.0\.0\.1:\d+ \(this machine\), Label Studio ([0-9.]+), (.*)", line)
    assert version
    assert versioned[0] in (version[1], NEWEST)
    assert version[2].startswith("tested" if version[1] in TESTED_VERSIONS else "not tested")


def test_pushed_labels_come_back(team: Team) -> None:
    assert "2 articles new, 0 updated" in team.run("push", "--show", "gold").stdout
    assert "0 articles new, 0 updated" in team.run("push", "--show", "gold").stdout
    compared = team.run("compare", "--labels", "gold").stdout
    assert "articles: 2 equal, 0 different" in compared
    assert "relations: 0 " not in compared


def test_labels_of_annotators_are_pulled_and_adjudicated(team: Team, monkeypatch: pytest.MonkeyPatch) -> None:
    team.project.replace("schema/labels.yaml", f"title: {team.project.inventory.title}", f"title: {team.title}")
    anna, ben = labelled(team.project)
    labels = {entry.annotator: result_items(entry, team.project.inventory) for entry in (anna, ben)}
    team.run("push")
    team.run("people", "add", "anna", "ben", "carla")
    assert re.match(r"anna: user \d+ already", team.run("people", "add", "anna").stdout)
    team.run("assign", "anna", "ben")
    assert "0 articles new" in team.run("assign", "anna", "ben").stdout
    for name, items in labels.items():
        team.project.path(f"corpus/annotations/{name}/harbour.json").unlink()
        team.work(name, "harbour", "annotations/", items)
    status = team.run("status").stdout
    assert re.search(r"harbour +done +done", status)
    pulled = team.project.annotate("studio", "pull", "--dir", str(team.state.folder))
    assert pulled.exit_code == 0, pulled.output
    for expected in (anna, ben):
        taken = team.corpus.read_annotation(expected.annotator, "harbour")
        assert (taken.spans, taken.relations) == (expected.spans, expected.relations)

    team.run("adjudicate")
    project = require_project(team.studio, team.state, f"{team.title}: adjudication")
    (task,) = team.studio.list_tasks(project.id)
    shown = {entry["model_version"].split()[0]: entry["result"] for entry in task["predictions"]}
    team.work("carla", "harbour", "annotations/", shown["anna"], project=f"{team.title}: adjudication")
    done = team.run("adjudicate", "--pull", "--as", "carla")
    assert done.stdout.startswith("written: corpus/annotations/gold/harbour.json")
    gold = team.corpus.read_annotation("gold", "harbour")
    assert (gold.spans, gold.relations, gold.annotator) == (anna.spans, anna.relations, "carla")

    # The same server as a machine sees it that knows only its address and a token.
    address = find_server(team.state)
    monkeypatch.setenv(URL_VARIABLE, address.url)
    monkeypatch.setenv(TOKEN_VARIABLE, address.token)
    elsewhere = team.project.annotate("studio", "status", "--dir", str(team.project.root / "elsewhere"))
    assert elsewhere.exit_code == 0, elsewhere.output
    assert re.search(r"harbour +done +done", elsewhere.stdout)
