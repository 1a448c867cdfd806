"""The guidelines as one page of HTML: the instructions that Label Studio shows an annotator.

Each page of the guidelines is a section that opens at a click, so that the closed ones are the table of contents. There
are no links within: Label Studio takes a click on one for a change of page, and leaves the labelling screen.
"""

import re
from html import escape
from pathlib import Path

from markdown_it import MarkdownIt
from markdown_it.token import Token

from annotate.inventory import Inventory
from annotate.util.files import read_bytes

FIRST, LAST = ("README.md", "how-to-label.md"), ("hard-cases.md",)
# Label Studio takes the browser's own look of headings, lists and tables away.
STYLE = """<style>
.guidelines summary { font-size: 1.15em; font-weight: 600; cursor: pointer; padding: 0.35em 0; }
.guidelines details { border-bottom: 1px solid #8886; }
.guidelines details[open] { padding-bottom: 1em; }
.guidelines h2, .guidelines h3 { font-size: 1.05em; font-weight: 600; margin: 1.2em 0 0.4em; }
.guidelines p, .guidelines ul, .guidelines ol, .guidelines table, .guidelines blockquote { margin: 0.5em 0; }
.guidelines ul { list-style: disc; padding-left: 1.4em; }
.guidelines ol { list-style: decimal; padding-left: 1.6em; }
.guidelines blockquote { border-left: 3px solid #8888; padding-left: 0.8em; }
.guidelines th, .guidelines td { border: 1px solid #8886; padding: 2px 8px; text-align: left; vertical-align: top; }
.guidelines code { font-size: 0.92em; }
</style>"""
_COMMENT = re.compile(r"^[ \t]*<!--.*?-->[ \t]*\n?", re.MULTILINE | re.DOTALL)


def pages(folder: Path, inventory: Inventory) -> list[str]:
    """The pages in reading order, relative to the guidelines' folder: general ones, each label's once, hard cases."""
    first, last = ([name for name in names if (folder / name).is_file()] for names in (FIRST, LAST))
    named = (entry.guideline for section in (inventory.spans, inventory.relations) for entry in section.values())
    return list(dict.fromkeys([*first, *named, *last]))


def instructions(folder: str | Path, inventory: Inventory) -> str:
    """All pages of the guidelines as HTML, each closed: the server takes the attribute that opens one away.

    Raw HTML in a page is shown as text, and comments (the markers of generated tables) are left out. Raises CannotRun
    for a page that the inventory names and that is not there.
    """
    folder = Path(folder)
    parser = MarkdownIt("commonmark", {"html": False}).enable("table")
    sections: list[str] = []
    for name in pages(folder, inventory):
        text = read_bytes(folder / name, "write the page, or fix the inventory").decode("utf-8", errors="replace")
        tokens = parser.parse(_COMMENT.sub("", text))
        title, tokens = _title(tokens, name)
        for token in tokens:
            _links(token.children or [])
        body = parser.renderer.render(tokens, parser.options, {})
        sections.append(f"<details>\n<summary>{escape(title)}</summary>\n{body}</details>")
    return "\n".join([STYLE, '<div class="guidelines">', *sections, "</div>"]) + "\n"


def _title(tokens: list[Token], page: str) -> tuple[str, list[Token]]:
    """The heading that a page begins with, which becomes the section's, and the tokens after it."""
    if len(tokens) > 2 and tokens[0].type == "heading_open":
        return tokens[1].content, tokens[3:]
    return page, tokens


def _links(tokens: list[Token]) -> None:
    """Make links between the pages plain emphasis; a link into the web opens beside them."""
    within = False
    for token in tokens:
        if token.type == "link_open":
            within = not str(token.attrGet("href")).startswith(("https://", "http://"))
            if not within:
                token.attrSet("target", "_blank")
                token.attrSet("rel", "noreferrer")
        if within and token.type in ("link_open", "link_close"):
            token.type, token.tag, token.attrs = token.type.replace("link", "em"), "em", {}
