"""Hydrate a corpus: fill its skeleton with the words of a reader's copies, and report what is not where it was.

A copy is a text named after the article, or the source file that the article was cut from.
"""

import contextlib
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable
from functools import partial
from pathlib import Path
from typing import Any, Literal, TypeVar

import msgspec

from annotate.corpus import GUIDELINES, Corpus
from annotate.model import Annotation, Article, Coverage, Links, SourceRange
from annotate.offsets import sha256
from annotate.redaction.align import Aligner, Status
from annotate.redaction.copies import UTF8, CopyReader
from annotate.redaction.fingerprints import Fingerprint, derive_salt
from annotate.redaction.skeleton import (
    ArticleLine,
    ArticleSkeleton,
    CopiedStretch,
    Quote,
    Skeleton,
    list_withheld,
    restore,
)
from annotate.redaction.wordings import find_published_wording, has_same_words
from annotate.util.files import write_atomically
from annotate.util.parallel import count_cores, count_workers, map_in_order, process_pool, without_garbage_collection
from annotate.util.progress import StartStep, count_items, ignore_steps
from annotate.util.typed_values import convert_as


class BrokenSkeleton(Exception):  # noqa: N818 - like CannotRun, it states what happened
    """The trees of a skeleton are not those of a corpus. The message says why."""


ENOUGH = 60
"""Articles for which starting a process pays."""

LIKE = 0.5
"""A copy is another text if it has less than this share of the article's lines and of its stretches."""

HOPELESS, MANY = 0.1, 50
"""If a quick search finds less than this share of at least this many stretches, the slow search is skipped, as it would
not find half of them."""

Noun = TypeVar("Noun")
Outcome = Literal["exact", "realigned", "wrong copy", "missing", "unknown encoding"]
Change = Literal["typography", "words", ""]
"""How a changed stretch differs: only in white space, quotation marks and dashes, or in its words."""


class StretchUse(msgspec.Struct, frozen=True, kw_only=True):
    """What uses a stretch.

    Attributes:
        file: The file of the corpus.
        what: The id of the span there, or the field that quotes the article.
    """

    file: str
    what: str


class MovedStretch(msgspec.Struct, frozen=True, kw_only=True):
    """A stretch that is not where it was, once for all spans and fields that use it.

    Attributes:
        status: What became of it.
        start: Its first code point in the article.
        end: The code point after its last one.
        new_start: The same in the copy; None if it is lost.
        new_end: The same in the copy; None if it is lost.
        change: How a changed stretch differs.
        published: The published words of a changed stretch; None if they are not known, since the dataset without text
            has only their hash.
        published_hash: That hash.
        words: The words of the copy, if the stretch is changed.
        uses: What uses the stretch.
    """

    status: Status
    start: int
    end: int
    new_start: int | None
    new_end: int | None
    change: Change = ""
    published: str | None = None
    published_hash: str
    words: str | None = None
    uses: list[StretchUse]


class ArticleReport(msgspec.Struct, frozen=True, kw_only=True):
    """What became of an article.

    Attributes:
        article: The article.
        copy: The name of the file of the copy.
        outcome: Whether the copy is the article's text, another wording of it, or could not be used.
        encoding: The encoding that the copy was read in.
        has_new_lines: Whether its line ends were put back.
        stretches: Its stretches counted by status, each once.
        moved: Those that are not exact.
        dropped_relations: Number of relations, in all annotation sets, that are left out with a lost span.
        withheld: The fields of metadata with a value that the dataset without text does not have, so that no copy
            restores it.
    """

    article: str
    copy: str
    outcome: Outcome
    encoding: str = UTF8
    has_new_lines: bool = False
    stretches: dict[str, int] = {}
    moved: list[MovedStretch] = []
    dropped_relations: int = 0
    withheld: list[str] = []

    @property
    def is_complete(self) -> bool:
        """Tell whether every stretch was found."""
        return self.outcome in ("exact", "realigned") and not self.stretches.get("lost")


class AlteredText(msgspec.Struct, frozen=True, kw_only=True):
    """How the text of an article differs from the one that was labelled, in numbers of stretches, each counted once.

    Attributes:
        labelled_sha256: The hash of the text that was labelled.
        exact: Stretches with the same words at the same offsets.
        moved: Those with the same words elsewhere.
        retypeset: Those that differ in white space, quotation marks or dashes.
        reworded: Those with other words between the same neighbours.
        lost: Those that were not found, and are left out.
        dropped_relations: Relations that are left out with a lost span, in all annotation sets.
    """

    labelled_sha256: str
    exact: int = 0
    moved: int = 0
    retypeset: int = 0
    reworded: int = 0
    lost: int = 0
    dropped_relations: int = 0


