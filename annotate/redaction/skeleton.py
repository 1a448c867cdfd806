"""Skeletons: a corpus without its texts, as one file of JSON lines. With the texts it gives the corpus, byte for byte.

The first line is the header, which has no words of an article. Each further line is an article with its annotations and
sentences; the last line has the links. In an object with `start`, `end` and `text`, a fingerprint takes the place of
the three. In any other string, such as a title or a note, fingerprints take the place of what it quotes from an
article. The attributes of a span may have any name, so names have no meaning there.
"""

import re
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple, Protocol

import msgspec

from annotate.corpus import Corpus
from annotate.errors import CannotRun
from annotate.model import Annotation, Article, Coverage, Links, is_article_id
from annotate.passes import LeftOutPass
from annotate.redaction.align import UNIQUE_LENGTH, line_ranges
from annotate.redaction.fingerprints import Fingerprint, Fingerprinter, FoldedText
from annotate.util.escape import quote
from annotate.util.files import open_raw, reporting_read_errors
from annotate.util.folders import is_inner_path
from annotate.util.typed_values import convert_as, decode_as

STRETCH = 12
"""The least number of consecutive characters that count as copied from an article."""

SHORT_STRETCH = 4
"""The same in a text attribute, which is likelier to repeat the article; such a stretch consists of whole words."""


class Quote(msgspec.Struct, frozen=True, array_like=True):
    """A stretch quoted from an article."""

    article: str
    fingerprint: Fingerprint


Template = list[str | Quote]
"""Words that are not from an article, and quotes, in their order."""


class Quotes:
    """Finds what is copied from articles, whose fingerprinters are given by id."""

    def __init__(self, fingerprinters: Mapping[str, Fingerprinter]) -> None:
        self._fingerprinters = fingerprinters
        self._first_occurrences: dict[str, tuple[str, int]] = {}
        for article_id, fingerprinter in fingerprinters.items():
            for start in range(len(fingerprinter.text) - STRETCH + 1):
                stretch = fingerprinter.text[start : start + STRETCH]
                self._first_occurrences.setdefault(stretch, (article_id, start))

    def quote_whole(self, words: str) -> Template | None:
        """Return a template for words that are copied as a whole, however short; None if they are not."""
        for article_id, fingerprinter in self._fingerprinters.items():
            if words and (start := fingerprinter.text.find(words)) >= 0:
                return [Quote(article_id, fingerprinter.fingerprint(start, start + len(words)))]
        return None

    def quote_stretches(self, words: str) -> Template:
        """Return the words with each stretch of at least `STRETCH` characters from an article replaced by a quote."""
        parts: Template = []
        index = begin = 0
        while index < len(words):
            if (occurrence := self._first_occurrences.get(words[index : index + STRETCH])) is None:
                index += 1
                continue
            article_id, start = occurrence
            text = self._fingerprinters[article_id].text
            length = STRETCH
            while words[index + length : index + length + 1] == text[start + length : start + length + 1] != "":
                length += 1
            parts += [words[begin:index]] if begin < index else []
            parts.append(Quote(article_id, self._fingerprinters[article_id].fingerprint(start, start + length)))
            index = begin = index + length
        return parts + ([words[begin:]] if begin < len(words) else [])

    def quote_attribute(self, words: str) -> Template:
        """Return a template for a text attribute: one quote, or one for each stretch of `SHORT_STRETCH` characters."""
        if template := self.quote_whole(words):
            return template
        parts: Template = []
        for part in self.quote_stretches(words):
            parts += self._quote_short(part) if isinstance(part, str) else [part]
        return parts

    def _quote_short(self, words: str) -> Template:
        parts: Template = []
        begin, tokens = 0, [match.span() for match in re.finditer(r"\w+", words)]
        for index, (start, _) in enumerate(tokens):
            if start < begin:
                continue
            template, after = self._quote_longest(words, start, [end for _, end in tokens[index:]])
            if after - start >= SHORT_STRETCH:
                parts += [words[begin:start], *template] if begin < start else template
                begin = after
        return parts + ([words[begin:]] if begin < len(words) else [])

    def _quote_longest(self, words: str, start: int, ends: list[int]) -> tuple[Template, int]:
        """Return the longest stretch from `start` to one of the ends that is copied as a whole, and its end."""
        longest: tuple[Template, int] = [], start
        for end in ends:
            if not (template := self.quote_whole(words[start:end])):
                break
            longest = template, end
        return longest


