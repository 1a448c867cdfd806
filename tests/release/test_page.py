"""The page of a release: it needs no other file, escapes its text, shows every label, and fits a phone."""

import re
import sys
from html.parser import HTMLParser
from pathlib import Path

import msgspec
import pytest
from click.testing import CliRunner, Result

from annotate.cli.release.page import page as page_command
from annotate.corpus import Corpus
from annotate.inventory import Inventory
from annotate.model import Relation, Span
from annotate.offsets import sha256
from tests.conftest import ROOT, Project

HOSTILE = "<script>alert(1)</script>\"'><img src=x onerror=alert(2)>&amp;</p></details>"
VOID = {"meta", "br", "input"}


class Reader(HTMLParser):
    """Tags with their attributes, and all words; tags must be closed in their order."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.words = ""
        self._open: list[str] = []
        self.feed(page)
        assert self._open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self._open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.words += data

    def ids(self) -> list[str]:
        return [str(attributes["id"]) for _, attributes in self.tags if "id" in attributes]


def run_page(project: Project, *words: str) -> Result:
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(project.root)
        return CliRunner().invoke(page_command, ["--out", "page.html", *words])


def page_of(project: Project, *words: str) -> str:
    result = run_page(project, *words)
    assert (result.exit_code, result.output) == (0, "written to page.html\n"), result.output
    return project.path("page.html").read_text(encoding="utf-8")


def check_page(page: str) -> Reader:
    """Check that a page has no script, no external resource, unique ids, and no broken link."""
    assert not re.search(r"url\(|@import|srcset|javascript:", page.replace("javascript:alert(3)", ""))
    reader = Reader(page)
    tags = {tag for tag, _ in reader.tags}
    assert tags.isdisjoint({"script", "link", "img", "iframe", "form", "object", "base"})
    names = {name for _, attributes in reader.tags for name in attributes}
    assert not {name for name in names if name.startswith("on") or name == "src"}
    assert len(reader.ids()) == len(set(reader.ids()))
    targets = {str(attributes["href"]) for tag, attributes in reader.tags if tag == "a" and "href" in attributes}
    assert targets <= {f"#{name}" for name in reader.ids()}
    policy = next(str(each["content"]) for tag, each in reader.tags if "http-equiv" in each)
    assert policy.startswith("default-src 'none'")
    return reader


def test_page_of_the_repository_has_every_label(corpus: Corpus, labels: Inventory, tmp_path: Path) -> None:
    out = tmp_path / "page.html"
    result = CliRunner().invoke(page_command, [str(corpus.root), "--schema", str(ROOT / "schema"), "--out", str(out)])
    assert result.exit_code == 0, result.output
    reader = check_page(out.read_text(encoding="utf-8"))
    gold = list(corpus.gold())
    spans, relations = (sum(len(getattr(each, name)) for each in gold) for name in ("spans", "relations"))
    joined = sum(relation.label == labels.pieces for annotation in gold for relation in annotation.relations)
    counted = f"{spans:,} spans" if not joined else f"{spans - joined:,} spans ({spans:,} pieces)"
    assert f"{counted}, {relations:,} relations" in reader.words
    entries = [name for name in reader.ids() if re.fullmatch(r"a[0-9a-f]{16}-e", name)]
    assert len(entries) == spans - joined
    for annotation in gold:
        for span in annotation.spans:
            assert all(word in reader.words for word in span.text.split())
    assert "reader-5 (model) and reader-6 (model)" in reader.words


def test_text_of_the_corpus_is_escaped(project: Project) -> None:
    """Markup in the text, titles, authors, rights, notes, values, ids and the changelog."""
    corpus = project.corpus
    old = corpus.read_article("harbour")
    text = f"{HOSTILE} said {HOSTILE}\n{HOSTILE}"
    fields = {"title": HOSTILE, "author": HOSTILE, "rights": HOSTILE, "publisher": HOSTILE, "date": HOSTILE}
    corpus.write_article(msgspec.structs.replace(old, text=text, text_sha256=sha256(text), **fields))
    end = len(HOSTILE)
    spans = (
        Span(id=HOSTILE, label="Speaker", start=0, end=end, text=HOSTILE, attributes={"rank": HOSTILE}, note=HOSTILE),
        Span(id="v", label="Verb", start=end + 1, end=end + 5, text="said", note=HOSTILE),
        Span(id="w", label="Words", start=3, end=len(text) - 3, text=text[3:-3]),
        Span(id="q", label="Quay", start=9, end=20, text=text[9:20], attributes={"remark": HOSTILE}),
        Span(id="l", label="Load", start=7, end=22, text=text[7:22], attributes={"wording": HOSTILE, "least": 1}),
    )
    relations = (
        Relation(label="speaker", head="v", tail=HOSTILE, note=HOSTILE),
        Relation(label="lies_at", head="l", tail="q", note=HOSTILE),
    )
    gold = corpus.read_annotation("gold", "harbour")
    corpus.write_annotation(
        "gold",
        msgspec.structs.replace(gold, spans=spans, relations=relations, text_sha256=sha256(text), annotator=HOSTILE),
    )
    corpus.links_path.unlink()
    log = f"# Data\n\n## 1.0.0\n\n{HOSTILE} [here](javascript:alert(3)) ![x](http://there/x.png) [this](page.md)\n"
    project.path("corpus/CHANGELOG.md").write_text(log, encoding="utf-8")
    reader = check_page(page_of(project))
    # Title, four fields, note and value of the Speaker, the notes of the Verb and of two relations, two more values.
    assert reader.words.count("<script>alert(1)</script>") >= 12
    assert "http://there" not in str(reader.tags)
    assert "Port news 1.0.0" in reader.words


def test_inventory_versions_of_the_labels(project: Project) -> None:
    assert "Labels: inventory 1.0.0.</p>" in page_of(project)
    project.replace("schema/labels.yaml", "version: 1.0.0", "version: 1.1.0")
    project.replace("corpus/annotations/gold/market.json", '"inventory": "1.0.0"', '"inventory": "1.1.0"')
    words = "Labels: inventory 1.1.0, last looked at with 1.0.0 (1 article), 1.1.0 (1 article).</p>"
    assert words in page_of(project)


def test_what_changed_since_another_version(project: Project) -> None:
    before = project.root.parent / "before"
    (before / "schema").mkdir(parents=True)
    for path in (project.corpus.root, project.schema):
        _copy(path, before / path.name)
    project.replace("corpus/annotations/gold/market.json", '"least": 2, ', '"least": 1, ')
    page = page_of(project, "--since", str(before))
    words = check_page(page).words
    assert f"Since {before}: a minor version is needed." in words
    assert "Spans of gold" in words


def _copy(source: Path, target: Path) -> None:
    for path in source.rglob("*"):
        if path.is_file():
            place = target / path.relative_to(source)
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(path.read_bytes())


def test_number_of_articles_can_be_limited(project: Project) -> None:
    words = Reader(page_of(project, "--articles", "1")).words
    assert "The first 1 of 2." in words
    assert "carts came" not in words.partition("The first 1")[2]


def test_refusals_write_nothing(project: Project) -> None:
    for path in project.path("corpus/annotations/gold").iterdir():
        path.unlink()
    result = project.annotate("release", "page", "--out", "page.html")
    assert (result.exit_code, result.output.count("\n")) == (2, 1), result.output
    assert "has no gold labels" in result.output
    assert not project.path("page.html").exists()


@pytest.mark.browser
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [360, 1280])
def test_page_fits_the_screen_and_can_be_read(corpus: Corpus, tmp_path: Path, width: int, scheme: str) -> None:
    sys.path.insert(0, str(ROOT / "tools"))
    import browser
    from contrast import contrasts
    from playwright.sync_api import sync_playwright

    out = tmp_path / "page.html"
    given = [str(corpus.root), "--schema", str(ROOT / "schema"), "--out", str(out)]
    assert CliRunner().invoke(page_command, given).exit_code == 0
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=str(browser.CHROMIUM), args=browser.FLAGS)
        page = chromium.new_page(viewport={"width": width, "height": 780}, color_scheme=scheme)  # type: ignore[arg-type]
        said: list[str] = []
        page.on("console", lambda message: said.append(message.text))
        page.goto(out.as_uri())
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        page.evaluate("document.querySelectorAll('details').forEach((one) => one.open = true)")
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        faintest = contrasts(page, "body")[0]
        assert faintest.ratio >= 4.5, faintest
        page.locator("#names").uncheck()
        assert page.locator(".text .tag:visible").count() == 0
        page.screenshot(path=tmp_path / "page.png")
        chromium.close()
    assert said == []
