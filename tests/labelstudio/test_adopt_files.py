"""What `annotate studio adopt` takes of a folder: known records that can be read, and plain files; never a link."""

import json
import os
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from annotate.errors import CannotRun
from annotate.labelstudio import server
from annotate.labelstudio.adopt import adopt, rebuild_sqlite
from annotate.labelstudio.config_versions import read_earlier_versions
from annotate.labelstudio.http import LOCAL
from annotate.labelstudio.journal import PullJournal
from annotate.labelstudio.location import corpus_state_folder, open_state
from annotate.labelstudio.projects import assigned_annotators
from annotate.labelstudio.quarantine import iterate_quarantine
from annotate.labelstudio.state import ServerProcess
from tests.conftest import Project

DATABASE = "data/label_studio.sqlite3"


@pytest.fixture
def former(project: Project) -> Path:
    folder = project.root / ".studio"
    folder.mkdir()
    return folder


def write(folder: Path, **records: Any) -> None:
    """Write records as JSON; `__` in a name stands for a slash."""
    for name, value in records.items():
        path = folder / f"{name.replace('__', '/')}.json"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(value if isinstance(value, bytes) else json.dumps(value).encode())


def left_out(project: Project, former: Path) -> dict[str, str]:
    """Adopt a folder, and return what was left out, with the reasons."""
    return dict(adopt(former, project.root / "corpus").left_out)


def test_records_survive_and_the_folder_is_no_longer_asked_about(project: Project, former: Path) -> None:
    task = {"id": 3, "project": 1, "data": {"article": "harbour"}, "annotations": [{"completed_by": 4}]}
    entry = {"task": 3, "kind": "annotation", "number": 9, "annotator": "anna", "reasons": [], "items": [{"id": "x"}]}
    write(
        former,
        project={LOCAL: {"Port news": 1}},
        people={LOCAL: {"4": "anna"}, "https://label.example.org": {"7": "ben"}},
        assigned={LOCAL: {"Port news": {"annotators": ["anna"]}}},
        configs={LOCAL: {"1": "0" * 64}},
        removed={LOCAL: ["ben"]},
        **{"config-versions": {LOCAL: {"1": [{"version": "0.9.0", "until": "2026-01-01T00:00:00Z"}]}}},
        journal__00000001={"server": LOCAL, "users": [4], "tasks": [task]},
        journal__since={f"{LOCAL} 1": {"since": "2026-01-01T00:00:00.000000Z"}},
        raw__harbour=[task | {"created_username": "Ann Smith ann@example.org, 4"}],
        raw__=[],
        aside__harbour=[entry],
    )
    (former / "raw" / ".unknown.json").write_text("[]")
    result = project.annotate("studio", "adopt", ".studio")
    assert result.exit_code == 0, result.output
    state = open_state(project.root / "corpus")
    assert f"copied from {former}: 11 records, 0 uploaded files\ndata: {state.folder}\n" in result.stdout
    assert state.project_ids(LOCAL) == {"Port news": 1}
    assert (state.annotators(LOCAL), state.annotators("https://label.example.org")) == ({4: "anna"}, {7: "ben"})
    assert assigned_annotators(state, LOCAL, "Port news") == ["anna"]
    assert state.removed_annotators(LOCAL) == ["ben"]
    assert [entry.version for entry in read_earlier_versions(state, LOCAL)[1]] == ["0.9.0"]
    assert PullJournal(state).checkpoint(LOCAL, 1).since == "2026-01-01T00:00:00.000000Z"
    (page,) = PullJournal(state).page_paths()
    assert PullJournal(state).read_page(page).tasks == [task]
    assert b"Smith" not in (state.folder / "raw" / "harbour.json").read_bytes()
    assert [article for article, _ in iterate_quarantine(state)] == ["harbour"]
    assert project.annotate("studio", "down").stdout == "no server was running\n"


