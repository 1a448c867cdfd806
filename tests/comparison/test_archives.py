"""Hostile archives: each gives one line and exit code 2, in bounded time and memory, and nothing outside is touched."""

import bz2
import gzip
import io
import lzma
import random
import resource
import subprocess
import sys
import tarfile
import time
import zipfile
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from annotate.comparison.archives import (
    ArchiveBounds,
    ArchiveTooLarge,
    BrokenArchive,
    format_size,
    read_members,
    unpack_archive,
)
from annotate.comparison.sources import open_version
from annotate.errors import CannotRun
from tests.conftest import BASE, annotate

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

WANTED = {path.relative_to(BASE).as_posix(): path.read_bytes() for path in BASE.rglob("*") if path.is_file()}
MEMORY = 700_000_000
"""Address space of a run: Python with the libraries that `annotate diff` imports takes about 400 MB of it."""


def tar_bytes(
    *members: tuple[tarfile.TarInfo, bytes], corpus: bool = False, format_: int = tarfile.PAX_FORMAT
) -> bytes:
    """A tar of some members, after those of the made-up corpus if asked."""
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w", format=format_) as archive:
        for name, data in WANTED.items() if corpus else ():
            archive.addfile(member(f"port/{name}", size=len(data))[0], io.BytesIO(data))
        for info, data in members:
            archive.addfile(info, io.BytesIO(data))
    return file.getvalue()


def member(
    name: str, data: bytes = b"", type_: bytes = tarfile.REGTYPE, size: int | None = None, **fields: object
) -> tuple[tarfile.TarInfo, bytes]:
    info = tarfile.TarInfo(name)
    info.type, info.size = type_, len(data) if size is None else size
    for field, value in fields.items():
        setattr(info, field, value)
    return info, data


def zip_bytes(*names: str, corpus: bool = False) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in WANTED.items() if corpus else ():
            archive.writestr(name, data)
        for name in names:
            archive.writestr(zipfile.ZipInfo(name), "x")
    return file.getvalue()


def refused(path: Path, *options: str) -> str:
    """What `annotate diff` says of an archive: one line, exit code 2, no trace of it in the folder."""
    before = sorted(path.parent.rglob("*"))
    done = annotate("diff", str(path), str(BASE), *options)
    assert (done.exit_code, done.output.count("\n")) == (2, 1), done.output
    assert done.output.startswith(f"annotate: {path}: ")
    assert sorted(path.parent.rglob("*")) == before
    return done.output


COMPRESSIONS: dict[str, Callable[[bytes], bytes]] = {
    ".tar": lambda data: data,
    ".tar.gz": gzip.compress,
    ".tgz": gzip.compress,
    ".tar.bz2": bz2.compress,
    ".tbz2": bz2.compress,
    ".tar.xz": lzma.compress,
    ".txz": lzma.compress,
    ".tar.zst": zstd.compress,
}


@pytest.mark.parametrize("extension", COMPRESSIONS)
def test_each_compression_gives_the_same_files_whole_or_in_two_streams(tmp_path: Path, extension: str) -> None:
    data, compress = tar_bytes(corpus=True), COMPRESSIONS[extension]
    for name, content in (("one", compress(data)), ("two", compress(data[:700]) + compress(data[700:]))):
        path = tmp_path / f"{name}{extension}"
        path.write_bytes(content)
        with open_version(str(path)) as tree:
            assert {file: tree.read(file) for file in tree.files()} == WANTED


