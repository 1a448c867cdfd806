"""The pages of a release in a folder: a page an article, and a list that is searched without a server."""

import base64
import hashlib
import json
import re
import sys
from array import array
from itertools import accumulate
from pathlib import Path
from typing import Any

import msgspec
import pytest
import regex
from click.testing import Result

from annotate.offsets import sha256
from annotate.release.page_articles import make_anchor
from annotate.release.page_folder import SearchIndex
from annotate.tokens import list_words
from tests.conftest import ROOT, Project
from tests.release.test_page import Reader

SCRIPT = ROOT / "annotate" / "release" / "templates" / "search.js"


def write_pages(project: Project, *words: str) -> Result:
    result = project.annotate("release", "page", "--folder", "pages", *words)
    assert result.exit_code == 0, result.output
    return result


def read_pages(project: Project) -> dict[str, str]:
    folder = project.path("pages")
    return {path.relative_to(folder).as_posix(): path.read_text("utf-8") for path in sorted(folder.rglob("*.html"))}


def read_index(data: str) -> dict[str, list[int]]:
    """Return word → articles, as `search.js` reads it."""
    value: dict[str, Any] = json.loads(data)
    words, last = [], ""
    for entry in value["words"]:
        last = last[: int(entry[0], 36)] + entry[1:]
        words.append(last)
    numbers = [list(accumulate(int(distance, 36) for distance in each.split())) for each in value["articles"]]
    return dict(zip(words, numbers, strict=True))


def test_each_article_has_a_page_and_every_link_leads_somewhere(project: Project) -> None:
    assert write_pages(project).output.splitlines()[-1] == "2 articles; open pages/index.html"
    pages = read_pages(project)
    assert [*pages] == ["articles/harbour.html", "articles/market.html", "index.html"]
    readers = {name: Reader(page) for name, page in pages.items()}
    for name, reader in readers.items():
        assert len(reader.ids()) == len(set(reader.ids()))
        for tag, attributes in reader.tags:
            if tag == "a":
                path, _, anchor = str(attributes["href"]).partition("#")
                target = (Path("/pages") / name).parent / path if path else Path("/pages") / name
                found = readers[Path(str(target).replace("articles/..", "")).relative_to("/pages").as_posix()]
                assert not anchor or anchor in found.ids(), (name, attributes)
    for article_id in ("harbour", "market"):
        text = project.corpus.read_article(article_id).text
        assert all(word in readers[f"articles/{article_id}.html"].words for word in text.split())


def test_policy_allows_the_one_script_and_nothing_else(project: Project) -> None:
    write_pages(project)
    pages = read_pages(project)
    first = pages.pop("index.html")
    (script,) = re.findall(r"<script>(.*?)</script>", first, re.DOTALL)
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    policy = f"default-src 'none'; style-src 'unsafe-inline'; script-src 'sha256-{digest}'"
    assert f'content="{policy}"' in first.replace("&#39;", "'")
    for page in pages.values():
        assert "<script" not in page
        assert "script-src" not in page


def test_index_has_every_word_of_every_text(project: Project) -> None:
    write_pages(project)
    (data,) = re.findall(r'id="words">(.*?)</script>', read_pages(project)["index.html"], re.DOTALL)
    index = read_index(data)
    expected: dict[str, list[int]] = {}
    for number, article_id in enumerate(("harbour", "market")):
        article = project.corpus.read_article(article_id)
        for word in set(list_words(f"{article.title}\n{article.text}".lower())):
            expected.setdefault(word, []).append(number)
    assert index == {word: sorted(numbers) for word, numbers in expected.items()}


def test_index_of_other_scripts_and_long_words() -> None:
    index = SearchIndex()
    texts = ["停火 announced", "𐐷𐐯𐐻 𐐷𐐯 \ufb01nal", "x" * 50 + "a " + "x" * 50 + "b", *["the end"] * 1300]
    for text in texts:
        index.add(text)
    decoded = read_index(index.encode())
    assert decoded["停"] == decoded["announced"] == [0]
    assert [*decoded] == sorted(decoded, key=lambda word: array("H", word.encode("utf-16-le")).tolist())
    assert decoded["the"] == [*range(3, 1303)]
    assert {word for word in decoded if word.startswith("x")} == {"x" * 50 + "a", "x" * 50 + "b"}


