"""Reading and writing single files: strict YAML, and writes that are whole or not at all."""

import contextlib
import fcntl
import math
import os
import re
import tempfile
from collections.abc import Hashable, Iterable, Iterator, Sequence
from contextlib import ExitStack
from itertools import islice
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

import yaml

from annotate.disk import bytes_if_file, bytes_of
from annotate.errors import CannotRun

PART = ".part"
AT_ONCE, WAITING = 100, 8
"""Files that are open for writing at once; and threads that wait for the disk."""
_LEFT = re.compile(r"\..+\.[a-z0-9_]{8}\.part")
"""The name of a file that is being written; `tempfile` puts eight characters where two writers must not meet."""


class DuplicateKey(yaml.MarkedYAMLError):
    """A mapping in a YAML file has one key twice; a lenient reader would keep the last, silently."""


class _Loader(yaml.SafeLoader):
    """YAML as a person reads it: dates stay strings, only true and false are booleans, numbers are finite, no key
    twice."""

    def construct_object(self, node: yaml.Node, deep: bool = False) -> Any:
        try:
            return super().construct_object(node, deep)
        except (ValueError, LookupError) as error:
            kind = node.tag.rpartition(":")[2]
            raise yaml.MarkedYAMLError(problem=f"{node.value!r} is no {kind}", problem_mark=node.start_mark) from error

    def construct_scalar(self, node: yaml.ScalarNode | yaml.MappingNode) -> Any:
        value = super().construct_scalar(node)
        value.encode("utf-8")  # half a surrogate pair could be written nowhere
        return value

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        seen: set[Hashable] = set()
        for key_node, _ in node.value:
            key = self.construct_object(key_node, deep=True)
            if not isinstance(key, Hashable):
                raise yaml.MarkedYAMLError(
                    problem="a key is a list or a mapping; a key is a word", problem_mark=key_node.start_mark
                )
            if key in seen:
                raise DuplicateKey(problem=f"the key {key!r} stands twice", problem_mark=key_node.start_mark)
            seen.add(key)
        return super().construct_mapping(node, deep)

    def construct_yaml_float(self, node: yaml.ScalarNode) -> float:
        number = super().construct_yaml_float(node)
        if not math.isfinite(number):
            raise yaml.constructor.ConstructorError(
                problem=f"{node.value} is no finite number", problem_mark=node.start_mark
            )
        return number


_PLAIN = {f"tag:yaml.org,2002:{kind}" for kind in ("null", "bool", "int", "float", "str", "seq", "map")}
_Loader.yaml_constructors = {
    tag: made for tag, made in yaml.SafeLoader.yaml_constructors.items() if tag is None or tag in _PLAIN
}
_Loader.add_constructor("tag:yaml.org,2002:float", _Loader.construct_yaml_float)
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

    Raises ValueError, with the line in its message, for what is no YAML, no UTF-8, has a key twice or one that is a
    list, or values that JSON has not: of other types, .nan, an infinite number.
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


@contextlib.contextmanager
def reading(path: str | Path, mend: str) -> Iterator[None]:
    """What cannot be read within it, for whatever reason of the system's, is CannotRun, at the path it names."""
    try:
        yield
    except OSError as error:
        where = error.filename if isinstance(error.filename, str) else path
        raise CannotRun(Path(where), why(error), mend) from error


def why(error: OSError) -> str:
    """The reason of the system's, in small letters as all messages."""
    return (error.strerror or str(error)).lower()


def read_bytes(path: str | Path, mend: str) -> bytes:
    """The bytes of a file that a command cannot do without; raises CannotRun.

    Of thousands of files, paths as objects cost more than their reading: strings do as well.
    """
    try:
        return bytes_of(str(path))
    except OSError as error:
        raise CannotRun(Path(path), why(error), mend) from error


def read_if_file(path: str | Path, mend: str) -> bytes | None:
    """The same; None where there is nothing."""
    with reading(path, mend):
        return bytes_if_file(str(path))


