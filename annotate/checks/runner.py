"""The run over a corpus: which check sees which file, in which order.

The files of each article come first, article by article, then the files beside them, then the corpus as a whole.
"""

import sys
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from functools import lru_cache
from itertools import chain, islice
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

import msgspec

from annotate.annotation_schema import encode_annotation_schema
from annotate.article_schema import encode_article_schema
from annotate.checks import corpus as corpus_rules
from annotate.checks import coverage as coverage_rules
from annotate.checks import files, text
from annotate.checks import splits as split_rules
from annotate.checks.annotations import LabelFile, add_line, check_labels, decode_clean
from annotate.checks.catalogue import CATALOGUE
from annotate.checks.corpus import AnnotatorNames, ArticleFacts, CorpusFacts
from annotate.checks.practice import check_practice_texts
from annotate.checks.severity import downgrade_findings
from annotate.checks.text import SourceText
from annotate.checks.waivers import load_waivers
from annotate.class_ids import CLASS_IDS_FILE, find_class_id_faults
from annotate.corpus import (
    Corpus,
    encode_annotation,
    encode_article,
    encode_coverage,
    encode_links,
    encode_source,
    normalize_numbers,
)
from annotate.errors import CannotRun
from annotate.findings import Finding
from annotate.generate import (
    find_missing_pages,
    find_outdated_files,
    find_page_faults,
    find_stubs,
    find_unnamed_pages,
)
from annotate.inventory import Inventory
from annotate.model import GOLD, Annotation, Annotator, Article, Coverage, Links, SourceFile
from annotate.offsets import sha256
from annotate.schemas import explain_conversion_error, package_schema
from annotate.schemas.lines import line_finder
from annotate.splits.groups import bonds_of_links
from annotate.util.escape import has_unseen
from annotate.util.files import LINK, is_regular, read_raw, read_stamp, read_text
from annotate.util.folders import find_files, find_leftovers, list_folders, list_irregular, list_names
from annotate.util.parallel import map_in_order, process_pool, without_garbage_collection

T = TypeVar("T")

BATCH_BYTES = 4 << 20
"""Bytes of labels and texts that are checked at once, so that a process stays small where files are large."""
CHUNK = 100
"""Articles that are sent to a worker at once."""
ARTICLES_PER_WORKER = 1500
"""Articles for which a worker process is worth its start."""

"""The JSON Schema that every value matches."""


def check(
    corpus: Corpus,
    inventory: Inventory,
    workers: int = 1,
    progress: Callable[[int], None] = lambda _: None,
    folders: Sequence[str | Path] = (),
    handle_waived: Callable[[Finding], None] = lambda finding: None,
    search_leaks: bool = False,
    annotators: Collection[str] = (),
) -> Iterator[Finding]:
    """Check a corpus. What its waivers are about is waived, or has the severity that they give it.

    Other errors in annotations of single annotators are warnings (`Finding.downgraded`), unless they cannot be waived.

    Args:
        corpus: The corpus.
        inventory: The inventory that it is labelled with.
        workers: The number of worker processes; does not affect the findings or their order.
        progress: Called with the number of articles that were checked since the last call.
        folders: Folders of guidelines that belong to the corpus. They hold no links, and their pages fit the inventory.
        handle_waived: Called with each finding that is waived.
        search_leaks: Whether to search for near-duplicate paragraphs in two splits, too, if there are no errors.
        annotators: The annotators whose errors are errors, as those of gold always are.

    Yields:
        The findings that are not waived: those on the files of each article, in the order of article ids, then those on
        the corpus.

    Raises:
        CannotRun: for a folder that is no corpus, or that has folders that cannot be read.
    """
    corpus.require_contents()
    loaded = load_waivers(corpus, CATALOGUE, corpus.waivers_path.name)
    has_errors, in_two_splits = False, set[tuple[str, int | None]]()

    def note_waived(finding: Finding) -> None:
        if finding.code == split_rules.group_in_two_splits.code:
            in_two_splits.add((finding.file, finding.line))
        handle_waived(finding)

    reported = {finding.file for finding in loaded.findings}
    findings = downgrade_findings(_check_all(corpus, inventory, workers, progress, folders, reported), annotators)
    for finding in chain(loaded.findings, loaded.waivers.sort_out(findings, note_waived)):
        has_errors |= finding.is_error
        if finding.code == split_rules.group_in_two_splits.code:
            in_two_splits.add((finding.file, finding.line))
        yield finding
    is_searched = search_leaks and not has_errors
    if is_searched:
        leaks = split_rules.find_leaks(corpus)
        new = (leak for leak in leaks if (leak.file, leak.line) not in in_two_splits)
        yield from loaded.waivers.sort_out(new, handle_waived)
    yield from loaded.check_use(corpus.waivers_path.name, () if is_searched else split_rules.SEARCHED_LATER)


