"""T: the text of an article, its normal form, and where it came from."""

import unicodedata
from collections.abc import Iterator
from functools import cache
from typing import NamedTuple

from annotate.findings import Problem, Rule, rule
from annotate.model import Annotation, Article
from annotate.offsets import normalise, sha256

_INVISIBLE = {"Cc", "Cf", "Co", "Cn"}
_ALLOWED = {"\n", "\r", "\t", "\u200c", "\u200d"}  # joiners are spelling in several scripts; CR has a rule of its own
_ASCII = bytes((*b"\n\t", *range(ord(" "), ord("~") + 1)))


class SourceText(NamedTuple):
    """A source file: the hash of its bytes, and its text, or the byte at which it is not UTF-8."""

    sha256: str
    text: str | None
    broken_at: int = 0

    @classmethod
    def of(cls, data: bytes) -> "SourceText":
        try:
            return cls(sha256(data), data.decode("utf-8"))
        except UnicodeDecodeError as error:
            return cls(sha256(data), None, error.start)


def sound(text: str, data: bytes) -> bool:
    """Whether no rule of texts finds anything in this one, whose UTF-8 is `data`, for certain: few characters tell."""
    rest = data.translate(None, _ASCII).decode("utf-8")
    return "" != text == text.strip() and all(map(_plain, set(rest)))


@cache
def _plain(character: str) -> bool:
    """Whether a character can be seen, and no normal form changes it or joins it to one before it."""
    joins = unicodedata.category(character)[0] == "M" or "\u1160" <= character <= "\u11ff"
    return character.isprintable() and not joins and unicodedata.is_normalized("NFC", character)


def stands_in(source: SourceText, article: Article) -> bool:
    """Whether an article's text is, as it is, the range of its source; the rules of both then hold of a sound text."""
    where = article.source
    return (
        source.sha256 == where.sha256
        and source.text is not None
        and where.end - where.start == len(article.text)
        and source.text.startswith(article.text, where.start)
    )


def _line(text: str, at: int) -> int:
    return text.count("\n", 0, at) + 1


@rule("T101")
def carriage_return(text: str) -> Iterator[Problem]:
    """Lines of a text end with LF alone.

    Why: a CR counts as a character; a tool that drops it shifts every offset behind it.
    Fails: a text saved with Windows line ends.
    Passes: the same text, taken in by `annotate add`, which keeps the original as the source file.
    """
    at = text.find("\r")
    if at >= 0:
        yield Problem(
            f"has {text.count(chr(13))} carriage returns; take the article in again with `annotate add`",
            line=_line(text, at),
        )


@rule("T102")
def not_normalised(text: str) -> Iterator[Problem]:
    """A text is in Unicode normal form C.

    Why: "é" can be one character or two; two spellings of one word would differ in length and never match.
    Fails: a text with "e" and a combining acute accent.
    Passes: the same text with "é", as `annotate add` writes it.
    """
    if not unicodedata.is_normalized("NFC", text):
        at = next(
            number for number, line in enumerate(text.split("\n"), 1) if not unicodedata.is_normalized("NFC", line)
        )
        yield Problem("is not in normal form C; take the article in again with `annotate add`", line=at)


@rule("T103")
def hash_differs(article: Article) -> Iterator[Problem]:
    """A text has the SHA-256 that the article's metadata names.

    Why: labels are offsets; a text that changed under them points them at other words.
    Fails: a word fixed in the .txt alone.
    Passes: a text taken in again, under a new id, with labels made on it.
    """
    actual = sha256(article.text)
    if actual != article.text_sha256:
        yield Problem(
            f"text_sha256 is {article.text_sha256[:12]}…, but the text's is {actual[:12]}…; restore the text, "
            "or take the changed one in as a new article"
        )


@rule("T104")
def empty_text(text: str) -> Iterator[Problem]:
    """A text holds words, and neither begins nor ends with white space.

    Why: nothing can be labelled in an empty article; white space at the edges comes and goes with editors.
    Fails: a text of two line ends; a text with a line end after its last word.
    Passes: a text from its first character to its last.
    """
    if not text.strip():
        yield Problem("holds no words; remove the article, or take it in again")
    elif text != text.strip():
        yield Problem("begins or ends with white space; take the article in again with `annotate add`")


@rule("T105", "warning")
def invisible_character(text: str) -> Iterator[Problem]:
    """A text has no character that cannot be seen, but for line ends, tabs and the joiners of some scripts.

    Why: an annotator cannot select what does not show, and a span that begins with it looks right and is not.
    Fails: a NUL, a soft hyphen, a zero width space, a mark that turns the direction of writing.
    Passes: plain text; a zero width joiner within a word.
    """
    odd = [one for one in set(text) - _ALLOWED if unicodedata.category(one) in _INVISIBLE]
    for at, character in sorted((text.index(one), one) for one in odd):
        name = unicodedata.name(character, "control character")
        yield Problem(
            f"has U+{ord(character):04X} ({name.lower()}), first at {at}; see whether the source means it",
            line=_line(text, at),
        )


@rule("T201")
def not_the_source(article: Article, source: SourceText) -> Iterator[Problem]:
    """A text is the range of its source file that the metadata names, in normal form.

    Why: whoever doubts a label must be able to see what was published, byte for byte.
    Fails: a range that begins one character late; a word fixed in the text and not in the source.
    Passes: text == normalise(source[start:end]), counted in code points of the decoded file.
    """
    where = article.source
    if source.text is None:
        yield Problem(f"its source file {where.file} is not UTF-8 at byte {source.broken_at}; take it in again")
    elif not where.start < where.end <= len(source.text):
        yield Problem(
            f"range [{where.start}, {where.end}) lies outside {where.file}, of {len(source.text)} characters; fix it"
        )
    elif normalise(source.text[where.start : where.end]) != article.text:
        yield Problem(
            f"is not what stands at [{where.start}, {where.end}) of {where.file}; restore the text, or fix the range"
        )


@rule("T202")
def source_changed(article: Article, source: SourceText) -> Iterator[Problem]:
    """An article's source file has the SHA-256 that its metadata names.

    Why: the source files are kept byte for byte; a changed one proves nothing.
    Fails: a source file opened in an editor that put a line end at its end.
    Passes: the file as it was taken in.
    """
    if source.sha256 != article.source.sha256:
        yield Problem(f"source file {article.source.file} is not the one it was cut from; restore that file")


@rule("T301")
def made_on_another_text(annotation: Annotation, article: Article) -> Iterator[Problem]:
    """Labels were made on the very text that stands in the corpus.

    Why: offsets say nothing of another text; after a change every span has to be looked at again.
    Fails: an annotation whose text_sha256 is that of an earlier text.
    Passes: an annotation that names the hash in its article's metadata.
    """
    if annotation.text_sha256 != article.text_sha256:
        yield Problem(
            f"was made on a text with hash {annotation.text_sha256[:12]}…, but the article's is "
            f"{article.text_sha256[:12]}…; restore that text, or label this one anew"
        )


OF_TEXT: tuple[Rule, ...] = (carriage_return, not_normalised, empty_text, invisible_character)
RULES: tuple[Rule, ...] = (*OF_TEXT, hash_differs, not_the_source, source_changed, made_on_another_text)
