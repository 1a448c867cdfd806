"""Adopt a state folder that came from elsewhere: its labels survive, and nothing that a stranger knows or set up."""

import shutil
import sqlite3
import stat
from contextlib import closing
from pathlib import Path

import httpx
import pytest

from annotate.labelstudio import server
from annotate.labelstudio.annotators import LOGINS_FILE, Login
from annotate.labelstudio.client import Studio, find_server
from annotate.labelstudio.credentials import SETTINGS_FILE
from annotate.labelstudio.http import LOCAL
from annotate.labelstudio.location import open_state
from annotate.labelstudio.projects import annotator_title, require_project
from annotate.labelstudio.state import Credentials, State
from tests.conftest import Project
from tests.labelstudio.team import VERB, Team

DATABASE = "data/label_studio.sqlite3"
STRANGER = Credentials("stranger@example.org", "known-to-others", "a" * 40)


def insert(connection: sqlite3.Connection, table: str, **values: object) -> None:
    """Insert a row, with something in every column that needs a value."""
    for _, name, kind, required, default, is_key in connection.execute(f"PRAGMA table_info({table})"):
        if required and default is None and not is_key and name not in values:
            values[name] = "{}" if kind == "text" else "2026-01-01" if kind == "datetime" else 0
    columns, marks = ", ".join(values), ", ".join("?" * len(values))
    connection.execute(f"INSERT INTO {table} ({columns}) VALUES ({marks})", list(values.values()))  # noqa: S608


def plant(path: Path, project: int) -> None:
    """Add to a database what would send labels to a stranger, or let one in."""
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("UPDATE authtoken_token SET key = ? WHERE user_id = 1", (STRANGER.token,))
        connection.execute("UPDATE organization SET token = 'known-invitation'")
        connection.execute("UPDATE project SET task_data_login = 'me', task_data_password = 'hush'")
        insert(connection, "webhook", id=7, organization_id=1, url="https://user:hush@hook.example.org/x", is_active=1)
        insert(connection, "webhook_action", webhook_id=7, action="ANNOTATION_CREATED")
        insert(connection, "ml_mlbackend", project_id=project, url="https://model.example.org", title="model")
        for kind in ("s3", "gcs", "azureblob", "redis", "localfiles"):
            for way in ("import", "export"):
                table = f"io_storages_{kind}{way}storage"
                columns = [row[1] for row in connection.execute(f"PRAGMA table_info({table})")]
                pointer = next((name for name in columns if name.endswith("mixin_ptr_id")), None)
                values: dict[str, object] = {"project_id": project, "title": "theirs"}
                if pointer:
                    insert(connection, f"io_storages_{kind}{'' if kind == 'localfiles' else 'storage'}mixin")
                    values[pointer] = connection.execute("SELECT last_insert_rowid()").fetchone()[0]
                insert(connection, table, **{name: value for name, value in values.items() if name in columns})
        connection.execute("CREATE VIEW spy AS SELECT * FROM htx_user")
        connection.execute("CREATE TRIGGER tap AFTER UPDATE ON htx_user BEGIN UPDATE htx_user SET is_active = 1; END")


class Hostile:
    """A folder with the work of a team on a real server, and with what a stranger added to it."""

    def __init__(self, team: Team, folder: Path) -> None:
        self.folder, self.team = folder, team
        state = State(folder)
        state.create_folder()
        for name in ("project.json", "people.json", "assigned.json", "configs.json", LOGINS_FILE, "journal", "raw"):
            path = team.state.folder / name
            if path.is_dir():
                shutil.copytree(path, folder / name)
            elif path.exists():
                shutil.copy(path, folder / name)
        project = require_project(team.studio, team.state, annotator_title(team.title, "anna")).id
        database = find_data(team) / "label_studio.sqlite3"
        with closing(sqlite3.connect(database)) as old, closing(sqlite3.connect(folder / DATABASE)) as new:
            old.backup(new)
        plant(folder / DATABASE, project)
        state.write(server.CREDENTIALS_FILE, STRANGER)
        state.write_bytes("data/.env", b"SECRET_KEY=known\nLABEL_STUDIO_DEBUG=true\nHTTPS_PROXY=http://evil.example\n")
        state.write_bytes("data/media/upload/1/picture.txt", b"uploaded")
        state.write_bytes("public.json", b'"https://evil.example.org"')
        state.write_bytes("django.py", b"raise SystemExit('planted')")


def find_data(team: Team) -> Path:
    """Return the data of the server that the team's folder has the process of."""
    import psutil

    process = server.find_running(team.state)
    assert process
    return Path(psutil.Process(process.pid).environ()["LABEL_STUDIO_BASE_DATA_DIR"])


def token_header(token: str) -> dict[str, str]:
    return {"Authorization": f"Token {token}"}


