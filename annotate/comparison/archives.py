"""Read zip and tar archives that may be damaged or hostile: in one pass, within bounds, as data and never as paths.

An archive is read as a stream: a member is never whole in memory, and nothing is looked up by the name that a link
gives. The bounds hold for what comes out of the archive, whatever its headers say.
"""

import bz2
import contextlib
import gzip
import lzma
import re
import stat
import struct
import sys
import tarfile
import unicodedata
import zipfile
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path, PurePosixPath
from typing import Any, BinaryIO, NamedTuple

from annotate.errors import CannotRun, describe_os_error
from annotate.util.escape import quote
from annotate.util.folders import temporary_folder

ARCHIVES = (".tar.gz", ".tgz", ".tar.xz", ".txz", ".tar.bz2", ".tbz2", ".tar.zst", ".tar", ".zip")
"""Extensions of the archives that can be read."""

_CHUNK = 1 << 18
"""Bytes that are read at once. It bounds what a decompressor may return in one piece."""
_FREE = 10_000_000
"""Bytes that an archive may unpack to whatever its ratio is: a small corpus may compress very well."""
_LARGEST_HEADER = 1 << 14
"""Bytes of a header of tar that holds a long name or attributes. A path of Linux has at most 4,096."""
_MOST_GLOBAL_HEADERS = 100
_LONGEST_NAME, _DEEPEST_NAME = 1000, 50
_XZ_MEMORY = 1 << 28
"""Bytes of memory that xz may take. `xz -9` asks for 65 MB; a header can ask for 4 GB."""

_TRUSTED = "if you trust it, unpack it and name the folder, or raise"
_HINT = "name the archive of a release"
_DOWNLOAD = "download it again"


class ArchiveBounds(NamedTuple):
    """What an archive may hold.

    Attributes:
        unpacked: Bytes of all members together.
        members: Number of members, and of the folders that their names make.
        ratio: Bytes unpacked for each byte of the archive. An archive that unpacks to less than 10 MB may have any.
    """

    unpacked: int = 2_000_000_000
    members: int = 500_000
    ratio: int = 200


DEFAULT_BOUNDS = ArchiveBounds()


class ArchiveTooLarge(CannotRun):
    """An archive exceeds one of its bounds. The message names the bound and the option that raises it."""


class BrokenArchive(CannotRun):
    """An archive is damaged, truncated, encrypted, or compressed in a way that cannot be read.

    Attributes:
        problem: It begins with `cannot be read: `.
    """


class Member(NamedTuple):
    """A member of an archive.

    Attributes:
        name: The name as it is in the archive. It can be anything.
        kind: Empty for a regular file; otherwise what it is, as in "a symbolic link".
        chunks: The bytes of a regular file. They can be read until the next member is asked for.
    """

    name: str
    kind: str
    chunks: Iterator[bytes]


def read_members(path: Path, bounds: ArchiveBounds = DEFAULT_BOUNDS) -> Iterator[Member]:
    """Yield the members of an archive, folders included.

    Args:
        path: A zip, or a tar that is plain or compressed with gzip, bzip2, xz or zstd.
        bounds: What the archive may hold.

    Raises:
        ArchiveTooLarge: A bound is exceeded.
        BrokenArchive: The archive cannot be read to its end.
        CannotRun: The file cannot be opened.
    """
    with _reporting_faults(path), path.open("rb") as file:
        meter = _Meter(path, path.stat().st_size, bounds)
        for member in (_read_zip if path.name.endswith(".zip") else _read_tar)(path, file, meter):
            yield member._replace(chunks=_read_chunks(path, member))


def _read_chunks(path: Path, member: Member) -> Iterator[bytes]:
    with _reporting_faults(path):
        yield from member.chunks


@contextlib.contextmanager
def _reporting_faults(path: Path) -> Iterator[None]:
    """Turn what reading a damaged archive raises into an error that names the archive."""
    try:
        yield
    except CannotRun:
        raise
    except _faults() as error:
        if isinstance(error, OSError) and error.errno is not None:
            raise CannotRun(path, describe_os_error(error), _DOWNLOAD) from error
        reason = "it is nested too deeply" if isinstance(error, RecursionError) else _describe(error)
        raise BrokenArchive(path, f"cannot be read: {reason}", _DOWNLOAD) from error


@contextlib.contextmanager
def unpack_archive(path: Path, bounds: ArchiveBounds = DEFAULT_BOUNDS) -> Iterator[Path]:
    """Unpack an archive into a temporary folder, which is removed at the end of the context.

    Args:
        path: The archive.
        bounds: What the archive may hold.

    Raises:
        CannotRun: The archive cannot be read, exceeds a bound, or holds anything but folders and regular files that
            have a path of their own below its top.
    """
    with temporary_folder() as folder:
        names = _Names(path, bounds)
        for member in read_members(path, bounds):
            name = names.check(member)
            if name is not None:
                _write_member(path, folder / name, member)
        yield folder


