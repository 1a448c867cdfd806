"""Which check sees what, in which order: one article after the other, then the corpus as a whole.

All checks of the files of articles: text and metadata, every annotator's labels, coverage.
"""

import os
import sys
from collections.abc import Callable, Iterable, Iterator
from functools import lru_cache
from itertools import islice
from typing import Any, NamedTuple, TypeVar

import msgspec

from annotate.checks import corpus as class_ids
from annotate.checks import corpus as corpus_rules
from annotate.checks import coverage as coverage_rules
from annotate.checks import files, text
from annotate.checks import splits as split_rules
from annotate.checks.annotations import LabelFile, check_labels, clean, placed
from annotate.checks.corpus import ArticleFacts, Contents
from annotate.checks.text import SourceText
from annotate.corpus import Corpus, encode_annotation, encode_article, encode_coverage, encode_links, encode_source
from annotate.findings import Finding
from annotate.generate import annotation_schema_text
from annotate.inventory import Inventory
from annotate.model import GOLD, Annotation, Annotator, Article, Coverage, Links, SourceFile
from annotate.offsets import sha256
from annotate.schemas import misfit, package_schema
from annotate.splits.groups import bonds_of_links
from annotate.util.files import read_raw, read_stamp
from annotate.util.parallel import map_in_order, process_pool, without_garbage_collection

T = TypeVar("T")

TOGETHER = 4 << 20
"""Bytes of labels and texts that are looked at in one go, so that a process stays small where files are large."""


class Named(NamedTuple):
    """An article's id, the folders of annotations that have labels of it, and whether it has a coverage file."""

    name: str
    versions: tuple[str, ...]
    covered: bool


class Checked(NamedTuple):
    """What the files of one article gave.

    `facts` is None where the metadata cannot be read; `whole` says that the text is the one that the metadata names.
    """

    name: str
    findings: list[Finding]
    facts: ArticleFacts | None
    whole: bool


class _Read(NamedTuple):
    """What was read of one article: the findings are those on its text and metadata, its labels are yet unseen."""

    named: Named
    article: Article | None
    facts: ArticleFacts | None
    findings: list[Finding]
    labels: list[LabelFile]

    @property
    def size(self) -> int:
        return sum(len(file.data) + len(file.article.text if file.article else "") for file in self.labels)


