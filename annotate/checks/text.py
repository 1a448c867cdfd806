"""T: the text of an article, its normal form, and the source that it was cut from."""

import unicodedata
from collections.abc import Iterator
from functools import cache
from typing import NamedTuple

from annotate.findings import Problem, Rule, rule
from annotate.model import Annotation, Article
from annotate.offsets import normalise, sha256
from annotate.util.escape import has_unseen

_INVISIBLE = {"Cc", "Cf", "Co", "Cn"}
_ALLOWED = {"\n", "\r", "\t", "\u200c", "\u200d"}  # joiners are spelling in several scripts; CR has a rule of its own
_MARKS = "\u061c\u200e\u200f"
"""Marks of direction that stand between words of scripts that run from right to left and turn nothing around."""
_ASCII = bytes((*b"\n\t", *range(ord(" "), ord("~") + 1)))


class SourceText(NamedTuple):
    """A source file.

    Attributes:
        sha256: The hash of its bytes.
        text: Its text, or None where it is not UTF-8.
        broken_at: The byte at which it is not UTF-8.
    """

    sha256: str
    text: str | None
    broken_at: int = 0

    @classmethod
    def from_bytes(cls, data: bytes) -> "SourceText":
        """Decode the bytes of a source file."""
        try:
            return cls(sha256(data), data.decode("utf-8"))
        except UnicodeDecodeError as error:
            return cls(sha256(data), None, error.start)


def is_sound(text: str, data: bytes) -> bool:
    """Tell whether a text certainly has no finding by T101 to T105: the fast path for most texts.

    Args:
        text: The text.
        data: The same in UTF-8. Only the few distinct characters beyond ASCII are looked at.
    """
    beyond_ascii = data.translate(None, _ASCII).decode("utf-8")
    return "" != text == text.strip() and all(map(_is_sound_character, set(beyond_ascii)))


@cache
def _is_sound_character(character: str) -> bool:
    """Tell whether a character is visible, and NFC neither changes it nor joins it to the one before it."""
    joins = unicodedata.category(character)[0] == "M" or "\u1160" <= character <= "\u11ff"
    return character.isprintable() and not joins and unicodedata.is_normalized("NFC", character)


def is_range_of(source: SourceText, article: Article) -> bool:
    """Tell whether an article's text is the range of its source as it is; then T201 and T202 hold for a sound text."""
    where = article.source
    return (
        source.sha256 == where.sha256
        and source.text is not None
        and where.end - where.start == len(article.text)
        and source.text.startswith(article.text, where.start)
    )


def _line(text: str, offset: int) -> int:
    return text.count("\n", 0, offset) + 1


@rule("T101")
def carriage_return(text: str) -> Iterator[Problem]:
    """The lines of a text end with LF alone.

    Why: a CR counts as a character; a tool that drops it shifts every offset after it.
    Fails: a text saved with Windows line ends.
    Passes: the same text as `annotate add` writes it; the source file keeps the original.
    """
    offset = text.find("\r")
    if offset >= 0:
        yield Problem(
            f"has {text.count(chr(13))} carriage returns; add the article again with `annotate add`",
            line=_line(text, offset),
        )


@rule("T102")
def not_normalised(text: str) -> Iterator[Problem]:
    """A text is in Unicode normal form C.

    Why: "é" can be one character or two; the two spellings of a word would differ in length and never match.
    Fails: a text with "e" and a combining acute accent.
    Passes: the same text with "é", as `annotate add` writes it.
    """
    if not unicodedata.is_normalized("NFC", text):
        lines = enumerate(text.split("\n"), 1)
        line = next(number for number, words in lines if not unicodedata.is_normalized("NFC", words))
        yield Problem("is not in normal form C; add the article again with `annotate add`", line=line)


