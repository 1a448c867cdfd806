"""Which check sees what, in which order: one file after the other, then the corpus as a whole."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from annotate.annotation_schema import annotation_schema_text
from annotate.checks import corpus as corpus_rules
from annotate.checks import coverage as coverage_rules
from annotate.checks import relations, shape, spans, text
from annotate.checks.corpus import ArticleFacts, Contents
from annotate.findings import Finding
from annotate.inventory import Inventory
from annotate.model import GOLD, Annotation, Annotator, Article, Coverage, Links, SourceFile
from annotate.offsets import sha256
from annotate.schemas import package_schema
from annotate.store import Corpus, encode_annotation, encode_article, encode_coverage, encode_links, encode_source

T = TypeVar("T")


def check(corpus: Corpus, inventory: Inventory) -> Iterator[Finding]:
    """All findings on a corpus, file by file in the order of article ids, then those on the whole."""
    run = _Run(corpus, inventory)
    yield from run.annotators()
    yield from run.sources()
    for version in corpus.versions():
        for name in corpus.annotated_ids(version):
            run.contents.annotated[name].add(version)
    known = sorted(run.contents.known)
    for name in known:
        article, findings = run.article(name)
        yield from findings
        for version in sorted(run.contents.annotated.get(name, ())):
            yield from run.annotation(version, name, article)
        yield from run.coverage(name, article)
    yield from run.beside()
    for name in sorted(set(run.contents.annotated) - set(known)):
        for version in sorted(run.contents.annotated[name]):
            yield from run.annotation(version, name, None)
    for rule in corpus_rules.OF_CONTENTS:
        yield from rule("", None, run.contents)


def check_labels(
    annotation: Annotation, text_: str, inventory: Inventory, file: str = "", data: bytes | None = None
) -> Iterator[Finding]:
    """All findings on the spans and relations of one annotation, against its text and the inventory.

    With `data`, the bytes of its file, each finding also names the line on which its span stands.
    """
    about = annotation.article
    found: list[Finding] = []
    for rule in spans.OF_SPANS:
        found += rule(file, about, annotation)
    for rule in spans.OF_TEXT:
        found += rule(file, about, annotation, text_)
    for rule in spans.OF_COUNTS:
        found += rule(file, about, annotation, inventory)
    for rule in relations.OF_ENDS:
        found += rule(file, about, annotation)
    for rule in relations.OF_INVENTORY:
        found += rule(file, about, annotation, inventory)
    found.sort(key=lambda finding: finding.code)
    return (_placed(finding, data) for finding in found)


def check_annotation(annotation: Annotation, text_: str, inventory: Inventory, file: str = "") -> list[Finding]:
    """What `check` would say of an annotation by itself, were it written: of its vocabulary, spans and relations."""
    data = encode_annotation(annotation)
    document = shape.document(file, annotation.article, data, annotation_schema_text(inventory))
    return [*document.findings, *check_labels(annotation, text_, inventory, file, data)]


def _placed(finding: Finding, data: bytes | None) -> Finding:
    """The finding with the line of its file on which its span stands."""
    if data is None or finding.span is None or finding.line is not None:
        return finding
    at = data.find(b'"id": ' + msgspec.json.encode(finding.span))
    if at < 0:
        at = data.find(msgspec.json.encode(finding.span))
    return finding.at(data.count(b"\n", 0, at) + 1) if at >= 0 else finding


class _Run:
    """One pass over a corpus; what the checks of the whole need is kept in `contents`."""

    def __init__(self, corpus: Corpus, inventory: Inventory) -> None:
        self.corpus, self.inventory = corpus, inventory
        self.annotation_schema = annotation_schema_text(inventory)
        self.gold: dict[str, Annotation] = {}
        self.contents = Contents(
            inventory_version=inventory.version,
            files=sorted(
                path.relative_to(corpus.root).as_posix()
                for path in corpus.root.rglob("*")
                if path.is_file() and not path.name.startswith("._")
            ),
            metadata_ids=corpus.article_ids(),
            text_ids=corpus.text_ids(),
            splits=corpus.splits(),
        )

    def _file(self, path: Path) -> str:
        return path.relative_to(self.corpus.root).as_posix()

    def annotators(self) -> Iterator[Finding]:
        path = self.corpus.annotators_path
        data = path.read_bytes() if path.exists() else b"annotators: []\n"
        document = shape.document(self._file(path), None, data, package_schema("annotators"))
        yield from document.findings
        if document.value is not None:
            self.contents.annotators = msgspec.convert(document.value["annotators"], list[Annotator])
            yield from corpus_rules.personal_data(self._file(path), None, data.decode("utf-8"))
            yield from corpus_rules.annotator_twice(self._file(path), None, self.contents)

    def sources(self) -> Iterator[Finding]:
        for name in self.corpus.source_files():
            path = self.corpus.source_record_path(name)
            record, findings = self._json(path, None, package_schema("source"), "file", name, SourceFile, encode_source)
            yield from findings
            if record is not None:
                self.contents.sources[name] = record
        for path in sorted((self.corpus.root / "sources").glob("*")):
            if path.suffix != ".json" and path.is_file():
                data = path.read_bytes()
                self.contents.source_hashes[path.name] = sha256(data)
                self.contents.source_sizes[path.name] = len(data.decode("utf-8", "replace"))

    def _json(
        self,
        path: Path,
        article: str | None,
        schema: str,
        key: str | None,
        expected: str,
        type_: type[T],
        encode: Any,
        **more: Any,
    ) -> tuple[T | None, list[Finding]]:
        """Read one JSON file through all checks of shape; `more` are fields that the file does not hold itself."""
        file = self._file(path)
        data = path.read_bytes()
        document = shape.document(file, article, data, schema)
        if document.value is None:
            return None, document.findings
        misnamed = list(shape.file_name(file, article, document.value, key, expected)) if key else []
        if misnamed:
            return None, [*document.findings, *misnamed]
        findings = document.findings
        noun = msgspec.convert({**document.value, **more}, type_)
        canonical = encode(noun)
        if data != canonical:
            # Only then can a key stand twice: parsing has dropped one of the two.
            twice = list(shape.duplicate_key(file, article, data))
            findings += twice or shape.not_canonical(file, article, data, canonical)
        return noun, [_placed(finding, data) for finding in findings]

    def article(self, name: str) -> tuple[Article | None, list[Finding]]:
        """An article whose text is the one its metadata names, and the findings on both."""
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
            return None, findings
        article, shape_findings = self._json(
            path, name, package_schema("article"), "id", name, Article, encode_article, text=text_ or ""
        )
        findings += shape_findings
        if article is None:
            return None, findings
        self.contents.articles[name] = ArticleFacts(article.text_sha256, article.source)
        if text_ is None:
            return None, findings
        differs = list(text.hash_differs(self._file(path), name, article))
        if differs:
            return None, findings + differs
        self.contents.whole.add(name)
        source_path = self.corpus.source_path(article.source.file)
        if source_path.is_file():
            source = source_path.read_bytes()
            changed = list(text.source_changed(self._file(path), name, article, source))
            findings += changed or text.not_the_source(self._file(path), name, article, source)
        return article, findings

    def annotation(self, version: str, name: str, article: Article | None) -> Iterator[Finding]:
        path = self.corpus.annotation_path(version, name)
        annotation, findings = self._json(
            path, name, self.annotation_schema, "article", name, Annotation, encode_annotation
        )
        yield from findings
        if annotation is None:
            return
        file = self._file(path)
        by = self.contents.annotated[name]
        yield from corpus_rules.annotator_differs(file, name, annotation, version, self.contents.annotator_ids)
        yield from corpus_rules.stale_inventory(file, name, annotation, self.inventory.version)
        yield from corpus_rules.made_from_nothing(file, name, annotation, version, by)
        if article is None:
            return
        elsewhere = list(text.made_on_another_text(file, name, annotation, article))
        yield from elsewhere
        if not elsewhere:
            if version == GOLD:
                self.gold = {name: annotation}  # of one article at a time: its coverage is checked next
            yield from check_labels(annotation, article.text, self.inventory, file, path.read_bytes())

    def coverage(self, name: str, article: Article | None) -> Iterator[Finding]:
        """The findings on an article's coverage file, if it has one; the counts are checked against its gold labels."""
        path = self.corpus.coverage_path(name)
        if not path.is_file():
            return
        coverage, findings = self._json(
            path, name, package_schema("coverage"), "article", name, Coverage, encode_coverage
        )
        yield from findings
        if coverage is None or article is None:
            return
        file = self._file(path)
        elsewhere = list(coverage_rules.coverage_of_another_text(file, name, coverage, article))
        yield from elsewhere
        if not elsewhere:
            yield from coverage_rules.sentence_left_out(file, name, coverage, article)
            yield from coverage_rules.no_reason(file, name, coverage)
            if name in self.gold:
                yield from coverage_rules.stale_count(file, name, coverage, self.gold[name], self.inventory)

    def beside(self) -> Iterator[Finding]:
        """The findings on links and data statement, and on which articles are covered."""
        path = self.corpus.links_path
        if path.is_file():
            links, findings = self._json(path, None, package_schema("links"), None, "", Links, encode_links)
            yield from findings
            if links is not None:
                linked = {passage.article for link in links.links for passage in link.passages}
                texts = {name: self.corpus.read_text(name) for name in sorted(linked & self.contents.whole)}
                broken = self.contents.known - self.contents.whole
                yield from coverage_rules.passage_elsewhere(self._file(path), None, links, texts, broken)
        statement = self.corpus.statement_path
        if statement.is_file():
            yield from shape.document(
                self._file(statement), None, statement.read_bytes(), package_schema("statement")
            ).findings
        gold = {name for name, versions in self.contents.annotated.items() if GOLD in versions}
        yield from coverage_rules.not_covered("", None, self.corpus.covered_ids(), gold & self.contents.known)
