"""Where exports are read from: any address that fsspec opens, packed with gzip or zstd or not."""

import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from annotate.bulk.splitter import Read
from annotate.errors import CannotRun


class Unpacked(ValueError):  # noqa: N818 - it says how far unpacking came
    """A packed file that cannot be unpacked to its end."""


def name_of(address: str) -> str:
    """What findings call an input: its address without what may hold a key."""
    return address.partition("?")[0]


@contextmanager
def opened(address: str) -> Iterator[Read]:
    """A function that reads the unpacked bytes of an input.

    It raises Unpacked where they end before they should. Raises CannotRun where the input cannot be opened or read.
    """
    import fsspec

    try:
        with fsspec.open(address, "rb", compression=_packing(address)) as file:
            yield _reader(file)
    except (OSError, ImportError, ValueError) as error:
        if isinstance(error, Unpacked):
            raise
        raise _unreadable(address, error) from error


def _packing(address: str) -> str | None:
    name = name_of(address)
    return "gzip" if name.endswith(".gz") else "zstd" if name.endswith((".zst", ".zstd")) else None


def _reader(file: Any) -> Read:
    def read(size: int) -> bytes:
        try:
            data: bytes = file.read(size)
        except (EOFError, zlib.error) as error:
            raise Unpacked(str(error)) from error
        except (OSError, ValueError) as error:
            # A bad checksum or header is an OSError of gzip without a number, or an error of the zstd library.
            if getattr(error, "errno", None) is None:
                raise Unpacked(str(error)) from error
            raise
        return data

    return read


def version_of(address: str) -> tuple[object, ...]:
    """What changes when an input does: its size, and its time or tag where its place has one."""
    import fsspec

    try:
        system, path = fsspec.core.url_to_fs(address)
        known = system.info(path)
    except (OSError, ImportError, ValueError) as error:
        raise _unreadable(address, error) from error
    if known.get("type") == "directory":
        raise CannotRun(name_of(address), "is a folder", "name the files in it")
    return tuple(str(known.get(key)) for key in ("size", "mtime", "ETag", "etag", "LastModified", "updated"))


def _unreadable(address: str, error: Exception) -> CannotRun:
    if isinstance(error, FileNotFoundError):
        return CannotRun(name_of(address), "there is no such file", "mend the path or address")
    reason = getattr(error, "strerror", None) or f"{error}" or type(error).__name__
    return CannotRun(name_of(address), f"cannot be read: {' '.join(reason.split())[:200]}", "mend that and run again")
