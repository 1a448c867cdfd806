"""A Label Studio server on this machine: started in the background on the loopback interface, and stopped."""

import contextlib
import http.client
import os
import secrets
import socket
import time
from collections.abc import Callable
from pathlib import Path
from subprocess import Popen
from typing import NamedTuple, TypeAlias
from urllib.parse import urlsplit

from annotate.errors import CannotRun, describe_os_error
from annotate.labelstudio.database import Database, database_environment, resolve_database
from annotate.labelstudio.lock import lock_folder
from annotate.labelstudio.prepared_database import PATH_VARIABLE, install_prepared_database
from annotate.labelstudio.server_process import read_phase
from annotate.labelstudio.state import PRIVATE_FILE, Credentials, ServerProcess, State, open_no_link, require_package
from annotate.util.processes import start_module

HOST = "127.0.0.1"
START_TIMEOUT = 600
"""Seconds that a start may take; the first one of all creates the database, in about 30 s on two cores."""
STOP_TIMEOUT = 10
PROCESS_FILE, CREDENTIALS_FILE, PUBLIC_URL_FILE = "server.json", "credentials.json", "public.json"
EMAIL_DOMAIN = "localhost.localdomain"
"""The server requires addresses; mail to this domain goes nowhere."""

_children: dict[int, "Popen[bytes]"] = {}
"""The servers that this process started, by process id; their exit has to be collected."""

OnWait: TypeAlias = Callable[[float, str], None]
"""Called repeatedly during a start, with the seconds waited and what the server is doing."""


class StartTimeout(CannotRun):
    """A server does not answer in time."""


class RunningServer(NamedTuple):
    """A server that answers; `is_new` if this call started it."""

    url: str
    port: int
    is_new: bool


def start(
    state: State,
    port: int | None = None,
    on_wait: OnWait | None = None,
    database: Database | None = None,
    public_url: str | None = None,
    timeout: float | None = None,
) -> RunningServer:
    """Start the server of a folder unless it runs, and wait until it answers.

    If it fails to answer in time, a server that this call started is stopped.

    Args:
        state: The folder.
        port: The port; by default the one used last, or a free one.
        on_wait: See `OnWait`.
        database: Where to keep the data; by default where the folder has them.
        public_url: The address that others use, through a proxy; by default the one that the folder has.
        timeout: Seconds to wait for an answer; by default `START_TIMEOUT`.

    Raises:
        CannotRun: Label Studio is not installed, the port is in use, the server runs with other settings, it stopped or
            does not answer in time, or another command works on the folder.
    """
    process, is_new = find_running(state), False
    if process is None:
        require_package("label_studio")
        require_package("psutil")
        with lock_folder(state, "up"):
            process = find_running(state)  # another `up` may have been faster
            if process is None:
                process, is_new = _start(state, port, database, public_url), True
    if not is_new:
        hint = "stop it first with `annotate studio down`"
        if port not in (None, process.port):
            raise CannotRun(url_of(process.port), "already runs, on that port", hint)
        if public_url is not None and public_url.rstrip("/") != resolve_public_url(state, None):
            raise CannotRun(url_of(process.port), "already runs, with another address", hint)
    try:
        _wait_until_healthy(state, process, on_wait, START_TIMEOUT if timeout is None else timeout)
    except StartTimeout:
        if is_new:
            terminate_process(process)
        raise
    return RunningServer(url_of(process.port), process.port, is_new)


def stop(state: State) -> bool:
    """Stop the server of a folder and its child processes; return whether it ran."""
    process = find_running(state)
    return process is not None and terminate_process(process)


def find_running(state: State) -> ServerProcess | None:
    """Return the process of a folder's server, identified by its process id and its creation time; None if none runs.

    After a crash or `stop`, another process may have the recorded process id.
    """
    process = state.read(PROCESS_FILE, ServerProcess)
    return process if process is not None and is_process_running(process) else None