def whoami(url: str, token: str) -> int:
    return httpx.get(f"{url}/api/current-user/whoami", headers=token_header(token), trust_env=False).status_code


def log_in(url: str, email: str, password: str) -> int:
    """Return the status code of the login form: 302 if it lets one in."""
    with httpx.Client(base_url=url, trust_env=False, timeout=60) as browser:
        browser.get("/user/login/")
        form = {"email": email, "password": password, "csrfmiddlewaretoken": browser.cookies["csrftoken"]}
        return browser.post("/user/login/", data=form).status_code


@pytest.mark.server
def test_stranger_is_locked_out_and_labels_survive(project: Project, started: State, studio: Studio) -> None:
    team = Team(project, started, studio)
    team.run("push")
    team.run("people", "add", "anna")
    team.run("assign", "anna")
    team.clear_labels()
    team.work("anna", "harbour", "annotations/", [VERB])
    old_login = team.logins()["anna"]
    user_id = next(iter(team.state.annotators(LOCAL)))
    hostile = Hostile(team, project.root / "former" / "studio")
    shutil.rmtree(team.state.folder)
    before = {path: path.read_bytes() for path in hostile.folder.rglob("*") if path.is_file()}

    adopted = project.annotate("studio", "adopt", str(hostile.folder))
    assert adopted.exit_code == 0, adopted.output
    lines = adopted.stdout.splitlines()
    assert before == {path: path.read_bytes() for path in hostile.folder.rglob("*") if path.is_file()}
    assert {"removed: trigger tap", "removed: view spy"} <= {*lines}
    assert "removed: webhook 7 (hook.example.org)" in lines
    assert sum("storage" in line and line.startswith("removed: ") for line in lines) == 10
    assert {
        f"left out: {name}" for name in ("data/.env", "django.py", "credentials.json", "public.json", LOGINS_FILE)
    } == {line.split(" (")[0] for line in lines if line.startswith("left out: ")}
    for secret in (STRANGER.token, STRANGER.password, "hush", old_login.email, old_login.password):
        assert secret not in adopted.output

    state = open_state(project.root / "corpus")
    assert (state.data / "media/upload/1/picture.txt").read_bytes() == b"uploaded"
    assert b"known" not in (state.data / SETTINGS_FILE).read_bytes()
    assert {stat.S_IMODE(path.stat().st_mode) & 0o077 for path in (state.folder, *state.folder.glob("*.json"))} == {0}
    try:
        up = project.annotate("studio", "up", "--no-watch")
        assert up.exit_code == 0, up.output
        where = find_server(state)
        assert whoami(where.url, STRANGER.token) == 401
        assert whoami(where.url, where.token) == 200
        assert log_in(where.url, old_login.email, old_login.password) == 200
        with Studio(where) as connected:
            assert connected.get_invitation() != "known-invitation"
        with closing(sqlite3.connect(state.data / "label_studio.sqlite3")) as connection:
            names = [name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
            outside = [name for name in names if name.startswith(("webhook", "io_storages_", "ml_"))]
            assert len(outside) > 20
            assert not [name for name in outside if connection.execute(f"SELECT * FROM {name}").fetchall()]  # noqa: S608
            # A project calls a machine-learning backend with the token of whoever created it.
            without_token = "SELECT id FROM htx_user WHERE id NOT IN (SELECT user_id FROM authtoken_token)"
            assert connection.execute(without_token).fetchall() == []
        pulled = project.annotate("studio", "pull", "--title", annotator_title(team.title, "anna"))
        assert pulled.exit_code == 0, pulled.output
        spans = project.corpus.read_annotation("anna", "harbour").spans
        assert [(span.id, span.text) for span in spans] == [("v", "said")]

        port = where.url
        # Of the others, one uses the login of the server, and one was removed on the server.
        owner = httpx.get(f"{port}/api/current-user/whoami", headers=token_header(where.token), trust_env=False).json()
        state.save_annotators(LOCAL, state.annotators(LOCAL) | {owner["id"]: "carla", 999: "ben"})
        reset = project.annotate("studio", "reset-credentials", "anna", "ben", "carla")
        # A slow machine also shows progress.
        assert reset.exit_code == 1, reset.output
        assert reset.stderr.splitlines()[-1] == "ben: the server does not have their user any more"
        assert "carla uses the server's own login" in reset.stdout
        assert f"restarted: {port}" in reset.stdout
        renewed = find_server(state)
        assert (whoami(port, where.token), whoami(port, renewed.token)) == (401, 200)
        logins = state.read_for(LOCAL, LOGINS_FILE, dict[str, Login]) or {}
        assert log_in(port, logins["anna"].email, logins["anna"].password) == 302
        assert log_in(port, old_login.email, old_login.password) == 200
        assert state.annotators(LOCAL)[user_id] == "anna"
    finally:
        server.stop(state)