def test_addresses_stay_when_articles_and_labels_are_added(project: Project) -> None:
    write_pages(project)
    before = Reader(read_pages(project)["articles/market.html"]).ids()
    assert make_anchor("market") in before
    corpus = project.corpus
    article, gold = corpus.read_article("harbour"), corpus.read_annotation("gold", "harbour")
    corpus.write_article(msgspec.structs.replace(article, id="barge", text_sha256=sha256(article.text)))
    corpus.write_annotation("gold", msgspec.structs.replace(gold, article="barge"))
    market = corpus.read_annotation("gold", "market")
    added = msgspec.structs.replace(market.spans[0], id="added")
    corpus.write_annotation("gold", msgspec.structs.replace(market, spans=(added, *market.spans)))
    write_pages(project)
    assert "articles/barge.html" in read_pages(project)
    assert set(before) < set(Reader(read_pages(project)["articles/market.html"]).ids())


def test_folder_is_replaced_only_if_the_command_wrote_it(project: Project) -> None:
    write_pages(project)
    before = read_pages(project)
    write_pages(project)
    assert read_pages(project) == before
    project.path("pages/notes.txt").write_text("mine")
    result = project.annotate("release", "page", "--folder", "pages")
    assert result.exit_code == 2
    assert "notes.txt: was not made by `annotate release page`" in result.output
    assert project.path("pages/notes.txt").read_text() == "mine"


@pytest.mark.parametrize(
    ("words", "problem"),
    [
        ((), "--out: or --folder is needed"),
        (("--out", "page.html", "--folder", "pages"), "--out: or --folder is needed"),
        (("--folder", "pages", "--articles", "1"), "--articles: goes with --out"),
        (("--folder", "corpus/pages"), "is inside"),
    ],
)
def test_refused_options_write_nothing(project: Project, words: tuple[str, ...], problem: str) -> None:
    before = project.snapshot()
    result = project.annotate("release", "page", *words)
    assert (result.exit_code, result.output.count("\n")) == (2, 1), result.output
    assert problem in result.output
    assert project.snapshot() == before


SCRIPTS_WITHOUT_SPACES = ("ภาษาไทยน้ำที่กรุงเทพ", "မြန်မာဘာသာ", "ភាសាខ្មែរ", "日本語が")


@pytest.mark.parametrize("text", SCRIPTS_WITHOUT_SPACES)
def test_letters_that_search_looks_for_are_words_of_the_index(text: str) -> None:
    """Regression: the script looked for letters without the marks after them, and found nothing in Thai."""
    index = SearchIndex()
    index.add(text)
    value = json.loads(index.encode())
    assert "[${index.letters}][\\\\p{M}${index.continuing}]*" in SCRIPT.read_text("utf-8")
    letters = regex.findall(rf"[{value['letters']}][\p{{M}}{value['continuing']}]*", text)
    assert "".join(letters) == text
    assert set(letters) == set(list_words(text)) == read_index(index.encode()).keys()


@pytest.mark.browser
@pytest.mark.parametrize("width", [360, 1280])
def test_search_finds_words_without_a_server(project: Project, width: int) -> None:
    sys.path.insert(0, str(ROOT / "tools"))
    import browser
    from playwright.sync_api import sync_playwright

    write_pages(project)
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=str(browser.CHROMIUM), args=browser.FLAGS)
        page = chromium.new_page(viewport={"width": width, "height": 780})
        messages: list[str] = []
        page.on("console", lambda message: messages.append(message.text))
        page.goto(project.path("pages/index.html").as_uri())
        rows = page.locator(".index li:visible")
        assert rows.count() == 2
        word = next(
            word
            for word in list_words(project.corpus.read_article("market").text)
            if len(word) > 4 and word.lower() not in project.corpus.read_article("harbour").text.lower()
        )
        page.fill("#query", word[:-1].upper())
        assert rows.count() == 1
        assert page.inner_text("#hits") == "1 of 2 articles"
        page.fill("#query", "nosuchword")
        assert rows.count() == 0
        page.fill("#query", word)
        rows.locator("a").click()
        assert page.url == project.path("pages/articles/market.html").as_uri()
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        page.locator("nav a").first.click()
        assert page.url.endswith(f"pages/index.html#{make_anchor('market')}")
        assert messages == []
        chromium.close()
