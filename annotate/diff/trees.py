"""The files of one version of a corpus, wherever they are: by path below `corpus/` and `schema/`."""

import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Protocol

from annotate.errors import CannotRun

CORPUS, SCHEMA = "corpus", "schema"

_MEND = "name a version that can be read"


def plain_name(file: str) -> str:
    """The path of a file, which JSON must be able to hold; raises CannotRun."""
    if not file.isascii() and any("\udc80" <= character <= "\udcff" for character in file):
        raise CannotRun(ascii(file), "has a name that is not UTF-8", "rename it")
    return file


class Tree(Protocol):
    """One version. `name` is what its user called it."""

    @property
    def name(self) -> str: ...

    def files(self) -> Mapping[str, str]:
        """Every file by path, in order; with what is equal for two files of one content, or empty if not known."""

    def read(self, file: str) -> bytes:
        """The bytes of a file; raises CannotRun."""


class FolderTree:
    """Folders on disk: `roots` says where `corpus/` and `schema/` are. Hidden files are no part of a corpus.

    One that is not `lasting` was unpacked for the moment.
    """

    def __init__(self, name: str, roots: Mapping[str, Path], lasting: bool = True) -> None:
        self._name, self.roots, self.lasting = name, roots, lasting

    @property
    def name(self) -> str:
        return self._name

    def path(self, file: str) -> Path:
        """Where a file of this version is, or would be."""
        root, _, rest = file.partition("/")
        return self.roots[root] / rest

    def files(self) -> Mapping[str, str]:
        return {file: "" for prefix, root in sorted(self.roots.items()) for file in sorted(_below(str(root), prefix))}

    def read(self, file: str) -> bytes:
        root, _, rest = file.partition("/")
        try:
            with open(f"{self.roots[root]}/{rest}", "rb", buffering=0) as opened:  # noqa: PTH123 - twice as quick
                return opened.read()
        except OSError as error:
            raise CannotRun(self.path(file), (error.strerror or str(error)).lower(), _MEND) from error


def _below(folder: str, prefix: str) -> Iterator[str]:
    try:
        with os.scandir(folder) as entries:
            for entry in entries:
                name = f"{prefix}/{entry.name}"
                if entry.name.startswith("."):
                    continue
                if entry.is_symlink():
                    raise CannotRun(entry.path, "is a symbolic link", "put a file in its place")
                if entry.is_dir():
                    yield from _below(entry.path, name)
                else:
                    yield plain_name(name)
    except OSError as error:
        raise CannotRun(folder, (error.strerror or str(error)).lower(), _MEND) from error
