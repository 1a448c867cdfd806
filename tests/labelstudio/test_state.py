"""What needs no server: the private folder, stale processes, ports, and errors of one line."""

import http.server
import socket
import stat
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest

from annotate.errors import CannotRun
from annotate.labelstudio import server
from annotate.labelstudio.client import Studio, find_server
from annotate.labelstudio.http import LOCAL, TOKEN_VARIABLE, URL_VARIABLE, ServerAddress
from annotate.labelstudio.lock import MIGRATION_FOLDER, lock_folder
from annotate.labelstudio.server import server_environment
from annotate.labelstudio.state import ServerProcess, State


@pytest.fixture(autouse=True)
def _bare_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in (URL_VARIABLE, TOKEN_VARIABLE):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def state(tmp_path: Path) -> State:
    return State(tmp_path / ".studio")


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_folder_is_private_and_out_of_git(state: State) -> None:
    state.create_folder()
    state.folder.chmod(0o755)
    state.create_folder()
    login = server.load_credentials(state)
    state.write_bytes("raw/harbour.json", b"[]")
    assert mode(state.folder) == mode(state.data) == mode(state.folder / "raw") == 0o700
    assert mode(state.folder / "credentials.json") == mode(state.folder / "raw" / "harbour.json") == 0o600
    assert (state.folder / ".gitignore").read_bytes() == b"*\n"
    assert server.load_credentials(state) == login
    assert login.token not in repr(login)
    assert login.password not in repr(login)


def test_credentials_are_random(tmp_path: Path) -> None:
    one, other = (server.load_credentials(State(tmp_path / name)) for name in ("a", "b"))
    assert one.password != other.password
    assert one.token != other.token


def test_broken_file_is_named_without_its_content(state: State) -> None:
    state.create_folder()
    (state.folder / "credentials.json").write_text('{"password": "hunter2"')
    with pytest.raises(CannotRun) as caught:
        server.load_credentials(state)
    assert "credentials.json" in str(caught.value)
    assert "hunter2" not in str(caught.value)


