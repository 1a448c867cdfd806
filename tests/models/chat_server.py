"""A server on the loopback interface that speaks `/v1/chat/completions`, counts requests and plays faults."""

import contextlib
import json
import select
import socket
import ssl
import struct
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

MODEL = "Test/Model-1.5"


@dataclass
class Reply:
    """What the server does with a request.

    Attributes:
        body: The body: bytes, or a value for JSON.
        delay: Seconds before the answer begins.
        pause: Seconds before each byte of the body.
        cut: Whether the connection ends after half of the body.
        broken: Whether the connection is reset without an answer.
        without_length: Whether the header with the length of the body is left out.
        raw: Bytes that are sent in place of an answer.
    """

    status: int = 200
    body: Any = b""
    headers: dict[str, str] = field(default_factory=dict)
    delay: float = 0.0
    pause: float = 0.0
    cut: bool = False
    broken: bool = False
    without_length: bool = False
    raw: bytes = b""


@dataclass
class Asked:
    """A request: its path, its headers in lower case, and its body."""

    path: str
    headers: dict[str, str]
    body: dict[str, Any]

    @property
    def format(self) -> str:
        """The type of the form that was asked for."""
        return str(self.body.get("response_format", {}).get("type", "text"))

    @property
    def content(self) -> str:
        """The last message."""
        return str(self.body["messages"][-1]["content"])


def answer(text: str | None, finish: str | None = "stop", usage: bool = True, **message: Any) -> Reply:
    """Return an answer of a model."""
    body: dict[str, Any] = {
        "id": "chatcmpl-1",
        "object": "chat.completion",
        "model": "test-model-2026",
        "choices": [
            {"index": 0, "message": {"role": "assistant", "content": text, **message}, "finish_reason": finish}
        ],
    }
    if usage:
        body["usage"] = {"prompt_tokens": 100, "completion_tokens": 10, "prompt_tokens_details": {"cached_tokens": 60}}
    return Reply(body=body)


def error(status: int, message: str, code: str | None = None, **headers: str) -> Reply:
    """Return an error as OpenAI describes one."""
    return Reply(status, {"error": {"message": message, "type": "error", "code": code}}, headers)


def first_words(asked: Asked) -> Reply:
    """Answer as the model that `tests.models.first_word` asks: the first word of the paragraph."""
    return answer(json.dumps({"quote": asked.content.split()[0]}))


class ChatServer:
    """The server. `script` decides on each request; `asked` has all of them, in the order of their arrival.

    It also serves as a proxy: `tunnels` has the hosts that were asked for, and the headers.
    """

    def __init__(self, script: Callable[[Asked], Reply] = first_words, context: ssl.SSLContext | None = None) -> None:
        self.script, self.asked = script, list[Asked]()
        self.tunnels = list[tuple[str, dict[str, str]]]()
        self.tunnel_port = 0
        self.at_once, self.most_at_once = 0, 0
        self._guard = threading.Lock()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._make_handler())
        self._server.daemon_threads = True
        if context:
            self._server.socket = context.wrap_socket(self._server.socket, server_side=True)
        self.port = self._server.server_address[1]
        self.url = f"http{'s' if context else ''}://127.0.0.1:{self.port}/v1"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True)

    def play(self, *replies: Reply, then: Callable[[Asked], Reply] = first_words) -> None:
        """Give these replies first, one a request, then those of a script."""
        queue = iter(replies)

        def script(asked: Asked) -> Reply:
            with self._guard:
                reply = next(queue, None)
            return then(asked) if reply is None else reply

        self.script = script

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    def _make_handler(server) -> type[BaseHTTPRequestHandler]:  # noqa: N805 - self is the handler's
        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                data = self.rfile.read(int(self.headers["content-length"]))
                asked = Asked(
                    self.path, {name.lower(): value for name, value in self.headers.items()}, json.loads(data)
                )
                with server._guard:
                    server.asked.append(asked)
                    server.at_once += 1
                    server.most_at_once = max(server.most_at_once, server.at_once)
                try:
                    with contextlib.suppress(OSError):
                        self._reply(server.script(asked))
                finally:
                    with server._guard:
                        server.at_once -= 1

            def _reply(self, reply: Reply) -> None:
                time.sleep(reply.delay)
                if reply.broken:
                    # Lingering for no time resets the connection.
                    self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                    self.connection.close()
                    return
                if reply.raw:
                    self.wfile.write(reply.raw)
                    self.close_connection = True
                    return
                body = reply.body if isinstance(reply.body, bytes) else json.dumps(reply.body).encode()
                self.send_response(reply.status)
                headers = {"Content-Type": "application/json", "Connection": "close", **reply.headers}
                for name, value in headers.items():
                    self.send_header(name, value)
                if not reply.without_length:
                    self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                if reply.cut:
                    body = body[: len(body) // 2]
                if not reply.pause:
                    self.wfile.write(body)
                    return
                for byte in body:
                    time.sleep(reply.pause)
                    self.wfile.write(bytes([byte]))
                    self.wfile.flush()

            def do_CONNECT(self) -> None:
                """Serve as a proxy to the port `tunnel_port` of this machine, whatever host is asked for."""
                server.tunnels.append((self.path, {name.lower(): value for name, value in self.headers.items()}))
                with socket.create_connection(("127.0.0.1", server.tunnel_port)) as other:
                    self.send_response(200)
                    self.end_headers()
                    ends = {self.connection: other, other: self.connection}
                    while True:
                        for end in select.select(list(ends), [], [])[0]:
                            if not (data := end.recv(1 << 16)):
                                return
                            ends[end].sendall(data)

            def log_message(self, format: str, *args: object) -> None:
                """Write nothing."""

        return Handler


@contextlib.contextmanager
def serve_chat(
    script: Callable[[Asked], Reply] = first_words, context: ssl.SSLContext | None = None
) -> Iterator[ChatServer]:
    """Serve, with TLS if there is a context for it."""
    server = ChatServer(script, context)
    server.start()
    try:
        yield server
    finally:
        server.stop()
