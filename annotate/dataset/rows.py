"""(Article, Annotation) pairs → the rows of every table, as Arrow tables with the columns and class ids of `features`.

Rows are made a batch and a column at a time; a dict a row is several times as slow. A plan says, for each column, how
its values are taken from a list of items; the features say their types.
"""

from collections.abc import Callable, Iterable, Sequence
from itertools import accumulate, chain
from typing import Any, NamedTuple, TypeAlias

import pyarrow as pa

from annotate.dataset.features import (
    ARTICLES,
    PROCESSES,
    Feature,
    arrow_schema,
    arrow_type,
    configs,
    role_attributes,
    role_labels,
)
from annotate.inventory import Attribute, Inventory, RecordType
from annotate.model import Annotation, Article, AttributeValue, Relation
from annotate.offsets import paragraph
from annotate.records import Record, records
from annotate.store import canonical

Labelled: TypeAlias = tuple[Article, Annotation]
Values: TypeAlias = Callable[[list[Any]], Any]
"""The values of one column, a list, from the items of all rows."""


class Each(NamedTuple):
    """A list column: `of` gives the inner items of one item, `plan` their columns."""

    of: Callable[[Any], Sequence[Any]]
    plan: "Plan"


Plan: TypeAlias = "dict[str, Column]"
Column: TypeAlias = "Values | Each | Plan"

SEVERAL = "*"
"""The place in a plan of a function that gives several columns at once, by name.

Most spans lack most attributes: one pass over what is given is far shorter than one a column.
"""

_PROCESS = {name: number for number, name in enumerate(PROCESSES)}


class _Page(NamedTuple):
    """An article as a row: its annotation in canonical order, and the places of its spans by id."""

    article: Article
    annotation: Annotation
    places: dict[str, int]


class _Line(NamedTuple):
    """A record as a row, with the range of its paragraph."""

    article: Article
    annotation: Annotation
    record: Record
    start: int
    end: int


class TableMaker:
    """Rows for one inventory; made once, used for any number of batches."""

    def __init__(self, inventory: Inventory) -> None:
        self._inventory = inventory
        self._features = configs(inventory)
        self._schemas = {name: arrow_schema(features) for name, features in self._features.items()}
        self._plans = {name: _record_plan(inventory, record) for name, record in inventory.records.items()}
        self._plans[ARTICLES] = _article_plan(inventory)

    def __call__(self, batch: Sequence[Labelled]) -> dict[str, pa.Table]:
        """The rows of each table, in the order of the batch and, within an article, of its text.

        The annotations must have passed the checks: a label or value that the inventory does not have is a KeyError.
        """
        items: dict[str, list[Any]] = {name: [] for name in self._features}
        for article, annotation in batch:
            items[ARTICLES].append(_page(article, annotation))
            for name, found in records(annotation, self._inventory).items():
                items[name] += [_line(article, annotation, record) for record in found]
        return {
            name: pa.Table.from_arrays(_arrays(features, self._plans[name], items[name]), schema=self._schemas[name])
            for name, features in self._features.items()
        }


def _page(article: Article, annotation: Annotation) -> _Page:
    ordered = canonical(annotation)
    return _Page(article, ordered, {span.id: place for place, span in enumerate(ordered.spans)})


def _line(article: Article, annotation: Annotation, record: Record) -> _Line:
    return _Line(article, annotation, record, *paragraph(article.text, record.anchor.start, record.anchor.end))


def _arrays(features: Feature, plan: Plan, items: list[Any]) -> list[pa.Array]:
    several = plan[SEVERAL](items) if SEVERAL in plan else {}  # type: ignore[operator]
    return [
        pa.array(several[name], arrow_type(feature)) if name in several else _array(feature, plan[name], items)
        for name, feature in features.items()
    ]


def _array(feature: Feature, column: Column, items: list[Any]) -> pa.Array:
    type_ = arrow_type(feature)
    if isinstance(column, Each):
        groups = [column.of(item) for item in items]
        offsets = pa.array([0, *accumulate(map(len, groups))], pa.int32())
        inner = _array(feature["feature"], column.plan, list(chain.from_iterable(groups)))
        return pa.ListArray.from_arrays(offsets, inner, type=type_)
    if isinstance(column, dict):
        return pa.StructArray.from_arrays(_arrays(feature, column, items), fields=list(type_))
    return pa.array(column(items), type_)


def _on(inner: Callable[[Any], Any], plan: Plan) -> Plan:
    """A plan for items of which the given plan reads a part."""

    def moved(column: Column) -> Column:
        if isinstance(column, Each):
            return Each(lambda item: column.of(inner(item)), column.plan)
        if isinstance(column, dict):
            return _on(inner, column)
        return lambda items: column([inner(item) for item in items])

    return {name: moved(column) for name, column in plan.items()}


