"""A folder that takes the place of another: killed at each step, the next run finds the old one or the new one."""

import multiprocessing
import os
import signal
from pathlib import Path

import pytest

from annotate.util import files
from annotate.util.files import NEW, OLD, replacing_folder

SPAWN = multiprocessing.get_context("spawn")


def made(out: Path, words: str) -> None:
    with replacing_folder(out) as folder:
        (folder / "file").write_text(words)


def die(_: Path | None = None) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def killed(out: Path, at: str) -> None:
    """Make the folder, and die while it is filled, before the swap, or between its two renames."""
    original = Path.replace

    def replace(self: Path, target: Path) -> Path:
        if self.name == NEW:
            die()
        return original(self, target)

    if at == "filling":
        files._to_disk = die  # type: ignore[assignment]
    else:
        Path.replace = replace  # type: ignore[method-assign,assignment]
    made(out, "killed")


@pytest.mark.parametrize("at", ["filling", "swapping"])
def test_what_a_killed_run_left_is_gone_and_the_old_folder_there(tmp_path: Path, at: str) -> None:
    out = tmp_path / "out"
    made(out, "old")
    process = SPAWN.Process(target=killed, args=(out, at))
    process.start()
    process.join()
    assert process.exitcode == -signal.SIGKILL
    assert out.exists() == (at == "filling")
    assert len(list(tmp_path.iterdir())) == 1 + out.exists()
    with pytest.raises(KeyboardInterrupt), replacing_folder(out):
        raise KeyboardInterrupt
    assert (out / "file").read_text() == "old"
    made(out, "new")
    assert [path.name for path in tmp_path.iterdir()] == ["out"]
    assert (out / "file").read_text() == "new"


def test_what_another_run_works_on_is_left_alone(tmp_path: Path) -> None:
    out = tmp_path / "out"
    with replacing_folder(out) as first:
        made(out, "second")
        assert first.is_dir()
        (first / "file").write_text("first")
    assert (out / "file").read_text() == "first"


def test_a_folder_of_somebody_else_is_left_alone(tmp_path: Path) -> None:
    theirs = tmp_path / ".out.abcdefgh"
    theirs.mkdir()
    (theirs / "precious").write_text("x")
    (tmp_path / ".out.12345678").mkdir()
    (tmp_path / ".out.12345678" / OLD).mkdir()
    made(tmp_path / "out", "new")
    assert sorted(path.name for path in tmp_path.iterdir()) == [".out.abcdefgh", "out"]
