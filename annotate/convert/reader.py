"""Reads batches of tasks: the bytes of each → its article and labels, or the reasons why it is quarantined.

A task is accepted whole or not at all: if anything in it would be lost, or breaks a rule, it is quarantined.

Most tasks hold nothing out of the ordinary. The fast path in this module decodes them into types, puts the labels of a
whole batch into columns and checks all of them at once. Any other task goes to the slow path, `reader_slow`, by itself;
so does every task with `search_keys`. The fast path is 4.5 times as fast; tests/convert/test_reader.py holds the
two to the same result.
"""

from collections.abc import Iterable, Mapping, Sequence
from itertools import accumulate, pairwise
from typing import Any, NamedTuple

import msgspec
import numpy as np
import pyarrow as pa

from annotate.checks.annotations import check_annotations, explain
from annotate.checks.prefilter import Prefilter
from annotate.checks.text import is_sound
from annotate.columns import AnnotationMeta, Documents, Integers, Mask, int_array
from annotate.convert import rules
from annotate.convert.duplicate_keys import may_repeat_label_keys
from annotate.convert.reader_slow import MappedTask, SlowReader
from annotate.convert.tasks import (
    AcceptedTask,
    ArticleReader,
    QuarantinedTask,
)
from annotate.findings import Finding
from annotate.ingest import Details
from annotate.inventory import Inventory
from annotate.label_map import LabelMap, TaskFields
from annotate.labelstudio.beginnings import read_lead_time
from annotate.labelstudio.entries import ANNOTATION_KEYS
from annotate.labelstudio.rank import Rank, highest_rank, rank_annotation
from annotate.labelstudio.results import Mapper, annotator_of
from annotate.labelstudio.results_fast import FastColumns, FastReader, Item
from annotate.model import Article
from annotate.waivers import Waivers


class ExportedUser(msgspec.Struct, gc=False):
    """A user of the server."""

    id: int | None = None


class ExportedAnnotation(msgspec.Struct, gc=False):
    """An annotation of a task, as far as it is read."""

    id: int | str | None = None
    completed_by: int | ExportedUser | None = None
    was_cancelled: bool = False
    skipped: bool = False
    ground_truth: bool = False
    honeypot: bool = False
    updated_at: str | float = ""
    created_at: str | float = ""
    created_ago: str | float = ""
    created_username: str = ""
    lead_time: float | None = None
    parent_prediction: int | str | None = None
    parent_annotation: int | str | None = None
    result: list[Item] = []

    @property
    def is_regular(self) -> bool:
        """Whether it has a result, was not skipped, and nothing in it needs the slow path.

        Such an annotation began with the bare text. Its time can be read, or it has none. Its user has a number, or is
        not named in any other way.
        """
        user = self.completed_by
        has_id = (
            user.id is not None if isinstance(user, ExportedUser) else user is not None or not self.created_username
        )
        is_bare = self.parent_prediction is None and self.parent_annotation is None
        has_time = self.lead_time is None or read_lead_time(self.lead_time) is not None
        return has_id and is_bare and has_time and bool(self.result) and not self.was_cancelled and not self.skipped

    @property
    def user_id(self) -> int | None:
        """The id of the user who made it."""
        return self.completed_by.id if isinstance(self.completed_by, ExportedUser) else self.completed_by

    @property
    def rank(self) -> Rank:
        """How far it represents its task."""
        times = self.updated_at, self.created_at, self.created_ago
        return rank_annotation(self.ground_truth or self.honeypot, times, self.id)


class ExportedTask(msgspec.Struct, gc=False):
    """A task of an export, as far as it is read."""

    data: dict[str, Any]
    id: int | str | None = None
    annotations: list[ExportedAnnotation] = []
    completions: list[ExportedAnnotation] = []
    predictions: list[msgspec.Raw] = []
    drafts: list[msgspec.Raw] = []


_decoder = msgspec.json.Decoder(ExportedTask)


class TaskBatch(NamedTuple):
    """Tasks of an export.

    Attributes:
        data: Bytes that hold the tasks.
        ranges: The byte range `[start, end)` of each task in `data`.
        offset: The byte of the export at which `data` begins.
    """

    data: bytes
    ranges: Sequence[tuple[int, int]]
    offset: int

    def task(self, index: int) -> bytes:
        """Return the bytes of a task."""
        start, end = self.ranges[index]
        return self.data[start:end]

    def byte(self, index: int) -> int:
        """Return the byte of the export at which a task begins."""
        return self.offset + self.ranges[index][0]

    def where(self, index: int) -> str:
        """Return what findings call a task."""
        return f"the task at byte {self.byte(index):,}"

    def is_utf8(self) -> bool:
        """Tell whether all of it is UTF-8; a parser that skips a string does not look."""
        ends = pa.array([self.ranges[0][0], self.ranges[-1][1]] if self.ranges else [0, 0], pa.int64())
        text = pa.LargeStringArray.from_buffers(1, ends.buffers()[1], pa.py_buffer(self.data))
        try:
            text.validate(full=True)
        except pa.ArrowInvalid:
            return False
        return True


