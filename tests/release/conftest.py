"""The made-up corpus in a git repository of its own: never released, prepared, and released; each is made once."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from annotate.corpus import Corpus
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
    """A project in a git repository of its own."""

    def __init__(self, root: Path) -> None:
        self.root, self.corpus, self.schema = root, Corpus(root / "corpus"), root / "schema"

    def git(self, *words: str) -> str:
        settings = ["-c", "commit.gpgsign=false", "-c", "gc.auto=0"]
        env = {**os.environ, "GIT_AUTHOR_DATE": f"{DAY}T12:00:00Z", "GIT_COMMITTER_DATE": f"{DAY}T12:00:00Z"}
        process = subprocess.run(
            ["git", *settings, *words], cwd=self.root, env=env, check=True, capture_output=True, text=True
        )
        return process.stdout.rstrip("\n")

    def commit(self) -> None:
        self.git("add", "--all")
        self.git("commit", "--quiet", "--allow-empty", "--message", "as it is")

    def write(self, file: str, text: str) -> None:
        self.path(file).parent.mkdir(parents=True, exist_ok=True)
        self.path(file).write_text(text)

    def tree(self) -> dict[str, bytes]:
        """Return every file, without git's own and the builds."""
        return {name: data for name, data in self.snapshot().items() if not name.startswith((".git/", "dist/"))}

    def built(self) -> dict[str, bytes]:
        """Return every file of the builds, temporary ones included."""
        return {name: data for name, data in self.snapshot().items() if name.startswith("dist/")}

    def prepare(self, version: str) -> None:
        """Do what a maintainer does from the first `cut` to the second."""
        first = self.annotate("release", "cut", version, "--date", DAY)
        assert first.exit_code == 1, first.output
        assert "prepared" in first.output, first.output
        changelog = self.path("corpus/CHANGELOG.md")
        changelog.write_text(changelog.read_text().replace(DRAFT, "Written by a person.\n"))
        self.commit()

    def finish(self, version: str) -> None:
        second = self.annotate("release", "cut", version)
        assert second.exit_code == 0, second.output


def _copy(source: Path, target: Path) -> Maintained:
    shutil.copytree(source, target, symlinks=True)
    return Maintained(target)


def commit_releasable(root: Path) -> None:
    """Give a corpus two annotators and all that a release asks for, and commit it."""
    project = Maintained(root)
    for name in ("harbour", "market"):
        labels = project.path(f"corpus/annotations/anna/{name}.json").read_text()
        project.write(f"corpus/annotations/ben/{name}.json", labels.replace('"anna"', '"ben"'))
        project.replace(f"corpus/annotations/gold/{name}.json", '"made_from": ["anna"]', '"made_from": ["anna", "ben"]')
    project.write("corpus/release.yaml", "agreement: {least: 0.8}\n")
    project.write("CITATION.cff", CITATION)
    project.write(".gitignore", "/dist/\n")
    project.git("init", "--quiet")
    project.git("config", "user.name", "maintainer")
    project.git("config", "user.email", "maintainer@example.org")
    project.commit()


@pytest.fixture(scope="session")
def committed_root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A corpus with two annotators and all that a release asks for, committed."""
    root = tmp_path_factory.mktemp("release") / "port"
    Project(root)
    commit_releasable(root)
    return root


@pytest.fixture(scope="session")
def prepared_root(committed_root: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    project = _copy(committed_root, tmp_path_factory.mktemp("prepared") / "port")
    project.prepare(VERSION)
    return project.root


@pytest.fixture(scope="session")
def released_root(prepared_root: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    project = _copy(prepared_root, tmp_path_factory.mktemp("released") / "port")
    project.finish(VERSION)
    return project.root


@pytest.fixture
def port(committed_root: Path, tmp_path: Path) -> Maintained:
    """A corpus that was never released."""
    return _copy(committed_root, tmp_path / "never")


@pytest.fixture
def prepared(prepared_root: Path, tmp_path: Path) -> Maintained:
    """A corpus whose release 1.0.0 is written, read and committed, and not yet made."""
    return _copy(prepared_root, tmp_path / "prepared")


@pytest.fixture
def released(released_root: Path, tmp_path: Path) -> Maintained:
    """A corpus with its release 1.0.0: folder and tag."""
    return _copy(released_root, tmp_path / "released")
