"""A corpus without its texts, as one file of JSON lines; from it and the texts the corpus is made again, byte for byte.

The first line is the head: what has no article's words. Each further line is an article with its annotations and its
sentences; the last holds the links. A JSON object that has `start`, `end` and the words between them keeps the seal of
these; any other string is kept but for what it quotes. The attributes of a span may have any name, so that a name among
them means nothing.

Words of our own that quote an article, such as a title or a note: what is quoted is taken out and put back.
"""

import re
from collections.abc import Callable, Collection, Iterator, Mapping
from typing import Any

import msgspec

from annotate.corpus import Corpus
from annotate.errors import CannotRun
from annotate.model import Annotation, Article, Coverage, Links, is_article_id
from annotate.redaction.align import line_ranges
from annotate.redaction.fingerprints import Seal, Sealer

STRETCH = 12
"""Characters in a row that count as copied from an article."""

SHORT = 4
"""The same in a text attribute, which is likelier to repeat the article, where whole words begin and end them."""


class Quote(msgspec.Struct, frozen=True, array_like=True):
    """A stretch of an article."""

    article: str
    seal: Seal


Template = list[str | Quote]
"""Own words and quotes, in their order."""


class Quotes:
    """Finds what is copied from some articles; `sealers` are by id."""

    def __init__(self, sealers: Mapping[str, Sealer]) -> None:
        self._sealers = sealers
        self._first: dict[str, tuple[str, int]] = {}
        for article, sealer in sealers.items():
            for at in range(len(sealer.text) - STRETCH + 1):
                self._first.setdefault(sealer.text[at : at + STRETCH], (article, at))

    def whole(self, words: str) -> Template | None:
        """Words that are copied as a whole, however short; None where they are not."""
        for article, sealer in self._sealers.items():
            if words and (start := sealer.text.find(words)) >= 0:
                return [Quote(article, sealer(start, start + len(words)))]
        return None

    def template(self, words: str) -> Template:
        """The words with every stretch taken out that has `STRETCH` characters or more of an article in a row."""
        parts: Template = []
        at = begin = 0
        while at < len(words):
            if (found := self._first.get(words[at : at + STRETCH])) is None:
                at += 1
                continue
            article, start = found
            text = self._sealers[article].text
            length = STRETCH
            while words[at + length : at + length + 1] == text[start + length : start + length + 1] != "":
                length += 1
            parts += [words[begin:at]] if begin < at else []
            parts.append(Quote(article, self._sealers[article](start, start + length)))
            at = begin = at + length
        return parts + ([words[begin:]] if begin < len(words) else [])

    def attribute(self, words: str) -> Template:
        """The words of a text attribute: taken out as a whole, or else every stretch of `SHORT` characters or more."""
        if found := self.whole(words):
            return found
        parts: Template = []
        for part in self.template(words):
            parts += self._short(part) if isinstance(part, str) else [part]
        return parts

    def _short(self, words: str) -> Template:
        parts: Template = []
        begin, tokens = 0, [match.span() for match in re.finditer(r"\w+", words)]
        for number, (start, _) in enumerate(tokens):
            if start < begin:
                continue
            found, behind = self._longest(words, start, [end for _, end in tokens[number:]])
            if behind - start >= SHORT:
                parts += [words[begin:start], *found] if begin < start else found
                begin = behind
        return parts + ([words[begin:]] if begin < len(words) else [])

    def _longest(self, words: str, start: int, ends: list[int]) -> tuple[Template, int]:
        """The longest stretch from `start` to one of the ends that is copied as a whole, and its end."""
        longest: tuple[Template, int] = [], start
        for end in ends:
            if not (found := self.whole(words[start:end])):
                break
            longest = found, end
        return longest


def filled(template: Template, read: Callable[[Quote], str | None]) -> str | None:
    """The words, with `read` giving what is quoted; … for a quote it cannot give; None where there is nothing else."""
    parts = [part if isinstance(part, str) else read(part) for part in template]
    return None if all(part is None for part in parts) else "".join("…" if part is None else part for part in parts)


