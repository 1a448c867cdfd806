"""The guidelines as one page of HTML: the instructions that Label Studio shows an annotator."""

import posixpath
import re
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

from markdown_it import MarkdownIt
from markdown_it.token import Token

from annotate.files import read_bytes
from annotate.inventory import Inventory

FIRST = ("README.md", "how-to-label.md")
_COMMENT = re.compile(r"^[ \t]*<!--.*?-->[ \t]*\n?", re.MULTILINE | re.DOTALL)


def pages(folder: Path, inventory: Inventory) -> list[str]:
    """The pages in reading order, relative to the guidelines' folder: the general ones, then each label's, once."""
    general = [name for name in FIRST if (folder / name).is_file()]
    named = (entry.guideline for section in (inventory.spans, inventory.relations) for entry in section.values())
    return list(dict.fromkeys([*general, *named]))


def instructions(folder: str | Path, inventory: Inventory) -> str:
    """All pages of the guidelines as HTML, after a table of contents; links between pages become links within.

    Raw HTML in a page is shown as text, and comments (the markers of generated tables) are left out. Raises CannotRun
    for a page that the inventory names and that is not there.
    """
    folder = Path(folder)
    names = pages(folder, inventory)
    parser = MarkdownIt("commonmark", {"html": False}).enable("table")
    contents, bodies = [], []
    for name in names:
        text = read_bytes(folder / name, "write the page, or mend the inventory").decode("utf-8", errors="replace")
        tokens = parser.parse(_COMMENT.sub("", text))
        _headings(tokens, name)
        for token in tokens:
            for child in token.children or ():
                _link(child, name, names)
        contents.append(f'<li><a href="#{_anchor(name)}">{parser.renderInline(_title(tokens, name))}</a></li>')
        bodies.append(f'<section id="{_anchor(name)}">\n{parser.renderer.render(tokens, parser.options, {})}</section>')
    return "\n".join(["<nav>", "<ul>", *contents, "</ul>", "</nav>", *bodies]) + "\n"


def _anchor(page: str, heading: str = "") -> str:
    """An anchor for a page, or for a heading in it, made as GitHub makes those of headings."""
    slug = re.sub(r"[^\w\- ]", "", heading.strip().lower()).replace(" ", "-")
    name = re.sub(r"[^a-z0-9]+", "-", page.removesuffix(".md").lower()).strip("-")
    return f"{name}--{slug}" if slug else f"page-{name}"


def _inline_of_headings(tokens: list[Token]) -> Iterator[tuple[Token, str]]:
    for opening, inline in pairwise(tokens):
        if opening.type == "heading_open":
            yield opening, inline.content


def _headings(tokens: list[Token], page: str) -> None:
    for opening, content in _inline_of_headings(tokens):
        opening.attrSet("id", _anchor(page, content))


def _title(tokens: list[Token], page: str) -> str:
    return next((content for _, content in _inline_of_headings(tokens)), page)


def _link(token: Token, page: str, names: list[str]) -> None:
    """Point a link to another page at its place in this one; a link out of the guidelines opens beside it."""
    href = token.attrGet("href")
    if token.type != "link_open" or not isinstance(href, str):
        return
    target, _, fragment = href.partition("#")
    name = posixpath.normpath(posixpath.join(posixpath.dirname(page), target)) if target else page
    if name in names:
        token.attrSet("href", f"#{_anchor(name, fragment)}")
    else:
        token.attrSet("target", "_blank")
        token.attrSet("rel", "noreferrer")
