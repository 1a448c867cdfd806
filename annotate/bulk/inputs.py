"""Where exports are read from: any address that fsspec opens, packed with gzip or zstd or not."""

import re
import sys
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from annotate.bulk.splitter import Read
from annotate.errors import CannotRun

_ADDRESS = re.compile(r"[a-z][a-z0-9+.-]*://[^\s'\"<>]+", re.IGNORECASE)
_NOT_FOUND = 404


class Unpacked(ValueError):  # noqa: N818 - it says how far unpacking came
    """A packed file that cannot be unpacked to its end."""


def failures() -> tuple[type[Exception], ...]:
    """What opening, reading and writing raise: of Python, and of the libraries that fsspec has imported by now."""
    more = (("botocore.exceptions", "BotoCoreError"), ("aiohttp", "ClientError"))
    loaded = [getattr(sys.modules[module], name) for module, name in more if module in sys.modules]
    return OSError, ImportError, ValueError, *loaded


def name_of(address: str) -> str:
    """What findings call an input: a path as it is, an address without what may hold a key or a password."""
    if "://" not in address:
        return address
    scheme, _, rest = re.split(r"[?#]", address, maxsplit=1)[0].partition("://")
    host, slash, path = rest.partition("/")
    return f"{scheme}://{host.rpartition('@')[2]}{slash}{path}"


def told(error: Exception) -> str:
    """What a library says of a failure, in one line, with the names of addresses in place of the addresses."""
    return _ADDRESS.sub(lambda found: name_of(found[0]), " ".join(str(error).split()))[:200]


@contextmanager
def opened(address: str) -> Iterator[Read]:
    """A function that reads the unpacked bytes of an input.

    It raises Unpacked where they end before they should. Raises CannotRun where the input cannot be opened or read.
    """
    import fsspec

    try:
        with fsspec.open(address, "rb", compression=_packing(address)) as file:
            yield _reader(file)
    except failures() as error:
        if isinstance(error, Unpacked):
            raise
        raise _unreadable(address, error) from error


def _packing(address: str) -> str | None:
    name = name_of(address)
    return "gzip" if name.endswith(".gz") else "zstd" if name.endswith((".zst", ".zstd")) else None


def packed(address: str) -> bool:
    """Whether an input has to be read from its beginning to be unpacked."""
    return _packing(address) is not None


def read_range(address: str, offset: int, size: int) -> bytes:
    """`size` bytes of an input that is not packed, from byte `offset` on.

    Raises CannotRun where it has no longer so many.
    """
    try:
        data = _range(address, offset, size)
    except failures() as error:
        raise _unreadable(address, error) from error
    if len(data) != size:
        raise changed(address)
    return data


def _range(address: str, offset: int, size: int) -> bytes:
    if re.match(r"[^~:]*$", address):
        # A plain path needs no fsspec, which takes 8 MB in each worker.
        with open(address, "rb") as file:  # noqa: PTH123 - as fsspec would take it
            file.seek(offset)
            return file.read(size)
    import fsspec

    system, path = fsspec.core.url_to_fs(address)
    return bytes(system.cat_file(path, start=offset, end=offset + size))


def changed(address: str) -> CannotRun:
    """What to say of an input that is no longer what it was."""
    return CannotRun(name_of(address), "changed while it was read", "see that nobody writes to it, then --overwrite")


def _reader(file: Any) -> Read:
    """Reads from `file`; what was unpacked before it broke is given first, and then Unpacked is raised."""
    if sys.version_info >= (3, 14):
        from compression.zstd import ZstdError
    else:
        from backports.zstd import ZstdError

    broken: Unpacked | None = None
    # What a packed file gives one by one is not lost when the next fails.
    some = getattr(file, "read1", file.read)

    def read(size: int) -> bytes:
        nonlocal broken
        parts: list[bytes] = []
        while size and not broken:
            try:
                data: bytes = some(size)
            except (EOFError, zlib.error) as error:
                broken = Unpacked(str(error))
                break
            except (OSError, ValueError, ZstdError) as error:
                # A bad checksum or header is an OSError of gzip without a number, or an error of the zstd library.
                if getattr(error, "errno", None) is not None:
                    raise
                broken = Unpacked(str(error))
                break
            if not data:
                break
            parts.append(data)
            size -= len(data)
        if broken and not parts:
            raise broken
        return b"".join(parts)

    return read


def version_of(address: str) -> tuple[object, ...]:
    """What changes when an input does: its size, and its time or tag where its place has one."""
    import fsspec

    try:
        system, path = fsspec.core.url_to_fs(address)
        known = system.info(path)
    except failures() as error:
        raise _unreadable(address, error) from error
    if known.get("type") == "directory":
        raise CannotRun(name_of(address), "is a folder", "name the files in it")
    return tuple(str(known.get(key)) for key in ("size", "mtime", "ETag", "etag", "LastModified", "updated"))


def _unreadable(address: str, error: Exception) -> CannotRun:
    # fsspec says so of whatever a server answers; what it was stands behind.
    answer = getattr(error.__cause__, "status", _NOT_FOUND)
    if isinstance(error, FileNotFoundError) and answer == _NOT_FOUND:
        return CannotRun(name_of(address), "there is no such file", "mend the path or address")
    if isinstance(error, FileNotFoundError):
        return CannotRun(name_of(address), f"cannot be read: the server answers {answer}", "mend that and run again")
    reason = getattr(error, "strerror", None) or told(error) or type(error).__name__
    return CannotRun(name_of(address), f"cannot be read: {reason}", "mend that and run again")
