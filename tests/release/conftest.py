"""A made-up corpus in a git repository of its own, ready to be released, and released once; each made a single time."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.conftest import Project

VERSION, DAY = "1.0.0", "2026-03-01"
CITATION = """cff-version: 1.2.0
message: Cite it as below.
title: Port news
license: CC-BY-4.0 # of the labels
authors:
  - name: The port office
"""
DRAFT = "<!-- draft: say in words what changed and why, then delete this line -->\n"


class Maintained(Project):
    """A project of which there is a repository."""

    def __init__(self, root: Path) -> None:
        self.take(root)

    def take(self, root: Path) -> None:
        from annotate.corpus import Corpus

        self.root, self.corpus, self.schema = root, Corpus(root / "corpus"), root / "schema"

    def git(self, *words: str) -> str:
        who = ["-c", "commit.gpgsign=false", "-c", "gc.auto=0"]
        env = {**os.environ, "GIT_AUTHOR_DATE": f"{DAY}T12:00:00Z", "GIT_COMMITTER_DATE": f"{DAY}T12:00:00Z"}
        done = subprocess.run(["git", *who, *words], cwd=self.root, env=env, check=True, capture_output=True, text=True)
        return done.stdout.rstrip("\n")

    def commit(self) -> None:
        self.git("add", "--all")
        self.git("commit", "--quiet", "--allow-empty", "--message", "as it is")

    def write(self, file: str, text: str) -> None:
        self.path(file).parent.mkdir(parents=True, exist_ok=True)
        self.path(file).write_text(text)

    def tree(self) -> dict[str, bytes]:
        """Every file but git's own and what is built."""
        return {name: data for name, data in self.snapshot().items() if not name.startswith((".git/", "dist/"))}

    def built(self) -> dict[str, bytes]:
        """What was built, and nothing that was left behind."""
        return {name: data for name, data in self.snapshot().items() if name.startswith("dist/")}

    def prepare(self, version: str) -> None:
        """What a maintainer does from the first `cut` to the second."""
        first = self.annotate("release", "cut", version, "--date", DAY)
        assert first.exit_code == 1, first.output
        assert "prepared" in first.output, first.output
        told = self.path("corpus/CHANGELOG.md")
        told.write_text(told.read_text().replace(DRAFT, "Told by a person.\n"))
        self.commit()

    def finish(self, version: str) -> None:
        second = self.annotate("release", "cut", version)
        assert second.exit_code == 0, second.output


def _copied(source: Path, target: Path) -> Maintained:
    shutil.copytree(source, target, symlinks=True)
    return Maintained(target)


@pytest.fixture(scope="session")
def _workplace(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A corpus with two annotators and all that a release asks for, committed."""
    root = tmp_path_factory.mktemp("release") / "port"
    Project(root)
    made = Maintained(root)
    for name in ("harbour", "market"):
        labels = made.path(f"corpus/annotations/anna/{name}.json").read_text()
        made.write(f"corpus/annotations/ben/{name}.json", labels.replace('"anna"', '"ben"'))
        made.replace(f"corpus/annotations/gold/{name}.json", '"made_from": ["anna"]', '"made_from": ["anna", "ben"]')
    made.write("corpus/release.yaml", "agreement: {least: 0.8}\n")
    made.write("CITATION.cff", CITATION)
    made.write(".gitignore", "/dist/\n")
    made.git("init", "--quiet")
    made.git("config", "user.name", "maintainer")
    made.git("config", "user.email", "maintainer@example.org")
    made.commit()
    return root


@pytest.fixture(scope="session")
def _preparedplace(_workplace: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = _copied(_workplace, tmp_path_factory.mktemp("prepared") / "port")
    made.prepare(VERSION)
    return made.root


@pytest.fixture(scope="session")
def _releasedplace(_preparedplace: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = _copied(_preparedplace, tmp_path_factory.mktemp("released") / "port")
    made.finish(VERSION)
    return made.root


@pytest.fixture
def port(_workplace: Path, tmp_path: Path) -> Maintained:
    """A corpus that was never released."""
    return _copied(_workplace, tmp_path / "never")


@pytest.fixture
def prepared(_preparedplace: Path, tmp_path: Path) -> Maintained:
    """A corpus whose release 1.0.0 is written, read and committed, and not yet made."""
    return _copied(_preparedplace, tmp_path / "prepared")


@pytest.fixture
def released(_releasedplace: Path, tmp_path: Path) -> Maintained:
    """A corpus with its release 1.0.0: folder and tag."""
    return _copied(_releasedplace, tmp_path / "released")
