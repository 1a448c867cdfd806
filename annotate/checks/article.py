"""All checks of one article's files: its text and metadata, every annotator's labels, its coverage."""

from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

import msgspec

from annotate.annotation_schema import annotation_schema_text
from annotate.checks import corpus as corpus_rules
from annotate.checks import coverage as coverage_rules
from annotate.checks import shape, text
from annotate.checks.corpus import ArticleFacts
from annotate.checks.gate import Gate
from annotate.checks.labels import check_labels, placed
from annotate.checks.text import SourceText
from annotate.findings import Finding
from annotate.inventory import Inventory
from annotate.model import GOLD, Annotation, Article, Coverage
from annotate.schemas import package_schema
from annotate.store import Corpus, encode_annotation, encode_article, encode_coverage

T = TypeVar("T")


class Checked(NamedTuple):
    """What the files of one article gave.

    `facts` is None where the metadata cannot be read; `whole` says that the text is the one that the metadata names.
    """

    name: str
    findings: list[Finding]
    facts: ArticleFacts | None
    whole: bool


class ArticleChecker:
    """Checks the files of any number of articles of a corpus, each by itself; it can be sent to another process.

    `annotators` are the ids in `annotators.yaml`.
    """

    def __init__(self, corpus: Corpus, inventory: Inventory, annotators: set[str]) -> None:
        self.corpus, self.inventory, self.annotators = corpus, inventory, annotators
        self.schema = annotation_schema_text(inventory)

    def __call__(self, article: tuple[str, tuple[str, ...]]) -> Checked:
        """`article` is an id and the folders of annotations that have labels of it."""
        name, versions = article
        known, facts, findings = self._article(name)
        gold = None
        for version in versions:
            annotation, found = self.annotation(version, name, versions, known)
            findings += found
            gold = annotation if version == GOLD else gold
        findings += self._coverage(name, known, gold)
        return Checked(name, findings, facts, known is not None)

    def read(
        self, path: Path, article: str | None, schema: str, key: str | None, type_: type[T], encode: Any, **more: Any
    ) -> tuple[T | None, list[Finding]]:
        """Read one JSON file through all checks of shape; `more` are fields that the file does not hold itself.

        `key` is the field that repeats the file's name, if there is one.
        """
        file = path.relative_to(self.corpus.root).as_posix()
        data = path.read_bytes()
        document = shape.document(file, article, data, schema)
        if document.value is None:
            return None, document.findings
        misnamed = list(shape.file_name(file, article, document.value, key, path.stem)) if key else []
        if misnamed:
            return None, [*document.findings, *misnamed]
        findings = document.findings
        noun = msgspec.convert({**document.value, **more}, type_)
        canonical = encode(noun)
        if data != canonical:
            # Only then can a key stand twice: parsing has dropped one of the two.
            twice = list(shape.duplicate_key(file, article, data))
            findings += twice or shape.not_canonical(file, article, data, canonical)
        return noun, [placed(finding, data) for finding in findings]

    def _article(self, name: str) -> tuple[Article | None, ArticleFacts | None, list[Finding]]:
        """An article whose text is the one its metadata names, what is known of it, and the findings on both."""
        findings: list[Finding] = []
        text_ = None
        text_path, path = self.corpus.text_path(name), self.corpus.article_path(name)
        if text_path.is_file():
            file, data = self._file(text_path), text_path.read_bytes()
            broken = list(shape.encoding(file, name, data))
            findings += broken
            text_ = None if broken else data.decode("utf-8")
            if text_ is not None:
                for rule in text.OF_TEXT:
                    findings += rule(file, name, text_)
        if not path.is_file():
            return None, None, findings
        article, found = self.read(
            path, name, package_schema("article"), "id", Article, encode_article, text=text_ or ""
        )
        findings += found
        if article is None:
            return None, None, findings
        facts = ArticleFacts(article.text_sha256, article.source)
        if text_ is None:
            return None, facts, findings
        differs = list(text.hash_differs(self._file(path), name, article))
        if differs:
            return None, facts, findings + differs
        source_path = self.corpus.source_path(article.source.file)
        if source_path.is_file():
            status = source_path.stat()
            source = _source(source_path, status.st_mtime_ns, status.st_size)
            changed = list(text.source_changed(self._file(path), name, article, source))
            findings += changed or text.not_the_source(self._file(path), name, article, source)
        return article, facts, findings

    def annotation(
        self, version: str, name: str, versions: tuple[str, ...], article: Article | None
    ) -> tuple[Annotation | None, list[Finding]]:
        """One annotation, None where its file cannot be read, and the findings on it.

        Its labels are checked where the text that they were made on is there, that of `article`.
        """
        path = self.corpus.annotation_path(version, name)
        annotation = self._clean(path, article) if article else None
        clean = annotation is not None
        findings: list[Finding] = []
        if annotation is None:
            annotation, findings = self.read(path, name, self.schema, "article", Annotation, encode_annotation)
        if annotation is None:
            return None, findings
        file = self._file(path)
        findings += corpus_rules.annotator_differs(file, name, annotation, version, self.annotators)
        findings += corpus_rules.stale_inventory(file, name, annotation, self.inventory.version)
        findings += corpus_rules.made_from_nothing(file, name, annotation, version, set(versions))
        if article is None or clean:
            return annotation, findings
        elsewhere = list(text.made_on_another_text(file, name, annotation, article))
        findings += elsewhere or check_labels(annotation, article.text, self.inventory, file, path.read_bytes())
        return annotation if not elsewhere else None, findings

    def _clean(self, path: Path, article: Article) -> Annotation | None:
        """The annotation of a file that is canonical, of this text, and passes the gate; None says nothing."""
        data = path.read_bytes()
        try:
            annotation = msgspec.json.decode(data, type=Annotation)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
            return None
        gate = Gate.of(self.inventory)
        clean = (
            annotation.article == path.stem == article.id
            and annotation.text_sha256 == article.text_sha256
            and gate.passes(annotation, article.text)
            and encode_annotation(annotation) == data
        )
        return annotation if clean else None

    def _coverage(self, name: str, article: Article | None, gold: Annotation | None) -> Iterator[Finding]:
        """The findings on an article's coverage file, if it has one; the counts are checked against its gold labels."""
        path = self.corpus.coverage_path(name)
        if not path.is_file():
            return
        coverage, findings = self.read(path, name, package_schema("coverage"), "article", Coverage, encode_coverage)
        yield from findings
        if coverage is None or article is None:
            return
        file = self._file(path)
        elsewhere = list(coverage_rules.coverage_of_another_text(file, name, coverage, article))
        yield from elsewhere
        if not elsewhere:
            yield from coverage_rules.sentence_left_out(file, name, coverage, article)
            yield from coverage_rules.no_reason(file, name, coverage)
            if gold:
                yield from coverage_rules.stale_count(file, name, coverage, gold, self.inventory)

    def _file(self, path: Path) -> str:
        return path.relative_to(self.corpus.root).as_posix()


@lru_cache(maxsize=2)
def _source(path: Path, *_version: int) -> SourceText:
    """A source file, read once for the articles that were cut from it, while its time and size stay as they are."""
    return SourceText.of(path.read_bytes())