def test_values_that_could_lead_elsewhere_are_dropped(project: Project, former: Path) -> None:
    """An annotator's name becomes a folder of the corpus; a server's name is printed."""
    write(
        former,
        people={LOCAL: {"1": "../../home", "2": "anna", "3": "a/b", "4": "\x1b[31m"}, "http://u:pw@h": {"1": "ben"}},
        assigned={LOCAL: {"Port news": {"annotators": ["../x", "anna"], "more": 1}}},
        project={"http://u:pw@h": {"Port news": 1}, "no address": {"x": 1}},
        removed={LOCAL: ["../x", "ben"], "http://u:pw@h": ["anna"]},
        **{"config-versions": {LOCAL: {"1": [{"version": "1/0", "until": "2026-01-01T00:00:00Z"}]}}},
        journal__since={"http://u:pw@h 1": {}},
        journal__00000001={"server": "http://u:pw@h", "users": [], "tasks": []},
    )
    assert left_out(project, former) == {"journal/00000001.json": "cannot be read (ValueError)"}
    state = open_state(project.root / "corpus")
    assert state.annotators(LOCAL) == {2: "anna"}
    assert assigned_annotators(state, LOCAL, "Port news") == ["anna"]
    assert (state.removed_annotators(LOCAL), read_earlier_versions(state, LOCAL)) == (["ben"], {1: []})
    assert not [path for path in state.folder.rglob("*") if path.is_file() and b"pw" in path.read_bytes()]


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("people.json", b"{"),
        ("people.json", b'{"local": {"x": "anna"}}'),
        ("people.json", b'{"local": ["anna"]}'),
        ("people.json", b"\xff\xfe"),
        ("project.json", b'{"local": {"Port news": "1"}}'),
        ("project.json", b"[" * 100_000),
        ("config-versions.json", b'{"local": {"1": [{"version": "1.0.0", "until": "2026-01-01T00:00:00"}]}}'),
        ("raw/harbour.json", b'{"id": 1}'),
        ("raw/harbour.json", b"[" * 100_000 + b"]" * 100_000),
        ("aside/harbour.json", b'[{"task": 1}]'),
        ("journal/00000001.json", b'{"server": "local"}'),
        ("journal/since.json", b'{"local 1": {"last": "x"}}'),
    ],
)
def test_records_that_cannot_be_read_are_left_out(project: Project, former: Path, name: str, content: bytes) -> None:
    (former / name).parent.mkdir(exist_ok=True)
    (former / name).write_bytes(content)
    listed = left_out(project, former)
    assert list(listed) == [name]
    assert listed[name].startswith("cannot be read (")
    assert not (corpus_state_folder(project.root / "corpus") / name).exists()


@pytest.mark.parametrize(
    "name",
    [
        "django.py",
        "data/sitecustomize.py",
        "data/export/1.json",
        "raw/UPPER.json",
        "raw/sub/harbour.json",
        "journal/1.json",
        "migration/done.json",
        "unknown.json",
        "\x1b[31mred",
    ],
)
def test_unknown_files_are_left_out_and_listed(project: Project, former: Path, name: str) -> None:
    (former / name).parent.mkdir(parents=True, exist_ok=True)
    (former / name).write_text("[]")
    result = project.annotate("studio", "adopt", str(former))
    assert result.exit_code == 0, result.output
    assert f"left out: {name} (not known)".replace("\x1b", "\\x1b") in result.stdout
    assert "\x1b" not in result.output
    state = open_state(project.root / "corpus")
    assert not [path for path in state.folder.rglob("*") if path.name == Path(name).name]


