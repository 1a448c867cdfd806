"""A Label Studio server on this machine: started in the background, on the loopback only, and stopped again.

Where a server started here keeps its data: SQLite in its own folder, or a PostgreSQL database.

The address that others have for a server started here, where a proxy in front of it takes their connections.
"""

import contextlib
import http.client
import os
import secrets
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple
from urllib.parse import unquote, urlsplit

import msgspec

from annotate.errors import CannotRun, describe_os_error
from annotate.labelstudio.lock import locked
from annotate.labelstudio.state import Credentials, Process, State, environment, require

FILE, SQLITE = "database.json", "label_studio.sqlite3"
PORT = 5432
SECONDS = 5


class Database(msgspec.Struct, frozen=True):
    """A PostgreSQL database. Without a password the library looks for one in `~/.pgpass`, as `psql` does."""

    host: str
    port: int
    name: str
    user: str
    password: str = ""

    def __repr__(self) -> str:
        return f"Database({self.place})"

    @property
    def place(self) -> str:
        return f"postgresql://{self.user}@{self.host}:{self.port}/{self.name}"


def parse(url: str) -> Database:
    """The database of a `postgresql://` address; the password may stand in PGPASSWORD, out of the shell's history.

    Raises CannotRun, without repeating the address, which may hold a password.
    """
    try:
        parts = urlsplit(url)
        port = parts.port or PORT
    except ValueError:
        parts, port = urlsplit(""), PORT
    name = unquote(parts.path.removeprefix("/"))
    if parts.scheme not in ("postgresql", "postgres") or not parts.hostname or not name or "/" in name:
        raise CannotRun("--database", "is no address of a database", "write postgresql://USER@HOST:5432/NAME")
    user = unquote(parts.username or os.environ.get("PGUSER", "postgres"))
    password = unquote(parts.password) if parts.password else os.environ.get("PGPASSWORD", "")
    return Database(parts.hostname, port, name, user, password)


def settled(state: State, wanted: Database | None) -> Database | None:
    """The database of a folder's server, and that it can be reached; None for SQLite.

    A folder keeps to what it was first started with. Raises CannotRun where another is wanted, or it does not answer.
    """
    known = state.read(FILE, Database)
    if wanted is not None and known is None and (state.data / SQLITE).exists():
        raise CannotRun(state.folder, "keeps its data in SQLite already", "choose another folder with --dir")
    if wanted is not None and known is not None and wanted.place != known.place:
        raise CannotRun(state.folder, f"belongs to {known.place}", "choose another folder with --dir")
    database = wanted if wanted is not None and (wanted.password or known is None) else known
    if database is None:
        return None
    with contextlib.ExitStack() as stack:
        try:
            stack.enter_context(socket.create_connection((database.host, database.port), timeout=SECONDS))
        except OSError as error:
            problem = f"cannot be reached ({describe_os_error(error)})"
            raise CannotRun(database.place, problem, "is PostgreSQL running there?") from None
    if database != known:
        state.write(FILE, database)
    return database


def environment_database(database: Database | None) -> dict[str, str]:
    """What tells the server where its data are."""
    if database is None:
        return {"LABEL_STUDIO_DJANGO_DB": "sqlite"}
    return {
        "LABEL_STUDIO_DJANGO_DB": "default",
        "LABEL_STUDIO_POSTGRE_HOST": database.host,
        "LABEL_STUDIO_POSTGRE_PORT": str(database.port),
        "LABEL_STUDIO_POSTGRE_NAME": database.name,
        "LABEL_STUDIO_POSTGRE_USER": database.user,
        "LABEL_STUDIO_POSTGRE_PASSWORD": database.password,
    }


FILE_PUBLIC = "public.json"


def settled_public(state: State, wanted: str | None) -> str | None:
    """The public address of a folder's server: the one wanted, else the one it had; None where nobody else has one.

    Raises CannotRun for what is no address of a whole host.
    """
    if wanted is None:
        return state.read(FILE_PUBLIC, str)
    try:
        parts = urlsplit(wanted)
        whole = parts.hostname and parts.path in ("", "/") and not (parts.query or parts.fragment or parts.username)
        port = f":{parts.port}" if parts.port else ""
    except ValueError:
        whole = None
    if not whole or parts.scheme not in ("http", "https"):
        raise CannotRun("--public", "is no address of a host", "write https://label.example.org")
    address = f"{parts.scheme}://{parts.hostname}{port}"
    state.write(FILE_PUBLIC, address)
    return address


def environment_public(address: str | None) -> dict[str, str]:
    """What tells the server which name it may be called by, and that forms may come from there."""
    if address is None:
        return {}
    return {
        "LABEL_STUDIO_HOST": address,
        "LABEL_STUDIO_ALLOWED_HOSTS": f"127.0.0.1,localhost,{urlsplit(address).hostname}",
        "LABEL_STUDIO_CSRF_TRUSTED_ORIGINS": address,
    }


HOST = "127.0.0.1"
START_SECONDS = 180
"""How long a first start may take; it makes the database, about 30 s on two cores."""
STOP_SECONDS = 10


_children: dict[int, "subprocess.Popen[bytes]"] = {}
"""The servers that this very process started, so that their exit can be collected."""


class Running(NamedTuple):
    """A server that answers; `new` if this call started it."""

    url: str
    port: int
    new: bool


def running(state: State) -> Process | None:
    """The server started here if it still runs, known by pid and time of creation.

    None for what a crash, or `down`, left in the file: another process may have that pid by now.
    """
    known = state.read("server.json", Process)
    return known if known is not None and _runs(known) else None


