"""Answers in JSON: spans with quotes and occurrences, relations by id, and the links of an article by number."""

import json
from collections.abc import Collection, Iterator
from typing import Any

from annotate.evaluation.answers import find_json_object, read_id
from annotate.inventory import Inventory
from annotate.models import rules
from annotate.models.model_answer import ModelAnswer

_NO_OBJECT = "the answer has no JSON object"


def read_json_answer(
    answer: str, request: str, inventory: Inventory, relations: Collection[str], length: int
) -> ModelAnswer:
    """Read an answer about a paragraph.

    Args:
        answer: What the model wrote: a JSON object, perhaps in a fenced code block or with words around it.
        request: The key of the request.
        inventory: The inventory.
        relations: The labels of relations that the request asks for.
        length: The number of characters that were asked about.
    """
    result = ModelAnswer(request, inventory, relations, length)
    value = find_json_object(answer)
    if value is None:
        result.quarantine(rules.answer_unreadable, answer, request, _NO_OBJECT)
        return result
    for item in _list_items(value, "spans", result):
        attributes = item.get("attributes")
        pairs = _list_pairs(attributes)
        if pairs is None:
            result.quarantine(rules.item_unreadable, _show(item), "the attributes of a span are no object")
            pairs = []
        result.take_span(
            read_id(item.get("id")),
            item.get("label"),
            item.get("quote"),
            item.get("occurrence"),
            pairs,
            _show(item),
            is_text=isinstance(attributes, list),
        )
    for item in _list_items(value, "relations", result):
        result.take_relation(item.get("label"), read_id(item.get("head")), read_id(item.get("tail")), _show(item))
    return result


def read_link_answer(
    answer: str, request: str, inventory: Inventory, relations: Collection[str], length: int
) -> ModelAnswer:
    """Read an answer about the links of an article. The ends of its relations are the numbers of spans, as text.

    Args:
        answer: What the model wrote, as for `read_json_answer`.
        request: The key of the request.
        inventory: The inventory.
        relations: The labels of relations that the request asks for.
        length: The number of characters that were asked about.
    """
    result = ModelAnswer(request, inventory, relations, length)
    value = find_json_object(answer)
    if value is None:
        result.quarantine(rules.answer_unreadable, answer, request, _NO_OBJECT)
        return result
    for item in _list_items(value, "links", result):
        result.take_relation(item.get("label"), read_id(item.get("head")), read_id(item.get("tail")), _show(item))
    return result


def _list_items(value: dict[str, Any], name: str, result: ModelAnswer) -> Iterator[dict[str, Any]]:
    """Yield the objects of a list; what is no object is quarantined."""
    items = value.get(name)
    if items is None and name == "relations":
        return
    if not isinstance(items, list):
        result.quarantine(rules.answer_unreadable, _show(value), result.request, f"{name} is no list")
        return
    for item in items:
        if isinstance(item, dict):
            yield item
        else:
            result.quarantine(rules.item_unreadable, _show(item), f"an item of {name} is no object")


def _list_pairs(attributes: object) -> list[tuple[object, object]] | None:
    """Return names and values of attributes: of an object, or of a list of objects with `name` and `value`."""
    if attributes is None:
        return []
    if isinstance(attributes, dict):
        return list(attributes.items())
    if isinstance(attributes, list) and all(isinstance(each, dict) for each in attributes):
        return [(each.get("name"), each.get("value")) for each in attributes]
    return None


def _show(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)
