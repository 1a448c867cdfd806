"""Fingerprints of redacted stretches: their offsets, and short hashes that recognise their words in a copy.

A hash is 40 bits of BLAKE2b, salted with the hash of the article. It verifies a copy; it does not hide words: a name
can be found by trying all names, and a span of one common word is as good as public. So is the length of a stretch.
Hashes of sentences and lines are out of reach of such trials.

Copies are compared in folded form, in which all white space, quotation marks and dashes are of one kind.
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


class FoldedText:
    """The folded form of a text, and the offset in the text of each of its characters.

    A run of white space, including line ends, is one space. Invisible characters are left out.
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
        """Return the folded offset of the first character at or after an offset of the text."""
        while place < self._length:
            if (at := self._index.get(place)) is not None:
                return at
            place += 1
        return len(self.text)

    def range(self, start: int, end: int) -> tuple[int, int]:
        """Return the range in the text of a folded range that is not empty, without invisible characters at its end."""
        return self._places[start], self._places[end - 1] + 1


CONTEXT = 16
"""Folded characters before and after a stretch that are hashed, to tell it from the same words elsewhere."""


class Fingerprint(msgspec.Struct, frozen=True, array_like=True):
    """A redacted stretch of an article.

    Attributes:
        start: Its first code point in the text.
        end: The code point after its last one.
        length: The number of its folded characters.
        exact: The hash of its words.
        folded: The hash of their folded form.
        before: The hash of the folded characters before it, at most `CONTEXT`.
        after: The hash of those after it.
    """

    start: int
    end: int
    length: int
    exact: str
    folded: str
    before: str
    after: str


class Fingerprinter:
    """Makes fingerprints of stretches of one article."""

    def __init__(self, text: str, text_sha256: str) -> None:
        self.text = text
        self.folded = FoldedText(text)
        self._salt = salt(text_sha256)

    def __call__(self, start: int, end: int) -> Fingerprint:
        first, last = self.folded.at(start), self.folded.at(end)
        words = self.folded.text
        return Fingerprint(
            start,
            end,
            last - first,
            short_hash(self.text[start:end], self._salt),
            short_hash(words[first:last], self._salt),
            short_hash(words[max(0, first - CONTEXT) : first], self._salt),
            short_hash(words[last : last + CONTEXT], self._salt),
        )


def salt(text_sha256: str) -> bytes:
    """Return the salt of an article's hashes."""
    return bytes.fromhex(text_sha256)[:16]


def short_hash(words: str, salted: bytes) -> str:
    """Return the hash of words as ten hexadecimal digits."""
    return hashlib.blake2b(words.encode(), digest_size=5, salt=salted).hexdigest()
