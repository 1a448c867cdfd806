"""Reading and writing single files: strict YAML, and writes that are whole or not at all."""

import contextlib
import fcntl
import os
import re
import tempfile
from collections.abc import Hashable, Iterable
from pathlib import Path
from typing import Any

import yaml

from annotate.errors import CannotRun

PART = ".part"
_LEFT = re.compile(r"\..+\.[a-z0-9_]{8}\.part")
"""The name of a file that is being written; `tempfile` puts eight characters where two writers must not meet."""


class DuplicateKey(yaml.MarkedYAMLError):
    """A mapping in a YAML file has one key twice; a lenient reader would keep the last, silently."""


class _Loader(yaml.SafeLoader):
    """YAML as a person reads it: dates stay strings, only true and false are booleans, no key twice."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        seen: set[Hashable] = set()
        for key_node, _ in node.value:
            key = self.construct_object(key_node, deep=True)
            if key in seen:
                raise DuplicateKey(problem=f"the key {key!r} stands twice", problem_mark=key_node.start_mark)
            seen.add(key)
        return super().construct_mapping(node, deep)


_Loader.yaml_implicit_resolvers = {
    first: [
        (tag, pattern)
        for tag, pattern in resolvers
        if tag != "tag:yaml.org,2002:timestamp" and not (tag == "tag:yaml.org,2002:bool" and first not in "tTfF")
    ]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


def parse_yaml(data: bytes) -> Any:
    """The value of a YAML document.

    Raises ValueError, with the line in its message, for what is no YAML, no UTF-8, or has a key twice.
    """
    try:
        return yaml.load(data.decode("utf-8"), _Loader)  # noqa: S506 - a SafeLoader
    except UnicodeDecodeError as error:
        raise ValueError(f"is not UTF-8 (byte {error.start})") from error
    except yaml.MarkedYAMLError as error:
        place = f"line {error.problem_mark.line + 1}: " if error.problem_mark else ""
        raise ValueError(f"{place}{error.problem}") from error
    except (yaml.YAMLError, RecursionError) as error:
        raise ValueError(f"is no YAML: {' '.join(str(error).split())}") from error


def read_bytes(path: Path, mend: str) -> bytes:
    """The bytes of a file that a command cannot do without; raises CannotRun."""
    try:
        return path.read_bytes()
    except OSError as error:
        raise CannotRun(path, (error.strerror or str(error)).lower(), mend) from error


def write_atomically(path: Path, data: bytes | Iterable[bytes], mode: int = 0o644) -> None:
    """Write a file, given whole or in parts, whole or not at all: a temporary file beside it, fsync, rename, fsync of
    the folder.

    Raises CannotRun if the folder cannot be written to; the old file is then as it was.
    """
    temporary = None
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=PART)
        with os.fdopen(handle, "wb") as file:
            _held(handle)  # until it is in its place, so that `sweep` leaves it alone
            file.writelines((data,) if isinstance(data, bytes) else data)
            file.flush()
            os.fchmod(handle, mode)
            os.fsync(handle)
            Path(temporary).replace(path)
        temporary = None
        folder = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
    except OSError as error:
        raise CannotRun(
            path,
            f"cannot be written: {(error.strerror or str(error)).lower()}",
            "make room or choose another folder",
        ) from error
    finally:
        if temporary:
            with contextlib.suppress(OSError):
                Path(temporary).unlink()


def _held(handle: int) -> bool:
    """Take the lock of a file, which the system lets go of with the process; False where another has it."""
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


def sweep(folder: Path, *, but: str | None = None) -> None:
    """Remove what killed writers left in a folder and all below it: temporary files of ours that nobody holds.

    A folder below it that is called as `but` says is not looked into.
    """
    for within, below, names in os.walk(folder):
        below[:] = [name for name in below if name != but]
        for name in filter(_LEFT.fullmatch, names):
            left = Path(within, name)
            with contextlib.suppress(OSError), left.open("rb") as file:
                if _held(file.fileno()):
                    left.unlink()
