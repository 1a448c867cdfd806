"""Where a server keeps its data: addresses, and a folder that keeps to what it was started with."""

from pathlib import Path

import pytest

from annotate.errors import CannotRun
from annotate.labelstudio.server import FILE, SQLITE, Database, environment_database, parse, settled
from annotate.labelstudio.state import State


def test_address_and_password_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PGPASSWORD", "from the environment")
    assert parse("postgresql://anna@db/studio") == Database("db", 5432, "studio", "anna", "from the environment")
    assert parse("postgres://anna:p%40ss@db:5433/a%20b") == Database("db", 5433, "a b", "anna", "p@ss")
    assert "p@ss" not in repr(parse("postgres://anna:p%40ss@db/studio"))


@pytest.mark.parametrize(
    "url", ["mysql://a:secret@b/c", "postgresql:///x", "postgresql://h", "postgresql://h:x/secret", "secret"]
)
def test_what_is_no_address_is_one_line_that_repeats_nothing(url: str) -> None:
    with pytest.raises(CannotRun, match="is no address of a database; write postgresql://USER@HOST:5432/NAME") as error:
        parse(url)
    assert "secret" not in str(error.value)


def test_folder_keeps_to_its_database(tmp_path: Path) -> None:
    state = State(tmp_path / "studio")
    state.make()
    assert settled(state, None) is None
    assert environment_database(None) == {"LABEL_STUDIO_DJANGO_DB": "sqlite"}
    state.write(FILE, Database("db", 5432, "studio", "anna", "x"))
    with pytest.raises(CannotRun, match="belongs to postgresql://anna@db:5432/studio; choose another folder"):
        settled(state, Database("db", 5432, "other", "anna", "x"))
    old = State(tmp_path / "old")
    old.make()
    (old.data / SQLITE).touch()
    with pytest.raises(CannotRun, match="keeps its data in SQLite already; choose another folder"):
        settled(old, Database("db", 5432, "studio", "anna", "x"))