@pytest.mark.parametrize("extension", COMPRESSIONS)
def test_archive_that_is_cut_anywhere_is_refused(tmp_path: Path, extension: str) -> None:
    data = COMPRESSIONS[extension](tar_bytes(corpus=True))
    path = tmp_path / f"a{extension}"
    for length in {*range(0, 64, 9), *range(0, len(data) - 10_240 * (extension == ".tar"), len(data) // 12)}:
        path.write_bytes(data[:length])
        assert "cannot be read: " in refused(path)


@pytest.mark.parametrize("length", [100, 513, 5000])
def test_tar_that_is_damaged_in_the_middle_does_not_end_there(tmp_path: Path, length: int) -> None:
    """tarfile takes a header that it cannot read for the end of the archive."""
    data = bytearray(tar_bytes(corpus=True))
    with tarfile.open(fileobj=io.BytesIO(data)) as archive:
        header = archive.getmembers()[3].offset
    data[header : header + 20] = b"\xff" * 20
    path = tmp_path / "a.tar"
    path.write_bytes(data)
    assert "cannot be read: it has a damaged header" in refused(path)


SPECIAL = {
    "link to nowhere": (member("link", type_=tarfile.SYMTYPE, linkname="nowhere"), "a symbolic link"),
    "link to itself": (member("link", type_=tarfile.SYMTYPE, linkname="link"), "a symbolic link"),
    "link out of it": (member("link", type_=tarfile.SYMTYPE, linkname="/etc/hostname"), "a symbolic link"),
    "hard link to itself": (member("link", type_=tarfile.LNKTYPE, linkname="link"), "a hard link"),
    "hard link to nowhere": (member("link", type_=tarfile.LNKTYPE, linkname="nowhere"), "a hard link"),
    "pipe": (member("pipe", type_=tarfile.FIFOTYPE), "a pipe"),
    "character device": (member("null", type_=tarfile.CHRTYPE, devmajor=1, devminor=3), "a device"),
    "block device": (member("disk", type_=tarfile.BLKTYPE), "a device"),
    "unknown type": (member("what", type_=b"Z"), "not a regular file"),
}


@pytest.mark.parametrize("case", SPECIAL)
def test_member_that_is_not_a_file_is_refused(tmp_path: Path, case: str) -> None:
    info, kind = SPECIAL[case]
    path = tmp_path / "a.tar"
    path.write_bytes(tar_bytes(info, corpus=True))
    assert f"holds '{info[0].name}', which is {kind}; name the archive of a release" in refused(path)


def test_loop_of_links_is_refused(tmp_path: Path) -> None:
    links = (member("a", type_=tarfile.SYMTYPE, linkname="b"), member("b", type_=tarfile.LNKTYPE, linkname="a"))
    path = tmp_path / "a.tar"
    path.write_bytes(tar_bytes(*links))
    assert "holds 'a', which is a symbolic link" in refused(path)


NAMES = {
    "../out": "leads out of it",
    "/out": "leads out of it",
    "a/../../out": "leads out of it",
    "C:/out": "leads out of it",
    "c:out": "leads out of it",
    "a\\..\\out": "a backslash",
    "a\nb": "a control character",
    "a\x1b[31mb": "a control character",
    "a\x7fb": "a control character",
    "a\udce9b": "a byte that is not UTF-8",
    "a/" * 60 + "b": "50 folders",
    "a" * 1100: "1000 characters",
}


@pytest.mark.parametrize("name", NAMES)
def test_name_that_is_no_path_in_the_archive_is_refused(tmp_path: Path, name: str) -> None:
    path = tmp_path / "a.tar"
    path.write_bytes(tar_bytes(member(name, b"x"), corpus=True, format_=tarfile.GNU_FORMAT))
    assert NAMES[name] in refused(path)
    if name.isprintable():
        path = tmp_path / "a.zip"
        path.write_bytes(zip_bytes(name, corpus=True))
        assert NAMES[name] in refused(path)
    assert not (tmp_path / "out").exists()


def test_zip_whose_name_has_a_nul_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.zip"
    path.write_bytes(zip_bytes("aQb", corpus=True).replace(b"aQb", b"a\0b"))
    assert "a control character" in refused(path)


@pytest.mark.parametrize(
    ("names", "problem"),
    [
        (("a", "a"), "whose name occurs twice"),
        (("a", "./a"), "whose name occurs twice"),
        (("a", "A"), "whose name occurs twice"),
        (("\u00e9", "e\u0301"), "whose name occurs twice"),
        (("a", "a/b"), "whose name is a file and a folder"),
        (("a/b", "a"), "whose name occurs twice"),
    ],
)
@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_two_members_for_one_path_are_refused(tmp_path: Path, names: tuple[str, str], problem: str) -> None:
    path = tmp_path / "a.zip"
    path.write_bytes(zip_bytes(*names, corpus=True))
    assert problem in refused(path)
    path = tmp_path / "a.tar"
    path.write_bytes(tar_bytes(*(member(name) for name in names), corpus=True))
    assert problem in refused(path)


def test_folders_may_be_listed_after_their_files(tmp_path: Path) -> None:
    path = tmp_path / "a.tar"
    folders = [member(name, type_=tarfile.DIRTYPE) for name in ("port/corpus", "port/", ".")]
    path.write_bytes(tar_bytes(*folders, corpus=True))
    with open_version(str(path)) as tree:
        assert {file: tree.read(file) for file in tree.files()} == WANTED


def encrypted(data: bytes) -> bytes:
    """Set the flag of encryption in every header."""
    changed = bytearray(data)
    for magic, flags in ((b"PK\1\2", 8), (b"PK\3\4", 6)):
        position = changed.find(magic)
        while position >= 0:
            changed[position + flags] |= 1
            position = changed.find(magic, position + 4)
    return bytes(changed)


def test_encrypted_zip_is_refused_with_the_way_out(tmp_path: Path) -> None:
    path = tmp_path / "a.zip"
    path.write_bytes(encrypted(zip_bytes(corpus=True)))
    assert "is encrypted; unpack it, and name the folder" in refused(path)


@pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_zip_with_a_compression_that_has_no_bound_is_refused(tmp_path: Path, method: int) -> None:
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w", method) as archive:
        archive.writestr("a", b"0" * 1000)
    assert f"the compression method {method}, not deflate; unpack it" in refused(path)


def test_zip_with_an_unknown_compression_is_refused(tmp_path: Path) -> None:
    data = bytearray(zip_bytes("a"))
    for magic, offset in ((b"PK\1\2", 10), (b"PK\3\4", 8)):
        data[data.find(magic) + offset] = 99
    path = tmp_path / "a.zip"
    path.write_bytes(data)
    assert "the compression method 99, not deflate; unpack it" in refused(path)


def test_zip_with_a_link_or_a_pipe_is_refused(tmp_path: Path) -> None:
    for mode, kind in ((0o120777, "a symbolic link"), (0o010644, "not a regular file")):
        path = tmp_path / "a.zip"
        with zipfile.ZipFile(path, "w") as archive:
            info = zipfile.ZipInfo("special")
            info.external_attr = mode << 16
            archive.writestr(info, "/etc/hostname")
        assert f"holds 'special', which is {kind}" in refused(path)


def pax(*records: bytes, type_: bytes = tarfile.XHDTYPE) -> bytes:
    """A pax header of raw bytes, which need not be records."""
    data = b"".join(records)
    info, _ = member("header", type_=type_, size=len(data))
    return info.tobuf(tarfile.USTAR_FORMAT) + data + b"\0" * (-len(data) % 512)


def record(key: bytes, value: bytes) -> bytes:
    body = b" " + key + b"=" + value + b"\n"
    length = len(body) + 1
    while len(str(length)) + len(body) != length:
        length += 1
    return str(length).encode() + body


FILE = member("a", b"x")[0].tobuf(tarfile.USTAR_FORMAT) + b"x".ljust(512, b"\0")
END = b"\0" * 1024
HEADERS = {
    "records of 2 bytes": pax(b"2 " * 8000),
    "a run of digits": pax(record(b"comment", b"1" * 16_000)),
    "no records": pax(b"\xff" * 3000),
    "a length of nought": pax(b"0 a=b\n"),
    "a length beyond the end": pax(b"999999 a=b\n"),
    "a record without a line end": pax(b"6 a=bc"),
    "a negative size": pax(record(b"size", b"-512")),
    "a size beyond the end": pax(record(b"size", b"1" * 18)),
    "a size of 60 digits": pax(record(b"size", b"9" * 60)),
    "a sparse file of pax": pax(record(b"GNU.sparse.size", b"1" * 12), record(b"GNU.sparse.numblocks", b"0")),
    "a sparse file of pax 1.0": pax(record(b"GNU.sparse.major", b"1"), record(b"GNU.sparse.minor", b"0")),
    "a larger header": pax(record(b"comment", b"x" * 20_000)),
    "a global header that is larger": pax(record(b"comment", b"x" * 20_000), type_=tarfile.XGLTYPE),
    "global headers": pax(*(record(b"k%d" % number, b"v") for number in range(200)), type_=tarfile.XGLTYPE),
    "headers without an end": pax(record(b"a", b"b")) * 3000,
    "long names without an end": member("././@LongLink", type_=tarfile.GNUTYPE_LONGNAME, size=2)[0].tobuf() * 3000,
}


@pytest.mark.parametrize("case", HEADERS)
def test_header_that_makes_no_sense_is_refused_fast(tmp_path: Path, case: str) -> None:
    path = tmp_path / "a.tar"
    path.write_bytes(HEADERS[case] + FILE + END)
    start = time.perf_counter()
    problem = "unpacks to more than 200 times its size" if case.startswith("a size") else "cannot be read: "
    assert problem in refused(path)
    assert time.perf_counter() - start < 2


def test_header_that_is_announced_to_be_huge_is_not_read(tmp_path: Path) -> None:
    for type_ in (tarfile.XHDTYPE, tarfile.GNUTYPE_LONGNAME, tarfile.GNUTYPE_LONGLINK):
        path = tmp_path / "a.tar"
        path.write_bytes(member("a", type_=type_, size=8 << 30)[0].tobuf(tarfile.GNU_FORMAT) + END)
        assert "a header has more than 16,384 bytes" in refused(path)


def test_pax_header_that_names_a_file_is_read(tmp_path: Path) -> None:
    path = tmp_path / "a.tar"
    path.write_bytes(pax(record(b"path", "d\u00e9pos/a".encode()), record(b"mtime", b"nan")) + FILE + END)
    assert [(entry.name, b"".join(entry.chunks)) for entry in read_members(path)] == [("d\u00e9pos/a", b"x")]


def test_sparse_file_is_refused(tmp_path: Path) -> None:
    source = tmp_path / "holes"
    with source.open("wb") as file:
        file.truncate(1 << 30)
    subprocess.run(["tar", "--sparse", "--format=gnu", "-cf", "a.tar", "holes"], cwd=tmp_path, check=True)
    source.unlink()
    assert "'holes' is a sparse file" in refused(tmp_path / "a.tar")


def test_size_that_leads_back_is_refused(tmp_path: Path) -> None:
    header = bytearray(member("a")[0].tobuf(tarfile.USTAR_FORMAT))
    header[124:136] = b"\xff" * 10 + (-1024 & 0xFFFF).to_bytes(2, "big")
    header[148:156] = b" " * 8
    header[148:156] = b"%06o\0 " % sum(header)
    path = tmp_path / "a.tar"
    path.write_bytes(FILE + bytes(header) + END)
    assert "a member has a negative size" in refused(path)


@pytest.mark.parametrize(
    ("options", "problem"),
    [
        (
            ("--max-members", "3"),
            "holds more than 3 files and folders; if you trust it, unpack it and name the folder, ",
        ),
        (("--max-unpacked", "1kB"), "unpacks to more than 1 kB; if you trust it, unpack it and name the folder, "),
    ],
)
def test_bound_is_named_with_the_option_that_raises_it(tmp_path: Path, options: tuple[str, str], problem: str) -> None:
    for name, data in (("a.zip", zip_bytes(corpus=True)), ("a.tar.gz", gzip.compress(tar_bytes(corpus=True)))):
        (tmp_path / name).write_bytes(data)
        assert f"{problem}or raise {options[0]}"[-60:] in refused(tmp_path / name, *options).replace("or or", "or")
        assert (
            annotate("diff", str(tmp_path / name), str(BASE), options[0], "20000").exit_code == 0 or "kB" in options[1]
        )


@pytest.mark.parametrize("size", ["0", "-1", "x", "1XB", "1e9", "", "1 GB GB"])
def test_size_that_is_none_is_refused(size: str) -> None:
    done = annotate("diff", str(BASE), str(BASE), "--max-unpacked", size)
    assert (done.exit_code, "is not a size; write a number and a unit" in done.output) == (2, True)


def test_sizes_are_shown_in_units() -> None:
    assert [format_size(size) for size in (1, 1000, 2_000_000_000, 1500, 3 * 10**15)] == [
        "1 B",
        "1 kB",
        "2 GB",
        "1,500 B",
        "3,000 TB",
    ]


def test_member_that_is_announced_to_be_too_large_is_not_written(tmp_path: Path) -> None:
    path = tmp_path / "a.tar.gz"
    path.write_bytes(gzip.compress(member("a", size=3 << 30)[0].tobuf()))
    assert "unpacks to more than 200 times its size" in refused(path)


def zeros(count: int) -> Iterator[bytes]:
    yield from (b"\0" * (1 << 20) for _ in range(count))


def bomb_gz(path: Path) -> None:
    """3 GB of a member of noughts, in 3 MB. One compressed stream may follow another."""
    part = gzip.compress(b"\0" * (64 << 20))
    info, _ = member("corpus/articles/a.txt", size=3 << 30)
    path.write_bytes(gzip.compress(info.tobuf()) + part * 48)


def bomb_of_members(path: Path) -> None:
    """1,000 members of 2 MB."""
    noughts = gzip.compress(b"\0" * (2 << 20))
    path.write_bytes(b"".join(gzip.compress(member(f"{n}", size=2 << 20)[0].tobuf(), 1) + noughts for n in range(1000)))


def bomb_bz2(path: Path) -> None:
    part = bz2.compress(b"\0" * (64 << 20))
    info, _ = member("corpus/articles/a.txt", size=3 << 30)
    path.write_bytes(bz2.compress(info.tobuf()) + part * 48)


def bomb_xz(path: Path) -> None:
    part = lzma.compress(b"\0" * (64 << 20), preset=0)
    info, _ = member("corpus/articles/a.txt", size=3 << 30)
    path.write_bytes(lzma.compress(info.tobuf()) + part * 48)


def bomb_xz_dictionary(path: Path) -> None:
    """A stream that asks for a dictionary of 1.5 GB."""
    filters = [{"id": lzma.FILTER_LZMA2, "preset": 0, "dict_size": 16 << 20}]
    data = bytearray(lzma.compress(tar_bytes(corpus=True), filters=filters))
    # The block header has the size of the dictionary in one byte; its checksum follows.
    header = data[12 : 12 + (data[12] + 1) * 4]
    header[4] = 40
    header[-4:] = zlib.crc32(bytes(header[:-4])).to_bytes(4, "little")
    data[12 : 12 + len(header)] = header
    path.write_bytes(data)


def bomb_zst(path: Path) -> None:
    part = zstd.compress(b"\0" * (64 << 20))
    info, _ = member("corpus/articles/a.txt", size=3 << 30)
    path.write_bytes(zstd.compress(info.tobuf()) + part * 48)


def bomb_zip(path: Path) -> None:
    with (
        zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive,
        archive.open("corpus/articles/a.txt", "w", force_zip64=True) as file,
    ):
        for part in zeros(1024):
            file.write(part)


def bomb_of_overlaps(path: Path) -> None:
    """Many entries of the central directory for one member of 10 MB, as in the bombs of David Fifield."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a", b"\0" * 10_000_000)
        (info,) = archive.infolist()
        for number in range(500):
            twin = zipfile.ZipInfo(f"a{number}")
            for field in ("CRC", "compress_size", "file_size", "header_offset", "compress_type"):
                setattr(twin, field, getattr(info, field))
            archive.filelist.append(twin)
    path.write_bytes(file.getvalue())


def bomb_that_lies(path: Path) -> None:
    """A member that says it has 5 bytes and has 50 MB."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a", b"\0" * 50_000_000)
        archive.infolist()[0].file_size = 5
    path.write_bytes(file.getvalue())


BOMBS = {
    "a.tar.gz": (bomb_gz, "unpacks to more than 200 times its size"),
    "b.tar.gz": (bomb_of_members, "unpacks to more than 200 times its size"),
    "a.tar.bz2": (bomb_bz2, "unpacks to more than 200 times its size"),
    "a.tar.xz": (bomb_xz, "unpacks to more than 200 times its size"),
    "b.tar.xz": (bomb_xz_dictionary, "memory usage limit"),
    "a.tar.zst": (bomb_zst, "unpacks to more than 200 times its size"),
    "a.zip": (bomb_zip, "unpacks to more than 200 times its size"),
    "overlaps.zip": (bomb_of_overlaps, "unpacks to more than 200 times its size"),
    "lies.zip": (bomb_that_lies, "cannot be read: "),
}


def limited(*words: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    """Run the program with a bound on its memory."""

    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))

    return subprocess.run(
        [sys.executable, "-m", "annotate", *words],
        cwd=cwd,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
        preexec_fn=limit,
    )


