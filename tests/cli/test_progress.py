"""What a command shows on a terminal while it works, and what it does not show elsewhere."""

import os
import pty
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from annotate.cli import terminal
from annotate.util.progress import count_items, ignore_steps
from tests.conftest import ROOT, Project

ENVIRONMENT = {**os.environ, "PYTHONPATH": str(ROOT), "TERM": "xterm", "COLUMNS": "120"}


def command(*words: str) -> list[str]:
    return [sys.executable, "-P", "-m", "annotate", *words]


def run_on_terminal(root: Path, *words: str, redirect: bool = False) -> tuple[str, str]:
    """Run a command with standard error on a terminal.

    Args:
        root: The working folder.
        *words: The command.
        redirect: Whether standard output goes to a pipe, and not to the terminal.

    Returns:
        What the terminal received, without escape sequences, and what the pipe received.
    """
    master, slave = pty.openpty()
    stdout = subprocess.PIPE if redirect else slave
    with subprocess.Popen(command(*words), cwd=root, env=ENVIRONMENT, stdout=stdout, stderr=slave) as process:
        os.close(slave)
        shown = b""
        while True:
            try:
                part = os.read(master, 1 << 16)
            except OSError:  # the other end is closed
                break
            if not part:
                break
            shown += part
        piped = process.stdout.read().decode() if process.stdout else ""
    os.close(master)
    assert process.returncode == 0, shown
    return re.sub(rb"\x1b\[[0-9;?]*[A-Za-z]", b"", shown).decode(), piped


COMMANDS = {
    "check": (("check",), "checking"),
    "coverage": (("coverage",), "counting labels"),
    "export": (("export", "--format", "brat", "--annotator", "anna", "--out", "brat"), "exporting"),
    "split": (("split",), "choosing paragraphs"),
    "page": (("release", "page", "--out", "page.html"), "drawing articles"),
    "report": (("release", "report"), "reading articles"),
    "diff": (("diff", "corpus", "corpus"), "comparing with"),
    "add": (("add", "new.txt", "--language", "en"), "reading the corpus"),
    "doubts": (("doubts",), "reading notes"),
    "plan": (("adjudicate", "plan", "--from", "anna,ben"), "comparing labels"),
    "promote": (("adjudicate", "promote", "anna", "--plan"), "checking gold"),
}


@pytest.mark.parametrize("name", COMMANDS)
def test_a_terminal_shows_counts_and_a_pipe_does_not(name: str, project: Project) -> None:
    words, step = COMMANDS[name]
    project.path("new.txt").write_text("A cart was at the quay.\n")
    labels = project.corpus.read_annotation("anna", "harbour")
    project.corpus.write_annotation("ben", msgspec.structs.replace(labels, annotator="ben"))
    shown, _ = run_on_terminal(project.root, *words)
    for folder in ("brat", "page.html", *(f"corpus/{part}" for part in ("articles/new.json", "articles/new.txt"))):
        path = project.root / folder
        shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)
    piped = subprocess.run(command(*words), cwd=project.root, env=ENVIRONMENT, capture_output=True, text=True)
    assert re.search(rf"{step}[^\r\n]* \d+/\d+ ", shown), shown
    assert step not in piped.stderr
    assert "\x1b" not in piped.stdout + piped.stderr


def test_output_of_a_file_does_not_go_to_the_terminal(project: Project) -> None:
    """Rich would send what is printed while a bar is shown to the console of the bar."""
    script = (
        "from annotate.cli.terminal import echo, show_steps\n"
        "with show_steps() as progress:\n"
        "    progress('working', 2)(1)\n"
        "    echo('a row')\n"
    )
    master, slave = pty.openpty()
    result = subprocess.run(
        [sys.executable, "-P", "-c", script], cwd=project.root, env=ENVIRONMENT, stdout=subprocess.PIPE, stderr=slave
    )
    os.close(slave)
    shown = os.read(master, 1 << 16)
    os.close(master)
    assert result.stdout == b"a row\n"
    assert b"working" in shown
    assert b"a row" not in shown


def test_a_diff_in_a_pipe_is_complete_while_bars_are_shown(project: Project) -> None:
    shown, piped = run_on_terminal(project.root, "diff", "corpus", "corpus", "--format", "json", redirect=True)
    assert piped.startswith("{")
    assert '"format"' not in shown


def test_items_are_counted_once_the_next_is_asked_for() -> None:
    done: list[int] = []
    items = count_items("ab", done.append)
    assert (next(items), done) == ("a", [])
    assert (next(items), done) == ("b", [1])
    assert (list(items), done) == ([], [1, 1])
    assert ignore_steps("a step", None)(1) is None


@pytest.mark.parametrize(("show_all", "number", "shown"), [(False, 20, 20), (False, 21, 21), (True, 21, 21)])
def test_a_list_is_cut(show_all: bool, number: int, shown: int, capsys: pytest.CaptureFixture[str]) -> None:
    terminal.echo_cut_lines(range(number), "row", show_all)
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == shown
    assert (lines[-1] == "… 1 more row (--all)") == (number > 20 and not show_all)


def test_a_list_that_ends_with_an_error_is_counted(capsys: pytest.CaptureFixture[str]) -> None:
    def read_rows() -> Iterator[int]:
        yield from range(4)
        raise KeyError

    with pytest.raises(KeyError):
        terminal.echo_cut_lines(read_rows(), "row", limit=1, remedy="")
    assert capsys.readouterr().out == "0\n… 3 more rows\n"
