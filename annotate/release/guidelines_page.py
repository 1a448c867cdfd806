"""The guidelines as one HTML page to print or to attach: contents, then each page as a chapter.

Links between pages lead to the chapter, and to its heading if they name one. Links to other files of the repository,
which a reader of the page does not have, become text. The page needs no other file.
"""

import os
import re
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from annotate.inventory import Inventory
from annotate.labelstudio.instructions import page_names, remove_comments, replace_images, split_title
from annotate.page_links import heading_anchor
from annotate.util.escape import replace_unseen_in_html
from annotate.util.files import read_text
from annotate.util.html import render

if TYPE_CHECKING:
    from markdown_it.token import Token
    from markupsafe import Markup


class Chapter(NamedTuple):
    """A page of the guidelines.

    Attributes:
        id: The anchor of the chapter.
        title: The first heading of the page.
        body: The rest as HTML.
    """

    id: str
    title: str
    body: "Markup"


def render_guidelines(folder: Path, inventory: Inventory) -> str:
    """Return all pages of the guidelines as one page of HTML.

    Raw HTML in a page is shown as text. Images of the folder become part of the page.

    Args:
        folder: The folder of the guidelines.
        inventory: Names the page of each label.

    Raises:
        CannotRun: A page that the inventory names does not exist.
    """
    names = page_names(folder, inventory)
    chapters = [_read_chapter(folder, name, names) for name in names]
    return render("release/guidelines.html", title=inventory.title, version=inventory.version, chapters=chapters)


def _read_chapter(folder: Path, name: str, names: list[str]) -> Chapter:
    from markdown_it import MarkdownIt  # takes longer to import than the rest of a command
    from markupsafe import Markup

    parser = MarkdownIt("commonmark", {"html": False}).enable("table")
    text = read_text(folder / name, "write the page, or fix the inventory", within=folder, errors="replace")
    title, tokens = split_title(parser.parse(remove_comments(text)), name)
    for index, token in enumerate(tokens):
        if token.type == "heading_open":
            token.attrSet("id", f"{_chapter_id(name)}--{heading_anchor(tokens[index + 1].content)}")
        _resolve_links(token.children or [], name, names)
        replace_images(token.children or [], folder, name)
    body = replace_unseen_in_html(parser.renderer.render(tokens, parser.options, {}))
    return Chapter(_chapter_id(name), title, Markup(body))  # noqa: S704 - the parser escapes the text


def _chapter_id(name: str) -> str:
    return re.sub(r"\W+", "-", name.removesuffix(".md"))


def _resolve_links(tokens: list["Token"], page: str, names: list[str]) -> None:
    """Let links to pages of the guidelines lead to their chapters, and turn links to other files into emphasis."""
    is_outside = False
    for token in tokens:
        if token.type == "link_open":
            target = str(token.attrGet("href"))
            file, _, heading = target.partition("#")
            name = os.path.normpath(Path(page).parent / file) if file else page
            is_outside = name not in names and not target.startswith(("https://", "http://"))
            if name in names:
                token.attrSet("href", f"#{_chapter_id(name)}{f'--{heading}' if heading else ''}")
        if is_outside and token.type in ("link_open", "link_close"):
            token.type, token.tag, token.attrs = token.type.replace("link", "em"), "em", {}