def _attribute_plan(attributes: Iterable[Attribute]) -> Plan:
    """Columns of spans or mentions: choices as class ids, None for what is not given."""
    ids: dict[str, dict[AttributeValue, int]] = {
        attribute.name: {value: number for number, value in enumerate(attribute.values)} for attribute in attributes
    }

    def values(spans: list[Any]) -> dict[str, list[Any]]:
        columns: dict[str, list[Any]] = {name: [None] * len(spans) for name in ids}
        for place, span in enumerate(spans):
            for name, value in span.attributes.items():
                if name in columns:
                    columns[name][place] = ids[name][value] if ids[name] else value
        return columns

    return {SEVERAL: values}


def _article_plan(inventory: Inventory) -> Plan:
    span_ids = {name: number for number, name in enumerate(inventory.spans)}
    relation_ids = {name: number for number, name in enumerate(inventory.relations)}
    span: Plan = {
        "id": lambda spans: [span.id for span in spans],
        "label": lambda spans: [span_ids[span.label] for span in spans],
        "start": lambda spans: [span.start for span in spans],
        "end": lambda spans: [span.end for span in spans],
        "text": lambda spans: [span.text for span in spans],
        "attributes": _attribute_plan(inventory.attributes.values()),
        "note": lambda spans: [span.note or None for span in spans],
    }

    def arrows(page: _Page) -> list[tuple[Relation, int | None, int | None]]:
        get = page.places.get
        return [(relation, get(relation.head), get(relation.tail)) for relation in page.annotation.relations]

    relation: Plan = {
        "label": lambda arrows: [relation_ids[relation.label] for relation, _, _ in arrows],
        "head": lambda arrows: [head for _, head, _ in arrows],
        "tail": lambda arrows: [tail for _, _, tail in arrows],
        "head_id": lambda arrows: [relation.head for relation, _, _ in arrows],
        "tail_id": lambda arrows: [relation.tail for relation, _, _ in arrows],
        "note": lambda arrows: [relation.note or None for relation, _, _ in arrows],
    }
    article: Plan = {
        "id": lambda articles: [article.id for article in articles],
        "title": lambda articles: [article.title for article in articles],
        "language": lambda articles: [article.language for article in articles],
        "author": lambda articles: [article.author for article in articles],
        "publisher": lambda articles: [article.publisher for article in articles],
        "date": lambda articles: [article.date for article in articles],
        "rights": lambda articles: [article.rights for article in articles],
        "text": lambda articles: [article.text for article in articles],
        "text_sha256": lambda articles: [article.text_sha256 for article in articles],
        "source": {
            "file": lambda articles: [article.source.file for article in articles],
            "sha256": lambda articles: [article.source.sha256 for article in articles],
            "start": lambda articles: [article.source.start for article in articles],
            "end": lambda articles: [article.source.end for article in articles],
        },
    }
    return {
        **_on(lambda page: page.article, article),
        **_provenance_plan(),
        "made_from": lambda pages: [page.annotation.made_from for page in pages],
        "inventory": lambda pages: [page.annotation.inventory for page in pages],
        "spans": Each(lambda page: page.annotation.spans, span),
        "relations": Each(arrows, relation),
    }


def _provenance_plan() -> Plan:
    return {
        "annotator": lambda rows: [row.annotation.annotator for row in rows],
        "process": lambda rows: [_PROCESS[row.annotation.process] for row in rows],
    }


_MENTION_PLAN: Plan = {
    "text": lambda mentions: [mention.text for mention in mentions],
    "start": lambda mentions: [mention.start for mention in mentions],
    "end": lambda mentions: [mention.end for mention in mentions],
    "pieces": Each(
        lambda mention: mention.pieces,
        {"start": lambda pieces: [start for start, _ in pieces], "end": lambda pieces: [end for _, end in pieces]},
    ),
}


def _record_plan(inventory: Inventory, record: RecordType) -> Plan:
    anchor: Plan = {
        "span_id": lambda anchors: [anchor.id for anchor in anchors],
        **_MENTION_PLAN,
        **_attribute_plan(inventory.attributes_of(record.anchor)),
    }
    return {
        "id": lambda lines: [f"{line.article.id}/{line.record.anchor.id}" for line in lines],
        "article": lambda lines: [line.article.id for line in lines],
        "title": lambda lines: [line.article.title for line in lines],
        **_on(lambda line: line.record.anchor, anchor),
        **{role: _role_column(inventory, record, role) for role in record.roles},
        "paragraph": {
            "text": lambda lines: [line.article.text[line.start : line.end] for line in lines],
            "start": lambda lines: [line.start for line in lines],
            "end": lambda lines: [line.end for line in lines],
        },
        **_provenance_plan(),
    }


def _role_column(inventory: Inventory, record: RecordType, role: str) -> Each:
    label_ids = {name: number for number, name in enumerate(role_labels(inventory, record, role))}
    mention: Plan = {
        "id": lambda mentions: [mention.id for mention in mentions],
        "label": lambda mentions: [label_ids[mention.label] for mention in mentions],
        **_MENTION_PLAN,
        **_attribute_plan(role_attributes(inventory, record, role)),
    }
    filler = _on(lambda filler: filler.mention, mention)
    return Each(
        lambda line: line.record.roles[role],
        filler | {"distance": lambda fillers: [filler.distance for filler in fillers]},
    )
