"""Exports of Label Studio → documents for `annotate import`: one for each task and annotator.

Tasks are cut out of a file as for a conversion, and result items are mapped as for a pull: an item is taken, left out
by the map, or reported.
"""

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from annotate.convert import rules as convert_rules
from annotate.convert.duplicate_keys import may_repeat_keys
from annotate.convert.reader_slow import decode_task
from annotate.convert.shapes import report_no_task, report_other_results
from annotate.convert.splitter import InputProblem, split, task_ranges
from annotate.findings import Finding
from annotate.formats import ENDINGS, LABEL_STUDIO, FormatReader
from annotate.formats import rules as import_rules
from annotate.formats.apply_mapping import ItemCounts, MappedDocument
from annotate.formats.document import AnnotationOrigin, RawDocument, UnreadableItem, refused_document
from annotate.ingest import ArticleRejected, Details
from annotate.inventory import Inventory
from annotate.label_map import LabelMap
from annotate.labelstudio import rules
from annotate.labelstudio.beginnings import Beginning, BeginningReader
from annotate.labelstudio.entries import ANNOTATION_KEYS, user_of
from annotate.labelstudio.rank import rank_entry
from annotate.labelstudio.results import Mapper, Origin, article_id_of, begin_annotation
from annotate.labelstudio.task_articles import make_intake
from annotate.model import is_article_id
from annotate.util.escape import quote
from annotate.util.files import open_raw, reporting_read_errors
from annotate.util.folders import walk_entries

_HINT = "name a file that can be read"


def make_reader(inventory: Inventory, label_map: LabelMap) -> FormatReader:
    """Return the reader of exports for `annotate import`.

    Args:
        inventory: The inventory.
        label_map: What the names of the labelling config mean.
    """
    exports = _Exports(inventory, label_map)
    return FormatReader(LABEL_STUDIO, label_map, exports.read, exports.list_annotators, ENDINGS[LABEL_STUDIO], True)


class _Exports:
    def __init__(self, inventory: Inventory, label_map: LabelMap) -> None:
        self._mappers = {fix: Mapper(inventory, fix, label_map) for fix in (False, True)}
        self._fields = label_map.fields

    def read(self, path: Path, inventory: Inventory) -> Iterator[RawDocument]:
        """Yield the documents of an export, or of all exports in a folder and those below it."""
        for name, file in _list_files(path):
            for where, task in _read_tasks(file, name):
                if isinstance(task, Finding):
                    yield refused_document("", name, task)
                else:
                    yield from self._read_task(task, name, where)

    def list_annotators(self, path: Path) -> set[str]:
        """Return who made annotations, as the exports name them."""
        tasks = (task for name, file in _list_files(path) for _, task in _read_tasks(file, name))
        entries = (entry for task in tasks if not isinstance(task, Finding) for entry in _list_entries(task))
        return {_annotator_name(entry) for entry in entries} - {""}

    def _read_task(self, task: dict[str, Any], file: str, where: str) -> Iterator[RawDocument]:
        article_id = article_id_of(task, self._fields)
        if article_id is None:
            named = self._fields.find(task["data"], "article")
            yield _refuse("", file, convert_rules.id_missing(file, None, where, named))
            return
        entries = _list_entries(task)
        if not entries:
            other = list(report_other_results(task, file, article_id, where))
            yield _refuse(article_id, file, other or convert_rules.unlabelled(file, article_id, where))
        beginnings = BeginningReader(task, lambda user: "" if user is None else str(user))
        by_name: dict[str, list[dict[str, Any]]] = {}
        for entry in entries:
            name = _annotator_name(entry)
            if entry.get("was_cancelled") or entry.get("skipped"):
                yield _pass_over(article_id, file, name, entry, rules.skipped(file, article_id, name))
            elif not isinstance(entry.get("result"), list):
                why = "a result is not a list"
                yield _refuse(article_id, file, rules.task_unreadable(file, article_id, why))
            else:
                by_name.setdefault(name, []).append(entry)
        for name, own_entries in by_name.items():
            chosen = max(own_entries, key=rank_entry)
            others = [entry for entry in own_entries if entry is not chosen]
            yield self._make_document(_TaskEntry(task, article_id, file, name, chosen, others, beginnings.read(chosen)))
        for draft in _list_objects(task, "drafts"):
            name = _annotator_name(draft)
            yield _pass_over(article_id, file, name, draft, rules.draft(file, article_id, name or "someone"))
        for prediction in _list_objects(task, "predictions"):
            version = prediction.get("model_version")
            finding = convert_rules.prediction(file, article_id, where, version)
            yield _pass_over(article_id, file, "", prediction, finding)

    def _make_document(self, entry: "_TaskEntry") -> RawDocument:
        def map_items(origin: AnnotationOrigin, details: Details, fix: bool) -> MappedDocument:
            return self._map(entry, origin, details, self._mappers[fix])

        items = [item for each in (entry.chosen, *entry.others) for item in each["result"]]
        return RawDocument(
            entry.article_id,
            entry.file,
            str(entry.task["data"].get(self._fields.text, "")).encode("utf-8", "replace"),
            tuple(UnreadableItem(0, "") for _ in items),
            origin=_origin(entry.name, entry.beginning),
            map_items=map_items,
        )

    def _map(self, entry: "_TaskEntry", origin: AnnotationOrigin, details: Details, mapper: Mapper) -> MappedDocument:
        """Map the items of an entry; those of other annotations by the same annotator are reported."""
        items = entry.chosen["result"]
        read = len(items) + sum(len(other["result"]) for other in entry.others)
        try:
            intake = make_intake(entry.task, self._fields, details)
        except ArticleRejected as error:
            findings = list(import_rules.article_refused(entry.file, entry.article_id, str(error)))
            return MappedDocument(None, None, findings, ItemCounts(read, reported=read))
        (article,) = intake.articles
        own_text = str(entry.task["data"][self._fields.text])
        mapped = mapper.map_on(
            items, own_text, article.text, Origin(article.id, origin.annotator, entry.file, origin.process)
        )
        findings = list(mapped.findings)
        if not items:
            findings += rules.nothing_labelled(entry.file, article.id, origin.annotator)
        if entry.others:
            ids = [each.get("id") for each in (entry.chosen, *entry.others)]
            findings += rules.several_annotations(entry.file, article.id, origin.annotator, ids, entry.chosen.get("id"))
        reported = len(mapped.quarantined) + read - len(items)
        left_out = min(sum(mapped.left_out.values()), read - reported)
        beginning = _name_sources(entry.beginning, origin)
        began = begin_annotation(mapped, beginning, Origin(article.id, origin.annotator, entry.file))
        findings += began.findings[len(mapped.findings) :]
        annotation = began.annotation and msgspec.structs.replace(began.annotation, inventory=origin.inventory)
        counts = ItemCounts(read, read - reported - left_out, left_out, reported)
        return MappedDocument(intake, annotation, findings, counts)