@rule("T103")
def hash_differs(article: Article) -> Iterator[Problem]:
    """A text has the SHA-256 in the article's metadata.

    Why: labels are offsets; if the text changes, they mean other words.
    Fails: a word that was corrected in the .txt alone.
    Passes: the text that `annotate add --replace` cut from the corrected source file.
    """
    actual = sha256(article.text)
    if actual != article.text_sha256:
        yield Problem(
            f"text_sha256 is {article.text_sha256[:12]}…, but the text's is {actual[:12]}…; restore the text, "
            "and correct the source file with `annotate add FILE --replace`"
        )


@rule("T104")
def empty_text(text: str) -> Iterator[Problem]:
    """A text has words, and neither begins nor ends with white space.

    Why: an empty article has nothing to label; editors add and remove white space at the ends.
    Fails: a text of two line ends; a text with a line end after its last word.
    Passes: a text that begins with its first word and ends with its last.
    """
    if not text.strip():
        yield Problem("has no words; remove the article, or add it again")
    elif text != text.strip():
        yield Problem("begins or ends with white space; add the article again with `annotate add`")


@rule("T105", "warning", waivable=True)
def invisible_character(text: str) -> Iterator[Problem]:
    """A text has no invisible characters except line ends, tabs and the joiners of some scripts.

    Why: an annotator cannot select an invisible character, and a span that begins with one looks right and is wrong.
    Fails: a NUL, a soft hyphen, a zero width space, a mark that changes the direction of writing.
    Passes: plain text; a zero width joiner within a word.
    Not waivable: control characters, and characters that turn the direction of the text around them.
    """
    invisible = [character for character in set(text) - _ALLOWED if unicodedata.category(character) in _INVISIBLE]
    for offset, character in sorted((text.index(character), character) for character in invisible):
        name = unicodedata.name(character, "control character")
        yield Problem(
            f"has U+{ord(character):04X} ({name.lower()}), first at {offset}; check whether the source means it",
            line=_line(text, offset),
            waivable=character in _MARKS or not has_unseen(character),
        )


@rule("T201")
def not_the_source(article: Article, source: SourceText) -> Iterator[Problem]:
    """A text is the range of its source file that the metadata gives, in normal form.

    Why: a reader who doubts a label must be able to see what was published, byte for byte.
    Fails: a range that begins one character late; a word that was corrected in the text but not in the source.
    Passes: text == normalise(source[start:end]), counted in code points of the decoded file.
    """
    where = article.source
    if source.text is None:
        yield Problem(f"its source file {where.file} is not UTF-8 at byte {source.broken_at}; add it again")
    elif not where.start < where.end <= len(source.text):
        yield Problem(
            f"range [{where.start}, {where.end}) lies outside {where.file}, of {len(source.text)} characters; fix it"
        )
    elif normalise(source.text[where.start : where.end]) != article.text:
        yield Problem(
            f"is not the text at [{where.start}, {where.end}) of {where.file}; restore the text, or fix the range"
        )


@rule("T202")
def source_changed(article: Article, source: SourceText) -> Iterator[Problem]:
    """An article's source file has the SHA-256 in its metadata.

    Why: source files are kept byte for byte; a changed one proves nothing.
    Fails: a source file to which an editor added a line end.
    Passes: the file as it was added.
    """
    if source.sha256 != article.source.sha256:
        yield Problem(f"source file {article.source.file} is not the one that it was cut from; restore that file")


@rule("T301")
def made_on_another_text(annotation: Annotation, article: Article) -> Iterator[Problem]:
    """An annotation was made on the article's present text.

    Why: offsets into another text mean nothing in this one; after a change every span must be reviewed.
    Fails: an annotation whose text_sha256 is that of an earlier text.
    Passes: an annotation with the hash in its article's metadata.
    """
    if annotation.text_sha256 != article.text_sha256:
        yield Problem(
            f"was made on a text with hash {annotation.text_sha256[:12]}…, but the article's is "
            f"{article.text_sha256[:12]}…; restore that text, or move the labels: `annotate studio push --reanchor`"
        )


OF_TEXT: tuple[Rule, ...] = (carriage_return, not_normalised, empty_text, invisible_character)
RULES: tuple[Rule, ...] = (*OF_TEXT, hash_differs, not_the_source, source_changed, made_on_another_text)
