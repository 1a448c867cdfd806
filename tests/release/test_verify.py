"""A downloaded release: every changed byte is found, with text and without, and git is not needed."""

import gzip
import hashlib
import io
import json
import os
import shutil
import tarfile
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from annotate.errors import CannotRun
from annotate.release.verify import verify
from tests.comparison.test_archives import limited
from tests.conftest import annotate
from tests.release.conftest import VERSION, Maintained
from tests.test_faults import forbid

GOLD = "dataset/data/articles/train-00000-of-00001.parquet"


@pytest.fixture
def folder(released_root: Path, tmp_path: Path) -> Path:
    """Return the folder alone, as after a download."""
    target = tmp_path / "download"
    shutil.copytree(released_root / "dist" / "release" / VERSION, target)
    return target


def update_sums(folder: Path, name: str) -> None:
    """Put a file's new hash into the sums, as a person would who changed both."""
    sums, data = folder / "SHA256SUMS", (folder / name).read_bytes()
    lines = [line for line in sums.read_text().splitlines() if not line.endswith(f"  {name}")]
    sums.write_text("\n".join([*lines, f"{hashlib.sha256(data).hexdigest()}  {name}"]) + "\n")


def test_download_is_as_it_was_released(folder: Path) -> None:
    assert list(verify(folder)) == []


def test_every_file_counts_by_one_byte(folder: Path) -> None:
    names = sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())
    assert len(names) > 20
    for name in names:
        path = folder / name
        whole = path.read_bytes()
        path.write_bytes(whole[:-2] + bytes([whole[-2] ^ 1]) + whole[-1:])
        (problem, *more) = verify(folder)
        assert name == "SHA256SUMS" or (problem, more) == (f"{name} was changed", [])
        path.unlink()
        assert list(verify(folder)) == [f"{name} is missing"]
        path.write_bytes(whole)
    assert list(verify(folder)) == []


def test_extra_file_is_found(folder: Path) -> None:
    (folder / "dataset" / "extra.txt").write_text("")
    (folder / "link").symlink_to(folder / "release.json")
    assert list(verify(folder)) == ["dataset/extra.txt was added", "link was added"]


def test_unreadable_file_is_reported_and_a_pipe_does_not_block(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (folder / "page.html").unlink()
    os.mkfifo(folder / "page.html")
    assert list(verify(folder)) == ["page.html cannot be read: is not a regular file"]
    (folder / "page.html").unlink()
    (folder / "page.html").touch()
    forbid(monkeypatch, "open", "page.html")
    assert list(verify(folder)) == ["page.html cannot be read: permission denied"]
    forbid(monkeypatch, "open", "SHA256SUMS")
    with pytest.raises(CannotRun, match="SHA256SUMS: permission denied; "):
        list(verify(folder))


def test_damaged_line_of_the_sums_is_found(folder: Path) -> None:
    sums = folder / "SHA256SUMS"
    first, *rest = sums.read_text().splitlines()
    sums.write_text("\n".join(["x" + first, *rest]) + "\n")
    assert list(verify(folder)) == ["SHA256SUMS cannot be read in line 1", f"{first[66:]} was added"]


def test_other_values_with_valid_sums_are_found(folder: Path) -> None:
    path = folder / GOLD
    table = pq.read_table(path)
    titles = pa.array(["Another"] * len(table), pa.string())
    pq.write_table(table.set_column(table.column_names.index("title"), table.schema.field("title"), titles), path)
    update_sums(folder, GOLD)
    assert f"{GOLD} is not the file that its manifest lists" in list(verify(folder))


def test_an_inventory_or_a_page_under_true_sums_is_found(folder: Path) -> None:
    for name in ("dataset/schema/labels.yaml", "dataset/classes.json"):
        (folder / name).write_bytes((folder / name).read_bytes() + b"\n")
        update_sums(folder, name)
    assert list(verify(folder)) == [
        f"dataset/{name} is not the file that its manifest lists" for name in ("classes.json", "schema/labels.yaml")
    ]


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        (b"harbour master", b"\xffarbour master", f"{GOLD}, row 0, column 'text' is not UTF-8 at byte "),
        (b"rights", b"ri\xffhts", f"{GOLD} the name of column b'ri\\xffhts' is not UTF-8"),
        (b"PAR1", b"PAR2", f"{GOLD} is not Parquet: "),
    ],
)
def test_table_that_is_not_utf8_under_true_hashes_is_found(folder: Path, old: bytes, new: bytes, says: str) -> None:
    """The manifest and the sums list the file as it is."""
    path, manifest = folder / GOLD, folder / "dataset" / "manifest.json"
    pq.write_table(pq.read_table(path), path, use_dictionary=False, compression="none")
    data = path.read_bytes()
    assert old in data
    path.write_bytes(data.replace(old, new))
    listed = json.loads(manifest.read_text())
    for table in listed["tables"]:
        if f"dataset/{table['file']}" == GOLD:
            table["sha256"] = hashlib.sha256(path.read_bytes()).hexdigest()
    manifest.write_text(json.dumps(listed))
    update_sums(folder, GOLD)
    update_sums(folder, "dataset/manifest.json")
    assert [problem for problem in verify(folder) if problem.startswith(says)] != []