class ArticleChecker:
    """Checks the files of any number of articles of a corpus; it can be sent to another process.

    `annotators` are the ids in `annotators.yaml`.
    """

    def __init__(self, corpus: Corpus, inventory: Inventory, annotators: set[str]) -> None:
        self.root, self.inventory, self.annotators = str(corpus.root), inventory, annotators
        self.schema = annotation_schema_text(inventory)

    def __call__(self, articles: Iterable[Named]) -> list[Checked]:
        """What the files of each article gave; what each says is the same whichever others it is checked with."""
        checked: list[Checked] = []
        waiting: list[_Read] = []
        size = 0
        with without_garbage_collection():
            for named in articles:
                waiting.append(self._read(named))
                size += waiting[-1].size
                if size > TOGETHER:
                    checked += self._checked(waiting)
                    waiting, size = [], 0
            return [*checked, *self._checked(waiting)]

    def labels(self, version: str, name: str, article: Article | None) -> LabelFile:
        """One file of labels, yet unseen."""
        file = f"annotations/{version}/{name}.json"
        data, findings = files.contents(self.root, file, name)
        return LabelFile(version, file, data or b"", article, findings)

    def read(
        self, file: str, data: bytes, name: str | None, schema: str, key: str | None, type_: type[T], encode: Any,
        **more: Any,
    ) -> tuple[T | None, list[Finding]]:  # fmt: skip
        """Take one JSON file through all checks of shape; `more` are fields that the file does not hold itself.

        `file` is relative to the corpus, `name` the id of the article that it is about. `key` is the field that repeats
        the file's name, if there is one.
        """
        document = files.document(file, name, data, schema)
        if document.value is None:
            return None, document.findings
        misnamed = list(files.file_name(file, name, document.value, key, _stem(file))) if key else []
        if misnamed:
            return None, [*document.findings, *misnamed]
        findings = document.findings
        try:
            noun = msgspec.convert({**document.value, **more}, type_)
        except msgspec.ValidationError as error:
            findings += files.off_schema(file, name, [misfit(error)], document.value)
            return None, [placed(finding, data) for finding in findings]
        canonical = encode(noun)
        if data != canonical:
            # Only then can a key stand twice: parsing has dropped one of the two.
            twice = list(files.duplicate_key(file, name, data))
            findings += twice or files.not_canonical(file, name, data, canonical)
        return noun, [placed(finding, data) for finding in findings]

    def _read(self, named: Named) -> _Read:
        """An article, None where its text is not the one that its metadata names, and its files of labels."""
        article, facts, findings = self._article(named.name)
        labels = [self.labels(version, named.name, article) for version in named.versions]
        return _Read(named, article, facts, findings, labels)

    def _checked(self, waiting: list[_Read]) -> Iterator[Checked]:
        """The labels and the coverage of some articles, behind what was found on text and metadata."""
        found = iter(clean([file for one in waiting for file in one.labels], self.inventory))
        for (name, versions, covered), article, facts, findings, labels in waiting:
            gold = None
            for file in labels:
                annotation, more = self.annotation(name, versions, file, next(found))
                findings += more
                gold = annotation if file.version == GOLD else gold
            if covered:
                findings += self._coverage(name, article, gold)
            yield Checked(name, findings, facts, article is not None)

    def _article(self, name: str) -> tuple[Article | None, ArticleFacts | None, list[Finding]]:
        """An article whose text is the one its metadata names, what is known of it, and the findings on both."""
        text_, findings = self._text(name)
        sound = not findings
        file = f"articles/{name}.json"
        data, unreadable = files.contents(self.root, file, name)
        if data is None:
            return None, None, findings + unreadable
        schema = package_schema("article")
        article, found = self.read(file, data, name, schema, "id", Article, encode_article, text=text_ or "")
        findings += found
        if article is None:
            return None, None, findings
        facts = ArticleFacts(article.text_sha256, article.source.file, article.source.start, article.source.end)
        if text_ is None:
            return None, facts, findings
        differs = list(text.hash_differs(file, name, article))
        if differs:
            return None, facts, findings + differs
        source = self._source(article.source.file)
        if source and not (sound and text.stands_in(source, article)):
            changed = list(text.source_changed(file, name, article, source))
            findings += changed or text.not_the_source(file, name, article, source)
        return article, facts, findings

    def _text(self, name: str) -> tuple[str | None, list[Finding]]:
        """The text of an article, None where there is none or it is no UTF-8, and the findings on it."""
        file = f"articles/{name}.txt"
        data, findings = files.contents(self.root, file, name)
        if data is None:
            return None, findings
        findings = list(files.encoding(file, name, data))
        if findings:
            return None, findings
        text_ = data.decode("utf-8")
        if not text.sound(text_, data):
            for rule in text.OF_TEXT:
                findings += rule(file, name, text_)
        return text_, findings

    def _source(self, file: str) -> SourceText | None:
        """A source file; None where it is not there, or cannot be read: then C111 says so."""
        path = f"{self.root}/sources/{file}"
        try:
            found = read_stamp(path)
            return _source(path, *found) if found else None
        except OSError:
            return None

    def annotation(
        self, name: str, versions: Iterable[str], labels: LabelFile, known: Annotation | None
    ) -> tuple[Annotation | None, list[Finding]]:
        """One annotation, None where its file cannot be read, and the findings on it.

        `known` is the annotation where its file is clean: then nothing has to be said of its shape and labels. Labels
        are checked where the text that they were made on is there.
        """
        findings = list(labels.findings)
        if findings:
            return None, findings
        file, data, article, annotation = labels.file, labels.data, labels.article, known
        if annotation is None:
            annotation, findings = self.read(file, data, name, self.schema, "article", Annotation, encode_annotation)
        if annotation is None:
            return None, findings
        findings += corpus_rules.annotator_differs(file, name, annotation, labels.version, self.annotators)
        findings += corpus_rules.stale_inventory(file, name, annotation, self.inventory.version)
        findings += corpus_rules.made_from_nothing(file, name, annotation, labels.version, set(versions))
        if article is None or known:
            return annotation, findings
        elsewhere = list(text.made_on_another_text(file, name, annotation, article))
        findings += elsewhere or check_labels(annotation, article.text, self.inventory, file, data)
        return annotation if not elsewhere else None, findings

    def _coverage(self, name: str, article: Article | None, gold: Annotation | None) -> Iterator[Finding]:
        """The findings on an article's coverage file; the counts are checked against its gold labels."""
        file = f"coverage/{name}.json"
        data, unreadable = files.contents(self.root, file, name)
        yield from unreadable
        if data is None:
            return
        schema = package_schema("coverage")
        coverage, findings = self.read(file, data, name, schema, "article", Coverage, encode_coverage)
        yield from findings
        if coverage is None or article is None:
            return
        elsewhere = list(coverage_rules.coverage_of_another_text(file, name, coverage, article))
        yield from elsewhere
        if not elsewhere:
            yield from coverage_rules.sentence_left_out(file, name, coverage, article)
            yield from coverage_rules.no_reason(file, name, coverage)
            if gold:
                yield from coverage_rules.stale_count(file, name, coverage, gold, self.inventory)


