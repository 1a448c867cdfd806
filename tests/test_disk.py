"""Reading many small files finds and reads what `pathlib` does."""

import os
from pathlib import Path

import pytest

from annotate.util.files import (
    list_folders,
    list_names,
    read_raw,
    read_raw_if_present,
    read_rest,
    read_stamp,
    walk_files,
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in ("b.json", "a.b.json", "a.txt", ".hidden.json", "deep/c.json", ".in/d.json", "é\n.json"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(name.encode())
    (tmp_path / "folder.json").mkdir()
    (tmp_path / "again").symlink_to(tmp_path / "deep", target_is_directory=True)
    (tmp_path / "link.json").symlink_to("b.json")
    (tmp_path / "broken.json").symlink_to("nowhere")
    return tmp_path


def test_names_are_those_with_an_ending(folder: Path) -> None:
    found = list_names(str(folder), ".json")
    assert found == sorted(path.stem for path in folder.glob("*.json") if not path.name.startswith("."))
    assert found == ["a.b", "b", "broken", "folder", "link", "é\n"]
    assert list_names(str(folder / "nowhere"), ".json") == list_names(str(folder / "a.txt"), ".json") == []
    assert list_folders(str(folder)) == [".in", "again", "deep", "folder.json"]
    assert list_folders(str(folder / "nowhere")) == []


def test_a_folder_that_cannot_be_looked_into_is_not_an_empty_one(folder: Path) -> None:
    (folder / "circle").symlink_to("circle")
    for name in ("circle", "broken.json"):
        for looked in (lambda path: list_names(path, ".json"), list_folders, lambda path: list(walk_files(path))):
            with pytest.raises(OSError, match=name):
                looked(str(folder / name))


def test_files_below_are_those_of_rglob(folder: Path) -> None:
    (folder / "circle").symlink_to("circle")
    os.mkfifo(folder / "pipe")
    files = sorted(walk_files(str(folder)))
    # Not through a link to a folder, which could lead back.
    expected = [path for path in folder.rglob("*") if not path.is_dir() and "again" not in path.parts]
    assert files == sorted(path.relative_to(folder).as_posix() for path in expected)
    assert {".in/d.json", ".hidden.json", "link.json", "broken.json", "circle", "pipe"} < set(files)


def test_bytes_of_what_is_a_file_and_of_nothing_else(folder: Path) -> None:
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
    ("name", "said"),
    [
        ("deep", "Is a directory"),
        ("pipe", "is no file"),
        ("broken.json", "No such file"),
        ("circle", "Too many levels"),
        ("x" * 5000, "File name too long"),
    ],
)
def test_what_is_there_and_cannot_be_read_is_an_error(folder: Path, name: str, said: str) -> None:
    """A pipe is not waited for."""
    os.mkfifo(folder / "pipe")
    (folder / "circle").symlink_to("circle")
    for read in (read_raw, read_raw_if_present):
        with pytest.raises(OSError, match=said):
            read(str(folder / name))
    with pytest.raises(FileNotFoundError, match="nowhere"):
        read_raw(str(folder / "nowhere"))


def test_file_that_does_not_say_its_size_is_read_to_its_end() -> None:
    """As the files of some network drives."""
    read, write = os.pipe()
    os.write(write, b"x" * 5000)
    os.close(write)
    try:
        assert read_rest(read, 0) == b"x" * 5000
    finally:
        os.close(read)
