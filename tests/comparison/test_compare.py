"""What a comparison says of work that is lost: labels of annotators and decisions that the later version lacks."""

from collections.abc import Callable
from pathlib import Path

import pytest

from annotate.comparison.compare import Comparison
from annotate.comparison.paths import CORPUS, SCHEMA
from annotate.comparison.trees import FolderTree
from tests.checks.examples import INVALID, lay_out
from tests.conftest import annotate

DECISIONS = "corpus/adjudication/harbour.yaml"
BEN = "corpus/annotations/ben/harbour.json"


def list_lost(old: Path, new: Path) -> list[str]:
    before, after = (FolderTree(root.name, {CORPUS: root / "corpus", SCHEMA: root / "schema"}) for root in (old, new))
    return list(Comparison(before, after).list_lost_work())


def remove_article(root: Path) -> None:
    for path in root.rglob("harbour.*"):
        path.unlink()


@pytest.mark.parametrize(
    ("change", "lost"),
    [
        (lambda root: None, []),
        (lambda root: (root / DECISIONS).unlink(), [DECISIONS]),
        (lambda root: (root / BEN).unlink(), [BEN]),
        (lambda root: (root / BEN).write_bytes(b""), [BEN]),
        (lambda root: (root / DECISIONS).write_bytes(b""), []),  # S104 reports a file that is no decisions
        (remove_article, []),
    ],
)
def test_lost_work_is_listed(change: Callable[[Path], object], lost: list[str], tmp_path: Path) -> None:
    old, new = tmp_path / "old", tmp_path / "new"
    for root in (old, new):
        lay_out(INVALID / "C803-other-value", root)
    change(new)
    assert list_lost(old, new) == lost


def test_decisions_of_the_last_release_that_are_emptied_are_found_by_the_check(tmp_path: Path) -> None:
    lay_out(INVALID / "C803-other-value", tmp_path / "project")
    (tmp_path / "project" / DECISIONS).write_bytes(b"")
    assert "S104" in annotate("check", cwd=tmp_path / "project").output
