"""The bytes of tasks → their articles and labels, or why they are set aside.

A task is taken whole or not at all: where anything in it would be lost, or breaks a rule, its bytes are kept instead.
Most tasks hold nothing out of the ordinary. Those of a batch are mapped and looked at all at once; any other is left to
`careful`, by itself.

How often keys stand in many tasks, counted in their bytes in one go, by what stands before each colon.

A JSON parser keeps the last of two values with one key, silently; whoever knows how many there should be finds that by
counting. A quotation mark within a string has a backslash before it, so that what is counted are keys.

One task item by item, with a finding on whatever is out of the ordinary: for those that the fast way leaves.
"""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import accumulate, pairwise
from typing import Any, NamedTuple, TypeAlias

import msgspec
import numpy as np
import numpy.typing as npt
import pyarrow as pa

from annotate.checks.annotations import check_annotations, explain
from annotate.checks.prefilter import Prefilter
from annotate.checks.text import OF_TEXT, sound
from annotate.columns import Documents, Head, Mask, Numbers, column, gathered
from annotate.convert import rules
from annotate.convert.tasks import Articles, Fields, Rank, SetAside, Taken, highest
from annotate.corpus import canonical
from annotate.findings import Finding
from annotate.ingest import Details
from annotate.inventory import Inventory
from annotate.labelstudio.config import TEXT
from annotate.labelstudio.results import Mapper, annotator_of
from annotate.labelstudio.results_fast import FastColumns, FastReader, Item
from annotate.model import Annotation, Article, Relation, Span
from annotate.offsets import normal_places, normalise, sha256, trimmed

Words: TypeAlias = npt.NDArray[np.uint64]

_WORD = 8
"""Bytes that are compared at once."""
_ESCAPE = b"\\u00"


class Keys:
    """The keys in parts of some bytes, each part from and to which of them, one behind the other."""

    def __init__(self, data: bytes, places: Sequence[tuple[int, int]]) -> None:
        first, last = (places[0][0], places[-1][1]) if places else (0, 0)
        self._bounds = column([*(start for start, _ in places), last]) - first
        self._bytes = np.frombuffer(data, np.uint8)[first:last]
        # The bytes from each place on, as a number.
        count = max(last - first - _WORD + 1, 0)
        self._words: Words = np.ndarray((count,), "<u8", data, first, (1,))
        # Where the bytes before each colon begin; no object begins so early that one before the first is of such a key.
        self._colons = np.flatnonzero(self._bytes[_WORD:] == ord(":"))
        self._before = self._words[self._colons]

    def count(self, key: bytes) -> Numbers:
        """How often a key of five to fourteen bytes stands in each part."""
        quoted = b'"%b"' % key
        before = self._before if len(quoted) >= _WORD else self._before >> _bits(_WORD - len(quoted))
        found = self._colons[before == _number(quoted[-_WORD:])] + _WORD
        if len(quoted) > _WORD:
            starts = found - len(quoted)
            found = found[(starts >= 0) & (self._words[starts] == _number(quoted[:_WORD]))]
        return self._in_parts(found)

    def otherwise(self) -> Mask:
        """Whether a part may have keys that are written in another way: an escaped letter, white space behind them."""
        # The byte that stands last is the highest of its number.
        spaced = np.flatnonzero(self._before < np.uint64((ord(" ") + 1) << 56))
        one_before = self._before[spaced] >> _bits(_WORD - 2) & 0xFF
        spaced = self._colons[spaced[(one_before <= ord(" ")) | (one_before == ord('"'))]] + _WORD
        escapes = np.flatnonzero(self._bytes[: len(self._words)] == ord("\\"))
        words = self._words[escapes]
        digit = words >> _bits(len(_ESCAPE)) & 0xFF
        letters = (words & 0xFFFFFFFF == _number(_ESCAPE)) & (digit >= ord("4")) & (digit <= ord("7"))
        found: Mask = self._in_parts(spaced) + self._in_parts(escapes[letters]) > 0
        return found

    def _in_parts(self, found: Numbers) -> Numbers:
        return np.diff(np.searchsorted(found, self._bounds))


