"""Failing disks: a real read-only file system, a real limit on the size of files. Nothing is left incomplete.

Paths that are not regular files, or that may not be read, are reported and not treated as missing.
"""

import errno
import os
import resource
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from annotate.errors import CannotRun
from annotate.release.rules import read_gate
from annotate.util.files import LINK
from tests.conftest import ROOT, Project, annotate

Done = subprocess.CompletedProcess[str]
ANNOTATE = [sys.executable, "-c", "from annotate.cli import main; main()"]


def run(words: list[str], cwd: Path, most_bytes: int | None = None) -> Done:
    """Run a command in a process of its own, which may write no file longer than `most_bytes`."""

    def limit() -> None:
        if most_bytes is not None:
            resource.setrlimit(resource.RLIMIT_FSIZE, (most_bytes, most_bytes))

    return subprocess.run(
        words,
        cwd=cwd,
        preexec_fn=limit,
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PYTHONPATH": str(ROOT), "PYTHONDONTWRITEBYTECODE": "1"},
    )


@contextmanager
def no_writing(folder: Path) -> Iterator[list[str]]:
    """Make a folder read-only; yield the words to put before a command that runs there.

    Root ignores the mode of a folder, and gets a read-only mount instead.
    """
    if os.geteuid() == 0:
        remount = 'mount --bind "$0" "$0" && mount -o remount,ro,bind "$0" && cd "$0" && exec "$@"'
        yield ["unshare", "--mount", "sh", "-c", remount, str(folder)]
        return
    folders = [folder, *(path for path in folder.rglob("*") if path.is_dir())]
    for path in folders:
        path.chmod(0o555)
    try:
        yield []
    finally:
        for path in folders:
            path.chmod(0o755)


COMMANDS = {
    "add": ["add", "new.txt"],
    "check": ["check", "--fix"],
    "build": ["build", "--out", "out"],
    "generate": ["generate"],
    "init": ["init", "fresh"],
}


@pytest.fixture
def spoilt(project: Project) -> Project:
    """A project in which each of the commands has something to write."""
    project.path("new.txt").write_text("A new article, longer than the limit on what may be written here.\n")
    project.replace("corpus/annotations/anna/market.json", '"article": ', '"article":  ')
    return project


@pytest.mark.parametrize("name", COMMANDS)
def test_read_only_disk_is_one_line(spoilt: Project, name: str) -> None:
    before = spoilt.snapshot()
    with no_writing(spoilt.root) as words:
        done = run([*words, *ANNOTATE, *COMMANDS[name]], spoilt.root)
    assert_refused(done)
    assert "read-only" in done.stderr.lower() or "permission denied" in done.stderr.lower()
    assert spoilt.snapshot() == before


@pytest.mark.parametrize("name", COMMANDS)
def test_full_disk_is_one_line(spoilt: Project, name: str) -> None:
    before = spoilt.snapshot()
    done = run([*ANNOTATE, *COMMANDS[name]], spoilt.root, most_bytes=10)
    assert_refused(done)
    assert "file too large" in done.stderr.lower()
    assert spoilt.snapshot() == before


def assert_refused(done: Done) -> None:
    assert done.returncode == 2, done
    assert done.stderr.startswith("annotate: "), done.stderr
    assert done.stderr.count("\n") == 1, done.stderr
    assert "; " in done.stderr


FILES = (
    "annotators.yaml",
    "articles/harbour.json",
    "articles/harbour.txt",
    "annotations/anna/market.json",
    "annotations/anna/nobody.json",
    "coverage/harbour.json",
    "links.json",
    "release.yaml",
    "sources/port.txt",
    "sources/port.txt.json",
    "splits/train.txt",
    "statement.yaml",
    "waivers.yaml",
)
ODD: dict[str, tuple[Callable[[Path], object], str]] = {
    "folder": (Path.mkdir, "is a directory"),
    "circle": (lambda path: path.symlink_to(path.name), LINK),
    "nowhere": (lambda path: path.symlink_to("nowhere"), LINK),
    "elsewhere": (lambda path: path.symlink_to(path.parent.parent / "annotators.yaml"), LINK),
    "pipe": (os.mkfifo, "is not a regular file"),
    "forbidden": (Path.touch, "permission denied"),
}


