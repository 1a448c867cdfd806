"""The guidelines as instructions: every page there, no raw HTML, no link that leads off the labelling screen."""

from pathlib import Path

import pytest

from annotate.errors import CannotRun
from annotate.inventory import Inventory
from annotate.labelstudio.instructions import page_names, render_instructions
from tests.conftest import ROOT, Project

GUIDELINES = ROOT / "guidelines"


def test_every_page_is_a_section(labels: Inventory) -> None:
    html = render_instructions(GUIDELINES, labels)
    names = page_names(GUIDELINES, labels)
    assert names[:2] == ["README.md", "how-to-label.md"]
    assert {label.guideline for label in labels.spans.values()} <= set(names)
    assert html.count("<details") == html.count("</details>") == len(names) == len(set(names))
    assert "<details open" not in html  # the server would cut it, and each push would find a difference


def test_comments_and_internal_links_are_left_out(labels: Inventory) -> None:
    html = render_instructions(GUIDELINES, labels)
    assert "generated:" not in html
    assert "<!--" not in html
    assert 'href="#' not in html
    assert '.md"' not in html


def made(project: Project, text: str) -> str:
    folder = project.root / "guidelines"
    folder.mkdir()
    (folder / "speech.md").write_text(text, "utf-8")
    (folder / "cargo.md").write_text("# Cargo\n", "utf-8")
    return render_instructions(folder, project.inventory)


def test_html_in_a_page_is_text(project: Project) -> None:
    html = made(project, "# A <b> & c\n\n<script>alert(1)</script> [x](javascript:alert(1))\n")
    assert "<script>" not in html
    assert "javascript:" not in html.replace("(javascript:alert(1))", "")
    assert "<summary>A &lt;b&gt; &amp; c</summary>" in html


def test_internal_links_become_emphasis_and_others_open_a_tab(project: Project) -> None:
    html = made(project, "# S\n\nsee [cargo](cargo.md#x), [above](#s) and [the web](https://example.org/)\n")
    assert "<em>cargo</em>" in html
    assert "<em>above</em>" in html
    assert '<a href="https://example.org/" target="_blank" rel="noreferrer">the web</a>' in html


def test_missing_page_is_named(project: Project, tmp_path: Path) -> None:
    with pytest.raises(CannotRun, match=r"speech\.md"):
        render_instructions(tmp_path, project.inventory)
