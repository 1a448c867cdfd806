"""Which check sees what, in which order: one article after the other, then the corpus as a whole."""

import os
import sys
from collections.abc import Callable, Iterator
from itertools import islice

import msgspec

from annotate.checks import class_ids, shape
from annotate.checks import corpus as corpus_rules
from annotate.checks import coverage as coverage_rules
from annotate.checks import splits as split_rules
from annotate.checks.article import ArticleChecker, Named
from annotate.checks.corpus import Contents
from annotate.executors import in_order, processes
from annotate.findings import Finding
from annotate.inventory import Inventory
from annotate.model import GOLD, Annotator, Links, SourceFile
from annotate.offsets import sha256
from annotate.schemas import package_schema
from annotate.splits.groups import bonds_of_links
from annotate.store import Corpus, encode_links, encode_source

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
        data, findings = shape.contents(self.corpus.root, file, None)
        if data is None:
            yield from findings or shape.unreadable_file(file, None, "is missing")
            return
        document = shape.document(file, None, data, package_schema("annotators"))
        yield from document.findings
        if document.value is not None:
            self.contents.annotators = msgspec.convert(document.value["annotators"], list[Annotator])
            self.checker.annotators = self.contents.annotator_ids
            yield from corpus_rules.personal_data(file, None, data.decode("utf-8"))
            yield from corpus_rules.annotator_twice(file, None, self.contents)

    def sources(self) -> Iterator[Finding]:
        for name in self.corpus.source_files():
            file = f"sources/{name}.json"
            data, unreadable = shape.contents(self.corpus.root, file, None)
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
            data, unreadable = shape.contents(self.corpus.root, f"sources/{path.name}", None)
            yield from unreadable
            if data is not None:
                self.contents.source_hashes[path.name] = sha256(data)
                self.contents.source_sizes[path.name] = len(data.decode("utf-8", "replace"))

    def articles(self, workers: int, told: Callable[[int], None]) -> Iterator[Finding]:
        """The findings on the files of each article, in the order of ids."""
        covered = set(self.corpus.covered_ids())
        named = (Named(name, self._versions(name), name in covered) for name in sorted(self.contents.known))
        chunks = iter(lambda: list(islice(named, CHUNK)), [])
        with processes(workers) as executor:
            for chunk in in_order(executor, self.checker, chunks, workers):
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
            data, unreadable = shape.contents(self.corpus.root, file, path.stem)
            yield from unreadable
            if data is not None:
                document = shape.document(file, path.stem, data, ANY)
                yield from document.findings or corpus_rules.decisions_elsewhere(
                    file, path.stem, document.value, path.stem, self.contents.known
                )

    def beside(self) -> Iterator[Finding]:
        """The findings on links, data statement, gate and decisions, and on which articles are covered."""
        file = self.corpus.links_path.name
        data, unreadable = shape.contents(self.corpus.root, file, None)
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
            data, unreadable = shape.contents(self.corpus.root, path.name, None)
            yield from unreadable
            if data is not None:
                yield from shape.document(path.name, None, data, package_schema(schema)).findings
        yield from self.decisions()
        gold = {name for name, versions in self.contents.annotated.items() if GOLD in versions}
        yield from coverage_rules.not_covered("", None, self.corpus.covered_ids(), gold & self.contents.known)
