"""Reads one task item by item, with a finding on everything that is out of the ordinary.

This is the slow path: it reads the tasks that the fast path in `reader` does not accept, and explains why.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import chain
from typing import Any, NamedTuple

import msgspec

from annotate.checks.text import OF_TEXT, is_sound
from annotate.convert import rules
from annotate.convert.duplicate_keys import may_repeat_keys
from annotate.convert.shapes import report_no_task, report_other_results
from annotate.convert.tasks import ArticleReader, QuarantinedTask
from annotate.corpus import sort_annotation
from annotate.findings import Finding
from annotate.labelstudio.entries import ANNOTATION_KEYS, user_of
from annotate.labelstudio.normal_form import move_spans, trim_normal_form
from annotate.labelstudio.rank import Rank, highest_rank
from annotate.labelstudio.results import UNKNOWN_USER, Mapper, annotator_of
from annotate.model import Annotation, Article
from annotate.offsets import sha256

_ANNOTATORS = "annotators"
"""What is counted in place of the names of people whose labels the map leaves out."""
_PREDICTIONS = "predictions"
"""What is counted for each item of a prediction; one that an export lists by its number alone is one item."""


class _AnnotatorLabels(NamedTuple):
    """The labels of one annotator, in code points of the text as the task has it."""

    annotation: Annotation
    rank: Rank


class MappedTask(NamedTuple):
    """A task's article and annotations in normal form, before the rules of annotations have looked at them.

    `chosen` is the index of the annotation that represents the article; None if there are none. `is_unsubmitted` tells
    whether there are labels, but only in skipped annotations and drafts. `left_out` counts what the map leaves out, and
    the items of predictions.
    """

    article: Article
    annotations: Sequence[Annotation]
    chosen: int | None
    findings: tuple[Finding, ...]
    is_unsubmitted: bool = False
    left_out: Mapping[str, int] = {}


class SlowReader(NamedTuple):
    """Reads tasks one by one.

    Attributes:
        mapper: Maps the results.
        articles: Reads the articles.
        people: User, by `user_of` → pseudonym.
        left_out_users: The users whose annotations are left out, and counted.
    """

    mapper: Mapper
    articles: ArticleReader
    people: Mapping[int | str, str]
    left_out_users: Collection[int | str | None] = ()

    def read_task(self, data: bytes, file: str, where: str) -> MappedTask | QuarantinedTask:
        """Read a task; it is quarantined here only if there is nothing that rules could look at.

        Args:
            data: The JSON of the task.
            file: The name of the export.
            where: What findings call the task.
        """
        try:
            task = decode_task(data)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            return QuarantinedTask(None, tuple(rules.task_unreadable(file, None, where, error)))
        fields = task.get("data") if isinstance(task, dict) else None
        if not isinstance(fields, dict):
            return QuarantinedTask(None, tuple(report_no_task(task, file, where)))
        article = self.articles.read_article(fields, task.get("id"), file, where)
        if isinstance(article, QuarantinedTask):
            return article
        entries: list[dict[str, Any]] = []
        for key in ANNOTATION_KEYS:
            listed = task.get(key) or []
            if not isinstance(listed, list) or not all(isinstance(entry, dict) for entry in listed):
                why = f"its {key} are not a list of objects"
                return QuarantinedTask(article.id, tuple(rules.task_unreadable(file, article.id, where, why)))
            entries += listed
        if not entries and (other := tuple(report_other_results(task, file, article.id, where))):
            return QuarantinedTask(article.id, other)
        try:
            findings = list(rules.duplicate_key(file, article.id, where, data)) if may_repeat_keys(data, task) else []
        except (ValueError, RecursionError) as error:
            return QuarantinedTask(article.id, tuple(rules.task_unreadable(file, article.id, where, error)))
        labels: list[_AnnotatorLabels] = []
        users: list[int | str | None] = []
        has_other_labels = False
        keys, left_out = self.mapper.controls.fields, Counter[str]()
        task |= {"data": {keys.article: article.id, keys.text: article.text}}
        if any(user_of(entry) in self.left_out_users for entry in entries):
            task |= self._leave_out_users(entries, left_out)
        if predictions := task.get("predictions"):
            left_out[_PREDICTIONS] += sum(map(_count_items, predictions)) if isinstance(predictions, list) else 1
        entry_iterator = chain.from_iterable(task.get(key) or [] for key in ANNOTATION_KEYS)
        for mapped in self.mapper.map_task(task, article.text, self.people, predictions=False):
            findings += [replace(finding, file=file) for finding in mapped.findings]
            has_other_labels |= mapped.annotation is None and any(mapped.quarantined)
            if mapped.kind == "annotation":
                entry, annotation = next(entry_iterator), mapped.annotation
                left_out.update(mapped.left_out)
                if annotation:
                    labels.append(_AnnotatorLabels(annotation, mapped.rank))
                    users.append(user_of(entry))
        findings += self._check_annotators(users, file, article.id, where)
        normal_task = self._normalise(article, labels, findings, file)
        return normal_task._replace(is_unsubmitted=has_other_labels and not labels, left_out=left_out)

    def _leave_out_users(self, entries: Iterable[dict[str, Any]], left_out: Counter[str]) -> dict[str, Any]:
        """Return the annotations of a task without those that are left out, and count the items of these."""
        kept = []
        for entry in entries:
            if user_of(entry) in self.left_out_users:
                left_out[_ANNOTATORS] += _count_items(entry)
            else:
                kept.append(entry)
        first, *others = ANNOTATION_KEYS
        return {first: kept, **{key: [] for key in others}}

    def _check_annotators(
        self, users: Sequence[int | str | None], file: str, article_id: str, where: str
    ) -> Iterator[Finding]:
        """Yield findings on annotators who have several annotations, or cannot be told apart."""
        unnamed = [user for user in users if annotator_of(user, self.people) == UNKNOWN_USER]
        is_repeated = len(unnamed) > 1 and None not in unnamed and len(set(unnamed)) == 1
        if len(unnamed) > 1 and not is_repeated:
            yield from rules.annotators_unknown(file, article_id, where, len(unnamed), any(unnamed))
        elif any(unnamed):
            yield from rules.annotator_unnumbered(file, article_id, where)
        for name, count in Counter(annotator_of(user, self.people) for user in users).items():
            if count > 1 and (name != UNKNOWN_USER or is_repeated):
                yield from rules.duplicate_annotator(file, article_id, where, name)

    def _normalise(
        self, article: Article, labels: Sequence[_AnnotatorLabels], findings: list[Finding], file: str
    ) -> MappedTask:
        """Return the task with its text and labels in normal form."""
        original, text = article.text, article.text
        if not is_sound(original, original.encode()):
            text, _ = trim_normal_form(original)
            article = msgspec.structs.replace(article, text=text, text_sha256=sha256(text))
            for rule in OF_TEXT:
                findings += rule(file, article.id, text)
        annotations = [
            sort_annotation(
                msgspec.structs.replace(
                    annotation,
                    text_sha256=article.text_sha256,
                    spans=annotation.spans if text is original else tuple(move_spans(annotation.spans, original)),
                )
            )
            for annotation, _ in labels
        ]
        return MappedTask(
            article, annotations, highest_rank([annotator_labels.rank for annotator_labels in labels]), tuple(findings)
        )


def _count_items(entry: object) -> int:
    """Return the number of items of an annotation or prediction; 1 if it has no list of them."""
    result = entry.get("result") if isinstance(entry, dict) else None
    return len(result) if isinstance(result, list) else 1


class _LooseAnnotation(msgspec.Struct):
    """The fields of an annotation, prediction or draft that are read, with values of any type."""

    id: Any = None
    completed_by: Any = None
    was_cancelled: Any = None
    skipped: Any = None
    ground_truth: Any = None
    honeypot: Any = None
    updated_at: Any = None
    created_at: Any = None
    created_ago: Any = None
    created_username: Any = None
    model_version: Any = None
    lead_time: Any = None
    parent_prediction: Any = None
    parent_annotation: Any = None
    result: Any = None


class _LooseTask(msgspec.Struct):
    id: Any = None
    data: Any = None
    annotations: list[_LooseAnnotation | int] = []
    completions: list[_LooseAnnotation | int] = []
    predictions: list[_LooseAnnotation | int] = []
    drafts: list[_LooseAnnotation | int] = []


_loose_decoder = msgspec.json.Decoder(_LooseTask)


def decode_task(data: bytes) -> Any:
    """Decode a task; a number that no parser can hold does no harm in a field that is not read.

    Raises:
        msgspec.DecodeError: If the bytes are not valid JSON.
        UnicodeDecodeError: If the bytes are not UTF-8.
        RecursionError: If brackets are nested too deep.
    """
    data.decode("utf-8")
    try:
        return msgspec.json.decode(data)
    except msgspec.DecodeError:
        try:
            return msgspec.to_builtins(_loose_decoder.decode(data))
        except msgspec.ValidationError:
            pass
        raise
