"""A release as a folder of HTML pages: one with a list of all articles that can be searched, and one an article.

The pages load nothing and need no server. The first one has the only script, which searches the list; its policy allows
no other. The search knows every word of every text, so that the index grows with the corpus. Apart from it, one article
is in memory at a time.
"""

import base64
import hashlib
import json
from array import array
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple
from urllib.parse import quote

from annotate.inventory import Inventory
from annotate.model import GOLD, Article
from annotate.outputs import list_sources, listing_marker, output_folder, write_marker
from annotate.records import Graph
from annotate.release.page import PageContent, describe_release
from annotate.release.page_articles import MarkedArticle, list_credits, make_anchor
from annotate.scripts import letters_without_spaces
from annotate.tokens import list_words
from annotate.util.files import write_atomically
from annotate.util.html import templates
from annotate.util.nouns import count_noun
from annotate.util.progress import StartStep, count_items, ignore_steps

FIRST_PAGE, ARTICLE_FOLDER = "index.html", "articles"
_DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"
_MOST_SHARED = len(_DIGITS) - 1
"""Most characters that a word of the index takes from the one before, so that their number is one digit."""


class ListedArticle(NamedTuple):
    """An article in the list of the first page.

    Attributes:
        anchor: The id of its entry.
        path: The address of its page.
        title: The title, or the article id.
        credits: What is known of its origin.
        spans: The number of its spans, in words.
    """

    anchor: str
    path: str
    title: str
    credits: list[str]
    spans: str


class SearchIndex:
    """The words of articles, and for each word the articles that have it."""

    def __init__(self) -> None:
        self._articles: dict[str, array[int]] = {}
        self._count = 0

    def add(self, text: str) -> None:
        """Add the next article."""
        for word in set(list_words(text.lower())):
            self._articles.setdefault(word, array("L")).append(self._count)
        self._count += 1

    def encode(self) -> str:
        """Return the index as JSON that can be inside of HTML; `templates/search.js` describes and reads it."""
        words, articles, last = list[str](), list[str](), ""
        # JavaScript compares UTF-16, which has another order than code points.
        for word in sorted(self._articles, key=lambda word: word.encode("utf-16-be")):
            shared = min(_count_shared(last, word), _MOST_SHARED)
            # JavaScript counts a character beyond the first plane as two, so that none is shared after one.
            shared = shared if word[:shared].isascii() else 0
            words.append(f"{_DIGITS[shared]}{word[shared:]}")
            numbers = self._articles[word]
            distances = (number - before for number, before in zip(numbers, [0, *numbers], strict=False))
            articles.append(" ".join(map(_encode_number, distances)))
            last = word
        letters, continuing = letters_without_spaces()
        value = {"words": words, "articles": articles, "letters": letters, "continuing": continuing}
        return json.dumps(value, ensure_ascii=False, separators=(",", ":")).replace("<", "\\u003c")


def _count_shared(left: str, right: str) -> int:
    """Return how many characters two words share at their beginnings."""
    pairs = enumerate(zip(left, right, strict=False))
    return next((index for index, pair in pairs if pair[0] != pair[1]), min(len(left), len(right)))


def _encode_number(number: int) -> str:
    """Return a number to the base 36."""
    digits = ""
    while True:
        number, digit = divmod(number, len(_DIGITS))
        digits = _DIGITS[digit] + digits
        if not number:
            return digits


def write_page_folder(content: PageContent, out: Path, progress: StartStep = ignore_steps) -> int:
    """Write the pages of a release, in place of those that an earlier run wrote.

    Args:
        content: What the pages show; all articles with gold have a page.
        out: The folder.
        progress: Called at the start of each step with its name and its number of articles.

    Returns:
        The number of articles.

    Raises:
        CannotRun: The folder has anything that the command did not write, or cannot be written.
    """
    marker = listing_marker("annotate release page")
    with output_folder(out, marker, list_sources(content.corpus, content.inventory)) as folder:
        values = describe_release(content, progress)
        (folder / ARTICLE_FOLDER).mkdir()
        index, listed = SearchIndex(), list[ListedArticle]()
        article_ids = content.corpus.annotated_ids(GOLD)
        for article in _write_articles(content, article_ids, str(values["title"]), folder, progress):
            index.add(f"{article.title}\n{article.text}")
            listed.append(_list_article(article, content))
        _write_first_page(folder / FIRST_PAGE, values, listed, index)
        write_marker(folder, marker.command)
    return len(listed)


def _write_articles(
    content: PageContent, article_ids: Sequence[str], title: str, folder: Path, progress: StartStep
) -> Iterator[Article]:
    """Write the page of each article, and yield the article."""
    corpus, inventory = content.corpus, content.inventory
    template = templates().get_template("release/article_page.html")
    neighbours = [None, *map(_name_page, article_ids), None]
    counted_ids = count_items(article_ids, progress("drawing articles", len(article_ids)))
    for number, article_id in enumerate(counted_ids):
        article = corpus.read_article(article_id)
        marked = MarkedArticle(article, corpus.read_annotation(GOLD, article_id), inventory)
        page = template.render(
            title=marked.title,
            release_title=title,
            article=marked,
            inventory=inventory,
            previous=neighbours[number],
            following=neighbours[number + 2],
        )
        write_atomically(folder / ARTICLE_FOLDER / f"{article_id}.html", page.encode(), is_flushed=False)
        yield article


def _name_page(article_id: str) -> str:
    """Return the address of the page of an article, from that of another one."""
    return f"{quote(article_id)}.html"


def _list_article(article: Article, content: PageContent) -> ListedArticle:
    spans = _count_spans(article.id, content)
    path = f"{ARTICLE_FOLDER}/{_name_page(article.id)}"
    credits_ = list_credits(article, content.inventory)
    return ListedArticle(make_anchor(article.id), path, article.title or article.id, credits_, spans)


def _count_spans(article_id: str, content: PageContent) -> str:
    inventory: Inventory = content.inventory
    graph = Graph(content.corpus.read_annotation(GOLD, article_id), inventory)
    return count_noun(sum(mention.label in inventory.spans for mention in graph.mentions), "span")


def _write_first_page(
    path: Path, values: dict[str, object], articles: Sequence[ListedArticle], index: SearchIndex
) -> None:
    from markupsafe import Markup

    script = templates().get_template("release/search.js").render()
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    page = templates().get_template("release/index.html")
    values = values | {
        "articles": articles,
        "script_hash": f"sha256-{digest}",
        "words": lambda: Markup(index.encode()),  # noqa: S704 - JSON without <
    }
    write_atomically(path, (part.encode() for part in page.generate(values)), is_flushed=False)
