"""HTTP access to a Label Studio server: the only module that sends requests with its token.

Every failure becomes a `CannotRun` of one line. Neither a message nor a traceback contains the token or an exception of
the SDK, which holds headers and cookies.

Only what may pass on its own is tried again: no connection, no answer in time, a truncated answer, and the status codes
in `TEMPORARY_STATUS`. A request that creates something is never repeated blindly: its caller first looks at what
arrived (`before_retry`).
"""

import contextlib
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime
from types import TracebackType
from typing import Any, Self, TypeAlias, TypeVar

import msgspec

from annotate.errors import CannotRun
from annotate.labelstudio.identification import describe_wrong_address, read_server_version
from annotate.labelstudio.state import require_package
from annotate.util.parallel import thread_pool

T = TypeVar("T")

JsonObject: TypeAlias = dict[str, Any]
"""A JSON object as the server has it."""

URL_VARIABLE, TOKEN_VARIABLE = "LABEL_STUDIO_URL", "LABEL_STUDIO_API_KEY"
LOCAL = "local"
"""The name of the server that `annotate studio up` starts."""
TIMEOUT = 120
"""Seconds to wait for an answer."""
RETRY_DELAYS = (0.5, 1.0, 2.0, 4.0)
"""Seconds to wait before the second, third … attempt."""
TEMPORARY_STATUS = (500, 502, 503, 504)
"""Status codes of a server, or of a proxy before it, that is overloaded or restarts; a locked database gives 500."""
TIME_FORMAT = "%Y-%m-%dT%H:%M:%S.%fZ"
"""How the server writes times."""


class TemporaryError(CannotRun):
    """A failure that may pass on its own."""


class NotFound(CannotRun):
    """The server does not have what was asked for."""


@dataclass(frozen=True)
class ServerAddress:
    """Where a server is, and the token to it.

    `name` identifies the server in the state folder: `LOCAL` for the one started here, whose port may change, else the
    URL.
    """

    url: str
    name: str
    token: str = field(repr=False)


def retry(call: Callable[[], T], delays: Sequence[float], before_retry: Callable[[], None] | None = None) -> T:
    """Call until there is no temporary error, with a pause between attempts.

    Args:
        call: What to call.
        delays: Seconds to wait before each further attempt.
        before_retry: Called before each further attempt.

    Returns:
        What `call` returns.

    Raises:
        TemporaryError: The last attempt failed as well.
    """
    for delay in delays:
        try:
            return call()
        except TemporaryError:
            time.sleep(delay)
        if before_retry:
            before_retry()
    return call()


def prefetch(items: Iterator[T]) -> Iterator[T]:
    """Yield the same items in the same order; a thread gets the next one while the caller works on this one.

    Most of a push or pull is waiting for the server. At most two items are in memory. An exception is raised where its
    item would have been.
    """
    with prefetching(items) as prefetched:
        yield from prefetched


@contextlib.contextmanager
def prefetching(items: Iterator[T]) -> Iterator[Iterator[T]]:
    """Yield the same items as an iterator, as `prefetch` does; the thread gets the first one at once."""
    end = object()
    with thread_pool(1) as thread:
        first = thread.submit(next, items, end)

        def iterate() -> Iterator[T]:
            upcoming = first
            while (item := upcoming.result()) is not end:
                upcoming = thread.submit(next, items, end)
                yield item  # type: ignore[misc]  # no item is `end`

        yield iterate()


