"""The prepared database: what is in it, who may use it, and a start that begins with it."""

import os
import re
import shutil
import sqlite3
import stat
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from annotate.labelstudio import server
from annotate.labelstudio.client import Studio, find_server
from annotate.labelstudio.database import SQLITE_FILE
from annotate.labelstudio.prepared_database import (
    install_prepared_database,
    prepared_path,
    read_prepared_database,
    save_prepared_database,
)
from annotate.labelstudio.server_process import read_phase
from annotate.labelstudio.state import State
from tests.conftest import Project

TABLES = """
CREATE TABLE django_migrations (name TEXT);
CREATE TABLE htx_user (email TEXT);
INSERT INTO django_migrations VALUES ('0001_initial');
"""


@pytest.fixture
def database(tmp_path: Path) -> Path:
    """Return a database with a table for migrations and one for users."""
    path = tmp_path / "new.sqlite3"
    change(path, TABLES)
    return path


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return where the prepared database of a new user is, once there is one."""
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    path = prepared_path()
    assert path
    return path


def change(path: Path, script: str) -> None:
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript(script)


@pytest.mark.server
def test_first_start_leaves_a_database_without_users(first_start: Path) -> None:
    assert stat.S_IMODE(first_start.stat().st_mode) == 0o600
    assert stat.S_IMODE(first_start.parent.stat().st_mode) == 0o700
    assert read_prepared_database(first_start) == first_start.read_bytes()
    with closing(sqlite3.connect(first_start)) as connection:
        assert connection.execute("SELECT count(*) FROM django_migrations").fetchone()[0] > 200
        for table in ("htx_user", "authtoken_token", "django_session", "organization", "jwt_auth_jwtsettings"):
            assert connection.execute(f"SELECT count(*) FROM {table}").fetchone() == (0,)  # noqa: S608


@pytest.mark.server
def test_server_begins_with_it_and_applies_no_migration(first_start: Path, tmp_path: Path) -> None:
    state, phases, before = State(tmp_path / ".studio"), set[str](), first_start.read_bytes()
    server.start(state, on_wait=lambda seconds, phase: phases.add(phase))
    try:
        assert not any("migration" in phase for phase in phases)
        assert read_phase(state.log.read_text()) == "starting the web server"
        with Studio(find_server(state)) as studio:
            assert list(studio.list_logins().values()) == [server.load_credentials(state).username]
            assert list(studio.list_projects()) == []
    finally:
        server.stop(state)
    assert first_start.read_bytes() == before


@pytest.mark.server
def test_servers_have_no_secret_in_common(begin: Callable[[State], None], tmp_path: Path, started: State) -> None:
    state = State(tmp_path / ".studio")
    begin(state)
    assert server.load_credentials(state) != server.load_credentials(started)
    assert server.load_credentials(started).token.encode() not in (state.data / SQLITE_FILE).read_bytes()
    assert not (state.data / ".env").exists()  # the secret key


def test_copy_is_installed_once_and_replaces_nothing(place: Path, database: Path, tmp_path: Path) -> None:
    state = State(tmp_path / ".studio")
    state.create_folder()
    assert install_prepared_database(state) == place
    assert not (state.data / SQLITE_FILE).exists()
    assert save_prepared_database(database, place)
    assert install_prepared_database(state) is None
    assert (state.data / SQLITE_FILE).read_bytes() == database.read_bytes()
    assert stat.S_IMODE((state.data / SQLITE_FILE).stat().st_mode) == 0o600
    (state.data / SQLITE_FILE).write_bytes(b"mine")
    assert install_prepared_database(state) is None
    assert (state.data / SQLITE_FILE).read_bytes() == b"mine"


def test_database_with_a_user_is_not_saved(place: Path, database: Path) -> None:
    change(database, "INSERT INTO htx_user VALUES ('a@b.example');")
    assert not save_prepared_database(database, place)
    assert not place.exists()


def _as_link(path: Path, database: Path) -> None:
    path.symlink_to(database)


def _as_pipe(path: Path, database: Path) -> None:
    os.mkfifo(path, 0o600)


def _for_all(path: Path, database: Path) -> None:
    shutil.copy(database, path)
    path.chmod(0o644)


def _of_another_user(path: Path, database: Path) -> None:
    shutil.copy(database, path)
    path.chmod(0o600)
    os.chown(path, 65534, 65534)


def _with(script: str) -> Callable[[Path, Path], None]:
    def plant(path: Path, database: Path) -> None:
        change(database, script)
        shutil.copy(database, path)
        path.chmod(0o600)

    return plant


def _no_database(path: Path, database: Path) -> None:
    path.write_bytes(b"SQLite format 3\0" + bytes(100))
    path.chmod(0o600)


HOSTILE = {
    "link": _as_link,
    "pipe": _as_pipe,
    "mode": _for_all,
    "user": _with("INSERT INTO htx_user VALUES ('a@b.example');"),
    "trigger": _with("CREATE TRIGGER t AFTER INSERT ON htx_user BEGIN DELETE FROM django_migrations; END;"),
    "view": _with("CREATE VIEW v AS SELECT * FROM htx_user;"),
    "name": _with(
        'CREATE TABLE "x""; DROP TABLE htx_user; --" (a TEXT); INSERT INTO "x""; DROP TABLE htx_user; --" VALUES (1);'
    ),
    "other tables": _with("DROP TABLE django_migrations;"),
    "not a database": _no_database,
}


@pytest.mark.parametrize("name", HOSTILE)
def test_untrusted_copy_is_not_used_and_is_replaced(place: Path, database: Path, tmp_path: Path, name: str) -> None:
    good = database.read_bytes()
    HOSTILE[name](place, database)
    state = State(tmp_path / ".studio")
    state.create_folder()
    assert install_prepared_database(state) == place
    assert not (state.data / SQLITE_FILE).exists()
    fresh = tmp_path / "fresh.sqlite3"
    fresh.write_bytes(good)
    assert save_prepared_database(fresh, place)
    assert read_prepared_database(place) == good
    assert name != "link" or database.read_bytes() == good  # nothing was written through it


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")
def test_copy_of_another_user_is_not_used(place: Path, database: Path) -> None:
    _of_another_user(place, database)
    assert read_prepared_database(place) is None


@pytest.mark.parametrize("kind", ["link", "mode", "file"])
def test_untrusted_folder_is_not_used(place: Path, tmp_path: Path, kind: str) -> None:
    folder = place.parent
    folder.rmdir()
    if kind == "link":
        (tmp_path / "elsewhere").mkdir(mode=0o700)
        folder.symlink_to(tmp_path / "elsewhere")
    elif kind == "mode":
        folder.mkdir()
        folder.chmod(0o755)
    else:
        folder.touch()
    assert prepared_path() is None
    state = State(tmp_path / ".studio")
    state.create_folder()
    assert install_prepared_database(state) is None
    assert not (state.data / SQLITE_FILE).exists()


def test_phase_is_the_last_that_the_log_names() -> None:
    assert read_phase("") == "loading Label Studio"
    assert read_phase(
        "annotate: applying migration 1 of 2\nx\nannotate: applying migration 2 of 2\ny annotate: z\n"
    ) == ("applying migration 2 of 2")


@pytest.mark.server
def test_up_says_what_it_does_in_a_pipe(project: Project, first_start: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The lines are on standard error, so that the address is all that a script reads."""
    monkeypatch.setattr("annotate.cli.terminal.WAIT_INTERVAL", 1)
    up = project.annotate("studio", "up", "--no-watch")
    try:
        assert up.exit_code == 0, up.output
        assert up.stdout.startswith("started: http://127.0.0.1:")
        assert re.match(r"starting the server: loading Label Studio \(\d+ s\)\n", up.stderr)
    finally:
        assert project.annotate("studio", "down").stdout == "stopped\n"


@pytest.mark.server
def test_up_stops_the_server_after_the_timeout(project: Project) -> None:
    up = project.annotate("studio", "up", "--no-watch", "--timeout", "1")
    assert up.exit_code == 2
    assert (
        "label-studio: does not answer after 1 s (loading Label Studio); run it again, with --timeout SECONDS"
        in up.stderr
    )
    assert project.annotate("studio", "down").stdout == "no server was running\n"
