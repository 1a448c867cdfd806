"""The state folder: what the commands keep about a Label Studio server. It is private, and outside the clone.

`location` says where it is.

credentials.json  the random login of the server started here      server.json  the process that runs it
project.json      server → title → id of a project                 people.json  server → user id → annotator
raw/<article>.json  tasks as the server last had them              server.log, data/  the server's own
journal/          pulled tasks that are not in the corpus yet      aside/<article>.json  quarantined items, with reasons
lock              the command that is changing the folder          configs.json  the config last given to a project
public.json       the address that others use for the server       database.json  the server's PostgreSQL database
assigned.json     server → title → annotators with a project       people-logins.json  the logins of annotators
removed.json      server → annotators without a login any more
corpus.json       the corpus that the folder belongs to         config-versions.json  inventories of earlier configs
hidden-gold.json  server → title → annotator → articles with gold in the annotator's work
reanchor/         journal of moves to corrected texts, and what did not fit them
watch/            what `watch` knows of the tasks of a project    watch.json       the process that `up` started for it
findings/         a page for each annotator, made by `watch`      watch.log        what that process reported
suggest.json      the process that serves suggestions             suggest.log      what it reported in the background
pushed/           the predictions that tasks had when they were last pushed
suggest/          the lock of that process       suggest-projects.json  projects that ask for suggestions
"""

import importlib.util
import os
from collections.abc import Iterator
from pathlib import Path
from stat import S_ISREG
from typing import TypeVar

import msgspec

from annotate.errors import CannotRun, Refused, describe_os_error
from annotate.util.files import FileToWrite, read_rest, write_files
from annotate.util.typed_values import decode_as

T = TypeVar("T")

PRIVATE_FILE, PRIVATE_FOLDER = 0o600, 0o700
PROJECTS_FILE, ANNOTATORS_FILE, REMOVED_FILE = "project.json", "people.json", "removed.json"


class Credentials(msgspec.Struct, frozen=True):
    """The first user of a server started here."""

    username: str
    password: str
    token: str

    def __repr__(self) -> str:
        return "Credentials(…)"


class ServerProcess(msgspec.Struct, frozen=True):
    """The process of a server started here.

    The system may reuse a process id; together with the time of creation (seconds since 1970) it is unique.
    """

    pid: int
    created: float
    port: int


def open_no_link(path: Path, flags: int = os.O_RDONLY, folder: int | None = None) -> int:
    """Open a regular file, and return its descriptor.

    Args:
        path: The file.
        flags: The flags of `os.open`.
        folder: The descriptor of the folder that a relative path starts from.

    Raises:
        OSError: The file cannot be opened, or is a link, a pipe or a device.
    """
    # A pipe without a writer would otherwise never open.
    handle = os.open(path, flags | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, PRIVATE_FILE, dir_fd=folder)
    if not S_ISREG(os.fstat(handle).st_mode):
        os.close(handle)
        raise OSError(f"{path} is not a regular file")
    return handle


def require_package(package: str) -> None:
    """Check that a package of the `studio` extra is installed.

    Raises:
        CannotRun: It is not.
    """
    if importlib.util.find_spec(package) is None:
        raise CannotRun(package.replace("_", "-"), "is not installed", "pip install 'contested-claims[studio]'")


