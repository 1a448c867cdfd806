"""The toolkit killed, the server killed, answers spoilt, no room on the disk: then once more, and all is there once."""

import os
import resource
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest

from annotate.labelstudio import server
from annotate.labelstudio.client import KEY, URL, Studio, address
from annotate.labelstudio.push import existing
from annotate.labelstudio.results import article_of
from annotate.labelstudio.state import State
from tests.conftest import ROOT, Project
from tests.labelstudio.proxy import Fault, Proxy, before
from tests.labelstudio.test_loop import Loop
from tests.labelstudio.test_plan import on_server, write

pytestmark = pytest.mark.server

PROGRAM = """
from annotate.labelstudio import client, push
push.BATCH = client.PAGE = 2
from annotate.cli import main
main()
"""
"""The command line with small batches and pages, so that there are several."""


@pytest.fixture
def loop(project: Project, started: State, studio: Studio) -> Loop:
    made = Loop(project, started, studio)
    write(made, 4)
    return made


@pytest.fixture
def proxy(studio: Studio) -> Iterator[Proxy]:
    port = urlsplit(studio.url).port
    assert port
    with before(port) as made:
        yield made


class Toolkit:
    """The command line in a process of its own, which speaks to the server through the proxy."""

    def __init__(self, loop: Loop, proxy: Proxy) -> None:
        self.loop, self.proxy = loop, proxy
        self.process: subprocess.Popen[str] | None = None

    def run(self, *words: str, most_bytes: int | None = None) -> tuple[int, str, str]:
        """Exit code (minus the signal, if one ended it), standard output and error."""

        def limit() -> None:
            if most_bytes is not None:
                resource.setrlimit(resource.RLIMIT_FSIZE, (most_bytes, most_bytes))

        loop = self.loop
        # The articles that the tests write more of have no source file of their own.
        command = [sys.executable, "-c", PROGRAM, "studio", *words, *(["--no-check"] if words[0] == "push" else [])]
        with subprocess.Popen(
            [*command, "--title", loop.title, "--dir", str(loop.state.folder)],
            cwd=loop.project.root,
            env={**os.environ, "PYTHONPATH": str(ROOT), URL: self.proxy.url, KEY: loop.studio.where.key},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            preexec_fn=limit,
        ) as self.process:
            out, err = self.process.communicate(timeout=120)
        assert loop.studio.where.key not in out + err
        assert "Traceback" not in err
        return self.process.returncode, out, err


@pytest.fixture
def toolkit(loop: Loop, proxy: Proxy) -> Toolkit:
    return Toolkit(loop, proxy)


def assert_pushed_once(loop: Loop) -> None:
    assert on_server(loop) == loop.corpus.article_ids()
    assert {str(article_of(task)): len(task["predictions"]) for task in loop.tasks()} == {
        article: int(article in ("harbour", "market")) for article in loop.corpus.article_ids()
    }
    assert len(loop.studio.projects(loop.title)) == 1


def labelled(toolkit: Toolkit) -> dict[str, bytes]:
    """Push, and have each article labelled; the files that a pull has to make."""
    loop = toolkit.loop
    shutil.rmtree(loop.corpus.root / "annotations" / "anna")
    assert toolkit.run("push")[0] == 0
    loop.state.remember_project(
        loop.studio.where.name, loop.title, existing(loop.studio, loop.state, loop.title).number
    )
    loop.state.remember_people(toolkit.proxy.url, {1: "anna"})
    items = loop.items("market")
    for article in loop.corpus.article_ids():
        loop.submit(article, items if article == "market" else [])
    assert toolkit.run("pull")[0] == 0
    made = answers(loop)
    assert len(made) == len(loop.corpus.article_ids())
    fresh(loop)
    return made


def answers(loop: Loop) -> dict[str, bytes]:
    folder = loop.corpus.root / "annotations" / "anna"
    return {path.name: path.read_bytes() for path in sorted(folder.glob("*"))}


def fresh(loop: Loop) -> None:
    """As if nothing had been pulled."""
    shutil.rmtree(loop.corpus.root / "annotations" / "anna", ignore_errors=True)
    for name in ("journal", "raw", "aside"):
        shutil.rmtree(loop.state.folder / name, ignore_errors=True)


