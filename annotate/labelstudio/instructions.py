"""The guidelines as one page of HTML: the instructions that Label Studio shows to annotators.

Each page of the guidelines is a section that opens on a click; the closed sections serve as the table of contents. The
page has no internal links: Label Studio treats a click on one as a change of page, and leaves the labelling screen. The
style sheet restores the browser's look of headings, lists and tables, which Label Studio removes.
"""

import re
from pathlib import Path
from typing import TYPE_CHECKING

from annotate.inventory import Inventory
from annotate.util.escape import escape_html
from annotate.util.files import read_text
from annotate.util.html import read_template

if TYPE_CHECKING:
    from markdown_it.token import Token

FIRST_PAGES, LAST_PAGES = ("README.md", "how-to-label.md"), ("hard-cases.md",)
_COMMENT = re.compile(r"^[ \t]*<!--.*?-->[ \t]*\n?", re.MULTILINE | re.DOTALL)


def render_instructions(folder: str | Path, inventory: Inventory) -> str:
    """Return all pages of the guidelines as HTML; every section is closed, because the server removes `open`.

    Raw HTML in a page is shown as text. Comments, such as the markers of generated tables, are left out.

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
        tokens = parser.parse(_remove_comments(text))
        title, tokens = _split_title(tokens, name)
        for token in tokens:
            _replace_links(token.children or [])
        body = parser.renderer.render(tokens, parser.options, {})
        sections.append(f"<details>\n<summary>{escape_html(title)}</summary>\n{body}</details>")
    css = read_template("labelstudio/instructions.css")
    return "\n".join([f"<style>\n{css}</style>", '<div class="guidelines">', *sections, "</div>"]) + "\n"


def _remove_comments(text: str) -> str:
    # Behind the last end of a comment, a search for one would read to the end of the page from each start.
    last_end = text.rfind("-->")
    stop = (text.find("\n", last_end) + 1 or len(text)) if last_end >= 0 else 0
    return _COMMENT.sub("", text[:stop]) + text[stop:]


def page_names(folder: Path, inventory: Inventory) -> list[str]:
    """Return the pages in reading order, relative to the folder: general pages, those of labels, hard cases."""
    first, last = ([name for name in names if (folder / name).is_file()] for names in (FIRST_PAGES, LAST_PAGES))
    labels = (label.guideline for section in (inventory.spans, inventory.relations) for label in section.values())
    return list(dict.fromkeys([*first, *labels, *last]))


def _split_title(tokens: list["Token"], page: str) -> tuple[str, list["Token"]]:
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