def _bits(bytes_: int) -> np.uint64:
    return np.uint64(8 * max(bytes_, 0))


def _number(some: bytes) -> np.uint64:
    return np.uint64(int.from_bytes(some, "little"))


_NUMBERED = re.compile(rb"\\u00(?:22|3[Aa])")


class Labelled(NamedTuple):
    """One annotator's labels, in code points of the text as the task has it; the highest `rank` stands for the task."""

    annotator: str
    rank: Rank
    spans: Sequence[Span]
    relations: Sequence[Relation]


class Settled(NamedTuple):
    """A task's article and labels in normal form, which no rule has looked at; `chosen` stands for the article."""

    article: Article
    annotations: Sequence[Annotation]
    chosen: int | None
    findings: tuple[Finding, ...]


class CarefulReader(NamedTuple):
    """Reads any number of tasks; `people` maps a user's number on the server to a pseudonym."""

    mapper: Mapper
    articles: Articles
    people: Mapping[int, str]

    def read(self, data: bytes, file: str, where: str) -> Settled | SetAside:
        """A task of `file`, as findings call it; it is set aside where there is nothing that could be looked at."""
        try:
            raw = _decoded(data)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            return SetAside(None, tuple(rules.task_unreadable(file, None, where, error)))
        fields = raw.get("data") if isinstance(raw, dict) else None
        if not isinstance(fields, dict):
            return SetAside(None, tuple(rules.task_unreadable(file, None, where, "it has no data")))
        article = self.articles.of(fields, raw.get("id"), file, where)
        if isinstance(article, SetAside):
            return article
        entries = raw.get("annotations") or []
        if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
            why = "its annotations are no list of objects"
            return SetAside(article.id, tuple(rules.task_unreadable(file, article.id, where, why)))
        try:
            findings = list(rules.key_twice(file, article.id, where, data)) if _maybe_twice_careful(data, raw) else []
        except (ValueError, RecursionError) as error:
            return SetAside(article.id, tuple(rules.task_unreadable(file, article.id, where, error)))
        found: list[Labelled] = []
        known = {**raw, "data": {"article": article.id, TEXT: article.text}}
        left = iter(entries)
        for mapped in self.mapper.map_task(known, article.text, self.people, predictions=False):
            findings += [finding_at(finding, file) for finding in mapped.findings]
            if mapped.kind == "annotation":
                entry, made = next(left), mapped.annotation
                if made:
                    found.append(Labelled(made.annotator, _rank(entry), made.spans, made.relations))
        twice = [name for name, count in Counter(labelled.annotator for labelled in found).items() if count > 1]
        for name in twice:
            findings += rules.annotator_twice(file, article.id, where, name)
        return self._settled(article, found, findings, file)

    def _settled(self, article: Article, found: Sequence[Labelled], findings: Iterable[Finding], file: str) -> Settled:
        """The task with its text and labels in normal form."""
        given, said = article.text, list(findings)
        text, start = given, 0
        if not sound(given, given.encode()):
            start, end = trimmed(normalise(given), 0, len(normalise(given)))
            text = normalise(given)[start:end]
            article = msgspec.structs.replace(article, text=text, text_sha256=sha256(text))
            for rule in OF_TEXT:
                said += rule(file, article.id, text)
        annotations = [
            canonical(
                Annotation(
                    article=article.id,
                    annotator=labelled.annotator,
                    process="single pass",
                    made_from=(),
                    inventory=self.mapper.controls.inventory.version,
                    text_sha256=article.text_sha256,
                    spans=tuple(labelled.spans if text is given else _moved(labelled.spans, given, text, start)),
                    relations=tuple(labelled.relations),
                )
            )
            for labelled in found
        ]
        return Settled(article, annotations, highest([labelled.rank for labelled in found]), tuple(said))


class _Entry(msgspec.Struct):
    """What is read of an annotation, a prediction or a draft; so are the fields of `_Task`."""

    id: Any = None
    completed_by: Any = None
    was_cancelled: Any = None
    ground_truth: Any = None
    updated_at: Any = None
    model_version: Any = None
    result: Any = None


