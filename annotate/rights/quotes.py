"""Words of our own that quote an article, such as a title or a note: what is quoted is taken out and put back."""

from collections.abc import Callable, Mapping

import msgspec

from annotate.rights.seals import Seal, Sealer

STRETCH = 12
"""Characters in a row that count as copied from an article."""


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


def filled(template: Template, read: Callable[[Quote], str | None]) -> str | None:
    """The words, with `read` giving what is quoted; … for a quote it cannot give; None where there is nothing else."""
    parts = [part if isinstance(part, str) else read(part) for part in template]
    return None if all(part is None for part in parts) else "".join("…" if part is None else part for part in parts)