def test_sums_that_differ_from_the_tag_are_found(folder: Path) -> None:
    (folder / "provenance.json").write_text("{}\n")
    update_sums(folder, "provenance.json")
    assert list(verify(folder)) == []
    (problem,) = verify(folder, "0" * 64)
    assert problem.startswith("SHA256SUMS is not the one that was released: its SHA-256 is ")


def test_other_sources_with_valid_sums_are_found(folder: Path, released: Maintained) -> None:
    from annotate.release.bundle import write_archive

    name = f"sources-{VERSION}.tar.gz"
    released.replace("corpus/articles/market.json", "Made up", "Taken over")
    names = [line for line in released.git("ls-files").splitlines() if line.startswith(("corpus/", "schema/"))]
    write_archive(folder / name, ((n, released.path(n).read_bytes()) for n in sorted(names)), f"sources-{VERSION}")
    update_sums(folder, name)
    problems = list(verify(folder))
    assert f"{name}: corpus/articles/market.json was changed" in problems
    assert f"{name}: CITATION.cff is missing" in problems


def test_damaged_archive_under_true_sums_is_found(folder: Path) -> None:
    name = f"sources-{VERSION}.tar.gz"
    (folder / name).write_bytes((folder / name).read_bytes()[:400])
    update_sums(folder, name)
    (problem,) = verify(folder)
    assert problem.startswith(f"{name} cannot be read: ")


@pytest.mark.parametrize(
    ("name", "old", "new", "words"),
    [
        ("release.json", "annotate release 1", "annotate release 2", "reads 'annotate release 1'; install the version"),
        ("release.json", '"files"', '"folders"', "is not a release manifest"),
    ],
)
def test_manifest_that_cannot_be_read_is_one_line(folder: Path, name: str, old: str, new: str, words: str) -> None:
    text = (folder / name).read_text()
    (folder / name).write_text(text.replace(old, new, 1))
    update_sums(folder, name)
    done = annotate("release", "verify", str(folder))
    assert (done.exit_code, done.output.count("\n"), words in done.output) == (2, 1, True), done.output


def test_path_that_is_not_a_release_is_one_line(tmp_path: Path) -> None:
    for place in (tmp_path, tmp_path / "nowhere"):
        done = annotate("release", "verify", str(place))
        assert (done.exit_code, done.output.count("\n")) == (2, 1)
        assert "is not a release folder; name the folder that SHA256SUMS is in" in done.output


def test_findings_are_lines_and_exit_code_1(folder: Path) -> None:
    (folder / GOLD).unlink()
    done = annotate("release", "verify", str(folder))
    assert (done.exit_code, done.output) == (1, f"{folder}: {GOLD} is missing\n")


def pack(folder: Path, *members: tuple[tarfile.TarInfo, bytes]) -> str:
    """Append members to the source archive, and update the sums as an attacker would."""
    name = f"sources-{VERSION}.tar.gz"
    with tarfile.open(folder / name) as archive:
        entries = [(entry, data.read()) for entry in archive if entry.isreg() and (data := archive.extractfile(entry))]
    added = {entry.name for entry, _ in members}
    with tarfile.open(folder / name, "w:gz") as archive:
        for entry, content in (*((e, c) for e, c in entries if e.name not in added), *members):
            archive.addfile(entry, io.BytesIO(content))
    update_sums(folder, name)
    return name


SPECIAL = {
    "nowhere": (tarfile.SYMTYPE, "nowhere"),
    "itself": (tarfile.SYMTYPE, "itself"),
    "out": (tarfile.SYMTYPE, "../../../../etc/hostname"),
    "hard link to itself": (tarfile.LNKTYPE, f"sources-{VERSION}/hard link to itself"),
    "pipe": (tarfile.FIFOTYPE, ""),
    "device": (tarfile.CHRTYPE, ""),
    "folder": (tarfile.DIRTYPE, ""),
}