class _Task(msgspec.Struct):
    id: Any = None
    data: Any = None
    annotations: list[_Entry | int] = []
    predictions: list[_Entry | int] = []
    drafts: list[_Entry | int] = []


_task_careful = msgspec.json.Decoder(_Task)


def _decoded(data: bytes) -> Any:
    """The value of a task; a number that no parser can hold does no harm in a field that is not read.

    Raises DecodeError, UnicodeDecodeError or RecursionError.
    """
    data.decode("utf-8")
    try:
        return msgspec.json.decode(data)
    except msgspec.DecodeError:
        try:
            return msgspec.to_builtins(_task_careful.decode(data))
        except msgspec.ValidationError:
            pass
        raise


def _moved(spans: Iterable[Span], given: str, text: str, start: int) -> Iterator[Span]:
    """The spans of a text where they stand in its normal form; one that cannot stand there is left as it is.

    A rule finds the latter: normal form makes one character of what stands on both sides of its end.
    """
    place = normal_places(given)
    for span in spans:
        first, last = place(span.start), place(span.end)
        if first is None or last is None:
            yield span
        else:
            yield msgspec.structs.replace(
                span, start=first - start, end=last - start, text=text[max(first - start, 0) : max(last - start, 0)]
            )


def _maybe_twice_careful(data: bytes, value: object) -> bool:
    """Whether any key may stand twice in an object of a document: then fewer have come out of it than stand in it.

    Keys, and what looks like them in strings, are counted as they are written. What no encoder writes is told from the
    start: a quotation mark or a colon by its number, something between a key and its colon.
    """
    mark, before = b'":', b" " * 8  # so that a colon at the very beginning has something before it
    keys = Keys(before + data, [(0, len(before + data))])
    otherwise = _NUMBERED.search(data) is not None or bool(keys.otherwise()[0])
    return otherwise or data.count(mark) != msgspec.json.encode(value).count(mark)


def _rank(entry: Mapping[str, Any]) -> Rank:
    """How far an annotation stands for its task: ground truth before others, newer ones before older ones."""
    updated = entry.get("updated_at")
    return entry.get("ground_truth") is True, updated if isinstance(updated, str) else "", str(entry.get("id"))


def finding_at(finding: Finding, file: str) -> Finding:
    """The finding with the export as its file."""
    return replace(finding, file=file)


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
        self._prefilter = Prefilter.of(inventory)

    def read(self, batch: Batch, file: str) -> Read:
        """Read tasks of `file`, as findings call it. Behind the labels of all others stand those of careful reading."""
        found: dict[int, Taken | SetAside] = {}
        quick, columns = list[Quick](), FastReader(self.careful.mapper.controls)
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
        self, batch: Batch, number: int, columns: FastReader, file: str, readable: bool
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
        annotators = [annotator_of(entry.person, self.people) for entry in entries]
        if len(set(annotators)) < len(annotators):
            return None
        article = self.articles.of(task.data, task.id, file, batch.where(number))
        if isinstance(article, SetAside):
            return article
        for entry in entries:
            columns.add(entry.result)
        return Quick(number, article, annotators, [entry.rank for entry in entries])

    def _passed(
        self, quick: Sequence[Quick], labels: FastColumns, batch: Batch, file: str
    ) -> tuple[dict[int, Taken], Documents]:
        """Those tasks, by number, that are what they promised, and the labels of all."""
        heads = [self._head(task.article, name) for task in quick for name in task.annotators]
        texts = [task.article.text for task in quick for _ in task.annotators]
        documents = Documents(self.inventory, heads, labels.spans, labels.relations).canonical()
        passing = self._prefilter.accepts(documents, texts).tolist()
        bounds = [0, *accumulate(len(task.annotators) for task in quick)]
        twice = _maybe_twice(batch, [task.number for task in quick], labels, column(bounds)).tolist()
        found = {}
        for task, again, (first, last) in zip(quick, twice, pairwise(bounds), strict=True):
            several = range(first, last)
            if again or not labels.irregular.isdisjoint(several):
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


def _maybe_twice(batch: Batch, numbers: Sequence[int], labels: FastColumns, bounds: Numbers) -> Mask:
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
