"""Files in the user's cache directory: what can be computed again, and is kept to save time.

CACHE/KIND/NAME, where CACHE is `~/.cache/contested-claims` on Linux. Folders and files are for their owner only. A file
that is damaged, that others could have written, or that cannot be read counts as missing; one that cannot be written is
not kept. So a cache never makes a command fail.
"""

import contextlib
import os
from hashlib import sha256
from pathlib import Path
from stat import S_IMODE, S_ISDIR, S_ISREG

from annotate.errors import CannotRun, Refused
from annotate.util.files import FileToWrite, read_raw, remove_leftovers, write_files

APPLICATION = "contested-claims"
LARGEST, MOST_FILES = 64 << 20, 16
"""Bytes of a file, and files of a kind; the ones that were not written for longest are removed."""
_PRIVATE_FOLDER, _PRIVATE_FILE = 0o700, 0o600
_OTHERS = 0o077
_HASH_BYTES = 32


def cache_folder(kind: str) -> Path:
    """Return the folder of a kind of cache files; it need not exist."""
    import platformdirs

    return Path(platformdirs.user_cache_dir(APPLICATION, appauthor=False)) / kind


def read_cache(kind: str, name: str) -> bytes | None:
    """Read a cache file.

    Args:
        kind: The kind of file, which is the name of its folder.
        name: Its name; neither comes from outside.

    Returns:
        Its contents as they were written, or None.
    """
    folder = cache_folder(kind)
    try:
        # A relative path would lead into whatever folder the command runs in.
        if not folder.is_absolute() or not all(_is_private(path, is_folder=True) for path in (folder.parent, folder)):
            return None
        path = folder / name
        if not _is_private(path) or path.lstat().st_size > LARGEST + _HASH_BYTES:
            return None
        data = read_raw(str(path), within=folder.parent)
    except OSError:
        return None
    digest, contents = data[:_HASH_BYTES], data[_HASH_BYTES:]
    return contents if sha256(contents).digest() == digest else None


def write_cache(kind: str, name: str, contents: bytes) -> None:
    """Write a cache file completely or not at all, and remove the oldest ones; see `read_cache`."""
    folder = cache_folder(kind)
    if len(contents) > LARGEST or not folder.is_absolute():
        return
    with contextlib.suppress(OSError, CannotRun, Refused):
        for path in (folder.parent, folder):
            path.mkdir(mode=_PRIVATE_FOLDER, parents=True, exist_ok=True)
            if not _is_private(path, is_folder=True):
                return
        remove_leftovers(folder)
        data = sha256(contents).digest() + contents
        write_files([FileToWrite(folder / name, data, _PRIVATE_FILE, folder.parent)])
        files = sorted(os.scandir(folder), key=lambda entry: entry.stat(follow_symlinks=False).st_mtime_ns)
        for entry in files[:-MOST_FILES]:
            Path(entry.path).unlink()


def _is_private(path: Path, *, is_folder: bool = False) -> bool:
    """Return whether a path is a folder or regular file, and no link, to which only this user has access.

    Raises:
        OSError: If there is none.
    """
    status = path.lstat()
    is_kind = S_ISDIR(status.st_mode) if is_folder else S_ISREG(status.st_mode)
    return is_kind and status.st_uid == os.geteuid() and not S_IMODE(status.st_mode) & _OTHERS
