"""One POST request on the standard library: a whole answer of bounded size before a deadline, or an error.

Redirects are not followed: the texts and the key reach the host that was named, and no other. Proxies of the
environment are used for other hosts than this machine.
"""

import contextlib
import http.client
import socket
import ssl
import threading
from base64 import b64encode
from collections.abc import Mapping
from typing import NamedTuple
from urllib.parse import unquote, urlsplit
from urllib.request import getproxies_environment, proxy_bypass

from annotate.errors import CannotRun
from annotate.models.endpoint import Endpoint

LARGEST_BODY = 2_000_000
"""Bytes of an answer that are read."""
_PART = 1 << 16
CONNECT_TIMEOUT = 30.0
"""The most seconds to wait for a connection. An address that drops packets would otherwise take the whole time-out."""


class HttpAnswer(NamedTuple):
    """An answer.

    Attributes:
        status: The status code.
        headers: The headers, with their names in lower case.
        body: The body; empty if it is too large.
        is_too_large: Whether the body has more than `LARGEST_BODY` bytes. The rest was not read.
    """

    status: int
    headers: Mapping[str, str]
    body: bytes
    is_too_large: bool = False


class ConnectionFailed(Exception):  # noqa: N818 - like CannotRun, it states what happened
    """The connection failed in a way that may pass; its message says how, and quotes nothing that was sent."""


class EndpointUnreachable(ConnectionFailed):
    """No connection could be made, or what answers does not speak HTTP."""


class AnswerTimedOut(ConnectionFailed):
    """There was no whole answer before the deadline."""


class _Proxy(NamedTuple):
    host: str
    port: int
    headers: dict[str, str]


class HttpPoster:
    """Sends requests to an endpoint, each with a connection of its own.

    A model takes seconds for an answer, next to which a connection costs nothing, and one that is not used again
    cannot have been closed meanwhile.

    Args:
        endpoint: The endpoint.
        timeout: Seconds from the beginning of a request to the end of its answer.

    Raises:
        CannotRun: The environment names a proxy that cannot be used.
    """

    def __init__(self, endpoint: Endpoint, timeout: float) -> None:
        self.endpoint, self.timeout = endpoint, timeout
        self._proxy = None if endpoint.is_local else _find_proxy(endpoint)
        self._context = ssl.create_default_context() if endpoint.scheme == "https" else None

    def post(self, body: bytes) -> HttpAnswer:
        """Send a request, and return the answer, whatever its status is.

        Raises:
            ConnectionFailed: There is no answer, or only a part of one.
            CannotRun: The certificate is not trusted.
        """
        connection, watchdog = self._open(), _Watchdog(self.timeout)
        is_connected = False
        try:
            with watchdog:
                connection.connect()
                is_connected = True
                connection.sock.settimeout(self.timeout)
                watchdog.watch(connection.sock)
                answer = self._exchange(connection, body)
                watchdog.require_time()  # a body without a length seems to end where the socket was shut down
                return answer
        except ssl.SSLCertVerificationError:
            hint = "set SSL_CERT_FILE to the certificate of the authority that signed it"
            raise CannotRun(self.endpoint.url, "has a certificate that is not trusted here", hint) from None
        except (OSError, http.client.HTTPException, ValueError) as error:
            if isinstance(error, ssl.SSLError) and not is_connected:
                raise EndpointUnreachable("does not speak TLS") from None
            if isinstance(error, OSError) and not is_connected:
                raise EndpointUnreachable("cannot be reached") from None
            if watchdog.has_fired or isinstance(error, TimeoutError):
                raise AnswerTimedOut(f"gave no whole answer within {self.timeout:g} seconds") from None
            # An end of the connection before the status line is one of these errors, too.
            if isinstance(error, http.client.BadStatusLine) and not isinstance(error, http.client.RemoteDisconnected):
                raise EndpointUnreachable("does not speak HTTP") from None
            raise ConnectionFailed(f"broke the connection off ({type(error).__name__})") from None
        finally:
            connection.close()

    def _open(self) -> http.client.HTTPConnection:
        endpoint, proxy = self.endpoint, self._proxy
        host, port = (proxy.host, proxy.port) if proxy else (endpoint.host, endpoint.port)
        timeout = min(self.timeout, CONNECT_TIMEOUT)
        if self._context is None:
            return http.client.HTTPConnection(host, port, timeout=timeout)
        connection = http.client.HTTPSConnection(host, port, timeout=timeout, context=self._context)
        if proxy:
            connection.set_tunnel(endpoint.host, endpoint.port, proxy.headers)
        return connection

    def _exchange(self, connection: http.client.HTTPConnection, body: bytes) -> HttpAnswer:
        endpoint = self.endpoint
        headers = {"Content-Type": "application/json", "Accept": "application/json", "Connection": "close"}
        if endpoint.key:
            headers["Authorization"] = f"Bearer {endpoint.key}"
        target = endpoint.path
        if self._proxy and endpoint.scheme == "http":
            target, headers = f"http://{endpoint.authority}{target}", headers | self._proxy.headers
        connection.request("POST", target, body, headers)
        response = connection.getresponse()
        names = {name.lower(): value for name, value in response.getheaders()}
        parts, size = list[bytes](), 0
        while part := response.read1(_PART):
            parts.append(part)
            size += len(part)
            if size > LARGEST_BODY:
                return HttpAnswer(response.status, names, b"", is_too_large=True)
        if response.length:  # the announced bytes that did not come; `read1` does not complain
            raise http.client.IncompleteRead(b"")
        return HttpAnswer(response.status, names, b"".join(parts))


