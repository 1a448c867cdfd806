"""The same server on PostgreSQL: Debian's, started here, with the commands of docs/how-to/deploy.md for backups.

Needs Debian's postgresql; `make postgres-test` runs it.
"""

import os
import pwd
import re
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import psycopg
import pytest

from annotate.errors import CannotRun
from annotate.labelstudio import push, server
from annotate.labelstudio.adopt import adopt
from annotate.labelstudio.client import Studio, find_server
from annotate.labelstudio.database import Database, parse_database_url, resolve_database
from annotate.labelstudio.predictions import corpus_predictions
from annotate.labelstudio.push_plan import PushRequest
from annotate.labelstudio.state import State
from annotate.labelstudio.tasks import result_items
from tests.conftest import ROOT, Project

pytestmark = pytest.mark.postgres
PASSWORD = "not-a-secret-outside-this-test"


class Cluster:
    """A PostgreSQL server on the loopback with data of its own; it does not run as root, so neither do its commands."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.programs = folder, max(Path("/usr/lib/postgresql").glob("*/bin"))
        self.user = pwd.getpwnam("postgres" if os.geteuid() == 0 else pwd.getpwuid(os.geteuid()).pw_name)
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]

    def run(self, *words: str) -> None:
        command = [str(self.programs / words[0]), *words[1:]]
        who = {"user": self.user.pw_uid, "group": self.user.pw_gid} if os.geteuid() == 0 else {}
        done = subprocess.run(command, cwd="/", capture_output=True, text=True, check=False, **who)  # type: ignore[call-overload]
        assert done.returncode == 0, done.stderr

    def start(self) -> None:
        self.folder.mkdir()
        os.chown(self.folder, self.user.pw_uid, self.user.pw_gid)
        secret = self.folder.parent / "pg-password"
        secret.write_text(PASSWORD)
        secret.chmod(0o644)
        data = str(self.folder / "data")
        self.run("initdb", "-D", data, "-U", "label", "-A", "scram-sha-256", f"--pwfile={secret}")
        options = f"-p {self.port} -c listen_addresses=127.0.0.1 -c unix_socket_directories={self.folder}"
        self.run("pg_ctl", "-D", data, "-w", "-l", str(self.folder / "log"), "-o", options, "start")

    def stop(self) -> None:
        self.run("pg_ctl", "-D", str(self.folder / "data"), "-w", "-m", "fast", "stop")

    def url(self, name: str) -> str:
        return f"postgresql://label@127.0.0.1:{self.port}/{name}"

    def sql(self, statement: str) -> None:
        words = [str(self.programs / "psql"), "--quiet", "--command", statement, self.url("postgres")]
        subprocess.run(words, check=True, env={**os.environ, "PGPASSWORD": PASSWORD}, capture_output=True)


@pytest.fixture(scope="module")
def cluster() -> Iterator[Cluster]:
    # Not below pytest's own folder, which only its owner may enter.
    folder = Path("/tmp") / f"annotate-postgres-{os.getpid()}"  # noqa: S108
    folder.mkdir(mode=0o755)
    found = Cluster(folder / "cluster")
    found.start()
    yield found
    found.stop()
    shutil.rmtree(folder)


def block(name: str) -> str:
    """A block of commands of docs/how-to/deploy.md."""
    found = re.search(
        rf"^```sh {name}\n(.*?)^```",
        (ROOT / "docs" / "how-to" / "deploy.md").read_text("utf-8"),
        re.DOTALL | re.MULTILINE,
    )
    assert found
    return found[1]


def test_server_on_postgresql_with_backup_and_restore(
    cluster: Cluster, project: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PGPASSWORD", PASSWORD)
    cluster.sql("CREATE DATABASE studio")
    state, inventory = State(tmp_path / "studio"), project.inventory
    anna = project.corpus.read_annotation("anna", "harbour")
    server.start(state, database=parse_database_url(cluster.url("studio")))
    try:
        assert not (state.data / "label_studio.sqlite3").exists()
        with Studio(find_server(state)) as studio:
            request = PushRequest(
                corpus=project.corpus,
                inventory=inventory,
                article_ids=project.corpus.article_ids(),
                predictions=corpus_predictions(project.corpus, inventory),
                title="Port news",
            )
            done = push.push(studio, state, request)
            task = next(task for task in studio.list_tasks(done.project.id) if task["data"]["article"] == "harbour")
            studio.write("POST", f"api/tasks/{task['id']}/annotations/", {"result": result_items(anna, inventory)})
    finally:
        server.stop(state)
    saved = {**os.environ, "DATABASE": cluster.url("studio"), "STUDIO": str(state.folder), "BACKUP": str(tmp_path)}
    saved["PATH"] = f"{Path(sys.executable).parent}:{cluster.programs}:{saved['PATH']}"
    subprocess.run(["sh", "-euc", block("backup")], env=saved, check=True, capture_output=True)
    cluster.sql("DROP DATABASE studio WITH (FORCE)")
    shutil.rmtree(state.folder)
    cluster.sql("CREATE DATABASE studio")
    restored = subprocess.run(["sh", "-euc", block("restore")], env=saved, capture_output=True, text=True, check=False)
    try:
        assert restored.returncode == 0, restored.stderr
        assert PASSWORD not in restored.stdout + restored.stderr
        project.replace("corpus/annotators.yaml", "id: ben, kind: model", "id: ben, kind: person")
        pulled = project.annotate(
            "studio", "pull", "--dir", str(state.folder), "--annotator", "ben", "--title", "Port news"
        )
        assert pulled.exit_code == 0, pulled.output
        found = project.corpus.read_annotation("ben", "harbour")
        assert (found.spans, found.relations) == (anna.spans, anna.relations)
        same = project.annotate("studio", "compare", "--dir", str(state.folder), "--title", "Port news")
        assert same.exit_code == 0, same.output
    finally:
        server.stop(state)


def test_database_that_does_not_answer_is_one_line(tmp_path: Path) -> None:
    message = r"^postgresql://label@127\.0\.0\.1:1/studio: cannot be reached \(.*\); check that PostgreSQL runs there$"
    with pytest.raises(CannotRun, match=message):
        resolve_database(State(tmp_path), Database("127.0.0.1", 1, "studio", "label", PASSWORD))


def test_adopted_database_has_neither_known_logins_nor_triggers(
    cluster: Cluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The address is named by the user, and the database is cleaned in place."""
    monkeypatch.setenv("PGPASSWORD", PASSWORD)
    with psycopg.connect(cluster.url("postgres"), autocommit=True) as connection:
        connection.execute("CREATE DATABASE adopted")
    former, database = State(tmp_path / "former"), parse_database_url(cluster.url("adopted"))
    server.start(former, database=database)
    token = server.load_credentials(former).token
    server.stop(former)
    with psycopg.connect(cluster.url("adopted")) as connection:
        for statement in (
            "CREATE FUNCTION enable() RETURNS trigger LANGUAGE plpgsql AS "
            "$$ BEGIN new.is_active = true; RETURN new; END $$",
            'CREATE TRIGGER "tap X" BEFORE UPDATE ON htx_user FOR EACH ROW EXECUTE FUNCTION enable()',
            "CREATE RULE keep AS ON DELETE TO webhook DO INSTEAD NOTHING",
            'CREATE VIEW "Spy" AS SELECT * FROM htx_user',
        ):
            connection.execute(statement)
    result = adopt(former.folder, "none", tmp_path / "new", database)
    assert result.removed == ['trigger "tap X" ON htx_user', "rule keep ON public.webhook", 'view public."Spy"']
    assert (result.disabled, result.tokens) == ([1], 1)
    with pytest.raises(CannotRun, match="belongs to postgresql://label@"):
        resolve_database(result.state, parse_database_url(cluster.url("postgres")))
    try:
        server.start(result.state)
        where = find_server(result.state)
        with Studio(where) as studio:
            assert list(studio.list_projects()) == []
        with Studio(replace(where, token=token)) as studio, pytest.raises(CannotRun, match="rejects the token"):
            list(studio.list_projects())
    finally:
        server.stop(result.state)
