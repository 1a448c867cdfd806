"""No address, name, password or token of anyone in what commands print or store, nor in an error."""

from pathlib import Path

import pytest

from annotate.labelstudio import server
from annotate.labelstudio.annotators import LOGINS_FILE
from annotate.labelstudio.client import Studio
from annotate.labelstudio.http import LOCAL, TOKEN_VARIABLE, URL_VARIABLE
from annotate.labelstudio.privacy import remove_personal_data
from annotate.labelstudio.projects import annotator_title, require_project
from annotate.labelstudio.state import State
from tests.conftest import Project
from tests.labelstudio.proxy import before
from tests.labelstudio.team import VERB, Team

pytestmark = pytest.mark.server

NAMES = {"anna": ("Wilhelmina", "Oldenburg-Sethi"), "ben": ("Bartholomew", "Quispe")}
PRIVATE = {"credentials.json", LOGINS_FILE, "server.json"}
"""The files that hold logins, and the one that says which process the server is."""


@pytest.fixture
def team(project: Project, started: State, studio: Studio) -> Team:
    made = Team(project, started, studio)
    made.run("people", "add", *NAMES)
    for annotator, (first, last) in NAMES.items():
        number = next(user for user, name in made.state.annotators(LOCAL).items() if name == annotator)
        with made.session(annotator) as browser:
            said = browser.patch(f"/api/users/{number}/", json={"first_name": first, "last_name": last})
            assert said.status_code == 200, said.text
    return made


def assert_untold(team: Team, log: Path) -> None:
    """Search the output and every file except the private ones, decoding binary files as well."""
    secrets = team.secrets() | {name for names in NAMES.values() for name in names}
    files = {
        name: content.decode("utf-8", errors="replace")
        for name, content in team.project.snapshot().items()
        if not (name.startswith(".studio/") and name.split("/")[-1] in PRIVATE)
    }
    log_says = log.read_text("utf-8", errors="replace")
    everything = {**files, "what the commands said": team.said, "the server's log": log_says}
    told = {(where, one) for where, words in everything.items() for one in secrets if one in words}
    assert told == set()
    assert "@localhost" not in team.said
    assert "Traceback" not in team.said


def label(team: Team) -> None:
    """Each annotator submits one article, and skips or drafts another, in their own project and in the shared one."""
    team.run("push", "--no-check")
    team.run("assign", *NAMES)
    team.clear_labels()
    for annotator in NAMES:
        team.work(annotator, "harbour", "annotations/", [VERB])
        team.work(annotator, "market", "drafts", [VERB])
    team.work("anna", "market", "annotations/", [VERB], project=team.title, was_cancelled=True)
    team.work("ben", "market", "drafts", [VERB], project=team.title)


def pull_all(team: Team, code: int = 0) -> None:
    shared = team.title
    for name in (shared, *(annotator_title(shared, annotator) for annotator in NAMES)):
        team.title = name
        team.run("pull", code=code)
    team.title = shared


def test_no_personal_data_in_successful_commands(team: Team, started: State) -> None:
    label(team)
    team.run("pull", code=0)
    pull_all(team)
    for words in (["status"], ["people"], ["compare"], ["push", "--plan", "--no-check"]):
        team.said += team.annotate(*words).output
    team.run("adjudicate", "--from", "anna,ben")
    own = require_project(team.studio, team.state, f"{team.title}: adjudication")
    team.work("anna", "harbour", "annotations/", [VERB], project=own.title)
    team.said += team.annotate("adjudicate", "--pull", "--as", "anna").output
    kept = {path.name for path in (team.state.folder / "raw").iterdir()}
    assert {"harbour.json", "market.json"} <= kept
    raw = (team.state.folder / "raw" / "market.json").read_text()
    assert '"created_username":"user, ' in raw  # it is there, with the number alone
    assert '"drafts":[{' in raw
    assert_untold(team, started.log)


def test_no_personal_data_in_failing_commands(team: Team, started: State, monkeypatch: pytest.MonkeyPatch) -> None:
    """Users without a pseudonym, a broken journal, raw file and list of people, errors of the server, a wrong token."""
    label(team)
    people = team.state.annotators(LOCAL)
    team.state.save_annotators(LOCAL, {})
    listed = team.corpus.annotators_path.read_bytes()
    # A login is recognised only if annotators.yaml lists its pseudonym.
    team.corpus.annotators_path.write_bytes(listed.replace(b"id: anna", b"id: dora").replace(b"id: ben", b"id: emil"))
    pull_all(team, code=1)
    assert list((team.state.folder / "journal").glob("0*"))  # the tasks wait there
    assert_untold(team, started.log)

    page = min((team.state.folder / "journal").glob("0*"))
    whole = page.read_bytes()
    page.write_bytes(whole[: len(whole) // 2])
    team.run("pull", code=2)
    page.write_bytes(whole)
    team.state.write_bytes("people.json", b'{"local": {"x": "' + NAMES["ben"][0].encode()[:3] + b'"}}')
    for words in (["pull"], ["status"]):
        team.run(*words, code=2)
    team.state.write("people.json", {LOCAL: people})
    team.corpus.annotators_path.write_bytes(listed)

    key = server.load_credentials(team.state).token
    port = int(team.studio.url.rsplit(":", 1)[1])
    with before(port) as proxy, monkeypatch.context() as patch:
        patch.setenv(URL_VARIABLE, proxy.url)
        patch.setenv(TOKEN_VARIABLE, key)
        patch.setattr("annotate.labelstudio.client.Studio.delays", (0.05,))
        for fault in ("500", "cut", "refuse"):
            proxy.faults = lambda count, request, fault=fault: fault if count > 2 else None  # type: ignore[misc]
            for words in (["pull"], ["push", "--no-check"], ["status"], ["people"], ["assign", "anna"]):
                proxy.seen.clear()
                team.said += team.annotate(*words).output
        patch.setenv(TOKEN_VARIABLE, "0" * 40)
        proxy.faults = lambda count, request: None
        for words in (["pull"], ["push", "--no-check"], ["status"], ["adjudicate", "--from", "anna,ben"]):
            team.run(*words, code=2)
    assert_untold(team, started.log)
    pull_all(team)
    assert_untold(team, started.log)


def test_personal_data_is_removed_and_the_rest_is_kept() -> None:
    result = [{"value": {"text": ["write to a@b.example"]}}]
    task = {
        "id": 3,
        "data": {"text": "a@b.example", "user": "quoted"},
        "annotations": [{"completed_by": {"id": 7, "email": "a@b.example", "initials": "AB"}, "result": result}],
        "drafts": [{"user": "a@b.example", "created_username": "A B a@b.example, 7", "result": result}],
        "updated_by": [{"user_id": 7}],
        "storage": "for a@b.example",
    }
    kept = remove_personal_data(task)
    assert kept == task | {
        "annotations": [{"completed_by": {"id": 7}, "result": result}],
        "drafts": [{"user": "user", "created_username": "user, 7", "result": result}],
        "storage": "for address",
    }
    assert remove_personal_data(kept) == kept
