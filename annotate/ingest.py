"""Add articles to a corpus: normal form, id, source range, hashes, and no duplicates."""

import os
import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping
from typing import Any, NamedTuple

import msgspec

from annotate.corpus import Corpus, encode_article, encode_source, normalize_metadata
from annotate.errors import Refused
from annotate.model import ARTICLE_ID_LENGTH, Article, MetadataValue, Omission, SourceFile, SourceRange, is_article_id
from annotate.offsets import normalise, sha256, trim_range
from annotate.schemas import explain, package_schema
from annotate.schemas.patterns import FILE_NAME
from annotate.util.escape import quote
from annotate.util.files import FileToWrite, read_raw, write_files, write_together
from annotate.util.lock import writing_to
from annotate.util.progress import StartStep, count_items, ignore_steps

WHITE_SPACE = "white space around the article"
LONGEST_NAME = 235
"""Bytes of a source file's name; the record's name and that of the file it is written to first are 20 longer."""
_FILE_NAME = re.compile(FILE_NAME)
_DIGEST_LENGTH = 8
"""Hexadecimal digits of a hash at the end of an id."""
NO_WORDS = "holds no words; there is nothing to label"


class ArticleRejected(ValueError):  # noqa: N818 - an answer, not an error in the program
    """A file cannot be added to the corpus. Nothing has been written."""


class Cut(NamedTuple):
    """An article within a source file: its id and its range in code points, half open."""

    id: str
    start: int
    end: int


RIGHTS_NOT_STATED = "The rights in the text are not stated."
"""What an article of a converted export says of its rights, where nobody has said whose they are."""


class Details(NamedTuple):
    """The metadata of an article; None where it is unknown. `metadata` has the fields that the inventory declares."""

    title: str | None = None
    language: str = "en"
    author: str | None = None
    publisher: str | None = None
    date: str | None = None
    rights: str = "The text belongs to its publisher."
    metadata: dict[str, MetadataValue] = {}  # noqa: RUF012 - nobody changes it


class Intake(NamedTuple):
    """A source file with its bytes, and the articles that were cut from it. All of it is valid."""

    source: SourceFile
    data: bytes
    articles: tuple[Article, ...]

    def files(self, corpus: Corpus) -> list[FileToWrite]:
        """Return the files to write, in this order.

        Texts are first and metadata last: while anything is missing, `annotate check` reports a text without metadata
        and names `annotate add`, and no reader sees an article without a text.
        """
        pairs = [corpus.prepare_article(article) for article in self.articles]
        texts, metadata = [pair[0] for pair in pairs], [pair[1] for pair in pairs]
        return [*texts, *corpus.prepare_source(self.source, self.data), *metadata]


def make_article_id(name: str) -> str:
    """Make an article id from a file name: ASCII letters and digits, in lower case, joined by hyphens.

    Letters lose their accents. If other letters or digits are lost, or the id would be too long or empty, it ends in
    the beginning of the name's SHA-256, which keeps names in other scripts apart. The id depends on the name alone.
    """
    name = unicodedata.normalize("NFC", name)
    words = re.sub(r"[^a-z0-9]+", "-", _to_ascii(name).lower()).strip("-")
    is_lossy = any(character.isalnum() and not _to_ascii(character) for character in name)
    if words and len(words) <= ARTICLE_ID_LENGTH and not is_lossy:
        return words
    return f"{words[: ARTICLE_ID_LENGTH - 1 - _DIGEST_LENGTH].strip('-') or 'text'}-{_digest(name)}"


