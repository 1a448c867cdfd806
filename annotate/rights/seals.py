"""What is kept of a stretch of text that is taken out: where it stood, and short hashes to know it again by.

A hash is 40 bits of BLAKE2b, salted with the hash of the article. It is there to verify a copy, not to hide words: who
tries all names finds out a name, and a span of one common word is as good as open. The length is open as well. Hashes
of sentences and lines are out of reach of such trials.
"""

import hashlib

import msgspec

from annotate.rights.folding import Folded

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