def test_links_and_pipes_are_left_out(project: Project, former: Path, tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir()
    (home / "harbour.json").write_text("[]")
    (home / "secret").write_text("precious")
    (former / "data" / "media").mkdir(parents=True)
    (former / "data" / "media" / "file").symlink_to(home / "secret")
    (former / "data" / "media" / "folder").symlink_to(home)
    (former / "data" / "media" / "plain").write_text("kept")
    (former / "raw").symlink_to(home)
    (former / "people.json").symlink_to(home / "secret")
    os.mkfifo(former / "project.json")
    (former / DATABASE).symlink_to(home / "secret")
    assert left_out(project, former) == {
        DATABASE: "not a regular file",
        "data/media/file": "not a regular file",
        "data/media/folder": "a link",
        "people.json": "not a regular file",
        "project.json": "not a regular file",
        "raw": "a link",
    }
    state = open_state(project.root / "corpus")
    files = {path.relative_to(state.folder).as_posix() for path in state.folder.rglob("*") if path.is_file()}
    assert files == {".gitignore", "corpus.json", "data/media/plain"}


def test_many_files_are_counted(project: Project, former: Path) -> None:
    for number in range(25):
        (former / f"file-{number:02}").touch()
    lines = project.annotate("studio", "adopt", str(former)).stdout.splitlines()
    assert sum(line.startswith("left out: ") for line in lines) == 20
    assert "… 5 more files (--all)" in lines


def test_source_must_be_a_folder(project: Project, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    (tmp_path / "link").symlink_to(project.root)
    for name, problem, code in (
        ("file", "is not a folder", 2),
        ("none", "is not a folder", 2),
        ("link", "is a link; name the folder that it leads to", 1),
    ):
        result = project.annotate("studio", "adopt", str(tmp_path / name))
        assert (result.exit_code, problem in result.stderr, result.stderr.count("\n")) == (code, True, 1)
    assert not corpus_state_folder(project.root / "corpus").exists()


def test_postgresql_address_is_asked_for_again(project: Project, former: Path) -> None:
    write(former, database={"host": "evil.example.org", "port": 5432, "name": "s", "user": "me", "password": "hush"})
    result = project.annotate("studio", "adopt", str(former))
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr == (
        f"annotate: {former}: kept its data in PostgreSQL; name the address of the database with --database\n"
    )
    unreachable = project.annotate(
        "studio", "adopt", str(former), "--database", "postgresql://me:pw@127.0.0.1:1/studio"
    )
    assert unreachable.exit_code == 2
    assert unreachable.stderr.startswith("annotate: postgresql://me@127.0.0.1:1/studio: cannot be reached")
    assert not corpus_state_folder(project.root / "corpus").exists()


def test_interrupted_migration_is_refused(project: Project, former: Path) -> None:
    write(former, migration__forward={}, project={LOCAL: {"Port news": 1}})
    result = project.annotate("studio", "adopt", str(former))
    assert (result.exit_code, "migration/forward.json: a migration was interrupted" in result.stderr) == (2, True)
    assert not corpus_state_folder(project.root / "corpus").exists()


def test_running_server_is_refused(project: Project, former: Path) -> None:
    import psutil

    own = psutil.Process()
    write(former, server={"pid": own.pid, "created": own.create_time(), "port": 1})
    result = project.annotate("studio", "adopt", str(former))
    assert result.exit_code == 1
    assert f"its server is running (process {own.pid}); stop it with `kill {own.pid}`" in result.stderr
    write(former, server={"pid": own.pid, "created": own.create_time() - 60, "port": 1})
    assert project.annotate("studio", "adopt", str(former)).exit_code == 0
    assert open_state(project.root / "corpus").read(server.PROCESS_FILE, ServerProcess) is None


def test_labels_of_the_corpus_are_not_replaced(project: Project, former: Path) -> None:
    former.rename(project.root / "other")
    open_state(project.root / "corpus").save_project_id(LOCAL, "Port news", 1)
    result = project.annotate("studio", "adopt", "other")
    assert result.exit_code == 1
    assert "already has the data of a server; move" in result.stderr
    assert open_state(project.root / "corpus").project_id(LOCAL, "Port news") == 1


def test_empty_state_is_replaced(project: Project, former: Path) -> None:
    former.rename(project.root / "other")
    open_state(project.root / "corpus").create_folder()
    write(project.root / "other", project={LOCAL: {"Port news": 3}})
    assert project.annotate("studio", "adopt", "other").exit_code == 0
    assert open_state(project.root / "corpus").project_id(LOCAL, "Port news") == 3


def test_moved_corpus_keeps_its_labels(project: Project) -> None:
    state = open_state(project.root / "corpus")
    state.save_project_id(LOCAL, "Port news", 1)
    moved = project.root.with_name("moved")
    project.root.rename(moved)
    project.root = moved
    assert project.annotate("studio", "down").exit_code == 1
    assert project.annotate("studio", "adopt", str(state.folder)).exit_code == 0
    assert open_state(moved / "corpus").project_id(LOCAL, "Port news") == 1
    assert state.project_id(LOCAL, "Port news") == 1
    assert project.annotate("studio", "down").exit_code == 0


def test_corpus_that_was_moved_back_does_not_use_the_older_copy(project: Project) -> None:
    first, root, moved = open_state(project.root / "corpus"), project.root, project.root.with_name("moved")
    first.save_project_id(LOCAL, "Port news", 1)
    root.rename(moved)
    project.root = moved
    assert project.annotate("studio", "adopt", str(first.folder)).exit_code == 0
    second = open_state(moved / "corpus")
    second.save_project_id(LOCAL, "Port news", 2)
    moved.rename(root)
    project.root = root
    refused = project.annotate("studio", "down")
    assert (refused.exit_code, f"annotate studio adopt {second.folder}`" in refused.stderr) == (1, True)
    refused = project.annotate("studio", "adopt", str(second.folder))
    assert (refused.exit_code, f"{first.folder}: already has the data" in refused.stderr) == (1, True)
    first.folder.rename(root / "older")
    assert project.annotate("studio", "adopt", str(second.folder)).exit_code == 0
    assert open_state(root / "corpus").project_id(LOCAL, "Port news") == 2


def test_replaced_corpus_keeps_its_labels_in_place(project: Project) -> None:
    """The copy has the name of the folder that it is made from, which gets another one."""
    corpus = project.root / "corpus"
    state = open_state(corpus)
    state.save_project_id(LOCAL, "Port news", 1)
    shutil.copytree(corpus, project.root / "copy")
    shutil.rmtree(corpus)
    (project.root / "copy").rename(corpus)
    write(state.folder, migration__forward={})
    assert project.annotate("studio", "adopt", str(state.folder)).exit_code == 2
    assert state.project_id(LOCAL, "Port news") == 1  # after an error, everything is as before
    shutil.rmtree(state.folder / "migration")
    result = project.annotate("studio", "adopt", str(state.folder))
    assert result.exit_code == 0, result.output
    assert open_state(corpus).project_id(LOCAL, "Port news") == 1
    assert (state.folder.with_name(f"{state.folder.name}.former1") / "project.json").is_file()


def test_named_folder_is_adopted_into_a_new_one(project: Project, tmp_path: Path, former: Path) -> None:
    write(former, project={LOCAL: {"Port news": 1}})
    for words in (["--dir", str(tmp_path / "new")], ["--dir", str(former / "inside")]):
        result = project.annotate("studio", "adopt", str(former), *words)
        assert (result.exit_code, result.stderr) == (0, "") if words[1].endswith("new") else result.exit_code == 2
    assert open_state("nowhere", tmp_path / "new").project_id(LOCAL, "Port news") == 1
    # Without --dir, a command would use another server, so it still stops.
    assert project.annotate("studio", "down").exit_code == 1


def database(folder: Path, *statements: str) -> Path:
    path = folder / "source.sqlite3"
    path.unlink(missing_ok=True)
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        for statement in (
            "CREATE TABLE t (id INTEGER PRIMARY KEY AUTOINCREMENT, a)",
            "INSERT INTO t VALUES (5, 'kept')",
            "CREATE TABLE u (b text CHECK (JSON_VALID(b)))",
            "INSERT INTO u VALUES ('{}')",
            "CREATE UNIQUE INDEX i ON t (a)",
            *statements,
        ):
            connection.execute(statement)
    return path


TRIGGER = "CREATE TRIGGER g AFTER INSERT ON t BEGIN DELETE FROM u; END"
WRITABLE = "PRAGMA writable_schema = ON"


@pytest.mark.parametrize(
    ("statements", "removed"),
    [
        ([], []),
        ([TRIGGER, "CREATE VIEW v AS SELECT * FROM t"], ["trigger g", "view v"]),
        (["CREATE VIRTUAL TABLE f USING fts5(x)"], ["table f"]),
        (
            [
                TRIGGER,
                WRITABLE,
                "UPDATE sqlite_master SET sql = replace(sql, 'CREATE T', 'CREATE/**/T') WHERE name = 'g'",
            ],
            ["trigger g"],
        ),
    ],
)
def test_only_tables_and_indexes_are_copied(tmp_path: Path, statements: list[str], removed: list[str]) -> None:
    source, target = database(tmp_path, *statements), tmp_path / "target.sqlite3"
    assert rebuild_sqlite(source, target) == removed
    with closing(sqlite3.connect(target)) as connection:
        assert connection.execute("SELECT * FROM t").fetchall() == [(5, "kept")]
        assert connection.execute("SELECT * FROM u").fetchall() == [("{}",)]
        connection.execute("INSERT INTO t (a) VALUES ('new')")
        assert connection.execute("SELECT max(id) FROM t").fetchone() == (6,)
        kinds = connection.execute("SELECT DISTINCT type, substr(sql, 1, 9) FROM sqlite_master WHERE sql NOT NULL")
        assert {*kinds} == {("table", "CREATE TA"), ("index", "CREATE UN")}


@pytest.mark.parametrize(
    "statements",
    [
        [TRIGGER, WRITABLE, "UPDATE sqlite_master SET type = 'table' WHERE name = 'g'"],
        [TRIGGER, WRITABLE, "UPDATE sqlite_master SET name = 'sqlite_g' WHERE name = 'g'"],
        [WRITABLE, "UPDATE sqlite_master SET sql = 'CREATE TABLE u(b); CREATE TABLE w(b)' WHERE name = 'u'"],
        [WRITABLE, "UPDATE sqlite_master SET sql = 'CREATE TABLE u AS SELECT 1' WHERE name = 'u'"],
        ["CREATE TABLE z (a CHECK (load_extension(a)))"],
        ["CREATE TABLE z (a, b GENERATED ALWAYS AS (hex(a)))"],
        ["CREATE INDEX e ON t (hex(a))"],
    ],
)
def test_crafted_schema_is_one_line(tmp_path: Path, statements: list[str]) -> None:
    with pytest.raises(CannotRun, match=r"^data/label_studio\.sqlite3: cannot be copied \(.*\); adopt a folder with"):
        rebuild_sqlite(database(tmp_path, *statements), tmp_path / "target.sqlite3")


def test_database_that_is_none_is_one_line(project: Project, former: Path) -> None:
    (former / "data").mkdir()
    for name, content, problem in (
        ("label_studio.sqlite3", b"no database", "is not an SQLite database"),
        ("label_studio.sqlite3", b"SQLite format 3\0" + b"x" * 5000, "cannot be copied"),
        ("label_studio.sqlite3-journal", b"/home/me/file" + bytes.fromhex("d9d505f920a163d7"), "names another file"),
    ):
        (former / "data" / name).write_bytes(content)
        result = project.annotate("studio", "adopt", str(former))
        assert (result.exit_code, problem in result.stderr, result.stderr.count("\n")) == (2, True, 1), result.stderr
        (former / "data" / name).unlink()
    assert not corpus_state_folder(project.root / "corpus").exists()


@pytest.mark.server
def test_database_of_another_program_is_one_line(project: Project, former: Path) -> None:
    (former / "data").mkdir()
    shutil.move(database(project.root), former / DATABASE)
    with closing(sqlite3.connect(former / DATABASE)) as connection:
        connection.execute("CREATE TABLE project (id)")
    result = project.annotate("studio", "adopt", str(former))
    assert (result.exit_code, result.stderr.count("\n")) == (2, 1), result.stderr
    assert "Label Studio cannot use the database: " in result.stderr
    assert not corpus_state_folder(project.root / "corpus").exists()
