"""How an article gets into a corpus: normal form, id, source range, hashes, and no article twice."""

import os
import re
import unicodedata
from collections.abc import Iterable
from typing import NamedTuple

from annotate.model import Article, Omission, SourceFile, SourceRange
from annotate.offsets import normalise, sha256, trimmed
from annotate.store import ID_PATTERN, Corpus

WHITE_SPACE = "white space around the article"


class Refused(ValueError):  # noqa: N818 - an answer, not an error in the program
    """Why a file is not taken in; nothing has been written."""


class Cut(NamedTuple):
    """An article within a source file: its id and its range in code points, half open."""

    id: str
    start: int
    end: int


class Details(NamedTuple):
    """What is known of an article beyond its text; None where nobody says."""

    title: str | None = None
    language: str = "en"
    author: str | None = None
    publisher: str | None = None
    date: str | None = None
    rights: str = "The text belongs to its publisher."


class Intake(NamedTuple):
    """A source file with its bytes, and the articles cut from it; ready to be written."""

    source: SourceFile
    data: bytes
    articles: tuple[Article, ...]


def id_from(name: str) -> str:
    """An id made of a file's name: ASCII letters and digits, in lower case, joined by hyphens."""
    ascii_ = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "-", ascii_).strip("-")[:100].strip("-")


def take_in(
    name: str, data: bytes, cuts: Iterable[Cut], details: Details, boundaries: str, omitted: str | None = None
) -> Intake:
    """Cut the articles out of a source file's bytes.

    Without cuts the whole file is one article. White space at the ends of a range is left out and recorded; what else
    lies between the ranges is recorded as omitted, for the reason given in `omitted`. Raises Refused.
    """
    if name.startswith("."):
        raise Refused("has a name that begins with a dot, as what is no part of a corpus has; rename the file")
    if name.endswith(".json"):
        raise Refused("is named as the records of sources are; give the file another name, such as .txt")
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise Refused(f"is not UTF-8 at byte {error.start}; convert it first") from error
    if "\0" in text:
        raise Refused("holds a NUL character; it is no plain text")
    digest = sha256(data)
    ranges = [
        _trim(text, cut)
        for cut in sorted(cuts or [Cut(id_from(name.rpartition(".")[0] or name), 0, len(text))], key=_start)
    ]
    articles = []
    for cut in ranges:
        words = normalise(text[cut.start : cut.end])
        where = SourceRange(file=name, sha256=digest, start=cut.start, end=cut.end)
        articles.append(Article(id=cut.id, **details._asdict(), source=where, text=words, text_sha256=sha256(words)))
    source = SourceFile(file=name, sha256=digest, boundaries=boundaries, omitted=tuple(_gaps(text, ranges, omitted)))
    return Intake(source, data, tuple(articles))


def _start(cut: Cut) -> int:
    return cut.start


def _trim(text: str, cut: Cut) -> Cut:
    if not re.fullmatch(ID_PATTERN, cut.id):
        raise Refused(f"{cut.id!r} can be no id; use lower-case letters, digits, hyphens and underscores")
    if not 0 <= cut.start < cut.end <= len(text):
        raise Refused(f"[{cut.start}, {cut.end}) lies outside its {len(text)} characters; mend the range")
    mark = text.startswith("\ufeff") and cut.start == 0
    start, end = trimmed(text, cut.start + mark, cut.end)
    if start == end:
        raise Refused("holds no words; there is nothing to label")
    return Cut(cut.id, start, end)


def _gaps(text: str, cuts: list[Cut], reason: str | None) -> Iterable[Omission]:
    at = 0
    for start, end in [*((cut.start, cut.end) for cut in cuts), (len(text), len(text))]:
        if start < at:
            raise Refused(f"two articles overlap at {start}; mend the ranges")
        if start > at:
            words = text[at:start].strip().strip("\ufeff")
            if words and reason is None:
                raise Refused(f"[{at}, {start}) is in no article; say why with --omitted")
            yield Omission(start=at, end=start, reason=reason if words and reason else WHITE_SPACE)
        at = end


def refuse_duplicates(corpus: Corpus, intakes: Iterable[Intake]) -> None:
    """Raise Refused where an id, a source file or a text is in the corpus already, or twice among the new ones."""
    ids = {*corpus.article_ids(), *corpus.text_ids()}
    files: set[str] = set()
    texts = {article.text_sha256: article.id for article in corpus.articles()}
    for intake in intakes:
        file = intake.source.file
        # Whatever stands there, a broken link too, would be written over.
        if file in files or any(map(os.path.lexists, (corpus.source_path(file), corpus.source_record_path(file)))):
            raise Refused(f"a source file called {file} is in the corpus already; rename the new one")
        files.add(file)
        for article in intake.articles:
            if article.id in ids:
                raise Refused(f"an article with the id {article.id!r} is in the corpus already; give another with --id")
            if article.text_sha256 in texts:
                raise Refused(f"its text is in the corpus already, as {texts[article.text_sha256]!r}")
            ids.add(article.id)
            texts[article.text_sha256] = article.id
