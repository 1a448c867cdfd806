"""The output of a command: an error in writing it is one line, with an exit code that has no other meaning."""

import os
import shutil
import signal
import socket
import stat
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from annotate.cli.hydrate import _list_articles
from annotate.errors import CannotRun
from annotate.redaction.hydrate import ArticleReport
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


def make_fifo(path: Path) -> None:
    os.mkfifo(path)


def read_fifo(path: Path) -> Callable[[], bytes]:
    """Open a pipe for reading before its writer comes; the function returned reads it to its end."""
    handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK)

    def read() -> bytes:
        with os.fdopen(handle, "rb") as file:
            return file.read()

    return read


def test_a_pipe_takes_a_report_and_stays(tmp_path: Path) -> None:
    make_fifo(tmp_path / "pipe")
    (tmp_path / "link").symlink_to("pipe")
    for name in ("pipe", "link"):
        read = read_fifo(tmp_path / name)
        write_report(str(tmp_path / name), iter([b"t", b"wo"]))
        assert read() == b"two"
    assert stat.S_ISFIFO((tmp_path / "pipe").lstat().st_mode)
    assert (tmp_path / "link").is_symlink()
    reading, writing = os.pipe()
    write_report(f"/proc/self/fd/{writing}", b"three")
    assert os.read(reading, 9) == b"three"
    os.close(reading)
    os.close(writing)


def test_a_report_goes_to_the_standard_output_of_a_shell(tmp_path: Path) -> None:
    """`>>` appends: what the file has is not lost."""
    (tmp_path / "out").write_text("earlier\n")
    code = "from annotate.util.files import write_report; write_report('/dev/stdout', b'later')"
    with (tmp_path / "out").open("ab") as file:
        subprocess.run([sys.executable, "-c", code], env=ENV, stdout=file, check=True)
    assert (tmp_path / "out").read_text() == "earlier\nlater"


def test_a_device_takes_a_report_and_stays() -> None:
    write_report("/dev/null", b"gone")
    assert stat.S_ISCHR(Path("/dev/null").stat().st_mode)
    with pytest.raises(CannotRun, match=r"/dev/full: cannot be written: no space left on device"):
        write_report("/dev/full", b"x")


@pytest.mark.parametrize("target", ["file", "nowhere", "folder", "link", "other"])
def test_a_report_does_not_follow_a_link(tmp_path: Path, target: str) -> None:
    """The link stays, and so does what it leads to; a link to a link and a circle of links are the same."""
    (tmp_path / "file").write_text("precious")
    (tmp_path / "folder").mkdir()
    (tmp_path / "other").symlink_to("file")
    (tmp_path / "link").symlink_to(target)
    with pytest.raises(CannotRun, match=r"link: (is a link to .*; name|is a folder|cannot be written: )"):
        write_report(str(tmp_path / "link"), b"x")
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "file").read_text() == "precious"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["file", "folder", "link", "other"]


def test_a_report_is_neither_a_folder_nor_a_socket(tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(tmp_path / "socket"))
        for name, problem in (("", "is a folder"), ("socket", "is not a file")):
            with pytest.raises(CannotRun, match=f"{problem}; name a file, a pipe or a device"):
                write_report(str(tmp_path / name), b"x")


def report_commands(project: Project) -> dict[str, list[str]]:
    """Return every command that writes a report to a file, without the file."""
    assert project.annotate("build", "--without-text", "--out", "open").exit_code == 0
    shutil.copytree(project.path("corpus/articles"), project.path("texts"))
    project.path("guidelines").mkdir()
    for name in ("speech.md", "cargo.md"):
        project.path(f"guidelines/{name}").write_text(f"# {name}\n")
    return {
        "agree": ["agree", "--with-gold", "--samples", "0", "--out"],
        "score": [*SCORE, "--out"],
        "diff": ["diff", "corpus", "corpus", "--out"],
        "release page": ["release", "page", "--out"],
        "release report": ["release", "report", "--out"],
        "generate --printable": ["generate", "--printable"],
        "hydrate": ["hydrate", "open", "--texts", "texts", "--out", "full", "--report"],
    }


@pytest.mark.parametrize(
    "command", ["agree", "score", "diff", "release page", "release report", "generate --printable", "hydrate"]
)
def test_every_report_is_written_by_the_same_writer(project: Project, command: str) -> None:
    words = report_commands(project)[command]
    make_fifo(project.path("pipe"))
    read = read_fifo(project.path("pipe"))
    done = project.annotate(*words, "pipe")
    assert done.exit_code == 0, done.output
    assert read()
    assert stat.S_ISFIFO(project.path("pipe").lstat().st_mode)
    for target in ("precious", "nowhere"):
        project.path("precious").write_text("mine")
        project.path("link").unlink(missing_ok=True)
        project.path("link").symlink_to(target)
        refused = project.annotate(*words, "link")
        assert (refused.exit_code, refused.output.count("\n")) == (2, 1), refused.output
        assert "and no link is followed; name the file itself" in refused.output
        assert project.path("link").is_symlink()
        assert project.path("precious").read_text() == "mine"
        assert not project.path("nowhere").exists()


@pytest.mark.parametrize("report", ["link", "folder", "full/report.json"])
def test_hydrate_refuses_its_report_before_it_writes_a_dataset(project: Project, report: str) -> None:
    words = report_commands(project)["hydrate"]
    project.path("link").symlink_to("nowhere")
    project.path("folder").mkdir()
    refused = project.annotate(*words, report)
    assert refused.exit_code == 2, refused.output
    assert not project.path("full").exists()


def test_a_report_on_standard_output(project: Project) -> None:
    shown = project.annotate(*SCORE)
    assert shown.exit_code == 0
    assert project.annotate(*SCORE, "--out", "-").stdout == shown.stdout
    assert not project.path("-").exists()


def test_hydrate_lists_articles_with_losses_first() -> None:
    exact = [ArticleReport(article=f"a{number:02}", copy="", outcome="exact") for number in range(30)]
    lost = ArticleReport(article="z", copy="", outcome="missing")
    lines = _list_articles([*exact, lost], show_all=False)
    assert lines[0] == "31 articles: 30 exact, 1 missing"
    assert lines[1].startswith("z: missing")
    assert [line.partition(":")[0] for line in lines[2:-1]] == [f"a{number:02}" for number in range(19)]
    assert lines[-1] == "… 11 more articles (--all)"
    assert len(_list_articles([*exact, lost], show_all=True)) == 31
    assert _list_articles(exact[:2], show_all=False) == _list_articles(exact[:2], show_all=True)
