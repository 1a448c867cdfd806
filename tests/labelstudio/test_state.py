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
from annotate.labelstudio.client import KEY, LOCAL, URL, Address, Studio, address
from annotate.labelstudio.lock import MIGRATION, locked
from annotate.labelstudio.state import Credentials, Process, State, environment


@pytest.fixture(autouse=True)
def _bare_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in (URL, KEY):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def state(tmp_path: Path) -> State:
    return State(tmp_path / ".studio")


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_folder_is_private_and_out_of_git(state: State) -> None:
    state.make()
    state.folder.chmod(0o755)
    state.make()
    login = server.credentials(state)
    state.write_bytes("raw/harbour.json", b"[]")
    assert mode(state.folder) == mode(state.data) == mode(state.folder / "raw") == 0o700
    assert mode(state.folder / "credentials.json") == mode(state.folder / "raw" / "harbour.json") == 0o600
    assert (state.folder / ".gitignore").read_bytes() == b"*\n"
    assert server.credentials(state) == login
    assert login.token not in repr(login)
    assert login.password not in repr(login)


def test_credentials_are_random(tmp_path: Path) -> None:
    one, other = (server.credentials(State(tmp_path / name)) for name in ("a", "b"))
    assert one.password != other.password
    assert one.token != other.token


def test_broken_file_is_named_without_its_content(state: State) -> None:
    state.make()
    (state.folder / "credentials.json").write_text('{"password": "hunter2"')
    with pytest.raises(CannotRun) as caught:
        server.credentials(state)
    assert "credentials.json" in str(caught.value)
    assert "hunter2" not in str(caught.value)


