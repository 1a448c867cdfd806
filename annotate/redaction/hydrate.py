"""Hydrate a corpus: fill its skeleton with the words of a reader's copies, and report what is not where it was.

A copy is a text named after the article, or the source file that the article was cut from.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable
from functools import partial
from pathlib import Path
from typing import Any, Literal, NamedTuple, TypeVar

import msgspec

from annotate.corpus import Corpus
from annotate.model import Annotation, Article, Coverage, Links, SourceRange
from annotate.offsets import normalise, sha256
from annotate.redaction.align import Aligner, Status
from annotate.redaction.skeleton import ArticleSkeleton, CopiedStretch, Quote, Skeleton, restore
from annotate.util.files import read_bytes, write_atomically


class BrokenSkeleton(Exception):  # noqa: N818 - like CannotRun, it states what happened
    """The trees of a skeleton are not those of a corpus. The message says why."""


class ReaderCopy(NamedTuple):
    """The text of a copy in normal form, and the name of its file; or why there is no text."""

    text: str | None
    file: str
    fault: Literal["missing", "not UTF-8", ""] = ""


def read_copy(folder: Path, article_id: str, source: SourceRange) -> ReaderCopy:
    """Read `<id>.txt`, or else the range of the source file. A byte order mark and CRLF do not matter."""
    path = folder / f"{article_id}.txt"
    if path.is_file():
        return _read_file(path, None, folder)
    path = folder / Path(source.file).name
    return _read_file(path, source, folder) if path.is_file() else ReaderCopy(None, f"{article_id}.txt", "missing")


def _read_file(path: Path, source: SourceRange | None, folder: Path) -> ReaderCopy:
    try:
        text = read_bytes(path, "name a folder of texts", within=folder).decode("utf-8")
    except UnicodeDecodeError:
        return ReaderCopy(None, path.name, "not UTF-8")
    return ReaderCopy(normalise(text[source.start : source.end] if source else text), path.name)


LIKE = 0.5
"""A copy is another text if it has less than this share of the article's lines and of its stretches."""

HOPELESS, MANY = 0.1, 50
"""If a quick search finds less than this share of at least this many stretches, the slow search is skipped, as it would
not find half of them."""

Noun = TypeVar("Noun")
Outcome = Literal["exact", "realigned", "wrong copy", "missing", "not UTF-8"]


class MovedStretch(msgspec.Struct, frozen=True, kw_only=True):
    """A stretch that is not where it was.

    Attributes:
        file: The file of the corpus that has the stretch.
        what: The id of the span, or the field that quotes the article.
        status: What became of it.
        start: Its first code point in the article.
        end: The code point after its last one.
        new_start: The same in the copy; None if it is lost.
        new_end: The same in the copy; None if it is lost.
    """

    file: str
    what: str
    status: Status
    start: int
    end: int
    new_start: int | None
    new_end: int | None


class ArticleReport(msgspec.Struct, frozen=True, kw_only=True):
    """What became of an article: `stretches` counts its stretches by status, `moved` lists those that are not exact."""

    article: str
    copy: str
    outcome: Outcome
    stretches: dict[str, int] = {}
    moved: list[MovedStretch] = []
    dropped_relations: int = 0

    @property
    def is_complete(self) -> bool:
        """Tell whether every stretch was found."""
        return self.outcome in ("exact", "realigned") and not self.stretches.get("lost")


class _CopyReader:
    """Reads the redacted stretches of one article from a copy, and counts them."""

    def __init__(self, body: ArticleSkeleton, copy: str) -> None:
        self.copy = copy
        self.is_exact = sha256(copy) == body.article["text_sha256"]
        self.aligner = None if self.is_exact else Aligner(copy, body.article["text_sha256"], body.lines)
        self.counts: Counter[str] = Counter()
        self.moved: list[MovedStretch] = []

    def read_quote(self, file: str, quote: Quote, what: str) -> CopiedStretch | None:
        fingerprint = quote.fingerprint
        if self.aligner is None:
            self.counts["exact"] += 1
            return fingerprint.start, fingerprint.end, self.copy[fingerprint.start : fingerprint.end]
        start, end, status = self.aligner.align(fingerprint)
        self.counts[status] += 1
        is_lost = status == "lost"
        if status != "exact":
            new = (None, None) if is_lost else (start, end)
            row = MovedStretch(
                file=file,
                what=what,
                status=status,
                start=fingerprint.start,
                end=fingerprint.end,
                new_start=new[0],
                new_end=new[1],
            )
            self.moved.append(row)
        return None if is_lost else (start, end, self.copy[start:end])

    def estimate(self, trees: Iterable[Any]) -> Counter[str] | None:
        """Count the stretches by status in a quick search that shows another text; None if it does not show one."""
        if self.aligner is None or self.aligner.similarity >= LIKE:
            return None
        aligner, counts = self.aligner, Counter[str]()

        def count_quote(quote: Quote, _: str) -> None:
            counts[aligner.align(quote.fingerprint, is_quick=True).status] += 1

        for tree in trees:
            restore(tree, count_quote)
        total = counts.total()
        return counts if total >= MANY and total - counts["lost"] < HOPELESS * total else None

    @property
    def is_other_text(self) -> bool:
        if self.aligner is None or self.aligner.similarity >= LIKE:
            return False
        return self.counts["lost"] > (1 - LIKE) * self.counts.total()


