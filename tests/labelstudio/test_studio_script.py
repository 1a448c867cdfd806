"""`make studio`: whatever fails after the start, the annotator gets the address and the login."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from annotate.labelstudio import server
from annotate.labelstudio.location import open_state
from annotate.labelstudio.state import State
from tests.checks.test_severity import forget_words
from tests.conftest import ROOT, Project


def run_script(project: Project) -> "subprocess.CompletedProcess[str]":
    script = project.path("tools/studio.sh")
    script.parent.mkdir(exist_ok=True)
    script.write_bytes((ROOT / "tools" / "studio.sh").read_bytes())
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    return subprocess.run(
        ["bash", str(script)], env={**os.environ, "PATH": path}, capture_output=True, text=True, check=False
    )


def test_a_failed_push_does_not_keep_the_annotator_from_the_server(
    project: Project, begin: Callable[[State], None]
) -> None:
    state = open_state(project.corpus.root)
    begin(state)
    server.start(state)
    try:
        login, running = server.load_credentials(state), server.find_running(state)
        assert running is not None
        shown = f"Address      {server.url_of(running.port)}\nSign in as   {login.username}\nPassword     "
        forget_words(project)
        done = run_script(project)
        assert (done.returncode, shown in done.stdout) == (0, True), done.stdout + done.stderr
        assert "2 articles new" in done.stdout
        assert "see `annotate check`" in done.stderr
        forget_words(project, "gold")
        failed = run_script(project)
        assert (failed.returncode, shown in failed.stdout) == (1, True), failed.stdout + failed.stderr
        assert "R105" in failed.stderr
        assert failed.stderr.endswith("The push failed (see above): the server has what was pushed before.\n")
        assert login.token not in done.stdout + done.stderr + failed.stdout + failed.stderr
    finally:
        server.stop(state)