def _check_all(
    corpus: Corpus,
    inventory: Inventory,
    workers: int,
    progress: Callable[[int], None],
    folders: Sequence[str | Path],
    reported: Iterable[str],
) -> Iterator[Finding]:
    """Yield all findings, waived or not; it was reported that the files in `reported` cannot be read."""
    run = _Run(corpus, inventory)
    unreadable = set[str](reported)
    for finding in _run_all(run, workers, progress):
        if finding.code == files.unreadable_file.code:
            unreadable.add(finding.file)
        yield finding
    for path, reason in sorted(run.irregular):
        if path not in unreadable:
            yield from files.unreadable_file(path, None, reason)
    for folder in (inventory.folder, *folders):
        yield from _check_folder(corpus, folder)
    guidelines = [Path(folder) for folder in folders if Path(folder).is_dir()]
    yield from corpus_rules.group_forgotten_generate(_check_generated(corpus, inventory, guidelines), inventory)
    for folder in guidelines:
        yield from check_practice_texts(corpus, inventory, folder)


def _check_folder(corpus: Corpus, folder: str | Path) -> Iterator[Finding]:
    """Report the links and special files of a folder that belongs to the corpus. A missing folder has none."""
    if Path(folder).is_symlink():
        yield from files.unreadable_file(corpus_rules.path_from_corpus(corpus, folder), None, LINK)
    elif Path(folder).is_dir():
        for path, reason in list_irregular(folder):
            yield from files.unreadable_file(corpus_rules.path_from_corpus(corpus, f"{folder}/{path}"), None, reason)


def _check_generated(corpus: Corpus, inventory: Inventory, guidelines: Sequence[Path]) -> Iterator[Finding]:
    """Compare the schema folder and the pages of the guidelines with the inventory that they are generated from."""
    schema = corpus_rules.path_from_corpus(corpus, inventory.folder)
    yield from corpus_rules.class_without_id("", None, inventory, f"{schema}/{CLASS_IDS_FILE}")
    yield from corpus_rules.schema_incomplete("", None, inventory, schema)
    pages: dict[Path, str] = {}
    for folder in guidelines:
        for path in find_files(folder, ".md", below=True):
            try:
                pages[path] = read_text(path, "make it a page that can be read", within=folder)
            except CannotRun as error:
                if is_regular(path, within=folder):  # links are reported with those of the folder
                    yield from files.unreadable_file(corpus_rules.path_from_corpus(corpus, path), None, error.problem)
        missing = find_missing_pages(inventory, folder, pages)
        by_file = {corpus_rules.path_from_corpus(corpus, page.path): page for page in missing}
        yield from corpus_rules.label_without_page("", None, by_file)
        for rule, paths in (
            (corpus_rules.page_not_written, find_stubs(inventory, folder, pages)),
            (corpus_rules.page_of_nothing, find_unnamed_pages(inventory, folder, pages)),
        ):
            yield from rule("", None, [corpus_rules.path_from_corpus(corpus, path) for path in paths])
    for fault in find_page_faults(inventory, pages):
        yield from corpus_rules.page_without_label("", None, fault, corpus_rules.path_from_corpus(corpus, fault.path))
    class_ids = Path(inventory.folder) / CLASS_IDS_FILE
    has_lost_ids = any(find_class_id_faults(inventory.committed_class_ids, inventory.class_names, class_ids))  # C501
    outdated = [path for path in find_outdated_files(inventory, pages) if path != class_ids or not has_lost_ids]
    files_ = [corpus_rules.path_from_corpus(corpus, path) for path in outdated]
    yield from corpus_rules.generated_file_outdated("", None, files_)


def _run_all(run: "_Run", workers: int, progress: Callable[[int], None]) -> Iterator[Finding]:
    yield from run.check_annotators()
    yield from run.check_splits()
    yield from run.check_sources()
    yield from run.check_articles(workers, progress)
    yield from run.check_links()
    yield from run.check_statement_and_release()
    yield from run.check_decisions()
    yield from run.check_covered_articles()
    yield from run.check_strays()
    for rule in corpus_rules.OF_CONTENTS:
        yield from rule("", None, run.contents)