class _Watchdog:
    """Ends an exchange at its deadline, also if the server sends a byte now and then.

    Time-outs of a socket begin anew with each byte. Shutting the socket down wakes the thread that waits for it.
    """

    def __init__(self, seconds: float) -> None:
        self.has_fired = False
        self._socket: socket.socket | None = None
        self._timer = threading.Timer(seconds, self._fire)
        self._timer.daemon = True

    def __enter__(self) -> None:
        self._timer.start()

    def __exit__(self, *_: object) -> None:
        self._timer.cancel()

    def watch(self, connected: socket.socket) -> None:
        """Watch a socket, which http.client forgets as soon as the answer has begun."""
        self._socket = connected
        self.require_time()

    def require_time(self) -> None:
        """Raise TimeoutError after the deadline."""
        if self.has_fired:
            raise TimeoutError

    def _fire(self) -> None:
        self.has_fired = True
        if self._socket is not None:
            with contextlib.suppress(OSError):  # it is closed already
                # Not the method of a TLS socket, which would drop its state under the thread that reads.
                socket.socket.shutdown(self._socket, socket.SHUT_RDWR)


def _find_proxy(endpoint: Endpoint) -> _Proxy | None:
    """Return the proxy of the environment for an endpoint."""
    proxies = getproxies_environment()
    address = proxies.get(endpoint.scheme) or proxies.get("all")
    if not address or proxy_bypass(endpoint.authority):
        return None
    name = f"{endpoint.scheme}_proxy"
    hint = "name an HTTP proxy such as http://proxy.example:3128, or name the host in no_proxy"
    try:
        parts = urlsplit(address if "://" in address else f"http://{address}")
        host, port = parts.hostname, parts.port or 80
    except ValueError:
        raise CannotRun(name, "is not the address of a proxy", hint) from None
    if parts.scheme != "http" or not host:
        raise CannotRun(name, "is not the address of an HTTP proxy", hint)
    headers = {}
    if parts.username is not None:
        login = f"{unquote(parts.username)}:{unquote(parts.password or '')}"
        headers["Proxy-Authorization"] = f"Basic {b64encode(login.encode()).decode('ascii')}"
    return _Proxy(host, port, headers)
