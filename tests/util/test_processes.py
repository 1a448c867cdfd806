"""Programs are started in one place: with the environment that they need, and never from the current folder."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from annotate.util import processes
from annotate.util.parallel import map_in_order, process_pool
from annotate.util.processes import find_program, python_environment, run_module, start_module
from tests.conftest import ROOT

SECRETS = (
    "GITHUB_TOKEN",
    "CI_JOB_TOKEN",
    "HF_TOKEN",
    "AWS_SECRET_ACCESS_KEY",
    "LABEL_STUDIO_API_KEY",
    "OPENAI_API_KEY",
)
SAY = """
import os, sys
print(os.getcwd(), sorted(os.environ), sys.path, sys.argv[1:])
sys.stderr.write("no\\n")
sys.exit(3)
"""


@pytest.fixture
def modules(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a folder on PYTHONPATH, between entries that mean the current folder."""
    folder = tmp_path / "modules"
    folder.mkdir()
    monkeypatch.setenv("PYTHONPATH", f":{folder}:.:sub:")
    return folder


def test_a_module_is_run_where_it_is_told_with_its_own_variables(
    tmp_path: Path, modules: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (modules / "say.py").write_text(SAY)
    (tmp_path / "sub").mkdir()
    for folder in (tmp_path, tmp_path / "sub"):
        (folder / "say.py").write_text("print('a file of the current folder ran')")
    for name in SECRETS:
        monkeypatch.setenv(name, "secret")
    done = run_module("say", "a b", cwd=tmp_path, environment={"ONE": "1"})
    assert (done.returncode, done.stderr) == (3, b"no\n")
    assert done.stdout.startswith(os.fsencode(tmp_path.resolve()))
    assert b"'ONE'" in done.stdout
    assert not any(name.encode() in done.stdout for name in SECRETS)
    assert f"'{tmp_path}'".encode() not in done.stdout
    assert done.stdout.endswith(b"['a b']\n")


def test_a_module_in_the_background_runs_in_the_root_folder_in_a_session_of_its_own(
    tmp_path: Path, modules: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (modules / "say.py").write_text(
        "import os, sys\nprint(os.getsid(0) == os.getpid(), os.getcwd(), sys.stdin.read(), flush=True)"
    )
    monkeypatch.chdir(tmp_path)
    (tmp_path / "say.py").write_text("print('a file of the current folder ran')")
    with (tmp_path / "log").open("wb") as log:
        process = start_module("say", environment={}, log=log)
        assert process.wait(30) == 0
    assert (tmp_path / "log").read_bytes() == b"True / \n"
    assert process.args == [sys.executable, "-P", "-m", "say"]


def test_search_paths_lose_entries_that_mean_the_current_folder(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in processes.SEARCH_PATHS:
        monkeypatch.setenv(name, ":/usr/bin:.:lib:/opt/lib:")
    for name in processes.FOLDERS:
        monkeypatch.setenv(name, "cache")
    environment = python_environment()
    assert {environment[name] for name in processes.SEARCH_PATHS} == {"/usr/bin:/opt/lib"}
    assert not environment.keys() & set(processes.FOLDERS)
    monkeypatch.setenv("PYTHONUSERBASE", "/opt/user")
    assert python_environment()["PYTHONUSERBASE"] == "/opt/user"


def test_a_program_is_not_looked_up_in_the_current_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("git", "tool"):
        (tmp_path / name).write_text("#!/bin/sh\n")
        (tmp_path / name).chmod(0o755)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PATH", f":.:{os.environ['PATH']}")
    found = find_program("git")
    assert found
    assert Path(found).parent != tmp_path
    assert find_program("tool") is None


def describe(_: int) -> tuple[list[str], str, dict[str, str], int]:
    return sys.path, str(Path.cwd()), dict(os.environ), os.getpid()


@pytest.mark.parametrize("storage", [False, True])
def test_workers_have_neither_secrets_nor_the_current_folder(
    storage: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend("")
    monkeypatch.syspath_prepend(str(tmp_path))
    for name in SECRETS:
        monkeypatch.setenv(name, "secret")
    before = dict(os.environ)
    with process_pool(2, storage) as executor:
        assert executor
        answers = list(map_in_order(executor, describe, range(4), 2))
    assert dict(os.environ) == before
    for path, cwd, environment, _ in answers:
        assert cwd == str(tmp_path)  # relative paths mean the same
        assert not {"", ".", str(tmp_path)} & set(path)
        assert str(ROOT) in path
        assert {name for name in SECRETS if name in environment} == (
            {"HF_TOKEN", "AWS_SECRET_ACCESS_KEY"} if storage else set()
        )
        assert environment["PYTHONSAFEPATH"] == "1"
        assert not Path(environment["TMPDIR"]).exists()


@pytest.mark.parametrize("flags", [[], ["-E"], ["-s"], ["-P"], ["-I"]], ids=str)
@pytest.mark.parametrize("module", ["multiprocessing", "signal", "struct", "selectors", "traceback", "pickle"])
def test_processes_that_multiprocessing_starts_run_no_file_of_the_current_folder(
    module: str, flags: list[str], tmp_path: Path
) -> None:
    """The script is elsewhere, so that this process itself does not look into the current folder."""
    here = tmp_path / "clone"
    here.mkdir()
    (here / f"{module}.py").write_text(f"open({str(tmp_path / 'RAN')!r}, 'w')\nraise SystemExit('planted')\n")
    script = tmp_path / "script" / "run.py"
    script.parent.mkdir()
    script.write_text(
        "from annotate.util.parallel import process_pool\n"
        "if __name__ == '__main__':\n"
        "    with process_pool(2) as pool: print(sorted(pool.map(abs, range(3))))\n"
    )
    done = subprocess.run([sys.executable, *flags, script], cwd=here, capture_output=True, text=True, check=False)
    assert (done.stdout, done.stderr) == ("[0, 1, 2]\n", "")
    assert not (tmp_path / "RAN").exists()


def sleep_in_c(seconds: int) -> None:
    """Wait in one call of C that no signal handler of Python interrupts."""
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM, signal.SIGINT})
    time.sleep(seconds)


def test_an_interrupted_pool_kills_workers_that_do_not_listen() -> None:
    start, pids = time.monotonic(), list[int]()

    def interrupt() -> None:
        with process_pool(2) as executor:
            assert executor
            pids.extend(executor.submit(os.getpid).result() for _ in range(2))
            for _ in range(2):
                executor.submit(sleep_in_c, 60)
            time.sleep(0.2)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupt()
    assert time.monotonic() - start < 20
    for pid in pids:
        with pytest.raises(ProcessLookupError):
            os.kill(pid, 0)