@pytest.mark.parametrize("name", BOMBS)
def test_bomb_is_refused_in_little_memory(tmp_path: Path, name: str) -> None:
    make, problem = BOMBS[name]
    make(tmp_path / name)
    assert (tmp_path / name).stat().st_size < 20_000_000
    start = time.perf_counter()
    done = limited("diff", name, str(BASE), cwd=tmp_path)
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (2, "", 1), done.stderr
    assert problem in done.stderr
    assert time.perf_counter() - start < 20


def test_member_of_a_gigabyte_is_read_in_little_memory(tmp_path: Path) -> None:
    """With the bounds raised, the size of a member costs disk and no memory."""
    path = tmp_path / "large.tar.gz"
    info, _ = member("large", size=300 << 20)
    with gzip.open(path, "wb", compresslevel=1) as file:
        file.write(info.tobuf())
        for part in zeros(300):
            file.write(part)
        file.write(END)
    done = limited("diff", path.name, str(BASE), "--max-ratio", "2000", cwd=tmp_path)
    assert (done.returncode, done.stderr.count("\n")) == (2, 1), done.stderr
    assert "holds no corpus/ and schema/" in done.stderr


def test_many_empty_members_are_read_in_linear_time(tmp_path: Path) -> None:
    seconds = []
    for count in (10_000, 40_000):
        header = member("a")[0]
        path = tmp_path / f"{count}.tar.gz"
        with gzip.open(path, "wb", compresslevel=1) as file:
            for number in range(count):
                header.name = f"corpus/articles/{number}.txt"
                file.write(header.tobuf())
            file.write(END)
        start = time.perf_counter()
        assert sum(1 for _ in read_members(path)) == count
        seconds.append(time.perf_counter() - start)
    assert seconds[1] < 8 * seconds[0] + 0.5


