"""Read a reader's copy of an article, however it was saved: in which encoding, with which line ends, on which lines.

Nothing is guessed. An encoding that the file does not state is taken only if the hashes of the article's lines confirm
it, and a line end is put back only next to a line that its hash confirms.
"""

import codecs
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Literal, NamedTuple

from annotate.model import SourceRange
from annotate.offsets import normalise, sha256
from annotate.redaction.align import line_ranges
from annotate.redaction.fingerprints import Fingerprint, FoldedText, derive_salt, short_hash
from annotate.util.files import read_bytes

Fault = Literal["missing", "unknown encoding", ""]

UTF8 = "UTF-8"
_MARKS = {
    codecs.BOM_UTF32_LE: ("utf-32", "UTF-32"),
    codecs.BOM_UTF32_BE: ("utf-32", "UTF-32"),
    codecs.BOM_UTF16_LE: ("utf-16", "UTF-16"),
    codecs.BOM_UTF16_BE: ("utf-16", "UTF-16"),
}
"""Byte order marks of other encodings than UTF-8, the longest first: Python's name, and the name to show."""
_WITH_ZEROS = {"utf-16-le": "UTF-16", "utf-16-be": "UTF-16"}
"""Encodings of a file with zero bytes and without a mark."""
_SINGLE_BYTE = {
    "cp1252": "Windows-1252",
    "cp1250": "Windows-1250",
    "cp1251": "Windows-1251",
    "mac_roman": "Mac Roman",
    "latin_1": "ISO 8859-1",
}
"""Encodings of a file that is not UTF-8."""

LONG_LINE = 24
"""Folded characters of a line that hardly occurs twice by chance; shorter lines are not searched for."""

MAX_SEARCHES = 500_000
"""Most hashes that are computed to put the line ends of one article back."""

MAX_GAP = 1000
"""Most line ends between two lines; a skeleton comes from outside."""

_SPACES = re.compile(r"\s+")


class ReaderCopy(NamedTuple):
    """A copy as it was read.

    Attributes:
        text: Its text in normal form; None if there is none.
        file: Name of its file.
        fault: Why there is no text.
        encoding: The encoding that it was read in.
        has_new_lines: Whether line ends were put back or taken away.
    """

    text: str | None
    file: str
    fault: Fault = ""
    encoding: str = UTF8
    has_new_lines: bool = False


class _DecodedFile(NamedTuple):
    """The text of a file in one of the encodings that may be meant.

    Attributes:
        text: The text as decoded.
        encoding: Name of the encoding.
        proof: The lines that must confirm the encoding, at least one: none are needed, any, or one that is not ASCII.
    """

    text: str
    encoding: str
    proof: Literal["none", "any", "not ASCII"] = "none"


