"""CoNLL files of others, and what is wrong with some."""

import json
from pathlib import Path

import pytest

from annotate.corpus import Corpus
from tests.conftest import Project
from tests.formats.conftest import codes, take_in, taken


def test_conll_of_others(project: Project, others: Path) -> None:
    """One column of tags, no offsets, an I that begins, Windows line ends."""
    rows = [
        "Anna\tB-PER",
        "Berg\tI-PER",
        "Ben\tB-PER",
        "waits\tO",
        ".\tO",
        "",
        "Old\tI-LOC",
        "Pier\tI-LOC",
        "she\tX",
        "x",
    ]
    (others / "news.conll").write_bytes("\r\n".join(rows).encode())
    result = take_in(project, "bio")
    assert result.exit_code == 1
    assert codes(result) == ["F201", "F201"]
    annotation = taken(project, "news")
    assert Corpus(project.path("new")).read_text("news") == "Anna Berg Ben waits .\nOld Pier she"
    assert [(one.label, one.text) for one in annotation.spans] == [
        ("Speaker", "Anna Berg"), ("Speaker", "Ben"), ("Quay", "Old Pier"),
    ]  # fmt: skip


@pytest.mark.parametrize("place", ["9\t12", "a\tb", "-4\t0", "0\t3", "²\t4"])
def test_tokens_with_wrong_offsets_are_reported(project: Project, others: Path, place: str) -> None:
    lines = ["# article = one", "# columns = FORM START END speech", "Anna\t0\t4\tB-PER", f"left\t{place}\tO"]
    (others / "one.conll").write_text("\n".join(lines))
    result = take_in(project, "bio")
    assert (result.exit_code, codes(result)) == (1, ["F201"])
    assert [one.text for one in taken(project, "one").spans] == ["Anna"]


def test_conll_in_latin_1(project: Project, others: Path) -> None:
    lines = ["# article = one", *["Anna\tB-PER"] * 3000, "", "# article = two", "Café\tO"]
    (others / "one.conll").write_bytes("\n".join(lines).encode("latin-1"))
    result = take_in(project, "bio")
    assert codes(result) == ["F103"]
    finding, counts = map(json.loads, result.stdout.splitlines())
    assert finding["line"] == len(lines)
    assert counts["lines"] == {"read": 3001, "taken": 0, "left_out": 0, "reported": 3001}
    assert Corpus(project.path("new")).article_ids() == []
