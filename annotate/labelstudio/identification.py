"""Whether a program at an address is Label Studio, and which version: what an error or `annotate studio status` says.

A Label Studio server answers a request for its projects without a token with 401, and names its version. It does so at
the root of its API only; `/version` and `/health` answer below every path, even below the address of a page.
"""

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING
from urllib.parse import urlsplit, urlunsplit

import msgspec

from annotate.util.typed_values import decode_as

if TYPE_CHECKING:
    import httpx

TESTED_VERSIONS = ("1.12.1", "1.18.0", "1.20.0", "1.23.2")
"""The versions of Label Studio that `make server-versions` runs against; the last one is that of all other tests."""
_VERSION = re.compile(r"[0-9A-Za-z][0-9A-Za-z.+-]{0,39}")
_PROBE_TIMEOUT = 20
"""Seconds."""


class _Rejection(msgspec.Struct):
    """What the server answers to a request without a token."""

    status_code: int
    version: str


def read_server_version(client: "httpx.Client", url: str) -> str | None:
    """Return the version of the Label Studio server at an address; None if there is none.

    Args:
        client: Sends the request, without a token.
        url: The address, without a slash at its end.

    Raises:
        httpx.HTTPError: There is no answer, or that of an overloaded server.
    """
    answer = client.get(f"{url}/api/projects/", timeout=_PROBE_TIMEOUT)
    if answer.is_server_error:
        answer.raise_for_status()
    try:
        rejection = decode_as(answer.content, _Rejection)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return None
    is_rejection = answer.status_code == rejection.status_code == 401
    return rejection.version if is_rejection and _VERSION.fullmatch(rejection.version) else None


def describe_wrong_address(client: "httpx.Client", url: str, variable: str) -> tuple[str, str] | None:
    """Return what is wrong with an address, and what to do about it; None if a Label Studio server is there.

    Args:
        client: Sends the requests, without a token.
        url: The address.
        variable: The environment variable that it comes from.

    Raises:
        httpx.HTTPError: See `read_server_version`.
    """
    if read_server_version(client, url) is not None:
        return None
    for parent in _parents(url):
        if read_server_version(client, parent) is not None:
            return "is the address of a page of Label Studio, not of the server", f"set {variable} to {parent}"
    return "is not Label Studio", f"check {variable}: open the address in a browser, and look for the page to log in"


def strip_project_page(url: str) -> str | None:
    """Return the address of the server from that of a page of a project, without its query; None for other addresses.

    Args:
        url: An address, such as the browser has in its address bar.
    """
    parts = urlsplit(url)
    names = parts.path.split("/")
    for index, name in enumerate(names[:-1]):
        if name == "projects" and names[index + 1].isdigit():
            return urlunsplit((parts.scheme, parts.netloc, "/".join(names[:index]), "", ""))
    return None


def describe_version(version: str | None) -> str:
    """Return words on a server's version, and whether it is one of `TESTED_VERSIONS`."""
    if version is None:
        return "Label Studio of an unknown version"
    tested = "tested" if version in TESTED_VERSIONS else f"not tested ({', '.join(TESTED_VERSIONS)} are)"
    return f"Label Studio {version}, {tested}"


def _parents(url: str) -> Iterator[str]:
    """Yield the addresses above one, the nearest first."""
    root = urlunsplit((*urlsplit(url)[:2], "", "", ""))
    while url != root:
        url = url.rpartition("/")[0].rstrip("/")
        yield url
