"""Shared by the tests of differences: two copies of the made-up corpus, and git repositories of it."""

import os
import shutil
import subprocess
from pathlib import Path

import msgspec
import pytest

from annotate.comparison.compare import Comparison
from annotate.comparison.model import FileChange
from annotate.comparison.sources import open_version
from annotate.comparison.summary import Summary
from annotate.model import GOLD, Span
from tests.conftest import BASE, Project

ENV = {
    **os.environ,
    **{f"GIT_{who}_{what}": "someone" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")},
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_CONFIG_SYSTEM": os.devnull,
}


def git(folder: Path, *words: str) -> str:
    done = subprocess.run(["git", *words], cwd=folder, env=ENV, capture_output=True, text=True, check=True)
    return done.stdout.strip()


class Pair:
    """The made-up corpus twice: `old` as it is, `new` to be changed."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        shutil.copytree(BASE, folder / "old")
        self.new = Project(folder / "new")

    def compared(self) -> tuple[list[FileChange], Summary]:
        """Return every change, and the summary."""
        with open_version(str(self.folder / "old")) as old, open_version(str(self.folder / "new")) as new:
            comparison = Comparison(old, new)
            changes = list(comparison.compare_files())
            return changes, comparison.summary

    def summary(self) -> Summary:
        return self.compared()[1]

    def change(self, file: str) -> FileChange:
        (found,) = [change for change in self.compared()[0] if change.file == file]
        return found

    def respan(self, article: str, id_: str, version: str = GOLD, **fields: object) -> Span:
        """Change a span of the new version; its quoted words follow its place."""
        corpus = self.new.corpus
        annotation, text = corpus.read_annotation(version, article), corpus.read_text(article)
        (old,) = [span for span in annotation.spans if span.id == id_]
        new = msgspec.structs.replace(old, **fields)
        new = msgspec.structs.replace(new, text=text[new.start : new.end])
        spans = tuple(new if span.id == id_ else span for span in annotation.spans)
        corpus.write_annotation(version, msgspec.structs.replace(annotation, spans=spans))
        return new


@pytest.fixture
def pair(tmp_path: Path) -> Pair:
    return Pair(tmp_path)


@pytest.fixture
def repository(tmp_path: Path) -> Project:
    """The made-up corpus in a git repository, committed once and tagged v1.0.0."""
    project = Project(tmp_path / "repository")
    git(project.root, "init", "--quiet", "--initial-branch", "main")
    commit(project, "first")
    git(project.root, "tag", "v1.0.0")
    return project


def commit(project: Project, message: str) -> None:
    git(project.root, "add", "--all")
    git(project.root, "commit", "--quiet", "--message", message)
