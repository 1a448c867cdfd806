"""Where a model is asked: the address of an endpoint, the key to it, and who may read the key."""

import ipaddress
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from stat import S_IMODE, S_ISREG
from typing import NoReturn
from urllib.parse import urlsplit

from annotate.errors import CannotRun, Refused, describe_os_error
from annotate.labelstudio.state import open_no_link
from annotate.util.files import read_rest

URL_VARIABLE, KEY_VARIABLE, KEY_FILE_VARIABLE = "ANNOTATE_MODEL_URL", "ANNOTATE_MODEL_KEY", "ANNOTATE_MODEL_KEY_FILE"
OPENAI_URL_VARIABLE, OPENAI_KEY_VARIABLE = "OPENAI_BASE_URL", "OPENAI_API_KEY"
COMPLETIONS_PATH = "/chat/completions"
_OPENAI_HOST = "api.openai.com"
_LONGEST_KEY = 4096
_KEY = re.compile(r"[!-~]+")
_HOST = re.compile(r"[A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\]")
_PATH = re.compile(r"[!-~]*")
_ADDRESS_HINT = "name one such as http://127.0.0.1:8080/v1"
_KEY_HINT = f"set {KEY_VARIABLE}, or name a file with mode 0600 in {KEY_FILE_VARIABLE} or with --key-file"
_PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True)
class Endpoint:
    """An endpoint that speaks `/v1/chat/completions`.

    Attributes:
        scheme: `http` or `https`.
        host: The host, in lower case; an IPv6 address without brackets.
        port: The port.
        path: The path of the requests.
        key: The key; empty if the endpoint needs none.
    """

    scheme: str
    host: str
    port: int
    path: str
    key: str = field(default="", repr=False)

    @property
    def authority(self) -> str:
        """The host, and the port unless it is the usual one of the scheme."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == _PORTS[self.scheme] else f"{host}:{self.port}"

    @property
    def url(self) -> str:
        """The address that people gave, without the part that each request adds."""
        return f"{self.scheme}://{self.authority}{self.path.removesuffix(COMPLETIONS_PATH)}"

    @property
    def is_local(self) -> bool:
        """Whether the host is the loopback interface, so that nothing leaves this machine."""
        return is_loopback(self.host)


def is_loopback(host: str) -> bool:
    """Tell whether a host is the loopback interface of this machine, by its name or address alone."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def resolve_endpoint(
    address: str | None,
    key_file: str | None = None,
    *,
    allow_http: bool = False,
    environ: Mapping[str, str] = os.environ,
) -> Endpoint:
    """Return the endpoint that a command asks.

    The key of `OPENAI_API_KEY` is used only for the address of `OPENAI_BASE_URL` and for OpenAI itself, so that it
    never reaches another provider.

    Args:
        address: The address of `--endpoint`; None for that of the environment.
        key_file: The file of `--key-file`; None for the key of the environment.
        allow_http: Whether texts and the key may be sent without encryption to another machine.
        environ: The environment.

    Raises:
        CannotRun: There is no address, it is not one of an endpoint, or the key cannot be read.
        Refused: It is not encrypted, or others may read the file of the key.
    """
    where, url = _choose_address(address, environ)
    scheme, host, port, path = _parse_address(where, url)
    if scheme == "http" and not is_loopback(host) and not allow_http:
        problem = "is not encrypted: others on the way could read the texts and the key"
        raise Refused(where, problem, "use https, or send them all the same with --insecure-http")
    key = _find_key(
        key_file, environ, is_openai=where == OPENAI_URL_VARIABLE or (scheme, host) == ("https", _OPENAI_HOST)
    )
    return Endpoint(scheme, host, port, path, key)


def _choose_address(address: str | None, environ: Mapping[str, str]) -> tuple[str, str]:
    """Return where the address comes from, and the address."""
    if address is not None:
        return "--endpoint", address
    for name in (URL_VARIABLE, OPENAI_URL_VARIABLE):
        if environ.get(name):
            return name, environ[name]
    raise CannotRun("--endpoint", f"is missing, and {URL_VARIABLE} is not set", _ADDRESS_HINT)


def _parse_address(where: str, address: str) -> tuple[str, str, int, str]:
    """Return scheme, host, port and path of the requests. No error quotes the address, which may hold a key."""

    def fail(problem: str, hint: str = _ADDRESS_HINT) -> NoReturn:
        raise CannotRun(where, problem, hint) from None

    try:
        parts = urlsplit(address.strip())
        port = parts.port
    except ValueError:
        fail("is not an address")
    if parts.scheme not in _PORTS or not parts.hostname:
        fail("is not an address that begins with http:// or https://")
    if "@" in parts.netloc:
        fail("holds a login", f"remove it; {_KEY_HINT}")
    if parts.query or parts.fragment:
        fail("has a part after ? or #, which may hold a key", f"remove it; {_KEY_HINT}")
    if not _HOST.fullmatch(parts.netloc.removesuffix(f":{port}")) or not _PATH.fullmatch(parts.path):
        fail("has characters that no address has")
    path = parts.path.rstrip("/")
    path = path if path.endswith(COMPLETIONS_PATH) else f"{path}{COMPLETIONS_PATH}"
    return parts.scheme, parts.hostname.lower(), port or _PORTS[parts.scheme], path


def _find_key(key_file: str | None, environ: Mapping[str, str], *, is_openai: bool) -> str:
    if key_file is None and environ.get(KEY_VARIABLE):
        return _require_key(KEY_VARIABLE, environ[KEY_VARIABLE])
    key_file = key_file or environ.get(KEY_FILE_VARIABLE)
    if key_file:
        return _require_key(key_file, _read_key_file(Path(key_file)))
    if is_openai and environ.get(OPENAI_KEY_VARIABLE):
        return _require_key(OPENAI_KEY_VARIABLE, environ[OPENAI_KEY_VARIABLE])
    return ""


def _read_key_file(path: Path) -> str:
    hint = "write the key into a regular file of your own with mode 0600"
    try:
        handle = open_no_link(path)
    except OSError as error:
        raise CannotRun(path, f"cannot be read: {describe_os_error(error)}", hint) from None
    try:
        status = os.fstat(handle)
        if not S_ISREG(status.st_mode) or status.st_uid != os.geteuid():
            raise Refused(path, "belongs to another user", hint)
        if S_IMODE(status.st_mode) & 0o077:
            raise Refused(path, "can be read or written by others", "run `chmod 600` on it, and replace the key")
        if status.st_size > _LONGEST_KEY:
            raise CannotRun(path, "is longer than a key", hint)
        return read_rest(handle, status.st_size).decode("utf-8", "replace")
    finally:
        os.close(handle)


def _require_key(where: str, key: str) -> str:
    """Return a key that a header can hold. No error quotes it."""
    key = key.strip()
    if not key or len(key) > _LONGEST_KEY or not _KEY.fullmatch(key):
        raise CannotRun(where, "holds no key: a key has letters, digits and signs, and no spaces", _KEY_HINT) from None
    return key
