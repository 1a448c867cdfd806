"""Chooses what of the guidelines goes into a prompt: whole sections, in a stated order, within a budget of tokens."""

from collections.abc import Collection, Iterable, Mapping
from itertools import zip_longest
from pathlib import Path
from typing import NamedTuple

from annotate.generate import without_generated_tables
from annotate.inventory import Inventory
from annotate.models.quotations import ArticleQuotations
from annotate.models.token_estimate import estimate_tokens
from annotate.util.files import is_regular, read_text

QUICK_REFERENCE = "quick-reference.md"
"""The page with the decision tables alone, in a folder of guidelines that has one."""


class GuidelineSection(NamedTuple):
    """A section of a page: from a heading of the second level to the next, or what is before the first.

    Attributes:
        page: The path of the page, relative to the folder of the guidelines.
        heading: The heading; empty for what is before the first.
        text: The text, with the heading.
    """

    page: str
    heading: str
    text: str

    @property
    def name(self) -> str:
        """The page and the heading, as people read them."""
        return f"{self.page}, {self.heading}" if self.heading else self.page

    @property
    def is_empty(self) -> bool:
        """Whether it has no more than headings."""
        return all(line.startswith("#") or not line.strip() for line in self.text.split("\n"))

    @property
    def tokens(self) -> int:
        """The estimated tokens."""
        return estimate_tokens(self.text)


class DividedPages(NamedTuple):
    """The sections of pages.

    Attributes:
        sections: The sections of each page, without those that have no more than a heading.
        quotations: The number of places that quote articles, and are left out for that.
    """

    sections: list[list[GuidelineSection]]
    quotations: int


class ChosenSections(NamedTuple):
    """The sections that go into a prompt, in the order of the pages, and those that do not, in order of importance."""

    kept: list[GuidelineSection]
    left_out: list[GuidelineSection]


def read_guidelines(folder: Path, inventory: Inventory) -> dict[str, str]:
    """Read the pages of the guidelines that a model is given: the quick reference, and the pages of all labels.

    Args:
        folder: The folder of the guidelines.
        inventory: The inventory, which names the pages.

    Returns:
        The pages by their paths, the quick reference first, then in the order of the inventory.

    Raises:
        CannotRun: If a page of a label cannot be read.
    """
    paths = [QUICK_REFERENCE] if is_regular(folder / QUICK_REFERENCE, within=folder) else []
    paths += [label.guideline for label in inventory.spans.values()]
    paths += [label.guideline for label in inventory.relations.values()]
    hint = "name the folder of the guidelines"
    return {path: read_text(folder / path, hint, within=folder) for path in dict.fromkeys(paths)}


def divide_pages(pages: Mapping[str, str], texts: Iterable[str] = (), *, examples: bool = False) -> DividedPages:
    """Divide pages into sections, without generated tables, which repeat the definitions.

    Args:
        pages: The pages by their paths.
        texts: The texts of articles; what the pages quote of them is left out.
        examples: Whether other block quotes stay; else all are left out.
    """
    own = {path: without_generated_tables(page) for path, page in pages.items()}
    quotations = ArticleQuotations(own.values(), texts)
    shortened = {path: quotations.shorten(page, examples=examples) for path, page in own.items()}
    return DividedPages(
        [
            [section for section in _divide_page(path, page.text) if not section.is_empty]
            for path, page in shortened.items()
        ],
        sum(page.removed for page in shortened.values()),
    )


def choose_sections(sections: Collection[list[GuidelineSection]], budget: int | None) -> ChosenSections:
    """Choose the sections for a prompt.

    The order of importance is: all of the quick reference, if it is the first page; the first section of each page, in
    the order of the pages; the second section of each page; and so on. A section that does not fit is left out, and
    later ones that fit still go in.

    Args:
        sections: The sections of each page, as `divide_pages` returns them.
        budget: The most estimated tokens of all sections; None for any number.
    """
    pages = [page for page in sections if page]
    has_reference = bool(pages) and pages[0][0].page == QUICK_REFERENCE
    ordered = list(pages[0]) if has_reference else []
    for row in zip_longest(*(pages[1:] if has_reference else pages)):
        ordered += [section for section in row if section is not None]
    kept = set[GuidelineSection]()
    left_out, used = [], 0
    for section in ordered:
        if budget is None or used + section.tokens <= budget:
            used += section.tokens
            kept.add(section)
        else:
            left_out.append(section)
    return ChosenSections([section for page in pages for section in page if section in kept], left_out)


def _divide_page(path: str, page: str) -> list[GuidelineSection]:
    first, *others = f"\n{page.strip()}".split("\n## ")
    sections = [GuidelineSection(path, "", first.strip())]
    for other in others:
        heading = other.partition("\n")[0].strip()
        sections.append(GuidelineSection(path, heading, f"## {other.strip()}"))
    return sections