def make_source_name(name: str, ending: str = ".txt") -> str:
    """Make the name of a source file from that of a text.

    The name is kept as far as the name of a source file can have it: folders are joined by hyphens, characters that
    nobody sees are left out, and a name that is too long is cut and ends in the beginning of its SHA-256.

    Args:
        name: The name of the text, without its ending; it may have folders.
        ending: The ending, with its dot.
    """
    joined = re.sub(r"[/\\]", "-", name).encode("utf-8", "ignore").decode()
    kept = "".join(filter(_FILE_NAME.fullmatch, joined)).lstrip(".") or make_article_id(name)
    if ending and not _FILE_NAME.fullmatch(ending):
        ending = ".txt"
    ending = f"{ending}.txt" if ending == ".json" else ending
    most = LONGEST_NAME - len(ending.encode("utf-8", "ignore"))
    if len(kept.encode()) > most:
        cut = kept.encode()[: most - 1 - _DIGEST_LENGTH].decode("utf-8", "ignore")
        kept = f"{cut}-{_digest(name)}"
    return f"{kept}{ending}"


def _digest(name: str) -> str:
    return sha256(unicodedata.normalize("NFC", name).encode("utf-8", "surrogatepass"))[:_DIGEST_LENGTH]


def _to_ascii(text: str) -> str:
    return unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()


def cut_articles(
    name: str,
    data: bytes,
    cuts: Iterable[Cut],
    details: Details,
    boundaries: str,
    omitted: str | None = None,
    schema: str | None = None,
) -> Intake:
    """Cut the articles out of a source file's bytes.

    White space at the ends of a range is left out and recorded, as is all that is between the ranges.

    Args:
        name: The name of the source file.
        data: Its bytes.
        cuts: The ranges of the articles; without any, the whole file is one article.
        details: The metadata of the articles.
        boundaries: Why the articles are cut there.
        omitted: Why words between the ranges are in no article.
        schema: The JSON text of the schema of articles; by default that of a corpus without fields of its own.

    Raises:
        ArticleRejected: If the source file or an article would not pass `annotate check`.
    """
    chosen = sorted(cuts, key=_start)
    for cut in chosen:
        _allow_id(cut.id)
    _allow_name(name)
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise ArticleRejected(f"is not UTF-8 at byte {error.start}; convert it first") from error
    if "\0" in text:
        raise ArticleRejected("holds a NUL character; it is no plain text")
    if not text:
        raise ArticleRejected(NO_WORDS)
    digest = sha256(data)
    whole = [] if chosen else [Cut(_allow_id(make_article_id(name.rpartition(".")[0] or name)), 0, len(text))]
    ranges = [_trim(text, cut) for cut in chosen or whole]
    articles = []
    for cut in ranges:
        words = normalise(text[cut.start : cut.end])
        where = SourceRange(file=name, sha256=digest, start=cut.start, end=cut.end)
        fields = {**details._asdict(), "metadata": dict(details.metadata)}
        article = Article(id=cut.id, **fields, source=where, text=words, text_sha256=sha256(words))
        _validate(article, schema or package_schema("article"))
        articles.append(article)
    source = SourceFile(file=name, sha256=digest, boundaries=boundaries, omitted=tuple(_gaps(text, ranges, omitted)))
    _validate(source, package_schema("source"))
    return Intake(source, data, tuple(articles))


def _validate(noun: Article | SourceFile, schema: str) -> None:
    """Raise ArticleRejected if an article or a source file does not match its JSON Schema, which is given as text."""
    try:
        data = encode_article(noun) if isinstance(noun, Article) else encode_source(noun)
    except UnicodeEncodeError as error:
        raise ArticleRejected(f"can have no {quote(error.object)}, which is not UTF-8; give another") from error
    for fault in explain(msgspec.json.decode(data), schema):
        raise ArticleRejected(f"can have no such {fault.location}: {fault.message}; {fault.hint}")


def change_details(article: Article, details: Mapping[str, Any], schema: str) -> Article:
    """Return an article with other values in some fields.

    Args:
        article: The article.
        details: The values by the names of `Details`. Fields of `metadata` that are not among them are kept, and those
            that are None are removed.
        schema: The JSON text of the schema of articles.

    Raises:
        ArticleRejected: If the article would not pass `annotate check`.
    """
    values = {**article.metadata, **details.get("metadata", {})}
    metadata = {name: value for name, value in values.items() if value is not None}
    changed = normalize_metadata(msgspec.structs.replace(article, **{**details, "metadata": metadata}))
    _validate(changed, schema)
    return changed


