"""Links of Markdown pages to each other: where they lead, and which of them lead nowhere."""

import os
import re
from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from html import unescape
from pathlib import Path
from typing import NamedTuple
from urllib.parse import unquote

_ADDRESS = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*+:|//")
_ID = re.compile(r"<\w[^<>]*?\b(?:id|name)=[\"']([^\"'<>]++)")
_TARGET = re.compile(r"<(?:a|img)\s[^<>]*?\b(?:href|src)=[\"']([^\"'<>]++)")
_NOT_IN_ANCHOR = re.compile(r"[^\w\- ]")


class DeadLink(NamedTuple):
    """A link that leads nowhere.

    Attributes:
        page: The page that has it.
        line: Its line, from 1 on.
        target: Where it should lead, as the page says.
        lacks: What is missing: "file" or "heading".
    """

    page: Path
    line: int
    target: str
    lacks: str


def heading_anchor(heading: str) -> str:
    """Return the anchor of a heading, as GitHub makes it for links to it."""
    return _NOT_IN_ANCHOR.sub("", heading.lower()).strip().replace(" ", "-")


class _PageLinks(NamedTuple):
    """The links of a page, each with its line, and the anchors that links can lead to."""

    links: list[tuple[int, str]]
    anchors: set[str]


def find_dead_links(folder: Path, pages: Mapping[Path, str], missing: Collection[Path] = ()) -> Iterator[DeadLink]:
    """Yield the links from pages to files that do not exist, and to headings that the pages do not have.

    Addresses are left alone, and so are links out of the folder, which may be read without what is around it. Files
    other than the pages are not opened.

    Args:
        folder: The folder of the pages.
        pages: The text of each page.
        missing: Pages that are known to be missing; links to them are not yielded.
    """
    known = {os.path.normpath(path): _read_links(text) for path, text in pages.items()}
    inside = os.path.normpath(folder)
    known_missing = {os.path.normpath(path) for path in missing}
    for page in pages:
        for line, target in known[os.path.normpath(page)].links:
            file, _, anchor = target.partition("#")
            file = file.partition("?")[0]
            path = os.path.normpath(page.parent / file) if file else os.path.normpath(page)
            if path in known_missing or "\0" in path or not Path(path).is_relative_to(inside):
                continue
            if path not in known:
                if not os.path.lexists(path):
                    yield DeadLink(page, line, target, "file")
            elif anchor and anchor not in known[path].anchors:
                yield DeadLink(page, line, target, "heading")


def _read_links(text: str) -> _PageLinks:
    """Return the links of a page that are no addresses, and its anchors; headings of one name are numbered."""
    from markdown_it import MarkdownIt

    found, line, count = _PageLinks([], set()), 1, Counter[str]()
    before = ""
    for token in MarkdownIt("commonmark").enable("table").parse(text):
        line = token.map[0] + 1 if token.map else line
        if token.type == "html_block":
            _read_html(found, line, token.content)
        for child in token.children or ():
            target = child.attrGet("href") or child.attrGet("src")
            if child.type in ("softbreak", "hardbreak"):
                line += 1
            elif child.type == "html_inline":
                _read_html(found, line, child.content)
            elif target and not _ADDRESS.match(str(target)):
                found.links.append((line, unquote(str(target))))
        if before == "heading_open":
            words = "".join(child.content for child in token.children or () if child.type != "html_inline")
            anchor = heading_anchor(words)
            found.anchors.add(f"{anchor}-{count[anchor]}" if count[anchor] else anchor)
            count[anchor] += 1
        before = token.type
    return found


def _read_html(found: _PageLinks, line: int, content: str) -> None:
    """Add the anchors and links of a piece of HTML; `line` is the first one of it."""
    found.anchors.update(_ID.findall(content))
    counted = 0
    for match in _TARGET.finditer(content):
        line += content.count("\n", counted, match.start())
        counted = match.start()
        target = unquote(unescape(match[1]))
        if not _ADDRESS.match(target):
            found.links.append((line, target))
