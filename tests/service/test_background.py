"""The watch in the background: it ends when its server was killed, and `annotate studio up` starts both again."""

import time
from collections.abc import Callable

import psutil
import pytest

from annotate.labelstudio import server
from annotate.labelstudio.location import record_named_folder
from annotate.labelstudio.state import ServerProcess, State
from annotate.service import background
from annotate.service.background import WATCH_LOG, find_watch
from tests.conftest import Project

pytestmark = pytest.mark.server


def kill(process: ServerProcess) -> None:
    """Kill a process with its children, as the system does when memory runs out: without a word."""
    parent = psutil.Process(process.pid)
    for each in [*parent.children(recursive=True), parent]:
        each.kill()
    psutil.wait_procs([parent], timeout=30)


def test_the_watch_ends_after_its_server_and_up_starts_both(
    project: Project, begin: Callable[[State], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(background, "PATIENCE", 1.0)
    state = State(project.root / ".studio")
    begin(state)
    record_named_folder(state.folder)
    folder = ("--dir", str(state.folder))
    try:
        started = project.annotate("studio", "up", *folder)
        assert started.exit_code == 0, started.output
        first, watching = server.find_running(state), find_watch(state)
        assert first is not None
        assert watching is not None
        kill(first)
        deadline = time.monotonic() + 120
        while find_watch(state) is not None:
            assert time.monotonic() < deadline, (state.folder / WATCH_LOG).read_text("utf-8")
            time.sleep(0.2)
        told = (state.folder / WATCH_LOG).read_text("utf-8")
        assert told.rstrip().endswith("the server has ended, and so does the watch")
        assert "Traceback" not in told

        again = project.annotate("studio", "up", *folder)
        assert again.exit_code == 0, again.output
        assert again.stdout.startswith("started: ")
        assert "\nwatching labels: pages in " in again.stdout
        second, watching_again = server.find_running(state), find_watch(state)
        assert second is not None
        assert watching_again is not None
        assert (second.pid, watching_again.pid) != (first.pid, watching.pid)
    finally:
        stopped = project.annotate("studio", "down", *folder)
    assert stopped.stdout == "stopped\n"
    assert find_watch(state) is None