class ArticleFiles(NamedTuple):
    """An article's id, the annotation sets that have labels of it, and whether it has a coverage file."""

    article_id: str
    annotation_sets: tuple[str, ...]
    has_coverage: bool


class CheckedArticle(NamedTuple):
    """What the checks of one article's files gave.

    Attributes:
        article_id: The article.
        findings: All findings on its files.
        facts: What the checks of the corpus need of its metadata; None where that cannot be read.
        is_whole: Whether its text is the one that the metadata names.
        names: The annotators that its files of labels name, but for files that name only that of their folder.
    """

    article_id: str
    findings: list[Finding]
    facts: ArticleFacts | None
    is_whole: bool
    names: list[AnnotatorNames]


class _ReadArticle(NamedTuple):
    """An article whose text and metadata are checked, as `findings` say, and whose labels are only read."""

    files: ArticleFiles
    article: Article | None
    facts: ArticleFacts | None
    findings: list[Finding]
    labels: list[LabelFile]

    @property
    def size(self) -> int:
        return sum(len(file.data) + len(file.article.text if file.article else "") for file in self.labels)


class ArticleChecker:
    """Checks the files of articles; it can be sent to another process."""

    def __init__(self, corpus: Corpus, inventory: Inventory) -> None:
        self.root, self.inventory = str(corpus.root), inventory
        self.schema = encode_annotation_schema(inventory)
        self.article_schema = encode_article_schema(inventory)

    def __call__(self, articles: Iterable[ArticleFiles]) -> list[CheckedArticle]:
        """Check the files of each article; the findings do not depend on what is checked together."""
        checked: list[CheckedArticle] = []
        batch: list[_ReadArticle] = []
        size = 0
        with without_garbage_collection():
            for article in articles:
                batch.append(self._read_article(article))
                size += batch[-1].size
                if size > BATCH_BYTES:
                    checked += self._check_batch(batch)
                    batch, size = [], 0
            return [*checked, *self._check_batch(batch)]

    def read_labels(self, annotation_set: str, article_id: str, article: Article | None) -> LabelFile:
        """Read a file of labels."""
        file = f"annotations/{annotation_set}/{article_id}.json"
        data, findings = files.read_file(self.root, file, article_id)
        return LabelFile(annotation_set, file, data or b"", article, findings)

    def check_json(
        self, file: str, data: bytes, article_id: str | None, schema: str, key: str | None, type_: type[T], encode: Any,
        **more: Any,
    ) -> tuple[T | None, list[Finding]]:  # fmt: skip
        """Run the checks of shape on a JSON file.

        Args:
            file: The path of the file, relative to the corpus.
            data: Its bytes.
            article_id: The article that findings name.
            schema: The JSON text of its schema.
            key: The field that repeats the file's name, if there is one.
            type_: The type of its value.
            encode: The function that gives the canonical bytes of such a value.
            more: Fields of the value that the file does not hold.

        Returns:
            The value, or None where the file cannot be used; and the findings.
        """
        parsed = files.parse_file(file, article_id, data, schema)
        findings = parsed.findings
        if parsed.value is None:
            return None, findings
        misnamed = list(files.file_name(file, article_id, parsed.value, key, _stem(file))) if key else []
        if misnamed:
            return None, [*findings, *misnamed]
        try:
            value = msgspec.convert({**parsed.value, **more}, type_)
        except msgspec.ValidationError as error:
            findings += files.off_schema(file, article_id, [explain_conversion_error(error)], parsed.value)
            return None, [add_line(finding, data) for finding in findings]
        canonical = encode(value)
        if data != canonical:
            # Only such a file can have a key twice: parsing has dropped one of the two.
            duplicates = list(files.duplicate_key(file, article_id, data))
            findings += duplicates or files.not_canonical(file, article_id, data, canonical)
        return value, [add_line(finding, data) for finding in findings]

    def check_labels(
        self, article_id: str, labels: LabelFile, clean: Annotation | None, names: list[AnnotatorNames]
    ) -> tuple[Annotation | None, list[Finding]]:
        """Check one annotation.

        Args:
            article_id: Its article.
            labels: Its file.
            clean: The annotation where the fast path accepted the file: then shape and labels have no findings.
            names: Where to add the annotators that it names.

        Returns:
            The annotation, or None where its file cannot be used or was made on another text; and the findings.
        """
        findings = list(labels.findings)
        if findings:
            return None, findings
        file, data, article, annotation = labels.file, labels.data, labels.article, clean
        if annotation is None:
            annotation, findings = self.check_json(
                file, data, article_id, self.schema, "article", Annotation, encode_annotation
            )
        if annotation is None:
            return None, findings
        annotation = normalize_numbers(annotation)
        named = corpus_rules.names_to_check(annotation, labels.annotation_set, article_id)
        names += [named] if named else []
        findings += corpus_rules.stale_inventory(file, article_id, annotation, self.inventory)
        if article is None or clean:
            return annotation, findings
        other_text = list(text.made_on_another_text(file, article_id, annotation, article))
        findings += other_text or check_labels(annotation, article.text, self.inventory, file, data)
        return annotation if not other_text else None, findings

    def _read_article(self, article_files: ArticleFiles) -> _ReadArticle:
        article_id = article_files.article_id
        article, facts, findings = self._check_article(article_id)
        labels = [
            self.read_labels(annotation_set, article_id, article) for annotation_set in article_files.annotation_sets
        ]
        return _ReadArticle(article_files, article, facts, findings, labels)

    def _check_batch(self, batch: list[_ReadArticle]) -> Iterator[CheckedArticle]:
        """Check the labels and the coverage of some articles."""
        decoded = iter(decode_clean([labels for read in batch for labels in read.labels], self.inventory))
        for (article_id, _, has_coverage), article, facts, findings, label_files in batch:
            gold, names = None, list[AnnotatorNames]()
            for labels in label_files:
                annotation, more = self.check_labels(article_id, labels, next(decoded), names)
                findings += more
                gold = annotation if labels.annotation_set == GOLD else gold
            if has_coverage:
                findings += self._check_coverage(article_id, article, gold)
            yield CheckedArticle(article_id, findings, facts, article is not None, names)

    def _check_article(self, article_id: str) -> tuple[Article | None, ArticleFacts | None, list[Finding]]:
        """Check text and metadata; the article is None where its text is not the one that the metadata names."""
        text_, findings = self._check_text(article_id)
        is_sound = not findings
        file = f"articles/{article_id}.json"
        data, unreadable = files.read_file(self.root, file, article_id)
        if data is None:
            return None, None, findings + unreadable
        article, more = self.check_json(
            file, data, article_id, self.article_schema, "id", Article, encode_article, text=text_ or ""
        )
        findings += more
        if article is None:
            return None, None, findings
        facts = ArticleFacts(article.text_sha256, article.source.file, article.source.start, article.source.end)
        if text_ is None:
            return None, facts, findings
        other_text = list(text.hash_differs(file, article_id, article))
        if other_text:
            return None, facts, findings + other_text
        source = self._read_source(article.source.file)
        if source and not (is_sound and text.is_range_of(source, article)):
            changed = list(text.source_changed(file, article_id, article, source))
            findings += changed or text.not_the_source(file, article_id, article, source)
        return article, facts, findings

    def _check_text(self, article_id: str) -> tuple[str | None, list[Finding]]:
        """Check the text of an article; it is None where there is none or it is not UTF-8."""
        file = f"articles/{article_id}.txt"
        data, findings = files.read_file(self.root, file, article_id)
        if data is None:
            return None, findings
        findings = list(files.encoding(file, article_id, data))
        if findings:
            return None, findings
        text_ = data.decode("utf-8")
        if not text.is_sound(text_, data):
            for rule in text.OF_TEXT:
                findings += rule(file, article_id, text_)
        return text_, findings

    def _read_source(self, file: str) -> SourceText | None:
        """Return a source file; None where it cannot be read, which C111 reports."""
        path = f"{self.root}/sources/{file}"
        try:
            state = read_stamp(path, within=self.root)
            return _source(self.root, path, *state) if state else None
        except OSError:
            return None

    def _check_coverage(self, article_id: str, article: Article | None, gold: Annotation | None) -> Iterator[Finding]:
        """Check an article's coverage file, and its counts against the gold labels."""
        file = f"coverage/{article_id}.json"
        data, unreadable = files.read_file(self.root, file, article_id)
        yield from unreadable
        if data is None:
            return
        schema = package_schema("coverage")
        coverage, findings = self.check_json(file, data, article_id, schema, "article", Coverage, encode_coverage)
        yield from findings
        if coverage is None or article is None:
            return
        other_text = list(coverage_rules.coverage_of_another_text(file, article_id, coverage, article))
        yield from other_text
        if not other_text:
            yield from coverage_rules.sentence_left_out(file, article_id, coverage, article)
            yield from coverage_rules.no_reason(file, article_id, coverage)
            if gold:
                yield from coverage_rules.stale_count(file, article_id, coverage, gold, self.inventory)


