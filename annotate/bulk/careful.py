"""One task item by item, with a finding on whatever is out of the ordinary: for those that the fast way leaves."""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

import msgspec

from annotate.bulk import rules
from annotate.bulk.keys import Keys
from annotate.bulk.taking import Articles, Rank, SetAside, highest
from annotate.checks.text import OF_TEXT, sound
from annotate.findings import Finding
from annotate.labelstudio.config import TEXT
from annotate.labelstudio.results import Mapper
from annotate.model import Annotation, Article, Relation, Span
from annotate.offsets import normal_places, normalise, sha256, trimmed
from annotate.store import canonical

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
            findings = list(rules.key_twice(file, article.id, where, data)) if _maybe_twice(data, raw) else []
        except (ValueError, RecursionError) as error:
            return SetAside(article.id, tuple(rules.task_unreadable(file, article.id, where, error)))
        found: list[Labelled] = []
        known = {**raw, "data": {"article": article.id, TEXT: article.text}}
        left = iter(entries)
        for mapped in self.mapper.task(known, article.text, self.people, predictions=False):
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


_task = msgspec.json.Decoder(_Task)


def _decoded(data: bytes) -> Any:
    """The value of a task; a number that no parser can hold does no harm in a field that is not read.

    Raises DecodeError, UnicodeDecodeError or RecursionError.
    """
    data.decode("utf-8")
    try:
        return msgspec.json.decode(data)
    except msgspec.DecodeError:
        try:
            return msgspec.to_builtins(_task.decode(data))
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


def _maybe_twice(data: bytes, value: object) -> bool:
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
