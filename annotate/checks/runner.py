"""The run over a corpus: which check sees which file, in which order.

The files of each article come first, article by article, then the files beside them, then the corpus as a whole. A
check of a change (`selection`) runs the rules of labels on the changed articles only.
"""

import sys
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import lru_cache
from itertools import chain, islice
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

import msgspec

from annotate.annotation_schema import encode_annotation_schema
from annotate.article_schema import encode_article_schema
from annotate.baseline import BASELINE_FILE, load_baseline
from annotate.checks import (
    citation,
    dates,
    decisions,
    files,
    independence,
    model_runs,
    relations,
    spans,
    text,
    value_words,
)
from annotate.checks import class_ids as class_ids_rules
from annotate.checks import corpus as corpus_rules
from annotate.checks import coverage as coverage_rules
from annotate.checks import splits as split_rules
from annotate.checks.annotations import LabelFile, add_lines, check_labels, decode_clean
from annotate.checks.catalogue import CATALOGUE
from annotate.checks.consequences import drop_consequences
from annotate.checks.corpus import AnnotatorNames, ArticleFacts, CorpusFacts
from annotate.checks.label_heads import LabelHead, decode_head
from annotate.checks.model_runs import LabelTotals
from annotate.checks.practice import check_practice_texts
from annotate.checks.releases import check_releases, gate_of_no_label
from annotate.checks.selection import OF_ONE_ARTICLE, Selection, article_of
from annotate.checks.severity import downgrade_findings
from annotate.checks.text import SourceText
from annotate.checks.verdict_cache import ArticleSummary, VerdictCache, hash_files
from annotate.checks.waivers import LoadedWaivers, load_waivers
from annotate.class_ids import CLASS_IDS_FILE, find_class_id_faults
from annotate.corpus import (
    CITATION,
    Corpus,
    decode_split,
    encode_annotation,
    encode_article,
    encode_coverage,
    encode_links,
    encode_source,
    encode_split,
    find_parent_folder,
    normalize_numbers,
)
from annotate.errors import CannotRun
from annotate.findings import Finding
from annotate.generate import (
    find_missing_pages,
    find_missing_tables,
    find_outdated_files,
    find_page_faults,
    find_stubs,
    find_unnamed_pages,
)
from annotate.inventory import Inventory
from annotate.model import GOLD, Annotation, Annotator, Article, Coverage, Links, SourceFile
from annotate.offsets import sha256
from annotate.page_links import find_dead_links
from annotate.schemas import explain_conversion_error, package_schema
from annotate.schemas.lines import line_finder
from annotate.splits.groups import bonds_of_links
from annotate.util.escape import has_unseen
from annotate.util.files import LINK, is_regular, read_raw, read_stamp, read_text
from annotate.util.folders import find_files, find_leftovers, list_folders, list_irregular, list_names
from annotate.util.parallel import map_in_order, process_pool, without_garbage_collection
from annotate.util.typed_values import convert_as
from annotate.waivers import Waiver

T = TypeVar("T")

BATCH_BYTES = 4 << 20
"""Bytes of labels and texts that are checked at once, so that a process stays small where files are large."""
CHUNK = 100
"""Articles that are sent to a worker at once."""
ARTICLES_PER_WORKER = 1500
"""Articles for which a worker process is worth its start."""

_OF_CORPUS = frozenset(rule.code for rule in CATALOGUE) - (OF_ONE_ARTICLE - {rule.code for rule in dates.RULES})
"""Codes of findings that a faulty file of the whole corpus, such as annotators.yaml, can keep from being looked for."""
_OF_SPANS = frozenset(rule.code for rule in (*spans.RULES, *value_words.RULES))
"""Codes of the rules on single spans."""
_OF_LABELS = _OF_SPANS | {rule.code for rule in relations.RULES}
"""Codes of the rules on the labels of one annotation."""
_CAUSES = _OF_SPANS | {decisions.gold_against_decisions.code}
"""Codes of findings on gold that others on the article may name as their cause."""


