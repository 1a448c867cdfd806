"""Find the files of a working tree that differ from the last commit, without `git status`.

`git status` runs the filters, the monitor and other programs that the repository's configuration names. So the contents
of files are compared here, by git's own hash of a blob.
"""

import hashlib
import os
import re
import stat
from collections.abc import Iterator
from typing import NamedTuple

from annotate.util.git import GitRepository

_LINK, _SUBMODULE, _EXECUTABLE = b"120000", b"160000", b"100755"
_BLOCK = 1 << 20
_LARGEST_POINTER = 1024
_LFS_POINTER = re.compile(rb"version https://git-lfs\.github\.com/spec/v1\n(?:.*\n)*oid sha256:([0-9a-f]{64})\n")


class _Entry(NamedTuple):
    """A file in the index.

    Attributes:
        mode: Its mode, in octal digits.
        blob: The hash of its contents.
        is_skipped: Whether a sparse checkout leaves it out of the working tree.
    """

    mode: bytes
    blob: bytes
    is_skipped: bool = False


def list_uncommitted(repository: GitRepository) -> list[str] | None:
    """Return the paths that differ from the last commit, and the untracked files that are not ignored.

    The contents of submodules are not looked at. A file that git converts to CRLF in the working tree, and a file of
    Git LFS, are compared with what git has of them; other filters are not run, so such a file counts as changed.

    Returns:
        The paths from the top of the repository; None if it has no commit.
    """
    tree = repository.read("ls-tree", "-r", "-z", "--full-tree", "HEAD")
    if tree is None:
        return None
    committed = {path: tuple(header.split()[::2]) for path, header in _split(tree)}
    index: dict[bytes, _Entry] = {}
    changed = set[bytes]()
    for path, header in _split(repository.read("ls-files", "-z", "-t", "--stage", "--full-name") or b""):
        tag, mode, blob, stage = header.split()
        index[path] = _Entry(mode, blob, tag == b"S")
        if stage != b"0" or committed.get(path) != (mode, blob):
            changed.add(path)
    changed |= committed.keys() - index.keys()
    tree_of = _WorkingTree(repository)
    changed |= {path for path, entry in index.items() if path not in changed and not tree_of.has(path, entry)}
    untracked = repository.read("ls-files", "-z", "--others", "--exclude-standard", "--full-name") or b""
    return [os.fsdecode(path) for path in dict.fromkeys((*sorted(changed), *filter(None, untracked.split(b"\0"))))]


def _split(output: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Yield path and header of each entry that `ls-tree` or `ls-files` prints."""
    for entry in output.split(b"\0"):
        header, tab, path = entry.partition(b"\t")
        if tab:
            yield path, header


class _WorkingTree:
    """Compares files on disk with the index."""

    def __init__(self, repository: GitRepository) -> None:
        self._repository = repository
        self._top = os.fsencode(repository.top)
        self._hash = repository.read_text("rev-parse", "--show-object-format") or "sha1"
        self._has_modes = self._setting("core.fileMode", "true") == "true"
        self._converts = self._setting("core.autocrlf", "false", "bool-or-str") in ("true", "input")
        self._folders: dict[bytes, bool] = {}

    def _setting(self, name: str, default: str, kind: str = "bool") -> str:
        return self._repository.read_text("config", f"--type={kind}", "--default", default, "--get", name) or default

    def has(self, path: bytes, entry: _Entry) -> bool:
        """Return whether the file on disk is the one in the index."""
        if entry.mode == _SUBMODULE:
            return True
        try:
            info = os.lstat(self._top + b"/" + path)
        except OSError:
            return entry.is_skipped
        if not self._is_inside(os.path.dirname(path)):  # noqa: PTH120 - bytes
            return False
        if entry.mode == _LINK:
            return stat.S_ISLNK(info.st_mode) and self._hash_link(path) == entry.blob
        if not stat.S_ISREG(info.st_mode):
            return False
        if self._has_modes and bool(info.st_mode & stat.S_IXUSR) != (entry.mode == _EXECUTABLE):
            return False
        return self._has_contents(path, info.st_size, entry.blob)

    def _is_inside(self, folder: bytes) -> bool:
        """Return whether no part of a path is a link, which git would not follow."""
        if folder not in self._folders:
            whole = os.path.join(self._top, folder).rstrip(b"/")  # noqa: PTH118 - bytes
            self._folders[folder] = os.path.realpath(whole) == whole
        return self._folders[folder]

    def _hash_link(self, path: bytes) -> bytes:
        target = os.readlink(self._top + b"/" + path)  # noqa: PTH115 - bytes
        return self._blob_hash(len(target), [target])

    def _has_contents(self, path: bytes, size: int, blob: bytes) -> bool:
        try:
            # A pipe may have replaced the file meanwhile; opening it would wait.
            handle = os.open(self._top + b"/" + path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
        except OSError:
            return False
        with os.fdopen(handle, "rb") as file:
            if self._blob_hash(size, iter(lambda: file.read(_BLOCK), b"")) == blob:
                return True
            file.seek(0)
            digest = hashlib.file_digest(file, "sha256").hexdigest().encode()
            if self._pointer(blob) == digest:
                return True
            file.seek(0)
            data = file.read() if self._is_converted(path) else b""
        data = data.replace(b"\r\n", b"\n")
        return bool(data) and self._blob_hash(len(data), [data]) == blob

    def _pointer(self, blob: bytes) -> bytes | None:
        """Return the SHA-256 that a pointer of Git LFS names; None if the blob is no such pointer."""
        size = self._repository.read_text("cat-file", "-s", blob.decode()) or "0"
        data = self._repository.read("cat-file", "blob", blob.decode()) if int(size) <= _LARGEST_POINTER else None
        match = _LFS_POINTER.match(data or b"")
        return match[1] if match else None

    def _is_converted(self, path: bytes) -> bool:
        """Return whether git converts line ends of a file."""
        output = self._repository.read("check-attr", "-z", "--stdin", "text", "eol", stdin=path + b"\0") or b""
        text, eol = [*output.split(b"\0")[2::3], b"", b""][:2]
        return text != b"unset" and (text in (b"set", b"auto") or eol in (b"lf", b"crlf") or self._converts)

    def _blob_hash(self, size: int, blocks: "Iterator[bytes] | list[bytes]") -> bytes:
        digest = hashlib.new(self._hash, b"blob %d\0" % size, usedforsecurity=False)
        for block in blocks:
            digest.update(block)
        return digest.hexdigest().encode()
