"""The client against a scripted server: what it asks for, what it makes of answers, and what it does about faults."""

import contextlib
import gzip
import json
import socket
import ssl
import subprocess
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path

import pytest

from annotate.errors import CannotRun, Refused
from annotate.models import http_post
from annotate.models.budget import Budget, BudgetReached
from annotate.models.chat import CONTEXT_PROBLEM, ChatAnswer, ChatMessage, ChatRequest, TokenUsage
from annotate.models.chat_client import ChatClient, ModelParameters, RequestFailed, RequestStopped
from annotate.models.endpoint import resolve_endpoint
from tests.models.chat_server import MODEL, Asked, ChatServer, Reply, answer, error, first_words, serve_chat
from tests.models.first_word import SCHEMA, make_request

KEY = "sk-secret-0123456789"
REQUEST = make_request("Anna works.")
REQUESTED = Asked("/v1/chat/completions", {}, {"messages": [{"role": "user", "content": "Anna works."}]})
DELAYS = (0.01, 0.01)


def make_client(server: ChatServer, *, key: str = "", timeout: float = 10, budget: Budget | None = None) -> ChatClient:
    endpoint = resolve_endpoint(server.url, environ={"ANNOTATE_MODEL_KEY": key} if key else {})
    return ChatClient(
        endpoint, MODEL, timeout=timeout, before_attempt=budget.count_attempt if budget else None, delays=DELAYS
    )


def ask(server: ChatServer, request: ChatRequest = REQUEST, **options: float) -> ChatAnswer:
    return make_client(server, **options).ask(request)  # type: ignore[arg-type]


def test_a_request_and_its_answer(server: ChatServer) -> None:
    endpoint = resolve_endpoint(f"{server.url}/", environ={"ANNOTATE_MODEL_KEY": KEY})
    client = ChatClient(endpoint, MODEL, ModelParameters(temperature=0.0, seed=7))
    got = client.ask(REQUEST)
    assert got == ChatAnswer(
        text='{"quote": "Anna"}',
        finish_reason="stop",
        format="schema",
        model="test-model-2026",
        usage=TokenUsage(100, 10, 60),
    )
    [asked] = server.asked
    assert asked.path == "/v1/chat/completions"
    assert asked.headers["authorization"] == f"Bearer {KEY}"
    assert asked.body == {
        "model": MODEL,
        "messages": [
            {"role": "system", "content": "Repeat the first word as JSON."},
            {"role": "user", "content": "Anna works."},
        ],
        "response_format": {
            "type": "json_schema",
            "json_schema": {"name": "answer", "strict": True, "schema": SCHEMA},
        },
        "temperature": 0.0,
        "seed": 7,
        "max_tokens": 50,
    }


def test_without_a_key_none_is_sent(server: ChatServer) -> None:
    ask(server)
    assert "authorization" not in server.asked[0].headers


@pytest.mark.parametrize(
    ("accepted", "form", "requests"),
    [("json_schema", "schema", 1), ("json_object", "object", 2), ("plain object", "object", 3), ("text", "text", 4)],
)
def test_an_endpoint_without_schemas_is_asked_in_another_form(
    server: ChatServer, accepted: str, form: str, requests: int
) -> None:
    def script(asked: Asked) -> Reply:
        has_schema = "schema" in asked.body.get("response_format", {})
        kind = "plain object" if asked.format == "json_object" and not has_schema else asked.format
        if kind == accepted or (accepted == "json_object" and kind == "plain object"):
            return first_words(asked)
        return error(422, f"response_format.type {kind} is not supported")

    server.script = script
    client = make_client(server)
    assert client.ask(REQUEST).format == form
    assert len(server.asked) == requests
    system = server.asked[-1].body["messages"][0]["content"]
    assert (json.dumps(SCHEMA, separators=(",", ":")) in system) == (form != "schema")
    assert client.ask(make_request("Ben works.")).format == form  # what is accepted is remembered
    assert len(server.asked) == requests + 1


