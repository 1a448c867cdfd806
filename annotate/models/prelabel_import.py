"""Take labels that `annotate prelabel` wrote into a corpus, with the record of the run that made them.

Everything is decided before anything is written: the files of labels, and the entry of the model in `annotators.yaml`,
which comes first. An import that was killed in between is completed by the same command.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal, NamedTuple

import msgspec

from annotate.annotation_schema import encode_annotation_schema
from annotate.checks.annotations import find_errors
from annotate.checks.corpus import stale_inventory
from annotate.checks.files import not_canonical
from annotate.checks.runner import ArticleChecker
from annotate.corpus import Corpus, encode_annotation, keep_version
from annotate.errors import CannotRun
from annotate.findings import Finding
from annotate.formats import rules
from annotate.formats.apply_mapping import ItemCounts
from annotate.formats.import_outcomes import Fate, ImportOutcome, make_folder_outcome
from annotate.formats.replacement import describe_replacement
from annotate.inventory import Inventory
from annotate.model import GOLD, Annotation, Annotator, is_article_id
from annotate.model_run import ModelRun, is_same_run
from annotate.models.annotator_entry import make_entry, make_run, require_valid_entry, write_entry
from annotate.models.prelabel import hash_inventory
from annotate.models.prelabel_folder import PrelabelFolder, read_prelabel_folder
from annotate.offsets import sha256
from annotate.util.escape import quote
from annotate.util.files import FileToWrite, read_bytes, write_together
from annotate.util.lock import writing_to
from annotate.util.suggestions import suggest

_SHOWN = 3
"""Articles that an error names."""
_AGAIN = "label the article again"
_RESTORE = "restore the file as the run wrote it"
_OTHER_NAME = "name another annotator with --annotator"


class PrelabelImport(NamedTuple):
    """What an import did, or would do.

    Attributes:
        annotator: The pseudonym of the labels.
        entry: What became of its entry in `annotators.yaml`.
        run: How the labels were made, as the entry has it now; None without a record, and if nothing was taken.
        outcomes: What became of each file of labels, and findings on the folder.
    """

    annotator: str
    entry: Literal["added", "changed", "kept"]
    run: ModelRun | None
    outcomes: list[ImportOutcome]


@dataclass
class _LabelledFile:
    """A file of labels.

    Attributes:
        file: Its path, as findings have it.
        article_id: The name of its article.
        annotation: Its labels; None if they cannot be read.
        findings: Why they are refused, or what else is to say.
        fate: What becomes of them.
        old: The bytes that the corpus has in their place.
    """

    file: str
    article_id: str
    annotation: Annotation | None
    findings: list[Finding]
    fate: Fate = "refused"
    old: bytes | None = None

    def make_outcome(self) -> ImportOutcome:
        annotation = self.annotation
        spans, relations = (len(annotation.spans), len(annotation.relations)) if annotation else (0, 0)
        items, is_refused = spans + relations, self.fate == "refused"
        counts = ItemCounts(read=items, taken=0 if is_refused else items, reported=items if is_refused else 0)
        taken = (0, 0) if is_refused else (spans, relations)
        return ImportOutcome(self.article_id, self.fate, *taken, self.findings, counts)


class PrelabelImporter:
    """Takes the labels of a folder into a corpus.

    Args:
        corpus: The corpus.
        inventory: Its inventory.
        folder: The folder that `annotate prelabel` wrote.
        annotator: The pseudonym of the labels; None for that of the folder.
        replace: Whether other labels by the same annotator are replaced.
    """

    def __init__(
        self, corpus: Corpus, inventory: Inventory, folder: Path, annotator: str | None = None, *, replace: bool = False
    ) -> None:
        self.corpus, self.inventory, self.folder = corpus, inventory, folder
        self.replace, self._given = replace, annotator
        self._checker = ArticleChecker(corpus, inventory)
        self._schema = encode_annotation_schema(inventory)

    def run(self, *, plan: bool = False) -> PrelabelImport:
        """Take the labels that fit, and refuse the others.

        Args:
            plan: Whether nothing is written.

        Raises:
            CannotRun: The folder or its record cannot be read, the two do not fit each other, or the annotator cannot
                have the labels. Nothing is written.
            Refused: A file of the corpus was changed by another program meanwhile.
        """
        with writing_to(*([] if plan else [self.corpus.root])):
            source = read_prelabel_folder(self.folder)
            annotators = self.corpus.read_annotators()
            files = [self._read(path) for path in source.files]
            self._require_counts(source, files)
            origin = self._find_origin(source, files)
            annotator = self._name_annotator(source, origin)
            entry = annotators.get(annotator)
            self._require_model(source, annotator, entry)
            for file in files:
                self._decide(file, source, origin, annotator)
            new_entry = self._make_entry(source, annotator, entry, files)
            path = self.corpus.annotators_path
            old = self.corpus.read_file(path)
            new = old if new_entry is None else write_entry(path, old, new_entry)
            if not plan:
                write_together([
                    *([] if new == old else [self.corpus.prepare_file(path, new, old)]),
                    *(self._prepare(file, annotator) for file in files if file.fate in ("new", "replaced")),
                ])  # fmt: skip
        change: Literal["added", "changed", "kept"] = "kept" if new == old else "changed" if entry else "added"
        outcomes = [*map(make_folder_outcome, self._folder_findings(source)), *(file.make_outcome() for file in files)]
        return PrelabelImport(annotator, change, new_entry.run if new_entry else None, outcomes)

    def _read(self, path: Path) -> _LabelledFile:
        """Read a file of labels; it is refused if its form or its vocabulary is wrong."""
        file, name = path.as_posix(), path.stem
        data = read_bytes(path, "make it a file that can be read", within=self.folder)
        annotation, findings = self._checker.check_json(
            file, data, name, self._schema, "article", Annotation, encode_annotation
        )
        errors = [finding for finding in findings if finding.code != not_canonical.code]
        return _LabelledFile(file, name, annotation, errors)

    def _require_counts(self, source: PrelabelFolder, files: list[_LabelledFile]) -> None:
        """Check that a record counts the labels, if all of them can be read.

        Raises:
            CannotRun: It counts others.
        """
        annotations = [file.annotation for file in files if file.annotation]
        if source.record is None or len(annotations) < len(files):
            return
        counts = tuple(
            sum(len(getattr(annotation, kind)) for annotation in annotations) for kind in ("spans", "relations")
        )
        recorded = source.record.spans, source.record.relations
        if counts != recorded:
            says, has = (f"{spans:,} spans and {relations:,} relations" for spans, relations in (recorded, counts))
            problem = f"counts {says}, and the files have {has}"
            hint = "run `annotate prelabel` again; labels that a person corrected are not those of the run"
            raise CannotRun(source.record_path, problem, hint)

    def _find_origin(self, source: PrelabelFolder, files: list[_LabelledFile]) -> str:
        """Return the annotator that the folder names.

        Raises:
            CannotRun: It names several, or none; or its record names another than all labels.
        """
        names = sorted({file.annotation.annotator for file in files if file.annotation})
        if source.record is not None:
            annotator = source.record.annotator
            if len(names) == 1 and names != [annotator]:
                problem = f"annotator: {quote(annotator)}, and the labels are by {quote(names[0])}"
                hint = "restore the field as the run wrote it; --annotator gives the labels another name"
                raise CannotRun(source.record_path, problem, hint)
            return annotator
        if len(names) != 1:
            problem = f"has labels by {', '.join(names[:_SHOWN])} and no record" if names else "has no readable labels"
            raise CannotRun(self.folder, problem, "name a folder that `annotate prelabel` wrote")
        return names[0]

    def _name_annotator(self, source: PrelabelFolder, origin: str) -> str:
        """Return the pseudonym of the labels in the corpus.

        Raises:
            CannotRun: It cannot be one.
        """
        name = origin if self._given is None else self._given
        if not is_article_id(name) or name == GOLD:
            where = "--annotator" if self._given is not None else source.record_path
            problem = f"{quote(name)} cannot be the pseudonym of a model"
            raise CannotRun(where, problem, "name one of lower-case letters, digits, - and _ with --annotator")
        return name

    def _require_model(self, source: PrelabelFolder, annotator: str, entry: Annotator | None) -> None:
        """Check that an annotator may have the labels of this run.

        Raises:
            CannotRun: It is a person, or has those of another run; or nothing is known of it and of the run.
        """
        path = self.corpus.annotators_path
        if entry is not None and entry.kind != "model":
            raise CannotRun(path, f"{quote(annotator)} is a {entry.kind}, and these are labels of a model", _OTHER_NAME)
        if source.record is None:
            if entry is None:
                problem = (
                    f"does not list {quote(annotator)}, and {self.folder} has no record that says what made the labels"
                )
                raise CannotRun(path, problem, f"list {annotator} there with `kind: model`")
            if entry.run is not None:
                problem = f"has the run of {quote(annotator)}, and {self.folder} has no record of a run"
                raise CannotRun(path, problem, _OTHER_NAME)
            return
        run = make_run(source.record, [], 0)
        require_valid_entry(source.record_path, make_entry(None, annotator, run))
        if entry is not None and entry.run is not None and not (self.replace or is_same_run(entry.run, run)):
            problem = f"{quote(annotator)} has the labels of another run ({entry.run.asked}, {entry.run.started})"
            raise CannotRun(path, problem, f"{_OTHER_NAME}, or replace them with --replace")

    def _decide(self, file: _LabelledFile, source: PrelabelFolder, origin: str, annotator: str) -> None:
        """Decide what becomes of a file of labels, and note why."""
        if file.findings or file.annotation is None:
            return
        article_id, labels = file.article_id, file.annotation
        text = self.corpus.find_text(article_id)
        why = self._find_misfit(labels, source, origin, text)
        if why or text is None:
            file.findings += rules.unfit_labels(file.file, article_id, why)
            return
        file.annotation = labels = msgspec.structs.replace(labels, annotator=annotator)
        file.findings += stale_inventory(file.file, article_id, labels, self.inventory)
        file.findings += find_errors(labels, text, self.inventory, file.file)
        if file.findings:
            return
        path = self.corpus.annotation_path(annotator, article_id)
        file.old = self.corpus.read_file_if_present(path)
        if file.old is None:
            file.fate = "new"
            return
        old = self.corpus.find_readable_annotation(annotator, article_id)
        if old is not None:
            file.annotation = labels = keep_version(labels, old)
            if encode_annotation(labels) == encode_annotation(old):
                file.fate = "there already"
                return
        if not self.replace or (old is not None and old.process != "single pass"):
            problem = f"other labels of it by {annotator} are in the corpus already"
            if old is not None and old.process != "single pass":
                problem = f"the labels of it by {annotator} in the corpus are {old.process}"
            hint = _OTHER_NAME if self.replace else f"replace them with --replace, or {_OTHER_NAME}"
            file.findings += rules.unfit_labels(file.file, article_id, f"{problem}; {hint}")
            return
        file.fate = "replaced"
        what = describe_replacement(old, labels) if old is not None else "a file that cannot be read"
        gold = self.corpus.find_readable_annotation(GOLD, article_id)
        note = "; gold was made from them, adjudicate it again" if gold and annotator in gold.made_from else ""
        file.findings += rules.replaced(file.file, article_id, f"labels by {annotator}: {what}{note}")

    def _find_misfit(self, labels: Annotation, source: PrelabelFolder, origin: str, text: str | None) -> str:
        """Return why labels do not fit the corpus or their record; an empty string if they do."""
        record = source.record
        if labels.annotator != origin:
            return f"the labels are by {quote(labels.annotator)}, and those of the run by {quote(origin)}; {_RESTORE}"
        if labels.process != "single pass" or labels.made_from or labels.lead_time is not None or labels.origins:
            return "the labels are not a single pass of a program; push and pull those that a person corrected"
        if record is not None and labels.inventory != record.inventory:
            return f"made with inventory {labels.inventory}, and its run had {record.inventory}; {_RESTORE}"
        if text is None:
            article_ids = self.corpus.article_ids()
            hint = "add its text first with `annotate add`"
            missing = f"there is no article {quote(labels.article)} in the corpus{suggest(labels.article, article_ids)}"
            return f"{missing}; {hint}"
        if labels.text_sha256 != sha256(text):
            return f"made on another text than the corpus has now; {_AGAIN}"
        return ""

    def _make_entry(
        self, source: PrelabelFolder, annotator: str, entry: Annotator | None, files: list[_LabelledFile]
    ) -> Annotator | None:
        """Return the new entry of the annotator; None if it stays as it is.

        Raises:
            CannotRun: The corpus has labels by the annotator that the run did not make.
        """
        taken = {file.article_id: file.annotation for file in files if file.fate != "refused" and file.annotation}
        if source.record is None or not taken:
            return None
        others = set(self._list_labelled(annotator)) - taken.keys()
        if entry is not None and entry.run is not None and is_same_run(entry.run, make_run(source.record, [], 0)):
            # What the run gave them counts: if the corpus has other labels by now, `annotate check` says so.
            for file in files:
                if file.article_id in others and file.annotation:
                    taken[file.article_id] = file.annotation
        elif others:
            names = ", ".join(sorted(others)[:_SHOWN])
            more = f" and {len(others) - _SHOWN:,} more" if len(others) > _SHOWN else ""
            problem = f"has labels of {names}{more} that would not be those of this run"
            hint = f"{_OTHER_NAME}, or remove them"
            if not self.replace and others <= {file.article_id for file in files}:
                hint = f"replace them with --replace, or {_OTHER_NAME}"
            raise CannotRun(self.corpus.root / "annotations" / annotator, problem, hint)
        return make_entry(entry, annotator, make_run(source.record, list(taken.values()), len(files) - len(taken)))

    def _list_labelled(self, annotator: str) -> list[str]:
        return self.corpus.annotated_ids(annotator) if annotator in self.corpus.annotation_sets() else []

    def _prepare(self, file: _LabelledFile, annotator: str) -> FileToWrite:
        if file.annotation is None:
            raise ValueError(f"{file.file} has no labels")
        path = self.corpus.annotation_path(annotator, file.article_id)
        return self.corpus.prepare_file(path, encode_annotation(file.annotation), file.old)

    def _folder_findings(self, source: PrelabelFolder) -> Iterator[Finding]:
        """Yield what is to say of the folder as a whole."""
        for finding in (*source.contents.refused, *source.contents.unread):
            yield replace(finding, file=(self.folder / finding.file).as_posix())
        record = source.record
        if (
            record is not None
            and record.inventory == self.inventory.version
            and record.inventory_sha256 != hash_inventory(self.inventory)
        ):
            yield from rules.inventory_changed(str(source.record_path), None, record.inventory)
