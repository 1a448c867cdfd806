"""One process at a time writes to a folder; another one waits, says for which, and gives up in the end."""

import fcntl
import os
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from annotate.errors import CannotRun
from annotate.util import lock
from annotate.util.files import PART_SUFFIX
from annotate.util.folders import NEW, OLD, find_leftovers
from annotate.util.lock import holding_lock, writing_to

HOLD = """
import sys
from pathlib import Path
from annotate.util.lock import holding_lock
with holding_lock(sys.argv[-1]):
    print("held", flush=True)
    sys.stdin.read()
"""


@contextmanager
def held_by_another(folder: Path, *words: str) -> Iterator[subprocess.Popen[str]]:
    """Hold the lock of a folder in another process, until its standard input is closed."""
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, *words, str(folder)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stdin is not None
        assert process.stdout.readline() == "held\n"
        try:
            yield process
        finally:
            process.stdin.close()


def in_a_moment(action: Callable[[], object]) -> threading.Timer:
    timer = threading.Timer(0.3, action)
    timer.start()
    return timer


def is_free(folder: Path) -> bool:
    """Return whether another process would get the lock: `flock` of a second descriptor tells."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    finally:
        os.close(handle)
    return True


def test_lock_is_held_until_the_last_context_ends(tmp_path: Path) -> None:
    """A command that holds the lock can call a function of the library that takes it."""
    with holding_lock(tmp_path):
        with writing_to(tmp_path, tmp_path):
            assert not is_free(tmp_path)
        assert not is_free(tmp_path)
    assert is_free(tmp_path)
    with pytest.raises(KeyboardInterrupt), holding_lock(tmp_path):
        raise KeyboardInterrupt
    assert is_free(tmp_path)


def test_one_folder_by_two_paths_has_one_lock(tmp_path: Path) -> None:
    (tmp_path / "corpus").mkdir()
    (tmp_path / "link").symlink_to("corpus")
    with holding_lock(tmp_path / "link"), holding_lock(tmp_path / "corpus" / ".." / "corpus", patience=0):
        assert not is_free(tmp_path / "corpus")


@pytest.mark.parametrize(
    ("words", "name"),
    [
        (["annotate", "add", "x.txt"], "`annotate add` (process {})"),
        (["/usr/bin/annotate", "studio", "pull", "--all"], "`annotate studio pull` (process {})"),
        (["annotate", "\x1b[31m"], "`annotate` (process {})"),
        ([], "process {}"),
    ],
)
def test_other_process_is_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], words: list[str], name: str
) -> None:
    with held_by_another(tmp_path, *words) as other:
        with pytest.raises(CannotRun) as raised, holding_lock(tmp_path, patience=0):
            pass
        holder = name.format(other.pid)
        assert str(raised.value) == f"{tmp_path}: {holder} is writing to it; wait until it ends, then try again"
        with pytest.raises(CannotRun, match="is writing to it"), holding_lock(tmp_path, patience=0.2):
            pass
        assert capsys.readouterr().err == f"annotate: {tmp_path}: waiting for {holder}\n"


def test_process_of_another_container_has_no_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lock, "_find_holder", lambda key: None)
    message = r": another process is writing to it; "
    with held_by_another(tmp_path), pytest.raises(CannotRun, match=message), holding_lock(tmp_path, patience=0):
        pass


def test_lock_is_taken_when_the_other_process_ends(tmp_path: Path) -> None:
    with held_by_another(tmp_path) as other:
        assert other.stdin is not None
        timer = in_a_moment(other.stdin.close)
        with holding_lock(tmp_path, patience=30):
            assert not is_free(tmp_path)
        timer.join()


def test_lock_of_a_killed_process_is_free(tmp_path: Path) -> None:
    with held_by_another(tmp_path) as other:
        timer = in_a_moment(other.kill)
        with holding_lock(tmp_path, patience=30):
            assert not is_free(tmp_path)
        timer.join()


def test_folder_that_took_the_place_of_the_locked_one_is_locked(tmp_path: Path) -> None:
    """While a command waited, the corpus was moved away and another one put in its place."""
    corpus, moved = tmp_path / "corpus", tmp_path / "moved"
    corpus.mkdir()

    def replace() -> None:
        corpus.rename(moved)
        corpus.mkdir()

    with held_by_another(corpus):
        timer = in_a_moment(replace)
        with holding_lock(corpus, patience=30):
            timer.join()
            assert not is_free(corpus)
        assert is_free(corpus)
        assert not is_free(moved)


def test_path_is_compared_after_the_lock_was_taken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The folder is replaced between its opening and its locking."""
    corpus, moved = tmp_path / "corpus", tmp_path / "moved"
    corpus.mkdir()
    original = lock._try_lock

    def replace_and_lock(handle: int) -> bool:
        if not moved.exists():
            corpus.rename(moved)
            corpus.mkdir()
        return original(handle)

    monkeypatch.setattr(lock, "_try_lock", replace_and_lock)
    with holding_lock(corpus):
        assert is_free(moved)
        assert not is_free(corpus)


