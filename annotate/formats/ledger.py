"""The certificate of an export: what was written, read back and compared, fact by fact.

A fact is the smallest thing that a document says: a span, the value of an attribute, a relation, a note. A format
declares beforehand which facts it cannot carry, each with a reason. A fact that is missing without having been
declared, or that appears although it was not written, is undeclared, and the export fails.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple, Self

import msgspec

from annotate.formats.document import LabelledArticle, Loss
from annotate.model import SourceRange, Span

METADATA_LOSSES = {
    "metadata": "title, date, rights, source and all other metadata of an article have no place in the format",
    "who": "annotator, process, sources, time and inventory version of the labels have no place in the format",
}
"""The reasons for `metadata_losses`, which several formats share."""

EXAMPLES = 5
ARTICLE_FIELDS = ("title", "language", "author", "publisher", "date", "rights", "source")
ORIGIN_FIELDS = ("annotator", "process", "made_from", "inventory", "lead_time", "origins")

REPLACED = ("text", "id")
"""Kinds of facts for which a reader makes up others if none was carried; the loss shows that the old ones are gone."""

NO_SOURCE = SourceRange(file="", sha256="", start=0, end=0)
"""The source of an article in a format that does not say it."""

Fact = tuple[str, str]
"""The kind of a fact, and what it says."""


def _describe_position(span: Span) -> str:
    return f"{span.label} {span.start}–{span.end}"


def span_facts(span: Span) -> Iterator[Fact]:
    """List what an annotation says about one span."""
    position = _describe_position(span)
    yield "span", position
    yield "id", f"{position} is {span.id}"
    for name, value in span.attributes.items():
        yield "attribute", f"{position} {name} = {value!r}"
    if span.note:
        yield "note", f"{position}: {span.note!r}"


def metadata_fact(name: str, value: object) -> Fact:
    """Return what a field of an article's metadata says."""
    return "metadata", f"{name}: {msgspec.json.encode(value).decode()}"


def list_facts(document: LabelledArticle) -> Iterator[Fact]:
    """List everything that a document says, except for empty values.

    Spans are identified by label and offsets, so that a change of ids loses only the ids; the text of a span follows
    from its offsets.
    """
    article, annotation = document
    yield "text", article.text
    for name in ARTICLE_FIELDS:
        value = getattr(article, name)
        if value and value != NO_SOURCE:
            yield metadata_fact(name, value)
    for name, value in article.metadata.items():
        yield metadata_fact(name, value)
    for name in ORIGIN_FIELDS if annotation.annotator else ():
        value = getattr(annotation, name)
        if value or value == 0:
            yield "who", f"{name}: {msgspec.json.encode(value).decode()}"
    spans = {span.id: span for span in annotation.spans}
    for span in annotation.spans:
        yield from span_facts(span)
    for relation in annotation.relations:
        ends = f"{_describe_position(spans[relation.head])} → {_describe_position(spans[relation.tail])}"
        yield "relation", f"{relation.label}: {ends}"
        yield "id", f"{relation.label}: {relation.head} → {relation.tail}"
        if relation.note:
            yield "note", f"{relation.label}: {ends}: {relation.note!r}"


def metadata_losses(document: LabelledArticle) -> Iterator[Loss]:
    """List the losses of a format that has only texts and labels; `METADATA_LOSSES` has the reasons."""
    return (Loss(kind, what, kind) for kind, what in list_facts(document) if kind in METADATA_LOSSES)


def span_losses(document: LabelledArticle, reasons: Mapping[str, str]) -> Iterator[Loss]:
    """List what is lost with some spans: their facts, and those of relations with an end among them.

    Args:
        document: The document.
        reasons: Id of each lost span → reason.
    """
    article, annotation = document
    for span in annotation.spans:
        if span.id in reasons:
            yield from (Loss(kind, what, reasons[span.id]) for kind, what in span_facts(span))
    for relation in annotation.relations:
        reason = reasons.get(relation.head, reasons.get(relation.tail))
        if reason:
            ends = tuple(span for span in annotation.spans if span.id in (relation.head, relation.tail))
            with_relation = msgspec.structs.replace(annotation, spans=ends, relations=(relation,))
            without = msgspec.structs.replace(annotation, spans=ends, relations=())
            facts = Counter(list_facts(LabelledArticle(article, with_relation)))
            facts -= Counter(list_facts(LabelledArticle(article, without)))
            yield from (Loss(kind, what, reason) for kind, what in facts.elements())