def fill_template(template: Template, read: Callable[[Quote], str | None]) -> str | None:
    """Return the words, with those of the quotes from `read`; … for a lost quote; None if all is lost."""
    parts = [part if isinstance(part, str) else read(part) for part in template]
    return None if all(part is None for part in parts) else "".join("…" if part is None else part for part in parts)


FORMAT = "annotate skeleton 1"
SEALED, QUOTED = "sealed", "quoted"
WHOLE_FIELDS = frozenset({"title", "author", "publisher"})
"""Fields that are redacted if the article has their words, however short."""
ATTRIBUTES_FIELD, METADATA_FIELD, COUNTS_FIELD = "attributes", "metadata", "has"
"""Fields with names of the inventory as keys."""
OPTIONAL_FIELDS = frozenset({*WHOLE_FIELDS, "date"})
"""Fields that become None if nothing of them is in a reader's copy; others become `LOST`."""
LOST = "…"

_MARKUP = re.compile(r"""[*_`\[\]<>#|{}()\\"']+""")
_FILES = re.compile(r"(annotators|statement|waivers)\.yaml|CHANGELOG\.md|splits/[\w-]+\.txt")
"""The files that a header may have: it comes from outside and must not lead out of the folder."""

_HINT = "get the dataset again"

Tree = Any
"""A JSON value."""
_TREES = (dict, list)
"""The types of values that have others."""


class InventoryStrings(NamedTuple):
    """Names of what has strings that are no words of an article.

    Attributes:
        attributes: Attributes of spans that are choices.
        metadata: Fields of metadata that are kept: all but texts that are not shared.
    """

    attributes: frozenset[str]
    metadata: frozenset[str]


class SkeletonHeader(msgspec.Struct, frozen=True, kw_only=True):
    """The first line of a skeleton.

    Attributes:
        format: The format and its version.
        schema: The files of the inventory, by name.
        citation: The text of CITATION.cff.
        tables: The option of the build, so that hydration gives the same dataset.
        negatives: The same.
        files: The files of the corpus that quote no article, by path.
        guidelines: The pages of the guidelines by path: those that quote no article as text, the others redacted.
        passes_left_out: The labels that the build left out of its tables. The skeleton has them.
    """

    format: str
    schema: dict[str, str]
    citation: str | None
    tables: tuple[str, ...]
    negatives: bool
    files: dict[str, str]
    guidelines: dict[str, Tree] = {}
    passes_left_out: tuple[LeftOutPass, ...] = ()

    @property
    def open_pages(self) -> dict[str, str]:
        """The pages of the guidelines that quote no article."""
        return {name: page for name, page in self.guidelines.items() if isinstance(page, str)}


class ArticleSkeleton(msgspec.Struct, frozen=True, kw_only=True):
    """An article without its words: fingerprints of its lines, metadata, annotations by annotation set, sentences."""

    id: str
    lines: list[Fingerprint]
    article: dict[str, Tree]
    annotations: dict[str, dict[str, Tree]]
    coverage: dict[str, Tree] | None


class ArticleLine(NamedTuple):
    """The line of an article. It is decoded where it is used: to send it to another process costs less than its parts.

    Attributes:
        id: The article.
        path: The file of the skeleton.
        line: The line.
    """

    id: str
    path: Path
    line: bytes

    def decode(self) -> ArticleSkeleton:
        """Return the article.

        Raises:
            CannotRun: The line is no article, or one that would write outside the folder.
        """
        with _reporting_broken(self.path):
            body = decode_as(self.line, ArticleSkeleton)
        for name in (body.id, *body.annotations):
            if not is_article_id(name):
                raise CannotRun(self.path, f"names {quote(name)}, which is no id", _HINT)
        return body


