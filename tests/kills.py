"""Run commands in processes of their own: one that is killed, or disturbed by an editor, or several at once.

`python -m tests.kills` is a warm interpreter: it has imported what the commands need, and forks a child for each run.
It reads runs as a line of JSON and answers with a line of JSON. It has no threads of Python, unlike a process of
pytest, so that a fork is safe.
"""

import contextlib
import importlib
import json
import os
import pkgutil
import signal
import subprocess
import sys
import tempfile
import threading
import traceback
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple, NoReturn

ROOT = Path(__file__).resolve().parent.parent
WRITES = frozenset(
    {"open", "os.rename", "os.mkdir", "os.remove", "os.rmdir", "os.link", "os.truncate", "subprocess.Popen"}
)
"""The audit events that are counted; `open` only for writing."""


class Run(NamedTuple):
    """What became of a run.

    Attributes:
        code: The exit code; that of a killed process is negative.
        output: What it printed.
        writes: The number of its writes.
    """

    code: int
    output: str
    writes: int


class Edit(NamedTuple):
    """A file that another program, such as an editor, writes while a command runs.

    Attributes:
        before: The number of the write before which it does so.
        file: The file.
        data: Its contents.
    """

    before: int
    file: str
    data: str


class Killer:
    """Runs commands in children of a warm interpreter.

    Args:
        packages: The modules that it imports.
    """

    def __init__(self, packages: list[str]) -> None:
        environment = {
            **os.environ,
            "PYTHONPATH": str(ROOT),
            "PYTHONDONTWRITEBYTECODE": "1",
            "OPENBLAS_NUM_THREADS": "1",
            "OMP_NUM_THREADS": "1",
            "ARROW_DEFAULT_MEMORY_POOL": "system",
        }
        command = [sys.executable, "-m", "tests.kills", *packages]
        self._process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment, cwd=ROOT, text=True
        )

    def run(self, folder: Path, words: list[str], kill_before: int = 0, edit: Edit | None = None) -> Run:
        """Run a command in a folder.

        Args:
            folder: The folder.
            words: The command without `annotate`.
            kill_before: The number of the write before which it is killed; 0 if it is not.
            edit: What another program does meanwhile.
        """
        return self._ask([{"folder": str(folder), "words": words, "kill_before": kill_before, "edit": edit}])[0]

    def run_together(self, folder: Path, *commands: list[str]) -> list[Run]:
        """Run commands in a folder, all at the same moment."""
        return self._ask(
            [{"folder": str(folder), "words": words, "kill_before": 0, "edit": None} for words in commands]
        )

    def _ask(self, requests: list[dict[str, Any]]) -> list[Run]:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(requests) + "\n")
        self._process.stdin.flush()
        answer = self._process.stdout.readline()
        assert answer, "the interpreter ended"
        return [Run(**run) for run in json.loads(answer)]

    def close(self) -> None:
        """End the interpreter."""
        self._process.communicate(timeout=60)


@contextlib.contextmanager
def open_killer(*packages: str) -> Iterator[Killer]:
    """Start a warm interpreter that has imported packages with all of their modules."""
    killer = Killer(list(packages))
    try:
        yield killer
    finally:
        killer.close()


def _import_all(package: str) -> None:
    try:
        module = importlib.import_module(package)
    except ImportError:  # of an extra that is not installed
        return
    for info in pkgutil.iter_modules(getattr(module, "__path__", ())):
        if info.name != "__main__":
            _import_all(f"{package}.{info.name}")


def _serve() -> None:
    for package in sys.argv[1:]:
        _import_all(package)
    for line in sys.stdin:
        assert threading.active_count() == 1, "a fork of a process with threads can hang"
        runs = _fork(json.loads(line))
        print(json.dumps([run._asdict() for run in runs]), flush=True)  # noqa: T201 - the answer


def _fork(requests: list[dict[str, Any]]) -> list[Run]:
    """Run commands in children that begin when all of them are there."""
    gate, opening = os.pipe()
    children = []
    for request in requests:
        output = tempfile.TemporaryFile()  # noqa: SIM115 - closed below
        counted, counting = os.pipe()
        child = os.fork()
        if not child:
            os.close(opening)
            os.read(gate, 1)
            _run(request, output.fileno(), counting)
        os.close(counting)
        children.append((child, output, counted))
    os.close(opening)
    os.close(gate)
    runs = []
    for child, output, counted in children:
        _, status = os.waitpid(child, 0)
        writes = len(os.read(counted, 1 << 16))
        os.close(counted)
        output.seek(0)
        runs.append(Run(os.waitstatus_to_exitcode(status), output.read().decode("utf-8", "replace"), writes))
        output.close()
    return runs


def _run(request: dict[str, Any], output: int, counting: int) -> NoReturn:
    """Run the command in a child process, which ends here."""
    from annotate.cli import main

    code = 99
    try:
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        os.dup2(output, 1)
        os.dup2(output, 2)
        sys.stdin = os.fdopen(0, "r")
        sys.stdout, sys.stderr = os.fdopen(1, "w", buffering=1), os.fdopen(2, "w", buffering=1)
        os.chdir(request["folder"])
        tempfile.tempdir = str(Path(request["folder"]).parent / "tmp")
        sys.argv = ["annotate", *request["words"]]
        sys.addaudithook(_make_hook(request["kill_before"], request["edit"], counting))
        main()
        code = 0
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else 0 if end.code is None else 1
    except BaseException:
        traceback.print_exc()
    finally:
        with contextlib.suppress(Exception):
            sys.stdout.flush()
            sys.stderr.flush()
        os._exit(code)


def _make_hook(kill_before: int, edit: list[Any] | None, counting: int) -> Any:
    """Return an audit hook that counts writes, each as a byte in a pipe, and kills the process before one of them."""
    count, is_editing = 0, False

    def hook(event: str, arguments: tuple[Any, ...]) -> None:
        nonlocal count, is_editing
        if event not in WRITES or is_editing:
            return
        if event == "open":
            path, _, flags = arguments
            is_write = isinstance(flags, int) and flags & (os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC)
            if not is_write or isinstance(path, int) or str(path).startswith(("/dev/null", "/dev/tty", "/proc/")):
                return
        count += 1
        if count == kill_before:
            os.kill(os.getpid(), signal.SIGKILL)
        if edit and count == edit[0]:
            is_editing = True
            Path(edit[1]).write_text(edit[2])
            is_editing = False
        os.write(counting, b".")

    return hook


if __name__ == "__main__":
    _serve()