@contextlib.contextmanager
def translate_errors(url: str, subject: str = "the project") -> Iterator[None]:
    """Turn every failure of a request into CannotRun.

    Args:
        url: The server's address, for the message.
        subject: What the message calls missing if the server answers 404.

    Raises:
        NotFound: The server answered 404.
        TemporaryError: The failure may pass on its own.
        CannotRun: Any other failure.
    """
    import httpx
    from label_studio_sdk.core.api_error import ApiError

    kind: type[CannotRun]
    try:
        yield
    except ApiError as error:
        status = error.status_code
        kind = NotFound if status == 404 else TemporaryError if status in TEMPORARY_STATUS else CannotRun
        raise kind(url, *_describe_status(status, error.body, subject)) from None
    except httpx.TimeoutException:
        raise TemporaryError(url, "does not answer in time", "look at its log, then try again") from None
    except (httpx.TransportError, httpx.InvalidURL) as error:
        if "CERTIFICATE_VERIFY_FAILED" in str(error):
            hint = "set SSL_CERT_FILE to the certificate of the authority that signed it"
            raise CannotRun(url, "has a certificate that is not trusted here", hint) from None
        kind = CannotRun if isinstance(error, httpx.InvalidURL | httpx.UnsupportedProtocol) else TemporaryError
        problem = f"cannot be reached ({type(error).__name__})"
        raise kind(url, problem, "check that it runs and that the address is right") from None
    except (ValueError, KeyError, RecursionError) as error:  # not JSON, without a key, or nested too deeply
        problem = f"does not answer as Label Studio does ({type(error).__name__})"
        raise TemporaryError(url, problem, f"check {URL_VARIABLE}") from None


def _describe_status(status: int | None, body: object, subject: str) -> tuple[str, str]:
    """Return the problem and the hint for the status code of an error."""
    if status in (401, 403):
        return "rejects the token", f"set {TOKEN_VARIABLE} to a token of this server (Account & Settings there)"
    if status is not None and status < 300:  # a page of another program
        return "does not answer as Label Studio does", f"check {URL_VARIABLE}"
    if status == 404:
        return f"does not have {subject} any more", "push again to create it"
    detail = body.get("validation_errors") or body.get("detail") if isinstance(body, dict) else None
    reason = " ".join(str(detail).split())[:200] if detail else "no reason given"
    if status is not None and status >= 500:
        return f"answers {status}: {reason}", "look at its log, then run the command again to continue"
    return f"answers {status}: {reason}", "fix the cause, then try again"