class Skeleton(NamedTuple):
    """A skeleton.

    Attributes:
        header: The header.
        articles: The lines of the articles.
        links: The links, redacted.
    """

    header: SkeletonHeader
    articles: "Articles"
    links: Tree


class Articles(Protocol):
    """Articles of a skeleton, which may be read from the file each time: together they are larger than the texts."""

    def __iter__(self) -> Iterator[ArticleLine]: ...

    def __len__(self) -> int: ...


def make_header(
    corpus: Corpus,
    version: str | None,
    schema: dict[str, str],
    citation: str | None,
    tables: tuple[str, ...],
    negatives: bool,
    guidelines: Mapping[str, str],
    left_out: tuple[LeftOutPass, ...] = (),
) -> SkeletonHeader:
    """Return the header for a corpus; of its changelog, only the version is kept."""
    paths = [
        corpus.annotators_path,
        corpus.statement_path,
        corpus.waivers_path,
        *map(corpus.split_path, corpus.split_names()),
    ]
    files = {
        path.relative_to(corpus.root).as_posix(): corpus.read_file(path).decode("utf-8")
        for path in paths
        if path.is_file()
    }
    if version:
        files["CHANGELOG.md"] = f"## {version}\n"
    return SkeletonHeader(
        format=FORMAT,
        schema=schema,
        citation=citation,
        tables=tables,
        negatives=negatives,
        files=files,
        guidelines=_redact_pages(corpus, guidelines),
        passes_left_out=left_out,
    )


def _redact_pages(corpus: Corpus, pages: Mapping[str, str]) -> dict[str, Tree]:
    """Return pages, those that quote an article with fingerprints in place of each stretch of `STRETCH` characters."""
    stretches = {name: _fold_stretches(page) for name, page in pages.items()}
    quoted: dict[str, dict[str, Fingerprinter]] = {name: {} for name in pages}
    for article_id in corpus.article_ids() if pages else ():
        article = corpus.read_article(article_id)
        own = _fold_stretches(article.text)
        for name, others in stretches.items():
            if not own.isdisjoint(others):
                quoted[name][article_id] = _fingerprint_article(article)
    return {
        name: _encode_template(page, Quotes(quoted[name]).quote_stretches(page)) if quoted[name] else page
        for name, page in pages.items()
    }


def _fold_stretches(text: str) -> set[str]:
    """Return the stretches of a text that show that another one quotes it, without case, white space and markup."""
    folded = " ".join(_MARKUP.sub(" ", FoldedText(text).text).casefold().split())
    return {folded[start : start + UNIQUE_LENGTH] for start in range(len(folded) - UNIQUE_LENGTH + 1)}


def encode_skeleton(corpus: Corpus, header: SkeletonHeader, choices: InventoryStrings) -> Iterator[bytes]:
    """Yield the lines of the file, each with LF; `choices` names the values that come from the inventory."""
    article_ids = corpus.article_ids()
    yield msgspec.json.encode(header) + b"\n"
    for article_id in article_ids:
        yield msgspec.json.encode(_redact_article(corpus, corpus.read_article(article_id), choices)) + b"\n"
    links = [
        link
        for link in corpus.read_links().links
        if set(article_ids).issuperset(passage.article for passage in link.passages)
    ]
    linked = {passage.article for link in links for passage in link.passages}
    fingerprinters = {
        article_id: _fingerprint_article(corpus.read_article(article_id)) for article_id in sorted(linked)
    }
    quotes = Quotes(fingerprinters)
    tree = msgspec.to_builtins(Links(links=tuple(links)))
    yield msgspec.json.encode(_redact(tree, "", fingerprinters, quotes, choices)) + b"\n"


def _fingerprint_article(article: Article) -> Fingerprinter:
    return Fingerprinter(article.text, article.text_sha256)