def test_environment_is_ours_alone(state: State, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("LABEL_STUDIO_SENTRY_DSN", "HEARTEX_DEBUG", "DEBUG", "HOST", "PASSWORD", "DJANGO_DB"):
        monkeypatch.setenv(name, "true")
    made = environment(state, Credentials("name", "word", "key"))
    assert {name for name in made if not name.startswith("LABEL_STUDIO_")} <= {
        *("PATH", "HOME", "LANG", "LC_ALL", "LC_CTYPE", "TZ", "TMPDIR", "VIRTUAL_ENV", "SSL_CERT_FILE")
    }
    assert made["LABEL_STUDIO_SENTRY_DSN"] == made["LABEL_STUDIO_FRONTEND_SENTRY_DSN"] == ""
    assert made["LABEL_STUDIO_DISABLE_SIGNUP_WITHOUT_LINK"] == "true"
    assert made["LABEL_STUDIO_COLLECT_ANALYTICS"] == made["LABEL_STUDIO_LATEST_VERSION_CHECK"] == "false"


def test_another_process_with_the_pid_of_a_crashed_server_is_left_alone(state: State) -> None:
    state.make()
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as other:
        state.write("server.json", Process(other.pid, psutil.Process(other.pid).create_time() - 60, 1))
        assert server.running(state) is None
        assert server.down(state) is False
        assert other.poll() is None
        other.communicate(b"\n")
    state.write("server.json", Process(other.pid, 0.0, 1))
    assert server.running(state) is None


def test_port_in_use_is_said_before_anything_starts(state: State) -> None:
    with socket.socket() as taken:
        taken.bind((server.HOST, 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(CannotRun, match=f"port {port}: is in use"):
            server.up(state, port)
    assert not (state.folder / "server.json").exists()


def test_server_that_does_not_start_says_why(state: State, monkeypatch: pytest.MonkeyPatch) -> None:
    state.make()
    state.data.rmdir()
    state.data.write_text("a file where a folder should be")
    monkeypatch.setattr(State, "make", lambda self: None)
    with pytest.raises(CannotRun, match=r"the server stopped: .*Error") as caught:
        server.up(state)
    assert "\n" not in str(caught.value)
    assert server.running(state) is None


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
    state.make()
    package = state.folder / "label_studio"
    package.mkdir()
    (package / "__init__.py").touch()
    (package / "server.py").write_text(WELL)
    yield state
    server.down(state)


def test_second_up_while_the_first_starts_a_server(quick: State, monkeypatch: pytest.MonkeyPatch) -> None:
    port_of = server._port

    def meanwhile(state: State, wanted: int | None) -> int:
        with pytest.raises(CannotRun, match="`annotate studio up` runs already"):
            server.up(state)
        return port_of(state, wanted)

    monkeypatch.setattr(server, "_port", meanwhile)
    first = server.up(quick)
    assert first.new
    assert server.up(quick) == first._replace(new=False)


def test_second_up_that_waited_for_the_lock_finds_the_server(quick: State, monkeypatch: pytest.MonkeyPatch) -> None:
    first: list[server.Running] = []

    @contextmanager
    def later(state: State, command: str) -> Iterator[None]:
        monkeypatch.setattr(server, "locked", locked)
        first.append(server.up(state))
        with locked(state, command):
            yield

    monkeypatch.setattr(server, "locked", later)
    assert server.up(quick) == first[0]._replace(new=False)


def test_up_while_others_work_and_while_a_migration_is_interrupted(quick: State) -> None:
    """A migration is gone on with by the server's help; and a server that runs is found whoever works on the folder."""
    quick.write(f"{MIGRATION}/forward.json", {})
    with pytest.raises(CannotRun, match="a migration was interrupted"), locked(quick, "push"):
        pass
    with locked(quick, "migrate"), pytest.raises(CannotRun, match="`annotate studio migrate` runs already"):
        server.up(quick)
    assert server.up(quick).new
    with locked(quick, "migrate"):
        assert not server.up(quick).new


def test_server_that_cannot_be_written_down_is_stopped(quick: State, monkeypatch: pytest.MonkeyPatch) -> None:
    write, begun = State.write, list[Process]()

    def full(self: State, name: str, value: object) -> None:
        if isinstance(value, Process):
            begun.append(value)
            raise CannotRun(name, "cannot be written", "make room")
        write(self, name, value)

    monkeypatch.setattr(State, "write", full)
    with pytest.raises(CannotRun, match="cannot be written"):
        server.up(quick)
    assert not psutil.pid_exists(begun[0].pid)


def test_server_that_is_too_slow_is_stopped(quick: State, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also where its folder no longer says which process it is."""
    begun: list[Process | None] = []

    def silent(port: int) -> bool:
        begun.append(server.running(quick))
        (quick.folder / "server.json").unlink()
        return False

    monkeypatch.setattr(server, "answers", silent)
    monkeypatch.setattr(server, "START_SECONDS", -1)
    with pytest.raises(CannotRun, match="does not answer after"):
        server.up(quick)
    assert begun[0]
    assert not psutil.pid_exists(begun[0].pid)


def test_label_studio_that_is_not_installed(state: State, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(CannotRun, match=r"is not installed; pip install"):
        server.up(state)


def test_folder_that_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(CannotRun, match="choose another folder"):
        State(tmp_path / "file" / ".studio").make()


def test_half_an_address_is_refused(state: State, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(CannotRun, match="no server runs; start one with `annotate studio up`"):
        address(state)
    monkeypatch.setenv(URL, "http://example.org/")
    with pytest.raises(CannotRun, match=f"{KEY} is not set"):
        address(state)
    monkeypatch.setenv(KEY, "a-secret")
    found = address(state)
    assert (found.url, found.name, found.key) == ("http://example.org", "http://example.org", "a-secret")
    assert "a-secret" not in repr(found)
    monkeypatch.delenv(URL)
    with pytest.raises(CannotRun, match=f"{URL} is not set"):
        address(state)


def test_server_that_is_not_there() -> None:
    with (
        Studio(Address("http://127.0.0.1:1", "x", "a-secret"), seconds=5) as studio,
        pytest.raises(CannotRun) as caught,
    ):
        studio.projects("Port news")
    assert "cannot be reached" in str(caught.value)
    assert "a-secret" not in str(caught.value)
    with pytest.raises(CannotRun, match="cannot be reached"), Studio(Address("no address", "x", "k")) as studio:
        studio.projects("Port news")


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
        where = Address(f"http://{server.HOST}:{other.server_port}", LOCAL, "k")
        try:
            with Studio(where) as studio, pytest.raises(CannotRun, match="does not answer as Label Studio does"):
                studio.projects("Port news")
        finally:
            other.shutdown()
            thread.join()


def test_server_that_is_silent() -> None:
    with socket.socket() as silent:
        silent.bind((server.HOST, 0))
        silent.listen()
        where = Address(f"http://{server.HOST}:{silent.getsockname()[1]}", LOCAL, "k")
        with Studio(where, seconds=0.2) as studio, pytest.raises(CannotRun, match="gives no answer in time"):
            studio.projects("Port news")


def test_last_words_are_the_error_itself(tmp_path: Path) -> None:
    log = tmp_path / "log"
    assert server.last_words(log) == "the log is empty"
    log.write_text('Traceback\n  File "x.py", line 1\n    raise ValueError(error)\nValueError: no room\n\nbye\n')
    assert server.last_words(log) == "ValueError: no room"
    log.write_text("x" * 999)
    assert len(server.last_words(log)) == 200
