"""SIGTERM and SIGHUP are interrupts: one line, the exit code of the signal, and nothing is left behind."""

import hashlib
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from annotate.util import termination
from annotate.util.termination import TerminationRequest, uninterrupted
from tests.conftest import ROOT, Project

DEADLINE = 3.0
"""Seconds for a stop within one second, on a machine that other tests share."""
COPIES = 400
RUN = (sys.executable, "-P", "-m", "annotate")
ENVIRONMENT = {**os.environ, "PYTHONPATH": str(ROOT)}


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A corpus on which each command works for a while, and an export."""
    root = tmp_path_factory.mktemp("large") / "port"
    project = Project(root)
    text = project.path("corpus/articles/harbour.txt").read_text("utf-8")
    sha256 = hashlib.sha256(text.encode()).hexdigest()
    files = [root / "corpus/articles/harbour.json", *root.glob("corpus/annotations/*/harbour.json")]
    for number in range(COPIES):
        name = f"harbour-{number}"
        for copy in (root / f"corpus/articles/{name}.txt", root / f"corpus/sources/{name}.txt"):
            copy.write_text(text, "utf-8", newline="")
        source = {"file": f"{name}.txt", "sha256": sha256, "boundaries": "One article.", "omitted": []}
        (root / f"corpus/sources/{name}.txt.json").write_text(json.dumps(source))
        for file in files:
            data = json.loads(file.read_bytes().replace(b'"harbour"', f'"{name}"'.encode()))
            if "source" in data:
                data["source"] = {"file": f"{name}.txt", "sha256": sha256, "start": 0, "end": len(text)}
            file.with_name(f"{name}.json").write_text(json.dumps(data), "utf-8")
    tasks = [{"id": number, "data": {"text": f"{text} {number}"}, "annotations": []} for number in range(20_000)]
    (root / "export.json").write_text(json.dumps(tasks))
    return root


COMMANDS = {
    "check": "check --workers 2",
    "build": "build --out dist/dataset --workers 2",
    "convert": "convert export.json --out dist/converted --workers 2 --shard-size 64K",
    "export": "export --format brat --annotator anna --out dist/brat",
}


def start(words: str, root: Path, temporary: Path) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [*RUN, *words.split()],
        cwd=root,
        env={**ENVIRONMENT, "TMPDIR": str(temporary)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


def catches(process: int, number: int) -> bool:
    """Tell whether a process has a handler of a signal: before, Python itself is still starting."""
    try:
        status = Path(f"/proc/{process}/status").read_text("ascii", errors="replace")
    except OSError:
        return False
    caught = next((line.split()[1] for line in status.splitlines() if line.startswith("SigCgt")), "0")
    return bool(int(caught, 16) >> (number - 1) & 1)


def leftovers(root: Path, temporary: Path) -> list[str]:
    """Return the temporary files and folders below a project and in the folder for them."""
    names = [path.name for path in temporary.iterdir()]
    temporary_names = ("work-", ".dataset.", ".brat.")
    found = (path for path in root.rglob("*") if path.name.endswith(".part") or path.name.startswith(temporary_names))
    # What a conversion has under way stays for `--resume`, with the file of a worker that was killed.
    return [*names, *(str(path) for path in found if ".convert" not in path.parts)]


@pytest.mark.parametrize(
    ("moment", "group"), [(0.6, False), (0.9, True), (1.2, False), (1.6, True), (2.2, False)], ids=str
)
@pytest.mark.parametrize("name", COMMANDS)
def test_a_stopped_command_leaves_nothing(name: str, moment: float, group: bool, large: Path, tmp_path: Path) -> None:
    temporary = tmp_path / "tmp"
    temporary.mkdir()
    shutil.rmtree(large / "dist", ignore_errors=True)
    process = start(COMMANDS[name], large, temporary)
    while process.poll() is None and not catches(process.pid, signal.SIGTERM):
        time.sleep(0.01)
    time.sleep(moment - 0.3)
    children = psutil.Process(process.pid).children(recursive=True) if process.poll() is None else []
    began = time.monotonic()
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGTERM) if group else process.terminate()
    _, messages = process.communicate(timeout=60)
    assert process.returncode in (0, 1, 128 + signal.SIGTERM), messages
    if process.returncode == 128 + signal.SIGTERM:
        assert time.monotonic() - began < DEADLINE
        assert messages.startswith("annotate: stopped by SIGTERM"), messages
        assert messages.count("\n") == 1, messages
    assert not psutil.wait_procs(children, timeout=DEADLINE)[1]
    assert leftovers(large, temporary) == []
    assert not (large / "dist/dataset").exists() or process.returncode != 128 + signal.SIGTERM


LONG_COMMANDS = {
    "agree": "agree --format html --out dist/agreement.html",
    "score": "score corpus/annotations/gold corpus/annotations/anna",
    "hydrate": "hydrate textless --texts corpus/articles --out dist/dataset",
    "split": "split --seed 1",
    "coverage": "coverage --write",
    "doubts": "doubts",
    "diff": "diff . .",
    "page": "release page --out dist/page.html",
    "export": "export --format docbin --out dist/docbin",
    "prelabel": "prelabel --out dist/labels",
    "plan": "adjudicate plan",
    "import": "import brat --format brat --annotator ben",
}


@pytest.mark.parametrize("name", LONG_COMMANDS)
def test_ctrl_c_ends_a_command_at_once(name: str, large: Path, tmp_path: Path) -> None:
    """On a terminal it reaches all processes of the command."""
    shutil.rmtree(large / "dist", ignore_errors=True)
    for needed, words in (("textless", "build --without-text"), ("brat", "export --format brat --annotator anna")):
        if needed in LONG_COMMANDS[name].split() and not (large / needed).exists():
            subprocess.run([*RUN, *words.split(), "--out", needed], cwd=large, env=ENVIRONMENT, check=True)
    temporary = tmp_path / "tmp"
    temporary.mkdir()
    process = start(LONG_COMMANDS[name], large, temporary)
    while process.poll() is None and not catches(process.pid, signal.SIGTERM):
        time.sleep(0.01)
    time.sleep(0.7)
    began = time.monotonic()
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGINT)
    _, messages = process.communicate(timeout=60)
    # Python takes its handlers away when a command is done, so that the signal ends what is left of the process.
    assert process.returncode in (0, 1, 2, 128 + signal.SIGINT, -signal.SIGINT), messages
    assert "Traceback" not in messages
    if process.returncode == 128 + signal.SIGINT:
        assert time.monotonic() - began < DEADLINE
        assert messages.endswith("Aborted!\n"), messages
    assert leftovers(large, temporary) == []


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_files_of_threads_that_write_are_removed(project: Project, tmp_path: Path, number: int) -> None:
    """`import` writes in threads, and the program ends without waiting for them."""
    folder, temporary = project.path("others"), tmp_path / "tmp"
    folder.mkdir()
    temporary.mkdir()
    for index in range(400):
        (folder / f"d{index}.txt").write_text(f"Text number {index} of the port.\n")
        (folder / f"d{index}.ann").write_text("")
    process = start("import others --format brat --annotator anna", project.root, temporary)
    while not any(project.path("corpus/articles").glob("d*.json")):
        assert process.poll() is None
        time.sleep(0.01)
    process.send_signal(number)
    _, messages = process.communicate(timeout=60)
    assert process.returncode == 128 + number, messages
    assert leftovers(project.root, temporary) == []
    assert project.annotate("import", "others", "--format", "brat", "--annotator", "anna").exit_code == 0


@pytest.mark.parametrize(("number", "name"), [(signal.SIGTERM, "SIGTERM"), (signal.SIGHUP, "SIGHUP")])
def test_a_stopped_conversion_says_how_to_resume(project: Project, number: int, name: str) -> None:
    """Its input is a pipe that no one writes to, so that there is time."""
    os.mkfifo(project.path("export.json"))
    process = start("convert export.json --out out --workers 2", project.root, project.root)
    while not project.path("out/.convert/order.json").exists():
        assert process.poll() is None
        time.sleep(0.05)
    process.send_signal(number)
    _, messages = process.communicate(timeout=60)
    assert process.returncode == 128 + number
    hint = "out is not finished; continue it by the same command with --resume"
    assert messages == f"annotate: stopped by {name}; {hint}\n"


def test_a_signal_that_the_parent_ignores_stays_ignored(project: Project) -> None:
    os.mkfifo(project.path("export.json"))
    words = [sys.executable, "-P", "-m", "annotate", "convert", "export.json", "--out", "out", "--workers", "1"]
    process = subprocess.Popen(
        ["nohup", *words], cwd=project.root, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    while not project.path("out/.convert/order.json").exists():
        assert process.poll() is None
        time.sleep(0.05)
    process.send_signal(signal.SIGHUP)
    time.sleep(0.3)
    assert process.poll() is None
    process.terminate()
    assert process.wait(60) == 128 + signal.SIGTERM


def test_a_signal_waits_for_the_end_of_a_clean_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(termination, "_state", termination._State())
    monkeypatch.setattr(signal, "setitimer", lambda *_: None)
    kept = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGALRM)}
    signal.signal(signal.SIGTERM, termination._receive)
    done = list[str]()
    try:
        with pytest.raises(TerminationRequest):  # noqa: PT012 - the end of the context raises
            with uninterrupted():
                with uninterrupted():
                    os.kill(os.getpid(), signal.SIGTERM)
                    done.append("inner")
                done.append("outer")
            done.append("never")
        os.kill(os.getpid(), signal.SIGTERM)  # `timeout` sends two
    finally:
        for number, handler in kept.items():
            signal.signal(number, handler)
    assert done == ["inner", "outer"]
    assert termination.is_terminating()


def test_a_signal_after_the_work_does_not_hide_the_exit_code(tmp_path: Path) -> None:
    """The system may give it to any thread, such as one of a library that lives until the end."""
    program = """
import signal, sys, threading, time
from annotate.util.termination import handle_termination, ignore_termination

handle_termination()
thread = threading.Thread(target=time.sleep, args=(60,), daemon=True)
thread.start()
ignore_termination()
for number in (signal.SIGTERM, signal.SIGHUP):
    signal.pthread_kill(thread.ident, number)
time.sleep(0.2)

class Last:
    def __del__(self, kill=signal.pthread_kill, thread=thread.ident, number=int(signal.SIGTERM)):
        kill(thread, number)  # in the last moments of Python

sys.last = Last()
sys.exit(3)
"""
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run([sys.executable, "-P", "-c", program], cwd=tmp_path, env=env, capture_output=True, text=True)
    assert (done.returncode, done.stdout, done.stderr) == (3, "", "")