def _redact_article(corpus: Corpus, article: Article, choices: InventoryStrings) -> ArticleSkeleton:
    article_id, fingerprinter = article.id, _fingerprint_article(article)
    fingerprinters = {article_id: fingerprinter}
    quotes = Quotes(fingerprinters)

    def redact(noun: Article | Annotation | Coverage) -> Tree:
        return _redact(msgspec.to_builtins(noun), article_id, fingerprinters, quotes, choices)

    annotations = {
        annotation_set: redact(corpus.read_annotation(annotation_set, article_id))
        for annotation_set in corpus.annotation_sets()
        if corpus.annotation_path(annotation_set, article_id).is_file()
    }
    return ArticleSkeleton(
        id=article_id,
        lines=[fingerprinter.fingerprint(*line) for line in line_ranges(article.text)],
        article=redact(msgspec.structs.replace(article, text="")),
        annotations=annotations,
        coverage=redact(corpus.read_coverage(article_id)) if corpus.coverage_path(article_id).is_file() else None,
    )


def _redact(
    tree: Tree,
    article_id: str,
    fingerprinters: Mapping[str, Fingerprinter],
    quotes: Quotes,
    choices: InventoryStrings,
    key: str = "",
) -> Tree:
    """Return the tree without the words of articles; offsets are in `article_id`, unless an object names another."""
    if isinstance(tree, list | tuple):
        return [_redact(item, article_id, fingerprinters, quotes, choices, key) for item in tree]
    if isinstance(tree, dict):
        if key == ATTRIBUTES_FIELD:
            kept = choices.attributes
            return {name: value if name in kept else _redact_attribute(value, quotes) for name, value in tree.items()}
        if key == METADATA_FIELD:
            kept = choices.metadata
            return {name: value if name in kept else _redact_private(value, quotes) for name, value in tree.items()}
        if key == COUNTS_FIELD:
            return tree
        if "text" in tree and "start" in tree:
            quoted_id = tree.get("article", article_id)
            fingerprint = fingerprinters[quoted_id].fingerprint(tree["start"], tree["end"])
            rest = {field: value for field, value in tree.items() if field not in ("text", "start", "end")}
            return {SEALED: [quoted_id, fingerprint], **_redact(rest, article_id, fingerprinters, quotes, choices)}
        return {
            field: _redact(value, article_id, fingerprinters, quotes, choices, field) for field, value in tree.items()
        }
    if isinstance(tree, str) and key not in ("id", "article"):
        template = (quotes.quote_whole(tree) if key in WHOLE_FIELDS else None) or quotes.quote_stretches(tree)
        return _encode_template(tree, template)
    return tree


def _redact_attribute(value: Tree, quotes: Quotes) -> Tree:
    return _encode_template(value, quotes.quote_attribute(value)) if isinstance(value, str) else value


def _redact_private(value: Tree, quotes: Quotes) -> Tree:
    """Return a value of which no word may be published: one quote of the article, or else no words, which are lost."""
    return {QUOTED: quotes.quote_whole(value) or []} if isinstance(value, str) else value


def list_withheld(metadata: Mapping[str, Tree]) -> list[str]:
    """Return the fields of redacted metadata whose value is not in the skeleton, so that no copy restores it."""
    return [name for name, value in metadata.items() if isinstance(value, dict) and not value.get(QUOTED)]


def _encode_template(words: str, template: Template) -> Tree:
    return {QUOTED: template} if any(isinstance(part, Quote) for part in template) else words


CopiedStretch = tuple[int, int, str]
"""The range `[start, end)` of a quote in the reader's copy, in code points, and its words."""

ReadQuote = Callable[[Quote, str], CopiedStretch | None]
"""Returns the stretch of a quote in the reader's copy; None if it is lost.

The second argument says what quotes it: the id of a span, or a field.
"""


