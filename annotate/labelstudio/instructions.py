"""The guidelines as one page of HTML: the instructions that Label Studio shows to annotators.

Each page of the guidelines is a section that opens on a click; the closed sections serve as the table of contents. The
page has no internal links: Label Studio treats a click on one as a change of page, and leaves the labelling screen. The
style sheet restores the browser's look of headings, lists and tables, which Label Studio removes. The page loads
nothing: images of the guidelines are part of it, and of any other image it shows the description.
"""

import base64
import os
import re
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import unquote

from annotate.errors import CannotRun
from annotate.inventory import Inventory
from annotate.util.escape import escape_html, replace_unseen_in_html
from annotate.util.files import read_raw, read_text
from annotate.util.html import read_template

if TYPE_CHECKING:
    from markdown_it.token import Token

FIRST_PAGES, LAST_PAGES = ("README.md", "how-to-label.md", "quick-reference.md"), ("hard-cases.md",)
LARGEST_IMAGE = 1 << 20
"""Bytes of an image that becomes part of the page; the server keeps the page in its database, with each project."""
_IMAGE_TYPES = {
    b"\x89PNG\r\n\x1a\n": "image/png",
    b"\xff\xd8\xff": "image/jpeg",
    b"GIF87a": "image/gif",
    b"GIF89a": "image/gif",
}
"""The first bytes of an image, and its type. An SVG is a document, and can have scripts and links."""
_COMMENT = re.compile(r"^[ \t]*<!--.*?-->[ \t]*\n?", re.MULTILINE | re.DOTALL)


def render_instructions(folder: str | Path, inventory: Inventory) -> str:
    """Return all pages of the guidelines as HTML; every section is closed, because the server removes `open`.

    Raw HTML in a page is shown as text. Comments, such as the markers of generated tables, are left out. An image that
    is not a PNG, JPEG or GIF of at most `LARGEST_IMAGE` bytes in the folder is shown as its description.

    Args:
        folder: The folder of the guidelines.
        inventory: Names the page of each label.

    Raises:
        CannotRun: A page that the inventory names does not exist.
    """
    from markdown_it import MarkdownIt  # takes longer to import than the rest of a command

    folder = Path(folder)
    parser = MarkdownIt("commonmark", {"html": False}).enable("table")
    sections: list[str] = []
    for name in page_names(folder, inventory):
        text = read_text(folder / name, "write the page, or fix the inventory", within=folder, errors="replace")
        tokens = parser.parse(remove_comments(text))
        title, tokens = split_title(tokens, name)
        for token in tokens:
            _replace_links(token.children or [])
            replace_images(token.children or [], folder, name)
        body = replace_unseen_in_html(parser.renderer.render(tokens, parser.options, {}))
        sections.append(f"<details>\n<summary>{escape_html(title)}</summary>\n{body}</details>")
    css = read_template("labelstudio/instructions.css")
    return "\n".join([f"<style>\n{css}</style>", '<div class="guidelines">', *sections, "</div>"]) + "\n"


def read_page_titles(folder: str | Path, inventory: Inventory) -> dict[str, str]:
    """Return the title that the instructions show of each page of the guidelines, by its path; none for missing pages.

    Args:
        folder: The folder of the guidelines.
        inventory: Names the page of each label.
    """
    from markdown_it import MarkdownIt

    folder, titles = Path(folder), dict[str, str]()
    parser = MarkdownIt("commonmark", {"html": False})
    for name in page_names(folder, inventory):
        try:
            text = read_text(folder / name, "write the page", within=folder, errors="replace")
        except CannotRun:  # `annotate check` and `push` report it
            continue
        titles[name], _ = split_title(parser.parse(remove_comments(text)), name)
    return titles


def remove_comments(text: str) -> str:
    """Return a page without its comments, such as the markers of generated tables."""
    # Behind the last end of a comment, a search for one would read to the end of the page from each start.
    last_end = text.rfind("-->")
    stop = (text.find("\n", last_end) + 1 or len(text)) if last_end >= 0 else 0
    return _COMMENT.sub("", text[:stop]) + text[stop:]


def page_names(folder: Path, inventory: Inventory) -> list[str]:
    """Return the pages in reading order, relative to the folder: general pages, those of labels, hard cases."""
    first, last = ([name for name in names if (folder / name).is_file()] for names in (FIRST_PAGES, LAST_PAGES))
    labels = (label.guideline for section in (inventory.spans, inventory.relations) for label in section.values())
    return list(dict.fromkeys([*first, *labels, *last]))


def split_title(tokens: list["Token"], page: str) -> tuple[str, list["Token"]]:
    """Return the first heading of a page, which becomes the title of its section, and the tokens after it."""
    if len(tokens) > 2 and tokens[0].type == "heading_open":
        return tokens[1].content, tokens[3:]
    return page, tokens


def _replace_links(tokens: list["Token"]) -> None:
    """Turn links between pages into emphasis, and let links to the web open in a new tab."""
    is_internal = False
    for token in tokens:
        if token.type == "link_open":
            is_internal = not str(token.attrGet("href")).startswith(("https://", "http://"))
            if not is_internal:
                token.attrSet("target", "_blank")
                token.attrSet("rel", "noreferrer")
        if is_internal and token.type in ("link_open", "link_close"):
            token.type, token.tag, token.attrs = token.type.replace("link", "em"), "em", {}


def replace_images(tokens: list["Token"], folder: Path, page: str) -> None:
    """Put images of the guidelines into the page, and the descriptions of other images in their place."""
    for token in tokens:
        if token.type != "image":
            continue
        image = _encode_image(folder, page, unquote(str(token.attrGet("src"))))
        if image:
            token.attrSet("src", image)
        else:
            token.type, token.tag, token.attrs = "text", "", {}


def _encode_image(folder: Path, page: str, target: str) -> str | None:
    """Return the `data:` address of an image, named as on a page of the guidelines; None if it is not one to show."""
    path = folder / os.path.normpath(Path(page).parent / target)
    try:
        if path.lstat().st_size > LARGEST_IMAGE:
            return None
        data = read_raw(str(path), within=folder)
    except (OSError, ValueError):  # ValueError: it is not in the folder
        return None
    kind = next((kind for start, kind in _IMAGE_TYPES.items() if data.startswith(start)), None)
    if kind is None or len(data) > LARGEST_IMAGE:
        return None
    return f"data:{kind};base64,{base64.b64encode(data).decode('ascii')}"