def _write_member(path: Path, target: Path, member: Member) -> None:
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with target.open("xb") as file:
            file.writelines(member.chunks)
    except OSError as error:
        problem = f"cannot be unpacked at {quote(member.name)}: {describe_os_error(error)}"
        raise CannotRun(path, problem, "make room in the temporary folder, or name a folder instead") from error


class _Names:
    """Checks the names of an archive before their members are written."""

    def __init__(self, path: Path, bounds: ArchiveBounds) -> None:
        self._path, self._bounds = path, bounds
        self._files: set[str] = set()
        self._folders: set[str] = set()

    def check(self, member: Member) -> str | None:
        """Return the path to write a member to, None for a folder.

        Raises:
            CannotRun: It is neither a file nor a folder, or its name leads out of the archive or occurs twice.
        """
        if member.kind not in ("", FOLDER):
            raise self._refuse(member, f"which is {member.kind}")
        if problem := _find_name_problem(member.name):
            raise self._refuse(member, problem)
        path = PurePosixPath(member.name)
        if not path.parts:
            return None
        # Two names that a file system takes for one would overwrite each other.
        folded = [unicodedata.normalize("NFC", part).casefold() for part in path.parts]
        folders = {"/".join(folded[:depth]) for depth in range(1, len(folded))}
        whole = "/".join(folded)
        if member.kind == FOLDER:
            folders.add(whole)
        elif whole in self._files or whole in self._folders:
            raise self._refuse(member, "whose name occurs twice")
        else:
            self._files.add(whole)
        if not folders.isdisjoint(self._files):
            raise self._refuse(member, "whose name is a file and a folder")
        self._folders |= folders
        if len(self._files) + len(self._folders) > self._bounds.members:
            raise _too_many(self._path, self._bounds)
        return None if member.kind == FOLDER else path.as_posix()

    def _refuse(self, member: Member, problem: str) -> CannotRun:
        return CannotRun(self._path, f"holds {quote(member.name)}, {problem}", _HINT)


FOLDER = "a folder"
_KINDS = {
    tarfile.SYMTYPE: "a symbolic link",
    tarfile.LNKTYPE: "a hard link",
    tarfile.CHRTYPE: "a device",
    tarfile.BLKTYPE: "a device",
    tarfile.FIFOTYPE: "a pipe",
    tarfile.DIRTYPE: FOLDER,
}


def _find_name_problem(name: str) -> str:
    """Return why a name of an archive is not a path below its top; empty if it is one."""
    parts = PurePosixPath(name).parts
    if name.startswith("/") or ".." in parts or re.match("[A-Za-z]:", name):
        return "which leads out of it"
    if "\\" in name or any(unicodedata.category(character) in ("Cc", "Cs") for character in name):
        return "which has a backslash, a control character or a byte that is not UTF-8 in its name"
    if len(name) > _LONGEST_NAME or len(parts) > _DEEPEST_NAME:
        return f"whose name has more than {_LONGEST_NAME} characters or {_DEEPEST_NAME} folders"
    return ""


class _Meter:
    """Counts what comes out of an archive, and raises ArchiveTooLarge at a bound."""

    def __init__(self, path: Path, size: int, bounds: ArchiveBounds) -> None:
        self._path, self._bounds = path, bounds
        self._limit = min(bounds.unpacked, max(_FREE, bounds.ratio * size))
        self.bytes = self.members = 0

    def add_bytes(self, count: int) -> None:
        """Count bytes that were unpacked."""
        self.require_room(count)
        self.bytes += count

    def require_room(self, count: int) -> None:
        """Raise ArchiveTooLarge if a number of further bytes would exceed a bound."""
        if self.bytes + count > self._limit:
            raise self._too_large()

    def add_member(self) -> None:
        """Count a member."""
        self.members += 1
        if self.members > self._bounds.members:
            raise _too_many(self._path, self._bounds)

    def _too_large(self) -> ArchiveTooLarge:
        if self._limit == self._bounds.unpacked:
            problem = f"unpacks to more than {format_size(self._bounds.unpacked)}"
            return ArchiveTooLarge(self._path, problem, f"{_TRUSTED} --max-unpacked")
        problem = f"unpacks to more than {self._bounds.ratio} times its size"
        return ArchiveTooLarge(self._path, problem, f"{_TRUSTED} --max-ratio")