def forbid(patch: pytest.MonkeyPatch, call: str, end: str) -> None:
    """Make a system call fail for paths with this end, as it does for all users but root."""
    real = getattr(os, call)

    def refusing(path: str, *more: int) -> object:
        if str(path).endswith(end):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), path)
        return real(path, *more)

    patch.setattr(os, call, refusing)


@pytest.mark.parametrize("odd", ODD)
@pytest.mark.parametrize("file", FILES)
def test_unreadable_path_is_reported(project: Project, monkeypatch: pytest.MonkeyPatch, file: str, odd: str) -> None:
    path = project.path(f"corpus/{file}")
    path.unlink(missing_ok=True)
    make, words = ODD[odd]
    make(path)
    if odd == "forbidden":
        forbid(monkeypatch, "open", file)
    checked = project.annotate("check")
    if (file, odd) == ("sources/port.txt", "folder"):
        assert (checked.exit_code, "C111" in checked.output) == (1, True)
    else:
        assert checked.exit_code == 1, checked.output
        assert f"corpus/{file}: S108 {words}; " in checked.output
    built = project.annotate("build", "--out", "out")
    assert built.exit_code == checked.exit_code
    assert not project.path("out").exists()


@pytest.mark.parametrize("folder", ["articles", "annotations", "annotations/anna", "coverage", "sources", "splits", ""])
def test_folder_that_may_not_be_looked_into_is_one_line(
    project: Project, monkeypatch: pytest.MonkeyPatch, folder: str
) -> None:
    path = f"corpus/{folder}".removesuffix("/")
    forbid(monkeypatch, "scandir", path)
    result = project.annotate("check")
    said = f"annotate: {path}: permission denied; make it a readable folder\n"
    assert (result.exit_code, result.output) == (2, said)


def test_labels_that_may_not_be_read_are_not_no_labels(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    assert project.annotate("agree", "--with-gold").exit_code == 0
    forbid(monkeypatch, "scandir", "annotations/anna")
    result = project.annotate("agree", "--with-gold")
    assert (result.exit_code, result.output.count("\n")) == (2, 1)
    assert result.output.startswith("annotate: corpus/annotations/anna: permission denied; ")


def test_gate_that_cannot_be_read_is_not_no_gate(project: Project) -> None:
    assert read_gate(project.corpus) is None
    project.corpus.release_path.mkdir()
    with pytest.raises(CannotRun, match=r"release\.yaml: is a directory; "):
        read_gate(project.corpus)


def test_name_of_a_source_that_no_disk_takes_is_a_finding(project: Project) -> None:
    project.replace("corpus/articles/harbour.json", '"file": "port.txt"', f'"file": "{"x" * 5000}"')
    result = project.annotate("check")
    assert (result.exit_code, "corpus/articles/harbour.json: C111" in result.output) == (1, True)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("check empty", "empty: is not a corpus: it has no annotators.yaml, articles or sources; name a corpus"),
        ("check .", ".: is not a corpus: it has no annotators.yaml, articles or sources; name corpus\n"),
        ("build empty --out out", "empty: is not a corpus: "),
        (f"check {'x' * 5000}", f"{'x' * 5000}: file name too long; name a corpus folder\n"),
    ],
)
def test_folder_that_is_not_a_corpus_is_one_line(project: Project, words: str, said: str) -> None:
    project.path("empty").mkdir()
    result = project.annotate(*words.split())
    assert (result.exit_code, result.output.count("\n")) == (2, 1), result.output
    assert result.output.startswith(f"annotate: {said}")


def test_fresh_corpus_is_one_also_while_it_is_empty(tmp_path: Path) -> None:
    assert annotate("init", "fresh", cwd=tmp_path).exit_code == 0
    assert annotate("check", cwd=tmp_path / "fresh").exit_code == 0
