"""Folders are listed as `pathlib` lists them, and replaced completely or not at all, also if the run is killed."""

import multiprocessing
import os
import signal
from pathlib import Path

import pytest

from annotate.util import folders
from annotate.util.folders import (
    NEW,
    OLD,
    find_files,
    is_inner_path,
    list_folders,
    list_irregular,
    list_names,
    replacing_folder,
    walk_entries,
)

SPAWN = multiprocessing.get_context("spawn")


def replace_folder(out: Path, words: str) -> None:
    with replacing_folder(out) as folder:
        (folder / "file").write_text(words)


def kill_self(_: Path | None = None) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def replace_and_die(out: Path, at: str) -> None:
    """Make the folder, and die while it is filled, before the swap, or between its two renames."""
    original = Path.replace

    def replace(self: Path, target: Path) -> Path:
        if self.name == NEW:
            kill_self()
        return original(self, target)

    if at == "filling":
        folders._fsync_tree = kill_self  # type: ignore[assignment]
    else:
        Path.replace = replace  # type: ignore[method-assign,assignment]
    replace_folder(out, "killed")


@pytest.mark.parametrize("at", ["filling", "swapping"])
def test_next_run_cleans_up_after_a_killed_run_and_restores_the_old_folder(tmp_path: Path, at: str) -> None:
    out = tmp_path / "out"
    replace_folder(out, "old")
    process = SPAWN.Process(target=replace_and_die, args=(out, at))
    process.start()
    process.join()
    assert process.exitcode == -signal.SIGKILL
    assert out.exists() == (at == "filling")
    assert len(list(tmp_path.iterdir())) == 1 + out.exists()
    with pytest.raises(KeyboardInterrupt), replacing_folder(out):
        raise KeyboardInterrupt
    assert (out / "file").read_text() == "old"
    replace_folder(out, "new")
    assert [path.name for path in tmp_path.iterdir()] == ["out"]
    assert (out / "file").read_text() == "new"


def test_folder_of_a_running_process_stays(tmp_path: Path) -> None:
    out = tmp_path / "out"
    with replacing_folder(out) as first:
        replace_folder(out, "second")
        assert first.is_dir()
        (first / "file").write_text("first")
    assert (out / "file").read_text() == "first"


def test_folder_with_foreign_contents_stays(tmp_path: Path) -> None:
    theirs = tmp_path / ".out.abcdefgh"
    theirs.mkdir()
    (theirs / "precious").write_text("x")
    (tmp_path / ".out.12345678").mkdir()
    (tmp_path / ".out.12345678" / OLD).mkdir()
    replace_folder(tmp_path / "out", "new")
    assert sorted(path.name for path in tmp_path.iterdir()) == [".out.abcdefgh", "out"]


def test_names_are_those_with_the_suffix(folder: Path) -> None:
    names = list_names(str(folder), ".json")
    assert names == sorted(path.stem for path in folder.glob("*.json") if not path.name.startswith("."))
    assert names == ["a.b", "b", "broken", "folder", "link", "é\n"]
    assert list_names(str(folder / "nowhere"), ".json") == list_names(str(folder / "a.txt"), ".json") == []
    assert list_folders(str(folder)) == [".in", "deep", "folder.json"]
    assert list_folders(str(folder / "nowhere")) == []


def test_a_linked_folder_has_no_names(folder: Path) -> None:
    """Its contents may be anywhere on the computer."""
    assert list_names(str(folder / "deep"), ".json") == ["c"]
    assert list_names(str(folder / "again"), ".json") == list_folders(str(folder / "again")) == []
    assert find_files(folder / "again", ".json") == find_files(folder / "again", ".json", below=True) == []


def test_walk_gives_the_files_of_rglob_and_what_is_irregular(folder: Path) -> None:
    (folder / "circle").symlink_to("circle")
    os.mkfifo(folder / "pipe")
    files = {path for path, irregular in walk_entries(str(folder)) if not irregular}
    assert files == {
        path.relative_to(folder).as_posix()
        for path in folder.rglob("*")
        if path.is_file() and not path.is_symlink() and "again" not in path.parts
    }
    link, special = "is a link, and links are not followed", "is not a regular file"
    assert list_irregular(folder) == [
        ("again", link),
        ("broken.json", link),
        ("circle", link),
        ("link.json", link),
        ("pipe", special),
    ]


def test_files_are_found_by_suffix(folder: Path) -> None:
    assert [path.name for path in find_files(folder, ".json")] == ["a.b.json", "b.json", "é\n.json"]
    below = [path.relative_to(folder).as_posix() for path in find_files(folder, ".json", below=True)]
    assert below == [".in/d.json", "a.b.json", "b.json", "deep/c.json", "é\n.json"]


def test_link_with_the_name_of_a_temporary_folder_is_not_followed(tmp_path: Path) -> None:
    """What is behind it was moved to the place of a missing folder."""
    theirs = tmp_path / "theirs"
    (theirs / OLD).mkdir(parents=True)
    (theirs / OLD / "precious").write_text("mine")
    (tmp_path / "dist").mkdir()
    (tmp_path / "dist" / ".out.abcdefgh").symlink_to(theirs)
    replace_folder(tmp_path / "dist" / "out", "new")
    assert (theirs / OLD / "precious").read_text() == "mine"
    assert (tmp_path / "dist" / ".out.abcdefgh").is_symlink()


@pytest.mark.parametrize(
    ("name", "is_inner"),
    [
        ("a", True),
        ("a/b.parquet", True),
        ("a..b", True),
        ("", False),
        ("/a", False),
        ("a/", False),
        ("../a", False),
        ("a/../b", False),
        ("./a", False),
        ("a\\b", False),
        ("a\0b", False),
        ("a\udcff", False),
    ],
)
def test_inner_paths(name: str, is_inner: bool) -> None:
    assert is_inner_path(name) is is_inner