def load_credentials(state: State) -> Credentials:
    """Return the login of a folder's server, which is created at random once."""
    credentials = state.read(CREDENTIALS_FILE, Credentials)
    if credentials is None:
        username = f"annotator@{EMAIL_DOMAIN}"
        credentials = make_credentials(username)
        state.write(CREDENTIALS_FILE, credentials)
    return credentials


def make_credentials(username: str) -> Credentials:
    """Return a login with a random password and token."""
    return Credentials(username, secrets.token_urlsafe(18), secrets.token_hex(20))


def url_of(port: int) -> str:
    """Return the address of a server on this machine."""
    return f"http://{HOST}:{port}"


def resolve_public_url(state: State, requested: str | None) -> str | None:
    """Return the address that others use for a folder's server, and remember it; None if there is none.

    Args:
        state: The folder.
        requested: The address that the user asked for; None for the one that the folder has.

    Raises:
        CannotRun: The address is malformed, or has a path.
    """
    if requested is None:
        return state.read(PUBLIC_URL_FILE, str)
    try:
        parts = urlsplit(requested)
        is_host = parts.hostname and parts.path in ("", "/") and not (parts.query or parts.fragment or parts.username)
        port = f":{parts.port}" if parts.port else ""
    except ValueError:
        is_host = None
    if not is_host or parts.scheme not in ("http", "https"):
        raise CannotRun("--public", "not the address of a host", "write https://label.example.org")
    public_url = f"{parts.scheme}://{parts.hostname}{port}"
    state.write(PUBLIC_URL_FILE, public_url)
    return public_url


def server_environment(state: State, database: Database | None, public_url: str | None) -> dict[str, str]:
    """Return the server's settings as environment variables.

    The server takes settings from any variable with the name of a setting, so the caller's are not passed on.
    """
    credentials = load_credentials(state)
    settings = {
        "BASE_DATA_DIR": str(state.data),
        "USERNAME": credentials.username,
        "PASSWORD": credentials.password,
        "USER_TOKEN": credentials.token,
        "ENABLE_LEGACY_API_TOKEN": "true",  # off by default, and the only kind of token that can be set from here
        "DISABLE_SIGNUP_WITHOUT_LINK": "true",
        "ALLOWED_HOSTS": "127.0.0.1,localhost",
        "CORS_ALLOW_ALL_ORIGINS": "false",
        "HOST": "",
        "DEBUG": "false",
        # The server sends nothing out: no analytics, no error reports, no check for a newer version.
        "COLLECT_ANALYTICS": "false",
        "SENTRY_DSN": "",
        "FRONTEND_SENTRY_DSN": "",
        "LATEST_VERSION_CHECK": "false",
        "ML_BLOCK_LOCAL_IP": "false",  # the service of suggestions is on this machine
        "LOCAL_FILES_SERVING_ENABLED": "false",  # otherwise on if the current folder has one with a certain name
    }
    if public_url is not None:
        settings["HOST"] = settings["CSRF_TRUSTED_ORIGINS"] = public_url
        settings["ALLOWED_HOSTS"] += f",{urlsplit(public_url).hostname}"
    ours = {f"LABEL_STUDIO_{name}": value for name, value in settings.items()}
    return ours | database_environment(database)


def is_healthy(port: int) -> bool:
    """Return whether a server on the loopback interface reports that it is well."""
    connection = http.client.HTTPConnection(HOST, port, timeout=5)
    try:
        connection.request("GET", "/health")
        return connection.getresponse().status == http.client.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def last_log_line(log: Path, limit: int = 200) -> str:
    """Return the last informative line of a log: an error's own line, rather than those around it."""
    return last_error_line(_read_log(log), limit)


def _read_log(log: Path) -> str:
    try:
        return log.read_text("utf-8", errors="replace")
    except OSError:
        return ""


def last_error_line(text: str, limit: int = 200) -> str:
    """Return the last informative line of what a process printed; see `last_log_line`."""
    lines = [line.strip() for line in text.splitlines()]
    errors = [line for line in lines if "error" in line.lower() and not line.startswith(("File ", "raise "))]
    informative = errors or [line for line in lines if line] or ["the log is empty"]
    return informative[-1][:limit]