def test_many_threads_go_down_the_ladder_together(server: ChatServer) -> None:
    server.script = lambda asked: (
        first_words(asked) if asked.format == "text" else error(400, "'response_format' is unknown")
    )
    client = make_client(server)
    with ThreadPoolExecutor(8) as threads:
        answers = list(threads.map(lambda number: client.ask(make_request(f"Anna{number} works.")), range(16)))
    assert {each.format for each in answers} == {"text"}


def test_a_request_for_text_has_no_form(server: ChatServer) -> None:
    assert ask(server, make_request("Anna works.", schema=None)).format == "text"
    assert "response_format" not in server.asked[0].body
    assert server.asked[0].body["messages"][0]["content"] == "Repeat the first word as JSON."


def test_the_newer_name_of_the_limit_is_tried(server: ChatServer) -> None:
    server.script = lambda asked: (
        first_words(asked)
        if "max_completion_tokens" in asked.body
        else error(400, "Unsupported parameter: 'max_tokens'. Use 'max_completion_tokens' instead.")
    )
    assert ask(server).text == '{"quote": "Anna"}'
    assert "max_tokens" not in server.asked[1].body


@pytest.mark.parametrize(
    ("reply", "finish", "text"),
    [
        (answer('{"quote": "An', "length"), "length", '{"quote": "An'),
        (answer(None, "stop", refusal="I cannot help."), "refusal", ""),
        (answer(None, "content_filter"), "refusal", ""),
        (answer("x", "tool_calls"), "other", "x"),
        (answer("x", None), "stop", "x"),
        (error(400, "filtered", "content_filter"), "refusal", ""),
        (error(400, "This model's maximum context length is 8192 tokens"), "length", ""),
        (error(400, "the request exceeds the available context size"), "length", ""),
        (error(400, "Prompt is too long", "context_length_exceeded"), "length", ""),
    ],
)
def test_how_an_answer_ends(server: ChatServer, reply: Reply, finish: str, text: str) -> None:
    server.play(reply)
    got = ask(server)
    assert (got.finish_reason, got.text, len(server.asked)) == (finish, text, 1)
    assert (got.problem == CONTEXT_PROBLEM) == (finish == "length" and not text)


def test_parts_of_a_content_are_joined(server: ChatServer) -> None:
    reply = answer("")
    reply.body["choices"][0]["message"]["content"] = [{"type": "text", "text": "a"}, {"type": "text", "text": "b"}]
    server.play(reply)
    assert ask(server).text == "ab"


@pytest.mark.parametrize(
    "usage",
    [
        None,
        {},
        7,
        {"prompt_tokens": -1, "completion_tokens": 1},
        {"prompt_tokens": "many", "completion_tokens": 1},
        {"prompt_tokens": 10**18, "completion_tokens": 1},
    ],
)
def test_a_wrong_count_of_tokens_is_none(server: ChatServer, usage: object) -> None:
    reply = answer("x")
    reply.body["usage"] = usage
    server.play(reply)
    got = ask(server)
    assert (got.text, got.usage) == ("x", None)


def test_large_answers(server: ChatServer) -> None:
    server.play(answer("x" * 1_000_000), answer("x" * 3_000_000))
    assert len(ask(server).text) == 1_000_000
    got = ask(server)
    assert (got.text, got.finish_reason, got.problem) == ("", "length", "the answer has more than 2,000,000 bytes")
    assert len(server.asked) == 2