def _allow_name(name: str) -> None:
    """Raise ArticleRejected if a source file cannot have the name."""
    try:
        length = len(name.encode())
    except UnicodeEncodeError as error:
        raise ArticleRejected("has a name that is not UTF-8; rename the file") from error
    if length > LONGEST_NAME:
        raise ArticleRejected(f"has a name of {length} bytes, and {LONGEST_NAME} is the most; rename the file")
    if name.startswith("."):
        raise ArticleRejected("has a name that begins with a dot, as what is no part of a corpus has; rename the file")
    if "\\" in name:
        raise ArticleRejected("has a name with a backslash, which parts folders elsewhere; rename the file")
    if name.endswith(".json"):
        raise ArticleRejected("is named as the records of sources are; give the file another name, such as .txt")


def _allow_id(name: str) -> str:
    if not is_article_id(name):
        signs = "lower-case letters, digits, hyphens and underscores"
        raise ArticleRejected(f"{quote(name)} can be no id; use {signs}, {ARTICLE_ID_LENGTH} at most")
    return name


def _start(cut: Cut) -> int:
    return cut.start


def _trim(text: str, cut: Cut) -> Cut:
    if not 0 <= cut.start < cut.end <= len(text):
        raise ArticleRejected(f"[{cut.start}, {cut.end}) lies outside its {len(text)} characters; fix the range")
    mark = text.startswith("\ufeff") and cut.start == 0
    start, end = trim_range(text, cut.start + mark, cut.end)
    if start == end:
        raise ArticleRejected(NO_WORDS)
    return Cut(cut.id, start, end)


def _gaps(text: str, cuts: list[Cut], reason: str | None) -> Iterable[Omission]:
    at = 0
    for start, end in [*((cut.start, cut.end) for cut in cuts), (len(text), len(text))]:
        if start < at:
            raise ArticleRejected(f"two articles overlap at {start}; fix the ranges")
        if start > at:
            words = text[at:start].strip().strip("\ufeff")
            if words and reason is None:
                raise ArticleRejected(f"[{at}, {start}) is in no article; say why with --omitted")
            yield Omission(start=at, end=start, reason=reason if words and reason is not None else WHITE_SPACE)
        at = end


class CorpusContents:
    """The texts of a corpus, and the ids, source files and texts of the articles to add. The corpus is read once.

    A file that the corpus has with exactly the bytes that would be written counts as written: a command that was
    killed between two files is completed when it is repeated.
    """

    def __init__(self, corpus: Corpus, start_step: StartStep = ignore_steps) -> None:
        self._corpus = corpus
        self._ids, self._files = set[str](), set[str]()
        articles = count_items(corpus.articles(), start_step("reading the corpus", len(corpus.article_ids())))
        self._texts = {article.text_sha256: article.id for article in articles}

    def add(self, intake: Intake) -> list[FileToWrite]:
        """Register a source file with its articles.

        Returns:
            The files that the corpus lacks, in the order in which they are written; none if it has them all.

        Raises:
            ArticleRejected: If the corpus has its name, an id or a text already, with other contents.
        """
        file, corpus = intake.source.file, self._corpus
        source, record = corpus.prepare_source(intake.source, intake.data)
        if file in self._files or _has_other(source):
            raise ArticleRejected(f"a source file called {file} is in the corpus already; rename the new one")
        if _has_other(record):
            is_same = os.path.lexists(source.path)
            hint = "cut it as its record says, or rename the new one" if is_same else "rename the new one"
            raise ArticleRejected(f"a source file called {file} is in the corpus already; {hint}")
        self._files.add(file)
        for article in intake.articles:
            files = corpus.prepare_article(article)
            if article.id in self._ids or any(map(_has_other, files)):
                raise ArticleRejected(
                    f"an article with the id {quote(article.id)} is in the corpus already; give another with --id"
                )
            if self._texts.setdefault(article.text_sha256, article.id) != article.id:
                raise ArticleRejected(
                    f"its text is in the corpus already, as {quote(self._texts[article.text_sha256])}"
                )
            self._ids.add(article.id)
        return [part._replace(old=None) for part in intake.files(corpus) if not os.path.lexists(part.path)]


