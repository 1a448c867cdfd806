"""The certificate of an export: what was written, read back and compared, fact by fact.

A fact is the smallest thing that a document says: a span, the value of an attribute, a relation, a note. What a format
cannot carry is declared beforehand, fact by fact, with the reason; a fact that is missing without having been declared,
or that nobody wrote, is undeclared, and the export fails.
"""

from collections import Counter
from collections.abc import Iterable, Iterator
from typing import NamedTuple

import msgspec

from annotate.formats.document import Document, Loss
from annotate.model import SourceRange, Span

ABOUT = {
    "metadata": "title, author, publisher, date, rights, source and language of an article have no place in the format",
    "who": "annotator, process, inventory version and what gold was made from have no place in the format",
}
"""Reasons that several formats share."""

EXAMPLES = 5
DETAILS = ("title", "language", "author", "publisher", "date", "rights", "source")
HEAD = ("annotator", "process", "made_from", "inventory")

MADE = ("text", "id")
"""Kinds of which a reader makes up its own where none was carried; that the old ones are gone shows as a loss."""

NOWHERE = SourceRange(file="", sha256="", start=0, end=0)
"""Stands for the source of an article where a format does not say it."""

Fact = tuple[str, str]
"""Its kind, and what it says."""


def _place(span: Span) -> str:
    return f"{span.label} {span.start}–{span.end}"


def span_facts(span: Span) -> Iterator[Fact]:
    """What an annotation says of one span."""
    place = _place(span)
    yield "span", place
    yield "id", f"{place} is {span.id}"
    for name, value in span.attributes.items():
        yield "attribute", f"{place} {name} = {value!r}"
    if span.note:
        yield "note", f"{place}: {span.note!r}"


def facts(document: Document) -> Iterator[Fact]:
    """Everything that a document says, but for what is empty.

    Spans are told by label and place, so that other ids lose the ids alone; the text of a span follows from both.
    """
    article, annotation = document
    yield "text", article.text
    for name in DETAILS:
        value = getattr(article, name)
        if value and value != NOWHERE:
            yield "metadata", f"{name}: {msgspec.json.encode(value).decode()}"
    for name in HEAD if annotation.annotator else ():
        if value := getattr(annotation, name):
            yield "who", f"{name}: {msgspec.json.encode(value).decode()}"
    spans = {span.id: span for span in annotation.spans}
    for span in annotation.spans:
        yield from span_facts(span)
    for relation in annotation.relations:
        ends = f"{_place(spans[relation.head])} → {_place(spans[relation.tail])}"
        yield "relation", f"{relation.label}: {ends}"
        yield "id", f"{relation.label}: {relation.head} → {relation.tail}"
        if relation.note:
            yield "note", f"{relation.label}: {ends}: {relation.note!r}"


def metadata_lost(document: Document) -> Iterator[Loss]:
    return (Loss(kind, what, "metadata") for kind, what in facts(document) if kind == "metadata")


def head_lost(document: Document) -> Iterator[Loss]:
    return (Loss(kind, what, "who") for kind, what in facts(document) if kind == "who")


def of_spans(document: Document, gone: dict[str, str]) -> Iterator[Loss]:
    """What is lost with spans: `gone` maps their ids to the reason. Relations go with either end."""
    article, annotation = document
    spans = tuple(span for span in annotation.spans if span.id in gone)
    for span in spans:
        yield from (Loss(kind, what, gone[span.id]) for kind, what in span_facts(span))
    for relation in annotation.relations:
        reason = gone.get(relation.head, gone.get(relation.tail))
        if reason:
            ends = tuple(span for span in annotation.spans if span.id in (relation.head, relation.tail))
            alone = msgspec.structs.replace(annotation, spans=ends, relations=(relation,))
            without = msgspec.structs.replace(alone, relations=())
            extra = Counter(facts(Document(article, alone))) - Counter(facts(Document(article, without)))
            yield from (Loss(kind, what, reason) for kind, what in extra.elements())


class Line(msgspec.Struct, kw_only=True):
    """One kind of facts: how many were exported and came back, what was lost for which reason, what was not declared.

    `gained` are facts that nobody wrote. `examples` show undeclared losses and gains.
    """

    exported: int = 0
    carried: int = 0
    declared: dict[str, int] = msgspec.field(default_factory=dict)
    undeclared: int = 0
    gained: int = 0
    examples: list[str] = msgspec.field(default_factory=list)


class Ledger(msgspec.Struct, kw_only=True):
    """What an export carries. `losses` maps the reasons in use to their explanation."""

    format: str
    annotator: str
    documents: int = 0
    facts: dict[str, Line] = msgspec.field(default_factory=dict)
    losses: dict[str, str] = msgspec.field(default_factory=dict)

    @property
    def clean(self) -> bool:
        return not any(line.undeclared or line.gained for line in self.facts.values())

    def add(self, exported: Document, read: Document | None, declared: Iterable[Loss]) -> None:
        """Enter a document and what came back of it; None where nothing did."""
        self.documents += 1
        wanted = Counter(facts(exported))
        came = Counter(facts(read)) if read else Counter[Fact]()
        missing, gained = wanted - came, came - wanted
        for fact in [fact for fact in gained if fact[0] in MADE]:
            del gained[fact]
        for kind, number in _by_kind(wanted).items():
            line = self._line(kind)
            line.exported += number
            line.carried += number - _by_kind(missing)[kind]
        for loss in declared:
            fact = (loss.kind, loss.what)
            if missing[fact] > 0:
                missing[fact] -= 1
                counted = self._line(loss.kind).declared
                counted[loss.reason] = counted.get(loss.reason, 0) + 1
        for sign, odd in (("lost", +missing), ("gained", gained)):
            for (kind, what), number in odd.items():
                line = self._line(kind)
                line.undeclared += number if sign == "lost" else 0
                line.gained += number if sign == "gained" else 0
                if len(line.examples) < EXAMPLES:
                    line.examples.append(f"{sign} in {exported.article.id}: {what[:200]}")

    def explain(self, losses: dict[str, str]) -> None:
        """Enter the explanation of each reason that was used."""
        used = {reason for line in self.facts.values() for reason in line.declared}
        self.losses = {reason: text for reason, text in losses.items() if reason in used}

    def _line(self, kind: str) -> Line:
        return self.facts.setdefault(kind, Line())


def _by_kind(counted: Counter[Fact]) -> Counter[str]:
    kinds: Counter[str] = Counter()
    for (kind, _), number in counted.items():
        kinds[kind] += number
    return kinds


class Entry(NamedTuple):
    """A row of the ledger as people read it."""

    kind: str
    exported: int
    carried: int
    declared: str
    undeclared: int


def entries(ledger: Ledger) -> list[Entry]:
    return [
        Entry(
            kind,
            line.exported,
            line.carried,
            ", ".join(f"{number} {reason}" for reason, number in line.declared.items()),
            line.undeclared + line.gained,
        )
        for kind, line in ledger.facts.items()
    ]


def encode(ledger: Ledger) -> bytes:
    """The certificate's bytes."""
    return msgspec.json.format(msgspec.json.encode(ledger), indent=2) + b"\n"
