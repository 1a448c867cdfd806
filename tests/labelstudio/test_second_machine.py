"""Another machine finds users and projects on the server, or in one exported file."""

import json
import re
import stat
from pathlib import Path

import pytest
from click.testing import Result

from annotate.labelstudio.client import Studio, find_server
from annotate.labelstudio.http import LOCAL, TOKEN_VARIABLE, URL_VARIABLE
from annotate.labelstudio.location import open_state
from annotate.labelstudio.state import State
from tests.conftest import Project
from tests.labelstudio.team import VERB, Team

pytestmark = pytest.mark.server


@pytest.fixture
def team(project: Project, started: State, studio: Studio, monkeypatch: pytest.MonkeyPatch) -> Team:
    """What machine A has set up and annotators have done since; then only the address and the token are known."""
    made = Team(project, started, studio)
    made.push()
    made.run("people", "add", "anna", "ben")
    made.run("assign", "anna")
    made.work("anna", "market", "annotations/", [])
    made.work("ben", "harbour", "annotations/", [VERB], project=made.title)
    project.replace("schema/labels.yaml", f"title: {project.inventory.title}", f"title: {made.title}")
    token = find_server(started).token
    monkeypatch.setenv(URL_VARIABLE, studio.url)
    monkeypatch.setenv(TOKEN_VARIABLE, token)
    return made


def on_b(team: Team, *words: str) -> Result:
    """Run a command on machine B, whose folder has nothing at first."""
    return team.project.annotate("studio", *words, "--dir", str(team.project.root / "machine-b"))


def test_status_pull_and_compare_know_the_team(team: Team) -> None:
    status = on_b(team, "status")
    assert status.exit_code == 0, status.output
    assert re.search(r"article +anna +ben", status.stdout)
    assert re.search(r"market +done +– *\n", status.stdout)
    assert re.search(r"harbour +left +done *\n", status.stdout)
    assert f"{team.title}: anna: 2 tasks" in status.stdout
    pulled = on_b(team, "pull")
    assert re.search(r"anna: user \d+, by the login\nben: user \d+, by the login\n", pulled.stderr)
    assert "written: annotations/anna/market.json" in pulled.stdout
    assert "written: annotations/ben/harbour.json" in pulled.stdout
    assert (pulled.exit_code, "user-" in pulled.output) == (0, False)
    again = on_b(team, "pull")
    assert (again.exit_code, "written: " in again.stdout, "by the login" in again.stderr) == (0, False, False)
    compared = on_b(team, "compare")
    assert "articles: 4 equal, 0 different" in compared.stdout
    assert (compared.exit_code, "@" in status.output + pulled.output + compared.output) == (0, False)


def test_logins_of_others_are_not_believed(team: Team) -> None:
    team.project.replace("corpus/annotators.yaml", "id: ben, kind: person", "id: bert, kind: person")
    refused = on_b(team, "pull")
    assert re.search(r"user \d+ of the server: is not known as an annotator; ", refused.stderr)
    assert refused.exit_code == 1


def test_exported_people_are_imported(team: Team, tmp_path: Path) -> None:
    file = tmp_path / "people.json"
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv(URL_VARIABLE)
        patch.delenv(TOKEN_VARIABLE)
        team.run("people", "export", str(file))
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    users = {name: number for number, name in team.state.annotators(LOCAL).items()}
    assert json.loads(file.read_bytes()) == {"people": {"local": {"users": users, "removed": []}}}
    assert on_b(team, "people", "import", str(file)).stdout == "anna: imported\nben: imported\n"
    assert on_b(team, "people", "import", str(file)).stdout == "anna: known already\nben: known already\n"
    state = open_state(team.corpus.root, str(team.project.root / "machine-b"))
    assert state.annotators(team.studio.url) == {number: name for name, number in users.items()}
    hostile = [
        (b"[1", 2, "is no list of annotators and users"),
        (b"[" * 100_000, 2, "is no list of annotators and users"),
        (encode({}), 2, "does not have this server; it has: none"),
        (encode({"https://a:secret@b": {"users": {}}, "http://x": {"users": {}}}), 2, "it has: http://x;"),
        (encode({"local": {"users": {"../x": 1}}}), 2, "does not list '../x'"),
        (encode({"local": {"users": {"anna": 10**6}}}), 1, "whom the server does not have"),
        (encode({"local": {"users": {"anna": users["ben"]}}}), 1, "who has a login of ben"),
        (encode({"local": {"users": {"anna": 1}}}), 1, f"and here it is user {users['anna']}"),
    ]
    for data, code, message in hostile:
        file.write_bytes(data)
        refused = on_b(team, "people", "import", str(file))
        assert (refused.exit_code, refused.stderr.count("\n")) == (code, 1), refused.output
        assert message in refused.stderr
        assert "secret" not in refused.output
    assert state.annotators(team.studio.url) == {number: name for name, number in users.items()}


def encode(people: object) -> bytes:
    return json.dumps({"people": people}).encode()


def test_server_elsewhere_says_where_logins_are_changed(team: Team) -> None:
    on_b(team, "pull")
    removed = on_b(team, "people", "remove", "anna", "--yes")
    assert removed.exit_code == 0, removed.output
    page = r"http\S+/admin/users/user/\d+/change/"
    assert re.search(rf"anna: an administrator of the server has to untick Active on {page}\n", removed.stdout)
    assert "unfinished: harbour\n" in removed.stdout
    reset = on_b(team, "people", "reset-password", "anna")
    assert (reset.exit_code, "run `label-studio reset_password` where it runs" in reset.stderr) == (2, True)
