"""Words of our own that quote an article, such as a title or a note: what is quoted is taken out and put back."""

import re
from collections.abc import Callable, Mapping

import msgspec

from annotate.rights.seals import Seal, Sealer

STRETCH = 12
"""Characters in a row that count as copied from an article."""

SHORT = 4
"""The same in a text attribute, which is likelier to repeat the article, where whole words begin and end them."""


class Quote(msgspec.Struct, frozen=True, array_like=True):
    """A stretch of an article."""

    article: str
    seal: Seal


Template = list[str | Quote]
"""Own words and quotes, in their order."""


class Quotes:
    """Finds what is copied from some articles; `sealers` are by id."""

    def __init__(self, sealers: Mapping[str, Sealer]) -> None:
        self._sealers = sealers
        self._first: dict[str, tuple[str, int]] = {}
        for article, sealer in sealers.items():
            for at in range(len(sealer.text) - STRETCH + 1):
                self._first.setdefault(sealer.text[at : at + STRETCH], (article, at))

    def whole(self, words: str) -> Template | None:
        """Words that are copied as a whole, however short; None where they are not."""
        for article, sealer in self._sealers.items():
            if words and (start := sealer.text.find(words)) >= 0:
                return [Quote(article, sealer(start, start + len(words)))]
        return None

    def template(self, words: str) -> Template:
        """The words with every stretch taken out that has `STRETCH` characters or more of an article in a row."""
        parts: Template = []
        at = begin = 0
        while at < len(words):
            if (found := self._first.get(words[at : at + STRETCH])) is None:
                at += 1
                continue
            article, start = found
            text = self._sealers[article].text
            length = STRETCH
            while words[at + length : at + length + 1] == text[start + length : start + length + 1] != "":
                length += 1
            parts += [words[begin:at]] if begin < at else []
            parts.append(Quote(article, self._sealers[article](start, start + length)))
            at = begin = at + length
        return parts + ([words[begin:]] if begin < len(words) else [])

    def attribute(self, words: str) -> Template:
        """The words of a text attribute: taken out as a whole, or else every stretch of `SHORT` characters or more."""
        if found := self.whole(words):
            return found
        parts: Template = []
        for part in self.template(words):
            parts += self._short(part) if isinstance(part, str) else [part]
        return parts

    def _short(self, words: str) -> Template:
        parts: Template = []
        begin, tokens = 0, [match.span() for match in re.finditer(r"\w+", words)]
        for number, (start, _) in enumerate(tokens):
            if start < begin:
                continue
            found, behind = self._longest(words, start, [end for _, end in tokens[number:]])
            if behind - start >= SHORT:
                parts += [words[begin:start], *found] if begin < start else found
                begin = behind
        return parts + ([words[begin:]] if begin < len(words) else [])

    def _longest(self, words: str, start: int, ends: list[int]) -> tuple[Template, int]:
        """The longest stretch from `start` to one of the ends that is copied as a whole, and its end."""
        longest: tuple[Template, int] = [], start
        for end in ends:
            if not (found := self.whole(words[start:end])):
                break
            longest = found, end
        return longest


def filled(template: Template, read: Callable[[Quote], str | None]) -> str | None:
    """The words, with `read` giving what is quoted; … for a quote it cannot give; None where there is nothing else."""
    parts = [part if isinstance(part, str) else read(part) for part in template]
    return None if all(part is None for part in parts) else "".join("…" if part is None else part for part in parts)