class State:
    """The files of a state folder; the folder is created when the first of them is written.

    `server` always means the name of a server, `http.ServerAddress.name`.

    Args:
        folder: The path of the folder.
    """

    def __init__(self, folder: str | Path) -> None:
        self.folder = Path(folder).absolute()

    @property
    def data(self) -> Path:
        """The folder of the server's own data."""
        return self.folder / "data"

    @property
    def log(self) -> Path:
        """The log of the server."""
        return self.folder / "server.log"

    def create_folder(self) -> None:
        """Create the folder unless it exists, with access for its owner only, and hide it from git.

        Raises:
            CannotRun: The folder cannot be created.
            Refused: The folder is a link or contains one; see `refuse_links`.
        """
        self.refuse_links()
        try:
            self.folder.mkdir(mode=PRIVATE_FOLDER, parents=True, exist_ok=True)
            self.folder.chmod(PRIVATE_FOLDER)
            self.data.mkdir(mode=PRIVATE_FOLDER, exist_ok=True)
        except OSError as error:
            raise CannotRun(self.folder, describe_os_error(error), "choose another folder with --dir") from error
        self.write_bytes(".gitignore", b"*\n")

    def refuse_links(self) -> None:
        """Check that the folder contains only folders and regular files, so that nothing outside it can be written.

        Raises:
            Refused: It is or contains a link, a pipe or a device.
            CannotRun: A folder in it cannot be read.
        """
        hint = "move it away; a state folder has only plain files"
        if self.folder.is_symlink():
            raise Refused(self.folder, "is a link", hint)
        try:
            for entry in _walk(self.folder):
                raise Refused(entry.path, "is a link" if entry.is_symlink() else "is not a regular file", hint)
        except (FileNotFoundError, NotADirectoryError):  # it is created, or refused, where it is written
            return
        except OSError as error:
            raise CannotRun(self.folder, describe_os_error(error), "choose another folder with --dir") from error

    def read(self, name: str, type_: type[T]) -> T | None:
        """Return the content of a JSON file of the folder; None if the file does not exist.

        Raises:
            CannotRun: The file cannot be read or decoded. The message does not quote it, since it may be secret.
        """
        path = self.folder / name
        try:
            handle = open_no_link(path)
            try:
                content = read_rest(handle, os.fstat(handle).st_size)
            finally:
                os.close(handle)
            return decode_as(content, type_)
        except FileNotFoundError:
            return None
        except (OSError, msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
            raise CannotRun(path, f"cannot be read ({type(error).__name__})", "remove it") from None

    def write(self, name: str, value: object) -> None:
        """Write a value to a file of the folder, as indented JSON."""
        self.write_bytes(name, msgspec.json.format(msgspec.json.encode(value), indent=2) + b"\n")

    def write_bytes(self, name: str, content: bytes) -> None:
        """Write a file of the folder."""
        write_files([self.file(name, content)])

    def file(self, name: str, content: bytes) -> FileToWrite:
        """Return a file of the folder for `write_files`; the folder that the file is in is created."""
        path = self.folder / name
        if not path.parent.is_dir():
            path.parent.mkdir(mode=PRIVATE_FOLDER, parents=True, exist_ok=True)
        return FileToWrite(path, content, PRIVATE_FILE)

    def read_for(self, server: str, name: str, type_: type[T]) -> T | None:
        """Return what a file that maps servers to values has for a server; see `read`."""
        values = self.read(name, dict[str, type_])  # type: ignore[valid-type]
        return values.get(server) if values else None

    def write_for(self, server: str, name: str, value: object) -> None:
        """Replace what a file that maps servers to values has for a server."""
        self.write(name, (self.read(name, dict[str, msgspec.Raw]) or {}) | {server: value})

    def project_id(self, server: str, title: str) -> int | None:
        """Return the id of the project that was created under a title, which may have been renamed on the server."""
        return self.project_ids(server).get(title)

    def project_ids(self, server: str) -> dict[str, int]:
        """Return the id of every project that was created on a server from this folder, by title."""
        return self.read_for(server, PROJECTS_FILE, dict[str, int]) or {}

    def save_project_id(self, server: str, title: str, project_id: int) -> None:
        """Remember the id of a project."""
        self.write_for(server, PROJECTS_FILE, self.project_ids(server) | {title: project_id})

    def annotators(self, server: str) -> dict[int, str]:
        """Return the annotators of a server's users, by user id."""
        return self.read_for(server, ANNOTATORS_FILE, dict[int, str]) or {}

    def save_annotators(self, server: str, annotators: dict[int, str]) -> None:
        """Replace the annotators of a server's users."""
        self.write_for(server, ANNOTATORS_FILE, annotators)

    def removed_annotators(self, server: str) -> list[str]:
        """Return the annotators whose logins on a server were taken away."""
        return self.read_for(server, REMOVED_FILE, list[str]) or []

    def save_removed_annotators(self, server: str, annotators: list[str]) -> None:
        """Replace the annotators whose logins on a server were taken away."""
        self.write_for(server, REMOVED_FILE, annotators)


def _walk(folder: str | Path) -> Iterator["os.DirEntry[str]"]:
    """Yield what is neither a folder nor a regular file, in a folder and all folders below it."""
    with os.scandir(folder) as entries:
        for entry in entries:
            if entry.is_dir(follow_symlinks=False):
                yield from _walk(entry.path)
            elif not entry.is_file(follow_symlinks=False):
                yield entry