def test_folder_that_is_removed_meanwhile_is_one_line(tmp_path: Path) -> None:
    corpus = tmp_path / "corpus"
    corpus.mkdir()
    with held_by_another(corpus):
        timer = in_a_moment(lambda: shutil.rmtree(corpus))
        message = r"corpus: no such file or directory; name a folder that can be read"
        with pytest.raises(CannotRun, match=message), holding_lock(corpus, patience=30):
            pass
        timer.join()


def test_file_system_without_locks_is_written_to(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(handle: int, operation: int) -> None:
        raise OSError(9, "Bad file descriptor")  # what NFS answers for a folder

    monkeypatch.setattr(fcntl, "flock", refuse)
    with holding_lock(tmp_path, patience=0):
        pass


def test_child_process_does_not_hold_the_lock_of_its_parent(tmp_path: Path) -> None:
    """A child that was forked inside the context, and goes on after its parent, keeps nobody waiting."""
    code = """
import os, sys
from annotate.util.lock import holding_lock
with holding_lock(sys.argv[1]):
    reading, writing = os.pipe()
    child = os.fork()
    if not child:
        os.close(writing)
        os.read(reading, 1)
        try:
            with holding_lock(sys.argv[1], patience=0):
                pass
        except Exception as error:
            print(type(error).__name__, flush=True)
        os.read(reading, 1)
        with holding_lock(sys.argv[1], patience=30):
            print("held", flush=True)
        os._exit(0)
    os.write(writing, b"1")
    import time
    time.sleep(0.5)
os.write(writing, b"2")
os.waitpid(child, 0)
"""
    done = subprocess.run([sys.executable, "-c", code, str(tmp_path)], capture_output=True, text=True, check=True)
    assert done.stdout == "CannotRun\nheld\n", done.stderr


def test_leftovers_of_killed_commands_are_removed(tmp_path: Path) -> None:
    """Temporary files and folders of running processes stay; an old folder that was moved away is put back."""
    part = tmp_path / "deep" / f".a.json.12ab_678{PART_SUFFIX}"
    running = tmp_path / f".b.json.12ab_678{PART_SUFFIX}"
    half, moved = tmp_path / "deep" / ".out.abcdefgh", tmp_path / ".kept.abcdefgh"
    theirs = tmp_path / ".git.abcdefgh"
    for folder in (half / NEW, moved / OLD, theirs / "objects"):
        folder.mkdir(parents=True)
    (half / NEW / "x").write_text("half")
    (moved / OLD / "x").write_text("old")
    part.write_text("half")
    os.mkfifo(tmp_path / "deep" / f".pipe.12ab_678{PART_SUFFIX}")
    (tmp_path / f".link.12ab_678{PART_SUFFIX}").symlink_to("kept/x")
    running.write_text("half")
    with running.open("rb") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        with writing_to(tmp_path):
            pass
    left = sorted(path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*"))
    assert find_leftovers(str(tmp_path)) == [".b.json.12ab_678.part"]  # its writer has ended by now
    link = ".link.12ab_678.part"  # is not one of ours
    pipe = "deep/.pipe.12ab_678.part"  # neither is this
    git = [".git.abcdefgh", ".git.abcdefgh/objects"]
    assert left == [".b.json.12ab_678.part", *git, link, "deep", pipe, "kept", "kept/x"]


def test_waiting_costs_little(tmp_path: Path) -> None:
    with held_by_another(tmp_path):
        start = time.process_time()
        with pytest.raises(CannotRun), holding_lock(tmp_path, patience=1):
            pass
        assert time.process_time() - start < 0.5
