"""What the commands say of an address that is that of a page, of another program, or below a path."""

import http.server
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import httpx
import pytest

from annotate.errors import CannotRun
from annotate.labelstudio import server
from annotate.labelstudio.client import Studio, find_server, parse_server_url
from annotate.labelstudio.http import TOKEN_VARIABLE, URL_VARIABLE, ServerAddress
from annotate.labelstudio.identification import (
    TESTED_VERSIONS,
    describe_version,
    read_server_version,
    strip_project_page,
)
from annotate.labelstudio.state import State
from tests.conftest import ROOT, Project
from tests.labelstudio.loop import Loop
from tests.labelstudio.proxy import Proxy

HINT = f"check {URL_VARIABLE}: open the address in a browser, and look for the page to log in"


@contextmanager
def program(status: int, content: bytes) -> Iterator[str]:
    """Yield the address of another program, which gives every request the same answer."""

    class Answer(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.rfile.read(int(self.headers.get("content-length") or 0))
            self.send_response(status)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        do_POST = do_PATCH = do_GET  # noqa: N815 - the names are the library's

        def log_message(self, format: str, *args: object) -> None:
            pass

    with http.server.ThreadingHTTPServer((server.HOST, 0), Answer) as other:
        other.daemon_threads = True
        thread = threading.Thread(target=other.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        try:
            yield f"http://{server.HOST}:{other.server_port}"
        finally:
            other.shutdown()
            thread.join()


ANSWERS = [
    (404, b"{}"),
    (404, b"<html>Not Found</html>"),
    (200, b"<html>Welcome</html>"),
    (200, b'{"hello": 1}'),
    (200, b"[]"),
    (401, b'{"message": "Unauthorized"}'),
    (403, b"<html>Forbidden</html>"),
    (401, b'{"status_code": 401, "version": "1\\n\\u001b[31m"}'),
    (401, b'{"status_code": 401, "version": ' + b"[" * 5000),
    (200, b"[" * 100_000),
    (418, b"\xff\xfe"),
]


@pytest.mark.parametrize(("status", "content"), ANSWERS)
def test_other_program_is_named(project: Project, monkeypatch: pytest.MonkeyPatch, status: int, content: bytes) -> None:
    """Whether or not the folder knows a project there, whose absence would look like its removal."""
    folder = project.root / "state"
    with program(status, content) as url:
        monkeypatch.setenv(URL_VARIABLE, f"{url}/wiki")
        monkeypatch.setenv(TOKEN_VARIABLE, "a-secret")
        for command in ("status", "pull", "compare", "push"):
            done = project.annotate("studio", command, "--dir", str(folder))
            assert done.stderr == f"annotate: {url}/wiki: is not Label Studio; {HINT}\n", command
            assert (done.exit_code, "a-secret" in done.output) == (2, False)
            State(folder).save_project_id(f"{url}/wiki", project.inventory.title, 7)


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://label.example.org/projects/3", "https://label.example.org"),
        ("https://label.example.org:8443/projects/3/data?tab=7&task=12", "https://label.example.org:8443"),
        ("https://example.org/label-studio/projects/3/settings#x", "https://example.org/label-studio"),
        ("https://example.org/projects/label-studio", None),
        ("https://example.org/projects", None),
        ("https://example.org", None),
    ],
)
def test_page_of_a_project_is_recognised(url: str, expected: str | None) -> None:
    assert strip_project_page(url) == expected
    if expected:
        problem = "is the address of a page of a project, not of the server"
        with pytest.raises(CannotRun, match=f"^{URL_VARIABLE}: {problem}; write {expected}$"):
            parse_server_url(url, URL_VARIABLE)
    else:
        assert parse_server_url(url, URL_VARIABLE) == url


def test_login_in_the_address_of_a_page_is_not_printed() -> None:
    for url in ("https://user:hunter2@example.org/projects/3", "https://hunter2@example.org/projects/3/data?tab=1"):
        with pytest.raises(CannotRun) as caught:
            parse_server_url(url, URL_VARIABLE)
        assert "hunter2" not in str(caught.value)


@pytest.mark.server
@pytest.mark.parametrize("path", ["/user/login", "/foo", "/api", "/projects", "/a/b/c"])
def test_page_of_the_server_is_named(
    project: Project, started: State, studio: Studio, monkeypatch: pytest.MonkeyPatch, path: str
) -> None:
    address = find_server(started)
    monkeypatch.setenv(URL_VARIABLE, address.url + path)
    monkeypatch.setenv(TOKEN_VARIABLE, address.token)
    problem = "is the address of a page of Label Studio, not of the server"
    for command in ("status", "push", "pull"):
        done = project.annotate("studio", command, "--dir", str(project.root / "state"))
        assert done.stderr == (f"annotate: {address.url}{path}: {problem}; set {URL_VARIABLE} to {address.url}\n"), (
            command
        )
        assert done.exit_code == 2


@pytest.mark.server
def test_server_below_a_path(
    project: Project, started: State, studio: Studio, proxy: Proxy, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A proxy may have it there. The page of a project and a path below are told from it."""
    loop, token = Loop(project, started, studio), find_server(started).token
    proxy.prefix = "/label-studio"
    url = f"{proxy.url}/label-studio"
    monkeypatch.setenv(TOKEN_VARIABLE, token)
    monkeypatch.setenv(URL_VARIABLE, f"{url}/")
    pushed = loop.annotate("push", "--show", "gold")
    assert pushed.exit_code == 0, pushed.output
    compared = loop.annotate("compare")
    assert "articles: 2 equal, 0 different" in compared.stdout
    assert f"server: {url}, Label Studio" in loop.annotate("status").stdout
    monkeypatch.setenv(URL_VARIABLE, f"{url}/user/account")
    assert f"set {URL_VARIABLE} to {url}\n" in loop.annotate("pull").stderr
    monkeypatch.setenv(URL_VARIABLE, proxy.url)
    assert "is not Label Studio" in loop.annotate("pull").stderr


@pytest.mark.server
def test_wrong_token_and_deleted_project_are_no_other_program(started: State, studio: Studio) -> None:
    with Studio(ServerAddress(studio.url, studio.url, "wrong")) as other, pytest.raises(CannotRun) as caught:
        list(other.list_projects())
    assert "rejects the token" in str(caught.value)
    with Studio(find_server(started)) as fresh:
        assert fresh.get_project(10**9) is None


@pytest.mark.server
def test_overloaded_server_is_no_other_program(studio: Studio, proxy: Proxy, started: State) -> None:
    proxy.faults = lambda count, request: "503"
    token = find_server(started).token
    with Studio(ServerAddress(proxy.url, proxy.url, token)) as other, pytest.raises(CannotRun, match="answers 503"):
        other.server_version()
    with Studio(ServerAddress(proxy.url, proxy.url, token)) as other, pytest.raises(CannotRun, match="answers 503"):
        list(other.list_projects())


@pytest.mark.server
def test_tests_run_on_the_last_tested_version(studio: Studio) -> None:
    assert studio.server_version() == TESTED_VERSIONS[-1]
    with httpx.Client(trust_env=False) as client:
        assert read_server_version(client, studio.url) == TESTED_VERSIONS[-1]
    assert f'"label-studio=={TESTED_VERSIONS[-1]}"' in (ROOT / "pyproject.toml").read_text()


def test_versions_in_words() -> None:
    assert describe_version(TESTED_VERSIONS[0]) == f"Label Studio {TESTED_VERSIONS[0]}, tested"
    assert describe_version("1.15.0").startswith("Label Studio 1.15.0, not tested (1.12.1, ")
    assert describe_version(None) == "Label Studio of an unknown version"
