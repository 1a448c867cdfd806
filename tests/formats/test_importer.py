"""Imports that were interrupted, disks that fail, and the order of outcomes."""

import json
from pathlib import Path

import pytest

from tests.conftest import Project
from tests.formats.conftest import codes, take_in


@pytest.mark.parametrize("left", [0, 1, 2, 3, 4])
def test_interrupted_import_is_resumed(project: Project, others: Path, left: int) -> None:
    """Killed after any of the five files of an article: the next run ends as one that was never killed."""
    (others / "one.txt").write_text("Anna waits.\n")
    (others / "one.ann").write_text("T1\tPER 0 4\tAnna\n")
    assert take_in(project, "brat").exit_code == 0
    whole = project.snapshot()
    order = [
        "sources/one.txt",
        "sources/one.txt.json",
        "articles/one.txt",
        "articles/one.json",
        "annotations/anna/one.json",
    ]
    for file in order[left:]:
        project.path(f"new/{file}").unlink()
    assert take_in(project, "brat").exit_code == 0
    assert project.snapshot() == whole
    for file in ("sources/one.txt", "articles/one.txt"):
        for gone in order[3:]:
            project.path(f"new/{gone}").unlink(missing_ok=True)
        right = project.path(f"new/{file}").read_bytes()
        project.path(f"new/{file}").write_bytes(b"Another.")
        assert codes(take_in(project, "brat")) == ["F104"]
        project.path(f"new/{file}").write_bytes(right)


def test_failing_disk_is_one_line(project: Project, others: Path) -> None:
    """A file takes the place of a folder, so that no write succeeds."""
    for number in range(20):
        (others / f"{number}.txt").write_text(f"Text {number}.")
        (others / f"{number}.ann").write_text("")
    project.path("new/articles").write_text("")
    result = take_in(project, "brat")
    assert result.exit_code == 2
    assert result.output.count("annotate: ") == result.output.count("\n") == 1, result.output


def test_outcomes_are_in_the_order_of_the_files(project: Project, others: Path) -> None:
    for number in range(30):
        (others / f"t{number:02}.txt").write_text(f"Text {number}.")
        (others / f"t{number:02}.ann").write_text("T1\tGHOST 0 4\tText\n")
    result = take_in(project, "brat")
    files = [line["file"] for line in map(json.loads, result.stdout.splitlines()) if "code" in line]
    assert files == [f"others/t{number:02}.ann" for number in range(30)]