def _stem(file: str) -> str:
    return file.rpartition("/")[2].removesuffix(".json")


@lru_cache(maxsize=2)
def _source(path: str, *_version: int) -> SourceText:
    """A source file, read once for the articles that were cut from it, while its time and size stay as they are."""
    return SourceText.of(read_raw(path))


ANY = "true"
"""The JSON Schema that every value is of."""
CHUNK = 100
"""Articles that go to a worker at once."""
ENOUGH = 1500
"""Articles for which a process is worth its start."""


def check(
    corpus: Corpus, inventory: Inventory, workers: int = 1, told: Callable[[int], None] = lambda _: None
) -> Iterator[Finding]:
    """All findings on a corpus, file by file in the order of article ids, then those on the whole.

    `workers` is the number of processes; the findings and their order are the same with any. `told` hears of articles
    that have been looked at, so many at a time. Raises CannotRun for a folder that is no corpus, or has folders that
    cannot be looked into.
    """
    corpus.expect()
    run = _Run(corpus, inventory)
    yield from run.annotators()
    yield from run.sources()
    yield from run.articles(workers, told)
    yield from run.beside()
    yield from run.strays()
    for rule in corpus_rules.OF_CONTENTS:
        yield from rule("", None, run.contents)
    yield from class_ids.class_without_id("", None, inventory, class_ids.place(corpus, inventory))


