"""The script that repeats docs/explanation/tried-on.md accepts an import, and finds what is changed in its result."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import Project

ROOT = Path(__file__).parent.parent
TOOLS = ROOT / "tools"
MAP = """
spans: {Person: {label: Speaker}, Place: {label: Quay}, Note: null}
relations: {Near: {relation: lies_at}}
attributes: {role: {attribute: rank}}
notes: {AnnotatorNotes: {to: note}}
"""
TEXT = "🚢 Anna waits at the Old Pier.\r\nZoe\u0301 left."
LINES = (
    "T1\tPerson 2 6\tAnna\n"
    "T2\tPlace 20 28\tOld Pier\n"
    "R1\tNear Arg1:T1 Arg2:T2\n"
    "A1\trole T1 master\n"
    "#1\tAnnotatorNotes T2\tby the sea\n"
    "T3\tNote 7 12\twaits\n"
    "A2\trole T3 master\n"
    "T4\tPerson 31 35\tZoe\u0301\n"
    "T5\tPerson 0 1\tno such words\n"
    "broken\n"
)


@pytest.fixture
def verify(project: Project) -> list[str]:
    """Import a small folder of brat; the words of the command that verifies it."""
    project.path("new").mkdir()
    project.path("new/annotators.yaml").write_bytes(project.path("corpus/annotators.yaml").read_bytes())
    project.path("others").mkdir()
    project.path("others/a.txt").write_bytes(TEXT.encode())
    project.path("others/a.ann").write_text(LINES)
    project.path("map.yaml").write_text(MAP)
    words = ["others", "--map", "map.yaml", "--annotator", "anna"]
    result = project.annotate("import", "--format", "brat", *words, "--corpus", "new", "--report", "json")
    assert result.exit_code == 1
    project.path("report.jsonl").write_text(result.stdout)
    return [
        sys.executable,
        str(TOOLS / "verify_import.py"),
        "brat",
        *words,
        "--corpus",
        "new",
        "--report",
        "report.jsonl",
    ]


def run(project: Project, words: list[str]) -> tuple[int, str]:
    result = subprocess.run(words, cwd=project.root, capture_output=True, text=True, check=False, timeout=60)
    assert not result.stderr, result.stderr
    return result.returncode, result.stdout


def test_an_import_is_accepted(project: Project, verify: list[str]) -> None:
    says = "1 texts, 10 items, 6 taken, 2 left out, 2 reported, 3 spans\nno difference\n"
    assert run(project, verify) == (0, says)


@pytest.mark.parametrize(
    ("file", "old", "new"),
    [
        ("new/annotations/anna/a.json", '"label": "Quay"', '"label": "Speaker"'),
        ("new/annotations/anna/a.json", "master", "mate"),
        ("new/annotations/anna/a.json", "by the sea", "by the river"),
        ("new/annotations/anna/a.json", '"head": "s1", "tail": "s2"', '"head": "s2", "tail": "s1"'),
        ("report.jsonl", r'\{"code": "F202"[^\n]*\n', ""),
        ("report.jsonl", '"taken": 6', '"taken": 7'),
        ("others/a.ann", "T4\t[^\n]*\n", ""),
    ],
)  # fmt: skip
def test_a_change_is_found(project: Project, verify: list[str], file: str, old: str, new: str) -> None:
    data = project.path(file).read_text()
    changed = re.sub(old, new, data, count=1)
    project.path(file).write_text(changed)
    assert changed != data
    code, output = run(project, verify)
    assert code == 1, output


def test_nothing_of_the_toolkit_is_used() -> None:
    for name in ("verify_import", "import_readers", "import_expected"):
        assert not re.search(r"^\s*(from|import) annotate", (TOOLS / f"{name}.py").read_text(), re.MULTILINE)
