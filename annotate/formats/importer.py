"""Imports documents of any format into a corpus, one at a time, and says what became of each."""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from itertools import chain
from pathlib import Path
from typing import Literal, NamedTuple

from annotate.corpus import Corpus, encode_annotation, keep_version
from annotate.errors import CannotRun
from annotate.findings import Finding
from annotate.formats import rules
from annotate.formats.apply_mapping import ItemCounts, map_document
from annotate.formats.document import AnnotationOrigin, Format, RawDocument, refused_document
from annotate.ingest import Details, Intake
from annotate.inventory import Inventory
from annotate.label_map import LabelMap, identity_map
from annotate.model import GOLD, Annotation
from annotate.util.files import LINK, write_together
from annotate.util.folders import list_irregular
from annotate.util.lock import writing_to
from annotate.util.parallel import map_in_order, thread_pool
from annotate.versions import is_older, is_version

WRITERS = 8
"""Number of threads that write. They mostly wait for the disk; all else is done in one thread."""

Fate = Literal["new", "there already", "refused"]


class ImportOutcome(NamedTuple):
    """What became of one document.

    Attributes:
        article_id: The id of the article.
        fate: Whether it is new, is in the corpus already, or was refused.
        spans: Number of its spans.
        relations: Number of its relations.
        findings: The findings on it.
        counts: How many of its items were accepted and not.
    """

    article_id: str
    fate: Fate
    spans: int
    relations: int
    findings: list[Finding]
    counts: ItemCounts

    @property
    def sorted_findings(self) -> list[Finding]:
        """The findings by file and line."""
        return sorted(self.findings, key=lambda finding: (finding.file, finding.line or 0))


class ImportTally:
    """The totals of an import, and the names that its map lacks.

    Attributes:
        fates: Number of documents by what became of them.
        items: How many of their items were accepted and not.
        spans: Number of their spans.
        relations: Number of their relations.
        errors: Number of errors among the findings.
        warnings: Number of warnings among them.
    """

    def __init__(self) -> None:
        self.fates: dict[Fate, int] = {"new": 0, "there already": 0, "refused": 0}
        self.items = ItemCounts()
        self.spans = self.relations = self.errors = self.warnings = 0
        self._unmapped_names: dict[str, _UnmappedName] = {}

    @property
    def documents(self) -> int:
        """Number of documents."""
        return sum(self.fates.values())

    def add(self, outcome: ImportOutcome) -> None:
        """Add what became of a document."""
        self.fates[outcome.fate] += 1
        self.items = self.items.plus(outcome.counts)
        self.spans += outcome.spans
        self.relations += outcome.relations
        for finding in outcome.sorted_findings:
            self.errors += finding.severity == "error"
            self.warnings += finding.severity == "warning"
            if finding.code == rules.unmapped.code:
                self._unmapped_names.setdefault(finding.message, _UnmappedName(finding)).add(finding)

    def unmapped_names(self) -> list[Finding]:
        """Return a finding for each name that the map lacks: its first, with the number of lines that have it."""
        return [name.finding() for name in self._unmapped_names.values()]


class _UnmappedName:
    """A name that the map lacks: its first finding, and how many lines in how many files have it."""

    def __init__(self, first: Finding) -> None:
        self.first, self.last_file, self.lines, self.files = first, "", 0, 0

    def add(self, finding: Finding) -> None:
        self.lines += 1
        self.files += finding.file != self.last_file
        self.last_file = finding.file

    def finding(self) -> Finding:
        files = "1 file" if self.files == 1 else f"{self.files:,} files"
        extent = f" ({self.lines:,} such lines in {files}; this is the first)" if self.lines > 1 else ""
        return replace(self.first, message=f"{self.first.message}{extent}")


class _Decision(NamedTuple):
    """What is to be written: the source and article, and the annotation; None for what is not."""

    outcome: ImportOutcome
    intake: Intake | None = None
    annotation: Annotation | None = None


