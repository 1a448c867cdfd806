"""A Label Studio server on this machine: started in the background, on the loopback only, and stopped again."""

import contextlib
import http.client
import secrets
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from annotate.errors import CannotRun
from annotate.labelstudio import database as databases
from annotate.labelstudio import public as publics
from annotate.labelstudio.database import Database
from annotate.labelstudio.lock import locked
from annotate.labelstudio.state import Credentials, Process, State, environment, require

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
        if public is not None and public.rstrip("/") != publics.settled(state, None):
            raise CannotRun(
                url_of(found.port), "runs already, with another address", "stop it first with `annotate studio down`"
            )
    _wait(state, found, waiting)
    return Running(url_of(found.port), found.port, new)


def _start(state: State, port: int | None, database: Database | None, public: str | None) -> Process:
    """Start a server, and write down which process it is; the caller holds the folder's lock."""
    import psutil

    keeps, known_as = databases.settled(state, database), publics.settled(state, public)
    chosen = _port(state, port)
    command = [sys.executable, "-m", "label_studio.server", "start", "--no-browser"]
    with state.log.open("wb") as log:
        state.log.chmod(0o600)
        child = subprocess.Popen(
            [*command, "--port", str(chosen), "--internal-host", HOST],
            cwd=state.folder,
            env=environment(state, credentials(state)) | databases.environment(keeps) | publics.environment(known_as),
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
