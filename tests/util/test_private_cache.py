"""A cache file is read only as it was written, by its owner; whatever is in its place never makes a command fail."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from annotate.util import private_cache
from annotate.util.private_cache import MOST_FILES, cache_folder, read_cache, write_cache


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return cache_folder("kind")


def test_contents_come_back_and_are_private(folder: Path) -> None:
    assert read_cache("kind", "a") is None
    write_cache("kind", "a", b"one")
    write_cache("kind", "a", b"two")
    assert read_cache("kind", "a") == b"two"
    assert [path.stat().st_mode & 0o777 for path in (folder.parent, folder, folder / "a")] == [0o700, 0o700, 0o600]


def replace_by_link(path: Path) -> None:
    path.rename(path.with_name("b"))
    path.symlink_to("b")


def damage(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-1] + b"?")


def replace_by_folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


def replace_by_pipe(path: Path) -> None:
    path.unlink()
    os.mkfifo(path, 0o600)


@pytest.mark.parametrize(
    "plant",
    [
        damage,
        replace_by_link,
        replace_by_folder,
        replace_by_pipe,
        lambda path: path.write_bytes(b""),
        lambda path: path.chmod(0o660),
        lambda path: os.chown(path, 65534, 65534),
        lambda path: path.parent.chmod(0o770),
        lambda path: os.chown(path.parent, 65534, 65534),
        lambda path: path.parent.parent.chmod(0o707),
    ],
)
def test_a_file_that_was_damaged_or_planted_counts_as_missing(plant: Callable[[Path], None], folder: Path) -> None:
    write_cache("kind", "a", b"contents")
    try:
        plant(folder / "a")
    except PermissionError:
        pytest.skip("only root gives files away")
    assert read_cache("kind", "a") is None
    write_cache("kind", "a", b"new")  # and does not fail
    assert read_cache("kind", "a") in (None, b"new")


def test_nothing_is_written_behind_a_link(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir(mode=0o700)
    folder.parent.mkdir(parents=True, mode=0o700)
    folder.symlink_to(tmp_path / "elsewhere")
    write_cache("kind", "a", b"contents")
    assert not list((tmp_path / "elsewhere").iterdir())


def test_a_cache_that_cannot_be_written_is_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").touch()
    for name in (str(tmp_path / "file" / "cache"), "relative"):
        monkeypatch.setenv("XDG_CACHE_HOME", name)
        monkeypatch.setenv("HOME", str(tmp_path / "file"))  # where a relative path leads some versions of platformdirs
        monkeypatch.chdir(tmp_path)
        write_cache("kind", "a", b"contents")
        assert read_cache("kind", "a") is None
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


def test_its_size_is_bounded(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(MOST_FILES + 2):
        write_cache("kind", f"{number:02}", b"contents")
        os.utime(folder / f"{number:02}", ns=(number, number))
    assert sorted(path.name for path in folder.iterdir()) == [f"{number:02}" for number in range(2, MOST_FILES + 2)]
    monkeypatch.setattr(private_cache, "LARGEST", 8)
    write_cache("kind", "17", b"contents, but longer")
    assert read_cache("kind", "17") == b"contents"
    monkeypatch.setattr(private_cache, "LARGEST", 7)
    assert read_cache("kind", "17") is None
