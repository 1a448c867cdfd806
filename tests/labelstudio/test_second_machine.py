"""Another machine finds users and projects on the server, or in one exported file."""

import json
import re
import shutil
import stat
from pathlib import Path

import msgspec
import pytest
from click.testing import Result

from annotate.labelstudio.client import Studio, find_server
from annotate.labelstudio.config_versions import read_earlier_versions
from annotate.labelstudio.http import LOCAL, TOKEN_VARIABLE, URL_VARIABLE
from annotate.labelstudio.location import open_state
from annotate.labelstudio.projects import HIDDEN_GOLD_FILE, list_hidden_gold, require_project, save_hidden_gold
from annotate.labelstudio.state import State
from annotate.labelstudio.tasks import result_items
from tests.conftest import Project
from tests.labelstudio.team import VERB, Team, WholeTeam

pytestmark = pytest.mark.server


@pytest.fixture
def team(project: Project, started: State, studio: Studio, monkeypatch: pytest.MonkeyPatch) -> Team:
    """What machine A has set up and annotators have done since; then only the address and the token are known."""
    made = Team(project, started, studio)
    made.push()
    made.run("people", "add", "anna", "ben")
    made.run("assign", "anna")
    made.clear_labels()
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
    entry = {"users": users, "removed": [], "hidden_gold": {}, "config_versions": {}}
    assert json.loads(file.read_bytes()) == {"version": 1, "people": {"local": entry}}
    assert on_b(team, "people", "import", str(file)).stdout == "anna: imported\nben: imported\n"
    assert on_b(team, "people", "import", str(file)).stdout == "anna: known already\nben: known already\n"
    state = open_state(team.corpus.root, str(team.project.root / "machine-b"))
    assert state.annotators(team.studio.url) == {number: name for name, number in users.items()}
    hostile = [
        (b"[1", 2, "is no list of annotators and users"),
        (b"[" * 100_000, 2, "is no list of annotators and users"),
        (b'{"version": 2, "people": {}}', 2, "has version 2 of its format, and this program reads 1"),
        (b'{"version": 1, "people": {}, "more": 1}', 2, "is no list of annotators and users"),
        (b" " * (64 << 20) + encode({}), 2, "has more than 67,108,864 bytes"),
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
    assert not (state.folder / HIDDEN_GOLD_FILE).exists()


def encode(people: object) -> bytes:
    return json.dumps({"version": 1, "people": people}).encode()


def test_import_adds_and_replaces_nothing(team: Team, tmp_path: Path) -> None:
    """Hidden gold, earlier configs and removed logins of two machines come together; contradictions are refused."""
    on_b(team, "pull")
    state = open_state(team.corpus.root, str(team.project.root / "machine-b"))
    server, title, file = team.studio.url, team.title, tmp_path / "people.json"
    users = {name: number for number, name in state.annotators(server).items()}
    project_id = require_project(team.studio, state, f"{title}: anna").id
    save_hidden_gold(state, server, title, "anna", ["market"])
    state.save_removed_annotators(server, ["ben"])

    def read(people: dict[str, object]) -> Result:
        file.write_bytes(encode({"local": {"users": users, **people}}))
        return on_b(team, "people", "import", str(file))

    def earlier(version: str, until: str = "2026-03-01T10:00:00Z", project: int = project_id) -> dict[str, object]:
        return {"config_versions": {str(project): [{"version": version, "until": until}]}}

    hidden = {title: {"anna": ["harbour", "market"], "ben": ["harbour"]}, "Another title": {"anna": ["harbour"]}}
    imported = read({"removed": ["anna"], "hidden_gold": hidden, **earlier("0.9.0")})
    assert imported.exit_code == 0, imported.output
    assert imported.stdout.endswith("hidden gold: 3 articles imported\nearlier configs: 1 imported\n")
    assert imported.stderr == (
        "anna: had a login by this folder, and has none by the file; `people add` gives it back\n"
        "ben: has a login by the file, and none by this folder; `people add` gives it back\n"
    )
    assert (list_hidden_gold(state, server, title), state.removed_annotators(server)) == (
        hidden[title],
        ["ben", "anna"],
    )
    assert [entry.version for entry in read_earlier_versions(state, server)[project_id]] == ["0.9.0"]
    second = read(earlier("0.8.0", "2026-02-01T10:00:00Z"))
    assert "earlier configs: 1 imported\n" in second.stdout, second.output
    assert [entry.version for entry in read_earlier_versions(state, server)[project_id]] == ["0.8.0", "0.9.0"]
    gone = read(earlier("0.9.0", project=10**6))
    assert "project 1000000: is not on the server any more; its earlier configs are left out\n" in gone.stderr
    files = {path: path.read_bytes() for path in state.folder.glob("*.json")}
    cases: list[tuple[dict[str, object], int, str]] = [
        (
            earlier("0.7.0"),
            1,
            f"on the inventory of project {project_id}: until 2026-03-01T10:00:00+00:00 it was 0.9.0",
        ),
        (earlier("1.0"), 1, "has '1.0' as the version of an inventory"),
        (earlier("0.9.0", "2026-03-01T10:00:00"), 2, "is no list of annotators and users"),
        ({"hidden_gold": {title: {"anna": ["../x"]}}}, 1, "has '../x' as the id of an article"),
        ({"hidden_gold": {title: {"../x": ["market"]}}}, 2, "does not list '../x'"),
        ({"hidden_gold": {"x" * 51: {"anna": ["market"]}}}, 1, "as the title of a project"),
        ({"removed": ["gold"]}, 2, "does not list 'gold'"),
        ({"logins": {}}, 2, "is no list of annotators and users"),
    ]
    for people, code, message in cases:
        refused = read(people)
        assert (refused.exit_code, refused.stderr.count("\n"), message in refused.stderr) == (code, 1, True), (
            refused.output
        )
    assert {path: path.read_bytes() for path in state.folder.glob("*.json")} == files


def test_quality_of_hidden_gold_is_known_to_another_machine(
    project: Project, started: State, studio: Studio, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    shutil.rmtree(project.corpus.root / "annotations" / "anna")
    for article_id in ("harbour", "market"):
        gold = project.corpus.read_annotation("gold", article_id)
        project.corpus.write_annotation("gold", msgspec.structs.replace(gold, process="single pass", made_from=()))
    team = WholeTeam(project, started, studio)
    team.run("people", "add", "anna")
    team.run("assign", "anna", "--articles", "market", "--hidden-gold", "2", "--seed", "7")
    gold = project.corpus.read_annotation("gold", "harbour")
    kept = {span.id for span in gold.spans[2:]}
    relations = tuple(each for each in gold.relations if {each.head, each.tail} <= kept)
    labels = msgspec.structs.replace(gold, spans=gold.spans[2:], relations=relations)
    team.work("anna", "harbour", "annotations/", result_items(labels, project.inventory))
    team.run("pull")
    table = team.run("quality").stdout
    assert re.search(r"anna +\d{4}-W\d\d +1 ", table)
    file, token = tmp_path / "people.json", find_server(started).token
    team.run("people", "export", str(file))
    monkeypatch.setenv(URL_VARIABLE, studio.url)
    monkeypatch.setenv(TOKEN_VARIABLE, token)
    assert "no hidden gold article was submitted" in on_b(team, "quality").stderr
    imported = on_b(team, "people", "import", str(file))
    assert imported.stdout == "anna: imported\nhidden gold: 2 articles imported\n", imported.output
    elsewhere = on_b(team, "quality")
    assert (elsewhere.exit_code, elsewhere.stdout) == (0, table), elsewhere.output


def test_server_elsewhere_says_where_logins_are_changed(team: Team) -> None:
    on_b(team, "pull")
    removed = on_b(team, "people", "remove", "anna", "--yes")
    assert removed.exit_code == 0, removed.output
    page = r"http\S+/admin/users/user/\d+/change/"
    assert re.search(rf"anna: an administrator of the server has to untick Active on {page}\n", removed.stdout)
    assert "unfinished: harbour\n" in removed.stdout
    reset = on_b(team, "people", "reset-password", "anna")
    assert (reset.exit_code, "run `label-studio reset_password` where it runs" in reset.stderr) == (2, True)
