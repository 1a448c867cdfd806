"""Answers in JSON: spans with quotes and occurrences, relations by id, and the links of an article by number."""

import json
from collections.abc import Collection, Iterator
from typing import Any

from annotate.formats.json_rows import decode_json
from annotate.inventory import Inventory
from annotate.models import rules
from annotate.models.model_answer import ModelAnswer

_NO_OBJECT = "the answer has no JSON object"
_FENCE = "```"


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
    value = _find_object(answer, result)
    for item in _list_items(value, "spans", result):
        attributes = item.get("attributes")
        pairs = _list_pairs(attributes)
        if pairs is None:
            result.quarantine(rules.item_unreadable, _show(item), "the attributes of a span are no object")
            pairs = []
        result.take_span(
            _read_id(item.get("id")),
            item.get("label"),
            item.get("quote"),
            item.get("occurrence"),
            pairs,
            _show(item),
            is_text=isinstance(attributes, list),
        )
    _take_relations(value, "relations", result)
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
    _take_relations(_find_object(answer, result), "links", result)
    return result


def _find_object(answer: str, result: ModelAnswer) -> dict[str, Any] | None:
    """Return the JSON object of an answer; quarantine an answer without one."""
    value = _find_json_object(answer)
    if value is None:
        result.quarantine(rules.answer_unreadable, answer, result.request, _NO_OBJECT)
    return value


def _take_relations(value: dict[str, Any] | None, name: str, result: ModelAnswer) -> None:
    for item in _list_items(value, name, result):
        result.take_relation(item.get("label"), _read_id(item.get("head")), _read_id(item.get("tail")), _show(item))


def _list_items(value: dict[str, Any] | None, name: str, result: ModelAnswer) -> Iterator[dict[str, Any]]:
    """Yield the objects of a list; what is no object is quarantined."""
    if value is None:
        return
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


def _find_json_object(answer: str) -> dict[str, Any] | None:
    """Return the JSON object of an answer; None if it has none.

    Args:
        answer: What a model wrote. The object may be in a fenced code block, or have words around it.
    """
    fenced = [block.partition("\n")[2] for block in answer.split(_FENCE)[1::2]]
    braces = answer[answer.find("{") : answer.rfind("}") + 1]
    for candidate in (answer, *fenced, braces):
        try:
            value = decode_json(candidate)
        except (ValueError, RecursionError):
            continue
        if isinstance(value, dict):
            return value
    return None


def _read_id(value: object) -> object:
    """Return an id of an answer as text; some models write numbers."""
    return str(value) if type(value) is int else value
