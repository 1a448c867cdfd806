"""Imports documents of any format into a corpus, one at a time, and says what became of each."""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from itertools import chain
from pathlib import Path
from typing import Literal, NamedTuple

from msgspec.structs import replace as replace_fields

from annotate.corpus import Corpus, encode_annotation, keep_version
from annotate.errors import CannotRun
from annotate.findings import Finding
from annotate.formats import FormatReader, rules
from annotate.formats.apply_mapping import ItemCounts, map_document
from annotate.formats.document import AnnotationOrigin, RawDocument, refused_document
from annotate.ingest import Details, Intake
from annotate.inventory import Inventory
from annotate.label_map import LabelMap, identity_map
from annotate.model import GOLD, Annotation, Article
from annotate.util.files import LINK, write_together
from annotate.util.folders import list_irregular
from annotate.util.lock import writing_to
from annotate.util.parallel import map_in_order, thread_pool
from annotate.versions import is_older, is_version

WRITERS = 8
"""Number of threads that write. They mostly wait for the disk; all else is done in one thread."""

Fate = Literal["new", "there already", "refused", "left out"]

GROUPED = {rule.code for rule in (rules.unmapped, rules.not_accepted, rules.unknown_annotator, rules.other_annotator)}
"""Codes of findings that are the same for many lines, and are shown once."""


class ImportOutcome(NamedTuple):
    """What became of one document.

    Attributes:
        article_id: The id of the article.
        fate: Whether it is new, is in the corpus already, was refused, or is left out as the map says.
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

    def at(self, line: int | None) -> "ImportOutcome":
        """Return the outcome with a line for each finding that has none."""
        return self._replace(findings=[one if one.line else one.at(line) for one in self.findings]) if line else self

    @property
    def sorted_findings(self) -> list[Finding]:
        """The findings by file and line."""
        return sorted(self.findings, key=lambda finding: (finding.file, finding.line or 0))


class ImportTally:
    """The totals of an import, and the findings that many lines share.

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
        self._groups: dict[str, _FindingGroup] = {}

    @property
    def documents(self) -> int:
        """Number of documents."""
        return sum(self.fates.values())

    def add(self, outcome: ImportOutcome) -> None:
        """Add what became of a document."""
        self.fates[outcome.fate] = self.fates.get(outcome.fate, 0) + 1
        self.items = self.items.plus(outcome.counts)
        self.spans += outcome.spans
        self.relations += outcome.relations
        for finding in outcome.sorted_findings:
            self.errors += finding.severity == "error"
            self.warnings += finding.severity == "warning"
            if finding.code in GROUPED:
                self._groups.setdefault(finding.message, _FindingGroup(finding)).add(finding)

    def grouped_findings(self) -> list[Finding]:
        """Return a finding for each name that the map lacks, and the like: its first, with the number of lines."""
        return [group.finding() for group in self._groups.values()]