class File(NamedTuple):
    """A file to write, and what it is to hold, given whole or in parts."""

    path: Path
    data: bytes | Iterable[bytes]
    mode: int = 0o644


class _Begun(NamedTuple):
    """A file that is being written: under another name, beside its place."""

    path: Path
    temporary: Path
    handle: int


def write_atomically(path: Path, data: bytes | Iterable[bytes], mode: int = 0o644) -> None:
    """Write a file, given whole or in parts, whole or not at all: a temporary file beside it, fsync, rename, fsync of
    the folder.

    Raises CannotRun if the folder cannot be written to; the old file is then as it was.
    """
    write_together([File(path, data, mode)])


def write_report(named: str, data: bytes | Iterable[bytes]) -> None:
    """Write a file that somebody named to have it: whole or not at all, and through a link.

    A device or a pipe, which is nothing to be replaced, is written to as it stands.

    Raises CannotRun where it cannot be written.
    """
    path = Path(named)
    if path.exists() and not path.is_file():
        with _writing(path), path.open("wb") as file:
            file.writelines((data,) if isinstance(data, bytes) else data)
    else:
        write_atomically(path.resolve() if path.is_symlink() else path, data)


def write_together(files: Iterable[File]) -> None:
    """Write files, each of them as `write_atomically` does, but step by step for many at once: so a disk is waited for
    less often.

    Raises CannotRun if one cannot be written; some may then be new, and the others are as they were.
    """
    left = iter(files)
    while several := list(islice(left, AT_ONCE)):
        _write(several)


def _write(files: Sequence[File]) -> None:
    with ExitStack() as ended:
        begun = [_begun(file, ended) for file in files]
        _fsync_all(begun)
        for path, temporary, _ in begun:
            with _writing(path):
                temporary.replace(path)
        for folder in dict.fromkeys(one.path.parent for one in begun):
            with _writing(folder):
                fsync_folder(folder)


def _fsync_all(begun: Sequence[_Begun]) -> None:
    """Each of them; in threads where they are several, since all of it is waiting."""
    from concurrent.futures import ThreadPoolExecutor

    def fsync(one: _Begun) -> None:
        with _writing(one.path):
            os.fsync(one.handle)

    if len(begun) == 1:
        return fsync(begun[0])
    if hasattr(os, "posix_fadvise"):  # Linux begins to write out at once what it may drop, and gives it places on disk
        for one in begun:
            os.posix_fadvise(one.handle, 0, 0, os.POSIX_FADV_DONTNEED)
    with ThreadPoolExecutor(WAITING) as threads:
        for done in [threads.submit(fsync, one) for one in begun]:
            done.result()
    return None


def _begun(file: File, ended: ExitStack) -> _Begun:
    """Make a temporary file with what a file is to hold; at the end it is closed, and gone where it was not renamed.

    Until then it is locked, so that `sweep` leaves it alone.
    """
    folder, name = file.path.parent, file.path.name
    with _writing(file.path):
        folder.mkdir(parents=True, exist_ok=True)
        handle, temporary = tempfile.mkstemp(dir=folder, prefix=f".{name}.", suffix=PART)
        opened = os.fdopen(handle, "wb")
        ended.callback(_dropped, opened, temporary)
        held(handle)
        opened.writelines((file.data,) if isinstance(file.data, bytes) else file.data)
        opened.flush()
        os.fchmod(handle, file.mode)
    return _Begun(file.path, Path(temporary), handle)


def _dropped(opened: BinaryIO, temporary: str) -> None:
    """Close a file that is in its place, or remove one that is not; a full disk lets neither be in the way."""
    with contextlib.suppress(OSError):
        opened.close()
    with contextlib.suppress(OSError):
        Path(temporary).unlink()


def fsync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


@contextlib.contextmanager
def _writing(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        problem = f"cannot be written: {why(error)}"
        raise CannotRun(path, problem, "make room or choose another folder") from error


def held(handle: int) -> bool:
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
                if held(file.fileno()):
                    left.unlink()
