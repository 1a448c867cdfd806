"""Links of Markdown pages: which are links, where they lead, and which lead nowhere."""

from pathlib import Path

import pytest

from annotate.page_links import find_dead_links, heading_anchor
from tests.operations import LINEAR, count_calls

FOLDER = Path("guidelines")
RULES = '# Rules\n\n## Two loads\n\nWords.\n\n## Two loads\n\n<a id="old-name"></a>\n\nÜber *alles* `hier`\n-----\n'


def find(page: str, folder: Path = FOLDER, **pages: str) -> list[tuple[int, str, str]]:
    files = {folder / "page.md": page, folder / "rules.md": RULES}
    files |= {folder / f"{name}.md": text for name, text in pages.items()}
    return [(link.line, link.target, link.lacks) for link in find_dead_links(folder, files)]


@pytest.mark.parametrize(
    "page",
    [
        "[a](rules.md)",
        "[a](./rules.md#two-loads)",
        "[the second of a name](rules.md#two-loads-1)",
        "[a](rules.md#old-name)",
        "[a](rules.md#über-alles-hier)",
        "[a][1]\n\n[1]: rules.md",
        "# Here\n\n[a](#here)",
        "[a](https://example.org/none) and [b](mailto:a@example.org) and [c](//example.org)",
        "[out of the guidelines](../README.md)",
        "`[a](none.md)` and\n\n```\n[a](none.md)\n```\n\n    [a](none.md)",
        r"\[a](none.md)",
        "<!-- [a](none.md) -->",
        '<a href="rules.md#two-loads">a</a>',
        "[a](rules.md?plain=1)",
    ],
)
def test_links_that_lead_somewhere_are_not_yielded(page: str) -> None:
    assert find(page) == []


@pytest.mark.parametrize(
    ("page", "expected"),
    [
        ("[a](none.md)", (1, "none.md", "file")),
        ("Words\nand\n[a](none.md)", (3, "none.md", "file")),
        ("[a](rules.md#two-lods)", (1, "rules.md#two-lods", "heading")),
        ("[a](#nowhere)", (1, "#nowhere", "heading")),
        ("[a](rules.md#Two-Loads)", (1, "rules.md#Two-Loads", "heading")),
        ("[a][1]\n\n[1]: none.md", (1, "none.md", "file")),
        ("![a](none.png)", (1, "none.png", "file")),
        ("- [a](none.md)", (1, "none.md", "file")),
        ("| a |\n| --- |\n| [a](none.md) |", (3, "none.md", "file")),
        ("[a b](<no ne.md>)", (1, "no ne.md", "file")),
        ("[a](no%20ne.md)", (1, "no ne.md", "file")),
        ('Words <a href="none.md">a</a>', (1, "none.md", "file")),
        ('<div>\n<img alt="a" src="none.png">\n</div>', (2, "none.png", "file")),
        ("[a](RULES.md)", (1, "RULES.md", "file")),
    ],
)
def test_links_that_lead_nowhere_are_yielded(page: str, expected: tuple[int, str, str]) -> None:
    assert find(page) == [expected]


def test_files_that_are_no_pages_are_looked_for_and_not_opened(tmp_path: Path) -> None:
    (tmp_path / "picture.png").write_bytes(b"\xff")
    assert find("![a](picture.png#x) [b](other.png)", tmp_path) == [(1, "other.png", "file")]


def test_links_to_pages_that_are_known_to_be_missing_are_left_out() -> None:
    links = find_dead_links(FOLDER, {FOLDER / "page.md": "[a](load.md) [b](quay.md)"}, [FOLDER / "load.md"])
    assert [link.target for link in links] == ["quay.md"]


def test_a_page_may_lead_to_itself_and_to_a_folder_above() -> None:
    pages = {FOLDER / "page.md": "# A\n", FOLDER / "labels" / "load.md": "[a](../page.md#a) [b](../page.md#b)"}
    assert [link.target for link in find_dead_links(FOLDER, pages)] == ["../page.md#b"]


def test_an_anchor_is_that_of_github() -> None:
    assert heading_anchor("What is a *Load*, and what not?") == "what-is-a-load-and-what-not"


@pytest.mark.parametrize(
    "unit",
    [
        "[a](none.md) and [b](rules.md#two-loads)\n\n",
        "# A heading\n\nWords of it.\n\n",
        '<p>\n<a href="none.md" id="a">\n</p>\n\n',
        "[a][b] ",
    ],
)
def test_the_work_grows_linearly(unit: str) -> None:
    def count(size: int) -> int:
        return count_calls(lambda: find(unit * size))

    count(1)  # imports what it needs
    assert count(200) < LINEAR * count(100)
