"""Start other programs. No other module starts a process."""

import contextlib
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import IO

from annotate.errors import CannotRun

_GIT_ENVIRONMENT = {
    "GIT_TERMINAL_PROMPT": "0",  # never ask for a password
    "GIT_NO_LAZY_FETCH": "1",  # never fetch missing objects
    "LC_ALL": "C",  # messages in English, which callers look at
}


def run_git(cwd: Path, *arguments: str, stdin: bytes | None = None) -> "subprocess.CompletedProcess[bytes]":
    """Run git and wait for it. It never asks for a password and never fetches.

    Args:
        cwd: The folder to run it in.
        *arguments: The arguments of git.
        stdin: Its input.

    Returns:
        The finished process with its exit code and output.

    Raises:
        CannotRun: git is not installed.
    """
    environment = {**os.environ, **_GIT_ENVIRONMENT}
    try:
        return subprocess.run(
            ["git", *arguments], cwd=cwd, env=environment, input=stdin, capture_output=True, check=False
        )
    except OSError as error:
        raise CannotRun("git", "cannot be started", "install git, or name folders") from error


class GitObjects:
    """Reads blobs through one `git cat-file --batch`, one at a time."""

    def __init__(self, requests: IO[bytes], answers: IO[bytes]) -> None:
        self._requests, self._answers = requests, answers

    def read(self, blob: str) -> bytes:
        """Return the bytes of a blob.

        Args:
            blob: The name of the object: a hash.

        Raises:
            CannotRun: The repository does not have the object.
        """
        self._requests.write(f"{blob}\n".encode())
        self._requests.flush()
        header = self._answers.readline().split()
        if len(header) != 3:
            raise CannotRun(f"git object {blob}", "cannot be read", "`git fsck` says what is wrong with the repository")
        data = self._answers.read(int(header[2]))
        self._answers.read(1)  # the line end after the object
        return data


@contextlib.contextmanager
def open_git_objects(repository: Path) -> Iterator[GitObjects]:
    """Open a reader of git's objects, while the context lasts.

    Args:
        repository: A folder inside the repository.
    """
    command = ["git", "cat-file", "--batch"]
    environment = {**os.environ, **_GIT_ENVIRONMENT}
    pipe = subprocess.PIPE
    with subprocess.Popen(
        command, cwd=repository, env=environment, stdin=pipe, stdout=pipe, stderr=subprocess.DEVNULL
    ) as process:
        assert process.stdin  # noqa: S101 - both are pipes
        assert process.stdout  # noqa: S101
        yield GitObjects(process.stdin, process.stdout)
        process.stdin.close()


def run_module(
    module: str, *arguments: str, cwd: Path, environment: Mapping[str, str]
) -> "subprocess.CompletedProcess[bytes]":
    """Run a Python module, as `python -m` does, and wait for it.

    Args:
        module: The module's name.
        *arguments: Its arguments.
        cwd: The folder to run it in. Python imports modules from there first.
        environment: All its environment variables.

    Returns:
        The finished process with its exit code and output.
    """
    command = [sys.executable, "-m", module, *arguments]
    return subprocess.run(command, cwd=cwd, env=environment, capture_output=True, check=False)


def start_module(
    module: str, *arguments: str, cwd: Path, environment: Mapping[str, str], log: IO[bytes]
) -> "subprocess.Popen[bytes]":
    """Start a Python module in the background, in a session of its own: Ctrl-C in the terminal does not reach it.

    Args:
        module: The module's name.
        *arguments: Its arguments.
        cwd: The folder to run it in.
        environment: All its environment variables.
        log: An open file for its output and errors.

    Returns:
        The running process.
    """
    return subprocess.Popen(
        [sys.executable, "-m", module, *arguments],
        cwd=cwd,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=log,
        stderr=log,
        start_new_session=True,
    )
