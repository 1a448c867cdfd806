"""The folder `.studio/`: what is kept between commands about a Label Studio server. It is private, and never committed.

credentials.json  the random login of the server started here      server.json  the process that runs it
project.json      server → title → number of a project             people.json  server → user number → annotator
raw/<article>.json  tasks as the server last gave them              server.log, data/  the server's own
journal/          what was pulled and is not in the corpus yet      aside/<article>.json  what cannot be taken, and why
lock              who pushes or pulls just now                      configs.json  the config last given to a project
public.json       the address that others have for the server
"""

import importlib.util
import os
from pathlib import Path
from typing import TypeVar

import msgspec

from annotate.errors import CannotRun, describe_os_error
from annotate.util.files import File, write_together

T = TypeVar("T")

DEFAULT = ".studio"
PRIVATE_FILE, PRIVATE_FOLDER = 0o600, 0o700


class Credentials(msgspec.Struct, frozen=True):
    """The first user of a server started here."""

    username: str
    password: str
    token: str

    def __repr__(self) -> str:
        return "Credentials(…)"


class Process(msgspec.Struct, frozen=True):
    """A server started here. A pid alone may be somebody else's by now; with the time it was created it is not."""

    pid: int
    created: float
    port: int


def require(package: str) -> None:
    """Raise CannotRun unless a package of the `studio` extra is installed."""
    if importlib.util.find_spec(package) is None:
        raise CannotRun(package.replace("_", "-"), "is not installed", "pip install 'contested-claims[studio]'")


class State:
    """The files of a `.studio/` folder; the folder is made when the first of them is written."""

    def __init__(self, folder: str | Path = DEFAULT) -> None:
        self.folder = Path(folder).absolute()

    @property
    def data(self) -> Path:
        return self.folder / "data"

    @property
    def log(self) -> Path:
        return self.folder / "server.log"

    def make(self) -> None:
        """Make the folder, closed to others, and keep git from ever seeing it; raises CannotRun."""
        try:
            self.folder.mkdir(mode=PRIVATE_FOLDER, parents=True, exist_ok=True)
            self.folder.chmod(PRIVATE_FOLDER)
            self.data.mkdir(mode=PRIVATE_FOLDER, exist_ok=True)
        except OSError as error:
            raise CannotRun(self.folder, describe_os_error(error), "choose another folder with --dir") from error
        self.write_bytes(".gitignore", b"*\n")

    def read(self, name: str, type_: type[T]) -> T | None:
        """The content of a file; None if there is none. Raises CannotRun for a broken one."""
        path = self.folder / name
        try:
            return msgspec.json.decode(path.read_bytes(), type=type_)
        except FileNotFoundError:
            return None
        except (OSError, msgspec.MsgspecError, UnicodeDecodeError) as error:
            # The message may quote the content, which may be secret.
            raise CannotRun(path, f"cannot be read ({type(error).__name__})", "remove it") from None

    def write(self, name: str, value: object) -> None:
        self.write_bytes(name, msgspec.json.format(msgspec.json.encode(value), indent=2) + b"\n")

    def write_bytes(self, name: str, content: bytes) -> None:
        write_together([self.file(name, content)])

    def file(self, name: str, content: bytes) -> File:
        """A file as `write_together` takes it; the folder that it is in is made, closed to others."""
        path = self.folder / name
        if not path.parent.is_dir():
            path.parent.mkdir(mode=PRIVATE_FOLDER, parents=True, exist_ok=True)
        return File(path, content, PRIVATE_FILE)

    def project(self, server: str, title: str) -> int | None:
        """The number of the project on a server that was made under this title, also if it was renamed there since."""
        return self._projects().get(server, {}).get(title)

    def projects(self, server: str) -> dict[str, int]:
        """Title → number of every project that was made on a server from this folder."""
        return self._projects().get(server, {})

    def remember_project(self, server: str, title: str, number: int) -> None:
        known = self._projects()
        self.write("project.json", known | {server: known.get(server, {}) | {title: number}})

    def _projects(self) -> dict[str, dict[str, int]]:
        return self.read("project.json", dict[str, dict[str, int]]) or {}

    def people(self, server: str) -> dict[int, str]:
        """User number → annotator, for one server."""
        return (self.read("people.json", dict[str, dict[int, str]]) or {}).get(server, {})

    def remember_people(self, server: str, people: dict[int, str]) -> None:
        known = self.read("people.json", dict[str, dict[int, str]]) or {}
        self.write("people.json", known | {server: people})


def environment(state: State, credentials: Credentials) -> dict[str, str]:
    """What the server gets as its environment: nothing of the caller's but where to find programs and how to write.

    The server takes settings from any variable called as one of its own, so the caller's are not passed on.
    """
    kept = ("PATH", "HOME", "LANG", "LC_ALL", "LC_CTYPE", "TZ", "TMPDIR", "VIRTUAL_ENV", "SSL_CERT_FILE")
    ours = {
        "BASE_DATA_DIR": str(state.data),
        "USERNAME": credentials.username,
        "PASSWORD": credentials.password,
        "USER_TOKEN": credentials.token,
        "ENABLE_LEGACY_API_TOKEN": "true",  # off by default, and the only token that can be set from here
        "DISABLE_SIGNUP_WITHOUT_LINK": "true",
        "ALLOWED_HOSTS": "127.0.0.1,localhost",
        "CORS_ALLOW_ALL_ORIGINS": "false",
        "HOST": "",
        "DEBUG": "false",
        # Nothing is sent out: no analytics, no error reports, no look for a newer version.
        "COLLECT_ANALYTICS": "false",
        "SENTRY_DSN": "",
        "FRONTEND_SENTRY_DSN": "",
        "LATEST_VERSION_CHECK": "false",
    }
    passed = {name: os.environ[name] for name in kept if name in os.environ}
    return passed | {f"LABEL_STUDIO_{name}": value for name, value in ours.items()}
