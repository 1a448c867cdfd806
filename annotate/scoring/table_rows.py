"""Rows of the table `relations`, and of the tables that the inventory's `records` declare, as parts of annotations.

A row of these tables holds only some spans of an article, so the rows of all tables that a system predicts are put
together by article. A span that several rows hold is one: by its id, or else by its label and its place.
"""

import json
from collections import Counter
from collections.abc import Mapping
from itertools import count
from typing import Any, NamedTuple

from annotate.class_ids import NONE
from annotate.dataset.tables.records import role_attributes, role_labels
from annotate.errors import CannotRun
from annotate.inventory import Inventory, RecordType
from annotate.scoring.article_rows import ArticleParts, Row, RowPart, resolve_class
from annotate.util.escape import quote

_PLACE = ("start", "end", "pieces", "quote", "occurrence", "scope")
"""The columns that say where a span is, unless the inventory has an attribute of that name."""


class _DerivedFiller(NamedTuple):
    """A filler that another span leads to: of which role of which record, by which span, and the span itself."""

    where: str
    type: RecordType
    role: str
    anchor: str
    through: str
    filler: str


class ArticleTables:
    """The spans and relations of one article, put together from rows of tables.

    Args:
        article_id: The article id.
        where: The file and the place of the first row, for errors.
        inventory: The inventory.
    """

    def __init__(self, article_id: str, where: str, inventory: Inventory) -> None:
        self._article_id, self._where, self._inventory = article_id, where, inventory
        self._place_columns = [name for name in _PLACE if name not in inventory.attributes]
        self._spans: dict[str, RowPart] = {}
        self._places: dict[str, str] = {}
        """The label and the place of each span → its id."""
        self._relations: dict[tuple[str, str, str], RowPart] = {}
        self._derived: list[_DerivedFiller] = []
        self._rows: set[tuple[str, ...]] = set()
        """The table and the spans of each row."""
        self._repeated: list[RowPart] = []
        """The relations of rows that say the same as an earlier one."""

    def add_relation_row(self, row: Row, where: str) -> None:
        """Add a row of the table `relations`; one of an unrelated pair says nothing.

        Raises:
            CannotRun: If the row is not one of the table.
        """
        inventory = self._inventory
        current = {NONE: None, **inventory.relations}
        label = resolve_class(row.get("label"), inventory.class_ids.relations, current, "relation label", where)
        ends = [_require_mention(row, end, where) for end in ("head", "tail")]
        if label != NONE:
            head, tail = (
                self._add_mention(mention, mention.get("label"), {}, f"{where}, {end}")
                for mention, end in zip(ends, ("head", "tail"), strict=True)
            )
            self._add_relation(label, head, tail, where)
            if (label, head, tail) in self._rows:
                self._repeated.append(self._relations[label, head, tail])
            self._rows.add((label, head, tail))

    def add_record_row(self, row: Row, where: str, type_: RecordType) -> None:
        """Add a row of the table of a type of record.

        Raises:
            CannotRun: If the row is not one of the table.
        """
        inventory = self._inventory
        attributes = {each.name: row.get(each.name) for each in inventory.attributes_of(type_.anchor)}
        if type_.classes and attributes.get(type_.classes) is None:
            attributes[type_.classes] = row.get("label")
        anchor_row = {
            **{name: row.get(name) for name in self._place_columns},
            "id": row.get("span_id"),
            "text": row.get("text"),
        }
        anchor = self._add_mention(anchor_row, type_.anchor, attributes, where)
        if (type_.name, anchor) in self._rows:
            raise CannotRun(where, f"{type_.anchor} {quote(anchor)} has two rows", "give each anchor one row")
        self._rows.add((type_.name, anchor))
        for name, role in type_.roles.items():
            fillers = row.get(name) or []
            if not isinstance(fillers, list) or not all(isinstance(filler, dict) for filler in fillers):
                raise CannotRun(where, f"{name} is not a list of objects", "write the spans that fill the role")
            labels, names = role_labels(inventory, type_, name), role_attributes(inventory, type_, name)
            for index, filler in enumerate(fillers):
                place = f"{where}, {name} {index}"
                label = filler.get("label")
                label = labels[0] if label is None and len(labels) == 1 else label
                values = {each.name: filler.get(each.name) for each in names}
                id_ = self._add_mention(filler, label, values, place)
                if filler.get("through") is None and role.relation:
                    self._add_relation(role.relation, anchor, id_, place)
                else:
                    through = str(filler.get("through"))
                    self._derived.append(_DerivedFiller(place, type_, name, anchor, through, id_))

    def build(self, tables: Mapping[str, object], lost: Counter[str]) -> ArticleParts:
        """Return the parts of the annotation.

        A filler that was found through another span follows from the rows of another table. If the system did not
        predict that table, it is related to the anchor itself, so that the record is whole.

        Args:
            tables: The names of all tables with rows.
            lost: Counts, by role, the fillers that no relation can stand for.
        """
        for derived in self._derived:
            role = derived.type.roles[derived.role]
            if role.enclosing and role.enclosing.record in tables:
                continue
            if role.follow and role.relation and derived.through in self._spans:
                self._add_relation(role.relation, derived.anchor, derived.through, derived.where)
                self._add_relation(role.follow, derived.through, derived.filler, derived.where)
            elif role.relation:
                self._add_relation(role.relation, derived.anchor, derived.filler, derived.where)
            else:
                lost[f"{derived.type.name}.{derived.role}"] += 1
        return ArticleParts(
            self._article_id, self._where, [*self._spans.values()], [*self._relations.values(), *self._repeated]
        )

    def _add_mention(self, mention: Row, label: Any, attributes: Mapping[str, Any], where: str) -> str:
        """Add a span unless it is there already, and return its id."""
        inventory = self._inventory
        label = resolve_class(label, inventory.class_ids.spans, inventory.spans, "span label", where)
        place = {name: value for name in self._place_columns if (value := mention.get(name)) is not None}
        key = _encode_place(label, place)
        values = {name: value for name, value in attributes.items() if value is not None}
        id_ = mention.get("id")
        if id_ is None:
            id_ = self._places.get(key) or next(
                free for number in count(1) if (free := f"m{number}") not in self._spans
            )
        id_ = str(id_)
        known = self._spans.get(id_)
        if known is not None:
            if _encode_place(known.values["label"], known.values["place"]) != key:
                problem = f"another span has the id {quote(id_)} already ({known.where})"
                raise CannotRun(where, problem, "give a span the same label and offsets in each row")
            values = {**known.values["attributes"], **values}
            where = known.where
        self._places.setdefault(key, id_)
        part = {**place, "id": id_, "label": label, "text": mention.get("text"), "place": place, "attributes": values}
        self._spans[id_] = RowPart(where, part)
        return id_

    def _add_relation(self, label: str, head: str, tail: str, where: str) -> None:
        part = RowPart(where, {"label": label, "head_id": head, "tail_id": tail})
        self._relations.setdefault((label, head, tail), part)


def _encode_place(label: str, place: Row) -> str:
    return json.dumps([label, place], sort_keys=True, default=str)


def _require_mention(row: Row, name: str, where: str) -> Row:
    mention = row.get(name)
    if not isinstance(mention, dict):
        raise CannotRun(where, f"{name} is not an object", "write a span with label, start and end, as in the table")
    return mention


def find_record_type(row: Row, table: str, inventory: Inventory) -> RecordType | None:
    """Return the type of record that a row belongs to.

    Args:
        row: The row.
        table: The name of the file or of its folder, which may be that of the table.
        inventory: The inventory.

    Returns:
        The type with the name of the table; else the one most of whose roles are columns; None if none is.
    """
    if table in inventory.records:
        return inventory.records[table]
    types = [type_ for type_ in inventory.records.values() if any(role in row for role in type_.roles)]
    return max(types, key=lambda type_: _count_columns(type_, row, inventory), default=None)


def _count_columns(type_: RecordType, row: Row, inventory: Inventory) -> float:
    """Return the share of the columns of a type of record that a row has."""
    names = [*type_.roles, *(attribute.name for attribute in inventory.attributes_of(type_.anchor))]
    return sum(name in row for name in names) / len(names)
