"""Files are read as `pathlib` reads them, and written completely or not at all."""

import fcntl
import os
import stat
from pathlib import Path

import pytest

from annotate.errors import CannotRun
from annotate.util.files import (
    PART_SUFFIX,
    FileToWrite,
    read_raw,
    read_raw_if_present,
    read_rest,
    read_stamp,
    remove_leftovers,
    write_atomically,
    write_files,
)


def test_only_regular_files_are_read(folder: Path) -> None:
    os.mkfifo(folder / "pipe")
    (folder / "empty").touch()
    (folder / "large").write_bytes(b"x" * (1 << 20))
    for name in ("a.txt", "link.json", "empty", "large"):
        data = (folder / name).read_bytes()
        assert read_raw_if_present(str(folder / name)) == read_raw(str(folder / name)) == data
    for name in ("nowhere", "a.txt/b"):
        assert read_raw_if_present(str(folder / name)) is None
    for name in ("deep", "pipe", "nowhere", "broken.json", "a.txt/b"):
        assert read_stamp(str(folder / name)) is None
    assert (
        read_stamp(str(folder / "link.json")) == read_stamp(str(folder / "b.json")) != read_stamp(str(folder / "empty"))
    )


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("deep", "Is a directory"),
        ("pipe", "is not a regular file"),
        ("broken.json", "No such file"),
        ("circle", "Too many levels"),
        ("x" * 5000, "File name too long"),
    ],
)
def test_unreadable_path_is_an_error(folder: Path, name: str, message: str) -> None:
    """Reading a pipe does not wait for its writer."""
    os.mkfifo(folder / "pipe")
    (folder / "circle").symlink_to("circle")
    for read in (read_raw, read_raw_if_present):
        with pytest.raises(OSError, match=message):
            read(str(folder / name))
    with pytest.raises(FileNotFoundError, match="nowhere"):
        read_raw(str(folder / "nowhere"))


def test_file_with_a_wrong_size_is_read_to_its_end() -> None:
    """Some network drives report no size."""
    read, write = os.pipe()
    os.write(write, b"x" * 5000)
    os.close(write)
    try:
        assert read_rest(read, 0) == b"x" * 5000
    finally:
        os.close(read)


def test_write_sets_the_mode_and_leaves_no_temporary_file(tmp_path: Path) -> None:
    write_atomically(tmp_path / "deep" / "a.json", b"new", mode=0o600)
    assert stat.S_IMODE((tmp_path / "deep" / "a.json").stat().st_mode) == 0o600
    assert [file.name for file in (tmp_path / "deep").iterdir()] == ["a.json"]


def test_files_are_written_completely_or_not_at_all(tmp_path: Path) -> None:
    several = [
        FileToWrite(tmp_path / folder / f"{number}.json", b"new", 0o600) for number in range(150) for folder in "ab"
    ]
    write_files(several)
    assert {file.path.read_bytes() for file in several} == {b"new"}
    assert {stat.S_IMODE(file.path.stat().st_mode) for file in several} == {0o600}

    (tmp_path / "c").write_bytes(b"no folder")
    with pytest.raises(CannotRun, match=r"c/3\.json: cannot be written: file exists"):
        write_files([several[0]._replace(data=b"newer"), FileToWrite(tmp_path / "c" / "3.json", b"new")])
    assert several[0].path.read_bytes() == b"new"
    assert sorted(tmp_path.rglob("*")) == sorted({tmp_path / "c", *(file.path for file in several)} | _folders(several))


def _folders(files: list[FileToWrite]) -> set[Path]:
    return {file.path.parent for file in files}


def test_only_temporary_files_of_killed_writers_are_removed(tmp_path: Path) -> None:
    """A running writer holds a lock on its file; a killed one does not."""
    ours = [tmp_path / "deep" / f".a.json.12ab_678{PART_SUFFIX}", tmp_path / "but" / f".b.json.abcdefgh{PART_SUFFIX}"]
    others = [
        tmp_path / name for name in (".gitignore", ".a.json.swp", f"a.json{PART_SUFFIX}", "a.json", f".a{PART_SUFFIX}")
    ]
    written = tmp_path / f".c.json.abcdefgh{PART_SUFFIX}"
    for path in (*ours, *others, written):
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(b"half")
    with written.open("rb") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        remove_leftovers(tmp_path, skip="but")
    assert {path for path in (*ours, *others, written) if path.exists()} == {ours[1], *others, written}
    remove_leftovers(tmp_path / "nowhere")


def test_pipes_and_links_with_the_name_of_a_temporary_file_stay(tmp_path: Path) -> None:
    """Opening a pipe would wait for its writer."""
    pipe, link = tmp_path / f".a.abcdefgh{PART_SUFFIX}", tmp_path / f".b.abcdefgh{PART_SUFFIX}"
    os.mkfifo(pipe)
    (tmp_path / "file").touch()
    link.symlink_to("file")
    remove_leftovers(tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted([pipe.name, link.name, "file"])


@pytest.mark.parametrize("link", ["a", "a/b", "a/b/c.json"])
@pytest.mark.parametrize("target", ["elsewhere", "nowhere"])
def test_nothing_is_written_behind_a_link(tmp_path: Path, link: str, target: str) -> None:
    root = tmp_path / "root"
    (root / link).parent.mkdir(parents=True)
    (tmp_path / "elsewhere").mkdir()
    (root / link).symlink_to(tmp_path / target)
    file, other = root / "a" / "b" / "c.json", root / "other.json"
    with pytest.raises(CannotRun, match=r"is a link, and nothing is written behind it"):
        write_files([FileToWrite(other, b"x", within=root), FileToWrite(file, b"x", within=root)])
    assert not other.exists()
    assert not list((tmp_path / "elsewhere").iterdir())
    assert not (tmp_path / "nowhere").exists()
    assert (root / link).is_symlink()
