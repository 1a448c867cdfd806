"""Imports documents of any format into a corpus, one at a time, and says what became of each."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from itertools import chain
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from annotate.article_metadata import METADATA, MetadataTable
from annotate.corpus import Corpus, encode_annotation, encode_article, keep_version, sort_annotation
from annotate.errors import CannotRun
from annotate.findings import Finding
from annotate.formats import FormatReader, rules
from annotate.formats.apply_mapping import ItemCounts, MappedDocument, map_document
from annotate.formats.article_metadata import find_details, list_table_findings
from annotate.formats.document import AnnotationOrigin, RawDocument, refused_document
from annotate.formats.folder_contents import FolderContents, list_contents
from annotate.formats.import_outcomes import Fate, ImportOutcome, make_folder_outcome
from annotate.formats.replacement import describe_replacement
from annotate.ingest import Details, Intake
from annotate.inventory import Inventory
from annotate.label_map import LabelMap, identity_map
from annotate.model import GOLD, Annotation, Article
from annotate.util.escape import quote
from annotate.util.files import LINK, is_regular, write_together
from annotate.util.lock import writing_to
from annotate.util.parallel import map_in_order, thread_pool
from annotate.versions import is_older, is_version

WRITERS = 8
"""Number of threads that write. They mostly wait for the disk; all else is done in one thread."""


def parse_annotators(words: Iterable[str]) -> tuple[str | None, dict[str, str]]:
    """Return what `--annotator` says: the id for all labels (`ID`), and the ids by name in the files (`NAME=ID`).

    Raises:
        CannotRun: If there are two ids for all, or for one name.
    """
    annotator: str | None = None
    ids: dict[str, str] = {}
    for word in words:
        name, equals, id_ = word.rpartition("=")
        other = ids.get(name) if equals else annotator
        if other not in (None, id_):
            whose = f"the annotator {quote(name)}" if equals else "all labels"
            hint = "give one id, or NAME=ID for each annotator in the files"
            raise CannotRun("--annotator", f"gives two ids for {whose}, {other} and {id_}", hint)
        if equals:
            ids[name] = id_
        else:
            annotator = id_
    return annotator, ids


class ImportOptions(NamedTuple):
    """How documents are imported.

    Attributes:
        details: Metadata of articles; those of a format, and of the table, take precedence.
        fix: Whether to correct offsets that do not read the quoted words, if exactly one place is possible.
        plan: Whether to write nothing.
        replace: Whether to replace other labels by the same annotators, and other metadata.
        metadata: A table of metadata.
        names: Names of annotators that some labels must have, such as those of `--annotator NAME=ID`.
        replace_incomplete: Whether to replace labels also by those of a document of which something is reported.
    """

    details: Details = Details()
    fix: bool = False
    plan: bool = False
    replace: bool = False
    metadata: MetadataTable | None = None
    names: frozenset[str] = frozenset()
    replace_incomplete: bool = False


class _ConflictError(Exception):
    """A document cannot be imported; the message says why."""


class _IncompleteError(_ConflictError):
    """A document would replace labels, and not all of it is taken."""


class _Decision(NamedTuple):
    """What is to be written; None for what is not.

    Attributes:
        outcome: What is said about it.
        intake: The source and the article, if they are new.
        article: The article, if its metadata change.
        annotation: The annotation.
        old: What the corpus has of files that are replaced.
    """

    outcome: ImportOutcome
    intake: Intake | None = None
    article: Article | None = None
    annotation: Annotation | None = None
    old: Mapping[Path, bytes] = {}


class Importer:
    """Imports documents as the work of one annotator, or of several.

    It keeps the ids, source files and text hashes of the corpus in memory, and only the documents that are being
    written.

    Args:
        corpus: The corpus.
        inventory: The inventory of the labels.
        label_map: The map to the inventory.
        annotator: Who made the annotations; None if the files say it.
        options: How they are imported.

    Raises:
        CannotRun: If the annotator, or one that the map names, is not in `annotators.yaml`.
    """

    def __init__(
        self,
        corpus: Corpus,
        inventory: Inventory,
        label_map: LabelMap,
        annotator: str | None,
        options: ImportOptions | None = None,
    ) -> None:
        self.annotators = set(corpus.read_annotators())
        mapped = [name for name in label_map.annotators.values() if name is not None]
        if unknown := sorted({*mapped, *([annotator] if annotator else [])} - self.annotators):
            hint = f"enter {', '.join(unknown)} there"
            hint = hint if unknown != [GOLD] else "gold comes from adjudication; name another"
            raise CannotRun(corpus.annotators_path, f"there is no annotator {', '.join(map(repr, unknown))}", hint)
        self.corpus, self.inventory, self.label_map = corpus, inventory, label_map
        self.options = options or ImportOptions()
        self.annotator, self._is_sole = annotator, True
        self._is_identity = label_map == identity_map(inventory)
        self._ids, self._text_ids, self._source_files = set[str](), set[str](), set[str]()
        self._texts: dict[str, str] = {}
        """The hash of each text in the corpus and the import → the id of its article."""
        self._details: dict[str, dict[str, Any]] = {}
        """The id of each article of the import → the metadata that its first document gave."""
        self._new_sources: set[str] = set()
        self._imported: set[tuple[str, str]] = set()
        """The article and the annotation set of each annotation of the import."""
        self._names: set[str] = set()
        """The annotators, as the files call them."""

    def import_folder(
        self, reader: FormatReader, folder: Path, own_files: Iterable[Path] = ()
    ) -> Iterator[ImportOutcome]:
        """Import the documents of a folder; see `import_all`. A link or a special file in it is refused, and not read.

        The files of the findings begin with the path of the folder.

        Args:
            reader: What reads the files.
            folder: The folder, or a file if the reader reads single files.
            own_files: Files that may be in the folder and are not of the format, such as the map.

        Raises:
            CannotRun: If the folder is missing, is a link, cannot be read, or holds no files of the format.
        """
        is_file = reader.reads_single_files and is_regular(folder, within=folder.parent)
        if not is_file and (not folder.is_dir() or folder.is_symlink()):
            problem = LINK if folder.is_symlink() else "no such folder"
            raise CannotRun(folder, problem, "name the folder of the files")
        contents = FolderContents([], [])
        if not is_file:
            contents = list_contents(reader.name, folder, reader.endings, own_files)
        refused = (refused_document("", finding.file, finding, 0) for finding in contents.refused)
        if self.annotator is not None:
            self._is_sole = len(reader.list_annotators(folder) - self.label_map.annotators.keys()) <= 1
        outcomes = self.import_all(chain(refused, reader.read(folder, self.inventory)))
        for outcome in chain(outcomes, map(make_folder_outcome, contents.unread)):
            yield _within(folder.parent if is_file else folder, outcome)
        for name in sorted(self.options.names - self._names):
            (finding,) = rules.unused_annotator(str(folder), None, name, self.label_map.annotators.get(name))
            yield make_folder_outcome(finding)
        yield from map(make_folder_outcome, self._metadata_findings())

    def _metadata_findings(self) -> Iterator[Finding]:
        if self.options.metadata:
            yield from list_table_findings(self.options.metadata)

    def import_all(self, documents: Iterable[RawDocument]) -> Iterator[ImportOutcome]:
        """Import documents and yield what became of each, in order and after it was written.

        Unless it is only planned, the corpus is locked until the last one, and read once it is locked.

        Raises:
            Refused: If a file was made or changed by another program meanwhile. It is left alone.
        """
        with writing_to(*([] if self.options.plan else [self.corpus.root])):
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
        name = raw.origin.annotator if raw.origin else ""
        self._names.add(name)
        if raw.refusal and raw.refusal.severity != "error":
            return _Decision(_leave_out(raw, raw.lines, [raw.refusal]))
        if self.options.metadata and raw.article_id:
            details = find_details(self.options.metadata, raw)
            if METADATA in raw.details and METADATA in details:
                details = {**details, METADATA: {**raw.details[METADATA], **details[METADATA]}}
            raw = raw._replace(details={**raw.details, **details})
        annotator = self._find_annotator(raw)
        if annotator is None and name in self.label_map.annotators:
            return _Decision(_leave_out(raw, len(raw.items), []))
        if annotator is None and not raw.refusal:
            return _refuse(raw, rules.unknown_annotator(raw.file, raw.article_id, name))
        mapped = self._map(raw, annotator or "", self.options.fix)
        if mapped.intake is None or mapped.annotation is None or (mapped.counts.reported and not mapped.counts.taken):
            # If nothing is taken, the file was made for another text or map: its article would pass for one with
            # nothing to annotate.
            return _Decision(ImportOutcome(raw.article_id, "refused", 0, 0, mapped.findings, mapped.counts))
        try:
            decision = self._accept(raw, mapped, mapped.intake, mapped.annotation)
        except _IncompleteError as error:
            return _refuse(raw, [*mapped.findings, *rules.article_refused(raw.file, raw.article_id, str(error))])
        except _ConflictError as error:
            return _refuse(raw, rules.article_refused(raw.file, raw.article_id, str(error)))
        if name and name != annotator and name not in self.label_map.annotators and raw.origin:
            is_kept = raw.origin.process == "corrected"
            other = (name, annotator, *(("single pass", ()) if is_kept else raw.origin[1:3]))
            findings = [*decision.outcome.findings, *rules.other_annotator(raw.file, raw.article_id, *other)]
            return decision._replace(outcome=decision.outcome._replace(findings=findings))
        return decision

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
        """Return the origin of a document's labels: as the file gives it, unless `--annotator` names another.

        Labels that began with those of another did so whoever is said to have corrected them.
        """
        origin, version = raw.origin, self._find_version(raw)
        if origin is None:
            return AnnotationOrigin(annotator, "single pass", (), version)
        own = origin.annotator == annotator or origin.annotator in self.label_map.annotators
        if not own and origin.process != "corrected":
            return origin._replace(annotator=annotator, process="single pass", made_from=(), inventory=version)
        made_from = tuple(self.label_map.annotators.get(name) or name for name in origin.made_from)
        return origin._replace(annotator=annotator, made_from=made_from, inventory=version)

    def _accept(self, raw: RawDocument, mapped: MappedDocument, intake: Intake, annotation: Annotation) -> _Decision:
        """Decide what is written of a document of which something was taken.

        Raises:
            _ConflictError: If the corpus, or the import, has something else in its place.
        """
        (article,), annotation_set, findings = intake.articles, _annotation_set(annotation), mapped.findings
        self._allow_article(intake, annotation_set)
        is_new = article.id not in self._ids and article.id not in self._details
        if is_new and (missing := self.inventory.list_missing_metadata(article.metadata)):
            problem = f"it lacks the metadata that labels.yaml requires, {', '.join(missing)}"
            raise _ConflictError(f"{problem}; give them in a table with --metadata")
        old: dict[Path, bytes] = {}
        path = self.corpus.annotation_path(annotation_set, article.id)
        labels = self.corpus.read_file_if_present(path)
        is_other = labels is not None and labels != encode_annotation(annotation)
        if labels is not None and is_other:
            findings += rules.replaced(raw.file, article.id, self._describe_old_labels(raw, mapped, annotation))
            old[path] = labels
        changed = self._find_changed_metadata(raw, article.id)
        updated: Article | None = None
        if changed and self.options.replace and article.id not in self._details:
            findings += rules.replaced(raw.file, article.id, f"the {', '.join(changed)} of the article in the corpus")
            path = self.corpus.article_path(article.id)
            old[path] = self.corpus.read_file(path)
            updated = msgspec.structs.replace(self.corpus.read_article(article.id), **changed)
        elif changed:
            findings += rules.metadata_kept(raw.file, article.id, ", ".join(changed))
        fate: Fate = "replaced" if old else "new" if labels is None else "there already"
        self._imported.add((article.id, annotation_set))
        self._texts[article.text_sha256] = article.id
        self._details.setdefault(article.id, _list_details(raw))
        if is_new:
            self._new_sources.add(intake.source.file)
        outcome = ImportOutcome(
            raw.article_id, fate, len(annotation.spans), len(annotation.relations), findings, mapped.counts, is_new
        )
        return _Decision(outcome, intake if is_new else None, updated, annotation, old)

    def _map(self, raw: RawDocument, annotator: str, fix: bool) -> MappedDocument:
        origin = self._find_origin(raw, annotator)
        if raw.map_items and not raw.refusal:
            mapped = raw.map_items(origin, self.options.details._replace(**_list_details(raw)), fix)
        else:
            mapped = map_document(raw, self.label_map, self.inventory, origin, self.options.details, fix)
        if mapped.annotation is None:
            return mapped
        annotation_set = _annotation_set(mapped.annotation)
        old = self.corpus.find_readable_annotation(annotation_set, mapped.annotation.article)
        return mapped._replace(annotation=keep_version(mapped.annotation, old)) if old else mapped

    def _find_version(self, raw: RawDocument) -> str:
        """Return the version that labels were made with: a file's own if it is older and its names need no map."""
        version = raw.origin.inventory if raw.origin else self.inventory.version
        is_own = self._is_identity and is_version(version)
        return version if is_own and is_older(version, self.inventory.version) else self.inventory.version

    def _find_changed_metadata(self, raw: RawDocument, article_id: str) -> dict[str, Any]:
        """Return the fields that a document gives an article and that are others in the corpus, or in the import."""
        details = _list_details(raw)
        if article_id in self._details:
            first = self._details[article_id]
            return {name: value for name, value in details.items() if first.get(name) != value}
        if not details or article_id not in self._ids:
            return {}
        article = self.corpus.read_article(article_id)
        if METADATA in details:  # fields that are not given stay
            details = {**details, METADATA: {**article.metadata, **details[METADATA]}}
        return {name: value for name, value in details.items() if getattr(article, name) != value}

    def _allow_article(self, intake: Intake, annotation_set: str) -> None:
        """Check that an article is new, or is in the corpus or the import already, with the same text.

        Raises:
            _ConflictError: If something else has its id, its text or the name of its source file.
        """
        (article,) = intake.articles
        if (article.id, annotation_set) in self._imported:
            problem = f"this import has labels of {quote(article.id)} by {annotation_set} already"
            raise _ConflictError(f"{problem}; keep one of them, or rename one of the texts")
        if article.id in self._ids or article.id in self._details:
            if self._texts.get(article.text_sha256) != article.id:
                if article.id in self._details:
                    problem = f"another text of this import has the id {quote(article.id)} already"
                    raise _ConflictError(f"{problem}; rename one of them")
                problem = f"another article with the id {quote(article.id)} is in the corpus already"
                raise _ConflictError(f"{problem}; rename the file")
            return
        if article.text_sha256 in self._texts:
            raise _ConflictError(
                f"its text is in the corpus already, as {quote(self._texts[article.text_sha256])}; leave it out"
            )
        # A source, or a text without metadata, may come from an interrupted import; then it is the same.
        source = self.corpus.source_path(intake.source.file)
        data = self.corpus.read_file_if_present(source)
        if (data is not None and data != intake.data) or source.name in self._new_sources:
            where = "this import" if source.name in self._new_sources else "the corpus"
            raise _ConflictError(f"another source file called {source.name} is in {where} already; rename the file")
        if source.name in self._source_files and self.corpus.read_source(source.name) != intake.source:
            raise _ConflictError(
                f"the source file {source.name} is in the corpus already, cut in another way; rename the file"
            )
        if article.id in self._text_ids and self.corpus.read_text(article.id) != article.text:
            raise _ConflictError(
                f"another text with the id {quote(article.id)} is in the corpus already; rename the file"
            )

    def _describe_old_labels(self, raw: RawDocument, mapped: MappedDocument, annotation: Annotation) -> str:
        """Say which labels in the corpus are replaced.

        With `fix`, labels that the same import without it wrote are replaced as well.

        Raises:
            _ConflictError: If they must not be replaced.
        """
        annotation_set, article_id = _annotation_set(annotation), annotation.article
        old = self.corpus.find_readable_annotation(annotation_set, article_id)
        if old is None:
            path = self.corpus.annotation_path(annotation_set, article_id)
            raise _ConflictError(f"the labels of it in {path} cannot be read; correct or remove that file")
        if annotation_set == GOLD:
            raise _ConflictError(
                "other gold of it is in the corpus already, and is never replaced; adjudicate it again"
            )
        unfixed = self._map(raw, annotation.annotator, fix=False).annotation if self.options.fix else None
        is_own = unfixed is not None and sort_annotation(unfixed) == sort_annotation(old)
        if not (self.options.replace or is_own):
            hint = "replace them with --replace, or name another annotator"
            raise _ConflictError(f"other labels of it by {annotation_set} are in the corpus already; {hint}")
        if mapped.counts.reported and not (self.options.replace_incomplete or is_own):
            problem = (
                f"other labels of it by {annotation_set} are in the corpus already, and would be replaced by a part"
            )
            hint = "correct what is reported, or replace them with --replace-incomplete"
            raise _IncompleteError(f"{problem} ({mapped.counts.reported} of {mapped.counts.read} not taken); {hint}")
        if (old.annotator, old.process) != (annotation.annotator, annotation.process):
            problem = f"the labels of it by {annotation_set} in the corpus were adjudicated"
            raise _ConflictError(f"{problem}; name another annotator")
        gold = self.corpus.find_readable_annotation(GOLD, article_id)
        is_in_gold = gold is not None and annotation_set in gold.made_from
        note = "; gold was made from them, adjudicate it again" if is_in_gold else ""
        return f"labels by {annotation_set}: {describe_replacement(old, annotation)}{note}"

    def _write(self, decision: _Decision) -> ImportOutcome:
        outcome, intake, article, annotation, old = decision
        if not self.options.plan:
            files = intake.files(self.corpus) if intake else []
            if article:
                files.append(self.corpus.prepare_file(self.corpus.article_path(article.id), encode_article(article)))
            if annotation:
                path = self.corpus.annotation_path(_annotation_set(annotation), annotation.article)
                files.append(self.corpus.prepare_file(path, encode_annotation(annotation)))
            # An interrupted import may have written some of them: `_accept` has found no others but those in `old`.
            missing = [file for file in files if self.corpus.read_file_if_present(file.path) != file.data]
            write_together([file._replace(old=old.get(file.path)) for file in missing])
        return outcome


def _annotation_set(annotation: Annotation) -> str:
    """Return the folder of an annotation: gold if it was adjudicated, or else that of its annotator."""
    return GOLD if annotation.process in ("adjudicated", "promoted") else annotation.annotator


def _leave_out(raw: RawDocument, items: int, findings: list[Finding]) -> ImportOutcome:
    return ImportOutcome(raw.article_id, "left out", 0, 0, findings, ItemCounts(read=items, left_out=items))


def _list_details(raw: RawDocument) -> dict[str, Any]:
    """Return the metadata that a format or a table gives an article."""
    return {name: value for name, value in raw.details.items() if name in Details._fields}


def _refuse(raw: RawDocument, findings: Iterable[Finding]) -> _Decision:
    count = len(raw.items)
    return _Decision(
        ImportOutcome(raw.article_id, "refused", 0, 0, [*findings], ItemCounts(read=count, reported=count))
    )


def _within(folder: Path, outcome: ImportOutcome) -> ImportOutcome:
    """Return an outcome whose findings name files as they are from the current folder."""
    findings = [replace(finding, file=(folder / finding.file).as_posix()) for finding in outcome.findings]
    return outcome._replace(findings=findings)