def _too_many(path: Path, bounds: ArchiveBounds) -> ArchiveTooLarge:
    problem = f"holds more than {bounds.members:,} files and folders"
    return ArchiveTooLarge(path, problem, f"{_TRUSTED} --max-members")


def format_size(size: int) -> str:
    """Return a number of bytes in the largest unit in which it is a whole number, as in "2 GB"."""
    unit = ""
    for larger in ("k", "M", "G", "T"):
        if size < 1000 or size % 1000:
            break
        size, unit = size // 1000, larger
    return f"{size:,} {unit}B"


def _faults() -> tuple[type[Exception], ...]:
    """Return what reading a damaged archive raises. The libraries let some errors of their own code through."""
    return (
        *(tarfile.TarError, zipfile.BadZipFile, lzma.LZMAError, zlib.error, _zstd().ZstdError, struct.error),
        *(OSError, EOFError, ValueError, LookupError, ArithmeticError, NotImplementedError, RuntimeError),
    )


def _describe(error: Exception) -> str:
    text = " ".join(str(error).split())[:200]
    return f"{text[0].lower()}{text[1:]}" if text else "it is damaged"


def _zstd() -> Any:
    if sys.version_info >= (3, 14):
        from compression import zstd
    else:
        from backports import zstd
    return zstd


def _read_zip(path: Path, file: BinaryIO, meter: _Meter) -> Iterator[Member]:
    with zipfile.ZipFile(file) as archive:
        members = archive.infolist()
        for _ in members:
            meter.add_member()
        meter.require_room(sum(member.file_size for member in members))
        for member in members:
            # zipfile cuts a name at its first NUL.
            yield Member(member.orig_filename, _zip_kind(member), _read_zip_member(path, archive, member, meter))


def _zip_kind(member: zipfile.ZipInfo) -> str:
    mode = member.external_attr >> 16
    if stat.S_ISLNK(mode):
        return "a symbolic link"
    if member.is_dir():
        return FOLDER
    return "" if stat.S_IFMT(mode) in (0, stat.S_IFREG) else "not a regular file"


def _read_zip_member(path: Path, archive: zipfile.ZipFile, member: zipfile.ZipInfo, meter: _Meter) -> Iterator[bytes]:
    name = quote(member.filename)
    if member.flag_bits & 0x1:
        raise BrokenArchive(path, f"cannot be read: {name} is encrypted", "unpack it, and name the folder")
    # zipfile has no bound on what bzip2 and LZMA return at once.
    if member.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        problem = f"cannot be read: {name} has the compression method {member.compress_type}, not deflate"
        raise BrokenArchive(path, problem, "unpack it, and name the folder")
    with archive.open(member) as data:
        while chunk := data.read(_CHUNK):
            meter.add_bytes(len(chunk))
            yield chunk


def _read_tar(_path: Path, file: BinaryIO, meter: _Meter) -> Iterator[Member]:
    stream = _TarStream(_decompress(file), meter)
    with tarfile.open(fileobj=stream, mode="r:", tarinfo=stream.header_type()) as archive:  # type: ignore[call-overload]
        while (member := archive.next()) is not None:
            archive.members.clear()  # it keeps every member
            meter.add_member()
            if len(archive.pax_headers) > _MOST_GLOBAL_HEADERS:  # each member gets a copy of them
                raise tarfile.ReadError("it has too many global headers")
            meter.require_room(member.size)
            kind = "" if member.isreg() else _KINDS.get(member.type, "not a regular file")
            yield Member(member.name, kind, stream.read_data(0 if kind else member.size))
        stream.finish()


