"""The command line in processes of its own, to be killed: forked from one that has read all modules, so that they are
quick to start, and speaking to the server through a proxy."""

import multiprocessing
import os
import resource
import shutil
import signal
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from annotate.labelstudio.http import TOKEN_VARIABLE, URL_VARIABLE
from annotate.labelstudio.projects import require_project
from annotate.labelstudio.results import article_id_of
from tests.labelstudio.loop import Loop, on_server
from tests.labelstudio.proxy import Fault, Proxy

CONTEXT = multiprocessing.get_context("forkserver")
END_TIMEOUT = 600
"""Seconds within which a command ends; generous, since other jobs share the processor of a CI machine."""
CONTEXT.set_forkserver_preload(
    ["tests.labelstudio.toolkit", "annotate.cli", "annotate.reanchoring.journal", "label_studio_sdk", "rich.progress"]
)


class Done(NamedTuple):
    """Exit code (minus the signal, if one ended it), standard output and error."""

    code: int
    out: str
    err: str


class Limits(NamedTuple):
    """What a command is held to: bytes of a file, seconds for an answer, the write (counted) at which it is killed, and
    the pauses before it asks again."""

    most_bytes: int | None = None
    seconds: float = 30
    write: int | None = None
    delays: tuple[float, ...] = (0.1, 0.2, 0.4)


FREE = Limits()


def command(words: list[str], folder: Path, environment: dict[str, str], said: str, limits: Limits) -> None:
    """Run the command in the process, with pages and batches of two and short pauses."""
    from functools import partial

    from annotate import cli
    from annotate.labelstudio import client, push

    os.chdir(folder)
    os.environ.update(environment)
    for name, number in (("out", 1), ("err", 2)):
        with Path(said, name).open("wb") as file:
            os.dup2(file.fileno(), number)
    sys.stdout, sys.stderr = os.fdopen(1, "w", closefd=False), os.fdopen(2, "w", closefd=False)
    push.BATCH_SIZE = client.PAGE_SIZE = 2
    client.Studio = partial(client.Studio, timeout=limits.seconds, delays=limits.delays)  # type: ignore[assignment, misc]
    if limits.write is not None:
        kill_at(limits.write)
    if limits.most_bytes is not None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (limits.most_bytes, limits.most_bytes))
    sys.argv = ["annotate", *words]
    cli.main()


def kill_at(left: int) -> None:
    """Die before the file with this number is renamed from its temporary name."""
    replace = Path.replace

    def counted(self: Path, target: Path) -> Path:
        nonlocal left
        left -= 1
        if left == 0:
            os.kill(os.getpid(), signal.SIGKILL)
        return replace(self, target)

    Path.replace = counted  # type: ignore[assignment, method-assign]


class Toolkit:
    """The command line for one corpus, through the proxy."""

    def __init__(self, loop: Loop, proxy: Proxy) -> None:
        self.loop, self.proxy, self.pid = loop, proxy, 0

    def run(self, *words: str, limits: Limits = FREE) -> Done:
        """Run a command of `annotate studio` to its end."""
        loop = self.loop
        # The articles that the tests write more of have no source file of their own.
        more = ["--no-check", "--show", "gold"] if words[0] == "push" else []
        title = [] if words[:2] == ("people", "import") else ["--title", loop.title]
        whole = ["studio", *words, *more, *title, "--dir", str(loop.state.folder)]
        environment = {URL_VARIABLE: self.proxy.url, TOKEN_VARIABLE: loop.studio.address.token}
        with tempfile.TemporaryDirectory() as said:
            process = CONTEXT.Process(target=command, args=(whole, loop.project.root, environment, said, limits))
            process.start()
            self.pid = process.pid or 0
            process.join(END_TIMEOUT)
            assert process.exitcode is not None
            out, err = (Path(said, name).read_text() if Path(said, name).exists() else "" for name in ("out", "err"))
        assert loop.studio.address.token not in out + err
        assert "Traceback" not in err, err
        return Done(process.exitcode, out, err)

    def kill_after(self, wanted: int) -> Callable[[int, str], None]:
        """Kill it when the server has done the request with this number, while it waits for the answer."""

        def kill(count: int, request: str) -> None:
            if count == wanted:
                os.kill(self.pid, signal.SIGKILL)

        return kill

    def kill_before(self, wanted: int) -> Callable[[int, str], Fault | None]:
        """Kill it while it waits for the answer to such a request, which the server never gets."""

        def kill(count: int, request: str) -> Fault | None:
            if count != wanted:
                return None
            os.kill(self.pid, signal.SIGKILL)
            return "refuse"

        return kill

    def requests(self, *words: str) -> int:
        """Return the number of requests that a command makes without faults."""
        self.proxy.seen.clear()
        done = self.run(*words)
        assert done.code == 0, done.err
        return len(self.proxy.seen)

    def undisturbed(self) -> None:
        self.proxy.faults, self.proxy.after = (lambda count, request: None), (lambda count, request: None)
        self.proxy.delay = lambda count, request: 0
        self.proxy.seen.clear()


def assert_pushed_once(loop: Loop) -> None:
    """Each article has a task, one, with its predictions, each once, in one project."""
    assert on_server(loop) == loop.corpus.article_ids()
    assert {str(article_id_of(task)): len(task["predictions"]) for task in loop.tasks()} == {
        article: int(article in ("harbour", "market")) for article in loop.corpus.article_ids()
    }
    assert len(loop.studio.find_projects(loop.title)) == 1


def labelled(toolkit: Toolkit) -> dict[str, bytes]:
    """Push, and have each article labelled; the files that a pull has to make."""
    loop = toolkit.loop
    shutil.rmtree(loop.corpus.root / "annotations" / "anna")
    assert toolkit.run("push").code == 0
    loop.state.save_project_id(
        loop.studio.address.name, loop.title, require_project(loop.studio, loop.state, loop.title).id
    )
    loop.state.save_annotators(toolkit.proxy.url, {1: "anna"})
    items = loop.items("market")
    for article in loop.corpus.article_ids():
        loop.submit(article, items if article == "market" else [])
    done = toolkit.run("pull")
    assert done.code == 0, done.err
    made = answers(loop)
    assert len(made) == len(loop.corpus.article_ids())
    fresh(loop)
    return made


def answers(loop: Loop) -> dict[str, bytes]:
    """The labels in the corpus. What a killed process had not put in its place yet begins with a dot."""
    folder = loop.corpus.root / "annotations" / "anna"
    return {path.name: path.read_bytes() for path in sorted(folder.glob("[!.]*"))}


def fresh(loop: Loop) -> None:
    """Remove everything that was pulled."""
    shutil.rmtree(loop.corpus.root / "annotations" / "anna", ignore_errors=True)
    for name in ("journal", "raw", "aside"):
        shutil.rmtree(loop.state.folder / name, ignore_errors=True)


def assert_pulled(toolkit: Toolkit, made: dict[str, bytes]) -> None:
    """Assert that a pull is complete: equal files, an empty journal, and an unchanged server."""
    loop = toolkit.loop
    assert answers(loop) == made
    assert not list((loop.state.folder / "journal").glob("0*"))
    assert [len(task["annotations"]) for task in loop.tasks()] == [1] * len(made)