class _FindingGroup:
    """Findings with the same message: the first, and how many lines in how many files have it."""

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
        annotator: Who made the annotations; None if the files say it.
        details: Metadata of articles.
        fix: Whether to correct offsets that do not read the quoted words, if exactly one place is possible.
        plan: Whether to write nothing.

    Raises:
        CannotRun: If the annotator, or one that the map names, is not in `annotators.yaml`.
    """

    def __init__(
        self,
        corpus: Corpus,
        inventory: Inventory,
        label_map: LabelMap,
        annotator: str | None,
        details: Details,
        fix: bool = False,
        plan: bool = False,
    ) -> None:
        self.annotators = set(corpus.read_annotators())
        mapped = [name for name in label_map.annotators.values() if name is not None]
        if unknown := sorted({*mapped, *([annotator] if annotator else [])} - self.annotators):
            hint = f"enter {', '.join(unknown)} there"
            hint = hint if unknown != [GOLD] else "gold comes from adjudication; name another"
            raise CannotRun(corpus.annotators_path, f"there is no annotator {', '.join(map(repr, unknown))}", hint)
        self.corpus, self.inventory, self.label_map, self.details = corpus, inventory, label_map, details
        self.annotator, self._is_sole = annotator, True
        self.fix, self.plan, self._is_identity = fix, plan, label_map == identity_map(inventory)
        self._ids, self._text_ids, self._source_files = set[str](), set[str](), set[str]()
        self._texts: dict[str, str] = {}
        self._imported: set[tuple[str, str]] = set()
        """The article and the annotation set of each annotation."""
        self._new: dict[str, Article] = {}
        """The articles that were added, without their texts."""

    def import_folder(self, reader: FormatReader, folder: Path) -> Iterator[ImportOutcome]:
        """Import the documents of a folder; see `import_all`. A link or a special file in it is refused, and not read.

        Args:
            reader: What reads the files.
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
        if self.annotator is not None:
            self._is_sole = len(reader.list_annotators(folder) - self.label_map.annotators.keys()) <= 1
        return self.import_all(chain(refused, reader.read(folder, self.inventory)))

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
        decision = self._decide_document(raw)
        return decision._replace(outcome=decision.outcome.at(raw.line))

    def _decide_document(self, raw: RawDocument) -> _Decision:
        if raw.refusal and raw.refusal.severity != "error":
            return _Decision(self._leave_out(raw, raw.lines, [raw.refusal]))
        name = raw.origin.annotator if raw.origin else ""
        annotator = self._find_annotator(raw)
        if annotator is None:
            if name in self.label_map.annotators:
                return _Decision(self._leave_out(raw, len(raw.items), []))
            if not raw.refusal:
                counts = ItemCounts(read=len(raw.items), reported=len(raw.items))
                findings = list(rules.unknown_annotator(raw.file, raw.article_id, name))
                return _Decision(ImportOutcome(raw.article_id, "refused", 0, 0, findings, counts))
        origin = self._find_origin(raw, annotator or "")
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
        is_known = article.id in self._ids or article.id in self._new
        fate: Fate = "there already" if is_known else "new"
        self._imported.add((article.id, _annotation_set(annotation)))
        self._texts[article.text_sha256] = article.id
        if not is_known:
            self._new[article.id] = replace_fields(article, text="")
        if name and name != origin.annotator and name not in self.label_map.annotators and raw.origin:
            other = (name, origin.annotator, raw.origin.process, raw.origin.made_from)
            findings = [*findings, *rules.other_annotator(raw.file, raw.article_id, *other)]
        outcome = ImportOutcome(
            raw.article_id, fate, len(annotation.spans), len(annotation.relations), findings, counts
        )
        return _Decision(outcome, intake if fate == "new" else None, annotation)

    def _leave_out(self, raw: RawDocument, items: int, findings: list[Finding]) -> ImportOutcome:
        return ImportOutcome(raw.article_id, "left out", 0, 0, findings, ItemCounts(read=items, left_out=items))

    def _find_annotator(self, raw: RawDocument) -> str | None:
        """Return who made the labels of a document; None if the map leaves them out, or if it is not known.

        `--annotator` is who made all of them, unless the files name several people.
        """
        name = raw.origin.annotator if raw.origin else ""
        if name in self.label_map.annotators:
            return self.label_map.annotators[name]
        if self.annotator is not None and (not name or self._is_sole):
            return self.annotator
        return name if name in self.annotators else None

    def _find_origin(self, raw: RawDocument, annotator: str) -> AnnotationOrigin:
        """Return the origin of a document's labels: as the file gives it, unless `--annotator` names another."""
        origin = AnnotationOrigin(annotator, "single pass", (), self._find_version(raw))
        if raw.origin and (raw.origin.annotator == annotator or raw.origin.annotator in self.label_map.annotators):
            made_from = tuple(self.label_map.annotators.get(name) or name for name in raw.origin.made_from)
            return origin._replace(process=raw.origin.process, made_from=made_from)
        return origin

    def _find_version(self, raw: RawDocument) -> str:
        """Return the version that labels were made with: a file's own if it is older and its names need no map."""
        version = raw.origin.inventory if raw.origin else self.inventory.version
        is_own = self._is_identity and is_version(version)
        return version if is_own and is_older(version, self.inventory.version) else self.inventory.version

    def _keep_version(self, annotation: Annotation) -> Annotation:
        """Return the annotation with the version of the same labels in the corpus, if it has them already."""
        old = self.corpus.find_readable_annotation(_annotation_set(annotation), annotation.article)
        return keep_version(annotation, old) if old and annotation.article in self._ids else annotation

    def _write(self, decision: _Decision) -> ImportOutcome:
        outcome, intake, annotation = decision
        if not self.plan:
            files = intake.files(self.corpus) if intake else []
            if annotation:
                path = self.corpus.annotation_path(_annotation_set(annotation), outcome.article_id)
                files.append(self.corpus.prepare_file(path, encode_annotation(annotation)))
            # An interrupted import may have written some of them: `_reason_to_refuse` has found no others.
            missing = [file for file in files if self.corpus.read_file_if_present(file.path) != file.data]
            write_together([file._replace(old=None) for file in missing])
        return outcome

    def _reason_to_refuse(self, intake: Intake, annotation: Annotation) -> str | None:
        """Return why a document is refused; None if it is new, or is in the corpus already as it is here."""
        (article,) = intake.articles
        annotation_set = _annotation_set(annotation)
        if (article.id, annotation_set) in self._imported:
            problem = f"this import has labels of {article.id!r} by {annotation_set} already"
            return f"{problem}; keep one of them, or rename one of the texts"
        if new := self._new.get(article.id):
            if (new.text_sha256, new.source) == (article.text_sha256, article.source):
                return None
            return f"another text of this import has the id {article.id!r} already; rename one of them"
        if article.id in self._ids:
            is_known = self._texts.get(article.text_sha256) == article.id
            if not is_known or self.corpus.read_article(article.id).source != article.source:
                return f"another article with the id {article.id!r} is in the corpus already; rename the file"
            path = self.corpus.annotation_path(annotation_set, article.id)
            if (data := self.corpus.read_file_if_present(path)) is not None and data != encode_annotation(annotation):
                return f"other labels of it by {annotation_set} are in the corpus already; name another annotator"
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


def _annotation_set(annotation: Annotation) -> str:
    """Return the folder of an annotation: gold if it was adjudicated, or else that of its annotator."""
    return GOLD if annotation.process == "adjudicated" else annotation.annotator