FORMAT = "annotate skeleton 1"
SEALED, QUOTED = "sealed", "quoted"
WHOLE = frozenset({"title", "author", "publisher"})
"""Fields that are taken out where the article has them, however short."""
ATTRIBUTES, COUNTS = "attributes", "has"
"""Fields with names of the inventory as keys."""
NONE = frozenset({*WHOLE, "date"})
"""Fields that are None where nothing of them is in a reader's copy; others are `LOST`."""
LOST = "…"

_FILES = re.compile(r"(annotators|statement)\.yaml|CHANGELOG\.md|splits/[\w-]+\.txt")
"""What a head may hold: it comes from elsewhere, and must not lead out of the folder."""

Tree = Any
"""A JSON value."""


class Head(msgspec.Struct, frozen=True, kw_only=True):
    """`files` are the files of the corpus that quote no article, by path; `schema` those of the inventory, by name;
    `citation` is a file's text.

    `tables` and `negatives` are the options of the build, so that the same dataset comes out.
    """

    format: str
    schema: dict[str, str]
    citation: str | None
    tables: tuple[str, ...]
    negatives: bool
    files: dict[str, str]


class Body(msgspec.Struct, frozen=True, kw_only=True):
    """An article without its words: its lines as seals, its metadata, its annotations by version, its sentences."""

    id: str
    lines: list[Seal]
    article: Tree
    annotations: dict[str, Tree]
    coverage: Tree | None


class Skeleton(msgspec.Struct, frozen=True):
    head: Head
    bodies: list[Body]
    links: Tree


def head_of(
    corpus: Corpus,
    version: str | None,
    schema: dict[str, str],
    citation: str | None,
    tables: tuple[str, ...],
    negatives: bool,
) -> Head:
    """The head for a corpus; of its changelog, only the version is kept."""
    paths = [corpus.annotators_path, corpus.statement_path, *sorted((corpus.root / "splits").glob("*.txt"))]
    files = {
        path.relative_to(corpus.root).as_posix(): path.read_bytes().decode("utf-8") for path in paths if path.is_file()
    }
    if version:
        files["CHANGELOG.md"] = f"## {version}\n"
    return Head(format=FORMAT, schema=schema, citation=citation, tables=tables, negatives=negatives, files=files)


def withheld(corpus: Corpus, head: Head, choices: Collection[str]) -> Iterator[bytes]:
    """The lines of the file, each with LF. `choices` are the attributes whose strings are the inventory's."""
    articles = corpus.article_ids()
    yield msgspec.json.encode(head) + b"\n"
    known = set(articles)
    for name in articles:
        yield msgspec.json.encode(_body(corpus, corpus.read_article(name), choices)) + b"\n"
    links = [link for link in corpus.read_links().links if known.issuperset(one.article for one in link.passages)]
    linked = {passage.article for link in links for passage in link.passages}
    sealers = {name: _sealer(corpus.read_article(name)) for name in sorted(linked)}
    quotes = Quotes(sealers)
    tree = msgspec.to_builtins(Links(links=tuple(links)))
    yield msgspec.json.encode(_sealed(tree, "", sealers, quotes, choices)) + b"\n"


def _sealer(article: Article) -> Sealer:
    return Sealer(article.text, article.text_sha256)


def _body(corpus: Corpus, article: Article, choices: Collection[str]) -> Body:
    name, sealer = article.id, _sealer(article)
    sealers = {name: sealer}
    quotes = Quotes(sealers)

    def sealed(noun: Article | Annotation | Coverage) -> Tree:
        return _sealed(msgspec.to_builtins(noun), name, sealers, quotes, choices)

    versions = [version for version in corpus.versions() if corpus.annotation_path(version, name).is_file()]
    return Body(
        id=name,
        lines=[sealer(*line) for line in line_ranges(article.text)],
        article=sealed(msgspec.structs.replace(article, text="")),
        annotations={version: sealed(corpus.read_annotation(version, name)) for version in versions},
        coverage=sealed(corpus.read_coverage(name)) if corpus.coverage_path(name).is_file() else None,
    )


