"""The tables that the inventory's `records` declare: a row an anchor, a column each attribute, role and view."""

from collections.abc import Sequence
from functools import partial
from operator import attrgetter
from typing import TYPE_CHECKING, NamedTuple

import pyarrow as pa

from annotate.dataset.documents import Document
from annotate.dataset.features import INTEGER, PLACE, STRING, Feature, attribute_feature, classes, listed
from annotate.dataset.plans import SEVERAL, Each, Plan, Values, each, its, numbered, on
from annotate.dataset.tables.parts import (
    MENTION_FEATURES,
    PROVENANCE_COLUMNS,
    PROVENANCE_FEATURES,
    attribute_features,
    distinct,
    provenance_plan,
)
from annotate.dataset.tables.table import TableType
from annotate.dataset.tables.views import view_columns, view_features, view_plan
from annotate.inventory import Attribute, Inventory, RecordType
from annotate.records import Filler, Record

if TYPE_CHECKING:
    from annotate.dataset.mentions import Mentions

BETWEEN_FILLERS = "; "
"""What stands between the words of several mentions in one role."""
_FIRST = {
    "id": "article id, slash, span id; unique in the table",
    "article": "id of the article; joins with `id` of `articles`",
    "title": "title of the article, `None` where it has none",
    "span_id": "id of the anchor among the `spans` of its article",
    "text": "the anchor's words; the words of a span in pieces are joined by ` … `",
    "start": "where they start in the article's text, in Unicode code points",
    "end": "where they end, half open: `text[start:end]`",
    "pieces": "start and end of each piece; one, unless the span is interrupted",
}
_PARAGRAPH = "the paragraph in which the anchor stands, and its place in the article"


class Line(NamedTuple):
    """A record as a row, with the range of its paragraph."""

    document: Document
    record: Record
    start: int
    end: int


def record(inventory: Inventory, type_: RecordType) -> TableType:
    """Raises CannotRun where two columns would have one name."""
    attributes = inventory.attributes_of(type_.anchor)

    def rows(document: Document) -> list[Line]:
        return [
            Line(document, one, *document.paragraph(one.anchor.start, one.anchor.end))
            for one in document.records[type_.name]
        ]

    return TableType(
        name=type_.name,
        definition=type_.definition,
        features=_features(inventory, type_, attributes),
        items=rows,
        plan=partial(_plan, inventory, type_, attributes),
        columns={
            **_FIRST,
            **{attribute.name: attribute.definition for attribute in attributes},
            **view_columns(inventory, type_.anchor),
            **({"label": f"`{type_.classes}` once more, as the class to tell"} if type_.classes else {}),
            **{role: _told(inventory, type_, role) for role in type_.roles},
            **{_words(role): f"the words of `{role}`, joined by `; `" for role in type_.roles},
            "paragraph": _PARAGRAPH,
            **PROVENANCE_COLUMNS,
        },
    )


def _words(role: str) -> str:
    return f"{role}_text"


def _features(inventory: Inventory, type_: RecordType, attributes: Sequence[Attribute]) -> Feature:
    return distinct(
        f"records.{type_.name}",
        {**dict.fromkeys(("id", "article", "title", "span_id"), STRING), **MENTION_FEATURES},
        attribute_features(inventory, attributes),
        view_features(inventory, type_.anchor),
        {"label": attribute_feature(inventory, inventory.attributes[type_.classes])} if type_.classes else {},
        {role: listed(_filler(inventory, type_, role)) for role in type_.roles},
        {_words(role): STRING for role in type_.roles},
        {"paragraph": {"text": STRING, **PLACE}, **PROVENANCE_FEATURES},
    )


