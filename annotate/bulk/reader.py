"""The bytes of tasks → their articles and labels, or why they are set aside.

A task is taken whole or not at all: where anything in it would be lost, or breaks a rule, its bytes are kept instead.
Most tasks hold nothing out of the ordinary. Those of a batch are mapped and looked at all at once; any other is left to
`careful`, by itself.
"""

from collections.abc import Mapping, Sequence
from itertools import accumulate, pairwise
from typing import Any, NamedTuple

import msgspec
import numpy as np
import pyarrow as pa

from annotate.bulk import rules
from annotate.bulk.careful import CarefulReader, Settled
from annotate.bulk.keys import Keys
from annotate.bulk.taking import Articles, Fields, Rank, SetAside, Taken, highest
from annotate.checks.gate import Gate
from annotate.checks.labels import check_annotations, explain
from annotate.checks.text import sound
from annotate.columns import Documents, Head, Mask, Numbers, column, gathered
from annotate.findings import Finding
from annotate.intake import Details
from annotate.inventory import Inventory
from annotate.labelstudio.plain import Item, Plain, PlainColumns
from annotate.labelstudio.results import Mapper, pseudonym
from annotate.model import Article


class Person(msgspec.Struct, gc=False):
    id: int | None = None


class Entry(msgspec.Struct, gc=False):
    """An annotation of a task, as far as it is read."""

    id: int | str | None = None
    completed_by: int | Person | None = None
    was_cancelled: bool = False
    ground_truth: bool = False
    updated_at: str = ""
    result: list[Item] = []

    @property
    def person(self) -> int | None:
        """The number of the server's user who made it."""
        return self.completed_by.id if isinstance(self.completed_by, Person) else self.completed_by

    @property
    def rank(self) -> Rank:
        return self.ground_truth, self.updated_at, str(self.id)


class Task(msgspec.Struct, gc=False):
    """A task of an export, as far as it is read."""

    data: dict[str, Any]
    id: int | str | None = None
    annotations: list[Entry] = []
    predictions: list[msgspec.Raw] = []
    drafts: list[msgspec.Raw] = []


_task = msgspec.json.Decoder(Task)


class Batch(NamedTuple):
    """Tasks of an export: from and to which byte of `data` each stands, which is at byte `offset` of the export."""

    data: bytes
    places: Sequence[tuple[int, int]]
    offset: int

    def task(self, number: int) -> bytes:
        start, end = self.places[number]
        return self.data[start:end]

    def is_text(self) -> bool:
        """Whether all of it is UTF-8: a parser that skips a string does not look at it."""
        ends = pa.array([self.places[0][0], self.places[-1][1]] if self.places else [0, 0], pa.int64())
        whole = pa.LargeStringArray.from_buffers(1, ends.buffers()[1], pa.py_buffer(self.data))
        try:
            whole.validate(full=True)
        except pa.ArrowInvalid:
            return False
        return True

    def where(self, number: int) -> str:
        """What findings call its place."""
        return f"the task at byte {self.offset + self.places[number][0]:,}"


class Quick(NamedTuple):
    """A task that promises nothing out of the ordinary, and how far each of its annotations stands for it."""

    number: int
    article: Article
    annotators: Sequence[str]
    ranks: Sequence[Rank]


class Read(NamedTuple):
    """What became of each task of a batch, and the labels of those that were taken, each in canonical order."""

    tasks: list[Taken | SetAside]
    documents: Documents