class Importer:
    """Imports documents as the work of one annotator.

    It keeps the ids, source files and text hashes of the corpus in memory, and only the documents that are being
    written.

    Args:
        corpus: The corpus.
        inventory: The inventory of the labels.
        label_map: The map to the inventory.
        annotator: Who made the annotations.
        details: Metadata of articles.
        fix: Whether to correct offsets that do not read the quoted words, if exactly one place is possible.
        plan: Whether to write nothing.

    Raises:
        CannotRun: If the annotator is not in `annotators.yaml`.
    """

    def __init__(
        self,
        corpus: Corpus,
        inventory: Inventory,
        label_map: LabelMap,
        annotator: str,
        details: Details,
        fix: bool = False,
        plan: bool = False,
    ) -> None:
        if annotator == GOLD or annotator not in corpus.read_annotators():
            hint = f"enter {annotator} there" if annotator != GOLD else "gold comes from adjudication; name another"
            raise CannotRun(corpus.annotators_path, f"there is no annotator {annotator!r}", hint)
        self.corpus, self.inventory, self.label_map, self.details = corpus, inventory, label_map, details
        self.origin = AnnotationOrigin(annotator, "single pass", (), inventory.version)
        self.fix, self.plan, self._is_identity = fix, plan, label_map == identity_map(inventory)
        self._ids, self._text_ids, self._source_files = set[str](), set[str](), set[str]()
        self._texts: dict[str, str] = {}
        self._imported: set[str] = set()

    def import_folder(self, format_: Format, folder: Path) -> Iterator[ImportOutcome]:
        """Import the documents of a folder; see `import_all`. A link or a special file in it is refused, and not read.

        Args:
            format_: The format of the files.
            folder: The folder.

        Raises:
            CannotRun: If the folder is missing, is a link, or cannot be read.
        """
        if not folder.is_dir() or folder.is_symlink():
            problem = LINK if folder.is_symlink() else "no such folder"
            raise CannotRun(folder, problem, "name the folder of the files")
        refused = (
            refused_document("", file, next(rules.irregular_file(file, None, reason)), 0)
            for file, reason in list_irregular(folder)
        )
        return self.import_all(chain(refused, format_.read(folder, self.inventory)))

    def import_all(self, documents: Iterable[RawDocument]) -> Iterator[ImportOutcome]:
        """Import documents and yield what became of each, in order and after it was written.

        Unless it is only planned, the corpus is locked until the last one, and read once it is locked.

        Raises:
            Refused: If a file was made or changed by another program meanwhile. It is left alone.
        """
        with writing_to(*([] if self.plan else [self.corpus.root])):
            self._read_corpus()
            with thread_pool(WRITERS) as executor:
                yield from map_in_order(executor, self._write, map(self._decide, documents), WRITERS)

    def _read_corpus(self) -> None:
        self._ids, self._text_ids = set(self.corpus.article_ids()), set(self.corpus.text_ids())
        self._source_files = set(self.corpus.source_files())
        self._texts = {article.text_sha256: article.id for article in self.corpus.articles()}

    def _decide(self, raw: RawDocument) -> _Decision:
        origin = self.origin._replace(inventory=self._find_version(raw))
        mapped = map_document(raw, self.label_map, self.inventory, origin, self.details, self.fix)
        intake, annotation, findings, counts = mapped
        if intake is None or annotation is None:
            return _Decision(ImportOutcome(raw.article_id, "refused", 0, 0, findings, counts))
        if counts.reported and not counts.taken:
            # The file was made for another text or map: its article would pass for one with nothing to annotate.
            return _Decision(ImportOutcome(raw.article_id, "refused", 0, 0, findings, counts))
        annotation = self._keep_version(annotation)
        why = self._reason_to_refuse(intake, annotation)
        if why:
            findings = list(rules.article_refused(raw.file, raw.article_id, why))
            counts = ItemCounts(read=counts.read, reported=counts.read)
            return _Decision(ImportOutcome(raw.article_id, "refused", 0, 0, findings, counts))
        (article,) = intake.articles
        fate: Fate = "there already" if article.id in self._ids else "new"
        self._imported.add(article.id)
        self._texts[article.text_sha256] = article.id
        outcome = ImportOutcome(
            raw.article_id, fate, len(annotation.spans), len(annotation.relations), findings, counts
        )
        return _Decision(outcome, intake if fate == "new" else None, annotation)

    def _find_version(self, raw: RawDocument) -> str:
        """Return the version that labels were made with: a file's own if it is older and its names need no map."""
        version = raw.origin.inventory if raw.origin else self.inventory.version
        is_own = self._is_identity and is_version(version)
        return version if is_own and is_older(version, self.inventory.version) else self.inventory.version

    def _keep_version(self, annotation: Annotation) -> Annotation:
        """Return the annotation with the version of the same labels in the corpus, if it has them already."""
        old = self.corpus.find_readable_annotation(annotation.annotator, annotation.article)
        return keep_version(annotation, old) if old and annotation.article in self._ids else annotation

    def _write(self, decision: _Decision) -> ImportOutcome:
        outcome, intake, annotation = decision
        if not self.plan:
            files = intake.files(self.corpus) if intake else []
            if annotation:
                path = self.corpus.annotation_path(annotation.annotator, outcome.article_id)
                files.append(self.corpus.prepare_file(path, encode_annotation(annotation)))
            # An interrupted import may have written some of them: `_reason_to_refuse` has found no others.
            missing = [file for file in files if self.corpus.read_file_if_present(file.path) != file.data]
            write_together([file._replace(old=None) for file in missing])
        return outcome

    def _reason_to_refuse(self, intake: Intake, annotation: Annotation) -> str | None:
        """Return why a document is refused; None if it is new, or is in the corpus already as it is here."""
        (article,) = intake.articles
        if article.id in self._imported:
            return f"another file of this import has the id {article.id!r} already; rename one of them"
        if article.id in self._ids:
            is_known = self._texts.get(article.text_sha256) == article.id
            if not is_known or self.corpus.read_article(article.id).source != article.source:
                return f"another article with the id {article.id!r} is in the corpus already; rename the file"
            path = self.corpus.annotation_path(annotation.annotator, article.id)
            if (data := self.corpus.read_file_if_present(path)) is not None and data != encode_annotation(annotation):
                return f"other labels of it by {annotation.annotator} are in the corpus already; name another annotator"
            return None
        if article.text_sha256 in self._texts:
            return f"its text is in the corpus already, as {self._texts[article.text_sha256]!r}; leave it out"
        # A source, or a text without metadata, may come from an interrupted import; then it is the same.
        source = self.corpus.source_path(intake.source.file)
        if (data := self.corpus.read_file_if_present(source)) is not None and data != intake.data:
            return f"another source file called {source.name} is in the corpus already; rename the file"
        if intake.source.file in self._source_files and self.corpus.read_source(source.name) != intake.source:
            return f"the source file {source.name} is in the corpus already, cut in another way; rename the file"
        if article.id in self._text_ids and self.corpus.read_text(article.id) != article.text:
            return f"another text with the id {article.id!r} is in the corpus already; rename the file"
        return None