@pytest.mark.parametrize(
    "fault",
    [
        error(429, "slow down", **{"Retry-After": "0"}),
        error(429, "slow down"),
        error(500, "oops"),
        Reply(503, b"<html>busy</html>", {"Content-Type": "text/html"}),
        error(529, "overloaded"),
        Reply(broken=True),
        Reply(body={"choices": "x" * 1000}, cut=True),
        Reply(body={"choices": "x" * 1000}, cut=True, without_length=True),
        Reply(200, {"error": {"message": "upstream failed", "code": 502}}),
        Reply(200, {"choices": []}),
    ],
    ids=lambda reply: f"{reply.status}{' broken' * reply.broken}{' cut' * reply.cut}",
)
def test_what_may_pass_is_tried_again(server: ChatServer, fault: Reply) -> None:
    server.play(fault, fault)
    budget = Budget()
    assert make_client(server, budget=budget).ask(REQUEST).text == '{"quote": "Anna"}'
    assert (len(server.asked), budget.requests) == (3, 3)


def test_a_fault_that_stays_is_one_line(server: ChatServer) -> None:
    server.script = lambda _: error(500, "oops\n\x1b[31m")
    with pytest.raises(
        RequestFailed, match=r"answers 500: oops .*; run the command again; the answers so far are kept"
    ):
        ask(server)
    assert len(server.asked) == 3


def test_the_endpoint_says_when(server: ChatServer) -> None:
    server.play(error(429, "slow down", **{"Retry-After": "1"}))
    start = time.monotonic()
    ask(server)
    assert 1 <= time.monotonic() - start < 5
    later = format_datetime(datetime.now(UTC) + timedelta(seconds=500), usegmt=True)
    for value, wait in (
        ("3600", "in 3600 seconds"),
        (later, "in (499|500) seconds"),
        ("9" * 400, "another day"),
        ("Fri, 31 Dec 9999 23:59:59 GMT", "another day"),
    ):
        server.play(error(429, "slow down", **{"Retry-After": value}))
        with pytest.raises(RequestFailed, match=f"run the command again {wait}; the answers"):
            ask(server)


@pytest.mark.parametrize("value", ["1e9", "-5", "nan", "soon", "Fri, 99 Dec 99999 99:59:59 +9999", "٣", ""])
def test_a_wait_that_cannot_be_read_is_none(server: ChatServer, value: str) -> None:
    server.play(error(429, "slow down", **{"Retry-After": value.encode().decode("latin-1")}))
    start = time.monotonic()
    ask(server)
    assert time.monotonic() - start < 5


@pytest.mark.parametrize(
    "slow",
    [Reply(delay=30), Reply(body=b" " * 1000, pause=0.05), Reply(body=b" " * 1000, pause=0.05, without_length=True)],
)
def test_an_answer_has_a_deadline(server: ChatServer, slow: Reply) -> None:
    """A byte now and then begins a time-out of the socket anew."""
    server.play(slow, slow, slow)
    start = time.monotonic()
    with pytest.raises(RequestFailed, match=r"gave no whole answer within 0\.3 seconds"):
        ask(server, timeout=0.3)
    assert time.monotonic() - start < 10
    assert len(server.asked) == 3


def test_nobody_listens() -> None:
    with serve_chat() as server:
        pass
    with pytest.raises(CannotRun, match="cannot be reached; check that it runs") as caught:
        ask(server)
    assert not isinstance(caught.value, RequestFailed)


def test_an_endpoint_that_restarts_is_waited_for() -> None:
    with serve_chat() as server:
        client = make_client(server)
        client.ask(REQUEST)
    with pytest.raises(RequestFailed, match="cannot be reached; run the command again"):
        client.ask(REQUEST)


