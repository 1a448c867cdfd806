"""The watch that `annotate studio up` starts in the background, next to the server, and that `down` stops."""

import os
from pathlib import Path

from annotate.errors import CannotRun, describe_os_error
from annotate.labelstudio.server import is_process_running, keep_child, terminate_process
from annotate.labelstudio.state import PRIVATE_FILE, ServerProcess, State, open_no_link
from annotate.util.processes import start_module

WATCH_PROCESS_FILE, WATCH_LOG = "watch.json", "watch.log"
PATIENCE = 60.0
"""Seconds that the server may be gone before its watch ends; a restart takes less."""


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
    log = state.folder / WATCH_LOG
    try:
        handle = open_no_link(log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    except OSError as error:
        raise CannotRun(log, describe_os_error(error), "move it away") from error
    with os.fdopen(handle, "wb") as file:
        os.fchmod(handle, PRIVATE_FILE)
        words = ("studio", "watch", "--dir", str(state.folder), "--end-without-server", str(PATIENCE), *options)
        child = start_module("annotate", *words, environment={}, log=file)
    process = keep_child(child)
    try:
        state.write(WATCH_PROCESS_FILE, process)
    except BaseException:
        terminate_process(process)  # without the file, no later command could
        raise
    return True


def find_watch(state: State) -> ServerProcess | None:
    """Return the process of a folder's watch in the background; None if none runs."""
    process = state.read(WATCH_PROCESS_FILE, ServerProcess)
    return process if process is not None and is_process_running(process) else None


def stop_watch(state: State) -> bool:
    """Stop the watch in the background of a folder; return whether it ran."""
    process = find_watch(state)
    return process is not None and terminate_process(process)
