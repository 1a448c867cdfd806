"""A proxy in front of a real server, with the faults that a test asks for."""

import contextlib
import http.client
import http.server
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Literal

from annotate.labelstudio.server import HOST

Fault = Literal["refuse", "500", "503", "lose", "cut", "hang"]
"""refuse: drop the connection, 500, 503: answer so, all three without asking the server; lose: the server does it, and
its answer gets lost; cut: half of the answer; hang: the server does it, and the answer comes never."""


class Proxy:
    """Where it listens, what it saw (method and path), and the faults to come: what `faults` says of a request.

    `delay` says how many seconds a request is held before the server gets it, whether or not anybody still waits.
    `prefix` is the path below which the server is; the server does not see it.
    `queries` has the path of each request with its query.
    `after` is called once the server has done a request, before its answer is passed on: the client still waits.
    """

    def __init__(self, port: int, upstream: int) -> None:
        self.url, self.upstream = f"http://{HOST}:{port}", upstream
        self.seen: list[str] = []
        self.queries: list[str] = []
        self.prefix = ""
        self.faults: Callable[[int, str], Fault | None] = lambda count, request: None
        self.after: Callable[[int, str], None] = lambda count, request: None
        self.delay: Callable[[int, str], float] = lambda count, request: 0
        self.closing = threading.Event()

    def once(self, fault: Fault, beginning: str) -> None:
        """Spoil the next request that begins so (`POST /api/projects`), and no other."""
        left = [fault]
        self.faults = lambda count, request: left.pop() if left and request.startswith(beginning) else None


class _Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    proxy: Proxy

    def handle_one_request(self) -> None:
        with contextlib.suppress(ConnectionError):
            super().handle_one_request()

    def _pass(self) -> None:
        body = self.rfile.read(int(self.headers.get("content-length") or 0))
        request = f"{self.command} {self.path.partition('?')[0]}"
        self.proxy.seen.append(request)
        self.proxy.queries.append(self.path)
        count = len(self.proxy.seen)
        fault = self.proxy.faults(count, request)
        self.proxy.closing.wait(self.proxy.delay(count, request))
        if not self.path.startswith(f"{self.proxy.prefix}/"):
            self._answer(404, b"{}")
        elif fault in ("500", "503"):
            self._answer(int(fault), b"{}")
        elif fault == "refuse":
            self._drop()
        else:
            self._forward(body, fault, lambda: self.proxy.after(count, request))

    def _forward(self, body: bytes, fault: Fault | None, after: Callable[[], None]) -> None:
        upstream = http.client.HTTPConnection(HOST, self.proxy.upstream, timeout=120)
        try:
            headers = {
                name: value for name, value in self.headers.items() if name.lower() not in ("host", "connection")
            }
            path = self.path.removeprefix(self.proxy.prefix)
            upstream.request(self.command, path, body, headers | {"Accept-Encoding": "identity"})
            answer = upstream.getresponse()
            content, date = answer.read(), answer.getheader("date", "")
        except OSError:
            self._answer(502, b"{}")
            return
        finally:
            upstream.close()
        after()
        if fault == "lose":
            self._drop()
        elif fault == "hang":
            self.proxy.closing.wait(60)
            self._drop()
        else:
            self._answer(answer.status, content, date, cut=fault == "cut")

    def _answer(self, status: int, content: bytes, date: str = "", *, cut: bool = False) -> None:
        self.send_response_only(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Date", date or self.date_time_string())
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content[: len(content) // 2] if cut else content)
        if cut:
            self._drop()

    def _drop(self) -> None:
        self.close_connection = True
        with contextlib.suppress(OSError):
            self.connection.shutdown(socket.SHUT_RDWR)

    do_GET = do_POST = do_PATCH = do_DELETE = _pass  # noqa: N815 - the names are the library's

    def log_message(self, format: str, *args: Any) -> None:
        pass


@contextlib.contextmanager
def before(upstream: int, certificate: Path | None = None) -> Iterator[Proxy]:
    """A proxy before the server on this port; one that speaks TLS, where there is a certificate with its key."""
    made = type("Handler", (_Handler,), {})
    server = http.server.ThreadingHTTPServer((HOST, 0), made)
    server.daemon_threads = True
    proxy = Proxy(server.server_port, upstream)
    if certificate:
        tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        tls.load_cert_chain(certificate)
        server.socket = tls.wrap_socket(server.socket, server_side=True)
        proxy.url = proxy.url.replace("http:", "https:")
    made.proxy = proxy  # type: ignore[attr-defined]
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield proxy
    finally:
        proxy.closing.set()
        server.shutdown()
        thread.join()
        server.server_close()
