"""Label Studio in other versions than the installed one, each in a virtual environment of its own in the cache."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import platformdirs
import psutil

from annotate.labelstudio import server
from annotate.labelstudio.state import ServerProcess, State

CACHE = Path(platformdirs.user_cache_dir("contested-claims", appauthor=False)) / "server-versions"
"""A folder for each version. `XDG_CACHE_HOME` moves it."""
NEWEST = "newest"
PATIENCE = 900
"""Seconds that a start may take."""


def install(version: str) -> Path:
    """Return the Python of an environment with a version of Label Studio; make the environment unless it is there.

    Args:
        version: The version, or `NEWEST`, which is looked up again each time.
    """
    folder, python = CACHE / version, CACHE / version / "bin" / "python"
    uv = str(Path(sys.executable).with_name("uv"))
    if not python.exists():
        own = sys.executable if sys.version_info[:2] == (3, 11) else "3.11"
        run(uv, "venv", "--quiet", "--python", own, str(folder))
    # Older versions import pkg_resources, which setuptools had until 81. The newest one may ask for a newer setuptools.
    wanted = ["label-studio"] if version == NEWEST else [f"label-studio=={version}", "setuptools<81"]
    options = ["--upgrade-package", "label-studio"] if version == NEWEST else []
    run(uv, "pip", "install", "--quiet", "--python", str(python), *options, *wanted)
    return python


def run(*command: str) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


@contextmanager
def running(version: str, folder: Path) -> Iterator[State]:
    """Yield the state folder of a server of a version, with the settings that `annotate studio up` gives its own."""
    python = install(version)
    state = State(folder)
    state.create_folder()
    port = server._choose_port(state, None)
    environment = {"PATH": os.environ["PATH"], "HOME": str(folder), **server.server_environment(state, None, None)}
    command = [str(python), "-P", "-m", "label_studio.server", "start", "--no-browser", "--port", str(port)]
    with (
        state.log.open("wb") as log,
        subprocess.Popen(
            [*command, "--internal-host", server.HOST], cwd="/", env=environment, stdout=log, stderr=log
        ) as child,
    ):
        try:
            process = ServerProcess(child.pid, psutil.Process(child.pid).create_time(), port)
            state.write(server.PROCESS_FILE, process)
            server.start(state, timeout=PATIENCE)  # it runs, so this waits until it answers
            yield state
        finally:
            child.terminate()