def check(
    corpus: Corpus,
    inventory: Inventory,
    workers: int = 1,
    progress: Callable[[int], None] = lambda _: None,
    folders: Sequence[str | Path] = (),
    handle_waived: Callable[[Finding], None] = lambda finding: None,
    search_leaks: bool = False,
    annotators: Collection[str] = (),
    selection: Selection | None = None,
    cache: VerdictCache | None = None,
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
        selection: What was changed: then only findings that the change can have caused are yielded. None to check all.
        cache: What earlier checks learned of files that are the same. It is saved after the last finding.

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
    run = _Run(corpus, inventory, selection, cache)
    findings = downgrade_findings(_check_all(run, workers, progress, folders, reported), annotators)
    causes = set[tuple[str | None, str]]()
    for finding in chain(loaded.findings, (_apply(run, loaded, finding) for finding in findings)):
        # What follows from an error is left out. Where the corpus waives the cause, or calls it a warning, it is shown.
        if not run.shows(finding) or (finding.article, finding.cause) in causes:
            continue
        if finding.waived is not None:
            note_waived(finding)
            continue
        if finding.is_error and finding.code in _CAUSES and finding.file.startswith(f"annotations/{GOLD}/"):
            causes.add((finding.article, finding.code))
        has_errors |= finding.is_error
        if finding.code == split_rules.group_in_two_splits.code:
            in_two_splits.add((finding.file, finding.line))
        yield finding
    is_searched = search_leaks and not has_errors
    if is_searched:
        leaks = split_rules.find_leaks(corpus)
        new = (leak for leak in leaks if (leak.file, leak.line) not in in_two_splits)
        yield from loaded.waivers.sort_out(new, handle_waived)
    if selection is not None:
        _try_waivers(run, loaded, annotators, workers, folders)
    if cache is not None:
        cache.save()
    yield from loaded.check_use(corpus.waivers_path.name, () if is_searched else split_rules.SEARCHED_LATER)


def _apply(run: "_Run", loaded: LoadedWaivers, finding: Finding) -> Finding:
    """Apply the waivers to a finding, and note which of them it may keep from having an effect.

    Rules do not look at what has a lasting error. What they would find there, once it is gone, may be waived. A check
    of a change sees these errors wherever they can matter to a waiver that has had no effect; see `_try_waivers`.
    """
    if _has_lasting_errors([finding]):
        if finding.article is None:
            loaded.waivers.doubt(_OF_CORPUS, None)
        elif finding.article in run.existing:
            # Invisible characters are looked for in any text that can be decoded.
            left_out = OF_ONE_ARTICLE if finding.code[0] == "S" else OF_ONE_ARTICLE - {text.invisible_character.code}
            loaded.waivers.doubt(left_out, finding.article)
    elif finding.code == value_words.words_take_too_long.code:
        loaded.waivers.doubt({value_words.value_against_words.code}, finding.article)
    return loaded.waivers.apply(finding)


def _try_waivers(
    run: "_Run", loaded: LoadedWaivers, annotators: Collection[str], workers: int, folders: Sequence[str | Path]
) -> None:
    """Apply waivers without effect to what a check of a change did not look at, until all have one."""

    def list_unused() -> list[Waiver]:
        return loaded.waivers.list_unused(loaded.rules.keys() - split_rules.SEARCHED_LATER)

    def apply(findings: Iterable[Finding]) -> None:
        for finding in downgrade_findings(findings, annotators):
            _apply(run, loaded, finding)

    if list_unused():
        apply(_check_other_folders(run, folders))
    unused = [waiver for waiver in list_unused() if waiver.code in OF_ONE_ARTICLE]
    limits = [set(waiver.articles) for waiver in unused]
    limit = set[str]().union(*limits) if all(limits) else None
    for findings in run.check_other_labels(workers, limit) if unused else ():
        apply(findings)
        if findings and not any(waiver.code in OF_ONE_ARTICLE for waiver in list_unused()):
            break


def _check_all(
    run: "_Run",
    workers: int,
    progress: Callable[[int], None],
    folders: Sequence[str | Path],
    reported: Iterable[str],
) -> Iterator[Finding]:
    """Yield all findings, waived or not; it was reported that the files in `reported` cannot be read."""
    unreadable = set[str](reported)
    for finding in _run_all(run, workers, progress):
        if finding.code == files.unreadable_file.code:
            unreadable.add(finding.file)
        yield finding
    for path, reason in sorted(run.irregular):
        if path not in unreadable and not run.leaves_out(path):
            yield from files.unreadable_file(path, None, reason)
    if run.selection is None:
        yield from _check_other_folders(run, folders)


def _check_other_folders(run: "_Run", folders: Sequence[str | Path]) -> Iterator[Finding]:
    """Check the schema and the guidelines of a corpus, to which no change of an article matters."""
    corpus, inventory = run.corpus, run.checker.inventory
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
        tables = find_missing_tables(inventory, folder, pages)
        names = {corpus_rules.path_from_corpus(corpus, path): of_page for path, of_page in tables.items()}
        yield from corpus_rules.table_missing("", None, names)
        for link in find_dead_links(
            folder,
            {path: page for path, page in pages.items() if path.is_relative_to(folder)},
            [page.path for page in missing],
        ):
            yield from corpus_rules.dead_link("", None, [link], corpus_rules.path_from_corpus(corpus, link.page))
    yield from _check_baseline(corpus, inventory)
    for fault in find_page_faults(inventory, pages):
        yield from corpus_rules.page_without_label("", None, fault, corpus_rules.path_from_corpus(corpus, fault.path))
    class_ids = Path(inventory.folder) / CLASS_IDS_FILE
    released = class_ids_rules.read_released(corpus, inventory)
    yield from class_ids_rules.class_id_moved(
        f"{schema}/{CLASS_IDS_FILE}", None, inventory.committed_class_ids, released
    )
    has_lost_ids = any(find_class_id_faults(inventory.committed_class_ids, inventory.class_names, class_ids))  # C501
    outdated = [path for path in find_outdated_files(inventory, pages) if path != class_ids or not has_lost_ids]
    files_ = [corpus_rules.path_from_corpus(corpus, path) for path in outdated]
    yield from corpus_rules.generated_file_outdated("", None, files_)


def _check_baseline(corpus: Corpus, inventory: Inventory) -> Iterator[Finding]:
    """Check the data file of the baseline in the schema folder, if there is one."""
    path = Path(inventory.folder or ".") / BASELINE_FILE
    if not inventory.folder or not is_regular(path, within=inventory.folder):
        return
    try:
        load_baseline(inventory.folder, inventory)
    except CannotRun as error:
        _, _, line = error.where.rpartition(":")
        file = corpus_rules.path_from_corpus(corpus, path)
        yield from corpus_rules.baseline_broken("", None, error, file, int(line) if line.isdecimal() else None)


def _run_all(run: "_Run", workers: int, progress: Callable[[int], None]) -> Iterator[Finding]:
    yield from run.check_annotators()
    yield from run.check_splits()
    yield from run.check_sources()
    yield from run.check_articles(workers, progress)
    yield from run.check_links()
    yield from run.check_statement_and_release()
    yield from run.check_changelog_and_citation()
    yield from check_releases(run.corpus, run.checker.inventory)
    yield from run.check_decisions()
    yield from run.check_covered_articles()
    yield from run.check_strays()
    for rule in (*corpus_rules.OF_CONTENTS, decisions.decisions_lost):
        yield from rule("", None, run.contents)
    yield from run.check_label_totals(workers)


class ArticleFiles(NamedTuple):
    """The files of an article, and what is to be checked.

    Attributes:
        article_id: The article.
        annotation_sets: The annotation sets that have labels of it.
        has_coverage: Whether it has a coverage file.
        has_labels_checked: Whether the rules look at its labels and its coverage. Otherwise only what the checks of the
            corpus compare is read of them.
        known_digest: The hash of its files when they were checked before. If they have it still, nothing is checked.
        has_decisions: Whether it has a file of decisions.
    """

    article_id: str
    annotation_sets: tuple[str, ...]
    has_coverage: bool
    has_labels_checked: bool = True
    known_digest: bytes | None = None
    has_decisions: bool = False


class CheckedArticle(NamedTuple):
    """What the checks of one article's files gave.

    Attributes:
        article_id: The article.
        findings: All findings on its files.
        facts: What the checks of the corpus need of its metadata; None where that cannot be read.
        is_whole: Whether its text is the one that the metadata names.
        names: The annotators that its files of labels name, but for files that name only that of their folder.
        totals: The labels of each annotator with the run of a model. If the rules did not look at them, labels that
            they would refuse are counted, too.
        digest: The hash of its files; None if no hash was asked for, or one of them cannot be read.
        is_unchanged: Whether the hash is the known one; then nothing else was looked at.
    """

    article_id: str
    findings: list[Finding]
    facts: ArticleFacts | None
    is_whole: bool
    names: list[AnnotatorNames]
    totals: dict[str, LabelTotals]
    digest: bytes | None = None
    is_unchanged: bool = False


class _FileRead(NamedTuple):
    """A file of an article: its path relative to the corpus, its bytes if it can be read, and the finding if not."""

    file: str
    data: bytes | None
    findings: list[Finding]


class _ReadArticle(NamedTuple):
    """An article whose text and metadata are checked, as `findings` say; its other files are only read."""

    files: ArticleFiles
    article: Article | None
    facts: ArticleFacts | None
    findings: list[Finding]
    labels: list[LabelFile]
    coverage: _FileRead | None
    decisions: _FileRead | None
    digest: bytes | None
    is_unchanged: bool = False

    @property
    def size(self) -> int:
        return sum(len(file.data) + len(file.article.text if file.article else "") for file in self.labels)


class ArticleChecker:
    """Checks the files of articles; it can be sent to another process.

    Attributes:
        with_run: The annotators whose labels are counted, since annotators.yaml records the run of a model.
        hashes_files: Whether each article gets the hash of its files.
    """

    def __init__(self, corpus: Corpus, inventory: Inventory) -> None:
        self.root, self.inventory = str(corpus.root), inventory
        self.schema = encode_annotation_schema(inventory)
        self.article_schema = encode_article_schema(inventory)
        self.with_run: frozenset[str] = frozenset()
        self.hashes_files = False

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
        file, data, findings = self._read_file(f"annotations/{annotation_set}/{article_id}.json", article_id)
        return LabelFile(annotation_set, file, data or b"", article, findings)

    def _read_file(self, file: str, article_id: str) -> _FileRead:
        return _FileRead(file, *files.read_file(self.root, file, article_id))

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
            value = convert_as({**parsed.value, **more}, type_)
        except msgspec.ValidationError as error:
            findings += files.off_schema(file, article_id, [explain_conversion_error(error)], parsed.value)
            return None, add_lines(findings, data)
        canonical = encode(value)
        if data != canonical:
            # Only such a file can have a key twice: parsing has dropped one of the two.
            duplicates = list(files.duplicate_key(file, article_id, data))
            findings += duplicates or files.not_canonical(file, article_id, data, canonical)
        return value, add_lines(findings, data)

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
        findings = drop_consequences(findings, annotation, self.inventory)
        return annotation if not other_text else None, findings

    def read_names(
        self, article_id: str, labels: Iterable[LabelFile], names: list[AnnotatorNames], totals: dict[str, LabelTotals]
    ) -> Iterator[Finding]:
        """Read what the checks of the corpus compare of labels, without the rules.

        Args:
            article_id: Their article.
            labels: Their files.
            names: Where to add the annotators that they name, as `check_labels` does.
            totals: Where to count the labels of annotators with a run, also those that the rules would refuse.

        Yields:
            The findings on files that cannot be read.
        """
        for file in labels:
            yield from file.findings
            if file.findings:
                continue
            head = decode_head(file.data)
            labels_made: LabelHead | Annotation | None = head
            if head is None or file.annotation_set == GOLD or not head.is_bare_pass_of(file.annotation_set):
                # The schema decides whether the names count.
                annotation, _ = self.check_json(
                    file.file, file.data, article_id, self.schema, "article", Annotation, encode_annotation
                )
                if annotation is None:
                    continue
                named = corpus_rules.names_to_check(annotation, file.annotation_set, article_id)
                names += [named] if named else []
                labels_made = annotation
            if labels_made is not None and file.annotation_set in self.with_run:
                totals.setdefault(file.annotation_set, LabelTotals()).add(labels_made)

    def _read_article(self, article_files: ArticleFiles) -> _ReadArticle:
        """Read the files of an article, and check its text and metadata."""
        article_id, annotation_sets, has_coverage, _, known_digest, has_decisions = article_files
        text_file = self._read_file(f"articles/{article_id}.txt", article_id)
        metadata = self._read_file(f"articles/{article_id}.json", article_id)
        labels = [self.read_labels(annotation_set, article_id, None) for annotation_set in annotation_sets]
        coverage = self._read_file(f"coverage/{article_id}.json", article_id) if has_coverage else None
        decided = self._read_file(f"adjudication/{article_id}.yaml", article_id) if has_decisions else None
        digest = self._hash([text_file, metadata, *filter(None, (coverage, decided))], labels)
        if digest is not None and digest == known_digest:
            return _ReadArticle(article_files, None, None, [], [], None, None, digest, is_unchanged=True)
        article, facts, findings = self._check_article(article_id, text_file, metadata)
        labels = [file._replace(article=article) for file in labels]
        return _ReadArticle(article_files, article, facts, findings, labels, coverage, decided, digest)

    def _hash(self, files_: Sequence[_FileRead], labels: Sequence[LabelFile]) -> bytes | None:
        """Return the hash of the files of an article; None if none was asked for, or one of them cannot be read."""
        if not self.hashes_files or any(file.findings for file in files_) or any(file.findings for file in labels):
            return None
        contents: dict[str, bytes | None] = {file.file: file.data for file in files_}
        contents |= {file.file: file.data for file in labels}
        return hash_files(contents, self.with_run & {file.annotation_set for file in labels})

    def _check_batch(self, batch: list[_ReadArticle]) -> Iterator[CheckedArticle]:
        """Check the labels and the coverage of some articles."""
        with_labels_checked = [read for read in batch if read.files.has_labels_checked]
        decoded = iter(decode_clean([labels for read in with_labels_checked for labels in read.labels], self.inventory))
        for read in batch:
            article_id, article, facts, findings = read.files.article_id, read.article, read.facts, read.findings
            gold, names, has_faulty_gold = None, list[AnnotatorNames](), False
            totals: dict[str, LabelTotals] = {}
            if not read.files.has_labels_checked:
                findings += self.read_names(article_id, read.labels, names, totals)
                findings += read.coverage.findings if read.coverage else ()
            else:
                annotations: dict[str, Annotation | None] = {}
                for labels in read.labels:
                    annotation, more = self.check_labels(article_id, labels, next(decoded), names)
                    findings += more
                    annotations[labels.annotation_set] = None if _has_lasting_errors(more) else annotation
                    if labels.annotation_set == GOLD:
                        gold, has_faulty_gold = annotation, any(finding.severity == "error" for finding in more)
                    if annotation is not None and labels.annotation_set in self.with_run:
                        totals.setdefault(labels.annotation_set, LabelTotals()).add(annotation)
                if read.coverage:
                    findings += self._check_coverage(
                        article_id, read.coverage, article, None if has_faulty_gold else gold
                    )
                findings += independence.check_independence(article_id, annotations)
                if read.decisions:
                    decided = self._check_decisions(read.decisions, article_id, article, read.labels, annotations)
                    findings += decided.findings
                    if article is not None and decided.expected is not None:
                        findings = self._mark_consequences(findings, article, decided.expected, read.coverage)
            is_whole = article is not None
            yield CheckedArticle(
                article_id, findings, facts, is_whole, names, totals, read.digest, read.is_unchanged
            )  # fmt: skip

    def _check_article(
        self, article_id: str, text_file: _FileRead, metadata: _FileRead
    ) -> tuple[Article | None, ArticleFacts | None, list[Finding]]:
        """Check text and metadata; the article is None where its text is not the one that the metadata names."""
        text_, findings = self._check_text(article_id, text_file)
        is_sound = not findings
        file, data, unreadable = metadata
        if data is None:
            return None, None, findings + unreadable
        article, more = self.check_json(
            file, data, article_id, self.article_schema, "id", Article, encode_article, text=text_ or ""
        )
        findings += more
        if article is None:
            return None, None, findings
        findings += dates.check_dates(file, article_id, dates.list_article_dates(article, self.inventory), data=data)
        facts = ArticleFacts(article.text_sha256, article.source.file, article.source.start, article.source.end)
        if text_ is None:
            return None, facts, findings
        other_text = list(text.hash_differs(file, article_id, article))
        if other_text:
            return None, facts, text.keep_cause_of_change(findings, other_text)
        source = self._read_source(article.source.file)
        if source and not (is_sound and text.is_range_of(source, article)):
            changed = list(text.source_changed(file, article_id, article, source))
            findings += changed or text.not_the_source(file, article_id, article, source)
        return article, facts, findings

    def _check_text(self, article_id: str, text_file: _FileRead) -> tuple[str | None, list[Finding]]:
        """Check the text of an article; it is None where there is none or it is not UTF-8."""
        file, data, findings = text_file
        if data is None:
            return None, list(findings)
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

    def _check_coverage(
        self, article_id: str, coverage_file: _FileRead, article: Article | None, gold: Annotation | None
    ) -> Iterator[Finding]:
        """Check an article's coverage file, and its counts against the gold labels; None where these have errors."""
        file, data, unreadable = coverage_file
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

    def _check_decisions(
        self,
        decisions_file: _FileRead,
        article_id: str,
        article: Article | None,
        labels: Iterable[LabelFile],
        annotations: Mapping[str, Annotation | None],
    ) -> decisions.DecidedGold:
        """Check the decisions on an article of the corpus, and its gold against them."""
        file, data, unreadable = decisions_file
        if data is None:
            return decisions.DecidedGold(unreadable)
        value, findings = _parse_decisions(file, data, article_id, {article_id})
        if article is None or value is None or findings:
            return decisions.DecidedGold(findings)
        by_set = {each.annotation_set: each for each in labels}
        return decisions.check_decided_gold(file, data, value, article, by_set, annotations, self.inventory)

    def _mark_consequences(
        self, findings: Iterable[Finding], article: Article, expected: Annotation, coverage: _FileRead | None
    ) -> list[Finding]:
        """Return the findings on an article, with those last that follow from a difference of gold from its decisions.

        An error of a span, such as a number that is not in its words, says more than that gold differs there. If there
        is one for each span and nothing else follows, the difference is taken for what follows from it.

        Args:
            findings: The findings, C803 among them.
            article: The article.
            expected: Gold as it was decided. What is found in this, too, does not follow from the difference.
            coverage: The coverage file of the article.
        """
        file, cause = f"annotations/{GOLD}/{article.id}.json", decisions.gold_against_decisions.code
        others = [
            *check_labels(expected, article.text, self.inventory, file),
            *(self._check_coverage(article.id, coverage, article, expected) if coverage else ()),
        ]
        remaining = Counter((finding.code, finding.message) for finding in others)
        on_their_own, consequences = list[Finding](), list[Finding]()
        for finding in findings:
            key = finding.code, finding.message
            is_of_gold = finding.code in _OF_LABELS and finding.file == file
            if not is_of_gold and finding.code != coverage_rules.stale_count.code:
                on_their_own.append(finding)
            elif remaining[key] > 0:
                remaining[key] -= 1
                on_their_own.append(finding)
            else:
                consequences.append(replace(finding, cause=cause))
        errors = [finding for finding in consequences if finding.is_error and finding.code in _OF_SPANS]
        codes = {finding.span: finding.code for finding in errors if finding.span}
        differing = {finding.span for finding in on_their_own if finding.code == cause}
        if len(codes) < len(consequences) or not codes.keys() <= differing:
            return on_their_own + consequences
        on_their_own += (replace(finding, cause="") for finding in consequences)
        explained = [each for each in on_their_own if each.code == cause and each.span in codes]
        others = [each for each in on_their_own if each not in explained]
        return [*others, *(replace(each, cause=codes[each.span]) for each in explained if each.span)]


def _parse_decisions(file: str, data: bytes, name: str, article_ids: Collection[str]) -> tuple[Any, list[Finding]]:
    """Parse a file of decisions, and check what needs no labels.

    Args:
        file: The path of the file, relative to the corpus.
        data: Its bytes.
        name: The article that its name says.
        article_ids: The articles of the corpus.

    Returns:
        Its value, or None where it cannot be used; and the findings.
    """
    parsed = files.parse_file(file, name, data, package_schema("adjudication"))
    findings = parsed.findings
    if parsed.value is not None:
        findings += decisions.decisions_elsewhere(file, name, parsed.value, name, article_ids)
        findings += decisions.unknown_take(file, name, parsed.value, line_finder(file, data))
    return parsed.value, findings


def _has_lasting_errors(findings: Iterable[Finding]) -> bool:
    """Return whether there are errors that cannot be waived, so that what follows from them is not worth a finding."""
    return any(finding.severity == "error" and not finding.waivable for finding in findings)


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

    def __init__(
        self, corpus: Corpus, inventory: Inventory, selection: Selection | None, cache: VerdictCache | None
    ) -> None:
        self.corpus = corpus
        self.checker = ArticleChecker(corpus, inventory)
        self.checker.hashes_files = cache is not None
        self.selection, self._cache = selection, cache
        self._covered = set(corpus.covered_ids())
        self._hidden_codes = OF_ONE_ARTICLE
        self._unseen: list[str] = []
        """The articles and strays on whose labels there may be findings that this run has not seen."""
        self._loosely_counted: set[str] = set()
        """The articles whose labels are in `_loose_totals`, and not in the totals of `contents`."""
        self._loose_totals: dict[str, LabelTotals] = {}
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
            decided=set(corpus.decided_ids()),
        )
        self.existing = frozenset(self.contents.article_ids)
        annotated, shared = self.contents.annotated, self._shared
        for annotation_set in corpus.annotation_sets():
            for article_id in corpus.annotated_ids(annotation_set):
                annotation_sets = (*annotated.get(article_id, ()), annotation_set)
                annotated[article_id] = shared.setdefault(annotation_sets, annotation_sets)

    def shows(self, finding: Finding) -> bool:
        """Return whether a finding is one of those that were asked for."""
        return self.selection is None or self.selection.shows(finding, self._hidden_codes)

    def leaves_out(self, file: str) -> bool:
        """Return whether a file of the corpus is not read since it belongs to an article that is not selected."""
        return file.startswith("adjudication/") and not self._is_selected(article_of(file) or "")

    def _is_selected(self, article_id: str) -> bool:
        return self.selection is None or article_id in self.selection.article_ids

    def check_annotators(self) -> Iterator[Finding]:
        file = self.corpus.annotators_path.name
        data, findings = files.read_file(self.corpus.root, file, None)
        if data is None:
            yield from findings or files.unreadable_file(file, None, "is missing")
            return
        parsed = files.parse_file(file, None, data, package_schema("annotators"))
        yield from parsed.findings
        if parsed.value is not None:
            try:
                annotators = convert_as(parsed.value["annotators"], list[Annotator])
            except msgspec.ValidationError as error:
                yield from files.off_schema(file, None, [explain_conversion_error(error)], parsed.value)
                return
            self.contents.annotators, self.contents.has_annotators = annotators, True
            self.checker.with_run = frozenset(annotator.id for annotator in annotators if annotator.run)
            for name in self.checker.with_run:
                files_ = sum(name in annotation_sets for annotation_sets in self.contents.annotated.values())
                self.contents.label_totals[name] = LabelTotals(files=files_)
            yield from model_runs.run_of_person(file, None, annotators)
            yield from model_runs.run_of_later_inventory(file, None, annotators, self.contents.inventory_version)
            yield from corpus_rules.personal_data(file, None, data.decode("utf-8"))
            yield from corpus_rules.annotator_twice(file, None, self.contents)
            yield from dates.check_dates(file, None, *dates.list_annotator_periods(annotators), data)

    def check_splits(self) -> Iterator[Finding]:
        for name in self.corpus.split_names():
            data, unreadable = files.read_file(self.corpus.root, f"splits/{name}.txt", None)
            yield from unreadable
            self.contents.splits[name] = decode_split(data or b"")
            yield from self._check_split_form(name, data or b"")
            if data and data.startswith(files.BOM):
                self.contents.splits[name] = decode_split(data.removeprefix(files.BOM))
        yield from split_rules.unknown_split("", None, list(self.contents.splits))
        if self.selection is not None:
            contents = self.contents
            self._hidden_codes = self.selection.hidden_codes(
                contents.annotated, self._covered, contents.splits, contents.decided
            )

    def _check_split_form(self, name: str, data: bytes) -> Iterator[Finding]:
        file = f"splits/{name}.txt"
        broken = list(files.encoding(file, None, data))
        ids = decode_split(data)
        # Words that are no articles, such as those of a comment or of a merge conflict, are left to C106: the fix of
        # S107 would write each as an id.
        if broken or self.contents.article_ids.issuperset(ids):
            yield from broken or files.not_canonical(file, None, data, encode_split(ids))

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
            else:
                self.contents.broken_records.add(name)
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
        """Check the files of each article, in the order of ids; only those of a selection, if there is one."""
        known: dict[str, ArticleSummary] = {}

        def list_articles() -> Iterator[ArticleFiles]:
            for article_id in sorted(self.contents.article_ids):
                is_selected, summary = self._is_selected(article_id), None
                if self._cache is not None:
                    summary = self._cache.find(article_id, self.contents.source_hashes, must_be_clean=is_selected)
                if summary is not None:
                    known[article_id] = summary
                yield self._list_files(article_id, is_selected, summary.digest if summary else None)

        for chunk in self._map_chunks(list_articles(), workers):
            for checked in chunk:
                yield from self._without_changed_source(checked)
                # Strings from another process are copies; intern them, so that one is kept.
                article_id = sys.intern(checked.article_id)
                summary = known.pop(article_id, None)
                if summary is None or not checked.is_unchanged:
                    summary = self._summarize(checked, self._is_selected(article_id))
                else:
                    self._keep(article_id, summary)
                if summary.facts:
                    facts = summary.facts
                    self.contents.articles[article_id] = facts._replace(source=sys.intern(facts.source))
                if summary.is_whole:
                    self.contents.whole.add(article_id)
                self._add_names(article_id, summary.names)
                self._add_totals(article_id, summary.totals, summary.are_labels_checked)
                if self.selection is not None and not summary.is_clean and not self._is_selected(article_id):
                    self._unseen.append(article_id)
            progress(len(chunk))

    def _without_changed_source(self, checked: CheckedArticle) -> list[Finding]:
        """Return the findings on an article without T202 where C112 reports the source file, and note T201 for C110."""
        if checked.facts is None or not checked.findings:
            return checked.findings
        source = checked.facts.source
        if any(finding.code == text.not_the_source.code for finding in checked.findings):
            self.contents.misread_sources.add(source)
        if source not in self.contents.changed_sources:
            return checked.findings
        return [finding for finding in checked.findings if finding.code != text.source_changed.code]

    def check_other_labels(self, workers: int, article_ids: Collection[str] | None) -> Iterator[list[Finding]]:
        """Run the rules on labels that the check of a change left out.

        Args:
            workers: The number of worker processes.
            article_ids: The articles whose labels are checked; None for all that were left out.

        Yields:
            The findings on the labels and the coverage of each article, and on labels of articles that do not exist.
        """
        unseen = [article_id for article_id in self._unseen if article_ids is None or article_id in article_ids]
        existing = self.contents.article_ids
        for checked in self._check_again([article_id for article_id in unseen if article_id in existing], workers):
            yield [finding for finding in checked.findings if not finding.file.startswith("articles/")]
        for article_id in unseen:
            if article_id not in existing:
                yield self._check_stray(article_id, [])

    def _check_again(self, article_ids: Iterable[str], workers: int) -> Iterator[CheckedArticle]:
        """Check all files of articles whose labels were only read."""
        for chunk in self._map_chunks((self._list_files(article_id, True) for article_id in article_ids), workers):
            for checked in chunk:
                self._summarize(checked, True)
                yield checked

    def _list_files(self, article_id: str, is_selected: bool, known_digest: bytes | None = None) -> ArticleFiles:
        annotation_sets, has_coverage = self._annotation_sets(article_id), article_id in self._covered
        has_decisions = article_id in self.contents.decided
        return ArticleFiles(article_id, annotation_sets, has_coverage, is_selected, known_digest, has_decisions)

    def _map_chunks(self, articles: Iterator[ArticleFiles], workers: int) -> Iterator[list[CheckedArticle]]:
        """Yield what the checks of articles gave, some articles at a time, in their order."""
        chunks = iter(lambda: list(islice(articles, CHUNK)), [])
        with process_pool(workers) as executor:
            yield from map_in_order(executor, self.checker, chunks, workers)

    def _summarize(self, checked: CheckedArticle, are_labels_checked: bool) -> ArticleSummary:
        """Return what the checks of the corpus need of an article, and keep it for the next check where it can."""
        source = checked.facts.source if checked.facts else None
        source_sha256 = self.contents.source_hashes.get(source) if source is not None else ""
        summary = ArticleSummary(
            digest=checked.digest or b"",
            source_sha256=source_sha256 or "",
            are_labels_checked=are_labels_checked,
            is_clean=are_labels_checked and not checked.findings,
            facts=checked.facts,
            is_whole=checked.is_whole,
            names=checked.names,
            totals=checked.totals,
        )
        # Findings on text and metadata can be those of a changed source file, so they are looked for each time.
        is_text_clean = not any(finding.file.startswith("articles/") for finding in checked.findings)
        if checked.digest is not None and source_sha256 is not None and is_text_clean:
            self._keep(checked.article_id, summary)
        return summary

    def _keep(self, article_id: str, summary: ArticleSummary) -> None:
        if self._cache is not None:
            self._cache.keep(article_id, summary)

    def _add_totals(self, article_id: str, totals: Mapping[str, LabelTotals], are_labels_checked: bool) -> None:
        """Count the labels of annotators with a run."""
        for annotator, labels in totals.items():
            if are_labels_checked:
                self.contents.label_totals[annotator].merge(labels)
            else:
                self._loosely_counted.add(article_id)
                self._loose_totals.setdefault(annotator, LabelTotals()).merge(labels)

    def check_label_totals(self, workers: int) -> Iterator[Finding]:
        """Compare the labels of models with their runs.

        Labels that were only read are counted as if the rules accepted them. If these counts differ from those of the
        run, the rules look at the labels: a file that they refuse is not counted, and then nothing is compared.
        """
        contents, totals = self.contents, self.contents.label_totals
        loose = {name: LabelTotals(files=exact.files) for name, exact in totals.items()}
        for name, counted in loose.items():
            counted.merge(totals[name])
            counted.merge(self._loose_totals.get(name, LabelTotals()))
        doubtful = {
            annotator.id
            for annotator in contents.annotators
            if annotator.id in self._loose_totals and any(model_runs.labels_not_of_run("", None, [annotator], loose))
        }
        affected = [
            article_id
            for article_id in sorted(self._loosely_counted)
            if not doubtful.isdisjoint(self._annotation_sets(article_id))
        ]
        for checked in self._check_again(affected, workers):
            for name in doubtful & checked.totals.keys():
                totals[name].merge(checked.totals[name])
        for name in self._loose_totals.keys() - doubtful:
            totals[name].merge(self._loose_totals[name])
        file = self.corpus.annotators_path.name
        yield from model_runs.labels_not_of_run(file, None, contents.annotators, totals)

    def _add_names(self, article_id: str, names: Iterable[AnnotatorNames]) -> None:
        """Keep the annotators that files of labels name, each name once in memory."""
        for annotation_set, _, annotator, process, made_from, has_predictions in names:
            self.contents.names.append(
                AnnotatorNames(
                    sys.intern(annotation_set),
                    article_id,
                    sys.intern(annotator),
                    sys.intern(process),
                    self._shared.setdefault(made_from, made_from),
                    has_predictions,
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
            yield from coverage_rules.link_twice(file, None, links)
            yield from coverage_rules.passage_elsewhere(file, None, links, texts, broken)
            yield from split_rules.group_in_two_splits("", None, bonds_of_links(links), self.contents.splits)

    def check_statement_and_release(self) -> Iterator[Finding]:
        for path, schema in ((self.corpus.statement_path, "statement"), (self.corpus.release_path, "release")):
            data, unreadable = files.read_file(self.corpus.root, path.name, None)
            yield from unreadable
            if data is not None:
                parsed = files.parse_file(path.name, None, data, package_schema(schema))
                yield from parsed.findings
                if parsed.value is not None and path == self.corpus.release_path:
                    gate, inventory = parsed.value["agreement"], self.checker.inventory
                    names = gate.get("labels", {}), gate.get("attributes", {})
                    yield from gate_of_no_label(path.name, None, *names, inventory)

    def check_changelog_and_citation(self) -> Iterator[Finding]:
        """Check the days of the changelog, and the CITATION.cff next to the corpus."""
        file = "CHANGELOG.md"
        data, unreadable = files.read_file(self.corpus.root, file, None)
        yield from unreadable
        if data is not None:
            yield from dates.check_dates(file, None, dates.list_changelog_dates(data.decode("utf-8", "replace")))
        folder = find_parent_folder(self.corpus.root)
        path = corpus_rules.path_from_corpus(self.corpus, self.corpus.root / ".." / CITATION)
        yield from citation.check_citation(folder, path)

    def check_decisions(self) -> Iterator[Finding]:
        """Check the decisions on articles that do not exist; only those of a selection, if there is one."""
        for article_id in sorted(self.contents.decided - self.contents.article_ids):
            file = f"adjudication/{article_id}.yaml"
            data, findings = files.read_file(self.corpus.root, file, article_id)
            if data is not None:
                value, findings = _parse_decisions(file, data, article_id, self.contents.article_ids)
                if value is not None:
                    self.contents.misnamed_decisions.add(value["article"])
            yield from findings if self._is_selected(article_id) else ()

    def check_covered_articles(self) -> Iterator[Finding]:
        gold = {article_id for article_id, sets in self.contents.annotated.items() if GOLD in sets}
        yield from coverage_rules.not_covered("", None, sorted(self._covered), gold & self.contents.article_ids)

    def check_strays(self) -> Iterator[Finding]:
        """Check the labels of articles that do not exist."""
        for article_id in sorted(self.contents.annotated.keys() - self.contents.article_ids):
            names = list[AnnotatorNames]()
            if self._is_selected(article_id):
                yield from self._check_stray(article_id, names)
            else:
                yield from self.checker.read_names(article_id, self._read_strays(article_id), names, {})
                self._unseen.append(article_id)
            self._add_names(article_id, names)

    def _check_stray(self, article_id: str, names: list[AnnotatorNames]) -> list[Finding]:
        """Check the labels of an article that does not exist, and add the annotators that they name."""
        return [
            finding
            for labels in self._read_strays(article_id)
            for finding in self.checker.check_labels(article_id, labels, None, names)[1]
        ]

    def _read_strays(self, article_id: str) -> Iterator[LabelFile]:
        return (self.checker.read_labels(name, article_id, None) for name in self._annotation_sets(article_id))

    def _annotation_sets(self, article_id: str) -> tuple[str, ...]:
        return self.contents.annotated.get(article_id, ())