def _sealed(
    tree: Tree,
    article: str,
    sealers: Mapping[str, Sealer],
    quotes: Quotes,
    choices: Collection[str],
    key: str = "",
) -> Tree:
    """The tree with the words of articles taken out; offsets are those of `article`, unless an object names its own."""
    if isinstance(tree, list | tuple):
        return [_sealed(item, article, sealers, quotes, choices, key) for item in tree]
    if isinstance(tree, dict):
        if key == ATTRIBUTES:
            return {name: value if name in choices else _attribute(value, quotes) for name, value in tree.items()}
        if key == COUNTS:
            return tree
        if "text" in tree and "start" in tree:
            name = tree.get("article", article)
            place = sealers[name](tree["start"], tree["end"])
            rest = {field: value for field, value in tree.items() if field not in ("text", "start", "end")}
            return {SEALED: [name, place], **_sealed(rest, article, sealers, quotes, choices)}
        return {field: _sealed(value, article, sealers, quotes, choices, field) for field, value in tree.items()}
    if isinstance(tree, str) and key not in ("id", "article"):
        template = (quotes.whole(tree) if key in WHOLE else None) or quotes.template(tree)
        return _quoted(tree, template)
    return tree


def _attribute(value: Tree, quotes: Quotes) -> Tree:
    return _quoted(value, quotes.attribute(value)) if isinstance(value, str) else value


def _quoted(words: str, template: Template) -> Tree:
    return {QUOTED: template} if any(isinstance(part, Quote) for part in template) else words


Read = Callable[[Quote, str], "tuple[int, int, str] | None"]
"""Where a sealed stretch stands in the reader's copy, and its words; None where it is lost.

The second argument says what it is: the id of a span, or the field that quotes it.
"""


def restored(tree: Tree, read: Read, key: str = "") -> Tree:
    """The tree with the words of a reader's copies put in.

    An object whose words are lost is left out of its list, and so is an attribute.
    """
    if isinstance(tree, list):
        return [found for item in tree if (found := restored(item, read, key)) is not None]
    if not isinstance(tree, dict):
        return tree
    if key == COUNTS:
        return tree
    if key == ATTRIBUTES:
        values = {name: _filled(value, read, name) for name, value in tree.items()}
        return {name: value for name, value in values.items() if value is not None}
    if QUOTED in tree:
        words = _filled(tree, read, key)
        return LOST if words is None and key not in NONE else words
    rest = {field: restored(value, read, field) for field, value in tree.items() if field != SEALED}
    if SEALED not in tree:
        return rest
    quote = msgspec.convert(tree[SEALED], Quote)
    found = read(quote, tree.get("id", key))
    return None if found is None else {**rest, **dict(zip(("start", "end", "text"), found, strict=True))}


def _filled(tree: Tree, read: Read, key: str) -> Tree:
    """The words of what is quoted; anything else as it is."""
    if not isinstance(tree, dict):
        return tree

    def words(quote: Quote) -> str | None:
        found = read(quote, key)
        return found[2] if found else None

    return filled(msgspec.convert(tree[QUOTED], Template), words)


def parse(where: str, data: bytes) -> Skeleton:
    """The skeleton of a file's bytes; raises CannotRun, naming `where`."""
    lines = data.splitlines()
    try:
        head = msgspec.json.decode(lines[0], type=Head)
        bodies = [msgspec.json.decode(line, type=Body) for line in lines[1:-1]]
        links = msgspec.json.decode(lines[-1])
    except (msgspec.MsgspecError, IndexError, UnicodeDecodeError) as error:
        raise CannotRun(where, f"cannot be read: {error}", "get the dataset again") from error
    if head.format != FORMAT:
        raise CannotRun(where, f"is {head.format!r}, not {FORMAT!r}", "use the version of annotate that wrote it")
    for name in head.files:
        if not _FILES.fullmatch(name):
            raise CannotRun(where, f"names {name!r}, which it must not write", "get the dataset again")
    for name in (name for body in bodies for name in (body.id, *body.annotations)):
        if not is_article_id(name):
            raise CannotRun(where, f"names {name!r}, which is no id", "get the dataset again")
    return Skeleton(head, bodies, links)
