"""The HTTP server of suggestions: on the loopback interface, for one Label Studio server that knows its password.

Everything that arrives is of strangers: other users of the machine, and pages that a browser on it has open. A request
is answered only if it names a host of this service (a page whose name was bound to the loopback address does not), has
the password, and is neither too large nor too slow. No answer tells more than a line of what went wrong.
"""

import contextlib
import secrets
import socket
import sys
import threading
import time
from base64 import b64encode
from collections.abc import Callable, Collection, Iterator
from hmac import compare_digest
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, NamedTuple

import msgspec

from annotate.errors import CannotRun, describe_os_error
from annotate.labelstudio.http import JsonObject
from annotate.labelstudio.server import HOST
from annotate.service.backend import BadRequest
from annotate.service.polling import Report

LARGEST_BODY = 64_000_000
"""Bytes of a request."""
READ_SECONDS = 30.0
"""Seconds in which a request must have arrived."""
MOST_CONNECTIONS = 32
"""Connections at once; Label Studio has one for each annotator who opens an article at that moment."""
_REALM = 'Basic realm="annotate studio suggest"'
_PART = 1 << 20

Answer = Callable[[str, str, object], JsonObject]
"""Answers a request by method, path and decoded body; `SuggestionBackend.answer`."""


class BackendLogin(NamedTuple):
    """The login with which Label Studio comes; the password is made anew at each start."""

    user: str
    password: str

    def __repr__(self) -> str:
        return "BackendLogin(…)"

    @property
    def header(self) -> bytes:
        """The header of a request with the login."""
        return b"Basic " + b64encode(f"{self.user}:{self.password}".encode())


def make_login() -> BackendLogin:
    """Return a login with a random password."""
    return BackendLogin("label-studio", secrets.token_urlsafe(32))


class BackendServer(ThreadingHTTPServer):
    """Serves until `stop`.

    Args:
        answer: Answers requests.
        login: The login that requests need.
        port: The port; None for a free one.
        hosts: Names by which the service may be called besides those of the loopback interface.
        report: Where to report problems.

    Raises:
        CannotRun: The port is in use.
    """

    daemon_threads = True
    block_on_close = False
    allow_reuse_address = True
    request_queue_size = MOST_CONNECTIONS

    def __init__(
        self, answer: Answer, login: BackendLogin, port: int | None, hosts: Collection[str], report: Report
    ) -> None:
        self.answer, self.login, self.report = answer, login, report
        self.slots = threading.BoundedSemaphore(MOST_CONNECTIONS)
        self.reading: dict[socket.socket, float] = {}
        """The connections whose request has not arrived yet, and until when it must have."""
        try:
            super().__init__((HOST, port or 0), _Handler)
        except OSError as error:
            raise CannotRun(f"port {port}", describe_os_error(error), "choose another with --port") from None
        self.hosts = {f"{name}:{self.port}" for name in (HOST, "localhost")} | {name.lower() for name in hosts}

    @property
    def port(self) -> int:
        """The port."""
        return int(self.server_address[1])

    @contextlib.contextmanager
    def serving(self) -> Iterator[None]:
        """Serve in a thread while the context lasts."""
        thread = threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.2}, daemon=True)
        thread.start()
        try:
            yield
        finally:
            self.shutdown()
            self.server_close()

    def process_request(self, request: Any, client_address: Any) -> None:
        """Handle a connection in a thread, unless there are too many."""
        if not self.slots.acquire(blocking=False):
            self.shutdown_request(request)
            return
        self.reading[request] = time.monotonic() + READ_SECONDS
        super().process_request(request, client_address)

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        """Handle a connection, and give its slot free."""
        try:
            super().process_request_thread(request, client_address)
        finally:
            self.reading.pop(request, None)
            self.slots.release()

    def service_actions(self) -> None:
        """End connections whose requests do not arrive in time; called several times a second."""
        now = time.monotonic()
        for request, deadline in list(self.reading.items()):
            if now > deadline:
                self.reading.pop(request, None)
                with contextlib.suppress(OSError):
                    request.shutdown(socket.SHUT_RDWR)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Report what failed in one line. A client that has gone is no failure."""
        error = sys.exc_info()[1]
        if not isinstance(error, OSError):
            self.report(f"a request failed ({type(error).__name__})", True)


class _Handler(BaseHTTPRequestHandler):
    server: BackendServer
    server_version, sys_version = "annotate", ""
    timeout = READ_SECONDS

    def do_GET(self) -> None:
        self._respond()

    def do_POST(self) -> None:
        self._respond()

    def _respond(self) -> None:
        try:
            self._require_caller()
            body = self._read_body() if self.command == "POST" else None
            self.server.reading.pop(self.connection, None)
            answer = self.server.answer(self.command, self.path.partition("?")[0], body)
        except BadRequest as error:
            self._send(error.status, {"error": str(error)})
        except OSError:  # the client has gone, or was too slow
            self.close_connection = True
        except Exception as error:  # the service goes on, and an answer shows no traceback
            self.server.report(f"{self.command} failed ({type(error).__name__})", True)
            self._send(500, {"error": "the service failed"})
        else:
            self._send(200, answer)

    def _require_caller(self) -> None:
        hosts = self.headers.get_all("host") or []
        if len(hosts) != 1 or hosts[0].strip().lower() not in self.server.hosts:
            raise BadRequest("wrong host", 403)
        given = (self.headers.get("authorization") or "").encode("utf-8", "replace")
        if not compare_digest(given, self.server.login.header):
            raise BadRequest("the password is missing or wrong", 401)

    def _read_body(self) -> object:
        """Return the decoded body.

        Raises:
            BadRequest: It has no length, is too large, or is not JSON.
        """
        length = self.headers.get("content-length") or ""
        if "transfer-encoding" in self.headers or not (length.isascii() and length.isdecimal()):
            raise BadRequest("the length of the body is missing", 411)
        if len(length) > 12 or int(length) > LARGEST_BODY:
            raise BadRequest(f"the body has more than {LARGEST_BODY:,} bytes", 413)
        data, left = bytearray(), int(length)
        while left:
            part = self.rfile.read(min(left, _PART))
            if not part:
                raise ConnectionError("the body is cut off")
            data += part
            left -= len(part)
        try:
            return msgspec.json.decode(data)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            raise BadRequest("the body is not JSON") from None

    def _send(self, status: int, answer: JsonObject) -> None:
        body = msgspec.json.encode(answer)
        self.close_connection = True
        with contextlib.suppress(OSError):
            self.send_response(status)
            if status == 401:
                self.send_header("WWW-Authenticate", _REALM)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.send_header("Connection", "close")
            self.end_headers()
            self.wfile.write(body)

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:
        """Answer a request that is not HTTP without repeating any of it."""
        self._send(code, {"error": "not a request of Label Studio"})

    def log_message(self, format: str, *args: object) -> None:
        """Write nothing: requests are of strangers."""
