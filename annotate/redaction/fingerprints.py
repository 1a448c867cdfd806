"""What is kept of a stretch of text that is taken out: where it stood, and short hashes to know it again by.

A hash is 40 bits of BLAKE2b, salted with the hash of the article. It is there to verify a copy, not to hide words: who
tries all names finds out a name, and a span of one common word is as good as open. The length is open as well. Hashes
of sentences and lines are out of reach of such trials.

Text as two copies of one article have it in common: white space, quotation marks and dashes are of one kind.
"""

import hashlib
from functools import cached_property

import msgspec

_ALIKE = {
    **dict.fromkeys("“”„‟«»″", '"'),
    **dict.fromkeys("‘’‚‛‹›′`´", "'"),
    **dict.fromkeys("‐‑‒–—―−", "-"),
}
_UNSEEN = frozenset("\u00ad\u200b\u200c\u200d\u2060\ufeff")


class Folded:
    """The folded form of a text, and where in the text each of its characters stands.

    A run of white space, line ends as well, is one space; what is not seen is left out.
    """

    def __init__(self, text: str) -> None:
        letters: list[str] = []
        self._places: list[int] = []
        for place, letter in enumerate(text):
            seen = " " if letter.isspace() else _ALIKE.get(letter, letter)
            if seen not in _UNSEEN and not (seen == " " and letters[-1:] == [" "]):
                letters.append(seen)
                self._places.append(place)
        self.text = "".join(letters)
        self._length = len(text)

    @cached_property
    def _index(self) -> dict[int, int]:
        return {place: at for at, place in enumerate(self._places)}

    def at(self, place: int) -> int:
        """The folded offset of the first character at or behind an offset of the text."""
        while place < self._length:
            if (at := self._index.get(place)) is not None:
                return at
            place += 1
        return len(self.text)

    def range(self, start: int, end: int) -> tuple[int, int]:
        """The range in the text, without what is unseen at its end, of a folded range that is not empty."""
        return self._places[start], self._places[end - 1] + 1


AROUND = 16
"""Folded characters before and behind a stretch that are hashed, to tell it from the same words elsewhere."""


class Seal(msgspec.Struct, frozen=True, array_like=True):
    """Code points `[start, end)` of the text that is not there; `length` counts the folded characters.

    `exact` is the hash of the words, `folded` that of their folded form, `before` and `behind` those of what is around
    them.
    """

    start: int
    end: int
    length: int
    exact: str
    folded: str
    before: str
    behind: str


class Sealer:
    """Seals stretches of one article."""

    def __init__(self, text: str, text_sha256: str) -> None:
        self.text = text
        self.folded = Folded(text)
        self._salt = salt(text_sha256)

    def __call__(self, start: int, end: int) -> Seal:
        first, last = self.folded.at(start), self.folded.at(end)
        words = self.folded.text
        return Seal(
            start,
            end,
            last - first,
            short_hash(self.text[start:end], self._salt),
            short_hash(words[first:last], self._salt),
            short_hash(words[max(0, first - AROUND) : first], self._salt),
            short_hash(words[last : last + AROUND], self._salt),
        )


def salt(text_sha256: str) -> bytes:
    return bytes.fromhex(text_sha256)[:16]


def short_hash(words: str, salted: bytes) -> str:
    """Ten hexadecimal digits."""
    return hashlib.blake2b(words.encode(), digest_size=5, salt=salted).hexdigest()
