"""An article with its labels: one line for each span, none of which hides another."""

import re

import msgspec

from annotate.corpus import Corpus
from annotate.inventory import load_inventory
from annotate.release.page_articles import LINE_DISTANCE, MarkedArticle
from annotate.util.html import render
from tests.agreement.helpers import annotation, span
from tests.conftest import BASE, Project
from tests.release.test_page import Reader
from tests.test_article_metadata import SECTION


def test_lines_of_nested_spans_do_not_meet() -> None:
    """The innermost span is next to the words, and each one that overlaps it is a line further down."""
    inventory = load_inventory(BASE / "schema")
    text = "aa bb cc dd"
    labels = annotation(
        span("out", "Words", 0, 11, text),
        span("mid", "Load", 3, 8, text),
        span("in", "Quay", 3, 5, text),
        span("across", "Speaker", 6, 11, text),
        text=text,
    )
    article = msgspec.structs.replace(Corpus(BASE / "corpus").read_article("market"), text=text)
    html = render("release/article.html", article=MarkedArticle(1, article, labels, inventory))
    lines = re.findall(r'class="u" style="border-color:(#\w+);border-bottom-style:\w+;padding-bottom:(\d+)px', html)
    names = {label.color: label.name for label in inventory.spans.values()}
    lanes = {names[colour]: int(depth) // LINE_DISTANCE for colour, depth in lines}
    assert lanes == {"Quay": 0, "Speaker": 0, "Load": 1, "Words": 2}
    Reader(html)
    paragraph = html[html.index('<p class="text"') : html.index("<details>")]
    assert re.sub(r"<a .*?</a>|<[^>]*>", "", paragraph).strip() == text


def test_article_has_the_metadata_that_the_inventory_declares(project: Project) -> None:
    labels = project.path("schema/labels.yaml")
    labels.write_text(labels.read_text("utf-8") + SECTION, "utf-8")
    metadata = {"seats": 2.5, "place": "<Pier>", "party": "left", "colour": "red"}
    article = msgspec.structs.replace(project.corpus.read_article("market"), metadata=metadata)
    labelled = MarkedArticle(1, article, project.corpus.read_annotation("gold", "market"), project.inventory)
    html = render("release/article.html", article=labelled, inventory=project.inventory)
    assert "party: left · seats: 2.5 · place: &lt;Pier&gt;. " in html
    assert "colour" not in html