def _stem(file: str) -> str:
    return file.rpartition("/")[2].removesuffix(".json")


@lru_cache(maxsize=2)
def _source(root: str, path: str, *_state: int) -> SourceText:
    """Read a source file once for all articles that were cut from it, while its time and size stay the same."""
    return SourceText.from_bytes(read_raw(path, within=root))


def _paths_to(file: str) -> Iterator[str]:
    """Yield a path, and those of the folders that it is in."""
    yield file
    while "/" in file:
        file = file.rpartition("/")[0]
        yield file


def _find_schema_leftovers(corpus: Corpus, inventory: Inventory) -> list[str]:
    """Return the leftovers in the schema folder, as findings name them."""
    if not inventory.folder or Path(inventory.folder).resolve().is_relative_to(corpus.root.resolve()):
        return []
    folder = corpus_rules.path_from_corpus(corpus, inventory.folder)
    return [f"{folder}/{name}" for name in find_leftovers(inventory.folder)]


class _Run:
    """One pass over a corpus, which keeps in `contents` what the checks of the whole need."""

    def __init__(self, corpus: Corpus, inventory: Inventory) -> None:
        self.corpus = corpus
        self.checker = ArticleChecker(corpus, inventory)
        leftovers = set(find_leftovers(str(corpus.root)))
        self.irregular: list[tuple[str, str]] = []
        self._shared: dict[tuple[str, ...], tuple[str, ...]] = {}
        misplaced = list[str]()
        unprintable = list[str]()
        for path, irregular in corpus.entries():
            if not path.isprintable() and has_unseen(path):
                unprintable.append(path)
            if irregular:
                self.irregular.append((path, irregular))
            elif not corpus_rules.is_in_layout(path) and leftovers.isdisjoint(_paths_to(path)):
                misplaced.append(path)
        self.contents = CorpusFacts(
            inventory_version=inventory.version,
            misplaced_files=sorted(misplaced),
            unprintable_files=sorted(unprintable),
            leftovers=[*sorted(leftovers), *_find_schema_leftovers(corpus, inventory)],
            metadata_ids=corpus.article_ids(),
            text_ids=corpus.text_ids(),
        )
        annotated, shared = self.contents.annotated, self._shared
        for annotation_set in corpus.annotation_sets():
            for article_id in corpus.annotated_ids(annotation_set):
                annotation_sets = (*annotated.get(article_id, ()), annotation_set)
                annotated[article_id] = shared.setdefault(annotation_sets, annotation_sets)

    def check_annotators(self) -> Iterator[Finding]:
        file = self.corpus.annotators_path.name
        data, findings = files.read_file(self.corpus.root, file, None)
        if data is None:
            yield from findings or files.unreadable_file(file, None, "is missing")
            return
        parsed = files.parse_file(file, None, data, package_schema("annotators"))
        yield from parsed.findings
        if parsed.value is not None:
            self.contents.annotators = msgspec.convert(parsed.value["annotators"], list[Annotator])
            self.contents.has_annotators = True
            yield from corpus_rules.personal_data(file, None, data.decode("utf-8"))
            yield from corpus_rules.annotator_twice(file, None, self.contents)

    def check_splits(self) -> Iterator[Finding]:
        for name in self.corpus.split_names():
            data, unreadable = files.read_file(self.corpus.root, f"splits/{name}.txt", None)
            yield from unreadable
            self.contents.splits[name] = (data or b"").decode("utf-8", "replace").split()

    def check_sources(self) -> Iterator[Finding]:
        for name in self.corpus.source_files():
            file = f"sources/{name}.json"
            data, unreadable = files.read_file(self.corpus.root, file, None)
            yield from unreadable
            if data is None:
                continue
            record, findings = self.checker.check_json(
                file, data, None, package_schema("source"), "file", SourceFile, encode_source
            )
            yield from findings
            if record is not None:
                self.contents.sources[name] = record
        folder = f"{self.corpus.root}/sources"
        for name in sorted({*list_names(folder, "")} - {*list_folders(folder)}):
            if name.endswith(".json"):
                continue
            data, unreadable = files.read_file(self.corpus.root, f"sources/{name}", None)
            yield from unreadable
            if data is not None:
                self.contents.source_hashes[name] = sha256(data)
                self.contents.source_sizes[name] = len(data.decode("utf-8", "replace"))

    def check_articles(self, workers: int, progress: Callable[[int], None]) -> Iterator[Finding]:
        """Check the files of each article, in the order of ids."""
        covered = set(self.corpus.covered_ids())
        articles = (
            ArticleFiles(article_id, self._annotation_sets(article_id), article_id in covered)
            for article_id in sorted(self.contents.article_ids)
        )
        chunks = iter(lambda: list(islice(articles, CHUNK)), [])
        with process_pool(workers) as executor:
            for chunk in map_in_order(executor, self.checker, chunks, workers):
                for article_id, findings, facts, is_whole, names in chunk:
                    yield from findings
                    # Strings from another process are copies; intern them, so that one is kept.
                    article_id = sys.intern(article_id)
                    if facts:
                        self.contents.articles[article_id] = facts._replace(source=sys.intern(facts.source))
                    if is_whole:
                        self.contents.whole.add(article_id)
                    self._add_names(article_id, names)
                progress(len(chunk))

    def _add_names(self, article_id: str, names: Iterable[AnnotatorNames]) -> None:
        """Keep the annotators that files of labels name, each name once in memory."""
        for annotation_set, _, annotator, process, made_from in names:
            self.contents.names.append(
                AnnotatorNames(
                    sys.intern(annotation_set),
                    article_id,
                    sys.intern(annotator),
                    sys.intern(process),
                    self._shared.setdefault(made_from, made_from),
                )
            )

    def check_links(self) -> Iterator[Finding]:
        file = self.corpus.links_path.name
        data, unreadable = files.read_file(self.corpus.root, file, None)
        yield from unreadable
        if data is None:
            return
        links, findings = self.checker.check_json(file, data, None, package_schema("links"), None, Links, encode_links)
        yield from findings
        if links is not None:
            linked = {passage.article for link in links.links for passage in link.passages}
            texts = {
                article_id: self.corpus.read_text(article_id) for article_id in sorted(linked & self.contents.whole)
            }
            broken = self.contents.article_ids - self.contents.whole
            yield from coverage_rules.passage_elsewhere(file, None, links, texts, broken)
            yield from split_rules.group_in_two_splits("", None, bonds_of_links(links), self.contents.splits)

    def check_statement_and_release(self) -> Iterator[Finding]:
        for path, schema in ((self.corpus.statement_path, "statement"), (self.corpus.release_path, "release")):
            data, unreadable = files.read_file(self.corpus.root, path.name, None)
            yield from unreadable
            if data is not None:
                yield from files.parse_file(path.name, None, data, package_schema(schema)).findings

    def check_decisions(self) -> Iterator[Finding]:
        """Check the files of adjudication decisions."""
        for article_id in list_names(f"{self.corpus.root}/adjudication", ".yaml"):
            file = f"adjudication/{article_id}.yaml"
            data, unreadable = files.read_file(self.corpus.root, file, article_id)
            yield from unreadable
            if data is not None:
                parsed = files.parse_file(file, article_id, data, package_schema("adjudication"))
                yield from parsed.findings
                if parsed.value is not None:
                    article_ids, find_line = self.contents.article_ids, line_finder(file, data)
                    yield from corpus_rules.decisions_elsewhere(file, article_id, parsed.value, article_id, article_ids)
                    yield from corpus_rules.unknown_take(file, article_id, parsed.value, find_line)

    def check_covered_articles(self) -> Iterator[Finding]:
        gold = {article_id for article_id, sets in self.contents.annotated.items() if GOLD in sets}
        yield from coverage_rules.not_covered("", None, self.corpus.covered_ids(), gold & self.contents.article_ids)

    def check_strays(self) -> Iterator[Finding]:
        """Check the labels of articles that do not exist."""
        for article_id in sorted(self.contents.annotated.keys() - self.contents.article_ids):
            names = list[AnnotatorNames]()
            for annotation_set in self._annotation_sets(article_id):
                labels = self.checker.read_labels(annotation_set, article_id, None)
                yield from self.checker.check_labels(article_id, labels, None, names)[1]
            self._add_names(article_id, names)

    def _annotation_sets(self, article_id: str) -> tuple[str, ...]:
        return self.contents.annotated.get(article_id, ())
