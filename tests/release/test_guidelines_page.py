"""The guidelines as one page: every page is a chapter, links lead within it, and it asks for no other file."""

import re
from html.parser import HTMLParser

import pytest

from annotate import inventory
from annotate.release.guidelines_page import render_guidelines
from tests.conftest import ROOT, Project

PIXEL = (
    b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x00\x00\x00\x01\x00\x00\x00\x01\x08\x06\x00\x00\x00\x1f\x15\xc4\x89"
    b"\x00\x00\x00\rIDATx\x9cc\xf8\xff\xff?\x00\x05\xfe\x02\xfe\xa7\x9a\xa0\xa0\x00\x00\x00\x00IEND\xaeB`\x82"
)


class _Page(HTMLParser):
    """The anchors, links and other addresses of a page."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.ids: list[str] = []
        self.links: list[str] = []
        self.sources: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = {name: value or "" for name, value in attrs}
        self.ids += [values["id"]] if "id" in values else []
        self.links += [values["href"]] if tag == "a" else []
        self.sources += [values["src"]] if "src" in values else []
        assert tag not in ("script", "link", "iframe")


def test_every_page_is_a_chapter_and_every_link_leads_to_one() -> None:
    labels = inventory.load_inventory(ROOT / "schema")
    text = render_guidelines(ROOT / "guidelines", labels)
    page = _Page(text)
    assert len(page.ids) == len(set(page.ids))
    inner = [link.removeprefix("#") for link in page.links if link.startswith("#")]
    assert len(inner) > 30
    assert set(inner) <= set(page.ids)
    assert all(link.startswith(("#", "https://")) for link in page.links)
    for span in labels.spans.values():
        assert re.sub(r"\W+", "-", span.guideline.removesuffix(".md")) in page.ids
    assert "<!-- generated" not in text
    assert "&lt;!-- generated" not in text


def write_pages(project: Project) -> None:
    project.path("guidelines").mkdir()
    for label in project.inventory.spans.values():
        (project.path("guidelines") / label.guideline).write_text(f"# {label.name}\n", "utf-8")


def test_links_html_and_images_of_a_page(project: Project) -> None:
    write_pages(project)
    (project.path("guidelines") / "pixel.png").write_bytes(PIXEL)
    name = project.inventory.spans["Quay"].guideline
    path = project.path("guidelines") / name
    up = "../" * name.count("/")
    path.write_text(
        f"# Quay\n\n## Where it *starts*\n\n[here](#where-it-starts) [above]({up}../secret.md) <b>bold</b>\n\n"
        f"![a pixel]({up}pixel.png) ![far](https://example.org/a.png)\n",
        "utf-8",
    )
    result = project.annotate("generate", "--printable", "page.html")
    assert result.exit_code == 0, result.output
    assert result.output == "written to page.html\n"
    text = project.path("page.html").read_text("utf-8")
    page = _Page(text)
    assert next(link for link in page.links if link.endswith("--where-it-starts")).removeprefix("#") in page.ids
    assert "<em>above</em>" in text
    assert "&lt;b&gt;bold" in text
    assert [source[:22] for source in page.sources] == ["data:image/png;base64,"]
    assert "img-src data:" in text


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["--check"], "--printable: --check or --fix is given, too; choose one of them"),
        (["--guidelines", "nowhere"], "nowhere: no such folder"),
    ],
)
def test_what_cannot_be_printed_is_one_line(project: Project, words: list[str], says: str) -> None:
    result = project.annotate("generate", "--printable", "page.html", *words)
    assert (result.exit_code, result.output.count("\n")) == (2, 1), result.output
    assert says in result.output
    assert not project.path("page.html").exists()


def test_a_missing_page_is_one_line(project: Project) -> None:
    write_pages(project)
    name = project.inventory.spans["Quay"].guideline
    (project.path("guidelines") / name).unlink()
    result = project.annotate("generate", "--printable", "page.html")
    assert (result.exit_code, result.output.count("\n")) == (2, 1), result.output
    assert name in result.output
    assert not project.path("page.html").exists()