class BatchResult(NamedTuple):
    """What became of each task of a batch, and the labels of the accepted ones, each in canonical order."""

    tasks: list[AcceptedTask | QuarantinedTask]
    documents: Documents


class _RegularTask(NamedTuple):
    """A task of the fast path at `position` in its batch, with annotator, time and rank of each of its annotations.

    `key` is the key of the task that lists its annotations.
    """

    position: int
    article: Article
    annotators: Sequence[str]
    lead_times: Sequence[float | None]
    ranks: Sequence[Rank]
    key: str


class BatchReader:
    """Reads any number of batches with one inventory.

    Args:
        inventory: The labels that the tasks use.
        fields: The keys of a task's data that hold the article.
        people: User id on the server, e-mail address or name → pseudonym; None for a user whose labels are left out.
        details: Metadata of articles whose tasks give none.
        fix: Whether to correct the offsets of spans whose words fit at exactly one other position, and to leave out
            white space at their ends.
        search_keys: Whether to look for duplicate keys in every task.
        label_map: What the names of a labelling config made elsewhere mean; None for the generated config.
        waivers: The findings on labels and texts that are waived, or have another severity; by default none.
    """

    def __init__(
        self,
        inventory: Inventory,
        fields: TaskFields,
        people: Mapping[int | str, str | None],
        details: Details,
        fix: bool = False,
        search_keys: bool = False,
        label_map: LabelMap | None = None,
        waivers: Waivers | None = None,
    ) -> None:
        self.inventory, self.search_keys = inventory, search_keys
        self.people = {user: pseudonym for user, pseudonym in people.items() if pseudonym is not None}
        self._left_out_users = frozenset(people.keys() - self.people.keys())
        self._waivers = waivers or Waivers()
        self._articles = ArticleReader(fields, details)
        mapper = Mapper(inventory, fix, label_map)
        self._slow = SlowReader(mapper, self._articles, self.people, self._left_out_users)
        self._prefilter = Prefilter.of(inventory)

    def read_batch(self, batch: TaskBatch, file: str) -> BatchResult:
        """Read the tasks of a batch.

        The labels of tasks that took the slow path follow those of all others.

        Args:
            batch: The tasks.
            file: The name of the export.
        """
        results: dict[int, AcceptedTask | QuarantinedTask] = {}
        regular, columns = list[_RegularTask](), FastReader(self._slow.mapper.controls)
        is_utf8 = batch.is_utf8()
        for index in range(len(batch.ranges)):
            task = self._read_fast(batch, index, columns, file, is_utf8)
            if isinstance(task, _RegularTask):
                regular.append(task)
            elif task:
                results[index] = task
        accepted, documents = self._check_fast(regular, columns.columns(), batch, file)
        results |= accepted
        mapped: dict[int, MappedTask] = {}
        for index in range(len(batch.ranges)):
            if index not in results:
                slow_task = self._slow.read_task(batch.task(index), file, batch.where(index))
                if isinstance(slow_task, MappedTask):
                    mapped[index] = slow_task
                else:
                    results[index] = slow_task
        checked, more_documents = self._check_slow(mapped, len(documents.meta), file)
        results |= checked
        tasks = [results[index] for index in range(len(batch.ranges))]
        return BatchResult(tasks, documents.concat(more_documents))

    def _read_fast(
        self, batch: TaskBatch, index: int, columns: FastReader, file: str, is_utf8: bool
    ) -> _RegularTask | QuarantinedTask | None:
        """Read a task and add its results to the columns; None if it has to take the slow path."""
        try:
            if not is_utf8:
                batch.task(index).decode("utf-8")
            task = _decoder.decode(memoryview(batch.data)[slice(*batch.ranges[index])])
        except msgspec.ValidationError:
            return None
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            return QuarantinedTask(None, tuple(rules.task_unreadable(file, None, batch.where(index), error)))
        text, annotations = task.data.get(self._articles.fields.text), task.annotations or task.completions
        if (
            not annotations
            or (task.annotations and task.completions)
            or self.search_keys
            or task.drafts
            or task.predictions
            or not isinstance(text, str)
        ):
            return None
        if not is_sound(text, text.encode()) or not all(annotation.is_regular for annotation in annotations):
            return None
        if self._left_out_users and any(annotation.user_id in self._left_out_users for annotation in annotations):
            return None
        annotators = [annotator_of(annotation.user_id, self.people) for annotation in annotations]
        if len(set(annotators)) < len(annotators):
            return None
        article = self._articles.read_article(task.data, task.id, file, batch.where(index))
        if isinstance(article, QuarantinedTask):
            return article
        for annotation in annotations:
            columns.add(annotation.result)
        key = ANNOTATION_KEYS[bool(task.completions)]
        lead_times = [read_lead_time(annotation.lead_time) for annotation in annotations]
        return _RegularTask(index, article, annotators, lead_times, [each.rank for each in annotations], key)

    def _check_fast(
        self, regular: Sequence[_RegularTask], labels: FastColumns, batch: TaskBatch, file: str
    ) -> tuple[dict[int, AcceptedTask], Documents]:
        """Return the tasks, by index, in which no rule finds an error, and the labels of all tasks."""
        metas = [
            self._meta(task.article, annotator, lead_time)
            for task in regular
            for annotator, lead_time in zip(task.annotators, task.lead_times, strict=True)
        ]
        texts = [task.article.text for task in regular for _ in task.annotators]
        documents = Documents(self.inventory, metas, labels.spans, labels.relations).canonical()
        passing = self._prefilter.accepts(documents, texts).tolist()
        bounds = [0, *accumulate(len(task.annotators) for task in regular)]
        may_repeat = _may_repeat_label_keys(batch, regular, labels, int_array(bounds)).tolist()
        accepted = {}
        for task, may_repeat_keys, (first, last) in zip(regular, may_repeat, pairwise(bounds), strict=True):
            if may_repeat_keys or not labels.irregular.isdisjoint(range(first, last)):
                continue
            doubtful = [index for index in range(first, last) if not passing[index]]
            warnings = self._explain(documents, texts, doubtful, file)
            if warnings is not None:
                chosen = highest_rank(task.ranks, first)
                accepted[task.position] = AcceptedTask(task.article, first, last, chosen, tuple(warnings))
        return accepted, documents

    def _explain(
        self, documents: Documents, texts: Sequence[str], doubtful: Sequence[int], file: str
    ) -> list[Finding] | None:
        """Return the findings on documents that the prefilter rejects; None if they have to take the slow path.

        The findings are warnings, or waived.
        """
        findings: list[Finding] = []
        for index in doubtful:
            text = texts[index]
            annotator = documents.meta[index].annotator
            positions = range(*documents.spans.bounds[index : index + 2].tolist())
            if any(text[span.start : span.end] != span.text for span in documents.iter_spans(positions)):
                return None
            findings += self._apply_waivers(explain(documents.annotation(index), text, self.inventory, file), annotator)
        return None if any(finding.is_error for finding in findings) else findings

    def _apply_waivers(self, findings: Iterable[Finding], annotator: str | None = None) -> list[Finding]:
        return [self._waivers.apply(finding, annotator) for finding in findings]

    def _meta(self, article: Article, annotator: str, lead_time: float | None) -> AnnotationMeta:
        version = self.inventory.version
        return AnnotationMeta(article.id, annotator, "single pass", (), version, article.text_sha256, lead_time)

    def _check_slow(
        self, mapped: Mapping[int, MappedTask], first: int, file: str
    ) -> tuple[dict[int, AcceptedTask | QuarantinedTask], Documents]:
        """Check tasks that took the slow path, and return their labels, which are numbered from `first` on."""
        annotations = [annotation for task in mapped.values() for annotation in task.annotations]
        texts = [task.article.text for task in mapped.values() for _ in task.annotations]
        checked = iter(check_annotations(annotations, texts, self.inventory, file))
        results: dict[int, AcceptedTask | QuarantinedTask] = {}
        for index, task in mapped.items():
            last = first + len(task.annotations)
            on_labels = (
                finding
                for annotation in task.annotations
                for finding in self._apply_waivers(next(checked), annotation.annotator)
            )
            findings = (*self._apply_waivers(task.findings), *on_labels)
            if any(finding.is_error for finding in findings):
                results[index] = QuarantinedTask(task.article.id, findings)
            else:
                chosen = None if task.chosen is None else first + task.chosen
                results[index] = AcceptedTask(
                    task.article, first, last, chosen, findings, task.is_unsubmitted, task.left_out
                )
            first = last
        return results, Documents.from_annotations(annotations, self.inventory)


def _may_repeat_label_keys(
    batch: TaskBatch, tasks: Sequence[_RegularTask], labels: FastColumns, bounds: Integers
) -> Mask:
    """Tell for each task whether a key that labels depend on may occur twice; offsets are compared with words anyway.

    The results of the tasks are between `bounds` among all results.
    """
    spans, relations = labels.spans.bounds[bounds], labels.relations.bounds[bounds]
    choices = np.concatenate([[0], np.cumsum(labels.choices)])[bounds]
    expected = {
        **{key.encode(): int_array([task.key == key for task in tasks]) for key in ANNOTATION_KEYS},
        b"result": np.diff(bounds),
        b"labels": np.diff(spans + relations),
        b"choices": np.diff(choices),
        b"from_id": np.diff(relations),
        b"to_id": np.diff(relations),
    }
    return may_repeat_label_keys(batch.data, batch.ranges, [task.position for task in tasks], expected)