class Connection:
    """A connection to a server; a context manager, which closes it.

    Args:
        address: The server and its token.
        timeout: Seconds to wait for an answer.
        delays: Seconds to wait before each further attempt; a server that has not answered yet gets one attempt.
    """

    def __init__(
        self, address: ServerAddress, timeout: float = TIMEOUT, delays: Sequence[float] = RETRY_DELAYS
    ) -> None:
        require_package("label_studio_sdk")
        import httpx

        # The package's own LabelStudio also imports pandas and boto3, which nothing here needs: 150 MB, and seconds.
        from label_studio_sdk.base_client import LabelStudioBase

        self.address = address
        self.url = address.url
        self._delays, self._has_answered = delays, False
        # A proxy from the environment cannot reach the loopback interface of this machine.
        self._http = httpx.Client(timeout=timeout, follow_redirects=True, trust_env=address.name != LOCAL)
        try:
            with translate_errors(self.url):
                # The SDK would repeat failed requests on its own, imports included, which creates tasks twice.
                sdk = LabelStudioBase(
                    base_url=address.url, api_key=address.token, httpx_client=self._http, max_retries=0
                )
        except CannotRun:
            self._http.close()
            raise
        # Requests go through the SDK's client because it renews a personal token. Its typed calls are not used: their
        # models take more time than the server does.
        self._client: Any = sdk._client_wrapper.httpx_client

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._http.close()

    @property
    def delays(self) -> Sequence[float]:
        """Seconds to wait before each further attempt; none before the server has answered once."""
        return self._delays if self._has_answered else ()

    def read(self, path: str, decode: Callable[[bytes], T], *, subject: str = "the project", **params: Any) -> T:
        """GET and decode an answer; temporary failures are retried.

        Args:
            path: The path on the server.
            decode: Turns the body into the result; a ValueError or KeyError counts as a temporary failure.
            subject: What is missing if the server answers 404.
            **params: The query.

        Returns:
            The decoded answer.

        Raises:
            CannotRun: The server cannot be reached, or answers with an error.
        """

        def attempt() -> T:
            with translate_errors(self.url, subject), self._recognizing_server():
                return decode(self._send("GET", path, params=params))

        return self._retry(attempt)

    def read_if_exists(self, path: str, decode: Callable[[bytes], T]) -> T | None:
        """GET and decode an answer as `read` does; None if the server answers 404."""
        try:
            return self.read(path, decode)
        except NotFound:
            return None

    def write(self, method: str, path: str, body: object = None, *, subject: str = "the project") -> bytes:
        """Send one request that changes something, without retries.

        Args:
            method: POST, PATCH or DELETE.
            path: The path on the server.
            body: What to send as JSON.
            subject: What is missing if the server answers 404.

        Returns:
            The body of the answer.

        Raises:
            CannotRun: The server cannot be reached, or answers with an error.
        """
        with translate_errors(self.url, subject), self._recognizing_server():
            if body is None:
                return self._send(method, path)
            headers = {"content-type": "application/json"}
            return self._send(method, path, content=msgspec.json.encode(body), headers=headers)

    def server_time(self) -> str | None:
        """Return the time by the server's own clock, in `TIME_FORMAT`; None if it does not send one."""
        from label_studio_sdk.core.api_error import ApiError

        def attempt() -> Any:
            with translate_errors(self.url):
                answer = self._http.get(f"{self.url}/health")
                if not answer.is_success:  # the answer of a proxy, whose clock may differ
                    raise ApiError(status_code=answer.status_code, body=None)
                return answer

        answer = self._retry(attempt)
        with contextlib.suppress(KeyError, ValueError, TypeError):
            return parsedate_to_datetime(answer.headers["date"]).strftime(TIME_FORMAT)
        return None

    def server_version(self) -> str | None:
        """Return the version of the server; None if it cannot be told.

        Raises:
            CannotRun: The server cannot be reached, or is not Label Studio.
        """
        import httpx
        from label_studio_sdk.core.api_error import ApiError

        def attempt() -> str | None:
            with translate_errors(self.url), self._recognizing_server():
                try:
                    version = read_server_version(self._http, self.url)
                except httpx.HTTPStatusError as error:
                    raise ApiError(status_code=error.response.status_code, body=None) from None
                if version is None and not self._has_answered:
                    raise ValueError("not Label Studio")
                return version

        return self._retry(attempt)

    @contextlib.contextmanager
    def _recognizing_server(self) -> Iterator[None]:
        """Explain the first answer if it is not one of Label Studio's API: it may come from another program.

        Raises:
            CannotRun: Label Studio is not at the address.
        """
        import httpx
        from label_studio_sdk.core.api_error import ApiError

        try:
            yield
        except (ApiError, ValueError, KeyError, RecursionError) as error:
            if self._has_answered or (isinstance(error, ApiError) and error.status_code in TEMPORARY_STATUS):
                raise
            wrong = None
            with contextlib.suppress(httpx.HTTPError):  # the first error says more
                wrong = describe_wrong_address(self._http, self.url, URL_VARIABLE)
            if wrong:
                raise CannotRun(self.url, *wrong) from None
            raise

    def _retry(self, attempt: Callable[[], T]) -> T:
        answer = retry(attempt, self.delays)
        self._has_answered = True
        return answer

    def _send(self, method: str, path: str, **content: Any) -> bytes:
        from label_studio_sdk.core.api_error import ApiError

        answer = self._client.request(path, method=method, **content)
        if not answer.is_success:
            body = None
            with contextlib.suppress(ValueError, RecursionError):
                body = answer.json()
            raise ApiError(status_code=answer.status_code, body=body)
        data: bytes = answer.content
        del answer.stream  # it refers to the answer: without this cycle the answer's megabytes are freed at once
        return data