class Hydration(msgspec.Struct, frozen=True, kw_only=True):
    """How a hydrated corpus differs from the one that was labelled.

    Attributes:
        altered: The articles whose text is an altered copy.
        left_out: The articles that are left out, and why.
        withheld: The fields of metadata that lack values which the dataset without text does not have, and how many.
    """

    altered: dict[str, AlteredText] = {}
    left_out: dict[str, str] = {}
    withheld: dict[str, int] = {}


def summarise_hydration(skeleton: Skeleton, reports: Collection[ArticleReport]) -> Hydration | None:
    """Return how the corpus differs from the one that was labelled; None if it is that one."""
    names = {report.article for report in reports if report.outcome == "realigned"}
    bodies = (line.decode() for line in skeleton.articles if line.id in names) if names else ()
    hashes = {body.id: str(body.article["text_sha256"]) for body in bodies}
    altered, left_out, withheld = dict[str, AlteredText](), dict[str, str](), Counter[str]()
    for report in reports:
        withheld.update(report.withheld)
        if report.outcome == "realigned":
            changes = Counter(row.change for row in report.moved)
            altered[report.article] = AlteredText(
                labelled_sha256=hashes[report.article],
                **{name: report.stretches.get(name, 0) for name in ("exact", "moved", "lost")},
                retypeset=changes["typography"],
                reworded=changes["words"],
                dropped_relations=report.dropped_relations,
            )
        elif report.outcome != "exact":
            left_out[report.article] = report.outcome
    if not altered and not left_out and not withheld:
        return None
    return Hydration(altered=altered, left_out=left_out, withheld=dict(sorted(withheld.items())))


class _StretchReader:
    """Reads the redacted stretches of one article from a copy, and counts each once."""

    def __init__(self, body: ArticleSkeleton, copy: str) -> None:
        self.copy = copy
        self._salt = derive_salt(body.article["text_sha256"])
        self.is_exact = sha256(copy) == body.article["text_sha256"]
        self.aligner = None if self.is_exact else Aligner(copy, body.article["text_sha256"], body.lines)
        self.counts: Counter[str] = Counter()
        self._stretches: dict[Fingerprint, CopiedStretch | None] = {}
        self._moved: dict[Fingerprint, MovedStretch] = {}

    @property
    def moved(self) -> list[MovedStretch]:
        """The stretches that are not exact, in the order of the article."""
        return sorted(self._moved.values(), key=lambda row: (row.start, row.end))

    def read_quote(self, file: str, quote: Quote, what: str) -> CopiedStretch | None:
        fingerprint = quote.fingerprint
        if fingerprint not in self._stretches:
            self._stretches[fingerprint] = self._align(fingerprint)
        if self._moved and (row := self._moved.get(fingerprint)):
            row.uses.append(StretchUse(file=file, what=what))
        return self._stretches[fingerprint]

    def _align(self, fingerprint: Fingerprint) -> CopiedStretch | None:
        if self.aligner is None:
            self.counts["exact"] += 1
            return fingerprint.start, fingerprint.end, self.copy[fingerprint.start : fingerprint.end]
        start, end, status = self.aligner.align(fingerprint)
        self.counts[status] += 1
        is_lost, words = status == "lost", self.copy[start:end]
        if status != "exact":
            row = MovedStretch(
                status=status,
                start=fingerprint.start,
                end=fingerprint.end,
                new_start=None if is_lost else start,
                new_end=None if is_lost else end,
                published_hash=fingerprint.exact,
                uses=[],
            )
            self._moved[fingerprint] = self._with_wordings(row, fingerprint, words) if status == "changed" else row
        return None if is_lost else (start, end, words)

    def _with_wordings(self, row: MovedStretch, fingerprint: Fingerprint, words: str) -> MovedStretch:
        is_typography = has_same_words(words, fingerprint, self._salt)
        return msgspec.structs.replace(
            row,
            change="typography" if is_typography else "words",
            published=find_published_wording(words, fingerprint, self._salt),
            words=words,
        )

    def find_words(self, quote: Quote) -> CopiedStretch | None:
        """Return a stretch without counting it: of a page of the guidelines, which is no part of the corpus."""
        start, end = quote.fingerprint.start, quote.fingerprint.end
        if self.aligner is not None:
            start, end, status = self.aligner.align(quote.fingerprint)
            if status == "lost":
                return None
        return start, end, self.copy[start:end]

    def estimate(self, trees: Iterable[Any]) -> Counter[str] | None:
        """Count the stretches by status in a quick search that shows another text; None if it does not show one."""
        if self.aligner is None or self.aligner.similarity >= LIKE:
            return None
        aligner, quick = self.aligner, dict[Fingerprint, Status]()

        def count_quote(quote: Quote, _: str) -> None:
            if quote.fingerprint not in quick:
                quick[quote.fingerprint] = aligner.align(quote.fingerprint, is_quick=True).status

        for tree in trees:
            restore(tree, count_quote)
        counts = Counter[str](quick.values())
        total = counts.total()
        return counts if total >= MANY and total - counts["lost"] < HOPELESS * total else None

    @property
    def is_other_text(self) -> bool:
        if self.aligner is None or self.aligner.similarity >= LIKE:
            return False
        return self.counts["lost"] > (1 - LIKE) * self.counts.total()


