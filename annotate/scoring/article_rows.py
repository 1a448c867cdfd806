"""Rows of the dataset's table `articles` as annotations: class ids or names, from any library."""

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from annotate.errors import CannotRun
from annotate.inventory import Inventory
from annotate.model import Annotation, AttributeValue, Relation, Span, normal_number
from annotate.scoring.score import make_prediction
from annotate.util.escape import quote
from annotate.versions import is_older, is_version

Row = Mapping[str, Any]


def convert_article_row(row: Row, where: str, text: str, inventory: Inventory) -> Annotation:
    """Convert a row of the table `articles` to an annotation.

    Args:
        row: The row; only `id`, `spans`, `relations` and an earlier version of the `inventory` are used.
        where: The file and the row, for errors.
        text: The text of the article.
        inventory: The inventory.

    Raises:
        CannotRun: For an unknown label, attribute or value, a span outside of the text or with other words than the
            text has there, and a relation whose head or tail is not a span of the row.
    """
    spans = [
        _convert_span(span, index, f"{where}, span {index}", text, inventory)
        for index, span in enumerate(_list_objects(row, "spans", where))
    ]
    ids = {span.id for span in spans}
    if len(ids) < len(spans):
        raise CannotRun(where, "two spans have the same id", "give each span its own id, or none")
    relations = [
        _convert_relation(relation, f"{where}, relation {index}", spans, ids, inventory)
        for index, relation in enumerate(_list_objects(row, "relations", where))
    ]
    annotation = make_prediction(str(row.get("id")), text, inventory, spans, relations)
    version = row.get("inventory")
    is_earlier = isinstance(version, str) and is_version(version) and is_older(version, inventory.version)
    return msgspec.structs.replace(annotation, inventory=version) if is_earlier else annotation


def resolve_class(value: Any, class_names: Sequence[str], current: Mapping[str, Any], kind: str, where: str) -> str:
    """Return the name of a class that is given by its id or its name.

    Args:
        value: The id or the name.
        class_names: The names of all classes, in the order of their ids.
        current: What the inventory still has, by name.
        kind: What the classes are, for errors.
        where: The file and the place in it, for errors.

    Raises:
        CannotRun: If the inventory has no such class.
    """
    if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < len(class_names):
        value = class_names[value]
    if not isinstance(value, str) or value not in current:
        raise CannotRun(where, f"unknown {kind} {quote(value)}", f"choose from {', '.join(current)}")
    return value


def _list_objects(row: Row, name: str, where: str) -> list[Mapping[str, Any]]:
    objects = row.get(name) or []
    if not isinstance(objects, list) or not all(isinstance(item, dict) for item in objects):
        raise CannotRun(where, f"{name} is not a list of objects", "write it as in a row of the table articles")
    return objects


def _convert_span(span: Mapping[str, Any], index: int, where: str, text: str, inventory: Inventory) -> Span:
    label = resolve_class(span.get("label"), inventory.class_ids.spans, inventory.spans, "span label", where)
    start, end = span.get("start"), span.get("end")
    if type(start) is not int or type(end) is not int or not 0 <= start < end <= len(text):
        raise CannotRun(
            where, f"{start}–{end} is not a range of the text", "count code points from 0, the end half open"
        )
    words = text[start:end]
    if span.get("text") not in (None, words):
        raise CannotRun(where, f"its text differs from the article at {start}–{end}", "count code points from 0")
    values = span.get("attributes") or {}
    if not isinstance(values, dict):
        raise CannotRun(where, "attributes is not an object", "write it as in a row of the table articles")
    attributes = _convert_attributes(values, where, inventory)
    return Span(
        id=str(span.get("id") or f"s{index}"), label=label, start=start, end=end, text=words, attributes=attributes
    )


def _convert_attributes(values: Mapping[str, Any], where: str, inventory: Inventory) -> dict[str, AttributeValue]:
    attributes: dict[str, AttributeValue] = {}
    for name, value in values.items():
        if value is None:
            continue
        attribute = inventory.attributes[resolve_class(name, (), inventory.attributes, "attribute", where)]
        if attribute.type == "choice":
            class_names = inventory.class_ids.attributes[name]
            value = resolve_class(value, class_names, attribute.values, f"value of {name}", where)
        elif not attribute.allows(value):
            raise CannotRun(where, f"{quote(value)} is not a value of {name}", f"{name} is of type {attribute.type}")
        number = normal_number(value) if attribute.type == "number" else None
        attributes[name] = value if number is None else number
    return attributes


def _convert_relation(
    relation: Mapping[str, Any], where: str, spans: Sequence[Span], ids: set[str], inventory: Inventory
) -> Relation:
    classes = inventory.class_ids.relations
    label = resolve_class(relation.get("label"), classes, inventory.relations, "relation label", where)
    ends = []
    for end in ("head", "tail"):
        value = relation.get(f"{end}_id", relation.get(end))
        if type(value) is int and 0 <= value < len(spans):
            value = spans[value].id
        if not isinstance(value, str) or value not in ids:
            raise CannotRun(where, f"its {end} {quote(value)} is not a span of the row", "name one by index or id")
        ends.append(str(value))
    return Relation(label=label, head=ends[0], tail=ends[1])
