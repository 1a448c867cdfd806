"""Folders are listed as `pathlib` lists them, and replaced completely or not at all, also if the run is killed."""

import multiprocessing
import os
import signal
from pathlib import Path

import pytest

from annotate.util import folders
from annotate.util.folders import NEW, OLD, is_inner_path, list_folders, list_names, replacing_folder, walk_files

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
    assert list_folders(str(folder)) == [".in", "again", "deep", "folder.json"]
    assert list_folders(str(folder / "nowhere")) == []


def test_unreadable_folder_is_an_error_and_not_empty(folder: Path) -> None:
    (folder / "circle").symlink_to("circle")
    for name in ("circle", "broken.json"):
        for list_entries in (lambda path: list_names(path, ".json"), list_folders, lambda path: list(walk_files(path))):
            with pytest.raises(OSError, match=name):
                list_entries(str(folder / name))


def test_walk_gives_the_files_of_rglob(folder: Path) -> None:
    (folder / "circle").symlink_to("circle")
    os.mkfifo(folder / "pipe")
    files = sorted(walk_files(str(folder)))
    # Not through a link to a folder, which could lead back.
    expected = [path for path in folder.rglob("*") if not path.is_dir() and "again" not in path.parts]
    assert files == sorted(path.relative_to(folder).as_posix() for path in expected)
    assert {".in/d.json", ".hidden.json", "link.json", "broken.json", "circle", "pipe"} < set(files)


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