class _TaskEntry(NamedTuple):
    """The annotation of a task by one annotator.

    Attributes:
        task: The raw task.
        article_id: The id of its article.
        file: The name of the export.
        name: The annotator, as the export names them; empty if it does not.
        chosen: The annotation.
        others: Further annotations by the same annotator, which are not taken.
        beginning: How the annotation began.
    """

    task: Mapping[str, Any]
    article_id: str
    file: str
    name: str
    chosen: Mapping[str, Any]
    others: list[dict[str, Any]]
    beginning: Beginning


def _list_files(path: Path) -> Iterator[tuple[str, Path]]:
    """Yield the exports at a path: the file itself, or those in a folder and below it, with what findings call them."""
    if not path.is_dir():
        yield path.name, path
        return
    with reporting_read_errors(path, "make it a readable folder"):
        names = sorted(name for name, irregular in walk_entries(str(path)) if not irregular)
    for name in names:
        if name.endswith(ENDINGS[LABEL_STUDIO]) and not any(part.startswith(".") for part in name.split("/")):
            yield name, path / name


def _read_tasks(path: Path, name: str) -> Iterator[tuple[str, dict[str, Any] | Finding]]:
    """Yield each task of a file, or why it cannot be read, with what findings call it."""
    with reporting_read_errors(path, _HINT), open_raw(str(path), within=path.parent) as file:
        for chunk in split(file.read):
            if isinstance(chunk, InputProblem):
                yield "", chunk.rule.finding(name, None, chunk.problem)
                continue
            for start, end in task_ranges(chunk):
                where = f"the task at byte {chunk.offset + start:,}"
                yield where, _decode_task(chunk.data[start:end], name, where)


def _decode_task(data: bytes, file: str, where: str) -> dict[str, Any] | Finding:
    """Return a task, or why it cannot be read."""
    findings: Iterable[Finding]
    try:
        task = decode_task(data)
        is_ambiguous = may_repeat_keys(data, task) if isinstance(task, dict) else False
    except (msgspec.DecodeError, UnicodeDecodeError, ValueError, RecursionError) as error:
        findings = convert_rules.task_unreadable(file, None, where, error)
        return next(iter(findings))
    if isinstance(task, dict) and isinstance(task.get("data"), dict):
        findings = convert_rules.duplicate_key(file, None, where, data) if is_ambiguous else ()
        lists = [task.get(key) or [] for key in ANNOTATION_KEYS]
        if not all(isinstance(listed, list) and all(isinstance(each, dict) for each in listed) for listed in lists):
            findings = convert_rules.task_unreadable(file, None, where, "its annotations are not a list of objects")
        return next(iter(findings), task)
    return next(report_no_task(task, file, where))


def _list_objects(task: Mapping[str, Any], key: str) -> list[dict[str, Any]]:
    """Return the objects of a list in a task; some exports list numbers alone."""
    listed = task.get(key)
    return [entry for entry in listed if isinstance(entry, dict)] if isinstance(listed, list) else []


def _pass_over(
    article_id: str, file: str, name: str, entry: Mapping[str, Any], findings: Iterable[Finding]
) -> RawDocument:
    """Return the document of an entry that is left out, with its items."""
    items = entry.get("result")
    lines = len(items) if isinstance(items, list) and items else 1
    return refused_document(article_id, file, next(iter(findings)), lines)._replace(origin=_origin(name))


def _origin(name: str, beginning: Beginning | None = None) -> AnnotationOrigin:
    began = beginning or Beginning()
    return AnnotationOrigin(name, began.process, began.made_from, "", began.lead_time, began.origins)


def _name_sources(beginning: Beginning, origin: AnnotationOrigin) -> Beginning:
    """Return how an annotation began, with the names that an import gives to whom it was made from."""
    names = tuple(name for name in origin.made_from if is_article_id(name) and name != origin.annotator)
    unknown = beginning.unknown
    if origin.made_from and not names:
        unknown = f"labels of {quote(origin.made_from[0])}, who is no annotator"
    return beginning._replace(process=origin.process, made_from=names, unknown=unknown)


def _refuse(article_id: str, file: str, findings: Iterable[Finding]) -> RawDocument:
    return refused_document(article_id, file, next(iter(findings)))


def _list_entries(task: Mapping[str, Any]) -> list[dict[str, Any]]:
    return [entry for key in ANNOTATION_KEYS for entry in task.get(key) or []]


def _annotator_name(entry: Mapping[str, Any]) -> str:
    user = user_of(entry)
    return "" if user is None else str(user)
