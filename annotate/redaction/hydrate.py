"""A skeleton and a reader's copies → the corpus again, and a report of what is not where it was.

A reader's own copies: a text by the article's id, or the source file that the article was cut from.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Literal, NamedTuple, TypeVar

import msgspec

from annotate.corpus import Corpus
from annotate.model import Annotation, Article, Coverage, Links, SourceRange
from annotate.offsets import normalise, sha256
from annotate.redaction.align import Placer, Status
from annotate.redaction.skeleton import Body, Quote, Skeleton, restored
from annotate.util.files import write_atomically


class Copy(NamedTuple):
    """The text of a copy in the form that the corpus keeps, and its file; or why there is none."""

    text: str | None
    file: str
    fault: Literal["missing", "not UTF-8", ""] = ""


def read_copy(folder: Path, article: str, source: SourceRange) -> Copy:
    """`<id>.txt` where there is one, else the range of the source file. A byte order mark and CRLF do not matter."""
    path = folder / f"{article}.txt"
    if path.is_file():
        return _read(path, None)
    path = folder / Path(source.file).name
    return _read(path, source) if path.is_file() else Copy(None, f"{article}.txt", "missing")


def _read(path: Path, source: SourceRange | None) -> Copy:
    try:
        text = path.read_bytes().decode("utf-8")
    except UnicodeDecodeError:
        return Copy(None, path.name, "not UTF-8")
    return Copy(normalise(text[source.start : source.end] if source else text), path.name)


LIKE = 0.5
"""A copy of which fewer than this share of lines is the article's, and of whose stretches fewer are found, is another
text."""

HOPELESS, MANY = 0.1, 50
"""Where a quick look finds fewer than this share of so many stretches or more, nothing is looked for everywhere: that
takes long, and would not find half of them."""

Found = tuple[int, int, str] | None
Noun = TypeVar("Noun")
Outcome = Literal["exact", "realigned", "wrong copy", "missing", "not UTF-8"]


class Moved(msgspec.Struct, frozen=True, kw_only=True):
    """A stretch that is not where it was: `what` is the id of a span, or the field that quotes the article; `file` is
    of the corpus. Code points; None where it is lost."""

    file: str
    what: str
    status: Status
    start: int
    end: int
    new_start: int | None
    new_end: int | None


class ArticleReport(msgspec.Struct, frozen=True, kw_only=True):
    """What became of an article; `stretches` counts all that was looked for by status, `moved` lists all but exact."""

    article: str
    copy: str
    outcome: Outcome
    stretches: dict[str, int] = {}
    moved: list[Moved] = []
    dropped_relations: int = 0

    @property
    def whole(self) -> bool:
        """Whether everything could be placed."""
        return self.outcome in ("exact", "realigned") and not self.stretches.get("lost")


class _Reader:
    """Reads sealed stretches of one article from a copy, and keeps account."""

    def __init__(self, body: Body, copy: str) -> None:
        self.copy = copy
        self.same = sha256(copy) == body.article["text_sha256"]
        self.placer = None if self.same else Placer(copy, body.article["text_sha256"], body.lines)
        self.counts: Counter[str] = Counter()
        self.moved: list[Moved] = []

    def read(self, file: str, quote: Quote, what: str) -> Found:
        seal = quote.seal
        if self.placer is None:
            self.counts["exact"] += 1
            return seal.start, seal.end, self.copy[seal.start : seal.end]
        start, end, status = self.placer(seal)
        self.counts[status] += 1
        lost = status == "lost"
        if status != "exact":
            new = (None, None) if lost else (start, end)
            row = Moved(
                file=file, what=what, status=status, start=seal.start, end=seal.end, new_start=new[0], new_end=new[1]
            )
            self.moved.append(row)
        return None if lost else (start, end, self.copy[start:end])

    def glance(self, trees: Iterable[Any]) -> Counter[str] | None:
        """The stretches of another text by status, as a quick look tells it; None where it does not."""
        if self.placer is None or self.placer.likeness >= LIKE:
            return None
        placer, found = self.placer, Counter[str]()

        def look(quote: Quote, _: str) -> None:
            found[placer(quote.seal, quick=True).status] += 1

        for tree in trees:
            restored(tree, look)
        total = found.total()
        return found if total >= MANY and total - found["lost"] < HOPELESS * total else None

    @property
    def is_another_text(self) -> bool:
        if self.placer is None or self.placer.likeness >= LIKE:
            return False
        return self.counts["lost"] > (1 - LIKE) * self.counts.total()


def hydrate(skeleton: Skeleton, texts: Path, root: Path) -> tuple[Corpus, list[ArticleReport]]:
    """Write the corpus into `root`, an empty folder, with the articles whose copies are in `texts`.

    An article without a copy, or with one of another text, is left out, and so is a span that is nowhere in its copy,
    with its relations; the report names each.
    """
    for file, text in skeleton.head.files.items():
        write_atomically(root / file, text.encode("utf-8"))
    root.mkdir(exist_ok=True)
    corpus, linked = Corpus(root), _linked(skeleton.links)
    placed: dict[Quote, Found] = {}
    reports = [_article(corpus, body, texts, linked[body.id], placed) for body in skeleton.bodies]
    if skeleton.links["links"]:
        corpus.write_links(_links(skeleton.links, placed))
    return corpus, reports


def _linked(links: Any) -> dict[str, list[tuple[Quote, str]]]:
    """What the links quote of each article, and in which field."""
    quotes: dict[str, list[tuple[Quote, str]]] = defaultdict(list)
    restored(links, lambda quote, what: quotes[quote.article].append((quote, what)))
    return quotes


def _article(
    corpus: Corpus, body: Body, texts: Path, linked: list[tuple[Quote, str]], placed: dict[Quote, Found]
) -> ArticleReport:
    """Write an article with its labels, and add to `placed` what links quote of it."""
    copy = read_copy(texts, body.id, msgspec.convert(body.article["source"], SourceRange))
    if copy.text is None:
        return ArticleReport(article=body.id, copy=copy.file, outcome=copy.fault or "missing")
    # A line end behind the last line, as editors add it, is none of the article's.
    text = copy.text if sha256(copy.text) == body.article["text_sha256"] else copy.text.strip()
    reader = _Reader(body, text)
    if glanced := reader.glance([body.article, *body.annotations.values(), body.coverage]):
        return ArticleReport(article=body.id, copy=copy.file, outcome="wrong copy", stretches=dict(glanced))

    def made(tree: Any, file: str, noun: type[Noun]) -> Noun:
        def read(quote: Quote, what: str) -> Found:
            return reader.read(file, quote, what)

        value = restored(tree, read)
        fresh = {"text_sha256": sha256(text), **({"text": text} if noun is Article else {})}
        return msgspec.convert({**value, **fresh}, noun)

    article = made(body.article, f"articles/{body.id}.json", Article)
    annotations = {
        version: made(tree, f"annotations/{version}/{body.id}.json", Annotation)
        for version, tree in body.annotations.items()
    }
    coverage = made(body.coverage, f"coverage/{body.id}.json", Coverage) if body.coverage else None
    if reader.is_another_text:
        return ArticleReport(article=body.id, copy=copy.file, outcome="wrong copy", stretches=dict(reader.counts))
    # At once, as to keep every article's copy and its hashes to the end takes memory.
    placed |= {quote: reader.read("links.json", quote, what) for quote, what in linked}
    dropped = 0
    corpus.write_article(article)
    for version, annotation in annotations.items():
        whole = _without_loose_ends(annotation)
        dropped += len(annotation.relations) - len(whole.relations)
        corpus.write_annotation(version, whole)
    if coverage:
        corpus.write_coverage(coverage)
    return ArticleReport(
        article=body.id,
        copy=copy.file,
        outcome="exact" if reader.same else "realigned",
        stretches=dict(reader.counts),
        moved=reader.moved,
        dropped_relations=dropped,
    )


def _without_loose_ends(annotation: Annotation) -> Annotation:
    """The annotation without the relations of spans that are not there."""
    there = {span.id for span in annotation.spans}
    kept = tuple(one for one in annotation.relations if one.head in there and one.tail in there)
    return msgspec.structs.replace(annotation, relations=kept)


def _links(tree: Any, placed: dict[Quote, Found]) -> Links:
    """The links of which two passages or more could be placed."""
    found = msgspec.convert(restored(tree, lambda quote, what: placed.get(quote)), Links)
    return Links(links=tuple(link for link in found.links if len(link.passages) > 1))
