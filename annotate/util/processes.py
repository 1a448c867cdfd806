"""Start other programs: git, Python modules and worker processes. No other module starts a process.

A file in the current folder may come from a stranger. So no program is looked up there, no Python process imports
modules from there, and a process gets only the environment variables that it needs: no tokens.
"""

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import weakref
from collections.abc import Iterator, Mapping
from multiprocessing import forkserver, resource_tracker, util
from multiprocessing.connection import wait
from multiprocessing.context import ForkServerContext, ForkServerProcess
from multiprocessing.process import BaseProcess, current_process
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from annotate.errors import CannotRun
from annotate.util.startup import safe_search_path
from annotate.util.termination import before_exit, is_terminating, on_termination, uninterrupted

if TYPE_CHECKING:
    from multiprocessing.popen_forkserver import Popen

SEARCH_PATHS = (
    "PATH",  # where programs are
    "PYTHONPATH",  # modules that the user has placed elsewhere
    "LD_LIBRARY_PATH",  # shared libraries of Arrow and others on clusters, in Nix and in Conda
    "DYLD_LIBRARY_PATH",
    "DYLD_FALLBACK_LIBRARY_PATH",
)
"""Variables that list folders. Their empty and relative entries, which mean the current folder, are dropped."""
FOLDERS = ("PYTHONHOME", "PYTHONUSERBASE", "PYTHONPYCACHEPREFIX")
"""Variables that name a folder from which Python loads code. They are dropped if they are relative."""
COMMON_VARIABLES = (
    *("HOME", "USER", "LOGNAME", "XDG_CONFIG_HOME", "XDG_CACHE_HOME", "XDG_DATA_HOME"),  # the user's own files
    *("LANG", "LC_ALL", "LC_CTYPE", "TZ", "TMPDIR"),  # encodings, times, temporary files
    *("VIRTUAL_ENV", "CONDA_PREFIX"),  # which installation this is
    *("PYTHONDONTWRITEBYTECODE", "PYTHONNOUSERSITE", "PYTHONUTF8", "PYTHONWARNINGS"),  # Python as the user wants it
    *("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "ARROW_DEFAULT_MEMORY_POOL"),  # limits of libraries
    *("SSL_CERT_FILE", "SSL_CERT_DIR"),  # authorities that the user trusts
)
"""Variables that every process of ours may have."""
STORAGE_PREFIXES = (
    *("AWS_", "AZURE_", "BOTO_", "CLOUDSDK_", "GCLOUD_", "GOOGLE_", "HF_", "OCI_", "OSS_"),  # logins of stores
    *("ARROW_", "CLASSPATH", "FSSPEC_", "HADOOP_", "JAVA_HOME", "KRB5"),  # settings of their libraries
    *("ALL_PROXY", "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "CURL_CA_BUNDLE", "REQUESTS_CA_BUNDLE"),  # the network
)
"""Beginnings of the variables that a worker may have only if it reads from or writes to a remote store."""

_PARENT_LOCK = threading.RLock()
"""Held while `sys.path` and the environment are those of a child."""


def python_environment(storage: bool = False) -> dict[str, str]:
    """Return the environment variables that a Python process of ours gets.

    Args:
        storage: Whether the process uses a remote store, and so needs the logins for one.
    """
    names = set(COMMON_VARIABLES)
    if storage:
        names |= {name for name in os.environ if name.upper().startswith(STORAGE_PREFIXES)}
    environment = {name: os.environ[name] for name in sorted(names) if name in os.environ}
    for name in SEARCH_PATHS:
        if entries := _absolute_entries(name):
            environment[name] = os.pathsep.join(entries)
    for name in FOLDERS:
        if Path(os.environ.get(name, "")).is_absolute():
            environment[name] = os.environ[name]
    # Label Studio asks git for its version where it is installed, which may be inside a stranger's repository.
    return {**environment, "PYTHONSAFEPATH": "1", "GIT_DIR": os.devnull}


def program_path() -> str:
    """Return the PATH without empty and relative entries, which mean the current folder."""
    return os.pathsep.join(_absolute_entries("PATH")) if "PATH" in os.environ else os.defpath


def find_program(name: str) -> str | None:
    """Return the path of a program; None if there is none. The current folder is not searched."""
    path = program_path()
    return shutil.which(name, path=path) if path else None


def _absolute_entries(name: str) -> list[str]:
    return [entry for entry in os.environ.get(name, "").split(os.pathsep) if Path(entry).is_absolute()]


def run_program(
    command: list[str], cwd: Path, environment: Mapping[str, str], stdin: bytes | None = None
) -> "subprocess.CompletedProcess[bytes]":
    """Run a program and wait for it.

    Args:
        command: The absolute path of the program, and its arguments.
        cwd: The folder to run it in.
        environment: All its environment variables.
        stdin: Its input; nothing by default.

    Returns:
        The finished process with its exit code and output.

    Raises:
        CannotRun: The program cannot be started.
    """
    try:
        return subprocess.run(command, cwd=cwd, env=environment, input=stdin or b"", capture_output=True, check=False)
    except OSError as error:
        raise CannotRun(command[0], "cannot be started", "reinstall it") from error


@contextlib.contextmanager
def open_program(
    command: list[str], cwd: Path, environment: Mapping[str, str]
) -> Iterator[tuple[IO[bytes], IO[bytes]]]:
    """Run a program that answers requests, while the context lasts.

    Args:
        command: The absolute path of the program, and its arguments.
        cwd: The folder to run it in.
        environment: All its environment variables.

    Yields:
        Its input and its output.
    """
    pipe = subprocess.PIPE
    with subprocess.Popen(
        command, cwd=cwd, env=environment, stdin=pipe, stdout=pipe, stderr=subprocess.DEVNULL
    ) as process:
        assert process.stdin  # noqa: S101 - both are pipes
        assert process.stdout  # noqa: S101
        yield process.stdin, process.stdout
        process.stdin.close()


_LONGEST_SOCKET_FOLDER = 70
NEUTRAL_FOLDER = Path(os.sep)
"""A current folder for processes of ours, where no stranger can put a file for them to read."""


def run_module(
    module: str, *arguments: str, cwd: Path, environment: Mapping[str, str]
) -> "subprocess.CompletedProcess[bytes]":
    """Run a Python module, as `python -P -m` does, and wait for it.

    Args:
        module: The module's name.
        *arguments: Its arguments.
        cwd: The folder to run it in. No module is imported from there.
        environment: Variables that it gets beside those of `python_environment`.

    Returns:
        The finished process with its exit code and output.
    """
    command = [*_python(), "-m", module, *arguments]
    variables = {**python_environment(), **environment}
    return subprocess.run(command, cwd=cwd, env=variables, capture_output=True, check=False)


def start_module(
    module: str, *arguments: str, environment: Mapping[str, str], log: IO[bytes]
) -> "subprocess.Popen[bytes]":
    """Start a Python module in the background, in a session of its own: Ctrl-C in the terminal does not reach it.

    It runs in `NEUTRAL_FOLDER`.

    Args:
        module: The module's name.
        *arguments: Its arguments.
        environment: Variables that it gets beside those of `python_environment`.
        log: An open file for its output and errors.

    Returns:
        The running process.
    """
    return subprocess.Popen(
        [*_python(), "-m", module, *arguments],
        cwd=NEUTRAL_FOLDER,
        env={**python_environment(), **environment},
        stdin=subprocess.DEVNULL,
        stdout=log,
        stderr=log,
        start_new_session=True,
    )


def _python() -> list[str]:
    """Return the command of this Python, without the current folder on its search path.

    It is not -I, which would drop the packages of `pip install --user`.
    """
    flags = {"-s": sys.flags.no_user_site, "-E": sys.flags.ignore_environment}
    return [sys.executable, "-P", *(flag for flag, is_set in flags.items() if is_set)]


class WorkerContext(ForkServerContext):
    """Starts worker processes for a `ProcessPoolExecutor`.

    Forked children of a process with threads can hang, so they are forked from a server that has none.
    `multiprocessing` starts that server, and a tracker of resources, as `python -c`, which puts the current folder
    first on the search path. It gives each worker the search path of this process.
    """

    def __init__(self) -> None:
        """Start the processes that workers need, so that they have the environment of a child."""
        super().__init__()
        variables = python_environment()
        with uninterrupted(), _PARENT_LOCK, _as_seen_by_children():
            _choose_socket_folder()
            saved = dict(os.environ)
            _replace_environment(variables)
            try:
                resource_tracker.ensure_running()
                with _interrupts_blocked():
                    forkserver.ensure_running()
            finally:
                _replace_environment(saved)

    class Process(ForkServerProcess):
        """A worker process, which `kill_workers` ends."""

        @staticmethod
        def _Popen(process_obj: BaseProcess) -> "Popen":  # noqa: N802 - the name in multiprocessing
            # A signal in between would leave a worker that nobody knows.
            with uninterrupted(), _PARENT_LOCK, _as_seen_by_children():
                started = ForkServerProcess._Popen(process_obj)
                _workers.add(started)
            if is_terminating():
                started.kill()
            return started


_workers: "weakref.WeakSet[Popen]" = weakref.WeakSet()


@contextlib.contextmanager
def _as_seen_by_children() -> Iterator[None]:
    """Let `multiprocessing` start Python with -P, and pass on a search path without the current folder."""
    path, flags = sys.path, util._args_from_interpreter_flags  # type: ignore[attr-defined]
    sys.path = safe_search_path()
    util._args_from_interpreter_flags = lambda: ["-P", *flags()]  # type: ignore[attr-defined]
    try:
        yield
    finally:
        sys.path, util._args_from_interpreter_flags = path, flags  # type: ignore[attr-defined]


def _choose_socket_folder() -> None:
    """Let `multiprocessing` put its sockets into /tmp if the path of the user's temporary folder is long.

    The path of a socket has at most 107 bytes (103 on macOS), of which `multiprocessing` needs 33.
    """
    if len(os.fsencode(tempfile.gettempdir())) > _LONGEST_SOCKET_FOLDER:
        current_process()._config.setdefault(  # type: ignore[attr-defined]
            "tempdir", tempfile.mkdtemp(prefix="pymp-", dir="/tmp")
        )


@contextlib.contextmanager
def _interrupts_blocked() -> Iterator[None]:
    """Start a process, and those that it forks, with Ctrl-C blocked.

    Ctrl-C reaches all processes of a terminal. One that is still starting would end with a traceback of its own. With
    the signal blocked from the first moment, it leaves Ctrl-C to this process, which ends it.
    """
    mask = signal.pthread_sigmask(signal.SIG_BLOCK, (signal.SIGINT,))
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, mask)


def _replace_environment(variables: Mapping[str, str]) -> None:
    for name in set(os.environ) - set(variables):
        del os.environ[name]
    os.environ.update(variables)


def set_worker_environment(variables: Mapping[str, str]) -> None:
    """Give a worker process the environment that its pool was started with; called in the worker."""
    _replace_environment(variables)


def kill_workers() -> None:
    """Kill all worker processes of this process at once, whatever they do."""
    for worker in list(_workers):
        worker.kill()


def wait_for_workers(timeout: float) -> None:
    """Wait until all worker processes have ended, at most for `timeout` seconds."""
    running: list[Any] = [worker.sentinel for worker in list(_workers) if worker.returncode is None]
    with contextlib.suppress(OSError, ValueError):  # their executor may have closed a sentinel meanwhile
        while running and (ended := wait(running, timeout)):
            running = [sentinel for sentinel in running if sentinel not in ended]


def _release_resources() -> None:
    """Remove the semaphores and the folder of sockets that `multiprocessing` removes at the end of a process."""
    util._run_finalizers(0)  # type: ignore[attr-defined]
    folder = current_process()._config.get("tempdir")  # type: ignore[attr-defined]
    if folder:
        shutil.rmtree(folder, ignore_errors=True)
    # The tracker of `multiprocessing` would report, and remove, a semaphore that a thread has just removed.
    tracker = resource_tracker._resource_tracker._pid  # type: ignore[attr-defined]
    if tracker is not None:
        with contextlib.suppress(OSError):
            os.kill(tracker, signal.SIGKILL)


on_termination(kill_workers)
before_exit(_release_resources)
