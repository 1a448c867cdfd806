"""Disks that refuse: a real read-only file system, a real limit on what may be written. Nothing is half done."""

import os
import resource
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.conftest import ROOT, Project

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
    """A folder in which nothing can be written, and the words to put before a command that is to see it so.

    No mode stops root, who gets a mount of its own instead.
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
def test_disk_that_takes_no_more_is_one_line(spoilt: Project, name: str) -> None:
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
