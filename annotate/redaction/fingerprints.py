"""Fingerprints of redacted stretches: their offsets, and short hashes that recognise their words in a copy.

A hash is 40 bits of BLAKE2b, salted with the hash of the article. It verifies a copy; it does not hide words: a name
can be found by trying all names, and a span of one common word is as good as public. So is the length of a stretch.
Hashes of sentences and lines are out of reach of such trials.

Copies are compared in folded form, in which all white space, quotation marks and dashes are of one kind.
"""

import hashlib
from functools import cached_property

import msgspec

from annotate.quotes import ALIKE, INVISIBLE


class FoldedText:
    """The folded form of a text, and the offset in the text of each of its characters.

    A run of white space, including line ends, is one space. Invisible characters are left out.
    """

    def __init__(self, text: str) -> None:
        letters: list[str] = []
        self._offsets: list[int] = []
        for offset, letter in enumerate(text):
            folded = " " if letter.isspace() else ALIKE.get(letter, letter)
            if folded not in INVISIBLE and not (folded == " " and letters[-1:] == [" "]):
                letters.append(folded)
                self._offsets.append(offset)
        self.text = "".join(letters)
        self._length = len(text)

    @cached_property
    def _index(self) -> dict[int, int]:
        return {offset: index for index, offset in enumerate(self._offsets)}

    def fold_offset(self, offset: int) -> int:
        """Return the folded offset of the first character at or after an offset of the text."""
        while offset < self._length:
            if (folded := self._index.get(offset)) is not None:
                return folded
            offset += 1
        return len(self.text)

    def unfold_range(self, start: int, end: int) -> tuple[int, int]:
        """Return the range in the text of a folded range that is not empty, without invisible characters at its end."""
        return self._offsets[start], self._offsets[end - 1] + 1


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
        self._salt = derive_salt(text_sha256)

    def fingerprint(self, start: int, end: int) -> Fingerprint:
        """Return the fingerprint of the code points `[start, end)`."""
        first, last = self.folded.fold_offset(start), self.folded.fold_offset(end)
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


def derive_salt(text_sha256: str) -> bytes:
    """Return the salt of an article's hashes."""
    return bytes.fromhex(text_sha256)[:16]


def short_hash(words: str, salt: bytes) -> str:
    """Return the salted hash of words, as ten hexadecimal digits (40 bits of BLAKE2b)."""
    return hashlib.blake2b(words.encode(), digest_size=5, salt=salt).hexdigest()