def restore(tree: Tree, read: ReadQuote, key: str = "") -> Tree:
    """Return the tree with the words of a reader's copies.

    An object whose words are lost is left out of its list, and so are an attribute and a field of metadata.
    """
    # Most values have no words of a copy: a call for each of them would take a third of the time.
    if isinstance(tree, list):
        values = (restore(item, read, key) if isinstance(item, _TREES) else item for item in tree)
        return [value for value in values if value is not None]
    if not isinstance(tree, dict):
        return tree
    if key == COUNTS_FIELD:
        return tree
    if key in (ATTRIBUTES_FIELD, METADATA_FIELD):
        strings = {name: _restore_string(value, read, name) for name, value in tree.items()}
        return {name: value for name, value in strings.items() if value is not None}
    if QUOTED in tree:
        words = _restore_string(tree, read, key)
        return LOST if words is None and key not in OPTIONAL_FIELDS else words
    rest = {
        field: restore(value, read, field) if isinstance(value, _TREES) else value
        for field, value in tree.items()
        if field != SEALED
    }
    if SEALED not in tree:
        return rest
    stretch = read(convert_as(tree[SEALED], Quote), tree.get("id", key))
    if stretch is None:
        return None
    start, end, text = stretch
    return {**rest, "start": start, "end": end, "text": text}


def _restore_string(tree: Tree, read: ReadQuote, key: str) -> Tree:
    """Return the words of a redacted string; any other value as it is."""
    if not isinstance(tree, dict):
        return tree

    def words(quote: Quote) -> str | None:
        stretch = read(quote, key)
        return stretch[2] if stretch else None

    return fill_template(convert_as(tree[QUOTED], Template), words)


class SkeletonFile:
    """The articles of the file of a skeleton: read one at a time, each time that they are asked for.

    Args:
        path: The file.
    """

    def __init__(self, path: Path) -> None:
        self._path = path

    def __iter__(self) -> Iterator[ArticleLine]:
        """Yield the articles.

        Raises:
            CannotRun: The file cannot be read, or a line has no id of an article.
        """
        previous = None
        for line in islice(read_lines(self._path), 1, None):
            if previous is not None:
                yield self._identify(previous)
            previous = line  # the last line has the links

    def __len__(self) -> int:
        """Return the number of articles: of the lines between the header and the links."""
        return max(sum(1 for _ in read_lines(self._path)) - 2, 0)

    def _identify(self, line: bytes) -> ArticleLine:
        """Return a line with its id, the only field that is decoded."""
        with _reporting_broken(self._path):
            return ArticleLine(decode_as(line, _Identified).id, self._path, line)


class _Identified(msgspec.Struct):
    """A line of a skeleton, without all but its id."""

    id: str


def read_lines(path: Path) -> Iterator[bytes]:
    """Yield the lines of a file.

    Raises:
        CannotRun: It cannot be read.
    """
    with reporting_read_errors(path, _HINT), open_raw(str(path), within=None) as file:
        yield from file


@contextmanager
def _reporting_broken(path: Path) -> Iterator[None]:
    """Raise CannotRun for a line that is no JSON, or of another shape."""
    try:
        yield
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise CannotRun(path, f"cannot be read: {error}", _HINT) from error


def read_header(path: Path) -> SkeletonHeader:
    """Read the header of a skeleton.

    Raises:
        CannotRun: The file cannot be read, or its first line is no header, or one that would write outside the folder.
    """
    with _reporting_broken(path):
        header = decode_as(next(read_lines(path), b""), SkeletonHeader)
    if header.format != FORMAT:
        raise CannotRun(
            path, f"is {quote(header.format)}, not {quote(FORMAT)}", "use the version of annotate that wrote it"
        )
    for file in header.files:
        if not _FILES.fullmatch(file):
            raise CannotRun(path, f"names {quote(file)}, which it must not write", _HINT)
    for page in header.guidelines:
        if not is_inner_path(page) or not page.endswith(".md"):
            raise CannotRun(path, f"names {quote(page)}, which it must not write", _HINT)
    return header


def open_skeleton(path: Path) -> Skeleton:
    """Open the file of a skeleton.

    Returns:
        The skeleton, whose articles are read from the file when they are needed: a broken one is found there.

    Raises:
        CannotRun: The file cannot be read, or its header is none, or one that would write outside the folder.
    """
    header = read_header(path)
    (last,) = deque(read_lines(path), maxlen=1)
    with _reporting_broken(path):
        return Skeleton(header, SkeletonFile(path), msgspec.json.decode(last))