KILLED = """
import os, signal, sys
from annotate import files
left = int(sys.argv.pop(1))
write = files.write_atomically
def counted(*words):
    global left
    left -= 1
    if left == 0:
        os.kill(os.getpid(), signal.SIGKILL)
    write(*words)
files.write_atomically = counted
from annotate.cli import main
main()
"""
"""The command line, killed before it writes its n-th file."""


@pytest.mark.parametrize("writes", [2, 4, 7, 11])
def test_pull_killed_at_a_write_is_finished_by_the_next(toolkit: Toolkit, writes: int) -> None:
    made, loop = labelled(toolkit), toolkit.loop
    words = ["studio", "pull", "--title", loop.title, "--dir", str(loop.state.folder)]
    env = {**os.environ, "PYTHONPATH": str(ROOT), URL: toolkit.proxy.url, KEY: loop.studio.where.key}
    command = [sys.executable, "-c", KILLED, str(writes), *words]
    killed = subprocess.run(command, cwd=loop.project.root, env=env, capture_output=True, check=False)
    assert killed.returncode == -signal.SIGKILL
    assert toolkit.run("pull")[0] == 0
    assert answers(loop) == made


@pytest.mark.parametrize("fault", ["503", "refuse", "cut"])
@pytest.mark.parametrize("words", ["push", "pull"])
def test_answers_spoilt_now_and_then(toolkit: Toolkit, words: str, fault: Fault) -> None:
    made = labelled(toolkit) if words == "pull" else {}
    toolkit.proxy.faults = lambda count, request: fault if count % 7 in (2, 5) else None
    toolkit.proxy.seen.clear()
    code, _, err = toolkit.run(words)
    assert code == 0, err
    if words == "push":
        assert_pushed_once(toolkit.loop)
    assert made in ({}, answers(toolkit.loop))


def test_full_disk_during_pull_is_one_line_and_loses_nothing(toolkit: Toolkit) -> None:
    made = labelled(toolkit)
    for room in (200, 3000):
        fresh(toolkit.loop)
        code, _, err = toolkit.run("pull", most_bytes=room)
        assert (code, err.count("\n")) == (2, 1), err
        assert "file too large" in err.lower()
        whole = answers(toolkit.loop)
        assert whole.items() <= made.items()
        assert toolkit.run("pull")[0] == 0
        assert answers(toolkit.loop) == made


def test_project_deleted_meanwhile(toolkit: Toolkit) -> None:
    made, loop = labelled(toolkit), toolkit.loop
    assert toolkit.run("pull")[0] == 0
    with loop.api() as api:
        api.delete(f"/api/projects/{existing(loop.studio, loop.state, loop.title).number}/")
    code, _, err = toolkit.run("pull")
    assert (code, err.count("\n")) == (2, 1)
    assert answers(loop) == made
    assert toolkit.run("push")[0] == 0
    assert_pushed_once(loop)


def test_server_killed_and_started_again(project: Project, tmp_path_factory: pytest.TempPathFactory) -> None:
    """A server of its own, killed while it takes tasks."""
    state = State(tmp_path_factory.mktemp("killed") / ".studio")
    found = server.up(state)
    try:
        with Studio(address(state)) as studio, before(found.port) as proxy:
            loop = Loop(project, state, studio)
            write(loop, 4)
            toolkit, killed = Toolkit(loop, proxy), list[int]()

            def kill(count: int, request: str) -> None:
                process = server.running(state)
                if request.endswith("/import") and process and not killed:
                    killed.append(process.pid)
                    os.kill(process.pid, signal.SIGKILL)

            proxy.after = kill
            code, _, err = toolkit.run("push")
            assert killed
            assert (code, err.count("\n")) == (2, 1), err
            again = server.up(state)
            loop.state.write_bytes("server.json", (state.folder / "server.json").read_bytes())
            assert again.new
            assert toolkit.run("push")[0] == 0
            with Studio(address(state)) as loop.studio:
                assert_pushed_once(loop)
    finally:
        server.down(state)