@pytest.mark.parametrize(
    ("reply", "message"),
    [
        (error(401, f"Incorrect API key provided: {KEY}"), r"rejects the key \(401\); set ANNOTATE_MODEL_KEY"),
        (error(403, "no"), r"rejects the key \(403\)"),
        (error(400, f"bad key {KEY[:-3]}, or {KEY[:9]}…{KEY[-8:]}!"), "answers 400: bad key … or …; correct that"),
        (Reply(204, b""), "answers 204; check the address"),
        (Reply(999, b"what"), "answers 999; check the address"),
        (
            Reply(200, b"<!doctype html><p>Hello", {"Content-Type": "text/html"}),
            "answers with a web page; check the ad",
        ),
        (Reply(404, b"<html>", {"Content-Type": "text/html"}), "answers 404; check the address"),
        (Reply(404, b""), "answers 404; check the address"),
        (Reply(302, b"", {"Location": "http://127.0.0.1:1/"}), "answers 302, a redirect, which is not followed"),
        (Reply(200, [1, 2]), "gives answers that are not those of a chat endpoint"),
        (error(404, "The model `x` does not exist", "model_not_found"), f"has no model '{MODEL}': The model `x` does"),
        (error(429, "You exceeded your quota", "insufficient_quota"), "has no credit left"),
        (error(400, f"bad thing with {KEY}"), "answers 400: bad thing with …; correct that"),
        (error(400, "'temperature' does not support 0"), "try --temperature none"),
        (Reply(400, {"detail": [{"loc": ["body"], "msg": "field required"}]}), "answers 400: .*field required"),
        (Reply(418, b"[" * 100_000), "answers 418; correct that"),
    ],
)
def test_what_stays_ends_the_run_in_one_line_without_the_key(server: ChatServer, reply: Reply, message: str) -> None:
    server.script = lambda _: reply
    with pytest.raises(CannotRun, match=message) as caught:
        make_client(server, key=KEY).ask(REQUEST)
    assert not isinstance(caught.value, RequestFailed)
    assert KEY not in str(caught.value)
    assert caught.value.__cause__ is None
    assert "\n" not in str(caught.value)
    assert len(server.asked) == 1


def test_the_client_shows_no_key(server: ChatServer) -> None:
    client = make_client(server, key=KEY)
    assert KEY not in repr(client.endpoint) + repr(vars(client))


def test_a_redirect_gets_neither_texts_nor_key(server: ChatServer) -> None:
    with serve_chat() as other:
        server.script = lambda _: Reply(307, b"", {"Location": f"{other.url}/chat/completions"})
        with pytest.raises(CannotRun, match="redirect"):
            make_client(server, key=KEY).ask(REQUEST)
        assert not other.asked


def test_a_stopped_client_waits_for_nothing(server: ChatServer) -> None:
    server.script = lambda _: error(503, "busy", **{"Retry-After": "60"})
    client = make_client(server)
    with ThreadPoolExecutor(1) as threads:
        future = threads.submit(client.ask, REQUEST)
        while not server.asked:
            time.sleep(0.01)
        client.stop()
        with pytest.raises(RequestStopped):
            future.result(timeout=5)
    with pytest.raises(RequestStopped):
        client.ask(REQUEST)
    assert len(server.asked) == 1


def test_each_attempt_counts_for_the_limit(server: ChatServer) -> None:
    server.script = lambda _: error(500, "oops")
    budget = Budget(max_requests=2)
    with pytest.raises(BudgetReached, match="--max-requests: reached: 2 were sent"):
        make_client(server, budget=budget).ask(REQUEST)
    assert len(server.asked) == 2