@pytest.mark.parametrize("name", [*SPECIAL, "corpus/articles/market.json"])
def test_member_that_is_not_a_file_is_a_difference(folder: Path, name: str) -> None:
    """One of the released files, too, may be replaced by a link or a folder."""
    for type_, target in [SPECIAL[name]] if name in SPECIAL else SPECIAL.values():
        member = tarfile.TarInfo(f"sources-{VERSION}/{name}")
        member.type, member.linkname = type_, target
        archive = pack(folder, (member, b""))
        assert list(verify(folder)) == [f"{archive}: {name} is not a regular file"]


def test_member_that_occurs_twice_is_a_difference(folder: Path) -> None:
    members = [tarfile.TarInfo(f"sources-{VERSION}/corpus/articles/market.json") for _ in range(2)]
    archive = pack(folder, *((member, b"") for member in members))
    assert f"{archive}: corpus/articles/market.json is in it twice" in list(verify(folder))


def test_member_with_a_hostile_name_is_one_line(folder: Path) -> None:
    archive = pack(folder, (tarfile.TarInfo(f"sources-{VERSION}/a\nb\x1b[31m"), b""))
    assert list(verify(folder)) == [rf"{archive}: a\nb\x1b[31m was added"]


def test_archive_beyond_a_bound_is_one_line(folder: Path) -> None:
    done = annotate("release", "verify", str(folder), "--max-unpacked", "10kB")
    assert (done.exit_code, done.output.count("\n")) == (2, 1), done.output
    assert "unpacks to more than 10 kB; if you trust it, unpack it and name the folder, or raise" in done.output


def test_large_member_is_hashed_in_pieces(folder: Path) -> None:
    """300 MB in one member, with 700 MB of address space."""
    name, size = f"sources-{VERSION}.tar.gz", 300 << 20
    member = tarfile.TarInfo(f"sources-{VERSION}/large")
    member.size = size
    with gzip.open(folder / name, "wb", compresslevel=1) as file:
        file.write(member.tobuf())
        for _ in range(300):
            file.write(b"\0" * (1 << 20))
        file.write(b"\0" * 1024)
    with (folder / "extra").open("wb") as file:
        file.truncate(750_000_000)
    update_sums(folder, name)
    with (folder / "SHA256SUMS").open("a") as file:
        file.write(f"{'0' * 64}  extra\n")
    done = limited("release", "verify", str(folder), cwd=folder)
    assert (done.returncode, done.stdout) == (1, f"{folder}: extra was changed\n"), done.stderr
    (folder / "extra").unlink()
    update_sums(folder, name)
    sums = folder / "SHA256SUMS"
    sums.write_text("".join(line for line in sums.read_text().splitlines(keepends=True) if "  extra" not in line))
    done = limited("release", "verify", str(folder), "--all", "--max-ratio", "2000", cwd=folder)
    assert (done.returncode, f"{name}: large was added" in done.stdout) == (1, True), done.stderr


@pytest.mark.parametrize("name", ["../../secret", "{outside}/secret", "link/secret", "./data", "a\nb"])
def test_manifest_never_makes_verify_open_a_file_outside(folder: Path, name: str) -> None:
    outside = folder.parent / "outside"
    outside.mkdir()
    os.mkfifo(outside / "secret")  # whoever opens it waits forever
    os.mkfifo(folder.parent / "secret")
    name = name.format(outside=outside)
    for file, key in (("dataset/manifest.json", "file"), ("release.json", "version")):
        whole = (folder / file).read_bytes()
        value = json.loads(whole)
        (value["tables"][0] if key == "file" else value)[key] = name
        (folder / file).write_text(json.dumps(value))
        update_sums(folder, file)
        problems = list(verify(folder))
        shown = repr(name)[1:-1]
        expected = {f"dataset/{shown} is missing", "dataset/manifest.json is not a readable manifest"}
        assert (expected if key == "file" else {f"sources-{shown}.tar.gz is missing"}) & {*problems}
        (folder / file).write_bytes(whole)
        update_sums(folder, file)


def test_sums_that_are_a_link_are_not_read(folder: Path) -> None:
    sums = folder / "SHA256SUMS"
    sums.rename(folder.parent / "sums")
    sums.symlink_to(folder.parent / "sums")
    assert list(verify(folder)) == ["SHA256SUMS is a link"]


@pytest.mark.parametrize("file", ["release.json", "dataset/manifest.json"])
@pytest.mark.parametrize("data", [b"[" * 200_000, b'{"format": ' + b'{"a":' * 100_000, b"\xff", b""])
def test_manifest_of_any_bytes_is_one_line(folder: Path, file: str, data: bytes) -> None:
    (folder / file).write_bytes(data)
    update_sums(folder, file)
    done = annotate("release", "verify", str(folder))
    assert done.exit_code == (2 if file == "release.json" else 1), done.output
    assert "is not a release manifest" in done.output or "is not a readable manifest" in done.output
