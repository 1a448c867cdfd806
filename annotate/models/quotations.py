"""Leaves out of the guidelines what they quote of the articles, so that a prompt gives no answer away."""

import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from annotate.tokens import list_words

QUOTED_WORDS = 5
"""A text of the guidelines with as many words in a row of an article may show how the article is labelled."""
LEFT_OUT = "…"
"""Stands for quoted words that are left out of a sentence."""
_BLANK_LINES = re.compile(r"\n{2,}")


class ShortenedPage(NamedTuple):
    """A page of the guidelines without what it quotes.

    Attributes:
        text: The page.
        removed: The number of places where something was left out because it quotes an article.
    """

    text: str
    removed: int


class ArticleQuotations:
    """Knows which words of some pages are also in articles.

    Args:
        pages: The pages.
        texts: The texts of the articles. They are read one by one, in linear time.
    """

    def __init__(self, pages: Iterable[str], texts: Iterable[str]) -> None:
        blocks = [block for page in pages for block in _split_blocks(page)]
        wanted = {run for block in blocks for run in _list_runs(block, QUOTED_WORDS)}
        # A block quote with fewer words is an example by itself.
        short = {tuple(_list_words(block)) for block in blocks if block.startswith(">")}
        wanted |= {words for words in short if 0 < len(words) < QUOTED_WORDS}
        lengths = {len(run) for run in wanted}
        self._runs: set[tuple[str, ...]] = set()
        for text in texts:
            for length in lengths:
                self._runs.update(run for run in _list_runs(text, length) if run in wanted)

    def shorten(self, page: str, *, examples: bool) -> ShortenedPage:
        """Return a page without what it quotes of the articles.

        A block quote of an article is left out with the rest of its section up to the next quote, which explains it. In
        other blocks, words in quotation marks give way to `LEFT_OUT`; a line that has words of an article all the same
        is left out.

        Args:
            page: The page, in Markdown.
            examples: Whether other block quotes stay; else all are left out.
        """
        kept: list[str] = []
        is_left_out, removed = False, 0
        for block in _split_blocks(page):
            if block.startswith("#"):
                is_left_out = False
            elif block.startswith(">"):
                is_quoted = self._has_quotation(block, short=True)
                removed += is_quoted
                is_left_out = is_quoted or not examples
            if is_left_out:
                continue
            shortened = self._shorten_block(block)
            removed += shortened != block
            if shortened:
                kept.append(shortened)
        return ShortenedPage("\n\n".join(kept), removed)

    def _shorten_block(self, block: str) -> str:
        if not self._has_quotation(block):
            return block
        shortened = "\n".join(line for line in map(self._shorten_line, block.split("\n")) if line)
        return "" if self._has_quotation(shortened) else shortened

    def _shorten_line(self, line: str) -> str:
        """Return a line without the quotations that give something away, else without any, else nothing."""
        if not self._has_quotation(line):
            return line
        parts = line.split('"')
        # Each second part is between quotation marks; there may be no mark after the last part.
        quoted = range(1, len(parts) - 1, 2)
        for is_chosen in (self._has_quotation, bool):
            for index in quoted:
                parts[index] = LEFT_OUT if is_chosen(parts[index]) else parts[index]
            if not self._has_quotation(shortened := '"'.join(parts)):
                return shortened
        return ""

    def _has_quotation(self, text: str, *, short: bool = False) -> bool:
        words = _list_words(text)
        length = min(len(words), QUOTED_WORDS) if short else QUOTED_WORDS
        return any(run in self._runs for run in _list_runs_of(words, length))


def _split_blocks(page: str) -> list[str]:
    return _BLANK_LINES.split(page.strip())


def _list_words(text: str) -> list[str]:
    return [word.casefold() for word in list_words(text.replace("*", ""))]


def _list_runs(text: str, length: int) -> Iterator[tuple[str, ...]]:
    return _list_runs_of(_list_words(text), length)


def _list_runs_of(words: list[str], length: int) -> Iterator[tuple[str, ...]]:
    if length:
        yield from zip(*(words[start:] for start in range(length)), strict=False)
