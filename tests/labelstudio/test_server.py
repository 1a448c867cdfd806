"""A server on this machine: its process, port and environment, and a proxy with TLS before it."""

import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest

from annotate.errors import CannotRun
from annotate.labelstudio import server
from annotate.labelstudio.client import Studio, find_server
from annotate.labelstudio.http import TOKEN_VARIABLE, URL_VARIABLE
from annotate.labelstudio.lock import MIGRATION_FOLDER, lock_folder
from annotate.labelstudio.server import server_environment
from annotate.labelstudio.state import ServerProcess, State
from tests.conftest import Project
from tests.labelstudio.loop import Loop
from tests.labelstudio.proxy import before


@pytest.fixture
def state(tmp_path: Path) -> State:
    return State(tmp_path / ".studio")


def test_public_url_is_remembered_and_passed_to_the_server(tmp_path: Path) -> None:
    state = State(tmp_path)
    assert server.resolve_public_url(state, None) is None
    assert server.resolve_public_url(state, "https://Label.example.org/") == "https://label.example.org"
    known = server.resolve_public_url(state, None)
    assert known == "https://label.example.org"
    assert (
        server.server_environment(state, None, known).items()
        >= {
            "LABEL_STUDIO_HOST": "https://label.example.org",
            "LABEL_STUDIO_ALLOWED_HOSTS": "127.0.0.1,localhost,label.example.org",
            "LABEL_STUDIO_CSRF_TRUSTED_ORIGINS": "https://label.example.org",
        }.items()
    )
    assert server.resolve_public_url(state, "https://label.example.org:8443") == "https://label.example.org:8443"


@pytest.mark.parametrize(
    "words", ["label.example.org", "https://", "https://a.org/labels", "ftp://a.org", "https://a:b"]
)
def test_malformed_public_url_is_one_line(tmp_path: Path, words: str) -> None:
    with pytest.raises(CannotRun, match=r"^--public: not the address of a host; write https://label\.example\.org$"):
        server.resolve_public_url(State(tmp_path), words)


@pytest.mark.server
def test_running_server_keeps_its_public_url(started: State) -> None:
    with pytest.raises(CannotRun, match="already runs, with another address; stop it first"):
        server.start(started, public_url="https://label.example.org")
    assert server.resolve_public_url(started, None) is None


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    """Return a self-signed certificate for the loopback interface, with its key, in one file."""
    key, signed = tmp_path / "key.pem", tmp_path / "signed.pem"
    words = "req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=label -addext subjectAltName=IP:127.0.0.1"
    subprocess.run(["openssl", *words.split(), "-keyout", key, "-out", signed], check=True, capture_output=True)
    both = tmp_path / "both.pem"
    both.write_bytes(key.read_bytes() + signed.read_bytes())
    return both


@pytest.mark.server
def test_certificate_is_trusted_if_it_is_named(
    project: Project, started: State, studio: Studio, certificate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    loop, key = Loop(project, started, studio), server.load_credentials(started).token
    port = find_server(started).url.rpartition(":")[2]
    with before(int(port), certificate) as proxy:
        monkeypatch.setenv(URL_VARIABLE, proxy.url)
        monkeypatch.setenv(TOKEN_VARIABLE, key)
        monkeypatch.delenv("SSL_CERT_FILE", raising=False)
        refused = loop.annotate("push")
        assert refused.exit_code == 2
        assert refused.stderr == (
            f"annotate: {proxy.url}: has a certificate that is not trusted here; "
            "set SSL_CERT_FILE to the certificate of the authority that signed it\n"
        )
        monkeypatch.setenv("SSL_CERT_FILE", str(certificate.with_name("signed.pem")))
        pushed = loop.annotate("push")
        assert pushed.exit_code == 0, pushed.output
        assert "2 articles new" in pushed.stdout


def test_credentials_are_random(tmp_path: Path) -> None:
    one, other = (server.load_credentials(State(tmp_path / name)) for name in ("a", "b"))
    assert one.password != other.password
    assert one.token != other.token


def test_environment_has_only_our_settings(state: State, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("LABEL_STUDIO_SENTRY_DSN", "HEARTEX_DEBUG", "DEBUG", "HOST", "PASSWORD", "DJANGO_DB"):
        monkeypatch.setenv(name, "true")
    made = server_environment(state, None, None)
    assert {name for name in made if not name.startswith("LABEL_STUDIO_")} <= {
        *(
            "PATH",
            "HOME",
            "LANG",
            "LC_ALL",
            "LC_CTYPE",
            "TZ",
            "TMPDIR",
            "VIRTUAL_ENV",
            "SSL_CERT_FILE",
            "PYTHONSAFEPATH",
        )
    }
    assert made["LABEL_STUDIO_SENTRY_DSN"] == made["LABEL_STUDIO_FRONTEND_SENTRY_DSN"] == ""
    assert made["LABEL_STUDIO_DISABLE_SIGNUP_WITHOUT_LINK"] == "true"
    assert made["LABEL_STUDIO_LOCAL_FILES_SERVING_ENABLED"] == "false"
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


def test_port_in_use_is_reported_before_the_start(state: State) -> None:
    with socket.socket() as taken:
        taken.bind((server.HOST, 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(CannotRun, match=f"port {port}: is in use"):
            server.start(state, port)
    assert not (state.folder / "server.json").exists()


def test_failed_start_is_explained(state: State, monkeypatch: pytest.MonkeyPatch) -> None:
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
def quick(state: State, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[State]:
    """Yield a folder whose server is a stand-in for Label Studio, which is healthy at once."""
    state.create_folder()
    package = tmp_path / "modules" / "label_studio"
    package.mkdir(parents=True)
    (package / "__init__.py").touch()
    (package / "server.py").write_text(WELL)
    monkeypatch.setenv("PYTHONPATH", str(package.parent))
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


def test_second_up_after_the_lock_finds_the_server(quick: State, monkeypatch: pytest.MonkeyPatch) -> None:
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
    """A migration needs the server to continue; a running server is found while another command works on the folder."""
    quick.write(f"{MIGRATION_FOLDER}/forward.json", {})
    with pytest.raises(CannotRun, match="a migration was interrupted"), lock_folder(quick, "push"):
        pass
    with lock_folder(quick, "migrate"), pytest.raises(CannotRun, match="`annotate migrate` is running"):
        server.start(quick)
    assert server.start(quick).is_new
    with lock_folder(quick, "migrate"):
        assert not server.start(quick).is_new


def test_server_is_stopped_if_it_cannot_be_recorded(quick: State, monkeypatch: pytest.MonkeyPatch) -> None:
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


def test_slow_server_is_stopped(quick: State, monkeypatch: pytest.MonkeyPatch) -> None:
    """Even if the folder no longer records the process."""
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


def test_missing_label_studio_is_reported(state: State, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(CannotRun, match=r"is not installed; pip install"):
        server.start(state)


def test_last_log_line_is_the_error(tmp_path: Path) -> None:
    log = tmp_path / "log"
    assert server.last_log_line(log) == "the log is empty"
    log.write_text('Traceback\n  File "x.py", line 1\n    raise ValueError(error)\nValueError: no room\n\nbye\n')
    assert server.last_log_line(log) == "ValueError: no room"
    log.write_text("x" * 999)
    assert len(server.last_log_line(log)) == 200
