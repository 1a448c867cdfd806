"""The files of one version of a corpus, wherever they are: by path below `corpus/` and `schema/`."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Protocol

from annotate.disk import bytes_of
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
        self._folders = {prefix: str(root) for prefix, root in roots.items()}

    @property
    def name(self) -> str:
        return self._name

    def path(self, file: str) -> Path:
        """Where a file of this version is, or would be."""
        root, _, rest = file.partition("/")
        return self.roots[root] / rest

    def files(self) -> Mapping[str, str]:
        return {file: "" for prefix, root in sorted(self._folders.items()) for file in sorted(_below(root, prefix))}

    def read(self, file: str) -> bytes:
        root, _, rest = file.partition("/")
        try:
            return bytes_of(f"{self._folders[root]}/{rest}")
        except OSError as error:
            raise CannotRun(self.path(file), (error.strerror or str(error)).lower(), _MEND) from error


def _below(folder: str, prefix: str) -> list[str]:
    """The paths of all files, with the prefix before them; hidden ones left out."""
    found, folders = list[str](), [(folder, prefix)]
    while folders:
        within, path = folders.pop()
        try:
            with os.scandir(within) as entries:
                for entry in entries:
                    if entry.name.startswith("."):
                        continue
                    if entry.is_file(follow_symlinks=False):
                        found.append(plain_name(f"{path}/{entry.name}"))
                    elif entry.is_dir(follow_symlinks=False):
                        folders.append((entry.path, f"{path}/{entry.name}"))
                    else:
                        raise CannotRun(entry.path, "is no plain file", "put a file in its place")
        except OSError as error:
            raise CannotRun(within, (error.strerror or str(error)).lower(), _MEND) from error
    return found