def test_environment_is_ours_alone(state: State, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("LABEL_STUDIO_SENTRY_DSN", "HEARTEX_DEBUG", "DEBUG", "HOST", "PASSWORD", "DJANGO_DB"):
        monkeypatch.setenv(name, "true")
    made = server_environment(state, None, None)
    assert {name for name in made if not name.startswith("LABEL_STUDIO_")} <= {
        *("PATH", "HOME", "LANG", "LC_ALL", "LC_CTYPE", "TZ", "TMPDIR", "VIRTUAL_ENV", "SSL_CERT_FILE")
    }
    assert made["LABEL_STUDIO_SENTRY_DSN"] == made["LABEL_STUDIO_FRONTEND_SENTRY_DSN"] == ""
    assert made["LABEL_STUDIO_DISABLE_SIGNUP_WITHOUT_LINK"] == "true"
    assert made["LABEL_STUDIO_COLLECT_ANALYTICS"] == made["LABEL_STUDIO_LATEST_VERSION_CHECK"] == "false"


def test_another_process_with_the_pid_of_a_crashed_server_is_left_alone(state: State) -> None:
    state.create_folder()
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as other:
        state.write("server.json", ServerProcess(other.pid, psutil.Process(other.pid).create_time() - 60, 1))
        assert server.find_running(state) is None
        assert server.stop(state) is False
        assert other.poll() is None
        other.communicate(b"\n")
    state.write("server.json", ServerProcess(other.pid, 0.0, 1))
    assert server.find_running(state) is None


def test_port_in_use_is_said_before_anything_starts(state: State) -> None:
    with socket.socket() as taken:
        taken.bind((server.HOST, 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(CannotRun, match=f"port {port}: is in use"):
            server.start(state, port)
    assert not (state.folder / "server.json").exists()


def test_server_that_does_not_start_says_why(state: State, monkeypatch: pytest.MonkeyPatch) -> None:
    state.create_folder()
    state.data.rmdir()
    state.data.write_text("a file where a folder should be")
    monkeypatch.setattr(State, "create_folder", lambda self: None)
    with pytest.raises(CannotRun, match=r"the server stopped: .*Error") as caught:
        server.start(state)
    assert "\n" not in str(caught.value)
    assert server.find_running(state) is None


WELL = """
import http.server
import sys

class Well(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()

port = int(sys.argv[sys.argv.index("--port") + 1])
http.server.HTTPServer(("127.0.0.1", port), Well).serve_forever()
"""


@pytest.fixture
def quick(state: State) -> Iterator[State]:
    """A folder in which something else is started in the place of Label Studio, which says at once that it is well."""
    state.create_folder()
    package = state.folder / "label_studio"
    package.mkdir()
    (package / "__init__.py").touch()
    (package / "server.py").write_text(WELL)
    yield state
    server.stop(state)


def test_second_up_while_the_first_starts_a_server(quick: State, monkeypatch: pytest.MonkeyPatch) -> None:
    port_of = server._choose_port

    def meanwhile(state: State, wanted: int | None) -> int:
        with pytest.raises(CannotRun, match="`annotate studio up` is running"):
            server.start(state)
        return port_of(state, wanted)

    monkeypatch.setattr(server, "_choose_port", meanwhile)
    first = server.start(quick)
    assert first.is_new
    assert server.start(quick) == first._replace(is_new=False)


def test_second_up_that_waited_for_the_lock_finds_the_server(quick: State, monkeypatch: pytest.MonkeyPatch) -> None:
    first: list[server.RunningServer] = []

    @contextmanager
    def later(state: State, command: str) -> Iterator[None]:
        monkeypatch.setattr(server, "lock_folder", lock_folder)
        first.append(server.start(state))
        with lock_folder(state, command):
            yield

    monkeypatch.setattr(server, "lock_folder", later)
    assert server.start(quick) == first[0]._replace(is_new=False)


def test_up_while_others_work_and_while_a_migration_is_interrupted(quick: State) -> None:
    """A migration is gone on with by the server's help; and a server that runs is found whoever works on the folder."""
    quick.write(f"{MIGRATION_FOLDER}/forward.json", {})
    with pytest.raises(CannotRun, match="a migration was interrupted"), lock_folder(quick, "push"):
        pass
    with lock_folder(quick, "migrate"), pytest.raises(CannotRun, match="`annotate studio migrate` is running"):
        server.start(quick)
    assert server.start(quick).is_new
    with lock_folder(quick, "migrate"):
        assert not server.start(quick).is_new


def test_server_that_cannot_be_written_down_is_stopped(quick: State, monkeypatch: pytest.MonkeyPatch) -> None:
    write, begun = State.write, list[ServerProcess]()

    def full(self: State, name: str, value: object) -> None:
        if isinstance(value, ServerProcess):
            begun.append(value)
            raise CannotRun(name, "cannot be written", "make room")
        write(self, name, value)

    monkeypatch.setattr(State, "write", full)
    with pytest.raises(CannotRun, match="cannot be written"):
        server.start(quick)
    assert not psutil.pid_exists(begun[0].pid)


def test_server_that_is_too_slow_is_stopped(quick: State, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also where its folder no longer says which process it is."""
    begun: list[ServerProcess | None] = []

    def silent(port: int) -> bool:
        begun.append(server.find_running(quick))
        (quick.folder / "server.json").unlink()
        return False

    monkeypatch.setattr(server, "is_healthy", silent)
    monkeypatch.setattr(server, "START_TIMEOUT", -1)
    with pytest.raises(CannotRun, match="does not answer after"):
        server.start(quick)
    assert begun[0]
    assert not psutil.pid_exists(begun[0].pid)


def test_label_studio_that_is_not_installed(state: State, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(CannotRun, match=r"is not installed; pip install"):
        server.start(state)


def test_folder_that_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(CannotRun, match="choose another folder"):
        State(tmp_path / "file" / ".studio").create_folder()


def test_half_an_address_is_refused(state: State, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(CannotRun, match="no server is running; start one with `annotate studio up`"):
        find_server(state)
    monkeypatch.setenv(URL_VARIABLE, "http://example.org/")
    with pytest.raises(CannotRun, match=f"{TOKEN_VARIABLE} is not set"):
        find_server(state)
    monkeypatch.setenv(TOKEN_VARIABLE, "a-secret")
    found = find_server(state)
    assert (found.url, found.name, found.token) == ("http://example.org", "http://example.org", "a-secret")
    assert "a-secret" not in repr(found)
    monkeypatch.delenv(URL_VARIABLE)
    with pytest.raises(CannotRun, match=f"{URL_VARIABLE} is not set"):
        find_server(state)


def test_server_that_is_not_there() -> None:
    with (
        Studio(ServerAddress("http://127.0.0.1:1", "x", "a-secret"), timeout=5) as studio,
        pytest.raises(CannotRun) as caught,
    ):
        studio.find_projects("Port news")
    assert "cannot be reached" in str(caught.value)
    assert "a-secret" not in str(caught.value)
    with pytest.raises(CannotRun, match="cannot be reached"), Studio(ServerAddress("no address", "x", "k")) as studio:
        studio.find_projects("Port news")


class Page(http.server.BaseHTTPRequestHandler):
    """Some other web server, which answers everything with a page."""

    def do_GET(self) -> None:
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b"<html>Welcome</html>")

    def log_message(self, format: str, *args: object) -> None:
        pass


def test_server_that_is_no_label_studio() -> None:
    with http.server.HTTPServer((server.HOST, 0), Page) as other:
        thread = threading.Thread(target=other.serve_forever)
        thread.start()
        where = ServerAddress(f"http://{server.HOST}:{other.server_port}", LOCAL, "k")
        try:
            with Studio(where) as studio, pytest.raises(CannotRun, match="does not answer as Label Studio does"):
                studio.find_projects("Port news")
        finally:
            other.shutdown()
            thread.join()


def test_server_that_is_silent() -> None:
    with socket.socket() as silent:
        silent.bind((server.HOST, 0))
        silent.listen()
        where = ServerAddress(f"http://{server.HOST}:{silent.getsockname()[1]}", LOCAL, "k")
        with Studio(where, timeout=0.2) as studio, pytest.raises(CannotRun, match="does not answer in time"):
            studio.find_projects("Port news")


def test_last_words_are_the_error_itself(tmp_path: Path) -> None:
    log = tmp_path / "log"
    assert server.last_log_line(log) == "the log is empty"
    log.write_text('Traceback\n  File "x.py", line 1\n    raise ValueError(error)\nValueError: no room\n\nbye\n')
    assert server.last_log_line(log) == "ValueError: no room"
    log.write_text("x" * 999)
    assert len(server.last_log_line(log)) == 200
