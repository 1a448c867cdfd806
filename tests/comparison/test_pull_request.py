"""The comment on a pull request, posted to a server that speaks GitHub's interface for comments."""

import json
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

import pytest

from annotate.comparison.render_comment import make_comment_mark
from tests.comparison.conftest import Pair
from tests.conftest import annotate

TOKEN = "ghs_0123456789"
MARK, OTHER_MARK = make_comment_mark("corpus"), make_comment_mark("other/corpus")


class Forge(ThreadingHTTPServer):
    """Keeps the comments of pull request 12 of the repository `o/r`."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.comments: list[dict[str, Any]] = []
        self.status = 0
        self.answer = b""
        self.requests: list[str] = []

    def add(self, body: str, kind: str = "User") -> None:
        self.comments.append({"id": len(self.comments) + 1, "body": body, "user": {"type": kind, "login": "someone"}})


class _Handler(BaseHTTPRequestHandler):
    server: Forge

    def log_message(self, *_: Any) -> None:
        pass

    def _reply(self, value: Any) -> None:
        data = self.server.answer or json.dumps(value).encode()
        self.send_response(self.server.status or 200)
        if self.server.status == 302:
            self.send_header("Location", "http://127.0.0.1:9/")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def _begin(self) -> dict[str, Any]:
        self.server.requests.append(f"{self.command} {self.path}")
        assert self.headers["Authorization"] == f"Bearer {TOKEN}"
        length = int(self.headers.get("Content-Length") or 0)
        return json.loads(self.rfile.read(length)) if length else {}

    def do_GET(self) -> None:
        self._begin()
        path, _, query = self.path.partition("?")
        assert path == "/repos/o/r/issues/12/comments"
        fields = dict(part.split("=") for part in query.split("&"))
        size, page = int(fields["per_page"]), int(fields["page"])
        self._reply(self.server.comments[(page - 1) * size : page * size])

    def do_POST(self) -> None:
        body = self._begin()["body"]
        self.server.add(body, "Bot")
        self._reply(self.server.comments[-1])

    def do_PATCH(self) -> None:
        body = self._begin()["body"]
        comment = self.server.comments[int(self.path.rsplit("/", 1)[1]) - 1]
        comment["body"] = body
        self._reply(comment)


@pytest.fixture
def forge(monkeypatch: pytest.MonkeyPatch) -> Iterator[Forge]:
    server = Forge()
    thread = Thread(target=server.serve_forever)
    thread.start()
    monkeypatch.setenv("GITHUB_API_URL", f"http://127.0.0.1:{server.server_address[1]}")
    monkeypatch.setenv("GITHUB_REPOSITORY", "o/r")
    monkeypatch.setenv("GITHUB_TOKEN", TOKEN)
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


def comment_on(pair: Pair, *words: str) -> Any:
    command = ("diff", "old", "new", "--format", "comment", "--pull-request", "12", *words)
    return annotate(*command, cwd=pair.folder)


def test_comment_is_posted_once_and_replaced_after_that(pair: Pair, forge: Forge) -> None:
    for number in range(150):
        forge.add(f"remark {number}")
    forge.add(f"{MARK}\nnot from a workflow")
    forge.add(f"{OTHER_MARK}\nof another corpus", "Bot")
    unneeded = comment_on(pair)
    assert (unneeded.exit_code, unneeded.output) == (0, "pull request 12: comment not needed\n")
    assert len(forge.comments) == 152
    pair.respan("harbour", "s1", start=2)
    first = comment_on(pair, "--out", "comment.md")
    assert (first.exit_code, first.output.splitlines()[-1]) == (0, "pull request 12: comment posted")
    assert len(forge.comments) == 153
    assert forge.comments[-1]["body"].startswith(f"{MARK}\n## old → new\n\nA ")
    assert forge.comments[-1]["body"] == (pair.folder / "comment.md").read_text("utf-8")
    pair.respan("harbour", "s1", start=4)
    second = comment_on(pair)
    assert (second.exit_code, second.output) == (0, "pull request 12: comment replaced\n")
    assert len(forge.comments) == 153
    assert "0–18 → 4–18" in forge.comments[-1]["body"]
    assert [comment["body"] for comment in forge.comments[-3:-1]] == [
        f"{MARK}\nnot from a workflow",
        f"{OTHER_MARK}\nof another corpus",
    ]
    assert forge.requests[-1] == "PATCH /repos/o/r/issues/comments/153"


@pytest.mark.parametrize(
    ("status", "code", "words"),
    [
        (401, 1, "GitHub answers 401 to GET; give a valid token in GITHUB_TOKEN"),
        (403, 1, "GitHub answers 403 to GET; the token needs the permission `pull-requests: write`"),
        (404, 1, "GitHub answers 404 to GET; check the number and GITHUB_REPOSITORY"),
        (302, 1, "GitHub answers 302 to GET; try again later"),
        (503, 1, "GitHub answers 503 to GET; try again later"),
    ],
)
def test_refusal_is_one_line_without_the_token(pair: Pair, forge: Forge, status: int, code: int, words: str) -> None:
    forge.status = status
    done = comment_on(pair)
    assert done.exit_code == code
    assert done.output.count("\n") == 1
    assert f"pull request 12 of o/r: {words}" in done.output
    assert TOKEN not in done.output
    assert forge.comments == []


@pytest.mark.parametrize("answer", [b"<html>", b"[" * 100_000, b'"text"', b'[{"id": "1"}, 7, {"id": 3, "user": null}]'])
def test_answers_that_are_no_comments_replace_nothing(pair: Pair, forge: Forge, answer: bytes) -> None:
    forge.answer = answer
    pair.respan("harbour", "s1", start=4)
    done = comment_on(pair)
    is_list = answer.startswith(b"[{")
    assert (done.exit_code, done.output.count("\n")) == (0 if is_list else 2, 1)
    assert ("does not answer " in done.output) != is_list
    assert [request.split(" ")[0] for request in forge.requests] == (["GET", "POST"] if is_list else ["GET"])


@pytest.mark.parametrize(
    ("variable", "value", "words"),
    [
        ("GITHUB_TOKEN", None, "GITHUB_TOKEN: is not set; set it to a token that may write comments"),
        ("GITHUB_TOKEN", "a b", "GITHUB_TOKEN: has a wrong form; set it to a token that may write comments"),
        ("GITHUB_REPOSITORY", "o/r/../x", "GITHUB_REPOSITORY: is 'o/r/../x'; set it to OWNER/NAME"),
        ("GITHUB_API_URL", "http://example.org", "GITHUB_API_URL: is 'http://example.org'; give an address such as "),
        ("GITHUB_API_URL", "http://localhost.example.org/x", "GITHUB_API_URL: is 'http://localhost.example.org/x'; "),
        ("GITHUB_API_URL", "http://127.0.0.1@example.org", "GITHUB_API_URL: is 'http://127.0.0.1@example.org'; "),
        ("GITHUB_API_URL", "http://127.0.0.1:9", "http://127.0.0.1:9 cannot be reached; check the address"),
    ],
)
def test_environment_is_checked_first(
    pair: Pair, forge: Forge, monkeypatch: pytest.MonkeyPatch, variable: str, value: str | None, words: str
) -> None:
    if value is None:
        monkeypatch.delenv(variable)
    else:
        monkeypatch.setenv(variable, value)
    done = comment_on(pair)
    assert (done.exit_code, done.output.count("\n")) == (2, 1)
    assert words in done.output
    assert forge.requests == []


def test_other_formats_are_no_comments(pair: Pair) -> None:
    done = annotate("diff", "old", "new", "--pull-request", "12", cwd=pair.folder)
    assert (done.exit_code, done.output) == (
        2,
        "annotate: --pull-request: the format is text; choose --format comment\n",
    )
