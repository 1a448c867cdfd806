"""(Article, Annotation) → the rows of every table, with the columns and class ids of `features`.

Each row has every column of its table, in order, None where there is no value: so the JSON of a row is the same whether
it was made here or read from Parquet.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from annotate.dataset.features import ARTICLES, PROCESSES, role_attributes, role_labels
from annotate.inventory import Attribute, Inventory, RecordType
from annotate.model import Annotation, Article, AttributeValue, Span
from annotate.offsets import paragraph
from annotate.records import Filler, Mention, Record, records
from annotate.store import canonical

Row = dict[str, Any]
Values = Callable[[Mapping[str, AttributeValue]], Row]

_PROCESS = {name: number for number, name in enumerate(PROCESSES)}


def _values(attributes: Iterable[Attribute]) -> Values:
    """A function from a span's attributes to their columns: choices as class ids, None for what is not given."""
    empty: Row = {}
    ids: dict[str, dict[AttributeValue, int]] = {}
    for attribute in attributes:
        empty[attribute.name] = None
        if attribute.type == "choice":
            ids[attribute.name] = {value: number for number, value in enumerate(attribute.values)}

    def values(given: Mapping[str, AttributeValue]) -> Row:
        row = empty.copy()
        for name, value in given.items():
            if name in row:
                row[name] = ids[name][value] if name in ids else value
        return row

    return values


class RowMaker:
    """Rows for one inventory; made once, used for any number of annotations."""

    def __init__(self, inventory: Inventory) -> None:
        self._inventory = inventory
        self._spans = {name: number for number, name in enumerate(inventory.spans)}
        self._relations = {name: number for number, name in enumerate(inventory.relations)}
        self._all = _values(inventory.attributes.values())
        self._records = {name: _RecordRows(inventory, record) for name, record in inventory.records.items()}

    def __call__(self, article: Article, annotation: Annotation) -> dict[str, list[Row]]:
        """The rows of each table for one article, in the order of its text.

        The annotation must have passed the checks: a label or value that the inventory does not have is a KeyError.
        """
        found = records(annotation, self._inventory)
        tables = {name: [make(article, annotation, one) for one in found[name]] for name, make in self._records.items()}
        return {ARTICLES: [self._article(article, annotation)], **tables}

    def _article(self, article: Article, annotation: Annotation) -> Row:
        ordered = canonical(annotation)
        places = {span.id: number for number, span in enumerate(ordered.spans)}
        relations = [
            {
                "label": self._relations[relation.label],
                "head": places.get(relation.head),
                "tail": places.get(relation.tail),
                "head_id": relation.head,
                "tail_id": relation.tail,
                "note": relation.note or None,
            }
            for relation in ordered.relations
        ]
        return {
            "id": article.id,
            "title": article.title,
            "language": article.language,
            "author": article.author,
            "publisher": article.publisher,
            "date": article.date,
            "rights": article.rights,
            "text": article.text,
            "text_sha256": article.text_sha256,
            "source": {
                "file": article.source.file,
                "sha256": article.source.sha256,
                "start": article.source.start,
                "end": article.source.end,
            },
            "annotator": annotation.annotator,
            "process": _PROCESS[annotation.process],
            "made_from": list(annotation.made_from),
            "inventory": annotation.inventory,
            "spans": [self._span(span) for span in ordered.spans],
            "relations": relations,
        }

    def _span(self, span: Span) -> Row:
        row: Row = {
            "id": span.id,
            "label": self._spans[span.label],
            "start": span.start,
            "end": span.end,
            "text": span.text,
        }
        if self._inventory.attributes:
            row["attributes"] = self._all(span.attributes)
        row["note"] = span.note or None
        return row


class _RecordRows:
    """Rows for one record type."""

    def __init__(self, inventory: Inventory, record: RecordType) -> None:
        self._values = _values(inventory.attributes_of(record.anchor))
        self._roles = {name: _FillerRows(inventory, record, name) for name in record.roles}

    def __call__(self, article: Article, annotation: Annotation, record: Record) -> Row:
        anchor = record.anchor
        start, end = paragraph(article.text, anchor.start, anchor.end)
        return {
            "id": f"{article.id}/{anchor.id}",
            "article": article.id,
            "title": article.title,
            "span_id": anchor.id,
            **_mention(anchor),
            **self._values(anchor.attributes),
            **{name: [make(filler) for filler in record.roles[name]] for name, make in self._roles.items()},
            "paragraph": {"text": article.text[start:end], "start": start, "end": end},
            "annotator": annotation.annotator,
            "process": _PROCESS[annotation.process],
        }


class _FillerRows:
    """The items of one role."""

    def __init__(self, inventory: Inventory, record: RecordType, role: str) -> None:
        labels = role_labels(inventory, record, role)
        self._labels = {name: number for number, name in enumerate(labels)} if len(labels) > 1 else {}
        self._with_distance = record.roles[role].enclosing is not None
        self._values = _values(role_attributes(inventory, record, role))

    def __call__(self, filler: Filler) -> Row:
        mention = filler.mention
        row: Row = {"id": mention.id}
        if self._labels:
            row["label"] = self._labels[mention.label]
        row |= _mention(mention)
        if self._with_distance:
            row["distance"] = filler.distance
        row |= self._values(mention.attributes)
        return row


def _mention(mention: Mention) -> Row:
    pieces = [{"start": piece.start, "end": piece.end} for piece in mention.pieces]
    return {"text": mention.text, "start": mention.start, "end": mention.end, "pieces": pieces}