def test_a_proxy_of_the_environment_is_used_for_other_hosts_only(
    server: ChatServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    with serve_chat() as proxy:
        monkeypatch.setenv("http_proxy", f"http://me:word@127.0.0.1:{proxy.port}")
        ask(server)
        assert (len(server.asked), len(proxy.asked)) == (1, 0)
        endpoint = resolve_endpoint("http://models.example/v1", allow_http=True, environ={})
        assert ChatClient(endpoint, MODEL).ask(REQUEST).text == '{"quote": "Anna"}'
        [asked] = proxy.asked
        assert asked.path == "http://models.example/v1/chat/completions"
        assert asked.headers["host"] == "models.example"
        assert asked.headers["proxy-authorization"] == "Basic bWU6d29yZA=="
        monkeypatch.setenv("no_proxy", "models.example")
        with pytest.raises(CannotRun, match="cannot be reached"):
            ChatClient(endpoint, MODEL, delays=()).ask(REQUEST)
        monkeypatch.setenv("no_proxy", "")
        monkeypatch.setenv("http_proxy", "socks5://me:word@127.0.0.1:1")
        with pytest.raises(CannotRun, match="http_proxy: is not the address of an HTTP proxy") as caught:
            ChatClient(endpoint, MODEL)
        assert "word" not in str(caught.value)


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate with its key, of an authority of its own."""
    file = tmp_path_factory.mktemp("tls") / "server.pem"
    command = "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=test"
    names = "subjectAltName=IP:127.0.0.1,DNS:models.example"
    words = [*command.split(), "-addext", names, "-keyout", str(file), "-out", str(file.with_suffix(".crt"))]
    subprocess.run(words, check=True, capture_output=True)
    file.write_bytes(file.read_bytes() + file.with_suffix(".crt").read_bytes())
    return file


@pytest.fixture
def tls_server(certificate: Path) -> Iterator[ChatServer]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    with serve_chat(context=context) as server:
        yield server


def test_a_certificate_that_is_not_trusted_is_named(tls_server: ChatServer) -> None:
    with pytest.raises(CannotRun, match="has a certificate that is not trusted here; set SSL_CERT_FILE"):
        ask(tls_server)
    assert not tls_server.asked


def test_an_endpoint_with_tls(tls_server: ChatServer, certificate: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate.with_suffix(".crt")))
    assert ask(tls_server).text == '{"quote": "Anna"}'
    slow = Reply(body=b" " * 1000, pause=0.05, without_length=True)
    tls_server.play(slow, slow, slow)
    with pytest.raises(RequestFailed, match=r"gave no whole answer within 0\.5 seconds"):
        ask(tls_server, timeout=0.5)


def test_a_proxy_leads_to_an_endpoint_with_tls_and_sees_no_key(
    server: ChatServer, tls_server: ChatServer, certificate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate.with_suffix(".crt")))
    monkeypatch.setenv("https_proxy", f"http://me:word@127.0.0.1:{server.port}")
    server.tunnel_port = tls_server.port
    endpoint = resolve_endpoint("https://models.example/v1", environ={"ANNOTATE_MODEL_KEY": KEY})
    assert ChatClient(endpoint, MODEL).ask(REQUEST).text == '{"quote": "Anna"}'
    [(host, headers)] = server.tunnels
    assert (host, headers["proxy-authorization"]) == ("models.example:443", "Basic bWU6d29yZA==")
    assert "authorization" not in headers
    assert tls_server.asked[0].headers["authorization"] == f"Bearer {KEY}"
    assert "proxy-authorization" not in tls_server.asked[0].headers


def test_an_endpoint_that_speaks_no_tls(server: ChatServer) -> None:
    endpoint = resolve_endpoint(server.url.replace("http:", "https:"), environ={})
    with pytest.raises(CannotRun, match="does not speak TLS; check that it runs and that the address is right"):
        ChatClient(endpoint, MODEL).ask(REQUEST)


@pytest.mark.parametrize("banner", [b"SSH-2.0-OpenSSH_9\r\n", b"HTTP/1.1 abc\r\n\r\n", b"hello"])
def test_an_endpoint_that_speaks_no_http(server: ChatServer, banner: bytes) -> None:
    server.play(Reply(raw=banner), first_words(REQUESTED), Reply(raw=banner))
    client = make_client(server)
    with pytest.raises(CannotRun, match="does not speak HTTP; check that it runs") as caught:
        client.ask(REQUEST)
    assert not isinstance(caught.value, RequestFailed)
    client.ask(REQUEST)
    client.ask(REQUEST)  # an endpoint that spoke it before is asked again
    assert len(server.asked) == 4


def test_an_address_without_any_reply_is_known_soon(monkeypatch: pytest.MonkeyPatch) -> None:
    """Connections are not taken: the queue of those that wait is full."""
    monkeypatch.setattr(http_post, "CONNECT_TIMEOUT", 0.3)
    with socket.socket() as server, contextlib.ExitStack() as waiting:
        server.bind(("127.0.0.1", 0))
        server.listen(0)
        for _ in range(4):
            other = waiting.enter_context(socket.socket())
            other.setblocking(False)
            other.connect_ex(server.getsockname())
        endpoint = resolve_endpoint(f"http://127.0.0.1:{server.getsockname()[1]}/v1", environ={})
        start = time.monotonic()
        with pytest.raises(CannotRun, match="cannot be reached; check that it runs"):
            ChatClient(endpoint, MODEL).ask(REQUEST)
        assert time.monotonic() - start < 5


HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"


@pytest.mark.parametrize(
    "raw",
    [
        HEAD + b"Transfer-Encoding: chunked\r\n\r\nzz\r\nhello\r\n",
        HEAD + b"Transfer-Encoding: chunked\r\n\r\n-5\r\nhello\r\n",
        HEAD + b"Transfer-Encoding: chunked\r\n\r\nffffffffffffffff\r\nhello",
        HEAD + b"Transfer-Encoding: chunked\r\n\r\n1;" + b"x" * 100_000 + b"\r\n",
        HEAD + b"Content-Length: 999999999999999999999999\r\n\r\n{}",
        HEAD + b"X: y\r\n" * 1000,
        HEAD + b"X: " + b"y" * 1_000_000,
        HEAD + b"Content-Encoding: gzip\r\n\r\n" + gzip.compress(b" " * 50_000_000, mtime=0),
        HEAD + b"\r\n[" + b"[" * 500_000,
    ],
    ids=lambda raw: raw[len(HEAD) : len(HEAD) + 40].decode("ascii", "replace"),
)
def test_an_answer_that_is_none_fails_in_one_line(server: ChatServer, raw: bytes) -> None:
    server.script = lambda _: Reply(raw=raw)
    start = time.monotonic()
    with pytest.raises(CannotRun) as caught:
        ask(server)
    assert "\n" not in str(caught.value)
    assert caught.value.__cause__ is None
    assert time.monotonic() - start < 10
    assert 1 <= len(server.asked) <= 3


@pytest.mark.parametrize(
    ("old", "new", "text"),
    [
        (b'"prompt_tokens": 100', b'"prompt_tokens": NaN', '{"quote": "Anna"}'),
        (b'"prompt_tokens": 100', b'"prompt_tokens": Infinity', '{"quote": "Anna"}'),
        (b"Anna", rb"\ud800Anna\udfff", '{"quote": "\ufffdAnna\ufffd"}'),
        (b"Anna", b"An\xe9na", '{"quote": "An\ufffdna"}'),
        (b'{"id"', b'\xef\xbb\xbf{"id"', '{"quote": "Anna"}'),
        (b"Anna", rb"\ud83d\ude00", '{"quote": "\N{GRINNING FACE}"}'),
    ],
)
def test_a_fault_in_a_part_of_an_answer_spoils_no_other_part(
    server: ChatServer, old: bytes, new: bytes, text: str
) -> None:
    body = json.dumps(first_words(REQUESTED).body).encode()
    assert old in body
    server.play(Reply(body=body.replace(old, new)))
    got = ask(server)
    assert (got.text, got.finish_reason, len(server.asked)) == (text, "stop", 1)
    assert (got.usage is None) == (old != b"Anna" and new[:1] != b"\xef")


def test_the_name_of_the_model_that_answered_is_one_line_that_a_terminal_can_show(server: ChatServer) -> None:
    reply = first_words(REQUESTED)
    reply.body["model"] = "m\x1b[31m\n\u202e" + "x" * 1000
    server.play(reply)
    name = ask(server).model
    assert name.startswith("m\\x1b[31m \\u202exxx")
    assert len(name) < 250


def test_text_that_is_not_unicode_can_be_sent(server: ChatServer) -> None:
    request = ChatRequest(messages=(ChatMessage("user", "Anna \N{PILE OF POO} 地点\0"),))
    ask(server, request)
    assert server.asked[0].content == "Anna \N{PILE OF POO} 地点\0"


@pytest.mark.parametrize(
    ("address", "message"),
    [
        ("models.example/v1", "begins with http"),
        ("ftp://models.example", "begins with http"),
        ("https://sk-1@models.example/v1", "holds a login"),
        ("https://models.example/v1?key=sk-1", "has a part after"),
        ("https://models.example:99999/v1", "is not an address"),
        ("https://mod els.example/v1", "has characters"),
        ("https://models.example/v1\r\nX-Evil: 1", "has characters"),
        ("http://models.example/v1", "is not encrypted"),
        ("http://127.0.0.1.evil.example/v1", "is not encrypted"),
    ],
)
def test_a_wrong_address_is_one_line_that_does_not_quote_it(address: str, message: str) -> None:
    with pytest.raises(CannotRun, match=f"--endpoint: .*{message}") as caught:
        resolve_endpoint(address, environ={})
    assert "sk-1" not in str(caught.value)


def test_addresses() -> None:
    for address, url, path in (
        ("https://API.Example/v1/", "https://api.example/v1", "/v1/chat/completions"),
        ("https://api.example:443/v1/chat/completions", "https://api.example/v1", "/v1/chat/completions"),
        ("http://[::1]:8080", "http://[::1]:8080", "/chat/completions"),
        ("http://localhost:11434/v1", "http://localhost:11434/v1", "/v1/chat/completions"),
    ):
        endpoint = resolve_endpoint(address, environ={})
        assert (endpoint.url, endpoint.path) == (url, path)
    with pytest.raises(CannotRun, match="--endpoint: is missing, and ANNOTATE_MODEL_URL is not set"):
        resolve_endpoint(None, environ={})


def test_a_key_of_openai_reaches_no_one_else() -> None:
    environ = {"OPENAI_API_KEY": KEY}
    assert resolve_endpoint("https://models.example/v1", environ=environ).key == ""
    assert resolve_endpoint("https://api.openai.com/v1", environ=environ).key == KEY
    other = {**environ, "OPENAI_BASE_URL": "https://models.example/v1"}
    assert resolve_endpoint(None, environ=other).key == KEY
    assert resolve_endpoint("https://else.example/v1", environ=other).key == ""
    assert resolve_endpoint(None, environ={**other, "ANNOTATE_MODEL_KEY": "sk-2"}).key == "sk-2"


def test_a_key_file_is_private(tmp_path_factory: pytest.TempPathFactory) -> None:
    file = tmp_path_factory.mktemp("keys") / "key"
    file.write_text(f"{KEY}\n")
    file.chmod(0o600)
    assert resolve_endpoint("http://localhost/v1", str(file), environ={}).key == KEY
    assert resolve_endpoint("http://localhost/v1", environ={"ANNOTATE_MODEL_KEY_FILE": str(file)}).key == KEY
    for mode in (0o640, 0o604, 0o620, 0o666):
        file.chmod(mode)
        with pytest.raises(Refused, match="can be read or written by others; run `chmod 600`"):
            resolve_endpoint("http://localhost/v1", str(file), environ={})
    file.chmod(0o600)
    link = file.with_name("link")
    link.symlink_to(file)
    with pytest.raises(CannotRun, match="link: cannot be read"):
        resolve_endpoint("http://localhost/v1", str(link), environ={})
    for content in ("", "two words", f"{KEY}\r\nX-Evil: 1", "ключ", "x" * 5000):
        file.write_text(content)
        with pytest.raises(CannotRun, match=r"holds no key|is longer than a key") as caught:
            resolve_endpoint("http://localhost/v1", str(file), environ={})
        assert KEY not in str(caught.value)