def hydrate(
    skeleton: Skeleton, texts: Path, root: Path, progress: StartStep = ignore_steps
) -> tuple[Corpus, list[ArticleReport]]:
    """Write the corpus of a skeleton, with the words of a reader's copies.

    An article without a copy, or with a copy of another text, is left out. So is a span that is not found in the copy,
    with its relations. The reports name each.

    The number of processes, one for each core, does not affect the result.

    Args:
        skeleton: The corpus without its texts.
        texts: The folder with the reader's copies.
        root: An empty or missing folder for the corpus; the pages of the guidelines are written next to it. It is a
            temporary one: the files are not flushed to disk.
        progress: Called at the start of the step with its name and the number of articles.

    Returns:
        The corpus, and a report on each article.

    Raises:
        BrokenSkeleton: If the skeleton does not give the files of a corpus.
        CannotRun: If a line of the skeleton is no article, or a copy cannot be read.
    """
    try:
        return _hydrate(skeleton, texts, root, progress)
    # The trees of a skeleton may have any shape; what fits no file of a corpus shows where it is used.
    except (msgspec.MsgspecError, LookupError, TypeError, AttributeError, ValueError, RecursionError) as error:
        raise BrokenSkeleton(" ".join(str(error).split()) or type(error).__name__) from error


def _hydrate(skeleton: Skeleton, texts: Path, root: Path, progress: StartStep) -> tuple[Corpus, list[ArticleReport]]:
    for file, text in skeleton.header.files.items():
        write_atomically(root / file, text.encode("utf-8"), is_flushed=False)
    root.mkdir(exist_ok=True)
    corpus, linked = Corpus(root, is_temporary=True), _quotes_by_article(skeleton.links)
    on_pages = _quotes_by_article(list(skeleton.header.guidelines.values()))
    copied_stretches: dict[Quote, CopiedStretch | None] = {}
    reports = list[ArticleReport]()
    total = len(skeleton.articles)
    lines = ((line, linked[line.id], on_pages[line.id]) for line in skeleton.articles)
    workers = count_workers(total, ENOUGH, count_cores())
    with (
        process_pool(workers) as executor,
        contextlib.closing(map_in_order(executor, _ArticleHydrator(root, texts), lines, workers)) as results,
    ):
        for report, stretches in count_items(results, progress("locating spans", total)):
            reports.append(report)
            copied_stretches |= stretches
    for name, tree in skeleton.header.guidelines.items():
        page = restore(tree, lambda quote, what: copied_stretches.get(quote))
        if not isinstance(page, str):
            raise ValueError(f"{name} is no page")  # noqa: TRY004 - a fault of the file
        write_atomically(root.parent / GUIDELINES / name, page.encode(), is_flushed=False)
    if skeleton.links["links"]:
        corpus.write_links(_hydrate_links(skeleton.links, copied_stretches))
    return corpus, reports


def _quotes_by_article(tree: Any) -> dict[str, list[tuple[Quote, str]]]:
    """Return what links or pages quote of each article, and in which field."""
    quotes: dict[str, list[tuple[Quote, str]]] = defaultdict(list)
    restore(tree, lambda quote, what: quotes[quote.article].append((quote, what)))
    return quotes


