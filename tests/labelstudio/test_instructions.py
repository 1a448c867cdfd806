"""The guidelines as instructions: every page there, no raw HTML, no link that leads off the labelling screen."""

import base64
import os
from pathlib import Path

import pytest

from annotate.errors import CannotRun
from annotate.inventory import Inventory
from annotate.labelstudio.instructions import LARGEST_IMAGE, page_names, render_instructions
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
    folder.mkdir(exist_ok=True)
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


PIXEL = base64.b64decode("R0lGODlhAQABAAAAACwAAAAAAQABAAACAkQBADs=")


def test_images_of_the_guidelines_are_part_of_the_page(project: Project) -> None:
    folder = project.path("guidelines/pictures")
    folder.mkdir(parents=True)
    (folder / "a b.gif").write_bytes(PIXEL)
    html = made(project, "# S\n\n![The *quay*](pictures/a%20b.gif) and ![again](<./pictures/../pictures/a b.gif>)\n")
    source = f'src="data:image/gif;base64,{base64.b64encode(PIXEL).decode()}"'
    assert html.count(source) == 2
    assert f'<img {source} alt="The quay"' in html


@pytest.mark.parametrize(
    "target",
    [
        "http://127.0.0.1:9/x.png",
        "https://127.0.0.1:9/x.png",
        "//127.0.0.1:9/x.png",
        "data:image/png;base64,AAAA",
        "../outside.gif",
        "%2e%2e/outside.gif",
        "/etc/passwd",
        "link.gif",
        "linked/outside.gif",
        "pipe.gif",
        "folder.gif",
        "large.gif",
        "page.html",
        "drawing.svg",
        "missing.gif",
        "a%00.gif",
        "",
    ],
)
def test_other_images_are_their_descriptions(project: Project, target: str) -> None:
    folder = project.path("guidelines")
    folder.mkdir()
    project.path("outside.gif").write_bytes(PIXEL)
    (folder / "link.gif").symlink_to(project.path("outside.gif"))
    (folder / "linked").symlink_to(project.root)
    os.mkfifo(folder / "pipe.gif")
    (folder / "folder.gif").mkdir()
    (folder / "large.gif").write_bytes(PIXEL + bytes(LARGEST_IMAGE))
    (folder / "page.html").write_text("<script>alert(1)</script>")
    (folder / "drawing.svg").write_text('<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>')
    html = made(project, f"# S\n\nSee ![the <quay>]({target}).\n")
    assert "<img" not in html
    assert "<p>See the &lt;quay&gt;.</p>" in html


def test_control_characters_of_a_page_are_escapes(project: Project) -> None:
    html = made(project, "# S\x1b\n\na\x9bb\u202ec\n")
    assert r"<summary>S\x1b</summary>" in html
    assert r"<p>a\x9bb&#x202e;c</p>" in html


def test_missing_page_is_named(project: Project, tmp_path: Path) -> None:
    with pytest.raises(CannotRun, match=r"speech\.md"):
        render_instructions(tmp_path, project.inventory)