def hydrate(skeleton: Skeleton, texts: Path, root: Path) -> tuple[Corpus, list[ArticleReport]]:
    """Write the corpus of a skeleton, with the words of a reader's copies.

    An article without a copy, or with a copy of another text, is left out. So is a span that is not found in the copy,
    with its relations. The reports name each.

    Args:
        skeleton: The corpus without its texts.
        texts: The folder with the reader's copies.
        root: An empty or missing folder for the corpus.

    Returns:
        The corpus, and a report on each article.

    Raises:
        BrokenSkeleton: If the skeleton does not give the files of a corpus.
    """
    try:
        return _hydrate(skeleton, texts, root)
    # The trees of a skeleton may have any shape; what fits no file of a corpus shows where it is used.
    except (msgspec.MsgspecError, LookupError, TypeError, AttributeError, ValueError, RecursionError) as error:
        raise BrokenSkeleton(" ".join(str(error).split()) or type(error).__name__) from error


def _hydrate(skeleton: Skeleton, texts: Path, root: Path) -> tuple[Corpus, list[ArticleReport]]:
    for file, text in skeleton.header.files.items():
        write_atomically(root / file, text.encode("utf-8"))
    root.mkdir(exist_ok=True)
    corpus, linked = Corpus(root), _quotes_of_links(skeleton.links)
    copied_stretches: dict[Quote, CopiedStretch | None] = {}
    reports = [_hydrate_article(corpus, body, texts, linked[body.id], copied_stretches) for body in skeleton.articles]
    if skeleton.links["links"]:
        corpus.write_links(_hydrate_links(skeleton.links, copied_stretches))
    return corpus, reports


def _quotes_of_links(links: Any) -> dict[str, list[tuple[Quote, str]]]:
    """Return what the links quote of each article, and in which field."""
    quotes: dict[str, list[tuple[Quote, str]]] = defaultdict(list)
    restore(links, lambda quote, what: quotes[quote.article].append((quote, what)))
    return quotes


def _hydrate_article(
    corpus: Corpus,
    body: ArticleSkeleton,
    texts: Path,
    linked: list[tuple[Quote, str]],
    copied_stretches: dict[Quote, CopiedStretch | None],
) -> ArticleReport:
    """Write an article with its labels, and add to `copied_stretches` what links quote of it."""
    copy = read_copy(texts, body.id, msgspec.convert(body.article["source"], SourceRange))
    if copy.text is None:
        return ArticleReport(article=body.id, copy=copy.file, outcome=copy.fault or "missing")
    # A line end after the last line, as editors add it, is not part of the article.
    text = copy.text if sha256(copy.text) == body.article["text_sha256"] else copy.text.strip()
    reader = _CopyReader(body, text)
    if quick_counts := reader.estimate([body.article, *body.annotations.values(), body.coverage]):
        return ArticleReport(article=body.id, copy=copy.file, outcome="wrong copy", stretches=dict(quick_counts))

    def restore_noun(tree: Any, file: str, noun: type[Noun]) -> Noun:
        value = restore(tree, partial(reader.read_quote, file))
        derived = {"text_sha256": sha256(text), **({"text": text} if noun is Article else {})}
        return msgspec.convert({**value, **derived}, noun)

    article = restore_noun(body.article, f"articles/{body.id}.json", Article)
    annotations = {
        annotation_set: restore_noun(tree, f"annotations/{annotation_set}/{body.id}.json", Annotation)
        for annotation_set, tree in body.annotations.items()
    }
    coverage = restore_noun(body.coverage, f"coverage/{body.id}.json", Coverage) if body.coverage else None
    if reader.is_other_text:
        return ArticleReport(article=body.id, copy=copy.file, outcome="wrong copy", stretches=dict(reader.counts))
    # Read now: keeping every article's copy and hashes to the end would take memory.
    copied_stretches |= {quote: reader.read_quote("links.json", quote, what) for quote, what in linked}
    dropped = 0
    corpus.write_article(article)
    for annotation_set, annotation in annotations.items():
        pruned = _drop_dangling_relations(annotation)
        dropped += len(annotation.relations) - len(pruned.relations)
        corpus.write_annotation(annotation_set, pruned)
    if coverage:
        corpus.write_coverage(coverage)
    return ArticleReport(
        article=body.id,
        copy=copy.file,
        outcome="exact" if reader.is_exact else "realigned",
        stretches=dict(reader.counts),
        moved=reader.moved,
        dropped_relations=dropped,
    )


def _drop_dangling_relations(annotation: Annotation) -> Annotation:
    """Return the annotation without the relations of spans that were dropped."""
    ids = {span.id for span in annotation.spans}
    relations = tuple(relation for relation in annotation.relations if ids.issuperset((relation.head, relation.tail)))
    return msgspec.structs.replace(annotation, relations=relations)


def _hydrate_links(tree: Any, copied_stretches: dict[Quote, CopiedStretch | None]) -> Links:
    """Return the links that still have two passages or more."""
    links = msgspec.convert(restore(tree, lambda quote, what: copied_stretches.get(quote)), Links)
    return Links(links=tuple(link for link in links.links if len(link.passages) > 1))