class _ArticleHydrator:
    """Hydrates articles one by one; can be sent to another process.

    Args:
        root: The folder of the corpus.
        texts: The folder with the reader's copies.
    """

    def __init__(self, root: Path, texts: Path) -> None:
        self._corpus, self._texts = Corpus(root, is_temporary=True), texts

    def __call__(
        self, article: tuple[ArticleLine, list[tuple[Quote, str]], list[tuple[Quote, str]]]
    ) -> tuple[ArticleReport, dict[Quote, CopiedStretch | None]]:
        """Write an article, given with what links and guidelines quote of it.

        Returns:
            The report, and the quoted stretches of the copy.

        Raises:
            CannotRun: The line is no article, or the copy cannot be read.
        """
        line, linked, on_pages = article
        copied_stretches: dict[Quote, CopiedStretch | None] = {}
        with without_garbage_collection():
            body = line.decode()
            report = _hydrate_article(self._corpus, body, self._texts, linked, on_pages, copied_stretches)
        return report, copied_stretches


def _hydrate_article(
    corpus: Corpus,
    body: ArticleSkeleton,
    texts: Path,
    linked: list[tuple[Quote, str]],
    on_pages: list[tuple[Quote, str]],
    copied_stretches: dict[Quote, CopiedStretch | None],
) -> ArticleReport:
    """Write an article with its labels, and add to `copied_stretches` what links and guidelines quote of it."""
    copy_reader = CopyReader(body.article["text_sha256"], body.lines)
    copy = copy_reader.read(texts, body.id, convert_as(body.article["source"], SourceRange))
    if copy.text is None:
        return ArticleReport(article=body.id, copy=copy.file, outcome=copy.fault or "missing")
    text, reader = copy.text, _StretchReader(body, copy.text)
    report = ArticleReport(
        article=body.id,
        copy=copy.file,
        outcome="wrong copy",
        encoding=copy.encoding,
        has_new_lines=copy.has_new_lines,
    )
    if quick_counts := reader.estimate([body.article, *body.annotations.values(), body.coverage]):
        return msgspec.structs.replace(report, stretches=dict(quick_counts))

    def restore_noun(tree: Any, file: str, noun: type[Noun]) -> Noun:
        value = restore(tree, partial(reader.read_quote, file))
        derived = {"text_sha256": sha256(text), **({"text": text} if noun is Article else {})}
        return convert_as({**value, **derived}, noun)

    article = restore_noun(body.article, f"articles/{body.id}.json", Article)
    annotations = {
        annotation_set: restore_noun(tree, f"annotations/{annotation_set}/{body.id}.json", Annotation)
        for annotation_set, tree in body.annotations.items()
    }
    coverage = restore_noun(body.coverage, f"coverage/{body.id}.json", Coverage) if body.coverage else None
    if reader.is_other_text:
        return msgspec.structs.replace(report, stretches=dict(reader.counts))
    # Read now: keeping every article's copy and hashes to the end would take memory.
    copied_stretches |= {quote: reader.read_quote("links.json", quote, what) for quote, what in linked}
    copied_stretches |= {quote: reader.find_words(quote) for quote, _ in on_pages if quote not in copied_stretches}
    dropped = 0
    corpus.write_article(article)
    for annotation_set, annotation in annotations.items():
        pruned = _drop_dangling_relations(annotation)
        dropped += len(annotation.relations) - len(pruned.relations)
        corpus.write_annotation(annotation_set, pruned)
    if coverage:
        corpus.write_coverage(coverage)
    return msgspec.structs.replace(
        report,
        outcome="exact" if reader.is_exact else "realigned",
        stretches=dict(reader.counts),
        moved=reader.moved,
        dropped_relations=dropped,
        withheld=list_withheld(body.article.get("metadata", {})),
    )


def _drop_dangling_relations(annotation: Annotation) -> Annotation:
    """Return the annotation without the relations of spans that were dropped."""
    ids = {span.id for span in annotation.spans}
    relations = tuple(relation for relation in annotation.relations if ids.issuperset((relation.head, relation.tail)))
    return msgspec.structs.replace(annotation, relations=relations)


def _hydrate_links(tree: Any, copied_stretches: dict[Quote, CopiedStretch | None]) -> Links:
    """Return the links that still have two passages or more."""
    links = convert_as(restore(tree, lambda quote, what: copied_stretches.get(quote)), Links)
    return Links(links=tuple(link for link in links.links if len(link.passages) > 1))
