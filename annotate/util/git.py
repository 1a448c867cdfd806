"""Ask git about a repository that may be a stranger's. No other module runs git.

A repository's own configuration names programs that git runs: a monitor of files, hooks, filters, a pager. So git is
asked with all of them turned off, by commands that need none of them, and for the repository that contains a path: a
folder with `.git`. A folder that only looks like a bare repository is never one, since `git clone` can create it.
"""

import contextlib
import functools
import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import IO, TYPE_CHECKING

from annotate.errors import CannotRun
from annotate.util.processes import find_program, open_program, program_path, run_program

if TYPE_CHECKING:
    import subprocess

MINIMUM_VERSION = (2, 38)
"""The first version with `safe.bareRepository`; `safe.directory` is older."""

_OPTIONS = (
    "--no-pager",
    "--no-replace-objects",
    "--no-optional-locks",
    *("-c", "safe.bareRepository=explicit"),
    *("-c", "core.fsmonitor=false"),
    *("-c", f"core.hooksPath={os.devnull}"),
    *("-c", "core.untrackedCache=false"),
    *("-c", "diff.external="),
    *("-c", "log.showSignature=false"),
    *("-c", "core.sshCommand=false"),
    *("-c", "core.askPass="),
    *("-c", "credential.helper="),
    *("-c", "core.gitProxy=none"),
)
_ENVIRONMENT = {
    "GIT_TERMINAL_PROMPT": "0",  # never ask for a password
    "GIT_NO_LAZY_FETCH": "1",  # never fetch missing objects; git 2.45 and later
    "GIT_ALLOW_PROTOCOL": "none",  # neither do earlier versions, whatever address the repository names
    "GIT_GRAFT_FILE": os.devnull,  # no other history than that of the commits
    "GIT_EDITOR": "false",
    "LC_ALL": "C",  # messages in English, which this module looks at
}
_KEPT_VARIABLES = (
    *("HOME", "USER", "LOGNAME", "XDG_CONFIG_HOME", "TMPDIR", "TZ"),  # the user's configuration and name
    *("GIT_CONFIG_GLOBAL", "GIT_CONFIG_SYSTEM", "GIT_CONFIG_NOSYSTEM"),  # where the user's configuration is
    *(f"GIT_{who}_{what}" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL", "DATE")),  # of a tag
    *("EMAIL", "LD_LIBRARY_PATH"),
)
"""Variables of the user's that git gets. GIT_DIR is not among them: it turns off the check of who owns a repository."""
_SIGNING_VARIABLES = ("GNUPGHOME", "GPG_TTY", "SSH_AUTH_SOCK", "DISPLAY", "WAYLAND_DISPLAY", "DBUS_SESSION_BUS_ADDRESS")
_SIGNING_PROGRAMS = {
    "gpg.openpgp.program": "gpg",
    "gpg.x509.program": "gpgsm",
    "gpg.ssh.program": "ssh-keygen",
    "gpg.ssh.defaultKeyCommand": "",
}
"""Settings that name a program, with git's defaults. A repository's own values are never used.

`gpg.program` is the old name of `gpg.openpgp.program`, which precedes it.
"""


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
        try:
            self._requests.write(f"{blob}\n".encode())
            self._requests.flush()
        except BrokenPipeError:
            raise _unreadable_object(blob) from None
        header = self._answers.readline().split()
        if len(header) != 3:
            raise _unreadable_object(blob)
        data = self._answers.read(int(header[2]))
        self._answers.read(1)  # the line end after the object
        return data


def _unreadable_object(blob: str) -> CannotRun:
    return CannotRun(f"git object {blob}", "cannot be read", "`git fsck` says what is wrong with the repository")


class GitRepository:
    """A git repository with a working tree.

    Attributes:
        top: The top folder of the working tree, without links.
    """

    def __init__(self, top: Path) -> None:
        """Describe a repository; `find_repository` looks for one."""
        self.top = top

    def run(self, *arguments: str, stdin: bytes | None = None) -> "subprocess.CompletedProcess[bytes]":
        """Run git in the top folder and wait for it.

        Args:
            *arguments: The command of git and its arguments.
            stdin: Its input.

        Returns:
            The finished process with its exit code and output.

        Raises:
            CannotRun: git is not installed, or is too old.
        """
        return run_program(self._command(arguments), self.top, self._environment(), stdin)

    def read(self, *arguments: str, stdin: bytes | None = None) -> bytes | None:
        """Run git in the top folder and return what it prints; None if it fails."""
        process = self.run(*arguments, stdin=stdin)
        return process.stdout if process.returncode == 0 else None

    def read_text(self, *arguments: str) -> str | None:
        """Run git and return what it prints as text, without the final line break; None if it fails."""
        output = self.read(*arguments)
        return None if output is None else os.fsdecode(output).rstrip("\n")

    def sign(self, *arguments: str, stdin: bytes) -> "subprocess.CompletedProcess[bytes]":
        """Run a git command that signs, with the programs of the user's configuration, not the repository's.

        Args:
            *arguments: The command of git and its arguments.
            stdin: Its input.
        """
        options: list[str] = []
        for key, default in _SIGNING_PROGRAMS.items():
            other_name = self._user_setting("gpg.program") if key == "gpg.openpgp.program" else None
            options += ["-c", f"{key}={self._user_setting(key) or other_name or default}"]
        variables = {name: os.environ[name] for name in _SIGNING_VARIABLES if name in os.environ}
        return run_program(self._command((*options, *arguments)), self.top, {**self._environment(), **variables}, stdin)

    def _user_setting(self, key: str) -> str | None:
        for scope in ("--global", "--system"):
            if value := self.read_text("config", scope, "--get", key):
                return value
        return None

    @contextlib.contextmanager
    def open_objects(self) -> Iterator[GitObjects]:
        """Open a reader of git's objects, while the context lasts."""
        command = self._command(("cat-file", "--batch"))
        with open_program(command, self.top, self._environment()) as (requests, answers):
            yield GitObjects(requests, answers)

    def _command(self, arguments: tuple[str, ...]) -> list[str]:
        # The configuration of the repository may name another working tree.
        return [_find_git(), *_OPTIONS, f"--work-tree={self.top}", *arguments]

    def _environment(self) -> dict[str, str]:
        # git looks for `.git` in the top folder only. `--git-dir` would skip its check of who owns the repository.
        return {**_user_environment(), **_ENVIRONMENT, "GIT_CEILING_DIRECTORIES": str(self.top.parent)}


def find_repository(path: Path) -> GitRepository | None:
    """Return the git repository that contains a path; None if there is none.

    Args:
        path: A path, which need not exist. Its links are followed.

    Raises:
        CannotRun: git is not installed, is too old, or refuses the repository because it belongs to another user.
    """
    real = path.resolve()
    ceilings = os.environ.get("GIT_CEILING_DIRECTORIES", "").split(os.pathsep)
    for folder in (real, *real.parents):
        if folder != real and str(folder) in ceilings:
            break
        if not os.path.lexists(folder / ".git"):
            continue
        repository = GitRepository(folder)
        process = repository.run("rev-parse", "--git-dir")
        if process.returncode == 0:
            return repository
        if b"safe.directory" in process.stderr:
            problem = "is a git repository that belongs to another user"
            raise CannotRun(folder, problem, f"trust it with `git config --global --add safe.directory {folder}`")
    return None


def find_repository_around(folder: Path) -> GitRepository | None:
    """Return the git repository that contains a folder, and not one that the folder holds; see `find_repository`.

    The folder's own `.git` counts only if no other repository contains the folder.
    """
    real = folder.resolve()
    return find_repository(real.parent) or find_repository(real)


def _user_environment() -> dict[str, str]:
    pairs = [name for name in os.environ if re.fullmatch(r"GIT_CONFIG_(COUNT|(KEY|VALUE)_\d+)", name)]
    variables = {name: os.environ[name] for name in (*_KEPT_VARIABLES, *pairs) if name in os.environ}
    return {**variables, "PATH": program_path()}


def _find_git() -> str:
    """Return the path of git.

    Raises:
        CannotRun: It is not installed, or is too old.
    """
    program = find_program("git")
    if program is None:
        raise CannotRun("git", "is not installed", "install git, or name folders")
    version = _read_version(program)
    if version < MINIMUM_VERSION:
        found, needed = (".".join(map(str, numbers)) for numbers in (version, MINIMUM_VERSION))
        problem = f"has the version {found}, which runs programs that a stranger's repository names"
        raise CannotRun("git", problem, f"install {needed} or later")
    return program


@functools.cache
def _read_version(program: str) -> tuple[int, ...]:
    """Return the version of git, such as (2, 39); (0,) if it does not say."""
    output = run_program([program, "version"], Path("/"), _user_environment()).stdout
    match = re.search(rb"(\d+)\.(\d+)", output)
    return (int(match[1]), int(match[2])) if match else (0,)
