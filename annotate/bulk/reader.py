"""The bytes of tasks → their articles and labels, or why they are set aside.

A task is taken whole or not at all: where anything in it would be lost, or breaks a rule, its bytes are kept instead.
"""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, NamedTuple
from unicodedata import is_normalized

import msgspec

from annotate.bulk import rules
from annotate.checks.gate import Gate
from annotate.checks.labels import check_annotation, explain
from annotate.checks.text import OF_TEXT
from annotate.columns import Documents, Gatherer, Head
from annotate.findings import Finding
from annotate.intake import Details
from annotate.inventory import Inventory
from annotate.labelstudio.config import TEXT
from annotate.labelstudio.plain import Item, Plain, plain
from annotate.labelstudio.results import MAX_ID, Mapper, pseudonym
from annotate.model import Annotation, Article, Relation, SourceRange, Span
from annotate.offsets import normal_places, normalise, sha256, trimmed
from annotate.store import ID_PATTERN, canonical

_ID = re.compile(ID_PATTERN)
_ADDRESS = re.compile(r"(?:https?|s3|gs|azure-blob)://\S+|/data/\S+")


class Fields(NamedTuple):
    """The keys of a task's data that hold the article's text, id, title and language."""

    text: str = "text"
    article: str = "article"
    title: str = "title"
    language: str = "language"


class Taken(NamedTuple):
    """A task that is taken: its article, and findings that are warnings.

    `first` to `last` are the numbers of its documents, an annotator's labels each; `chosen` is that of the one which
    stands for the article: the one marked as ground truth, else the newest. There may be none.
    """

    article: Article
    first: int
    last: int
    chosen: int | None
    findings: tuple[Finding, ...]


class SetAside(NamedTuple):
    """A task that is not taken, and why."""

    article: str | None
    findings: tuple[Finding, ...]


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


class Task(msgspec.Struct, gc=False):
    """A task of an export, as far as it is read."""

    data: dict[str, Any]
    id: int | str | None = None
    annotations: list[Entry] = []
    predictions: list[msgspec.Raw] = []
    drafts: list[msgspec.Raw] = []


_task = msgspec.json.Decoder(Task)


class Labelled(NamedTuple):
    """One annotator's labels, in code points of the text as the task has it; the highest `rank` stands for the task."""

    annotator: str
    rank: tuple[bool, str, str]
    spans: Sequence[Span]
    relations: Sequence[Relation]


class Quick(NamedTuple):
    """A task in which nothing was out of the ordinary, with an annotator's labels each."""

    article: Article
    labels: Sequence[tuple[str, tuple[bool, str, str], Plain]]


class Settled(NamedTuple):
    """A task that was read item by item; its annotations have been checked."""

    article: Article
    annotations: Sequence[Annotation]
    chosen: int | None
    findings: tuple[Finding, ...]