class _TarStream:
    """What `tarfile` reads from: forward only, counted, and with headers that are checked before it parses them.

    `tarfile` of Python 3.11 takes quadratic time for some headers, and reads a header of any size at once.
    """

    def __init__(self, source: BinaryIO, meter: _Meter) -> None:
        self._source, self._meter = source, meter
        self._position = 0
        self._last_block = b""
        self._is_pax = False

    def header_type(self) -> type[tarfile.TarInfo]:
        """Return the class of the headers, which announces to this stream what is read next."""
        stream = self

        class Header(tarfile.TarInfo):
            @classmethod
            def frombuf(cls, buf: bytes | bytearray, encoding: str, errors: str) -> "Header":
                header = super().frombuf(buf, encoding, errors)
                stream._announce(header)
                return header

        return Header

    def _announce(self, header: tarfile.TarInfo) -> None:
        if header.size < 0:
            raise tarfile.ReadError("a member has a negative size")
        if header.type == tarfile.GNUTYPE_SPARSE:
            raise tarfile.ReadError(f"{quote(header.name)} is a sparse file")
        self._is_pax = header.type in (tarfile.XHDTYPE, tarfile.XGLTYPE, tarfile.SOLARIS_XHDTYPE)

    def tell(self) -> int:
        """Return the position."""
        return self._position

    def seek(self, position: int) -> None:
        """Move forward."""
        if position < self._position:
            raise tarfile.ReadError("a header leads back to an earlier one")
        while self._position < position:
            if not self._read(min(_CHUNK, position - self._position)):
                raise tarfile.ReadError("it is truncated")

    def read(self, size: int) -> bytes:
        """Return the next bytes of a header."""
        if not 0 <= size <= _LARGEST_HEADER:
            raise tarfile.ReadError(f"a header has more than {_LARGEST_HEADER:,} bytes")
        data = self._read(size)
        if len(data) < size and self._position > len(data):
            raise tarfile.ReadError("it is truncated")
        self._last_block = data
        if self._is_pax:
            self._is_pax = False
            _check_pax(data)
        return data

    def read_data(self, size: int) -> Iterator[bytes]:
        """Yield the bytes of a member, which begin at the position."""
        while size:
            chunk = self._read(min(size, _CHUNK))
            if not chunk:
                raise tarfile.ReadError("it is truncated")
            size -= len(chunk)
            yield chunk

    def finish(self) -> None:
        """Read what follows the last member, so that a checksum at the end is compared."""
        if self._last_block.strip(b"\0"):
            raise tarfile.ReadError("it has a damaged header")
        while self._read(_CHUNK):
            pass

    def _read(self, size: int) -> bytes:
        parts = []
        while size:
            data = self._source.read(size)
            if not data:
                break
            parts.append(data)
            size -= len(data)
            self._position += len(data)
            self._meter.add_bytes(len(data))
        return b"".join(parts)


_PAX_LENGTH = re.compile(rb"([1-9][0-9]{0,5}) ")
_LONG_DIGITS = re.compile(rb"[0-9]{64}")


def _check_pax(data: bytes) -> None:
    """Check that a pax header consists of records `LENGTH KEY=VALUE` and describes no sparse file."""
    position, end = 0, len(data.rstrip(b"\0"))
    # tarfile searches runs of digits again from each digit.
    is_regular = not _LONG_DIGITS.search(data)
    while is_regular and position < end:
        match = _PAX_LENGTH.match(data, position)
        record = data[match.end() : position + int(match[1])] if match else b""
        key, equals, _ = record.partition(b"=")
        is_regular = bool(key and equals) and record.endswith(b"\n")
        if key.startswith(b"GNU.sparse."):
            raise tarfile.ReadError("it has a sparse file")
        position += int(match[1]) if match else 0
    if not is_regular:
        raise tarfile.ReadError("a pax header is damaged")


def _decompress(file: BinaryIO) -> BinaryIO:
    """Return the uncompressed bytes of a file, as its first bytes say how."""
    magic = file.read(6)
    file.seek(0)
    if magic.startswith(b"\x1f\x8b"):
        return gzip.GzipFile(fileobj=file, mode="rb")  # type: ignore[return-value]
    for start, make_decompressor in _DECOMPRESSORS.items():
        if magic.startswith(start):
            return _Decompressed(file, make_decompressor)  # type: ignore[return-value]
    return file


_DECOMPRESSORS: dict[bytes, Callable[[], Any]] = {
    b"BZh": bz2.BZ2Decompressor,
    b"\xfd7zXZ\0": lambda: lzma.LZMADecompressor(lzma.FORMAT_XZ, _XZ_MEMORY),
    b"\x28\xb5\x2f\xfd": lambda: _zstd().ZstdDecompressor(),
}


class _Decompressed:
    """The uncompressed bytes of one compressed stream after another, a bounded number at a time."""

    def __init__(self, file: BinaryIO, make_decompressor: Callable[[], Any]) -> None:
        self._file, self._make = file, make_decompressor
        self._decompressor = make_decompressor()

    def read(self, size: int) -> bytes:
        """Return at most `size` bytes; none at the end.

        Raises:
            EOFError: The compressed bytes end early.
        """
        while True:
            if self._decompressor.eof:
                rest = self._decompressor.unused_data.lstrip(b"\0") or self._file.read(_CHUNK).lstrip(b"\0")
                if not rest:
                    return b""
                self._decompressor = self._make()
            elif self._decompressor.needs_input:
                rest = self._file.read(_CHUNK)
                if not rest:
                    raise EOFError("it is truncated")
            else:
                rest = b""
            data: bytes = self._decompressor.decompress(rest, size)
            if data:
                return data