class Reader:
    """Reads any number of tasks with one inventory.

    `people` maps a user's number on the server to a pseudonym; `details` are those of articles that say nothing else.
    With `fix`, spans whose offsets can mean one other place are put there; with `search_keys`, every task is searched
    for keys that stand twice.
    """

    def __init__(
        self,
        inventory: Inventory,
        fields: Fields,
        people: Mapping[int, str],
        details: Details,
        fix: bool = False,
        search_keys: bool = False,
    ) -> None:
        self.inventory, self.people, self.search_keys = inventory, people, search_keys
        self.articles = Articles(fields, details)
        self.careful = CarefulReader(Mapper(inventory, fix), self.articles, people)
        self._gate = Gate.of(inventory)

    def read(self, batch: Batch, file: str) -> Read:
        """Read tasks of `file`, as findings call it. Behind the labels of all others stand those of careful reading."""
        found: dict[int, Taken | SetAside] = {}
        quick, columns = list[Quick](), PlainColumns(self.careful.mapper.controls)
        readable = batch.is_text()
        for number in range(len(batch.places)):
            task = self._quick(batch, number, columns, file, readable)
            if isinstance(task, Quick):
                quick.append(task)
            elif task:
                found[number] = task
        passed, documents = self._passed(quick, columns.columns(), batch, file)
        found |= passed
        settled: dict[int, Settled] = {}
        for number in range(len(batch.places)):
            if number not in found:
                closely = self.careful.read(batch.task(number), file, batch.where(number))
                if isinstance(closely, Settled):
                    settled[number] = closely
                else:
                    found[number] = closely
        checked, more = self._checked(settled, len(documents.heads), file)
        found |= checked
        return Read([found[number] for number in range(len(batch.places))], documents.followed_by(more))

    def _quick(
        self, batch: Batch, number: int, columns: PlainColumns, file: str, readable: bool
    ) -> Quick | SetAside | None:
        """A task whose results were put to the columns; None for one that is to be read item by item.

        `readable` unless something in the batch is no UTF-8.
        """
        try:
            if not readable:
                batch.task(number).decode("utf-8")
            task = _task.decode(memoryview(batch.data)[slice(*batch.places[number])])
        except msgspec.ValidationError:
            return None
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            return SetAside(None, tuple(rules.task_unreadable(file, None, batch.where(number), error)))
        text, entries = task.data.get(self.articles.fields.text), task.annotations
        if self.search_keys or task.drafts or task.predictions or not isinstance(text, str):
            return None
        if not sound(text, text.encode()) or not all(entry.result and not entry.was_cancelled for entry in entries):
            return None
        annotators = [pseudonym(entry.person, self.people) for entry in entries]
        if len(set(annotators)) < len(annotators):
            return None
        article = self.articles.of(task.data, task.id, file, batch.where(number))
        if isinstance(article, SetAside):
            return article
        for entry in entries:
            columns.add(entry.result)
        return Quick(number, article, annotators, [entry.rank for entry in entries])

    def _passed(
        self, quick: Sequence[Quick], labels: Plain, batch: Batch, file: str
    ) -> tuple[dict[int, Taken], Documents]:
        """Those tasks, by number, that are what they promised, and the labels of all."""
        heads = [self._head(task.article, name) for task in quick for name in task.annotators]
        texts = [task.article.text for task in quick for _ in task.annotators]
        documents = Documents(self.inventory, heads, labels.spans, labels.relations).canonical()
        passing = self._gate.passing(documents, texts).tolist()
        bounds = [0, *accumulate(len(task.annotators) for task in quick)]
        twice = _maybe_twice(batch, [task.number for task in quick], labels, column(bounds)).tolist()
        found = {}
        for task, again, (first, last) in zip(quick, twice, pairwise(bounds), strict=True):
            several = range(first, last)
            if again or not labels.odd.isdisjoint(several):
                continue
            doubtful = [number for number in several if not passing[number]]
            said = self._explained(documents, texts, doubtful, file) if doubtful else []
            if said is not None:
                chosen = highest(task.ranks, first)
                found[task.number] = Taken(task.article, first, last, chosen, tuple(said))
        return found, documents

    def _explained(
        self, documents: Documents, texts: Sequence[str], doubtful: Sequence[int], file: str
    ) -> list[Finding] | None:
        """The warnings on documents that the gate does not pass; None where one needs a closer look."""
        said: list[Finding] = []
        for number in doubtful:
            text = texts[number]
            places = range(*documents.spans.bounds[number : number + 2].tolist())
            if any(text[span.start : span.end] != span.text for span in documents.some_spans(places)):
                return None
            said += explain(documents.annotation(number), text, self.inventory, file)
        return None if any(finding.severity == "error" for finding in said) else said

    def _head(self, article: Article, annotator: str) -> Head:
        return Head(article.id, annotator, "single pass", (), self.inventory.version, article.text_sha256)

    def _checked(
        self, settled: Mapping[int, Settled], first: int, file: str
    ) -> tuple[dict[int, Taken | SetAside], Documents]:
        """What the rules say of tasks that were read carefully, and the labels of those, numbered from `first` on."""
        annotations = [annotation for task in settled.values() for annotation in task.annotations]
        texts = [task.article.text for task in settled.values() for _ in task.annotations]
        findings = iter(check_annotations(annotations, texts, self.inventory, file))
        found: dict[int, Taken | SetAside] = {}
        for number, task in settled.items():
            last = first + len(task.annotations)
            said = (*task.findings, *(finding for _ in task.annotations for finding in next(findings)))
            if any(finding.severity == "error" for finding in said):
                found[number] = SetAside(task.article.id, said)
            else:
                chosen = None if task.chosen is None else first + task.chosen
                found[number] = Taken(task.article, first, last, chosen, said)
            first = last
        return found, gathered(annotations, self.inventory)


def _maybe_twice(batch: Batch, numbers: Sequence[int], labels: Plain, bounds: Numbers) -> Mask:
    """Whether, in some tasks, a key may stand twice that the labels hang on; offsets are held to the words anyway.

    `bounds` are those of the tasks among all results.
    """
    keys = Keys(batch.data, batch.places)
    spans, arrows = labels.spans.bounds[bounds], labels.relations.bounds[bounds]
    choices = np.concatenate([[0], np.cumsum(labels.choices)])[bounds]
    wanted = {
        b"annotations": np.ones(len(numbers)),
        b"result": np.diff(bounds),
        b"labels": np.diff(spans + arrows),
        b"choices": np.diff(choices),
        b"from_id": np.diff(arrows),
        b"to_id": np.diff(arrows),
    }
    twice = keys.otherwise()[numbers]
    for key, count in wanted.items():
        twice |= keys.count(key)[numbers] != count
    return twice
