"""Shared by all tests: the repository's own corpus, a small made-up one, and the command line."""

import json
import os
import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from hypothesis import settings

from annotate import inventory
from annotate.corpus import Corpus
from annotate.findings import Finding
from annotate.inventory import Inventory
from annotate.util import processes

pytest_plugins = ["tests.server", "tests.bare_environments"]

ROOT = Path(__file__).resolve().parent.parent
BASE = ROOT / "tests" / "base"
"""A made-up corpus with an inventory of its own, which has none of the labels of the corpus that the toolkit ships."""


# Other workers share the processor, so the time of one example says nothing. The rest of the profile stays.
settings.register_profile("suite", deadline=None)
settings.load_profile("suite")

# `make coverage` measures the processes that a command starts, too. They get no variables but those that are named.
processes.COMMON_VARIABLES = (*processes.COMMON_VARIABLES, "COVERAGE_PROCESS_CONFIG")  # type: ignore[assignment]


AS_ORDINARY_USER = (
    "setpriv",
    *(f"--{caps}=-dac_override,-dac_read_search,-fowner" for caps in ("bounding-set", "inh-caps")),
)
"""The beginning of a command that runs as the user of the tests, whom the system refuses what it refuses others.

Root passes over modes and owners, and another user than that of the tests may not read the clone.
"""


def give_away(folder: Path) -> None:
    """Give a folder with all that is in it to another user."""
    for path in (folder, *folder.rglob("*")):
        os.chown(path, 65534, 65534, follow_symlinks=False)


class Project:
    """A copy of the made-up corpus that a test may change."""

    def __init__(self, root: Path) -> None:
        shutil.copytree(BASE, root)
        self.root = root
        self.corpus = Corpus(root / "corpus")
        self.schema = root / "schema"

    @property
    def inventory(self) -> Inventory:
        return inventory.load_inventory(self.schema)

    def path(self, file: str) -> Path:
        return self.root / file

    def replace(self, file: str, old: str, new: str) -> None:
        """Replace words in a file, which must contain the old ones."""
        path = self.path(file)
        text = path.read_bytes().decode("utf-8")
        assert old in text, (file, old)
        path.write_bytes(text.replace(old, new, 1).encode("utf-8"))

    def snapshot(self) -> dict[str, bytes]:
        """Return every file below the folder with its bytes."""
        return read_files(self.root)

    def check(self) -> list[Finding]:
        """Return all findings on the corpus and its schema."""
        from annotate.checks import check

        return list(check(self.corpus, self.inventory))

    def annotate(self, *words: str) -> Result:
        """Run a command in the project's folder, as its user would."""
        return annotate(*words, cwd=self.root)


def read_files(folder: Path) -> dict[str, bytes]:
    """Return every file below a folder with its bytes."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()
    }


def annotate(*words: str, cwd: Path = ROOT) -> Result:
    """Run `annotate` with these words; errors that keep it from running come back as they would on a terminal."""
    from annotate import cli

    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(cwd)
        return CliRunner().invoke(cli.cli, list(words))


def has_only_unwritten_pages(root: Path, *others: str) -> bool:
    """Tell whether all that `annotate check --strict` finds in a new corpus are unwritten pages, and other codes."""
    findings = json.loads(annotate("check", "--strict", "--format", "json", cwd=root).output)
    return {finding["code"] for finding in findings} <= {"C506", *others}


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return Project(tmp_path / "project")


@pytest.fixture(scope="session")
def corpus() -> Corpus:
    """The corpus of this repository, which the source distribution lacks."""
    if not (ROOT / "corpus").is_dir():
        pytest.skip("there is no corpus/ here")
    return Corpus(ROOT / "corpus")


@pytest.fixture(scope="session")
def labels() -> Inventory:
    """The inventory of this repository."""
    return inventory.load_inventory(ROOT / "schema")
