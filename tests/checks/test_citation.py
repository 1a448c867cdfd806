"""`annotate check` finds a CITATION.cff next to the corpus that readers of the format would refuse."""

import pytest

from tests.conftest import ROOT, Project

HEAD = "cff-version: 1.2.0\nmessage: Please cite the corpus.\n"
NAMES = "title: Port news\nauthors:\n  - family-names: Doe\n    given-names: Ann\n  - name: The port\n"


def find(project: Project, text: str | bytes) -> list[tuple[str, int | None]]:
    project.path("CITATION.cff").write_bytes(text if isinstance(text, bytes) else text.encode())
    findings = list(project.check())
    assert all(finding.file.endswith("../CITATION.cff") for finding in findings), findings
    return [(finding.code, finding.line) for finding in findings]


@pytest.mark.parametrize(
    "rest",
    [
        "",
        NAMES,
        f"{NAMES}date-released: 2026-03-01\nversion: 1.0\n",
        f"{NAMES}license: [CC-BY-4.0, MIT]\nkeywords: [ports]\nurl: https://example.org/\ndoi: 10.5281/zenodo.123\n",
        f"{NAMES}identifiers:\n  - {{type: doi, value: 10.5281/zenodo.123}}\ncontact: [{{alias: port}}]\n",
    ],
)
def test_valid(project: Project, rest: str) -> None:
    assert find(project, HEAD + rest) == []


@pytest.mark.parametrize(
    ("text", "code", "line"),
    [
        ("- a\n", "C126", 1),
        (NAMES, "C126", 1),
        (f"{HEAD}title: Port news\n", "C126", None),
        (f"{HEAD}authors: us\n", "C126", 3),
        (f"{HEAD}{NAMES}keyword: [ports]\n", "C126", 8),
        (f"{HEAD}{NAMES}date-released: spring\n", "C126", 8),
        (f"{HEAD}{NAMES}date-released: 2026-02-30\n", "M201", 8),
        (f"{HEAD}{NAMES}version: [1]\n", "C126", 8),
        (f"{HEAD}{NAMES}url: port\n", "C126", 8),
        (f"{HEAD}authors: [\n", "S102", 3),
        (f"{HEAD}message: Twice.\n", "S102", 3),
        (b"title: caf\xe9\n", "S101", 1),
    ],
)
def test_invalid(project: Project, text: str | bytes, code: str, line: int | None) -> None:
    codes = find(project, text)
    assert {each for each, _ in codes} == {code}
    assert (code, line) in codes


def test_no_file_and_a_link(project: Project) -> None:
    assert project.check() == []
    project.path("CITATION.cff").symlink_to(ROOT / "CITATION.cff")
    assert [finding.code for finding in project.check()] == ["S108"]