def _runs(known: Process) -> bool:
    require("psutil")
    import psutil

    if known.pid in _children and _children[known.pid].poll() is not None:
        del _children[known.pid]
        return False
    with contextlib.suppress(psutil.NoSuchProcess):
        process = psutil.Process(known.pid)
        return abs(process.create_time() - known.created) < 1 and process.status() != psutil.STATUS_ZOMBIE
    return False


def credentials(state: State) -> Credentials:
    """The login of the server of this folder, made at random once."""
    known = state.read("credentials.json", Credentials)
    if known is None:
        known = Credentials("annotator@localhost.localdomain", secrets.token_urlsafe(18), secrets.token_hex(20))
        state.write("credentials.json", known)
    return known


def up(
    state: State,
    port: int | None = None,
    waiting: Callable[[float], None] | None = None,
    database: Database | None = None,
    public: str | None = None,
) -> Running:
    """Start the server of this folder, or find it running; on `database`, if one is given, else on what it had before.

    `public` is the address that others have for it, kept in the same way.
    `waiting` is called with the seconds waited so far. Raises CannotRun: not installed, port in use, died, too slow, or
    another command at work on the folder; a server that this call started is stopped then.
    """
    found, new = running(state), False
    if found is None:
        require("label_studio")
        require("psutil")
        with locked(state, "up"):
            found = running(state)  # another `up` may have been quicker
            if found is None:
                found, new = _start(state, port, database, public), True
    if not new:
        if port not in (None, found.port):
            raise CannotRun(
                url_of(found.port), "runs already, on that port", "stop it first with `annotate studio down`"
            )
        if public is not None and public.rstrip("/") != settled_public(state, None):
            raise CannotRun(
                url_of(found.port), "runs already, with another address", "stop it first with `annotate studio down`"
            )
    _wait(state, found, waiting)
    return Running(url_of(found.port), found.port, new)


def _start(state: State, port: int | None, database: Database | None, public: str | None) -> Process:
    """Start a server, and write down which process it is; the caller holds the folder's lock."""
    import psutil

    keeps, known_as = settled(state, database), settled_public(state, public)
    chosen = _port(state, port)
    command = [sys.executable, "-m", "label_studio.server", "start", "--no-browser"]
    with state.log.open("wb") as log:
        state.log.chmod(0o600)
        child = subprocess.Popen(
            [*command, "--port", str(chosen), "--internal-host", HOST],
            cwd=state.folder,
            env=environment(state, credentials(state)) | environment_database(keeps) | environment_public(known_as),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    _children[child.pid] = child
    process = Process(child.pid, psutil.Process(child.pid).create_time(), chosen)
    try:
        state.write("server.json", process)
    except BaseException:
        _stop(process)  # nobody else could
        raise
    return process


def url_of(port: int) -> str:
    return f"http://{HOST}:{port}"


def down(state: State) -> bool:
    """Stop the server started here, and its children; no other process is touched. False if none ran."""
    found = running(state)
    return found is not None and _stop(found)


def _stop(found: Process) -> bool:
    import psutil

    try:
        process = psutil.Process(found.pid)
        family = [process, *process.children(recursive=True)]
    except psutil.NoSuchProcess:
        return False
    for member in family:
        with contextlib.suppress(psutil.NoSuchProcess):
            member.terminate()
    _, alive = psutil.wait_procs(family, timeout=STOP_SECONDS)
    for member in alive:
        with contextlib.suppress(psutil.NoSuchProcess):
            member.kill()
    psutil.wait_procs(alive, timeout=STOP_SECONDS)
    if found.pid in _children:
        _children.pop(found.pid).wait(STOP_SECONDS)
    return True


def _port(state: State, wanted: int | None) -> int:
    """The port asked for, else the one used last, else a free one."""
    if wanted is not None:
        if not _free(wanted):
            raise CannotRun(f"port {wanted}", "is in use", "choose another with --port, or leave it out")
        return wanted
    last = state.read("server.json", Process)
    if last is not None and _free(last.port):
        return last.port
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        port = probe.getsockname()[1]
    assert isinstance(port, int)  # noqa: S101
    return port


def _free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
    return True


def answers(port: int) -> bool:
    """Whether a server on the loopback says that it is well."""
    connection = http.client.HTTPConnection(HOST, port, timeout=5)
    try:
        connection.request("GET", "/health")
        return connection.getresponse().status == http.client.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def _wait(state: State, process: Process, waiting: Callable[[float], None] | None) -> None:
    begin = time.monotonic()
    while not answers(process.port):
        if not _runs(process):
            raise CannotRun("label-studio", f"the server stopped: {last_words(state.log)}", f"read {state.log}")
        waited = time.monotonic() - begin
        if waited > START_SECONDS:
            _stop(process)
            raise CannotRun("label-studio", f"does not answer after {START_SECONDS} s", f"read {state.log}")
        if waiting:
            waiting(waited)
        time.sleep(0.25)


def last_words(log: Path, limit: int = 200) -> str:
    """The last line of a log that says something: an error's own line rather than what stands around it."""
    try:
        lines = [line.strip() for line in log.read_text("utf-8", errors="replace").splitlines()]
    except OSError:
        lines = []
    telling = [line for line in lines if "error" in line.lower() and not line.startswith(("File ", "raise "))]
    said = telling or [line for line in lines if line] or ["the log is empty"]
    return said[-1][:limit]