class FactCounts(msgspec.Struct, kw_only=True):
    """One kind of facts in a ledger.

    Attributes:
        exported: Number of facts that were exported.
        carried: Number of facts that came back.
        declared: Reason → number of facts that were lost as declared.
        undeclared: Number of facts that were lost and not declared.
        gained: Number of facts that came back and were not exported.
        examples: The first undeclared losses and gains.
    """

    exported: int = 0
    carried: int = 0
    declared: dict[str, int] = msgspec.field(default_factory=dict)
    undeclared: int = 0
    gained: int = 0
    examples: list[str] = msgspec.field(default_factory=list)

    def merge(self, later: "FactCounts") -> None:
        """Add the counts of later documents."""
        self.exported += later.exported
        self.carried += later.carried
        for reason, number in later.declared.items():
            self.declared[reason] = self.declared.get(reason, 0) + number
        self.undeclared += later.undeclared
        self.gained += later.gained
        self.examples = [*self.examples, *later.examples][:EXAMPLES]


class Ledger(msgspec.Struct, kw_only=True):
    """What an export carries.

    Attributes:
        format: The name of the format.
        annotator: Whose labels were exported.
        documents: Number of documents.
        facts: Kind → counts.
        losses: Each reason that occurs → its explanation.
    """

    format: str
    annotator: str
    documents: int = 0
    facts: dict[str, FactCounts] = msgspec.field(default_factory=dict)
    losses: dict[str, str] = msgspec.field(default_factory=dict)

    @property
    def clean(self) -> bool:
        """Whether nothing was lost or gained but what was declared."""
        return not any(counts.undeclared or counts.gained for counts in self.facts.values())

    def add(self, exported: LabelledArticle, read: LabelledArticle | None, losses: Iterable[Loss]) -> None:
        """Compare a document with what came back.

        Args:
            exported: The document.
            read: What was read back; None if nothing was.
            losses: What the format declares as lost.
        """
        self.documents += 1
        actual = Counter(list_facts(read)) if read else Counter[Fact]()
        self.add_facts(exported.article.id, Counter(list_facts(exported)), actual, losses)

    def add_facts(
        self, article_id: str, expected: Counter[Fact], actual: Counter[Fact], losses: Iterable[Loss]
    ) -> None:
        """Compare the facts of a document with those that came back.

        Args:
            article_id: The id of its article, for the examples.
            expected: The facts that were exported.
            actual: The facts that came back.
            losses: What the format declares as lost.
        """
        missing, gained = expected - actual, actual - expected
        for fact in [fact for fact in gained if fact[0] in REPLACED]:
            del gained[fact]
        missing_by_kind = _count_by_kind(missing)
        for kind, number in _count_by_kind(expected).items():
            counts = self._of_kind(kind)
            counts.exported += number
            counts.carried += number - missing_by_kind[kind]
        for loss in losses:
            fact = (loss.kind, loss.what)
            if missing[fact] > 0:
                missing[fact] -= 1
                declared = self._of_kind(loss.kind).declared
                declared[loss.reason] = declared.get(loss.reason, 0) + 1
        for sign, undeclared in (("lost", +missing), ("gained", gained)):
            for (kind, what), number in undeclared.items():
                counts = self._of_kind(kind)
                if sign == "lost":
                    counts.undeclared += number
                else:
                    counts.gained += number
                if len(counts.examples) < EXAMPLES:
                    counts.examples.append(f"{sign} in {article_id}: {what[:200]}")

    def merge(self, later: Self) -> None:
        """Add what later documents carry."""
        self.documents += later.documents
        for kind, counts in later.facts.items():
            self._of_kind(kind).merge(counts)
        self.losses |= later.losses

    def explain(self, losses: Mapping[str, str]) -> None:
        """Enter the explanation of each reason that occurs; `losses` has those of the format."""
        used = {reason for counts in self.facts.values() for reason in counts.declared}
        self.losses = {reason: text for reason, text in losses.items() if reason in used}

    def _of_kind(self, kind: str) -> FactCounts:
        return self.facts.setdefault(kind, FactCounts())


def _count_by_kind(facts: Counter[Fact]) -> Counter[str]:
    kinds: Counter[str] = Counter()
    for (kind, _), number in facts.items():
        kinds[kind] += number
    return kinds


class LedgerRow(NamedTuple):
    """A row of the ledger as text."""

    kind: str
    exported: int
    carried: int
    declared: str
    undeclared: int


def ledger_rows(ledger: Ledger) -> list[LedgerRow]:
    """Return a row for each kind of facts; undeclared losses and gains are counted together."""
    return [
        LedgerRow(
            kind,
            counts.exported,
            counts.carried,
            ", ".join(f"{number} {reason}" for reason, number in counts.declared.items()),
            counts.undeclared + counts.gained,
        )
        for kind, counts in ledger.facts.items()
    ]


def encode_ledger(ledger: Ledger) -> bytes:
    """Return the bytes of the certificate."""
    return msgspec.json.format(msgspec.json.encode(ledger), indent=2) + b"\n"
