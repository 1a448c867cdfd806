"""Programs are started in one place: Python modules wait or run in the background, and git never asks or fetches."""

import os
import sys
from pathlib import Path

from annotate.util.processes import open_git_objects, run_git, run_module, start_module


def test_a_module_is_run_where_it_is_told_with_the_environment_it_is_given(tmp_path: Path) -> None:
    (tmp_path / "say.py").write_text(
        "import os, sys\nprint(os.getcwd(), sorted(os.environ), sys.argv[1:])\nsys.stderr.write('no\\n')\nsys.exit(3)"
    )
    done = run_module("say", "a b", cwd=tmp_path, environment={"ONE": "1"})
    assert (done.returncode, done.stderr) == (3, b"no\n")
    assert done.stdout.startswith(os.fsencode(tmp_path.resolve()))
    assert b"ONE" in done.stdout
    assert b"PATH" not in done.stdout
    assert done.stdout.endswith(b"['a b']\n")


def test_a_module_in_the_background_writes_its_log_in_a_session_of_its_own(tmp_path: Path) -> None:
    (tmp_path / "say.py").write_text("import os, sys\nprint(os.getsid(0) == os.getpid(), sys.stdin.read(), flush=True)")
    with (tmp_path / "log").open("wb") as log:
        process = start_module("say", cwd=tmp_path, environment={}, log=log)
        assert process.wait(30) == 0
    assert (tmp_path / "log").read_bytes() == b"True \n"
    assert process.args == [sys.executable, "-m", "say"]


def test_git_objects_are_read_one_by_one(tmp_path: Path) -> None:
    assert run_git(tmp_path, "init", "--quiet").returncode == 0
    blobs = [
        run_git(tmp_path, "hash-object", "-w", "--stdin", stdin=data).stdout.decode().strip()
        for data in (b"one\ntwo", b"", b"\0" * 100_000)
    ]
    with open_git_objects(tmp_path) as objects:
        assert [len(objects.read(blob)) for blob in blobs] == [7, 0, 100_000]
    assert run_git(tmp_path, "cat-file", "blob", "0" * 40).returncode != 0