class Read(NamedTuple):
    """What became of each task of a batch, and the labels of those that were taken, in canonical order."""

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
        self.inventory, self.fields, self.people, self.details = inventory, fields, people, details
        self.search_keys = search_keys
        self.mapper = Mapper(inventory, fix)
        self._gate = Gate.of(inventory)

    def read(self, batch: Sequence[tuple[str, bytes]], file: str) -> Read:
        """Read tasks, each with its place in the export, which is `file`, as findings call the two.

        What is plain goes through the gate all at once; what is not, or does not pass, is looked at by itself.
        """
        gatherer, texts = Gatherer(self.inventory), list[str]()
        found: list[Quick | Settled | SetAside] = []
        for where, data in batch:
            task = self._one(data, file, where)
            found.append(task)
            if isinstance(task, Quick):
                for annotator, _, labels in task.labels:
                    gatherer.add_columns(self._head(task.article, annotator), *labels)
                    texts.append(task.article.text)
            elif isinstance(task, Settled):
                for annotation in task.annotations:
                    gatherer.add(annotation)
                    texts.append(task.article.text)
        documents = gatherer.documents().canonical()
        passing = self._gate.passing(documents, texts).tolist()
        tasks, first = list[Taken | SetAside](), 0
        for task in found:
            if isinstance(task, SetAside):
                tasks.append(task)
                continue
            last = first + len(task.labels if isinstance(task, Quick) else task.annotations)
            if isinstance(task, Settled):
                chosen = None if task.chosen is None else first + task.chosen
                tasks.append(Taken(task.article, first, last, chosen, task.findings))
            else:
                doubtful = [number for number in range(first, last) if not passing[number]]
                tasks.append(self._explained(task, documents, first, last, doubtful, file))
            first = last
        return Read(tasks, documents)

    def _one(self, data: bytes, file: str, where: str) -> Quick | Settled | SetAside:
        try:
            task = _task.decode(data)
        except msgspec.ValidationError:
            return self._closely(data, file, where)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            return SetAside(None, tuple(rules.task_unreadable(file, None, where, error)))
        labels = None if self.search_keys or _maybe_twice(data, task) else self._plainly(task)
        if labels is None:
            return self._closely(data, file, where)
        article = self._article(task.data, task.id, file, where)
        return article if isinstance(article, SetAside) else Quick(article, labels)

    def _plainly(self, task: Task) -> Sequence[tuple[str, tuple[bool, str, str], Plain]] | None:
        """The labels of a task in which nothing needs a closer look; None for any other."""
        text = task.data.get(self.fields.text)
        if task.drafts or task.predictions or not isinstance(text, str) or not _plain(text):
            return None
        found = []
        for entry in task.annotations:
            labels = plain(entry.result, text, self.mapper.controls) if entry.result else None
            if labels is None or entry.was_cancelled:
                return None
            person = entry.completed_by.id if isinstance(entry.completed_by, Person) else entry.completed_by
            rank = entry.ground_truth, entry.updated_at, str(entry.id)
            found.append((pseudonym(person, self.people), rank, labels))
        return found if len({annotator for annotator, _, _ in found}) == len(found) else None

    def _head(self, article: Article, annotator: str) -> Head:
        return Head(article.id, annotator, "single pass", (), self.inventory.version, article.text_sha256)

    def _explained(
        self, task: Quick, documents: Documents, first: int, last: int, doubtful: Sequence[int], file: str
    ) -> Taken | SetAside:
        """A task that was plain, with what the rules find in those of its documents that the gate does not pass."""
        said: list[Finding] = []
        for number in doubtful:
            said += explain(documents.annotation(number), task.article.text, self.inventory, file)
        if any(finding.severity == "error" for finding in said):
            return SetAside(task.article.id, tuple(said))
        chosen = _highest([rank for _, rank, _ in task.labels])
        return Taken(task.article, first, last, None if chosen is None else first + chosen, tuple(said))

    def _article(self, data: Mapping[str, Any], number: object, file: str, where: str) -> Article | SetAside:
        """The article of a task's data, its text as it stands there."""
        id_ = data.get(self.fields.article)
        if id_ is None and isinstance(number, int | str):
            id_ = f"task-{number}"
        if not isinstance(id_, str) or len(id_) > MAX_ID or not _ID.fullmatch(id_):
            return SetAside(None, tuple(rules.id_missing(file, None, where, id_)))
        text = data.get(self.fields.text)
        if not isinstance(text, str) or not text.strip() or _ADDRESS.fullmatch(text.strip()):
            return SetAside(id_, tuple(rules.text_missing(file, id_, where, self.fields.text, text)))
        title, language = data.get(self.fields.title), data.get(self.fields.language)
        known, digest = self.details, sha256(text)
        return Article(
            id=id_,
            title=title if isinstance(title, str) else known.title,
            language=language if isinstance(language, str) else known.language,
            author=known.author,
            publisher=known.publisher,
            date=known.date,
            rights=known.rights,
            source=SourceRange(file=file, sha256=digest, start=0, end=len(text)),
            text_sha256=digest,
            text=text,
        )

    def _closely(self, data: bytes, file: str, where: str) -> Settled | SetAside:
        """Read a task item by item, with a finding on whatever is out of the ordinary."""
        try:
            raw = msgspec.json.decode(data)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            return SetAside(None, tuple(rules.task_unreadable(file, None, where, error)))
        fields = raw.get("data") if isinstance(raw, dict) else None
        if not isinstance(fields, dict):
            return SetAside(None, tuple(rules.task_unreadable(file, None, where, "it has no data")))
        article = self._article(fields, raw.get("id"), file, where)
        if isinstance(article, SetAside):
            return article
        entries = raw.get("annotations") or []
        if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
            why = "its annotations are no list of objects"
            return SetAside(article.id, tuple(rules.task_unreadable(file, article.id, where, why)))
        findings: list[Finding] = list(rules.key_twice(file, article.id, where, data))
        found: list[Labelled] = []
        known = {**raw, "data": {"article": article.id, TEXT: article.text}}
        for mapped in self.mapper.task(known, article.text, self.people):
            if mapped.kind == "prediction":
                continue
            findings += [finding_at(finding, file) for finding in mapped.findings]
            if mapped.kind == "annotation" and mapped.annotation:
                made = mapped.annotation
                found.append(Labelled(made.annotator, _rank(raw, mapped.number), made.spans, made.relations))
        twice = [name for name, count in Counter(labelled.annotator for labelled in found).items() if count > 1]
        for name in twice:
            findings += rules.annotator_twice(file, article.id, where, name)
        return self._checked(article, found, findings, file)

    def _checked(
        self, article: Article, found: Sequence[Labelled], findings: Iterable[Finding], file: str
    ) -> Settled | SetAside:
        """The task with its text and labels in normal form, if nothing in it breaks a rule."""
        given, said = article.text, list(findings)
        text, start = given, 0
        if not _plain(given):
            start, end = trimmed(normalise(given), 0, len(normalise(given)))
            text = normalise(given)[start:end]
            article = msgspec.structs.replace(article, text=text, text_sha256=sha256(text))
            for rule in OF_TEXT:
                said += rule(file, article.id, text)
        annotations = []
        for labelled in found:
            spans = labelled.spans if text is given else self._moved(labelled.spans, given, text, start)
            annotation = canonical(
                Annotation(
                    article=article.id,
                    annotator=labelled.annotator,
                    process="single pass",
                    made_from=(),
                    inventory=self.inventory.version,
                    text_sha256=article.text_sha256,
                    spans=tuple(spans),
                    relations=tuple(labelled.relations),
                )
            )
            said += check_annotation(annotation, text, self.inventory, file)
            annotations.append(annotation)
        if any(finding.severity == "error" for finding in said):
            return SetAside(article.id, tuple(said))
        return Settled(article, annotations, _highest([labelled.rank for labelled in found]), tuple(said))

    def _moved(self, spans: Iterable[Span], given: str, text: str, start: int) -> Iterator[Span]:
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


