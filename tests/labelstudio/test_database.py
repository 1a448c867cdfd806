"""The database of a server: its address, and a folder that keeps it."""

from pathlib import Path

import pytest

from annotate.errors import CannotRun
from annotate.labelstudio.database import (
    DATABASE_FILE,
    SQLITE_FILE,
    Database,
    database_environment,
    parse_database_url,
    resolve_database,
)
from annotate.labelstudio.state import State


def test_password_may_come_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PGPASSWORD", "from the environment")
    assert parse_database_url("postgresql://anna@db/studio") == Database(
        "db", 5432, "studio", "anna", "from the environment"
    )
    assert parse_database_url("postgres://anna:p%40ss@db:5433/a%20b") == Database("db", 5433, "a b", "anna", "p@ss")
    assert "p@ss" not in repr(parse_database_url("postgres://anna:p%40ss@db/studio"))


@pytest.mark.parametrize(
    "url", ["mysql://a:secret@b/c", "postgresql:///x", "postgresql://h", "postgresql://h:x/secret", "secret"]
)
def test_malformed_database_url_is_one_line_without_the_url(url: str) -> None:
    with pytest.raises(
        CannotRun, match="not the address of a database; write postgresql://USER@HOST:5432/NAME"
    ) as error:
        parse_database_url(url)
    assert "secret" not in str(error.value)


def test_folder_keeps_its_database(tmp_path: Path) -> None:
    state = State(tmp_path / "studio")
    state.create_folder()
    assert resolve_database(state, None) is None
    assert database_environment(None) == {"LABEL_STUDIO_DJANGO_DB": "sqlite"}
    state.write(DATABASE_FILE, Database("db", 5432, "studio", "anna", "x"))
    with pytest.raises(CannotRun, match="belongs to postgresql://anna@db:5432/studio; choose another folder"):
        resolve_database(state, Database("db", 5432, "other", "anna", "x"))
    old = State(tmp_path / "old")
    old.create_folder()
    (old.data / SQLITE_FILE).touch()
    with pytest.raises(CannotRun, match="keeps its data in SQLite already; choose another folder"):
        resolve_database(old, Database("db", 5432, "studio", "anna", "x"))