def _has_other(file: FileToWrite) -> bool:
    """Return whether anything but these bytes is at the path of a file, also a link."""
    if not os.path.lexists(file.path):
        return False
    try:
        return read_raw(str(file.path), within=file.within or file.path.parent) != file.data
    except OSError:
        return True


class Addition(NamedTuple):
    """What became of a source file.

    Attributes:
        intake: The source file with its articles.
        is_new: Whether a file was written; the corpus had everything otherwise.
    """

    intake: Intake
    is_new: bool


def add_articles(
    corpus: Corpus, intakes: Iterable[Intake], total: int | None = None, start_step: StartStep = ignore_steps
) -> list[Addition]:
    """Add source files with their articles to a corpus, all or none of them.

    The corpus is locked and only then read.

    Args:
        corpus: The corpus.
        intakes: What is to be added. The next one is asked for when the one before it has been accepted.
        total: The number of them, for the progress; None if it is not known.
        start_step: Starts a step of the progress.

    Returns:
        What became of each.

    Raises:
        ArticleRejected: If one cannot be added; nothing is written.
        Refused: If a file of the corpus was made by another program meanwhile. It is left alone; the others are
            written.
    """
    with writing_to(corpus.root):
        contents = CorpusContents(corpus, start_step)
        counted = count_items(intakes, start_step("reading files", total))
        pairs = [(intake, contents.add(intake)) for intake in counted]
        files = [file for _, missing in pairs for file in missing]
        changed = write_files(count_items(files, start_step("writing files", len(files))))
    for path in changed:
        problem = "was made by another program while articles were added, and was left alone"
        raise Refused(path, problem, "move it away and add the articles again")
    return [Addition(intake, bool(missing)) for intake, missing in pairs]


def update_details(
    corpus: Corpus,
    find: Callable[[Article], Mapping[str, Any] | None],
    schema: str,
    confirm: Callable[[], None],
    start_step: StartStep = ignore_steps,
) -> list[str]:
    """Change the metadata of articles of a corpus, all or none.

    The corpus is locked and only then read.

    Args:
        corpus: The corpus.
        find: Returns the new values of an article's fields; None if it has none.
        schema: The JSON text of the schema of articles.
        confirm: Called after the last article. What it raises keeps the corpus as it is.
        start_step: Starts a step of the progress.

    Returns:
        The ids of the articles that changed.

    Raises:
        ArticleRejected: If an article would not pass `annotate check`. Nothing is written.
        Refused: If a file was changed by another program meanwhile. Nothing is written.
    """
    changed: list[FileToWrite] = []
    article_ids: list[str] = []
    with writing_to(corpus.root):
        all_ids = corpus.article_ids()
        for article_id in count_items(all_ids, start_step("comparing metadata", len(all_ids))):
            path = corpus.article_path(article_id)
            old, article = corpus.read_file(path), corpus.read_article(article_id)
            details = find(article)
            if details is None:
                continue
            try:
                new = encode_article(change_details(article, details, schema))
            except ArticleRejected as error:
                raise ArticleRejected(f"{article_id} {error}") from error
            if new != encode_article(article):
                changed.append(corpus.prepare_file(path, new, old))
                article_ids.append(article_id)
        confirm()
        write_together(changed, start_step("writing files", len(changed)))
    return article_ids