class _Run:
    """One pass over a corpus; what the checks of the whole need is kept in `contents`."""

    def __init__(self, corpus: Corpus, inventory: Inventory) -> None:
        self.corpus = corpus
        self.checker = ArticleChecker(corpus, inventory, set())
        self.contents = Contents(
            inventory_version=inventory.version,
            files=sorted(file for file in corpus.files() if not corpus_rules.belongs(file)),
            metadata_ids=corpus.article_ids(),
            text_ids=corpus.text_ids(),
            splits=corpus.splits(),
        )
        annotated, same = self.contents.annotated, dict[tuple[str, ...], tuple[str, ...]]()
        for version in corpus.versions():
            for name in corpus.annotated_ids(version):
                versions = (*annotated.get(name, ()), version)
                annotated[name] = same.setdefault(versions, versions)

    def annotators(self) -> Iterator[Finding]:
        file = self.corpus.annotators_path.name
        data, findings = files.contents(self.corpus.root, file, None)
        if data is None:
            yield from findings or files.unreadable_file(file, None, "is missing")
            return
        document = files.document(file, None, data, package_schema("annotators"))
        yield from document.findings
        if document.value is not None:
            self.contents.annotators = msgspec.convert(document.value["annotators"], list[Annotator])
            self.checker.annotators = self.contents.annotator_ids
            yield from corpus_rules.personal_data(file, None, data.decode("utf-8"))
            yield from corpus_rules.annotator_twice(file, None, self.contents)

    def sources(self) -> Iterator[Finding]:
        for name in self.corpus.source_files():
            file = f"sources/{name}.json"
            data, unreadable = files.contents(self.corpus.root, file, None)
            yield from unreadable
            if data is None:
                continue
            record, findings = self.checker.read(
                file, data, None, package_schema("source"), "file", SourceFile, encode_source
            )
            yield from findings
            if record is not None:
                self.contents.sources[name] = record
        for path in sorted((self.corpus.root / "sources").glob("*")):
            if path.suffix == ".json" or os.path.isdir(path):  # noqa: PTH112 - it raises nothing
                continue
            data, unreadable = files.contents(self.corpus.root, f"sources/{path.name}", None)
            yield from unreadable
            if data is not None:
                self.contents.source_hashes[path.name] = sha256(data)
                self.contents.source_sizes[path.name] = len(data.decode("utf-8", "replace"))

    def articles(self, workers: int, told: Callable[[int], None]) -> Iterator[Finding]:
        """The findings on the files of each article, in the order of ids."""
        covered = set(self.corpus.covered_ids())
        named = (Named(name, self._versions(name), name in covered) for name in sorted(self.contents.known))
        chunks = iter(lambda: list(islice(named, CHUNK)), [])
        with process_pool(workers) as executor:
            for chunk in map_in_order(executor, self.checker, chunks, workers):
                for name, findings, facts, whole in chunk:
                    yield from findings
                    # Of what another process sent, no second string is kept that is there already.
                    name = sys.intern(name)
                    if facts:
                        self.contents.articles[name] = facts._replace(source=sys.intern(facts.source))
                    if whole:
                        self.contents.whole.add(name)
                told(len(chunk))

    def strays(self) -> Iterator[Finding]:
        """The findings on labels of articles that are not there."""
        for name in sorted(self.contents.annotated.keys() - self.contents.known):
            versions = self._versions(name)
            for version in versions:
                labels = self.checker.labels(version, name, None)
                yield from self.checker.annotation(name, versions, labels, None)[1]

    def _versions(self, name: str) -> tuple[str, ...]:
        return self.contents.annotated.get(name, ())

    def decisions(self) -> Iterator[Finding]:
        """The findings on the files of decisions."""
        folder = self.corpus.adjudication_path("x").parent
        for path in sorted(folder.glob("*.yaml")):
            file = path.relative_to(self.corpus.root).as_posix()
            data, unreadable = files.contents(self.corpus.root, file, path.stem)
            yield from unreadable
            if data is not None:
                document = files.document(file, path.stem, data, ANY)
                yield from document.findings or corpus_rules.decisions_elsewhere(
                    file, path.stem, document.value, path.stem, self.contents.known
                )

    def beside(self) -> Iterator[Finding]:
        """The findings on links, data statement, gate and decisions, and on which articles are covered."""
        file = self.corpus.links_path.name
        data, unreadable = files.contents(self.corpus.root, file, None)
        yield from unreadable
        if data is not None:
            links, findings = self.checker.read(file, data, None, package_schema("links"), None, Links, encode_links)
            yield from findings
            if links is not None:
                linked = {passage.article for link in links.links for passage in link.passages}
                texts = {name: self.corpus.read_text(name) for name in sorted(linked & self.contents.whole)}
                broken = self.contents.known - self.contents.whole
                yield from coverage_rules.passage_elsewhere(file, None, links, texts, broken)
                yield from split_rules.group_in_two_splits("", None, bonds_of_links(links), self.contents.splits)
        for path, schema in ((self.corpus.statement_path, "statement"), (self.corpus.release_path, "release")):
            data, unreadable = files.contents(self.corpus.root, path.name, None)
            yield from unreadable
            if data is not None:
                yield from files.document(path.name, None, data, package_schema(schema)).findings
        yield from self.decisions()
        gold = {name for name, versions in self.contents.annotated.items() if GOLD in versions}
        yield from coverage_rules.not_covered("", None, self.corpus.covered_ids(), gold & self.contents.known)
