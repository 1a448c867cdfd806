"""The output of a command: an error in writing it is one line, with an exit code that has no other meaning."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from annotate.util.files import write_report
from tests.conftest import ROOT, Project

MAIN = "from annotate.cli import main; main()"
SCORE = ["score", "corpus/annotations/gold", "corpus/annotations/gold", "--samples", "5"]
ENV = {**os.environ, "PYTHONPATH": str(ROOT)}


def started(words: list[str], cwd: Path, out: int) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", MAIN, *words], cwd=cwd, env=ENV, stdout=out, stderr=subprocess.PIPE, text=True
    )


@pytest.mark.parametrize("words", [["rules"], ["--help"], ["check"]], ids=" ".join)
def test_full_device_is_one_line(project: Project, words: list[str]) -> None:
    full = os.open("/dev/full", os.O_WRONLY)
    process = started(words, project.root, full)
    said = process.communicate()[1]
    os.close(full)
    assert (process.returncode, said) == (
        2,
        "annotate: standard output: no space left on device; correct that, and run the command again\n",
    )


@pytest.mark.parametrize("words", [["rules"], ["--version"], ["check"], SCORE], ids=" ".join)
@pytest.mark.parametrize("closed", ["1", "2", "1 2"])
def test_closed_output_is_not_an_error(project: Project, words: list[str], closed: str) -> None:
    closing = " ".join(f"{number}>&-" for number in closed.split())
    run = ["sh", "-c", f'exec "$@" {closing}', "sh", sys.executable, "-c", MAIN, *words]
    done = subprocess.run(run, cwd=project.root, env=ENV, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert bool(done.stdout) == ("1" not in closed)


@pytest.mark.parametrize("words", [["rules"], ["check"], SCORE], ids=" ".join)
def test_broken_pipe_ends_with_sigpipe(project: Project, words: list[str]) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    process = started(words, project.root, writing)
    os.close(writing)
    assert process.communicate()[1] == ""
    assert process.returncode == 128 + signal.SIGPIPE


def test_interrupted_conversion_says_how_to_resume(project: Project) -> None:
    """The input is a pipe without a writer, so that the command waits; Ctrl-C reaches all processes of a terminal."""
    os.mkfifo(project.path("export.json"))
    words = ["convert", "export.json", "--out", "out", "--workers", "2"]
    process = subprocess.Popen(
        [
            sys.executable,
            "-c",
            f"import signal; signal.signal(signal.SIGINT, signal.default_int_handler); {MAIN}",
            *words,
        ],
        cwd=project.root,
        env=ENV,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    while not project.path("out/.convert/order.json").exists():
        assert process.poll() is None
        time.sleep(0.05)
    os.killpg(process.pid, signal.SIGINT)
    said = process.communicate()[1]
    assert process.returncode == 128 + signal.SIGINT
    assert said.split("\n") == [
        "out is not finished; continue it by the same command with --resume",
        "",
        "Aborted!",
        "",
    ]


def test_a_report_goes_through_a_link_and_into_a_pipe(tmp_path: Path) -> None:
    target, link = tmp_path / "target", tmp_path / "link"
    link.symlink_to(target)
    write_report(str(link), b"one")
    write_report(str(link), iter([b"t", b"wo"]))
    assert (link.is_symlink(), target.read_bytes()) == (True, b"two")
    reading, writing = os.pipe()
    write_report(f"/proc/self/fd/{writing}", b"three")
    assert os.read(reading, 9) == b"three"
    os.close(reading)
    os.close(writing)


def test_a_report_on_standard_output(project: Project) -> None:
    shown = project.annotate(*SCORE)
    assert shown.exit_code == 0
    assert project.annotate(*SCORE, "--out", "-").stdout == shown.stdout
    assert not project.path("-").exists()