def is_process_running(process: ServerProcess) -> bool:
    """Return whether a recorded process still runs: one with its id and its time of creation."""
    require_package("psutil")
    import psutil

    if process.pid in _children and _children[process.pid].poll() is not None:
        del _children[process.pid]
        return False
    with contextlib.suppress(psutil.NoSuchProcess):
        candidate = psutil.Process(process.pid)
        same_creation_time = abs(candidate.create_time() - process.created) < 1
        return same_creation_time and candidate.status() != psutil.STATUS_ZOMBIE
    return False


def _start(state: State, port: int | None, database: Database | None, public_url: str | None) -> ServerProcess:
    """Start a server, and record its process; the caller holds the folder's lock."""
    import psutil

    resolved = resolve_database(state, database)
    environment = server_environment(state, resolved, resolve_public_url(state, public_url))
    port = _choose_port(state, port)
    if resolved is None and (prepared := install_prepared_database(state)):
        environment[PATH_VARIABLE] = str(prepared)
    arguments = ("start", "--no-browser", "--port", str(port), "--internal-host", HOST)
    try:
        handle = open_no_link(state.log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    except OSError as error:
        raise CannotRun(state.log, describe_os_error(error), "move it away") from error
    with os.fdopen(handle, "wb") as log:
        os.fchmod(handle, PRIVATE_FILE)
        child = start_module("annotate.labelstudio.server_process", *arguments, environment=environment, log=log)
    _children[child.pid] = child
    process = ServerProcess(child.pid, psutil.Process(child.pid).create_time(), port)
    try:
        state.write(PROCESS_FILE, process)
    except BaseException:
        terminate_process(process)  # without the file, no later command could
        raise
    return process


def keep_child(child: "Popen[bytes]") -> ServerProcess:
    """Return the record of a process that this one started in the background; its exit will be collected."""
    import psutil

    _children[child.pid] = child
    return ServerProcess(child.pid, psutil.Process(child.pid).create_time(), 0)


def terminate_process(server_process: ServerProcess) -> bool:
    """End a recorded process and its children, by force after `STOP_TIMEOUT`; return whether it ran."""
    import psutil

    try:
        process = psutil.Process(server_process.pid)
        processes = [process, *process.children(recursive=True)]
    except psutil.NoSuchProcess:
        return False
    for process in processes:
        with contextlib.suppress(psutil.NoSuchProcess):
            process.terminate()
    _, alive = psutil.wait_procs(processes, timeout=STOP_TIMEOUT)
    for process in alive:
        with contextlib.suppress(psutil.NoSuchProcess):
            process.kill()
    psutil.wait_procs(alive, timeout=STOP_TIMEOUT)
    if server_process.pid in _children:
        _children.pop(server_process.pid).wait(STOP_TIMEOUT)
    return True


def _choose_port(state: State, requested: int | None) -> int:
    """Return the requested port, else the one used last, else a free one."""
    if requested is not None:
        if not _is_free(requested):
            raise CannotRun(f"port {requested}", "is in use", "choose another with --port, or leave it out")
        return requested
    last = state.read(PROCESS_FILE, ServerProcess)
    if last is not None and _is_free(last.port):
        return last.port
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        port: int = probe.getsockname()[1]
    return port


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
    return True


def _wait_until_healthy(state: State, process: ServerProcess, on_wait: OnWait | None, timeout: float) -> None:
    start_time = time.monotonic()
    while not is_healthy(process.port):
        if not is_process_running(process):
            raise CannotRun("label-studio", f"the server stopped: {last_log_line(state.log)}", f"read {state.log}")
        seconds, phase = time.monotonic() - start_time, read_phase(_read_log(state.log))
        if seconds > timeout:
            problem = f"does not answer after {timeout:g} s ({phase})"
            hint = f"run it again, with --timeout SECONDS if necessary; it goes on from there (log: {state.log})"
            raise StartTimeout("label-studio", problem, hint)
        if on_wait:
            on_wait(seconds, phase)
        time.sleep(0.25)
