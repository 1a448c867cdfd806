"""The commands of the README run in a copy of a clone."""

import os
import re
import shlex
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from annotate.checks import CATALOGUE
from tests.conftest import ROOT

README = (ROOT / "README.md").read_text("utf-8")


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", README, re.DOTALL | re.MULTILINE)


COMMANDS = [
    line.split("  #")[0].strip()
    for block in blocks("sh")
    for line in block.splitlines()
    if line.startswith("annotate ")
]


@pytest.fixture(scope="module")
def clone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("clone")
    for name in ("corpus", "schema", "guidelines"):
        shutil.copytree(ROOT / name, folder / name)
    shutil.copy(ROOT / "CITATION.cff", folder)
    return folder


def run(words: list[str], cwd: Path) -> subprocess.CompletedProcess[str]:
    cache = str(cwd / "cache")
    offline = {"HF_HUB_OFFLINE": "1", "HF_HOME": cache, "HF_DATASETS_DISABLE_PROGRESS_BARS": "1"}
    env = {**os.environ, **offline, "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}
    return subprocess.run(words, cwd=cwd, env=env, capture_output=True, text=True, check=False)


def test_commands_of_the_readme_work(clone: Path) -> None:
    assert len(COMMANDS) >= 5
    for command in COMMANDS:
        done = run(shlex.split(command), clone)
        assert done.returncode == 0, f"{command}: {done.stdout}{done.stderr}"


def test_python_of_the_readme_prints_claims(clone: Path) -> None:
    assert run(["annotate", "build", "--out", "dist/dataset"], clone).returncode == 0
    loaded, code = blocks("python")
    done = run([sys.executable, "-c", loaded], clone)
    assert done.returncode == 0, done.stderr
    assert "('accuses', 'source', 'ISIS')" in done.stdout
    done = run([sys.executable, "-c", code], clone)
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert "The agency | 33 people were killed | exact 33 33" in lines, done.stdout
    assert all(line.count(" | ") == 2 for line in lines)


def test_table_of_extras_is_that_of_the_package() -> None:
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["optional-dependencies"]
    table = README.partition("| extra |")[2].partition("\n\n")[0]
    assert set(re.findall(r"^\| `(\w+)` \|", table, re.MULTILINE)) == set(extras)
    (named,) = re.findall(r"^pip install '\.\[([\w,]+)\]'$", README, re.MULTILINE)
    assert set(named.split(",")) <= set(extras)


def test_number_of_checks_is_that_of_the_catalogue() -> None:
    assert f"{len(CATALOGUE)} coded checks" in README


def test_figures_are_fresh(clone: Path) -> None:
    done = run([sys.executable, str(ROOT / "tools" / "readme_figures.py"), "--check"], clone)
    assert done.returncode == 0, done.stderr


def test_make_targets_of_the_readme_exist() -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    named = set(re.findall(r"(?:`|^)make ([a-z-]+)", README, re.MULTILINE))
    assert {"run", "test", "studio"} <= named <= targets
