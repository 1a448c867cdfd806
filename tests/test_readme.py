"""The README says what is true, and what it shows works in a copy of a clone."""

import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from annotate.checks import CATALOGUE
from tests.conftest import ROOT

README = (ROOT / "README.md").read_text("utf-8")
INSTALL = (ROOT / "docs/how-to/install.md").read_text("utf-8")


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


def test_commands_and_python_of_the_readme_print_claims(clone: Path) -> None:
    commands = re.findall(r"`(annotate (?:build|check) [^`]+)`", README)
    assert commands[:2] == ["annotate build --out dist/dataset", "annotate check --strict"]
    for command in commands[:2]:
        done = run(command.split(), clone)
        assert done.returncode == 0, f"{command}: {done.stdout}{done.stderr}"
    (code,) = re.findall(r"^```python\n(.*?)^```", README, re.DOTALL | re.MULTILINE)
    done = run([sys.executable, "-c", code], clone)
    assert done.returncode == 0, done.stderr
    assert "['The agency'] 33 people were killed 33" in done.stdout.splitlines()


def test_readme_is_short() -> None:
    assert len(README.splitlines()) <= 70


def test_table_of_extras_is_that_of_the_package() -> None:
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["optional-dependencies"]
    table = INSTALL.partition("| extra |")[2].partition("\n\n")[0]
    assert set(re.findall(r"^\| `(\w+)` \|", table, re.MULTILINE)) == set(extras)
    (named,) = re.findall(r"^\$ pip install '\.\[([\w,]+)\]'$", INSTALL, re.MULTILINE)
    assert set(named.split(",")) <= set(extras)


def test_number_of_checks_is_that_of_the_catalogue() -> None:
    assert f"{len(CATALOGUE)} coded checks" in README


def test_figures_are_fresh(clone: Path) -> None:
    done = run([sys.executable, str(ROOT / "tools" / "corpus_figures.py"), "--check"], clone)
    assert done.returncode == 0, done.stderr


def list_make_targets(text: str) -> set[str]:
    """Return the targets of make that Markdown names in sentences and in blocks."""
    return set(re.findall(r"(?:`|^|^\$ )make ([a-z-]+)", text, re.MULTILINE))


def test_make_targets_and_scripts_that_pages_name_exist() -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    assert {"run", "test", "studio", "docs"} <= list_make_targets(README)
    for page in (ROOT / "README.md", ROOT / "CONTRIBUTING.md", ROOT / "RELEASING.md", *(ROOT / "docs").rglob("*.md")):
        text = page.read_text("utf-8")
        assert list_make_targets(text) <= targets, page
        for script in re.findall(r"`((?:tools|\.ci)/[\w./]+)`", text):
            assert (ROOT / script).exists(), (page, script)
            assert f"Run `{script}`" not in text or os.access(ROOT / script, os.X_OK), (page, script)