def test_folders_that_names_make_count_as_members(tmp_path: Path) -> None:
    path = tmp_path / "a.tar"
    path.write_bytes(tar_bytes(*(member(f"{number}/" + "a/" * 40 + "f") for number in range(50))))
    with (
        pytest.raises(ArchiveTooLarge, match="more than 1,000 files and folders"),
        unpack_archive(path, ArchiveBounds(members=1000)),
    ):
        pass


@pytest.mark.parametrize("name", ["a.tar", "a.tar.gz", "a.zip"])
def test_damage_anywhere_is_one_line_or_harmless(tmp_path: Path, name: str) -> None:
    """Hundreds of random changes: an archive is read, or refused with an error that names it."""
    corpus = tar_bytes(*(member(f"d/{number}", b"text" * number) for number in range(9)), corpus=False)
    data = {"a.tar": corpus, "a.tar.gz": gzip.compress(corpus), "a.zip": zip_bytes("a", "b/c", "b/d")}[name]
    path, chance = tmp_path / name, random.Random(7)  # noqa: S311 - for repeatable damage
    refusals = []
    for _ in range(400):
        changed = bytearray(data)
        for _ in range(chance.choice((1, 1, 2, 8))):
            changed[chance.randrange(len(data))] = chance.choice((0, 1, 0x2D, 0x39, 0x7F, 0xFF, chance.randrange(256)))
        path.write_bytes(changed)
        try:
            with unpack_archive(path):
                pass
        except CannotRun as error:
            refusals.append(str(error))
    assert len(refusals) > 40
    assert [line for line in refusals if "\n" in line or not line.startswith(f"{path}: ")] == []


def test_broken_archive_is_told_from_one_that_is_too_large(tmp_path: Path) -> None:
    path = tmp_path / "a.tar"
    path.write_bytes(tar_bytes(member("a", b"x" * 2000)))
    with pytest.raises(ArchiveTooLarge):
        list(read_members(path, ArchiveBounds(unpacked=1000)))
    path.write_bytes(path.read_bytes()[:700])
    with pytest.raises(BrokenArchive):
        [list(entry.chunks) for entry in read_members(path)]