def _highest(ranks: Sequence[tuple[bool, str, str]]) -> int | None:
    """The number of the annotation that stands for its task."""
    return ranks.index(max(ranks)) if ranks else None


def _rank(raw: Mapping[str, Any], number: object) -> tuple[bool, str, str]:
    """How far an annotation stands for its task: ground truth before others, newer ones before older ones."""
    entry = next(one for one in raw["annotations"] if isinstance(one, dict) and one.get("id") == number)
    updated = entry.get("updated_at")
    return entry.get("ground_truth") is True, updated if isinstance(updated, str) else "", str(number)


def _maybe_twice(data: bytes, task: Task) -> bool:
    """Whether a key may stand twice that the labels hang on; offsets and words are held to each other anyway.

    A quotation mark within a string has a backslash before it, so that what is counted are keys, or values of an item.
    """
    items = sum([len(entry.result) for entry in task.annotations])
    return (
        data.count(b'"annotations":') > 1
        or data.count(b'"result":') > len(task.annotations) + len(task.predictions) + len(task.drafts)
        or data.count(b'"labels":') + data.count(b'"choices":') > items
    )


def _plain(text: str) -> bool:
    """Whether a text is in normal form and every character of it shows: then no rule of texts finds anything."""
    shows = text.replace("\n", " ").isprintable()
    return shows and is_normalized("NFC", text) and not (text[:1].isspace() or text[-1:].isspace())


def finding_at(finding: Finding, file: str) -> Finding:
    """The finding with the export as its file."""
    return replace(finding, file=file)
