"""Services in the background, next to the server: `annotate studio down` stops them."""

import os
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from annotate.errors import CannotRun, describe_os_error
from annotate.labelstudio.server import is_process_running, keep_child, last_log_line, terminate_process
from annotate.labelstudio.state import PRIVATE_FILE, ServerProcess, State, open_no_link
from annotate.util.processes import start_module

WATCH_PROCESS_FILE, WATCH_LOG = "watch.json", "watch.log"
PATIENCE = 60.0
"""Seconds that the server may be gone before its services end; a restart takes less."""
START_TIMEOUT = 120.0
"""Seconds that a service may take until it is ready."""
_PAUSE = 0.1


class BackgroundService(NamedTuple):
    """A service: its command, the file of its process, and its log."""

    command: str
    process_file: str
    log: str


WATCH = BackgroundService("watch", WATCH_PROCESS_FILE, WATCH_LOG)
SUGGEST = BackgroundService("suggest", "suggest.json", "suggest.log")


def start_service(
    state: State, service: BackgroundService, options: Sequence[str], environment: Mapping[str, str] | None = None
) -> ServerProcess:
    """Start a service in the background, and return its process.

    Args:
        state: The state folder.
        service: The service.
        options: The options of its command besides those that name the folder and end it with the server.
        environment: Variables that it needs.

    Raises:
        CannotRun: Its log cannot be written.
    """
    log = state.folder / service.log
    try:
        handle = open_no_link(log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    except OSError as error:
        raise CannotRun(log, describe_os_error(error), "move it away") from error
    with os.fdopen(handle, "wb") as file:
        os.fchmod(handle, PRIVATE_FILE)
        words = ("studio", service.command, "--dir", str(state.folder), "--end-without-server", str(PATIENCE))
        child = start_module("annotate", *words, *options, environment=environment or {}, log=file)
    return keep_child(child)


def record_ready(state: State, service: BackgroundService, port: int) -> None:
    """Write down that this process is a folder's service, and ready."""
    import psutil

    process = psutil.Process()
    state.write(service.process_file, ServerProcess(process.pid, process.create_time(), port))


def find_service(state: State, service: BackgroundService) -> ServerProcess | None:
    """Return the process of a folder's service; None if none runs."""
    process = state.read(service.process_file, ServerProcess)
    return process if process is not None and is_process_running(process) else None


def stop_service(state: State, service: BackgroundService) -> bool:
    """Stop a folder's service; return whether it ran."""
    process = find_service(state, service)
    return process is not None and terminate_process(process)


def wait_until_ready(state: State, service: BackgroundService, process: ServerProcess) -> None:
    """Wait until a service has written its process down, which it does when it is ready.

    Raises:
        CannotRun: It ended instead, or takes too long.
    """
    deadline = time.monotonic() + START_TIMEOUT
    while (ready := state.read(service.process_file, ServerProcess)) is None or ready.pid != process.pid:
        log = state.folder / service.log
        if not is_process_running(process):
            raise CannotRun(f"annotate studio {service.command}", f"ended: {last_log_line(log, 500)}", f"read {log}")
        if time.monotonic() > deadline:
            terminate_process(process)
            raise CannotRun(f"annotate studio {service.command}", "is not ready in time", f"read {log}")
        time.sleep(_PAUSE)


def start_watch(state: State, corpus: str, schema: str, guidelines: str) -> bool:
    """Start `annotate studio watch` in the background unless it runs; return whether it was started.

    Args:
        state: The state folder, whose server it watches.
        corpus: The corpus folder.
        schema: The schema folder.
        guidelines: The folder of the guidelines.

    Raises:
        CannotRun: Its log cannot be written.
    """
    if find_watch(state) is not None:
        return False
    folders = {"--corpus": corpus, "--schema": schema, "--guidelines": guidelines}
    options = [word for option, folder in folders.items() for word in (option, str(Path(folder).absolute()))]
    process = start_service(state, WATCH, options)
    try:
        state.write(WATCH_PROCESS_FILE, process)
    except BaseException:
        terminate_process(process)  # without the file, no later command could
        raise
    return True


def find_watch(state: State) -> ServerProcess | None:
    """Return the process of a folder's watch in the background; None if none runs."""
    return find_service(state, WATCH)


def stop_watch(state: State) -> bool:
    """Stop the watch in the background of a folder; return whether it ran."""
    return stop_service(state, WATCH)