class CopyReader:
    """Reads the copy of one article.

    Args:
        text_sha256: The hash of the article's text.
        lines: The fingerprints of its lines.
    """

    def __init__(self, text_sha256: str, lines: Sequence[Fingerprint]) -> None:
        self._sha256 = text_sha256
        self._salt = derive_salt(text_sha256)
        self._lines = lines
        self._line_hashes = frozenset(line.folded for line in lines)

    def read(self, folder: Path, article_id: str, source: SourceRange) -> ReaderCopy:
        """Read `<id>.txt`, or else the range of the source file.

        Args:
            folder: The folder of the copies.
            article_id: The article.
            source: The file that the article was cut from, and its range there.
        """
        path = folder / f"{article_id}.txt"
        if path.is_file():
            return self._read_file(path, None, folder)
        path = folder / Path(source.file).name
        if path.is_file():
            return self._read_file(path, source, folder)
        return ReaderCopy(None, f"{article_id}.txt", "missing")

    def _read_file(self, path: Path, source: SourceRange | None, folder: Path) -> ReaderCopy:
        """Return the copy in the encoding, and cut in the way, in which most lines are the article's."""
        best, most = ReaderCopy(None, path.name, "unknown encoding"), -1
        for decoded in _decode(read_bytes(path, "name a folder of texts", within=folder)):
            for text in _cut(decoded.text, source):
                restored, has_new_lines = self._restore(text)
                copy = ReaderCopy(restored, path.name, "", decoded.encoding, has_new_lines)
                if sha256(restored) == self._sha256:
                    return copy
                lines = self._count_lines(restored, is_ascii_counted=decoded.proof != "not ASCII")
                if lines > most and (lines or decoded.proof == "none"):
                    best, most = copy, lines
        return best

    def _count_lines(self, text: str, is_ascii_counted: bool = True) -> int:
        """Return how many lines of a text are lines of the article, with all ASCII lines or without them."""
        lines = (text[start:end] for start, end in line_ranges(text))
        return sum(
            short_hash(FoldedText(line).text, self._salt) in self._line_hashes
            for line in lines
            if is_ascii_counted or not line.isascii()
        )

    def _restore(self, text: str) -> tuple[str, bool]:
        """Return the text, with other line ends if it is the article or more like it then, and whether it has others.

        A line end after the last line, as editors add it, is not part of the article.
        """
        if sha256(text) == self._sha256:
            return text, False
        text = text.strip()
        if sha256(text) == self._sha256:
            return text, False
        restored = self._restore_lines(text)
        is_better = sha256(restored) == self._sha256 or self._count_lines(restored) > self._count_lines(text)
        return (restored, True) if is_better else (text, False)

    def _restore_lines(self, text: str) -> str:
        """Return the text with line ends around each line of the article that its hash finds."""
        folded = FoldedText(text)
        search = _LineSearch(folded.text, self._salt)
        parts: list[str] = []
        previous: Fingerprint | None = None

        def add(separator: str, words: str) -> None:
            parts.extend((separator, words) if parts else (words,))

        for line in self._lines:
            begin = search.position
            start = search.find(line)
            if start is None:
                previous = None
                continue
            if folded.text[begin:start].strip():
                add("\n\n", text[slice(*folded.unfold_range(begin, start))].strip())
                previous = None
            gap = line.start - previous.end if previous else 0
            add("\n" * gap if 0 < gap <= MAX_GAP else "\n\n", self._line_words(text, folded, start, line))
            previous = line
        if folded.text[search.position :].strip():
            add("\n\n", text[slice(*folded.unfold_range(search.position, len(folded.text)))].strip())
        return "".join(parts)

    def _line_words(self, text: str, folded: FoldedText, start: int, line: Fingerprint) -> str:
        words = text[slice(*folded.unfold_range(start, start + line.length))]
        joined = " ".join(part.strip() for part in words.split("\n") if part.strip())
        single = _SPACES.sub(" ", joined)
        choices = [words, joined, single]
        if len(single) == line.end - line.start - 1:  # a double space, as after the end of a sentence, became one
            spaces = [index for index, letter in enumerate(single) if letter == " "]
            choices += [f"{single[:index]} {single[index:]}" for index in spaces]
        return next((choice for choice in choices if short_hash(choice, self._salt) == line.exact), joined)


class _LineSearch:
    """Finds the lines of an article in folded words, one after the other."""

    def __init__(self, words: str, salt: bytes) -> None:
        self.position = 0
        self._words = words
        self._salt = salt
        self._left = MAX_SEARCHES

    def find(self, line: Fingerprint) -> int | None:
        """Return where the next line begins, and go on after it; None if it is not found."""
        while self._words[self.position : self.position + 1] == " ":
            self.position += 1
        if line.length < 1:
            return None
        last = len(self._words) - line.length if line.length >= LONG_LINE else self.position
        for start in range(self.position, min(last, self.position + self._left) + 1):
            self._left -= 1
            if short_hash(self._words[start : start + line.length], self._salt) == line.folded:
                self.position = start + line.length
                return start
        return None


def _decode(data: bytes) -> Iterator[_DecodedFile]:
    """Yield the text of a file in each encoding that may be meant; only one if the file states it, or is UTF-8."""
    for mark, (codec, name) in _MARKS.items():
        if data.startswith(mark):
            yield from _try_codecs(data, {codec: name}, "none")
            return
    if b"\0" in data:
        yield from _try_codecs(data, _WITH_ZEROS, "any")
        return
    if files := list(_try_codecs(data, {"utf-8": UTF8}, "none")):
        yield from files
        return
    yield from _try_codecs(data, _SINGLE_BYTE, "not ASCII")


def _try_codecs(
    data: bytes, codecs_: dict[str, str], proof: Literal["none", "any", "not ASCII"]
) -> Iterator[_DecodedFile]:
    for codec, name in codecs_.items():
        try:
            yield _DecodedFile(data.decode(codec), name, proof)
        except UnicodeDecodeError:
            continue


def _cut(text: str, source: SourceRange | None) -> Iterator[str]:
    """Yield the text in normal form; of a source file its range, with its own line ends or with LF."""
    if source is None:
        yield normalise(text)
        return
    yield normalise(text[source.start : source.end])
    if "\r" in text:
        yield normalise(text)[source.start : source.end]