def _plan(inventory: Inventory, type_: RecordType, attributes: Sequence[Attribute], mentions: "Mentions") -> Plan:
    names = [attribute.name for attribute in attributes]

    def several(lines: list[Line]) -> dict[str, pa.Array]:
        columns = mentions.take([line.document.numbers[line.record.anchor.id] for line in lines], names)
        # `label` is the class to tell here, where there is one; that of the anchor is the same in all rows.
        del columns["label"]
        return columns | {"span_id": columns["id"], "id": pa.array(list(map(_id, lines)), pa.string())}

    label = {"label": _label(inventory, inventory.attributes[type_.classes])} if type_.classes else {}
    return {
        SEVERAL: several,
        "article": its("document.article.id"),
        "title": its("document.article.title"),
        **on(attrgetter("record.anchor"), view_plan(inventory, type_.anchor) | label),
        **{role: _role_column(inventory, type_, role, mentions) for role in type_.roles},
        **{_words(role): _role_words(role) for role in type_.roles},
        "paragraph": {
            "text": each(lambda line: line.document.article.text[line.start : line.end]),
            "start": its("start"),
            "end": its("end"),
        },
        **provenance_plan(),
    }


def _id(line: Line) -> str:
    return f"{line.document.article.id}/{line.record.anchor.id}"


def _label(inventory: Inventory, attribute: Attribute) -> Values:
    ids = numbered(attribute_feature(inventory, attribute)["names"])
    return each(lambda anchor: ids.get(anchor.attributes.get(attribute.name)))


def _role_words(role: str) -> Values:
    def words(fillers: tuple[Filler, ...]) -> str | None:
        return BETWEEN_FILLERS.join([filler.mention.text for filler in fillers]) or None

    return each(lambda line: words(line.record.roles[role]))


def role_labels(inventory: Inventory, record: RecordType, role: str) -> list[str]:
    """The labels of the spans that may fill a role, in the order of the inventory."""
    given = record.roles[role]
    allowed = set(inventory.relations[given.relation].tail)
    if given.enclosing:
        outer = inventory.records[given.enclosing.record]
        allowed |= set(inventory.relations[outer.roles[given.enclosing.take].relation].tail)
    return [label for label in inventory.spans if label in allowed]


def role_attributes(inventory: Inventory, record: RecordType, role: str) -> list[Attribute]:
    """The attributes of the spans that may fill a role, in the order of the inventory."""
    labels = set(role_labels(inventory, record, role))
    return [attribute for attribute in inventory.attributes.values() if labels & set(attribute.labels)]


def _filler(inventory: Inventory, record: RecordType, role: str) -> Feature:
    labels = role_labels(inventory, record, role)
    columns = {
        "id": STRING,
        **({"label": classes(inventory.classes.spans)} if len(labels) > 1 else {}),
        **MENTION_FEATURES,
        **({"distance": INTEGER} if record.roles[role].enclosing else {}),
    }
    named = attribute_features(inventory, role_attributes(inventory, record, role))
    return distinct(f"records.{record.name}.roles.{role}", columns, named)


def _role_column(inventory: Inventory, record: RecordType, role: str, mentions: "Mentions") -> Each:
    names = [attribute.name for attribute in role_attributes(inventory, record, role)]

    def fillers(line: Line) -> list[tuple[int, int]]:
        """The number and the distance of each."""
        found = line.record.roles[role]
        return [(line.document.numbers[filler.mention.id], filler.distance) for filler in found] if found else []

    def several(pairs: list[tuple[int, int]]) -> dict[str, pa.Array]:
        return mentions.take([number for number, _ in pairs], names)

    return Each(fillers, {SEVERAL: several, "distance": lambda pairs: [distance for _, distance in pairs]})


def _told(inventory: Inventory, record: RecordType, name: str) -> str:
    role = record.roles[name]
    meaning = inventory.relations[role.relation].definition
    if role.enclosing:
        around = role.enclosing
        meaning += (
            f" Where there is no such relation: the `{around.take}` of the `{around.record}` whose `{around.within}`"
            " holds the anchor, nearest first; `distance` is 0 for the relation, 1 for the nearest, and so on."
        )
    return meaning
